"""The forecast of a run: its scales, its errors against sampled gases, its warnings."""

import io
import json
import math

import numpy as np
import pytest

from dsmc import forecast
from dsmc.forecast.errors import speed_moment_variance
from dsmc.quantities import QUANTITIES
from dsmc.scenario import Scenario, load, memory, shipped
from dsmc.scenario.report import show_check
from dsmc.simulation import Simulation
from dsmc.species import BOLTZMANN

BOX = {
    "gas": {"species": "Ar", "model": "hard-sphere"},
    "domain": {"length_m": [1.6811648862e-4 * 10], "cells": [40]},  # 10 mean free paths
    "initial": {
        "kind": "equilibrium",
        "number_density_m3": 1e22,
        "temperature_K": 300,
        "particles": 4000,
    },
    "run": {"time_step_mct": 0.1, "steps": 1000},
}
DIFFUSE = {"kind": "diffuse", "temperature_K": 300}
WALLS = {"x": {"low": DIFFUSE, "high": DIFFUSE}}


def scenario(**sections):
    """BOX with keys of its sections changed; other sections put in."""
    data = {**BOX, **{name: {**BOX.get(name, {}), **keys} for name, keys in sections.items()}}
    return Scenario(**data)


def figure(gas, name):
    return next(entry.value for entry in forecast.figures(gas) if entry.name == name)


def error(gas, name):
    return next(e.error for e in forecast.expected_errors(gas) if e.name.startswith(name))


def cautioned(gas):
    return {caution.key: caution for caution in forecast.warnings(gas)}


def test_figures_are_the_scales_of_the_gas():
    gas = scenario()
    assert figure(gas, "Knudsen number") == pytest.approx(0.1, rel=1e-9)
    assert figure(gas, "cell size dx / lambda") == pytest.approx(0.25, rel=1e-9)
    assert figure(gas, "time step / collision time") == pytest.approx(0.1)
    assert figure(gas, "pressure") == pytest.approx(1e22 * BOLTZMANN * 300)
    assert figure(gas, "particles per cell") == 100
    # lambda = cbar tau_c, exact for one species.
    cbar = figure(gas, "most probable speed of Ar") * 2 / math.sqrt(math.pi)
    path = figure(gas, "mean free path")
    assert cbar * figure(gas, "mean collision time") == pytest.approx(path)
    # 100 collision times, half a collision per particle and collision time
    assert figure(gas, "collisions") == pytest.approx(4000 * 100 / 2)
    rate = forecast.ASSUMED_RATE * (gas.run.threads or forecast.cores())
    assert figure(gas, "expected run time") == pytest.approx(4e6 / rate)


def test_a_particle_needs_its_two_rows_and_its_bookkeeping():
    assert memory.bytes_per_particle(3) == 105
    assert memory.bytes_per_particle(3, "float32") == 57
    assert memory.bytes_per_particle(3, ids=True, mixture=True) == 105 + 16 + 2
    assert memory.bytes_per_particle(1) == 105 - 2 * 2 * 8
    million = scenario(initial={"particles": 10**6})
    assert memory.needed(million) == pytest.approx(73e6, rel=0.01)  # the cells add 0.1 %


def test_errors_of_a_series_are_those_of_sampled_gases():
    """2000 samples of 500 velocities: a standard deviation is known to 1/sqrt(4000) = 1.6 %;
    four of them are 6.3 %."""
    gas = scenario(initial={"particles": 500, "particles_per_cell": None})
    velocity = np.random.default_rng(1).standard_normal((2000, 500, 3))
    temperature_x = (velocity[..., 0] ** 2).mean(axis=1)
    square = (velocity**2).sum(axis=2)
    moment_4 = (square**2).mean(axis=1) / square.mean(axis=1) ** 2
    scatter = moment_4.std() / moment_4.mean()
    assert error(gas, "temperature_x") == pytest.approx(temperature_x.std(), rel=0.063)
    assert error(gas, "moment_4") == pytest.approx(scatter, rel=0.063)
    # The wrong twin: <c^4> not taken relative to the measured temperature scatters more.
    raw = (square**2).mean(axis=1)
    assert error(gas, "moment_4") != pytest.approx(raw.std() / raw.mean(), rel=0.063)


