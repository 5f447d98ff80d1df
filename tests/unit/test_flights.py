"""Flights of the particles of some cells: those that meet faces come after the others."""

import numpy as np
import pytest

import dsmc
from dsmc.batch import CELLS
from dsmc.cells import cell_of
from dsmc.compiled import kernel
from dsmc.draws import key
from dsmc.drift import fly_cells
from dsmc.fetch import Ahead, Origin, order_over
from tests.parity.boxes import box

# Boxes whose walls many particles meet in a step, and one with a force; none with planes.
CROWDED = {"slot": {"run": {"time_step_mct": 3.0}}, "room": {}, "well": {}, "plane": {}}


@kernel
def flown(
    phase, species, offsets, model, acceleration, destination, histogram, tally, origin, ahead,
    columns, far,
):  # fmt: skip
    """Fly all cells."""
    fly_cells(
        phase, species, offsets, 0, offsets.shape[0] - 1, model, acceleration, None, KEY, 7,
        destination, histogram, tally, origin, ahead, columns, far,
    )  # fmt: skip


KEY = key(20261130)


def flights(name, at_once):
    """Rows, new cells, their counts and the tally after a step, so many at a time; the grid."""
    scenario = box(name, steps=1, particles=1500, **CROWDED[name])
    with dsmc.Simulation(scenario, threads=1) as simulation:
        state, model = simulation.executor.state, simulation.executor._model
        cells, count = state.offsets.size - 1, state.count
        rows = state.rows.copy()
        found = {
            "rows": rows,
            "destination": np.full(count, -1, np.int64),
            "histogram": np.zeros(cells + 1, np.int64),
            "tally": np.zeros_like(simulation.executor.tallies.walls[0]),
        }
        flown(
            rows, state.further.get("species"), state.offsets, model, model.acceleration,
            found["destination"], found["histogram"], found["tally"],
            Origin(rows, order_over(rows, np.int32), False), Ahead(count, 0, False, 0, 0),
            state.row_columns, np.empty(at_once, np.uint64),
        )  # fmt: skip
    return found, model.grid


@pytest.mark.parametrize("name", CROWDED)
def test_flights_do_not_depend_on_how_many_are_listed_at_once(name):
    """One, some that divide nothing, as many as a batch lists, and all."""
    expected, _ = flights(name, CELLS)
    assert expected["tally"].any()  # walls were hit
    for at_once in (1, 37, 5000):
        found, _ = flights(name, at_once)
        for part, array in expected.items():
            np.testing.assert_array_equal(found[part], array, err_msg=part)


@pytest.mark.parametrize("name", CROWDED)
def test_every_particle_is_counted_where_it_is(name):
    """The histogram is that of the new cells; only the well, open above, loses particles."""
    found, grid = flights(name, CELLS)
    cells = found["histogram"].size - 1
    np.testing.assert_array_equal(
        found["histogram"], np.bincount(found["destination"], minlength=cells + 1)
    )
    for row, new in enumerate(found["destination"]):
        assert new == cells or new == cell_of(found["rows"], row, grid)
    assert (found["histogram"][-1] > 0) == (name == "well")
