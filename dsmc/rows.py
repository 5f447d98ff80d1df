"""The rows of the tally of the faces: patches first, then the cells along faces, then planes.

0 … P - 1                  the patches, face by face (`scenario.patches`)
cells[face] …              the wall cells of each face, if they are asked for: along the other
                           axes, the first fastest (`walls.wall_cell`)
planes …                   the planes (`dsmc.crossings`)
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from dsmc.scenario import Scenario


class Rows(NamedTuple):
    """Where the rows of a tally are."""

    patches: int  # how many
    cells: tuple[int, ...]  # first row of the cells of each face and, last, that behind them; or ()
    planes: int  # row of the first
    total: int


def rows(scenario: Scenario) -> Rows:
    """Return the rows that a scenario needs."""
    behind = len(scenario.patches)
    cells: tuple[int, ...] = ()
    if scenario.sample.wall_cells:
        cells = (behind,)
        for axis in range(scenario.dimension):
            along = math.prod(cells_along(scenario.cells, axis))
            cells += (cells[-1] + along, cells[-1] + 2 * along)
        behind = cells[-1]
    planes = len(scenario.sample.planes)
    return Rows(len(scenario.patches), cells, behind, behind + planes)


def cells_along(cells: tuple[int, ...], axis: int) -> tuple[int, ...]:
    """Numbers of cells along a face normal to an axis: those of the other axes, x first."""
    return tuple(count for other, count in enumerate(cells) if other != axis)
