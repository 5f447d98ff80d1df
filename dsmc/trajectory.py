r"""The trajectory file: tracked particles and scalar observables over time, in H5MD 1.1.

    /h5md                                   version = [1, 1]
        /author, /creator, /modules/units
    /parameters                             scenario (text)
        /provenance                         version, commit, host, date, seed, threads …
    /particles/trajectory                   first_entering_id: that and higher ids came in later
        /box                                dimension = 3, boundary
            /edges/{value (T, 3), step (T,), time (T,)}
        /position/{value (T, K, 3), step, time}      float32, metres (no unit attribute: see below)
        /velocity/{value (T, K, 3), step, time}      float32, m s-1
        /id/{value (T, K), step, time}               who sits in each of the K places; -1: nobody,
                                                     and NaN for position and velocity
    /observables/<name>                     unit, description
        /value (T[, k]), /error, /step, /time, and /reference (T,) where one is known

P. de Buyl, P. H. Colberg and F. Hoefling, "H5MD: A structured, efficient, and portable file format
for molecular data", Comput. Phys. Commun. 185 (2014) 1546. One- and two-dimensional gases are
embedded in three dimensions (missing coordinates 0, missing edges 1 m). The four groups of a frame
share one `step` and one `time` (hard links). MDAnalysis knows no metre: it opens the file with
`universe.load_new(path, format="H5MD", convert_units=False)` and then hands out SI; it also asks
every observable for a row per frame, so observe at least as often as frames are written.

Rows become permanent at a commit (`dsmc.hdf5`), all columns together: after a crash the file is as
of the last one. In files made elsewhere readers take as many rows as the shortest dataset has.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import h5py
import numpy as np

from dsmc import hdf5
from dsmc.hdf5 import Unreadable, reading
from dsmc.result import Series

Observable = tuple[str, str, str, tuple[int, ...]]  # name, unit, description, shape of one row

_FRAMES = "/frames"  # among the names of observables, where no name has a slash
EMPTY_PLACE = -1  # the id of a place of the sample that nobody holds
_DIMENSION = 3


class TrajectoryWriter(hdf5.Writer):
    """Writes one H5MD file, row by row; a context manager.

    box_lengths : (d,) [m], d = 1, 2 or 3
    boundary    : (d,) one word per axis; anything but "periodic" is H5MD's "none"
    particles   : K, tracked particles, constant; 0 writes observables only
    observables : (name, unit, description, shape of one row) each
    rows        : go on with the file where it had these rows, as `rows` told; None: a new file
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
        rows: Mapping[str, int] | None = None,
    ) -> None:
        lengths = np.asarray(box_lengths, dtype=np.float64)
        if lengths.shape not in ((1,), (2,), (3,)) or len(boundary) != lengths.size:
            raise ValueError(
                f"box_lengths and boundary need 1 to 3 entries each, got {box_lengths!r} "
                f"and {boundary!r}"
            )
        self.particles = int(particles)
        self._dimension = int(lengths.size)
        self._edges = np.ones(_DIMENSION)
        self._edges[: lengths.size] = lengths
        self._declared = {name: (unit, text, shape) for name, unit, text, shape in observables}
        self._observed: dict[str, hdf5.Rows] = {}
        self._growing = hdf5.create(path, overwrite) if rows is None else hdf5.reopen(path)
        self.path, self._file = self._growing.path, self._growing.root
        if rows is None:
            _write_head(self._file, author, scenario_text, provenance)
            self._make_box(boundary)
        self._frame = self._frame_columns() if self.particles else None
        self._held, self._newest = np.arange(self.particles), EMPTY_PLACE
        if rows is not None:
            self._trim(rows)
            self._take_places()
        self._growing.commit()

    def _take_places(self) -> None:
        """Who sits where, as the last frame tells."""
        group = self._file["particles/trajectory"]
        if "first_entering_id" in group.attrs and self._frame.length:
            held = group["id/value"][: self._frame.length]
            first = int(group.attrs["first_entering_id"])
            self._held, self._newest = held[-1], max(int(held.max()), first - 1)

    def seat(self, id: np.ndarray) -> np.ndarray:
        """Give the places of particles that have left to the next ones that entered.

        At first the places belong to the lowest ids.  Places that are free are taken by those who
        entered after everyone who ever sat, in the order of their ids.

        id : (N,) of all particles; returns the row of each place's particle, (K,), -1 for nobody
        """
        if self._newest == EMPTY_PLACE:
            self._newest = max(int(id.max(initial=-1)), self.particles - 1)
            self._file["particles/trajectory"].attrs["first_entering_id"] = self._newest + 1
        rows = np.flatnonzero((id <= self._held.max()) | (id > self._newest))
        rows = rows[np.argsort(id[rows])]
        found = np.searchsorted(id[rows], self._held)
        found = np.minimum(found, max(0, rows.size - 1))
        is_there = np.zeros(self.particles, bool) if rows.size == 0 else (
            id[rows[found]] == self._held
        )  # fmt: skip
        seated = np.full(self.particles, -1)
        seated[is_there] = rows[found[is_there]]
        free = np.flatnonzero(~is_there)
        waiting = rows[np.searchsorted(id[rows], self._newest, side="right") :][: free.size]
        seated[free[: waiting.size]] = waiting
        self._held = np.where(seated >= 0, id[seated] if id.size else EMPTY_PLACE, EMPTY_PLACE)
        self._newest = max(self._newest, int(self._held.max(initial=-1)))
        return seated

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
        self._frame.append(row | {"time": time, "step": step})
        self._growing.commit_if_due()

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
        for name in values:
            if name not in self._observed:
                self._observed[name] = self._observable_columns(name)
        for name, value in values.items():
            row = {"value": value, "error": errors.get(name, np.nan), "time": time, "step": step}
            self._observed[name].append(row)
        self._growing.commit_if_due()

    def annotate(self, name: str, *, error: Any = None, reference: Any = None) -> None:
        """Write what is only known at the end: the errors and the reference of every row so far.

        error : as the value (T[, k]); reference : (T,), both in the observable's unit
        """
        group = self._file["observables"][name]
        rows = self._observed[name].length
        for column, data in (("error", error), ("reference", reference)):
            if data is None:
                continue
            data = np.asarray(data, np.float64)
            if data.shape[:1] != (rows,):
                raise ValueError(f"{name}: {column} has {data.shape} rows, {rows} were observed")
            if column in group:
                group[column].resize(rows, axis=0)
                group[column][:] = data
            else:
                group.create_dataset(column, data=data, maxshape=(None, *data.shape[1:]))

    @property
    def rows(self) -> dict[str, int]:
        """How many rows there are: of frames, and of each observable by its name."""
        frames = {} if self._frame is None else {_FRAMES: self._frame.length}
        return frames | {name: rows.length for name, rows in self._observed.items()}

    def _checked(self, name: str, array: np.ndarray, columns: int | None = None) -> np.ndarray:
        array = np.asarray(array)
        shape = (self.particles,) if columns is None else (self.particles, columns)
        if array.shape != shape:
            raise ValueError(f"{self.path}: {name} has shape {array.shape}, expected {shape}")
        return array

    def _trim(self, rows: Mapping[str, int]) -> None:
        """Forget the rows after those named: they will be written again."""
        if self._frame is not None:
            self._frame.trim(rows.get(_FRAMES, 0))
        for name, group in list(self._file.get("observables", {}).items()):
            if name not in rows:
                del self._file["observables"][name]
                continue
            self._observed[name] = self._observable_columns(name)
            self._observed[name].trim(rows[name])
            if "reference" in group:
                del group["reference"]

    def _make_box(self, boundary: Sequence[str]) -> None:
        group = self._file.create_group("particles/trajectory")
        group.attrs["space_dimension"] = self._dimension
        box = group.create_group("box")
        box.attrs["dimension"] = _DIMENSION
        words = ["periodic" if word == "periodic" else "none" for word in boundary]
        box.attrs["boundary"] = words + ["none"] * (_DIMENSION - self._dimension)
        if not self.particles:
            box["edges"] = self._edges  # fixed in time

    def _frame_columns(self) -> hdf5.Rows:
        group = self._file["particles/trajectory"]
        K, D = self.particles, _DIMENSION
        frame = hdf5.Rows()
        frame.column(group, "position/value", (K, D), "f4")
        frame.column(group, "velocity/value", (K, D), "f4")
        frame.column(group, "id/value", (K,), "i8", **hdf5.PACKED)
        frame.column(group, "box/edges/value", (D,), "f8")
        frame.clock(group["position"])
        group["velocity/value"].attrs["unit"] = "m s-1"
        group["position/value"].attrs["description"] = "metres"
        for place in ("velocity", "id", "box/edges"):
            if "step" not in group[place]:
                group[place]["step"], group[place]["time"] = frame.step, frame.time
        return frame

    def _observable_columns(self, name: str) -> hdf5.Rows:
        if name not in self._declared:
            raise KeyError(f"{self.path}: an observable that was not declared: {name}")
        unit, description, shape = self._declared[name]
        group = self._file.require_group(f"observables/{name}")
        group.attrs["unit"], group.attrs["description"] = unit, description
        rows = hdf5.Rows()
        for column in ("value", "error"):
            rows.column(group, column, tuple(shape), "f8").attrs["unit"] = unit
        rows.clock(group)
        return rows


