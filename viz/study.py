"""Pictures of a training study: differences from a baseline with their bars, and frontiers.

The numbers come as they are in the tables; nothing is tested here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes

from viz import style

_OUTLIER = 30.0  # times the median reach: told as a number, not drawn
_DIVERGED = "diverged"


class Difference(NamedTuple):
    """A paired difference from the baseline, its standard error, and whether it is an effect."""

    mean: float
    error: float
    is_effect: bool


class Point(NamedTuple):
    """A method with one setting: two quantities and their standard errors."""

    x: float
    y: float
    x_error: float
    y_error: float


def differences(
    axes: Axes, found: Mapping[str, Difference], title: str, quantity: str, baseline: str
) -> bool:
    """How far every method is from the baseline; effects are filled, all else is open.

    found : by method. What diverged, or is far beyond all others, is told as a number.
    """
    if not found:
        return False
    mean, error = np.array([each[:2] for each in found.values()]).T
    is_effect = np.array([each.is_effect for each in found.values()])
    place = np.arange(len(found))
    reach = np.abs(mean) + style.SIGMAS * error
    finite = reach[np.isfinite(reach)]
    shown = reach <= _OUTLIER * np.median(finite) if finite.size else np.zeros(len(found), bool)
    axes.axvline(0.0, color=style.BLACK, lw=1.1, ls=(0, (4, 2)))
    for which, filled in ((shown & is_effect, True), (shown & ~is_effect, False)):
        axes.errorbar(
            mean[which], place[which], xerr=style.SIGMAS * error[which], fmt="o",
            color=style.VERMILION if filled else style.BLUE,
            markerfacecolor=None if filled else "white",
        )  # fmt: skip
    for far in place[~shown]:
        told = f"{mean[far]:+.2g}" if np.isfinite(reach[far]) else _DIVERGED
        axes.annotate(f" {told}", (0.0, far), color=style.VERMILION, va="center")
    axes.set_yticks(place, list(found))
    axes.set_ylim(len(found) - 0.4, -0.6)
    axes.set_title(title)
    note = "bars: 2 standard errors; filled: an effect by both tests"
    axes.set_xlabel(f"{quantity}: difference from {baseline}\n({note})")
    return True


def frontier(axes: Axes, found: Mapping[str, Sequence[Point]], title: str, x: str, y: str) -> bool:
    """One quantity against another: a line for each method through its settings.

    found : by method, the settings in their order; the baseline first, as a black star
    """
    finite = {
        method: [point for point in points if np.isfinite(point[:2]).all()]
        for method, points in found.items()
    }
    finite = {method: points for method, points in finite.items() if points}
    if not finite:
        return False
    baseline = next(iter(found))
    for k, (method, points) in enumerate(finite.items()):
        across, up, across_error, up_error = np.array(points).T
        is_baseline = method == baseline
        colour = style.BLACK if is_baseline else style.COLOURS[k % len(style.COLOURS)]
        axes.errorbar(
            across, up, xerr=across_error, yerr=up_error, color=colour,
            marker="*" if is_baseline else style.MARKERS[k // len(style.COLOURS) % 6],
            ms=11 if is_baseline else 4.5, lw=0.9, elinewidth=0.8,
            ls="none" if is_baseline else style.DASHES[k % len(style.DASHES)],
            label=method, zorder=3 if is_baseline else 2,
        )  # fmt: skip
    axes.set_title(title)
    axes.set_xlabel(f"{x}\n(bars: 1 standard error)")
    axes.set_ylabel(y)
    axes.legend(loc="center left", bbox_to_anchor=(1.01, 0.5), fontsize=8.5)
    return True
