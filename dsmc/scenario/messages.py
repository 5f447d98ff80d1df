"""What is wrong with a scenario, said so that it can be mended: key, found, allowed, cure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, time
from difflib import get_close_matches
from typing import Any, get_args

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from dsmc.scenario.suggestions import models_in, unknown_key

NOT_YET = {
    "nanbu-babovsky": "the Nanbu-Babovsky scheme is not available in this version; "
    'use scheme = "ntc"',
}
"""Values that the file format knows and this version does not: the cure for each."""

_LIMITS = {
    "greater_than": "greater than {gt}",
    "greater_than_equal": "at least {ge}",
    "less_than": "less than {lt}",
    "less_than_equal": "at most {le}",
    "too_short": "at least {min_length} entries",
    "too_long": "at most {max_length} entries",
    "string_too_short": "a text that is not empty",
    "finite_number": "a finite number",
    "float_type": "a number",
    "int_type": "an integer",
    "bool_type": "true or false",
    "string_type": 'a text in "quotes"',
    "string_pattern_mismatch": "a text of the form {pattern}",
    "string_unicode": "a text of valid characters",
    "tuple_type": "an array [...]",
}


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong: the path of the key, what was found, what is allowed, the cure."""

    path: str
    found: str
    allowed: str
    cure: str

    def __str__(self) -> str:
        head = f"{self.path} = {self.found}" if self.found else self.path
        return f"  {head}\n    {self.allowed}\n    cure: {self.cure}"


class ScenarioError(ValueError):
    """A scenario that cannot be run. `problems` lists what is wrong; str() is the whole message."""

    def __init__(self, problems: Sequence[Problem], source: str = "") -> None:
        self.problems = tuple(dict.fromkeys(problems))
        self.source = source
        super().__init__(self.problems, source)

    def __str__(self) -> str:
        count = len(self.problems)
        head = f"{self.source or 'scenario'}: {count} problem{'s' if count > 1 else ''}"
        return "\n\n".join([head, *map(str, self.problems)])


