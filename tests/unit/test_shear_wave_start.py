"""A gas that starts as a shear wave: its amplitude is exact, and its decay is judged."""

from dataclasses import replace

import numpy as np
import pytest

import dsmc
from dsmc.initial import along_wave, wave
from dsmc.scenario import ScenarioError
from dsmc.verdict import judge

SMALL = {
    "initial.particles": 100_000, "domain.length_m": [2.2e-3], "domain.cells": [50],
    "run.steps": 36, "sample.start": 18, "sample.every": 1, "run.seed": 20261124,
}  # fmt: skip


@pytest.fixture(scope="module")
def run():
    scenario = dsmc.load("shear_wave_decay", SMALL)
    with dsmc.Simulation(scenario, threads=1) as simulation:
        state = simulation.particles
        start = np.array(state.position), np.array(state.velocity)
        return scenario, start, simulation.run(progress=False)


def test_the_wave_has_exactly_the_stated_amplitude(run):
    scenario, (position, velocity), result = run
    assert along_wave(position[:, 0], velocity, 2.2e-3).mean() == pytest.approx(100.0, rel=1e-12)
    assert result.series["shear_wave"].value[0] == pytest.approx(100.0, rel=1e-12)
    thermal = velocity.copy()
    thermal[:, 1:] -= 100.0 * wave(position[:, 0], 2.2e-3)
    temperature = scenario.molecules[0].mass * thermal.var(axis=0) / 1.380649e-23
    np.testing.assert_allclose(temperature, 300.0, rtol=5.0 * np.sqrt(2.0 / len(velocity)))


def test_its_error_is_that_of_independent_particles(run):
    _, (position, velocity), result = run
    own = along_wave(position[:, 0], velocity, 2.2e-3)
    expected = own.std() / np.sqrt(own.size)
    assert result.series["shear_wave"].error[0] == pytest.approx(expected, rel=1e-9)


def test_its_decay_is_judged_and_a_wrong_one_is_found(run):
    """The twin decays 20 % too fast: eight errors at half of the height."""
    scenario, _, result = run
    verdicts = judge(scenario, result).verdicts
    assert [v.quantity for v in verdicts] and all(v.passed for v in verdicts), verdicts
    series = result.series["shear_wave"]
    wrong = 100.0 * (series.reference / 100.0) ** 1.2
    twin = replace(result, series={"shear_wave": replace(series, value=wrong)})
    assert not all(v.passed for v in judge(scenario, twin).verdicts)


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"boundaries.x.kind": "specular"}, "boundaries.x"),
        ({"initial.velocity_m_s": [0, 10, 0]}, "initial.velocity_m_s"),
        ({"initial.amplitude_m_s": 0}, "initial.amplitude_m_s"),
        ({"species": [{"name": "Ar", "fraction": 1.0}], "gas.species": None}, "initial.kind"),
    ],
)
def test_a_wave_that_cannot_be_is_refused(changes, key):
    with pytest.raises(ScenarioError) as refusal:
        dsmc.load("shear_wave_decay", changes)
    assert key in str(refusal.value)


def test_only_a_wave_has_an_amplitude():
    with pytest.raises(ScenarioError, match="shear-wave"):
        dsmc.load("couette", {"sample.quantities": ["shear_wave"]})
