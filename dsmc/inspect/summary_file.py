"""What is in a summary.json."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dsmc.hdf5 import Unreadable
from dsmc.inspect.description import Clock, Description, Fact, Quantity

SUMMARY = "summary"
_NEEDED = ("title", "series", "steps", "provenance")
_LARGEST = 1 << 30  # B


def describe_summary(path: Path) -> Description:
    """Explain a summary. Raises Unreadable where the file is another JSON, or damaged."""
    size = path.stat().st_size
    if size > _LARGEST:
        raise Unreadable(path, f"JSON of {size / 1e9:.1f} GB: no summary of a run")
    try:
        table = json.loads(path.read_bytes())
    except (ValueError, RecursionError) as failure:
        raise Unreadable(path, f"damaged, or no JSON: {failure}") from failure
    missing = [name for name in _NEEDED if not isinstance(table, dict) or name not in table]
    if missing:
        text = f"JSON, but no summary of a run (it lacks {', '.join(missing)}): name summary.json"
        raise Unreadable(path, text)
    try:
        return _described(path, size, table)
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as failure:
        text = f"not laid out as a summary of ours: {type(failure).__name__} {failure}"
        raise Unreadable(path, text) from failure


def _described(path: Path, size: int, table: Mapping[str, Any]) -> Description:
    provenance = dict(table["provenance"])
    verdicts = table.get("verdicts", [])
    failed = [verdict["quantity"] for verdict in verdicts if not verdict["passed"]]
    facts = [Fact(name, table[name]) for name in ("steps", "particles", "collisions")]
    facts += [Fact(name, table[name]["value"], "s") for name in ("time", "wall_time")]
    facts += [Fact(name, list(table[name])) for name in ("fields", "walls", "histograms")]
    if table.get("planes"):
        facts.append(Fact("planes", list(table["planes"])))
    sampling = table.get("sampling", {})
    if sampling.get("start") is not None:
        facts.append(Fact("averages from step", sampling["start"]))
    facts += [Fact(name, sampling[name]) for name in ("because", "ended") if sampling.get(name)]
    if verdicts:
        told = f"{len(verdicts) - len(failed)} of {len(verdicts)} passed"
        facts.append(Fact("verdicts", f"{told}; FAIL: {', '.join(failed)}" if failed else told))
    series = table["series"]
    groups: dict[tuple, list[str]] = {}
    for name, one in series.items():
        times = one["time"]
        ends = (times[0], times[-1]) if times else None
        groups.setdefault((one["rows"], ends), []).append(name)
    return Description(
        path=str(path),
        kind=SUMMARY,
        sentence=f"The summary of the run “{table['title']}”, written by dsmc "
        f"{provenance.get('version', '')}".rstrip()
        + ".",
        bytes=size,
        state="complete",
        progress=f"after step {table['steps']}",
        facts=tuple(fact for fact in facts if fact.value not in ([], None)),
        clocks=tuple(
            Clock(tuple(names), rows, None, times, "s") for (rows, times), names in groups.items()
        ),
        quantities=tuple(_quantity(name, one) for name, one in series.items()),
        provenance=provenance,
        scenario=str(table.get("scenario", "")),
    )


def _quantity(name: str, series: Mapping[str, Any]) -> Quantity:
    value, error = series["value"], series["error"]
    known = [number for number in value if isinstance(number, int | float)]
    return Quantity(
        name=name,
        unit=str(series["unit"]),
        description=str(series["description"]),
        rows=int(series["rows"]),
        first=value[0] if value else None,
        last=value[-1] if value else None,
        error=error[-1] if error else None,
        minimum=min(known, default=None),
        maximum=max(known, default=None),
    )
