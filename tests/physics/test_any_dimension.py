"""The engine collides rows of any dimension: a gas has D = 3, other rows have their own D."""

import numpy as np
import pytest

from dsmc import draws, statistics
from dsmc.batch import batch
from dsmc.collide import collide_cell
from dsmc.compiled import variant
from dsmc.gas import Gas

SEED = 20261121
PARTICLES = 400
REPLICAS = 300
BUDGET = 1e-6


def maxwell_gas(alpha=1.0):
    """One species with sigma g = 1 and unit mass: nu = N - 1 in a cell of volume 1."""
    one = np.ones((1, 1))
    return Gas(np.ones(1), 0.5 * one, one, 0.0 * one, one / alpha, 1.0)


def stretched_rows(dimension, replica):
    """Rows with zero total momentum whose first component is hotter than the others."""
    u = np.random.default_rng((SEED, replica)).normal(size=(PARTICLES, dimension))
    u[:, 0] *= 2.0
    return u - u.mean(axis=0)


def collide(rows, time, replica, kernel=collide_cell, alpha=1.0):
    """Let one cell collide for `time` mean collision times; rows : (N, D), changed."""
    dimension = rows.shape[1]
    address = draws.Address(draws.key(SEED, replica), 0, 0)
    tally = np.zeros((1, 1, 1, 2), np.int64)
    kernel(
        rows, None, 0, PARTICLES, 0, dimension, 1.0, maxwell_gas(alpha), time / (PARTICLES - 1.0),
        address, 0.0, 0, None, None, batch(dimension, 1, 0), tally,
    )  # fmt: skip
    return tally[0, 0, 0, 1]


def anisotropy(rows):
    """<v_1^2> less the mean over the other components."""
    squares = (rows**2).mean(axis=0)
    return squares[0] - squares[1:].mean()


def decays(dimension, time, kernel=collide_cell):
    """Anisotropy left, and collisions per particle, of each replica : (R, 2)."""
    found = []
    for replica in range(REPLICAS):
        rows = stretched_rows(dimension, replica)
        before = anisotropy(rows)
        events = collide(rows, time, replica, kernel)
        found.append((anisotropy(rows) / before, 2.0 * events / PARTICLES))
    return np.array(found)


@pytest.mark.parametrize("dimension", [2, 3, 5, 64])
def test_anisotropy_decays_at_half_the_collision_rate_in_any_dimension(dimension):
    """Maxwell molecules, isotropic scattering: exp(-N/(N-1) nu t / 2) for every D and N.

    A collision takes g_1^2/2 - g^2/2D from the anisotropy, <g_i^2> = 2 N/(N-1) <v_i^2> at zero
    momentum.  Statistical error from replicas; false alarms 1e-6; no margin.
    """
    time = 1.2
    exact = np.exp(-0.5 * time * PARTICLES / (PARTICLES - 1.0))
    assert statistics.joint_test(decays(dimension, time), [exact, time], budget=BUDGET)


def test_a_counting_of_pairs_with_themselves_is_noticed():
    """The mutant N (N + 11)/2 in place of N (N - 1)/2 collides 3 % too often: 8 errors."""
    mutant = variant(collide_cell, like_pairs=lambda n: 0.5 * n * (n + 11.0))
    found = decays(2, 1.2, mutant)
    exact = np.exp(-0.6 * PARTICLES / (PARTICLES - 1.0))
    assert not statistics.joint_test(found, [exact, 1.2], budget=BUDGET)


@pytest.mark.parametrize("dimension", [1, 2, 5, 64])
@pytest.mark.parametrize("alpha", [1.0, 1.5])
def test_momentum_and_energy_are_kept_in_any_dimension(dimension, alpha):
    """Rounding: about a thousand collisions, each with relative errors of a few eps."""
    rows = stretched_rows(dimension, 0)
    momentum, energy = rows.sum(axis=0), (rows**2).sum()
    assert collide(rows, 5.0, 0, alpha=alpha) > 500
    np.testing.assert_allclose(rows.sum(axis=0), momentum, atol=1e-11 * np.sqrt(energy))
    assert (rows**2).sum() == pytest.approx(energy, rel=1e-13)
