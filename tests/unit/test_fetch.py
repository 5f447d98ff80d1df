"""Rows are fetched by an order that lies where they will lie, and nothing is lost on the way."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dsmc.batch import ROWS
from dsmc.fetch import Ahead, Origin, entry_of, fetch_column, fetch_rows, order_over, pieces
from dsmc.slabs import NOBODY
from dsmc.step import what_follows


@st.composite
def heaps(draw):
    """Rows, which of them belongs where, the ends of slabs, and the type that numbers them."""
    count, beyond = draw(st.integers(0, 300)), draw(st.integers(0, 20))
    columns, dtype = draw(st.integers(4, 6)), draw(st.sampled_from([np.float64, np.float32]))
    stops = [*sorted(draw(st.lists(st.integers(0, count), max_size=8))), count]
    random = np.random.default_rng(draw(st.integers(0, 2**32)))
    rows = random.random((count + beyond, columns)).astype(dtype)
    number = draw(st.sampled_from([np.int32, np.int64]))
    return rows, random.permutation(count + beyond)[:count], stops, number


def fetched(rows, wanted, stops, number, entry_for, order):
    """The rows and a further column as they are fetched, slab by slab in an order."""
    out = np.full_like(rows, -1.0)
    listed, column = order_over(out, number), np.arange(len(rows), dtype=np.int64)
    slabs = list(zip([0, *stops], stops, strict=False))
    for start, stop in slabs:
        entry = int(entry_for(start, stop, out, listed))
        listed[entry + start : entry + stop] = wanted[start:stop]
    moved, columns = np.empty_like(column), tuple(range(rows.shape[1]))
    for start, stop in slabs:  # before rows are written over the order
        fetch_column(start, stop, int(entry_for(start, stop, out, listed)), listed, column, moved)
    for number_of_slab in order:
        start, stop = slabs[number_of_slab]
        entry = int(entry_for(start, stop, out, listed))
        fetch_rows(out, start, stop, entry, Origin(rows, listed, True), columns)
    return out[: len(wanted)], moved[: len(wanted)]


def at_the_end(start, stop, rows, listed):
    return entry_of(stop, rows, listed)


def at_the_beginning(start, stop, rows, listed):
    return start * rows.shape[1] * rows.itemsize // listed.itemsize - start


@given(heap=heaps(), data=st.data())
def test_every_row_comes_to_its_place_in_whatever_order_slabs_are_fetched(heap, data):
    """Rows of 16 to 48 bytes, entries of 4 and 8: an entry is read before a row is on top of it."""
    rows, wanted, stops, number = heap
    order = data.draw(st.permutations(range(len(stops))))
    found, moved = fetched(rows, wanted, stops, number, at_the_end, order)
    np.testing.assert_array_equal(found, rows[wanted])
    np.testing.assert_array_equal(moved, wanted)


@pytest.mark.parametrize("number", [np.int32, np.int64])
def test_an_order_at_the_beginning_of_its_slab_is_lost(number):
    """The twin: rows, whose bits are numbers of rows, are written over entries still to be read."""
    random, width = np.random.default_rng(20261130), 48 // np.dtype(number).itemsize
    bits, wanted = random.integers(0, 50, (50, width)).astype(number), random.permutation(50)
    for place, lost in ((at_the_end, False), (at_the_beginning, True)):
        found, _ = fetched(bits.view(np.float64), wanted, [50], number, place, [0])
        assert np.array_equal(found.view(number), bits[wanted]) != lost


@given(data=st.data())
def test_a_batch_asks_for_the_rows_behind_it_in_its_slab_and_then_in_the_next(data):
    """The last ROWS rows, each for one; for rows of the slab, and for no entry beyond the order.

    If no slab comes next, rows behind the slab are not asked for, but what is at hand.
    """
    start = data.draw(st.integers(0, 2000))
    stop = start + data.draw(st.integers(0, 2 * ROWS))
    end = stop + data.draw(st.integers(0, 2000))  # of the slab
    up = data.draw(st.booleans())
    next_start = end if up else data.draw(st.integers(0, start))
    next_stop = end + data.draw(st.integers(0, 2000)) if up else start
    dtype, number = data.draw(st.sampled_from([(np.float64, np.int32), (np.float32, np.int64)]))
    columns = data.draw(st.integers(4, 6))
    rows = np.empty((max(end, next_stop) + data.draw(st.integers(0, 5)), columns), dtype)
    listed, wanted = order_over(rows, number), data.draw(st.booleans())
    entry, next_entry = entry_of(end, rows, listed), entry_of(next_stop, rows, listed)
    known = data.draw(st.booleans())
    ahead = Ahead(end, entry, known, next_start, next_entry)
    found = pieces(start, stop, Origin(rows, listed, wanted), ahead)
    assert [low for low, *_ in found] == [start, *(high for _, high, *_ in found[:-1])]
    (_, first, distance, _, fetched), here, there = found
    assert there[1] == stop and stop - first == distance == min(stop - start, ROWS)
    assert (fetched, here[4], there[4]) == (False, wanted, wanted and known)
    asked = [row + here[2] for row in range(*here[:2])]
    assert asked == [row for row in range(stop, stop + distance) if row < end]
    assert here[3] == entry
    if not known:
        assert there[2] == 0
        return
    asked = [row + there[2] for row in range(*there[:2])]
    assert asked == list(range(next_start, next_start + stop - there[0]))
    assert all(0 <= there[3] + place < listed.size for place in asked)
    if next_entry + there[1] + there[2] <= listed.size:
        assert there[3] == next_entry


@pytest.mark.parametrize(("next_slab", "known"), [(2, True), (0, True), (NOBODY, False)])
def test_the_slab_that_follows_is_told_by_its_rows(next_slab, known):
    flown, rows = np.array([0, 10, 30, 60]), np.empty((60, 6))
    listed = order_over(rows, np.int32)
    found = what_follows(1, next_slab, flown, rows, Origin(rows, listed, True))
    assert (found.stop, found.entry) == (30, entry_of(30, rows, listed))
    assert found.known == known
    if known:
        end = flown[next_slab + 1]
        assert (found.next_start, found.next_entry) == (
            flown[next_slab],
            entry_of(end, rows, listed),
        )
