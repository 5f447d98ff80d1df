"""Boxes that gas passes through (`dsmc.validate.open_boxes`), and the law of those who enter."""

import numpy as np
from scipy import integrate

from dsmc.validate.open_boxes import (
    CROSSING,
    LENGTH,
    MASS,
    NUMBER_DENSITY,
    TEMPERATURE,
    V0,
    open_box,
    reservoir,
)

__all__ = [
    "CROSSING", "LENGTH", "MASS", "NUMBER_DENSITY", "TEMPERATURE", "V0", "flux_law", "open_box",
    "reservoir",
]  # fmt: skip


def flux_law(s):
    """The distribution function of the normal speeds [v0] that enter at a speed ratio s."""
    v = np.linspace(0.0, max(s, 0.0) + 7.0, 40_001)
    density = v * np.exp(-((v - s) ** 2) + (s * s if s < 0.0 else 0.0))
    table = integrate.cumulative_simpson(density, x=v, initial=0.0)
    return lambda speed: np.interp(speed, v, table / table[-1])
