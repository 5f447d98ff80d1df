"""A run that stops and goes on leaves the same bytes as one that never stopped."""

from dataclasses import replace
from pathlib import Path

import pytest

import dsmc
from dsmc import checkpoint
from dsmc.hdf5 import Unreadable
from dsmc.simulation import Simulation
from tests.parity.boxes import BOXES, box, datasets, differences, remains

STEPS, STOPPED = 12, 7
CHOICES = {
    "line": {"output": {"fields": 2, "fields_average": "interval"}},
    "plane": {"output": {"snapshots": 4, "fields": 3}},
    "room": {"output": {"trajectory": 0}},
    "slot": {"output": {"trajectory": 5, "particles": 10_000}},
    "duct": {"output": {"trajectory": 2, "snapshots": 3, "fields": 3}},
    "well": {"output": {"trajectory": 1, "particles": 5000}},
    "shelf": {"output": {"fields": 3}},
    "basin": {"output": {"fields": 3}},
}
GROWING = ("trajectory.h5", "fields.vtkhdf", "particles.vtkhdf", "checkpoint.h5")


def left(simulation: Simulation, folder: Path) -> dict:
    """What a run leaves in memory and, once closed, in every file."""
    found = remains(simulation)
    simulation.close()
    for name in GROWING:
        if (folder / name).exists():
            found |= {f"{name} {key}": array for key, array in datasets(folder / name).items()}
    return found


def straight(scenario: dsmc.Scenario, folder: Path, threads: int) -> dict:
    """All that an uninterrupted run leaves."""
    with Simulation(scenario, threads, folder) as simulation:
        simulation.run()
        return left(simulation, folder)


@pytest.mark.parametrize(("before", "after"), [(1, 1), (1, 2), (2, 1)])
@pytest.mark.parametrize("name", BOXES)
def test_a_resumed_run_equals_an_uninterrupted_one(tmp_path, name, before, after):
    scenario = box(name, STEPS, **CHOICES[name])
    expected = straight(scenario, tmp_path / "straight", before)
    with Simulation(scenario, before, tmp_path / "stopped") as simulation:
        simulation.run(steps=STOPPED)
    with dsmc.resume(tmp_path / "stopped", threads=after) as simulation:
        assert simulation.steps == STOPPED
        simulation.run()
        found = left(simulation, tmp_path / "stopped")
    assert not differences(expected, found)
    assert any(key.startswith("checkpoint.h5") for key in found)


def test_frames_after_the_checkpoint_are_written_again(tmp_path):
    """As after a kill: the files are ahead of the checkpoint, which is an older one."""
    scenario = box("plane", STEPS, **CHOICES["plane"])
    expected = straight(scenario, tmp_path / "straight", 1)
    folder = tmp_path / "killed"
    with Simulation(scenario, 1, folder) as simulation:
        simulation.run(steps=4)
        simulation._output.checkpoint(simulation)
        kept = (folder / "checkpoint.h5").read_bytes()
        simulation.run(steps=6)
    (folder / "checkpoint.h5").write_bytes(kept)
    with dsmc.resume(folder) as simulation:
        assert simulation.steps == 4
        simulation.run()
        found = left(simulation, folder)
    assert not differences(expected, found)


def test_a_saved_simulation_goes_on_without_files(tmp_path):
    scenario = box("line", STEPS)
    with Simulation(scenario, 1) as simulation:
        simulation.run(steps=STOPPED)
        simulation.save(tmp_path / "here.h5")
        simulation.run()
        expected = remains(simulation)
    with dsmc.resume(tmp_path / "here.h5") as simulation:
        simulation.run()
        assert not differences(expected, remains(simulation))
    assert [item.name for item in tmp_path.iterdir()] == ["here.h5"]


def test_a_run_can_go_on_beyond_its_scenario(tmp_path):
    """Twice n steps are 2 n steps; only the plan of sampling differs."""
    with Simulation(box("room", 2 * STEPS), 1) as simulation:
        simulation.run()
        expected = {"phase": simulation.checkpoint().particles["phase"]}
    with Simulation(box("room", STEPS), 1, tmp_path / "a") as simulation:
        simulation.run()
    with dsmc.resume(tmp_path / "a") as simulation:
        simulation.run(steps=STEPS)
        found = {"phase": simulation.checkpoint().particles["phase"]}
    assert not differences(expected, found)


@pytest.mark.parametrize(
    "forgotten", ["nothing", "step", "series", "fields", "walls", "tally of walls", "velocity"]
)
def test_anything_forgotten_is_noticed(tmp_path, forgotten):
    """A checkpoint that lacks one thing is told from a whole one."""
    scenario = box("slot", STEPS)
    expected = straight(scenario, tmp_path / "straight", 1)
    with Simulation(scenario, 1, tmp_path / "stopped") as simulation:
        simulation.run(steps=STOPPED)
    start = checkpoint.read(tmp_path / "stopped" / "checkpoint.h5")
    fresh = Simulation(scenario, 1).checkpoint()
    samplers, tallies = dict(start.samplers), dict(start.tallies)
    if forgotten in samplers:
        samplers[forgotten] = fresh.samplers[forgotten]
    elif forgotten == "tally of walls":
        tallies["walls"] = fresh.tallies["walls"]
    elif forgotten == "velocity":
        start.particles["phase"][:, 1:] *= 1.0 + 2e-7
    broken = replace(
        start, samplers=samplers, tallies=tallies, step=start.step - (forgotten == "step")
    )
    with Simulation(scenario, 1, tmp_path / "stopped", start=broken) as simulation:
        simulation.run()
        found = left(simulation, tmp_path / "stopped")
    assert bool(differences(expected, found)) == (forgotten != "nothing")


def test_the_last_but_one_serves_if_the_last_is_damaged(tmp_path):
    scenario = box("slot", STEPS)
    expected = straight(scenario, tmp_path / "straight", 1)
    folder = tmp_path / "stopped"
    with Simulation(scenario, 1, folder) as simulation:
        simulation.run(steps=4)
        simulation._output.checkpoint(simulation)
        simulation.run(steps=4)
    last = bytearray((folder / "checkpoint.h5").read_bytes())
    last[len(last) // 2] ^= 1
    (folder / "checkpoint.h5").write_bytes(last)
    with dsmc.resume(folder) as simulation:
        assert simulation.steps == 4
        assert "checkpoint.previous.h5 is used" in simulation.provenance["remark"]
        simulation.run()
        assert not differences(expected, left(simulation, folder))


def test_where_there_is_no_checkpoint_it_is_said(tmp_path):
    (tmp_path / "notes.txt").write_text("no run")
    with pytest.raises(Unreadable, match=r"no checkpoint.*holds notes\.txt.*directory of a run"):
        dsmc.resume(tmp_path)
    with pytest.raises(OSError, match=r"cannot be read: No such file.*nowhere"):
        dsmc.resume(tmp_path / "nowhere")
    with pytest.raises(Unreadable, match=r"notes\.txt: not an HDF5 file"):
        dsmc.resume(tmp_path / "notes.txt")
