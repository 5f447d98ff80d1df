"""Elastic scattering keeps |g|, turns it by the angle it was told, and knows no direction.

Legend: g relative velocity, chi deflection angle, k a unit vector, xi a vector of normals.
Tolerances are in units of eps = 2^-52: each law is a dozen roundings of numbers no larger than |g|.
"""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dsmc.scatter import (
    cosine_force,
    deflect,
    deflect_row,
    isotropic,
    isotropic_cosine,
    isotropic_row,
    line_of_centres,
    mirror,
    mirrored_line_of_centres,
    soft_sphere_cosine,
    speed,
)
from tests.laws.velocities import COSINES, EPS, UNIFORMS, dot, relative, vectors

ROUNDING = 16 * EPS
DIMENSIONS = (1, 2, 3, 64)


@st.composite
def with_normals(draw):
    """g and xi in one of the dimensions; sometimes xi along g."""
    dimension = draw(st.sampled_from(DIMENSIONS))
    g = draw(vectors(dimension))
    xi = draw(vectors(dimension, zero=False, exponents=st.integers(-3, 1)))
    if draw(st.booleans()) and dot(g, g) > 0.0:
        xi = g / np.linalg.norm(g) * draw(st.sampled_from([1.0, -1.0, 0.3]))
    return g, xi


def row_conditioning(g, xi) -> float:
    """|xi|^2 / |xi_perp|^2: how much the part of xi along g drowns the part across it."""
    unit = np.asarray(g, np.longdouble) / np.sqrt(np.longdouble(dot(g, g)))
    across = np.asarray(xi, np.longdouble) - dot(unit, xi) * unit
    return dot(xi, xi) / max(dot(across, across), 1e-14 * dot(xi, xi))


@given(g=vectors(), cosine=COSINES, u=UNIFORMS)
def test_isotropic_scattering_keeps_the_relative_speed(g, cosine, u):
    turned = isotropic(dot(g, g), cosine, u)
    assert dot(turned, turned) == relative(dot(g, g), ROUNDING)


@given(g=vectors(), cosine=COSINES, u=UNIFORMS)
def test_deflection_keeps_the_relative_speed_and_turns_by_the_angle_asked_for(g, cosine, u):
    turned = deflect(*g, cosine, u)
    assert dot(turned, turned) == relative(dot(g, g), ROUNDING)
    assert dot(turned, g) == pytest.approx(cosine * dot(g, g), abs=ROUNDING * dot(g, g))


@given(g=vectors(zero=False), cosine=st.floats(-0.99, 0.99), u=UNIFORMS, other=UNIFORMS)
def test_the_azimuth_of_a_deflection_goes_around_g_at_constant_pace(g, cosine, u, other):
    """Vectors across g at u and u' make the angle 2 pi (u - u'): uniform for every g."""
    first, second = (np.array(deflect(*g, cosine, w)) - cosine * g for w in (u, other))
    expected = math.cos(2.0 * math.pi * (u - other)) * (1.0 - cosine**2) * dot(g, g)
    assert dot(first, second) == pytest.approx(expected, abs=2 * ROUNDING * dot(g, g))


@given(g=vectors(zero=False), u=UNIFORMS)
def test_no_deflection_and_head_on_deflection_are_exact(g, u):
    for cosine in (1.0, -1.0):
        np.testing.assert_allclose(
            deflect(*g, cosine, u), cosine * g, rtol=0.0, atol=ROUNDING * np.linalg.norm(g)
        )


@given(pair=with_normals())
def test_isotropic_rows_keep_the_relative_speed(pair):
    g, xi = pair
    turned = isotropic_row(dot(g, g), dot(xi, xi)) * xi
    assert dot(turned, turned) == relative(dot(g, g), ROUNDING)


@given(pair=with_normals(), cosine=COSINES)
def test_deflected_rows_keep_the_relative_speed_and_turn_by_the_angle_asked_for(pair, cosine):
    """a g + b xi from dot products alone: rounding grows as |xi|^2 / |xi_perp|^2."""
    g, xi = pair
    a, b = deflect_row(dot(g, g), dot(g, xi), dot(xi, xi), cosine)
    turned = a * g.astype(np.longdouble) + b * xi.astype(np.longdouble)
    if dot(g, g) == 0.0:
        assert dot(turned, turned) == 0.0
        return
    if b == 0.0:  # nothing across g, or nothing to turn
        assert abs(a) == pytest.approx(1.0, abs=ROUNDING)
        return
    tolerance = ROUNDING * row_conditioning(g, xi)
    assert dot(turned, turned) == relative(dot(g, g), tolerance)
    assert dot(turned, g) == pytest.approx(cosine * dot(g, g), abs=tolerance * dot(g, g))


