"""The fields file says what was measured in every cell, to us and to VTK."""

import h5py
import numpy as np
import pytest

from dsmc.fields import FieldsWriter, frame_times, read_fields
from dsmc.hdf5 import Unreadable
from dsmc.planes import Plane
from dsmc.result import Field

SEED = 20261121
LENGTHS = (1e-3, 2e-3, 3e-3)  # [m]
CELLS = (4, 3, 2)
FRAMES = 5
VECTOR = [(f"velocity_{axis}", "m s-1", f"{axis} component of the flow velocity") for axis in "xyz"]
QUANTITIES = [
    ("number_density", "m-3", "molecules per volume"),
    *VECTOR,
    ("temperature", "K", "translational temperature"),
    ("pressure_xy", "Pa", "xy component of the pressure tensor"),
]


def fields(frame, d=2):
    """Random fields of one frame, with one cell where nothing is known."""
    draw = np.random.default_rng([SEED, frame])
    sizes = zip(CELLS[:d], LENGTHS[:d], strict=True)
    axes = tuple((np.arange(n) + 0.5) * length / n for n, length in sizes)
    found = {}
    for name, unit, text in QUANTITIES:
        value, error = draw.normal(size=(2, *CELLS[:d][::-1]))
        value.flat[1] = error.flat[1] = np.nan
        found[name] = Field(name, unit, text, axes, value, np.abs(error), (frame + 0.5, 0.1))
    return found


def open_writer(path, d=2, **changes):
    settings = {
        "lengths": LENGTHS[:d],
        "cells": CELLS[:d],
        "scenario_text": "title = 'argon'\n",
        "provenance": {"seed": 7},
        "average": "running",
        "quantities": QUANTITIES,
    }
    return FieldsWriter(path, **(settings | changes))


def add(writer, frames, d=2):
    for n in frames:
        writer.frame(10 * n, n * 1e-7, fields(n, d))


def write(path, d=2, frames=FRAMES, **changes):
    with open_writer(path, d, **changes) as writer:
        add(writer, range(frames), d)
    return path


def assert_equal(found, expected, rtol=0.0):
    assert list(found) == list(expected)
    for name, one in found.items():
        other = expected[name]
        assert (one.unit, one.description) == (other.unit, other.description)
        arrays = [(f.value, f.error, *f.axes) for f in (one, other)]
        for a, b in zip(*arrays, strict=True):
            assert a.shape == b.shape
            np.testing.assert_allclose(a, b, rtol=rtol or 1e-12)


# ------------------------------------------------------------------ what is in the file


def test_the_tree_is_a_vtkhdf_image_with_steps(tmp_path):
    with h5py.File(write(tmp_path / "f.vtkhdf")) as file:
        root = file["VTKHDF"]
        assert root.attrs["Type"] == b"ImageData"
        assert list(root.attrs["Version"]) == [2, 0]
        assert list(root.attrs["WholeExtent"]) == [0, 4, 0, 3, 0, 1]
        assert np.allclose(root.attrs["Spacing"], [2.5e-4, 2e-3 / 3, 2.5e-4])  # the smallest in z
        assert root["Steps"].attrs["NSteps"] == FRAMES
        assert root["Steps"].attrs["average"] == "running"
        assert root["CellData/temperature"].shape == (FRAMES, 1, 3, 4)
        assert root["CellData/velocity"].shape == (FRAMES, 1, 3, 4, 3)
        assert list(root["CellData"])[:3] == ["number_density", "number_density_error", "velocity"]
        for array in root["CellData"].values():
            assert (array.dtype, array.compression) == (np.float32, None)
            assert array.attrs["unit"] and array.attrs["description"]


def test_the_file_says_what_made_it(tmp_path):
    with h5py.File(write(tmp_path / "f.vtkhdf")) as file:
        assert file["parameters"].attrs["scenario"] == "title = 'argon'\n"
        assert file["parameters/provenance"].attrs["seed"] == 7


@pytest.mark.parametrize("cells", [(10,), (40_000,), (600, 700), (200, 200, 200)])
def test_chunks_hold_a_few_frames_or_at_most_a_mebibyte(tmp_path, cells):
    open_writer(tmp_path / "f.vtkhdf", lengths=LENGTHS[: len(cells)], cells=cells).close()
    with h5py.File(tmp_path / "f.vtkhdf") as file:
        for array in file["VTKHDF/CellData"].values():
            bytes_in_chunk = 4 * np.prod(array.chunks)
            assert bytes_in_chunk <= 1 << 20
            assert array.chunks[0] == 1 or bytes_in_chunk <= 64 << 10


# ------------------------------------------------------------------ reading it back


