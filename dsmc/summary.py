"""The summary of a run: `summary.json`, the closing table and where the run came from."""

from __future__ import annotations

import json
import math
import os
import platform
import shlex
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from dsmc import disk
from dsmc.faces import AXES
from dsmc.faces import FLUXES as FACE_FLUXES
from dsmc.planes import FLUXES, Plane
from dsmc.resolution import Coarsest, coarsest
from dsmc.result import (
    Field,
    Histogram,
    Result,
    Row,
    Sampling,
    Series,
    Verdict,
    Wall,
    row_texts,
)
from dsmc.wall_profiles import FLUXES as WALL_FLUXES
from dsmc.wall_profiles import WallProfile

if TYPE_CHECKING:
    from rich.console import Console

_MOST_ROWS = 500  # of one series in the summary; the trajectory file holds every row
_HEADS = ("quantity", "measured ± error", "unit", "reference", "sigmas", "verdict")


def provenance(
    seed: int,
    threads: int,
    *,
    precision: str = "float64",
    replicas: int = 1,
    command: str | None = None,
) -> dict[str, Any]:
    """Who ran what, when and with what: plain values, ready for JSON and HDF5 attributes.

    `commit` is there only when the package runs from its git checkout; "-dirty" marks changes.
    """
    found = {
        "version": _version(),
        "commit": _commit(),
        "command": shlex.join(sys.argv) if command is None else command,
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "host": platform.node(),
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "python": platform.python_version(),
        "numpy": np.__version__,
        "numba": metadata.version("numba"),
        "seed": int(seed),
        "threads": int(threads),
        "precision": precision,
        "replicas": int(replicas),
    }
    return {name: value for name, value in found.items() if value != ""}


def write_summary(path: str | os.PathLike[str], result: Result) -> Path:
    """Write the result as JSON, whole or not at all (a temporary file, then a rename).

    Every quantity has a unit and an error; null is a number that is not known (or the open end of
    the last class of a histogram). A series of more than 500 rows is thinned evenly (`rows` says
    how many there were). A field of more than one dimension gives mean and range only: its cells
    are in the fields file. Raises OSError naming the path and the cure.
    """
    path = Path(path)
    text = json.dumps(summary(result), indent=1, ensure_ascii=False, allow_nan=False) + "\n"
    with disk.replacing(path) as unfinished:
        unfinished.write_text(text, encoding="utf-8")
    return path


def summary(result: Result) -> dict[str, Any]:
    """The result as plain lists, numbers and text, without NaN (null stands for unknown)."""
    return plain(
        {
            "title": result.title,
            "passed": result.passed,
            "verdicts": [_verdict(verdict, result) for verdict in result.verdicts],
            "steps": result.steps,
            "time": {"value": result.time, "unit": "s"},
            "particles": result.particles,
            "collisions": result.collisions,
            "wall_time": {"value": result.wall_time, "unit": "s"},
            "stage_seconds": dict(result.stage_seconds),
            "quality": dict(result.quality),
            "coarsest_cells": [_coarse(worst) for worst in coarsest(result.fields)],
            "sampling": _sampling(result.sampling),
            "series": {name: _series(series) for name, series in result.series.items()},
            "fields": {name: _field(cells) for name, cells in result.fields.items()},
            "walls": {name: _wall(wall) for name, wall in result.walls.items()},
            "wall_profiles": {face: _along(p) for face, p in result.wall_profiles.items()},
            "planes": {name: _plane(plane) for name, plane in result.planes.items()},
            "histograms": {name: _histogram(h) for name, h in result.histograms.items()},
            "provenance": dict(result.provenance),
            "scenario": result.scenario_text,
        }
    )


