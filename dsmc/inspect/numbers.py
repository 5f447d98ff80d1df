"""Numbers as text."""

from __future__ import annotations

from typing import Any

_SIZES = ("B", "kB", "MB", "GB", "TB")


def number(value: Any, digits: int = 6) -> str:
    """A number, or several of them, rounded to `digits`; words as they are."""
    if isinstance(value, list | tuple):
        return f"({', '.join(number(one, digits) for one in value)})"
    if isinstance(value, float):
        return "unknown" if value != value else f"{value:.{digits}g}"
    return str(value)


def span(low: float | None, high: float | None) -> str:
    """A range of numbers; "" where there are none."""
    if low is None or high is None:
        return ""
    return number(low) if low == high else f"{number(low)} … {number(high)}"


def size(count: int) -> str:
    """A number of bytes."""
    amount, unit = float(count), 0
    while amount >= 1000.0 and unit < len(_SIZES) - 1:
        amount, unit = amount / 1000.0, unit + 1
    return f"{amount:.3g} {_SIZES[unit]}"