@given(g=vectors(1), xi=vectors(1, zero=False, exponents=st.integers(-3, 1)), cosine=COSINES)
def test_on_a_line_molecules_pass_or_bounce(g, xi, cosine):
    a, b = deflect_row(dot(g, g), dot(g, xi), dot(xi, xi), cosine)
    if dot(g, g) > 0.0:
        assert (a, b) == (math.copysign(1.0, cosine), 0.0)


@given(dimension=st.sampled_from(DIMENSIONS), data=st.data())
def test_a_hard_sphere_collision_reverses_the_approach_along_the_line_of_centres(dimension, data):
    g = data.draw(vectors(dimension))
    k = data.draw(vectors(dimension, zero=False, exponents=st.just(0)))
    turned = g + line_of_centres(dot(g, k), 1.0) * k
    scale = dot(g, g)
    assert dot(turned, turned) == relative(scale, 2 * ROUNDING)
    assert dot(turned, k) == pytest.approx(-dot(g, k), abs=ROUNDING * math.sqrt(scale))
    # Perfectly inelastic spheres do not part along the line of centres.
    stuck = g + line_of_centres(dot(g, k), 0.0) * k
    assert dot(stuck, k) == pytest.approx(0.0, abs=ROUNDING * math.sqrt(scale))


def met(x_i, x_j, v_i, v_j, restitution, sign=None):
    """Velocities after the mirrored collision, and h; another `sign` makes a mutant."""
    a, b, s = mirror(dot(x_i, x_i), dot(x_j, x_j), dot(x_i, x_j))
    if sign is not None:
        b, s = sign * abs(b), sign
    h = a * x_i - b * x_j
    c = mirrored_line_of_centres(dot(h, h), dot(v_i - s * v_j, h), restitution, (4 * EPS) ** 2)
    return v_i + c * h, v_j - s * c * h, s, h


DIRECTIONS = vectors(5, zero=False, exponents=st.integers(-6, 6))
RATES = vectors(5, exponents=st.integers(-6, 6))


@given(x_i=DIRECTIONS, x_j=DIRECTIONS, v_i=RATES, v_j=RATES)
def test_a_mirrored_collision_keeps_energy_and_the_mirrored_momentum(x_i, x_j, v_i, v_j):
    w_i, w_j, s, _ = met(x_i, x_j, v_i, v_j, 1.0)
    energy = dot(v_i, v_i) + dot(v_j, v_j)
    np.testing.assert_allclose(w_i + s * w_j, v_i + s * v_j, atol=ROUNDING * math.sqrt(energy))
    assert dot(w_i, w_i) + dot(w_j, w_j) == relative(energy, 4 * ROUNDING)


@given(x_i=DIRECTIONS, x_j=DIRECTIONS, v_i=RATES, v_j=RATES, e=st.floats(0.0, 1.0))
def test_a_mirrored_collision_ends_an_approach_and_touches_nothing_else(x_i, x_j, v_i, v_j, e):
    """(v_i - s v_j).h is multiplied by -e if positive, by 1 if not."""
    w_i, w_j, s, h = met(x_i, x_j, v_i, v_j, e)
    before, after = dot(v_i - s * v_j, h), dot(w_i - s * w_j, h)
    scale = (np.linalg.norm(v_i) + np.linalg.norm(v_j)) * np.linalg.norm(h)
    if np.linalg.norm(h) > 1e-6:
        expected = -e * before if before > 0.0 else before
        assert after == pytest.approx(expected, abs=4 * ROUNDING * scale)
    if before <= 0.0:
        np.testing.assert_array_equal([w_i, w_j], [v_i, v_j])


@given(x=DIRECTIONS, v_i=RATES, v_j=RATES, factor=st.sampled_from([1.0, -1.0, 3.0, -0.3]))
def test_equal_and_opposite_directions_have_no_line_of_centres(x, v_i, v_j, factor):
    w_i, w_j, _, _ = met(x, factor * x, v_i, v_j, 1.0)
    np.testing.assert_array_equal([w_i, w_j], [v_i, v_j])