def closing_table(
    result: Result, console: Console, files: Iterable[str | os.PathLike[str]] = ()
) -> None:
    """Print measured ± error, reference and verdict; then time per stage; then the files.

    Lines of plain text when the console is no terminal.
    """
    rows = [row_texts(row) for row in result.table()]
    if rows:
        _print_table(console, result.title, _HEADS, rows, [_style(r) for r in result.table()])
    if worst := coarsest(result.fields):
        heads = ("coarsest cells", "value", "rule", "where", "cells beyond it")
        styles = ["yellow" if one.broken else "" for one in worst]
        _print_table(console, "How fine the cells are", heads, list(map(_worst_row, worst)), styles)
    stages = _stage_rows(result)
    if stages:
        per_step = _particle_steps(result) > 0
        heads = ("stage", "seconds", "share") + (("ns per particle-step",) if per_step else ())
        _print_table(console, "Time per stage", heads, stages, [""] * len(stages))
    if written := [os.fspath(path) for path in files]:
        console.print("Files written:", markup=False, highlight=False)
        for name in written:
            console.print(f"  {name}", markup=False, highlight=False, soft_wrap=True)


def _particle_steps(result: Result) -> float:
    """The sum of the numbers of particles of all steps."""
    return result.quality.get("particle_steps", result.particles * result.steps)


def _worst_row(worst: Coarsest) -> tuple[str, ...]:
    """The worst cell by a rule of `dsmc.resolution`, and where it lies."""
    return (
        worst.rule.name.replace("_", " "),
        f"{worst.value:.3g}",
        worst.rule.text,
        ", ".join(f"{a} = {x:.3g} m" for a, x in zip(AXES, worst.place, strict=False)),
        f"{worst.broken} of {worst.cells}" if worst.broken else "none",
    )


def _stage_rows(result: Result) -> list[tuple[str, ...]]:
    total = sum(result.stage_seconds.values())
    if not total > 0.0:
        return []
    particle_steps = _particle_steps(result)
    named = [*result.stage_seconds.items(), ("all stages", total)]
    return [
        (name, f"{seconds:.3f}", f"{seconds / total:.1%}")
        + ((f"{1e9 * seconds / particle_steps:.2f}",) if particle_steps else ())
        for name, seconds in named
    ]


def _print_table(
    console: Console,
    title: str,
    heads: tuple[str, ...],
    rows: Sequence[tuple[str, ...]],
    styles: Sequence[str],
) -> None:
    if not console.is_terminal:
        widths = [max(len(row[k]) for row in [heads, *rows]) for k in range(len(heads))]
        for line in [(title,), heads, *rows, ("",)]:
            cells = [cell.ljust(width) for cell, width in zip(line, widths, strict=False)]
            text = "  ".join(cells).rstrip()
            console.print(text, markup=False, highlight=False, soft_wrap=True)
        return
    from rich.table import Table
    from rich.text import Text

    table = Table(title=Text(title), title_justify="left")
    for k, head in enumerate(heads):
        table.add_column(head, justify="right" if heads is not _HEADS and k else "left")
    for row, style in zip(rows, styles, strict=True):
        table.add_row(*(Text(cell) for cell in row), style=style)
    console.print(table)


def _style(row: Row) -> str:
    return {"pass": "green", "FAIL": "bold red"}.get(row.verdict, "")


def _series(series: Series) -> dict[str, Any]:
    rows = series.time.size
    kept = np.unique(np.linspace(0, rows - 1, min(rows, _MOST_ROWS)).astype(int))
    columns = {"time": series.time, "value": series.value, "error": series.error}
    if series.reference is not None:
        columns["reference"] = series.reference
    return {
        "unit": series.unit,
        "description": series.description,
        "rows": rows,
        **{name: column[kept] for name, column in columns.items()},
    }


def _field(cells: Field) -> dict[str, Any]:
    found = {"unit": cells.unit, "description": cells.description, "shape": cells.value.shape}
    found["degrees"] = cells.degrees
    if cells.average is not None:
        found["average"] = dict(zip(("value", "error"), cells.average, strict=True))
    if len(cells.axes) == 1:
        return found | {"x": cells.axes[0], "value": cells.value, "error": cells.error}
    if not cells.value.size:
        return found
    n = cells.value.size
    mean_error = math.sqrt(float(np.sum(cells.error**2))) / n  # cells taken as independent
    return found | {
        "mean": {"value": cells.value.mean(), "error": mean_error},
        "minimum": _extreme(cells, int(np.argmin(cells.value))),
        "maximum": _extreme(cells, int(np.argmax(cells.value))),
    }


