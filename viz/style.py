"""The look of every picture: colours, fonts, units on axes, and how a panel becomes a file.

Colours are those of M. Okabe and K. Ito, "Color Universal Design" (2008), told apart by
colour-blind readers; no colour is the only difference between two curves of one panel. Figures
are drawn without pyplot: the user's own backend, figures and settings stay as they are.
"""

from __future__ import annotations

import errno
import math
import os
import re
import textwrap
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from dsmc import disk

BLACK, GREY = "#000000", "#767676"
BLUE, VERMILION, GREEN, PURPLE = "#0072B2", "#D55E00", "#009E73", "#CC79A7"
ORANGE, SKY = "#E69F00", "#56B4E9"
COLOURS = (BLUE, VERMILION, GREEN, PURPLE, ORANGE, SKY)
MARKERS = ("o", "s", "^", "D", "v", "P")
DASHES: tuple[Any, ...] = ("-", (0, (2, 1)), (0, (5, 1, 1, 1)))

SIGMAS = 2.0  # half width of every band and error bar, in standard errors
BAND = "band: 2 standard errors"  # for the legend
DPI = 150
_TITLE_LETTERS = 8.5  # of a title that fit in an inch

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
    columns: int | None = 2,
) -> Path | None:
    """One picture of all panels that have something to show; None when none has.

    panel_size : of one panel [inch]
    columns : panels side by side; None for about as many as there are rows
    Raises OSError naming the path and the cure where it cannot be written.
    """
    path = Path(path)
    with look():
        figure = figure_of(panels, title, panel_size, columns)
        if figure is None:
            return None
        make_directory(path.parent)
        with disk.replacing(path) as unfinished:
            figure.savefig(unfinished, dpi=DPI, format="png")
    return path


def figure_of(
    panels: Sequence[Panel],
    title: str = "",
    panel_size: tuple[float, float] = (6.4, 4.4),
    columns: int | None = 2,
) -> Figure | None:
    """The figure of all panels that have something to show; to be called inside `look`."""
    figure = canvas((1.0, 1.0))
    shown = [axes for axes in map(partial(_drawn, figure), panels) if axes is not None]
    if not shown:
        return None
    columns = min(columns or math.ceil(math.sqrt(len(shown))), len(shown))
    rows = math.ceil(len(shown) / columns)
    figure.set_size_inches(columns * panel_size[0], rows * panel_size[1])
    for axes, place in zip(shown, figure.add_gridspec(rows, columns), strict=False):
        axes.set_subplotspec(place)
    if title:
        lines = textwrap.fill(title, round(_TITLE_LETTERS * figure.get_figwidth()))
        figure.suptitle(lines, fontsize=13.5, x=0.02, ha="left", parse_math=False)
    lay_out(figure)
    return figure


def make_directory(directory: Path) -> None:
    """The directory of a picture, made if need be. Raises OSError naming it and the cure."""
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except FileExistsError as failure:
        raise disk.refusal(NotADirectoryError(errno.ENOTDIR, ""), directory) from failure
    except OSError as failure:
        raise disk.refusal(failure, directory) from failure


def _drawn(figure: Figure, panel: Panel) -> Axes | None:
    """The axes of a panel; none where it has nothing to show."""
    axes = figure.add_subplot()
    if panel(axes):
        return axes
    axes.remove()
    return None


def canvas(size: tuple[float, float], dpi: float = DPI) -> Figure:
    """An empty figure, without pyplot; size in inches."""
    figure = Figure(figsize=size, dpi=dpi)
    FigureCanvasAgg(figure)
    figure.set_layout_engine("constrained", h_pad=0.08, w_pad=0.08)
    return figure


def lay_out(figure: Figure) -> None:
    """Give every axes its place, for good: saving the figure would do it again each time."""
    figure.get_layout_engine().execute(figure)
    figure.set_layout_engine(None)


def curve_with_band(
    axes: Axes, x: np.ndarray, y: np.ndarray, error: np.ndarray, colour: str, label: str
) -> None:
    """A measured curve and its band of two standard errors (no band where they are unknown).

    x, y, error : (T,)
    """
    axes.fill_between(x, y - SIGMAS * error, y + SIGMAS * error, color=colour, alpha=0.25, lw=0)
    axes.plot(x, y, color=colour, label=label)


def histogram_with_band(
    axes: Axes, density: np.ndarray, error: np.ndarray, edges: np.ndarray, which: int, label: str
) -> None:
    """A histogram and its band of two standard errors; `which` chooses colour and dashes.

    density, error : (B,); edges : (B + 1,)
    """
    low, high = density - SIGMAS * error, density + SIGMAS * error
    colour, dashes = COLOURS[which % len(COLOURS)], DASHES[which % len(DASHES)]
    axes.stairs(high, edges, baseline=low, fill=True, color=colour, alpha=0.22, lw=0)
    axes.stairs(density, edges, color=colour, lw=1.5, ls=dashes, label=label)


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
    raised = re.sub(r"(?<=[^\W\d_])-?\d+", lambda power: power[0].translate(_SUPERSCRIPT), unit)
    return f"{name} [{raised}]"


def inverse(unit: str) -> str:
    """The unit of a density over `unit`."""
    return {"": "", "1": "1", "m s-1": "s m-1", "s": "s-1"}.get(unit, f"1/({unit})")


def plain_words(name: str) -> str:
    """The name of a quantity as a reader says it: heat_flux_x gives "heat flux x"."""
    return re.sub(r"^h ", "H ", name.replace("_", " "))


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


def legend_below(axes: Axes) -> None:
    """The legend in a line under the axes, where it hides no data."""
    axes.legend(
        loc="upper center",
        bbox_to_anchor=(0.5, -0.21),
        ncols=len(axes.get_legend_handles_labels()[1]),
        borderaxespad=0.0,
        columnspacing=1.0,
        handletextpad=0.1,
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


def plain_log_ticks(axis: Axis) -> None:
    """Ticks 0.1, 0.2, 0.5, 1 … on a logarithmic axis of one or two decades."""
    axis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.set_minor_formatter(NullFormatter())


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
