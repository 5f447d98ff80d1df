"""What the word after an option must be: a whole number, a duration, a share, a known name.

Each refuses other words with a line that says what is wrong and how to write it.
"""

import argparse
import re
from collections.abc import Sequence
from difflib import get_close_matches


def nearest(word: str, known: Sequence[str]) -> str:
    """`, did you mean ...?` or nothing."""
    close = get_close_matches(word, known, n=1, cutoff=0.5)
    return f", did you mean {close[0]}?" if close else ""


def whole(text: str) -> int:
    """A positive whole number, which may be written as 1e6."""
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not (number.is_integer() and 1 <= number <= 1e12):
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of at least 1")
    return int(number)


def positive(text: str) -> float:
    """A positive number."""
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not 0.0 < number < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is not a positive number: write 1e-5")
    return number


def seconds(text: str) -> float:
    """A duration: 90, 90s, 10m, 2h or 1.5d, in seconds."""
    units = {"": 1.0, "s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0, "d": 86400.0}
    match = re.fullmatch(r"(\d+\.?\d*|\.\d+)\s*([a-z]*)", text.strip().lower())
    if match is None or match[2] not in units or float(match[1]) == 0.0:
        raise argparse.ArgumentTypeError(f"{text!r} is not a duration: write 90, 10m or 2h")
    return float(match[1]) * units[match[2]]


def share(text: str) -> float:
    """A number between 0 and 1, 0.001 or 0.1%."""
    try:
        number = float(text.removesuffix("%")) / (100.0 if text.endswith("%") else 1.0)
    except ValueError:
        number = 0.0
    if not 0.0 < number < 1.0:
        raise argparse.ArgumentTypeError(f"{text!r} is no share between 0 and 1: write 0.001")
    return number
