"""A pretrained sentence encoder: its tokens, and the network that is tuned from it.

Section 4.2 of the paper tunes BERT; here an encoder small enough for a processor takes its place.
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass
from functools import cache
from typing import Any

import torch
from torch import Tensor, nn

EXTRA = "it comes with: pip install '.[recipes]'"


@dataclass(frozen=True)
class Tokens:
    """Texts as the numbers of their tokens in the vocabulary of an encoder.

    encoder : folder of a checkpoint; length : tokens of a text, of which the rest is left out
    """

    encoder: str
    length: int

    def of(self, texts: Sequence[str]) -> Tensor:
        """The numbers of the tokens of every text, (n, length), filled up with padding.

        ModuleNotFoundError, ValueError: no transformers, no checkpoint there.
        """
        tokenizer = pretrained(self.encoder)[0]
        longest = min(self.length, tokenizer.model_max_length)
        made = tokenizer(list(texts), truncation=True, max_length=longest, padding="max_length")
        return torch.tensor(made["input_ids"])


class Encoder(nn.Module):
    """A pretrained encoder, the mean over the tokens of a text, and a new linear layer `out`.

    The mean is what sentence encoders are trained with: N. Reimers, I. Gurevych, Sentence-BERT,
    EMNLP (2019). Dropout within the encoder is its own.

    folder : of a checkpoint
    """

    def __init__(self, folder: str, outputs: int):
        super().__init__()
        tokenizer, encoder = pretrained(folder)
        self.padding = tokenizer.pad_token_id
        self.encoder, self.dropout = deepcopy(encoder), nn.Dropout(0.0)
        self.out = nn.Linear(encoder.config.hidden_size, outputs)

    @property
    def weights(self) -> dict[str, nn.Parameter]:
        """The weights (outputs, D) of the new layer."""
        return {"out": self.out.weight}

    def forward(self, x: Tensor) -> Tensor:
        """Outputs (B, outputs) of the numbers of tokens (B, length)."""
        there = x != self.padding
        longest = int(there.sum(1).max())  # of these texts
        x, there = x[:, :longest], there[:, :longest].long()
        found = self.encoder(input_ids=x, attention_mask=there).last_hidden_state
        share = there / there.sum(1, keepdim=True)
        return self.out(self.dropout(torch.einsum("bt,btd->bd", share, found)))


@cache
def pretrained(folder: str) -> tuple[Any, nn.Module]:
    """Tokenizer and network of a checkpoint. ModuleNotFoundError, ValueError: there is none."""
    try:
        return checkpoint(folder, "AutoModel", local=True)
    except ModuleNotFoundError as missing:
        raise ModuleNotFoundError(
            f"{missing.name} is not installed; {EXTRA}", name=missing.name
        ) from None


def checkpoint(name: str, kind: str, local: bool = False, **options: Any) -> tuple[Any, nn.Module]:
    """Tokenizer and network of a checkpoint of transformers. ValueError: there is none.

    name : a folder, or, unless `local`, a name on the hub; kind : class that makes the network
    """
    import transformers
    from transformers.utils import logging

    logging.set_verbosity_error()  # a new last layer is what is wanted
    logging.disable_progress_bar()
    try:
        return (
            transformers.AutoTokenizer.from_pretrained(name, local_files_only=local),
            getattr(transformers, kind).from_pretrained(
                name, local_files_only=local, dtype=torch.float32, **options
            ),
        )
    except (OSError, ValueError, ImportError) as failure:  # ImportError: of a reader of other files
        reason = str(failure).strip().split("\n")[0]
        hub = "" if local else ", or its name on the hub if this machine reaches it"
        raise ValueError(
            f"{name}: no checkpoint to be found ({reason}); give the folder of a checkpoint "
            f"(config.json, weights and vocabulary){hub}"
        ) from None