def shown(value: Any) -> str:
    """The value as it may stand in a file, shortened to fit a line."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Mapping):
        return "a table"
    if isinstance(value, list) and value and all(isinstance(item, Mapping) for item in value):
        return "an array of tables"
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, int) and abs(value) >= 10**40:
        return "an integer of more than 40 digits"
    if isinstance(value, list) and len(value) > 12:
        return f"an array of {len(value)} entries"
    if isinstance(value, str):
        text = json.dumps(value, ensure_ascii=False)
    elif isinstance(value, list):
        text = "[" + ", ".join(map(shown, value)) + "]"
    else:
        text = repr(value)
    return text if len(text) <= 70 else text[:66] + " ..."


def path_text(parts: Iterable[str | int]) -> str:
    """`species[1].mass_kg` from ("species", 1, "mass_kg")."""
    text = ""
    for part in parts:
        if isinstance(part, int):
            text += f"[{part}]"
            continue
        is_bare = part.replace("_", "").replace("-", "").isalnum()
        key = part if is_bare else json.dumps(part, ensure_ascii=False)
        text += f".{key}" if text else key
    return text


def explain(
    root: type[BaseModel], errors: Sequence[Mapping[str, Any]], data: Mapping[str, Any]
) -> list[Problem]:
    """Problems from the errors of a validation of `data` against the model `root`.

    One unsuitable array gives one problem, not one for each of its entries.
    """
    places = [tuple(error["loc"]) for error in errors]
    return [
        _problem(root, error, _without_tags(place, data), data)
        for error, place in zip(errors, places, strict=True)
        if not (error["type"] == "too_short" and _holds(place, places))
    ]


def _holds(array: tuple[str | int, ...], places: Sequence[tuple[str | int, ...]]) -> bool:
    """Whether an entry of the array is at one of the places: it is not short but unsuitable."""
    return any(len(place) > len(array) and place[: len(array)] == array for place in places)


def _problem(
    root: type[BaseModel],
    error: Mapping[str, Any],
    parts: tuple[str | int, ...],
    data: Mapping[str, Any],
) -> Problem:
    """One pydantic error in our words."""
    kind, context, value = error["type"], error.get("ctx", {}), error["input"]
    path = path_text(parts)
    if kind == "extra_forbidden":
        allowed, cure = unknown_key(root, parts, table_at(root, parts[:-1], data))
        return Problem(path, shown(value), allowed, cure)
    if kind == "union_tag_not_found":
        return Problem(f"{path}.kind", "", "missing", f"give one of: {_kinds(root, parts, data)}")
    field = field_at(root, parts, data)
    if kind == "missing":
        return _missing(root, parts, field, data)
    if kind in ("union_tag_invalid", "literal_error"):
        if kind == "union_tag_invalid":
            path, value = f"{path}.kind", context["tag"]
        expected = context.get("expected") or context["expected_tags"]
        allowed = "must be one of " + expected.replace("'", '"').replace(" or ", ", ")
        return Problem(path, shown(value), allowed, _choice_cure(value, expected))
    numbers = {k: f"{v:g}" if isinstance(v, float) else v for k, v in context.items()}
    limit = _LIMITS.get(kind, "").format(**numbers)
    if not limit:
        is_table = kind in ("model_type", "dict_type", "model_attributes_type")
        limit = "a table of keys" if is_table else str(error["msg"]).removeprefix("Value error, ")
    cure = _brackets(path, value) or _example(parts, field)
    return Problem(path, shown(value), f"must be {limit}", cure)


def _brackets(path: str, value: Any) -> str:
    """The cure of a table in double brackets, and of an array of tables in single ones."""
    if isinstance(value, list) and value and isinstance(value[0], Mapping):
        return f"write [{path}], once, in single brackets"
    if isinstance(value, Mapping) and path == "species":
        return "write [[species]] in double brackets, once for each species"
    return ""


def _missing(
    root: type[BaseModel],
    parts: tuple[str | int, ...],
    field: FieldInfo | None,
    data: Mapping[str, Any],
) -> Problem:
    """A key that is not there, or an array with too few entries."""
    if isinstance(parts[-1], int):
        array = parts[:-1]
        value = data
        for part in array:
            value = value[part]  # type: ignore[index]
        return Problem(path_text(array), shown(value), "must be 3 entries", _example(array, field))
    return Problem(path_text(parts), "", "missing", _example(parts, field))


def _choice_cure(value: Any, expected: str) -> str:
    """What to write in place of an unknown word."""
    if isinstance(value, str):
        if value in NOT_YET:
            return NOT_YET[value]
        if value == "diffuse":  # known for one face, not as the kind of both
            face = '{ kind = "diffuse", temperature_K = 300 }'
            return f"write both faces: low = {face}, high = {face}"
        words = expected.replace(" or ", ", ").replace("'", "").split(", ")
        close = get_close_matches(value.lower(), words, n=1, cutoff=0.4)
        if close:
            return f'did you mean "{close[0]}"?'
    return "choose one of them"


def _example(parts: tuple[str | int, ...], field: FieldInfo | None) -> str:
    """A cure that shows the key with a value that would do."""
    key = next((part for part in reversed(parts) if isinstance(part, str)), "")
    if field is None:
        return f"write {key} as a table" if key else "see `dsmc schema`"
    told = f"{field.description}, " if field.description else ""
    if not field.examples:
        return f"{told}see `dsmc schema`"
    value = field.examples[0]
    if isinstance(value, dict):
        inside = ", ".join(f"{name} = {shown(item)}" for name, item in value.items())
        if len(parts) == 1:
            return f"{told}for instance [{key}] with {inside}"
        return f"{told}for instance {key} = {{ {inside} }}"
    return f"{told}for instance {key} = {shown(value)}"


def _of_kind(model: type[BaseModel], kind: Any) -> bool:
    """Whether `kind = ...` in a table selects this model."""
    field = model.model_fields.get("kind")
    return field is not None and isinstance(kind, str) and kind in get_args(field.annotation)


def table_at(
    root: type[BaseModel], parts: Sequence[str | int], data: Any
) -> tuple[type[BaseModel], ...]:
    """The models that the table at a path may be: one, or several if its kind is unknown."""
    tables: tuple[type[BaseModel], ...] = (root,)
    for part in parts:
        data = _inside(data, part)
        if isinstance(part, int):
            continue
        fields = [table.model_fields[part] for table in tables if part in table.model_fields]
        found = [model for field in fields for model in models_in(field.annotation)]
        tables = tuple(dict.fromkeys(found))
        kind = data.get("kind") if isinstance(data, Mapping) else None
        tables = tuple(table for table in tables if _of_kind(table, kind)) or tables
    return tables


def field_at(
    root: type[BaseModel], parts: Sequence[str | int], data: Mapping[str, Any]
) -> FieldInfo | None:
    """The field that a path names, None if there is none."""
    names = [place for place, part in enumerate(parts) if isinstance(part, str)]
    if not names:
        return None
    last = names[-1]
    for table in table_at(root, parts[:last], data):
        if parts[last] in table.model_fields:
            return table.model_fields[str(parts[last])]
    return None


def _kinds(root: type[BaseModel], parts: Sequence[str | int], data: Mapping[str, Any]) -> str:
    """The kinds that a table may have."""
    fields = (table.model_fields.get("kind") for table in table_at(root, parts, data))
    words = [word for field in fields if field for word in get_args(field.annotation)]
    return ", ".join(f'kind = "{word}"' for word in words)


def _inside(data: Any, part: str | int) -> Any:
    """data[part], None if there is none."""
    if isinstance(part, int):
        return data[part] if isinstance(data, list) and part < len(data) else None
    return data.get(part) if isinstance(data, Mapping) else None


def _without_tags(location: Sequence[str | int], data: Any) -> tuple[str | int, ...]:
    """The path of keys: pydantic also names the kind of a table, which is no key."""
    parts: list[str | int] = []
    is_named = False  # whether the kind of the present table has been passed
    for part in location:
        if isinstance(data, Mapping) and part == data.get("kind") and not is_named:
            is_named = True
            continue
        parts.append(part)
        data, is_named = _inside(data, part), False
    return tuple(parts)
