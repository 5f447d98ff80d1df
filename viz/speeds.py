"""Pictures by speed: the distribution of speeds, and who collides how often."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes

from viz import style

if TYPE_CHECKING:
    from dsmc.result import Histogram

_V0 = ("v0", "1", "")  # edges in units of the most probable speed, sqrt(2kT/m)
_STATES = {"speed_initial": "start", "speed_final": "end"}


def distribution(axes: Axes, histograms: Mapping[str, Histogram]) -> bool:
    """Speeds at the start and at the end over Maxwell's distribution (their reference)."""
    shown = [histograms[name] for name in _STATES if name in histograms]
    if not shown:
        return False
    for histogram in shown:
        closed = np.isfinite(histogram.centres)  # the last class may be open: not drawn
        edges = histogram.edges[: closed.sum() + 1]
        start = histogram.name == "speed_initial"
        style.histogram_with_band(
            axes, histogram.density[closed], histogram.error[closed], edges, int(start),
            _STATES[histogram.name],
        )  # fmt: skip
    maxwell = shown[-1]  # at the end, if there is one
    if maxwell.reference is not None:
        style.exact_curve(axes, maxwell.centres, maxwell.reference, "Maxwell")
    axes.set_ylim(bottom=0.0)
    axes.set_xlim(left=0.0)
    x_label, unit = _speed_label(shown[-1]), _density_unit(shown[-1])
    style.label_axes(axes, "Distribution of speeds", x_label, "density", unit)
    style.legend(axes, style.BAND)
    return True


def collision_rate(axes: Axes, histograms: Mapping[str, Histogram]) -> bool:
    """Collision rate of a molecule by its speed, over the formula (its reference)."""
    histogram = histograms.get("speed_rate")
    if histogram is None:
        return False
    measured = np.isfinite(histogram.density) & np.isfinite(histogram.centres)
    if not measured.any():
        return False
    points = (histogram.centres, histogram.density, histogram.error)
    style.points_with_bars(axes, *(column[measured] for column in points), 0, "measured")
    top = None
    if histogram.reference is not None:
        style.exact_curve(axes, histogram.centres, histogram.reference, "exact")
        top = 1.5 * float(np.nanmax(histogram.reference[measured], initial=0.0)) or None
    name = r"collision rate $\nu(c)/\nu$"
    if histogram.density_unit not in ("", "1"):
        name = r"collision rate $\nu(c)$"
    axes.set_ylim(0.0, top)  # the bars of the last, rare classes may be cut
    axes.set_xlim(0.0, 1.03 * float(histogram.edges[1:][measured].max()))
    x_label, unit = _speed_label(histogram), histogram.density_unit
    style.label_axes(axes, "Collision rate by speed", x_label, name, unit)
    style.legend(axes, "bars: 2 standard errors", loc="upper left")
    return True


def _speed_label(histogram: Histogram) -> str:
    return (
        "speed $c/v_0$" if histogram.unit in _V0 else style.with_unit("speed $c$", histogram.unit)
    )


def _density_unit(histogram: Histogram) -> str:
    if histogram.density_unit or histogram.unit in _V0:
        return histogram.density_unit
    return style.inverse(histogram.unit)
