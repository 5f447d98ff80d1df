"""A gas does not feel how wide its cells are: density, collision rate and walls of uneven cells.

Widths up to eight times the narrowest. False alarms 1e-6 for each judgement.
"""

import numpy as np
import pytest

from dsmc import Scenario, reference
from dsmc.statistics import joint_test
from tests.physics.homogeneous_gas import BUDGET, SEED, replicas, report
from tests.physics.test_collision_rates import collision_rates, expected_rate
from tests.physics.wall_boxes import ARGON, TEMPERATURE, diffuse

DENSITY = 1e22
PATH = float(reference.mean_free_path(DENSITY, TEMPERATURE, ARGON.mass, ARGON.diameter))
GRADINGS = {
    1: {"x": {"towards": "low", "ratio": 8.0}},
    2: {"x": {"towards": "both", "ratio": 4.0}, "y": {"towards": "high", "ratio": 2.0}},
    3: {"y": {"towards": "both", "ratio": 8.0}},
}
CELLS = {1: (500,), 2: (25, 20), 3: (8, 8, 8)}
EQUAL_VOLUMES = {"volume_of": lambda cell, grid, grading: grid.volume}  # the twin


def uneven_box(d, step, steps, per_cell=10, boundaries=None, **changes):
    """Hard spheres in uneven cells, a mean free path wide on average."""
    return Scenario(
        gas={"species": "Ar", "model": "hard-sphere"},
        domain={"length_m": [n * PATH for n in CELLS[d]], "cells": list(CELLS[d]),
                "grading": GRADINGS[d]},
        initial={"kind": "equilibrium", "number_density_m3": DENSITY,
                 "temperature_K": TEMPERATURE, "particles_per_cell": per_cell},
        boundaries=boundaries or {},
        run={"time_step_mct": step, "steps": steps, "seed": SEED + d},
        sample={"every": 10**9, "quantities": ["temperature"], **changes},
    )  # fmt: skip


@pytest.mark.parametrize("d", [1, 2, 3])
def test_molecules_collide_as_often_in_uneven_cells(d):
    """Hypothesis: nu_N of `test_collision_rates`, in all cells together; 1e6 collisions, margin 0.

    In cells of equal numbers of pairs the rate goes with the inverse of the volume: the twin that
    takes the mean volume for each collides more often where cells are wide, 20 % and more in all.
    """
    scenario = uneven_box(d, 0.5, 10**6)
    rows = replicas(scenario, 16, collision_rates(scenario, 40)) / expected_rate(scenario)
    report(f"uneven cells in {d}-D, rate over nu_N", ["first", "all"], rows, np.ones(2))
    assert joint_test(rows, [1.0, 1.0], budget=BUDGET)


def test_collisions_that_forget_the_volumes_are_noticed():
    scenario = uneven_box(1, 0.5, 10**6)
    rows = replicas(scenario, 4, collision_rates(scenario, 10), EQUAL_VOLUMES)
    assert rows.mean() / expected_rate(scenario) > 1.2


def test_density_and_temperature_are_even_over_uneven_cells():
    """Hypothesis: n and T are those of the box in groups of neighbouring cells; error 0.15 %.

    The twin: figures that are wrong by 2 % at one end, by -2 % at the other.
    """
    scenario = uneven_box(2, 0.5, 100, per_cell=40, fields_every=10)

    def history(simulation):
        fields = simulation.run(steps=100).fields
        n = fields["number_density"].value.ravel() / DENSITY
        T = fields["temperature"].value.ravel() / TEMPERATURE
        groups = np.arange(n.size) * 4 // n.size  # four runs of neighbouring cells
        return np.concatenate(
            [[x[groups == g].mean() for g in range(4)] for x in (n, T)]
        )  # fmt: skip

    rows = replicas(scenario, 20, history)
    assert joint_test(rows, np.ones(8), budget=BUDGET)
    wrong = rows * np.linspace(0.98, 1.02, 8)
    assert not joint_test(wrong, np.ones(8), budget=BUDGET)


def test_the_stress_over_uneven_cells_is_the_stress_on_the_walls():
    """Couette flow at Kn = 0.2 in 30 cells, finest at both walls: P_xy, averaged over the volume,
    is the wall shear within 1 %, of which 0.6 % is what collisions carry; error 0.1 %.

    The twin divides by the mean volume instead of each cell's own.
    """
    walls = [diffuse(velocity=(0.0, sign * 200.0, 0.0)) for sign in (-1.0, 1.0)]
    scenario = Scenario(
        gas={"species": "Ar", "model": "hard-sphere"},
        domain={"length_m": [5 * PATH], "cells": [30],
                "grading": {"x": {"towards": "both", "ratio": 4.0}}},
        initial={"kind": "equilibrium", "number_density_m3": DENSITY,
                 "temperature_K": TEMPERATURE, "particles": 3000},
        boundaries={"x": {"low": walls[0], "high": walls[1]}},
        run={"time_step_mct": 0.1, "steps": 2000, "seed": SEED},
        sample={"every": 10**9, "fields_every": 2, "start": 300, "quantities": ["temperature"]},
    )  # fmt: skip
    share = np.diff(scenario.edges[0]) / scenario.lengths[0]

    def history(simulation):
        result = simulation.run(steps=scenario.steps)
        field, walls = result.fields["pressure_xy"], result.walls
        wall = 0.5 * (walls["x_low"].shear[0][1] - walls["x_high"].shear[0][1])
        wrong = field.value * share * share.size
        return np.array([-field.average[0], -wrong @ share]) / wall

    rows = replicas(scenario, 8, history)
    report("stress of the gas over that on the walls", ["right", "wrong"], rows, np.ones(2))
    assert joint_test(rows[:, :1], [1.0], margin=[0.01], budget=BUDGET)
    assert not joint_test(rows[:, 1:], [1.0], margin=[0.01], budget=BUDGET)
