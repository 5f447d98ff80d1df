"""A one-dimensional gas that changes with time: its profiles at several moments, and what is known.

Frames of cell fields that average over what lies between them (`output.fields_average =
"interval"`) are such moments, at the middle of their interval; an average over the whole run would
be of no moment at all.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from matplotlib.axes import Axes

from dsmc.expected_profiles import Profiles, expected_profiles
from dsmc.fields import frame_times, read_fields
from viz import style
from viz.scales import scenario_of

if TYPE_CHECKING:
    from dsmc.result import Field, Result
    from dsmc.scenario import Scenario

MOST = 3  # moments shown, the last and earlier ones at whole parts of its time
PANELS = {
    "Number density": ("number_density", "$n$"),
    "Flow velocity": ("velocity_x", "$u_x$"),
    "Temperature": ("temperature", "$T$"),
    "Pressure": ("pressure", "$p$"),
}
_DASHES = {"Euler equations": (0, (4, 2)), "no collisions": (0, (1, 1.2))}
_NOISE = 0.2  # of the largest value: cells with a larger error are not drawn


class Moment(NamedTuple):
    """The gas at a time [s], and what is known of it."""

    time: float
    fields: dict[str, Field]
    known: list[Profiles]


def draw(
    result: Result, directory: str | os.PathLike[str], fields: str | os.PathLike[str] | None
) -> list[Path]:
    """`evolution.png`; [] for gases that are steady or of more than one dimension.

    fields : the file of the cell fields, None if there is none
    """
    shown = [] if fields is None else moments(result.scenario_text, fields)
    if not shown:
        return []
    path = style.draw_panels(
        [partial(profile, moments=shown, title=title) for title in PANELS],
        Path(directory) / "evolution.png",
        title=f"{result.title} ({style.BAND})".lstrip(),
        panel_size=(5.8, 3.8),
    )
    return [] if path is None else [path]


def moments(scenario_text: str, fields: str | os.PathLike[str]) -> list[Moment]:
    """The last frame and those nearest to whole parts of its time.

    Raises OSError where the file is damaged.
    """
    scenario = changing(scenario_text)
    if scenario is None or not Path(fields).exists():
        return []
    _, ends = frame_times(fields)
    if not ends.size:
        return []
    begin = scenario.sample_start * scenario.time_step
    middles = 0.5 * (ends + np.concatenate([[begin], ends[:-1]]))
    wanted = middles[-1] * np.arange(1, MOST + 1) / MOST
    frames = sorted({int(np.argmin(np.abs(middles - time))) for time in wanted})
    found = []
    for frame in frames:
        cells, time = read_fields(fields, frame), float(middles[frame])
        x = next(iter(cells.values())).axes[0]
        found.append(Moment(time, cells, expected_profiles(scenario, x, time)))
    return found


def changing(scenario_text: str) -> Scenario | None:
    """The scenario, if its gas is one-dimensional and its frames are moments."""
    scenario = scenario_of(scenario_text)
    if scenario is None:
        return None
    is_changing = scenario.output.fields_average == "interval" and scenario.sample.fields_every
    return scenario if is_changing and scenario.dimension == 1 else None


def profile(axes: Axes, moments: Sequence[Moment], title: str) -> bool:
    """One field against x at every moment, with bands, and the known curves over them."""
    name, symbol = PANELS[title]
    cells = [moment.fields.get(name) for moment in moments]
    seen = [legible(field) for field in cells if field is not None]
    if len(seen) < len(moments) or not np.isfinite(seen).any():
        return False
    for which, (moment, value) in enumerate(zip(moments, seen, strict=True)):
        x, unit = style.scaled(moment.fields[name].axes[0], "m")
        colour = style.COLOURS[which % len(style.COLOURS)]
        label = f"{1e6 * moment.time:.3g} µs"
        style.curve_with_band(axes, x, value, moment.fields[name].error, colour, label)
    for moment in moments:
        for known in moment.known:
            axes.plot(
                x, known.fields[name], color=style.BLACK, lw=1.1, ls=_DASHES[known.source],
                label=known.source,
            )  # fmt: skip
    low, high = np.nanmin(seen), np.nanmax(seen)
    axes.set_ylim(low - 0.08 * (high - low), high + 0.08 * (high - low))
    y = f"{title.lower()} {symbol}"
    style.label_axes(axes, title, style.with_unit("$x$", unit), y, moments[0].fields[name].unit)
    if title == next(iter(PANELS)):  # the same in all of them
        drawn, told = axes.get_legend_handles_labels()
        once = dict(zip(told, drawn, strict=True))  # a known curve is there at every moment
        style.legend(axes, handles=list(once.values()), labels=list(once))
    return True


def legible(field: Field) -> np.ndarray:
    """Values, NaN where noise would hide the rest: where a thin gas has hardly any particles."""
    value, error = field.value, field.error
    with np.errstate(invalid="ignore"):
        sure = np.abs(value[error <= 0.5 * _NOISE * np.abs(value)])
        largest = np.max(sure, initial=0.0) or np.nanmax(np.abs(value), initial=0.0)
        return np.where(error <= _NOISE * largest, value, np.nan)
