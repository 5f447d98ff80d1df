"""Cells: every position has one, sorting keeps the order, threads share the slabs exactly."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dsmc.cells import (
    AHEAD,
    cell_of,
    count_cells,
    count_rows,
    grid,
    list_rows,
    number_of_cells,
    number_of_slabs,
    prefix_sum,
)
from dsmc.particles import particles, reserve
from dsmc.programme import Programme
from dsmc.slabs import SLABS, divide_slabs, first_cell, nothing_taken
from dsmc.sort import SHARED, sorting
from dsmc.team import Team

EPS = {np.float64: 2.0**-52, np.float32: 2.0**-23}
PRECISIONS = st.sampled_from([np.float64, np.float32])
LENGTHS = st.one_of(
    st.sampled_from([1.0, 0.1, 1e-3, 1.0 / 3.0, 4.7e-4, 1e-9, 123.456, np.pi]),
    st.floats(1e-9, 1e6),
)


def cells_of(positions, lengths, cells, dtype):
    """Cell of every position, (N, d)."""
    phase = np.zeros((len(positions), len(lengths) + 3), dtype)
    phase[:, : len(lengths)] = positions
    box = grid(lengths, cells, dtype)
    found, histogram = np.empty(len(phase), np.int32), np.zeros(number_of_cells(box), np.int32)
    count_cells(phase, 0, len(phase), box, found, histogram)
    np.testing.assert_array_equal(histogram, np.bincount(found, minlength=len(histogram)))
    assert [int(cell_of(phase, row, box)) for row in range(min(3, len(phase)))] == list(found[:3])
    return found


# ------------------------------------------------------------------------------ where one is


@given(length=LENGTHS, cells=st.integers(1, 100_000), dtype=PRECISIONS, data=st.data())
def test_every_position_in_the_box_has_a_cell_that_holds_it(length, cells, dtype, data):
    """The index is off by rounding at most: x lies in [i, i + 1] dx, to 2 roundings of L."""
    fractions = data.draw(st.lists(st.floats(0.0, 1.0), min_size=1, max_size=20))
    x = np.minimum(np.array([0.0, -0.0, length, *[f * length for f in fractions]]), length)
    x = x.astype(dtype)
    found = cells_of(x[:, None], (length,), (cells,), dtype)
    assert found.min() >= 0 and found.max() <= cells - 1
    slack = 4 * EPS[dtype] * cells
    place = x.astype(np.float64) / length * cells
    assert np.all(found <= place + slack)
    assert np.all(found + 1 >= place - slack)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("length", [1.0, 1e-3, 1.0 / 3.0, 0.1, 7e-7])
@pytest.mark.parametrize("cells", [1, 3, 100, 99_999, 100_000])
def test_the_faces_of_the_box_belong_to_the_first_and_the_last_cell(dtype, length, cells):
    upper = np.array(length, dtype)
    below, above = np.nextafter(upper, dtype(0)), np.nextafter(upper, dtype(2 * length))
    x = np.array([0.0, np.nextafter(dtype(0), dtype(1)), below, upper, above], dtype)
    found = cells_of(x[:, None], (length,), (cells,), dtype)
    np.testing.assert_array_equal(found, [0, 0, cells - 1, cells - 1, cells - 1])


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_cells_are_in_the_order_of_positions_and_equally_wide(dtype):
    """1e5 cells: single precision resolves dx to 1.2 %, twice that with both edges rounded."""
    cells, length = 100_000, 1e-3
    x = ((np.arange(40 * cells) + 0.5) / (40 * cells) * length).astype(dtype)
    found = cells_of(x[:, None], (length,), (cells,), dtype)
    assert np.all(np.diff(found) >= 0)
    members = np.bincount(found, minlength=cells)
    allowed = 40 * 4 * EPS[dtype] * cells + 1
    assert np.abs(members - 40).max() <= allowed


@pytest.mark.parametrize("cells", [(5,), (5, 4), (5, 4, 3)])
def test_cells_count_x_first(cells):
    lengths = tuple(0.3 * (axis + 1) for axis in range(len(cells)))
    indices = np.indices(cells).reshape(len(cells), -1).T
    centres = (indices + 0.5) / np.array(cells) * np.array(lengths)
    strides = np.cumprod([1, *cells[:-1]])
    np.testing.assert_array_equal(cells_of(centres, lengths, cells, np.float64), indices @ strides)
    assert grid(lengths, cells).volume == pytest.approx(np.prod(lengths) / np.prod(cells))


def test_a_position_outside_the_box_is_refused():
    box = grid((1.0,), (4,))
    for x in (-1e-9, 1.0 + 1e-9, np.nan):
        with pytest.raises(ValueError, match="outside the box"):
            particles(np.array([[x, 0.0, 0.0, 0.0]]), box, 1)


# ------------------------------------------------------------------------------ sorting


@st.composite
def crowds(draw):
    """Cells of up to 200 particles, the number of cells, and where threads divide the rows."""
    cells = draw(st.integers(1, 12))
    destination = draw(st.lists(st.integers(0, cells - 1), max_size=200))
    threads = draw(st.integers(1, 5))
    cuts = draw(
        st.lists(st.integers(0, len(destination)), min_size=threads - 1, max_size=threads - 1)
    )
    edges = [0, *sorted(cuts), len(destination)]
    meets = [draw(st.integers(edges[k], edges[min(k + 2, threads)])) for k in range(0, threads, 2)]
    return np.array(destination, np.int32), cells, edges, meets


@given(crowd=crowds())
def test_sorting_is_stable_whatever_the_number_of_threads(crowd):
    """The order is that of a stable sort by cell: (source row) within a cell, for every division.

    Two threads of a pair begin at the ends of its rows and meet anywhere, wherever the border of
    what they counted is.
    """
    destination, cells, edges, meets = crowd
    count, threads, entry = len(destination), len(edges) - 1, 17
    histogram = np.zeros((threads, cells + 1), np.int32)
    slots = np.zeros((threads, cells + 1), np.int32)
    for thread in range(threads):
        mine = destination[edges[thread] : edges[thread + 1]]
        histogram[thread] = np.bincount(mine, minlength=cells + 1)
    offsets, pairs = np.zeros(cells + 1, np.int64), threads // 2
    middle = (cells + 1) // 2  # in two runs, the second one first
    before = count_rows(histogram, 0, middle)
    prefix_sum(histogram, offsets, slots, pairs, middle, cells + 1, before, entry)
    prefix_sum(histogram, offsets, slots, pairs, 0, middle, 0, entry)
    order = np.argsort(destination, kind="stable")
    expected_offsets = np.searchsorted(destination[order], np.arange(cells + 1))
    np.testing.assert_array_equal(offsets, expected_offsets)
    listed = np.full(entry + count, -1, np.int32)
    for thread in reversed(range(threads)):  # the order of the threads does not matter either
        lower, down = thread - thread % 2, thread % 2 == 1
        begin, end, meet = edges[lower], edges[min(lower + 2, threads)], meets[lower // 2]
        if lower + 1 == threads:
            meet = end
        start, stop = (meet, end) if down else (begin, meet)
        half = (start + stop) // 2  # in two pieces
        for first, last in ((half, stop), (start, half)) if down else ((start, half), (half, stop)):
            list_rows(first, last, down, destination, slots[thread], listed)
    np.testing.assert_array_equal(listed[entry:], order)
    assert np.all(listed[:entry] == -1)


@pytest.mark.parametrize("number", [np.int32, np.int64])
def test_rows_are_listed_in_order_from_either_end(number):
    """Runs around the length from which on places are asked for ahead, and long ones."""
    random = np.random.default_rng(20261130)
    for count in (AHEAD - 1, AHEAD, AHEAD + 1, 2 * AHEAD, 5000):
        cells = np.sort(random.integers(0, 40, count)) + random.integers(-1, 2, count) + 1
        destination, order = cells.astype(number), np.argsort(cells, kind="stable")
        ends = np.cumsum(np.bincount(cells, minlength=42)).astype(number)
        starts = np.concatenate([[0], ends[:-1]]).astype(number)
        for down, slots, filled in ((0, starts, ends), (1, ends, starts)):
            slots, listed = slots.copy(), np.full(count, -1, number)
            list_rows(0, count, down, destination, slots, listed)
            np.testing.assert_array_equal(listed, order)
            np.testing.assert_array_equal(slots, filled)


@given(count=st.integers(0, 300), threads=st.integers(1, 7), dtype=PRECISIONS)
def test_a_state_is_its_rows_sorted_by_cell(count, threads, dtype):
    """Positions, velocities, ids, species and clocks stay together; counts add up."""
    random = np.random.default_rng(20261121 + count)
    box = grid((1.0, 2.0), (5, 4), dtype)
    phase = random.random((count, 5)).astype(dtype)
    clock, species = random.random(count), random.integers(0, 3, count).astype(np.int8)
    state = particles(phase, box, threads, id=np.arange(count), clock=clock, species=species)
    found = cells_of(phase[:, :2], (1.0, 2.0), (5, 4), dtype) if count else np.zeros(0, np.int64)
    order = np.argsort(found, kind="stable")
    np.testing.assert_array_equal(state.phase, phase[order])
    np.testing.assert_array_equal(state.id, order)
    np.testing.assert_array_equal(state.clock, clock[order])
    np.testing.assert_array_equal(state.species, species[order])
    np.testing.assert_array_equal(np.diff(state.offsets), np.bincount(found, minlength=20))


# ------------------------------------------------------------------------------ sharing the work


@given(cells=st.integers(1, 2000), slabs=st.integers(1, SLABS))
def test_slabs_are_contiguous_and_cover_every_cell_once(cells, slabs):
    slabs = min(slabs, cells)
    edges = [first_cell(slab, slabs, cells) for slab in range(slabs + 1)]
    assert edges[0] == 0 and edges[-1] == cells
    widths = np.diff(edges)
    assert widths.min() >= 1 and widths.max() - widths.min() <= 1


@given(
    members=st.lists(st.sampled_from([0, 0, 1, 2, 5, 100, 10_000]), min_size=1, max_size=300),
    threads=st.integers(1, 40),
)
def test_every_slab_belongs_to_exactly_one_thread(members, threads):
    """Empty cells, one crowded cell, more threads than slabs: bounds rise from 0 to all slabs.

    A thread's share exceeds an equal one by less than the fullest slab.
    """
    cells = len(members)
    offsets = np.concatenate([[0], np.cumsum(members)]).astype(np.int64)
    slabs = number_of_slabs(grid((1.0,), (cells,)))
    bounds = np.full(threads + 1, -7)
    divide_slabs(offsets, slabs, bounds, nothing_taken(threads))
    assert bounds[0] == 0 and bounds[-1] == slabs
    assert np.all(np.diff(bounds) >= 0)
    edges = offsets[[first_cell(slab, slabs, cells) for slab in range(slabs + 1)]]
    share = np.diff(edges[bounds])
    assert share.sum() == offsets[-1]
    assert share.max() <= offsets[-1] / threads + np.diff(edges).max() + 1


@pytest.mark.parametrize("threads", [2, 3])
def test_threads_lay_cells_out_together_as_one_does(threads):
    """Slots of one thread are those of the sum over all cells at once, moved slab by slab."""
    side = 1 + int((SHARED / threads) ** 0.5)
    random = np.random.default_rng(20261129)
    box = grid((1.0, 1.0), (side, side))
    state = particles(random.random((50_000, 5)), box, threads)
    reserve(state, 9 * state.histogram.size)
    state.histogram[:] = random.integers(0, 9, state.histogram.shape)
    assert state.histogram.size >= SHARED
    team = Team(threads)
    team.play(Programme(sorting(state)[:2]))
    team.close()
    offsets, slots = np.zeros_like(state.offsets), np.zeros_like(state.slots)
    prefix_sum(state.histogram, offsets, slots, threads // 2, 0, offsets.size, 0, 0)
    np.testing.assert_array_equal(state.offsets, offsets)
    edges = [*(first_cell(slab, SLABS, side**2) for slab in range(SLABS + 1)), side**2 + 1]
    stops = [*offsets[edges[1:-1]], state.histogram.sum()]
    words = state.spare.shape[1] * 2  # numbers of four bytes in a row
    for begin, end, stop in zip(edges, edges[1:], stops, strict=False):
        moved = state.slots[:, begin:end] - slots[:, begin:end]
        assert np.all(moved == (words - 1) * stop)
