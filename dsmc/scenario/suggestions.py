"""The key that was meant: the nearest known one, the one with its unit, the section it is of."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from typing import Any, get_args

from pydantic import BaseModel

UNITS = {
    "_m_s2": "metres per second squared",
    "_m_s": "metres per second",
    "_kg_s": "kilograms per second",
    "_per_s": "per second",
    "_m3": "per cubic metre",
    "_kg": "kilograms",
    "_mct": "mean collision times",
    "_Pa": "pascals",
    "_K": "kelvin",
    "_m": "metres",
    "_s": "seconds",
}
"""The unit that each ending of a key stands for, longer endings first."""

DIFFUSE = ("temperature_K", "accommodation", "velocity_m_s")
"""What only a face with kind = "diffuse" has."""

_OTHER_UNITS = (
    *UNITS, "_mm", "_um", "_nm", "_cm", "_km", "_ms", "_us", "_ns", "_cm3", "_C", "_eV", "_g",
    "_u", "_km_s", "_angstrom",
)  # fmt: skip


def models_in(annotation: Any) -> Iterable[type[BaseModel]]:
    """The models that an annotation admits, in order."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in get_args(annotation):
        yield from models_in(argument)


def unit_of(key: str) -> str:
    """The unit that a key's ending names, in words; empty for a pure number."""
    return next((UNITS[ending] for ending in UNITS if key.endswith(ending)), "")


def unknown_key(
    root: type[BaseModel], parts: Sequence[str | int], tables: Sequence[type[BaseModel]]
) -> tuple[str, str]:
    """What is allowed in place of an unknown key, and the cure.

    root : the model of the whole file; parts : path of the key; tables : models of its table
    """
    key = str(parts[-1])
    known = list(dict.fromkeys(name for table in tables for name in table.model_fields))
    names = [part for part in parts[:-1] if isinstance(part, str)]
    place = f"[{'.'.join(names)}]" if names else "the top level"
    return f"unknown key; known in {place}: {', '.join(known)}", _cure(root, key, known, names)


def _cure(root: type[BaseModel], key: str, known: list[str], place: Sequence[str]) -> str:
    """The best guess at what was meant."""
    if place[:1] == ["boundaries"] and key in DIFFUSE:
        return f'{key} belongs to one face: low = {{ kind = "diffuse", {key} = ... }}'
    same = [name for name in known if _stem(name) == _stem(key)]
    if same:
        unit = unit_of(same[0])
        told = f"the unit ({unit}, SI) is part of the key" if unit else "without a unit"
        others = "".join(f"; or {name} ({unit_of(name)})" for name in same[1:])
        return f"write {same[0]}: {told}{others}"
    close = get_close_matches(key, known, n=1, cutoff=0.7)
    if close:
        return f"did you mean {close[0]}?"
    elsewhere = homes(root, key)
    if elsewhere:
        return f"{key} belongs in {' or '.join(elsewhere)}"
    close = get_close_matches(key.lower(), known, n=1, cutoff=0.45)
    if close:
        return f"did you mean {close[0]}? Otherwise remove {key}"
    return f"remove {key}"


def homes(root: type[BaseModel], key: str) -> list[str]:
    """The tables of the file, and the kinds of tables, where the key is known."""
    found = []
    for section, field in root.model_fields.items():
        models = list(models_in(field.annotation))
        for model in models:
            if key in model.model_fields:
                kind = model.model_fields.get("kind")
                word = getattr(kind.annotation, "__args__", ("",))[0] if kind else ""
                told = f' with kind = "{word}"' if word and len(models) > 1 else ""
                found.append(f"[{section}]{told}")
    return found if len(found) <= 3 else [found[0].split(" with ")[0]]


def _stem(key: str) -> str:
    """The key without its unit, in lower case."""
    for ending in sorted(_OTHER_UNITS, key=len, reverse=True):
        if key.endswith(ending) and len(key) > len(ending):
            return key.removesuffix(ending).lower()
    return key.lower()
