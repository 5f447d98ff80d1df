"""H and its excess over equilibrium, measured on samples of states whose entropy is known.

Velocities are in units of v0 (kT/m = 1/2). Seeds are fixed; a bound of 4.5 standard errors is
exceeded by chance once in 150000 figures.
"""

import itertools
import time

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.integrate import quad
from scipy.special import gamma

from dsmc.entropy import (
    SPEED_BINS,
    excess_from_histogram,
    h_excess,
    h_function,
    maxwell_bin_mass,
    speed_histogram,
)
from tests.unit.known_entropies import (
    BEAMS,
    BI_MAXWELL,
    ISOTROPIC,
    Generator,
    beams,
    bi_maxwell,
    bimodal,
    bkw,
    cube,
    isotropic,
    maxwell,
)

SIGMAS = 4.5


@pytest.fixture
def random() -> Generator:
    return np.random.default_rng(20240611)


def agrees(values: NDArray[np.float64], truth: float, margin: float) -> bool:
    error = np.std(values, ddof=1) / np.sqrt(len(values))
    return bool(abs(np.mean(values) - truth) < margin + SIGMAS * error)


# ------------------------------------------------------------------------- the law of the speeds


def test_the_shares_of_a_maxwellian_are_the_integral_of_its_speed_law():
    edges = np.array([0.0, 1e-3, 0.05, 0.4, 1.0, 1.7, 4.0, 6.0, 8.0])
    law = [
        quad(lambda c: 4 / np.sqrt(np.pi) * c**2 * np.exp(-c * c), a, b, epsabs=0.0)[0]
        for a, b in itertools.pairwise(edges)
    ]
    # 1e-9: the accuracy asked of the quadrature is 1.5e-8; the far tail, 1e-27, included.
    np.testing.assert_allclose(maxwell_bin_mass(edges), law, rtol=1e-9)
    assert np.sum(maxwell_bin_mass(np.append(edges, np.inf))) == pytest.approx(1.0, abs=1e-15)


def test_every_particle_is_counted_once_and_histograms_add(random):
    v = maxwell(150_000, random)
    v[0] = [40.0, 0.0, 0.0]  # far beyond the last closed bin
    counts, edges, thermal_speed = speed_histogram(v, frame=(0.0, 0.0, 0.0))
    speed = np.linalg.norm(v, axis=1)
    assert thermal_speed == pytest.approx(np.sqrt(2 / 3 * np.mean(speed**2)), rel=1e-12)
    direct = np.histogram(speed, bins=np.append(edges[:-1], 1e9))[0]
    # A speed within rounding of an edge may fall on either side.
    assert counts.sum() == len(v)
    assert np.abs(counts - direct).sum() <= 2
    # Halves counted in the bins of the whole give the whole.
    halves = sum(np.histogram(part, np.append(edges[:-1], 1e9))[0] for part in np.split(speed, 2))
    assert excess_from_histogram(halves, edges, thermal_speed).value == pytest.approx(
        excess_from_histogram(counts, edges, thermal_speed).value, abs=2e-5
    )


def test_edges_may_be_in_any_unit_of_speed(random):
    counts, edges, thermal_speed = speed_histogram(400.0 * bkw(10_000, random))
    assert excess_from_histogram(counts, edges / thermal_speed, 1.0) == pytest.approx(
        excess_from_histogram(counts, edges, thermal_speed), rel=1e-12
    )


# ----------------------------------------------------------------------------------- no bias


@pytest.mark.parametrize("state", ISOTROPIC)
def test_the_known_excess_is_the_integral_of_the_known_law(state):
    _, excess, ln_ratio = ISOTROPIC[state]

    def integrand(c: float) -> float:
        L = ln_ratio(np.float64(c * c))
        return 4 / np.sqrt(np.pi) * c**2 * np.exp(L - c * c) * L

    # 1e-8: the digits of the table
    assert quad(integrand, 1e-12, 12.0, limit=200)[0] == pytest.approx(excess, abs=1e-8)


