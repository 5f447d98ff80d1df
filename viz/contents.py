"""What a run's directory or a file offers to the eye: panels, frames, and what it lacks.

Files are told apart by what is in them, not by their names.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from dsmc import checkpoint, folder, hdf5
from dsmc.fields import read_fields
from dsmc.output import TRAJECTORY
from dsmc.result import Result, Series
from dsmc.trajectory import read_observables
from viz import frames, maps, observables, profiles, quality, relaxation, trajectory
from viz.scales import collision_time, scenario_of

if TYPE_CHECKING:
    from viz.frames import Frames
    from viz.style import Panel

_LARGEST = 1e150  # numbers beyond are damage: their squares overflow
_WANTED = (
    "pictures need series (H5MD /observables), particles (H5MD /particles), cell fields "
    "(VTKHDF), a checkpoint or a summary.json"
)
_IN_RELAXATION = {*relaxation.TEMPERATURES, *relaxation.MOMENTS, *relaxation.EXCESS}


@dataclass
class Contents:
    """What can be drawn of a target, and remarks on what cannot and why.

    result : of a run; frames : of particles; collision_time : [s] or None
    """

    name: str
    title: str
    panels: list[Panel] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    result: Result | None = None
    frames: Frames | None = None
    collision_time: float | None = None

    def lacks(self, what: str, so: str) -> None:
        """Remark that something is not there, and what is not shown for that."""
        self.remarks.append(f"{self.name} has no {what}: no {so}")


@hdf5.patient
def of(target: Path) -> Contents:
    """Look at a directory of a run or a file.

    Raises OSError where it is missing, damaged, or of a kind that cannot be drawn.
    """
    if target.is_dir() or not target.exists():
        return _of_run(target)
    if not target.is_file():
        raise hdf5.Unreadable(target, "a device or a pipe, not a file: name a file")
    with target.open("rb") as file:
        if file.read(64).lstrip()[:1] == b"{":
            return _of_result(target.name, folder.read_summary(target))
    with hdf5.reading(target) as file:
        kind = _kind(file)
        text = hdf5.read_origin(file)[0]
        there = ", ".join(f"/{name}" for name in file) or "nothing"
    if kind in ("ImageData", "UnstructuredGrid"):
        return _of_fields(target, text)
    if kind == "PolyData":
        return _of_particles(target, frames.of_snapshots(target), text)
    if kind == "checkpoint":
        return _of_particles(target, frames.of_checkpoint(target), text)
    if kind == "H5MD":
        return _of_h5md(target, text)
    raise nothing_to_draw(target, f"it holds {there}; {_WANTED}")


def nothing_to_draw(target: Path, why: str) -> hdf5.Unreadable:
    """The error of a target that gives no picture."""
    return hdf5.Unreadable(target, f"nothing to draw: {why}")


def sound(result: Result) -> Result:
    """The result with NaN in place of numbers that cannot be, and without empty series."""
    series = {n: _sound_series(part) for n, part in result.series.items()}
    return replace(
        result,
        series={n: part for n, part in series.items() if part.time.size},
        fields={
            n: replace(part, value=_finite(part.value), error=_finite(part.error))
            for n, part in result.fields.items()
        },
    )


def _kind(file: Mapping[str, Any]) -> str:
    attributes = file.attrs
    if hdf5.text(attributes.get("format", "")) == checkpoint.FORMAT:
        return "checkpoint"
    if "VTKHDF" in file:
        return hdf5.text(file["VTKHDF"].attrs.get("Type", ""))
    return "H5MD" if {"h5md", "particles", "observables"} & set(file) else ""


def _of_run(directory: Path) -> Contents:
    """A run: its result, and the tracked particles for a film."""
    found = _of_result(directory.absolute().name, folder.open(directory))
    tracked = directory / TRAJECTORY
    found.frames = frames.of_h5md(tracked) if tracked.is_file() else None
    return found


def _of_result(name: str, result: Result) -> Contents:
    result = sound(result)
    found = Contents(name, result.title, result=result, collision_time=collision_time(result))
    found.panels += relaxation.panels(
        result.series, result.histograms, found.collision_time
    ).values()
    found.panels += _field_panels(result)
    if result.unfinished:
        found.remarks.append(f"{name}: {result.unfinished}")
    if not result.series:
        found.lacks("series", "curves over time")
    elif all(part.reference is None for part in result.series.values()):
        found.lacks("exact curves to compare with", "residuals")
    if not result.histograms:
        found.lacks(
            "speed histograms (of uniform gases, written at the end of the run)",
            "distribution of speeds",
        )
    if not result.fields:
        found.lacks("cell fields (sample.fields_every)", "profiles or maps")
    return found


def _of_fields(path: Path, text: str) -> Contents:
    """A file of cell fields: the average over the run, else its last frame."""
    remarks = []
    try:
        fields = read_fields(path)
    except hdf5.Unreadable:
        fields = read_fields(path, -1)
        remarks.append(f"{path.name} has no average over the whole run: its last frame is shown")
    result = sound(Result(path.stem, text, fields=fields))
    found = Contents(path.name, _title(path, text), _field_panels(result), remarks)
    if not found.panels:
        found.lacks("numbers in its fields", "profiles or maps")
    if not any(np.isfinite(part.error).any() for part in fields.values()):
        found.lacks("standard errors", "error bars")
    return found


def _field_panels(result: Result) -> list[Panel]:
    plane = maps.plane_fields(result.fields)
    return [
        *profiles.panels(result.fields).values(), *maps.overview(plane), *quality.panels(result)
    ]  # fmt: skip


def _of_h5md(path: Path, text: str) -> Contents:
    """A trajectory, ours or another's: particles and observables."""
    found = _of_particles(path, frames.of_h5md(path) or frames.Frames(np.array([])), text)
    units = frames.time_units(path)
    series = {
        name: _sound_series(_in_seconds(part, units.get(name, "")))
        for name, part in read_observables(path).items()
    }
    series = {n: part for n, part in series.items() if np.isfinite(part.value).any()}
    others = {n: part for n, part in series.items() if n not in _IN_RELAXATION}
    tau = found.collision_time
    steps = all(units.get(name, "") == frames.STEP for name in series)
    found.panels[:0] = [
        *relaxation.panels(series, collision_time=tau).values(),
        *observables.panels(others, tau, steps).values(),
    ]
    if not series:
        found.lacks("observables", "curves over time")
    for name, part in series.items():
        if not part.unit:
            found.remarks.append(f"{path.name} tells no unit of {name}: its axis has none")
        if units.get(name, "") not in {*frames.SECONDS, frames.STEP}:
            unit = (
                f"{units[name]!r} is no unit of time known here" if units.get(name) else "no unit"
            )
            found.remarks.append(f"times of {name} in {path.name}: {unit}; taken as seconds")
    return found


