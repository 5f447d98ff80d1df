"""Fluxes through planes: how much number, mass, momentum and energy cross per area and time."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from dsmc.crossings import COLUMNS, ENERGY, MASS, MOMENTUM, NUMBER, Crossings
from dsmc.loads import TallySampler

if TYPE_CHECKING:
    from dsmc.scenario import Scenario

AXES = "xyz"
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

    slabs : of the cells, whose sums are kept apart
    """

    def __init__(self, scenario: Scenario, start: int | None, slabs: int):
        planes = scenario.sample.planes
        axes = [AXES.index(plane.axis) for plane in planes]
        faces = [getattr(scenario.boundaries, plane.axis) for plane in planes]
        periods = [
            scenario.lengths[axis] if face.low.kind == "periodic" else 0.0
            for axis, face in zip(axes, faces, strict=True)
        ]
        self.names = [plane.name or f"{plane.axis} = {plane.position_m:g} m" for plane in planes]
        self.crossings = Crossings(
            np.array(axes, np.int64),
            np.array([plane.position_m for plane in planes], np.float64),
            np.array(periods, np.float64),
            np.zeros((slabs, len(planes), COLUMNS)),
        )
        super().__init__(start, lambda: self.crossings.tally.sum(axis=0))

    def state(self) -> dict[str, Any]:
        """Arrays and numbers that `restore` goes on from."""
        return super().state() | {"tally": self.crossings.tally}

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from what `state` told."""
        super().restore(state)
        self.crossings.tally[:] = state["tally"]

    def planes(self, scenario: Scenario) -> dict[str, Plane]:
        """Every plane by its name."""
        mean, error = self.per_step()
        found = {}
        for number, name in enumerate(self.names):
            axis = int(self.crossings.axis[number])
            area = scenario.volume / scenario.lengths[axis]
            scale = scenario.weight / (area * scenario.time_step)
            value, spread = mean[number] * scale, error[number] * scale
            found[name] = Plane(
                axis=AXES[axis],
                position=float(self.crossings.position[number]),
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