@pytest.mark.parametrize("d", [1, 2, 3])
def test_frames_come_back_in_single_precision(tmp_path, d):
    path = write(tmp_path / "f.vtkhdf", d)
    for n in range(FRAMES):
        assert_equal(read_fields(path, n), fields(n, d), rtol=1e-6)
    assert_equal(read_fields(path, -1), fields(FRAMES - 1, d), rtol=1e-6)
    steps, times = frame_times(path)
    assert steps.tolist() == [0, 10, 20, 30, 40]
    assert np.array_equal(times, np.arange(FRAMES) * 1e-7)


@pytest.mark.parametrize("d", [1, 2, 3])
def test_the_average_comes_back_exactly_as_last_written(tmp_path, d):
    with open_writer(tmp_path / "f.vtkhdf", d) as writer:
        writer.average(fields(8, d))
        writer.average(fields(9, d))
    found = read_fields(tmp_path / "f.vtkhdf")
    assert_equal(found, fields(9, d))
    assert found["temperature"].average == (9.5, 0.1)


def test_a_quantity_that_was_not_measured_is_unknown(tmp_path):
    with open_writer(tmp_path / "f.vtkhdf") as writer:
        writer.frame(0, 0.0, {"temperature": fields(0)["temperature"]})
    found = read_fields(tmp_path / "f.vtkhdf", 0)
    assert (
        np.isnan(found["velocity_y"].value).all() and np.isnan(found["number_density"].error).all()
    )
    assert np.isfinite(found["temperature"].value).sum() == 11


def test_the_last_running_average_serves_where_the_run_was_cut_off(tmp_path):
    running = write(tmp_path / "r.vtkhdf")
    assert_equal(read_fields(running), read_fields(running, -1))
    interval = write(tmp_path / "i.vtkhdf", average="interval")
    with pytest.raises(Unreadable, match="no average over the whole run"):
        read_fields(interval)


def test_undeclared_quantities_and_wrong_cells_are_refused(tmp_path):
    with open_writer(tmp_path / "f.vtkhdf") as writer:
        with pytest.raises(KeyError, match="entropy"):
            writer.frame(0, 0.0, {"entropy": fields(0)["temperature"]})
        with pytest.raises(ValueError, match=r"number_density has \(4,\) cells"):
            writer.frame(0, 0.0, fields(0, d=1))
        assert writer.frames == 0


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


@pytest.mark.parametrize("resumed_at", [0, 2, 3])
@pytest.mark.parametrize("killed_after", [3, 4])
def test_a_file_cut_off_and_continued_equals_one_written_in_one_go(
    tmp_path, killed_after, resumed_at
):
    whole, parts = tmp_path / "whole.vtkhdf", tmp_path / "parts.vtkhdf"
    with open_writer(whole) as writer:
        add(writer, range(6))
        writer.average(fields(9))
    writer = open_writer(parts)
    add(writer, range(3))
    writer.commit()
    add(writer, range(3, killed_after))  # lost
    writer.abandon()
    with FieldsWriter.reopen(parts, resumed_at) as writer:
        assert writer.frames == resumed_at
        writer.average(fields(1))
        add(writer, range(resumed_at, 6))
        writer.average(fields(9))
    assert contents(parts) == contents(whole)


def test_a_file_that_goes_on_forgets_the_averages_of_its_first_end(tmp_path):
    """They would pass for those of now, although newer frames are there."""
    path = tmp_path / "f.vtkhdf"
    with open_writer(path) as writer:
        add(writer, range(2))
        writer.average(fields(9))
        flux = Plane("x", 1e-4, 1e-6, *[(1.0, 0.1)] * 4)
        writer.beside(planes={"middle": flux}, distributions={}, walls={})
    assert_equal(read_fields(path), fields(9))
    with FieldsWriter.reopen(path, 2) as writer:
        add(writer, [2])
        writer.commit()
        assert_equal(read_fields(path), fields(2), rtol=1e-6)
        with h5py.File(path) as file:
            assert set(file) == {"VTKHDF", "parameters"}
        writer.average(fields(8))
    assert_equal(read_fields(path), fields(8))


def test_a_file_continued_with_other_values_does_not_pass_for_equal(tmp_path):
    """The wrong twin of the comparison above: one cell of one frame differs by rounding."""
    one, other = write(tmp_path / "one.vtkhdf"), write(tmp_path / "other.vtkhdf")
    with h5py.File(other, "r+") as file:
        cell = file["VTKHDF/CellData/temperature"]
        cell[3, 0, 2, 3] = np.nextafter(cell[3, 0, 2, 3], np.float32(np.inf))
    assert contents(one) != contents(other)


