r"""The trajectory file: tracked particles and scalar observables over time, in H5MD 1.1.

    /h5md                                   version = [1, 1]
        /author, /creator, /modules/units
    /parameters                             scenario (text)
        /provenance                         version, commit, host, date, seed, threads …
    /particles/trajectory
        /box                                dimension = 3, boundary
            /edges/{value (T, 3), step (T,), time (T,)}
        /position/{value (T, K, 3), step, time}      float32, metres (no unit attribute: see below)
        /velocity/{value (T, K, 3), step, time}      float32, m s-1
        /id/{value (T, K), step, time}               who sits in each of the K places; -1: nobody
    /observables/<name>                     unit, description
        /value (T[, k]), /error, /step, /time, and /reference (T,) where one is known

P. de Buyl, P. H. Colberg and F. Hoefling, "H5MD: A structured, efficient, and portable file format
for molecular data", Comput. Phys. Commun. 185 (2014) 1546. One- and two-dimensional gases are
embedded in three dimensions (missing coordinates 0, missing edges 1 m). The four groups of a frame
share one `step` and one `time` (hard links). MDAnalysis knows no metre: it opens the file with
`universe.load_new(path, format="H5MD", convert_units=False)` and then hands out SI; it also asks
every observable for a row per frame, so observe at least as often as frames are written.

Every row is written value first and `step` last, and flushed: after a crash the file opens, and
readers take as many rows as the shortest dataset has.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import h5py
import numpy as np

from dsmc import disk
from dsmc.result import Series

Observable = tuple[str, str, str, tuple[int, ...]]  # name, unit, description, shape of one row

EMPTY_PLACE = -1  # the id of a place of the sample that nobody holds
_DIMENSION = 3
_ROWS_PER_CHUNK = 512  # of a scalar column: one page of 4 KiB
_CHUNK_BYTES = 1 << 20
_SLACK = 1 << 16  # B of metadata a row may cost (object headers, chunk indices)
_PACKED = {"compression": "gzip", "compression_opts": 1, "shuffle": True}


class TrajectoryWriter:
    """Writes one H5MD file, row by row; a context manager.

    box_lengths : (d,) [m], d = 1, 2 or 3
    boundary    : (d,) one word per axis; anything but "periodic" is H5MD's "none"
    particles   : K, tracked particles, constant; 0 writes observables only
    observables : (name, unit, description, shape of one row) each
    Raises OSError (file exists, no permission, disk full …) naming the path and the cure, and
    ValueError for arrays of the wrong shape. After a full disk the earlier rows are intact.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        box_lengths: Sequence[float],
        boundary: Sequence[str],
        particles: int,
        author: str,
        scenario_text: str,
        provenance: Mapping[str, Any],
        observables: Iterable[Observable] = (),
        overwrite: bool = False,
    ) -> None:
        lengths = np.asarray(box_lengths, dtype=np.float64)
        if lengths.shape not in ((1,), (2,), (3,)) or len(boundary) != lengths.size:
            raise ValueError(
                f"box_lengths and boundary need 1 to 3 entries each, got {box_lengths!r} "
                f"and {boundary!r}"
            )
        self.path = Path(path)
        self.particles = int(particles)
        self._dimension = int(lengths.size)
        self._edges = np.ones(_DIMENSION)
        self._edges[: lengths.size] = lengths
        self._declared = {name: (unit, text, shape) for name, unit, text, shape in observables}
        self._observed: dict[str, _Rows] = {}
        first_room = _SLACK * (4 + len(self._declared)) + 40 * self.particles
        self._descriptor = disk.create(self.path, first_room, overwrite=overwrite)
        try:
            self._file = h5py.File(self.path, "w")  # default libver: what VTK and h5dump read
        except OSError as failure:
            os.close(self._descriptor)
            raise disk.refusal(failure, self.path) from failure
        self._claim(first_room)
        _write_head(self._file, author, scenario_text, provenance)
        self._frame = self._create_particles(
            ["periodic" if b == "periodic" else "none" for b in boundary]
        )
        self._file.flush()

    def frame(
        self, step: int, time: float, position: np.ndarray, velocity: np.ndarray, id: np.ndarray
    ) -> None:
        """Append one frame at `time` [s].

        position : (K, d) [m]; velocity : (K, 3) [m/s]; id : (K,), -1 in a place nobody holds
        """
        if self._frame is None:
            raise ValueError("this trajectory was opened with particles = 0: it takes no frames")
        embedded = np.zeros((self.particles, _DIMENSION), dtype=np.float32)
        embedded[:, : self._dimension] = self._checked("position", position, self._dimension)
        row = {
            "position": embedded,
            "velocity": self._checked("velocity", velocity, _DIMENSION),
            "id": self._checked("id", id),
            "edges": self._edges,
        }
        self._append(step, time, [(self._frame, row)])

    def observe(
        self,
        step: int,
        time: float,
        values: Mapping[str, Any],
        errors: Mapping[str, Any] | None = None,
    ) -> None:
        """Append one row to each named observable; an error that is not given is NaN (unknown).

        Raises KeyError for a name that was not declared.
        """
        errors = errors or {}
        self._create_observables(name for name in values if name not in self._observed)
        rows = [
            (self._observed[name], {"value": value, "error": errors.get(name, np.nan)})
            for name, value in values.items()
        ]
        self._append(step, time, rows)

    def annotate(self, name: str, *, error: Any = None, reference: Any = None) -> None:
        """Write what is only known at the end: the errors and the reference of every row so far.

        error : as the value (T[, k]); reference : (T,), both in the observable's unit
        """
        group = self._file["observables"][name]
        rows = self._observed[name].length
        columns = {"error": error, "reference": reference}
        columns = {k: np.asarray(v, np.float64) for k, v in columns.items() if v is not None}
        self._claim(_SLACK + sum(column.nbytes for column in columns.values()))
        for column, data in columns.items():  # unlike the rows, these may be written twice
            if data.shape[:1] != (rows,):
                raise ValueError(f"{name}: {column} has {data.shape} rows, {rows} were observed")
            if column in group:
                group[column].resize(rows, axis=0)
                group[column][:] = data
            else:
                group.create_dataset(column, data=data, maxshape=(None, *data.shape[1:]))
        self._file.flush()

    def close(self) -> None:
        """Flush and close; a second call does nothing."""
        if not self._file:
            return
        self._file.flush()
        end = self._file.id.get_filesize()
        self._file.close()
        os.close(self._descriptor)
        disk.release(self.path, end)

    def __enter__(self) -> TrajectoryWriter:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def _checked(self, name: str, array: np.ndarray, columns: int | None = None) -> np.ndarray:
        array = np.asarray(array)
        shape = (self.particles,) if columns is None else (self.particles, columns)
        if array.shape != shape:
            raise ValueError(f"{self.path}: {name} has shape {array.shape}, expected {shape}")
        return array

    def _claim(self, amount: int) -> None:
        try:
            disk.claim(self._descriptor, self._file.id.get_filesize(), amount)
        except OSError as failure:
            raise disk.refusal(failure, self.path) from failure

    def _append(self, step: int, time: float, rows: list[tuple[_Rows, dict[str, Any]]]) -> None:
        self._claim(_SLACK + sum(group.row_bytes for group, _ in rows))
        for group, row in rows:
            group.append(row | {"time": time, "step": step})
        self._file.flush()

    def _create_particles(self, boundary: list[str]) -> _Rows | None:
        group = self._file.create_group("particles/trajectory")
        group.attrs["space_dimension"] = self._dimension
        box = group.create_group("box")
        box.attrs["dimension"] = _DIMENSION
        box.attrs["boundary"] = boundary + ["none"] * (_DIMENSION - self._dimension)
        if not self.particles:
            box["edges"] = self._edges  # fixed in time
            return None
        K, D = self.particles, _DIMENSION
        frame = _Rows()
        frame.column(group, "position/value", (K, D), "f4")
        frame.column(group, "velocity/value", (K, D), "f4")
        frame.column(group, "id/value", (K,), "i8", **_PACKED)
        frame.column(group, "box/edges/value", (D,), "f8")
        frame.clock(group["position"])
        group["velocity/value"].attrs["unit"] = "m s-1"
        group["position/value"].attrs["description"] = "metres"
        for place in ("velocity", "id", "box/edges"):
            group[place]["step"], group[place]["time"] = frame.step, frame.time
        return frame

    def _create_observables(self, names: Iterable[str]) -> None:
        names = list(names)
        if unknown := [name for name in names if name not in self._declared]:
            raise KeyError(f"{self.path}: observables that were not declared: {', '.join(unknown)}")
        self._claim(_SLACK * (1 + len(names)))
        for name in names:
            unit, description, shape = self._declared[name]
            group = self._file.create_group(f"observables/{name}")
            group.attrs["unit"], group.attrs["description"] = unit, description
            self._observed[name] = rows = _Rows()
            for column in ("value", "error"):
                rows.column(group, column, tuple(shape), "f8").attrs["unit"] = unit
            rows.clock(group)


