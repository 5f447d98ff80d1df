"""Section 4.2 of the paper on ImageNet, or on any folder of images: last layers that collide.

    python -m scenarios.training.imagenet FOLDER --model resnet50 --collision soft --device cuda

FOLDER holds train/CLASS/*.jpg and val/CLASS/*.jpg. The same command goes on with a training that
was stopped. docs/study.md tells the recipe and what it costs. It has not been run on ImageNet by
us.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.data import default_collate

from dsmc.__main__ import Parser
from dsmc.option_values import nearest, whole
from scenarios.training import image_folder
from scenarios.training.image_procedures import A2, Procedure, procedure_of
from scenarios.training.recipe import Budget, Course, Learner, Refused, seed_all
from scenarios.training.recipe_options import (
    add_options,
    carry_out,
    course_of,
    guarded,
    layers_of,
    look_for,
)

RECIPE = "imagenet"


def main(words: Sequence[str] | None = None) -> int:
    """The command line; returns the exit code."""
    options = parser().parse_args(words)
    return guarded(RECIPE, lambda: train(options))


def parser() -> Parser:
    """The options."""
    made = Parser(prog="python -m scenarios.training.imagenet", description=__doc__.split("\n")[0])
    made.add_argument("folder", metavar="FOLDER", help="images as train/CLASS/* and val/CLASS/*")
    made.add_argument("--model", metavar="NAME", default="resnet50", help="of timm (resnet50)")
    made.add_argument("--side", metavar="N", type=whole, default=224, help="pixels (224)")
    add_options(made, asdict(A2))
    return made


def train(options: argparse.Namespace) -> None:
    """One training, from the images to its last epoch."""
    learned, tested, names = image_folder.read(Path(options.folder))
    procedure = chosen(options)
    settings = {
        "model": options.model,
        "side": options.side,
        "classes": names,
        "images": [len(learned), len(tested)],
        **asdict(procedure),
    }
    course = course_of(options, RECIPE, budget_of(procedure), settings)
    look_for(("timm", "torchvision"))
    seed_all(options.seed, 0)
    model = network(options.model, len(names), procedure).to(options.device)
    learner = learner_of(course, model, procedure, (learned, tested, len(names)), options)
    carry_out(course, learner, options.quiet)


def chosen(options: argparse.Namespace) -> Procedure:
    """The procedure of the network with what the options change. Refused: odd parts."""
    given = {name: getattr(options, name) for name in ("epochs", "batch", "lr", "weight_decay")}
    found = replace(
        procedure_of(options.model), **{name: x for name, x in given.items() if x is not None}
    )
    found = replace(found, part=min(options.part or found.part, found.batch))
    parts = -(-found.batch // found.part)
    if found.batch % (2 * parts):
        raise Refused(
            f"--batch {found.batch} in {parts} parts: images are mixed in pairs; give a batch and "
            "a part so that every part is even"
        )
    return found


def budget_of(procedure: Procedure) -> Budget:
    """The budget of a procedure."""
    return Budget(
        procedure.epochs,
        procedure.batch,
        procedure.part,
        min(procedure.warmup, procedure.epochs / 2),
        "cosine",
        procedure.repeats,
        whole=True,
        averaging=procedure.averaging,
    )


def network(name: str, classes: int, procedure: Procedure) -> nn.Module:
    """A network of timm with initial weights. Refused: there is none of this name."""
    import timm

    known = timm.list_models()
    if name not in known:
        raise Refused(f"--model {name}: timm has none of this name{nearest(name, known)}")
    try:
        return timm.create_model(name, num_classes=classes, drop_path_rate=procedure.depth)
    except TypeError:  # a network without blocks that can be left out
        return timm.create_model(name, num_classes=classes)


def learner_of(
    course: Course,
    model: nn.Module,
    procedure: Procedure,
    images: tuple[image_folder.Listed, image_folder.Listed, int],
    options: argparse.Namespace,
) -> Learner:
    """The network with its optimizer, its images and its loss.

    images : to learn from, to test with, and the number of classes
    """
    from timm.optim import create_optimizer_v2

    learned, tested, classes = images
    augmented, plain = procedure.transforms(options.side)
    rates = {"lr": procedure.lr, "weight_decay": procedure.weight_decay}
    return Learner(
        model,
        layers_of(model, options.layer, model.get_classifier()),
        create_optimizer_v2(model, opt=procedure.optimizer, **rates),
        image_folder.Images(learned, augmented),
        image_folder.Images(tested, plain),
        default_collate,
        mixed_loss(model, procedure, classes, placed(course.device)),
        answering(placed(course.device)),
        ranks=(1, 5) if classes > 5 else (1,),
    )


Part = tuple[Tensor, Tensor]


def placed(device: str) -> Callable[[Part], Part]:
    """What brings images (B, 3, H, W) and labels (B,) to the device."""
    order = torch.channels_last if device == "cuda" else torch.contiguous_format

    def place(part: Part) -> Part:
        images, labels = part
        images = images.to(device, non_blocking=True, memory_format=order)
        return images, labels.to(device, non_blocking=True)

    return place


def mixed_loss(
    model: nn.Module, procedure: Procedure, classes: int, place: Callable[[Part], Part]
) -> Callable[[Any], Tensor]:
    """The loss of a part whose images are mixed with each other."""
    mix, loss = procedure.mixing(classes), procedure.loss()

    def of(part: Part) -> Tensor:
        images, labels = mix(*place(part))
        return loss(model(images), labels)

    return of


def answering(place: Callable[[Part], Part]) -> Callable[[nn.Module, Any], Part]:
    """What a network answers to a part, and the labels."""

    def ask(model: nn.Module, part: Part) -> Part:
        images, labels = place(part)
        return model(images), labels

    return ask


if __name__ == "__main__":
    sys.exit(main())
