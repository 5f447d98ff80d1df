"""Pictures of a gas that relaxes to equilibrium: temperatures, H, moments, residuals, speeds."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes

from dsmc.result import deviation
from viz import scales, speeds, style

if TYPE_CHECKING:
    from dsmc.result import Histogram, Result, Series

TEMPERATURES = {f"temperature_{axis}": f"$T_{axis}/T$" for axis in "xyz"}
MOMENTS = {
    "moment_1": r"$\langle c\rangle$",
    "moment_4": r"$\langle c^4\rangle$",
    "moment_6": r"$\langle c^6\rangle$",
    "moment_8": r"$\langle c^8\rangle$",
}
EXCESS = {"h_excess": "by speed histogram", "h_excess_neighbour": "by nearest neighbours"}
_SHORT = {
    **{f"temperature_{axis}": f"$T_{axis}$" for axis in "xyz"},
    **{f"moment_{k}": f"$m_{k}$" for k in (1, 4, 6, 8)},
    "h_excess": "$H$, histogram",
    "h_excess_neighbour": "$H$, neighbours",
}

OVERVIEW_PANEL = (800 / style.DPI, 600 / style.DPI)  # inch; two rows of two


def draw(result: Result | Mapping[str, Series], directory: str | os.PathLike[str]) -> list[Path]:
    """Every relaxation picture that the result has data for; returns the files, overview first.

    result : a Result, or the series alone, as `dsmc.trajectory.read_observables` gives them.
    Times are in mean collision times where they are known.
    """
    if isinstance(result, Mapping):
        title, drawn = "", panels(result)
    else:
        title = result.title
        drawn = panels(result.series, result.histograms, scales.collision_time(result))
    series = result if isinstance(result, Mapping) else result.series
    directory = Path(directory)
    overview = [drawn[name] for name in overview_names(series)]
    written = [
        style.draw_panels(
            overview, directory / "relaxation.png", title=title, panel_size=OVERVIEW_PANEL
        ),
        *(
            style.draw_panels([panel], directory / f"{name}.png", panel_size=(7.2, 4.8))
            for name, panel in drawn.items()
        ),
    ]
    return [path for path in written if path is not None]


def panels(
    series: Mapping[str, Series],
    histograms: Mapping[str, Histogram] | None = None,
    collision_time: float | None = None,
) -> dict[str, style.Panel]:
    """The panels that a relaxing gas may have, by name; collision_time in seconds."""
    drawn: dict[str, style.Panel] = {
        name: partial(panel, series=series, collision_time=collision_time)
        for name, panel in (
            ("temperatures", temperatures),
            ("h_function", h_excess),
            ("moments", moments),
            ("residuals", residuals),
        )
    }
    drawn["speeds"] = partial(speeds.distribution, histograms=histograms or {})
    drawn["speed_rate"] = partial(speeds.collision_rate, histograms=histograms or {})
    return drawn


def overview_names(series: Mapping[str, Series]) -> tuple[str, ...]:
    """The four panels of the overview: temperatures where they differ, else moments of the speed.

    Both where nothing exact is known, and so no residuals. Temperatures differ where a component
    lies five standard errors off.
    """
    mean = series.get("temperature")
    parts = [series[name] for name in TEMPERATURES if name in series]
    differ = mean is not None and any(
        np.any(np.abs(deviation(part.value, part.error, mean.value)) > 5.0) for part in parts
    )
    first, second = ("temperatures", "moments") if differ else ("moments", "temperatures")
    judged = any(part.reference is not None for part in series.values())
    return ("h_function", first, "residuals" if judged else second, "speeds")


def temperatures(
    axes: Axes, series: Mapping[str, Series], collision_time: float | None = None
) -> bool:
    """T_x, T_y, T_z over the temperature T of the same moment, with the exact curves.

    Without a series `temperature`, T is the mean of the three.
    """
    shown = [series[name] for name in TEMPERATURES if name in series]
    if not shown:
        return False
    mean = series.get("temperature")
    whole = mean.value if mean is not None else np.mean([part.value for part in shown], axis=0)
    exact_whole = whole if mean is None or mean.reference is None else mean.reference
    for k, part in enumerate(shown):
        time, unit = clock(part, collision_time)
        value, error = part.value / whole, part.error / whole
        style.curve_with_band(axes, time, value, error, style.COLOURS[k], TEMPERATURES[part.name])
    _exact_curves(axes, shown, collision_time, exact_whole)
    style.label_axes(axes, "Temperature of each component", unit, "component temperature / $T$")
    low, high = axes.get_ylim()
    axes.set_ylim(low, high + 0.3 * (high - low))  # room for the legend
    style.legend(axes, style.BAND, ncols=4, loc="upper right", columnspacing=1.0)
    return True


def h_excess(axes: Axes, series: Mapping[str, Series], collision_time: float | None = None) -> bool:
    """H less its equilibrium value, on a logarithmic scale, by every estimator, and exactly.

    Nothing is shown of an estimator that never was above zero, and of a gas that is in equilibrium
    all the time: where nothing exact is known, some values must rise above their noise.
    """
    shown = [series[name] for name in EXCESS if name in series]
    shown = [part for part in shown if np.any(part.value > 0.0) and _decays(part)]
    if not shown:
        return False
    for k, part in enumerate(shown):
        time, unit = clock(part, collision_time)
        draw_excess = _excess_points if part.name == "h_excess_neighbour" else _excess_curve
        draw_excess(axes, time, part, k)
    exact = [p for p in shown if p.reference is not None and np.any(p.reference > 0.0)]
    _exact_curves(axes, exact[:1], collision_time)  # one curve, the same for every estimator
    axes.set_yscale("log")
    axes.set_ylim(*_log_limits(shown))
    style.label_axes(axes, "$H$-theorem: decay to equilibrium", unit, r"$H-H_{eq}$ per molecule")
    style.legend(axes, style.BAND, loc="upper right")
    return True


def _decays(part: Series) -> bool:
    """Whether there is a decay to see: an exact one, or values above their noise."""
    if part.reference is not None or np.isnan(part.error).all():
        return True
    seen = np.count_nonzero(part.value > style.SIGMAS * part.error)
    return seen >= max(_FEWEST_SEEN, _SHARE_SEEN * part.value.size)


def _excess_curve(axes: Axes, time: np.ndarray, part: Series, k: int) -> None:
    """A curve with its band; what lies below zero has no place: the curve has a gap there."""
    high, low = (part.value + sign * style.SIGMAS * part.error for sign in (1.0, -1.0))
    colour, mark = style.COLOURS[k], style.MARKERS[k]
    axes.fill_between(time, np.maximum(low, _TINY), high, color=colour, alpha=0.2, lw=0, zorder=1.5)
    above = np.where(part.value > 0.0, part.value, np.nan)
    axes.plot(time, above, color=colour, marker=mark, ms=3, lw=1.2, label=EXCESS[part.name])


def _excess_points(axes: Axes, time: np.ndarray, part: Series, k: int) -> None:
    """Points with bars, as long as they rise above their own noise."""
    seen = part.value > style.SIGMAS * part.error
    if not np.any(seen):
        return
    axes.errorbar(
        time[seen], part.value[seen], style.SIGMAS * part.error[seen], color=style.COLOURS[k],
        marker=style.MARKERS[k], ms=4, lw=0, elinewidth=1, zorder=1.8, label=EXCESS[part.name],
    )  # fmt: skip


def moments(axes: Axes, series: Mapping[str, Series], collision_time: float | None = None) -> bool:
    """Moments of the speed over those of Maxwell's distribution, with the exact curves."""
    shown = [series[name] for name in MOMENTS if name in series]
    if not shown:
        return False
    for k, part in enumerate(shown):
        time, unit = clock(part, collision_time)
        style.curve_with_band(
            axes, time, part.value, part.error, style.COLOURS[k], MOMENTS[part.name]
        )
    _exact_curves(axes, shown, collision_time)
    style.label_axes(axes, "Moments of the speed", unit, "moment / Maxwell's")
    style.legend(axes, style.BAND, ncols=2)
    return True


