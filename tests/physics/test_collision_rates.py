"""How often molecules collide in cells of any number, and in steps of any length.

The rates of gases of many particles are a case of the validation (`collision-rates`), which also
says what is expected of few:

nu_N = nu(T') (1 - 1/N) m_p(d), exactly, for any number of cells.
"""

import numpy as np
import pytest

from dsmc.statistics import joint_test
from dsmc.validate.cases.collision_rates import collision_rates, expected_rate
from tests.physics.homogeneous_gas import BUDGET, box, replicas, report

FEW = (2, 3, 4, 5, 7, 10)
OCCUPANCIES = (2, 5, 10)


# ------------------------------------------------------------------------ few particles in a cell


def rates_in_one_cell(count, events, laws=None, step=10.0):
    """Rows of the rates over nu_N of N = FEW particles alone in a box of one cell."""
    columns = []
    for N in FEW:
        scenario = box(particles=N, cells=1, step=step, seed=N)
        steps = round(2 * events / (N * step))
        rows = replicas(scenario, count, collision_rates(scenario, steps), laws)
        columns.append(rows[:, 1] / expected_rate(scenario))
    return np.stack(columns, axis=1)


def test_few_particles_alone_in_a_cell_collide_at_their_rate():
    """2 to 10 particles in a box of one cell, steps of 10 tau in which the fastest one changes
    often. 1e6 collisions for each N, error 0.1 % from 24 replicas, margin 0."""
    rows = rates_in_one_cell(24, 40_000)
    report("one cell, rate over nu_N", [f"N = {N}" for N in FEW], rows, np.ones(len(FEW)))
    assert joint_test(rows, np.ones(len(FEW)), budget=BUDGET)


def test_pairs_counted_as_half_the_square_are_noticed():
    """N^2/2 for N(N-1)/2 in cells of 40 on average: 2.5 % too many, 15 errors; far more in cells
    of 2 to 10."""
    scenario = box(particles=20_000, cells=500, step=0.5)
    laws = {"like_pairs": lambda n: 0.5 * n * n}
    rows = replicas(scenario, 20, collision_rates(scenario, 8), laws) / expected_rate(scenario)
    assert not joint_test(rows, [1.0, 1.0], budget=BUDGET)


def rates_in_many_cells(count, particles, tau):
    """Rows of first-step and mean rates over nu_N at mean occupancies 2, 5, 10 and d = 1, 2, 3."""
    columns, labels = [], []
    for d in (1, 2, 3):
        for occupancy in OCCUPANCIES:
            across = round((particles / occupancy) ** (1 / d))
            total = occupancy * across**d
            scenario = box(particles=total, cells=[across] * d, step=0.5, seed=10 * d + occupancy)
            rows = replicas(scenario, count, collision_rates(scenario, round(tau / 0.5)))
            columns.append(rows / expected_rate(scenario))
            labels += [f"{d}-D, {occupancy} per cell, {when}" for when in ("first", "all")]
    return np.concatenate(columns, axis=1), labels


def test_nearly_empty_cells_collide_at_the_kinetic_rate():
    """Cells of 2, 5, 10 particles on average, in 1, 2 and 3 dimensions: the mean of N(N-1) makes
    up for the scatter of N. 18 figures, 9e5 collisions each, errors 0.1 % (0.2 % for the first
    step) from 30 replicas, margin 0."""
    rows, labels = rates_in_many_cells(30, 30_000, 2.0)
    report("cells of few, rate over nu_N", labels, rows, np.ones(len(labels)))
    assert joint_test(rows, np.ones(len(labels)), budget=BUDGET)


@pytest.mark.long
def test_cells_of_few_particles_are_exact_to_a_tenth_of_a_percent():
    """As the two tests before with 2e7 collisions for every figure: within 0.1 % (4.5 errors) and
    jointly within the errors, false alarms 1e-6 for each of the two."""
    alone = rates_in_one_cell(24, 830_000, step=100.0)
    report("one cell, rate over nu_N", [f"N = {N}" for N in FEW], alone, np.ones(len(FEW)))
    cells, labels = rates_in_many_cells(60, 167_000, 4.0)
    report("cells of few, rate over nu_N", labels, cells, np.ones(len(labels)))
    assert joint_test(alone, np.ones(len(FEW)), budget=BUDGET)
    assert joint_test(cells, np.ones(len(labels)), budget=BUDGET)
    assert np.all(np.abs(alone.mean(axis=0) - 1.0) < 1e-3)
    assert np.all(np.abs(cells[:, 1::2].mean(axis=0) - 1.0) < 1e-3)


# ------------------------------------------------------------------------------- one long step


def collisions_from_a_shell(count, steps, laws=None):
    """Collisions per particle within 10 tau of a gas of equal speeds, cut into so many steps."""
    scenario = box(kind="shell", particles=20_000, step=10.0 / steps, seed=steps)

    def history(simulation):
        begin = simulation.collisions
        simulation.run(steps=steps)
        return np.array([2.0 * (simulation.collisions - begin) / scenario.particle_count])

    return replicas(scenario, count, history, laws)


@pytest.fixture(scope="module")
def in_short_steps():
    """Collisions per particle in 10 tau, 20 steps to the tau: the majorant is always fresh."""
    return collisions_from_a_shell(20, 200)


def test_one_long_step_collides_as_often_as_many_short_ones(in_short_steps):
    """From equal speeds molecules become up to three times as fast. The collisions of a step are
    a jump process without error in dt: one step of 10 tau against 200. 2e6 collisions each, error
    of the difference 0.1 %, margin 0, false alarms 1e-6."""
    difference = collisions_from_a_shell(20, 1) - in_short_steps
    report("10 tau: one step - 200 steps", ["collisions"], difference, np.zeros(1))
    assert joint_test(difference, [0.0], budget=BUDGET)


def test_a_stale_majorant_is_noticed(in_short_steps):
    """A majorant kept for the whole step, however fast molecules become, loses collisions."""
    laws = {"widen": lambda phase, row, first, dimension, s, centre, farthest: False}
    difference = collisions_from_a_shell(20, 1, laws) - in_short_steps
    report("the same, stale majorant", ["collisions"], difference, np.zeros(1))
    assert not joint_test(difference, [0.0], budget=BUDGET)
