"""Pictures of training runs: curves with bands over seeds, similarity of neurons, gradients.

Arrays come from anywhere, series from the files that `bridge.recorder` writes
(`dsmc.trajectory.read_observables`); their time is counted in steps of the optimizer.
"""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import ArrayLike

from dsmc.result import Series
from dsmc.trajectory import read_observables
from viz import style

BAND = "band: 2 standard errors over seeds"
_REACH = 4.0  # of the histogram of gradients, in standard deviations
_CLASSES = 48
_LOGARITHMIC = ("loss", "kinetic_temperature")  # they fall by powers of ten
_BOUNDED = ("accuracy", "similarity")  # between 0 and 1


def over_seeds(name: str, steps: ArrayLike, values: ArrayLike, unit: str = "1") -> Series:
    """Mean over seeds with its standard error; the error of a single seed is not known.

    steps : (T,); values : (S, T), a row for each seed
    """
    values = np.asarray(values, dtype=np.float64)
    seeds = len(values)
    error = np.full(values.shape[1:], math.nan)
    if seeds > 1:
        error = values.std(axis=0, ddof=1) / math.sqrt(seeds)
    return Series(name, unit, f"mean of {seeds} seeds", steps, values.mean(axis=0), error)


def read_runs(paths: Sequence[str | os.PathLike[str]]) -> dict[str, Series]:
    """Every observable that all files of one setting have, averaged over the files.

    Files are compared as far as the shortest reaches. Raises OSError where one is missing or
    damaged, ValueError where their steps differ.
    """
    runs = [read_observables(path) for path in paths]
    names = [name for name in runs[0] if all(name in run for run in runs)]
    averaged = {}
    for name in names:
        parts = [run[name] for run in runs]
        rows = min(part.time.size for part in parts)
        steps = parts[0].time[:rows]
        if any(not np.array_equal(part.time[:rows], steps) for part in parts):
            raise ValueError(f"{name}: the files have rows at different steps; record alike")
        values = np.stack([part.value[:rows] for part in parts])
        averaged[name] = over_seeds(name, steps, values, parts[0].unit)
    return averaged


def draw_runs(
    runs: Mapping[str, Sequence[str | os.PathLike[str]]], picture: str | os.PathLike[str]
) -> Path | None:
    """One picture that compares settings: a panel for each observable, a curve for each setting.

    runs : the files of every setting, one for each seed, by the name of the setting
    Returns None where there is nothing to show. Raises OSError where a file cannot be read or the
    picture not be written.
    """
    averaged = {setting: read_runs(paths) for setting, paths in runs.items()}
    names = dict.fromkeys(name for series in averaged.values() for name in series)
    panels = [
        partial(
            curves,
            shown={s: series[name] for s, series in averaged.items() if name in series},
            name=name,
        )
        for name in names
    ]
    return style.draw_panels(panels, picture, columns=None, panel_size=(5.6, 4.0))


def curves(axes: Axes, shown: Mapping[str, Series], name: str) -> bool:
    """One quantity over the steps, a curve for each setting: loss, accuracy, similarity …

    shown : by setting. Losses and temperatures have a logarithmic axis.
    """
    shown = {setting: part for setting, part in shown.items() if np.isfinite(part.value).any()}
    if not shown:
        return False
    positive = all(np.nanmin(part.value) > 0.0 for part in shown.values())
    if positive and any(word in name for word in _LOGARITHMIC):
        axes.set_yscale("log")
    for k, (setting, part) in enumerate(shown.items()):
        _curve(axes, part, k, setting)
    if any(word in name for word in _BOUNDED):
        low, high = axes.get_ylim()
        axes.set_ylim(max(low, -0.02), min(high, 1.02))
    told = style.plain_words(name)
    unit = next(iter(shown.values())).unit
    style.label_axes(axes, told[:1].upper() + told[1:], "step", told, unit)
    style.legend(axes, _note(shown))
    return True


def similarity(
    axes: Axes, mean: Mapping[str, Series], maximum: Mapping[str, Series] | None = None
) -> bool:
    """Similarity of neurons over the steps: mean |cos| of each setting, and dotted the largest."""
    if not mean and not maximum:
        return False
    settings = list(dict.fromkeys([*mean, *(maximum or {})]))
    for k, setting in enumerate(settings):
        if setting in mean:
            _curve(axes, mean[setting], k, f"{setting}, mean")
        if maximum and setting in maximum:
            part = maximum[setting]
            colour = style.COLOURS[k % len(style.COLOURS)]
            axes.plot(part.time, part.value, color=colour, ls=":", label=f"{setting}, largest")
    axes.set_ylim(0.0, 1.02)
    label = r"$|\cos(w_i, w_j)|$"
    style.label_axes(axes, "Similarity of neurons", "step", label)
    style.legend(axes, _note(mean))
    return True


