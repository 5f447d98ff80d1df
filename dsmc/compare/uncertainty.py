"""Errors between runs: what the stated errors of one run leave out that another run would show."""

from __future__ import annotations

import math

import numpy as np

from dsmc.averaging import TIME_BLOCKS
from dsmc.compare.pairing import CONSERVED, Points, Run
from dsmc.compare.slow_modes import widening
from dsmc.moments import BLOCKS
from dsmc.scenario import Scenario
from dsmc.species import BOLTZMANN

ROUNDING = {"float64": 1e-9, "float32": 1e-4}  # of what is conserved, over a whole run, relative
COUNTS = ("collisions_per_particle", "collision_rate")
_EXACT = 1e9  # degrees of freedom of an error that is known as such


def between_runs(points: Points, run: Run, other: Run) -> Points:
    """The same points with errors as between independent runs; an obstacle where there are none.

    Cells: modes of the gas that outlive a block of time are allowed for (`slow_modes`). Collision
    counts: their rate follows the temperature, which is random unless the scenario fixes it.
    Energy and momentum: fixed but for rounding, or random and not judged.
    """
    if points.kind == "series" and points.quantity in CONSERVED:
        return _conserved(points, run, other)
    a_error = points.a_error * _widening(run, points.kind)
    b_error = points.b_error * _widening(other, points.kind)
    if points.quantity in COUNTS:
        a_error = np.hypot(a_error, points.a * _spread_of_rate(run))
        b_error = np.hypot(b_error, points.b * _spread_of_rate(other))
    return points._replace(a_error=a_error, b_error=b_error)


def degrees(run: Run, kind: str) -> float:
    """Degrees of freedom of the errors of one kind of quantity in one run."""
    if run.scenario is None or not run.result.particles:
        return _EXACT
    if replicas(run) > 1:
        return replicas(run) - 1.0
    if kind == "series":
        return BLOCKS - 1.0
    if kind == "histogram":
        return _EXACT
    return max(1.0, blocks(run, kind)[0] - 1.0)


def replicas(run: Run) -> int:
    """How many replicas the result is the mean of."""
    return run.result.particles // run.scenario.particle_count if run.scenario else 1


def blocks(run: Run, kind: str) -> tuple[int, float]:
    """Number and length [s] of the blocks of time behind the errors of cells or walls."""
    scenario = run.scenario
    every = scenario.sample.fields_every or 1 if kind == "field" else 1
    start = scenario.sample.start
    steps = every * max(1, (scenario.steps - start) // (every * TIME_BLOCKS))
    return max(0, run.result.steps - start) // steps, steps * scenario.time_step


def _widening(run: Run, kind: str) -> float:
    if kind != "field" or run.scenario is None or replicas(run) > 1:
        return 1.0
    number, length = blocks(run, kind)
    return widening(run.scenario, length, number)


def _spread_of_rate(run: Run) -> float:
    """Relative error of a collision rate from the random temperature: rate ~ T^(1 - omega)."""
    scenario = run.scenario
    if scenario is None or replicas(run) > 1 or _fixes(scenario, "energy"):
        return 0.0
    steepest = max(1.0 - molecule.omega for molecule in scenario.molecules)
    return abs(steepest) * math.sqrt(2.0 / (3.0 * scenario.particle_count))


def _fixes(scenario: Scenario, quantity: str) -> bool:
    """Whether the scenario leaves nothing of this quantity to chance."""
    initial = scenario.initial
    exact = initial.exact_energy if quantity == "energy" else initial.zero_momentum
    return bool(scenario.homogeneous and exact)


def _conserved(points: Points, run: Run, other: Run) -> Points:
    margin = 0.0
    for scenario in (run.scenario, other.scenario):
        if scenario is None or not _fixes(scenario, points.quantity):
            nothing = np.zeros(0)
            return points._replace(
                a=nothing, a_error=nothing, b=nothing, b_error=nothing,
                obstacle="random from run to run, with errors of rounding",
            )  # fmt: skip
        thermal = 3.0 * BOLTZMANN * scenario.temperature
        mass = max(molecule.mass for molecule in scenario.molecules)
        scale = 0.5 * thermal if points.quantity == "energy" else math.sqrt(mass * thermal)
        whole = scale * scenario.weight * scenario.particle_count
        margin += ROUNDING[scenario.run.precision] * whole
    exact = np.zeros(points.a.shape)
    return points._replace(a_error=exact, b_error=exact, margin=margin)
