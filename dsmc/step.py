"""One time step: the order of the stages, in two passes over the particles.

Pass A, cell by cell while the cell is in cache: fetch its rows from where they flew, sample,
collide, sample, fly, note the new cell.  Between the passes particles enter behind the last row, if
there is a gas outside (`dsmc.inflow`).  Pass B: a stable counting sort lists which row belongs
where (`dsmc.sort`); the next step fetches them.  In a cell those of the box come first, by (source
cell, rank there), then those that entered, by (patch, species, number).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from dsmc.batch import CELLS, LINE, ROWS, Batch, admit, batches, tried_at
from dsmc.cells import volume_of
from dsmc.census import Census, record_exposure
from dsmc.collide import collide_cells
from dsmc.compiled import COMPILED, kernel, nested_kernel
from dsmc.drift import fly_cells
from dsmc.fetch import Ahead, Origin, entry_of, fetch_rows
from dsmc.inflow import CHUNKS
from dsmc.model import Model
from dsmc.moments import add_cell
from dsmc.particles import Particles, reserve, swapped
from dsmc.programme import Round
from dsmc.row_vectors import expect_number
from dsmc.slabs import FLYING, NOBODY, divide_slabs, first_cell, slab_after, slab_of_turn
from dsmc.sort import fetching_columns
from dsmc.velocities import Velocities, count_velocities
from dsmc.walls import columns

COLLIDE = "collide and fly"  # pass A, as the stopwatch names it
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
def begin_step(thread, offsets, flown, bounds, taken, counted):
    """Count the step, divide the cells among the threads, and note where slabs begin.

    flown : (slabs + 1,); counted : (2,) the step that is under way, and the sum of the particles
        of all steps
    """
    slabs = flown.shape[0] - 1
    for slab in range(slabs + 1):
        flown[slab] = offsets[first_cell(slab, slabs, offsets.shape[0] - 1)]
    counted[STEP] += 1
    counted[PARTICLE_STEPS] += offsets[offsets.shape[0] - 1]
    divide_slabs(offsets, slabs, bounds, taken)


@kernel
def advance_slabs(
    thread, bounds, phase, species, offsets, model, acceleration, planes, key, counted, sums,
    velocities, census,
    destination, histograms, tallies, batches, taken, flown, origin, columns,
):  # fmt: skip
    """Pass A over the slabs that a thread takes: fetch, sample, collide, sample, fly.

    bounds : (threads + 1,) of `divide_slabs`; histograms : (groups, cells + 1)
    counted : of `begin_step`; taken : (threads, IN_A_LINE) see `dsmc.slabs`
    acceleration, planes : those of the model, by themselves: where they are None, the compiler
        leaves away what belongs to them
    flown : (slabs + 1,) of `begin_step`
    origin : where rows are fetched from (`dsmc.fetch`)
    columns : a tuple with an entry for each column of a row
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
            next_slab = slab_after(slab, thread, bounds, taken, FLYING)
            ahead = what_follows(slab, next_slab, flown, phase, origin)
            expect_cells(offsets, cell)
            if origin.wanted:
                fetch_rows(phase, offsets[begin], offsets[cell], ahead.entry, origin, columns)
            look(begin, cell, phase, species, offsets, first, slab, sums, velocities, census)
            if model.colliding:
                admitted = admit_cells(begin, cell, offsets, model, batch.places)
                collide_cells(
                    phase, species, admitted, first, None, columns, model.gas, key, step, time,
                    slab, census, sums, batch, tallies.collisions,
                )  # fmt: skip
            look(begin, cell, phase, species, offsets, first, slab, sums, velocities, None)
            fly_cells(
                phase, species, offsets, begin, cell, model, acceleration, planes, key, step,
                destination, histogram, tallies.walls[slab], origin, ahead, columns,
                batch.round.open,
            )  # fmt: skip


@nested_kernel
def what_follows(slab, next_slab, flown, rows, origin):
    """The entries of a slab, and what is asked for behind its batches.

    next_slab : or NOBODY; flown : (slabs + 1,)
    """
    known = next_slab != NOBODY
    after = next_slab if known else slab
    stop, next_stop = flown[slab + 1], flown[after + 1]
    entry, next_entry = entry_of(stop, rows, origin.order), entry_of(next_stop, rows, origin.order)
    return Ahead(stop, entry, known, flown[after], next_entry)


@nested_kernel
def batch_end(offsets, cell, end):
    """The cell behind a batch that begins with `cell`."""
    stop, limit = min(cell + CELLS, end), offsets[cell] + ROWS
    last = cell + 1
    while last < stop and offsets[last + 1] <= limit:
        last += 1
    return last


@nested_kernel
def expect_cells(offsets, cell):
    """Ask the memory for the offsets of as many cells as the next batch may have."""
    if COMPILED:
        for later in range(cell, cell + CELLS, LINE // offsets.itemsize):
            expect_number(offsets, later)


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
    listed: bool,
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

    listed : whether the rows are fetched, into the other buffers, or lie in their cells
    counted : (2,) of `begin_step`; before the first step it holds one less than its number
    sums : (cells, S, moments.COLUMNS) to which a step adds its velocity sums, or None
    velocities : of the cells whose velocities are counted with the sums, or None
    stages : `advance_slabs`, or a variant of it around other laws
    """
    rounds = fetching_columns(state) if listed else []
    here = swapped(state) if listed else state
    divided = state.offsets, state.flown, state.bounds, state.taken, counted
    flown = (
        state.bounds, here.rows, here.further.get("species"), state.offsets, model,
        model.acceleration, model.planes, key, counted, sums, velocities, census,
        state.destination, state.histogram, tallies, batches, state.taken, state.flown,
        Origin(state.rows, state.order, listed), state.row_columns,
    )  # fmt: skip
    rounds += [Round(begin_step, divided, COLLIDE, alone=True), Round(stages, flown, COLLIDE)]
    return rounds
