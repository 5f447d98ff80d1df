"""Queries and their intents, from the lines that `texts` reads, as bags of n-grams or as tokens.

The SNIPS queries (A. Coucke et al., Snips Voice Platform, 2018) have this form.
"""

import re
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

import torch
from torch import Tensor

from scenarios.training import texts
from scenarios.training.encoder import Tokens

WORD = re.compile(r"\w+|[^\w\s]")
LONGEST = 2  # words of an n-gram


@dataclass(frozen=True)
class Bags:
    """Texts as bags of n-grams, which are counted in so many places."""

    features: int

    def of(self, texts: Sequence[str]) -> Tensor:
        """The bag of every text, (n, features)."""
        return torch.stack([bag(text, self.features) for text in texts])


@cache
def read(
    path: str, form: Bags | Tokens, names: tuple[str, ...] | None = None
) -> tuple[tuple[Tensor, Tensor], tuple[str, ...]]:
    """Queries (n, ...) and numbers of their intents (n,), and the names of the intents.

    form : what becomes of the words; names : of the intents that are known already
    FileNotFoundError, ValueError: no such file, a line of another form, an unknown intent.
    """
    rows = texts.read(path)
    names = names or tuple(sorted({query.label for query in rows}))
    unknown = {query.label for query in rows} - set(names)
    if unknown:
        raise ValueError(
            f"{path}: intents that nothing can be learned of: {', '.join(sorted(unknown))}; give "
            "files with the same intents"
        )
    labels = torch.tensor([names.index(query.label) for query in rows])
    return (form.of([query.text for query in rows]), labels), names


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
