"""The named problems are what they say, and keep what their boxes must keep."""

import numpy as np
import pytest

from dsmc import reference
from dsmc.problems import NUMBER_DENSITY, PER_CELL, PROBLEMS, TEMPERATURE, problem
from dsmc.simulation import Simulation

FEW = 4000
STEPS = 5
DIMENSION = {"homogeneous": 1, "one-cell": 1, "couette": 1, "cavity": 2, "shock": 1}
NO_WORK = {"box", "flight", "homogeneous", "one-cell"}  # mirrors and periodic boxes keep energy
PERIODIC = {"homogeneous", "one-cell"}


@pytest.mark.parametrize("name", PROBLEMS)
def test_every_problem_steps_and_keeps_what_it_must(name):
    scenario = problem(name, FEW, "float64")
    assert scenario.dimension == DIMENSION.get(name, 3)
    with Simulation(scenario, threads=1) as simulation:
        before = np.array(simulation.particles.velocity)
        simulation.advance(STEPS)
        after, count = simulation.particles.velocity, simulation.executor.count
        assert np.isfinite(after).all()
        if name == "shock":
            assert count == pytest.approx(FEW, rel=0.1)
            assert simulation.particle_steps == pytest.approx(STEPS * FEW, rel=0.1)
        else:
            assert count == FEW
            assert simulation.particle_steps == STEPS * FEW
        energy = np.sum(after**2) / np.sum(before**2)
        assert bool(abs(energy - 1.0) < 1e-12) is (name in NO_WORK)
        if name in PERIODIC:
            assert np.allclose(after.sum(axis=0), before.sum(axis=0), atol=1e-7)
        assert (simulation.collisions > 0) is (name != "flight")


@pytest.mark.parametrize("name", sorted(set(PROBLEMS) - {"one-cell"}))
@pytest.mark.parametrize("per_cell", [2, 50])
def test_cells_hold_as_many_as_are_asked_for(name, per_cell):
    scenario = problem(name, 200_000, "float64", per_cell)
    assert scenario.particle_count / scenario.cell_count == pytest.approx(per_cell, rel=0.05)
    widths = np.divide(scenario.lengths, scenario.cells)
    assert np.allclose(widths, 1e-5, rtol=1e-12)


def test_problems_have_their_own_numbers_of_cells():
    cells = {name: problem(name, 1_000_000, "float64").cells for name in PROBLEMS}
    assert cells["box"] == cells["flight"] == (40, 50, 50)
    assert cells["homogeneous"] == (1_000_000 // PER_CELL,)
    assert cells["cavity"] == (316, 316)
    assert cells["one-cell"] == (1,)
    assert cells["couette"] == cells["shock"] == (100,)


def test_the_shock_is_a_shock_of_mach_two():
    """Streams of mass, momentum and energy are the same on both sides."""
    scenario = problem("shock", FEW, "float64")
    faces = [patch.boundary for patch in scenario.patches]
    mass = scenario.molecules[0].mass
    streams = []
    for face in faces:
        n, T, u = face.number_density_m3, face.temperature_K, face.velocity_m_s[0]
        thermal = 0.5 * float(reference.most_probable_speed(mass, T)) ** 2  # k T / m
        streams.append([n * u, n * (u**2 + thermal), n * u * (u**2 / 2 + 2.5 * thermal)])
    assert streams[0] == pytest.approx(streams[1], rel=1e-12)
    cold, hot = faces
    sound = np.sqrt(5 / 6) * float(reference.most_probable_speed(mass, cold.temperature_K))
    assert cold.velocity_m_s[0] / sound == pytest.approx(2.0)
    assert (hot.number_density_m3, hot.temperature_K) == (NUMBER_DENSITY, TEMPERATURE)
