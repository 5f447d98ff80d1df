"""The checkpoint: everything that a run needs to go on exactly, in one HDF5 file.

    /                       format = "dsmc checkpoint", version, step, time [s], replica, name
    /parameters             scenario; /provenance
    /particles              phase (N, d + 3) [m, m/s], and species, id, clock (N,) where carried
    /tallies                collisions, walls, particle_steps: raw counts since the start; next_id
    /samplers/<sampler>/…   sums, scatter and rows of what is measured; outside: the streams of the
                            gases of given pressure
    /files/<file>           how many rows the growing file had: name (n,), rows (n,)
    /seconds                wall time of each stage so far [s], as attributes

Rows stand in the order of the engine. Every dataset carries the CRC-32 of its bytes. A checkpoint
is written whole or not at all, and the one before is kept as checkpoint.previous.h5.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from dsmc import disk, hdf5
from dsmc.hdf5 import Unreadable, reading

NAME, PREVIOUS = "checkpoint.h5", "checkpoint.previous.h5"
FORMAT = "dsmc checkpoint"
VERSION = 3  # of the layout: raised whenever what a sampler keeps changes
_VELOCITY_COLUMNS = 3


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """The state of a run after `step` steps.

    particles : {"phase": (N, d + 3) [m, m/s], "species", "id", "clock": (N,) where carried}
    tallies   : {name: counts}
    samplers  : {sampler: {name: array, number or a further such table}}
    files     : {file: {what: rows}}
    seconds   : {stage: [s]} spent so far
    """

    step: int
    time: float
    replica: int
    name: str
    scenario_text: str
    provenance: Mapping[str, Any]
    particles: Mapping[str, np.ndarray]
    tallies: Mapping[str, np.ndarray]
    samplers: Mapping[str, Any]
    files: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    seconds: Mapping[str, float] = field(default_factory=dict)

    @property
    def position(self) -> np.ndarray:
        """(N, d) [m]"""
        return self.particles["phase"][:, :-_VELOCITY_COLUMNS]

    @property
    def velocity(self) -> np.ndarray:
        """(N, 3) [m/s]"""
        return self.particles["phase"][:, -_VELOCITY_COLUMNS:]


def write(path: str | os.PathLike[str], checkpoint: Checkpoint) -> None:
    """Write a checkpoint; one that is there becomes `checkpoint.previous.h5` beside it.

    Raises OSError naming the path and the cure; an earlier checkpoint is then intact.
    """
    path = Path(path)
    with disk.replacing(path) as unfinished:
        with hdf5.create(unfinished, overwrite=True) as file:
            _write_all(file.root, checkpoint)
        if path.name == NAME and path.exists():
            os.replace(path, path.with_name(PREVIOUS))


def _write_all(root: h5py.Group, checkpoint: Checkpoint) -> None:
    root.attrs["format"], root.attrs["version"] = FORMAT, VERSION
    for name in ("step", "time", "replica", "name"):
        root.attrs[name] = getattr(checkpoint, name)
    hdf5.write_origin(root, checkpoint.scenario_text, checkpoint.provenance)
    for name in ("particles", "tallies", "samplers"):
        _write_table(root.create_group(name), getattr(checkpoint, name))
    root.create_group("seconds").attrs.update(checkpoint.seconds)
    files = root.create_group("files")
    for name, rows in checkpoint.files.items():
        _write_rows(files.create_group(name), rows)


def _write_rows(group: h5py.Group, rows: Mapping[str, int]) -> None:
    names = sorted(rows)
    text = [name.encode() for name in names]
    group.create_dataset("name", data=text, dtype=h5py.string_dtype())
    group.create_dataset("rows", data=np.array([rows[name] for name in names], np.int64))


def _write_table(group: h5py.Group, table: Mapping[str, Any]) -> None:
    for name, value in table.items():
        if isinstance(value, Mapping):
            _write_table(group.create_group(name), value)
            continue
        array = np.ascontiguousarray(value).reshape(np.shape(value))
        group.create_dataset(name, data=array).attrs["crc32"] = _crc(array)


def _crc(array: np.ndarray) -> int:
    return zlib.crc32(array.reshape(-1).view(np.uint8)) if array.size else 0


def read(path: str | os.PathLike[str]) -> Checkpoint:
    """Read a checkpoint and check every array.

    Raises OSError where the file is missing, damaged, or no checkpoint of this version.
    """
    with reading(path) as root:
        if hdf5.text(root.attrs.get("format", "")) != FORMAT:
            raise Unreadable(path, "an HDF5 file, but no checkpoint of ours: name checkpoint.h5")
        version = int(root.attrs["version"])
        if version != VERSION:
            raise Unreadable(
                path, f"a checkpoint of version {version}; this program reads version {VERSION}"
            )
        scenario_text, provenance = hdf5.read_origin(root)
        tables = {
            name: _read_table(root[name], path) for name in ("particles", "tallies", "samplers")
        }
        checkpoint = Checkpoint(
            step=int(root.attrs["step"]),
            time=float(root.attrs["time"]),
            replica=int(root.attrs["replica"]),
            name=hdf5.text(root.attrs["name"]),
            scenario_text=scenario_text,
            provenance=provenance,
            files={name: _read_rows(group) for name, group in root["files"].items()},
            seconds={name: float(value) for name, value in root["seconds"].attrs.items()},
            **tables,
        )
        phase = checkpoint.particles["phase"]
        if phase.ndim != 2 or not 4 <= phase.shape[1] <= 6 or not np.isfinite(phase).all():
            raise Unreadable(path, "damaged: /particles/phase is not (N, d + 3) finite numbers")
        return checkpoint


def _read_rows(group: h5py.Group) -> dict[str, int]:
    names = [hdf5.text(name) for name in group["name"][()]]
    return dict(zip(names, group["rows"][()].tolist(), strict=True))


def _read_table(group: h5py.Group, path: str | os.PathLike[str]) -> dict[str, Any]:
    table: dict[str, Any] = {}
    for name, item in group.items():
        if isinstance(item, h5py.Group):
            table[name] = _read_table(item, path)
            continue
        array = np.asarray(item[()])
        if _crc(array) != int(item.attrs["crc32"]):
            raise Unreadable(path, f"damaged: the checksum of {item.name} does not match")
        table[name] = array
    return table


def latest(directory: str | os.PathLike[str]) -> tuple[Checkpoint, str]:
    """The last readable checkpoint of a run's directory, and a remark if an older one served.

    Raises OSError that says what is wrong with the last one if none is readable.
    """
    directory = Path(directory)
    first_failure: OSError | None = None
    for name in (NAME, PREVIOUS):
        try:
            checkpoint = read(directory / name)
        except OSError as failure:
            first_failure = first_failure or failure
            continue
        if first_failure is None:
            return checkpoint, ""
        return checkpoint, f"{first_failure.filename}: {first_failure.strerror}; {name} is used"
    assert first_failure is not None
    raise first_failure
