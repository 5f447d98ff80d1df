"""Stage: Cartesian cells, even or uneven along each axis, and particles kept sorted by cell.

The cell number counts x fastest: cell = i_x + n_x (i_y + n_y i_z).  Particles of cell c are the
rows offsets[c] : offsets[c + 1].  The order inside a cell is (source cell, rank there), whatever
the number of threads: a stable counting sort over contiguous runs of cells.
"""

from typing import NamedTuple

import numpy as np

from dsmc.compiled import COMPILED, inner_kernel, kernel, nested_kernel
from dsmc.row_vectors import expect_number
from dsmc.slabs import SLABS

AHEAD = 256  # rows that are noted while a line comes from the memory
MOST_BINS = 1 << 14  # of the table that finds uneven cells: it stays in cache


class Grading(NamedTuple):
    """Uneven cells: their faces, and for equal bins of each axis the cell where a bin begins."""

    edges: np.ndarray  # (d, most faces + 1) in the precision of the rows, then infinity [m]
    first: np.ndarray  # (d, most bins + 1), then the last cell
    inverse_bin: tuple[float, ...]  # bins per metre
    volume: np.ndarray  # (cells,) [m^3]


class Grid(NamedTuple):
    """Cells over a box [0, L_x] x ...; tuples of length d (1, 2 or 3)."""

    lengths: tuple[float, ...]  # [m]
    inverse_width: tuple[float, ...]  # cells per metre, on average
    cells: tuple[int, ...]
    volume: float  # of one cell, on average [m^3]
    grading: Grading | None  # None where all cells are equal


def grid(
    lengths: tuple[float, ...],
    cells: tuple[int, ...],
    dtype: type = np.float64,
    edges: tuple[tuple[float, ...], ...] | None = None,
) -> Grid:
    """Return the grid of a box; missing lengths (of a 1-D or 2-D box) are 1 m.

    dtype : precision of the positions, in which the flight computes
    edges : the faces of the cells along each axis [m], None for equal cells
    """
    volume = 1.0
    for length, count in zip(lengths, cells, strict=True):
        volume *= length / count
    return Grid(
        tuple(dtype(length) for length in lengths),
        tuple(dtype(count / length) for length, count in zip(lengths, cells, strict=True)),
        tuple(int(count) for count in cells),
        volume,
        None if edges is None else grading(edges, dtype),
    )


def grading(edges: tuple[tuple[float, ...], ...], dtype: type = np.float64) -> Grading:
    """Return the table of uneven cells from their faces along each axis [m].

    A bin is as narrow as the narrowest cell, if MOST_BINS are enough for that: it then holds at
    most one face, and a position is found with one comparison or two.
    """
    widths = [np.diff(axis) for axis in edges]
    pairs = list(zip(edges, widths, strict=True))
    bins = [int(min(MOST_BINS, np.ceil(axis[-1] / width.min()))) for axis, width in pairs]
    faces = np.full((len(edges), max(map(len, edges)) + 1), np.inf, dtype)
    first = np.zeros((len(edges), max(bins) + 1), np.int32)
    for k, axis in enumerate(edges):
        faces[k, : len(axis)] = axis
        begins = axis[-1] * np.arange(bins[k]) / bins[k]
        first[k, : bins[k]] = np.searchsorted(faces[k, : len(axis)], begins, side="right") - 1
        first[k, bins[k] :] = len(axis) - 2
    volume = np.ones(1)
    for width in reversed(widths):  # x runs fastest
        volume = np.multiply.outer(volume, width).ravel()
    inverse_bin = tuple(dtype(count / axis[-1]) for count, axis in zip(bins, edges, strict=True))
    return Grading(faces, first, inverse_bin, volume)


def cell_volumes(grid: Grid) -> np.ndarray | float:
    """The volume of each cell, (cells,), or the one number that all have [m^3]."""
    return grid.volume if grid.grading is None else grid.grading.volume


def cell_centres(grid: Grid) -> tuple[np.ndarray, ...]:
    """The centres of the cells along each axis [m]."""
    if grid.grading is None:
        pairs = zip(grid.cells, grid.lengths, strict=True)
        return tuple((np.arange(n) + 0.5) * length / n for n, length in pairs)
    rows = zip(grid.grading.edges.astype(np.float64), grid.cells, strict=True)
    return tuple(0.5 * (faces[1 : n + 1] + faces[:n]) for faces, n in rows)


def number_of_cells(grid: Grid) -> int:
    """Return the number of cells of a grid."""
    return int(np.prod(grid.cells))


def number_of_slabs(grid: Grid) -> int:
    """Return the number of slabs: at most SLABS, never more than cells."""
    return min(SLABS, number_of_cells(grid))


@nested_kernel
def cell_of(phase, row, grid):
    """Cell of a particle; a position on the upper face belongs to the last cell."""
    return place_in(phase, row, grid, grid.grading)


