"""Labelled texts, or pairs of texts: lines of JSON, or tab-separated values with a head line.

    {"text": "play jazz", "label": "PlayMusic"}

Pairs have `text_b` besides. The label may be called `intent`, as in the SNIPS queries.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

LABELS = ("label", "intent")
LINE = '{"text": "play jazz", "intent": "Play"}'


@dataclass(frozen=True)
class Text:
    """A text, the one that belongs to it if there is one, and its label."""

    text: str
    text_b: str | None
    label: str


def read(path: str | Path) -> list[Text]:
    """All texts of a file.

    OSError, ValueError: it cannot be read, has lines of another form, or none; the message says so.
    """
    path = Path(path)
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError:
        raise ValueError(f"{path}: is not written in UTF-8; convert it") from None
    rows = _table(path, lines) if path.suffix.lower() in (".tsv", ".tab") else _objects(path, lines)
    found = list(rows)
    if not found:
        raise ValueError(f"{path}: no texts in it")
    pairs = sum(each.text_b is not None for each in found)
    if pairs not in (0, len(found)):
        raise ValueError(f"{path}: {pairs} of {len(found)} have a text_b: give all or none of them")
    return found


def _objects(path: Path, lines: list[str]) -> Iterator[Text]:
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            yield _text(json.loads(line))
        except (ValueError, KeyError, TypeError):
            raise ValueError(f"{path}, line {number}: must be JSON such as {LINE}") from None


def _table(path: Path, lines: list[str]) -> Iterator[Text]:
    rows = csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)
    if not {"text"} <= set(rows.fieldnames or ()) or not {*LABELS} & set(rows.fieldnames or ()):
        raise ValueError(f"{path}: its first line must name the columns text and label")
    for number, row in enumerate(rows, 2):
        try:
            yield _text(row)
        except (KeyError, TypeError):
            raise ValueError(f"{path}, line {number}: has fewer columns than the first") from None


def _text(entry: Mapping[str, Any]) -> Text:
    """A text from its columns. KeyError, TypeError: one is missing."""
    label = next((entry[name] for name in LABELS if name in entry), None)
    if label is None or not isinstance(entry["text"], str):
        raise TypeError("no text, or no label")
    other = entry.get("text_b")
    return Text(entry["text"], None if other is None else str(other), str(label))
