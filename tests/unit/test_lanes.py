"""Sums in fixed lanes: right, in the order that is promised, and nothing beyond the last column."""

import numpy as np
import pytest

from dsmc.compiled import kernel
from dsmc.lanes import column_sums, column_update, side_by_side

SEED = 20261121
COLUMNS = (1, 7, 8, 15, 16, 17, 32, 63, 64, 65, 131, 150)


def _two(x, y, a):
    return (x, y), (a * x - y, y + x)


def _shear(x, y, a):
    return x + a * y, y - x


two_sums = column_sums(_two)
shear_rows = column_update(_shear)


@kernel
def sum_rows(rows, factor):
    """Sums over the first two rows."""
    return two_sums((rows[0], rows[1]), (factor,))


@kernel
def shear(rows, factor):
    """New values of the first two rows."""
    shear_rows((rows[0], rows[1]), (factor,))


def in_lanes(p, q):
    """Σ p q as promised: lanes side by side, products added in one rounding, lanes by halves."""
    lanes = 16 if p.dtype == np.float32 else 8
    wide = np.float64 if p.dtype == np.float32 else np.longdouble
    totals, rest = np.zeros(side_by_side(2) * lanes, p.dtype), p.dtype.type(0)
    all_lanes = p.size - p.size % totals.size
    first_lanes = p.size - p.size % lanes
    for k in range(p.size):
        product = wide(p[k]) * wide(q[k])
        if k < first_lanes:
            lane = k % totals.size if k < all_lanes else k % lanes
            totals[lane] = product + wide(totals[lane])
        else:
            rest = p.dtype.type(product + wide(rest))
    while totals.size > 1:
        totals = totals.astype(p.dtype if totals.size > lanes else np.float64)
        totals = totals[: totals.size // 2] + totals[totals.size // 2 :]
    return totals[0] + np.float64(rest)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("columns", COLUMNS)
def test_sums_are_those_of_the_lanes(columns, dtype):
    """In float32 to the last bit: products are exact in the float64 of the model, which rounds
    twice in one case of 2^29.  In float64 the model has three bits to spare: two ulps a column."""
    x, y = np.random.default_rng(SEED).normal(size=(2, columns)).astype(dtype)
    factor = dtype(0.7)
    found = sum_rows(np.stack([x, y]), factor)
    expected = [in_lanes(x, y), in_lanes(factor * x - y, y + x)]
    if dtype == np.float32:
        assert list(found) == expected
    np.testing.assert_allclose(found, expected, rtol=0, atol=4 * columns * np.finfo(dtype).eps)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("columns", COLUMNS)
def test_updates_are_elementwise_and_stay_in_their_rows(columns, dtype):
    rows = np.random.default_rng(SEED).normal(size=(3, columns)).astype(dtype)
    x, y, beyond = rows.copy()
    shear(rows, dtype(0.7))
    np.testing.assert_array_equal(rows, [x + dtype(0.7) * y, y - x, beyond])


def test_rows_with_gaps_are_refused():
    with pytest.raises(Exception, match="No implementation"):
        sum_rows(np.ones((2, 8))[:, ::2], 1.0)
