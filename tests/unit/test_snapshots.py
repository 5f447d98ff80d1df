"""The snapshots hold every particle, to us and to VTK, however many there are."""

import h5py
import numpy as np
import pytest

from dsmc import snapshots
from dsmc.hdf5 import Unreadable
from dsmc.snapshots import SnapshotWriter, read_snapshot

SEED = 20261121
LENGTHS = (1e-3, 2e-3, 3e-3)  # [m]
COUNTS = (100, 150, 20, 0, 130)  # particles of each frame


def gas(frame, d=3):
    """Positions, velocities, species and ids of one frame."""
    draw, count = np.random.default_rng([SEED, frame]), COUNTS[frame]
    return {
        "position": draw.random((count, d)) * LENGTHS[:d],
        "velocity": 300.0 * draw.standard_normal((count, 3)),
        "species": draw.integers(0, 2, count).astype(np.int8),
        "id": draw.permutation(count),
    }


def open_writer(path, d=3, **changes):
    settings = {
        "lengths": LENGTHS[:d],
        "scenario_text": "title = 'argon'\n",
        "provenance": {"seed": 7},
        "species": True,
        "ids": True,
    }
    return SnapshotWriter(path, **(settings | changes))


def add(writer, frames, d=3):
    for n in frames:
        writer.frame(10 * n, n * 1e-7, **gas(n, d))


def write(path, d=3):
    with open_writer(path, d) as writer:
        add(writer, range(len(COUNTS)), d)
    return path


def assert_is_gas(found, frame, d=3):
    expected = gas(frame, d)
    assert found.position.shape == (COUNTS[frame], d)
    np.testing.assert_allclose(found.position, expected["position"], rtol=1e-6)
    np.testing.assert_allclose(found.velocity, expected["velocity"], rtol=1e-6)
    assert np.array_equal(found.species, expected["species"])
    assert np.array_equal(found.id, expected["id"])
    assert found.time == frame * 1e-7
    assert found.box_lengths == LENGTHS[:d]


@pytest.mark.parametrize("d", [1, 2, 3])
@pytest.mark.parametrize("particles_at_once", [7, 1 << 18])
def test_every_particle_of_every_frame_comes_back(tmp_path, d, particles_at_once, monkeypatch):
    monkeypatch.setattr(snapshots, "_SLICE", particles_at_once)
    path = write(tmp_path / "s.vtkhdf", d)
    for frame in range(len(COUNTS)):
        assert_is_gas(read_snapshot(path, frame), frame, d)
    assert_is_gas(read_snapshot(path), len(COUNTS) - 1, d)


def test_the_tree_is_vtkhdf_polydata_with_steps(tmp_path):
    with h5py.File(write(tmp_path / "s.vtkhdf")) as file:
        root = file["VTKHDF"]
        assert root.attrs["Type"] == b"PolyData"
        assert root["Steps"].attrs["NSteps"] == len(COUNTS)
        assert root["NumberOfPoints"][:].tolist() == list(COUNTS)
        assert root["Steps/PointOffsets"][:].tolist() == [0, 100, 250, 270, 270]
        assert root["Points"].dtype == root["PointData/velocity"].dtype == np.float32
        for array in (root["Points"], *root["PointData"].values()):
            assert len(array) == sum(COUNTS)
            assert array.attrs["unit"] and array.attrs["description"]
        assert file["parameters"].attrs["scenario"] == "title = 'argon'\n"


def test_species_and_ids_are_left_out_where_there_are_none(tmp_path):
    with open_writer(tmp_path / "s.vtkhdf", species=False, ids=False) as writer:
        writer.frame(0, 0.0, gas(0)["position"], gas(0)["velocity"])
        with pytest.raises(ValueError, match="given: position, velocity, species"):
            writer.frame(0, 0.0, **gas(1))
    found = read_snapshot(tmp_path / "s.vtkhdf")
    assert found.species is None and found.id is None


@pytest.mark.parametrize(
    ("name", "array"),
    [
        ("position", np.zeros((100, 2))),
        ("velocity", np.zeros((100, 2))),
        ("species", np.zeros(99, np.int8)),
        ("id", np.zeros((100, 1), np.int64)),
    ],
)
def test_arrays_of_the_wrong_shape_are_refused(tmp_path, name, array):
    with open_writer(tmp_path / "s.vtkhdf") as writer:
        with pytest.raises(ValueError, match=f"{name} has shape"):
            writer.frame(0, 0.0, **(gas(0) | {name: array}))
        add(writer, [0])  # and nothing of it is left in the file
    assert_is_gas(read_snapshot(tmp_path / "s.vtkhdf"), 0)


