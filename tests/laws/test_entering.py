"""What enters from an equilibrium gas: exact laws at any speed ratio, at bounded cost."""

import math

import numpy as np
import pytest
from scipy import integrate, special, stats

from dsmc import draws, entering, inflow, poisson
from dsmc.compiled import kernel, variant
from dsmc.draws import Address
from dsmc.inflow import entering_speed, poisson_number

KEY = draws.key(20261121)
RATIOS = (-10.0, -3.0, -0.7, -1e-3, 0.0, 1e-3, 0.4, 1.0, 3.0, 10.0)
N = 100_000
BUDGET = 1e-6  # chance that one true law is refused


def flux_density(v, s):
    """v exp(-(v - s)^2), not normalised; scaled so that it neither over- nor underflows."""
    return v * np.exp(-((v - s) ** 2) + np.where(s < 0.0, s * s, 0.0))


def flux_law(s):
    """The distribution function of the normal speeds that enter, tabulated."""
    top = max(s, 0.0) + 7.0
    v = np.linspace(0.0, top, 40_001)
    table = integrate.cumulative_simpson(flux_density(v, s), x=v, initial=0.0)
    return lambda speed: np.interp(speed, v, table / table[-1])


@kernel
def fill_speeds(s, address, out):
    """Normal speeds of the first particles at an address."""
    for rank in range(out.shape[0]):
        out[rank] = entering_speed(s, address, rank)


@kernel
def fill_numbers(mean, address, out):
    """Numbers of events at consecutive indices."""
    for index in range(out.shape[0]):
        out[index] = poisson_number(mean, address, index)


def speeds(s, **laws):
    out = np.empty(N)
    work = variant(fill_speeds, **laws) if laws else fill_speeds
    work(s, Address(KEY, 7, 11), out)
    return out


def refused(s, sample):
    """Kolmogorov and Smirnov: N = 1e5 see a distance of 0.008 at the budget."""
    return stats.kstest(sample, flux_law(s)).pvalue < BUDGET


@pytest.mark.parametrize("s", RATIOS)
def test_normal_speeds_follow_the_flux_of_a_drifting_maxwellian(s):
    assert not refused(s, speeds(s))


def unweighted(s, u_1, u_2, u_3):
    """The wrong twin: half a Maxwellian, without the weight of the flux."""
    z = math.sqrt(-math.log(u_1)) * math.cos(2.0 * math.pi * u_2)
    return s + z, 1.0 if s + z > 0.0 else 0.0


def drifting(percent):
    """The wrong twin: a speed ratio that is off."""

    def approaching_speed(s, u_1, u_2, u_3):
        return entering.approaching_speed(s * (1.0 + percent / 100.0), u_1, u_2, u_3)

    def receding_speed(s, u_1, u_2):
        return entering.receding_speed(s * (1.0 + percent / 100.0), u_1, u_2)

    return {"approaching_speed": approaching_speed, "receding_speed": receding_speed}


@pytest.mark.parametrize(
    ("s", "laws"),
    [
        (0.0, {"approaching_speed": unweighted}),
        (3.0, {"approaching_speed": unweighted}),
        (10.0, drifting(0.3)),
        (-3.0, drifting(4.0)),
    ],
)
def test_a_law_that_is_slightly_wrong_is_refused(s, laws):
    assert refused(s, speeds(s, **laws))


@pytest.mark.parametrize(
    "s", np.concatenate([-np.geomspace(1e-3, 300, 25), np.geomspace(1e-3, 1e3, 25)])
)
def test_at_least_half_of_all_trials_are_accepted(s):
    """The chance of acceptance is at most 1 and 0.54 on average: cost is bounded at every s."""
    u = np.random.default_rng(5).random((3, 20_000))
    if s < 0.0:
        pairs = [entering.receding_speed(s, *row) for row in u[:2].T]
    else:
        pairs = [entering.approaching_speed(s, *row) for row in u.T]
    v, chance = np.transpose(pairs)
    assert np.all(np.isfinite(v)) and np.all(v[chance > 0.0] >= 0.0)
    assert chance.max() <= 1.0 + 1e-12
    assert np.clip(chance, 0.0, 1.0).mean() > 0.53


