"""The state: particles as plain arrays in two buffers, sorted by cell or about to be.

    phase   : (N, d + D) [m, m/s]   position columns, then velocity columns
    species : (N,) int8             only in mixtures
    id      : (N,) int64            only where particles are tracked
    clock   : (N,) [s]              time of the last collision, only where free flights are measured
    offsets : (cells + 1,)          particles of cell c are the rows offsets[c] : offsets[c + 1],
                                    once they are fetched

Rows beat separate columns: one particle is one or two cache lines, and moving it is one write.

Where particles come and go the buffers are longer than N.  What enters in a step is written behind
row N and sorted in with the rest; what leaves is sorted behind the last cell and forgotten.

After a step the rows still lie where they flew, and the sort is the order, which says which of them
belongs where (`dsmc.fetch`): the state is *listed*.  Then offsets and N are those of the next step,
and who wants to see the rows in their cells has them fetched first.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from dsmc.cells import (
    Grid,
    count_cells,
    list_rows,
    number_of_cells,
    number_of_slabs,
    prefix_sum,
)
from dsmc.fetch import Origin, entry_of, fetch_column, fetch_rows, order_over
from dsmc.slabs import nothing_taken

GROWTH = 1.5  # of the buffers, when they are full


@dataclass
class Particles:
    """The rows, their further columns, the second buffer of each, and the workspace of the sort.

    Buffers have C >= N rows.  `phase`, `velocity`, `species` and so on are those of a state that is
    not listed.
    """

    count: int  # N
    rows: np.ndarray  # (C, d + D) phase and unused rows
    spare: np.ndarray  # (C, d + D), in which the order is
    further: dict[str, np.ndarray]  # further columns, (C,)
    spare_further: dict[str, np.ndarray]
    offsets: np.ndarray
    destination: np.ndarray  # (C,) new cell of each row
    histogram: np.ndarray  # (groups, cells + 1) the last column counts what leaves the box
    slots: np.ndarray  # (groups, cells + 1) entries of the order
    bounds: np.ndarray  # (threads + 1,) where slabs are cut: see `dsmc.slabs`
    taken: np.ndarray  # (threads, IN_A_LINE) how many slabs each pair of threads has taken
    counts: np.ndarray  # (slabs + 1,) rows that come into each slab, and that leave the box
    flown: np.ndarray  # (slabs + 1,) the first row of each slab in flight, and behind the last
    slabs: int
    threads: int
    dimension: int
    listed: bool = False  # the rows lie where they flew, and the order is in `spare`

    @property
    def phase(self) -> np.ndarray:
        """phase : (N, d + D) [m, m/s], a view."""
        return self.rows[: self.count]

    @property
    def row_columns(self) -> tuple[int, ...]:
        """The columns of a row; kernels are compiled for so many."""
        return tuple(range(self.rows.shape[1]))

    @property
    def order(self) -> np.ndarray:
        """(entries,) the order of the sort, in the other buffer."""
        return order_over(self.spare, row_number(self.rows.shape[0]))

    @property
    def position(self) -> np.ndarray:
        """position : (N, d) [m], a view."""
        return self.rows[: self.count, : self.dimension]

    @property
    def velocity(self) -> np.ndarray:
        """velocity : (N, D) [m/s], a view."""
        return self.rows[: self.count, self.dimension :]

    @property
    def species(self) -> np.ndarray | None:
        """species : (N,), a view, or None."""
        return self.column("species")

    @property
    def id(self) -> np.ndarray | None:
        """id : (N,), a view, or None."""
        return self.column("id")

    @property
    def clock(self) -> np.ndarray | None:
        """clock : (N,) [s], a view, or None."""
        return self.column("clock")

    def column(self, name: str) -> np.ndarray | None:
        """A further column by name, a view; None where it is not carried."""
        return self.further[name][: self.count] if name in self.further else None

    def columns(self) -> dict[str, np.ndarray]:
        """{name: (N,)} the further columns that this state carries."""
        return {name: column[: self.count] for name, column in self.further.items()}

    @property
    def memory(self) -> int:
        """Bytes of all arrays."""
        arrays = [*vars(self).values(), *self.further.values(), *self.spare_further.values()]
        return sum(array.nbytes for array in arrays if isinstance(array, np.ndarray))


def particles(
    phase: np.ndarray, grid: Grid, threads: int, entering: bool = False, **columns: np.ndarray
) -> Particles:
    """Take rows (and columns by name) in any order; return them as a state sorted by cell.

    phase : (N, d + 3) [m, m/s]; entering : whether particles will come from outside
    Raises ValueError if a position lies outside the box.
    """
    dimension = len(grid.cells)
    cells, count = number_of_cells(grid), phase.shape[0]
    for axis, length in enumerate(grid.lengths):
        if count and not (phase[:, axis].min() >= 0 and phase[:, axis].max() <= length):
            raise ValueError(f"position: outside the box along {'xyz'[axis]}: [0, {length:g}] m")
    groups = 2 * threads if entering else threads
    slabs, entries = number_of_slabs(grid), phase.nbytes // np.dtype(row_number(count)).itemsize
    state = Particles(
        count=count,
        rows=np.ascontiguousarray(phase),
        spare=np.empty_like(phase, order="C"),
        further=dict(columns),
        spare_further={name: np.empty_like(column) for name, column in columns.items()},
        offsets=np.zeros(cells + 1, np.int64),
        destination=np.empty(count, row_number(count)),
        histogram=np.zeros((groups, cells + 1), np.int32),
        slots=np.zeros((groups, cells + 1), row_number(entries)),
        bounds=np.zeros(threads + 1, np.int64),
        taken=nothing_taken(threads),
        counts=np.zeros(slabs + 1, np.int64),
        flown=np.zeros(slabs + 1, np.int64),
        slabs=slabs,
        threads=threads,
        dimension=dimension,
    )
    _sort(state, grid)
    return state


def _sort(state: Particles, grid: Grid) -> None:
    """Sort rows in any order by cell, as one slab."""
    cells, count, order = number_of_cells(grid), state.count, state.order
    entry = entry_of(count, state.rows, order)
    count_cells(state.rows, 0, count, grid, state.destination, state.histogram[0])
    prefix_sum(state.histogram, state.offsets, state.slots, 0, 0, cells + 1, 0, entry)
    list_rows(0, count, 0, state.destination, state.slots[0], order)
    for name, column in state.further.items():
        fetch_column(0, count, entry, order, column, state.spare_further[name])
    origin = Origin(state.rows, order, True)
    fetch_rows(state.spare, 0, count, entry, origin, state.row_columns)
    swap_buffers(state)


def row_number(rows: int) -> type:
    """The type of integer that can number so many rows."""
    return np.int32 if rows < 2**31 else np.int64


def reserve(state: Particles, rows: int) -> None:
    """Make room for so many rows in a state that is not listed; only the first N are kept.

    Buffers grow by the factor GROWTH at least, so that no row is copied often.
    """
    capacity = state.rows.shape[0]
    if rows <= capacity:
        return
    capacity = max(rows, int(GROWTH * capacity))
    state.spare = state.rows[:0]  # let it go before more is asked for
    wider = np.empty((capacity, state.rows.shape[1]), state.rows.dtype)
    wider[: state.count] = state.phase
    state.rows, state.spare = wider, np.empty_like(wider)
    for name, column in state.columns().items():
        state.further[name] = np.empty(capacity, column.dtype)
        state.further[name][: state.count] = column
        state.spare_further[name] = np.empty(capacity, column.dtype)
    state.destination = np.empty(capacity, row_number(capacity))
    state.slots = state.slots.astype(row_number(state.order.size), copy=False)


def swap_buffers(state: Particles) -> None:
    """Make the other buffers current, into which the rows have been fetched."""
    state.rows, state.spare = state.spare, state.rows
    state.further, state.spare_further = state.spare_further, state.further


def swapped(state: Particles) -> Particles:
    """The same particles with the other buffers current, for who is to work on them next."""
    other = replace(state)
    swap_buffers(other)
    return other


def rows_with(state: Particles, position: Any = None, velocity: Any = None) -> np.ndarray:
    """A copy of the rows with other positions (N, d) [m] or velocities (N, 3) [m/s].

    Raises ValueError for a wrong shape and values that are not finite.
    """
    phase = np.array(state.phase)
    for name, values, block in (
        ("position", position, phase[:, : state.dimension]),
        ("velocity", velocity, phase[:, state.dimension :]),
    ):
        if values is None:
            continue
        array = np.asarray(values)
        if array.shape != block.shape:
            raise ValueError(f"{name}: has shape {array.shape}, must be {block.shape}")
        if not np.isfinite(array).all():
            raise ValueError(f"{name}: holds values that are not finite")
        block[:] = array
    return phase


class ParticleView:
    """Read-only views; the order of the rows changes at every step."""

    def __init__(self, state: Particles):
        self.position = _frozen(state.position)  # (N, d) [m]
        self.velocity = _frozen(state.velocity)  # (N, 3) [m/s]
        self.species = _frozen(state.species)  # (N,) or None
        self.id = _frozen(state.id)  # (N,) or None


def _frozen(array: np.ndarray | None) -> np.ndarray | None:
    if array is None:
        return None
    view = array.view()
    view.flags.writeable = False
    return view