class Frame(NamedTuple):
    """One frame of a trajectory: position (K, d) [m], velocity (K, 3) [m/s], id (K,), time [s]."""

    position: np.ndarray
    velocity: np.ndarray
    id: np.ndarray
    time: float


@hdf5.patient
def read_observables(path: str | os.PathLike[str]) -> dict[str, Series]:
    """Every observable of an H5MD file as a Series, trimmed to its last complete row.

    An error or reference that the file does not hold is NaN or None. Raises OSError where the
    file is missing, damaged or not HDF5.
    """
    with reading(path) as file:
        found = file.get("observables")
        if not isinstance(found, h5py.Group):
            return {}
        return {
            name: _series(name, group)
            for name, group in found.items()
            if isinstance(group, h5py.Group) and {"value", "step", "time"} <= set(group)
        }


@hdf5.patient
def frame_count(path: str | os.PathLike[str]) -> int:
    """Complete frames of an H5MD trajectory; 0 where it holds no particles with velocities.

    Raises OSError where the file is missing, damaged or not HDF5.
    """
    with reading(path) as file:
        group = _particles(file)
        return 0 if group is None else _frames(group)


@hdf5.patient
def read_frame(path: str | os.PathLike[str], frame: int = -1) -> Frame:
    """One frame of an H5MD trajectory; -1 is the last complete one.

    Places that nobody holds are left out. Positions of our own files come back with the d columns
    of the gas and within [0, L] (float32 may round past the upper face); those of files made
    elsewhere as they are. Raises OSError where the file is missing, damaged, not HDF5, or holds no
    particles, no velocities or no such frame.
    """
    with reading(path) as file:
        group = _particles(file)
        if group is None:
            raise Unreadable(path, "no trajectory with positions and velocities (H5MD /particles)")
        frames = _frames(group)
        if not -frames <= frame < frames:
            raise Unreadable(path, f"no frame {frame}; the file holds {frames} complete frames")
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


