"""`dsmc plot` draws what a directory or file holds, and says what it cannot show and why."""

import json
import os
import shutil

import h5py
import numpy as np
import pytest
from matplotlib.image import imread

from tests.unit.small_run import small_run
from tests.unit.test_pictures_particles import element
from viz import contents, pictures, style

SEED = 20261121


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    return small_run(tmp_path_factory.mktemp("run") / "walls")


@pytest.fixture
def run(finished, tmp_path, monkeypatch):
    """A copy of a finished run; pictures are coarse, to be quick."""
    monkeypatch.setattr(style, "DPI", 40)
    return shutil.copytree(finished, tmp_path / "walls")


def is_blank(path):
    return np.ptp(imread(path)[..., :3]) == 0.0


def test_a_directory_gives_the_pictures_of_its_run(run):
    written, remarks = pictures.draw_target(run)
    names = {path.name for path in written}
    assert {"profiles.png", "quality.png"} <= names
    assert all(path.parent == run and not is_blank(path) for path in written)
    assert any("no speed histograms" in remark or "no exact curves" in remark for remark in remarks)


@pytest.mark.parametrize(
    "name", ["trajectory.h5", "fields.vtkhdf", "particles.vtkhdf", "checkpoint.h5"]
)
def test_a_file_gives_one_picture_beside_it_with_its_name(run, name):
    written, _ = pictures.draw_target(run / name)
    assert written == [(run / name).with_suffix(".png")]
    assert not is_blank(written[0])


def test_a_file_is_known_by_what_is_in_it(run):
    for name, has_frames in (
        ("trajectory.h5", True), ("particles.vtkhdf", True), ("checkpoint.h5", True),
        ("fields.vtkhdf", False), ("summary.json", False),
    ):  # fmt: skip
        other = (run / name).rename(run / f"{name.split('.')[0]}_of_mine.data")
        found = contents.of(other)
        assert (found.frames is not None) == has_frames
        assert found.panels


def test_the_picture_goes_where_it_is_told(run, tmp_path):
    (one,), _ = pictures.draw_target(run, tmp_path / "all.png")
    assert one == tmp_path / "all.png"
    (two,), _ = pictures.draw_target(run / "checkpoint.h5", tmp_path / "new" / "folder")
    assert two == tmp_path / "new" / "folder" / "checkpoint.png"
    assert one.exists() and two.exists()


def test_other_kinds_of_picture_are_refused(run, tmp_path):
    with pytest.raises(OSError, match=r"name a\.png"):
        pictures.draw_target(run, tmp_path / "a.pdf")


def test_the_tracked_particles_become_a_film(run):
    written, remarks = pictures.draw_target(run, animate=True)
    assert [path.name for path in written if path.suffix == ".gif"] == ["velocities.gif"]
    assert not any("animation" in remark for remark in remarks)


def test_a_target_without_frames_tells_why_there_is_no_film(run):
    written, remarks = pictures.draw_target(run / "fields.vtkhdf", animate=True)
    assert not any(path.suffix == ".gif" for path in written)
    assert any("output.animation = true" in remark for remark in remarks)


def test_a_file_made_elsewhere_tells_what_it_lacks(tmp_path, monkeypatch):
    monkeypatch.setattr(style, "DPI", 40)
    draw = np.random.default_rng(SEED)
    path = tmp_path / "elsewhere.h5"
    with h5py.File(path, "w") as file:
        element(file.create_group("particles/atoms"), "position", draw.normal(size=(5, 20, 3)))
        element(file.create_group("observables"), "energy", draw.normal(size=5), "kJ")
    written, remarks = pictures.draw_target(path)
    assert written == [tmp_path / "elsewhere.png"]
    assert "elsewhere.h5 has no velocities: no distribution of velocities" in remarks
    assert "elsewhere.h5 tells no unit of its positions: their axis has none" in remarks
    assert not any("energy" in remark for remark in remarks)  # it has a unit, and one of time
    assert pictures.draw_target(path, quiet=True)[1] == []


def test_damaged_numbers_are_left_out_and_the_rest_is_drawn(tmp_path, monkeypatch):
    monkeypatch.setattr(style, "DPI", 40)
    draw = np.random.default_rng(SEED)
    path = tmp_path / "damaged.h5"
    values = draw.normal(size=20)
    values[[3, 5, 8]] = np.inf, 1e305, np.nan
    with h5py.File(path, "w") as file:
        observables = file.create_group("observables")
        for name in ("h_excess", "moment_4", "energy"):
            element(observables, name, values, "1")
        velocity = draw.normal(size=(3, 50, 3))
        velocity[:, ::7] = 1e200
        element(file.create_group("particles/atoms"), "velocity", velocity, "m s-1")
    written, _ = pictures.draw_target(path, animate=True)
    assert [file.name for file in written] == ["damaged.png", "damaged.gif"]


@pytest.mark.parametrize(
    ("name", "make", "told"),
    [
        (
            "plain.h5",
            lambda path: h5py.File(path, "w").create_dataset("a", data=1.0),
            "it holds /a",
        ),
        ("empty.h5", lambda path: h5py.File(path, "w").close(), "it holds nothing"),
        ("text.h5", lambda path: path.write_text("hello"), "not an HDF5 file"),
        ("b.json", lambda path: path.write_text(json.dumps({})), "not the summary of a run"),
        ("missing.h5", lambda path: None, "no such"),
        ("pipe.h5", os.mkfifo, "a device or a pipe"),
        ("loop.h5", lambda path: path.symlink_to(path), "no such"),
    ],
)
def test_a_file_with_nothing_to_draw_says_what_it_holds(tmp_path, name, make, told):
    make(tmp_path / name)
    with pytest.raises(OSError, match=told) as failure:
        pictures.draw_target(tmp_path / name)
    assert name in str(failure.value.filename)
    assert not list(tmp_path.glob("*.png"))


def test_a_picture_that_cannot_be_written_names_itself_and_the_cure(run, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match="part of this path is a file") as failure:
        pictures.draw_target(run / "checkpoint.h5", tmp_path / "file" / "a.png")
    assert "file" in str(failure.value.filename)


def test_an_unwritable_picture_leaves_the_old_one(run, monkeypatch):
    old = run / "checkpoint.png"
    old.write_bytes(b"old")

    def full(*arguments, **options):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("matplotlib.figure.Figure.savefig", full)
    with pytest.raises(OSError, match="the disk is full"):
        pictures.draw_target(run / "checkpoint.h5")
    assert old.read_bytes() == b"old"
    assert not list(run.glob("*.png.tmp"))
