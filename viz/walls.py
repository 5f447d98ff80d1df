"""Along the walls of a two-dimensional flow: pressure, shear, heat and hits, with error bars."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes

from viz import style

if TYPE_CHECKING:
    from dsmc.result import Result
    from dsmc.wall_profiles import WallProfile

# title, name of the flux, unit, label of the vertical axis
PANELS = {
    "Pressure on the walls": ("pressure", "Pa", "pressure"),
    "Shear on the walls": ("shear", "Pa", "shear stress"),
    "Heat flux into the walls": ("heat_flux", "W m-2", "heat flux"),
    "Hits of the walls": ("number_flux", "m-2 s-1", "number flux"),
}


def draw(result: Result, directory: str | os.PathLike[str]) -> list[Path]:
    """`walls.png`: a panel for each flux, a curve for each wall; [] if no wall has cells."""
    path = style.draw_panels(
        panels(result),
        Path(directory) / "walls.png",
        title=f"{result.title} (bars: 2 standard errors)".lstrip(),
        panel_size=(5.8, 3.8),
    )
    return [] if path is None else [path]


def panels(result: Result) -> list[style.Panel]:
    """The panels that the walls of a two-dimensional flow may have."""
    profiles = [p for p in result.wall_profiles.values() if len(p.places) == 1]
    return [partial(along, profiles=profiles, title=title) for title in PANELS]


def along(axes: Axes, profiles: list[WallProfile], title: str) -> bool:
    """One flux along every wall, over its length; of the shear what lies in the plane."""
    flux, unit, name = PANELS[title]
    shown = 0
    for profile in profiles:
        value, error = getattr(profile, flux)
        if flux == "shear":  # along the wall
            component = "xyz".index(profile.along[0])
            value, error = value[component], error[component]
        if not np.isfinite(value).any() or not np.any(value):
            continue  # a mirror takes neither shear nor heat
        x = profile.places[0] / (profile.places[0][-1] + profile.places[0][0])
        label = profile.face.replace("_", " ")
        style.points_with_bars(axes, x, value, error, shown, label)
        shown += 1
    if not shown:
        return False
    style.label_axes(axes, title, "place over the length of the wall", name, unit)
    style.legend_below(axes)
    return True
