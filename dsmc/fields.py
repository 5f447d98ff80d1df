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

Uneven cells are a mesh (see `dsmc.mesh`), with the cells of all frames one after the other.
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

from dsmc import flow_groups, hdf5, mesh
from dsmc.faces import AXES
from dsmc.hdf5 import Unreadable
from dsmc.result import Field, Sampling

Quantity = tuple[str, str, str]  # name, unit, description
Average = Literal["running", "interval"]

VECTORS = ("velocity", "heat_flux")  # kept as one array of three components, as ParaView likes it
_COMPONENT = "{} component of the {}"  # how the description of a component is made
_GATHERED = 64 << 10  # bytes of a chunk that holds several frames of a small grid


class FieldsWriter(hdf5.Writer):
    """Writes cell fields frame by frame; a context manager.

    lengths, cells : (d,) [m] and (d,), d = 1, 2 or 3
    edges      : the faces of uneven cells along each axis [m], None for equal cells
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
        edges: Sequence[Sequence[float]] | None = None,
        overwrite: bool = False,
    ) -> None:
        if not 1 <= len(cells) == len(lengths) <= len(AXES):
            raise ValueError(
                f"lengths and cells need 1 to 3 entries each, got {lengths!r} and {cells!r}"
            )
        growing = hdf5.create(path, overwrite)
        _lay_out(growing.root, lengths, cells, average, edges)
        _make_arrays(growing.root["VTKHDF/CellData"], cells, list(quantities), edges is not None)
        hdf5.write_origin(growing.root, scenario_text, provenance)
        self._attach(growing)
        self.commit()

    @classmethod
    def reopen(cls, path: str | os.PathLike[str], frames: int) -> FieldsWriter:
        """Go on with a file after its first `frames` frames; later ones will be written again.

        So are the averages and what is beside them: until then those of the frames are the newest.
        Raises OSError where the file holds no cell fields or fewer frames.
        """
        with hdf5.reading(path) as file:
            held = _Layout.of(file, path).frames
        if frames > held:
            raise Unreadable(path, f"holds {held} frames: too few to go on after {frames}")
        self = cls.__new__(cls)
        self._attach(hdf5.reopen(path))
        self._rows.trim(frames)
        flow_groups.forget(self._growing.root)
        self._steps.attrs.modify("NSteps", np.int64(frames))
        return self

    def _attach(self, growing: hdf5.Growing) -> None:
        """Take hold of the arrays of the file, just made or there before."""
        self._growing, self.path = growing, growing.path
        root = growing.root["VTKHDF"]
        self._steps, self._cells = root["Steps"], root["CellData"]
        self._names = list(self._cells)  # looking them up in the file is slow
        self._rows = hdf5.Rows()
        self._is_mesh = "WholeExtent" not in root.attrs
        if self._is_mesh:
            counts = [axis.size - 1 for axis in mesh.edges_of(growing.root)]
            self._shape = (*[1] * (len(AXES) - len(counts)), *reversed(counts))
            mesh.add_columns(self._rows, self._steps, self._names)
        else:
            self._shape = tuple(int(n) for n in root.attrs["WholeExtent"][5::-2])
        together = int(np.prod(self._shape)) if self._is_mesh else 1
        for name, array in self._cells.items():
            self._rows.column(
                self._cells, name, array.shape[1:], array.dtype.str, together=together
            )
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
        if self._is_mesh:
            row |= mesh.row(self.frames, int(np.prod(self._shape)))
        for name in self._names:
            row[name] = self._as_stored(name, fields)
        self._rows.append(row)
        self._steps.attrs.modify("NSteps", np.int64(self.frames))
        self._growing.commit_if_due()

    def average(self, fields: Mapping[str, Field], sampling: Sampling | None = None) -> None:
        """Write the average over the whole run, in place of an earlier one.

        sampling : when it began and why the run ended, which become attributes
        """
        flow_groups.write_average(self._growing.root, fields, sampling)
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
            array = self._cells_of(fields, base, column)
            return array.ravel() if self._is_mesh else array
        parts = [self._cells_of(fields, c, column) for c in _components(base)]
        array = np.stack(parts, axis=-1)
        return array.reshape(-1, len(AXES)) if self._is_mesh else array

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


@hdf5.patient
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


@hdf5.patient
def frame_times(path: str | os.PathLike[str]) -> tuple[np.ndarray, np.ndarray]:
    """Time steps (T,) and times (T,) [s] of the complete frames; raises as `read_fields`."""
    with hdf5.reading(path) as file:
        layout = _Layout.of(file, path)
        steps = file["VTKHDF/Steps"]
        times = steps["Values"][: layout.frames].astype(np.float64)
        numbers = steps["step"][: layout.frames] if "step" in steps else np.arange(layout.frames)
        return numbers, times


class _Layout(NamedTuple):
    """What a VTKHDF file says about itself: the cells and how many frames are complete."""

    axes: tuple[np.ndarray, ...]  # cell centres of the d dimensions, x first [m]
    cells: tuple[int, ...]  # (n_z, n_y, n_x), with one cell in a missing dimension
    frames: int
    average: str
    is_mesh: bool  # the cells of all frames stand one after the other

    def cut(self, array: h5py.Dataset, frame: int) -> np.ndarray:
        """One frame of an array: (n_z, n_y, n_x) or (n_z, n_y, n_x, 3)."""
        if not self.is_mesh:
            return array[frame].astype(np.float64)
        count = int(np.prod(self.cells))
        part = array[frame * count : (frame + 1) * count].astype(np.float64)
        return part.reshape(*self.cells, *array.shape[1:])

    @classmethod
    def of(cls, file: h5py.File, path: str | os.PathLike[str]) -> _Layout:
        """Look at a file. Raises Unreadable where it holds no cell fields over time."""
        root = file.get("VTKHDF")
        kind = hdf5.text(root.attrs.get("Type", "")) if isinstance(root, h5py.Group) else ""
        is_mesh = mesh.is_mesh(file, kind)
        if kind != "ImageData" and not is_mesh:
            found = f"VTKHDF of type {kind}" if kind else "HDF5, but not VTKHDF"
            raise Unreadable(path, f"no cell fields (VTKHDF ImageData): the file is {found}")
        needed = {"Steps": h5py.Group, "CellData": h5py.Group, "Steps/Values": h5py.Dataset}
        for name, what in needed.items():
            if not isinstance(root.get(name), what):
                raise Unreadable(path, f"cell fields without /VTKHDF/{name}")
        axes, cells = mesh.cells_of(file) if is_mesh else _even_cells(root)
        if not len(root["CellData"]):
            raise Unreadable(path, "cell fields without any array in /VTKHDF/CellData")
        tail, told = ((), "all cells") if is_mesh else (cells, ", ".join(map(str, cells)))
        for array in root["CellData"].values():
            if array.shape[1:] not in (tail, (*tail, 3)) or array.dtype.kind not in "fiu":
                raise Unreadable(
                    path,
                    f"{array.name} has shape {array.shape} of {array.dtype}; "
                    f"expected numbers, (frames, {told}) or (…, 3)",
                )
        steps = root["Steps"]
        rows = [len(steps[name]) for name in ("Values", "step") if name in steps]
        each = int(np.prod(cells)) if is_mesh else 1
        rows += [len(array) // each for array in root["CellData"].values()]
        average = hdf5.text(steps.attrs.get("average", ""))
        return cls(axes, cells, min(rows, default=0), average, is_mesh)


def _even_cells(root: h5py.Group) -> tuple[tuple[np.ndarray, ...], tuple[int, ...]]:
    """Centres along the axes that the box has, and (n_z, n_y, n_x), of an image."""
    extent = np.asarray(root.attrs["WholeExtent"])
    counts = np.diff(extent.reshape(3, 2), axis=1)[:, 0]
    axes = tuple(
        low + width * (np.arange(start, start + count) + 0.5)
        for low, width, start, count in zip(
            root.attrs["Origin"], root.attrs["Spacing"], extent[::2], counts, strict=True
        )
    )
    return axes[: int(root.attrs.get("space_dimension", 3))], tuple(int(n) for n in counts[::-1])


def _read_frame(group: h5py.Group, layout: _Layout, frame: int) -> dict[str, Field]:
    shape = tuple(axis.size for axis in reversed(layout.axes))
    found = {}
    for name, array in group.items():
        if name.endswith("_error") and name.removesuffix("_error") in group:
            continue
        unit, text = (hdf5.text(array.attrs.get(key, "")) for key in ("unit", "description"))
        value = layout.cut(array, frame)
        known = group.get(f"{name}_error")
        error = np.full(value.shape, np.nan) if known is None else layout.cut(known, frame)
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
    file: h5py.File,
    lengths: Sequence[float],
    cells: Sequence[int],
    average: Average,
    edges: Sequence[Sequence[float]] | None,
) -> None:
    root = file.create_group("VTKHDF")
    root.attrs["Version"] = np.array([2, 0], np.int64)
    if edges is None:
        _lay_out_image(root, lengths, cells)
    else:
        root.attrs.create("Type", np.bytes_(mesh.TYPE))
        mesh.lay_out(file, edges)
    steps = root.create_group("Steps")
    steps.attrs["NSteps"] = np.int64(0)
    steps.attrs["average"] = average
    root.create_group("CellData", track_order=True)


def _lay_out_image(root: h5py.Group, lengths: Sequence[float], cells: Sequence[int]) -> None:
    widths = [length / count for length, count in zip(lengths, cells, strict=True)]
    missing = len(AXES) - len(cells)
    counts = [*cells, *[1] * missing]
    root.attrs.create("Type", np.bytes_("ImageData"))
    root.attrs["WholeExtent"] = np.array([bound for n in counts for bound in (0, n)], np.int64)
    root.attrs["Origin"] = np.zeros(3)
    root.attrs["Spacing"] = np.array([*widths, *[min(widths)] * missing], np.float64)
    root.attrs["Direction"] = np.eye(3).ravel()
    root.attrs["space_dimension"] = len(cells)


def _make_arrays(
    group: h5py.Group, cells: Sequence[int], quantities: list[Quantity], is_mesh: bool
) -> None:
    """An empty array for each quantity and its error; one for the components of a vector."""
    scalar = () if is_mesh else (*[1] * (len(AXES) - len(cells)), *reversed(cells))
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