def _coarse(worst: Coarsest) -> dict[str, Any]:
    place = {axis: {"value": x, "unit": "m"} for axis, x in zip(AXES, worst.place, strict=False)}
    names = ("value", "place", "cells_beyond", "cells")
    numbers = (worst.value, place, worst.broken, worst.cells)
    rule = {"name": worst.rule.name, "limit": worst.rule.limit, "at_least": worst.rule.at_least}
    return rule | dict(zip(names, numbers, strict=True))


def _extreme(cells: Field, place: int) -> dict[str, float]:
    return {"value": cells.value.flat[place], "error": cells.error.flat[place]}


def _sampling(sampling: Sampling) -> dict[str, Any]:
    return {
        "start": sampling.start,
        "time": {"value": sampling.time, "unit": "s"},
        "because": sampling.because,
        "restarts": sampling.restarts,
        "ended": sampling.ended,
    }


def _wall(wall: Wall) -> dict[str, Any]:
    tallies = {
        name: {"unit": unit, "value": getattr(wall, name)[0], "error": getattr(wall, name)[1]}
        for name, unit in FACE_FLUXES.items()
    }
    about = {"face": wall.face, "kind": wall.kind, "area": {"value": wall.area, "unit": "m2"}}
    return about | tallies | {"degrees": wall.degrees}


def _along(profile: WallProfile) -> dict[str, Any]:
    fluxes = {
        name: dict(zip(("value", "error"), getattr(profile, name), strict=True)) | {"unit": unit}
        for name, unit in WALL_FLUXES.items()
    }
    return {
        "along": profile.along,
        "places": {"value": profile.places, "unit": "m"},
        "area": {"value": profile.area, "unit": "m2"},
        **fluxes,
        "degrees": profile.degrees,
    }


def _plane(plane: Plane) -> dict[str, Any]:
    fluxes = {
        name: dict(zip(("value", "error"), getattr(plane, name), strict=True)) | {"unit": unit}
        for name, unit in FLUXES.items()
    }
    flow = dict(zip(("value", "error"), plane.mass_flow, strict=True)) | {"unit": "kg s-1"}
    return {
        "axis": plane.axis,
        "position": {"value": plane.position, "unit": "m"},
        "area": {"value": plane.area, "unit": "m2"},
        **fluxes,
        "mass_flow": flow,
        "degrees": plane.degrees,
    }


def _histogram(histogram: Histogram) -> dict[str, Any]:
    found = {
        "description": histogram.description,
        "unit": histogram.density_unit or f"1/({histogram.unit})",
        "edges_unit": histogram.unit,
        "edges": histogram.edges,
        "value": histogram.density,
        "error": histogram.error,
    }
    return found if histogram.reference is None else found | {"reference": histogram.reference}


def _verdict(verdict: Verdict, result: Result) -> dict[str, Any]:
    names = ("quantity", "measured", "error", "reference", "margin", "z", "passed", "source")
    unit = verdict.unit or result.unit_of(verdict.quantity)
    return {name: getattr(verdict, name) for name in names} | {"unit": unit}


def plain(value: Any) -> Any:
    """Dicts, lists, text and numbers only, ready for JSON: NaN and infinity become None."""
    if is_dataclass(value):
        return {item.name: plain(getattr(value, item.name)) for item in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, np.ndarray | np.generic):
        value = value.tolist()
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value if value is None or isinstance(value, str | int | bool) else str(value)


def _version() -> str:
    import dsmc

    return str(getattr(dsmc, "__version__", "unknown"))


def _commit() -> str:
    """Commit of the git checkout that holds this file; "" outside one or without git."""
    here = Path(__file__).resolve()
    asked = (
        ("ls-files", "--error-unmatch", here.name),  # in another project's checkout: not ours
        ("describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"),
    )
    answer = ""
    for words in asked:
        try:
            answer = subprocess.run(
                ["git", "-C", str(here.parent), *words],
                capture_output=True,
                text=True,
                timeout=5,
                check=True,
            ).stdout
        except (OSError, subprocess.SubprocessError):
            return ""
    return answer.strip()
