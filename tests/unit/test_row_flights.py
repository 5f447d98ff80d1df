"""Flights of several rows at once: places and cells as plain loops give them, to the last bit."""

import numpy as np
import pytest

from dsmc.cells import cell_of, grid
from dsmc.compiled import kernel
from dsmc.drift import _drift
from dsmc.row_flights import ROOMY, at_once, rows_into_cells, rows_of, side_of

SEED = 20261130
NUMBERS = pytest.mark.parametrize("number", [np.int32, np.int64])


def flights_of(some):
    """A kernel: the cells of all rows after a flight, so many at a time, and whether all stay."""
    together = rows_into_cells(_drift, lambda grain: some // 2)

    @kernel
    def into(rows, columns, dt, box, elsewhere, found, stay):
        for first in range(np.uint64(0), np.uint64(rows.shape[0]), np.uint64(some)):
            stay[first // np.uint64(some)] = together(
                rows, first, columns, dt, box.lengths, box.inverse_width, box.cells, elsewhere,
                found,
            )  # fmt: skip

    return into


FLIGHTS = {some: flights_of(some) for some in (4, 8)}
SOME = pytest.mark.parametrize("some", FLIGHTS)


def flown(some, rows, dt, box, number, elsewhere=-1):
    """Cells and stays of a flight; the rows move."""
    found, stay = np.full(len(rows), 77, number), np.zeros(len(rows) // some, np.bool_)
    FLIGHTS[some](rows, tuple(range(rows.shape[1])), dt, box, elsewhere, found, stay)
    return found, stay


def test_as_many_fly_at_once_as_the_sort_of_processor_has_room_for():
    """Single precision takes half the room; kernels are told the same number."""

    @kernel
    def told(rows):
        return at_once(rows)

    assert rows_of(side_of(4)) == 8 and rows_of(side_of(8)) == (8 if ROOMY else 4)
    for dtype in (np.float32, np.float64):
        assert told(np.zeros((1, 6), dtype)) == rows_of(side_of(np.dtype(dtype).itemsize))


@SOME
@NUMBERS
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("axes", [1, 2, 3])
def test_flights_end_in_the_cells_where_loops_find_them(axes, dtype, number, some):
    """Places inside move by x + v dt; those outside, or on no number, stay where they are."""
    random = np.random.default_rng([SEED, axes])
    count = 4000
    box = grid((1.0, 2.0, 0.5)[:axes], (4, 7, 3)[:axes], dtype)
    rows = (np.abs(random.normal(size=(count, axes + 3))) * 0.4).astype(dtype)
    rows[count // 2 :, :axes] *= dtype(0.2)  # blocks without a row that leaves
    rows[:, axes:] = random.normal(size=(count, 3)) * 0.2
    rows[0, 0], rows[0, axes] = box.lengths[0], 0.0  # on the upper face
    rows[1, axes] = np.nan
    rows[2, axes] = np.inf
    rows[3, axes] = -1e30  # far beyond whole numbers
    dt = dtype(0.2)
    moved = rows.copy()
    moved[:, :axes] = rows[:, :axes] + rows[:, axes : 2 * axes] * dt
    inside = ((moved[:, :axes] >= 0) & (moved[:, :axes] <= box.lengths)).all(axis=1)
    expected = np.where(inside[:, None], moved, rows)
    found, stay = flown(some, rows, dt, box, number)
    np.testing.assert_array_equal(rows, expected)
    cells = [int(cell_of(rows, row, box)) if inside[row] else -1 for row in range(count)]
    np.testing.assert_array_equal(found, cells)
    np.testing.assert_array_equal(stay, inside.reshape(-1, some).all(axis=1))
    assert 0.05 < inside.mean() < 0.99 and not inside[1:4].any()
    assert 0.02 < stay.mean() < 0.98


@SOME
@NUMBERS
def test_cells_of_large_grids_have_their_numbers(number, some):
    """A cell behind 2^24, which single precision could not count, next to the far corner."""
    box = grid((1.0, 1.0, 1.0), (300, 300, 300), np.float32)
    rows = np.zeros((some, 6), np.float32)
    rows[:, :3] = np.linspace(0.99, 1.0, some)[:, None]
    found, stay = flown(some, rows, np.float32(0.0), box, number)
    np.testing.assert_array_equal(found, [cell_of(rows, row, box) for row in range(some)])
    assert found[-1] == 300**3 - 1 and stay.all()


@SOME
def test_only_these_rows_are_written(some):
    """Those before and behind keep all, cells included."""
    box = grid((1.0,), (4,))
    rows = np.full((3 * some, 4), 0.25)
    found = np.full(3 * some, 77, np.int32)
    part = slice(some, 2 * some)
    FLIGHTS[some](
        rows[part], tuple(range(4)), 1.0, box, -1, found[part], np.zeros(1, np.bool_)
    )  # fmt: skip
    assert np.all(found[part] == 2) and np.all(rows[part, 0] == 0.5)
    for before_or_behind in (slice(0, some), slice(2 * some, None)):
        assert np.all(found[before_or_behind] == 77)
        assert np.all(rows[before_or_behind] == 0.25)
