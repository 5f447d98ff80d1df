"""Uneven cells in a file of fields: an unstructured grid of boxes, as VTK reads it.

    /edges/x, y, z                      faces of the cells along each axis [m]
    /VTKHDF                             Version, Type = "UnstructuredGrid"
        /Points (P, 3)                  float64 [m], x fastest
        /Connectivity (8 C,)            the corners of each cell, /Offsets (C + 1,), /Types (C,)
        /NumberOfPoints, /NumberOfCells, /NumberOfConnectivityIds (1,)
        /Steps                          all frames share the one mesh: their offsets are 0
            /CellDataOffsets/<name>     where the cells of a frame begin in an array

VTKHDF has no rectilinear grid before its version 2.7; this one opens in VTK >= 9.3.
"""

from __future__ import annotations

from collections.abc import Sequence

import h5py
import numpy as np

from dsmc import hdf5
from dsmc.faces import AXES

TYPE = "UnstructuredGrid"
_VOXEL = 11  # VTK's box, its corners numbered x fastest
_CORNERS = np.array([[x, y, z] for z in (0, 1) for y in (0, 1) for x in (0, 1)])
_OFFSETS = {  # columns of /Steps beside the times: shape, value
    "PartOffsets": ((), 0),
    "NumberOfParts": ((), 1),
    "PointOffsets": ((), 0),
    "CellOffsets": ((1,), 0),
    "ConnectivityIdOffsets": ((1,), 0),
}


def lay_out(file: h5py.File, edges: Sequence[Sequence[float]]) -> None:
    """Write the mesh into a file whose group /VTKHDF is there.

    edges : the faces of the cells along each axis [m]; a missing axis has one cell, as thick as the
    narrowest is wide
    """
    faces = [np.asarray(axis, np.float64) for axis in edges]
    for name, axis in zip(AXES, faces, strict=False):
        file.create_dataset(f"edges/{name}", data=axis).attrs["unit"] = "m"
    thin = min(float(np.diff(axis).min()) for axis in faces)
    faces += [np.array([0.0, thin])] * (len(AXES) - len(faces))
    points = np.stack(np.meshgrid(*faces, indexing="ij"), axis=-1)
    counts = np.array([axis.size for axis in faces])
    cells = np.stack(np.unravel_index(np.arange(np.prod(counts - 1)), counts - 1, order="F"), 1)
    strides = np.array([1, counts[0], counts[0] * counts[1]])
    corners = (cells[:, None, :] + _CORNERS) @ strides
    root = file["VTKHDF"]
    root["Points"] = points.transpose(2, 1, 0, 3).reshape(-1, 3)
    root["Points"].attrs["unit"] = "m"
    root["Connectivity"] = corners.ravel()
    root["Offsets"] = np.arange(0, corners.size + 1, 8)
    root["Types"] = np.full(len(cells), _VOXEL, np.uint8)
    numbers = {"Points": np.prod(counts), "Cells": len(cells), "ConnectivityIds": corners.size}
    for what, number in numbers.items():
        root[f"NumberOf{what}"] = np.array([number], np.int64)


def is_mesh(file: h5py.File, kind: str) -> bool:
    """Whether a VTKHDF file of this type holds uneven cells of ours."""
    return kind == TYPE and isinstance(file.get("edges"), h5py.Group)


def edges_of(file: h5py.File) -> list[np.ndarray]:
    """The faces of the cells along each axis that the box has [m]."""
    return [file[f"edges/{axis}"][...] for axis in AXES if axis in file["edges"]]


def cells_of(file: h5py.File) -> tuple[tuple[np.ndarray, ...], tuple[int, ...]]:
    """Centres along the axes that the box has [m], and (n_z, n_y, n_x) with 1 for a missing one."""
    axes = tuple(0.5 * (edges[1:] + edges[:-1]) for edges in edges_of(file))
    missing = (1,) * (len(AXES) - len(axes))
    return axes, (*missing, *(axis.size for axis in reversed(axes)))


def add_columns(rows: hdf5.Rows, steps: h5py.Group, arrays: Sequence[str]) -> None:
    """The columns by which VTK finds a frame; one column serves all arrays."""
    for name, (shape, _) in _OFFSETS.items():
        rows.column(steps, name, shape, "i8")
    rows.column(steps, f"CellDataOffsets/{arrays[0]}", (), "i8", name="CellDataOffsets")
    for name in arrays[1:]:
        if f"CellDataOffsets/{name}" not in steps:
            steps[f"CellDataOffsets/{name}"] = steps[f"CellDataOffsets/{arrays[0]}"]


def row(frame: int, cells: int) -> dict[str, int]:
    """The entries of those columns for a frame."""
    return {name: value for name, (_, value) in _OFFSETS.items()} | {
        "CellDataOffsets": frame * cells
    }
