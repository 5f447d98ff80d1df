"""The momentum that walls give when they are set in motion is judged, from the beginning on."""

from dataclasses import replace

import numpy as np
import pytest

import dsmc
from dsmc.expected import wall_impulse
from dsmc.verdict import judge

SMALL = {
    "initial.particles": 20_000, "domain.length_m": [2.6e-3], "domain.cells": [90],
    "run.steps": 40, "run.replicas": 1, "sample.start": 30, "run.seed": 20261124,
}  # fmt: skip


@pytest.fixture(scope="module", params=["hard-sphere", "vhs"])
def run(request):
    scenario = dsmc.load("rayleigh", SMALL | {"gas.model": request.param})
    with dsmc.Simulation(scenario, threads=1) as simulation:
        return scenario, simulation.run(progress=False)


def test_the_first_push_is_right_and_a_wrong_one_is_found(run):
    """Hard spheres after 1 and 3 collision times, others after a fifth of one."""
    scenario, result = run
    found = [v for v in judge(scenario, result).verdicts if v.quantity.startswith("momentum_y")]
    hard = scenario.molecules[0].omega == 0.5
    assert [v.quantity for v in found] == [
        f"momentum_y at {nu_t} tau_c" for nu_t in (("1", "3") if hard else ("0.2",))
    ]
    assert all(v.passed for v in found), found
    series = result.series["momentum_y"]
    for verdict in found:
        wrong = series.value + 6.0 * verdict.error + verdict.margin
        twin = replace(result, series={"momentum_y": replace(series, value=wrong)})
        failed = {v.quantity for v in judge(scenario, twin).verdicts if not v.passed}
        assert verdict.quantity in failed


@pytest.mark.parametrize(
    "changes",
    [
        {"boundaries.x.low.temperature_K": 310},
        {"boundaries.x.low.accommodation": 0.9},
        {"run.steps": 400},  # the motion reaches the other wall
        {"gas.model": "vhs"},
        {"boundaries.x.low.velocity_m_s": [0, 0, 0]},
    ],
)
def test_nothing_is_said_of_what_is_not_known(changes):
    time = np.linspace(0.0, 1e-6, 5)
    scenario = dsmc.load("rayleigh", SMALL)
    assert wall_impulse(scenario, time) is not None
    changed = dsmc.load("rayleigh", SMALL | changes)
    assert wall_impulse(changed, changed.time_step * np.array([0, changed.steps])) is None


def test_two_walls_give_what_each_of_them_gives():
    time = np.linspace(0.0, 1e-6, 5)
    one, _ = wall_impulse(dsmc.load("rayleigh", SMALL), time)
    moving = {"kind": "diffuse", "temperature_K": 300, "velocity_m_s": [0, 50, 0]}
    both, _ = wall_impulse(dsmc.load("rayleigh", SMALL | {"boundaries.x.high": moving}), time)
    np.testing.assert_allclose(both, 1.5 * one)
