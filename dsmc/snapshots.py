"""The file of snapshots: every particle at some moments of a run, in VTKHDF.

    /VTKHDF                             Version, Type = "PolyData", box_lengths (d,) [m]
        /Points (M, 3)                  float32 [m], the N_1 of the first frame, N_2 of the second …
        /PointData
            /velocity (M, 3)            float32 [m s-1]
            /species (M,), /id (M,)     in mixtures; where particles are tracked
        /NumberOfPoints (T,)            N_t
        /Vertices                       every particle is a vertex: 0, 1, 2 …, the same for all
        /Lines, /Polygons, /Strips      none
        /Steps                          NSteps
            /Values (T,), /step (T,)    times of the frames [s], time steps of the run
            /PointOffsets (T,) …        where the rows of a frame begin
    /parameters                         scenario, provenance (see `dsmc.hdf5`)

VTK and ParaView (>= 5.12) open the file as it is (docs.vtk.org, "VTKHDF file format"). Missing
coordinates of one- and two-dimensional gases are 0. The number of particles may change; their order
has no meaning, `id` tells who is who. Frames become permanent at a commit, all arrays together.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import h5py
import numpy as np

from dsmc import hdf5
from dsmc.faces import AXES
from dsmc.hdf5 import Unreadable

_SLICE = 1 << 18  # particles written at once
_CHUNK = 1 << 14  # particles in a chunk
_NO_CELLS = ("Lines", "Polygons", "Strips")  # kinds of cells that VTK asks for and we have none of
_COLUMNS = {  # of PointData: columns, type, unit, description, how it is stored
    "velocity": ((3,), "f4", "m s-1", "velocity of the particle", {}),
    "species": ((), "i1", "1", "number of its species in the scenario, from 0", hdf5.PACKED),
    "id": ((), "i8", "1", "who the particle is", hdf5.PACKED),
}


class SnapshotWriter(hdf5.Writer):
    """Writes all particles, frame by frame; a context manager.

    lengths : (d,) [m] of the box, d = 1, 2 or 3
    species, ids : whether particles have a species and an id
    Raises OSError (file exists, no permission, disk full …) naming the path and the cure, and
    ValueError for settings and arrays of the wrong shape.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        lengths: Sequence[float],
        scenario_text: str,
        provenance: Mapping[str, Any],
        species: bool = False,
        ids: bool = False,
        overwrite: bool = False,
    ) -> None:
        if not 1 <= len(lengths) <= len(AXES):
            raise ValueError(f"lengths needs 1 to 3 entries, got {lengths!r}")
        growing = hdf5.create(path, overwrite)
        columns = ["velocity", *["species"] * species, *["id"] * ids]
        _lay_out(growing.root, lengths, columns)
        hdf5.write_origin(growing.root, scenario_text, provenance)
        self._attach(growing)
        self.commit()

    @classmethod
    def reopen(cls, path: str | os.PathLike[str], frames: int) -> SnapshotWriter:
        """Go on with a file after its first `frames` frames; later ones will be written again.

        Raises OSError where the file holds no snapshots or fewer frames.
        """
        with hdf5.reading(path) as file:
            held = _frames(_snapshots(file, path))
        if frames > held:
            raise Unreadable(path, f"holds {held} frames: too few to go on after {frames}")
        self = cls.__new__(cls)
        self._attach(hdf5.reopen(path))
        counts = self._root["NumberOfPoints"][:frames]
        self._rows.trim(frames)
        self._steps.attrs.modify("NSteps", np.int64(frames))
        for array in self._arrays.values():
            array.resize(int(counts.sum()), axis=0)
        self._resize_vertices(int(counts.max(initial=0)))
        return self

    def _attach(self, growing: hdf5.Growing) -> None:
        """Take hold of the arrays of the file, just made or there before."""
        self._growing, self.path = growing, growing.path
        self._root, self._steps = growing.root["VTKHDF"], growing.root["VTKHDF/Steps"]
        self._dimension = len(self._root.attrs["box_lengths"])
        self._arrays = {"position": self._root["Points"], **self._root["PointData"]}
        self._rows = hdf5.Rows()
        for name in ("NumberOfPoints", "Lines/NumberOfCells"):
            self._rows.column(self._root, name, (), "i8")
        for name in ("PartOffsets", "NumberOfParts", "PointOffsets"):
            self._rows.column(self._steps, name, (), "i8")
        self._rows.column(self._steps, "CellOffsets", (1 + len(_NO_CELLS),), "i8")
        self._rows.column(self._steps, "Values", (), "f8").attrs["unit"] = "s"
        self._rows.column(self._steps, "step", (), "i8")

    @property
    def frames(self) -> int:
        """Frames so far."""
        return self._rows.length

    def frame(
        self,
        step: int,
        time: float,
        position: np.ndarray,
        velocity: np.ndarray,
        species: np.ndarray | None = None,
        id: np.ndarray | None = None,
    ) -> None:
        """Append all particles at `time` [s].

        position : (N, d) [m]; velocity : (N, 3) [m/s]; species : (N,), id : (N,) where the file
        has them, else None
        """
        given = {"position": position, "velocity": velocity, "species": species, "id": id}
        given = {name: array for name, array in given.items() if array is not None}
        self._check(given)
        count, start = len(velocity), len(self._arrays["position"])
        for name, array in given.items():
            self._append_slices(self._arrays[name], array, start)
        self._resize_vertices(max(count, len(self._root["Vertices/Connectivity"])))
        row = {"NumberOfPoints": count, "NumberOfCells": 0, "PartOffsets": self.frames,
               "NumberOfParts": 1, "PointOffsets": start, "CellOffsets": 0,
               "Values": time, "step": step}  # fmt: skip
        self._rows.append(row)
        self._steps.attrs.modify("NSteps", np.int64(self.frames))
        self._growing.commit_if_due()

    def _check(self, given: Mapping[str, np.ndarray]) -> None:
        if set(given) != set(self._arrays):
            raise ValueError(
                f"{self.path}: a snapshot holds {', '.join(self._arrays)}; given: "
                f"{', '.join(given)}"
            )
        count = len(given["velocity"])
        columns = {"position": (self._dimension,), "velocity": (3,)}
        for name, array in given.items():
            shape = (count, *columns.get(name, ()))
            if array.shape != shape:
                raise ValueError(f"{self.path}: {name} has shape {array.shape}, expected {shape}")

    @staticmethod
    def _append_slices(dataset: h5py.Dataset, array: np.ndarray, start: int) -> None:
        dataset.resize(start + len(array), axis=0)
        for low in range(0, len(array), _SLICE):
            part = array[low : low + _SLICE].astype(dataset.dtype)
            rows = slice(start + low, start + low + len(part))
            if part.ndim == 1 or part.shape[1] == dataset.shape[1]:
                dataset[rows] = part
            else:  # the missing coordinates stay 0
                embedded = np.zeros((len(part), dataset.shape[1]), dataset.dtype)
                embedded[:, : part.shape[1]] = part
                dataset[rows] = embedded

    def _resize_vertices(self, count: int) -> None:
        """Vertices for `count` particles: number i is the particle i of its frame."""
        vertices = self._root["Vertices"]
        before = len(vertices["Connectivity"])
        vertices["Connectivity"].resize(count, axis=0)
        vertices["Offsets"].resize(count + 1, axis=0)
        for low in range(before, count, _SLICE):
            numbers = np.arange(low, min(low + _SLICE, count))
            vertices["Connectivity"][low : low + len(numbers)] = numbers
            vertices["Offsets"][low + 1 : low + 1 + len(numbers)] = numbers + 1