class _Rows:
    """Datasets that grow together, one row at a time, `step` last."""

    def __init__(self) -> None:
        self.length = 0
        self.row_bytes = 0  # at most, with a new chunk in every column
        self._columns: dict[str, tuple[h5py.Dataset, Any, tuple[int, ...]]] = {}

    def column(
        self, group: h5py.Group, path: str, shape: tuple[int, ...], dtype: str, **storage: Any
    ) -> h5py.Dataset:
        chunk = _chunk(shape, np.dtype(dtype).itemsize)
        dataset = group.create_dataset(
            path, (0, *shape), dtype, maxshape=(None, *shape), chunks=chunk, **storage
        )
        name = path.removesuffix("/value").rsplit("/", 1)[-1]
        self._columns[name] = (dataset, h5py.h5s.create_simple((1, *shape)), shape)
        chunk_bytes = int(np.prod(chunk)) * dataset.dtype.itemsize
        self.row_bytes += max(chunk_bytes, int(np.prod(shape)) * dataset.dtype.itemsize)
        self.row_bytes += chunk_bytes  # the last chunk of a row may stand out over its edge
        return dataset

    def clock(self, group: h5py.Group) -> None:
        self.time = self.column(group, "time", (), "f8")
        self.time.attrs["unit"] = "s"
        self.step = self.column(group, "step", (), "i8")

    def append(self, row: Mapping[str, Any]) -> None:
        # The low-level calls: four times faster than dataset[n] = x for a scalar.
        ready = [  # all of them, before the first is written: a wrong shape leaves no half row
            np.ascontiguousarray(np.broadcast_to(np.asarray(row[name], dataset.dtype), shape))
            for name, (dataset, _, shape) in self._columns.items()
        ]
        for data, (dataset, memory, shape) in zip(ready, self._columns.values(), strict=True):
            dataset.id.set_extent((self.length + 1, *shape))
            place = dataset.id.get_space()
            place.select_hyperslab((self.length, *(0 for _ in shape)), (1, *shape))
            dataset.id.write(memory, place, data)
        self.length += 1


