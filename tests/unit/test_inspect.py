"""`dsmc inspect` tells of a file what is in it: all of it, and nothing that is not."""

import fcntl
import json
import math
import os
import shutil
import signal
import sys
import time
from contextlib import contextmanager
from dataclasses import fields, replace
from types import SimpleNamespace

import h5py
import numpy as np
import pytest

from dsmc import checkpoint, inspect, own_process
from dsmc.__main__ import main
from dsmc.hdf5 import Unreadable, in_own_process
from dsmc.inspect import values
from dsmc.inspect.description import Description
from dsmc.species import BOLTZMANN, TABLE
from dsmc.summary import plain
from tests.unit.small_run import SCENARIO, small_run

KINDS = {
    "trajectory.h5": "trajectory",
    "fields.vtkhdf": "fields",
    "particles.vtkhdf": "snapshots",
    "checkpoint.h5": "checkpoint",
    "summary.json": "summary",
}
HDF5_FILES = [name for name in KINDS if name != "summary.json"]


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return small_run(tmp_path_factory.mktemp("runs") / "small")


@pytest.fixture
def copy(run, tmp_path):
    return shutil.copytree(run, tmp_path / "copy")


def fact(description, name):
    """The value of the fact of this name."""
    return {fact.name: fact.value for fact in description.facts}[name]


@contextmanager
def edited(path):
    with h5py.File(path, "r+") as file:
        yield file


# ---------------------------------------------------------------------- files of ours


@pytest.mark.parametrize("name", KINDS)
def test_every_file_of_a_run_is_known_and_complete(run, name):
    found = inspect.describe(run / name)
    assert (found.kind, found.state, found.problems) == (KINDS[name], "complete", ())
    assert "dsmc" in found.sentence
    assert found.bytes == (run / name).stat().st_size
    assert "A few particles between two walls" in found.scenario


@pytest.mark.parametrize("name", HDF5_FILES)
def test_ranges_and_shapes_are_those_of_the_datasets(run, name):
    tree = {entry.path: entry for entry in inspect.describe(run / name).tree}
    checked = 0

    def check(path, item):
        nonlocal checked
        entry = tree[f"/{path}"]
        if not isinstance(item, h5py.Dataset):
            assert entry.kind == "group"
            return
        assert (entry.shape, entry.unit) == (item.shape, item.attrs.get("unit", ""))
        if entry.values is not None and item.size:
            array = item[()]
            finite = array[np.isfinite(array)]
            assert entry.values.nan == np.count_nonzero(np.isnan(array))
            assert entry.values.maximum == (finite.max() if finite.size else None)
            assert entry.values.minimum == (finite.min() if finite.size else None)
            checked += 1

    with h5py.File(run / name) as file:
        file.visititems(check)
    assert checked > 5


def test_observables_and_frames_of_a_trajectory(run):
    found = inspect.describe(run / "trajectory.h5")
    (quantity,) = (one for one in found.quantities if one.name == "temperature")
    with h5py.File(run / "trajectory.h5") as file:
        value, error = (file[f"observables/temperature/{name}"][:] for name in ("value", "error"))
    assert (quantity.unit, quantity.rows) == ("K", 4)
    assert (quantity.first, quantity.last, quantity.error) == (value[0], value[-1], error[-1])
    assert (quantity.minimum, quantity.maximum) == (value.min(), value.max())
    assert {clock.rows for clock in found.clocks} == {4}
    for clock in found.clocks:
        assert clock.steps == (0, 6)
        assert clock.times == (0.0, pytest.approx(6e-7))
    assert fact(found, "particles (trajectory)") == 50
    assert fact(found, "box")[0] == 1e-3


def test_fields_and_snapshots(run):
    found = inspect.describe(run / "fields.vtkhdf")
    (density,) = (one for one in found.quantities if one.name == "number_density")
    assert density.last == pytest.approx(1e21)  # the mean over the cells
    assert fact(found, "cells") == [4]
    assert (found.clocks[0].rows, found.clocks[0].steps) == (3, (2, 6))
    found = inspect.describe(run / "particles.vtkhdf")
    assert fact(found, "particles in the last frame") == 80
    assert found.clocks[0].rows == 3


