"""Transients of a flow: a wave that decays, momentum that walls give, a box that empties."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from viz import observables, scales, style

if TYPE_CHECKING:
    from dsmc.result import Result, Series

TITLES = {
    "shear_wave": "Amplitude of the shear wave",
    "momentum_y": "Momentum of the gas along y",
    "particles": "Particles in the box",
}
_SEEN = 0.03  # change of the number of particles that is worth a picture, relative


def draw(result: Result, directory: str | os.PathLike[str]) -> list[Path]:
    """`transients.png`: a panel for each of them; [] if there is none."""
    shown = panels(result.series, scales.collision_time(result))
    path = style.draw_panels(
        list(shown.values()),
        Path(directory) / "transients.png",
        title=result.title,
        panel_size=(7.2, 4.8),
    )
    return [] if path is None else [path]


def panels(
    series: Mapping[str, Series], collision_time: float | None = None
) -> dict[str, style.Panel]:
    """The panels of the transients that are there, by the name of the series."""
    return {
        name: partial(
            observables.curves, shown=[series[name]], title=title, collision_time=collision_time
        )
        for name, title in TITLES.items()
        if name in series and is_transient(series[name])
    }


def is_transient(part: Series) -> bool:
    """Whether a series has a curve to follow, or so many particles come or go that it is seen."""
    if part.reference is not None:
        return True
    return part.name == "particles" and bool(np.ptp(part.value) > _SEEN * part.value.max())