def test_replicas_share_the_error():
    one, four = scenario(), scenario(run={"replicas": 4})
    assert error(one, "temperature_x") == pytest.approx(2 * error(four, "temperature_x"))
    assert error(one, "collision_rate") == pytest.approx(2 * error(four, "collision_rate"))


def test_errors_of_cells_are_those_of_open_cells():
    """1, sqrt(2/3), sqrt(5/3) over sqrt(M N): Poisson counts N of mean 100 of Maxwellian
    particles; 4000 samples know a standard deviation to 1.1 %, four of them are 4.5 %."""
    gas = scenario(boundaries=WALLS, run={"steps": 1000}, sample={"start": 999})  # M = 1
    generator = np.random.default_rng(2)
    count = generator.poisson(100, 4000)
    velocity = [generator.standard_normal((n, 3)) for n in count]
    temperature = np.array([v.var(axis=0, ddof=1).mean() for v in velocity])
    mean = np.array([v[:, 0].mean() for v in velocity]) * math.sqrt(BOLTZMANN * 300 / 6.63e-26)
    assert error(gas, "number_density") == pytest.approx(count.std() / 100, rel=0.045)
    assert error(gas, "temperature of") == pytest.approx(temperature.std(), rel=0.045)
    pressure = temperature * count
    assert error(gas, "pressure of") == pytest.approx(pressure.std() / 100, rel=0.045)
    assert error(gas, "velocity_x of") == pytest.approx(mean.std(), rel=0.045)
    pairs = [BOLTZMANN * 300 * 1e22 * (v[:, 0] * v[:, 1]).sum() / 100 for v in velocity]
    assert error(gas, "pressure_xy of") == pytest.approx(np.std(pairs), rel=0.045)
    thermal = math.sqrt(BOLTZMANN * 300 / 6.63e-26)
    carried = [((v**2).sum(axis=1) - 5.0) @ v[:, 0] / 100 for v in velocity]
    flux = 0.5 * BOLTZMANN * 300 * 1e22 * thermal * np.std(carried)
    assert error(gas, "heat_flux_x of") == pytest.approx(flux, rel=0.045)


def test_errors_at_a_wall_are_those_of_its_hits():
    """Maxwellian hits in 4000 trials of Poisson number 400: 4.5 % as above."""
    gas = scenario(boundaries=WALLS)
    generator = np.random.default_rng(3)
    entry = {e.name: e for e in forecast.expected_errors(gas)}
    hits = (1.0 / entry["wall_number_flux at x low"].error) ** 2
    duration, area, mass = gas.steps * gas.time_step, 1.0, 6.63e-26
    per_hit = gas.weight / (area * duration)
    # cbar/4 n A t / F_N: each particle meets one of two walls every 2 L / (cbar / 2)
    cbar = math.sqrt(8 * BOLTZMANN * 300 / (math.pi * mass))
    assert hits == pytest.approx(4000 * cbar * duration / (4 * gas.lengths[0]))
    count = generator.poisson(400, 4000)
    scale = math.sqrt(BOLTZMANN * 300 / mass)

    def summed(draw):
        return np.array([draw(n).sum() for n in count]) * math.sqrt(hits / 400) * per_hit

    shear = summed(lambda n: generator.standard_normal(n) - generator.standard_normal(n)).std()
    assert entry["wall_shear at x low"].error == pytest.approx(shear * mass * scale, rel=0.045)
    heat = summed(lambda n: generator.gamma(2, size=n) - generator.gamma(2, size=n)).std()
    expected = heat * BOLTZMANN * 300
    assert entry["wall_heat_flux at x low"].error == pytest.approx(expected, rel=0.045)
    pushes = [generator.rayleigh(size=n) + generator.rayleigh(size=n) for n in count]
    pressure = np.array([push.sum() for push in pushes])
    relative = pressure.std() / pressure.mean() * math.sqrt(400 / hits)
    assert entry["wall_pressure at x low"].error == pytest.approx(relative, rel=0.045)


