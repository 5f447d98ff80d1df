"""The directory of a run, opened again: from its files to the same result that the run had.

    trajectory.h5       every row of every series
    fields.vtkhdf       the cell fields, averaged over the whole run
    summary.json        verdicts, walls, histograms, quality, counts, provenance

A run that goes on, or was killed, has no summary yet (or an old one, if it was resumed): its series
and fields are there as of the last commit, and the references are computed again.
"""

from __future__ import annotations

import errno
import json
import math
import os
from collections.abc import Mapping
from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from dsmc import expected, hdf5
from dsmc.faces import FLUXES as FACE_FLUXES
from dsmc.fields import frame_times, read_fields
from dsmc.hdf5 import Unreadable
from dsmc.output import FIELDS, FILES, SUMMARY, TRAJECTORY
from dsmc.planes import FLUXES, Plane
from dsmc.quantities import QUANTITIES
from dsmc.result import Field, Histogram, Result, Sampling, Series, Verdict, Wall
from dsmc.scenario import ScenarioError, loads
from dsmc.trajectory import read_observables
from dsmc.verdict import judge
from dsmc.wall_profiles import FLUXES as WALL_FLUXES
from dsmc.wall_profiles import WallProfile

if TYPE_CHECKING:
    from dsmc.scenario import Scenario

RESULTS = (SUMMARY, TRAJECTORY, FIELDS)  # the files that a result is made of
_MOST_NAMES = 6  # of a directory that are listed in a message


@hdf5.patient
def open(path: str | os.PathLike[str]) -> Result:
    """The result of a run from its directory, or from one of its files.

    Works for a finished run, one that is being written and one that was killed; the latter two say
    so in `Result.unfinished`. A file that bears none of a run's names stands for itself.

    >>> result = dsmc.open("runs/relaxation")
    >>> result.series["temperature"].value

    Raises OSError where there is no such run, or a file is damaged; it tells what, and the cure.
    """
    path = Path(path)
    files = files_of(path)
    series = read_observables(files[TRAJECTORY]) if TRAJECTORY in files else {}
    fields = _fields(files[FIELDS]) if FIELDS in files else {}
    summarised = read_summary(files[SUMMARY]) if SUMMARY in files else None
    if summarised is None or _latest(series) > summarised.time * (1.0 + 1e-9):  # it has gone on
        return _unsummarised(files, series, fields)
    series = {name: series.get(name, short) for name, short in summarised.series.items()}
    unfinished = _stopped_early(summarised, files[SUMMARY].parent)
    fields = fields or summarised.fields
    return replace(summarised, series=series, fields=fields, unfinished=unfinished)


def files_of(path: Path) -> dict[str, Path]:
    """The files that a result is made of: {name: path} of those that are there.

    Raises OSError where there are none; it names what is there, and the nearest name.
    """
    if path.is_file() and path.name not in FILES:
        return {_kind(path): path}
    directory = path if path.is_dir() else path.parent
    if not path.exists():
        raise FileNotFoundError(errno.ENOENT, _no_such_path(path), str(path))
    found = {name: directory / name for name in RESULTS if (directory / name).is_file()}
    if not found:
        raise Unreadable(directory, _not_of_a_run(directory))
    return found


def read_summary(path: str | os.PathLike[str]) -> Result:
    """The result that a `summary.json` holds: long series thinned, cells of 1-D fields only.

    Raises OSError where the file is missing, damaged or no summary.
    """
    try:
        stored = json.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as failure:
        raise OSError(failure.errno, f"cannot be read: {failure.strerror}", str(path)) from failure
    except json.JSONDecodeError as failure:
        told = f"damaged JSON in line {failure.lineno}: {failure.msg}"
        raise Unreadable(path, f"{told}; remove the file to open the others") from failure
    except (UnicodeDecodeError, RecursionError) as failure:
        raise Unreadable(path, "not a JSON text; remove the file to open the others") from failure
    try:
        return _as_result(stored)
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as failure:
        what = f"no {failure}" if isinstance(failure, KeyError) else str(failure)
        raise Unreadable(path, f"JSON, but not the summary of a run: {what}") from failure


# ------------------------------------------------------------------ which files


def _kind(path: Path) -> str:
    """Which file of a run this is by its content, whatever its name."""
    with path.open("rb") as file:
        if file.read(64).lstrip()[:1] == b"{":
            return SUMMARY
    with hdf5.reading(path) as file:
        if "VTKHDF" in file:
            return FIELDS
        if "observables" in file:
            return TRAJECTORY
    raise Unreadable(path, "neither series (H5MD /observables) nor cell fields: see dsmc inspect")


