"""What the boundaries of the box received: one plain frozen value for each."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

Measured = tuple[Any, Any]  # (value, standard error); both shape (3,) for a vector

AXES = ("x", "y", "z")
FACES = ("x_low", "x_high", "y_low", "y_high", "z_low", "z_high")
PASSED = ("open", "reservoir", "pressure", "mass-flow")  # kinds that gas passes

FLUXES = {
    "number_flux": "m-2 s-1",
    "pressure": "Pa",
    "shear": "Pa",
    "heat_flux": "W m-2",
    "leaving": "m-2 s-1",
    "entering": "m-2 s-1",
    "mass_flux": "kg m-2 s-1",
}
"""What is known of a boundary, and the units."""


@dataclass(frozen=True, eq=False)
class Wall:
    """What a boundary received, per unit area and time; each as (value, error).

    face        : "x_low", "x_high", "y_low" …
    area        : [m2]
    number_flux : molecules that hit the face [m-2 s-1]
    pressure    : normal momentum handed to the wall [Pa], on balance
    shear       : (3,) tangential momentum handed to the wall, by direction [Pa]
    heat_flux   : energy handed to the wall [W m-2]
    leaving     : (S,) molecules of each species that came to it from the box [m-2 s-1]
    entering    : (S,) molecules of each species that it gave to the box [m-2 s-1]
    mass_flux   : mass that left the box through it, on balance [kg m-2 s-1]
    name        : of the boundary, that of the face unless it has its own
    kind        : "diffuse", "open" …
    degrees     : of freedom of Student's law for the errors
    """

    face: str
    area: float
    number_flux: Measured
    pressure: Measured
    shear: Measured
    heat_flux: Measured
    leaving: Measured = (np.zeros(0), np.zeros(0))
    entering: Measured = (np.zeros(0), np.zeros(0))
    mass_flux: Measured = (math.nan, math.nan)
    name: str = ""
    kind: str = ""
    degrees: float = math.inf

    def __post_init__(self) -> None:
        if not self.name:
            object.__setattr__(self, "name", self.face)
        if self.face not in FACES:
            raise ValueError(f"wall face {self.face!r} is none of {', '.join(FACES)}")

    @property
    def outflow(self) -> Measured:
        """Molecules that left the box here less those that entered [m-2 s-1]."""
        net = float(np.sum(self.leaving[0]) - np.sum(self.entering[0]))
        return net, math.hypot(*self.leaving[1], *self.entering[1])

    @property
    def mass_flow(self) -> Measured:
        """Mass that left the box here per time, on balance, and its error [kg s-1]."""
        value, error = self.mass_flux
        return self.area * value, self.area * error

    def figures(self) -> Iterator[tuple[str, str, float, float]]:
        """(name, unit, value, error) of what a table shows of it; one row for each component."""
        if self.kind in PASSED:
            yield ("mass_flow", "kg s-1", *self.mass_flow)
        yield ("pressure", "Pa", *self.pressure)
        for axis, *pair in zip(AXES, *self.shear, strict=True):
            yield (f"shear_{axis}", "Pa", *pair)
        yield ("heat_flux", "W m-2", *self.heat_flux)
