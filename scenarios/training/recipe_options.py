"""The command line that recipes share: which collision, how long, where, and how to refuse."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping
from dataclasses import fields
from importlib import import_module
from pathlib import Path
from typing import Any

import torch
from rich.console import Console
from torch import nn

from bridge.collisions import Collision
from dsmc import disk
from dsmc.__main__ import Parser
from dsmc.endings import INTERRUPTED, USER_ERROR
from dsmc.option_values import nearest, positive, whole
from dsmc.progress import Progress
from scenarios.training.method_sections import COLLISIONS
from scenarios.training.recipe import PRECISIONS, RESULTS, Budget, Course, Learner, Refused, Row

EXTRA = "pip install '.[recipes]'"
NO_COLLISION = "none"
STRENGTHS: dict[str, dict[str, Any]] = {
    "soft": {"coll_coef": 0.1},
    "hard": {"partners": 1.0},
    "ntc": {"rate": 1.0},
    "pair-potential": {"strength": 1e-2},
}
"""What a collision is made with where nothing is given; the paper names no value."""

NUMBERS = {
    "coll_coef": "strength of soft (0.1), threshold of hard collisions",
    "partners": "of hard collisions, in place of --coll-coef: of a neuron (1)",
    "rate": "of ntc: collisions per neuron and step (1)",
    "strength": "of pair-potential (0.01)",
    "max_gain": "of soft and hard: largest growth of the gradient, or none as in the paper (2)",
}


def from_zero(text: str) -> int:
    """A whole number, 0 or more."""
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of at least 0")
    return int(text)


def strength(text: str) -> float | None:
    """A number, or none; the collision says which numbers it takes."""
    if text == "none":
        return None
    try:
        return float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is neither a number nor none") from None


def add_options(parser: Parser, defaults: Mapping[str, object]) -> None:
    """The options that all recipes have.

    defaults : what stands in the help for epochs, batch, part, lr and weight_decay
    """
    add = parser.add_argument
    add("--collision", choices=(*COLLISIONS, NO_COLLISION), default=NO_COLLISION, help="(none)")
    for name, told in NUMBERS.items():
        add(option(name), metavar="X", type=strength, default=argparse.SUPPRESS, help=told)
    add("--layer", metavar="NAME", action="append", help="whose neurons collide (the last one)")
    add("--epochs", metavar="N", type=whole, help=f"({defaults['epochs']})")
    add("--batch", metavar="N", type=whole, help=f"samples of a step ({defaults['batch']})")
    add("--part", metavar="N", type=whole, help=f"samples at once ({defaults['part']})")
    add("--lr", metavar="X", type=positive, help=f"highest learning rate ({defaults['lr']})")
    add("--weight-decay", metavar="X", type=float, help=f"({defaults['weight_decay']})")
    add("--seed", metavar="N", type=from_zero, default=0, help="of all that is random (0)")
    add("--device", choices=("cpu", "cuda"), default="cpu", help="where to train (cpu)")
    add("--precision", choices=(*PRECISIONS,), help="(bfloat16 on cuda, float32 on cpu)")
    add("--workers", metavar="N", type=from_zero, default=0, help="processes that read (0)")
    add("-o", "--output", metavar="DIR", help="folder of the results (runs/RECIPE-…)")
    add("--quiet", action="store_true", help="show no progress")


def option(name: str) -> str:
    """The option of a parameter: `--coll-coef` of coll_coef."""
    return "--" + name.replace("_", "-")


def collision_of(options: argparse.Namespace) -> Collision | None:
    """The collision that was asked for. Refused: numbers that it does not have or take."""
    given = {name: getattr(options, name) for name in NUMBERS if hasattr(options, name)}
    kind = COLLISIONS.get(options.collision)
    known = [] if kind is None else [field.name for field in fields(kind) if field.name in NUMBERS]
    foreign = [option(name) for name in given if name not in known]
    if foreign:
        own = ", ".join(map(option, known)) or "no numbers"
        raise Refused(f"{foreign[0]}: --collision {options.collision} takes {own}")
    if kind is None:
        return None
    first = {} if {"coll_coef", "partners", "rate", "strength"} & set(given) else STRENGTHS
    try:
        return kind(**first.get(options.collision, {}) | given)
    except ValueError as refused:
        raise Refused(str(refused)) from None


def look_for(libraries: tuple[str, ...]) -> None:
    """Refused: one of the libraries is not installed, or does not load."""
    for library in libraries:
        try:
            import_module(library)
        except ModuleNotFoundError as missing:
            raise Refused(f"{missing.name or library} is not installed: {EXTRA}") from None
        except (ImportError, OSError, RuntimeError) as failure:
            raise Refused(
                f"{library} does not load ({failure}); torch and torchvision must belong together: "
                "install both from the same place"
            ) from None


def layers_of(
    model: nn.Module, names: list[str] | None, last: nn.Module
) -> dict[str, nn.Parameter]:
    """The weights of the named modules, of `last` where none is named.

    Refused: no such module, or one without neurons.
    """
    modules = dict(model.named_modules())
    known = [name for name, module in modules.items() if _has_neurons(module)]
    names = names or [name for name, module in modules.items() if module is last]
    wrong = [name for name in names if name not in known]
    if wrong or not names:
        which = wrong[0] if wrong else "the last layer"
        ends = ", ".join(known[-3:])
        raise Refused(
            f"--layer {which}: no layer with neurons{nearest(which, known)}; the last are {ends}"
        )
    return {name: modules[name].weight for name in dict.fromkeys(names)}


def _has_neurons(module: nn.Module) -> bool:
    weight = getattr(module, "weight", None)
    return isinstance(weight, nn.Parameter) and weight.ndim >= 2 and len(weight) >= 2


def course_of(
    options: argparse.Namespace, recipe: str, budget: Budget, settings: Mapping[str, Any]
) -> Course:
    """The training that the options describe. Refused: there is no such device.

    settings : what decides the training, besides what all recipes have
    """
    if options.device == "cuda" and not torch.cuda.is_available():
        raise Refused("--device cuda: no such device on this machine; leave --device away")
    if options.weight_decay is not None and not options.weight_decay >= 0.0:
        raise Refused(f"--weight-decay {options.weight_decay}: must be 0 or more")
    precision = options.precision or ("bfloat16" if options.device == "cuda" else "float32")
    collision = collision_of(options)
    name = "-".join([recipe, Path(options.model).name, options.collision, str(options.seed)])
    folder = Path(options.output or f"runs/{name}")
    whole = {
        "recipe": recipe,
        **settings,
        "collision": repr(collision),
        "layers": options.layer,
        "seed": options.seed,
        "precision": precision,
        **{field.name: getattr(budget, field.name) for field in fields(budget)},
    }
    shared = options.seed, folder, whole, options.device, precision, options.workers
    return Course(budget, collision, *shared)


def carry_out(course: Course, learner: Learner, quiet: bool) -> None:
    """Train; tell on stderr how it goes and where the results are, and on stdout what they are."""
    try:
        course.folder.mkdir(parents=True, exist_ok=True)
    except OSError as failure:
        raise disk.refusal(failure, course.folder) from failure
    console = Console(stderr=True)
    total = course.budget.epochs * course.budget.steps(len(learner.learned))

    def tell(row: Row) -> None:
        if not quiet:
            console.print(line(row, course.budget.epochs), highlight=False, soft_wrap=True)

    with Progress(total, "steps", console, quiet=quiet, patience=1.0) as progress:
        rows = course.carry_out(learner, lambda done: progress.update(done, lambda: None), tell)
    print(course.folder / RESULTS, file=sys.stderr)
    print(line(rows[-1], course.budget.epochs))


def line(row: Row, epochs: int) -> str:
    """What an epoch has come to, in a line."""
    shares = {name: row[name] for name in row if name.startswith(("tested_acc", "tested_top"))}
    told = [f"{name} {100.0 * share:.2f} %" for name, share in shares.items()]
    head = f"epoch {row['epoch']:g} of {epochs}  learned_loss {row['learned_loss']:.4g}"
    return "  ".join([head, f"tested_loss {row['tested_loss']:.4g}", *told])


def guarded(recipe: str, work: Callable[[], None]) -> int:
    """Do the work; the exit code. What the user can mend becomes a line on stderr."""
    try:
        work()
    except KeyboardInterrupt:
        print("stopped; finished epochs are kept, the same command goes on", file=sys.stderr)
        return INTERRUPTED
    except (Refused, OSError) as refused:
        reason = str(refused).strip().splitlines()[-1]  # a worker's own report comes before it
        print(f"{recipe}: {reason.rpartition('.Refused: ')[2]}", file=sys.stderr)
        return USER_ERROR
    return 0
