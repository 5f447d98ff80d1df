"""From a file, or the name of a shipped scenario, to a scenario; values overridden on the way."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from copy import deepcopy
from difflib import get_close_matches
from os import PathLike
from pathlib import Path
from typing import Any

from dsmc.scenario import toml
from dsmc.scenario.checks import ALTERNATIVES
from dsmc.scenario.messages import Problem, ScenarioError, shown
from dsmc.scenario.model import Scenario

Overrides = Mapping[str, Any] | Iterable[str]

PATH = re.compile(r"[\w-]+(\[\d+\])?(\.[\w-]+(\[\d+\])?)*")
"""A path of keys as in error messages: run.seed, species[1].name, domain.cells[0]."""


def load(path: str | PathLike[str], overrides: Overrides = ()) -> Scenario:
    """The scenario of a TOML file, or a shipped one by its name ("relaxation").

    overrides : {"run.seed": 3} or ["run.seed=3"]; paths as in error messages. Giving one of several
    alternatives (steps, time_s, collisions) takes the place of the one in the file.
    ScenarioError: no such file, no TOML, or not a valid scenario; lists every problem at once.
    """
    file = _find(Path(path))
    text = read_text(file)
    tables = parse_tables(file, text)
    given = _as_mapping(overrides)
    changed = overridden(tables, given) if given else tables
    try:
        scenario = Scenario(**_from_here(changed, file.parent))
    except ScenarioError as error:
        raise ScenarioError(error.problems, str(file)) from None
    if not given:
        scenario._text = text
    scenario._name = file.stem
    return scenario


def loads(text: str, name: str) -> Scenario:
    """The scenario that a file of results carries, under the name it was run.

    ScenarioError: the text is not a valid scenario.
    """
    scenario = Scenario(**parse_tables(Path(f"{name}.toml"), text))
    scenario._text, scenario._name = text, name
    return scenario


def shipped() -> dict[str, Path]:
    """The scenarios that come with the program: name and file, in alphabetical order."""
    package = Path(__file__).resolve().parents[1]
    for folder in (package / "shipped", package.parent / "scenarios" / "gas"):
        files = sorted(folder.glob("*.toml"))
        if files:
            return {file.stem: file for file in files}
    return {}


def question(file: Path) -> str:
    """The first comment line of a scenario: the question that it answers."""
    lines = file.read_text(encoding="utf-8").splitlines()
    return next((line.lstrip("# ").rstrip() for line in lines if line.startswith("#")), "")


def _find(path: Path) -> Path:
    """The file, or the shipped scenario of that name."""
    try:
        is_file = path.is_file()
    except (OSError, ValueError):  # a name too long, or with a null character
        is_file = False
    if is_file:
        return path
    known = shipped()
    if str(path).removesuffix(".toml") in known:
        return known[str(path).removesuffix(".toml")]
    close = get_close_matches(path.stem, list(known), n=2, cutoff=0.5)
    meant = f"did you mean the shipped scenario {' or '.join(close)}? " if close else ""
    what = "a folder, not a file" if is_file is False and _is_folder(path) else "no such file"
    problem = Problem(
        shown(str(path)), "", what, f"{meant}`dsmc scenarios` lists: {', '.join(known)}"
    )
    raise ScenarioError([problem], str(path))


def _is_folder(path: Path) -> bool:
    """Whether the path is a folder that can be looked at."""
    try:
        return path.is_dir()
    except (OSError, ValueError):
        return False


def read_text(file: Path) -> str:
    """The text of a TOML file. ScenarioError: it cannot be read, or is no text."""
    try:
        return file.read_text(encoding="utf-8-sig")  # some editors begin with a byte order mark
    except UnicodeDecodeError as error:
        cure = "save it as UTF-8 text; a scenario is a TOML file"
        problem = Problem(f"byte {error.start}", "", "not UTF-8 text", cure)
    except OSError as error:
        cure = "look at the permissions of the file"
        problem = Problem(shown(str(file)), "", error.strerror or "cannot be read", cure)
    raise ScenarioError([problem], str(file))


def parse_tables(file: Path, text: str) -> dict[str, Any]:
    """The tables of the TOML text of a file. ScenarioError: names the line and shows it."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        told, _, place = str(error).partition(" (at ")
        words = place.replace(",", " ").rstrip(")").split()
        if words[:1] == ["line"]:
            number = int(words[1])
        else:
            number = len(text.splitlines())
        lines = text.splitlines()
        line = lines[number - 1].strip() if 0 < number <= len(lines) else ""
        seen = "".join(c if c.isprintable() else repr(c)[1:-1] for c in line)
        problem = Problem(f"line {number}", seen, f"not TOML: {told}", _syntax_cure(line, told))
    except (ValueError, RecursionError):
        lines = text.splitlines()
        line = max(lines, key=len)
        allowed, cure = "a number too long or tables too deep", "write numbers as 1e22"
        problem = Problem(f"line {lines.index(line) + 1}", shown(line), allowed, cure)
    raise ScenarioError([problem], str(file))


def _syntax_cure(line: str, told: str) -> str:
    """The usual cause of a line that is not TOML."""
    value = line.partition("=")[2].strip()
    if not line.isprintable():
        return "remove the invisible character"
    if "twice" in told or "overwrite" in told:
        return "each key once: it is given further up already"
    if "=" not in line and not line.startswith("["):
        return "write key = value, one to a line"
    if value and value[0].isalpha() and value not in ("true", "false", "nan", "inf"):
        return f'put text in quotes: "{value}"'
    if not value and not line.startswith("["):
        return "write a value after the ="
    return "numbers as 1e22, text in quotes, arrays in [ ], tables as [name]; each key once"


def _as_mapping(overrides: Overrides) -> dict[str, Any]:
    """Overrides as {path: value}; "key.path=value" is read as it would stand in a file."""
    if isinstance(overrides, Mapping):
        return dict(overrides)
    given, problems = {}, []
    for entry in [overrides] if isinstance(overrides, str) else overrides:
        path, equals, text = entry.partition("=")
        if equals and PATH.fullmatch(path.strip()):
            given[path.strip()] = toml.parse_value(text.strip())
        else:
            what = "no path of a key before the =" if equals else "no = in it"
            cure = "write key.path=value, for instance run.seed=3 or domain.cells[0]=50"
            problems.append(Problem(shown(entry), "", f"not an override: {what}", cure))
    if problems:
        raise ScenarioError(problems, "--set")
    return given


def overridden(tables: Mapping[str, Any], overrides: Overrides) -> dict[str, Any]:
    """The tables with each override put in; an alternative in the file gives way.

    ScenarioError: no override, or one whose path does not fit the tables.
    """
    overrides = _as_mapping(overrides)
    changed = deepcopy(dict(tables))
    for section, keys, _ in ALTERNATIVES:
        table = changed.get(section)
        if isinstance(table, dict) and any(f"{section}.{key}" in overrides for key in keys):
            for key in keys:
                table.pop(key, None)
    problems = [_put(changed, path, value) for path, value in overrides.items()]
    found = [problem for problem in problems if problem is not None]
    if found:
        raise ScenarioError(found, "--set")
    return changed


def _put(tables: dict[str, Any], path: str, value: Any) -> Problem | None:
    """Set the value at `a.b.c` or `a[0].b`, making tables on the way; else the problem."""
    parts = path.replace("[", ".").replace("]", "").split(".")
    place: Any = tables
    for depth, part in enumerate(parts):
        key: Any = part
        if isinstance(place, list):
            if not part.isdecimal() or int(part) >= len(place):
                allowed = f"{'.'.join(parts[:depth])} is an array of {len(place)} entries"
                last = len(place) - 1
                cure = f"name an entry from 0 to {last}" if place else "give the whole array"
                return Problem(path, shown(value), allowed, cure)
            key = int(part)
        elif not isinstance(place, dict):
            allowed = f"{'.'.join(parts[:depth])} is a value, not a table"
            return Problem(path, shown(value), allowed, "shorten the path")
        if part.isdecimal() and isinstance(place, dict):
            allowed = f"{'.'.join(parts[:depth])} is a table, not an array"
            return Problem(path, shown(value), allowed, "name a key of it")
        if depth == len(parts) - 1:
            place[key] = value
        elif isinstance(place, list):
            place = place[key]
        else:
            place = place.setdefault(key, {})
    return None


def _from_here(tables: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """The tables with the path of an initial state taken from the folder of the scenario."""
    initial = tables.get("initial")
    if isinstance(initial, Mapping) and isinstance(initial.get("path"), str):
        path = initial["path"]
        beside = folder / path
        if not Path(path).exists() and beside.exists():
            return {**tables, "initial": {**initial, "path": str(beside)}}
    return dict(tables)