def test_the_price_of_one_percent_is_told():
    gas = scenario(boundaries=WALLS)
    entry = next(e for e in forecast.expected_errors(gas) if e.name == "number_density of a cell")
    assert entry.by == "steps"
    needed = scenario(boundaries=WALLS, run={"steps": entry.needed})
    # The number of steps is a whole one.
    assert error(needed, "number_density") == pytest.approx(0.01, rel=0.02)
    assert entry.seconds == forecast.expected_seconds(needed)


@pytest.mark.parametrize("target", [0.1, 0.001])
def test_what_the_forecast_asks_for_reaches_the_target(target):
    """Steps or replicas, of every quantity in a flow; samples before sample.start do not count."""
    flow = {"boundaries": WALLS, "sample": {"start": 200, "quantities": list(ASKED)}}
    for entry in forecast.expected_errors(scenario(**flow), target):
        changed = scenario(**flow, run={entry.by: entry.needed})
        entries = forecast.expected_errors(changed, target)
        reached = next(again for again in entries if again.name == entry.name)
        # Whole steps and replicas, at least one; less than one sample of a cell cannot be had.
        assert reached.scale <= target * 1.01
        if entry.needed > 250:
            assert reached.scale == pytest.approx(target, rel=0.01)
            assert forecast.expected_seconds(changed) == entry.seconds


ASKED = ("temperature", "moment_4", "collisions_per_particle", "velocity_y", "heat_flux_x",
         "pressure_xy", "wall_shear", "wall_heat_flux", "wall_pressure")  # fmt: skip
ARGON_HELIUM = {
    "gas": {"model": "vhs", "species": None},
    "species": [{"name": "Ar", "fraction": 0.5}, {"name": "He", "fraction": 0.5}],
}


@pytest.mark.parametrize("name", [*sorted(shipped()), "mixture", "all"])
def test_every_quantity_has_a_forecast_or_a_reason(name):
    if name == "mixture":
        gas = Scenario(**{**BOX, **ARGON_HELIUM, "boundaries": WALLS})
    elif name == "all":
        every = [name for name in QUANTITIES if QUANTITIES[name].needs != "wave"]
        planes = [{"axis": "x", "position_m": 5e-4}]
        gas = scenario(boundaries=WALLS, sample={"quantities": every, "planes": planes})
    else:
        gas = load(name)
    entries = forecast.expected_errors(gas)
    assert {entry.quantity for entry in entries} == set(gas.sample.quantities)
    for entry in entries:
        assert bool(entry.reason) == (entry.error is None)
        assert entry.reason or (entry.error > 0.0 and entry.basis and entry.unit)
        known = entry.unit in ("relative", QUANTITIES[entry.quantity].unit)
        assert known or entry.reason


def test_moments_of_speeds_scatter_less_than_their_parts():
    """Of 20000 samples of 50 speeds: 1 % for a standard deviation at 4 sigma 2 %, and some for the
    smallness of the samples."""
    square = np.random.default_rng(4).chisquare(3, (20_000, 400))
    for k in (1, 4, 6):
        moment = (square ** (k / 2)).mean(axis=1) / square.mean(axis=1) ** (k / 2)
        relative = moment.std() / moment.mean() * math.sqrt(400)
        variance = speed_moment_variance(k)
        assert math.sqrt(variance) == pytest.approx(relative, rel=0.05)
        lone = (square ** (k / 2)).mean(axis=1)  # the wrong twin: not over <c^2>^(k/2)
        assert math.sqrt(variance) != pytest.approx(lone.std() / lone.mean() * 20, rel=0.05)


