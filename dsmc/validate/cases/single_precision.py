"""A gas in single precision: its collisions are computed in float32, too.

The rates of `collision-rates`, in a thousand cells, and the decays of `anisotropy-maxwell`, in
eight: there a step has hundreds of candidates in a cell, more than a clock in single precision
could count, of which each uniform number takes its share down to 2^-126.  (Those of few in a cell
meet again too often for an exact decay: 25 in one make it 1 % slower, in either precision.)  On a
device, whose clocks are double, there are 40 in a cell, and shorter steps.
Rounding of 6e-8 changes neither: there is no margin for it.
"""

from __future__ import annotations

import numpy as np

from dsmc.draws import unit_fine_as
from dsmc.validate.case import Case, Effort, Figures, Mutant, Repetition, Values, figures
from dsmc.validate.cases import anisotropy, collision_rates
from dsmc.validate.wrong_laws import faster

FEW = {"precision": "float32", "cells": (10, 10, 10)}
MODELS = ("hard-sphere", "vss")
MANY = {"precision": "float32", "cells": (2, 2, 2)}


def measure(repetition: Repetition, particles: int, step: float, tau: float, **few: int) -> Values:
    """The figures of `collision-rates`, then of `anisotropy-maxwell`: (2 * models + 2 * times,).

    few : per_cell and parts of the decays, on a device
    """
    return np.concatenate([
        collision_rates.measure(repetition, particles, step, tau, MODELS, **FEW),
        anisotropy.measure_exponential(repetition, particles, **few, **MANY),
    ])  # fmt: skip


def known(particles: int, step: float, tau: float, **few: int) -> Figures:
    """Those of both cases."""
    rates = collision_rates.known(particles, step, tau, MODELS)
    decays = anisotropy.known_exponential(particles)
    reference = np.concatenate([rates.reference, decays.reference])
    margin = np.concatenate([rates.margin, decays.margin])
    return figures([*rates.labels, *decays.labels], reference, margin)


def _short_of_one(one, high, low):
    return 0.95 * unit_fine_as(one, high, low)


CASE = Case(
    name="single-precision",
    question="Does a gas in float32 collide as often as it should, and into all directions?",
    source="as collision-rates and anisotropy-maxwell",
    errors="scatter of independent boxes; no error in cells or time step",
    allowed="finite number N of a box: 2/N of the decays",
    measure=measure,
    known=known,
    efforts={
        "quick": Effort(20, {"particles": 25_000, "step": 0.5, "tau": 4.0}),
        "full": Effort(100, {"particles": 400_000, "step": 0.5, "tau": 5.0}),
    },
    mutants=(
        Mutant("hard spheres, rate 1 % too high", faster(1.01)),
        Mutant("numbers for angles end at 0.95 in place of 1",
               {"unit_fine_as": _short_of_one}, on_device=False),
    ),
    on_device={"per_cell": 40, "parts": 8},
)  # fmt: skip
