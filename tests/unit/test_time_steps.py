"""Time steps against the shortest collision time that a scenario foresees."""

import pytest

from dsmc import forecast
from dsmc.scenario import Scenario, ScenarioError
from dsmc.species import BOLTZMANN
from tests.unit.test_forecast import BOX, WALLS, cautioned, figure, scenario


def test_the_denser_side_of_a_riemann_problem_sets_the_limits():
    sides = {
        "left": {"number_density_m3": 1e23, "temperature_K": 300},
        "right": {"number_density_m3": 1e21, "temperature_K": 300},
    }
    initial = {**sides, "kind": "riemann", "particles": 4000}
    gas = Scenario(**{**BOX, "initial": initial, "run": {"time_step_s": 1e-8, "steps": 10}})
    path, time = forecast.shortest_scales(gas)
    assert time == pytest.approx(scenario().collision_time / 10)
    assert path == pytest.approx(scenario().mean_free_path / 10)
    assert "domain.cells" in cautioned(gas)


def test_the_time_step_may_be_stated_by_the_shortest_collision_time_foreseen():
    """Before the wall of 75 K molecules collide twice as often; in the gas outside of given
    pressure, four times as dense, four times."""
    cold = {"kind": "diffuse", "temperature_K": 75.0}
    local = {"time_step_mct": None, "time_step_local_mct": 0.2}
    step = scenario().collision_time
    plain = scenario(run=local)
    assert plain.time_step == pytest.approx(0.2 * step)
    walls = scenario(run=local, boundaries={"x": {"low": cold, "high": cold}})
    assert walls.time_step == pytest.approx(0.1 * step)
    assert figure(walls, "time step / collision time") == pytest.approx(0.1)
    assert figure(walls, "time step / shortest collision time") == pytest.approx(0.2)
    dense = {"kind": "pressure", "pressure_Pa": 4e22 * BOLTZMANN * 300, "temperature_K": 300}
    inlet = scenario(run=local, boundaries={"x": {"low": dense, "high": dense}})
    assert inlet.time_step == pytest.approx(0.05 * step)
    wide = {"boundaries": WALLS, "domain": {"cells": [20]}}
    told = cautioned(scenario(run=local | {"time_step_local_mct": 0.4}, **wide))
    assert told["run.time_step_local_mct"].cure == "time_step_local_mct = 0.2"
    with pytest.raises(ScenarioError, match="time_step_local_mct"):
        scenario(run={"time_step_local_mct": 0.2})


def test_short_steps_with_the_nearest_partners_are_warned_of():
    near = {"collisions": {"partners": "nearest"}, "boundaries": WALLS}
    told = cautioned(scenario(**near))["run.time_step_mct"]
    assert "the same pairs collide again" in told.text and "0.25" in told.cure
    assert "run.time_step_mct" not in cautioned(scenario(**near, run={"time_step_mct": 0.2}))
    assert "run.time_step_mct" not in cautioned(scenario(boundaries=WALLS))


def test_the_gas_before_a_cold_wall_is_foreseen():
    """At equal pressure it is four times as dense at a quarter of the temperature: hard spheres
    there collide twice as often, after a quarter of the way."""
    cold = {"kind": "diffuse", "temperature_K": 75.0}
    warm = scenario(boundaries={"x": {"low": cold | {"temperature_K": 300.0}, "high": cold}})
    path, time = forecast.shortest_scales(warm)
    assert path == pytest.approx(warm.mean_free_path / 4.0)
    assert time == pytest.approx(warm.collision_time / 2.0)
    mirror = {"x": {"low": cold | {"accommodation": 0.0}, "high": {"kind": "specular"}}}
    assert forecast.shortest_scales(scenario(boundaries=mirror))[0] == warm.mean_free_path