def test_the_forecast_is_what_a_flow_measures():
    """A shear flow over 10 mean free paths; the errors come from blocks of time.

    Twenty cells know their common error to 4 %, two walls theirs to 12 %. The rest of the bounds is
    that samples are not independent. Long waves of density, temperature and momentum outlive two
    collision times; sound crosses a cell sooner, and stress and heat flux are forgotten as
    molecules leave it. Walls get back what they gave. (The velocity normal to the walls is left
    out: no mass passes, so that it averages to 0 sooner.)
    """
    moving = [{**DIFFUSE, "velocity_m_s": [0, speed, 0]} for speed in (-20, 20)]
    gas = scenario(
        boundaries={"x": dict(zip(("low", "high"), moving, strict=True))},
        domain={"cells": [20]}, initial={"particles": 2000}, sample={"start": 200,
        "fields_every": 1}, run={"time_step_mct": 0.2, "steps": 4200, "seed": 20261121},
    )  # fmt: skip
    told = {entry.name: entry for entry in forecast.expected_errors(gas)}
    with Simulation(gas, threads=1) as simulation:
        result = simulation.run()
    bounds = {name: (0.7, 1.9) for name in ("number_density", "temperature")}
    bounds["velocity_y"] = (0.7, 2.5)  # 1.73 on average over 40 seeds, each 0.16 off
    bounds |= {name: (0.2, 1.2) for name in ("pressure", "pressure_xy", "heat_flux_x")}
    for name, (lowest, highest) in bounds.items():
        field, entry = result.fields[name], told[f"{name} of a cell"]
        scale = field.value.mean() if entry.unit == "relative" else 1.0
        ratio = math.sqrt((field.error**2).mean()) / scale / entry.error
        assert lowest < ratio < highest, (name, ratio)
        # The wrong twin takes every sample as independent: ten in two collision times.
        assert math.sqrt(10.0) * ratio > highest or highest < 1.9
    for name in ("number_flux", "pressure", "shear", "heat_flux"):
        entry = told[f"wall_{name} at x low"]
        pairs = [getattr(result.walls[face], name) for face in ("x_low", "x_high")]
        pairs = [(value[1], error[1]) if name == "shear" else (value, error)
                 for value, error in pairs]  # fmt: skip
        scale = pairs[0][0] if entry.unit == "relative" else 1.0
        ratio = math.sqrt(sum(error**2 for _, error in pairs) / 2.0) / scale / entry.error
        assert 0.2 < ratio < 1.3, (name, ratio)
    for name, lowest in (("temperature", 0.95), ("temperature_x", 0.95), ("moment_4", 0.9)):
        series, entry = result.series[name], told[name]
        ratio = np.median(series.error / series.value) / entry.error
        assert lowest < ratio < 1.05, (name, ratio)


def test_files_that_do_not_fit_and_runs_without_end_are_warned_of():
    found = cautioned(scenario(run={"steps": 10**12}, sample={"every": 10**10}))["run.steps"]
    assert "would take about" in found.text and "years" in found.text
    # They are no matter of physics: a strict run may be resumed on a fuller disk.
    strict = {"steps": 10**12, "strict": True}
    assert scenario(run=strict, sample={"every": 10**10}).run.strict
    huge = scenario(output={"snapshots": 1}, run={"steps": 10**11}, sample={"every": 10**9})
    assert "PB" in cautioned(huge)["output.snapshots"].text
    assert sum(forecast.written(huge).values()) == pytest.approx(4000 * 33 * 1e11, rel=1e-3)


