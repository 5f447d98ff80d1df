"""The workspace of a thread: where its columns lie."""

import numpy as np
import pytest

from dsmc.batch import CELLS, LINE, PLACES, ROUND, batch, whole

PAGE = 4096  # bytes after which a processor takes two addresses for one


def columns(workspace):
    """{name: a column} of every column of CELLS numbers."""
    named = {f"places.{name}": workspace.places[name] for name in PLACES}
    named |= {f"round.{name}": workspace.round[name] for name in ROUND}
    for name in ("farthest", "number", "rate", "flow"):
        table = getattr(workspace, name).reshape(-1, CELLS)
        named |= {f"{name}[{k}]": column for k, column in enumerate(table)}
    return named


def address(array):
    return array.__array_interface__["data"][0]


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("species", [1, 3])
def test_no_column_reaches_into_another(species, dtype):
    workspace = batch(3, species, 40, dtype)
    named = columns(workspace)
    for k, column in enumerate(named.values()):
        column[:] = k + 1
    for k, (name, column) in enumerate(named.items()):
        assert column.shape == (CELLS,) and (column == k + 1).all(), name


def test_columns_of_a_gas_lie_on_different_lines_of_a_page():
    """Loads and stores a multiple of 4096 bytes apart wait for each other."""
    lines = [address(column) % PAGE // LINE for column in columns(batch(3, 1, 0)).values()]
    assert len(set(lines)) == len(lines)
    assert all(address(column) % LINE == 0 for column in columns(batch(3, 1, 0)).values())


def test_tables_are_contiguous():
    workspace = batch(3, 2, 40)
    assert workspace.rate.shape == workspace.flow.shape == (2, 2, CELLS)
    assert workspace.farthest.shape == workspace.number.shape == (2, CELLS)
    assert all(getattr(workspace, name).flags.c_contiguous for name in ("rate", "farthest"))
    assert workspace.rate.dtype == np.float64


def test_what_is_computed_has_the_precision_of_the_rows_if_no_other_is_wanted():
    single, mixed = (batch(3, 2, 40, np.float32, real=real) for real in (None, np.float64))
    for workspace, real in ((single, np.float32), (mixed, np.float64)):
        computed = (workspace.round.x, workspace.places.bound, workspace.rate, workspace.farthest)
        assert {column.dtype.type for column in computed} == {real}
        assert workspace.centre.dtype == np.float32
        clocks = (workspace.places.last, workspace.round.clock, workspace.flow)
        assert {column.dtype.type for column in clocks} == {np.float64}


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_whole_lines_of_a_column_are_no_more_than_the_column(dtype):
    column = batch(3, 1, 0, dtype).round.x
    line = LINE // column.itemsize
    assert [whole(count, column) for count in (0, 1, line, line + 1)] == [0, line, line, 2 * line]
    assert all(count <= whole(count, column) <= CELLS for count in range(CELLS + 1))
