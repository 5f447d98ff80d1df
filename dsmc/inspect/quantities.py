"""What was measured: the observables of H5MD and the cell fields of VTKHDF, a line for each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import h5py
import numpy as np

from dsmc.inspect.description import Entry, Quantity
from dsmc.inspect.rows import IMAGE, vtk_type
from dsmc.inspect.tree import Notes

_MOST_NUMBERS = 9  # of one row that are told: a tensor
_OBSERVABLES, _CELLS, _AVERAGE = "/observables/", "/VTKHDF/CellData/", "/average/"
_ERROR = "_error"


def read_quantities(
    file: h5py.File, tree: Mapping[str, Entry], notes: Notes
) -> tuple[Quantity, ...]:
    """The observables, or the cell fields where the file holds those.

    tree : the entries by path
    """
    found = []
    for path, entry in tree.items():
        if path.startswith(_OBSERVABLES) and path.endswith("/value") and entry.shape:
            with notes.trying(path):
                found.append(_observable(file, path.removesuffix("/value"), tree))
        elif path.startswith(_CELLS) and entry.shape and vtk_type(file) == IMAGE:
            base = path.removesuffix(_ERROR)
            if base == path or base not in tree:
                with notes.trying(path):
                    found.append(_field(path, tree))
    return tuple(found)


def _observable(file: h5py.File, path: str, tree: Mapping[str, Entry]) -> Quantity:
    value, group = tree[f"{path}/value"], tree[path]
    columns = [tree.get(f"{path}/{name}") for name in ("value", "step", "time")]
    rows = min(column.shape[0] for column in columns if column is not None and column.shape)
    error = tree.get(f"{path}/error")
    known = error is not None and error.shape and error.shape[0] >= rows > 0
    return Quantity(
        name=path.removeprefix(_OBSERVABLES),
        unit=group.unit or value.unit,
        description=group.description or value.description,
        rows=rows,
        first=_row(file[value.path], 0) if rows else None,
        last=_row(file[value.path], rows - 1) if rows else None,
        error=_row(file[error.path], rows - 1) if known else None,
        minimum=value.values.minimum if value.values else None,
        maximum=value.values.maximum if value.values else None,
    )


def _row(dataset: h5py.Dataset, row: int) -> Any:
    """One row as a number or a list; None where it is long, or of no numbers."""
    if dataset.dtype.kind not in "biuf" or np.prod(dataset.shape[1:], dtype=int) > _MOST_NUMBERS:
        return None
    return np.asarray(dataset[row]).tolist()


def _field(path: str, tree: Mapping[str, Entry]) -> Quantity:
    entry, name = tree[path], path.removeprefix(_CELLS)
    parts = [name] if f"{_AVERAGE}{name}" in tree else [f"{name}_{axis}" for axis in "xyz"]
    averages = [tree[part].attributes for part in (_AVERAGE + p for p in parts) if part in tree]
    mean = [average.get("mean") for average in averages]
    error = [average.get("mean_error") for average in averages]
    one = len(averages) == 1
    return Quantity(
        name=name,
        unit=entry.unit,
        description=entry.description,
        rows=entry.shape[0],
        first=None,
        last=(mean[0] if one else mean) if averages else None,
        error=(error[0] if one else error) if averages else None,
        minimum=entry.values.minimum if entry.values else None,
        maximum=entry.values.maximum if entry.values else None,
    )
