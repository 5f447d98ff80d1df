"""The look of every picture: colours, fonts, units on axes, and how a panel becomes a file.

Colours are those of M. Okabe and K. Ito, "Color Universal Design" (2008), told apart by
colour-blind readers; no colour is the only difference between two curves of one panel. Figures
are drawn without pyplot: the user's own backend, figures and settings stay as they are.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

BLACK, GREY = "#000000", "#767676"
BLUE, VERMILION, GREEN, PURPLE = "#0072B2", "#D55E00", "#009E73", "#CC79A7"
ORANGE, SKY = "#E69F00", "#56B4E9"
COLOURS = (BLUE, VERMILION, GREEN, PURPLE, ORANGE, SKY)
MARKERS = ("o", "s", "^", "D", "v", "P")

SIGMAS = 2.0  # half width of every band and error bar, in standard errors
DPI = 150

_LOOK: dict[Any, Any] = {
    "font.size": 11.0,
    "font.family": "DejaVu Sans",
    "axes.titlesize": 12.0,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.labelsize": 11.0,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.formatter.use_mathtext": True,
    "axes.formatter.useoffset": False,
    "axes.formatter.limits": (-3, 5),
    "grid.color": "#dddddd",
    "grid.linewidth": 0.7,
    "legend.fontsize": 9.5,
    "legend.title_fontsize": 9.5,
    "legend.frameon": True,
    "legend.framealpha": 0.85,
    "legend.edgecolor": "none",
    "lines.linewidth": 1.6,
    "lines.markersize": 4.5,
    "figure.facecolor": "white",
    "savefig.facecolor": "white",
    "mathtext.default": "regular",
}

Panel = Callable[[Axes], bool]
"""Draws into the axes; False when it has nothing to show."""


@contextmanager
def look() -> Iterator[None]:
    """Our settings inside, the user's own again outside."""
    with matplotlib.rc_context(), matplotlib.rc_context(_LOOK):
        yield


def draw_panels(
    panels: Sequence[Panel],
    path: str | os.PathLike[str],
    *,
    title: str = "",
    panel_size: tuple[float, float] = (6.4, 4.4),
    columns: int = 2,
    size: tuple[float, float] | None = None,
) -> Path | None:
    """One picture of all panels that have something to show; None when none has.

    panel_size : of one panel, or `size` of the whole picture [inch]
    """
    path = Path(path)
    with look():
        panels = [panel for panel in panels if panel(_canvas((1.0, 1.0)).add_subplot())]
        if not panels:
            return None
        columns = min(columns, len(panels))
        rows = math.ceil(len(panels) / columns)
        figure = _canvas(size or (columns * panel_size[0], rows * panel_size[1]))
        figure.set_layout_engine("constrained", h_pad=0.08, w_pad=0.08)
        for place, panel in enumerate(panels, 1):
            panel(figure.add_subplot(rows, columns, place))
        if title:
            figure.suptitle(title, fontsize=13.5, x=0.02, ha="left", parse_math=False)
        path.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(path, dpi=DPI)
    return path


def _canvas(size: tuple[float, float]) -> Figure:
    figure = Figure(figsize=size)
    FigureCanvasAgg(figure)
    return figure


def curve_with_band(
    axes: Axes, x: np.ndarray, y: np.ndarray, error: np.ndarray, colour: str, label: str
) -> None:
    """A measured curve and its band of two standard errors (no band where they are unknown).

    x, y, error : (T,)
    """
    axes.fill_between(x, y - SIGMAS * error, y + SIGMAS * error, color=colour, alpha=0.25, lw=0)
    axes.plot(x, y, color=colour, label=label)


def exact_curve(axes: Axes, x: np.ndarray, y: np.ndarray, label: str | None = None) -> None:
    """An exact or accepted curve: dashed black, over the measured ones.

    x, y : (T,)
    """
    known = np.isfinite(y)
    axes.plot(x[known], y[known], color=BLACK, lw=1.1, ls=(0, (4, 2)), label=label, zorder=3)


def points_with_bars(
    axes: Axes, x: np.ndarray, y: np.ndarray, error: np.ndarray, which: int, label: str | None
) -> None:
    """Measured points with bars of two standard errors; `which` chooses colour and marker.

    x, y, error : (n,)
    """
    axes.errorbar(
        x,
        y,
        yerr=np.where(np.isfinite(error), SIGMAS * error, 0.0),
        color=COLOURS[which % len(COLOURS)],
        marker=MARKERS[which % len(MARKERS)],
        ls="none",
        elinewidth=1.1,
        capsize=0,
        label=label,
    )


def label_axes(axes: Axes, title: str, x: str, y: str, y_unit: str = "1") -> None:
    """Title and axis labels; each label carries its unit in brackets, or is a pure ratio."""
    axes.set_title(title)
    axes.set_xlabel(x)
    if axes.get_yscale() == "log":
        axes.set_ylabel(with_unit(y, y_unit))
    else:
        label_values(axes, y, y_unit)


def with_unit(name: str, unit: str) -> str:
    """`name [unit]`, with powers set as superscripts; a pure number has no brackets.

    "speed", "m s-1" gives "speed [m s⁻¹]".
    """
    if unit in ("", "1"):
        return name
    return f"{name} [{unit.translate(_SUPERSCRIPT) if not unit.isalpha() else unit}]"


def legend(axes: Axes, note: str = "", **placement: Any) -> None:
    """The legend, with a note above it that says what its bands or bars are."""
    axes.legend(title=note or None, alignment="left", **placement)


def legend_beside_title(axes: Axes, entries: int) -> None:
    """The legend in the line of the title, where it hides no data."""
    axes.legend(
        loc="lower right",
        bbox_to_anchor=(1.0, 0.985),
        ncols=entries,
        borderaxespad=0.0,
        columnspacing=1.0,
        handletextpad=0.2,
        framealpha=0.0,
    )


def label_values(axes: Axes, name: str, unit: str) -> None:
    """Label of the vertical axis; very large or small values get a power of ten in the unit.

    The data stay as they are; 1.2e22 [m-3] reads 1.2 under "number density [10²² m⁻³]".
    """
    largest = max(abs(limit) for limit in axes.get_ylim())
    power = math.floor(math.log10(largest)) if largest > 0.0 else 0
    if -2 <= power < 5:
        axes.set_ylabel(with_unit(name, unit))
        return
    axes.yaxis.set_major_formatter(FuncFormatter(lambda y, _: f"{y / 10.0**power:.6g}"))
    ten = f"10{str(power).translate(_SUPERSCRIPT)}"
    axes.set_ylabel(f"{name} [{ten} {with_unit('', unit).strip(' []')}".rstrip() + "]")


_SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")

_PREFIXES = ((1.0, ""), (1e-3, "m"), (1e-6, "µ"), (1e-9, "n"), (1e-12, "p"))


def scaled(values: np.ndarray, unit: str) -> tuple[np.ndarray, str]:
    """Values in the unit with the prefix that suits the largest, and that unit.

    values : (n,) [unit]; unit "m" or "s"
    """
    largest = float(np.max(np.abs(values), initial=0.0))
    for factor, prefix in _PREFIXES:
        if largest >= 0.5 * factor:
            return values / factor, prefix + unit
    return values, unit
