"""What the networks of the studies learn from, split by the seed; no data lie in the repository."""

from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import torch
from torch import Tensor

from scenarios.training import cifar10, intents
from scenarios.training.encoder import Tokens
from scenarios.training.intents import Bags
from scenarios.training.streams import stream

TESTED = 797  # digits that nothing is chosen by; 1000 are left
Part = tuple[Tensor, Tensor]  # inputs (n, ...) and labels (n,), or values (n, 1)


@dataclass(frozen=True)
class Data:
    """One split of a data set.

    learned : what the network learns from; validated : what its settings are chosen by; tested :
        what it is judged by, and nothing else
    classes : number of labels; 0 where numbers are to be fitted
    augment : images are shifted and mirrored at random whenever they are learned from
    encoder : folder of the encoder whose tokens the inputs are
    """

    learned: Part
    validated: Part
    tested: Part
    classes: int
    augment: bool = False
    encoder: str | None = None

    def to(self, device: str) -> "Data":
        """The same on another device."""
        parts = ("learned", "validated", "tested")
        moved = {part: tuple(each.to(device) for each in getattr(self, part)) for part in parts}
        return replace(self, **moved)


def load(section: Any, seed: int) -> Data:
    """The data that a section [data] of a study describes, split by the seed.

    FileNotFoundError, ModuleNotFoundError, ValueError: it is not there or not what it should be;
    the message says what to do.
    """
    generator = stream(seed, "data")
    found = _LOADERS[section.kind](section, generator)
    noise = getattr(section, "label_noise", 0.0)
    if noise == 0.0:
        return found
    x, labels = found.learned
    return replace(found, learned=(x, noisy(labels, found.classes, noise, generator)))


def noisy(labels: Tensor, classes: int, share: float, generator: torch.Generator) -> Tensor:
    """The labels with this share of them replaced by one of the other classes.

    labels : (n,)
    """
    wrong = torch.randperm(len(labels), generator=generator)[: round(share * len(labels))]
    shift = torch.randint(1, classes, (len(wrong),), generator=generator)
    labels = labels.clone()
    labels[wrong] = (labels[wrong] + shift) % classes
    return labels


def split(whole: Part, sizes: list[int], generator: torch.Generator, name: str) -> list[Part]:
    """Disjoint random parts of these sizes. ValueError: there are not so many."""
    x, y = whole
    if sum(sizes) > len(x):
        raise ValueError(f"{name} has {len(x)} samples, not {sum(sizes)}: ask for fewer")
    order = torch.randperm(len(x), generator=generator)
    places = order[: sum(sizes)].split(sizes)
    return [(x[place], y[place]) for place in places]


def _digits(section: Any, generator: torch.Generator) -> Data:
    known, tested = held_out_digits()
    sizes = [section.learn, section.validate_with]
    return Data(*split(known, sizes, generator, "digits"), tested, classes=10)


@cache
def held_out_digits() -> tuple[Part, Part]:
    """The digits to learn from or to validate with, and those to be tested: the same of any seed.

    What one seed chooses a setting by must not be what another one is judged by.
    """
    whole = digit_images()
    sizes = [len(whole[0]) - TESTED, TESTED]
    known, tested = split(whole, sizes, stream(0, "held-out digits"), "digits")
    return known, tested


@cache
def digit_images() -> Part:
    """scikit-learn's 1797 images, (64,) each in [0, 1], and the digits they show."""
    try:
        from sklearn.datasets import load_digits
    except ImportError:
        raise ModuleNotFoundError(
            "the digits come with scikit-learn, which is not installed: pip install '.[study]'",
            name="sklearn",
        ) from None
    images, shown = load_digits(return_X_y=True)
    return torch.tensor(images, dtype=torch.float32) / 16, torch.tensor(shown)


def _sines(section: Any, generator: torch.Generator) -> Data:
    """Σ_k 3.5 sin(5 x_k + 1), x uniform on [-4, 2]^5: section 4.1 of the paper."""

    def sample(count: int) -> Part:
        x = 6.0 * torch.rand(count, 5, generator=generator) - 4.0
        return x, (3.5 * torch.sin(5.0 * x + 1.0)).sum(1, keepdim=True)

    sizes = (section.learn, section.validate_with, section.test_with)
    return Data(*map(sample, sizes), classes=0)


def _intents(section: Any, generator: torch.Generator) -> Data:
    form = Bags(section.features)
    if section.encoder is not None:
        form = Tokens(section.encoder, section.tokens)
    known, names = intents.read(section.train, form)
    tested, _ = intents.read(section.test, form, names)
    sizes = [section.learn, section.validate_with]
    learned, validated = split(known, sizes, generator, section.train)
    return Data(learned, validated, tested, classes=len(names), encoder=section.encoder)


def _cifar10(section: Any, generator: torch.Generator) -> Data:
    known, tested = cifar10.read(section.path)
    sizes = [section.learn, section.validate_with]
    learned, validated = split(known, sizes, generator, section.path)
    return Data(learned, validated, tested, classes=10, augment=section.augment)


_LOADERS = {"digits": _digits, "sines": _sines, "intents": _intents, "cifar10": _cifar10}
