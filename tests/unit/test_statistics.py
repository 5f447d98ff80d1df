"""Error bars have their stated coverage and verdicts their stated false-alarm rate.

Rates are measured over thousands of synthetic trials with a fixed seed; a rate p from M trials is
known to sqrt(p (1 - p)/M), and bounds leave at least 3.5 of these.
"""

import numpy as np
import pytest
from scipy.signal import lfilter
from scipy.stats import chi2, norm
from scipy.stats import t as student

from dsmc.statistics import (
    Verdict,
    block_error,
    combine,
    integrated_time,
    jackknife,
    joint_test,
    judged,
    poisson_rate,
    single_test,
    two_sided_z,
)


@pytest.fixture
def random() -> np.random.Generator:
    return np.random.default_rng(1738)


def correlated(random, trials: int, length: int, rho: float) -> np.ndarray:
    """Stationary first-order autoregressive series, (trials, length), mean 0, τ = (1+ρ)/(1-ρ)."""
    noise = random.normal(size=(trials, length + 400))
    return lfilter([1.0], [1.0, -rho], noise, axis=1)[:, 400:]


def alike(random, R: int, K: int, rho: float = 0.9) -> np.ndarray:
    """K figures of unit variance, correlated with one another, in R replicas."""
    common = random.normal(size=(R, 1))
    return np.sqrt(rho) * common + np.sqrt(1.0 - rho) * random.normal(size=(R, K))


# --------------------------------------------------------------------------- correlated series


@pytest.mark.parametrize(
    ("length", "rho"), [(1000, 0.0), (1000, 0.5), (3000, 0.8), (4000, -0.4), (10_000, 0.9)]
)
def test_blocks_cover_the_mean_of_a_correlated_series(length, rho, random):
    trials = 2000
    covered, naive = 0, 0
    for series in correlated(random, trials, length, rho):
        found = block_error(series)
        covered += abs(found.value) < found.half_width(0.95)
        naive += abs(found.value) < 1.96 * np.std(series) / np.sqrt(length)
    assert 0.93 < covered / trials < 0.97  # ±0.5 % of noise, -1 % from what is left of τ/2b
    if rho >= 0.5:
        assert naive / trials < 0.80  # the error that forgets the correlation


def test_given_blocks_have_students_law(random):
    trials = correlated(random, 2000, 800, 0.5)
    found = [block_error(series, blocks=8) for series in trials]
    assert {f.degrees for f in found} == {7}
    covered = np.mean([abs(f.value) < f.half_width(0.99) for f in found])
    assert covered == pytest.approx(0.99, abs=0.01)
    assert found[0].half_width(0.95) == pytest.approx(student.ppf(0.975, 7) * found[0].error)


def test_a_constant_series_has_no_error():
    assert block_error(np.full(64, 3.5))[:2] == (3.5, 0.0)
    assert integrated_time(np.full(64, 3.5)) == 1.0


@pytest.mark.parametrize("rho", [0.0, 0.5, 0.9])
def test_the_correlation_time_is_that_of_the_process(rho, random):
    times = [integrated_time(series) for series in correlated(random, 200, 10_000, rho)]
    truth = (1.0 + rho) / (1.0 - rho)
    # The window ends at 5 τ, where exp(-10) of the sum is left; the mean costs τ/T of it.
    assert np.mean(times) == pytest.approx(truth, rel=0.02)
    # Madras and Sokal: Var τ = 2 (2W + 1) τ²/T, W = 5 τ
    expected = np.sqrt(2.0 * (10.0 * truth + 1.0) / 10_000) * truth
    assert np.std(times) < 1.5 * expected


@pytest.mark.parametrize("series", [[1.0, 2.0, 3.0], np.ones((4, 4)), [1.0, np.nan, 2.0, 3.0]])
def test_what_is_no_series_is_refused(series):
    for measure in (block_error, integrated_time):
        with pytest.raises(ValueError, match="series"):
            measure(series)
    with pytest.raises(ValueError, match="blocks"):
        block_error(np.arange(10.0), blocks=11)