def _no_such_path(path: Path) -> str:
    parent = path.parent
    if not parent.is_dir():
        return f"no such directory; {parent} does not exist either"
    close = get_close_matches(path.name, [item.name for item in parent.iterdir()], n=1, cutoff=0.5)
    return "no such directory" + (f", did you mean {parent / close[0]}?" if close else "")


def _not_of_a_run(directory: Path) -> str:
    names = sorted(item.name for item in directory.iterdir())
    runs = [name for name in names if any((directory / name / file).is_file() for file in RESULTS)]
    if runs:
        return f"not a run, but it holds runs: name one of {_listed(runs)}"
    there = f"it holds {_listed(names)}" if names else "it is empty"
    return f"not the directory of a run: none of {', '.join(RESULTS)}; {there}"


def _listed(names: list[str]) -> str:
    more = len(names) - _MOST_NAMES
    return ", ".join(names[:_MOST_NAMES]) + (f" and {more} more" if more > 0 else "")


def _fields(path: Path) -> dict[str, Field]:
    """The average over the run; of a run that goes on the average so far, if frames are that."""
    with hdf5.reading(path) as file:
        whole = "average" in file
        running = hdf5.text(file["VTKHDF/Steps"].attrs.get("average", "")) == "running"
    if whole or (running and frame_times(path)[0].size):
        return read_fields(path)
    return {}


# ------------------------------------------------------------------ a run without its summary


def _latest(series: Mapping[str, Series]) -> float:
    """Time of the last row of any series [s]; 0 without rows."""
    last = [float(s.time[-1]) for s in series.values() if s.time.size]
    return max((time for time in last if math.isfinite(time)), default=0.0)


def _unsummarised(
    files: Mapping[str, Path], series: dict[str, Series], fields: dict[str, Field]
) -> Result:
    """What the growing files hold so far, with references and verdicts from the scenario."""
    source = files.get(TRAJECTORY) or files[FIELDS]
    with hdf5.reading(source) as file:
        text, provenance = hdf5.read_origin(file)
    ordered = {name: series[name] for name in sorted(series, key=_place)}
    time = _latest(ordered)
    result = Result(
        title=source.stem, scenario_text=text, series=ordered, fields=fields, time=time,
        wall_time=float("nan"), provenance=provenance,
    )  # fmt: skip
    scenario = scenario_of(result)
    if scenario is None:
        return result
    steps = round(time / scenario.time_step)
    result = replace(
        result,
        title=scenario.title or scenario.name,
        series={name: _with_reference(scenario, s) for name, s in ordered.items()},
        steps=steps,
        particles=_particles(ordered, scenario.particle_count),
        collisions=_collisions(ordered, scenario.particle_count),
        unfinished=_without_summary(steps, scenario.steps, source),
    )
    whole = all(s.time.size and s.value.ndim == 1 for s in ordered.values())
    return judge(scenario, result) if ordered and whole else result


def _without_summary(steps: int, last: int, source: Path) -> str:
    told = (
        f"running or interrupted, seen after step {steps} of {last}"
        if steps < last
        else f"without {SUMMARY}: walls and histograms are missing"
    )
    return told + (f"; go on with: dsmc resume {source.parent}" if source.name in FILES else "")


def scenario_of(result: Result) -> Scenario | None:
    """The scenario of a run; None for files made elsewhere, or by another version."""
    try:
        name = str(result.provenance.get("scenario", "run"))
        return loads(result.scenario_text, name) if result.scenario_text else None
    except ScenarioError:
        return None


def _with_reference(scenario: Scenario, series: Series) -> Series:
    known = expected.expected(scenario, series.name, series.time)
    return replace(series, reference=known[0] if known else None)


def _particles(series: Mapping[str, Series], start: int) -> int:
    """Particles in the box, where their number changes and is sampled."""
    counted = series.get("particles")
    return start if counted is None or not counted.value.size else int(counted.value[-1])


def _collisions(series: Mapping[str, Series], particles: int) -> int:
    """Collisions so far, from those of one particle: each has two partners."""
    counted = series.get("collisions_per_particle")
    if counted is None or counted.value.ndim != 1 or not np.isfinite(counted.value[-1:]).any():
        return 0
    return round(0.5 * particles * float(counted.value[-1]))


def _place(name: str) -> tuple[int, str]:
    """Where a series stands: as the run reports them, those of single species last."""
    names = list(QUANTITIES)
    return (names.index(name) if name in names else len(names), name)


def _stopped_early(result: Result, directory: Path) -> str:
    """Says so if the run was stopped before the end of its scenario."""
    scenario = scenario_of(result)
    if scenario is None or result.steps >= scenario.steps or result.sampling.ended:
        return ""
    return (
        f"stopped after step {result.steps} of {scenario.steps}; "
        f"go on with: dsmc resume {directory}"
    )


# ------------------------------------------------------------------ from JSON


