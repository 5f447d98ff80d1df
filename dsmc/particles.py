"""The state: particles as plain arrays, physically sorted by cell, in two buffers.

    phase   : (N, d + D) [m, m/s]   position columns, then velocity columns
    species : (N,) int8             only in mixtures
    id      : (N,) int64            only where particles are tracked
    clock   : (N,) [s]              time of the last collision, only where free flights are measured
    offsets : (cells + 1,)          particles of cell c are the rows offsets[c] : offsets[c + 1]

Rows beat separate columns: one particle is one or two cache lines, and moving it is one write.
"""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from dsmc.cells import (
    Grid,
    count_cells,
    number_of_cells,
    number_of_slabs,
    prefix_sum,
    reorder_column,
    reorder_rows,
)
from dsmc.compiled import Team


@dataclass
class Particles:
    """The rows, their further columns, the second buffer of each, and the workspace of the sort."""

    phase: np.ndarray
    spare: np.ndarray
    offsets: np.ndarray
    spare_offsets: np.ndarray
    destination: np.ndarray  # (N,) new cell of each row, then its slot in the other buffer
    histogram: np.ndarray  # (threads, cells)
    slots: np.ndarray  # (threads, cells)
    bounds: np.ndarray  # (threads + 1,) first slab of each thread
    slabs: int
    dimension: int
    species: np.ndarray | None = None
    id: np.ndarray | None = None
    clock: np.ndarray | None = None
    spare_columns: dict[str, np.ndarray] = field(default_factory=dict)

    @property
    def count(self) -> int:
        """Number of particles."""
        return self.phase.shape[0]

    @property
    def position(self) -> np.ndarray:
        """position : (N, d) [m], a view."""
        return self.phase[:, : self.dimension]

    @property
    def velocity(self) -> np.ndarray:
        """velocity : (N, D) [m/s], a view."""
        return self.phase[:, self.dimension :]

    def columns(self) -> list[str]:
        """Names of the further columns that this state carries."""
        return [name for name in ("species", "id", "clock") if getattr(self, name) is not None]


def particles(phase: np.ndarray, grid: Grid, threads: int, **columns: np.ndarray) -> Particles:
    """Take rows (and columns by name) in any order; return them as a state sorted by cell.

    phase : (N, d + 3) [m, m/s].  Raises ValueError if a position lies outside the box.
    """
    dimension = len(grid.cells)
    cells = number_of_cells(grid)
    for axis, length in enumerate(grid.lengths):
        if phase.shape[0] and not (phase[:, axis].min() >= 0 and phase[:, axis].max() <= length):
            raise ValueError(f"position: outside the box along {'xyz'[axis]}: [0, {length:g}] m")
    state = Particles(
        phase=np.ascontiguousarray(phase),
        spare=np.empty_like(phase, order="C"),
        offsets=np.zeros(cells + 1, np.int64),
        spare_offsets=np.zeros(cells + 1, np.int64),
        destination=np.empty(phase.shape[0], np.int32 if phase.shape[0] < 2**31 else np.int64),
        histogram=np.zeros((threads, cells), np.int32),
        slots=np.zeros((threads, cells), np.int32 if phase.shape[0] < 2**31 else np.int64),
        bounds=np.zeros(threads + 1, np.int64),
        slabs=number_of_slabs(grid),
        dimension=dimension,
        **columns,
    )
    count_cells(state.phase, 0, state.count, grid, state.destination, state.histogram[0])
    prefix_sum(state.histogram, state.spare_offsets, state.slots)
    reorder_rows(state.phase, 0, state.count, state.destination, state.slots[0], state.spare)
    swap_buffers(state, None)
    return state


def swap_buffers(state: Particles, team: Team | None) -> None:
    """Make the other buffer current after a sort, and move the further columns with it."""
    state.phase, state.spare = state.spare, state.phase
    state.offsets, state.spare_offsets = state.spare_offsets, state.offsets
    for name in state.columns():
        column = getattr(state, name)
        moved = state.spare_columns.pop(name, None)
        if moved is None:
            moved = np.empty_like(column)
        threads = 1 if team is None else team.threads

        def work(thread: int, column=column, moved=moved, threads=threads) -> None:
            start, stop = (state.count * (thread + k) // threads for k in (0, 1))
            reorder_column(column, start, stop, state.destination, moved)

        if team is None:
            work(0)
        else:
            team.each(work)
        setattr(state, name, moved)
        state.spare_columns[name] = column


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
