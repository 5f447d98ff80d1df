"""The end of a transient is told from the records of a flow, and averages begin there."""

import math

import numpy as np
import pytest

import dsmc
from dsmc import steady
from dsmc.compare import identical
from dsmc.slow_modes import slowest_time

SEED = 20261124
FLOW = {
    "initial.particles": 600, "domain.cells": [6], "domain.length_m": [4.2e-4], "run.seed": SEED,
    "run.time_step_mct": 0.2, "run.steps": 3000, "sample.fields_every": 4, "sample.every": 100,
    "sample.start": "steady", "run.until": "steady",
    "sample.targets": {"velocity_y": 0.2, "wall_shear": 0.2},
}  # fmt: skip


def records(runs, samples, height, white, numbers=12, time=20.0):
    """Numbers of a gas: slow processes of one correlation time, white noise, and in the first
    number a transient `height` exp(-t / time): (runs, samples, numbers).
    """
    draw = np.random.default_rng(SEED)
    x = draw.standard_normal((samples, runs, numbers))
    kept = math.exp(-1.0 / time)
    for k in range(1, samples):
        x[k] = kept * x[k - 1] + math.sqrt(1.0 - kept**2) * x[k]
    x[:, :, 0] += height * np.exp(-np.arange(samples) / time)[:, None]
    x += white * draw.standard_normal(x.shape)
    return x.transpose(1, 0, 2)


def first_steady(x, settled=steady.is_settled, soonest=60):
    """Samples after which a record is called steady; its length if it never is."""
    n = max(soonest, steady.FEWEST)
    while n < len(x):
        if settled(x[:n]):
            return n
        n = int(n * steady.GROWTH) + 1
    return len(x)


# ------------------------------------------------------------------ the rules


def test_mser_leaves_out_a_step_and_keeps_noise():
    draw = np.random.default_rng(SEED)
    noise = draw.standard_normal((200, 500))
    assert np.median(steady.mser(noise)) < 50
    noise[:37] += 30.0
    assert np.median(steady.mser(noise)) < 75
    assert np.all(steady.mser(noise) >= 37)


def test_mser_is_its_definition():
    x = np.random.default_rng(SEED).random((40, 1))
    values = [np.sum((x[d:] - x[d:].mean()) ** 2) / (40 - d) ** 2 for d in range(36)]
    assert steady.mser(x)[0] == np.argmin(values)


def test_a_slope_is_that_of_least_squares_in_its_error():
    """Of 2000 records without correlation the standardised slopes follow Student's law roughly:
    those above 2.145 (5 %) are 2 to 8 %, since the correlation of the residuals is estimated."""
    noise = np.random.default_rng(SEED).standard_normal((160, 2000))
    assert 0.02 < np.mean(steady.slope(noise) > 2.145) < 0.08
    drifting = noise + np.linspace(0.0, 3.0, 160)[:, None]
    assert np.mean(steady.slope(drifting) > 2.145) > 0.99


@pytest.mark.parametrize("white", [0.0, 3.0])
@pytest.mark.parametrize("height", [0.0, 10.0, 100.0])
def test_averages_begin_after_the_transient_and_not_much_later(height, white):
    """40 records of 60 relaxation times.

    What is left of the transient would shift an average over 20 of its times by less than one
    standard error, sqrt(2 time/T + white^2/T), in every record; 95 % begin within 40 times. (A
    transient hidden in white noise is only kept away by the three relaxation times.)
    """
    found = np.array([first_steady(x) for x in records(40, 1200, height, white)])
    left = height * np.exp(-found / 20.0) * 20.0 / 400.0
    assert np.all(left < math.hypot(math.sqrt(0.1), white / 20.0))
    assert np.mean(found <= 800) >= 0.95


def test_without_its_rules_averages_would_begin_in_the_transient():
    """The mutants look at no slope or wait for no relaxation time: the shift is larger by far."""
    slow, noisy = records(40, 400, 100.0, 0.0), records(40, 400, 100.0, 3.0)
    found = np.array([first_steady(x, lambda x: True) for x in slow])
    ruled = np.array([first_steady(x) for x in slow])
    assert np.all(np.exp(-found / 20.0) > 4.0 * np.exp(-ruled / 20.0))
    found = np.array([first_steady(x, lambda x: True, soonest=0) for x in noisy])
    left = 100.0 * np.exp(-found / 20.0) * 20.0 / 400.0
    assert np.all(left > 2.0 * math.hypot(math.sqrt(0.1), 3.0 / 20.0))


# ------------------------------------------------------------------ in a flow


@pytest.fixture(scope="module")
def whole():
    return run()


def run(threads=1, **changes):
    with dsmc.Simulation(dsmc.load("couette", FLOW | changes), threads) as simulation:
        return simulation.run()


def same(a, b):
    """Whether two results have the same averages, to the last bit."""
    return a.sampling == b.sampling and a.steps == b.steps and identical(a, b)


