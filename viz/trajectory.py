"""Pictures of particles alone: how their velocities are distributed, and where some of them went.

They need no scenario and no result: any file of particles will do (see `viz.frames`). Maxwell's
distribution is that of the same <c^2>, c = v - <v>, for particles of one mass.
"""

from __future__ import annotations

import math
from functools import partial

import numpy as np
from matplotlib.axes import Axes
from matplotlib.image import AxesImage

from dsmc.reference import maxwell_speed_density
from viz import style
from viz.frames import Frames

PATHS = 5  # particles whose paths are drawn
_REACH = 3.5  # of the histograms, in most probable speeds of the last frame
_COMPONENTS = ("x", "y", "z")


def panels(frames: Frames) -> dict[str, style.Panel]:
    """The panels that a file of particles may have, by name."""
    return {
        "speeds": partial(speeds, frames=frames),
        "components": partial(components, frames=frames),
        "plane": partial(plane, frames=frames),
        "paths": partial(paths, frames=frames),
    }


def thermal(velocity: np.ndarray) -> tuple[np.ndarray, float]:
    """Velocities about their mean, and v0 = sqrt(2 <c^2> / D), the most probable speed for D = 3.

    velocity : (K, D) [any]; rows that are no finite numbers are left out; NaN of fewer than two
    """
    with np.errstate(over="ignore", invalid="ignore"):
        sound = velocity[np.isfinite((velocity**2).sum(axis=1))]
        if len(sound) < 2:
            return sound, math.nan
        own = sound - sound.mean(axis=0)
        return own, math.sqrt(2.0 * float((own**2).mean()))


def speeds(axes: Axes, frames: Frames) -> bool:
    """Speeds |c| in the first and the last frame, over Maxwell's of the last."""
    ends = _ends(frames)
    if not ends:
        return False
    own, v0 = thermal(ends[-1][1])
    reach = _REACH * v0 * math.sqrt(max(1.0, own.shape[1] / len(_COMPONENTS)))  # |c| ~ sqrt(D)
    edges = np.linspace(0.0, reach, _classes(len(own)) + 1)
    for k, (label, velocity) in enumerate(reversed(ends)):
        speed = np.linalg.norm(thermal(velocity)[0], axis=1)
        style.histogram_with_band(axes, *_density(speed, edges), edges, k, label)
    if own.shape[1] == len(_COMPONENTS):
        c = np.linspace(0.0, _REACH, 200)
        style.exact_curve(axes, c * v0, maxwell_speed_density(c) / v0, "Maxwell, same temperature")
    axes.set_xlim(0.0, edges[-1])
    axes.set_ylim(bottom=0.0)
    _label(axes, frames, "Distribution of speeds", r"thermal speed $|c|$")
    style.legend(axes, style.BAND)
    return True


def components(axes: Axes, frames: Frames) -> bool:
    """Each component of the velocity in the last frame, over Maxwell's of the same temperature."""
    ends = _ends(frames)
    if not ends:
        return False
    own, v0 = thermal(ends[-1][1])
    edges = np.linspace(-_REACH * v0, _REACH * v0, _classes(len(own)) + 1)
    for k in range(min(own.shape[1], len(_COMPONENTS))):
        density = _density(own[:, k], edges)
        style.histogram_with_band(axes, *density, edges, k, f"$c_{_COMPONENTS[k]}$")
    c = np.linspace(-_REACH, _REACH, 200)
    gauss = np.exp(-(c**2)) / (math.sqrt(math.pi) * v0)
    style.exact_curve(axes, c * v0, gauss, "Maxwell")
    axes.set_xlim(edges[0], edges[-1])
    axes.set_ylim(0.0, 1.45 * axes.get_ylim()[1])  # room for the legend
    _label(axes, frames, f"Components, {ends[-1][0]}", "thermal velocity $c$")
    style.legend(axes, style.BAND, ncols=2, loc="upper center")
    return True


def plane(axes: Axes, frames: Frames) -> bool:
    """How many velocities of the last frame lie where, in x and y; a ring at v0."""
    ends = _ends(frames)
    if not ends or ends[-1][1].shape[1] < 2:
        return False
    own, v0 = thermal(ends[-1][1])
    image = velocity_plane(axes, own, _REACH * v0)
    axes.figure.colorbar(image, cax=axes.inset_axes((1.03, 0.0, 0.045, 1.0)))
    image.colorbar.ax.set_ylabel("particles in a class")
    unit = frames.velocity_unit
    axes.set_title(f"Velocities, {ends[-1][0]}")
    axes.set_xlabel(style.with_unit("$c_x$", unit))
    axes.set_ylabel(style.with_unit("$c_y$", unit))
    angle = np.linspace(0.0, 2.0 * math.pi, 100)
    axes.plot(v0 * np.cos(angle), v0 * np.sin(angle), color="white", lw=1.1, ls=(0, (4, 2)))
    return True


