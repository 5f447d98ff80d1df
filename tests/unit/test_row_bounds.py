"""Bounds of the velocities of some rows: what plain loops find, whatever stands around them."""

import numpy as np
import pytest

from dsmc.compiled import kernel
from dsmc.row_bounds import bounds_of_three, rows_of_a_vector

SEED = 20261129


@kernel
def bounds(rows, start, stop, first, columns):
    """Of three columns."""
    return bounds_of_three(rows, start, stop, first, columns)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("axes", [1, 2, 3])
@pytest.mark.parametrize("rows", [*range(1, 20), 24, 30, 31, 33, 45, 61])
def test_bounds_are_those_of_the_rows_between(rows, axes, dtype):
    """Rows of one, of several vectors, and fewer than are in one; each row is outermost once."""
    random = np.random.default_rng([SEED, axes])
    around = random.normal(size=(rows + 8, axes + 3)).astype(dtype)
    around[[0, 1, 2, 3, -4, -3, -2, -1]] *= 100.0
    around[:, :axes] *= 100.0
    for row in range(rows):
        phase = around.copy()
        phase[4 + row, axes:] = 10.0, -10.0, 10.0
        block = phase[4:-4, axes:]
        expected = (*block.min(axis=0), *block.max(axis=0))
        assert bounds(phase, 4, rows + 4, axes, tuple(range(axes + 3))) == expected


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_nothing_outside_the_matrix_is_seen(dtype):
    """All rows of a matrix, at whose ends there are infinite numbers."""
    for axes in (1, 2, 3):
        for rows in range(1, 25):
            size = rows * (axes + 3)
            memory = np.full(size + 64, np.inf, dtype)
            phase = memory[32 : 32 + size].reshape(rows, axes + 3)
            phase[:] = np.random.default_rng([SEED, rows]).normal(size=phase.shape)
            block = phase[:, axes:]
            expected = (*block.min(axis=0), *block.max(axis=0))
            assert bounds(phase, 0, rows, axes, tuple(range(axes + 3))) == expected


def test_a_vector_holds_several_rows_only_if_they_fill_it():
    assert rows_of_a_vector(4, 6) == 3  # single precision, three axes: 4 + 6 + 6 entries
    assert rows_of_a_vector(4, 4) == 4
    assert rows_of_a_vector(4, 5) == 1  # 4 + 5 + 5 do not
    assert rows_of_a_vector(8, 4) == 2
    assert rows_of_a_vector(8, 5) == rows_of_a_vector(8, 6) == 1


def test_rows_that_are_not_contiguous_are_refused():
    with pytest.raises(Exception, match="bounds_of_three"):
        bounds(np.zeros((6, 12))[:, ::2], 0, 6, 3, tuple(range(6)))
