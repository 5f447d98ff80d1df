"""Stage: what a face of the box does to a particle that reaches it.

Faces are numbered 2 axis + side (side 0 at x = 0, side 1 at x = L).  A face is divided into
patches, each a boundary of its own kind; where their ranges overlap the first one acts.  Every
patch counts what it receives and gives back, so that numbers, momentum and energy of gas and faces
balance to rounding; only periodic faces and planes of symmetry bound no gas and count nothing.
If they are asked for, the cells along the faces count the same (`dsmc.rows`).
"""

from typing import NamedTuple

import numpy as np

from dsmc import draws
from dsmc.cells import index_along
from dsmc.compiled import nested_kernel
from dsmc.draws import unit_fine, words
from dsmc.reflection import (
    between,
    emission_speed,
    lord_normal,
    lord_tangential,
    maxwell_pair,
    speed_between,
)

NO_AXIS = np.int64(-1)  # along which no face is reached

PERIODIC = 0
SPECULAR = 1
DIFFUSE = 2
SYMMETRY = 3
CLL = 4
OPEN = 5
# By the name in a scenario.  An inlet of given flow is a diffuse wall that lets gas enter, too.
KINDS = {
    "periodic": PERIODIC, "specular": SPECULAR, "diffuse": DIFFUSE, "symmetry": SYMMETRY,
    "cll": CLL, "open": OPEN, "reservoir": OPEN, "pressure": OPEN, "mass-flow": DIFFUSE,
}  # fmt: skip
SILENT = (PERIODIC, SYMMETRY)  # kinds that count nothing

# Columns of a tally: particles, then momentum and energy brought to it and taken from it;
# behind them S columns of particles brought and S of particles taken, by species.
HITS = 0
MOMENTUM_IN = 1  # 3 columns [kg m/s]
ENERGY_IN = 4  # [J]
MOMENTUM_OUT = 5  # 3 columns
ENERGY_OUT = 8
COLUMNS = 9


class Walls(NamedTuple):
    """The patches of the faces of the box: P patches, K knots of profiles."""

    first: np.ndarray  # (2 d + 1,) the patches of a face are first[face] : first[face + 1]
    kind: np.ndarray  # (P,) of KINDS
    low: np.ndarray  # (P, d) where a patch begins [m]; along its normal -infinity
    high: np.ndarray  # (P, d) where it ends [m]
    accommodation: np.ndarray  # (P, 2) share of diffuse reflection; or of normal, tangential (CLL)
    along: np.ndarray  # (P,) axis along which temperature and velocity change
    knots: np.ndarray  # (P + 1,) the knots of a patch are knots[patch] : knots[patch + 1]
    place: np.ndarray  # (K,) [m]
    velocity: np.ndarray  # (K, 3) of the wall, tangential [m/s]
    thermal_speed: np.ndarray  # (K, S) sqrt(2 k T_w / m) [m/s]
    cells: np.ndarray  # (2 d + 1,) first row of the cells of each face in a tally; or none: (0,)


def columns(species_count: int) -> int:
    """Number of columns of a tally."""
    return COLUMNS + 2 * species_count


def net(tally: np.ndarray) -> np.ndarray:
    """What each row received: hits, momentum (3) and energy on balance, then particles brought.

    tally : (rows, columns); returns (rows, 5 + 2 S): the last S columns are particles taken
    """
    momentum = tally[:, MOMENTUM_IN : MOMENTUM_IN + 3] - tally[:, MOMENTUM_OUT : MOMENTUM_OUT + 3]
    energy = tally[:, ENERGY_IN] - tally[:, ENERGY_OUT]
    return np.column_stack([tally[:, HITS], momentum, energy, tally[:, COLUMNS:]])


@nested_kernel
def patch_at(phase, row, face, axes, walls):
    """The patch of a face on which a particle stands: the first that holds it, or the last."""
    last = walls.first[face + 1]
    for patch in range(walls.first[face], last):
        inside = True
        for axis in range(axes):
            x = phase[row, axis]
            inside = inside & (x >= walls.low[patch, axis]) & (x <= walls.high[patch, axis])
        if inside:
            return patch
    return last - 1


@nested_kernel
def reach_face(phase, row, species, axis, side, model, address, rank, hit, tally):
    """Put a particle on the face it reached, and let the face act; False if it leaves the box.

    address, rank, hit : where the random numbers are drawn; tally : (rows, columns) of the slab
    """
    lengths, walls = model.grid.lengths, model.walls
    first = len(lengths)
    face = 2 * axis + side
    patch = walls.first[face]
    if walls.kind[patch] == PERIODIC:
        phase[row, axis] = 0.0 if side == 1 else lengths[axis]
        return True
    phase[row, axis] = lengths[axis] if side == 1 else 0.0
    if walls.first[face + 1] > patch + 1:
        patch = patch_at(phase, row, face, first, walls)
    if walls.kind[patch] == SYMMETRY:
        phase[row, first + axis] = -phase[row, first + axis]
        return True
    s = 0 if species is None else species[row]
    mass = model.gas.mass[s]
    receive(phase, row, first, s, mass, tally[patch])
    if walls.cells.size > 0:
        receive(phase, row, first, s, mass, tally[wall_cell(phase, row, face, model)])
    if walls.kind[patch] == OPEN:
        return False
    reflect(phase, row, s, axis, side, first, patch, walls, address, rank, hit)
    send(phase, row, s, face, patch, model, tally)
    return True


