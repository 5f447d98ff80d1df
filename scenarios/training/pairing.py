"""Methods compared seed by seed: means, standard errors, and tests of the paired differences.

A seed fixes data, initial weights and the order of the batches, so the difference of two methods
within a seed is freed of the scatter between seeds. One table compares all methods with the first:
its chance to claim anything at all where nothing is there is `LEVEL` at most (Holm).
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from dsmc.statistics import combine

LEVEL = 0.05  # chance that a table claims any effect where there is none
NO_EFFECT = "no significant effect"
DIVERGED = "diverged"  # some seed ended in numbers that are not finite


@dataclass(frozen=True)
class Comparison:
    """One method against the baseline.

    mean, error : of the method; difference, difference_error : paired, with standard error
    student, wilcoxon : p of the two-sided paired tests, adjusted for the whole table
    diverged : seeds that ended in numbers that are not finite; nothing is tested then
    baseline_diverged : the same of what it is compared with
    """

    mean: float
    error: float
    difference: float
    difference_error: float
    student: float
    wilcoxon: float
    diverged: int = 0
    baseline_diverged: int = 0

    @property
    def verdict(self) -> str:
        """What may be claimed: an effect is one by both tests."""
        if self.diverged:
            return f"{DIVERGED} ({self.diverged} seeds)"
        if self.baseline_diverged:
            return f"not tested: the first {DIVERGED} ({self.baseline_diverged} seeds)"
        if max(self.student, self.wilcoxon) < LEVEL:
            return "higher" if self.difference > 0.0 else "lower"
        return NO_EFFECT


def compare(
    measured: Mapping[str, Sequence[float]], expected: ArrayLike | None = None
) -> dict[str, Comparison]:
    """Every method against the first, or all of them against an expected number.

    measured : by method, a value for each seed, the seeds in the same order
    """
    names = list(measured)
    values = {name: np.asarray(measured[name], dtype=np.float64) for name in names}
    against = values[names[0]] if expected is None else np.full_like(values[names[0]], expected)
    tested = names[1:] if expected is None else names
    raw = {name: _p_values(values[name] - against) for name in tested}
    adjusted = [holm([raw[name][which] for name in tested]) for which in (0, 1)]
    lost = int((~np.isfinite(against)).sum())
    found = {}
    for name in names:
        bad = int((~np.isfinite(values[name])).sum())
        mean, error = (math.nan, math.nan) if bad else map(float, combine(values[name]))
        between = values[name] - against
        difference, own = map(float, combine(between))
        place = tested.index(name) if name in raw else -1
        student, wilcoxon = (p[place] if place >= 0 else 1.0 for p in adjusted)
        found[name] = Comparison(mean, error, difference, own, student, wilcoxon, bad, lost)
    return found


def holm(p_values: Sequence[float]) -> list[float]:
    """p values adjusted for their number: below α with probability α at most for any of them.

    S. Holm, Scand. J. Statist. 6, 65 (1979): the k-th smallest of m times m - k + 1, not falling.
    """
    p = np.asarray(p_values, dtype=np.float64)
    order = np.argsort(p, kind="stable")
    grown = np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1))
    adjusted = np.empty_like(p)
    adjusted[order] = np.minimum(grown, 1.0)
    return adjusted.tolist()


def fewest_seeds(comparisons: int) -> int:
    """Seeds below which Wilcoxon's test, 2^(1 - n) at best, is never below the corrected level."""
    return math.floor(1.0 + math.log2(max(1, comparisons) / LEVEL)) + 1


def _p_values(between: np.ndarray) -> tuple[float, float]:
    """p of Student's and of Wilcoxon's test that differences have no preferred sign."""
    if not np.isfinite(between).all():
        return 1.0, 1.0
    if not between.any():
        return 1.0, 1.0
    mean, error = (float(x) for x in combine(between))
    wilcoxon = float(stats.wilcoxon(between).pvalue)
    if error == 0.0:  # Student's would be 0, which no number of seeds can show
        return wilcoxon, wilcoxon
    return float(2.0 * stats.t.sf(abs(mean) / error, between.size - 1)), wilcoxon
