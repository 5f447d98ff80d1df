"""Queries and their intents, from lines of JSON with "text" and "intent", as bags of n-grams.

The SNIPS queries (A. Coucke et al., Snips Voice Platform, 2018) have this form.
"""

import json
import re
import zlib
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

import torch
from torch import Tensor

WORD = re.compile(r"\w+|[^\w\s]")
LONGEST = 2  # words of an n-gram


@cache
def read(
    path: str, features: int, names: tuple[str, ...] | None = None
) -> tuple[tuple[Tensor, Tensor], tuple[str, ...]]:
    """Bags (n, features) and numbers of the intents (n,), and the names of the intents.

    names : of the intents that are known already
    FileNotFoundError, ValueError: no such file, a line of another form, an unknown intent.
    """
    lines = Path(path).read_text(encoding="utf-8").splitlines()
    rows = [_row(path, number, line) for number, line in enumerate(lines, 1) if line.strip()]
    if not rows:
        raise ValueError(f"{path}: no queries in it")
    names = names or tuple(sorted({intent for _, intent in rows}))
    unknown = {intent for _, intent in rows} - set(names)
    if unknown:
        raise ValueError(
            f"{path}: intents that nothing can be learned of: {', '.join(sorted(unknown))}; give "
            "files with the same intents"
        )
    bags = torch.stack([bag(text, features) for text, _ in rows])
    return (bags, torch.tensor([names.index(intent) for _, intent in rows])), names


def bag(text: str, features: int) -> Tensor:
    """How often each n-gram of one or two words occurs, of length 1: (features,).

    An n-gram counts in the place that its checksum names; two may share one.
    """
    counts = torch.zeros(features)
    for gram in n_grams(WORD.findall(text.lower())):
        counts[zlib.crc32(gram.encode()) % features] += 1.0
    return counts / counts.norm().clamp(min=1.0)


def n_grams(words: Sequence[str]) -> Iterator[str]:
    """All runs of one to `LONGEST` words."""
    for length in range(1, LONGEST + 1):
        for place in range(len(words) - length + 1):
            yield " ".join(words[place : place + length])


def _row(path: str, number: int, line: str) -> tuple[str, str]:
    try:
        entry = json.loads(line)
        return str(entry["text"]), str(entry["intent"])
    except (ValueError, KeyError, TypeError):
        raise ValueError(
            f'{path}, line {number}: must be JSON such as {{"text": "play jazz", "intent": "Play"}}'
        ) from None
