"""Flights of several rows at once: places and cells as plain loops give them, to the last bit."""

import numpy as np
import pytest

from dsmc import row_flights
from dsmc.cells import cell_of, grid
from dsmc.compiled import kernel
from dsmc.drift import _drift
from dsmc.row_flights import at_once, rows_into_cells, rows_of, side_of

SEED = 20261130
NUMBERS = pytest.mark.parametrize("number", [np.int32, np.int64])


by_four, by_eight = (rows_into_cells(_drift, lambda grain, side=side: side) for side in (2, 4))


@kernel
def four_at_once(rows, columns, dt, box, elsewhere, found, stay):
    """The cells of all rows after a flight, and whether all stay."""
    for n in range(np.uint64(stay.shape[0])):
        stay[n] = by_four(
            rows, n * np.uint64(4), columns, dt, box.lengths, box.inverse_width, box.cells,
            elsewhere, found,
        )  # fmt: skip


@kernel
def eight_at_once(rows, columns, dt, box, elsewhere, found, stay):
    """The same with other instructions."""
    for n in range(np.uint64(stay.shape[0])):
        stay[n] = by_eight(
            rows, n * np.uint64(8), columns, dt, box.lengths, box.inverse_width, box.cells,
            elsewhere, found,
        )  # fmt: skip


FLIGHTS = {4: four_at_once, 8: eight_at_once}
SOME = pytest.mark.parametrize("some", FLIGHTS)


def flown(some, rows, dt, box, number, elsewhere=-1):
    """Cells and stays of a flight; the rows move."""
    found, stay = np.full(len(rows), 77, number), np.zeros(len(rows) // some, np.bool_)
    FLIGHTS[some](rows, tuple(range(rows.shape[1])), dt, box, elsewhere, found, stay)
    return found, stay


@kernel
def told(rows):
    """What kernels are told."""
    return at_once(rows)


@pytest.mark.parametrize(("roomy", "expected"), [(True, [8, 8]), (False, [8, 4])])
def test_as_many_rows_fly_at_once_as_registers_hold(monkeypatch, roomy, expected):
    """In single precision twice as many, where registers are few."""
    monkeypatch.setattr(row_flights, "ROOMY", roomy)
    assert [rows_of(side_of(grain)) for grain in (4, 8)] == expected


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_kernels_are_told_how_many(dtype):
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
