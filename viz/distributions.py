"""Velocity distributions in single cells, over Maxwell's of the same velocity and temperature."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes

from viz import style

if TYPE_CHECKING:
    from dsmc.result import Histogram, Result

PREFIX = "velocity_"


def draw(result: Result, directory: str | os.PathLike[str]) -> list[Path]:
    """`distributions.png`: a panel for each component in each cell; [] if none was counted."""
    path = style.draw_panels(
        panels(result),
        Path(directory) / "distributions.png",
        title=result.title,
        panel_size=(5.2, 3.6),
        columns=3,
    )
    return [] if path is None else [path]


def panels(result: Result) -> list[style.Panel]:
    """One panel for each distribution of a velocity component."""
    found = (h for name, h in result.histograms.items() if name.startswith(PREFIX))
    return [partial(component, histogram=histogram) for histogram in found]


def component(axes: Axes, histogram: Histogram) -> bool:
    """One component with its band of two standard errors, and Maxwell's density."""
    if not np.isfinite(histogram.density).any():
        return False
    style.histogram_with_band(axes, histogram.density, histogram.error, histogram.edges, 0, "gas")
    if histogram.reference is not None:
        style.exact_curve(axes, histogram.centres, histogram.reference, "Maxwell")
    axes.set_ylim(bottom=0.0)
    name, _, place = histogram.name.removeprefix(PREFIX).partition(" ")
    x_label = style.with_unit(f"$v_{name}$", histogram.unit)
    unit = style.inverse(histogram.unit)
    style.label_axes(axes, place.removeprefix("at "), x_label, "density", unit)
    style.legend(axes, style.BAND)
    return True