def test_a_frame_that_is_not_complete_is_left_out(tmp_path):
    path = write(tmp_path / "f.vtkhdf")
    with h5py.File(path, "r+") as file:
        file["VTKHDF/CellData/velocity_error"].resize(FRAMES - 1, axis=0)
        file["VTKHDF/Steps/step"].resize(FRAMES - 2, axis=0)
    assert len(frame_times(path)[0]) == FRAMES - 2
    assert_equal(read_fields(path, -1), fields(FRAMES - 3), rtol=1e-6)
    with pytest.raises(Unreadable, match=f"holds {FRAMES - 2} frames: too few"):
        FieldsWriter.reopen(path, FRAMES)


@pytest.mark.parametrize("frame", [FRAMES, -FRAMES - 1])
def test_a_frame_that_is_not_there_is_refused(tmp_path, frame):
    with pytest.raises(Unreadable, match=f"no frame {frame}; the file holds {FRAMES}"):
        read_fields(write(tmp_path / "f.vtkhdf"), frame)


def damage(path, how):
    with h5py.File(path, "r+") as file:
        root = file["VTKHDF"]
        if how == "no VTKHDF":
            del file["VTKHDF"]
        elif how == "other type":
            root.attrs["Type"] = np.bytes_("PolyData")
        elif how == "no type":
            del root.attrs["Type"]
        elif how == "no steps":
            del root["Steps"]
        elif how == "no cells":
            del root["CellData"]
        elif how == "no extent":
            del root.attrs["WholeExtent"]
        elif how == "other extent":
            root.attrs["WholeExtent"] = [0, 5, 0, 3, 0, 1]
        elif how == "text for numbers":
            del root["CellData/temperature"]
            root["CellData/temperature"] = np.full((FRAMES, 1, 3, 4), b"hot")
        elif how == "group for dataset":
            del root["Steps/Values"]
            root.create_group("Steps/Values")


@pytest.mark.parametrize(
    ("how", "told"),
    [
        ("no VTKHDF", "not VTKHDF"),
        ("other type", "VTKHDF of type PolyData"),
        ("no type", "not VTKHDF"),
        ("no steps", "without /VTKHDF/Steps$"),
        ("no cells", "without /VTKHDF/CellData"),
        ("no extent", "WholeExtent"),
        ("other extent", r"has shape .* expected numbers"),
        ("text for numbers", "temperature has shape"),
        ("group for dataset", "without /VTKHDF/Steps/Values"),
    ],
)
def test_foreign_and_damaged_files_are_told_apart(tmp_path, how, told):
    path = write(tmp_path / "f.vtkhdf")
    damage(path, how)
    for attempt in (lambda: read_fields(path, 0), lambda: FieldsWriter.reopen(path, 1)):
        with pytest.raises(OSError, match=told) as refused:
            attempt()
        assert str(path) in str(refused.value)


# ------------------------------------------------------------------ VTK reads it


@pytest.mark.parametrize("d", [1, 2, 3])
def test_vtk_reads_every_step_with_x_running_fastest(tmp_path, d):
    vtk = pytest.importorskip("vtk")
    from vtk.util.numpy_support import vtk_to_numpy

    path = write(tmp_path / "f.vtkhdf", d)
    reader = vtk.vtkHDFReader()
    reader.SetFileName(str(path))
    reader.UpdateInformation()
    key = vtk.vtkStreamingDemandDrivenPipeline.TIME_STEPS()
    info = reader.GetOutputInformation(0)
    times = [info.Get(key, n) for n in range(info.Length(key))]
    assert times == frame_times(path)[1].tolist()
    for n in range(FRAMES):
        reader.SetStep(n)
        reader.Update()
        image, ours = reader.GetOutput(), read_fields(path, n)
        data = image.GetCellData()
        for name in ("number_density", "temperature", "pressure_xy"):
            for seen, column in ((name, "value"), (f"{name}_error", "error")):
                expected = getattr(ours[name], column).ravel()
                found = vtk_to_numpy(data.GetArray(seen))
                assert np.array_equal(found, expected, equal_nan=True)
        velocity = vtk_to_numpy(data.GetArray("velocity"))
        for k, axis in enumerate("xyz"):
            expected = ours[f"velocity_{axis}"].value.ravel()
            assert np.array_equal(velocity[:, k], expected, equal_nan=True)
        place = [axis[-1] if k == 0 else axis[0] for k, axis in enumerate(ours["temperature"].axes)]
        place += [0.5 * image.GetSpacing()[2]] * (3 - d)
        cell = image.FindCell(place, None, 0, 1e-12, vtk.reference(0), [0] * 3, [0] * 8)
        last_in_x = ours["temperature"].value[(0,) * (d - 1) + (-1,)]
        assert data.GetArray("temperature").GetValue(cell) == last_in_x