def test_momentum_and_temperature_of_a_checkpoint(run):
    found = inspect.describe(run / "checkpoint.h5")
    velocity = checkpoint.read(run / "checkpoint.h5").velocity
    mass = TABLE["Ar"].mass
    weight = 1e21 * 1e-3 / 80
    thermal = velocity - velocity.mean(axis=0)
    temperature = mass * np.mean(np.sum(thermal**2, axis=1)) / (3.0 * BOLTZMANN)
    assert (fact(found, "step"), fact(found, "particles")) == (6, 80)
    assert fact(found, "temperature") == pytest.approx(temperature, rel=1e-12)
    np.testing.assert_allclose(
        fact(found, "momentum"), weight * mass * velocity.sum(axis=0), rtol=1e-12
    )


def test_a_changed_byte_of_a_checkpoint_is_noticed(copy, capsys):
    with edited(copy / "checkpoint.h5") as file:
        file["particles/phase"][3, 1] += 1e-9
    assert main(["inspect", str(copy / "checkpoint.h5")]) == 2
    assert "/particles/phase: damaged" in capsys.readouterr().err
    assert "particles/phase" in inspect.describe(copy / "checkpoint.h5").problems[0]


# ---------------------------------------------------------------------- what is odd


def test_nan_and_infinity_are_found_where_they_are(copy):
    path = "/particles/trajectory/velocity/value"
    with edited(copy / "trajectory.h5") as file:
        file[path][2, 7, 1] = np.nan
        file[path][3, 1, 0] = -np.inf
    found = inspect.describe(copy / "trajectory.h5")
    (entry,) = (entry for entry in found.tree if entry.path == path)
    assert (entry.values.nan, entry.values.infinite, entry.values.first) == (1, 1, (2, 7, 1))
    assert math.isfinite(entry.values.minimum)
    assert any(f"{path} has 1 NaN and 1 infinite" in remark for remark in found.remarks)


def test_torn_rows_are_told_and_only_complete_ones_counted(copy):
    with edited(copy / "trajectory.h5") as file:
        file["observables/temperature/value"].resize(3, axis=0)
        file["particles/trajectory/position/value"].resize(2, axis=0)
    torn = {one.path: one for one in inspect.describe(copy / "trajectory.h5").torn}
    assert torn["/observables/temperature"].complete == 3
    assert torn["/observables/temperature"].rows["time"] == 4
    assert torn["/particles/trajectory/position"].complete == 2
    with edited(copy / "fields.vtkhdf") as file:
        file["VTKHDF/CellData/temperature"].resize(1, axis=0)
    found = inspect.describe(copy / "fields.vtkhdf")
    assert found.torn[0].complete == found.clocks[0].rows == 1


def test_time_that_goes_back_is_told(copy):
    with edited(copy / "trajectory.h5") as file:
        file["observables/temperature/time"][2] = 0.0
    remarks = inspect.describe(copy / "trajectory.h5").remarks
    assert any("temperature/time does not increase at row 2" in remark for remark in remarks)


def test_a_run_that_stopped_early_is_unfinished(tmp_path):
    directory = small_run(tmp_path / "short", steps=2)
    for name in ("trajectory.h5", "fields.vtkhdf", "checkpoint.h5"):
        found = inspect.describe(directory / name)
        assert (found.state, found.progress) == ("unfinished", "step 2 of 6")


def test_a_run_that_goes_on_is_being_written(copy):
    descriptor = os.open(copy, os.O_RDONLY)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    assert inspect.describe(copy / "trajectory.h5").state == "being written"
    os.close(descriptor)
    assert inspect.describe(copy / "trajectory.h5").state == "complete"


# ---------------------------------------------------------------------- large, linked, foreign


