"""Flows between plates as the validation measures them, where the answer is exact.

Without collisions the stress and the heat flux are the free-molecular ones at any speed and any
difference of temperatures. Chance that a faultless engine fails one of these: 1e-4.
"""

import numpy as np
import pytest

from dsmc.statistics import joint_test
from dsmc.validate.case import Repetition
from dsmc.validate.cases.couette_gaps import stress
from dsmc.validate.cases.creep import CASE as CREEP
from dsmc.validate.cases.creep import heat_force
from dsmc.validate.cases.fourier_gaps import heat_flux
from dsmc.validate.gaps import EVERY, GRIDS, Drive, on_two_grids
from dsmc.validate.homogeneous import V0

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
        square = 0.3 * strength**2 + 0.2 * cell**2 + 0.1 * grid.step**2 + 2.0 * grid.step / per_cell
        return np.array([grid.gap + square])

    drives = {grid.knudsen: Drive(0.1, 10) for grid in GRIDS}
    found, change = on_two_grids(Repetition(SEED, 0), flow, drives, EVERY).reshape(2, -1)
    np.testing.assert_allclose(found, [grid.gap for grid in GRIDS], rtol=1e-12)
    assert (change > 0.0).all()


def test_a_twin_is_driven_harder_than_its_flow_is_divided_by():
    """A flow per drive of 3, driven 5 % too strongly, is found to be 3.15 on either grid."""

    def flow(repetition, grid, strength):
        return np.array([3.0])

    drives = {grid.knudsen: Drive(0.1, 10) for grid in GRIDS}
    found = on_two_grids(Repetition(SEED, 0), flow, drives, {1.0: 1.0}, excess=0.05)
    np.testing.assert_allclose(found, [3.15, 0.0], atol=1e-12)


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


def added_by_a_temperature_gradient(force):
    """Rates of <c_y>, <c_y c^2>, <c_y c^4>, by the force and by a gradient with tau/2 = 1: (2, 3).

    By a force F, the mean of F_y d/dc_y; by the gradient, that of -2 c_y (c^2 - 5/2) c_y c^2k.
    """
    nodes, weights = np.polynomial.hermite.hermgauss(12)
    c = np.stack(np.meshgrid(nodes, nodes, nodes, indexing="ij"), axis=-1).reshape(-1, 3)
    mean = (
        np.prod(np.stack(np.meshgrid(*[weights] * 3, indexing="ij")), axis=0).ravel() / np.pi**1.5
    )
    phase = np.column_stack([np.zeros(len(c)), c * V0])
    push = np.array([force((0.0, -1.0, 0.0), phase, row, 1) for row in range(len(c))])
    assert (push[:, [0, 2]] == 0.0).all()
    square, y_square = (c**2).sum(axis=1), c[:, 1] ** 2
    slopes = [square**k + 2 * k * y_square * square ** max(k - 1, 0) for k in range(3)]
    by_force = [(mean * push[:, 1] * slope).sum() for slope in slopes]
    source = -2.0 * y_square * (square - 2.5)
    return by_force, [(mean * source * square**k).sum() for k in range(3)]


def test_the_force_that_lets_gas_creep_acts_as_a_temperature_gradient():
    by_force, by_gradient = added_by_a_temperature_gradient(heat_force)
    np.testing.assert_allclose(by_force, by_gradient, rtol=1e-12, atol=1e-12)


def test_a_force_that_vanishes_at_another_speed_pushes_on_the_whole():
    twin = next(mutant for mutant in CREEP.mutants if mutant.laws)
    by_force, by_gradient = added_by_a_temperature_gradient(twin.laws["felt_acceleration"])
    assert by_force[0] == pytest.approx(by_gradient[0] - 0.015)
