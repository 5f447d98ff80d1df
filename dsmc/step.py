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
from dsmc.cells import count_rows, prefix_sum, reorder_column, reorder_rows, volume_of
from dsmc.census import Census, record_exposure
from dsmc.collide import collide_cells
from dsmc.compiled import ZERO, kernel, nested_kernel
from dsmc.drift import fly_cells
from dsmc.inflow import CHUNKS, chunk_run
from dsmc.model import Model
from dsmc.moments import add_cell
from dsmc.particles import Particles, reserve
from dsmc.programme import Round
from dsmc.slabs import (
    FLYING,
    MOVING,
    NOBODY,
    divide_slabs,
    first_cell,
    goes_down,
    run_of_pair,
    slab_of_turn,
)
from dsmc.velocities import Velocities, count_velocities
from dsmc.walls import columns

SHARED = 1 << 15  # counts that threads sum up together; fewer are summed up by one
COLLIDE, SORT = "collide and fly", "sort"  # the two passes, as the stopwatch names them
STEP, PARTICLE_STEPS = range(2)  # of what a gas counts of its steps


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
def begin_step(thread, offsets, slabs, bounds, taken, counted):
    """Count the step, and divide the cells among the threads.

    counted : (2,) the step that is under way, and the sum of the particles of all steps
    """
    counted[STEP] += 1
    counted[PARTICLE_STEPS] += offsets[offsets.shape[0] - 1]
    divide_slabs(offsets, slabs, bounds, taken)


@kernel
def advance_slabs(
    thread, bounds, phase, species, offsets, model, acceleration, planes, key, counted, sums,
    velocities, census,
    destination, histograms, tallies, batches, taken,
):  # fmt: skip
    """Pass A over the slabs that a thread takes: sample, collide, sample, fly.

    bounds : (threads + 1,) of `divide_slabs`; histograms : (groups, cells + 1)
    counted : of `begin_step`; taken : (threads, IN_A_LINE) see `dsmc.slabs`
    acceleration, planes : those of the model, by themselves: where they are None, the compiler
        leaves away what belongs to them
    """
    cells = offsets.shape[0] - 1
    slabs = tallies.collisions.shape[0]
    first = len(model.grid.lengths)
    step = counted[STEP]
    time = step * model.time_step
    histogram = histograms[thread]
    histogram[:] = 0
    batch = Batch(
        batches.places[thread], batches.round[thread], batches.centre[thread],
        batches.farthest[thread], batches.number[thread], batches.rate[thread],
        batches.flow[thread], batches.begin[thread], batches.member[thread],
        tried_at(batches.tried, thread), batches.normal[thread],
    )  # fmt: skip
    turn = 0
    while True:
        slab = slab_of_turn(thread, turn, bounds, taken, FLYING)
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


def flight(
    state: Particles,
    model: Model,
    key: tuple,
    counted: np.ndarray,
    batches: Batch,
    tallies: Tallies,
    sums: np.ndarray | None = None,
    velocities: Velocities | None = None,
    census: Census | None = None,
    stages: Callable = advance_slabs,
) -> list[Round]:
    """The rounds of pass A.

    counted : (2,) of `begin_step`; before the first step it holds one less than its number
    sums : (cells, S, moments.COLUMNS) to which a step adds its velocity sums, or None
    velocities : of the cells whose velocities are counted with the sums, or None
    stages : `advance_slabs`, or a variant of it around other laws
    """
    divided = state.offsets, state.slabs, state.bounds, state.taken, counted
    flown = (
        state.bounds, state.rows, state.further.get("species"), state.offsets, model,
        model.acceleration, model.planes, key, counted, sums, velocities, census,
        state.destination, state.histogram, tallies, batches, state.taken,
    )  # fmt: skip
    return [Round(begin_step, divided, COLLIDE, alone=True), Round(stages, flown, COLLIDE)]


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
def place_run(thread, histogram, offsets, slots, pairs, counts):
    """Lay out a thread's run of cells behind what those before it count."""
    first, last = run_of(thread, counts.shape[0], histogram.shape[1])
    before = 0
    for other in range(thread):
        before += counts[other]
    prefix_sum(histogram, offsets, slots, pairs, first, last, before)


def layout(state: Particles) -> list[Round]:
    """The rounds that find the first row of every cell, and the first slot of each group in it.

    Every thread counts the rows of a run of cells; then each knows where its run begins.
    """
    threads = state.counts.size
    arrays = state.histogram, state.spare_offsets, state.slots, threads // 2
    if threads == 1 or state.histogram.size < SHARED:
        return [Round(place_run, (*arrays, state.counts[:1]), SORT, alone=True)]
    return [
        Round(count_run, (state.histogram, state.counts), SORT),
        Round(place_run, (*arrays, state.counts), SORT),
    ]


@kernel
def move_rows(
    thread, bounds, slabs, taken, offsets, rows, entered, destination, slots, columns, out, slot_of
):  # fmt: skip
    """Pass B over the slabs that a thread takes, and over its share of those that entered."""
    cells, threads = offsets.shape[0] - 1, bounds.shape[0] - 1
    lowest, highest = run_of_pair(thread, bounds)
    bottom = offsets[first_cell(lowest, slabs, cells)]
    top = offsets[first_cell(highest, slabs, cells)]
    turn = 0
    while True:
        slab = slab_of_turn(thread, turn, bounds, taken, MOVING)
        if slab == NOBODY:
            break
        turn += 1
        start = offsets[first_cell(slab, slabs, cells)]
        stop = offsets[first_cell(slab + 1, slabs, cells)]
        reach = stop - bottom if goes_down(thread) else top - start
        reorder_rows(
            rows, start, stop, reach, goes_down(thread), destination, slots[thread], columns, out,
            slot_of,
        )  # fmt: skip
    if entered > 0:
        first, last = chunk_run(thread, threads)
        count = offsets[cells]
        start, stop = count + entered * first // CHUNKS, count + entered * last // CHUNKS
        reorder_rows(
            rows, start, stop, stop - start, ZERO, destination, slots[threads + thread], columns,
            out, slot_of,
        )  # fmt: skip


@kernel
def move_column(thread, threads, offsets, entered, column, slots, out):
    """Move a thread's share of a further column by the permutation of `move_rows`."""
    total = offsets[offsets.shape[0] - 1] + entered
    start, stop = total * thread // threads, total * (thread + 1) // threads
    reorder_column(column, start, stop, slots, out)


def sorting(state: Particles, entered: int = 0) -> list[Round]:
    """The rounds of pass B: all rows into the other buffers, by cell.

    entered : how many rows came behind the last
    """
    threads = state.counts.size
    moved = (
        state.bounds, state.slabs, state.taken, state.offsets, state.rows, entered,
        state.destination, state.slots, state.row_columns, state.spare, state.slot_of,
    )  # fmt: skip
    rounds = [*layout(state), Round(move_rows, moved, SORT)]
    for name, column in state.further.items():
        columns = column, state.destination, state.spare_further[name]
        rounds.append(Round(move_column, (threads, state.offsets, entered, *columns), SORT))
    return rounds
