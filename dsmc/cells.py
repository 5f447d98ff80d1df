"""Stage: uniform Cartesian cells, and particles kept physically sorted by cell.

The cell number counts x fastest: cell = i_x + n_x (i_y + n_y i_z).  Particles of cell c are the
rows offsets[c] : offsets[c + 1].  The order inside a cell is (source cell, rank there), whatever
the number of threads: a stable counting sort over contiguous runs of cells.

Work is divided twice.  `SLABS` fixed, contiguous runs of cells own the partial sums, so that
totals do not depend on the number of threads; each thread takes a contiguous run of slabs.
"""

from typing import NamedTuple

import numpy as np

from dsmc.compiled import kernel

SLABS = 128


class Grid(NamedTuple):
    """Uniform cells over a box [0, L_x] x ...; tuples of length d (1, 2 or 3)."""

    lengths: tuple[float, ...]  # [m]
    inverse_width: tuple[float, ...]  # cells per metre
    cells: tuple[int, ...]
    volume: float  # of one cell [m^3]


def grid(lengths: tuple[float, ...], cells: tuple[int, ...], dtype: type = np.float64) -> Grid:
    """Return the grid of a box; missing lengths (of a 1-D or 2-D box) are 1 m.

    dtype : precision of the positions, in which the flight computes
    """
    volume = 1.0
    for length, count in zip(lengths, cells, strict=True):
        volume *= length / count
    return Grid(
        tuple(dtype(length) for length in lengths),
        tuple(dtype(count / length) for length, count in zip(lengths, cells, strict=True)),
        tuple(int(count) for count in cells),
        volume,
    )


def number_of_cells(grid: Grid) -> int:
    """Return the number of cells of a grid."""
    return int(np.prod(grid.cells))


def number_of_slabs(grid: Grid) -> int:
    """Return the number of slabs: at most SLABS, never more than cells."""
    return min(SLABS, number_of_cells(grid))


@kernel
def first_cell(slab, slabs, cells):
    """First cell of a slab; slab `slabs` gives the number of cells."""
    return slab * cells // slabs


@kernel
def cell_of(phase, row, grid):
    """Cell of a particle; a position on the upper face belongs to the last cell."""
    cell = np.uint64(0)
    stride = np.uint64(1)
    for axis in range(len(grid.cells)):
        index = np.uint64(np.int64(phase[row, axis] * grid.inverse_width[axis]))
        cell += stride * min(index, np.uint64(grid.cells[axis] - 1))
        stride *= np.uint64(grid.cells[axis])
    return cell


@kernel
def divide_slabs(offsets, slabs, bounds):
    """Give each thread a contiguous run of slabs with about equal numbers of particles.

    bounds : (threads + 1,) first slab of each thread
    """
    cells = offsets.shape[0] - 1
    threads = bounds.shape[0] - 1
    total = offsets[cells]
    slab = 0
    for thread in range(threads):
        bounds[thread] = slab
        wanted = total * (thread + 1) // threads
        while slab < slabs and offsets[first_cell(slab + 1, slabs, cells)] <= wanted:
            slab += 1
        if slab == bounds[thread] and slab < slabs and total > 0:
            slab += 1
    bounds[threads] = slabs


@kernel
def count_cells(phase, start, stop, grid, destination, histogram):
    """Write each particle's cell to `destination` and count them in `histogram`."""
    for row in range(np.uint64(start), np.uint64(stop)):
        cell = cell_of(phase, row, grid)
        destination[row] = cell
        histogram[cell] += 1


@kernel
def prefix_sum(histogram, offsets, slots):
    """From counts per (group, cell): first row of each cell, first slot of each group in it.

    A group is the rows of one thread, or what one thread let enter.  The last column counts what
    has left the box: its rows come last, behind the end of the last cell.

    histogram : (groups, cells + 1); offsets : (cells + 1,); slots : as histogram, overwritten
    """
    groups, columns = histogram.shape
    total = 0
    for cell in range(columns):
        offsets[cell] = total
        for group in range(groups):
            slots[group, cell] = total
            total += histogram[group, cell]


@kernel
def reorder_rows(phase, start, stop, destination, slots, out):
    """Move rows start:stop to their slots in `out`; `destination` becomes the slot of each row."""
    for row in range(np.uint64(start), np.uint64(stop)):
        cell = destination[row]
        slot = slots[cell]
        slots[cell] = slot + 1
        destination[row] = slot
        for column in range(phase.shape[1]):
            out[slot, column] = phase[row, column]


@kernel
def reorder_column(column, start, stop, slots, out):
    """Move a further column (ids, species, clocks) by the permutation of `reorder_rows`."""
    for row in range(np.uint64(start), np.uint64(stop)):
        out[slots[row]] = column[row]