# ------------------------------------------------------------------------ ratios and replicas


def test_the_jackknife_gives_the_scatter_of_a_ratio_of_moments(random):
    """<c⁴>/<c²>² of a Maxwellian, 5/3: the fluctuations of both sums nearly cancel."""

    def ratio(total: np.ndarray) -> list[float]:
        n, second, fourth = total
        return [fourth * n / second**2, second / n]

    values, errors, unpaired = [], [], []
    for _ in range(400):
        e = np.sum(random.normal(size=(20, 200, 3)) ** 2, axis=2)
        sums = np.stack([np.full(20, 200.0), e.sum(axis=1), (e**2).sum(axis=1)], axis=1)
        value, error = jackknife(sums, ratio)
        values.append(value)
        errors.append(error)
        relative = np.std(sums, axis=0, ddof=1) / np.mean(sums, axis=0) / np.sqrt(20)
        unpaired.append(value[0] * np.hypot(relative[2], 2.0 * relative[1]))
    scatter = np.std(values, axis=0, ddof=1)  # known to 3.5 %
    np.testing.assert_allclose(np.mean(errors, axis=0), scatter, rtol=0.13)
    assert np.mean(values, axis=0) == pytest.approx([5 / 3, 3.0], rel=0.003)
    # Errors of numerator and denominator added as if independent are twice too large.
    assert np.mean(unpaired) > 1.5 * scatter[0]


def test_the_jackknife_of_a_mean_is_its_standard_error(random):
    x = random.normal(size=(12, 5))
    value, error = jackknife(np.stack([x, np.ones_like(x)], 1), lambda s: s[0] / s[1])
    mean, standard_error = combine(x)
    np.testing.assert_allclose(value, mean)
    np.testing.assert_allclose(error, standard_error)
    np.testing.assert_allclose(standard_error, np.std(x, axis=0, ddof=1) / np.sqrt(12))


def test_one_replica_or_block_has_no_error():
    with pytest.raises(ValueError, match="replica_values"):
        combine([[1.0, 2.0]])
    with pytest.raises(ValueError, match="sums_per_block"):
        jackknife([[1.0, 2.0]], lambda s: s[0] / s[1])


def test_rates_of_rare_events_have_the_error_of_poissons_law(random):
    assert poisson_rate(400, 8.0) == (50.0, 2.5)
    assert poisson_rate(0, 10.0) == (0.0, 0.1)
    found = np.array([poisson_rate(n, 4.0) for n in random.poisson(80.0, size=4000)])
    assert np.std((found[:, 0] - 20.0) / found[:, 1]) == pytest.approx(1.0, abs=0.05)
    for events, exposure in ((-1, 1.0), (3, 0.0), (np.nan, 1.0)):
        with pytest.raises(ValueError, match="exposure"):
            poisson_rate(events, exposure)


# -------------------------------------------------------------------------------- many figures


def alarms(random, R: int, K: int, budget: float, trials: int = 3000, **test) -> float:
    fired = 0
    for _ in range(trials):
        fired += not joint_test(alike(random, R, K), np.zeros(K), budget=budget, **test)
    return fired / trials


@pytest.mark.parametrize(("R", "K"), [(4, 6), (12, 2), (20, 10), (30, 5), (16, 1)])
def test_true_hypotheses_are_rejected_no_more_often_than_granted(R, K, random):
    rate = alarms(random, R, K, budget=0.05)
    assert rate < 0.05 + 3.5 * np.sqrt(0.05 * 0.95 / 3000)
    assert rate > 0.01  # nor is the budget given away: both tests, correlated, still use a fifth


def test_students_law_holds_where_a_gaussian_would_cry_wolf(random):
    """Four replicas: taking the measured error for exact rejects 16 % instead of 1 %."""
    trials = 3000
    z = np.array([joint_test(alike(random, 4, 3), np.zeros(3)).z for _ in range(trials)])
    gaussian = np.mean(2.0 * norm.sf(np.abs(z)).min(axis=1) * 3 < 0.01)
    assert alarms(random, 4, 3, budget=0.01) < 0.01 + 3.5 * np.sqrt(0.01 / trials)
    assert gaussian > 0.03


