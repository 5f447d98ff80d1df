"""Maps of fields: two-dimensional ones whole, three-dimensional ones in their three mid-planes.

Values are shown in viridis, values of either sign in a scale from blue to red about zero, errors
in cividis: all three are told apart by colour-blind readers and in print. White: empty cells.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes

from dsmc.faces import AXES
from dsmc.grading import EVEN, edges_around
from dsmc.result import Field
from viz import style

if TYPE_CHECKING:
    from dsmc.result import Result

VALUES, SIGNED, ERRORS = "viridis", "RdBu_r", "cividis"

# field: title, label of the colour bar
MAPS: dict[str, tuple[str, str]] = {
    "number_density": ("Number density", "$n$"),
    "temperature": ("Temperature", "$T$"),
    "pressure": ("Pressure", "$p$"),
    **{f"velocity_{a}": (f"Flow velocity $u_{a}$", f"$u_{a}$") for a in AXES},
    **{
        f"pressure_{pair}": (f"Shear stress $p_{{{pair}}}$", f"$p_{{{pair}}}$")
        for pair in ("xy", "xz", "yz")
    },
    **{f"heat_flux_{a}": (f"Heat flux $q_{a}$", f"$q_{a}$") for a in AXES},
}
POSITIVE = ("number_density", "temperature", "pressure")  # their errors are shown in per cent

_SEEN = 5.0  # standard errors that a component out of the plane must reach somewhere
_LABELS = (1.6, 1.2)  # room that the labels and the colour bar of a map take [inch]
_MOST_PIXELS = 2000  # along a side of a map of uneven cells
_MOST_OBLONG = 4.0  # a box of greater ratio of its sides is not drawn to scale


@dataclass(frozen=True)
class Plane:
    """A plane of cells: the axes that it is drawn against, and where it cuts the third."""

    horizontal: int
    vertical: int
    normal: int | None = None
    cell: int = 0

    def cut(self, array: np.ndarray) -> np.ndarray:
        """The cells of the plane, (vertical, horizontal).

        array : (n_y, n_x) or (n_z, n_y, n_x)
        """
        if self.normal is None:
            return array
        return np.take(array, self.cell, axis=array.ndim - 1 - self.normal)

    def place(self, axes: Sequence[np.ndarray]) -> str:
        """Where the plane lies: "z = 0.25 mm"; nothing for a field of two dimensions."""
        if self.normal is None:
            return ""
        centres, unit = style.scaled(axes[self.normal], "m")
        return f"{AXES[self.normal]} = {centres[self.cell]:.3g} {unit}"


def planes(field: Field) -> tuple[Plane, ...]:
    """The whole plane of a two-dimensional field, the mid-planes of a three-dimensional one."""
    if len(field.axes) == 2:
        return (Plane(0, 1),)
    return tuple(
        Plane(horizontal, vertical, normal, field.axes[normal].size // 2)
        for horizontal, vertical, normal in ((0, 1, 2), (0, 2, 1), (1, 2, 0))
    )


def draw(result: Result, directory: str | os.PathLike[str]) -> list[Path]:
    """`maps.png`, and in `map_errors.png` every field beside its error; [] if there are none."""
    fields = plane_fields(result.fields)
    if not fields:
        return []
    cuts = planes(next(iter(fields.values())))
    pictures = (
        ("maps.png", overview(fields), max(2, len(cuts)), cuts),
        ("map_errors.png", with_errors(fields), 4, cuts[:1]),
    )
    written = [
        style.draw_panels(
            panels,
            Path(directory) / name,
            title=result.title,
            columns=columns,
            panel_size=_panel_size(fields, shown, 5.4 if columns == 2 else 4.7),
        )
        for name, panels, columns, shown in pictures
    ]
    return [path for path in written if path is not None]


def plane_fields(fields: Mapping[str, Field]) -> dict[str, Field]:
    """The fields of two or three dimensions that have a value somewhere."""
    return {
        name: field
        for name, field in fields.items()
        if len(field.axes) > 1 and np.isfinite(field.value).any()
    }


def overview(fields: Mapping[str, Field]) -> list[style.Panel]:
    """Density, temperature, flow and pressure; of three dimensions in three planes each."""
    panels: list[style.Panel] = []
    for name in ("number_density", "temperature", "flow", "pressure"):
        if name == "flow" and (speed := speed_field(fields)) is not None:
            panels += [partial(flow, fields=fields, plane=p) for p in planes(speed)]
        elif name in fields:
            panels += [
                partial(value_map, field=fields[name], plane=p) for p in planes(fields[name])
            ]
    return panels


def with_errors(fields: Mapping[str, Field]) -> list[style.Panel]:
    """Every field, each followed by its standard error; of three dimensions in one plane."""
    return [
        partial(show, field=fields[name], plane=planes(fields[name])[0])
        for name in MAPS
        if name in fields and _is_shown(fields[name])
        for show in (value_map, error_map)
    ]


def value_map(axes: Axes, field: Field, plane: Plane) -> bool:
    """The values of a field in a plane; zero in the middle of the scale if they have both signs."""
    title, label = MAPS.get(field.name, (field.name, field.name))
    shown = [plane.cut(field.value) for plane in planes(field)]
    low, high = _limits(shown)
    colours = VALUES
    if field.name not in POSITIVE and low < 0.0 < high:
        low, high, colours = -max(-low, high), max(-low, high), SIGNED
    sheet(axes, field.axes, plane, plane.cut(field.value), colours, (low, high))
    return _finish(axes, field, plane, title, label, field.unit)


def error_map(axes: Axes, field: Field, plane: Plane) -> bool:
    """The standard error of a field in a plane: in per cent, or in the unit of a signed one."""
    _, label = MAPS.get(field.name, (field.name, field.name))
    relative = field.name in POSITIVE
    with np.errstate(invalid="ignore", divide="ignore"):
        error = 100.0 * field.error / field.value if relative else field.error
    if not np.isfinite(error).any():
        return False
    limits = _limits([plane.cut(error) for plane in planes(field)])
    sheet(axes, field.axes, plane, plane.cut(error), ERRORS, limits)
    label = f"error of {label}"
    return _finish(axes, field, plane, "Its standard error", label, "%" if relative else field.unit)


def flow(axes: Axes, fields: Mapping[str, Field], plane: Plane) -> bool:
    """The flow speed, and streamlines where the velocity in the plane exceeds two errors."""
    speed = speed_field(fields)
    if speed is None:
        return False
    limits = _limits([p.cut(speed.value) for p in planes(speed)])
    sheet(axes, speed.axes, plane, plane.cut(speed.value), VALUES, (0.0, limits[1]))
    _streamlines(axes, fields, plane)
    return _finish(axes, speed, plane, "Flow velocity", "speed $|u|$", speed.unit)


def speed_field(fields: Mapping[str, Field]) -> Field | None:
    """|u| and its error; None where the components of the velocity are not known."""
    parts = [fields[name] for a in AXES if (name := f"velocity_{a}") in fields]
    if len(parts) < len(AXES):
        return None
    value = np.sqrt(sum(part.value**2 for part in parts))
    with np.errstate(invalid="ignore", divide="ignore"):
        error = np.sqrt(sum((part.value * part.error) ** 2 for part in parts)) / value
    return Field("speed", parts[0].unit, "flow speed", parts[0].axes, value, error)


def sheet(
    axes: Axes,
    cells: Sequence[np.ndarray],
    plane: Plane,
    values: np.ndarray,
    colours: str,
    limits: tuple[float, float],
) -> None:
    """One plane of cells in colours, to scale, with a colour bar.

    values : (vertical, horizontal); limits : of the colours
    """
    ends = [end for k in (plane.horizontal, plane.vertical) for end in _ends(cells[k])]
    extent, unit = style.scaled(np.array(ends), "m")
    lengths = extent[1] - extent[0], extent[3] - extent[2]
    oblong = max(lengths) / min(lengths) > _MOST_OBLONG
    low, high = limits
    pixels = np.ma.masked_invalid(raster(cells, plane, values))
    image = axes.imshow(
        pixels, origin="lower", extent=extent, cmap=colours, vmin=low, vmax=high,
        aspect="auto" if oblong else "equal", interpolation="nearest",
    )  # fmt: skip
    axes.grid(False)
    axes.figure.colorbar(image, cax=axes.inset_axes((1.03, 0.0, 0.045, 1.0)))
    for axis, label in ((plane.horizontal, axes.set_xlabel), (plane.vertical, axes.set_ylabel)):
        label(style.with_unit(f"${AXES[axis]}$", unit))


def raster(cells: Sequence[np.ndarray], plane: Plane, values: np.ndarray) -> np.ndarray:
    """The values of a plane on equal pixels: of uneven cells as many as make the narrowest seen.

    cells : the centres along each axis [m]; values : (vertical, horizontal)
    """
    for axis, side in ((0, plane.vertical), (1, plane.horizontal)):
        edges = edges_around(cells[side])
        widths = np.diff(edges)
        if np.ptp(widths) > EVEN * widths.mean():
            pixels = min(_MOST_PIXELS, math.ceil((edges[-1] - edges[0]) / widths.min()))
            places = edges[0] + (np.arange(pixels) + 0.5) * (edges[-1] - edges[0]) / pixels
            values = np.take(values, np.searchsorted(edges[1:-1], places, "right"), axis=axis)
    return values


def _finish(axes: Axes, field: Field, plane: Plane, title: str, label: str, unit: str) -> bool:
    """Title, and the unit on the colour bar."""
    place = plane.place(field.axes)
    axes.set_title(f"{title}, {place}" if place else title)
    style.label_values(axes.images[0].colorbar.ax, label, unit)
    return True


def _streamlines(axes: Axes, fields: Mapping[str, Field], plane: Plane) -> None:
    sides = (plane.horizontal, plane.vertical)
    parts = [fields[f"velocity_{AXES[k]}"] for k in sides]
    if min(part.axes[k].size for part, k in zip(parts, sides, strict=True)) < 3:
        return
    cells = parts[0].axes
    u, v = (raster(cells, plane, plane.cut(part.value)) for part in parts)
    errors = [raster(cells, plane, plane.cut(part.error)) for part in parts]
    known = [np.where(np.isfinite(error), error, 0.0) for error in errors]
    seen = np.hypot(u, v) > style.SIGMAS * np.hypot(*known)
    if np.count_nonzero(seen) < 0.05 * seen.size:
        return  # a gas at rest: lines through noise would show a flow that is none
    left, right, bottom, top = axes.images[0].get_extent()
    x, y = (
        low + (np.arange(n) + 0.5) * (high - low) / n
        for low, high, n in ((left, right, u.shape[1]), (bottom, top, u.shape[0]))
    )
    u, v = (np.ma.masked_where(~seen, part) for part in (u, v))
    axes.streamplot(x, y, u, v, color="white", linewidth=0.9, arrowsize=0.9, density=1.1)
    axes.set_xlim(left, right)
    axes.set_ylim(bottom, top)


def _panel_size(
    fields: Mapping[str, Field], shown: Sequence[Plane], width: float
) -> tuple[float, float]:
    """Width and height of a panel [inch], so that its map, drawn to scale, fills it."""
    axes = next(iter(fields.values())).axes
    lengths = [np.diff(_ends(centres))[0] for centres in axes]
    tallest = max(lengths[plane.vertical] / lengths[plane.horizontal] for plane in shown)
    return width, float(np.clip(_LABELS[1] + (width - _LABELS[0]) * tallest, 2.4, 4.6))


def _is_shown(field: Field) -> bool:
    """Whether a component lies in the plane, or anywhere rises out of its noise."""
    letters = field.name.rpartition("_")[2]
    if field.name in POSITIVE or set(letters) <= set(AXES[: len(field.axes)]):
        return True
    with np.errstate(invalid="ignore", divide="ignore"):
        return bool(np.nanmax(np.abs(field.value) / field.error, initial=0.0) > _SEEN)


def _ends(centres: np.ndarray) -> tuple[float, float]:
    """The ends of a row of cells; a single one begins at the origin."""
    edges = edges_around(centres)
    return float(edges[0]), float(edges[-1])


def _limits(parts: Sequence[np.ndarray]) -> tuple[float, float]:
    """Least and greatest finite value of all parts."""
    finite = np.concatenate(list(_finite(parts)))
    return (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)


def _finite(parts: Sequence[np.ndarray]) -> Iterator[np.ndarray]:
    for part in parts:
        yield part[np.isfinite(part)]