def test_a_flow_begins_its_averages_and_ends_at_its_targets(whole):
    scenario = dsmc.load("couette", FLOW)
    sampling = whole.sampling
    assert sampling.start * scenario.time_step >= steady.SLOWEST * slowest_time(scenario)
    assert sampling.time == pytest.approx(sampling.start * scenario.time_step)
    assert sampling.ended == "the targets are reached" and whole.steps < scenario.steps
    u = whole.fields["velocity_y"]
    assert np.sqrt(np.mean(u.error**2)) <= 0.2 * np.abs(u.value).max()
    shear = [wall.shear for wall in whole.walls.values()]
    largest = max(np.abs(value).max() for value, _ in shear)
    assert max(error.max() for _, error in shear) <= 0.2 * largest
    assert "averages from step" in str(sampling)


def test_the_number_of_threads_does_not_change_when_averages_begin(whole):
    assert same(whole, run(threads=3))


@pytest.mark.parametrize("after", [60, 700])
def test_a_run_goes_on_exactly_before_and_after_it_is_steady(whole, after, tmp_path):
    """The checkpoints lie in the transient and in the averages."""
    assert 60 < whole.sampling.start < 700 < whole.steps
    with dsmc.Simulation(dsmc.load("couette", FLOW), 1) as simulation:
        simulation.run(steps=after)
        simulation.save(tmp_path / "checkpoint.h5")
    with dsmc.resume(tmp_path / "checkpoint.h5") as simulation:
        assert same(whole, simulation.run())


def test_a_run_that_has_ended_stays_ended(tmp_path):
    with dsmc.Simulation(dsmc.load("couette", FLOW), 1, output=tmp_path) as simulation:
        ended = simulation.run()
    with dsmc.resume(tmp_path) as simulation:
        assert simulation.run().steps == ended.steps
    opened = dsmc.open(tmp_path)
    assert opened.sampling == ended.sampling
    assert not opened.unfinished


def test_targets_out_of_reach_end_at_the_last_step_and_are_named():
    found = run(**{"sample.targets": {"velocity_y": 1e-6}, "run.steps": 900})
    assert found.steps == 900
    assert found.sampling.ended == "the last step, short of the targets of velocity_y"


def test_a_flow_that_is_not_steady_yet_has_no_averages():
    found = run(**{"run.steps": 50})
    assert found.sampling.start is None and "not steady yet" in found.sampling.because
    assert not found.fields
    assert all(np.isnan(wall.heat_flux[0]) for wall in found.walls.values())


def test_python_runs_until_a_flow_is_steady():
    changes = {"sample.targets": None, "run.until": "steps"}
    with dsmc.Simulation(dsmc.load("couette", FLOW | changes), 1) as simulation:
        simulation.run(until="steady")
        assert simulation.steps == simulation.result.sampling.start
        simulation.run(steps=40)
        assert simulation.field_sampler.whole.samples == 10
    with (
        dsmc.Simulation(dsmc.load("couette", FLOW | changes | {"sample.start": 0}), 1) as other,
        pytest.raises(ValueError, match=r"sample\.start"),
    ):
        other.run(until="steady")


def test_averages_begin_anew_where_a_drift_comes_out():
    """A record that drifts on while it is averaged, and one that does not."""
    scenario = dsmc.load("couette", FLOW)
    for drift, restarts in ((0.0, 0), (1.0, 1)):
        watch = steady.Watch(scenario, 4, 2)
        draw = np.random.default_rng(SEED)
        for step in range(3000):
            sums = 100.0 + draw.standard_normal((6, 1, 13))
            if watch.begun is not None and watch.restarts == 0:
                sums += drift * (step - watch.begun) / 500.0
            watch.observe(step, sums, np.zeros((2, 5)))
        assert watch.begun is not None
        assert watch.restarts == restarts


def test_replicas_wait_each_for_itself():
    from dsmc.replicas import combined, run_replicas

    scenario = dsmc.load("couette", FLOW | {"run.replicas": 2})
    results = run_replicas(scenario, 2, 1)
    both = combined(scenario, results)
    assert both.sampling.start == min(result.sampling.start for result in results)
    assert both.steps == max(result.steps for result in results)
    rows = min(result.series["temperature"].time.size for result in results)
    assert both.series["temperature"].time.size == rows
    assert max(result.steps for result in results) <= run().steps  # half the square of the error


def test_a_mass_flow_can_be_a_target():
    scenario = dsmc.load("slit", {
        "initial.particles": 2000, "domain.cells": [5, 5], "sample.start": 200, "run.seed": SEED,
        "sample.targets": {"mass_flow": 0.1}, "sample.distributions": [], "run.steps": 4000,
        "sample.planes": [{"axis": "x", "position_m": 4e-4, "name": "middle"}],
    })  # fmt: skip
    with dsmc.Simulation(scenario, threads=1) as simulation:
        found = simulation.run()
    assert found.sampling.ended == "the targets are reached"
    flows = [found.planes["middle"].mass_flow, found.walls["slit"].mass_flow]
    flows.append(found.walls["x_low"].mass_flow)
    largest = max(abs(value) for value, _ in flows)
    assert max(error for _, error in flows) <= 0.1 * largest
    slit, mass = found.walls["slit"], scenario.molecules[0].mass
    assert slit.mass_flow[0] == pytest.approx(slit.outflow[0] * mass * slit.area)
    assert found.walls["x_high"].mass_flow == (0.0, 0.0)  # a wall
