"""The file of cell fields: every sampled quantity in every cell over time, in VTKHDF.

    /VTKHDF                             Version, Type = "ImageData", WholeExtent, Origin, Spacing …
        /Steps                          NSteps, average = "running" or "interval"
            /Values (T,), /step (T,)    times of the frames [s], time steps of the run
        /CellData
            /<name> (T, n_z, n_y, n_x)  float32; a vector (velocity, heat_flux) (…, 3)
            /<name>_error               one standard error; NaN where unknown
    /average                            start_step, start_time [s], because, restarts, ended: when
                                        it began, why then, and why the run ended
    /average/<name>                     over the whole run; mean, mean_error: over the cells too;
                                        degrees: of freedom of Student's law for the errors
        /value, /error                  (n_x,), (n_y, n_x) or (n_z, n_y, n_x), float64
    /planes, /walls, /distributions     see `dsmc.flow_groups`
    /parameters                         scenario, provenance (see `dsmc.hdf5`)

Every dataset has a unit and a description. x runs fastest; NaN marks a cell that was empty. VTK and
ParaView (>= 5.12) open the file as it is (docs.vtk.org, "VTKHDF file format"). They know three
dimensions only: a missing one is drawn as one cell, as thick as the smallest cell is wide.

Float32 rounds at 1e-7 of the value, far below the noise of a frame, and halves the file; noise
compresses by 1.4 at ten times the cost, so nothing is compressed. Frames
become permanent at a commit, all arrays together; readers take as many as the shortest array has.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal, NamedTuple

import h5py
import numpy as np

from dsmc import flow_groups, hdf5
from dsmc.hdf5 import Unreadable
from dsmc.result import AXES, Field, Sampling

Quantity = tuple[str, str, str]  # name, unit, description
Average = Literal["running", "interval"]

VECTORS = ("velocity", "heat_flux")  # kept as one array of three components, as ParaView likes it
_COMPONENT = "{} component of the {}"  # how the description of a component is made
_GATHERED = 64 << 10  # bytes of a chunk that holds several frames of a small grid


class FieldsWriter(hdf5.Writer):
    """Writes cell fields frame by frame; a context manager.

    lengths, cells : (d,) [m] and (d,), d = 1, 2 or 3
    average    : whether a frame is the average so far ("running") or since the last ("interval")
    quantities : (name, unit, description) of each field that a frame may hold
    Raises OSError (file exists, no permission, disk full …) naming the path and the cure, and
    ValueError for settings and arrays of the wrong shape.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        lengths: Sequence[float],
        cells: Sequence[int],
        scenario_text: str,
        provenance: Mapping[str, Any],
        average: Average,
        quantities: Iterable[Quantity],
        overwrite: bool = False,
    ) -> None:
        if not 1 <= len(cells) == len(lengths) <= len(AXES):
            raise ValueError(
                f"lengths and cells need 1 to 3 entries each, got {lengths!r} and {cells!r}"
            )
        growing = hdf5.create(path, overwrite)
        _lay_out(growing.root, lengths, cells, average)
        _make_arrays(growing.root["VTKHDF/CellData"], cells, list(quantities))
        hdf5.write_origin(growing.root, scenario_text, provenance)
        self._attach(growing)
        self.commit()

    @classmethod
    def reopen(cls, path: str | os.PathLike[str], frames: int) -> FieldsWriter:
        """Go on with a file after its first `frames` frames; later ones will be written again.

        Raises OSError where the file holds no cell fields or fewer frames.
        """
        with hdf5.reading(path) as file:
            held = _Layout.of(file, path).frames
        if frames > held:
            raise Unreadable(path, f"holds {held} frames: too few to go on after {frames}")
        self = cls.__new__(cls)
        self._attach(hdf5.reopen(path))
        self._rows.trim(frames)
        self._steps.attrs.modify("NSteps", np.int64(frames))
        return self

    def _attach(self, growing: hdf5.Growing) -> None:
        """Take hold of the arrays of the file, just made or there before."""
        self._growing, self.path = growing, growing.path
        root = growing.root["VTKHDF"]
        self._steps, self._cells = root["Steps"], root["CellData"]
        self._shape = tuple(int(n) for n in root.attrs["WholeExtent"][5::-2])
        self._names = list(self._cells)  # looking them up in the file is slow
        self._rows = hdf5.Rows()
        for name, array in self._cells.items():
            self._rows.column(self._cells, name, array.shape[1:], array.dtype.str)
        self._rows.column(self._steps, "Values", (), "f8").attrs["unit"] = "s"
        self._rows.column(self._steps, "step", (), "i8")

    @property
    def frames(self) -> int:
        """Frames so far."""
        return self._rows.length

    def frame(self, step: int, time: float, fields: Mapping[str, Field]) -> None:
        """Append one frame at `time` [s]; a declared quantity that is not given is NaN (unknown).

        Raises KeyError for a quantity that was not declared.
        """
        undeclared = sorted(set(fields) - set(self._declared()))
        if undeclared:
            raise KeyError(f"{self.path}: fields that were not declared: {', '.join(undeclared)}")
        row: dict[str, Any] = {"Values": time, "step": step}
        for name in self._names:
            row[name] = self._as_stored(name, fields)
        self._rows.append(row)
        self._steps.attrs.modify("NSteps", np.int64(self.frames))
        self._growing.commit_if_due()

    def average(self, fields: Mapping[str, Field], sampling: Sampling | None = None) -> None:
        """Write the average over the whole run, in place of an earlier one.

        sampling : when it began and why the run ended, which become attributes
        """
        root = self._growing.root
        if "average" not in root:
            root.create_group("average", track_order=True)
        if sampling is not None and sampling.start is not None:
            root["average"].attrs.update(
                start_step=sampling.start, start_time=sampling.time, because=sampling.because,
                restarts=sampling.restarts, ended=sampling.ended,
            )  # fmt: skip
        for name, field in fields.items():
            group = root["average"].require_group(name)
            group.attrs["unit"], group.attrs["description"] = field.unit, field.description
            group.attrs["degrees"] = field.degrees
            if field.average is not None:
                group.attrs["mean"], group.attrs["mean_error"] = map(float, field.average)
            for column, data in (("value", field.value), ("error", field.error)):
                dataset = group.require_dataset(column, data.shape, "f8", exact=True)
                dataset[...] = data
                dataset.attrs["unit"] = field.unit
                dataset.attrs["description"] = _described(field.description, column == "error")
        self._growing.commit_if_due()

    def beside(self, **tables: Mapping[str, Any]) -> None:
        """Write what `flow_groups.write` takes: planes, distributions, walls; for earlier ones."""
        flow_groups.write(self._growing.root, **tables)
        self._growing.commit_if_due()

    def _declared(self) -> Iterable[str]:
        for name in self._names:
            if not name.endswith("_error"):
                yield from _components(name) if name in VECTORS else (name,)

    def _as_stored(self, name: str, fields: Mapping[str, Field]) -> np.ndarray:
        """The array of one frame: of one field, or of the three components of a vector."""
        base = name.removesuffix("_error")
        column = "value" if name == base else "error"
        if base not in VECTORS:
            return self._cells_of(fields, base, column)
        return np.stack([self._cells_of(fields, c, column) for c in _components(base)], axis=-1)

    def _cells_of(self, fields: Mapping[str, Field], name: str, column: str) -> np.ndarray:
        """One column of a field as (n_z, n_y, n_x)."""
        if name not in fields:
            return np.full(self._shape, np.nan)
        array = getattr(fields[name], column)
        if (*[1] * (len(AXES) - array.ndim), *array.shape) != self._shape:
            raise ValueError(
                f"{self.path}: {name} has {array.shape} cells, expected {self._shape} (z, y, x)"
            )
        return array.reshape(self._shape)