def biases(
    state: str,
    N: int,
    samples: int,
    random: Generator,
    correction: str = "grassberger",
    bins: int = SPEED_BINS,
) -> NDArray[np.float64]:
    """Estimates minus the sample mean of the exact ln(f/M), whose fluctuation they share.

    That mean is unbiased, so that the bias remains, freed of nearly all noise.
    """
    draw, _, ln_ratio = ISOTROPIC[state]
    found = []
    for _ in range(samples):
        v = draw(N, random)
        estimate = excess_from_histogram(*speed_histogram(v, bins), correction=correction).value
        found.append(estimate - np.mean(ln_ratio(np.einsum("ij,ij->i", v, v))))
    return np.array(found)


@pytest.mark.parametrize("state", ISOTROPIC)
def test_a_million_speeds_give_the_excess_without_bias(state, random):
    bias = biases(state, 10**6, 30, random)
    error = np.std(bias, ddof=1) / np.sqrt(len(bias))
    assert error < 6e-6
    assert abs(np.mean(bias)) < 2e-5


def test_wide_bins_are_seen_to_hide_structure(random):
    """Bins of 0.3 v0, even extrapolated, lose 2e-3 of the excess of the state f ~ c² exp(-c²/C)."""
    assert np.mean(biases("bkw", 10**6, 3, random, bins=16)) < -5e-4


@pytest.mark.parametrize("state", ISOTROPIC)
@pytest.mark.parametrize(("N", "samples"), [(10**5, 40), (10**4, 200)])
def test_fewer_speeds_bias_the_excess_by_less_than_a_tenth_of_the_error(state, N, samples, random):
    draw = ISOTROPIC[state][0]
    bias = biases(state, N, samples, random)
    # O(1/N) remains where f has other tails or another spread of energy than the Maxwellian.
    assert agrees(bias, 0.0, margin=0.5 / N + 5e-6)
    one_error = h_excess(draw(N, random)).error
    assert abs(np.mean(bias)) < 0.1 * one_error


@pytest.mark.parametrize("correction", ["none", "miller-madow"])
def test_uncorrected_logarithms_of_counts_are_seen_to_be_biased(correction, random):
    bias = biases("maxwell", 10**4, 200, random, correction)
    assert not agrees(bias, 0.0, margin=0.5 / 10**4 + 5e-6)
    grassberger = biases("maxwell", 10**4, 200, random)
    assert abs(np.mean(grassberger)) < 0.25 * abs(np.mean(bias))


@pytest.mark.parametrize(("ratio", "excess"), BI_MAXWELL.items())
def test_two_temperatures_along_and_across_have_the_known_excess(ratio, excess, random):
    found = [h_excess(bi_maxwell(ratio)(30_000, random), "axisymmetric").value for _ in range(30)]
    assert agrees(np.array(found), excess, margin=2e-4)


@pytest.mark.parametrize(("t", "excess"), BEAMS.items())
def test_two_beams_have_the_known_excess(t, excess, random):
    found = [h_excess(beams(t)(30_000, random), "axisymmetric").value for _ in range(30)]
    # What Richardson leaves at this N: 0.5 errors of a single sample (0.007) at most.
    assert agrees(np.array(found), excess, margin=3.5e-3)


def test_the_axis_may_point_anywhere(random):
    axis = np.array([1.0, 2.0, -2.0]) / 3.0
    v = bi_maxwell(4.0)(30_000, random)
    reflection = np.eye(3) - 2.0 * np.outer(axis - [1, 0, 0], axis - [1, 0, 0]) / (
        np.sum((axis - [1, 0, 0]) ** 2)
    )
    turned = h_excess(v @ reflection, "axisymmetric", axis=5.0 * axis)
    assert turned == pytest.approx(h_excess(v, "axisymmetric"), abs=1e-4)
    # A wrong axis averages over the angle about it: too little order is seen.
    wrong = h_excess(v, "axisymmetric", axis=(0.0, 1.0, 0.0))
    assert wrong.value < BI_MAXWELL[4.0] - 10.0 * wrong.error


