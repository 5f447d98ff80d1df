"""Every number of a study in one file of comma-separated values, and where it comes from.

Lines that begin with # tell the versions, a key of the sources and the study itself; then a line
for each training and look: case, method, setting, seed, step, and all quantities. Nothing in it
depends on the machine or the hour, but for the last column, the time that a step has taken.
"""

from __future__ import annotations

import csv
import io
import math
import platform
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import scipy
import torch

import dsmc
from dsmc import disk
from dsmc.scenario import toml
from scenarios.training.cells import Cell, code_key
from scenarios.training.method_sections import told
from scenarios.training.outcome import Outcome
from scenarios.training.trial import Found

KEYS = ("case", "method", "setting", "part", "seed", "step")
COST = "seconds_per_step"


def write(outcome: Outcome, path: Path) -> Path:
    """Write the file, whole or not at all. Raises OSError naming the path and the cure."""
    text = io.StringIO()
    for line in _origin(outcome):
        text.write(f"# {line}".rstrip() + "\n")
    cells = {**outcome.tuned, **outcome.fresh}
    quantities = dict.fromkeys(
        name for found in cells.values() for name in found.rows[0] if name != "step"
    )
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([*KEYS, *quantities, COST])
    for cell, found in cells.items():
        writer.writerows(_lines(outcome, cell, found, quantities))
    with disk.replacing(path) as unfinished:
        unfinished.write_text(text.getvalue(), encoding="utf-8")
    return path


def versions() -> dict[str, str]:
    """Versions of what computes, and a key of the sources."""
    return {
        "dsmc-bridge": dsmc.__version__,
        "python": platform.python_version(),
        "torch": torch.__version__,
        "numpy": np.__version__,
        "scipy": scipy.__version__,
        "sources": code_key(),
    }


def _origin(outcome: Outcome) -> Iterator[str]:
    """Versions, sources and the study."""
    for name, version in versions().items():
        yield f"{name}: {version}"
    yield "study:"
    for line in toml.dump(outcome.plan.tables).splitlines():
        yield f"  {line}"


def _lines(
    outcome: Outcome, cell: Cell, found: Found, quantities: Mapping[str, None]
) -> Iterator[list[object]]:
    """The lines of one training."""
    section = next(m for m in outcome.plan.study.methods if m.name == cell.method)
    setting = told(section.settings[cell.setting])
    part = "result" if cell.fresh else "tuning"
    for row in found.rows:
        values = [_text(row.get(name, math.nan)) for name in quantities]
        keys = [cell.case, cell.method, setting, part, cell.seed, int(row["step"])]
        yield [*keys, *values, f"{found.seconds_per_step:.3g}"]


def _text(value: float) -> str:
    """The number to its last bit; nothing where it is not known."""
    return repr(float(value)) if math.isfinite(value) else ""
