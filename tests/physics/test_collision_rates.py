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


def rates_in_equilibrium(model, count, laws=None, particles=100_000):
    """Rows (first step, all steps) over nu_N of replicas that last 10 tau each."""
    scenario = box(model, particles=particles, step=0.5)
    rows = replicas(scenario, count, collision_rates(scenario, 20), laws)
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
    """1e8 collisions of 1e7 particles, 5e6 in first steps: both within 0.1 % and their errors
    (0.01 %, 0.045 %), false alarms 1e-6."""
    rows = rates_in_equilibrium(model, 100, particles=200_000)
    report(f"collision rate over nu_N, {model}", ["first step", "all steps"], rows, np.ones(2))
    assert joint_test(rows, [1.0, 1.0], budget=BUDGET)
    assert abs(rows[:, 1].mean() - 1.0) < 1e-3
    assert abs(rows[:, 0].mean() - 1.0) < 2e-3


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
    """N^2/2 for N(N-1)/2: with 10 particles 11 %; the smallest of the six differences decides."""
    scenario = box(particles=20_000, cells=200, step=0.5)
    rows = replicas(scenario, 20, collision_rates(scenario, 8), {"like_pairs": half_the_square})
    assert not joint_test(rows / expected_rate(scenario), [1.0, 1.0], budget=BUDGET)


def half_the_square(n):
    """Pairs if each particle could also collide with itself."""
    return 0.5 * n * n


def test_a_stale_majorant_is_noticed():
    """A bound that is not raised when a collision makes a particle faster loses collisions."""
    scenario = box(particles=5, cells=1, step=10.0, seed=5)
    laws = {"widen": lambda phase, row, first, dimension, s, bench: False}
    rows = replicas(scenario, 24, collision_rates(scenario, 1600), laws)[:, 1:]
    assert not joint_test(rows / expected_rate(scenario), [1.0], budget=BUDGET)


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
    up for the scatter of N. 18 figures, 1.8e6 collisions each, errors 0.08 % (0.2 % for the first
    step) from 30 replicas, margin 0."""
    rows, labels = rates_in_many_cells(30, 30_000, 4.0)
    report("cells of few, rate over nu_N", labels, rows, np.ones(len(labels)))
    assert joint_test(rows, np.ones(len(labels)), budget=BUDGET)


@pytest.mark.long
def test_cells_of_few_particles_are_exact_to_a_tenth_of_a_percent():
    """As the two tests before with 1e7 collisions for every figure: within 0.1 %, and within
    0.35 % (five errors) in the first step alone."""
    alone = rates_in_one_cell(24, 420_000)
    report("one cell, rate over nu_N", [f"N = {N}" for N in FEW], alone, np.ones(len(FEW)))
    assert joint_test(alone, np.ones(len(FEW)), budget=BUDGET)
    rows, labels = rates_in_many_cells(60, 84_000, 4.0)
    report("cells of few, rate over nu_N", labels, rows, np.ones(len(labels)))
    assert joint_test(rows, np.ones(len(labels)), budget=BUDGET)
    for figures in (alone, rows[:, 1::2]):
        deviation = np.abs(figures.mean(axis=0) - 1.0)
        error = figures.std(axis=0, ddof=1) / np.sqrt(len(figures))
        assert np.all(deviation < 1e-3 + 4.0 * np.maximum(0.0, error - 2.5e-4)), deviation