def test_forgetting_the_correlations_cries_wolf(random):
    """The sum of z² of correlated figures is not χ² of independent ones: that rejects too often."""
    sums = [np.sum(joint_test(alike(random, 40, 10), np.zeros(10)).z ** 2) for _ in range(1000)]
    assert np.mean(chi2.sf(sums, 10) < 0.01) > 0.05
    assert alarms(random, 40, 10, budget=0.01) < 0.01 + 3.5 * np.sqrt(0.01 / 3000)


def test_a_shift_of_one_figure_is_found(random):
    K, R = 8, 40
    shift = np.zeros(K)
    shift[5] = 10.0 / np.sqrt(R)  # ten standard errors
    verdicts = [joint_test(alike(random, R, K, 0.0) + shift, np.zeros(K)) for _ in range(300)]
    assert np.mean([not v.passed for v in verdicts]) >= 0.99
    assert np.mean([v.worst == 5 for v in verdicts]) >= 0.99
    assert np.mean([v.z[5] for v in verdicts]) == pytest.approx(10.0, rel=0.05)


def test_a_shift_against_the_correlation_is_found_by_the_covariance_alone(random):
    """Figures that always move together have moved apart, each by 1.2 errors only."""
    K, R = 8, 60
    shift = 1.2 / np.sqrt(R) * np.where(np.arange(K) % 2, 1.0, -1.0)
    verdicts = [joint_test(alike(random, R, K, 0.98) + shift, np.zeros(K)) for _ in range(300)]
    assert np.mean([not v.passed for v in verdicts]) >= 0.99
    largest = np.array([np.max(np.abs(v.z)) for v in verdicts])
    blind = 2.0 * K * student.sf(largest, R - 1) >= 1e-4
    assert np.mean(blind) > 0.9


def test_a_bias_within_its_margin_is_no_alarm_and_twice_the_margin_is_one(random):
    R, K = 30, 6
    margin = np.where(np.arange(K) % 2, 0.0, 1.5)  # known bias in every second figure only
    at_margin = [
        joint_test(alike(random, R, K) + margin, np.zeros(K), margin, budget=0.05).passed
        for _ in range(2000)
    ]
    assert np.mean(at_margin) > 0.95 - 3.5 * np.sqrt(0.05 * 0.95 / 2000)
    beyond = [
        joint_test(alike(random, R, K) + 2.5 * margin, np.zeros(K), margin).passed
        for _ in range(300)
    ]
    assert np.mean(beyond) <= 0.01


def test_margins_taken_figure_by_figure_would_break_the_correlation(random):
    """Two figures that move together, one of them with a margin, which swallows its fluctuation.

    The distance left over, (0, δ), looks impossible in the metric of the covariance; the least
    distance over all biases the margin allows does not.
    """
    R, fired, naive = 30, 0, 0
    for _ in range(1000):
        x = alike(random, R, 2, 0.99)
        fired += not joint_test(x, [0.0, 0.0], [1.0, 0.0], budget=0.01)
        left = np.array([0.0, x[:, 1].mean()])
        naive += left @ np.linalg.solve(np.cov(x.T), left) * R > 12.0  # F at 0.5 %: about 12
    assert fired / 1000 < 0.01 + 3.5 * np.sqrt(0.01 / 1000)
    assert naive / 1000 > 0.3


def test_figures_without_scatter_must_be_exact(random):
    x = np.column_stack([random.normal(size=20), np.full(20, 0.1)])
    assert joint_test(x, [0.0, 0.1])
    assert joint_test(x, [0.0, 0.1 + 1e-17])
    assert joint_test(x, [0.0, 0.11], margin=[0.0, 0.02])
    wrong = joint_test(x, [0.0, 0.11])
    assert not wrong
    assert wrong.worst == 1
    assert wrong.z[1] == -np.inf
    assert wrong.p_value == 0.0


