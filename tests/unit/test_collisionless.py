"""What is exact without collisions is judged, and a tally that is a little wrong is found.

The seeds are fixed; a faultless run shows a failed verdict with the probability `verdict.BUDGET`.
"""

from dataclasses import replace

import numpy as np
import pytest

import dsmc
from dsmc.collisionless import emits_evenly
from dsmc.verdict import judge

WRONG = 9.0  # standard errors by which the tallies of the twins are off
COMMON = {"run.seed": 20261124, "sample.every": 20, "sample.start": 400, "run.steps": 2000}
HOLE = {"initial.number_density_m3": 2e20, "initial.particles": 4000}  # begins as it ends
PLATES = {
    "collisions.scheme": "none", "initial.particles": 2000, "domain.length_m": [4.2e-4],
    "domain.cells": [10], "boundaries.x.low.temperature_K": 200,
    "boundaries.x.high.temperature_K": 400, "boundaries.x.high.velocity_m_s": [0, 150, 0],
}  # fmt: skip


@pytest.fixture(scope="module", params=["effusion", "fourier"])
def flow(request):
    changes = {"effusion": HOLE, "fourier": PLATES}[request.param]
    scenario = dsmc.load(request.param, COMMON | changes)
    with dsmc.Simulation(scenario, threads=1) as simulation:
        return scenario, simulation.run(progress=False)


def judged(flow, walls=None):
    """{quantity: passed} of a run, of what its walls received."""
    scenario, result = flow
    result = result if walls is None else replace(result, walls=walls)
    return {v.quantity: v.passed for v in judge(scenario, result).verdicts}


def test_the_fluxes_of_free_molecules_are_exact_and_wrong_ones_are_found(flow):
    found = judged(flow)
    assert all(found.values()), found
    assert sum("wall_number_flux" in quantity for quantity in found) >= 2
    assert sum("wall_heat_flux" in quantity for quantity in found) >= 2
    for face in flow[1].walls:
        for flux in ("number_flux", "heat_flux"):
            quantity = f"wall_{flux} {face}"
            if quantity not in found:
                continue
            value, error = getattr(flow[1].walls[face], flux)
            wrong = replace(flow[1].walls[face], **{flux: (value + WRONG * error, error)})
            assert not judged(flow, dict(flow[1].walls) | {face: wrong})[quantity]


@pytest.mark.parametrize("flow", ["fourier"], indirect=True)
def test_moving_plates_feel_the_shear_of_free_molecules(flow):
    wall = flow[1].walls["x_low"]
    value, error = (np.array(column) for column in wall.shear)
    value[1] += WRONG * error[1]
    found = judged(flow, dict(flow[1].walls) | {"x_low": replace(wall, shear=(value, error))})
    assert judged(flow)["wall_shear_y x_low"] and not found["wall_shear_y x_low"]


@pytest.mark.parametrize(
    ("changes", "even"),
    [
        ({}, True),
        ({"boundaries.y.low": {"kind": "specular"}}, True),
        ({"boundaries.y.low.accommodation": 0.5}, True),
        ({"boundaries.y.low": {"kind": "open"}}, False),
        ({"boundaries.y.low.velocity_m_s": [50, 0, 0]}, False),  # sends more to one side
        ({"boundaries.y.low": {"kind": "reservoir", "number_density_m3": 2e20,
                               "temperature_K": 300}}, True),
        ({"boundaries.y.low": {"kind": "reservoir", "number_density_m3": 3e20,
                               "temperature_K": 300}}, False),
    ],
)  # fmt: skip
def test_which_boxes_have_one_flux_everywhere(changes, even):
    assert emits_evenly(dsmc.load("effusion", changes)) is even
