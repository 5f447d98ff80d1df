"""The rate of collisions: Bird's cross-sections, their limits and their dimensions."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad

from dsmc.cross_section import (
    bound_squared,
    candidate_rate,
    hard_sphere_rate,
    like_pairs,
    prefactor,
    unlike_pairs,
    variable_rate,
    waiting_time,
)
from dsmc.gas import gas
from dsmc.species import BOLTZMANN, TABLE
from tests.laws.velocities import EPS, dot, relative, vectors

POWER = 1e-13  # (8 + |log2 of the result|) roundings
ARGON = TABLE["Ar"]
OMEGAS = st.floats(0.5, 1.0)
SPEEDS = st.floats(1.0, 1e5)
DIAMETERS = st.floats(1e-10, 1e-9)
MASSES = st.floats(1e-27, 1e-24)
TEMPERATURES = st.floats(10.0, 1e4)


def sigma_g(g, diameter, omega, reference, reduced_mass):
    """sigma g of the law [m^3/s]."""
    S = prefactor(diameter, omega, reference, reduced_mass, BOLTZMANN)
    return variable_rate(g * g, S, 1.0 - omega)


@given(g=SPEEDS, d=DIAMETERS, omega=OMEGAS, reference=TEMPERATURES, m=MASSES)
def test_the_variable_hard_sphere_has_birds_cross_section(g, d, omega, reference, m):
    """sigma = pi d^2 (2 k T_ref / (m_r g^2))^(omega - 1/2) / Gamma(5/2 - omega): Bird, eq. 4.63."""
    ratio = 2.0 * BOLTZMANN * reference / (m * g * g)
    sigma = math.pi * d * d * ratio ** (omega - 0.5) / math.gamma(2.5 - omega)
    assert sigma_g(g, d, omega, reference, m) == relative(sigma * g, POWER)


@given(d=DIAMETERS, omega=OMEGAS, reference=TEMPERATURES, m=MASSES, factor=st.floats(0.1, 10.0))
def test_the_collision_rate_of_an_equilibrium_gas_is_birds(d, omega, reference, m, factor):
    """<sigma g> = 4 d^2 sqrt(pi k T_ref / m) (T/T_ref)^(1 - omega), m_r = m/2: Bird, eq. 4.64.

    By quadrature over g^2 ~ x = m_r g^2 / 2kT of the gamma law of shape 3/2.
    """
    T = factor * reference
    g_squared = 4.0 * BOLTZMANN * T / m  # at x = 1

    def integrand(x):
        g = math.sqrt(g_squared * x)
        return sigma_g(g, d, omega, reference, 0.5 * m) * math.sqrt(x) * math.exp(-x)

    scale = sigma_g(math.sqrt(g_squared), d, omega, reference, 0.5 * m)
    measured = quad(lambda x: integrand(x) / scale, 0.0, 40.0, limit=200)[0] * scale
    measured /= math.gamma(1.5)
    bird = 4.0 * d * d * math.sqrt(math.pi * BOLTZMANN * reference / m) * factor ** (1.0 - omega)
    assert measured == relative(bird, 1e-9)


def test_another_exponent_or_normalisation_is_noticed():
    """Twins: omega off by 0.01; the mass in place of the reduced mass; no gamma function."""
    d, reference, m = 4.17e-10, 273.0, 6.63e-26
    right = sigma_g(400.0, d, 0.81, reference, 0.5 * m)
    for wrong in (
        sigma_g(400.0, d, 0.82, reference, 0.5 * m),
        sigma_g(400.0, d, 0.81, reference, m),
        right * math.gamma(2.5 - 0.81),
    ):
        assert wrong != relative(right, 1e-3)


@given(g=SPEEDS, faster=st.floats(1.0, 100.0), d=DIAMETERS, reference=TEMPERATURES, m=MASSES)
def test_hard_spheres_and_maxwell_molecules_are_the_limits(g, faster, d, reference, m):
    """omega = 1/2: sigma = pi d^2 whatever T_ref and m; omega = 1: sigma g is the same at any g."""
    S = prefactor(d, 0.5, reference, m, BOLTZMANN)
    assert relative(math.pi * d * d, 4 * EPS) == S
    assert hard_sphere_rate(g * g, S) == relative(math.pi * d * d * g, 8 * EPS)
    assert variable_rate(g * g, S, 0.5) == relative(hard_sphere_rate(g * g, S), POWER)
    slow = sigma_g(g, d, 1.0, reference, m)
    assert sigma_g(faster * g, d, 1.0, reference, m) == relative(slow, POWER)


@given(
    units=st.tuples(*[st.floats(1e-3, 1e3)] * 3),
    g=SPEEDS, d=DIAMETERS, omega=OMEGAS, reference=TEMPERATURES, m=MASSES,
)  # fmt: skip
def test_a_change_of_units_changes_no_pure_number(units, g, d, omega, reference, m):
    """Units of mass M, length L, time T times smaller: sigma g grows by L^3 / T, and so on."""
    M, L, T = units
    k = BOLTZMANN * M * L**2 / T**2
    S = prefactor(d, omega, reference, m, BOLTZMANN)
    S_new = prefactor(d * L, omega, reference, m * M, k)
    here, there = (g * g, S), ((g * L / T) ** 2, S_new)
    volume_rate = L**3 / T
    old, new = (variable_rate(*numbers, 1.0 - omega) for numbers in (here, there))
    assert new == relative(old * volume_rate, 2 * POWER)
    old, new = hard_sphere_rate(g * g, d * d), hard_sphere_rate((g * L / T) ** 2, (d * L) ** 2)
    assert new == relative(old * volume_rate, 32 * EPS)
    rate = candidate_rate(45.0, 1e8, old, 1e-9)
    rate_new = candidate_rate(45.0, 1e8, new, 1e-9 * L**3)
    assert rate_new == relative(rate / T, 32 * EPS)
    assert waiting_time(0.3, rate_new) == relative(waiting_time(0.3, rate) * T, 64 * EPS)


@given(v=vectors(), w=vectors(), centre=vectors())
def test_no_pair_is_faster_than_the_bound(v, w, centre):
    """g <= r_v + r_w, the distances from any common point: no majorant is ever too low."""
    a, b = v - centre, w - centre
    assert dot(v - w, v - w) <= bound_squared(dot(a, a), dot(b, b)) * (1.0 + 8 * EPS) + 1e-300


@given(n=st.integers(0, 60), m=st.integers(0, 60))
def test_pairs_are_counted_once(n, m):
    assert like_pairs(n) == len(list(itertools.combinations(range(n), 2)))
    assert unlike_pairs(n, m) == n * m


@given(time=st.floats(1e-3, 30.0), rate=st.floats(1e-6, 1e12))
def test_waiting_times_are_exponential(time, rate):
    """P(later than t) = exp(-rate t): the law turns that probability into t."""
    assert waiting_time(math.exp(-time), rate) == relative(time / rate, 1e-12)


def test_the_mean_waiting_time_is_the_inverse_of_the_rate():
    assert quad(lambda u: waiting_time(u, 7.0), 0.0, 1.0)[0] == relative(1.0 / 7.0, 1e-9)


def test_pairs_of_species_meet_on_equal_terms():
    """Constants of a pair do not depend on the order, and shares add up to one."""
    mixture = gas([TABLE[name].as_model("vss") for name in ("Ar", "He", "Xe")], 1e8)
    for table in (mixture.prefactor, mixture.half_exponent, mixture.inverse_alpha):
        np.testing.assert_array_equal(table, table.T)
    np.testing.assert_allclose(mixture.share + mixture.share.T, 1.0, rtol=2 * EPS)
    np.testing.assert_allclose(
        mixture.share * mixture.mass[None, :],
        (mixture.share * mixture.mass[None, :]).T,
        rtol=4 * EPS,
    )


@pytest.mark.parametrize("model", ["hard-sphere", "vhs", "vss", "maxwell"])
def test_a_gas_has_the_cross_section_of_its_molecule(model):
    """The stored constants give Bird's sigma g of the molecule at 400 m/s."""
    molecule = ARGON.as_model(model)
    constants = gas([molecule], 1.0)
    ratio = 2.0 * BOLTZMANN * molecule.reference_temperature / (0.5 * molecule.mass * 400.0**2)
    sigma = math.pi * molecule.diameter**2 * ratio ** (molecule.omega - 0.5)
    sigma /= math.gamma(2.5 - molecule.omega)
    rate = variable_rate(400.0**2, constants.prefactor[0, 0], constants.half_exponent[0, 0])
    assert rate == relative(sigma * 400.0, POWER)
    assert constants.half_exponent[0, 0] == pytest.approx(1.0 - molecule.omega, abs=EPS)
    assert constants.inverse_alpha[0, 0] == relative(1.0 / molecule.alpha, EPS)
