"""The tree of a file as rows of text: members that are built alike are told once."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from dsmc.inspect.description import Description, Entry
from dsmc.inspect.numbers import number, span

_ALIKE = 4  # members from which on they are folded into one line
_LONGEST = 80  # letters of what else is told
_TOLD_ELSEWHERE = "/parameters/provenance"


@dataclass(eq=False)
class _Branch:
    """An entry with its members; `build` is equal for those that are built alike."""

    entry: Entry
    members: list[_Branch] = field(default_factory=list)
    build: Any = None


def outline(description: Description) -> list[tuple[str, ...]]:
    """Rows (name, shape and type, unit, range, how it is packed, what else is told)."""
    if not description.tree:
        return []
    branches = {entry.path: _Branch(entry) for entry in description.tree}
    for path, branch in branches.items():
        parent = branches.get(path.rpartition("/")[0] or "/")
        if path != "/" and parent is not None:
            parent.members.append(branch)
    for branch in reversed(branches.values()):  # members before their group
        entry = branch.entry
        inside = tuple((m.entry.path.rpartition("/")[2], m.build) for m in branch.members)
        branch.build = hash((entry.kind, entry.shape, entry.dtype, entry.storage, inside))
    rows: list[tuple[str, ...]] = []
    waiting = [_Line(branches["/"], "/")]
    while waiting:
        line = waiting.pop()
        rows.append(_row(line))
        waiting += reversed(_members(line))
    return rows


@dataclass(frozen=True, eq=False)
class _Line:
    """A branch as it is shown: with its name, for those that are `alike`, or below such a line."""

    branch: _Branch
    name: str
    depth: int = 0
    alike: tuple[_Branch, ...] = ()
    for_many: bool = False


def _members(line: _Line) -> list[_Line]:
    """The lines below a line: one for each member, or one for all that are built alike."""
    builds: dict[Any, list[_Branch]] = defaultdict(list)
    for member in line.branch.members:
        builds[member.build].append(member)
    many = line.for_many or bool(line.alike)
    shown = []
    for member in line.branch.members:
        alike = builds[member.build]
        name = member.entry.path.rpartition("/")[2]
        if len(alike) < _ALIKE:
            shown.append(_Line(member, f"/{name}", line.depth + 1, (), many))
        elif member is alike[0]:
            name = f"/* ({len(alike)})"
            shown.append(_Line(member, name, line.depth + 1, tuple(alike), many))
    return shown


def _row(line: _Line) -> tuple[str, ...]:
    entry, name = line.branch.entry, "  " * line.depth + line.name
    if line.alike:
        names = [branch.entry.path.rpartition("/")[2] for branch in line.alike]
        return (name, _shape(entry), "", "", entry.storage, _cut(", ".join(names)))
    if line.for_many:  # what is told of one would not hold for the others
        return (name, _shape(entry), "", "", entry.storage)
    return (name, _shape(entry), entry.unit, _held(entry), entry.storage, _told(entry))


def _held(entry: Entry) -> str:
    """The range of the numbers of a dataset."""
    values = entry.values
    if values is None:
        return ""
    parts = [span(values.minimum, values.maximum)]
    if values.nan or values.infinite:
        counts = [f"{values.nan} NaN"] * (values.nan > 0)
        counts += [f"{values.infinite} infinite"] * (values.infinite > 0)
        parts.append(f"({', '.join(counts)})")
    if values.share < 1.0:
        parts.append(f"(in the {values.share:.0%} looked at)")
    return " ".join(parts).strip()


def _told(entry: Entry) -> str:
    """What else there is to say: where a link leads, or the description and attributes."""
    if entry.target:
        link = "the same as" if entry.kind in ("group", "dataset") else f"{entry.kind} to"
        return f"{link} {entry.target}"
    if entry.path == _TOLD_ELSEWHERE:
        return "see below"
    told = [f"{name} = {number(value)}" for name, value in entry.attributes.items()]
    return _cut("; ".join([entry.description] * bool(entry.description) + told))


def _shape(entry: Entry) -> str:
    if entry.kind != "dataset":
        return "not readable" if entry.kind == "unreadable" else ""
    return f"{number(entry.shape)} {entry.dtype}" if entry.shape else entry.dtype


def _cut(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
