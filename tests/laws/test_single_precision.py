"""Laws in single precision: the same formulas, computed in it from end to end."""

import inspect
import math

import numba
import numpy as np
import pytest
from numba.core import types

from dsmc import cross_section, draws, scatter
from dsmc.compiled import COMPILED, Law, in_single, kernel, law, law_with, variant
from dsmc.elementary import cosine, power, sine, where
from dsmc.pairs import ends_of_clocks
from dsmc.scatter import deflect, isotropic, isotropic_cosine, soft_sphere_cosine

pytestmark = pytest.mark.skipif(not COMPILED, reason="plain Python has no types of Numba")

SEED = 20261130
EPS = float(np.finfo(np.float32).eps)
SINGLE = types.float32
LAWS = {
    f"{module.__name__}.{name}": formula
    for module in (cross_section, scatter)
    for name, formula in vars(module).items()
    if isinstance(formula, Law)
}


# Whose results are smaller than numbers of single precision can be.
IN_DOUBLE = {"dsmc.cross_section.exponential", "dsmc.cross_section.no_event"}


def leaves(kind):
    """The types of the numbers that a result consists of."""
    return set(kind) if isinstance(kind, types.BaseTuple) else {kind}


def type_of(formula, argument):
    """The types of the numbers that a law returns if all that it is given has one type."""
    arguments = (argument,) * len(inspect.signature(formula.py_func).parameters)
    formula.compile(arguments)
    return leaves(formula.overloads[arguments].signature.return_type)


@pytest.mark.parametrize("name", LAWS)
def test_a_law_answers_in_the_precision_in_which_it_is_asked(name):
    assert type_of(LAWS[name], SINGLE) == {types.float64 if name in IN_DOUBLE else SINGLE}
    assert type_of(LAWS[name], types.float64) == {types.float64}


@pytest.mark.parametrize("mean", [0.1, 5.0, 87.0, 88.0, 120.0, 600.0])
def test_the_end_of_a_clock_is_told_however_many_candidates_come_before(mean):
    """Of 88 or more single precision has no number; the exponent is rounded once."""
    total, time, last = np.array([mean / 0.25]), np.array([0.75]), np.empty(1)
    ends_of_clocks(total, time, np.array([0.5]), 0, 1, np.empty(1, np.float32), last)
    assert math.log(last[0]) == pytest.approx(-mean, rel=EPS, abs=2.0 * EPS)


def test_a_formula_that_is_no_law_answers_in_double():
    """A constant of the formula is a number in double precision to Numba."""
    assert type_of(numba.njit(scatter.isotropic_cosine.py_func), SINGLE) == {types.float64}


def test_one_argument_in_double_makes_all_double():
    half = law(lambda x, y: 0.5 * (x + y))
    assert half(np.float32(0.1), 0.2) == 0.5 * (float(np.float32(0.1)) + 0.2)


FACTOR = 0.1


def test_constants_of_every_kind_are_rounded():
    captured = 0.3

    def formula(x):
        return FACTOR * x + captured + 0.7

    rounded = np.float32(0.1) * np.float32(2) + np.float32(0.3) + np.float32(0.7)
    found = in_single(formula)(np.float32(2))
    assert found == rounded and found.dtype == np.float32
    assert formula(2.0) == 0.1 * 2.0 + 0.3 + 0.7  # the original is as it was


@law_with(single=lambda x: 3.0 * x)
def inner(x):
    return 2.0 * x


@law
def outer(x):
    return inner(x) + 1.0


def test_a_variant_of_a_law_is_one():
    """Around a law that is wrong; a law with another formula in single precision keeps it."""
    assert outer(2.0) == 5.0 and outer(np.float32(2.0)) == 7.0
    wrong = variant(outer, inner=lambda x: 5.0 * x)
    assert wrong(2.0) == wrong(np.float32(2.0)) == 11.0
    assert type_of(wrong, SINGLE) == {SINGLE}


# ------------------------------------------------------------------------------------- scattering