@pytest.mark.parametrize("shape", [(), (0, 3), (7,), (5, 3), (2, 40, 3), (3, 2, 70), (1, 1, 999)])
def test_blocks_cover_an_array_once_and_in_order(monkeypatch, shape):
    monkeypatch.setattr(values, "BLOCK_BYTES", 100)
    array = np.arange(math.prod(shape)).reshape(shape)
    parts = [np.ravel(array[place]) for place in values.blocks(shape, 8)]
    assert all(part.nbytes <= 100 for part in parts)
    np.testing.assert_array_equal(np.concatenate([[], *parts]), array.ravel())


def test_of_a_large_dataset_even_parts_are_looked_at(monkeypatch, tmp_path):
    monkeypatch.setattr(values, "BLOCK_BYTES", 800)
    monkeypatch.setattr(values, "MOST_BYTES", 8000)
    with h5py.File(tmp_path / "large.h5", "w") as file:
        file["ramp"] = np.arange(100_000.0)
    found = inspect.describe(tmp_path / "large.h5").tree[1].values
    assert found.share == pytest.approx(0.01)
    assert (found.minimum, found.maximum) == (0.0, 99_999.0)  # first and last part among them


def test_h5md_made_elsewhere_is_explained(tmp_path):
    """With a fixed time step, as H5MD allows it: one number instead of a column."""
    with h5py.File(tmp_path / "md.h5", "w") as file:
        file.create_group("h5md").attrs["version"] = [1, 0]
        file.create_group("h5md/author").attrs["name"] = "N. N."
        file.create_group("h5md/creator").attrs["name"] = "espresso"
        file["particles/atoms/position/value"] = np.zeros((5, 9, 3))
        file["particles/atoms/position/step"] = np.arange(0, 50, 10)
        file["particles/atoms/position/time"] = np.linspace(0, 1, 5)
        file["particles/atoms/box/edges"] = np.ones(3)
        file["observables/pressure/value"] = np.arange(5.0)
        file["observables/pressure/step"] = 10
        file["observables/pressure/time"] = 0.25
    found = inspect.describe(tmp_path / "md.h5")
    assert found.kind == "H5MD"
    assert found.state == "unknown"
    assert "H5MD 1.0" in found.sentence
    assert "espresso for N. N." in found.sentence
    assert fact(found, "particles (atoms)") == 9
    assert [one.name for one in found.quantities] == ["pressure"]
    assert found.clocks[0].steps == (0, 40)


def test_other_hdf5_is_told_apart_and_its_tree_shown(tmp_path, capsys):
    with h5py.File(tmp_path / "other.h5", "w") as file:
        file["a/b"] = np.arange(3)
        file["a/again"] = file["a"]  # a loop
        file["a/away"] = h5py.SoftLink("/nowhere")
    assert main(["inspect", str(tmp_path / "other.h5")]) == 0
    out = capsys.readouterr().out
    assert "no H5MD" in out
    assert "(3) int64" in out
    assert "the same as /a" in out
    assert "soft link to /nowhere" in out


def test_a_library_that_crashes_or_hangs_is_told(tmp_path, monkeypatch):
    def crash(path):
        os.kill(os.getpid(), signal.SIGSEGV)

    def hang(path):
        time.sleep(60.0)

    def refuse(path):
        raise Unreadable(path, "no good")

    monkeypatch.setattr(own_process, "LIMIT_S", 1)
    path = tmp_path / "file"
    path.touch()
    for work, told in ((crash, "crashed"), (hang, "not read"), (refuse, "no good")):
        with pytest.raises(OSError, match=told) as failure:
            in_own_process(work, path)
        assert failure.value.filename == str(path)
    with pytest.raises(ZeroDivisionError):
        in_own_process(lambda path: 1 / 0, path)
    assert in_own_process(lambda path: path.name, path) == "file"


