"""Couette flow of hard spheres between diffuse plates, from slip to free flight.

The plates move by -U/2 and U/2. Each counts the momentum it is brought and gives off; the stress,
over its free-molecular value rho U v0/(2 sqrt pi), depends on the Knudsen number alone.
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
    gas_between,
    known_at,
    on_two_grids,
    received,
    start,
)
from dsmc.validate.homogeneous import MASS, NUMBER_DENSITY, TEMPERATURE, V0
from dsmc.validate.wrong_laws import faster
from dsmc.walls import MOMENTUM_IN, MOMENTUM_OUT

DRIVES = {
    0.05: Drive(0.45, 8000),
    0.1: Drive(0.45, 3000),
    0.3: Drive(0.6, 1000),
    1.0: Drive(0.8, 500),
    5.0: Drive(0.8, 500),
    20.0: Drive(0.8, 500),
}  # U [v0]


def stress(
    repetition: Repetition,
    grid: Grid,
    speed: float,
    accommodation: float = 1.0,
    collisions: str = "ntc",
) -> Values:
    """Shear stress over the free-molecular one, mean of both plates: (1,); speed : U [v0]."""
    U = speed * V0
    low, high = (
        {"velocity_m_s": [0.0, sign * U / 2.0, 0.0], "accommodation": accommodation}
        for sign in (-1.0, 1.0)
    )
    slope = U / (1.0 + 2.0 * reference.VISCOUS_SLIP / reference.rarefaction(grid.gap))

    def sheared(x: Values, velocity: Values) -> Values:
        velocity[:, 1] += slope * x
        return velocity

    scenario = gas_between(grid, low, high, collisions=collisions)
    with repetition.simulation(scenario) as simulation:
        start(simulation, sheared)
        plates = received(simulation, grid)
    dragged = plates[:, MOMENTUM_IN + 1] - plates[:, MOMENTUM_OUT + 1]
    unit = reference.free_molecular_couette_stress(NUMBER_DENSITY, TEMPERATURE, MASS, U)
    return np.array([(dragged[0] - dragged[1]) / (2.0 * float(unit))])


def measure(
    repetition: Repetition,
    numbers: Mapping[float, float],
    accommodation: float = 1.0,
    per_cell: int | None = None,
) -> Values:
    """The stress at every Knudsen number, then what it changes by on the coarse grids: (2 K,)."""
    options = {"accommodation": accommodation, "per_cell": per_cell}
    return on_two_grids(repetition, stress, DRIVES, numbers, **options)


def known(numbers: Mapping[float, float], per_cell: int | None = None) -> Figures:
    """Margin: what the extrapolation leaves, and the reference."""
    flows = {"stress ratio": reference.couette_stress}
    return known_at(numbers, flows, [1.5e-3], changes=0.1)


LONG = {0.05: 10.0, 0.1: 6.0, 0.3: 1.8, 1.0: 1.0, 5.0: 1.0, 20.0: 1.0}
"""For errors of 0.12 %."""

CASE = Case(
    name="couette",
    question="Do moving plates drag hard spheres with the stress of theory from Kn = 0.05 to 20?",
    source="linear Boltzmann equation solved numerically, to 1e-4: reference.couette_stress",
    errors="scatter of independent gaps; speed, cells, steps, molecules per cell: extrapolated to "
    "second order from two grids",
    allowed="0.15 %: the next order and the reference",
    measure=measure,
    known=known,
    efforts={
        "quick": Effort(16, {"numbers": {1.0: 1.0}}),
        "full": Effort(40, {"numbers": EVERY}),
        "tight": Effort(40, {"numbers": LONG}),
    },
    mutants=(
        Mutant("plates with accommodation 0.98", settings={"accommodation": 0.98}),
        Mutant("rate 5 % too high", faster(1.05), effort=Effort(16, {"numbers": {0.3: 1.0}})),
    ),
    on_device={"per_cell": 16},
)
