"""Flows between plates as the validation measures them, where the answer is exact.

Without collisions the stress and the heat flux are the free-molecular ones at any speed and any
difference of temperatures. Chance that a faultless engine fails one of these: 1e-4.
"""

import numpy as np
import pytest

from dsmc.statistics import joint_test
from dsmc.validate.case import Repetition
from dsmc.validate.cases.couette_gaps import stress
from dsmc.validate.cases.fourier_gaps import heat_flux
from dsmc.validate.gaps import EVERY, GRIDS, Drive, on_two_grids

SEED = 20261125
FLOWS = {"couette": (stress, 1.6), "fourier": (heat_flux, 0.8)}
GRID = GRIDS[4]._replace(steps=300, settling=6.0)


def free_flight(name, accommodation=1.0):
    """8 ratios of a flow without collisions to its free-molecular value: (8, 1)."""
    flow, strength = FLOWS[name]
    return np.array([
        flow(Repetition(SEED, number), GRID, strength, accommodation, collisions="none")
        for number in range(8)
    ])  # fmt: skip


@pytest.mark.parametrize("name", FLOWS)
def test_without_collisions_plates_exchange_what_free_flight_carries(name):
    assert joint_test(free_flight(name), [1.0])


@pytest.mark.parametrize("name", FLOWS)
def test_plates_that_reflect_two_percent_like_mirrors_are_told_apart(name):
    """The stress and the heat are then 4 % smaller: a/(2 - a)."""
    assert not joint_test(free_flight(name, accommodation=0.98), [1.0])


def test_two_grids_free_a_flow_of_what_is_of_second_order():
    """All four errors at once; of the next order -4 times that of the fine grid is left."""

    def flow(repetition, grid, strength):
        cell, per_cell = grid.gap / grid.cells, grid.particles / grid.cells
        square = 0.3 * strength**2 + 0.2 * cell**2 + 0.1 * grid.step**2 + 2.0 / per_cell
        return np.array([grid.gap + square])

    drives = {grid.knudsen: Drive(0.1, 10) for grid in GRIDS}
    found, change = on_two_grids(Repetition(SEED, 0), flow, drives, EVERY).reshape(2, -1)
    np.testing.assert_allclose(found, [grid.gap for grid in GRIDS], rtol=1e-12)
    assert (change > 0.0).all()


def test_every_number_and_grid_has_its_own_random_numbers():
    """Whichever Knudsen numbers are asked for."""
    seen = {}

    def flow(repetition, grid, strength):
        seen[grid.knudsen, grid.particles] = repetition.number
        return np.array([0.0])

    drives = {grid.knudsen: Drive(0.1, 10) for grid in GRIDS}
    on_two_grids(Repetition(SEED, 3), flow, drives, EVERY)
    together = dict(seen)
    assert len(set(together.values())) == len(together) == 2 * len(GRIDS)
    for number in EVERY:
        on_two_grids(Repetition(SEED, 3), flow, drives, {number: 1.0})
    assert seen == together
