"""Rows as vectors: what plain loops would give, to the last bit, and nothing beyond the row."""

import numpy as np
import pytest

from dsmc.cells import cell_of, grid
from dsmc.compiled import kernel
from dsmc.drift import drift_into_cell
from dsmc.row_vectors import bounds_of_three, copy_row, expect_fetch, expect_row

SEED = 20261129
PRECISIONS = pytest.mark.parametrize("dtype", [np.float64, np.float32])
AXES = pytest.mark.parametrize("axes", [1, 2, 3])


def matrix(rows, columns, dtype):
    return np.random.default_rng([SEED, columns]).normal(size=(rows, columns)).astype(dtype)


@kernel
def copied(target, source, columns):
    """Rows in reverse order."""
    for row in range(np.uint64(source.shape[0])):
        copy_row(target, np.uint64(source.shape[0]) - np.uint64(1) - row, source, row, columns)


@kernel
def asked(target, source, order, columns):
    """Ask for every row, for some that are none, and for what would be copied to them."""
    for row in range(np.uint64(order.shape[0])):
        expect_row(target, row + np.uint64(1 << 40), columns)
        expect_fetch(target, row, source, order, np.uint64(0), columns)


@kernel
def bounds(rows, start, stop, first):
    """Of three columns."""
    return bounds_of_three(rows, start, stop, first)


@kernel
def into(rows, dt, lengths, inverse_width, cells, found):
    """The cells of all rows after a flight."""
    for row in range(np.uint64(rows.shape[0])):
        found[row] = drift_into_cell(rows, row, dt, lengths, inverse_width, cells, -1)


@PRECISIONS
@AXES
def test_a_row_is_copied_whole_and_alone(axes, dtype):
    source = matrix(7, axes + 3, dtype)
    target = np.zeros((9, axes + 3), dtype)
    copied(target[1:8], source, tuple(range(axes + 3)))
    np.testing.assert_array_equal(target[1:8], source[::-1])
    assert not target[[0, 8]].any()


@PRECISIONS
@pytest.mark.parametrize("number", [np.int32, np.int64])
def test_to_ask_for_rows_changes_nothing_and_needs_no_row(number, dtype):
    source, target = matrix(5, 6, dtype), np.ones((5, 6), dtype)
    order = np.array([4, 0, 3, 1, 2**31 - 1], number)
    asked(target, source, order, tuple(range(6)))
    assert np.all(target == 1.0) and np.array_equal(source, matrix(5, 6, dtype))


@PRECISIONS
@pytest.mark.parametrize("rows", [1, 2, 3, 7, 8, 9, 10, 16, 17, 33])
def test_bounds_are_those_of_the_rows_between(rows, dtype):
    phase = matrix(rows + 4, 5, dtype)
    phase[[0, 1, -2, -1]] *= 100.0
    block = phase[2:-2, 2:]
    expected = (*block.min(axis=0), *block.max(axis=0))
    assert bounds(phase, 2, rows + 2, 2) == expected


@PRECISIONS
@AXES
def test_flights_end_in_the_cells_where_loops_find_them(axes, dtype):
    """Places inside move by x + v dt; those outside, or on no number, stay where they are."""
    box = grid((1.0, 2.0, 0.5)[:axes], (4, 7, 3)[:axes], dtype)
    rows = np.abs(matrix(4000, axes + 3, dtype)) * dtype(0.4)
    rows[:, axes:] = matrix(4000, 3, dtype)
    rows[0, 0], rows[0, axes] = box.lengths[0], 0.0  # on the upper face
    rows[1, axes] = np.nan
    dt = dtype(0.2)
    moved = rows.copy()
    moved[:, :axes] = rows[:, :axes] + rows[:, axes : 2 * axes] * dt
    inside = ((moved[:, :axes] >= 0) & (moved[:, :axes] <= box.lengths)).all(axis=1)
    expected = np.where(inside[:, None], moved, rows)
    found = np.empty(len(rows), np.int64)
    into(rows, dt, box.lengths, box.inverse_width, box.cells, found)
    np.testing.assert_array_equal(rows, expected)
    cells = [int(cell_of(rows, row, box)) if inside[row] else -1 for row in range(len(rows))]
    np.testing.assert_array_equal(found, cells)
    assert 0.05 < inside.mean() < 0.95 and not inside[1]


def test_rows_that_are_not_contiguous_are_refused():
    with pytest.raises(Exception, match="bounds_of_three"):
        bounds(np.zeros((6, 8))[:, ::2], 0, 6, 1)