def velocities(count):
    return (400.0 * np.random.default_rng(SEED).normal(size=(count, 3))).astype(np.float32)


@kernel
def turned(g, u, inverse_alpha, out):
    """Relative velocities after collisions of soft spheres."""
    for k in range(g.shape[0]):
        cosine = soft_sphere_cosine(u[k, 0], inverse_alpha)
        out[k] = deflect(g[k, 0], g[k, 1], g[k, 2], cosine, u[k, 1])


@kernel
def turned_anywhere(g, u, inverse_alpha, out):
    """The same of hard spheres."""
    for k in range(g.shape[0]):
        square = g[k, 0] * g[k, 0] + g[k, 1] * g[k, 1] + g[k, 2] * g[k, 2]
        out[k] = isotropic(square, isotropic_cosine(u[k, 0]), u[k, 1])


def stretched(turning, count=2_000_000):
    """Change of the energy of relative motion in collisions, over it: mean and error."""
    g = velocities(count)
    u = np.random.default_rng(SEED + 1).uniform(size=(count, 2)).astype(np.float32)
    h = np.empty_like(g)
    turning(g, u, np.float32(1.0 / 1.4), h)
    before, after = ((np.float64(v) ** 2).sum(axis=1) for v in (g, h))
    change = (after - before) / before.mean()
    return change.mean(), change.std() / math.sqrt(count)


KEPT = 2e-9
"""Energy of relative motion that a collision may gain or lose on average: 1e-4 in 10^5 collisions
of each particle, of which half the energy is such."""


@pytest.mark.parametrize("turning", [turned, turned_anywhere])
def test_collisions_keep_their_energy_on_average(turning):
    """Measured: a loss of 6e-10, error 1e-10."""
    mean, error = stretched(turning)
    print(f"{mean:.2e} +- {error:.1e}")
    assert error < 0.1 * KEPT
    assert abs(mean) + 5.0 * error < KEPT


short = law(lambda x: (1.0 - 6e-8) * sine(x))


def test_a_rounding_that_is_always_down_is_seen():
    """The mutant's sine of the azimuth lacks half a last digit."""
    mutants = scatter.laws(math.sqrt, cosine, short, math.copysign, where, power)
    mean, error = stretched(variant(turned, deflect=mutants.deflect))
    assert abs(mean) - 5.0 * error > KEPT


def test_single_and_double_turn_alike():
    """Directions differ by roundings of the cosine, which next to the poles are of its root."""
    count = 20_000
    u = np.random.default_rng(SEED + 2).uniform(0.01, 0.99, size=(count, 2)).astype(np.float32)
    found, exact = np.empty((count, 3), np.float32), np.empty((count, 3))
    g = velocities(count)
    turned(g, u, np.float32(1.0 / 1.4), found)
    turned(np.float64(g), np.float64(u), float(np.float32(1.0 / 1.4)), exact)
    size = np.sqrt((exact**2).sum(axis=1, keepdims=True))
    assert np.abs((found - exact) / size).max() < 40.0 * EPS


# ----------------------------------------------------------------------------------------- numbers


WORDS = (0, 1, 2**9 - 1, 2**9, 2**31, 2**32 - 2**9, 2**32 - 1)


def test_uniform_numbers_lie_between_0_and_1():
    """In single precision of the upper 23 bits, so that 1 is as far as 0."""
    one = np.float32(1.0)
    found = [draws.unit_as(one, np.uint64(word)) for word in WORDS]
    assert found == [((word >> 9) + 0.5) / 2**23 for word in WORDS]
    assert all(0.0 < u < 1.0 and np.float32(u) == u for u in found)
    assert found[0] == 1.0 - found[-1]
    for word in WORDS:
        high, low = np.uint64(word), np.uint64(12345)
        assert draws.unit_fine_as(one, high, low) == draws.unit_as(one, high)
        assert draws.unit_as(1.0, high) == draws.unit(high)
        assert draws.unit_fine_as(1.0, high, low) == draws.unit_fine(high, low)
