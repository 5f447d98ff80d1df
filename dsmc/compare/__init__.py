"""Two runs against each other, or one against its exact curves: `dsmc compare A B`."""

from __future__ import annotations

import json

from dsmc.compare.judging import BUDGET, Comparison, compare, compatible
from dsmc.compare.pairing import identical
from dsmc.compare.report import as_lines, as_values
from dsmc.folder import open as open_run
from dsmc.result import Result

__all__ = ["BUDGET", "Comparison", "compare", "compatible", "identical", "main"]

REFERENCE = "reference"  # in place of B: the exact curves of A


def main(a: str, b: str, as_json: bool = False, quiet: bool = False) -> int:
    """`dsmc compare`: tell how far two runs lie apart; 0 if they are compatible, 1 if not.

    a, b : directories of runs, or files of theirs; b may be "reference". Raises OSError that tells
    what is wrong with one of them, and the cure.
    """
    first = open_run(a)
    second: Result | None = None if b == REFERENCE else open_run(b)
    rows = compare(first, second, names=(a, b))
    if as_json:
        print(json.dumps(as_values(a, b, first, second, rows), indent=1, ensure_ascii=False))
    else:
        print("\n".join(as_lines(a, b, first, second, rows, quiet)))
    return 0 if compatible(rows) else 1
