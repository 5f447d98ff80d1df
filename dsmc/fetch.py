"""Stage: every row is fetched from where its particle flew to the place that the sort gave it.

The sort moves no rows. It writes the order: for every place, which row belongs there. Pass A of
the next step fetches the rows of a few cells, and goes on with them while they are in the cache.

The order needs no memory of its own. It lies where the rows will come to lie: that of a slab in the
last bytes of the slab's rows. These are fetched upwards, and an entry is not longer than half a
row, so that an entry is read before a row is written over it.
"""

from typing import NamedTuple

import numpy as np

from dsmc.batch import ROWS
from dsmc.compiled import COMPILED, kernel, nested_kernel
from dsmc.row_vectors import copy_row


class Origin(NamedTuple):
    """Where the rows that a step begins with are fetched from.

    rows : (C, d + D) as they flew
    order : (entries,) over the memory of the rows that are fetched: see `order_over`
    wanted : whether rows are fetched at all, or lie in their cells
    """

    rows: np.ndarray
    order: np.ndarray
    wanted: bool


class Ahead(NamedTuple):
    """What is asked for behind a batch: the rest of its slab, then a slab that may come next.

    If none may, rows ask for themselves, which costs nothing: where an order was there are other
    rows by now, which would be taken for numbers, and to ask for what is nowhere takes long.
    """

    stop: int  # behind the last row of the slab
    entry: int  # of the slab: see `entry_of`
    known: bool  # whether a slab may come next
    next_start: int  # its first row; if none may, that of the same slab
    next_entry: int


def order_over(rows: np.ndarray, number: type) -> np.ndarray:
    """A view of the memory of rows (C, d + D) as numbers of rows: (entries,)."""
    entries = rows.nbytes // np.dtype(number).itemsize
    return np.frombuffer(rows, number, entries) if entries else np.empty(0, number)


@nested_kernel
def entry_of(stop, rows, order):
    """Where the entry of row 0 would be in the order of a slab; that of row r is r further on.

    stop : behind the last row of the slab, at whose end its part of the order ends
    """
    bytes_before = np.uint64(stop) * np.uint64(rows.shape[1] * rows.itemsize)
    return np.int64(bytes_before // np.uint64(order.itemsize)) - stop


@kernel
def fetch_rows(rows, start, stop, entry, origin, columns):
    """Fetch rows start:stop of a slab.

    rows : (C, d + D); entry : of the slab; columns : a tuple with an entry for each column
    """
    for row in range(np.uint64(start), np.uint64(stop)):
        found = np.uint64(origin.order[np.uint64(entry) + row])
        if COMPILED:
            copy_row(rows, row, origin.rows, found, columns)
        else:
            rows[row] = origin.rows[found]


@nested_kernel
def pieces(start, stop, origin, ahead):
    """Rows start:stop of a batch in pieces, by the slab of the row that each of them asks for.

    The last ROWS rows of a batch, which are all unless it is one large cell, ask for one each of
    those behind it: in the same slab, or in the next; for themselves where none is known. Those
    before ask for rows of their own cell.
    Three times: the first row, behind the last, how far ahead the row is that is asked for, its
    entry, and whether it is still to be fetched.
    """
    distance = min(stop - start, ROWS)
    first = stop - distance
    middle = min(max(ahead.stop - distance, first), stop)
    farther = distance + ahead.next_start - ahead.stop if ahead.known else 0
    # Another thread may take the next slab now: what stands in its order is no row any more, and a
    # slab may have fewer rows than are asked for.
    entry = min(ahead.next_entry, origin.order.shape[0] - stop - farther)
    return (
        (start, first, distance, ahead.entry, False),
        (first, middle, distance, ahead.entry, origin.wanted),
        (middle, stop, farther, entry, origin.wanted and ahead.known),
    )


@kernel
def fetch_column(start, stop, entry, order, source, out):
    """Fetch a further column (ids, species, clocks) of rows start:stop of a slab."""
    for row in range(np.uint64(start), np.uint64(stop)):
        out[row] = source[np.uint64(order[np.uint64(entry) + row])]
