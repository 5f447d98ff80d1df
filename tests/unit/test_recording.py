"""What `dsmc check` says of averages, targets, planes and cells that are looked at."""

import io

import pytest

from dsmc import forecast
from dsmc.scenario import load
from dsmc.scenario.report import show_check

FLOW = {
    "sample.start": "steady", "run.until": "steady", "run.steps": 40_000,
    "sample.targets": {"wall_shear": 0.02},
    "sample.planes": [{"axis": "x", "position_m": 8.4e-4}],
    "sample.distributions": [{"position_m": [8.4e-4], "name": "middle"}],
}  # fmt: skip


def told(**changes):
    """The report on the flow."""
    out = io.StringIO()
    show_check(load("couette", FLOW | changes), stream=out)
    return out.getvalue()


def warned(**changes):
    """Text of the warning about each key."""
    found = forecast.warnings(load("couette", FLOW | changes))
    return {caution.key: caution for caution in found}


def test_the_report_shows_every_key_of_what_is_sampled():
    text = told()
    for key in (
        "sample.targets.wall_shear", "sample.planes[0].position_m",
        "sample.distributions[0].classes", "slowest relaxation time", "averages from step",
    ):  # fmt: skip
        assert key in text


def test_the_price_of_a_target_is_told():
    scenario = load("couette", FLOW)
    entries = {entry.name: entry for entry in forecast.expected_errors(scenario, target=0.5)}
    shear, pressure = entries["wall_shear at x low"], entries["wall_pressure at x low"]
    assert shear.needed > scenario.sample_start
    growth = (shear.scale / 0.02) ** 2 * (40_000 - scenario.sample_start)
    assert shear.needed - scenario.sample_start == pytest.approx(growth, abs=1.0)
    assert pressure.needed < shear.needed  # it has no target of its own: that of the call


def test_a_plane_inside_cells_is_warned_of():
    assert not warned()
    key = "sample.planes[0].position_m"
    inside = warned(**{"sample.planes": [{"axis": "x", "position_m": 8.5e-4}]})
    assert "inside cells" in inside[key].text
    cure = float(inside[key].cure.rpartition("=")[2])
    assert cure / (1.68e-3 / 60) == pytest.approx(round(cure / (1.68e-3 / 60)))


def test_a_run_too_short_to_become_steady_is_warned_of():
    caution = warned(**{"run.steps": 500})["sample.start"]
    assert "hardly be steady" in caution.text


def test_the_error_of_a_mass_flow_is_foreseen_through_planes_and_open_faces():
    scenario = load("slit", {"sample.targets": {"mass_flow": 0.01}})
    entries = [e for e in forecast.expected_errors(scenario) if e.quantity == "mass_flow"]
    assert [entry.place for entry in entries] == [
        "at x low", "at slit", "through x = 0.00025 m", "through x = 0.00075 m",
    ]  # fmt: skip
    # n cbar/4 A m sqrt(2/crossings), and 0.4 of the area has sqrt(0.4) of the error
    assert entries[1].error / entries[0].error == pytest.approx(0.4**0.5)


def test_the_gas_before_the_cold_end_of_a_profile_is_foreseen():
    channel = load("thermal_creep")
    assert not forecast.warnings(channel)
    wide = load("thermal_creep", {"domain.cells": [24, 10]})  # 0.5 of the mean free path at 300 K
    assert "0.749 mean free paths" in next(iter(forecast.warnings(wide))).found
