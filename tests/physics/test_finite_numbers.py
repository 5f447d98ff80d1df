"""A few particles in a cell: exact statements about a closed system of N hard spheres or so.

With zero momentum and fixed energy the velocities fill a sphere in d = 3(N - 1) dimensions
uniformly (elementary geometry), whatever the collision law:

    m4 = d/(d + 2),   m1 = sqrt(d/2) Gamma(d/2)/Gamma((d + 1)/2).

For Maxwell molecules with N(N-1)/2 pairs the stress about the cell's own mean velocity decays at
nu/2, nu = n S with the full density n = N/V, exactly for every N >= 2: the sum over pairs of the
change -(N/2) S_xy per unit pair rate makes up for the missing partner.
"""

import numpy as np
import pytest

from dsmc import reference
from dsmc.statistics import joint_test
from tests.physics.homogeneous_gas import BUDGET, box, moments, replicas, report
from tests.physics.isolated_cells import (
    isolated_cells,
    normal_velocities,
    put,
    sampled,
    velocities,
    with_fixed_energy,
)

NUMBERS = (2, 3, 5, 10)
GROUPS = 40  # of cells, that give the errors
# Two particles have one speed for ever: m1 and m4 are exact, up to rounding of the energy.
ROUNDING = np.array([1e-11, 1e-11] + [0.0] * (2 * len(NUMBERS) - 2))
LABELS = [f"{name}, N = {N}" for N in NUMBERS for name in ("m1", "m4")]


def exact() -> np.ndarray:
    """m1 and m4 for every N."""
    pairs = [(reference.microcanonical_speed(N), reference.microcanonical_moment_4(N))
             for N in NUMBERS]  # fmt: skip
    return np.array(pairs).ravel()


def one_moving_pair(cells: int, particles_each: int) -> np.ndarray:
    """All energy in two particles along x, the others at rest: far from equilibrium."""
    velocity = np.zeros((cells, particles_each, 3))
    velocity[:, 0, 0], velocity[:, 1, 0] = 1.0, -1.0
    return with_fixed_energy(velocity)


def equilibrium_moments(N: int, cells: int, snapshots: int, laws=None) -> np.ndarray:
    """m1 and m4 of hard spheres in isolated cells, 30 tau after `one_moving_pair`: (GROUPS, 2)."""
    q = 1.5 * (N - 1) / N  # <c^2> of every cell

    def measure(velocity):
        square = np.einsum("mni,mni->mn", velocity, velocity) / q
        grouped = square.reshape(GROUPS, -1)
        m1 = np.sqrt(grouped).mean(axis=1) * np.sqrt(1.5) / reference.maxwell_speed_moment(1)
        return np.stack([m1, (grouped**2).mean(axis=1) * 0.6], axis=1)

    with isolated_cells("hard-sphere", cells, N, 2.0, laws, seed=N) as simulation:
        put(simulation, one_moving_pair(cells, N))
        simulation.run(steps=15)
        return sampled(simulation, snapshots, measure).mean(axis=0)


