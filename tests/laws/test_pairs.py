"""A collision keeps the momentum and the energy of the pair, for any masses, in any dimension.

With C the momentum scale sum m |v| and E the energy, the rounding of a pair is a few eps of C and E
(eps of the precision of the rows): each new velocity is a sum of two terms, each no larger than
the velocities before.
"""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dsmc.batch import batch
from dsmc.encounters import desk
from dsmc.pairs import deviation_squared, relative_speed_squared
from dsmc.turning import leave, relative_velocities, turn, turn_rows
from tests.laws.velocities import COSINES, UNIFORMS, dot, relative, vectors

FACTOR = 16  # roundings of a collision, with some to spare
MASSES = st.sampled_from([(1.0, 1.0), (1.0, 1e4), (1e4, 1.0), (6.63e-26, 4.65e-26), (3.0, 4.0)])
PRECISIONS = st.sampled_from([np.float64, np.float32])
FIRST = 2  # columns of positions before the velocities


@st.composite
def pairs(draw, dimension):
    """Two rows of one precision: unrelated, equal, head-on, nearly equal, or one at rest."""
    dtype = draw(PRECISIONS)
    reach = 100 if dtype is np.float64 else 15
    exponent = st.just(draw(st.integers(-reach, reach)))
    v = draw(vectors(dimension, exponents=exponent))
    w = draw(vectors(dimension, exponents=exponent))
    kind = draw(st.sampled_from(["any", "equal", "head-on", "nearly equal", "at rest"]))
    w = {"any": w, "equal": v, "head-on": -v, "nearly equal": v + 1e-7 * w, "at rest": 0.0 * w}[
        kind
    ]
    phase = np.full((3, FIRST + dimension), 0.25, dtype)
    phase[0, FIRST:], phase[2, FIRST:] = v, w
    phase[1] = 7.0  # a bystander
    return phase


def check_conservation(before, after, masses, extra=1.0):
    """Momentum and energy of rows 0 and 2; positions and the bystander untouched."""
    eps = np.finfo(after.dtype).eps
    np.testing.assert_array_equal(after[:, :FIRST], before[:, :FIRST])
    np.testing.assert_array_equal(after[1], before[1])
    old, new = (np.asarray(rows[[0, 2], FIRST:], np.longdouble) for rows in (before, after))
    m = np.asarray(masses, np.longdouble)[:, None]
    scale = float(np.sqrt((m * m * (old * old).sum(axis=1, keepdims=True)).sum(axis=0)).sum())
    change = np.abs((m * new).sum(axis=0) - (m * old).sum(axis=0)).max()
    assert change <= FACTOR * eps * scale
    energy, energy_after = float((m * old * old).sum()), float((m * new * new).sum())
    assert abs(energy_after - energy) <= FACTOR * eps * extra * energy


def shares(masses):
    """m_i / M and m_j / M."""
    return masses[0] / sum(masses), masses[1] / sum(masses)


def turn_pair(phase, i, j, share_i, share_j, is_isotropic, cosine, u):
    """New velocities of rows i and j in three dimensions, as in a round of several pairs."""
    place, round = 5, batch(3, 1, 0, phase.dtype.type).round
    round.one[0], round.other[0] = i, j
    relative_velocities(phase, place + 1, FIRST, round)
    round.cosine[place], round.azimuth[place] = cosine, u
    turn(0, place + 1, is_isotropic, round)
    leave(phase, i, j, FIRST, share_i, share_j, place, round)


@given(phase=pairs(3), masses=MASSES, cosine=COSINES, u=UNIFORMS, is_isotropic=st.booleans())
def test_a_collision_in_space_keeps_momentum_and_energy(phase, masses, cosine, u, is_isotropic):
    before = phase.copy()
    turn_pair(phase, 0, 2, *shares(masses), is_isotropic, cosine, u)
    check_conservation(before, phase, masses)


@given(
    dimension=st.sampled_from([1, 2, 3, 64]),
    masses=MASSES,
    cosine=COSINES,
    is_isotropic=st.booleans(),
    data=st.data(),
)
def test_a_collision_in_any_dimension_keeps_momentum_and_energy(
    dimension, masses, cosine, is_isotropic, data
):
    phase = data.draw(pairs(dimension))
    xi = data.draw(vectors(dimension, zero=False, exponents=st.just(0)))
    before = phase.copy()
    turn_rows(phase, 0, 2, FIRST, *shares(masses), is_isotropic, cosine, xi)
    check_conservation(before, phase, masses)


@pytest.mark.parametrize("is_isotropic", [True, False])
@pytest.mark.parametrize("dimension", [2, 3, 64])
def test_energy_does_not_drift_over_many_collisions(dimension, is_isotropic):
    """10^4 collisions of one pair: the errors walk.  The bound is 20 of the walk's standard steps.

    Each collision rounds 2 D components once or twice: steps of a few eps, sqrt(10^4) of them.
    """
    random = np.random.default_rng(20261121 + dimension)
    phase = random.normal(size=(2, dimension))
    energy = dot(phase.ravel(), phase.ravel())
    for _ in range(10_000):
        xi, cosine = random.normal(size=dimension), random.uniform(-1.0, 1.0)
        turn_rows(phase, 0, 1, 0, 0.5, 0.5, is_isotropic, cosine, xi)
    walk = 20 * 100 * 2.0**-52
    assert dot(phase.ravel(), phase.ravel()) == relative(energy, walk)


@given(phase=pairs(3), masses=MASSES, cosine=COSINES, u=UNIFORMS)
def test_molecules_at_the_same_velocity_are_left_alone(phase, masses, cosine, u):
    phase[2, FIRST:] = phase[0, FIRST:]
    before = phase.copy()
    for is_isotropic in (True, False):
        turn_pair(phase, 0, 2, *shares(masses), is_isotropic, cosine, u)
    eps = np.finfo(phase.dtype).eps
    limit = 4 * eps * np.abs(before[0, FIRST:]).max()
    assert np.abs(phase[:, FIRST:] - before[:, FIRST:]).max() <= limit


@given(phase=pairs(3), masses=MASSES, cosine=COSINES, u=UNIFORMS, is_isotropic=st.booleans())
def test_shares_that_are_off_by_a_thousandth_are_noticed(phase, masses, cosine, u, is_isotropic):
    """The twin: m_i / M wrong by 1e-3 breaks momentum unless the pair has none to give."""
    share_i, share_j = shares(masses)
    before = phase.copy()
    turn_pair(phase, 0, 2, 1.001 * share_i, share_j, is_isotropic, cosine, u)
    if np.abs(before[0, FIRST:]).max() * masses[0] > 0.1 * np.abs(before[2]).max() * masses[1]:
        with pytest.raises(AssertionError):
            check_conservation(before, phase, masses)


def test_what_is_computed_of_neurons_is_double():
    """Gradients may be so small that their squares are 0 in single precision."""
    dimension = 5
    phase = np.full((2, dimension), 1e-25, np.float32)
    phase[1] = 0.0
    square = dimension * float(np.float32(1e-25)) ** 2
    assert deviation_squared(phase, 0, 0, dimension, phase[1]) == relative(square, 1e-12)
    assert relative_speed_squared(phase, 0, 1, 0, dimension) == relative(square, 1e-12)
    workspace = desk(4, dimension, np.float32).batch
    computed = (workspace.round.g_squared, workspace.places.bound, workspace.farthest)
    assert {column.dtype for column in computed} == {np.dtype(np.float64)}
