"""Rows as vectors: what plain loops would give, to the last bit, and nothing beyond the row."""

import numpy as np
import pytest

from dsmc.compiled import kernel
from dsmc.row_vectors import copy_row, expect_fetch, expect_number, expect_row

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
def asked_number(numbers):
    """Ask for numbers of a row, and for one far behind it."""
    for place in range(1 << 40, (1 << 40) + 3):
        expect_number(numbers, place)
    expect_number(numbers, 2)


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


@pytest.mark.parametrize("number", [np.int32, np.int64])
def test_to_ask_for_a_number_changes_nothing(number):
    numbers = np.arange(5, dtype=number)
    asked_number(numbers)
    np.testing.assert_array_equal(numbers, np.arange(5))
    with pytest.raises(Exception, match="expect_number"):
        asked_number(numbers[::2])
