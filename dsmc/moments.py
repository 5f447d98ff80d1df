"""Stage: moments of the velocities, in cells and over the whole gas."""

import numpy as np

from dsmc.compiled import kernel, nested_kernel
from dsmc.draws import shuffled
from dsmc.particles import Particles
from dsmc.scatter import speed
from dsmc.team import Team

# Columns of the sums of one species in one cell: count; v_x, v_y, v_z; v_x^2, v_y^2, v_z^2;
# v_x v_y, v_x v_z, v_y v_z; v^2 v_x, v^2 v_y, v^2 v_z; then what collided in between: collisions,
# and the squared distances of the partners.
COLLISIONS = 13
SEPARATIONS = 14  # [m^2]
COLUMNS = 15
# Columns of the sums of one species in a block of the whole gas, c about a given velocity:
# count; c_x, c_y, c_z; c_x^2, c_y^2, c_z^2; |c|, c^4, c^6, c^8.
GLOBAL_COLUMNS = 11
BLOCKS = 64  # random groups of rows whose sums are kept apart: they give the error bars
CHUNKS = 16  # fixed runs of rows that threads share; sums do not depend on their number


@nested_kernel
def velocity_of(phase, row, first):
    """The three components of a velocity, in double precision."""
    return (
        np.float64(phase[row, first]),
        np.float64(phase[row, first + 1]),
        np.float64(phase[row, first + 2]),
    )


@nested_kernel
def add_cell(phase, species, start, stop, first, factor, sums):
    """Add the velocity sums of the particles of one cell, times `factor`; sums : (S, COLUMNS)."""
    for row in range(np.uint64(start), np.uint64(stop)):
        s = 0 if species is None else species[row]
        u = np.float64(phase[row, first])
        v = np.float64(phase[row, first + 1])
        w = np.float64(phase[row, first + 2])
        square = u * u + v * v + w * w
        sums[s, 0] += factor
        sums[s, 1] += factor * u
        sums[s, 2] += factor * v
        sums[s, 3] += factor * w
        sums[s, 4] += factor * u * u
        sums[s, 5] += factor * v * v
        sums[s, 6] += factor * w * w
        sums[s, 7] += factor * u * v
        sums[s, 8] += factor * u * w
        sums[s, 9] += factor * v * w
        sums[s, 10] += factor * square * u
        sums[s, 11] += factor * square * v
        sums[s, 12] += factor * square * w


@nested_kernel
def add_rows(phase, species, start, stop, first, frame, sums):
    """Add the sums over the velocities c = v - frame of rows start:stop, dealt into blocks.

    Neighbouring rows came from the same cell and share signs of velocity: runs of rows would be
    no fair samples.  frame : (3,) [m/s]; sums : (BLOCKS, S, GLOBAL_COLUMNS)
    """
    for row in range(np.uint64(start), np.uint64(stop)):
        s = 0 if species is None else species[row]
        block = shuffled(row, BLOCKS)
        u = phase[row, first] - frame[0]
        v = phase[row, first + 1] - frame[1]
        w = phase[row, first + 2] - frame[2]
        uu, vv, ww = u * u, v * v, w * w
        square = uu + vv + ww
        fourth = square * square
        sums[block, s, 0] += 1.0
        sums[block, s, 1] += u
        sums[block, s, 2] += v
        sums[block, s, 3] += w
        sums[block, s, 4] += uu
        sums[block, s, 5] += vv
        sums[block, s, 6] += ww
        sums[block, s, 7] += speed(square)
        sums[block, s, 8] += fourth
        sums[block, s, 9] += fourth * square
        sums[block, s, 10] += fourth * fourth


@kernel
def add_cells(phase, species, offsets, first, sums):
    """Add the velocity sums of every cell, once; sums : (cells, S, COLUMNS)."""
    for cell in range(offsets.shape[0] - 1):
        add_cell(phase, species, offsets[cell], offsets[cell + 1], first, 1.0, sums[cell])


def cell_sums(state: Particles, species_count: int) -> np.ndarray:
    """Velocity sums of every cell now: (cells, S, COLUMNS)."""
    sums = np.zeros((state.offsets.size - 1, species_count, COLUMNS))
    add_cells(state.phase, state.species, state.offsets, state.dimension, sums)
    return sums


@kernel
def add_chunks(thread, threads, phase, species, first, frame, sums):
    """Add the sums of a thread's chunks of rows; sums : (CHUNKS, BLOCKS, S, GLOBAL_COLUMNS)."""
    count = phase.shape[0]
    for chunk in range(thread, CHUNKS, threads):
        start, stop = count * chunk // CHUNKS, count * (chunk + 1) // CHUNKS
        add_rows(phase, species, start, stop, first, frame, sums[chunk])


def block_sums(state: Particles, species_count: int, frame: np.ndarray, team: Team) -> np.ndarray:
    """Sums over c = v - frame in each of BLOCKS random groups: (BLOCKS, S, GLOBAL_COLUMNS)."""
    sums = np.zeros((CHUNKS, BLOCKS, species_count, GLOBAL_COLUMNS))
    team.each(add_chunks, team.threads, state.phase, state.species, state.dimension, frame, sums)
    return sums.sum(axis=0)
