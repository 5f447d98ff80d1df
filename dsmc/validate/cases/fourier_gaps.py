"""Heat flux of hard spheres between diffuse plates, from temperature jump to free flight.

The plates have T (1 +- d/2). Each counts the energy it is brought and gives off; the heat flux,
over its free-molecular value at these two temperatures, depends on the Knudsen number alone where
d is small.
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
from dsmc.validate.homogeneous import MASS, NUMBER_DENSITY, TEMPERATURE
from dsmc.validate.wrong_laws import faster
from dsmc.walls import ENERGY_IN, ENERGY_OUT

DRIVES = {
    0.05: Drive(0.3, 8000),
    0.1: Drive(0.3, 3000),
    0.3: Drive(0.4, 1000),
    1.0: Drive(0.4, 500),
    5.0: Drive(0.4, 500),
    20.0: Drive(0.4, 500),
}  # d


def heat_flux(
    repetition: Repetition,
    grid: Grid,
    difference: float,
    accommodation: float = 1.0,
    collisions: str = "ntc",
) -> Values:
    """Heat flux over the free-molecular one, mean of both plates: (1,); difference : d."""
    hot, cold = (TEMPERATURE * (1.0 + sign * difference / 2.0) for sign in (1.0, -1.0))
    jump = 1.0 + 2.0 * reference.TEMPERATURE_JUMP / reference.rarefaction(grid.gap)

    def heated(x: Values, velocity: Values) -> Values:
        return velocity * np.sqrt(1.0 - difference / jump * x)[:, None]

    low, high = ({"temperature_K": T, "accommodation": accommodation} for T in (hot, cold))
    with repetition.simulation(gas_between(grid, low, high, collisions=collisions)) as simulation:
        start(simulation, heated)
        plates = received(simulation, grid)
    warmed = plates[:, ENERGY_IN] - plates[:, ENERGY_OUT]
    unit = reference.free_molecular_plates(NUMBER_DENSITY, hot, cold, MASS).heat_flux
    return np.array([(warmed[1] - warmed[0]) / (2.0 * float(unit))])


def measure(
    repetition: Repetition,
    numbers: Mapping[float, float],
    accommodation: float = 1.0,
    per_cell: int | None = None,
) -> Values:
    """The heat flux at every Knudsen number, then its change on the coarse grids: (2 K,)."""
    options = {"accommodation": accommodation, "per_cell": per_cell}
    return on_two_grids(repetition, heat_flux, DRIVES, numbers, **options)


def known(numbers: Mapping[float, float], per_cell: int | None = None) -> Figures:
    """Margin: what the extrapolation leaves, and the reference."""
    flows = {"heat flux ratio": reference.fourier_heat_flux}
    return known_at(numbers, flows, [1.5e-3], changes=0.1)


LONG = {0.05: 10.0, 0.1: 13.0, 0.3: 3.4, 1.0: 2.2, 5.0: 1.0, 20.0: 1.0}
"""For errors of 0.12 %."""

CASE = Case(
    name="fourier",
    question="Do unequal plates exchange the heat of theory through hard spheres, Kn = 0.05 to 20?",
    source="linear Boltzmann equation solved numerically, to 1e-4: reference.fourier_heat_flux",
    errors="scatter of independent gaps; temperatures, cells, steps, molecules per cell: "
    "extrapolated to second order from two grids",
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