class Snapshot(NamedTuple):
    """One frame: position (N, d) [m], velocity (N, 3) [m/s], species and id (N,) or None, time [s].

    box_lengths : (d,) [m]
    """

    position: np.ndarray
    velocity: np.ndarray
    species: np.ndarray | None
    id: np.ndarray | None
    time: float
    box_lengths: tuple[float, ...]


@hdf5.patient
def read_snapshot(path: str | os.PathLike[str], frame: int = -1) -> Snapshot:
    """One frame of a file of ours; -1 is the last complete one.

    Positions come back within [0, L] (float32 may round past the upper face). Raises OSError where
    the file is missing, damaged, or holds no snapshots or no such frame.
    """
    with hdf5.reading(path) as file:
        root = _snapshots(file, path)
        frames = _frames(root)
        if not -frames <= frame < frames:
            raise Unreadable(path, f"no frame {frame}; the file holds {frames} frames")
        frame %= frames
        lengths = tuple(float(length) for length in root.attrs["box_lengths"])
        start = int(root["Steps/PointOffsets"][frame])
        rows = slice(start, start + int(root["NumberOfPoints"][frame]))
        columns = {name: root["PointData"].get(name) for name in _COLUMNS}
        position = root["Points"][rows, : len(lengths)].astype(np.float64)
        return Snapshot(
            position=np.clip(position, 0.0, lengths),
            velocity=columns["velocity"][rows].astype(np.float64),
            species=None if columns["species"] is None else columns["species"][rows],
            id=None if columns["id"] is None else columns["id"][rows],
            time=float(root["Steps/Values"][frame]),
            box_lengths=lengths,
        )


