"""The memory that a run will need, against what it has taken."""

import pytest

from dsmc.scenario import Scenario, ScenarioError, memory
from dsmc.simulation import Simulation
from tests.unit.test_forecast import BOX, WALLS, scenario


def test_the_memory_of_long_series_and_fine_fields_is_counted():
    often = scenario(run={"steps": 10**9}, sample={"every": 1000})
    assert memory.needed(often) - memory.needed(scenario()) == pytest.approx(16e6 * 18, rel=0.3)
    same = {"quantities": ["temperature"]}
    walls = scenario(boundaries=WALLS, domain={"cells": [10_000]}, sample=same)
    closed = scenario(domain={"cells": [10_000]}, sample=same)
    # Sums of 15 columns three times and in 32 blocks, and 20 fields as an evaluation takes them.
    cell = 3 * 15 * 8 + 5 * 20 * 8 + 32 * 15 * 4
    assert memory.needed(walls) - memory.needed(closed) == 10_000 * cell


@pytest.mark.parametrize("kinds", [1, 2])
def test_the_memory_of_cells_along_walls_is_counted(kinds):
    """All arrays of tallies and blocks that a run has for them, to 3 %; the twin forgets blocks."""
    room = BOX | {
        "domain": {"length_m": [1e-3] * 3, "cells": [12, 10, 8]},
        "boundaries": {axis: WALLS["x"] for axis in "xyz"},
    }
    if kinds == 2:
        species = [{"name": name, "fraction": 0.5} for name in ("Ar", "He")]
        room |= {"gas": {"model": "hard-sphere"}, "species": species}
    same = {"quantities": ["temperature"]}
    bare, along = (Scenario(**room, sample=same | {"wall_cells": asked}) for asked in (False, True))
    assert memory.wall_cells(along) == 2 * (12 * 10 + 12 * 8 + 10 * 8)
    grown = memory.needed(along) - memory.needed(bare)
    taken = [counting(gas) for gas in (bare, along)]
    assert grown == pytest.approx(taken[1] - taken[0], rel=0.03)
    blocks = 8 * memory.WALL_BLOCKS * (5 + 2 * kinds) * memory.wall_cells(along)
    assert grown - blocks != pytest.approx(taken[1] - taken[0], rel=0.03)


def counting(gas):
    """Bytes of the arrays that count what the walls receive, while they are evaluated."""
    with Simulation(gas, threads=1) as simulation:
        sampler = simulation.wall_sampler
        held = simulation.executor.tallies.walls.nbytes + sampler.blocks.means.nbytes
        return held + 8 * sampler.first.nbytes


def test_more_wall_cells_than_fit_are_refused_by_their_key(monkeypatch):
    cells = {"length_m": [1e-3] * 3, "cells": [100, 100, 100]}
    monkeypatch.setattr(memory, "available", lambda: 500_000_000)
    with pytest.raises(ScenarioError, match=r"(?s)sample\.wall_cells.*60,000 cells along.*cure"):
        scenario(domain=cells, boundaries={axis: WALLS["x"] for axis in "xyz"},
                 sample={"wall_cells": True, "fields_every": 0})  # fmt: skip
