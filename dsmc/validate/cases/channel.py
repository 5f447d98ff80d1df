"""Hard spheres in a channel, driven along it by a force: what flows, and what heat it carries.

A force m g on every molecule acts on the linear flow as a pressure gradient -n m g. Between diffuse
walls at rest, a apart, the mass flow is G_P (g a/v0^2) rho v0, the heat flow -Q_P (g a/v0^2) p v0.
By Onsager's relation Q_P is the flow rate of thermal creep, of the mass that a temperature gradient
drives along the channel.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from dsmc import reference
from dsmc.validate.case import Case, Effort, Figures, Mutant, Repetition, Values
from dsmc.validate.gaps import (
    EVERY,
    Drive,
    Grid,
    fields_along,
    known_at,
    mass_flow,
    on_two_grids,
)
from dsmc.validate.homogeneous import MASS, NUMBER_DENSITY, PATH, V0

DRIVES = {
    0.05: Drive(0.04, 8000),
    0.1: Drive(0.05, 4000),
    0.3: Drive(0.06, 2000),
    1.0: Drive(0.05, 2000),
    5.0: Drive(0.02, 3000),
    20.0: Drive(0.01, 3000),
}  # g a/v0^2
"""In a gap of any width a molecule that flies along it falls for about tau_c: g tau_c << v0."""


def flow_rates(
    repetition: Repetition,
    grid: Grid,
    force: float,
    accommodation: float = 1.0,
    collisions: str = "ntc",
) -> Values:
    """G_P and Q_P: (2,); force : g a/v0^2."""
    slip = force * reference.VISCOUS_SLIP * V0
    parabola = force * reference.rarefaction(grid.gap) * V0
    acceleration = force * V0**2 / (grid.gap * PATH)
    fields = fields_along(
        repetition, grid, acceleration, lambda x: slip + parabola * (0.25 - x**2),
        accommodation, collisions,
    )  # fmt: skip
    pressure = NUMBER_DENSITY * MASS * V0**2 / 2.0
    heat = fields["heat_flux_y"].value.mean() / (pressure * V0)
    return np.array([mass_flow(fields), -heat]) / force


def measure(
    repetition: Repetition,
    numbers: Mapping[float, float],
    accommodation: float = 1.0,
    excess: float = 0.0,
) -> Values:
    """Both rates at every Knudsen number, then their changes on the coarse grids: (4 K,).

    excess : by how much the force of a twin is stronger than it is said to be
    """
    return on_two_grids(
        repetition, flow_rates, DRIVES, numbers, excess, accommodation=accommodation
    )


def known(numbers: Mapping[float, float]) -> Figures:
    """Margins: what the extrapolation leaves, and the reference; 1 % of the heat."""
    flows = {
        "flow rate": reference.poiseuille_flow,
        "heat flow": reference.thermal_creep_flow,
    }
    return known_at(numbers, flows, [1.5e-3, 1e-2], changes=0.3)


NARROW = Effort(16, {"numbers": {1.0: 1.0}})

LONG = {0.05: 26.0, 0.1: 16.0, 0.3: 6.0, 1.0: 4.5, 5.0: 20.0, 20.0: 10.0}
"""For errors of 0.12 %, and of 1 % of the heat."""

CASE = Case(
    name="channel",
    question="Do mass and heat flow along a driven channel as in theory, from Kn = 0.05 to 20?",
    source="linear Boltzmann equation solved numerically, to 3e-4: reference.poiseuille_flow, "
    "thermal_creep_flow",
    errors="scatter of independent channels; force, cells, steps, molecules per cell: extrapolated "
    "to second order from two grids",
    allowed="0.15 % of the flow, 1 % of the heat: the next order and the reference",
    measure=measure,
    known=known,
    efforts={
        "full": Effort(40, {"numbers": EVERY}),
        "tight": Effort(40, {"numbers": LONG}),
    },
    mutants=(
        Mutant("force 3 % too strong", settings={"excess": 0.03}, effort=NARROW),
        Mutant("walls with accommodation 0.97", settings={"accommodation": 0.97}, effort=NARROW),
    ),
)