def velocity_plane(axes: Axes, own: np.ndarray, reach: float) -> AxesImage:
    """A two-dimensional histogram of (c_x, c_y) between -reach and reach; returns the image.

    own : (K, D) [any]
    """
    classes = min(60, max(12, round(math.sqrt(len(own) / 4.0))))
    axes.grid(False)
    return axes.imshow(
        plane_counts(own, reach, classes), origin="lower", extent=(-reach, reach, -reach, reach),
        cmap="viridis", interpolation="nearest", vmin=0.0,
    )  # fmt: skip


def plane_counts(own: np.ndarray, reach: float, classes: int) -> np.ndarray:
    """How many velocities lie in each square of (c_y, c_x) between -reach and reach.

    own : (K, D) [any]
    """
    edges = np.linspace(-reach, reach, classes + 1)
    return np.histogram2d(own[:, 1], own[:, 0], (edges, edges))[0]


def paths(axes: Axes, frames: Frames) -> bool:
    """The paths of a few particles: in x and y, or x over time in a one-dimensional box."""
    tracks = _tracks(frames)
    if tracks is None:
        return False
    time, places = tracks
    one_dimensional = places.shape[2] == 1
    lengths = np.nanmax(places, axis=(0, 1)) - np.nanmin(places, axis=(0, 1))
    unit, factor = _length_unit(frames, float(lengths[: 1 if one_dimensional else 2].max()))
    for k in range(places.shape[1]):
        way = np.array(places[:, k])
        jumps = np.abs(np.diff(way, axis=0)) > 0.5 * lengths  # through a periodic face
        way[1:][jumps.any(axis=1)] = np.nan
        x = time if one_dimensional else way[:, 0] * factor
        y = way[:, 0] * factor if one_dimensional else way[:, 1] * factor
        axes.plot(x, y, color=style.COLOURS[k], marker=style.MARKERS[k], ms=3.0, lw=0.9)
    _, time_unit = _clock(frames)
    axes.set_title(f"Paths of {places.shape[1]} particles")
    if one_dimensional:
        axes.set_xlabel(style.with_unit("time", time_unit))
        axes.set_ylabel(style.with_unit("$x$", unit))
    else:
        axes.set_xlabel(style.with_unit("$x$", unit))
        axes.set_ylabel(style.with_unit("$y$", unit))
    return True


def _ends(frames: Frames) -> list[tuple[str, np.ndarray]]:
    """What the first and the last sound frame are called, and their velocities; or the only one."""
    sound = [k for k, velocity in enumerate(frames.velocity) if thermal(velocity)[1] > 0.0]
    ends = sorted({sound[0], sound[-1]}) if sound else []
    return [(moment(frames, k), frames.velocity[k]) for k in ends]


def moment(frames: Frames, frame: int) -> str:
    """When a frame was: "t = 1.5 µs"; its number where the file does not tell."""
    time, unit = _clock(frames)
    if not np.isfinite(time[frame]):
        return f"frame {frame + 1}"
    return f"$t$ = {time[frame]:.3g} {unit}".rstrip()


def _tracks(frames: Frames) -> tuple[np.ndarray, np.ndarray] | None:
    """Times (T,) and places (T, k, D) of a few particles that are in every frame."""
    if len(frames.position) < 2:
        return None
    ids = frames.id or tuple(np.arange(len(frame)) for frame in frames.position)
    stays = set(ids[0].tolist()).intersection(*(each.tolist() for each in ids[1:]))
    chosen = sorted(stays)[:PATHS]
    if not chosen:
        return None
    order = [np.argsort(each) for each in ids]
    rows = [o[np.searchsorted(each, chosen, sorter=o)] for each, o in zip(ids, order, strict=True)]
    places = np.stack([p[row] for p, row in zip(frames.position, rows, strict=True)])
    with np.errstate(over="ignore"):
        sound = np.isfinite(places).all() and np.isfinite((places**2).sum())
    return (_clock(frames)[0], places) if sound else None


def _clock(frames: Frames) -> tuple[np.ndarray, str]:
    """Times and their unit, with the prefix that suits if they are seconds."""
    if frames.time_unit == "s":
        return style.scaled(frames.time, "s")
    return frames.time, frames.time_unit


def _length_unit(frames: Frames, longest: float) -> tuple[str, float]:
    if frames.position_unit != "m" or not longest > 0.0:
        return frames.position_unit, 1.0
    values, unit = style.scaled(np.array([longest]), "m")
    return unit, float(values[0] / longest)


def _classes(particles: int) -> int:
    """Classes of a histogram: about a hundredth of the particles in the fullest ones."""
    return min(70, max(12, round(1.5 * particles ** (1.0 / 3.0))))


def _density(values: np.ndarray, edges: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Density in each class and its Poisson error."""
    counts = np.histogram(values, edges)[0]
    scale = 1.0 / (max(1, len(values)) * (edges[1] - edges[0]))
    return counts * scale, np.sqrt(np.maximum(counts, 1)) * scale


def _label(axes: Axes, frames: Frames, title: str, name: str) -> None:
    unit = frames.velocity_unit
    style.label_axes(axes, title, style.with_unit(name, unit), "density", style.inverse(unit))