class Frame(NamedTuple):
    """One frame of a trajectory: position (K, d) [m], velocity (K, 3) [m/s], id (K,), time [s]."""

    position: np.ndarray
    velocity: np.ndarray
    id: np.ndarray
    time: float


def read_observables(path: str | os.PathLike[str]) -> dict[str, Series]:
    """Every observable of an H5MD file as a Series, trimmed to its last complete row.

    An error or reference that the file does not hold is NaN or None. Raises OSError where the
    file is missing or is not HDF5.
    """
    with _opened(path) as file:
        found = file.get("observables")
        if not isinstance(found, h5py.Group):
            return {}
        return {
            name: _series(name, group)
            for name, group in found.items()
            if isinstance(group, h5py.Group) and {"value", "step", "time"} <= set(group)
        }


def read_frame(path: str | os.PathLike[str], frame: int = -1) -> Frame:
    """One frame of an H5MD trajectory; -1 is the last complete one.

    Places that nobody holds are left out. Positions of our own files come back with the d columns
    of the gas and within [0, L] (float32 may round past the upper face); those of files made
    elsewhere as they are. Raises OSError where the file is missing or is not HDF5, ValueError
    where it holds no particles, no velocities or no such frame.
    """
    with _opened(path) as file:
        group = _particles(file, path)
        names = [name for name in ("position", "velocity", "id") if name in group]
        frames = min(
            group[name][column].shape[0] for name in names for column in ("value", "step", "time")
        )
        if not -frames <= frame < frames:
            raise ValueError(f"{path}: no frame {frame}; the file holds {frames} complete frames")
        frame %= frames
        position, velocity = (
            group[name]["value"][frame].astype(np.float64) for name in ("position", "velocity")
        )
        id = group["id/value"][frame] if "id" in group else np.arange(len(position))
        if "space_dimension" in group.attrs:
            d = int(group.attrs["space_dimension"])
            position = np.clip(position, 0.0, group["box/edges/value"][frame])[:, :d]
        held = id != EMPTY_PLACE
        time = float(group["position/time"][frame])
        return Frame(position[held], velocity[held], id[held], time)