def _as_result(stored: Mapping[str, Any]) -> Result:
    return Result(
        title=str(stored["title"]),
        scenario_text=str(stored["scenario"]),
        series={name: _series(name, item) for name, item in stored["series"].items()},
        fields={name: _field(name, item) for name, item in stored["fields"].items() if "x" in item},
        walls={face: _wall(face, item) for face, item in stored["walls"].items()},
        wall_profiles={
            face: _along(face, item) for face, item in stored.get("wall_profiles", {}).items()
        },
        planes={name: _plane(item) for name, item in stored.get("planes", {}).items()},
        histograms={name: _histogram(name, item) for name, item in stored["histograms"].items()},
        collisions=int(stored["collisions"]),
        steps=int(stored["steps"]),
        time=_number(stored["time"]["value"]),
        particles=int(stored["particles"]),
        wall_time=_number(stored["wall_time"]["value"]),
        stage_seconds={name: _number(value) for name, value in stored["stage_seconds"].items()},
        verdicts=tuple(_verdict(item) for item in stored["verdicts"]),
        provenance=dict(stored["provenance"]),
        quality={name: _number(value) for name, value in stored["quality"].items()},
        sampling=_sampling(stored.get("sampling", {})),
    )


def _series(name: str, item: Mapping[str, Any]) -> Series:
    reference = _numbers(item["reference"]) if "reference" in item else None
    columns = (_numbers(item[column]) for column in ("time", "value", "error"))
    return Series(name, item["unit"], item["description"], *columns, reference)


def _field(name: str, item: Mapping[str, Any]) -> Field:
    axis, value, error = (_numbers(item[column]) for column in ("x", "value", "error"))
    average = _measured(item["average"]) if "average" in item else None
    degrees = _degrees(item)
    return Field(name, item["unit"], item["description"], (axis,), value, error, average, degrees)


def _wall(name: str, item: Mapping[str, Any]) -> Wall:
    fluxes = {flux: _measured(item[flux]) for flux in FACE_FLUXES if flux in item}
    face, kind = str(item.get("face", name)), str(item.get("kind", ""))
    about = {"name": name, "kind": kind, "degrees": _degrees(item)}
    return Wall(face, _number(item["area"]["value"]), **fluxes, **about)


def _along(face: str, item: Mapping[str, Any]) -> WallProfile:
    places = tuple(_numbers(place) for place in item["places"]["value"])
    fluxes = {flux: _measured(item[flux]) for flux in WALL_FLUXES}
    area = np.array(item["area"]["value"], float)
    return WallProfile(face, tuple(item["along"]), places, area, **fluxes, degrees=_degrees(item))


def _plane(item: Mapping[str, Any]) -> Plane:
    place = (item["axis"], _number(item["position"]["value"]), _number(item["area"]["value"]))
    return Plane(*place, *(_measured(item[name]) for name in FLUXES), _degrees(item))


def _histogram(name: str, item: Mapping[str, Any]) -> Histogram:
    edges = _numbers(item["edges"])
    if np.isnan(edges[-1]):  # the open end of the last class
        edges[-1] = np.inf
    unit, over_the_edges = item["unit"], f"1/({item['edges_unit']})"
    return Histogram(
        name,
        item["edges_unit"],
        edges,
        _numbers(item["value"]),
        _numbers(item["error"]),
        _numbers(item["reference"]) if "reference" in item else None,
        "" if unit == over_the_edges else unit,
        item["description"],
    )


def _verdict(item: Mapping[str, Any]) -> Verdict:
    numbers = {name: _number(item[name]) for name in ("measured", "error", "reference", "margin")}
    return Verdict(
        quantity=item["quantity"], z=_number(item["z"]), passed=bool(item["passed"]),
        source=item["source"], unit=item["unit"], **numbers,
    )  # fmt: skip


def _sampling(item: Mapping[str, Any]) -> Sampling:
    """When averages began and why the run ended; nothing of that in older files."""
    if not item:
        return Sampling()
    start = None if item["start"] is None else int(item["start"])
    time = _number(item["time"]["value"])
    return Sampling(start, time, item["because"], int(item["restarts"]), item["ended"])


def _degrees(item: Mapping[str, Any]) -> float:
    """Degrees of freedom of errors; null stands for errors that are known exactly."""
    value = item.get("degrees")
    return math.inf if value is None else float(value)


def _measured(item: Mapping[str, Any]) -> tuple[Any, Any]:
    """(value, error) of a number or of the components of a vector."""
    if isinstance(item["value"], list):
        return _numbers(item["value"]), _numbers(item["error"])
    return _number(item["value"]), _number(item["error"])


def _number(value: Any) -> float:
    """A number; null is one that is not known."""
    return float("nan") if value is None else float(value)


def _numbers(values: Any) -> np.ndarray:
    return np.array(values, dtype=np.float64)  # null becomes NaN