def test_what_a_commit_spoils_is_looked_at_again(copy, monkeypatch):
    """A file that a run is writing, torn by a commit at the first look only, is no damaged one."""
    path, looks = copy / "trajectory.h5", []

    def spoilt(work, path):
        looks.append(path)
        found = in_own_process(work, path)
        if len(looks) > 1:
            return found
        path.touch()
        return replace(found, problems=("wrong B-tree signature",))

    monkeypatch.setattr(inspect, "in_own_process", spoilt)
    assert inspect.describe(path).problems == ()
    assert len(looks) == 2


# ---------------------------------------------------------------------- how it is told


def test_json_has_the_documented_keys_and_no_nan(run, capsys):
    for path in [*(run / name for name in KINDS), run]:
        assert main(["inspect", str(path), "--json"]) == 0
        out = capsys.readouterr().out
        table = json.loads(out, parse_constant=lambda word: pytest.fail(f"{word} in JSON"))
        assert list(table) == [item.name for item in fields(Description)]
        assert all(key in inspect.__doc__ for key in table)
    assert plain({"a": (np.nan, np.float32(1.5), np.arange(2))}) == {"a": [None, 1.5, [0, 1]]}


def test_text_is_plain_and_folds_what_is_alike(run, capsys):
    assert main(["inspect", str(run / "fields.vtkhdf")]) == 0
    out = capsys.readouterr().out
    assert "\x1b" not in out
    assert "complete (step 6 of 6)" in out
    assert "/* (" in out
    assert out.count("pressure_xy") < 5
    assert "more lines (--json has all)" in out
    assert main(["inspect", str(run / "fields.vtkhdf"), "--quiet"]) == 0
    lines = capsys.readouterr().out.splitlines()
    unknown = [line for line in lines if "/collision_separation" in line and "NaN" in line]
    assert len(lines) == 3 + len(unknown)  # nobody collided in some cell of the few steps


def test_provenance_and_every_file_of_a_directory_are_told(copy, capsys):
    with edited(copy / "trajectory.h5") as file:
        file["parameters/provenance"].attrs["host"] = "a-machine"
    assert main(["inspect", str(copy / "trajectory.h5")]) == 0
    assert "a-machine" in capsys.readouterr().out
    (copy / "notes.txt").write_text("mine")
    (copy / "fields.vtkhdf").write_text("overwritten")
    assert main(["inspect", str(copy)]) == 2
    out = capsys.readouterr().out
    assert all(str(copy / name) in out for name in KINDS)
    assert "problem: not an HDF5 file" in out
    assert "notes.txt" in out


def test_what_cannot_be_explained_is_refused_with_a_cure(tmp_path, capsys):
    (tmp_path / "a.toml").write_text("title = 'argon'\n")
    (tmp_path / "b.json").write_text("{}")
    (tmp_path / "empty").mkdir()
    for name, told in (
        ("a.toml", "not an HDF5 file"),
        ("b.json", "name summary.json"),
        ("empty", "it is empty"),
        ("gone.h5", "No such file"),
    ):
        assert main(["inspect", str(tmp_path / name)]) == 2
        error = capsys.readouterr().err
        assert told in error
        assert str(tmp_path / name) in error


def test_pictures_are_drawn_if_asked_for(run, monkeypatch, capsys):
    drawn = SimpleNamespace(draw_target=lambda path, output, quiet: ([f"{path}.png"], ["a remark"]))
    monkeypatch.setitem(sys.modules, "viz.pictures", drawn)
    assert main(["inspect", str(run / "trajectory.h5"), "--plot"]) == 0
    assert capsys.readouterr().out.endswith("trajectory.h5.png\na remark\n")
    assert main(["inspect", str(run / "trajectory.h5"), "--plot", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["pictures"] == [f"{run}/trajectory.h5.png"]


def test_the_scenario_of_the_run_is_whole_in_the_description(run):
    found = inspect.describe(run / "checkpoint.h5")
    assert f"steps = {SCENARIO['run']['steps']}" in found.scenario