def test_a_position_without_direction_meets_and_moves_nobody():
    for squares in ((0.0, 1.0, 0.0), (1.0, 0.0, 0.0), (0.0, 0.0, 0.0)):
        assert mirror(*squares)[:2] == (0.0, 0.0)
        assert cosine_force(*squares) == (0.0, 0.0)


def falls(random, count, **mutation) -> float:
    """Share of colliding pairs whose |cos| falls at the rate that is derived, as x' = -v changes
    by the collision: exact first derivatives; pairs of any norms."""
    right = 0
    seen = 0
    while seen < count:
        x_i, x_j, v_i, v_j = random.normal(size=(4, 4)) * np.exp(random.normal(size=(4, 1)))
        w_i, w_j, _, h = met(x_i, x_j, v_i, v_j, 1.0, **mutation)
        if np.array_equal(w_i, v_i):
            continue
        n_i, n_j = np.linalg.norm(x_i), np.linalg.norm(x_j)
        u_i, u_j = x_i / n_i, x_j / n_j
        C = dot(u_i, u_j)
        change = dot(v_i - w_i, (u_j - C * u_i) / n_i) + dot(v_j - w_j, (u_i - C * u_j) / n_j)
        q = np.linalg.norm(w_i - v_i)
        derived = -q * (1.0 - C * C) / np.linalg.norm(h) * (1.0 / n_i + 1.0 / n_j)
        right += math.copysign(1.0, C) * change == pytest.approx(derived, rel=1e-6)
        seen += 1
    return right / count


def test_every_mirrored_collision_turns_directions_apart_as_derived():
    random = np.random.default_rng(20261121)
    assert falls(random, 2000) == 1.0
    assert falls(random, 200, sign=1.0) < 0.9  # without mirror images
    assert falls(random, 200, sign=-1.0) < 0.9


@given(x_i=DIRECTIONS, x_j=DIRECTIONS)
def test_the_cosine_force_is_tangential_and_the_slope_of_its_potential(x_i, x_j):
    a, b = cosine_force(dot(x_i, x_i), dot(x_j, x_j), dot(x_i, x_j))
    force = a * np.asarray(x_i, np.longdouble) + b * np.asarray(x_j, np.longdouble)
    n_i, n_j = np.linalg.norm(x_i), np.linalg.norm(x_j)
    assert dot(force, x_i) == pytest.approx(0.0, abs=ROUNDING)
    C = dot(x_i, x_j) / (n_i * n_j)
    slope = -2.0 * C * (x_j / n_j - C * x_i / n_i) / n_i
    np.testing.assert_allclose(force.astype(float), slope, atol=ROUNDING / n_i)


@given(v=vectors())
def test_speed_is_the_root_of_the_square(v):
    assert speed(dot(v, v)) == relative(np.linalg.norm(v), ROUNDING)


@pytest.mark.parametrize("alpha", [1.0, 1.36, 1.66, 2.5, 3.0])
def test_soft_spheres_have_their_momentum_and_viscosity_cross_sections(alpha):
    """<1 - cos chi> = 2/(alpha+1) and <1 - cos^2 chi> = 4 alpha/((alpha+1)(alpha+2)).

    Koura & Matsumoto 1991; Bird 1994, eqs. 2.37 and 2.40.  Mean over u by the midpoint rule, whose
    error for cos chi = 2 u^(1/alpha) - 1 is below 1e-6 at 2 10^5 points (alpha <= 3).  An exponent
    off by 1 % moves them by 3e-3, by its inverse more.
    """
    u = (np.arange(200_000) + 0.5) / 200_000

    def means(inverse_alpha):
        c = np.array([soft_sphere_cosine(x, inverse_alpha) for x in u])
        return (1.0 - c).mean(), (1.0 - c * c).mean()

    expected = 2.0 / (alpha + 1.0), 4.0 * alpha / ((alpha + 1.0) * (alpha + 2.0))
    assert means(1.0 / alpha) == relative(expected, 2e-6)
    assert means(1.0 / (1.01 * alpha)) != relative(expected, 1e-3)


@given(u=UNIFORMS)
def test_the_softest_sphere_is_isotropic(u):
    assert soft_sphere_cosine(u, 1.0) == pytest.approx(isotropic_cosine(u), abs=1e-14)
    assert -1.0 <= isotropic_cosine(u) <= 1.0


@given(u=UNIFORMS, alpha=st.floats(1.0, 3.0))
def test_soft_spheres_deflect_by_an_angle_that_exists(u, alpha):
    assert -1.0 <= soft_sphere_cosine(u, 1.0 / alpha) <= 1.0
