"""Steady flows are judged by what must balance, and a tally that is a little wrong is found.

The seeds are fixed; a faultless run shows a failed verdict with the probability `verdict.BUDGET`.
"""

from dataclasses import replace

import numpy as np
import pytest

import dsmc
from dsmc.balances import drifts, is_steady
from dsmc.verdict import judge

WRONG = 9.0  # standard errors by which the tallies of the twins are off
SEED = 20261124
COMMON = {"run.seed": SEED, "sample.every": 20, "sample.fields_every": 5}
FLOWS = {
    "couette": ("couette", {
        "initial.particles": 3000, "domain.length_m": [4.2e-4], "domain.cells": [20],
        "run.steps": 1500, "sample.start": 300,
        "sample.planes": [{"axis": "x", "position_m": 1.05e-4, "name": "quarter"}],
    }),
    "fourier": ("fourier", {
        "initial.particles": 3000, "domain.length_m": [4.2e-4], "domain.cells": [20],
        "boundaries.x.low.temperature_K": 200, "boundaries.x.high.temperature_K": 400,
        "run.steps": 1500, "sample.start": 300,
        "sample.planes": [{"axis": "x", "position_m": 1.05e-4, "name": "quarter"}],
    }),
    "poiseuille": ("poiseuille", {
        "initial.particles": 2000, "run.steps": 1500, "sample.start": 300,
    }),
    "slit": ("slit", {
        "initial.particles": 4000, "run.steps": 1500, "sample.start": 300, "run.until": "steps",
        "sample.targets": None,
    }),
}  # fmt: skip


def run(name, changes):
    scenario = dsmc.load(name, COMMON | changes)
    with dsmc.Simulation(scenario, threads=1) as simulation:
        return scenario, simulation.run(progress=False)


@pytest.fixture(scope="module")
def flows():
    """Every flow once: {name: (scenario, result)}."""
    return {name: run(*flow) for name, flow in FLOWS.items()}


def judged(flow, **changed):
    """{quantity: passed} of a run of which something was changed."""
    scenario, result = flow
    return {v.quantity: v.passed for v in judge(scenario, replace(result, **changed)).verdicts}


def off(pair, component=None):
    """A measured figure, or one component of it, `WRONG` standard errors too large."""
    value, error = np.array(pair[0], float), np.array(pair[1], float)
    wrong = WRONG * error
    if component is not None:
        wrong = np.where(np.arange(wrong.size) == component, wrong, 0.0)
    return value + wrong, error


def with_wall(flow, face, flux, component=None):
    """The verdicts when a flux onto one boundary is counted wrong."""
    walls = dict(flow[1].walls)
    walls[face] = replace(walls[face], **{flux: off(getattr(walls[face], flux), component)})
    return judged(flow, walls=walls)


def with_plane(flow, name, flux, component=None):
    """The verdicts when a flux through one plane is counted wrong."""
    planes = dict(flow[1].planes)
    planes[name] = replace(planes[name], **{flux: off(getattr(planes[name], flux), component)})
    return judged(flow, planes=planes)


@pytest.mark.parametrize("name", FLOWS)
def test_a_faultless_flow_balances(flows, name):
    found = judged(flows[name])
    assert found and all(found.values()), found


def test_all_faces_together_take_what_the_force_supplies(flows):
    for name, face, flux, component, quantity in (
        ("couette", "x_low", "shear", 1, "force_y of all faces"),
        ("couette", "x_high", "heat_flux", None, "heat_flow of all faces"),
        ("poiseuille", "x_high", "shear", 1, "force_y of all faces"),
        ("slit", "x_high", "pressure", None, "force_x of all faces"),
        ("slit", "slit", "mass_flux", None, "mass_flow of all faces"),
    ):
        assert judged(flows[name])[quantity]
        assert not with_wall(flows[name], face, flux, component)[quantity]


def test_the_walls_of_a_channel_carry_the_weight_of_the_gas(flows):
    scenario, result = flows["poiseuille"]
    found = {v.quantity: v for v in judge(scenario, result).verdicts}
    weight = scenario.molecules[0].mass * 1e22 * 3.36e-4 * 2e7
    assert found["force_y of all faces"].reference == pytest.approx(weight)
    work = found["heat_flow of all faces"]
    assert work.reference > 5.0 * work.error  # all of it becomes heat


def test_planes_across_a_channel_carry_one_flow(flows):
    for name, plane, flux, component, quantity in (
        ("couette", "quarter", "momentum_flux", 1, "force_y quarter"),
        ("couette", "quarter", "mass_flux", None, "mass_flow quarter"),
        ("fourier", "quarter", "energy_flux", None, "heat_flow quarter"),
        ("slit", "x = 0.00025 m", "mass_flux", None, "mass_flow x = 0.00025 m"),
        ("slit", "x = 0.00075 m", "momentum_flux", 0, "force_x x = 0.00075 m"),
        ("slit", "x = 0.00075 m", "energy_flux", None, "heat_flow x = 0.00075 m"),
    ):
        assert judged(flows[name])[quantity]
        assert not with_plane(flows[name], plane, flux, component)[quantity]


def test_the_gas_between_plates_carries_what_they_receive(flows):
    """The twin: 4 % of the stress, or of the heat, more than there is."""
    for name, field, quantity in (
        ("couette", "pressure_xy", "pressure_xy of the gas"),
        ("fourier", "heat_flux_x", "heat_flux_x of the gas"),
        ("fourier", "pressure_xx", "pressure_xx of the gas"),
    ):
        flow, fields = flows[name], dict(flows[name][1].fields)
        assert judged(flow)[quantity]
        value, error = fields[field].average
        wrong = max(WRONG * error, 0.04 * abs(value))
        fields[field] = replace(fields[field], average=(value + wrong, error))
        assert not judged(flow, fields=fields)[quantity]


def test_planes_inside_cells_are_judged_by_the_mass_alone(flows):
    scenario, result = flows["couette"]
    inside = replace(result.planes["quarter"], position=1.1e-4)
    found = judged((scenario, result), planes={"inside": inside})
    assert "mass_flow inside" in found and "force_y inside" not in found


def test_a_flow_that_drifts_is_not_judged_as_a_steady_one(flows):
    scenario, result = flows["couette"]
    assert is_steady(result)
    energy = result.series["energy"]
    heated = energy.value * (1.0 + 0.2 * np.linspace(0.0, 1.0, energy.value.size))
    series = dict(result.series) | {"energy": replace(energy, value=heated)}
    assert not is_steady(replace(result, series=series))
    assert not any("all faces" in name for name in judged((scenario, result), series=series))


def test_averages_from_the_first_step_on_claim_no_steady_flow(flows):
    scenario, result = flows["couette"]
    for sampling in (
        replace(result.sampling, start=0),
        replace(result.sampling, time=result.time),  # nothing is averaged yet
    ):
        assert not any(
            "all faces" in name for name in judged((scenario, result), sampling=sampling)
        )


def test_rounding_is_no_drift():
    assert not drifts(1.0 + 1e-12 * np.arange(100))
    assert drifts(1.0 + 1e-6 * np.arange(100))
    assert not drifts(np.random.default_rng(SEED).normal(1.0, 1e-3, 100))