def _particles(file: h5py.File, path: str | os.PathLike[str]) -> h5py.Group:
    for group in file.get("particles", {}).values():
        if "position" in group and "velocity" in group:
            return group
    raise ValueError(f"{path}: not a trajectory with positions and velocities (H5MD /particles)")


def _series(name: str, group: h5py.Group) -> Series:
    rows = min(group[column].shape[0] for column in ("value", "step", "time"))
    shape = group["value"].shape[1:]
    value = np.asarray(group["value"][:rows], dtype=np.float64)
    if shape:
        value = value.reshape(rows, int(np.prod(shape)))
    error = np.full(value.shape, np.nan)
    if "error" in group and group["error"].shape[1:] == shape:
        known = np.asarray(group["error"][:rows], dtype=np.float64)
        error[: len(known)] = known.reshape(len(known), *value.shape[1:])
    reference = None
    if "reference" in group and group["reference"].ndim == 1:
        reference = np.full(rows, np.nan)
        known = group["reference"][:rows]
        reference[: len(known)] = known
    unit = _text(group.attrs.get("unit", group["value"].attrs.get("unit", "")))
    description = _text(group.attrs.get("description", name))
    time = np.asarray(group["time"][:rows], dtype=np.float64)
    return Series(name, unit, description, time, value, error, reference)


def _text(attribute: Any) -> str:
    return attribute.decode(errors="replace") if isinstance(attribute, bytes) else str(attribute)


def _opened(path: str | os.PathLike[str]) -> h5py.File:
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(2, "no such file", os.fspath(path))
    try:
        return h5py.File(path, "r")
    except OSError as failure:
        reason = "damaged" if h5py.is_hdf5(path) else "not an HDF5 file"
        raise OSError(f"{path}: {reason} ({failure})") from failure


def _write_head(
    file: h5py.File, author: str, scenario_text: str, provenance: Mapping[str, Any]
) -> None:
    head = file.create_group("h5md")
    head.attrs["version"] = np.array([1, 1], dtype=np.int32)
    head.create_group("author").attrs["name"] = author
    creator = head.create_group("creator")
    creator.attrs["name"] = "dsmc"
    creator.attrs["version"] = str(provenance.get("version", "unknown"))
    units = head.create_group("modules/units")
    units.attrs["version"] = np.array([1, 0], dtype=np.int32)
    units.attrs["system"] = "SI"
    parameters = file.create_group("parameters")
    parameters.attrs["scenario"] = scenario_text
    attributes = parameters.create_group("provenance").attrs
    for name, value in provenance.items():
        plain = isinstance(value, (str, int, float, np.integer, np.floating))
        attributes[name] = value if plain else json.dumps(value, default=str)


def _chunk(shape: tuple[int, ...], itemsize: int) -> tuple[int, ...]:
    """Pages of 4 KiB for a column of scalars, one row for particles, 1 MiB at most."""
    if len(shape) < 2 and np.prod(shape, dtype=int) <= _DIMENSION:
        return (_ROWS_PER_CHUNK, *shape)
    columns = int(np.prod(shape[1:], dtype=int))
    return (1, min(shape[0], max(1, _CHUNK_BYTES // (columns * itemsize))), *shape[1:])
