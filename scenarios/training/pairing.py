"""Methods compared seed by seed: means, standard errors, and differences from the first method.

A seed fixes data, initial weights and the order of the batches, so the difference of two methods
within a seed is freed of the scatter between seeds.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from scipy import stats

from dsmc.statistics import combine

LEVEL = 0.05  # chance that any of the differences of a table is marked where none is real
DIVERGED = "diverged"  # some seed ended in numbers that are not finite
RUN_AWAY = 1e4  # a number above this is the mark of a diverged training

Measured = Mapping[str, Mapping[str, Sequence[float]]]
"""Method, column of the table, one value per seed."""


def difference(values: Sequence[float], baseline: Sequence[float]) -> tuple[float, float, float]:
    """Mean of the paired differences, its standard error, and p of Student's two-sided test."""
    between = np.subtract(values, baseline)
    mean, error = (float(x) for x in combine(between))
    if error == 0.0:
        return mean, error, 1.0 if mean == 0.0 else 0.0
    return mean, error, float(2.0 * stats.t.sf(abs(mean) / error, between.size - 1))


def table(measured: Measured, decimals: int = 3) -> str:
    """A Markdown table: mean ± standard error (paired difference from the first method ± its own).

    An asterisk marks p < LEVEL divided by the number of differences of the table (Bonferroni).
    """
    first = next(iter(measured))
    columns = list(measured[first])
    tests = max(1, (len(measured) - 1) * len(columns))
    lines = [f"| | {' | '.join(columns)} |", "|---" * (len(columns) + 1) + "|"]
    for method, row in measured.items():
        cells = []
        for column in columns:
            if not np.isfinite(row[column]).all():
                cells.append(DIVERGED)
                continue
            cell = _with_error(*combine(row[column]), decimals)
            if method != first:
                mean, error, p = difference(row[column], measured[first][column])
                mark = "*" if p < LEVEL / tests else ""
                cell += f" ({_with_error(mean, error, decimals, '+')}){mark}"
            cells.append(cell)
        lines.append(f"| {method} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _with_error(mean: float, error: float, decimals: int, sign: str = "") -> str:
    """mean ± error; of what has run away, the order of magnitude only."""
    form = ".1e" if max(abs(mean), error) >= RUN_AWAY else f".{decimals}f"
    return f"{mean:{sign}{form}} ± {error:{form}}"