def test_the_law_of_speeds_alone_misses_anisotropy(random):
    seen = h_excess(bi_maxwell(4.0)(30_000, random), "speed")
    assert seen.value < BI_MAXWELL[4.0] - 10.0 * seen.error


NEIGHBOUR_STATES = {
    "maxwell": (maxwell, 0.0, 0.0),
    "bkw": (bkw, 0.06392997, 0.003),
    "bimodal": (bimodal, 0.04443435, 0.005),
    "bi-maxwell": (bi_maxwell(4.0), BI_MAXWELL[4.0], 0.0),
    "beams": (beams(0.25), BEAMS[0.25], 0.012),
}


@pytest.mark.parametrize("state", NEIGHBOUR_STATES)
def test_neighbours_give_the_excess_without_bins(state, random):
    draw, excess, margin = NEIGHBOUR_STATES[state]
    found = [h_excess(draw(5000, random), "neighbour").value for _ in range(20)]
    # The margin is what the bias of a Gaussian, 0.024 at this N, fails to be the bias of f.
    assert agrees(np.array(found), excess, margin + 0.001)


def test_neighbours_underestimate_a_distribution_with_edges_by_the_stated_amount(random):
    found = h_excess(cube(20_000, random), "neighbour")
    assert found.value == pytest.approx(0.5294556249 - 0.055, abs=SIGMAS * found.error + 0.01)


@pytest.mark.parametrize(("N", "k"), [(1000, 1), (1000, 4), (5000, 8)])
def test_the_bias_of_neighbours_in_a_gaussian_is_the_formula(N, k, random):
    samples = 200_000 // N
    found = [h_excess(maxwell(N, random), "neighbour", neighbours=k).value for _ in range(samples)]
    assert agrees(np.array(found), 0.0, margin=0.002)
    from dsmc.entropy.neighbour import _gaussian_neighbour_bias

    uncorrected = np.array(found) + _gaussian_neighbour_bias(N, k)
    assert not agrees(uncorrected, 0.0, margin=0.002)


def test_the_integral_in_the_neighbour_bias_is_that_of_a_gaussian():
    """∫ f^(-2/3) ∇²f dv = 36 sqrt(3) π for f = (2π)^(-3/2) exp(-c²/2)."""
    integral = quad(
        lambda c: 4 * np.pi * c**2 * (c**2 - 3) * (2 * np.pi) ** -0.5 * np.exp(-c * c / 6), 0, 60
    )[0]
    assert integral == pytest.approx(36 * np.sqrt(3) * np.pi, rel=1e-9)
    # The mean of (mass of the ball)^(2/3) over the law of the k-th neighbour, for N -> infinity
    from dsmc.entropy.neighbour import _gaussian_neighbour_bias

    N, k = 10**15, 3
    u = 0.1 * gamma(k + 2 / 3) / gamma(k) * (3 / (4 * np.pi * N)) ** (2 / 3) * integral
    assert _gaussian_neighbour_bias(N, k) == pytest.approx(u, rel=8 * np.sqrt(u))


# ------------------------------------------------------------------------------ honest errors

PULLS = [
    ("speed", maxwell, 0.0, 10_000),
    ("speed", bkw, 0.06392997, 10_000),
    ("speed", bimodal, 0.04443435, 10_000),
    ("speed", maxwell, 0.0, 300),
    ("axisymmetric", maxwell, 0.0, 10_000),
    ("axisymmetric", bi_maxwell(4.0), BI_MAXWELL[4.0], 10_000),
    ("neighbour", maxwell, 0.0, 1000),
    ("neighbour", bkw, 0.06392997, 1000),
    ("neighbour", bi_maxwell(4.0), BI_MAXWELL[4.0], 1000),
]