def test_the_check_can_be_read_by_programs():
    stream = io.StringIO()
    show_check(scenario(boundaries=WALLS, run={"time_step_mct": 0.4}), True, stream, 0.001, True)
    data = json.loads(stream.getvalue())
    assert data["target"] == 0.001 and data["scenario"]["run"]["time_step_mct"] == 0.4
    assert {"name", "value", "unit", "remark"} == set(data["derived"][0])
    assert {entry["quantity"] for entry in data["errors"]} >= {"temperature", "wall_shear"}
    assert any(entry["needed"] and entry["seconds"] for entry in data["errors"])
    assert data["warnings"][0]["key"] == "run.time_step_mct" and data["warnings"][0]["cure"]


def test_the_check_tells_the_price_in_steps_and_time():
    stream = io.StringIO()
    show_check(scenario(boundaries=WALLS), stream=stream, target=0.001)
    text = stream.getvalue()
    assert "needed for 0.001" in text and "wall time" in text
    row = next(row for row in text.splitlines() if row.strip().startswith("velocity_x, _y, _z of"))
    assert " steps (of v0)" in row and row.rstrip().endswith((" s", " min"))
    assert "wall_shear at x low, x high" in text and "exact to rounding" in text


def test_samples_closer_than_two_collision_times_are_not_independent():
    often = scenario(boundaries=WALLS, sample={"fields_every": 1})
    rarely = scenario(boundaries=WALLS, sample={"fields_every": 20})
    assert forecast.independent_samples(often) == forecast.independent_samples(rarely) == 50
    seldom = scenario(boundaries=WALLS, sample={"fields_every": 100})
    assert forecast.independent_samples(seldom) == 10


def test_a_careful_run_has_no_warnings():
    assert forecast.warnings(scenario()) == []
    assert forecast.warnings(scenario(boundaries=WALLS)) == []


@pytest.mark.parametrize("name", sorted(shipped()))
def test_shipped_scenarios_have_no_warnings(name):
    assert forecast.warnings(load(name)) == []


def test_a_long_time_step_is_warned_of_with_its_number():
    found = cautioned(scenario(run={"time_step_mct": 0.4}))["run.time_step_mct"]
    assert "0.4 mean collision times" in found.found
    tau = scenario().collision_time
    run = {"time_step_mct": None, "time_step_s": 0.4 * tau}
    assert "run.time_step_s" in cautioned(scenario(run=run))
    assert not cautioned(scenario(run={"time_step_mct": 0.4}, collisions={"scheme": "none"}))


def test_large_cells_matter_only_where_there_are_gradients():
    coarse = {"cells": [10]}  # one mean free path each
    assert not cautioned(scenario(domain=coarse))
    found = cautioned(scenario(domain=coarse, boundaries=WALLS))["domain.cells"]
    assert "1 mean free paths" in found.found
    assert "11.3%" in found.text  # viscosity: 0.113 (dx / lambda)^2
    assert "30 cells" in found.cure


def test_molecules_must_not_cross_cells_in_a_step():
    fine = {"cells": [200]}
    found = cautioned(scenario(domain=fine, boundaries=WALLS, run={"time_step_mct": 0.2}))
    assert "cross 3.54 cells in x" in found["run.time_step_mct"].text


def test_few_particles_per_cell_are_warned_of():
    found = cautioned(scenario(initial={"particles": 200}))
    assert found["initial.particles"].found == "5 per cell"


def test_a_run_that_averages_nothing_is_warned_of():
    gas = scenario(boundaries=WALLS, sample={"start": 1000})
    assert "nothing will be averaged" in cautioned(gas)["sample.start"].text


def test_particles_smaller_than_molecules_are_warned_of():
    assert "F_N = 0.5" in cautioned(scenario(initial={"particles": None, "weight": 0.5,
        "number_density_m3": 1e7}))["initial.particles"].found  # fmt: skip


def test_an_initial_state_that_is_not_there_is_warned_of(tmp_path):
    initial = {"kind": "file", "path": str(tmp_path / "before.h5")}
    assert "initial.path" in cautioned(scenario(initial=initial))
    (tmp_path / "before.h5").touch()
    assert "initial.path" not in cautioned(scenario(initial=initial))