def test_figures_that_depend_on_one_another_are_judged_once(random):
    """Three temperatures and their mean: the covariance is singular, the verdict is not."""
    fired = 0
    for _ in range(2000):
        x = random.normal(size=(24, 3))
        x = np.column_stack([x, x.mean(axis=1)])
        fired += not joint_test(x, np.zeros(4), budget=0.05)
    assert 0.01 < fired / 2000 < 0.05 + 3.5 * np.sqrt(0.05 * 0.95 / 2000)


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"samples": np.zeros((1, 2))}, "samples"),
        ({"samples": np.zeros(4)}, "samples"),
        ({"samples": np.full((4, 2), np.nan)}, "samples"),
        ({"expected": np.zeros(3)}, "expected"),
        ({"expected": 0.0}, "expected"),
        ({"margin": [0.1]}, "margin"),
        ({"margin": [0.1, -0.1]}, "margin"),
        ({"budget": 0.0}, "budget"),
    ],
)
def test_a_joint_question_without_an_answer_is_refused(change, word):
    with pytest.raises(ValueError, match=word):
        joint_test(**({"samples": np.eye(4, 2), "expected": np.zeros(2)} | change))


# ---------------------------------------------------------------------------------- one figure


@pytest.mark.parametrize("degrees", [None, 5])
def test_one_figure_is_rejected_as_often_as_granted(degrees, random):
    trials, budget = 20_000, 0.01
    error = 1.0 if degrees is None else np.sqrt(random.chisquare(degrees, trials) / degrees)
    values, errors = random.normal(size=trials), np.broadcast_to(error, trials)
    fired = [
        not single_test(v, e, 0.0, degrees=degrees, budget=budget)
        for v, e in zip(values, errors, strict=True)
    ]
    assert np.mean(fired) == pytest.approx(budget, abs=3.5 * np.sqrt(budget / trials))


def test_a_margin_shifts_the_threshold_of_one_figure():
    assert single_test(1.30, 0.05, 1.0, margin=0.2).z == pytest.approx([2.0])
    assert single_test(0.85, 0.05, 1.0, margin=0.2).z == pytest.approx([0.0])
    assert not single_test(1.5, 0.05, 1.0, margin=0.2)
    assert single_test(1.0, 0.0, 1.0)
    assert not single_test(1.1, 0.0, 1.0)
    threshold = two_sided_z(1e-4)
    assert threshold == pytest.approx(3.8905918864)
    assert single_test(threshold - 1e-9, 1.0, 0.0)
    assert not single_test(threshold + 1e-9, 1.0, 0.0)


@pytest.mark.parametrize(
    "change", [{"value": np.nan}, {"error": -1.0}, {"margin": -1.0}, {"degrees": 0}, {"budget": 1}]
)
def test_one_question_without_an_answer_is_refused(change):
    with pytest.raises(ValueError, match="must"):
        single_test(**({"value": 0.0, "error": 1.0, "expected": 0.0} | change))


# ---------------------------------------------------------------------------------- second look


def look(random, shift: float, budget: float):
    """A measurement of `shift` with unit error at factor 1, and the list of how it was called."""
    calls = []

    def measure(seed_offset: int, factor: int) -> Verdict:
        calls.append((seed_offset, factor))
        error = 1.0 / np.sqrt(factor)
        return single_test(shift + error * random.normal(), error, 0.0, budget=budget)

    return measure, calls


def test_a_chance_alarm_is_withdrawn_by_fresh_data(random):
    failed, repeated, trials = 0, 0, 4000
    for _ in range(trials):
        measure, calls = look(random, 0.0, 0.05)
        verdict = judged(measure)
        failed += not verdict
        repeated += len(calls) == 2
        assert calls == [(0, 1), (1, 10)][: verdict.looks]
    assert repeated / trials == pytest.approx(0.05, abs=0.012)
    assert failed / trials < 0.05**2 + 3.5 * np.sqrt(0.05**2 / trials)


def test_a_real_deviation_fails_both_looks(random):
    verdicts = [judged(look(random, 7.0, 1e-4)[0]) for _ in range(500)]
    assert np.mean([not v for v in verdicts]) >= 0.99
    assert {v.looks for v in verdicts if not v} == {2}
