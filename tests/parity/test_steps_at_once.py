"""Steps in which nothing is due are taken at once: the same run as step by step, to the last bit.

No statistics, as in `test_threads`. The gas loses particles through an open face, into which none
enter; it has two species and ids, so that columns follow the rows from one step to the next. Walls,
planes and distributions are sampled besides the fields.
"""

from functools import cache

import numpy as np
import pytest

import dsmc
from dsmc.averaging import FieldSampler
from dsmc.loads import TallySampler
from tests.parity.boxes import COLD, HOT, box, datasets, differences, remains

BOUNDARIES = {"x": {"low": HOT, "high": {"kind": "open"}}, "y": {"low": COLD, "high": HOT}}
START = 23


def flask(walls: bool = True) -> dsmc.Scenario:
    """A gas that is rarely looked at; without walls and planes, where only fields are averaged."""
    quantities = ["temperature", "energy", "particles"]
    sample = {"every": 16, "start": START, "fields_every": 5, "quantities": quantities}
    choices = {"boundaries": BOUNDARIES} if walls else {"boundaries": {"x": {"kind": "periodic"}}}
    output = {"trajectory": 30, "particles": 20, "fields": 50, "snapshots": 70}
    kind = "basin" if walls else "line"
    return box(
        kind, steps=300, particles=600, run={"until": "steps"}, sample=sample, output=output,
        **choices,
    )  # fmt: skip


def played(scenario, folder, threads=1, callback=None):
    """What a run leaves, and how many steps were taken at once."""
    numbers = []
    with dsmc.Simulation(scenario, threads=threads, output=folder) as simulation:
        advance = simulation.executor.advance

        def counted(first, number, *others):
            numbers.append(number)
            return advance(first, number, *others)

        simulation.executor.advance = counted
        simulation.run(callback=callback)
        found = remains(simulation)
        found["particle steps"] = np.array(simulation.particle_steps)
    for name in ("trajectory.h5", "fields.vtkhdf", "particles.vtkhdf", "checkpoint.h5"):
        found |= {f"{name} {key}": array for key, array in datasets(folder / name).items()}
    assert sum(numbers) == scenario.steps
    return found, numbers


@cache
def step_by_step(walls, folder):
    found, numbers = played(flask(walls), folder, callback=lambda simulation: None)
    assert set(numbers) == {1}
    return found


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("step-by-step")


@pytest.mark.parametrize("threads", [1, 2, 3])
@pytest.mark.parametrize("walls", [True, False])
def test_steps_that_are_taken_at_once_are_those_taken_one_by_one(walls, threads, folder, tmp_path):
    right = step_by_step(walls, folder / str(walls))
    found, numbers = played(flask(walls), tmp_path, threads)
    assert differences(right, found) == []
    assert max(numbers) > 3 and min(numbers) == 1
    assert max(numbers[-40:]) > 1  # also when averages have begun
    if walls:
        assert right["particle steps"] < 300 * 600  # the gas leaves


def look(simulation):
    """After most steps, so that some begin with rows in their cells and others do not."""
    if simulation.steps % 5 < 3:
        assert np.all(np.isfinite(simulation.particles.position))


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_who_looks_at_the_particles_changes_nothing(threads, folder, tmp_path):
    right = step_by_step(True, folder / "True")
    found, _ = played(flask(), tmp_path, threads, look)
    assert differences(right, found) == []


@pytest.mark.parametrize("name", ["plane", "room"])
def test_who_looks_between_odd_and_even_numbers_of_steps_changes_nothing(name):
    """Each buffer may hold the rows then, in their cells or not."""
    ends = []
    for pieces in ((19,), (1, 2, 3, 2, 5, 4, 1, 1)):
        with dsmc.Simulation(box(name, particles=2000), threads=2) as simulation:
            for steps in pieces:
                simulation.advance(steps)
                assert np.all(np.isfinite(simulation.particles.velocity))
            ends.append(remains(simulation))
    assert differences(*ends) == []


@pytest.mark.parametrize("threads", [1, 3])
def test_who_looks_at_particles_that_enter_changes_nothing(threads):
    """A box that fills, so that buffers grow with rows in their cells and before."""
    dense = {"kind": "reservoir", "temperature_K": 300.0, "number_density_m3": 2e23}
    gas = box(
        "duct", steps=60, particles=200, boundaries={"x": {"low": dense, "high": HOT}},
        sample={"every": 20}, output={"trajectory": 20},
    )  # fmt: skip
    ends = []
    for callback in (None, look):
        with dsmc.Simulation(gas, threads=threads) as simulation:
            capacity = simulation._state.rows.shape[0]
            simulation.run(callback=callback)
            assert simulation._state.rows.shape[0] > 2 * capacity
            ends.append(remains(simulation))
    assert differences(*ends) == []


@pytest.mark.parametrize("sampler", [FieldSampler, TallySampler])
def test_a_sampler_that_is_asked_too_late_is_noticed(sampler, folder, tmp_path, monkeypatch):
    """The twins: samplers that claim to need nothing for longer than they do."""
    right = step_by_step(True, folder / "True")
    quiet = sampler.quiet
    monkeypatch.setattr(sampler, "quiet", lambda self, step: quiet(self, step) + 1)
    found, _ = played(flask(), tmp_path)
    wrong = differences(right, found)
    kind = "fields" if sampler is FieldSampler else "wall"
    assert any(kind in name for name in wrong)
