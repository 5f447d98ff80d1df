"""Scenario tables as TOML text, and the value that a piece of TOML text stands for."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from typing import Any


def dump(tables: Mapping[str, Any]) -> str:
    """TOML text of nested tables: strings, numbers, booleans, arrays, tables.

    `tomllib.loads(dump(tables)) == tables`. TypeError: a value that TOML cannot hold.
    """
    simple = {key: value for key, value in tables.items() if not _is_table(value)}
    lines = [f"{_key(key)} = {_value(value)}" for key, value in simple.items()]
    for key, value in tables.items():
        if isinstance(value, Mapping):
            lines += _table(_key(key), value)
        elif _is_table(value):
            for entry in value:
                lines += ["", f"[[{_key(key)}]]"]
                lines += [f"{_key(name)} = {_value(item)}" for name, item in entry.items()]
    return "\n".join(lines).lstrip("\n") + "\n"


def parse_value(text: str) -> Any:
    """The value of `text` as it would stand in a file; a bare word is a string."""
    try:
        tables = tomllib.loads(f"value = {text}")
    except (ValueError, RecursionError):
        return text
    return tables["value"] if set(tables) == {"value"} else text


def _is_table(value: Any) -> bool:
    """Whether the value is written as [key] or [[key]]."""
    is_array = isinstance(value, list) and bool(value)
    return isinstance(value, Mapping) or (
        is_array and all(isinstance(entry, Mapping) for entry in value)
    )


def _table(path: str, table: Mapping[str, Any]) -> list[str]:
    """The lines of [path]; tables inside it are written in line."""
    lines = [f"{_key(key)} = {_value(value)}" for key, value in table.items()]
    return ["", f"[{path}]", *lines]


def _key(key: str) -> str:
    """The key, in quotes where it needs them."""
    is_bare = key.isascii() and key.replace("_", "").replace("-", "").isalnum()
    return key if is_bare else _text(key)


def _text(text: str) -> str:
    """A TOML basic string; its escapes are those of JSON, and DEL must be escaped too."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _value(value: Any) -> str:
    """One value in line."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, list):
        return "[" + ", ".join(map(_value, value)) + "]"
    if isinstance(value, Mapping):
        inside = ", ".join(f"{_key(key)} = {_value(item)}" for key, item in value.items())
        return f"{{ {inside} }}" if inside else "{}"
    raise TypeError(f"TOML cannot hold {value!r}")
