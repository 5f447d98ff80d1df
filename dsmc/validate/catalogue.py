"""The cases, in the order in which they are asked."""

from __future__ import annotations

from dsmc.validate.case import Case
from dsmc.validate.cases import (
    anisotropy,
    bkw,
    channel,
    collision_rates,
    couette_gaps,
    few_particles,
    fluctuations,
    fourier_gaps,
    plates,
    relaxation,
    shear_wave,
    speed_classes,
    transport,
)

_ALL: tuple[Case, ...] = (
    collision_rates.CASE,
    speed_classes.HARD_SPHERES,
    bkw.CASE,
    relaxation.STATE_A,
    relaxation.STATE_B,
    anisotropy.HISTORY,
    anisotropy.EXPONENTIAL,
    few_particles.MOMENTS,
    few_particles.STRESS,
    fluctuations.CASE,
    transport.HARD_SPHERES,
    transport.VHS,
    shear_wave.VISCOSITY,
    shear_wave.WIDE_CELLS,
    shear_wave.LONG_STEPS,
    plates.CASE,
    couette_gaps.CASE,
    fourier_gaps.CASE,
    channel.CASE,
)

CASES: dict[str, Case] = {case.name: case for case in _ALL}
"""Every case by name."""
