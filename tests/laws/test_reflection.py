"""What leaves a diffuse wall: Maxwell's flux, and two tangential components of the wall's gas.

The laws map uniforms to velocities, so distributions are tested as maps: what probability u leads
to what speed.  Moments by the midpoint rule in u, bound to NumPy.
"""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dsmc import reflection
from dsmc.species import BOLTZMANN
from tests.laws.velocities import EPS, UNIFORMS, relative

LAWS = reflection.laws(np.sqrt, np.log, np.cos, np.sin)
SPEEDS = st.floats(1e-3, 1e5)


@given(a=SPEEDS, x=st.floats(1e-3, 5.0))
def test_emission_is_maxwells_flux(a, x):
    """The flux faster than v is exp(-v^2/a^2) of the whole (Bird 1994, chapter 12)."""
    assert reflection.emission_speed(a, math.exp(-x * x)) == relative(a * x, 1e-9)


def test_the_moments_of_the_emitted_flux():
    """<v_n> = sqrt(pi) a / 2, <v_n^2> = a^2, <v_n^3> = 3 sqrt(pi) a^3 / 4.

    Midpoint rule with 10^6 points, whose error near u = 0 is below 2e-5 for these moments.
    Maxwell's distribution itself in place of its flux has <v_n^2> = a^2 / 2.
    """
    a, u = 420.0, (np.arange(1_000_000) + 0.5) / 1_000_000
    v = LAWS.emission_speed(a, u)
    assert v.mean() == relative(0.5 * math.sqrt(math.pi) * a, 2e-5)
    assert (v**2).mean() == relative(a**2, 2e-5)
    assert (v**3).mean() == relative(0.75 * math.sqrt(math.pi) * a**3, 2e-5)
    wrong = np.abs(LAWS.maxwell_pair(a, u, (u * 7919.0) % 1.0)[0])
    assert (wrong**2).mean() != relative(a**2, 0.4)


def test_tangential_components_are_independent_maxwellians():
    """Variance a^2/2, no correlation, fourth moment 3 a^4/4, mixed moment a^4/4.

    Midpoint rule in both uniforms: exact in the angle, 2e-3 in the radius at 2000 points.
    """
    a, u = 420.0, (np.arange(2000) + 0.5) / 2000
    angle = (np.arange(64) + 0.5) / 64
    x, y = LAWS.maxwell_pair(a, u[:, None], angle[None, :])
    for component in (x, y):
        assert component.mean() == pytest.approx(0.0, abs=1e-12 * a)
        assert (component**2).mean() == relative(0.5 * a**2, 2e-3)
        assert (component**4).mean() == relative(0.75 * a**4, 5e-3)
    assert (x * y).mean() == pytest.approx(0.0, abs=1e-12 * a**2)
    assert (x**2 * y**2).mean() == relative(0.25 * a**4, 5e-3)


@given(a=SPEEDS, u=UNIFORMS, w=UNIFORMS)
def test_every_random_word_gives_a_finite_velocity_away_from_the_wall(a, u, w):
    assert 0.0 < reflection.emission_speed(a, u) < 10.0 * a
    x, y = reflection.maxwell_pair(a, u, w)
    assert math.hypot(x, y) == relative(a * math.sqrt(-math.log(u)), 8 * EPS)


@given(a=SPEEDS, u=UNIFORMS, w=UNIFORMS, factor=st.floats(1e-3, 1e3))
def test_emission_scales_with_the_thermal_speed(a, u, w, factor):
    one = reflection.emission_speed(a, u), *reflection.maxwell_pair(a, u, w)
    other = reflection.emission_speed(factor * a, u), *reflection.maxwell_pair(factor * a, u, w)
    assert other == relative([factor * v for v in one], 8 * EPS)


@given(T=st.floats(1.0, 1e4), m=st.floats(1e-27, 1e-24))
def test_the_thermal_speed_has_the_energy_of_two_degrees_of_freedom(T, m):
    """m a^2 / 2 = k T."""
    a = reflection.thermal_speed(T, m, BOLTZMANN)
    assert 0.5 * m * a * a == relative(BOLTZMANN * T, 8 * EPS)