def cosine_matrix(axes: Axes, weight: ArrayLike, title: str = "") -> bool:
    """Cosines of all pairs of neurons, from -1 (blue) to 1 (red), in the order of the rows.

    The matrix of Fig. 2 in M. Feng et al., KO: Kinetics-inspired Neural Optimizer with PDE
    Simulation Approaches. A neuron without a weight has no cosine: its row is grey.

    weight : (N, D), a row for each neuron
    """
    rows = np.asarray(weight, dtype=np.float64)
    if not len(rows):
        return False
    largest = np.abs(rows).max(axis=1, keepdims=True)
    with np.errstate(invalid="ignore", divide="ignore"):
        units = rows / largest  # first, so that no square overflows or vanishes
        units /= np.linalg.norm(units, axis=1, keepdims=True)
        cosine = units @ units.T
    axes.grid(False)
    axes.set_facecolor(style.GREY)
    image = axes.imshow(cosine, cmap="RdBu_r", vmin=-1.0, vmax=1.0, interpolation="nearest")
    bar = axes.figure.colorbar(image, cax=axes.inset_axes((1.03, 0.0, 0.045, 1.0)))
    bar.ax.set_ylabel(r"$\cos(w_i, w_j)$")
    off = np.abs(cosine[np.triu_indices(len(rows), 1)])
    mean = f"mean $|\\cos|$ = {np.nanmean(off):.2f}" if np.isfinite(off).any() else ""
    axes.set_title(title)
    axes.set_xlabel("neuron" + (f"\n{mean}" if mean else ""))
    axes.set_ylabel("neuron")
    return True


def gradient_velocities(axes: Axes, gradients: Mapping[str, ArrayLike]) -> bool:
    """Components of the gradients about their mean neuron, over Maxwell's distribution.

    Each in units of its own thermal velocity sqrt(<c²>): what differs is the shape. The scale is
    logarithmic, so that tails are seen. Bands are over neurons, which may depend on each other.

    gradients : (N, D) each, by label
    """
    edges = np.linspace(-_REACH, _REACH, _CLASSES + 1)
    drawn = 0
    for label, rows in gradients.items():
        density = _component_density(np.asarray(rows, dtype=np.float64), edges)
        if density is not None:
            style.histogram_with_band(axes, *density, edges, drawn, label)
            drawn += 1
    if not drawn:
        return False
    c = np.linspace(-_REACH, _REACH, 200)
    maxwell = np.exp(-0.5 * c**2) / math.sqrt(2.0 * math.pi)
    style.exact_curve(axes, c, maxwell, "Maxwell")
    axes.set_yscale("log")
    axes.set_ylim(0.3 * maxwell[-1], max(3.0, 1.5 * axes.get_ylim()[1]))
    axes.set_xlim(-_REACH, _REACH)
    x = r"component of the gradient $c/\sqrt{\langle c^2\rangle}$"
    style.label_axes(axes, "Gradients as velocities", x, "density")
    style.legend(axes, "band: 2 standard errors over neurons", loc="lower center")
    return True


def _note(shown: Mapping[str, Series]) -> str:
    """What the bands are, where there are any."""
    return BAND if any(np.isfinite(part.error).any() for part in shown.values()) else ""


def _curve(axes: Axes, part: Series, which: int, label: str) -> None:
    colour = style.COLOURS[which % len(style.COLOURS)]
    style.curve_with_band(axes, part.time, part.value, part.error, colour, label)
    axes.lines[-1].set_linestyle(style.DASHES[which % len(style.DASHES)])


def _component_density(rows: np.ndarray, edges: np.ndarray) -> tuple[np.ndarray, np.ndarray] | None:
    """Density of all components in thermal units, and its standard error over the neurons."""
    rows = rows[np.isfinite(rows).all(axis=1)]
    if len(rows) < 2:
        return None
    largest = np.abs(rows).max(initial=0.0) or 1.0
    own = rows / largest
    own = own - own.mean(axis=0)
    thermal = math.sqrt(float((own**2).mean()))
    if not thermal > 0.0:
        return None
    width = edges[1] - edges[0]
    neurons, length = own.shape
    place = np.floor((own / thermal - edges[0]) / width).astype(np.int64)
    inside = (place >= 0) & (place < edges.size - 1)
    first = np.arange(neurons)[:, None] * (edges.size - 1)
    counts = np.bincount((place + first)[inside], minlength=neurons * (edges.size - 1))
    each = counts.reshape(neurons, -1) / (length * width)
    return each.mean(axis=0), each.std(axis=0, ddof=1) / math.sqrt(neurons)