def _snapshots(file: h5py.File, path: str | os.PathLike[str]) -> h5py.Group:
    """The group of the snapshots of a file; Unreadable where there are none of ours."""
    root = file.get("VTKHDF")
    kind = hdf5.text(root.attrs.get("Type", "")) if isinstance(root, h5py.Group) else ""
    if kind != "PolyData":
        found = f"VTKHDF of type {kind}" if kind else "HDF5, but not VTKHDF"
        raise Unreadable(path, f"no snapshots of particles (VTKHDF PolyData): the file is {found}")
    needed = ("Points", "NumberOfPoints", "PointData/velocity", "Steps/PointOffsets")
    missing = [f"/VTKHDF/{name}" for name in needed if not isinstance(root.get(name), h5py.Dataset)]
    if missing or "box_lengths" not in root.attrs:
        lacking = ", ".join(missing) or "the attribute box_lengths"
        raise Unreadable(path, f"not snapshots of ours: they lack {lacking}")
    return root


def _frames(root: h5py.Group) -> int:
    """Complete frames: those whose every row is there."""
    points = min(len(array) for array in (root["Points"], *root["PointData"].values()))
    steps = root["Steps"]
    tables = [root["NumberOfPoints"], *(steps[n] for n in ("Values", "step", "PointOffsets"))]
    frames = min(len(table) for table in tables)
    ends = steps["PointOffsets"][:frames] + root["NumberOfPoints"][:frames]
    return int(np.count_nonzero(ends <= points))


def _lay_out(file: h5py.File, lengths: Sequence[float], columns: Sequence[str]) -> None:
    root = file.create_group("VTKHDF")
    root.attrs["Version"] = np.array([2, 0], np.int64)
    root.attrs.create("Type", np.bytes_("PolyData"))
    root.attrs["box_lengths"] = np.array(lengths, np.float64)
    points = _growing_array(root, "Points", (3,), "f4")
    points.attrs["unit"], points.attrs["description"] = "m", "position of the particle"
    data, steps = root.create_group("PointData"), root.create_group("Steps")
    steps.attrs["NSteps"] = np.int64(0)
    # Arrays of equal content are one array under several names.
    offsets = hdf5.Rows().column(steps, "PointOffsets", (), "i8")
    for name in columns:
        shape, dtype, unit, description, storage = _COLUMNS[name]
        array = _growing_array(data, name, shape, dtype, **storage)
        array.attrs["unit"], array.attrs["description"] = unit, description
        steps[f"PointDataOffsets/{name}"] = offsets
    steps["ConnectivityIdOffsets"] = hdf5.Rows().column(
        steps, "CellOffsets", (1 + len(_NO_CELLS),), "i8"
    )
    counts = hdf5.Rows().column(root, "NumberOfPoints", (), "i8")
    none = hdf5.Rows().column(root, "Lines/NumberOfCells", (), "i8")
    for kind, number in (("Vertices", counts), *((kind, none) for kind in _NO_CELLS)):
        group = root.require_group(kind)
        for name in ("NumberOfCells", "NumberOfConnectivityIds"):
            if name not in group:
                group[name] = number
        for name in ("Connectivity", "Offsets"):
            _growing_array(group, name, (), "i8", **hdf5.PACKED)
        group["Offsets"].resize(1, axis=0)


def _growing_array(
    group: h5py.Group, name: str, shape: tuple[int, ...], dtype: str, **storage: Any
) -> h5py.Dataset:
    return group.create_dataset(
        name, (0, *shape), dtype, maxshape=(None, *shape), chunks=(_CHUNK, *shape), **storage
    )
