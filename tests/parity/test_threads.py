"""Results are the same to the last bit for any number of threads, in pieces, and in any process.

No statistics: all comparisons are of bytes, of everything a run leaves (state, tallies, series with
their errors, fields, walls, histograms, every dataset of the trajectory).
"""

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest

import dsmc
from dsmc import sort
from tests.parity.boxes import BOXES, SINGLE, box, differences, remains, run

THREADS = (2, 3, 7)


@cache
def alone(name: str) -> dict[str, np.ndarray]:
    """A box run on one thread."""
    with TemporaryDirectory() as folder:
        return run(box(name), 1, Path(folder))


@pytest.mark.parametrize("threads", THREADS)
@pytest.mark.parametrize("name", BOXES)
def test_the_number_of_threads_changes_nothing(name, threads, tmp_path, monkeypatch):
    if threads > 2:  # all of them sum up the counts, as they do in large boxes
        monkeypatch.setattr(sort, "SHARED", 1)
    assert differences(alone(name), run(box(name), threads, tmp_path)) == []


@pytest.mark.parametrize("name", BOXES)
def test_the_boxes_are_alive(name):
    """What is compared exists: collisions, hits on walls, fields, a trajectory."""
    found = alone(name)
    candidates, collisions = found["tally collisions"].sum(axis=(0, 1))
    assert candidates > collisions > 1000
    assert bool(found["tally walls"][:, 0].sum() > 1000) is (name != "line")
    assert ("fields temperature" in found) is (name != "room")
    assert found["file particles/trajectory/position/value"].shape == (5, 50, 3)
    assert found["file observables/temperature/value"].shape == (7,)
    assert (found["phase"].dtype == np.float32) is (name in SINGLE)
    if name == "line":
        assert found["events"].sum() == 2 * collisions
    if name == "plane":
        assert np.all(found["tally collisions"][np.triu_indices(3)][:, 1] > 0)
        assert found["species"].dtype == np.int8


@pytest.mark.parametrize("name", BOXES)
def test_two_halves_are_the_whole(name):
    """run(2n) == run(n); run(n), everything that accumulates included."""
    with dsmc.Simulation(box(name), threads=2) as simulation:
        for steps in (5, 0, 7):
            simulation.run(steps)
        halves = remains(simulation)
    whole = {key: array for key, array in alone(name).items() if not key.startswith("file ")}
    assert differences(whole, halves) == []


@pytest.mark.parametrize("name", BOXES)
def test_looking_changes_nothing(name):
    """Moments, particles and results read at every step, and no file written: the same run."""

    def look(simulation: dsmc.Simulation) -> None:
        simulation.moments()
        assert not simulation.particles.velocity.flags.writeable
        assert simulation.result.steps == simulation.steps

    with dsmc.Simulation(box(name), threads=2) as simulation:
        simulation.run(callback=look)
        found = remains(simulation)
    whole = {key: array for key, array in alone(name).items() if not key.startswith("file ")}
    assert differences(whole, found) == []


@pytest.mark.parametrize("name", ["line", "plane"])
@pytest.mark.parametrize("change", ["replica", "seed"])
def test_another_replica_or_seed_changes_every_particle(name, change):
    """Not one coordinate of one molecule is that of the first run, at the start or at the end."""
    scenario, options = box(name), {"replica": 1}
    if change == "seed":
        scenario, options = box(name, run={"seed": 20261122}), {}
    for steps in (0, scenario.steps):
        ends = []
        for s, o in ((box(name), {}), (scenario, options)):
            with dsmc.Simulation(s, threads=2, **o) as simulation:
                simulation.run(steps)
                order = np.argsort(simulation.particles.id)
                ends.append(np.array(simulation._state.phase[order]))
        same = ends[0] == ends[1]
        # Single precision has few enough values for chance coincidences: 1e-3 of the numbers.
        assert same.mean() <= (0.0 if ends[0].dtype == np.float64 else 1e-3)


def test_a_changed_bit_is_noticed():
    """The twin: one unit in the last place of one number, or a missing array."""
    right = alone("room")
    wrong = {name: array.copy() for name, array in right.items()}
    wrong["phase"].view(np.uint64)[17, 2] ^= np.uint64(1)
    del wrong["tally walls"]
    assert differences(right, wrong) == ["phase", "tally walls"]