def _particles(file: h5py.File) -> h5py.Group | None:
    """The first group of particles that has positions and velocities over time."""
    found = file.get("particles")
    for group in found.values() if isinstance(found, h5py.Group) else ():
        if not isinstance(group, h5py.Group):
            continue
        elements = [group.get(name) for name in ("position", "velocity")]
        if all(isinstance(e, h5py.Group) and {"value", "step", "time"} <= set(e) for e in elements):
            return group
    return None


def _frames(group: h5py.Group) -> int:
    names = [name for name in ("position", "velocity", "id") if name in group]
    return min(
        group[name][column].shape[0] for name in names for column in ("value", "step", "time")
    )


def _series(name: str, group: h5py.Group) -> Series:
    columns = [group[column] for column in ("value", "step", "time")]
    rows = min(column.shape[0] for column in columns if column.ndim)
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
    unit = hdf5.text(group.attrs.get("unit", group["value"].attrs.get("unit", "")))
    description = hdf5.text(group.attrs.get("description", name))
    return Series(name, unit, description, _times(group["time"], rows), value, error, reference)


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
    hdf5.write_origin(file, scenario_text, provenance)


def _times(clock: h5py.Dataset, rows: int) -> np.ndarray:
    """The times of the rows; H5MD allows one number, the interval between them."""
    if clock.ndim:
        return np.asarray(clock[:rows], dtype=np.float64)
    return float(clock.attrs.get("offset", 0.0)) + float(clock[()]) * np.arange(rows)
