"""Profiles across a one-dimensional gas: density, velocity, temperature, stress, heat flux."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from matplotlib.axes import Axes

from viz import style

if TYPE_CHECKING:
    from dsmc.result import Field, Result

# title, label of the vertical axis, fields and their labels
PANELS: dict[str, tuple[str, dict[str, str]]] = {
    "Number density": ("number density", {"number_density": "$n$"}),
    "Flow velocity": ("velocity", {f"velocity_{a}": f"$u_{a}$" for a in "xyz"}),
    "Temperature": (
        "temperature",
        {"temperature": "$T$", **{f"temperature_{a}": f"$T_{a}$" for a in "xyz"}},
    ),
    "Pressure": (
        "pressure",
        {"pressure": "$p$", **{f"pressure_{a}{a}": f"$p_{{{a}{a}}}$" for a in "xyz"}},
    ),
    "Shear stress": (
        "shear stress",
        {f"pressure_{pair}": f"$p_{{{pair}}}$" for pair in ("xy", "xz", "yz")},
    ),
    "Heat flux": ("heat flux", {f"heat_flux_{a}": f"$q_{a}$" for a in "xyz"}),
}


def draw(result: Result, directory: str | os.PathLike[str]) -> list[Path]:
    """`profiles.png`: one panel for each kind of one-dimensional field; [] if there is none."""
    path = style.draw_panels(
        list(panels(result.fields).values()),
        Path(directory) / "profiles.png",
        title=f"{result.title} (bars: 2 standard errors)".lstrip(),
        panel_size=(5.8, 3.8),
    )
    return [] if path is None else [path]


def panels(fields: Mapping[str, Field]) -> dict[str, style.Panel]:
    """The panels that the fields of a one-dimensional gas may have, by title."""
    return {title: partial(profile, fields=fields, title=title) for title in PANELS}


def profile(axes: Axes, fields: Mapping[str, Field], title: str) -> bool:
    """The fields of one panel against x, with bars of two standard errors."""
    name, labels = PANELS[title]
    shown = [fields[key] for key in labels if key in fields and len(fields[key].axes) == 1]
    if not shown:
        return False
    for which, cells in enumerate(shown):
        x, length_unit = style.scaled(cells.axes[0], "m")
        style.points_with_bars(axes, x, cells.value, cells.error, which, labels[cells.name])
    style.label_axes(axes, title, style.with_unit("$x$", length_unit), name, shown[0].unit)
    style.legend_beside_title(axes, len(shown))
    return True
