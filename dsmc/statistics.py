"""Error bars of measured figures, and the verdict on many figures at once.

A test states its false-alarm probability (the budget) before it looks. Where a bias is known and
accepted, its bound is the margin: the hypothesis tested is |bias| <= margin, not bias = 0.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray


class BlockEstimate(NamedTuple):
    """A mean and its standard error; degrees of freedom of the error for Student's law."""

    value: float
    error: float
    degrees: float = float("inf")

    def half_width(self, confidence: float = 0.95) -> float:
        """Half the confidence interval by Student's law, e.g. 2.26 errors for 10 blocks."""
        if not 0.0 < confidence < 1.0:
            raise ValueError(f"confidence must lie between 0 and 1, not {confidence!r}")
        return student_quantile(1.0 - confidence, self.degrees) * self.error


# ------------------------------------------------------------------------------------ error bars


def block_error(series: ArrayLike, blocks: int | None = None) -> BlockEstimate:
    """Mean of a correlated stationary series with its error from block averages.

        error² = Σ (block mean - mean)² / [B (B - 1)],    Student's law with B - 1 degrees

    series : (T,), T >= 4
    blocks : B; None searches the plateau

    Flyvbjerg and Petersen (J. Chem. Phys. 91, 461, 1989) double the block length b until the error
    no longer grows. The plateau is taken where b³ > 2 T (error_b/error_1)⁴, which balances the
    correlation left between blocks against their small number (Lee et al., Phys. Rev. E 83,
    066706, 2011); the error is still low by a fraction of order τ/2b. A series so short that no b
    satisfies it is divided into its longest 4 to 7 blocks. A remainder is left out at the start.

    Raises ValueError for a series that is not a finite row of at least 4 and blocks out of range.
    """
    x = _checked_series(series, fewest=4)
    if blocks is not None:
        if blocks != int(blocks) or not 2 <= blocks <= len(x):
            raise ValueError(f"blocks must be between 2 and {len(x)}, not {blocks!r}")
        return _from_blocks(x, len(x) // int(blocks), int(blocks))
    single = _from_blocks(x, 1, len(x)).error
    length = 1
    while len(x) // (2 * length) >= 4:
        ratio = _from_blocks(x, length, len(x) // length).error / single if single > 0.0 else 1.0
        if length**3 > 2.0 * len(x) * ratio**4:
            break
        length *= 2
    found = _from_blocks(x, length, len(x) // length)
    return BlockEstimate(float(np.mean(x)), found.error, found.degrees)


def _from_blocks(x: NDArray[np.float64], length: int, blocks: int) -> BlockEstimate:
    means = x[len(x) - length * blocks :].reshape(blocks, length).mean(axis=1)
    error = float(np.std(means, ddof=1) / np.sqrt(blocks))
    return BlockEstimate(float(np.mean(means)), error, blocks - 1)


def integrated_time(series: ArrayLike) -> float:
    """Integrated correlation time τ = 1 + 2 Σ ρ(j), in steps of the series.

    The mean of T values has the error of T/τ independent ones (τ = 1 without correlation). The sum
    ends at the first window W >= 5 τ(W) (Madras and Sokal, J. Stat. Phys. 50, 109, 1988).

    series : (T,), T >= 4

    Raises ValueError as `block_error`.
    """
    x = _checked_series(series, fewest=4)
    T, deviation = len(x), x - np.mean(x)
    spectrum = np.fft.rfft(deviation, 2 * T)
    covariance = np.fft.irfft(np.abs(spectrum) ** 2, 2 * T)[:T] / T
    if not covariance[0] > 0.0:
        return 1.0
    times = 2.0 * np.cumsum(covariance / covariance[0]) - 1.0
    enough = np.flatnonzero(np.arange(T) >= 5.0 * times)
    return float(max(times[enough[0] if len(enough) else T - 1], 1.0 / T))


def jackknife(
    sums_per_block: ArrayLike, function: Callable[[NDArray[np.float64]], ArrayLike]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Value and standard error of a function of totals, such as a ratio of two sums.

        error² = ((B - 1)/B) Σ_b (F(total - sum_b) - mean)²    (Quenouille, Tukey; Miller 1974)

    sums_per_block : (B, …) additive sums over B independent blocks of particles or of time
    function : maps a total (…) to the derived values; counts belong among the sums

    returns : function(total) and its error. Raises ValueError below two blocks.
    """
    sums = np.asarray(sums_per_block, dtype=np.float64)
    if sums.ndim < 1 or len(sums) < 2:
        raise ValueError("sums_per_block must hold at least two blocks")
    B, total = len(sums), sums.sum(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):  # one block may have held everything
        left_out = np.array([function(total - block) for block in sums], dtype=np.float64)
    deviation = left_out - left_out.mean(axis=0)
    error = np.sqrt((B - 1) / B * np.sum(deviation**2, axis=0))
    return np.asarray(function(total), dtype=np.float64), error


def combine(replica_values: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean of independent replicas and its standard error, entry by entry.

    replica_values : (R, …), R >= 2; Student's law has R - 1 degrees

    Raises ValueError below two replicas: one run has no error of this kind (see `block_error`).
    """
    values = np.asarray(replica_values, dtype=np.float64)
    if values.ndim < 1 or len(values) < 2:
        raise ValueError("replica_values must hold at least two replicas")
    return values.mean(axis=0), values.std(axis=0, ddof=1) / np.sqrt(len(values))


def poisson_rate(events: int, exposure: float) -> tuple[float, float]:
    """Rate of independent events and its standard error, sqrt(events)/exposure.

    No event at all is given the error of one. Raises ValueError for numbers out of range.
    """
    if not events >= 0 or not 0.0 < exposure < np.inf:
        raise ValueError(f"events >= 0 and exposure > 0 are needed, not {events!r}, {exposure!r}")
    return float(events / exposure), float(np.sqrt(max(events, 1)) / exposure)


# --------------------------------------------------------------------------------------- verdicts


@dataclass(frozen=True)
class Verdict:
    """Whether measured figures agree with their expectation.

    passed : p_value >= budget (a true hypothesis fails with at most this probability)
    chi2 : squared distance of all figures from the expected ones, margins allowed for, in the
        metric of the measured covariance (Hotelling's T²; where that is not used, the sum of z²)
    p_value : probability of as bad a result under the hypothesis
    worst : index of the figure that deviates most
    z : (K,) signed deviations beyond the margin, in standard errors
    budget : false-alarm probability that was granted
    looks : 2 if a first look fired and fresh data decided
    """

    passed: bool
    chi2: float
    p_value: float
    worst: int
    z: NDArray[np.float64]
    budget: float
    looks: int = 1

    def __bool__(self) -> bool:
        return self.passed


def joint_test(
    samples: ArrayLike,
    expected: ArrayLike,
    margin: ArrayLike | None = None,
    budget: float = 1e-4,
) -> Verdict:
    """Judge K figures, measured in R independent replicas, at one false-alarm probability.

    Hypothesis: the mean of figure j is expected_j + b_j with some |b_j| <= margin_j.

    samples : (R, K) one row per replica, R >= 2
    expected, margin : (K,); no margin means 0
    budget : false-alarm probability of the whole test

    Two tests share the budget equally; the p-value is twice the smaller one of theirs.
    max|z|: the worst deviation beyond its margin, by Student's law with R - 1 degrees, over the K
    figures by Šidák's inequality, which holds for any correlation. It sees one figure astray.
    Hotelling's T² = R min_b (δ - b)ᵀ S⁻¹ (δ - b), δ = mean - expected, S the measured covariance,
    minimum over the biases the margins allow: T² (R - K)/[K (R - 1)] follows the F law with K and
    R - K degrees (Anderson, Introduction to Multivariate Statistical Analysis, 5.2). It sees many
    small deviations that the correlations forbid. The minimum is taken in the metric of S: to
    shrink each deviation by itself would leave, of two strongly correlated figures, one large
    difference: a false alarm. T² needs R >= K + 10; with fewer, max|z| has the whole budget.
    Figures without any scatter have to agree within their margin and rounding.

    Raises ValueError for wrong shapes and numbers out of range.
    """
    x = np.asarray(samples, dtype=np.float64)
    if x.ndim != 2 or len(x) < 2 or x.shape[1] < 1 or not np.all(np.isfinite(x)):
        raise ValueError("samples must be finite, (R, K), with at least two replicas R")
    R, K = x.shape
    target = _checked_row(expected, K, "expected")
    slack = np.zeros(K) if margin is None else _checked_row(margin, K, "margin")
    if np.any(slack < 0.0):
        raise ValueError("margin must not be negative")
    _check_budget(budget)
    difference = x.mean(axis=0) - target
    error = x.std(axis=0, ddof=1) / np.sqrt(R)
    scale = np.maximum(np.abs(target), np.abs(x).max(axis=0))
    rounding = 8.0 * np.finfo(np.float64).eps * scale
    scattered = error > rounding
    z = _deviation(difference, slack + np.where(scattered, 0.0, rounding), error, scattered)
    worst = int(np.argmax(np.abs(z)))
    p = _sidak(_student_tail(float(np.abs(z[worst])), R - 1), K)
    chi2 = float(np.sum(z**2))
    count = int(np.count_nonzero(scattered))
    if 2 <= count <= R - 10:
        chi2, p_hotelling = _hotelling(x[:, scattered], difference[scattered], slack[scattered])
        p = min(1.0, 2.0 * min(p, p_hotelling))
    return Verdict(bool(p >= budget), chi2, p, worst, z, budget)


def single_test(
    value: float,
    error: float,
    expected: float,
    margin: float = 0.0,
    degrees: float | None = None,
    budget: float = 1e-4,
) -> Verdict:
    """Judge one figure: hypothesis |mean - expected| <= margin.

    degrees : of freedom of the error (R - 1 for R replicas); None if the error is known exactly
    error : standard error; 0 asks for agreement within the margin

    Raises ValueError for numbers out of range.
    """
    if not np.all(np.isfinite([value, error, expected, margin])):
        raise ValueError("value, error, expected and margin must be finite")
    if error < 0.0 or margin < 0.0:
        raise ValueError("error and margin must not be negative")
    if degrees is not None and not degrees > 0.0:
        raise ValueError(f"degrees must be positive, not {degrees!r}")
    _check_budget(budget)
    row = np.array([value - expected, margin, error])[:, None]
    z = _deviation(row[0], row[1], row[2], row[2] > 0.0)
    p = _student_tail(float(np.abs(z[0])), np.inf if degrees is None else degrees)
    return Verdict(bool(p >= budget), float(z[0] ** 2), p, 0, z, budget)


def judged(measure: Callable[[int, int], Verdict], factor: int = 10) -> Verdict:
    """A first look that fires is repeated with fresh seeds and ten times the data; both must fail.

    measure : called as measure(seed_offset, factor), at first with (0, 1), after an alarm with
        (1, factor): seed_offset has to lead to random numbers never used before

    The false-alarm probability is the square of the budget of one look, and a real deviation, seen
    in the first look, is sqrt(10) times as many standard errors away in the second.
    """
    first = measure(0, 1)
    return first if first.passed else replace(measure(1, factor), looks=2)


def two_sided_z(budget: float) -> float:
    """Standard errors that a Gaussian exceeds, up or down, with this probability."""
    _check_budget(budget)
    return student_quantile(budget, np.inf)


def _deviation(
    difference: NDArray[np.float64],
    slack: NDArray[np.float64],
    error: NDArray[np.float64],
    scattered: NDArray[np.bool_],
) -> NDArray[np.float64]:
    """What exceeds the margin, in errors; infinite for a figure that is astray without scatter."""
    beyond = np.sign(difference) * np.maximum(np.abs(difference) - slack, 0.0)
    exact = np.where(beyond == 0.0, 0.0, np.copysign(np.inf, beyond))
    return np.where(scattered, beyond / np.where(scattered, error, 1.0), exact)


def _hotelling(
    x: NDArray[np.float64], difference: NDArray[np.float64], slack: NDArray[np.float64]
) -> tuple[float, float]:
    """T², least over the biases within the margins, and its p-value."""
    from scipy.optimize import lsq_linear
    from scipy.stats import f as f_law

    R = len(x)
    spread = x.std(axis=0, ddof=1)
    scaled = (x - x.mean(axis=0)) / spread
    # Figures that depend linearly on others (a trace and its parts) leave empty directions, in
    # which there is no noise to measure a deviation by: they are left out.
    _, singular, directions = np.linalg.svd(scaled / np.sqrt(R - 1), full_matrices=False)
    kept = singular > 1e-6 * singular[0]
    whiten = directions[kept] / singular[kept, None] * np.sqrt(R)  # (K', K): unit covariance
    away = whiten @ (difference / spread)
    free = slack > 0.0
    if np.any(free):
        bound = slack[free] / spread[free]
        away = away - whiten[:, free] @ lsq_linear(whiten[:, free], away, (-bound, bound)).x
    T2, K = float(away @ away), int(np.count_nonzero(kept))
    return T2, float(f_law.sf(T2 * (R - K) / (K * (R - 1)), K, R - K))


def _student_tail(z: float, degrees: float) -> float:
    from scipy.special import ndtr, stdtr

    return float(2.0 * (ndtr(-z) if np.isinf(degrees) else stdtr(degrees, -z)))


def student_quantile(probability: float, degrees: float) -> float:
    """Standard errors that Student's law exceeds, up or down, with this probability."""
    from scipy.special import ndtri, stdtrit

    half = 0.5 * probability
    return float(-ndtri(half) if np.isinf(degrees) else -stdtrit(degrees, half))


def _sidak(p: float, K: int) -> float:
    """Probability that the least of K p-values is this small: 1 - (1 - p)^K."""
    return float(-np.expm1(K * np.log1p(-min(p, 1.0 - 1e-16))))


def _checked_series(series: ArrayLike, fewest: int) -> NDArray[np.float64]:
    x = np.asarray(series, dtype=np.float64)
    if x.ndim != 1 or len(x) < fewest or not np.all(np.isfinite(x)):
        raise ValueError(f"series must be a finite row of at least {fewest} values")
    return x


def _checked_row(values: ArrayLike, K: int, name: str) -> NDArray[np.float64]:
    row = np.asarray(values, dtype=np.float64)
    if row.shape != (K,) or not np.all(np.isfinite(row)):
        raise ValueError(f"{name} must be finite, ({K},)")
    return row


def _check_budget(budget: float) -> None:
    if not 0.0 < budget < 1.0:
        raise ValueError(f"budget must lie between 0 and 1, not {budget!r}")