@pytest.mark.parametrize(("estimator", "draw", "excess", "N"), PULLS)
def test_errors_are_the_scatter_of_independent_samples(estimator, draw, excess, N, random):
    found = np.array([h_excess(draw(N, random), estimator) for _ in range(250)])
    pulls = (found[:, 0] - excess) / found[:, 1]
    # The scatter of 250 pulls is known to 4.5 %.
    assert np.std(pulls, ddof=1) == pytest.approx(1.0, abs=0.15)
    # An error 40 % too small or too large would show.
    for wrong in (0.6, 1.4):
        assert abs(np.std(pulls / wrong, ddof=1) - 1.0) > 0.15


def test_near_equilibrium_the_maxwellian_takes_away_nearly_all_of_the_error(random):
    N = 10**5
    error = h_excess(maxwell(N, random)).error
    assert error < 10.0 / N  # sqrt(K/2)/N; without the control variate it is sqrt(1.5/N)
    assert error < 0.05 * np.sqrt(1.5 / N)


def test_h_in_a_given_unit_also_fluctuates_with_the_temperature(random):
    """kT/m = 1 in the unit chosen: H = -(3/2)[1 + ln 2π], error sqrt(Var ln f / N)."""
    N, truth = 5000, -4.2568155996
    for estimator, samples in (("speed", 300), ("axisymmetric", 200), ("neighbour", 60)):
        found = np.array(
            [
                h_function(maxwell(N, random), estimator, unit_speed=np.sqrt(0.5))
                for _ in range(samples)
            ]
        )
        pulls = (found[:, 0] - truth) / found[:, 1]
        assert abs(np.mean(pulls)) < SIGMAS / np.sqrt(samples) + 0.05
        assert np.std(pulls, ddof=1) == pytest.approx(1.0, abs=SIGMAS / np.sqrt(2 * samples))
        assert np.mean(found[:, 1]) > 0.95 * np.sqrt(1.5 / N)


# ---------------------------------------------------------------------------------- symmetries


@pytest.mark.parametrize("estimator", ["speed", "axisymmetric", "neighbour"])
def test_h_depends_neither_on_the_frame_nor_on_the_unit(estimator, random):
    v = bkw(5000, random)
    moved = 420.0 * v + np.array([900.0, -4000.0, 30.0])  # [m/s]: Mach numbers up to 10
    assert h_excess(moved, estimator) == pytest.approx(h_excess(v, estimator), abs=1e-6)
    at_rest, unit = h_function(v, estimator), h_function(moved, estimator)
    assert unit == pytest.approx(at_rest, abs=1e-6)
    assert at_rest.value - h_excess(v, estimator).value == pytest.approx(-3.2170948288, abs=1e-9)
    # H changes by -3 ln a when the unit of speed is divided by a.
    one, ten = (h_function(v, estimator, unit_speed=u).value for u in (1.0, 0.1))
    assert ten - one == pytest.approx(-3.0 * np.log(10.0), abs=1e-9)


@pytest.mark.parametrize("estimator", ["speed", "axisymmetric", "neighbour"])
def test_single_precision_gives_the_same_h(estimator, random):
    v = (300.0 * bimodal(20_000, random)).astype(np.float32)
    single, double = h_excess(v, estimator), h_excess(v.astype(np.float64), estimator)
    assert single == pytest.approx(double, abs=1e-6)


def test_seen_from_another_frame_the_drift_is_order_too(random):
    """Against a Maxwellian at rest with the total energy, ∫ f ln(f/M) = (3/2) ln(1 + (2/3) u²)."""
    drift = np.array([0.5, 0.0, 0.0])
    found = h_excess(maxwell(50_000, random) + drift, "axisymmetric", frame=(0.0, 0.0, 0.0))
    truth = 1.5 * np.log1p(2 / 3 * 0.25)
    assert found.value == pytest.approx(truth, abs=SIGMAS * found.error)
    assert found.value > SIGMAS * found.error


