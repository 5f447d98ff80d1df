"""How often molecules collide: at equilibrium, from the first step on, in cells of any number.

In a closed box of N particles with fixed energy and no momentum, velocities fill a sphere in
d = 3(N-1) dimensions uniformly, at the start and at all times, and positions fill the box. Hence

    nu_N = nu(T') (1 - 1/N) m_p(d),     p = 2 - 2 omega, sigma g ~ g^p,

exactly, for any number of cells: T' = T N/(N-1) is the realised temperature with the mean velocity
removed, 1 - 1/N counts the partners, and m_p = (d/2)^(p/2) Gamma(d/2)/Gamma((d+p)/2) is what fixed
energy makes of <g^p> (reference.microcanonical_moment). nu(T') is Bird 1994, eq. 4.64.
"""

import numpy as np
import pytest

from dsmc import reference
from dsmc.statistics import joint_test
from tests.physics.homogeneous_gas import BUDGET, box, replicas, report

MODELS = ("hard-sphere", "vhs", "vss", "maxwell")
FEW = (2, 3, 4, 5, 7, 10)
OCCUPANCIES = (2, 5, 10)
BOXES = {1: (1,), 2: (1, 1), 3: (1, 1, 1)}


def expected_rate(scenario) -> float:
    """nu_N over the rate nu of the infinite gas at the stated temperature."""
    N = scenario.particle_count
    p = 2.0 - 2.0 * scenario.molecules[0].omega
    warmer = (N / (N - 1)) ** (p / 2)
    return float(warmer * (1.0 - 1.0 / N) * reference.microcanonical_moment(p, N))


def collision_rates(scenario, steps):
    """Collisions per particle and tau: in the first step alone, and in all of them."""
    events = 0.5 * scenario.particle_count * scenario.run.time_step_mct

    def history(simulation):
        begin = simulation.collisions
        simulation.run(steps=1)
        first = simulation.collisions - begin
        simulation.run(steps=steps - 1)
        return np.array([first / events, (simulation.collisions - begin) / (events * steps)])

    return history


# ------------------------------------------------------------------------------- many particles


def rates_in_equilibrium(model, count, laws=None, particles=100_000, step=0.5, tau=10.0):
    """Rows (first step, all steps) over nu_N of replicas that last `tau` each."""
    scenario = box(model, particles=particles, step=step)
    rows = replicas(scenario, count, collision_rates(scenario, round(tau / step)), laws)
    return rows / expected_rate(scenario)


@pytest.mark.parametrize("model", MODELS)
def test_molecules_collide_at_the_kinetic_rate_from_the_first_step_on(model):
    """Hypothesis: both rates are nu_N. 1e7 collisions, 5e5 of them in first steps: the errors,
    0.03 % and 0.14 %, come from 20 replicas; margin 0, false alarms 1e-6 for each model."""
    rows = rates_in_equilibrium(model, 20)
    report(f"collision rate over nu_N, {model}", ["first step", "all steps"], rows, np.ones(2))
    assert joint_test(rows, [1.0, 1.0], budget=BUDGET)


def test_a_rate_one_percent_too_high_is_noticed():
    """1e7 collisions of a law that is 1 % too large: 30 errors away."""
    laws = {"hard_sphere_rate": lambda g_squared, prefactor: 1.01 * prefactor * g_squared**0.5}
    assert not joint_test(rates_in_equilibrium("hard-sphere", 20, laws), [1, 1], budget=BUDGET)


def test_a_reduced_mass_two_percent_wrong_is_noticed():
    """sigma of VHS argon ~ m_r^(1/2 - omega): 2 % in m_r are 0.6 % in the rate, 19 errors."""

    def wrong(g_squared, prefactor, half_exponent):
        return prefactor * 1.02 ** (0.5 - half_exponent) * g_squared**half_exponent

    rows = rates_in_equilibrium("vhs", 20, {"variable_rate": wrong})
    assert not joint_test(rows, [1.0, 1.0], budget=BUDGET)


@pytest.mark.long
@pytest.mark.parametrize("model", MODELS)
def test_the_collision_rate_is_exact_to_a_tenth_of_a_percent(model):
    """1e8 collisions, 2e7 of them in the first step of tau: both within 0.1 % (10 and 4.5 errors)
    and, jointly, within the errors of 100 replicas, false alarms 1e-6, margin 0."""
    rows = rates_in_equilibrium(model, 100, particles=400_000, step=1.0, tau=5.0)
    report(f"collision rate over nu_N, {model}", ["first step", "all steps"], rows, np.ones(2))
    assert joint_test(rows, [1.0, 1.0], budget=BUDGET)
    assert np.all(np.abs(rows.mean(axis=0) - 1.0) < 1e-3)


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
    laws = {"widen": lambda phase, row, first, dimension, s, bench: False}
    difference = collisions_from_a_shell(20, 1, laws) - in_short_steps
    report("the same, stale majorant", ["collisions"], difference, np.zeros(1))
    assert not joint_test(difference, [0.0], budget=BUDGET)
