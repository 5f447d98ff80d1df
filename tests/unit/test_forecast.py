"""The forecast of a run: its scales, its errors against sampled gases, its warnings."""

import math

import numpy as np
import pytest

from dsmc import forecast
from dsmc.scenario import Scenario, load, memory, shipped
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
    assert error(gas, "velocity of") == pytest.approx(mean.std(), rel=0.045)


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
    needed = scenario(boundaries=WALLS, run={"steps": entry.steps_to_target})
    # The number of steps is a whole one.
    assert error(needed, "number_density") == pytest.approx(0.01, rel=0.02)


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
