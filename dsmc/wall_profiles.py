"""What walls receive along them: pressure, shear, heat and hits of every wall cell, with errors.

The tally of a wall has a row for each face and, if they are asked for, behind them a row for each
cell of each face (`walls.wall_cell`). Nothing but the rows and the area of a cell is needed here.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from dsmc.result import AXES, FACES, Measured
from dsmc.walls import PERIODIC, cells_along

if TYPE_CHECKING:
    from dsmc.scenario import Scenario
    from dsmc.simulation import Simulation

FLUXES = {"number_flux": "m-2 s-1", "pressure": "Pa", "shear": "Pa", "heat_flux": "W m-2"}


@dataclass(frozen=True, eq=False)
class WallProfile:
    """What the cells of a face received per area and time; each as (value, error).

    face        : "x_low" …
    along       : names of the axes along the face, the first counts fastest
    places      : of each of them the centres of its cells, (n,) [m]
    area        : of a wall cell [m2]
    number_flux : molecules that hit it, (n_1,) or (n_2, n_1) [m-2 s-1]
    pressure    : normal momentum handed to it [Pa]
    shear       : tangential momentum by direction, (3, n_1) or (3, n_2, n_1) [Pa]
    heat_flux   : energy handed to it [W m-2]
    degrees     : of freedom of Student's law for the errors
    """

    face: str
    along: tuple[str, ...]
    places: tuple[np.ndarray, ...]
    area: float
    number_flux: Measured
    pressure: Measured
    shear: Measured
    heat_flux: Measured
    degrees: float = math.inf


def rows_of_walls(scenario: Scenario) -> int:
    """Rows of the tally of the walls: faces, and their cells if they are asked for."""
    axes = range(scenario.dimension)
    cells = sum(2 * math.prod(cells_along(scenario.cells, axis)) for axis in axes)
    return 2 * scenario.dimension + cells * scenario.sample.wall_cells


def wall_profiles(simulation: Simulation) -> dict[str, WallProfile]:
    """The profiles of every face that is a wall; {} where they are not asked for."""
    scenario = simulation.scenario
    if not scenario.sample.wall_cells:
        return {}
    sampler = simulation.wall_sampler
    mean, _ = sampler.per_step()
    degrees = sampler.blocks.degrees(pooled=True)
    found, row = {}, 2 * scenario.dimension
    for axis in range(scenario.dimension):
        cells = cells_along(scenario.cells, axis)
        count = math.prod(cells)
        for side in range(2):
            rows = slice(row, row + count)
            row += count
            if simulation.wall_kinds[axis, side] == PERIODIC:
                continue
            face = FACES[2 * axis + side]
            error, _ = sampler.blocks.error(  # the cells of a face share their correlation
                sampler.steps, lambda mean, steps, rows=rows: mean[rows].T, pooled=True
            )
            error = np.broadcast_to(error.T, mean[rows].shape)
            found[face] = _profile(scenario, face, axis, side, mean[rows], error, degrees)
    return found


def _profile(
    scenario: Scenario, face: str, axis: int, side: int, mean, error, degrees: float
) -> WallProfile:
    """One face from what its cells received in a step, (cells, 5 or more)."""
    others = [other for other in range(scenario.dimension) if other != axis]
    counts = [scenario.cells[other] for other in others]
    widths = [scenario.lengths[other] / scenario.cells[other] for other in others]
    area = scenario.volume / scenario.lengths[axis] / math.prod(counts)
    scale = scenario.weight / (area * scenario.time_step)
    shape = tuple(reversed(counts))
    value, spread = (
        np.moveaxis(column * scale, 0, -1).reshape(-1, *shape) for column in (mean, error)
    )
    shear, shear_error = value[1:4].copy(), spread[1:4].copy()
    shear[axis] = shear_error[axis] = 0.0
    outward = 1.0 if side == 1 else -1.0
    return WallProfile(
        face,
        tuple(AXES[other] for other in others),
        tuple(
            (np.arange(count) + 0.5) * width for count, width in zip(counts, widths, strict=True)
        ),
        area,
        number_flux=(value[0], spread[0]),
        pressure=(outward * value[1 + axis], spread[1 + axis]),
        shear=(shear, shear_error),
        heat_flux=(value[4], spread[4]),
        degrees=degrees,
    )