def read_fields(path: str | os.PathLike[str], frame: int | None = None) -> dict[str, Field]:
    """The fields of one frame by name, -1 the last; None: the average over the whole run.

    A run that was cut off has no such average yet: its last frame takes the place if frames are
    running averages. Vectors come back by component, "velocity_x" … Raises OSError where the file
    is missing, damaged, holds no cell fields or no such frame.
    """
    with hdf5.reading(path) as file:
        layout = _Layout.of(file, path)
        if frame is None and isinstance(file.get("average"), h5py.Group):
            return _read_average(file["average"], layout)
        if frame is None and layout.average != "running":
            raise Unreadable(
                path, "no average over the whole run yet: ask for a frame, -1 the last"
            )
        wanted = -1 if frame is None else frame
        if not -layout.frames <= wanted < layout.frames:
            raise Unreadable(path, f"no frame {wanted}; the file holds {layout.frames} frames")
        return _read_frame(file["VTKHDF/CellData"], layout, wanted % layout.frames)


def frame_times(path: str | os.PathLike[str]) -> tuple[np.ndarray, np.ndarray]:
    """Time steps (T,) and times (T,) [s] of the complete frames; raises as `read_fields`."""
    with hdf5.reading(path) as file:
        layout = _Layout.of(file, path)
        steps = file["VTKHDF/Steps"]
        times = steps["Values"][: layout.frames].astype(np.float64)
        numbers = steps["step"][: layout.frames] if "step" in steps else np.arange(layout.frames)
        return numbers, times