def all_moments(particles: int, snapshots: int, laws=None) -> np.ndarray:
    """(GROUPS, 8) for all N, `particles` in all for each."""
    columns = [
        equilibrium_moments(N, GROUPS * (particles // (N * GROUPS)), snapshots, laws)
        for N in NUMBERS
    ]
    return np.concatenate(columns, axis=1)


def test_few_particles_fill_their_energy_sphere():
    """2, 3, 5, 10 particles in isolated cells, 1e5 for each N at 30 times 2 tau apart: m1 and m4
    jointly, errors 0.01 % and 0.03 %, margin 0."""
    rows = all_moments(100_000, 30)
    report("isolated cells", LABELS, rows, exact())
    assert joint_test(rows, exact(), ROUNDING, BUDGET)


@pytest.mark.long
def test_few_particles_fill_their_energy_sphere_exactly():
    """4e5 particles for each N at 100 times: m1 and m4 within 0.1 % (ten errors and more)."""
    rows = all_moments(400_000, 100)
    report("isolated cells", LABELS, rows, exact())
    assert joint_test(rows, exact(), ROUNDING, BUDGET)
    assert np.all(np.abs(rows.mean(axis=0) / exact() - 1.0) < 1e-3)


def test_a_reduced_mass_one_percent_wrong_is_noticed():
    """Equal masses taken as 0.5025 and 0.4975 of their sum: 2.5e-5 g^2 of energy is gained in a
    collision, 0.1 % after the 40 collisions of a particle; N = 3."""

    def lopsided(v_i, v_j, share_i, share_j):
        return (share_i + 0.0025) * v_i + (share_j - 0.0025) * v_j

    rows = equilibrium_moments(3, GROUPS * 800, 30, {"centre_of_mass": lopsided})
    report("isolated cells, wrong reduced mass", LABELS[2:4], rows, exact()[2:4])
    assert not joint_test(rows, exact()[2:4], budget=BUDGET)


def one_box(N: int, count: int, snapshots: int) -> np.ndarray:
    """m1 and m4 of N particles alone in a box of one cell: (count, 2) means over time."""
    scenario = box(kind="shell", particles=N, cells=1, step=2.0, seed=100 + N)

    def history(simulation):
        rows = []
        simulation.run(steps=10)
        simulation.run(
            steps=snapshots,
            callback=lambda running: rows.append(moments(running.particles.velocity, (1, 4))),
        )
        return np.mean(rows, axis=0)

    return replicas(scenario, count, history)


@pytest.mark.parametrize("snapshots", [400, pytest.param(4000, marks=pytest.mark.long)])
def test_a_box_of_one_cell_relaxes(snapshots):
    """From equal speeds, one cell, 24 replicas seen every 2 tau: m1 and m4 jointly, errors 0.3 % of
    m4, in the long version 0.1 %; margin 0."""
    rows = np.concatenate([one_box(N, 24, snapshots) for N in NUMBERS], axis=1)
    report("one cell", LABELS, rows, exact())
    assert joint_test(rows, exact(), ROUNDING, BUDGET)


# --------------------------------------------------------------------------------- decay of stress

DECAY_TIMES = np.array([0.5, 1.0, 2.0])


def stress_decay(N: int, particles: int, laws=None, seed: int = 0) -> np.ndarray:
    """Stress over its value at the start, Maxwell molecules from T_x/T_p = 4: (GROUPS, 3).

    Given the start its expectation is exp(-nu t/2), whatever the start: a ratio without bias.
    """
    cells = GROUPS * (particles // (N * GROUPS))

    def stress(velocity):
        c = velocity - velocity.mean(axis=1, keepdims=True)
        difference = c[:, :, 0] ** 2 - 0.5 * (c[:, :, 1] ** 2 + c[:, :, 2] ** 2)
        return difference.reshape(GROUPS, -1).sum(axis=1)

    with isolated_cells("maxwell", cells, N, 0.5, laws, seed=seed + N) as simulation:
        put(simulation, normal_velocities(cells, N, seed + N, (2.0, 0.5, 0.5)))
        start = stress(velocities(simulation))
        series = sampled(simulation, 4, stress)
    return (series[[0, 1, 3]] / start).T


def judge_decay(numbers, particles, laws=None, seed=0):
    """All N and times jointly, margin 0."""
    rows = np.concatenate([stress_decay(N, particles, laws, seed) for N in numbers], axis=1)
    expected = np.tile(np.exp(-DECAY_TIMES / 2.0), len(numbers))
    report("stress", [f"N = {N}, nu t = {t:g}" for N in numbers for t in DECAY_TIMES], rows,
           expected)  # fmt: skip
    return joint_test(rows, expected, budget=BUDGET)


def test_stress_of_few_maxwell_molecules_decays_at_the_rate_of_many():
    """2, 3, 5, 10 particles in isolated cells, 4e5 for each N: errors 0.002."""
    assert judge_decay(NUMBERS, 400_000)


@pytest.mark.long
def test_stress_of_few_maxwell_molecules_decays_exactly():
    """4e6 particles for each N: errors 6e-4."""
    assert judge_decay(NUMBERS, 4_000_000, seed=1)


def test_pairs_counted_as_half_the_square_are_noticed_in_the_stress():
    """N^2/2 for N(N-1)/2 makes the stress of 20 particles decay 5 % faster: nine errors."""
    assert not judge_decay((20,), 400_000, {"like_pairs": lambda n: 0.5 * n * n})
