"""Fields of uneven cells: an unstructured grid of boxes, for us and for VTK."""

import h5py
import numpy as np
import pytest

from dsmc import mesh
from dsmc.fields import FieldsWriter, frame_times, read_fields
from dsmc.grading import graded_edges
from dsmc.hdf5 import Unreadable
from tests.unit.test_fields import FRAMES, LENGTHS, QUANTITIES, SEED, Field, contents

CELLS = (4, 3, 2)
EDGES = tuple(
    graded_edges(length, cells, 3.0, side)
    for length, cells, side in zip(LENGTHS, CELLS, ("both", "low", "high"), strict=True)
)


def fields(frame, d):
    """Random fields of one frame, with one cell where nothing is known."""
    draw = np.random.default_rng([SEED, frame])
    axes = tuple(0.5 * (np.array(edges)[1:] + edges[:-1]) for edges in EDGES[:d])
    found = {}
    for name, unit, text in QUANTITIES:
        value, error = draw.normal(size=(2, *CELLS[:d][::-1])).astype(np.float32)
        value.flat[1] = np.nan
        found[name] = Field(name, unit, text, axes, value, np.abs(error))
    return found


def open_writer(path, d):
    return FieldsWriter(
        path, lengths=LENGTHS[:d], cells=CELLS[:d], edges=EDGES[:d], scenario_text="",
        provenance={}, average="running", quantities=QUANTITIES,
    )  # fmt: skip


def write(path, d=2, frames=range(FRAMES)):
    with open_writer(path, d) as writer:
        for n in frames:
            writer.frame(10 * n, n * 1e-7, fields(n, d))
    return path


@pytest.mark.parametrize("d", [1, 2, 3])
def test_frames_and_the_average_come_back(tmp_path, d):
    path = tmp_path / "f.vtkhdf"
    with open_writer(path, d) as writer:
        for n in range(FRAMES):
            writer.frame(10 * n, n * 1e-7, fields(n, d))
        writer.average(fields(9, d))
    assert frame_times(path)[0].tolist() == [0, 10, 20, 30, 40]
    for frame, wanted in ((0, 0), (3, 3), (-1, FRAMES - 1), (None, 9)):
        found = read_fields(path, frame)
        for name, expected in fields(wanted, d).items():
            np.testing.assert_array_equal(found[name].value, expected.value)
            np.testing.assert_array_equal(found[name].error, expected.error)
            for one, other in zip(found[name].axes, expected.axes, strict=True):
                np.testing.assert_allclose(one, other, rtol=1e-14)


@pytest.mark.parametrize("d", [1, 2, 3])
def test_the_boxes_of_the_mesh_are_the_cells(tmp_path, d):
    """The corners of cell i_x + n_x (i_y + n_y i_z) are the faces along each axis, x first."""
    with h5py.File(write(tmp_path / "f.vtkhdf", d)) as file:
        root = file["VTKHDF"]
        corners = root["Points"][...][root["Connectivity"][...].reshape(-1, 8)]
        for axis in range(d):
            np.testing.assert_array_equal(file[f"edges/{'xyz'[axis]}"], EDGES[axis])
        index = np.unravel_index(np.arange(len(corners)), CELLS[:d], order="F")
        for axis, (edges, k) in enumerate(zip(EDGES, index, strict=False)):
            low, high = np.array(edges)[k], np.array(edges)[k + 1]
            for corner in range(8):
                side = high if corner >> axis & 1 else low
                np.testing.assert_array_equal(corners[:, corner, axis], side)
        assert len(corners) == np.prod(CELLS[:d]) == root["NumberOfCells"][0]


def test_a_file_cut_off_and_continued_equals_one_written_in_one_go(tmp_path):
    whole, parts = write(tmp_path / "whole.vtkhdf"), tmp_path / "parts.vtkhdf"
    write(parts, frames=range(4))
    with FieldsWriter.reopen(parts, 2) as writer:
        assert writer.frames == 2
        for n in range(2, FRAMES):
            writer.frame(10 * n, n * 1e-7, fields(n, 2))
    assert contents(parts) == contents(whole)
    with h5py.File(parts, "r+") as file:
        file["VTKHDF/Steps/CellDataOffsets/temperature"][1] += 1
    assert contents(parts) != contents(whole)


def test_a_frame_of_which_cells_are_missing_is_left_out(tmp_path):
    path = write(tmp_path / "f.vtkhdf")
    with h5py.File(path, "r+") as file:
        file["VTKHDF/CellData/velocity"].resize(FRAMES * 12 - 1, axis=0)
    assert len(frame_times(path)[0]) == FRAMES - 1


def test_a_mesh_made_elsewhere_is_refused(tmp_path):
    path = write(tmp_path / "f.vtkhdf")
    with h5py.File(path, "r+") as file:
        del file["edges"]
    with pytest.raises(Unreadable, match=f"VTKHDF of type {mesh.TYPE}"):
        read_fields(path)


@pytest.mark.parametrize("d", [1, 2, 3])
def test_vtk_reads_every_step(tmp_path, d):
    vtk = pytest.importorskip("vtk")
    from vtk.util.numpy_support import vtk_to_numpy

    path = write(tmp_path / "f.vtkhdf", d)
    reader = vtk.vtkHDFReader()
    reader.SetFileName(str(path))
    reader.UpdateInformation()
    assert reader.GetNumberOfSteps() == FRAMES
    for n in range(FRAMES):
        reader.SetStep(n)
        reader.Update()
        data = reader.GetOutput().GetCellData()
        ours = read_fields(path, n)
        found = vtk_to_numpy(data.GetArray("temperature"))
        assert np.array_equal(found, ours["temperature"].value.ravel(), equal_nan=True)
        velocity = vtk_to_numpy(data.GetArray("velocity"))
        assert np.array_equal(velocity[:, 1], ours["velocity_y"].value.ravel(), equal_nan=True)
    size = vtk.vtkCellSizeFilter()
    size.SetInputData(reader.GetOutput())
    size.Update()
    volume = vtk_to_numpy(size.GetOutput().GetCellData().GetArray("Volume"))
    thin = min(np.diff(edges).min() for edges in EDGES[:d])
    assert volume.sum() == pytest.approx(np.prod(LENGTHS[:d]) * thin ** (3 - d))
