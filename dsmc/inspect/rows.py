"""Rows over time: how many are complete, between which moments, and which were torn.

H5MD keeps `value`, `step` and `time` of each element in a group of its own; VTKHDF keeps the time
of all its arrays under /VTKHDF/Steps. A program that was killed may leave some of them one row
longer than the others: as many rows are complete as the shortest has.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import h5py
import numpy as np

from dsmc import hdf5, mesh
from dsmc.inspect.description import Clock, Entry, Torn
from dsmc.inspect.tree import Notes
from dsmc.inspect.values import MOST_BYTES, blocks

# Types of VTKHDF that we know the rows of.
IMAGE, MESH, PARTICLES = "ImageData", mesh.TYPE, "PolyData"
_VTK = "/VTKHDF"
_OFFSETS = f"{_VTK}/Steps/CellDataOffsets/"


def vtk_type(file: h5py.File) -> str:
    """The type of a VTKHDF file, "" where there is none."""
    root = file.get(_VTK)
    return hdf5.text(root.attrs.get("Type", "")) if isinstance(root, h5py.Group) else ""


def read_clocks(
    file: h5py.File, tree: Mapping[str, Entry], notes: Notes
) -> tuple[tuple[Clock, ...], tuple[Torn, ...]]:
    """The moments of everything that has rows over time, and what was torn.

    tree : the entries by path
    """
    clocks: dict[Any, Clock] = {}
    torn = []
    judged: set[str] = set()  # time and step datasets, which several elements may share
    for path, columns in _tables(file, tree):
        lengths = {name: tree[place].shape[0] for name, place in columns.items()}
        complete = min(lengths.values())
        if len(set(lengths.values())) > 1:
            torn.append(Torn(path, lengths, complete))
        ends: dict[str, Any] = {"step": None, "time": None}
        for kind, place in _timers(columns).items():
            with notes.trying(place):
                ends[kind] = _ends(file[place], complete)
                first_name = tree[place].target or place
                if first_name not in judged:
                    judged.add(first_name)
                    _judge(file[place], place, notes)
        unit = tree[_timers(columns)["time"]].unit if "time" in _timers(columns) else ""
        key = (complete, ends["step"], ends["time"], unit)
        before = clocks[key].paths if key in clocks else ()
        clocks[key] = Clock((*before, path), complete, ends["step"], ends["time"], unit)
    return tuple(clocks.values()), tuple(torn)


def _timers(columns: Mapping[str, str]) -> dict[str, str]:
    """Where steps and times stand among the columns of a table."""
    names = {"step": "step", "time": "time", "Steps/step": "step", "Steps/Values": "time"}
    return {names[name]: place for name, place in columns.items() if name in names}


def _tables(file: h5py.File, tree: Mapping[str, Entry]) -> list[tuple[str, dict[str, str]]]:
    """Groups whose datasets grow together: their path, and {name: path of the dataset}."""
    found = []
    for path, entry in tree.items():
        if entry.kind != "group" or entry.target:
            continue
        columns = _growing(path, ("value", "error", "step", "time"), tree)
        if "value" in columns and {"step", "time"} & columns.keys():
            found.append((path, columns))
    kind = vtk_type(file)
    names = ["Steps/Values", "Steps/step"]
    if kind == IMAGE:
        arrays = (f"{_VTK}/CellData/", f"{_VTK}/PointData/")
        names += [path[len(_VTK) + 1 :] for path in tree if path.startswith(arrays)]
    elif kind == MESH:
        names += [path[len(_VTK) + 1 :] for path in tree if path.startswith(_OFFSETS)]
    elif kind == PARTICLES:
        names += ["NumberOfPoints", "Steps/PointOffsets"]
    columns = _growing(_VTK, names, tree)
    if "Steps/Values" in columns:
        found.append((_VTK, columns))
    return found


def _growing(path: str, names: Any, tree: Mapping[str, Entry]) -> dict[str, str]:
    """Those of the named members that are datasets with rows."""
    places = {name: f"{path.rstrip('/')}/{name}" for name in names}
    return {name: place for name, place in places.items() if place in tree and tree[place].shape}


def _ends(dataset: h5py.Dataset, rows: int) -> tuple[Any, Any] | None:
    """First and last of the complete rows of a column of numbers."""
    if rows == 0 or dataset.ndim != 1:
        return None
    return dataset[0].item(), dataset[rows - 1].item()


def _judge(dataset: h5py.Dataset, path: str, notes: Notes) -> None:
    """Remark the first row at which time does not go on."""
    before, seen = None, 0
    for place in blocks(dataset.shape, dataset.dtype.itemsize, MOST_BYTES):
        if dataset.ndim != 1 or place[0].start != seen:  # sampled: neighbours are not known
            return
        column = dataset[place]
        if before is not None:
            column = np.concatenate([[before], column])
        bad = np.flatnonzero(~(column[1:] > column[:-1]))
        if bad.size:
            row = int(bad[0]) + seen + (before is None)
            pair = column[bad[0]].item(), column[bad[0] + 1].item()
            notes.remarks.append(
                f"{path} does not increase at row {row}: {pair[0]}, then {pair[1]}"
            )
            return
        before, seen = column[-1], place[0].stop
