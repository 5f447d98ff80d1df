"""Pictures of the studies: differences with their bars, and matrices of cosines."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes

from scenarios.training.pairing import DIVERGED, Measured, difference
from viz import style
from viz.training import cosine_matrix

_MATRIX = (3.3, 3.5)  # inch; with its title
_OUTLIER = 30.0  # times the median reach: told as a number, not drawn


def draw_differences(measured: Measured, path: Path, title: str) -> Path | None:
    """One panel for each quantity: how far each method is from the first one, seed by seed."""
    first = next(iter(measured))
    panels = [partial(_differences, measured, column) for column in measured[first]]
    return style.draw_panels(panels, path, title=title, columns=3, panel_size=(4.8, 4.6))


def _differences(measured: Measured, column: str, axes: Axes) -> bool:
    first, *others = measured
    found = [difference(measured[name][column], measured[first][column])[:2] for name in others]
    mean, error = np.array(found).T
    place = np.arange(len(others))
    reach = np.abs(mean) + style.SIGMAS * error
    shown = reach <= _OUTLIER * np.nanmedian(reach)
    axes.axvline(0.0, color=style.BLACK, lw=1.1, ls=(0, (4, 2)))
    axes.errorbar(
        mean[shown], place[shown], xerr=style.SIGMAS * error[shown], fmt="o", color=style.BLUE
    )
    for far in place[~shown]:
        told = f"{mean[far]:+.2g}" if np.isfinite(reach[far]) else DIVERGED
        axes.annotate(f" {told}", (0.0, far), color=style.VERMILION, va="center")
    axes.set_yticks(place, others)
    axes.invert_yaxis()
    axes.set_title(column)
    axes.set_xlabel(f"difference from {first}\n(bars: 2 standard errors)")
    return True


def draw_matrices(
    weights: Mapping[str, Mapping[str, np.ndarray]], path: Path, title: str
) -> Path | None:
    """Matrices of cosines: a row for each method, a column for each activation; weights (N, D)."""
    panels = [
        partial(cosine_matrix, weight=weight, title=f"{activation}\n{method}")
        for method, row in weights.items()
        for activation, weight in row.items()
    ]
    columns = len(next(iter(weights.values())))
    return style.draw_panels(panels, path, title=title, columns=columns, panel_size=_MATRIX)