def residuals(
    axes: Axes, series: Mapping[str, Series], collision_time: float | None = None
) -> bool:
    """(measured - exact) / error of every series above; 95 % of the points lie within +-2."""
    shown = []
    for name in (*EXCESS, *MOMENTS, *TEMPERATURES):
        part = series.get(name)
        if part is not None and part.reference is not None and np.any(part.error > 0.0):
            shown.append(part)
    if not shown:
        return False
    axes.axhspan(-2.0, 2.0, color=style.GREY, alpha=0.18, lw=0, label=r"$\pm 2$ errors (95 %)")
    axes.axhline(0.0, color=style.GREY, lw=1.0)
    largest = 4.0
    for k, part in enumerate(shown):
        z = deviation(part.value, part.error, np.asarray(part.reference))
        largest = max(largest, 1.15 * float(np.nanmax(np.abs(z), initial=0.0)))
        time, unit = clock(part, collision_time)
        colour = style.COLOURS[k % len(style.COLOURS)]
        axes.plot(
            time,
            z,
            color=colour,
            markerfacecolor=colour if k < len(style.COLOURS) else "white",
            marker=style.MARKERS[k % len(style.MARKERS)],
            ms=3.6,
            ls="none",
            label=_SHORT[part.name],
        )
    axes.set_ylim(-largest, 1.75 * largest)  # room for the legend above the points
    style.label_axes(axes, "Deviation from the exact curves", unit, "(measured − exact) / error")
    style.legend(axes, ncols=4, loc="upper center", columnspacing=1.0, handletextpad=0.3)
    return True


def clock(series: Series, collision_time: float | None) -> tuple[np.ndarray, str]:
    """Times for the axis and its label: in mean collision times, or in s, ms, µs, ns."""
    if collision_time:
        return series.time / collision_time, r"time / mean collision time $\tau_c$"
    time, unit = style.scaled(series.time, "s")
    return time, style.with_unit("time", unit)


def _exact_curves(
    axes: Axes,
    shown: list[Series],
    collision_time: float | None,
    over: np.ndarray | float = 1.0,
) -> None:
    label: str | None = "exact"
    for part in shown:
        if part.reference is not None:
            style.exact_curve(axes, clock(part, collision_time)[0], part.reference / over, label)
            label = None  # one entry in the legend


def _log_limits(shown: list[Series]) -> tuple[float, float]:
    """From a third of the noise (or of the last exact value) to three times the largest."""
    largest = max(float(np.nanmax(part.value)) for part in shown)
    lows = []
    for part in shown:
        errors = part.error[part.error > 0.0]
        smallest = part.value[part.value > 0.0].min(initial=largest)
        if part.reference is not None and np.any(part.reference > 0.0):
            smallest = float(np.nanmin(part.reference[part.reference > 0.0]))
        noise = float(np.median(errors)) if errors.size else 0.0
        lows.append(max(smallest, noise))
    return min(lows) / 3.0, 3.0 * largest


_FEWEST_SEEN, _SHARE_SEEN = 3, 0.1  # values above two errors; 2.3 % are so by accident
_TINY = 1e-30  # stands for zero on a logarithmic scale: below every limit
