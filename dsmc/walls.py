"""Stage: what a face of the box does to a particle that reaches it.

Faces are numbered 2 axis + side (side 0 at x = 0, side 1 at x = L).  Every wall counts what it
receives and gives back, so that momentum and energy of gas and walls balance to rounding.
"""

from typing import NamedTuple

import numpy as np

from dsmc import draws
from dsmc.compiled import kernel
from dsmc.draws import unit_fine, words
from dsmc.reflection import emission_speed, maxwell_pair

PERIODIC = 0
SPECULAR = 1
DIFFUSE = 2
KINDS = {"periodic": PERIODIC, "specular": SPECULAR, "diffuse": DIFFUSE}

# Columns of a wall's tally: particles, then momentum and energy brought in and taken away.
HITS = 0
MOMENTUM_IN = 1  # 3 columns [kg m/s]
ENERGY_IN = 4  # [J]
MOMENTUM_OUT = 5  # 3 columns
ENERGY_OUT = 8
COLUMNS = 9


class Walls(NamedTuple):
    """The faces of the box: (d, 2) axis and side, then components or species."""

    kind: np.ndarray  # (d, 2) PERIODIC, SPECULAR or DIFFUSE
    accommodation: np.ndarray  # (d, 2) share of diffuse reflection (Maxwell)
    velocity: np.ndarray  # (d, 2, 3) of the wall, tangential [m/s]
    thermal_speed: np.ndarray  # (d, 2, S) sqrt(2 k T_w / m) [m/s]


def cells_along(cells: tuple[int, ...], axis: int) -> tuple[int, ...]:
    """Numbers of cells along a face normal to an axis: those of the other axes, x first."""
    return tuple(count for other, count in enumerate(cells) if other != axis)


def net(tally: np.ndarray) -> np.ndarray:
    """What each wall received on balance: hits, momentum (3), energy; (faces, 5).

    tally : (faces, COLUMNS)
    """
    momentum = tally[:, MOMENTUM_IN : MOMENTUM_IN + 3] - tally[:, MOMENTUM_OUT : MOMENTUM_OUT + 3]
    energy = tally[:, ENERGY_IN] - tally[:, ENERGY_OUT]
    return np.column_stack([tally[:, HITS], momentum, energy])


@kernel
def meet_face(phase, row, species, axis, side, first, model, address, rank, hit, tally):
    """Reflect a particle that stands on a wall.

    tally : (faces, COLUMNS) of the slab, and behind the faces their cells, if they are counted
    """
    s = 0 if species is None else species[row]
    counts, cell = tally[2 * axis + side], 0
    counts[HITS] += 1.0
    add_momentum(phase, row, first, model.gas.mass[s], counts, MOMENTUM_IN, ENERGY_IN)
    if tally.shape[0] > 2 * first:
        cell = wall_cell(phase, row, axis, side, model.grid)
        tally[cell, HITS] += 1.0
        add_momentum(phase, row, first, model.gas.mass[s], tally[cell], MOMENTUM_IN, ENERGY_IN)
    if model.walls.kind[axis, side] == SPECULAR:
        phase[row, first + axis] = -phase[row, first + axis]
    else:
        a, b, c, d = words(address, draws.WALLS, rank, 2 * hit)
        if unit_fine(a, b) < model.walls.accommodation[axis, side]:
            u = unit_fine(c, d)
            emit(phase, row, s, axis, side, first, model.walls, u, address, rank, hit)
        else:
            phase[row, first + axis] = -phase[row, first + axis]
    add_momentum(phase, row, first, model.gas.mass[s], counts, MOMENTUM_OUT, ENERGY_OUT)
    if cell > 0:
        add_momentum(phase, row, first, model.gas.mass[s], tally[cell], MOMENTUM_OUT, ENERGY_OUT)


@kernel
def wall_cell(phase, row, axis, side, grid):
    """Row of a tally for the wall cell on which a particle stands: faces first, then their cells.

    Cells of a face count along the other axes, the first fastest; faces follow each other.
    """
    axes = len(grid.lengths)
    all_cells = 1
    for count in grid.cells:
        all_cells *= count
    number = 2 * axes
    for other in range(axis):
        number += 2 * (all_cells // grid.cells[other])
    number += side * (all_cells // grid.cells[axis])
    stride = 1
    for other in range(axes):
        if other != axis:
            place = np.int64(phase[row, other] * grid.inverse_width[other])
            number += stride * min(place, grid.cells[other] - 1)
            stride *= grid.cells[other]
    return number


@kernel
def emit(phase, row, s, axis, side, first, walls, u, address, rank, hit):
    """Give a particle the velocity of diffuse emission from its wall."""
    a, b, c, d = words(address, draws.WALLS, rank, 2 * hit + 1)
    thermal = walls.thermal_speed[axis, side, s]
    normal = emission_speed(thermal, u)
    one, two = maxwell_pair(thermal, unit_fine(a, b), unit_fine(c, d))
    next_axis, last_axis = (axis + 1) % 3, (axis + 2) % 3
    phase[row, first + axis] = normal if side == 0 else -normal
    phase[row, first + next_axis] = one + walls.velocity[axis, side, next_axis]
    phase[row, first + last_axis] = two + walls.velocity[axis, side, last_axis]


@kernel
def add_momentum(phase, row, first, mass, counts, momentum, energy):
    """Add a particle's momentum and kinetic energy to a tally."""
    square = 0.0
    for k in range(3):
        v = np.float64(phase[row, first + k])
        counts[momentum + k] += mass * v
        square += v * v
    counts[energy] += 0.5 * mass * square
