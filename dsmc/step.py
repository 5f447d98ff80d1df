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

from dsmc.batch import CELLS, ROWS, Batch, admit, batches, tried_at
from dsmc.cells import count_rows, prefix_sum, reorder_rows, volume_of
from dsmc.census import Census, record_exposure
from dsmc.collide import collide_cells
from dsmc.compiled import kernel, nested_kernel
from dsmc.drift import fly_cells
from dsmc.inflow import CHUNKS, chunk_run
from dsmc.model import Model
from dsmc.moments import add_cell
from dsmc.particles import Particles, reserve, swap_buffers
from dsmc.slabs import NOBODY, close_borders, divide_slabs, first_cell, own_run, take_slab
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


def workspaces(state: Particles, species_count: int, threads: int, near: bool = False) -> Batch:
    """A workspace for every thread; in a mixture a cell may come to hold every particle."""
    largest = 0 if species_count == 1 else state.rows.shape[0]
    return batches(threads, 3, species_count, largest, state.rows.dtype.type, near)


def room_for(state: Particles, entered: int, spaces: Batch) -> Batch:
    """Make room for so many further rows; returns the workspaces, wider ones if need be."""
    if state.count + entered <= state.rows.shape[0]:
        return spaces
    reserve(state, state.count + entered)
    threads, species_count, _ = spaces.farthest.shape
    return workspaces(state, species_count, threads, spaces.tried is not None)


@kernel
def advance_slabs(
    thread, bounds, phase, species, offsets, model, acceleration, planes, key, step, sums,
    velocities, census,
    destination, histograms, tallies, batches, taken,
):  # fmt: skip
    """Pass A over a thread's run of slabs: sample, collide, sample, fly.

    bounds : (threads + 1,) first slab of each; histograms : (groups, cells + 1)
    taken : (threads, IN_A_LINE) slabs at the borders of threads: see `dsmc.slabs`
    acceleration, planes : those of the model, by themselves: where they are None, the compiler
        leaves away what belongs to them
    """
    cells = offsets.shape[0] - 1
    slabs = tallies.collisions.shape[0]
    first = len(model.grid.lengths)
    time = step * model.time_step
    histogram = histograms[thread]
    histogram[:] = 0
    batch = Batch(
        batches.places[thread], batches.round[thread], batches.centre[thread],
        batches.farthest[thread], batches.number[thread], batches.rate[thread],
        batches.flow[thread], batches.begin[thread], batches.member[thread],
        tried_at(batches.tried, thread), batches.normal[thread],
    )  # fmt: skip
    turn, end_of_own = own_run(thread, bounds)
    while True:
        slab = turn if turn < end_of_own else take_slab(thread, bounds, taken)
        if slab == NOBODY:
            return
        turn += 1
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


@nested_kernel
def batch_end(offsets, cell, end):
    """The cell behind a batch that begins with `cell`."""
    stop, limit = min(cell + CELLS, end), offsets[cell] + ROWS
    last = cell + 1
    while last < stop and offsets[last + 1] <= limit:
        last += 1
    return last


@nested_kernel
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


@nested_kernel
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
    batches: Batch,
    tallies: Tallies,
    sums: np.ndarray | None = None,
    velocities: Velocities | None = None,
    census: Census | None = None,
    stages: Callable = advance_slabs,
) -> None:
    """Pass A, every thread over a run of slabs.

    sums : (cells, S, moments.COLUMNS) to which this step adds its velocity sums, or None
    velocities : of the cells whose velocities are counted with the sums, or None
    stages : `advance_slabs`, or a variant of it around other laws
    """
    divide_slabs(state.offsets, state.slabs, state.bounds, state.taken)
    team.each(
        stages, state.bounds, state.phase, state.species, state.offsets, model,
        model.acceleration, model.planes, key, step, sums, velocities, census,
        state.destination, state.histogram, tallies, batches, state.taken,
    )  # fmt: skip
    close_borders(state.bounds, state.taken)


@nested_kernel
def run_of(thread, threads, columns):
    """The run of columns that a thread sums up: first, and behind the last."""
    return columns * thread // threads, columns * (thread + 1) // threads


@kernel
def count_run(thread, histogram, counts):
    """Count the rows of a thread's run of cells; counts : (threads,)."""
    first, last = run_of(thread, counts.shape[0], histogram.shape[1])
    counts[thread] = count_rows(histogram, first, last)


@kernel
def place_run(thread, histogram, offsets, slots, counts):
    """Lay out a thread's run of cells behind what those before it count."""
    first, last = run_of(thread, counts.shape[0], histogram.shape[1])
    before = 0
    for other in range(thread):
        before += counts[other]
    prefix_sum(histogram, offsets, slots, first, last, before)


def lay_out(state: Particles, team: Team) -> None:
    """Find the first row of every cell, and the first slot of every group of rows in it.

    Every thread counts the rows of a run of cells; then each knows where its run begins.
    """
    arrays = state.histogram, state.spare_offsets, state.slots
    if team.threads == 1 or state.histogram.size < SHARED:
        prefix_sum(*arrays, 0, state.offsets.size, 0)
        return
    counts = np.zeros(team.threads, np.int64)
    team.each(count_run, state.histogram, counts)
    team.each(place_run, *arrays, counts)


@kernel
def move_rows(
    thread, bounds, slabs, offsets, rows, count, entered, destination, slots, columns, out, slot_of
):
    """Pass B over the rows of a thread's slabs, and over its share of those that entered."""
    cells, threads = offsets.shape[0] - 1, bounds.shape[0] - 1
    start = offsets[first_cell(bounds[thread], slabs, cells)]
    stop = offsets[first_cell(bounds[thread + 1], slabs, cells)]
    reorder_rows(rows, start, stop, destination, slots[thread], columns, out, slot_of)
    if entered > 0:
        first, last = chunk_run(thread, threads)
        start, stop = count + entered * first // CHUNKS, count + entered * last // CHUNKS
        slots_of_entering = slots[threads + thread]
        reorder_rows(rows, start, stop, destination, slots_of_entering, columns, out, slot_of)


def reorder(state: Particles, team: Team, entered: int = 0) -> None:
    """Pass B: sort the rows by cell into the other buffer and make it current.

    entered : how many rows came behind the last
    """
    lay_out(state, team)
    team.each(
        move_rows, state.bounds, state.slabs, state.offsets, state.rows, state.count, entered,
        state.destination, state.slots, state.row_columns, state.spare, state.slot_of,
    )  # fmt: skip
    left = state.count + entered - int(state.spare_offsets[state.offsets.size - 1])
    swap_buffers(state, team, entered, left)
