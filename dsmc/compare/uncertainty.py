"""Errors between runs: what the stated errors of one run leave out that another run would show."""

from __future__ import annotations

import math

import numpy as np

from dsmc.compare.pairing import CONSERVED, Points, Run
from dsmc.moments import BLOCKS
from dsmc.scenario import Scenario
from dsmc.species import BOLTZMANN

ROUNDING = {"float64": 1e-9, "float32": 1e-4}  # of what is conserved, over a whole run, relative
COUNTS = ("collisions_per_particle", "collision_rate")
_EXACT = 1e9  # degrees of freedom of an error that is known as such


def between_runs(points: Points, run: Run, other: Run) -> Points:
    """The same points with errors as between independent runs; an obstacle where there are none.

    Collision counts: their rate follows the temperature, which is random unless the scenario fixes
    it. Energy and momentum: fixed but for rounding, or random and not judged.
    """
    if points.kind == "series" and points.quantity in CONSERVED:
        return _conserved(points, run, other)
    if points.quantity not in COUNTS:
        return points
    a_error = np.hypot(points.a_error, points.a * _spread_of_rate(run))
    b_error = np.hypot(points.b_error, points.b * _spread_of_rate(other))
    return points._replace(a_error=a_error, b_error=b_error)


def degrees(run: Run, kind: str, own: float) -> float:
    """Degrees of freedom of the errors of one kind of quantity in one run.

    own : those that the quantity states, whose errors come from blocks of time
    """
    if run.scenario is None or not run.result.particles:
        return _EXACT
    if replicas(run) > 1:
        return replicas(run) - 1.0
    if kind == "series":
        return BLOCKS - 1.0
    return min(own, _EXACT) if own >= 1.0 else 1.0


def replicas(run: Run) -> int:
    """How many replicas the result is the mean of."""
    return run.result.particles // run.scenario.particle_count if run.scenario else 1


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
