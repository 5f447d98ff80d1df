"""What `dsmc check` prints: every value, the numbers that follow, the errors to expect."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any, TextIO

from pydantic import BaseModel

from dsmc import forecast
from dsmc.scenario.messages import shown
from dsmc.scenario.model import Scenario
from dsmc.scenario.patches import AXES

Row = tuple[str, ...]


def values(scenario: Scenario) -> list[Row]:
    """(key, "default" or "", value) of every key that has a value, in the order of the file."""
    rows: list[Row] = [("title", "", shown(scenario.title))] if scenario.title else []
    for name in type(scenario).model_fields:
        section = getattr(scenario, name)
        if name == "species":
            for place, entry in enumerate(section):
                rows += _section(f"species[{place}]", entry)
        elif name == "boundaries":
            for axis in AXES[: scenario.dimension]:
                rows += _axis(axis, scenario)
        elif isinstance(section, BaseModel):
            rows += _section(name, section)
    return rows


def _section(path: str, section: BaseModel) -> Iterator[Row]:
    """The keys of one table."""
    for key in type(section).model_fields:
        value = getattr(section, key)
        if value is None:
            continue
        if isinstance(value, BaseModel):
            yield from _section(f"{path}.{key}", value)
            continue
        if isinstance(value, Mapping):
            for name, item in value.items():
                yield f"{path}.{key}.{name}", "", _told(item)
            continue
        if isinstance(value, tuple) and value and isinstance(value[0], BaseModel):
            for place, entry in enumerate(value):
                yield from _section(f"{path}.{key}[{place}]", entry)
            continue
        told = ", ".join(value) if key == "quantities" else _told(value)
        yield f"{path}.{key}", "" if key in section.model_fields_set else "default", told


def _axis(axis: str, scenario: Scenario) -> Iterator[Row]:
    """The two faces of one axis, each on a line."""
    is_given = axis in scenario.boundaries.model_fields_set
    for patch in scenario.patches:
        if AXES[patch.axis] == axis:
            told = ", ".join(_keys(patch.boundary))
            yield patch.path, "" if is_given else "default", told


def _keys(boundary: BaseModel) -> Iterator[str]:
    """The kind of a boundary, then its other keys that have a value."""
    yield shown(boundary.kind)  # type: ignore[attr-defined]
    for key in type(boundary).model_fields:
        value = getattr(boundary, key)
        if key in ("kind", "patches") or value is None:
            continue
        if isinstance(value, BaseModel):
            value = value.model_dump(exclude_none=True)
        if isinstance(value, dict):
            inside = ", ".join(f"{name} = {_told(item)}" for name, item in value.items())
            yield f"{key} = {{ {inside} }}"
        else:
            yield f"{key} = {_told(value)}"


def _told(value: object) -> str:
    """The value as it stands in a file; long texts are not cut."""
    if isinstance(value, tuple):
        return f"[{', '.join(map(_told, value))}]"
    return shown(value)


def molecules(scenario: Scenario) -> list[Row]:
    """(name, share, mass, diameter, T_ref, omega, alpha) of each species in its model."""
    return [
        (
            molecule.name,
            f"{share:.6g}",
            f"{molecule.mass:.6g}",
            f"{molecule.diameter:.6g}",
            f"{molecule.reference_temperature:g}",
            f"{molecule.omega:g}",
            f"{molecule.alpha:g}",
        )
        for molecule, share in zip(scenario.molecules, scenario.fractions, strict=True)
    ]


def derived(scenario: Scenario) -> list[Row]:
    """(name, value, unit, remark) of the derived numbers."""
    return [
        (figure.name, _number(figure.value), _unit(figure.unit), figure.remark)
        for figure in forecast.figures(scenario)
    ]


def errors(scenario: Scenario, target: float = forecast.TARGET) -> list[Row]:
    """(quantities, standard error, from, what it takes for the target, time) of what is measured.

    Quantities of which the same is to be said share a row.
    """
    rows: dict[tuple[str, Row], list[str]] = {}
    for entry in forecast.expected_errors(scenario, target):
        stem = entry.quantity.rpartition("_")[0] or entry.quantity
        rows.setdefault((stem, _error(entry)), []).append(entry.name)
    return [(_joined(names), *row) for (_, row), names in rows.items()]


def _joined(names: Sequence[str]) -> str:
    """velocity_x, _y, _z of a cell; wall_shear at x low, x high: what is common is said once."""
    quantities, places = zip(*(name.split(" ", 1) if " " in name else (name, "") for name in names),
                             strict=True)  # fmt: skip
    stems = {quantity.rpartition("_")[0] for quantity in quantities}
    if len(set(quantities)) == 1:
        return f"{names[0]}{''.join(', ' + place.removeprefix('at ') for place in places[1:])}"
    if len(set(places)) == 1 and len(stems) == 1 and stems != {""}:
        ends = "".join(f", _{quantity.rpartition('_')[2]}" for quantity in quantities[1:])
        return f"{quantities[0]}{ends} {places[0]}".strip()
    return ", ".join(names)


def _error(entry: forecast.ExpectedError) -> Row:
    """Standard error, where it comes from, and the price of the target."""
    if entry.error is None:
        return "not forecast", entry.reason, "", ""
    told = f"{entry.error:.2g} {entry.unit}" if entry.unit != "1" else f"{entry.error:.2g}"
    if entry.unit == "relative":
        told = f"{entry.error:.2%}" if entry.error >= 1e-3 else f"{entry.error:.1e}"
    if not entry.needed:
        return told, entry.basis, "", ""
    of = f" (of {entry.of})" if entry.of not in ("", "1") else ""
    by = entry.by.removesuffix("s") if entry.needed == 1 else entry.by
    number = f"{entry.needed:,}" if entry.needed < 10**9 else f"{entry.needed:.1e}"
    work = f"{number} {by}{of}"
    return told, entry.basis, work, forecast.in_words(entry.seconds)


def as_data(scenario: Scenario, target: float = forecast.TARGET) -> dict[str, Any]:
    """The whole report as plain values, fit for JSON; every number has a unit beside it."""
    return {
        "name": scenario.name,
        "scenario": scenario.model_dump(mode="json", exclude_none=True),
        "molecules": [asdict(molecule) for molecule in scenario.molecules],
        "derived": [asdict(figure) for figure in forecast.figures(scenario)],
        "target": target,
        "errors": [asdict(entry) for entry in forecast.expected_errors(scenario, target)],
        "notes": list(scenario.notes),
        "warnings": [asdict(caution) for caution in forecast.warnings(scenario)],
    }


def show_check(
    scenario: Scenario,
    quiet: bool = False,
    stream: TextIO | None = None,
    target: float = forecast.TARGET,
    as_json: bool = False,
) -> None:
    """Print the whole report; quiet: only notes and warnings; as_json: all of it as JSON.

    target : relative standard error whose price is told
    """
    out = stream or sys.stdout
    if as_json:
        print(json.dumps(as_data(scenario, target), indent=2, ensure_ascii=False), file=out)
        return
    if not quiet:
        _show_tables(scenario, out, target)
    for line in remarks(scenario):
        print(line, file=out)
    if not quiet and not forecast.warnings(scenario):
        print("No warnings.", file=out)


def _show_tables(scenario: Scenario, out: TextIO, target: float) -> None:
    """Values, molecules, derived numbers and errors."""
    show_table(out, f"Scenario {scenario.name}", ("key", "", "value"), values(scenario))
    columns: Sequence[str] = (
        "molecule", "share", "mass [kg]", "d [m]", "T_ref [K]", "omega", "alpha",
    )  # fmt: skip
    show_table(out, f'Molecules, model "{scenario.gas.model}"', columns, molecules(scenario))
    show_table(out, "What follows", ("derived", "value", "unit", ""), derived(scenario))
    columns = ("quantity", "standard error", "from", f"needed for {target:g}", "wall time")
    title = "Errors to expect, for independent samples of a gas near equilibrium"
    show_table(out, title, columns, errors(scenario, target))


def remarks(scenario: Scenario) -> list[str]:
    """Notes on the species and warnings of the forecast, a line or two each."""
    lines = [f"note: {note}" for note in scenario.notes]
    for caution in forecast.warnings(scenario):
        lines.append(f"warning: {caution.key}: {caution.found}: {caution.text}")
        lines.append(f"         cure: {caution.cure}")
    return lines


def show_table(out: TextIO, title: str, columns: Sequence[str], rows: Sequence[Row]) -> None:
    """A table with rules and colours on a terminal, aligned plain lines elsewhere."""
    if out.isatty():
        _rich_table(out, title, columns, rows)
        return
    widths = [
        max(len(row[place]) for row in [columns, *rows]) if place < len(columns) - 1 else 0
        for place in range(len(columns))
    ]
    print(title, file=out)
    for row in [columns, *rows]:
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=True)]
        print("  " + "  ".join(cells).rstrip(), file=out)
    print(file=out)


def _rich_table(out: TextIO, title: str, columns: Sequence[str], rows: Sequence[Row]) -> None:
    """The same for a terminal."""
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(title=title, title_justify="left", title_style="bold", box=SIMPLE_HEAD)
    for place, column in enumerate(columns):
        table.add_column(Text(column), style="cyan" if place == 0 else "", overflow="fold")
    for row in rows:
        style = "dim" if row[1] == "default" else ""
        table.add_row(*(Text(cell) for cell in row), style=style)
    Console(file=out, highlight=False).print(table)


def _number(value: float) -> str:
    """Whole numbers in full, others with five digits."""
    if float(value).is_integer() and abs(value) < 1e10:
        return f"{int(value):,}"
    return f"{value:.5g}"


def _unit(unit: str) -> str:
    """A pure number shows no unit."""
    return "" if unit == "1" else unit
