"""Observables over time as a file has them: one panel for those of one kind and unit."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes

from viz import relaxation, style

if TYPE_CHECKING:
    from dsmc.result import Series

MOST_CURVES = 6  # in a panel: as many as there are colours
_COMPONENTS = ("x", "y", "z")


def panels(
    series: Mapping[str, Series], collision_time: float | None = None, steps: bool = False
) -> dict[str, style.Panel]:
    """A panel for each kind of quantity, by its name; those without any number are left out.

    steps : time is counted in steps, not in seconds
    """
    return {
        kind: partial(curves, shown=shown, title=kind, collision_time=collision_time, steps=steps)
        for kind, shown in groups(series).items()
    }


def groups(series: Mapping[str, Series]) -> dict[str, list[Series]]:
    """Series that belong in one panel: a vector's components, the moments, one unit for all."""
    found: dict[tuple[str, str], list[Series]] = {}
    for name, part in series.items():
        if part.time.size and np.isfinite(part.value).any():
            found.setdefault((_kind(name), part.unit), []).append(part)
    kinds = [kind for kind, _ in found]
    return {
        kind if kinds.count(kind) == 1 else style.with_unit(kind, unit): shown
        for (kind, unit), shown in found.items()
    }


def curves(
    axes: Axes,
    shown: list[Series],
    title: str,
    collision_time: float | None = None,
    steps: bool = False,
) -> bool:
    """Measured curves with their bands, and exact ones where the file holds them."""
    drawn = [(label, part, column) for part in shown for label, column in _columns(part)]
    for k, (label, part, column) in enumerate(drawn[:MOST_CURVES]):
        time, unit = (part.time, "step") if steps else relaxation.clock(part, collision_time)
        value, error = (a.reshape(time.size, -1)[:, column] for a in (part.value, part.error))
        style.curve_with_band(axes, time, value, error, style.COLOURS[k], label)
        if part.reference is not None:
            style.exact_curve(axes, time, part.reference, None if k else "exact")
    _open_up(axes)
    told = style.plain_words(title)
    heading = told[:1].upper() + told[1:]
    if len(drawn) > MOST_CURVES:
        heading += f" ({MOST_CURVES} of {len(drawn)})"
    style.label_axes(axes, heading, unit, told, shown[0].unit)
    if len(drawn) > 1 or any(part.reference is not None for part in shown):
        style.legend(axes, ncols=2 if len(drawn) > 3 else 1)
    return True


def _open_up(axes: Axes) -> None:
    """A range to see what does not change in, instead of ticks that differ in the tenth digit."""
    low, high = axes.get_ylim()
    if high - low < 1e-6 * max(abs(low), abs(high)):
        axes.set_ylim(low - 0.01 * abs(low), high + 0.01 * abs(high))


def _kind(name: str) -> str:
    """The kind of a quantity by its name: temperature of temperature_x, moment of moment_4.

    Of what `bridge.recorder` writes, the quantity without the layer: pairs of "pairs of fc.weight".
    """
    quantity, of, _ = name.partition(" of ")
    if of:
        return quantity
    stem, _, last = name.rpartition("_")
    return stem if stem and (last in _COMPONENTS or last.isdigit()) else name


def _columns(part: Series) -> list[tuple[str, int]]:
    """Label and number of each component of a series."""
    name = style.plain_words(part.name)
    count = part.value.reshape(part.time.size, -1).shape[1]
    if count == 1:
        return [(name, 0)]
    marks = {3: _COMPONENTS, 9: [a + b for a in _COMPONENTS for b in _COMPONENTS]}
    return [(f"{name} {mark}", k) for k, mark in enumerate(marks.get(count, range(count)))]