class _Layout(NamedTuple):
    """What a VTKHDF image says about itself: the cells and how many frames are complete."""

    axes: tuple[np.ndarray, ...]  # cell centres of the d dimensions, x first [m]
    cells: tuple[int, ...]  # (n_z, n_y, n_x), with one cell in a missing dimension
    frames: int
    average: str

    @classmethod
    def of(cls, file: h5py.File, path: str | os.PathLike[str]) -> _Layout:
        """Look at a file. Raises Unreadable where it holds no cell fields over time."""
        root = file.get("VTKHDF")
        kind = hdf5.text(root.attrs.get("Type", "")) if isinstance(root, h5py.Group) else ""
        if kind != "ImageData":
            found = f"VTKHDF of type {kind}" if kind else "HDF5, but not VTKHDF"
            raise Unreadable(path, f"no cell fields (VTKHDF ImageData): the file is {found}")
        needed = {"Steps": h5py.Group, "CellData": h5py.Group, "Steps/Values": h5py.Dataset}
        for name, what in needed.items():
            if not isinstance(root.get(name), what):
                raise Unreadable(path, f"cell fields without /VTKHDF/{name}")
        extent = np.asarray(root.attrs["WholeExtent"])
        counts = np.diff(extent.reshape(3, 2), axis=1)[:, 0]
        cells = tuple(int(n) for n in counts[::-1])
        if not len(root["CellData"]):
            raise Unreadable(path, "cell fields without any array in /VTKHDF/CellData")
        for array in root["CellData"].values():
            if array.shape[1:] not in (cells, (*cells, 3)) or array.dtype.kind not in "fiu":
                raise Unreadable(
                    path,
                    f"{array.name} has shape {array.shape} of {array.dtype}; "
                    f"expected numbers, (frames, {', '.join(map(str, cells))}) or (…, 3)",
                )
        axes = tuple(
            low + width * (np.arange(start, start + count) + 0.5)
            for low, width, start, count in zip(
                root.attrs["Origin"], root.attrs["Spacing"], extent[::2], counts, strict=True
            )
        )
        steps = root["Steps"]
        arrays = [*root["CellData"].values(), *(steps[n] for n in ("Values", "step") if n in steps)]
        return cls(
            axes[: int(root.attrs.get("space_dimension", 3))],
            cells,
            min((len(array) for array in arrays), default=0),
            hdf5.text(steps.attrs.get("average", "")),
        )


