"""The cases, in the order in which they are asked."""

from __future__ import annotations

from dsmc.validate.case import Case
from dsmc.validate.cases import (
    anisotropy,
    bkw,
    channel,
    collision_rates,
    couette_gaps,
    creep,
    few_particles,
    fluctuations,
    fourier_gaps,
    free_expansion,
    linear_rates,
    mixtures,
    normal_shock,
    open_faces,
    plate_drag,
    plates,
    relaxation,
    shear_wave,
    shock_tube,
    single_precision,
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
    anisotropy.START,
    single_precision.CASE,
    linear_rates.HARD_SPHERES,
    linear_rates.MAXWELL,
    mixtures.HISTORIES,
    mixtures.INITIAL_RATES,
    mixtures.COUNTS,
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
    creep.CASE,
    open_faces.RESERVOIRS,
    open_faces.EFFUSION,
    plate_drag.CASE,
    free_expansion.CASE,
    shock_tube.CASE,
    normal_shock.WEAK,
    normal_shock.STRONG,
)

CASES: dict[str, Case] = {case.name: case for case in _ALL}
"""Every case by name."""
