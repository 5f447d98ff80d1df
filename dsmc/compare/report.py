"""What `dsmc compare` tells: a table for people, and the same as plain values for programs."""

from __future__ import annotations

import math
import textwrap
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from dsmc.compare.judging import BUDGET, Comparison, compatible
from dsmc.compare.pairing import identical, one_sided
from dsmc.folder import scenario_of
from dsmc.result import Result

PHYSICS = ("gas.", "species", "domain.length_m", "initial.", "boundaries.", "force", "collisions.")
NUMERICS = (
    "initial.particles", "initial.particles_per_cell", "initial.weight", "initial.exact_energy",
    "initial.zero_momentum",
)  # fmt: skip
UNIMPORTANT = ("title", "output.", "run.threads", "run.strict")
_WIDTH = 100
_MOST_KEYS = 12  # of the scenarios that are listed
_HEADS = ("quantity", "kind", "verdict", "points", "p", "chi2/n", "largest z", "where")
_LEFT = (0, 1, 2, 7)  # columns that begin at the left

Differences = dict[str, tuple[Any, Any]]


def differences(first: Result, second: Result) -> Differences:
    """Keys of the scenarios that differ: {path: (value of A, value of B)}, None where not given."""
    a, b = (dict(_leaves(_tables(result))) for result in (first, second))
    return {
        key: (a.get(key), b.get(key))
        for key in sorted(a.keys() | b.keys())
        if a.get(key) != b.get(key) and not key.startswith(UNIMPORTANT)
    }


def _tables(result: Result) -> Mapping[str, Any]:
    """The scenario with its defaults; as it is written if it is not of this version."""
    scenario = scenario_of(result)
    if scenario is not None:
        return scenario.model_dump()
    try:
        return tomllib.loads(result.scenario_text)
    except tomllib.TOMLDecodeError:
        return {}


def _leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """(path, value) of everything in nested tables: "initial.low", "species[0].name" …"""
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from _leaves(item, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list | tuple) and any(isinstance(item, Mapping) for item in value):
        for k, item in enumerate(value):
            yield from _leaves(item, f"{path}[{k}]")
    else:
        yield path, list(value) if isinstance(value, tuple) else value


def physical(changed: Differences) -> list[str]:
    """Those of the keys that change what is simulated, not only how."""
    return [key for key in changed if key.startswith(PHYSICS) and key not in NUMERICS]


# ------------------------------------------------------------------ for people


def as_lines(
    a: str, b: str, first: Result, second: Result | None, rows: Sequence[Comparison], quiet: bool
) -> Iterator[str]:
    """The table, the most significant row first, what was not judged, and the verdict."""
    if not quiet:
        yield f"A  {a}: {first.title}"
        yield f"B  {b}: {second.title if second else 'the exact curves of A'}"
        yield from _remarks(first, second)
        if second is None or not identical(first, second):
            yield ""
            yield from _table([row for row in rows if row.passed is not None])
            yield ""
            yield from _left_out(first, second, rows)
            yield from _explanation()
    yield _verdict(first, second, rows)


def _remarks(first: Result, second: Result | None) -> Iterator[str]:
    for name, result in (("A", first), ("B", second)):
        if result is not None and result.unfinished:
            yield f"{name} is not whole: {result.unfinished}"
    if second is None:
        return
    changed = differences(first, second)
    if changed:
        shown = list(changed.items())[:_MOST_KEYS]
        yield "The scenarios differ (A | B):"
        for key, (one, other) in shown:
            yield f"  {key}: {_shown(one)} | {_shown(other)}"[:_WIDTH]
        if len(changed) > len(shown):
            yield f"  and {len(changed) - len(shown)} keys more"
    if keys := physical(changed):
        yield f"WARNING: they describe different physics ({', '.join(keys[:4])}): expect no match"
    elif "run.seed" not in changed and not identical(first, second):
        yield "One seed: the runs share random numbers and may be closer than chance allows."


def _shown(value: Any) -> str:
    return "not given" if value is None else str(value)


def _table(rows: Sequence[Comparison]) -> Iterator[str]:
    texts = [_HEADS, *map(_cells, rows)]
    widths = [max(len(text[k]) for text in texts) for k in range(len(_HEADS))]
    for text in texts:
        cells = [
            cell.ljust(width) if k in _LEFT else cell.rjust(width)
            for k, (cell, width) in enumerate(zip(text, widths, strict=True))
        ]
        yield "  ".join(cells).rstrip()[:_WIDTH]


def _cells(row: Comparison) -> tuple[str, ...]:
    return (
        row.quantity,
        row.kind,
        "agrees" if row.passed else "DIFFERS",
        str(row.points),
        f"{row.p:.2g}",
        f"{row.chi2:.2f}",
        f"{row.z:+.2f}" if row.z else "0",
        row.where if row.z else "equal within rounding",
    )


def _left_out(first: Result, second: Result | None, rows: Sequence[Comparison]) -> Iterator[str]:
    remarks: dict[str, list[str]] = {}
    for row in rows:
        if row.remark:
            told = "Not judged" if row.passed is None else "Judged"
            remarks.setdefault(f"{told} ({row.remark})", []).append(row.quantity)
    for told, names in remarks.items():
        yield from _wrapped(f"{told}: {', '.join(names)}")
    sides = ([], []) if second is None else one_sided(first, second)
    for name, only in zip("AB", sides, strict=True):
        if only:
            yield from _wrapped(f"Only in {name}: {', '.join(only)}")
    unknown = sum(row.unknown for row in rows if row.passed is not None)
    if unknown:
        yield f"Left out, their errors being unknown: {unknown} point{'s' if unknown > 1 else ''}."


def _explanation() -> Iterator[str]:
    text = (
        "z is the difference in combined errors; p bounds the chance of so large a z among all "
        "points of the row, however correlated (chi2/n, whose points are, is for information); "
        f"runs of the same physics show a row that differs with a chance below {BUDGET:g}."
    )
    yield from _wrapped(text)


def _wrapped(text: str) -> list[str]:
    return textwrap.wrap(text, _WIDTH)


def _verdict(first: Result, second: Result | None, rows: Sequence[Comparison]) -> str:
    judged = [row for row in rows if row.passed is not None]
    points = sum(row.points for row in judged)
    if second is not None and identical(first, second):
        return f"VERDICT: identical - {points} points, every number the same, bit for bit"
    if not compatible(rows):
        astray = ", ".join(row.quantity for row in judged if not row.passed)
        return f"VERDICT: not compatible - {astray}"
    return f"VERDICT: compatible - {len(judged)} quantities at {points} points"


# ------------------------------------------------------------------ for programs


def as_values(
    a: str, b: str, first: Result, second: Result | None, rows: Sequence[Comparison]
) -> dict[str, Any]:
    """The same as lists, numbers and text; null is a number that is not known, or infinite."""
    changed = {} if second is None else differences(first, second)
    only = ([], []) if second is None else one_sided(first, second)
    return {
        "a": a,
        "b": b,
        "compatible": compatible(rows),
        "identical": second is not None and identical(first, second),
        "false_alarm": BUDGET,
        "quantities": [_finite(asdict(row)) for row in rows],
        "only_in_a": only[0],
        "only_in_b": only[1],
        "scenario": {key: {"a": one, "b": other} for key, (one, other) in changed.items()},
        "different_physics": physical(changed),
        "unfinished": {"a": first.unfinished, "b": second.unfinished if second else ""},
    }


def _finite(row: dict[str, Any]) -> dict[str, Any]:
    return {
        name: None if isinstance(value, float) and not math.isfinite(value) else value
        for name, value in row.items()
    }