def _read_frame(group: h5py.Group, layout: _Layout, frame: int) -> dict[str, Field]:
    shape = tuple(axis.size for axis in reversed(layout.axes))
    found = {}
    for name, array in group.items():
        if name.endswith("_error") and name.removesuffix("_error") in group:
            continue
        unit, text = (hdf5.text(array.attrs.get(key, "")) for key in ("unit", "description"))
        value = array[frame].astype(np.float64)
        known = group.get(f"{name}_error")
        error = np.full(value.shape, np.nan) if known is None else known[frame].astype(np.float64)
        parts = [(name, text, (value, error))]
        if value.ndim > len(layout.cells):
            parts = [
                (part, _COMPONENT.format(AXES[k], text), (value[..., k], error[..., k]))
                for k, part in enumerate(_components(name))
            ]
        for part, description, pair in parts:
            columns = (column.reshape(shape) for column in pair)
            found[part] = Field(part, unit, description, layout.axes, *columns)
    return found


def _read_average(averages: h5py.Group, layout: _Layout) -> dict[str, Field]:
    return {
        name: Field(
            name,
            hdf5.text(group.attrs.get("unit", "")),
            hdf5.text(group.attrs.get("description", name)),
            layout.axes,
            group["value"][...],
            group["error"][...],
            (float(group.attrs["mean"]), float(group.attrs["mean_error"]))
            if "mean" in group.attrs
            else None,
            float(group.attrs.get("degrees", np.inf)),
        )
        for name, group in averages.items()
    }


def _lay_out(
    file: h5py.File, lengths: Sequence[float], cells: Sequence[int], average: Average
) -> None:
    widths = [length / count for length, count in zip(lengths, cells, strict=True)]
    missing = len(AXES) - len(cells)
    counts = [*cells, *[1] * missing]
    root = file.create_group("VTKHDF")
    root.attrs["Version"] = np.array([2, 0], np.int64)
    root.attrs.create("Type", np.bytes_("ImageData"))
    root.attrs["WholeExtent"] = np.array([bound for n in counts for bound in (0, n)], np.int64)
    root.attrs["Origin"] = np.zeros(3)
    root.attrs["Spacing"] = np.array([*widths, *[min(widths)] * missing], np.float64)
    root.attrs["Direction"] = np.eye(3).ravel()
    root.attrs["space_dimension"] = len(cells)
    steps = root.create_group("Steps")
    steps.attrs["NSteps"] = np.int64(0)
    steps.attrs["average"] = average
    root.create_group("CellData", track_order=True)


def _make_arrays(group: h5py.Group, cells: Sequence[int], quantities: list[Quantity]) -> None:
    """An empty array for each quantity and its error; one for the components of a vector."""
    scalar = (*[1] * (len(AXES) - len(cells)), *reversed(cells))
    names = {name for name, _, _ in quantities}
    vectors = [base for base in VECTORS if names.issuperset(_components(base))]
    for name, unit, description in quantities:
        base, _, axis = name.rpartition("_")
        shape = scalar
        if base in vectors and axis in AXES:
            if axis != "x":
                continue
            name, shape = base, (*scalar, 3)
            description = description.removeprefix(_COMPONENT.format(axis, ""))
        for column, is_error in ((name, False), (f"{name}_error", True)):
            array = group.create_dataset(
                column, (0, *shape), "f4", maxshape=(None, *shape), chunks=_chunks(shape)
            )
            array.attrs["unit"] = unit
            array.attrs["description"] = _described(description, is_error)


def _chunks(shape: tuple[int, ...]) -> tuple[int, ...]:
    """Chunks of a few frames of a small grid, else parts of a frame of at most 1 MiB."""
    row = 4 * int(np.prod(shape))
    if row < _GATHERED:
        return (_GATHERED // row, *shape)
    part = list(shape)
    for axis in range(len(shape)):  # whole rows of x as long as they fit
        within = row // part[axis]
        part[axis] = min(part[axis], max(1, hdf5.CHUNK_BYTES // within))
        row = within * part[axis]
    return (1, *part)


def _components(vector: str) -> list[str]:
    return [f"{vector}_{axis}" for axis in AXES]


def _described(description: str, is_error: bool) -> str:
    return f"standard error of: {description}" if is_error else description