@nested_kernel
def send(phase, row, s, face, patch, model, tally):
    """Count a particle that comes from a patch, where it stands."""
    first, mass = len(model.grid.lengths), model.gas.mass[s]
    give(phase, row, first, s, mass, tally[patch])
    if model.walls.cells.size > 0:
        give(phase, row, first, s, mass, tally[wall_cell(phase, row, face, model)])


@nested_kernel
def wall_cell(phase, row, face, model):
    """Row of a tally for the cell of a face on which a particle stands."""
    grid, number, stride = model.grid, model.walls.cells[face], 1
    for axis in range(len(grid.lengths)):
        if axis != face // 2:
            number += stride * np.int64(index_along(phase, row, axis, grid, grid.grading))
            stride *= grid.cells[axis]
    return number


@nested_kernel
def reflect(phase, row, s, axis, side, first, patch, walls, address, rank, hit):
    """Give a particle the velocity with which its wall sends it back."""
    kind = walls.kind[patch]
    if kind == SPECULAR:
        phase[row, first + axis] = -phase[row, first + axis]
        return
    a, b, c, d = words(address, draws.WALLS, rank, 2 * hit)
    if kind == CLL:
        scatter_partly(
            phase, row, s, axis, side, first, patch, walls, unit_fine(a, b), unit_fine(c, d),
            address, rank, hit,
        )  # fmt: skip
    elif unit_fine(a, b) < walls.accommodation[patch, 0]:
        emit(phase, row, s, axis, side, first, patch, walls, unit_fine(c, d), address, rank, hit)
    else:
        phase[row, first + axis] = -phase[row, first + axis]


@nested_kernel
def surface(phase, row, s, patch, walls):
    """Thermal speed and velocity of the wall where a particle stands, linear between knots."""
    start, stop = walls.knots[patch], walls.knots[patch + 1]
    low, high, share = start, start, 0.0
    if stop > start + 1:
        x = np.float64(phase[row, walls.along[patch]])
        high = start + 1
        while high < stop - 1 and x > walls.place[high]:
            high += 1
        low = high - 1
        share = (x - walls.place[low]) / (walls.place[high] - walls.place[low])
        share = min(max(share, 0.0), 1.0)
    return (
        speed_between(walls.thermal_speed[low, s], walls.thermal_speed[high, s], share),
        between(walls.velocity[low, 0], walls.velocity[high, 0], share),
        between(walls.velocity[low, 1], walls.velocity[high, 1], share),
        between(walls.velocity[low, 2], walls.velocity[high, 2], share),
    )


@nested_kernel
def emit(phase, row, s, axis, side, first, patch, walls, u, address, rank, hit):
    """Give a particle the velocity of diffuse emission from its wall."""
    a, b, c, d = words(address, draws.WALLS, rank, 2 * hit + 1)
    thermal, u_x, u_y, u_z = surface(phase, row, s, patch, walls)
    normal = emission_speed(thermal, u)
    one, two = maxwell_pair(thermal, unit_fine(a, b), unit_fine(c, d))
    moving = (u_x, u_y, u_z)
    next_axis, last_axis = (axis + 1) % 3, (axis + 2) % 3
    phase[row, first + axis] = normal if side == 0 else -normal
    phase[row, first + next_axis] = one + moving[next_axis]
    phase[row, first + last_axis] = two + moving[last_axis]


@nested_kernel
def scatter_partly(
    phase, row, s, axis, side, first, patch, walls, u_1, u_2, address, rank, hit
):  # fmt: skip
    """Give a particle the velocity after a wall of Cercignani, Lampis and Lord."""
    a, b, c, d = words(address, draws.WALLS, rank, 2 * hit + 1)
    thermal, u_x, u_y, u_z = surface(phase, row, s, patch, walls)
    one, two = maxwell_pair(thermal, unit_fine(a, b), unit_fine(c, d))
    moving = (u_x, u_y, u_z)
    next_axis, last_axis = (axis + 1) % 3, (axis + 2) % 3
    sigma = walls.accommodation[patch, 1]
    before = np.float64(phase[row, first + axis])
    normal = lord_normal(before, thermal, walls.accommodation[patch, 0], u_1, u_2)
    y = np.float64(phase[row, first + next_axis]) - moving[next_axis]
    z = np.float64(phase[row, first + last_axis]) - moving[last_axis]
    phase[row, first + axis] = normal if side == 0 else -normal
    phase[row, first + next_axis] = lord_tangential(y, one, sigma) + moving[next_axis]
    phase[row, first + last_axis] = lord_tangential(z, two, sigma) + moving[last_axis]


@nested_kernel
def receive(phase, row, first, s, mass, counts):
    """Count a particle that comes to a row of a tally; counts : (columns,)."""
    counts[HITS] += 1.0
    counts[COLUMNS + s] += 1.0
    add_momentum(phase, row, first, mass, counts, MOMENTUM_IN, ENERGY_IN)


@nested_kernel
def give(phase, row, first, s, mass, counts):
    """Count a particle that comes from a row of a tally; counts : (columns,)."""
    counts[(COLUMNS + counts.shape[0]) // 2 + s] += 1.0
    add_momentum(phase, row, first, mass, counts, MOMENTUM_OUT, ENERGY_OUT)


@nested_kernel
def add_momentum(phase, row, first, mass, counts, momentum, energy):
    """Add a particle's momentum and kinetic energy to a tally."""
    square = 0.0
    for k in range(3):
        v = np.float64(phase[row, first + k])
        counts[momentum + k] += mass * v
        square += v * v
    counts[energy] += 0.5 * mass * square
