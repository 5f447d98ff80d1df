"""Verdict on each quantity of two runs: are they apart by more than their errors explain?

The points of one quantity are correlated, in time above all, so that their chi² follows no known
law. The largest |z| is judged instead: the least of n p-values is below p/n with a chance of p at
most, whatever the correlations (Bonferroni); the same holds over all quantities. Errors from few
blocks or replicas make Student's law of the deviation, with degrees of freedom combined as by
Welch (Biometrika 34, 28, 1947).
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
from scipy.special import stdtr

from dsmc.compare.pairing import Points, Run, exact_pairs, pairs
from dsmc.compare.uncertainty import between_runs, degrees
from dsmc.folder import scenario_of
from dsmc.hdf5 import Unreadable
from dsmc.result import Result

BUDGET = 1e-3  # chance at most that two runs of the same physics are called different
_EQUAL = 1e-12  # relative difference of numbers that are equal but for rounding


@dataclass(frozen=True)
class Comparison:
    """One quantity of two runs.

    kind    : "series", "field", "wall", "wall cells", "plane" or "histogram"
    points  : how many were compared; `unknown` more were left out, for want of an error
    z, where : the most significant deviation in combined errors, and its place
    chi2    : mean of z² over the points
    p       : the chance of such a deviation at any of the points is at most this
    passed  : whether it agrees; None if nothing could be judged, `remark` says why
    """

    quantity: str
    kind: str
    unit: str
    points: int = 0
    unknown: int = 0
    z: float = math.nan
    where: str = ""
    chi2: float = math.nan
    p: float = 1.0
    passed: bool | None = None
    remark: str = ""


def compare(
    first: Result, second: Result | None, names: tuple[str, str] = ("A", "B")
) -> list[Comparison]:
    """Judge every quantity that two results share, the most significant first.

    second : None for the exact curves of the first
    names  : what they are called in messages
    Raises Unreadable if nothing of them can be compared.
    """
    run = Run(first, scenario_of(first))
    other = None if second is None else Run(second, scenario_of(second))
    found = exact_pairs(run) if other is None else pairs(run, other)
    rows = [_judged(points, run, other) for points in found]
    if not any(row.points for row in rows):
        against = "no exact curve is known" if other is None else f"nothing matches {names[1]}"
        reasons = sorted({f"{row.quantity}: {row.remark}" for row in rows})[:1]
        raise Unreadable(names[0], "; ".join([f"nothing to compare: {against}", *reasons]))
    limit = BUDGET / max(1, sum(row.points > 0 for row in rows))
    rows = [replace(row, passed=row.p >= limit) if row.points else row for row in rows]
    return sorted(rows, key=lambda row: (row.passed is None, row.p, -abs(np.nan_to_num(row.z))))


def compatible(rows: Iterable[Comparison]) -> bool:
    """Whether no quantity tells the runs apart."""
    return all(row.passed is not False for row in rows)


def _judged(points: Points, run: Run, other: Run | None) -> Comparison:
    if other is not None and not points.obstacle:
        points = between_runs(points, run, other)
    remark = points.obstacle or points.remark
    row = Comparison(points.quantity, points.kind, points.unit, remark=remark)
    if points.obstacle:
        return row
    error = np.hypot(points.a_error, points.b_error)
    beyond = _beyond(points)
    known = np.isfinite(error) & np.isfinite(beyond)
    if not known.any():
        return replace(row, unknown=known.size, remark="no errors are known")
    z = np.where(beyond == 0.0, 0.0, np.copysign(np.inf, beyond))
    np.divide(beyond, error, out=z, where=error > 0.0)
    p = np.where(known, 2.0 * stdtr(_degrees(points, error, run, other), -np.abs(z)), np.inf)
    worst = int(np.lexsort((-np.abs(z), p))[0])
    count = int(np.count_nonzero(known))
    return replace(
        row,
        points=count,
        unknown=known.size - count,
        z=float(z[worst]),
        where=points.place(worst),
        chi2=float(np.mean(z[known] ** 2)),
        p=float(min(1.0, count * p[worst])),
    )


def _beyond(points: Points) -> np.ndarray:
    """a - b as far as it exceeds the margin and rounding."""
    difference = points.a - points.b
    rounding = _EQUAL * np.maximum(np.abs(points.a), np.abs(points.b))
    return np.sign(difference) * np.maximum(np.abs(difference) - points.margin - rounding, 0.0)


def _degrees(points: Points, error: np.ndarray, run: Run, other: Run | None) -> np.ndarray | float:
    """Degrees of freedom of each combined error (Welch); those of A alone against exact curves."""
    if other is None:
        return degrees(run, points.kind, points.a_degrees)
    share = np.divide(points.a_error, error, out=np.ones(error.shape), where=error > 0.0) ** 2
    share = np.where(np.isfinite(share), share, 1.0)
    a_degrees = degrees(run, points.kind, points.a_degrees)
    b_degrees = degrees(other, points.kind, points.b_degrees)
    return 1.0 / (share**2 / a_degrees + (1.0 - share) ** 2 / b_degrees)
