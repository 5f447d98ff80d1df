"""Frames of particles: what H5MD files, snapshots and checkpoints hold, ours and others'.

What a file does not tell is left empty here, and the pictures do without: velocities, ids, units.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from dsmc import checkpoint, hdf5
from dsmc.snapshots import read_snapshot
from dsmc.trajectory import EMPTY_PLACE

SECONDS = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "µs": 1e-6, "ns": 1e-9, "ps": 1e-12, "fs": 1e-15}
STEP = "step"  # the unit of time in a training run
MOST_FRAMES = 100
MOST_PARTICLES = 20_000  # of a frame that are read, evenly spread over its rows


@dataclass(frozen=True, eq=False)
class Frames:
    """Particles at some times; the arrays of a frame have a row for each particle read.

    time     : (T,) [time_unit]; NaN where the file does not tell
    velocity : T arrays (K, D) [velocity_unit], or none
    position : T arrays (K, D) [position_unit], or none
    id       : T arrays (K,), or none: row k is then the same particle in every frame
    held     : particles in the last frame of the file; frames : frames in the file
    Units are "" where the file does not tell.
    """

    time: np.ndarray
    velocity: tuple[np.ndarray, ...] = ()
    position: tuple[np.ndarray, ...] = ()
    id: tuple[np.ndarray, ...] = ()
    velocity_unit: str = ""
    position_unit: str = ""
    time_unit: str = ""
    held: int = 0
    frames: int = 0


def of_checkpoint(path: str | os.PathLike[str]) -> Frames:
    """The one frame of a checkpoint. Raises OSError where the file is none, or damaged."""
    state = checkpoint.read(path)
    rows = _spread(len(state.velocity))
    return Frames(
        np.array([state.time]), (state.velocity[rows],), (state.position[rows],), (),
        "m s-1", "m", "s", len(state.velocity), 1,
    )  # fmt: skip


def of_snapshots(path: str | os.PathLike[str]) -> Frames:
    """Frames of a file of snapshots. Raises OSError where the file is none, or damaged."""
    with hdf5.reading(path) as file:
        count = len(file["VTKHDF/Steps/Values"])
    read = [read_snapshot(path, int(frame)) for frame in _evenly(count)] or [read_snapshot(path)]
    rows = [_spread(len(frame.velocity)) for frame in read]
    pairs = list(zip(read, rows, strict=True))
    return Frames(
        np.array([frame.time for frame in read]),
        tuple(frame.velocity[kept] for frame, kept in pairs),
        tuple(frame.position[kept] for frame, kept in pairs),
        tuple(f.id[kept] for f, kept in pairs if f.id is not None),
        "m s-1", "m", "s", len(read[-1].velocity), count,
    )  # fmt: skip


def of_h5md(path: str | os.PathLike[str]) -> Frames | None:
    """Frames of any H5MD trajectory; None where it has neither positions nor velocities.

    Frames are as many as the shortest of the arrays has. Raises OSError where the file is missing,
    damaged or not HDF5.
    """
    with hdf5.reading(path) as file:
        group = _particles(file)
        if group is None:
            return None
        moving = {n: group[n] for n in ("position", "velocity") if _moves(group.get(n))}
        arrays = {name: element["value"] for name, element in moving.items()}
        if _numbers(group.get("id"), 2):
            arrays["id"] = group["id"]["value"]
        clock = next(iter(moving.values()))
        count = min(len(array) for array in arrays.values())
        chosen = _evenly(count)
        rows = _spread(next(iter(arrays.values())).shape[1])
        read = {name: [array[int(k), rows] for k in chosen] for name, array in arrays.items()}
        held = [numbers != EMPTY_PLACE for numbers in read.get("id", ())]
        if held:
            read = {n: [f[h] for f, h in zip(fs, held, strict=True)] for n, fs in read.items()}
        for name in moving:
            read[name] = [np.asarray(frame, dtype=np.float64) for frame in read[name]]
        d = int(group.attrs.get("space_dimension", 3))
        time_unit = _unit_of(clock, "time")
        ours = "space_dimension" in group.attrs  # our positions carry no unit, but are metres
        return Frames(
            np.array([_time(clock, int(k)) for k in chosen]) * SECONDS.get(time_unit, 1.0),
            tuple(read.get("velocity", ())),
            tuple(frame[:, :d] for frame in read.get("position", ())),
            tuple(read.get("id", ())),
            _unit(moving.get("velocity")),
            "m" if ours else _unit(moving.get("position")),
            "s" if time_unit in SECONDS else time_unit,
            clock["value"].shape[1],
            count,
        )


def time_units(path: str | os.PathLike[str]) -> dict[str, str]:
    """The unit of time of each observable of an H5MD file, "" where it does not tell.

    Raises OSError where the file is missing, damaged or not HDF5.
    """
    with hdf5.reading(path) as file:
        found = file.get("observables")
        groups = found.items() if isinstance(found, Mapping) else ()
        return {name: _unit_of(g, "time") for name, g in groups if isinstance(g, Mapping)}


def _particles(file: Mapping[str, Any]) -> Any:
    """The first group of particles with velocities over time, else with positions."""
    groups = file.get("particles")
    for name in ("velocity", "position"):
        for group in groups.values() if isinstance(groups, Mapping) else ():
            if isinstance(group, Mapping) and _moves(group.get(name)):
                return group
    return None


def _moves(element: Any) -> bool:
    """Whether an H5MD element is numbers (T, K, D) over time."""
    return _numbers(element, 3)


def _numbers(element: Any, dimensions: int) -> bool:
    value = element.get("value") if isinstance(element, Mapping) else None
    is_array = value is not None and not isinstance(value, Mapping)
    return is_array and value.ndim == dimensions and value.dtype.kind in "fiu"


def _time(element: Any, frame: int) -> float:
    """Time of a frame; H5MD allows one number, the interval, with the start as an attribute."""
    if "time" not in element:
        return float("nan")
    time = element["time"]
    if time.shape == ():
        return float(time.attrs.get("offset", 0.0)) + frame * float(time[()])
    return float(time[frame])


def _unit(element: Any) -> str:
    if element is None:
        return ""
    return _unit_of(element, "value") or hdf5.text(element.attrs.get("unit", ""))


def _unit_of(element: Any, column: str) -> str:
    return hdf5.text(element[column].attrs.get("unit", "")) if column in element else ""


def _evenly(count: int) -> np.ndarray:
    """At most MOST_FRAMES numbers of frames, the first and the last among them."""
    return np.unique(np.linspace(0, count - 1, min(count, MOST_FRAMES)).round().astype(int))


def _spread(count: int) -> slice:
    """At most MOST_PARTICLES rows."""
    return slice(None, None, max(1, -(-count // MOST_PARTICLES)))
