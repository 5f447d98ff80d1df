"""A description as text: plain lines, with headings in bold on a terminal."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence

from dsmc.inspect.description import Clock, Description, Fact, Quantity
from dsmc.inspect.numbers import number, size, span
from dsmc.inspect.outline import outline

_MOST_NAMES = 3  # of groups that share their moments
_SCENARIO_LINES = 12  # of its text that are shown


def show(description: Description, quiet: bool = False) -> None:
    """Print a description; only what it is and what is wrong if `quiet`."""
    lines = brief(description) if quiet else full(description)
    if not sys.stdout.isatty():
        for line in lines:
            print(line)
        return
    from rich.console import Console

    console = Console()
    for line in lines:
        heading = bool(line) and not line.startswith(" ")
        console.print(
            line, style="bold" if heading else None, markup=False, highlight=False, soft_wrap=True
        )


def brief(description: Description) -> list[str]:
    """The head and the remarks."""
    head = [description.path, f"  {description.sentence}", f"  {_size_and_state(description)}"]
    head += [f"  problem: {text}" for text in description.problems]
    return head + [f"  remark: {text}" for text in description.remarks]


def full(description: Description) -> list[str]:
    """Everything, section by section; of a directory a paragraph for each file."""
    lines = brief(description)
    lines += _facts(description)
    for file in description.files:
        lines += ["", *brief(file), *_facts(file)]
    if description.quantities:
        lines += ["", "Quantities", *_quantities(description.quantities)]
    if description.tree:
        lines += [
            "",
            "Tree",
            *_aligned([(f"  {row[0]}", *row[1:]) for row in outline(description)]),
        ]
    if description.provenance:
        rows = [(f"  {name}", _cut(str(value))) for name, value in description.provenance.items()]
        lines += ["", "Provenance", *_aligned(rows)]
    if description.scenario:
        lines += ["", *_scenario(description.scenario)]
    return lines


def _size_and_state(description: Description) -> str:
    told = size(description.bytes)
    if description.state != "unknown":
        told += f", {description.state}"
    return told + (f" ({description.progress})" if description.progress else "")


def _facts(description: Description) -> list[str]:
    facts = [*description.facts, *map(_clock, description.clocks)]
    return _aligned([(f"  {fact.name}", _with_unit(fact)) for fact in facts])


def _with_unit(fact: Fact) -> str:
    value = fact.value
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return ", ".join(value)
    return f"{number(value)} {fact.unit}".rstrip()


def _clock(clock: Clock) -> Fact:
    """How many rows there are, and when, as a fact."""
    names = [path.split("/", 3)[-1] for path in clock.paths if path != "/VTKHDF"]
    series = clock.paths[0].startswith("/observables/") or not clock.paths[0].startswith("/")
    told = f": {', '.join(names[:_MOST_NAMES])}" if names else ""
    if len(names) > _MOST_NAMES:
        told += f" and {len(names) - _MOST_NAMES} more"
    parts = [f"{clock.rows} complete"]
    for name, ends in (("steps", clock.steps), ("times", clock.times)):
        if ends is not None:
            unit = f" {clock.unit}" if name == "times" and clock.unit else ""
            parts.append(f"{name} {number(ends[0])} … {number(ends[1])}{unit}")
    return Fact("rows" if series else "frames", ", ".join(parts) + told)


def _quantities(quantities: Iterable[Quantity]) -> list[str]:
    rows = [("  name", "unit", "rows", "first", "last ± error", "range", "")]
    for one in quantities:
        last = "" if one.last is None else number(one.last)
        if last and one.error is not None and one.error == one.error:
            last += f" ± {number(one.error, 2)}"
        first = "" if one.first is None else number(one.first)
        held = span(one.minimum, one.maximum)
        rows.append((f"  {one.name}", one.unit, str(one.rows), first, last, held, one.description))
    return _aligned(rows)


def _aligned(rows: Sequence[tuple[str, ...]], widest: int = 48) -> list[str]:
    """Lines with the cells of each column under one another."""
    if not rows:
        return []
    count = max(map(len, rows))
    widths = [
        min(widest, max((len(row[k]) for row in rows if k < len(row)), default=0))
        for k in range(count)
    ]
    return [
        "  ".join(c.ljust(w) for c, w in zip(row, widths, strict=False)).rstrip() for row in rows
    ]


def _cut(text: str, longest: int = 100) -> str:
    text = " ".join(text.split())
    return text if len(text) <= longest else text[: longest - 1] + "…"


def _scenario(text: str) -> list[str]:
    lines = text.strip().splitlines()
    shown = [f"  {line}" for line in lines[:_SCENARIO_LINES]]
    more = len(lines) - _SCENARIO_LINES
    return ["Scenario", *shown] + ([f"  … {more} more lines (--json has all)"] if more > 0 else [])
