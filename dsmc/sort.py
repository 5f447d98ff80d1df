"""Stage: the rounds of the sort by cell, all threads together.

First the counts of all cells are summed up: the first row of every cell, and where its entries in
the order begin.  Then every row is noted there.  Rows are fetched by pass A of the next step
(`dsmc.step`), or, for who looks at them before, all at once.
"""

from __future__ import annotations

from dsmc.cells import count_rows, list_rows, prefix_sum
from dsmc.compiled import ZERO, kernel, nested_kernel
from dsmc.fetch import Origin, entry_of, fetch_column, fetch_rows
from dsmc.inflow import CHUNKS
from dsmc.particles import Particles
from dsmc.programme import Round
from dsmc.slabs import LISTING, NOBODY, first_cell, goes_down, run_of, slab_of_turn

SHARED = 1 << 15  # counts that threads sum up together; fewer are summed up by one
SORT = "sort"  # as the stopwatch names it


@nested_kernel
def cells_of(slab, slabs, cells):
    """The first cell of a slab, and the one behind it; the last slab is what leaves the box."""
    if slab == slabs:
        return cells, cells + 1
    return first_cell(slab, slabs, cells), first_cell(slab + 1, slabs, cells)


@kernel
def count_slabs(thread, threads, histogram, counts):
    """Count what comes into a thread's slabs, and what leaves the box.

    threads : that share the work; histogram : (groups, cells + 1); counts : (slabs + 1,)
    """
    slabs, cells = counts.shape[0] - 1, histogram.shape[1] - 1
    first, last = run_of(thread, threads, slabs + 1)
    for slab in range(first, last):
        begin, end = cells_of(slab, slabs, cells)
        counts[slab] = count_rows(histogram, begin, end)


@kernel
def place_slabs(thread, threads, pairs, histogram, counts, offsets, slots, rows, order):
    """Lay out a thread's slabs behind what comes into those before.

    threads : that share this work; pairs : of all threads, which share their slots
    histogram, slots : (groups, cells + 1); counts : (slabs + 1,); offsets : (cells + 1,)
    rows, order : the rows that will be fetched, and the order over them
    """
    slabs, cells = counts.shape[0] - 1, histogram.shape[1] - 1
    first, last = run_of(thread, threads, slabs + 1)
    start = 0
    for slab in range(last):
        stop = start + counts[slab]
        if slab >= first:
            begin, end = cells_of(slab, slabs, cells)
            entry = entry_of(stop, rows, order)
            prefix_sum(histogram, offsets, slots, pairs, begin, end, start, entry)
        start = stop


@kernel
def list_slabs(thread, bounds, taken, flown, entered, destination, slots, order):
    """Note the rows of the slabs that a thread takes, and its share of those that entered.

    bounds, taken : see `dsmc.slabs`; flown : (slabs + 1,) the first row of each slab in flight
    destination : (C,) new cells; slots : (groups, cells + 1); order : see `dsmc.fetch`
    """
    slabs, threads = flown.shape[0] - 1, bounds.shape[0] - 1
    turn = 0
    while True:
        slab = slab_of_turn(thread, turn, bounds, taken, LISTING)
        if slab == NOBODY:
            break
        turn += 1
        start, stop = flown[slab], flown[slab + 1]
        list_rows(start, stop, goes_down(thread), destination, slots[thread], order)
    if entered > 0:
        first, last = run_of(thread, threads, CHUNKS)
        start = flown[slabs] + entered * first // CHUNKS
        stop = flown[slabs] + entered * last // CHUNKS
        list_rows(start, stop, ZERO, destination, slots[threads + thread], order)


@kernel
def fetch_slabs(thread, threads, offsets, slabs, rows, origin, columns):
    """Fetch the rows of a thread's slabs into `rows`; offsets : (cells + 1,)."""
    first, last = run_of(thread, threads, slabs)
    for slab in range(first, last):
        start, stop, entry = place_of(slab, slabs, offsets, rows, origin.order)
        fetch_rows(rows, start, stop, entry, origin, columns)


@kernel
def fetch_column_of_slabs(thread, threads, offsets, slabs, rows, order, source, out):
    """Fetch a further column for a thread's slabs, before their order is overwritten by rows.

    source, out : (C,) the column as it flew, and in its cells
    """
    first, last = run_of(thread, threads, slabs)
    for slab in range(first, last):
        start, stop, entry = place_of(slab, slabs, offsets, rows, order)
        fetch_column(start, stop, entry, order, source, out)


@nested_kernel
def place_of(slab, slabs, offsets, rows, order):
    """The rows of a slab: the first, behind the last, and the entry of its order."""
    cells = offsets.shape[0] - 1
    start = offsets[first_cell(slab, slabs, cells)]
    stop = offsets[first_cell(slab + 1, slabs, cells)]
    return start, stop, entry_of(stop, rows, order)


def sorting(state: Particles, entered: int = 0) -> list[Round]:
    """The rounds that sum the counts up, and write the order.

    entered : how many rows came behind the last
    """
    counted, order = (state.histogram, state.counts), state.order
    alone = state.threads == 1 or state.histogram.size < SHARED
    sharing, pairs = 1 if alone else state.threads, state.threads // 2
    placed = sharing, pairs, *counted, state.offsets, state.slots, state.spare, order
    listed = (
        state.bounds, state.taken, state.flown, entered, state.destination, state.slots, order,
    )  # fmt: skip
    return [
        Round(count_slabs, (sharing, *counted), SORT, alone),
        Round(place_slabs, placed, SORT, alone),
        Round(list_slabs, listed, SORT),
    ]


def fetching_columns(state: Particles) -> list[Round]:
    """The rounds that fetch the further columns of a listed state into their other buffers."""
    where = state.threads, state.offsets, state.slabs, state.spare, state.order
    return [
        Round(fetch_column_of_slabs, (*where, column, state.spare_further[name]), SORT)
        for name, column in state.further.items()
    ]


def fetching(state: Particles) -> list[Round]:
    """The rounds that fetch all of a listed state into its other buffers."""
    fetched = (
        state.threads, state.offsets, state.slabs, state.spare,
        Origin(state.rows, state.order, True), state.row_columns,
    )  # fmt: skip
    return [*fetching_columns(state), Round(fetch_slabs, fetched, SORT)]
