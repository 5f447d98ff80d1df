"""Fluxes through planes: how much number, mass, momentum and energy cross per area and time."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from dsmc.faces import AXES
from dsmc.loads import TallySampler
from dsmc.rows import rows
from dsmc.walls import net

if TYPE_CHECKING:
    from dsmc.scenario import Scenario

# Columns of what has crossed a plane, upwards positive.
NUMBER = 0
MASS = 1  # [kg]
MOMENTUM = 2  # 3 columns [kg m/s]
ENERGY = 5  # [J]

FLUXES = {
    "number_flux": "m-2 s-1",
    "mass_flux": "kg m-2 s-1",
    "momentum_flux": "Pa",
    "energy_flux": "W m-2",
}
"""Fluxes of a plane and their units; the momentum flux has three components."""


@dataclass(frozen=True, eq=False)
class Plane:
    """What crosses a plane per area and time, along its axis positive; each as (value, error).

    axis, position : "x", "y" or "z", and where the plane lies on it [m]
    area           : [m2]; an area times a flux is a flow: `mass_flow` [kg s-1]
    number_flux    : molecules [m-2 s-1]
    mass_flux      : [kg m-2 s-1]
    momentum_flux  : (3,) [Pa], the pressure tensor with the flow, rho <v v_n>
    energy_flux    : kinetic energy [W m-2]
    degrees        : of freedom of Student's law for the errors
    """

    axis: str
    position: float
    area: float
    number_flux: tuple[Any, Any]
    mass_flux: tuple[Any, Any]
    momentum_flux: tuple[Any, Any]
    energy_flux: tuple[Any, Any]
    degrees: float = math.inf

    @property
    def mass_flow(self) -> tuple[float, float]:
        """Mass through the whole plane per time, and its error [kg s-1]."""
        value, error = self.mass_flux
        return self.area * value, self.area * error


class PlaneSampler(TallySampler):
    """Mean of what crosses every plane of a scenario in a step, and its error.

    tally : (slabs, rows, columns) of the run, growing: see `dsmc.rows`
    """

    def __init__(self, scenario: Scenario, start: int | None, tally: np.ndarray):
        planes = scenario.sample.planes
        self.names = [plane.label for plane in planes]
        mass = np.array([molecule.mass for molecule in scenario.molecules])
        first = rows(scenario).planes
        super().__init__(start, lambda: crossed(tally[:, first:].sum(axis=0), mass))

    def planes(self, scenario: Scenario) -> dict[str, Plane]:
        """Every plane by its name."""
        mean, error = self.per_step()
        found = {}
        for number, name in enumerate(self.names):
            chosen = scenario.sample.planes[number]
            axis = AXES.index(chosen.axis)
            area = scenario.volume / scenario.lengths[axis]
            scale = scenario.weight / (area * scenario.time_step)
            value, spread = mean[number] * scale, error[number] * scale
            found[name] = Plane(
                axis=chosen.axis,
                position=float(chosen.position_m),
                area=area,
                number_flux=(value[NUMBER], spread[NUMBER]),
                mass_flux=(value[MASS], spread[MASS]),
                momentum_flux=(
                    value[MOMENTUM : MOMENTUM + 3], spread[MOMENTUM : MOMENTUM + 3],
                ),
                energy_flux=(value[ENERGY], spread[ENERGY]),
                degrees=self.degrees,
            )  # fmt: skip
        return found


def crossed(tally: np.ndarray, mass: np.ndarray) -> np.ndarray:
    """What has crossed planes, upwards positive: number, mass, momentum (3), energy; (Q, 6).

    tally : (Q, columns) of their rows; mass : (S,) [kg]
    """
    balance = net(tally)
    number = balance[:, 5 : 5 + mass.size] - balance[:, 5 + mass.size :]
    return np.column_stack([number.sum(axis=1), number @ mass, balance[:, 1:5]])
