"""Thermal creep of hard spheres along a channel whose walls grow warmer, measured directly.

A gas that is everywhere in equilibrium with walls of temperature T(y) obeys, to first order in
tau = (a/T) dT/dy, the linear Boltzmann equation with the source -tau c_y (c^2 - 5/2) f_0, c in
units of v0. A force along the channel that depends on the speed,

    F_y = -(tau/2) (m v0^2/a) (c^2 - 3/2),

gives the same source, -d(F_y f_0)/dc_y, in a gas that is uniform along the channel: the heat-flow
algorithm of D. J. Evans, Phys. Lett. A 91 (1982) 457, in the limit of a dilute gas. What flows is
the mass G_T (tau/2) rho v0.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from dsmc import reference
from dsmc.compiled import law
from dsmc.validate.case import Case, Effort, Figures, Mutant, Repetition, Values
from dsmc.validate.gaps import (
    Drive,
    Grid,
    fields_along,
    known_at,
    mass_flow,
    on_two_grids,
)
from dsmc.validate.homogeneous import PATH, V0

DRIVES = {
    0.1: Drive(0.04, 3000),
    0.3: Drive(0.05, 4000),
    1.0: Drive(0.06, 2000),
    5.0: Drive(0.02, 3000),
    20.0: Drive(0.01, 3000),
}  # tau/2
"""The force works, so the gas grows warmer by a share of order tau^2, and a warmer gas is pushed on
the whole: in wide channels, where pushing is so much more effective than creep, tau must be small.
At Kn = 0.05 too small to tell the flow from its noise; there Onsager's twin is measured alone.
"""


@law
def heat_force(acceleration, phase, row, axes):
    """The law of acceleration[1] (c^2 - 3/2) along y; phase[row, axes : axes + 3] = v [m/s]."""
    square = phase[row, axes] ** 2 + phase[row, axes + 1] ** 2 + phase[row, axes + 2] ** 2
    return acceleration[0], acceleration[1] * (square / V0**2 - 1.5), acceleration[2]


def _pushing_on_the_whole(acceleration, phase, row, axes):
    """acceleration[1] (c^2 - 1.485)"""
    x, y, z = heat_force(acceleration, phase, row, axes)
    return x, y + 0.015 * acceleration[1], z


def flow_rate(repetition: Repetition, grid: Grid, gradient: float) -> Values:
    """G_T: (1,); gradient : tau/2."""
    speed = reference.thermal_creep_flow(grid.gap) * gradient * V0
    acceleration = -gradient * V0**2 / (grid.gap * PATH)
    laws = {"felt_acceleration": heat_force, **(repetition.laws or {})}
    pushed = replace(repetition, laws=laws)
    fields = fields_along(
        pushed, grid, acceleration, lambda x: np.full_like(x, speed), accommodation=1.0
    )
    return np.array([mass_flow(fields) / gradient])


def measure(repetition: Repetition, numbers: Mapping[float, float], excess: float = 0.0) -> Values:
    """The flow rate at every Knudsen number, then its changes on the coarse grids: (2 K,).

    excess : by how much the gradient of a twin is stronger than it is said to be
    """
    return on_two_grids(repetition, flow_rate, DRIVES, numbers, excess)


def known(numbers: Mapping[float, float]) -> Figures:
    """Margin: what the extrapolation leaves."""
    flows = {"creep": reference.thermal_creep_flow}
    return known_at(numbers, flows, [1e-2], changes=0.3)


NARROW = Effort(24, {"numbers": {1.0: 4.0}})

CASE = Case(
    name="thermal-creep",
    question="Does gas creep along walls that grow warmer as in theory, Kn = 0.3 to 20?",
    source="linear Boltzmann equation solved numerically, to 3e-4: reference.thermal_creep_flow",
    errors="scatter of independent channels; gradient, cells, steps, molecules per cell: "
    "extrapolated to second order from two grids",
    allowed="1 %: the next order",
    measure=measure,
    known=known,
    efforts={
        "full": Effort(40, {"numbers": {0.3: 1.0, 1.0: 1.0, 5.0: 1.0, 20.0: 1.0}}),
        "tight": Effort(40, {"numbers": {0.1: 20.0, 0.3: 2.5, 1.0: 1.0, 5.0: 2.5, 20.0: 2.0}}),
    },
    mutants=(
        Mutant("gradient 5 % too weak", settings={"excess": -0.05}, effort=NARROW),
        Mutant("a force that vanishes at c^2 = 1.485",
               {"felt_acceleration": _pushing_on_the_whole}, effort=NARROW),
    ),
)  # fmt: skip
