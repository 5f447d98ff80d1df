"""Flows that find by themselves when they are steady agree with the same flows averaged for long.

Small versions of the shipped scenarios begin far from where they end: too fast, too hot, too dense.
Ten runs of each begin their averages when they are steady and end at their targets. Hypothesis: the
mean of the ten differs from a long reference, averaged from late on, by less than the error that a
single run states, in every figure. For runs without a bias, and a reference whose own error is a
sixth of that of a run, this asks for less than 2.8 standard errors of the mean of ten: a look at
four figures fires by chance in 2 %. It is then repeated with 100 other runs (10 standard errors),
so that a false alarm needs 1e-20. The wrong twin averages over as many steps from the first one on.
"""

from collections.abc import Callable
from functools import cache
from typing import NamedTuple

import numpy as np
import pytest

import dsmc

SEED = 20261124
RUNS = 10
SETTLED = 3000  # steps: twenty relaxation times of the slowest flow and more
LONGER = 40  # times the average of a run is that of the reference
BY_ITSELF = {
    "sample.start": "steady", "run.until": "steady", "run.steps": 100_000, "run.seed": SEED,
    "sample.fields_every": 1, "sample.every": 100_000,
}  # fmt: skip


def in_cells(name, *cells):
    """Looks at a field in some of its cells, (y, x) in two dimensions: (K, 2) values and errors."""
    return lambda result: [
        (result.fields[name].value[cell], result.fields[name].error[cell]) for cell in cells
    ]


def on_wall(face, name, along=None):
    """Looks at a flux on a wall, at one component of a vector: (1, 2)."""

    def look(result):
        value, error = getattr(result.walls[face], name)
        return [(value, error)] if along is None else [(value[along], error[along])]

    return look


class Flow(NamedTuple):
    """What is changed in a shipped scenario, how exactly it is asked for, and what is looked at."""

    changes: dict
    targets: dict
    looks: tuple[Callable, ...]


FLOWS = {
    "couette": Flow(
        {"initial.particles": 3000, "domain.cells": [12], "domain.length_m": [8.4e-4],
         "run.time_step_mct": 0.2, "initial.velocity_m_s": [0, 400, 0],
         "boundaries.x.low.velocity_m_s": [0, -100, 0],
         "boundaries.x.high.velocity_m_s": [0, 100, 0]},
        {"wall_shear": 0.03},
        (on_wall("x_low", "shear", 1), on_wall("x_high", "shear", 1),
         in_cells("velocity_y", 1, 10)),
    ),
    "fourier": Flow(
        {"initial.particles": 3000, "domain.cells": [12], "domain.length_m": [8.4e-4],
         "run.time_step_mct": 0.2, "initial.temperature_K": 900,
         "boundaries.x.low.temperature_K": 200, "boundaries.x.high.temperature_K": 400},
        {"wall_heat_flux": 0.02},
        (on_wall("x_low", "heat_flux"), on_wall("x_high", "heat_flux"),
         in_cells("temperature", 1, 10)),
    ),
    "poiseuille": Flow(
        {"initial.particles": 3000, "domain.cells": [10], "run.time_step_mct": 0.2,
         "initial.velocity_m_s": [0, 300, 0]},
        {"velocity_y": 0.03},
        (on_wall("x_low", "shear", 1), in_cells("velocity_y", 0, 4, 9)),
    ),
    "cavity": Flow(
        {"initial.particles": 4000, "domain.cells": [12, 12], "domain.length_m": [6.5e-4, 6.5e-4],
         "initial.velocity_m_s": [-600, 400, 0]},
        {"wall_shear": 0.02},
        (on_wall("y_high", "shear", 0), on_wall("x_low", "shear", 1),
         in_cells("velocity_x", (3, 6), (10, 6))),
    ),
    "slit": Flow(
        {"initial.particles": 9000, "initial.number_density_m3": 3e21, "domain.cells": [8, 8],
         "sample.planes": [], "sample.distributions": [], "sample.wall_cells": False},
        {"number_density": 0.02},
        (on_wall("slit", "outflow"), in_cells("number_density", (4, 1), (4, 6)),
         in_cells("velocity_x", (4, 6))),
    ),
}  # fmt: skip


def run(name, replica, **changes):
    """The result of one run of a flow."""
    scenario = dsmc.load(name, BY_ITSELF | FLOWS[name].changes | changes)
    with dsmc.Simulation(scenario, 1, replica=replica) as simulation:
        return simulation.run()


def figures(name, result):
    """(K, 2) values and errors."""
    return np.array([pair for look in FLOWS[name].looks for pair in look(result)])


@cache
def runs_by_themselves(name, looser, number):
    """Ten runs of a flow in its own time; looser : by this factor are their targets."""
    targets = {quantity: looser * error for quantity, error in FLOWS[name].targets.items()}
    first = RUNS * number
    return [run(name, first + k, **{"sample.targets": targets}) for k in range(RUNS)]


@cache
def known(name, looser):
    """(K,) from one run that averages for long."""
    steps = LONGER * np.mean([taken(result) for result in runs_by_themselves(name, looser, 0)])
    late = {"sample.start": SETTLED, "run.until": "steps", "run.steps": SETTLED + int(steps)}
    return figures(name, run(name, 10_000, **late))[:, 0]


def taken(result):
    """Steps of a run over which it averaged."""
    return result.steps - result.sampling.start


def deviations(name, looser, results):
    """(K,) of the mean of some runs, in errors that a single run by itself states."""
    value = np.mean([figures(name, result)[:, 0] for result in results], axis=0)
    own = [figures(name, result)[:, 1] for result in runs_by_themselves(name, looser, 0)]
    error = np.mean(own, axis=0)
    print(f"\n{name}: averages from", [result.sampling.start for result in results], "over",
          [taken(result) for result in results])  # fmt: skip
    print("  mean ", value, "\n  known", known(name, looser), "\n  error of one", error)
    return (value - known(name, looser)) / error


def agrees(name, looser=1.0):
    """Whether ten runs agree with the reference; if not, whether a hundred others do."""
    if np.all(np.abs(deviations(name, looser, runs_by_themselves(name, looser, 0))) < 1.0):
        return True
    others = [
        result for number in range(1, 11) for result in runs_by_themselves(name, looser, number)
    ]
    return bool(np.all(np.abs(deviations(name, looser, others)) < 1.0))


def from_the_first_step(name, looser=1.0):
    """Whether ten twins, as long as the runs but averaged from the first step on, agree."""
    steps = int(np.mean([result.steps for result in runs_by_themselves(name, looser, 0)]))
    early = {"sample.start": 0, "run.until": "steps", "run.steps": steps}
    twins = [run(name, 20_000 + k, **early) for k in range(RUNS)]
    return bool(np.all(np.abs(deviations(name, looser, twins)) < 1.0))


def test_couette_flow_that_finds_its_steady_state_agrees_with_a_long_average():
    """Targets three times as loose."""
    assert agrees("couette", 3.0)
    assert not from_the_first_step("couette", 3.0)


@pytest.mark.long
@pytest.mark.parametrize("name", FLOWS)
def test_flows_that_find_their_steady_state_agree_with_a_long_average(name):
    assert agrees(name)
    assert not from_the_first_step(name)