def _of_particles(path: Path, held: Frames, text: str) -> Contents:
    """Particles: the distribution of their velocities, and their paths."""
    tau = collision_time(Result(path.stem, text))
    found = Contents(path.name, _title(path, text), frames=held, collision_time=tau)
    found.panels += trajectory.panels(held).values()
    if not held.frames:
        found.lacks("frames of particles", "distribution of velocities, no paths")
        return found
    if not held.velocity:
        found.lacks("velocities", "distribution of velocities")
    elif not any(trajectory.thermal(velocity)[1] > 0.0 for velocity in held.velocity):
        found.lacks("two different finite velocities", "distribution of velocities")
    elif not held.velocity_unit:
        found.remarks.append(f"{path.name} tells no unit of its velocities: their axis has none")
    if not held.position:
        found.lacks("positions", "paths of particles")
    elif held.frames > 1 and not held.position_unit:
        found.remarks.append(f"{path.name} tells no unit of its positions: their axis has none")
    read = max((len(frame) for frame in held.velocity or held.position), default=0)
    if read < held.held:
        found.remarks.append(f"{read} of the {held.held} particles of {path.name} are drawn")
    return found


def _in_seconds(part: Series, unit: str) -> Series:
    return replace(part, time=part.time * frames.SECONDS.get(unit, 1.0))


def _title(path: Path, text: str) -> str:
    """The name of the file, after the title of its scenario."""
    scenario = scenario_of(text)
    return f"{scenario.title} ({path.name})" if scenario and scenario.title else path.name


def _sound_series(part: Series) -> Series:
    """Rows with a time; NaN for numbers that cannot be."""
    rows = np.isfinite(_finite(part.time))
    reference = None if part.reference is None else _finite(part.reference[rows])
    value, error = _finite(part.value[rows]), _finite(part.error[rows])
    return replace(part, time=part.time[rows], value=value, error=error, reference=reference)


def _finite(values: np.ndarray) -> np.ndarray:
    return np.where(np.abs(values) < _LARGEST, values, np.nan)
