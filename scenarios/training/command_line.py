"""The command line of a study: its options, and its errors in one line."""

import argparse
import sys
from collections.abc import Callable

import torch

from dsmc.__main__ import USER_ERROR, Parser, whole


def parser(name: str, seeds: int, epochs: int) -> Parser:
    """The options of a study, with what it does if nothing is said."""
    made = Parser(prog=f"python -m scenarios.training.{name}")
    made.add_argument(
        "--seeds", metavar="N", type=several, default=seeds, help=f"repetitions ({seeds})"
    )
    made.add_argument(
        "--epochs", metavar="N", type=whole, default=epochs, help=f"of each training ({epochs})"
    )
    made.add_argument(
        "--out", metavar="DIR", default=f"runs/{name}", help=f"folder of the pictures (runs/{name})"
    )
    return made


def several(text: str) -> int:
    """A whole number of at least two: one seed has no standard error."""
    number = whole(text)
    if number < 2:
        raise argparse.ArgumentTypeError(f"{text!r}: a standard error needs at least 2 seeds")
    return number


def run(name: str, execute: Callable[[], None]) -> int:
    """Carry out a study on one thread: more would only wait for each other in layers so small.

    What the user can mend becomes a message and exit code 2.
    """
    torch.set_num_threads(1)
    try:
        execute()
    except (OSError, ModuleNotFoundError) as failure:
        print(f"{name}: {failure}", file=sys.stderr)
        return USER_ERROR
    return 0