# ------------------------------------------------------------------ what happens to it


def contents(path):
    """Every dataset and attribute of a file, as bytes."""
    found = {}

    def visit(name, item):
        found[name] = {key: np.asarray(value).tobytes() for key, value in item.attrs.items()}
        if isinstance(item, h5py.Dataset):
            found[name]["data"] = (item.shape, item.dtype.str, item[()].tobytes())

    with h5py.File(path) as file:
        file.visititems(visit)
    return found


@pytest.mark.parametrize("resumed_at", [0, 1, 2])
def test_a_file_cut_off_and_continued_equals_one_written_in_one_go(tmp_path, resumed_at):
    whole, parts = write(tmp_path / "whole.vtkhdf"), tmp_path / "parts.vtkhdf"
    writer = open_writer(parts)
    add(writer, [0, 1])  # the largest frame among them
    writer.commit()
    add(writer, [2])
    if resumed_at == 2:
        writer.commit()
    writer.abandon()
    with SnapshotWriter.reopen(parts, resumed_at) as writer:
        assert writer.frames == resumed_at
        add(writer, range(resumed_at, len(COUNTS)))
    assert contents(parts) == contents(whole)


def test_a_frame_that_is_not_complete_is_left_out(tmp_path):
    path = write(tmp_path / "s.vtkhdf")
    with h5py.File(path, "r+") as file:
        file["VTKHDF/PointData/id"].resize(sum(COUNTS) - 1, axis=0)
    assert read_snapshot(path).time == 3e-7
    with pytest.raises(Unreadable, match="holds 4 frames: too few"):
        SnapshotWriter.reopen(path, 5)
    with pytest.raises(Unreadable, match="no frame 4; the file holds 4"):
        read_snapshot(path, 4)


@pytest.mark.parametrize(
    ("missing", "told"),
    [
        ("VTKHDF", "not VTKHDF"),
        ("VTKHDF/Points", "they lack /VTKHDF/Points"),
        ("VTKHDF/PointData", "they lack /VTKHDF/PointData/velocity"),
        ("VTKHDF/NumberOfPoints", "they lack /VTKHDF/NumberOfPoints"),
        ("VTKHDF/Steps/Values", "Values"),
    ],
)
def test_foreign_and_damaged_files_are_told_apart(tmp_path, missing, told):
    path = write(tmp_path / "s.vtkhdf")
    with h5py.File(path, "r+") as file:
        del file[missing]
    for attempt in (lambda: read_snapshot(path), lambda: SnapshotWriter.reopen(path, 1)):
        with pytest.raises(OSError, match=told) as refused:
            attempt()
        assert str(path) in str(refused.value)


# ------------------------------------------------------------------ VTK reads it


@pytest.mark.parametrize("d", [1, 2, 3])
def test_vtk_reads_every_step(tmp_path, d):
    vtk = pytest.importorskip("vtk")
    from vtk.util.numpy_support import vtk_to_numpy

    path = write(tmp_path / "s.vtkhdf", d)
    reader = vtk.vtkHDFReader()
    reader.SetFileName(str(path))
    reader.UpdateInformation()
    key = vtk.vtkStreamingDemandDrivenPipeline.TIME_STEPS()
    info = reader.GetOutputInformation(0)
    assert [info.Get(key, n) for n in range(info.Length(key))] == [n * 1e-7 for n in range(5)]
    for frame in (0, 1, 2, 3, 4, 1):  # back again too
        reader.SetStep(frame)
        reader.Update()
        cloud, expected = reader.GetOutput(), gas(frame, d)
        assert cloud.GetNumberOfPoints() == cloud.GetNumberOfVerts() == COUNTS[frame]
        assert cloud.GetNumberOfCells() == COUNTS[frame]
        if COUNTS[frame] == 0:
            continue
        place = vtk_to_numpy(cloud.GetPoints().GetData())
        assert np.array_equal(place[:, :d], expected["position"].astype(np.float32))
        assert not place[:, d:].any()
        for name, array in expected.items():
            if name != "position":
                seen = vtk_to_numpy(cloud.GetPointData().GetArray(name))
                assert np.array_equal(seen, array.astype(seen.dtype))
        vertices = vtk_to_numpy(cloud.GetVerts().GetConnectivityArray())
        assert np.array_equal(vertices, np.arange(COUNTS[frame]))
