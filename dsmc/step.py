"""One time step: the order of the stages, in two passes over the particles.

Pass A, cell by cell while the cell is in cache: sample, collide, sample, fly, note the new cell.
Between the passes particles enter behind the last row, if there is a gas outside (`dsmc.inflow`).
Pass B: a stable counting sort moves the rows to the other buffer.  Particles are sorted by cell at
the beginning and at the end of every step.  In a cell those of the box come first, by (source
cell, rank there), then those that entered, by (patch, species, number).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from dsmc.batch import CELLS, ROWS, Batch, admit, batch
from dsmc.cells import count_rows, divide_slabs, first_cell, prefix_sum, reorder_rows, volume_of
from dsmc.census import Census, record_exposure
from dsmc.collide import collide_cells
from dsmc.compiled import kernel
from dsmc.drift import fly_cells
from dsmc.inflow import CHUNKS, chunk_run
from dsmc.model import Model
from dsmc.moments import add_cell
from dsmc.particles import Particles, reserve, swap_buffers
from dsmc.team import Team
from dsmc.velocities import Velocities, count_velocities
from dsmc.walls import columns

SHARED = 1 << 15  # counts that threads sum up together; fewer are summed up by one


class Tallies(NamedTuple):
    """What the stages count, by slab, so that sums do not depend on the number of threads."""

    collisions: np.ndarray  # (slabs, S, S, 2) candidates and collisions of each pair of species
    walls: np.ndarray  # (slabs + inflow.CHUNKS, rows, columns): see `dsmc.rows`


def new_tallies(slabs: int, species_count: int, rows: int) -> Tallies:
    """Tallies of nothing yet."""
    return Tallies(
        collisions=np.zeros((slabs, species_count, species_count, 2), np.int64),
        walls=np.zeros((slabs + CHUNKS, rows, columns(species_count))),
    )


def batches(state: Particles, species_count: int, threads: int, near: bool = False) -> list[Batch]:
    """A workspace for every thread; in a mixture a cell may come to hold every particle."""
    largest = 0 if species_count == 1 else state.rows.shape[0]
    dtype = state.rows.dtype.type
    return [batch(3, species_count, largest, dtype, near) for _ in range(threads)]


def room_for(state: Particles, entered: int, workspaces: list[Batch]) -> list[Batch]:
    """Make room for so many further rows; returns the workspaces, wider ones if need be."""
    if state.count + entered <= state.rows.shape[0]:
        return workspaces
    reserve(state, state.count + entered)
    first = workspaces[0]
    return batches(state, first.farthest.shape[0], len(workspaces), first.tried is not None)


@kernel
def advance_slabs(
    first_slab, last_slab, phase, species, offsets, model, acceleration, planes, key, step, sums,
    velocities, census,
    destination, histogram, tallies, batch,
):  # fmt: skip
    """Pass A over a run of slabs: sample, collide, sample, fly.

    acceleration, planes : those of the model, by themselves: where they are None, the compiler
        leaves away what belongs to them
    """
    cells = offsets.shape[0] - 1
    slabs = tallies.collisions.shape[0]
    first = len(model.grid.lengths)
    time = step * model.time_step
    histogram[:] = 0
    for slab in range(first_slab, last_slab):
        cell, end = first_cell(slab, slabs, cells), first_cell(slab + 1, slabs, cells)
        while cell < end:
            begin, cell = cell, batch_end(offsets, cell, end)
            look(begin, cell, phase, species, offsets, first, slab, sums, velocities, census)
            if model.colliding:
                admitted = admit_cells(begin, cell, offsets, model, batch.places)
                collide_cells(
                    phase, species, admitted, first, None, model.gas, key, step, time, slab,
                    census, sums, batch, tallies.collisions,
                )  # fmt: skip
            look(begin, cell, phase, species, offsets, first, slab, sums, velocities, None)
            fly_cells(
                phase, species, offsets, begin, cell, model, acceleration, planes, key, step,
                destination, histogram, tallies.walls[slab],
            )  # fmt: skip


@kernel
def batch_end(offsets, cell, end):
    """The cell behind a batch that begins with `cell`."""
    stop, limit = min(cell + CELLS, end), offsets[cell] + ROWS
    last = cell + 1
    while last < stop and offsets[last + 1] <= limit:
        last += 1
    return last


@kernel
def admit_cells(begin, end, offsets, model, places):
    """Admit the cells in which something can collide; returns how many."""
    count = 0
    for cell in range(begin, end):
        start, stop = offsets[cell], offsets[cell + 1]
        if stop - start > 1:
            volume = volume_of(cell, model.grid, model.grid.grading)
            admit(places, count, start, stop, cell, volume, model.time_step)
            count += 1
    return count


@kernel
def look(begin, end, phase, species, offsets, first, slab, sums, velocities, census):
    """Take half a sample of some cells, and count who is there, where that was asked for."""
    if census is not None or sums is not None:
        for cell in range(begin, end):
            start, stop = offsets[cell], offsets[cell + 1]
            if census is not None:
                record_exposure(phase, start, stop, first, census, slab)
            if sums is not None:
                add_cell(phase, species, start, stop, first, 0.5, sums[cell])
                if velocities is not None:
                    count_velocities(phase, species, start, stop, first, 0.5, velocities, cell)


def advance(
    state: Particles,
    model: Model,
    key: tuple,
    step: int,
    team: Team,
    batches: list[Batch],
    tallies: Tallies,
    sums: np.ndarray | None = None,
    velocities: Velocities | None = None,
    census: Census | None = None,
    stages: Callable = advance_slabs,
) -> None:
    """Pass A, every thread over its own run of slabs.

    sums : (cells, S, moments.COLUMNS) to which this step adds its velocity sums, or None
    velocities : of the cells whose velocities are counted with the sums, or None
    stages : `advance_slabs`, or a variant of it around other laws
    """
    divide_slabs(state.offsets, state.slabs, state.bounds)

    def work(thread: int) -> None:
        stages(
            state.bounds[thread], state.bounds[thread + 1], state.phase, state.species,
            state.offsets, model, model.acceleration, model.planes, key, step, sums, velocities,
            census,
            state.destination, state.histogram[thread], tallies, batches[thread],
        )  # fmt: skip

    team.each(work)


def lay_out(state: Particles, team: Team) -> None:
    """Find the first row of every cell, and the first slot of every group of rows in it.

    Every thread counts the rows of a run of cells; then each knows where its run begins.
    """
    columns = state.offsets.size
    if team.threads == 1 or state.histogram.size < SHARED:
        prefix_sum(state.histogram, state.spare_offsets, state.slots, 0, columns, 0)
        return
    counts = [0] * team.threads

    def run(thread: int) -> tuple[int, int]:
        return columns * thread // team.threads, columns * (thread + 1) // team.threads

    def count(thread: int) -> None:
        counts[thread] = count_rows(state.histogram, *run(thread))

    def place(thread: int) -> None:
        before = sum(counts[:thread])
        prefix_sum(state.histogram, state.spare_offsets, state.slots, *run(thread), before)

    team.each(count)
    team.each(place)


def reorder(state: Particles, team: Team, entered: int = 0) -> None:
    """Pass B: sort the rows by cell into the other buffer and make it current.

    entered : how many rows came behind the last
    """
    lay_out(state, team)
    cells = state.offsets.size - 1

    def work(thread: int) -> None:
        begin, end = state.bounds[thread], state.bounds[thread + 1]
        start = state.offsets[first_cell(begin, state.slabs, cells)]
        stop = state.offsets[first_cell(end, state.slabs, cells)]
        slots = state.slots[thread]
        reorder_rows(
            state.rows, start, stop, state.destination, slots, state.row_columns, state.spare
        )
        if entered:
            first, last = chunk_run(thread, team.threads)
            start, stop = (state.count + entered * chunk // CHUNKS for chunk in (first, last))
            slots = state.slots[team.threads + thread]
            reorder_rows(
                state.rows, start, stop, state.destination, slots, state.row_columns, state.spare
            )

    team.each(work)
    left = state.count + entered - int(state.spare_offsets[cells])
    swap_buffers(state, team, entered, left)
