"""Section 4.2 of the paper on texts: a pretrained encoder is tuned, and its last layer collides.

    python -m scenarios.training.bert train.jsonl test.jsonl --model bert-base-uncased \\
        --collision soft --device cuda

The files hold lines such as {"text": "play jazz", "label": "PlayMusic"}. The same command goes on
with a training that was stopped. docs/study.md tells the recipe and what it costs. It has not been
run on IMDB or Snips by us.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from dsmc.__main__ import Parser
from dsmc.option_values import whole
from scenarios.training import texts
from scenarios.training.encoder import checkpoint
from scenarios.training.recipe import Budget, Learner, Refused, seed_all
from scenarios.training.recipe_options import (
    add_options,
    carry_out,
    course_of,
    guarded,
    layers_of,
    look_for,
)
from scenarios.training.texts import Text

RECIPE = "bert"
Encoded = tuple[dict[str, list[int]], int]  # numbers of the tokens, and of the label


@dataclass(frozen=True)
class Tuning:
    """How an encoder is tuned.

    epochs and AdamW are the paper's. It is silent about the rest, which is that of J. Devlin et
    al., BERT (2019), appendix A.3 (batch, learning rate) and their run_classifier.py (the others):
    a learning rate that rises in a tenth of the steps and falls in a straight line, decay of
    matrices only, gradients of norm 1 at most.

    tokens : of a text, of which the rest is left out; warmup : share of the steps
    """

    epochs: int = 10
    batch: int = 32
    part: int = 32
    lr: float = 2e-5
    weight_decay: float = 0.01
    tokens: int = 512
    warmup: float = 0.1
    clip: float = 1.0


def main(words: Sequence[str] | None = None) -> int:
    """The command line; returns the exit code."""
    options = parser().parse_args(words)
    return guarded(RECIPE, lambda: train(options))


def parser() -> Parser:
    """The options."""
    made = Parser(prog="python -m scenarios.training.bert", description=__doc__.split("\n")[0])
    made.add_argument("train", metavar="TRAIN", help="texts to learn from: .jsonl, or .tsv")
    made.add_argument("test", metavar="TEST", help="texts to test with")
    made.add_argument(
        "--model", metavar="NAME", default="bert-base-uncased",
        help="folder of a checkpoint, or its name on the hub (bert-base-uncased)",
    )  # fmt: skip
    made.add_argument("--tokens", metavar="N", type=whole, help="longest text (512)")
    add_options(made, asdict(Tuning()))
    return made


def train(options: argparse.Namespace) -> None:
    """One training, from the texts to its last epoch."""
    learned, tested = read(options.train), read(options.test)
    names = labels_of(learned, tested)
    given = {name: getattr(options, name, None) for name in asdict(Tuning())}
    tuning = replace(Tuning(), **{name: x for name, x in given.items() if x is not None})
    warmup = tuning.warmup * tuning.epochs
    budget = Budget(tuning.epochs, tuning.batch, tuning.part, warmup, "linear", clip=tuning.clip)
    settings = {
        "model": options.model,
        "labels": names,
        "texts": [len(learned), len(tested)],
        **asdict(tuning),
    }
    course = course_of(options, RECIPE, budget, settings)
    look_for(("transformers",))
    seed_all(options.seed, 0)
    tokenizer, model = pretrained(options.model, len(names))
    parts = [encoded(tokenizer, part, names, tuning.tokens) for part in (learned, tested)]
    layers = layers_of(model, options.layer, last_layer(model))
    learner = learner_of(model.to(options.device), layers, parts, padded(tokenizer), tuning)
    carry_out(course, learner, options.quiet)


def read(path: str) -> list[Text]:
    """The texts of a file. Refused: it cannot be read, or holds something else."""
    try:
        return texts.read(path)
    except ValueError as refused:
        raise Refused(str(refused)) from None


def labels_of(learned: list[Text], tested: list[Text]) -> list[str]:
    """The labels in order. Refused: one alone, or one to be tested that nothing is learned of."""
    names = sorted({each.label for each in learned})
    if len(names) < 2:
        raise Refused(f"all texts to learn from have the label {names[0]}; give two or more")
    unknown = sorted({each.label for each in tested} - set(names))
    if unknown:
        raise Refused(f"labels that nothing can be learned of: {', '.join(unknown[:5])}")
    if (learned[0].text_b is None) != (tested[0].text_b is None):
        raise Refused("one file has text_b and the other has none; give pairs in both, or in none")
    return names


def pretrained(name: str, labels: int) -> tuple[Any, nn.Module]:
    """Tokenizer and network of a checkpoint, with a new last layer. Refused: there is none."""
    kind = "AutoModelForSequenceClassification"
    try:
        return checkpoint(name, kind, num_labels=labels, ignore_mismatched_sizes=True)
    except ValueError as failure:
        raise Refused(f"--model {failure}") from None


def encoded(tokenizer: Any, found: list[Text], names: list[str], tokens: int) -> list[Encoded]:
    """Numbers of the tokens of every text, and the number of its label."""
    others = None if found[0].text_b is None else [each.text_b for each in found]
    longest = min(tokens, tokenizer.model_max_length)
    first = [each.text for each in found]
    made = tokenizer(first, others, truncation=True, max_length=longest)
    return [
        ({key: made[key][number] for key in made}, names.index(each.label))
        for number, each in enumerate(found)
    ]


def padded(tokenizer: Any) -> Callable[[list[Encoded]], Any]:
    """What makes a part of a batch of encoded texts: all as long as the longest of them."""

    def collate(rows: list[Encoded]) -> tuple[dict[str, Tensor], Tensor]:
        inputs = tokenizer.pad([row for row, _ in rows], return_tensors="pt")
        return dict(inputs), torch.tensor([label for _, label in rows])

    return collate


def learner_of(
    model: nn.Module,
    layers: dict[str, nn.Parameter],
    parts: list[list[Encoded]],
    collate: Callable[[list[Encoded]], Any],
    tuning: Tuning,
) -> Learner:
    """The network with its optimizer, its texts and its loss.

    parts : texts to learn from and to test with
    """
    device = next(model.parameters()).device

    def ask(model: nn.Module, part: Any) -> tuple[Tensor, Tensor]:
        inputs, labels = part
        inputs = {key: each.to(device, non_blocking=True) for key, each in inputs.items()}
        return model(**inputs).logits, labels.to(device, non_blocking=True)

    def loss(part: Any) -> Tensor:
        return cross_entropy(*ask(model, part))

    return Learner(model, layers, optimizer_of(model, tuning), *parts, collate, loss, ask)


def last_layer(model: nn.Module) -> nn.Module:
    """The sequence classification head: the last linear layer."""
    return [module for module in model.modules() if isinstance(module, nn.Linear)][-1]


def optimizer_of(model: nn.Module, tuning: Tuning) -> torch.optim.AdamW:
    """AdamW that decays matrices and leaves biases and norms alone."""
    weights = [weight for weight in model.parameters() if weight.requires_grad]
    groups = [
        {"params": [w for w in weights if w.ndim >= 2], "weight_decay": tuning.weight_decay},
        {"params": [w for w in weights if w.ndim < 2], "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=tuning.lr)


if __name__ == "__main__":
    sys.exit(main())