def test_the_flux_is_the_integral_of_the_density():
    """n a chi / (2 sqrt pi), chi = exp(-s^2) + sqrt(pi) s (1 + erf s), against quadrature."""
    for s in (-5.0, -3.0, -1.0, 0.0, 0.5, 3.0, 10.0):
        exact = integrate.quad(lambda v, s=s: v * math.exp(-((v - s) ** 2)), 0.0, abs(s) + 9.0,
                               epsabs=0.0, epsrel=1e-11, limit=200,
                               points=[max(s, 0.1)])[0] / math.sqrt(math.pi)  # fmt: skip
        assert entering.entering_flux(2.0, 3.0, s) == pytest.approx(6.0 * exact, rel=1e-9)
    assert entering.entering_flux(1.0, 1.0, 0.0) == pytest.approx(0.2820947918, rel=1e-9)


def test_laws_of_entering_in_another_backend_are_the_compiled_ones():
    """Bound to NumPy, with erfc and lgamma of SciPy: the same values to rounding."""
    u = np.random.default_rng(6).random((3, 1000))
    ours = entering.laws(np.sqrt, np.log, np.exp, special.erfc, np.cos, np.where)
    for s in (0.0, 2.0):
        rows = [entering.approaching_speed(s, *row) for row in u.T]
        np.testing.assert_allclose(ours.approaching_speed(s, *u), np.transpose(rows), rtol=1e-12)
    rows = [entering.receding_speed(-2.0, *row) for row in u[:2].T]
    np.testing.assert_allclose(ours.receding_speed(-2.0, *u[:2]), np.transpose(rows), rtol=1e-12)
    counts = poisson.laws(np.sqrt, np.log, np.exp, special.gammaln, np.floor, np.where)
    rows = [poisson.many_events(33.0, *row) for row in u[:2].T]
    np.testing.assert_allclose(counts.many_events(33.0, *u[:2]), np.transpose(rows), rtol=1e-12)


# ------------------------------------------------------------------------------ Poisson numbers


def poisson_is_refused(mean, numbers):
    """χ² over some thirty classes of about equal chance."""
    edges = np.unique(stats.poisson.ppf(np.linspace(0.0, 1.0, 31)[1:-1], mean))
    inside = np.searchsorted(edges, numbers)
    chance = np.diff([0.0, *stats.poisson.cdf(edges, mean), 1.0])
    keep = chance > 0.0
    expected = chance[keep] * numbers.size
    counted = np.bincount(inside, minlength=chance.size)[keep]
    return stats.chisquare(counted, expected).pvalue < BUDGET


def numbers_of(mean, **laws):
    out = np.empty(N)
    work = variant(fill_numbers, **laws) if laws else fill_numbers
    work(mean, Address(KEY, 3, 5), out)
    return out


@pytest.mark.parametrize("mean", [0.03, 1.0, 9.99, 10.0, 47.3, 1e4, 3e6])
def test_numbers_of_arrivals_follow_poisson(mean):
    assert not poisson_is_refused(mean, numbers_of(mean))


@pytest.mark.parametrize("mean", [1.0, 9.0, 47.3])
def test_numbers_that_scatter_too_little_are_refused(mean):
    """The wrong twin: a mean off by 2 %."""
    laws = {
        "no_events": lambda mean: math.exp(-1.02 * mean),
        "many_events": lambda mean, u, v: poisson.many_events(1.02 * mean, u, v),
    }
    assert poisson_is_refused(mean, numbers_of(mean, **laws))


def test_nothing_comes_where_nothing_is():
    assert not numbers_of(0.0).any()
    assert inflow.MANY >= 10.0  # below, the rejection is not exact
