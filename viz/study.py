"""Pictures of a training study: differences from a baseline with their bars, and frontiers.

The numbers come as they are in the tables; nothing is tested here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, MaxNLocator

from viz import style

_OUTLIER = 30.0  # times the median reach: told as a number, not drawn
_DIVERGED = "diverged"


class Difference(NamedTuple):
    """A paired difference from the baseline, its standard error, and whether it is an effect."""

    mean: float
    error: float
    is_effect: bool


class Point(NamedTuple):
    """A method with one setting: differences of two quantities from the baseline, with errors."""

    x: float
    y: float
    x_error: float
    y_error: float


def differences(axes: Axes, found: Mapping[str, Difference], title: str, baseline: str) -> bool:
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
    axes.xaxis.set_major_locator(MaxNLocator(5))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.set_xlabel(f"difference from {baseline}\n(bars: 2 standard errors; filled: an effect)")
    return True


def frontier(
    axes: Axes, found: Mapping[str, Sequence[Point]], title: str, x: str, y: str, baseline: str
) -> bool:
    """One quantity against another, as differences from the baseline, which is a star at (0, 0).

    found : by method, the settings in their order, joined by a line
    """
    finite = {
        method: [point for point in points if np.isfinite(point).all()]
        for method, points in found.items()
    }
    finite = {method: points for method, points in finite.items() if points}
    if not finite:
        return False
    axes.plot(0.0, 0.0, "*", color=style.BLACK, ms=12, label=baseline, zorder=3)
    for k, (method, points) in enumerate(finite.items()):
        across, up, across_error, up_error = np.array(points).T
        axes.errorbar(
            across, up, xerr=style.SIGMAS * across_error, yerr=style.SIGMAS * up_error,
            color=style.COLOURS[k % len(style.COLOURS)], lw=0.9, elinewidth=0.8,
            marker=style.MARKERS[k // len(style.COLOURS) % len(style.MARKERS)],
            ls=style.DASHES[k % len(style.DASHES)], label=method,
        )  # fmt: skip
    axes.set_title(title)
    axes.set_xlabel(f"{x}\n(differences from {baseline}; bars: 2 standard errors)")
    axes.set_ylabel(y)
    axes.legend(loc="center left", bbox_to_anchor=(1.01, 0.5), fontsize=8.5)
    return True