def test_rows_and_columns_of_a_larger_array_serve_as_well(random):
    phase = np.zeros((6000, 6))
    phase[:, 3:] = bkw(6000, random)
    assert h_excess(phase[:, 3:]) == h_excess(np.ascontiguousarray(phase[:, 3:]))


def test_counting_a_million_speeds_takes_a_few_milliseconds(random):
    v = maxwell(10**6, random)
    best = np.inf
    for _ in range(5):
        start = time.perf_counter()
        speed_histogram(v)
        best = min(best, time.perf_counter() - start)
    assert best < 0.12  # 15 to 35 ms on one 2.5 GHz core; the rest is for a busy machine


# ------------------------------------------------------------------------------------- refusals


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"velocity": np.zeros((100, 2))}, "velocity"),
        ({"velocity": np.zeros(300)}, "velocity"),
        ({"velocity": np.ones((100, 3))}, "velocity"),
        ({"velocity": np.full((100, 3), 0.1) + 7.0}, "velocity"),
        ({"velocity": np.eye(3)}, "velocity"),
        ({"velocity": np.where(np.arange(300) == 150, np.nan, 1.0).reshape(100, 3)}, "velocity"),
        ({"velocity": np.where(np.arange(300) == 0, np.inf, 1.0).reshape(100, 3)}, "velocity"),
        ({"estimator": "vasicek"}, "estimator"),
        ({"frame": (1.0, 2.0)}, "frame"),
        ({"frame": (1.0, 2.0, np.nan)}, "frame"),
        ({"bins": 7}, "bins"),
        ({"bins": 4}, "bins"),
        ({"estimator": "axisymmetric", "axis": (0.0, 0.0, 0.0)}, "axis"),
        ({"estimator": "neighbour", "neighbours": 0}, "neighbours"),
        ({"estimator": "neighbour", "limit": 10}, "limit"),
    ],
)
@pytest.mark.filterwarnings("error")
def test_a_question_without_an_answer_is_refused_by_name(change, word, random):
    with pytest.raises(ValueError, match=word):
        h_excess(**({"velocity": maxwell(100, random)} | change))


def test_points_and_planes_have_no_finite_h(random):
    flat = maxwell(200, random) * np.array([1.0, 1.0, 0.0])
    twice = np.repeat(maxwell(40, random), 6, axis=0)
    for estimator, v in (("neighbour", flat), ("neighbour", twice)):
        with pytest.raises(ValueError, match="infinite"):
            h_excess(v, estimator)
    with pytest.raises(ValueError, match="infinite"):
        h_excess(flat, "axisymmetric", axis=(0.0, 0.0, 1.0))
    with pytest.raises(ValueError, match="unit_speed"):
        h_function(maxwell(100, random), unit_speed=0.0)


@pytest.mark.parametrize(
    ("counts", "edges", "word"),
    [
        ([100, 200], [0.0, 1.0], "edges"),
        ([100, 200], [0.0, 2.0, 1.0], "edges"),
        ([100, 200], [-1.0, 2.0, 3.0], "edges"),
        ([100, -1], [0.0, 1.0, np.inf], "counts"),
        ([100.5, 20.0], [0.0, 1.0, np.inf], "counts"),
        ([10, 20], [0.0, 1.0, np.inf], "counts"),
    ],
)
def test_a_histogram_that_is_none_is_refused(counts, edges, word):
    with pytest.raises(ValueError, match=word):
        excess_from_histogram(counts, edges, 1.0)


def test_a_shell_of_equal_speeds_is_finite_in_bins(random):
    found = h_excess(isotropic(np.ones(1000), random))
    assert np.isfinite(found).all()
    assert found.value > 1.0
