"""The states of gas that a scenario foresees: at the start, outside, before its walls."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from dsmc.species import BOLTZMANN

if TYPE_CHECKING:
    from dsmc.scenario.model import Scenario


def states(scenario: Scenario) -> list[tuple[float, float]]:
    """(n [1/m^3], T [K]) of every part of the initial state, and of every gas outside."""
    outside = []
    for patch in scenario.patches:
        gas = patch.boundary
        if patch.kind == "reservoir":
            outside.append((gas.number_density_m3, gas.temperature_K))
        elif patch.kind == "pressure":
            density = gas.pressure_Pa / (BOLTZMANN * gas.temperature_K)
            outside.append((density, gas.temperature_K))
    if scenario.initial.kind != "riemann":
        return [(scenario.number_density, scenario.temperature), *outside]
    sides = (scenario.initial.left, scenario.initial.right)
    return [*((side.number_density_m3, side.temperature_K) for side in sides), *outside]


def shortest_scales(scenario: Scenario) -> tuple[float, float]:
    """(lambda [m], tau_c [s]) where they are shortest in these states, or before a cold wall."""
    foreseen = [*states(scenario), *_before_walls(scenario)]
    paths, times = zip(*(scenario.scales_at(*state) for state in foreseen), strict=True)
    return min(paths), min(times)


def _before_walls(scenario: Scenario) -> Iterator[tuple[float, float]]:
    """(n, T) of gas that took the temperature of a wall at the mean pressure of the start."""
    pressure = scenario.number_density * scenario.temperature  # over k
    for patch in scenario.patches:
        face = patch.boundary
        if patch.kind == "diffuse" and face.accommodation > 0.0:
            along = face.profile and face.profile.temperature_K
            for temperature in along or (face.temperature_K,):
                yield pressure / temperature, temperature