@nested_kernel
def place_in(phase, row, grid, grading):
    """Cell of a particle in even (grading None) or uneven cells."""
    cell = np.uint64(0)
    stride = np.uint64(1)
    for axis in range(len(grid.cells)):
        cell += stride * index_along(phase, row, axis, grid, grading)
        stride *= np.uint64(grid.cells[axis])
    return cell


@nested_kernel
def index_along(phase, row, axis, grid, grading):
    """Place of a particle's cell along an axis, in even (grading None) or uneven cells."""
    if grading is None:
        index = np.uint64(np.int64(phase[row, axis] * grid.inverse_width[axis]))
    else:
        index = uneven_index(phase[row, axis], axis, grading)
    return min(index, np.uint64(grid.cells[axis] - 1))


@nested_kernel
def uneven_index(x, axis, grading):
    """The last of the cells of an axis whose lower face is not above x; one more at the end."""
    edges, one = grading.edges, np.uint64(1)
    bin = np.uint64(np.int64(x * grading.inverse_bin[axis]))
    index = np.uint64(grading.first[axis, bin])
    index += np.uint64(x >= edges[axis, index + one])  # no branch: as often as not
    while x >= edges[axis, index + one]:
        index += one
    while x < edges[axis, index]:  # the number of the bin was rounded up
        index -= one
    return index


@nested_kernel
def volume_of(cell, grid, grading):
    """The volume of a cell [m^3]."""
    if grading is None:
        return grid.volume
    return grading.volume[cell]


@kernel
def count_cells(phase, start, stop, grid, destination, histogram):
    """Write each particle's cell to `destination` and count them in `histogram`."""
    for row in range(np.uint64(start), np.uint64(stop)):
        cell = cell_of(phase, row, grid)
        destination[row] = cell
        histogram[cell] += 1


@nested_kernel
def count_rows(histogram, first, last):
    """How many rows all groups together have in the cells first:last."""
    total = 0
    for group in range(np.uint64(histogram.shape[0])):
        for cell in range(np.uint64(first), np.uint64(last)):
            total += histogram[group, cell]
    return total


@kernel
def prefix_sum(histogram, offsets, slots, pairs, first, last, total, entry):
    """From counts per (group, cell): first row of each cell, first slot of each group in it.

    A group is the rows of one thread, or what one thread let enter.  Two groups of a pair share
    their slots: the lower fills them from below, the upper from above.  The last column counts what
    has left the box: its rows come last, behind the end of the last cell.

    histogram : (groups, cells + 1); offsets : (cells + 1,)
    slots : as histogram, overwritten: entries of the order (`dsmc.fetch`); of an upper group the
        end of its slots
    pairs : how many there are, which come first
    first, last : the columns that are summed; total : of those before them
    entry : in the order, of row 0 of these columns
    """
    for cell in range(np.uint64(first), np.uint64(last)):
        offsets[cell] = total
        for pair in range(np.uint64(pairs)):
            lower = pair + pair
            upper = lower + np.uint64(1)
            slots[lower, cell] = total + entry
            total += histogram[lower, cell] + histogram[upper, cell]
            slots[upper, cell] = total + entry
        for group in range(np.uint64(2 * pairs), np.uint64(histogram.shape[0])):
            slots[group, cell] = total + entry
            total += histogram[group, cell]


@kernel
def list_rows(start, stop, downwards, destination, slots, order):
    """Note rows start:stop in the order, at the slots of their cells, upwards or downwards (1, 0).

    destination : (N,) the cell of each row; slots : (cells + 1,) move on; order : see `dsmc.fetch`
    """
    if downwards:
        list_run(stop - 1, -1, stop - start, destination, slots, order)
    else:
        list_run(start, 1, stop - start, destination, slots, order)


@inner_kernel
def list_run(first, way, count, destination, slots, order):
    """Note so many rows, from the first upwards or downwards (1, -1)."""
    middle = max(count - AHEAD, 0)
    list_turns(first, way, 0, middle, True, destination, slots, order)
    list_turns(first, way, middle, count, False, destination, slots, order)


@inner_kernel
def list_turns(first, way, begin, end, asking, destination, slots, order):
    """Note the rows of some turns.

    asking : whether to ask the memory for the place where the row will be noted that comes AHEAD
        turns later: a slot may have moved on until then, but seldom to another line
    """
    downwards = way < 0
    for turn in range(begin, end):
        row = np.uint64(first + way * turn)
        if COMPILED and asking:
            later = np.uint64(first + way * (turn + AHEAD))
            expect_number(order, slots[np.uint64(destination[later])])
        cell = np.uint64(destination[row])
        slot = slots[cell] - downwards
        slots[cell] = slot + (1 - downwards)
        order[np.uint64(slot)] = row
