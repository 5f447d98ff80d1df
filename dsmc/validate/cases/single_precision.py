"""A gas in single precision: its collisions are computed in float32, too.

The rates of `collision-rates` and the decays of `anisotropy-maxwell`, in a thousand cells; and a
rate where all are in one cell, in which a step has thousands of candidates.
Rounding of 6e-8 changes none of them: there is no margin for it.
"""

from __future__ import annotations

import numpy as np

from dsmc.validate.case import Case, Effort, Figures, Mutant, Repetition, Values, figures
from dsmc.validate.cases import anisotropy, collision_rates
from dsmc.validate.wrong_laws import faster, harder

IN_SINGLE = {"precision": "float32", "cells": (10, 10, 10)}
CROWD = IN_SINGLE | {"cells": (1, 1, 1), "models": ("vss",)}


def measure(repetition: Repetition, particles: int, step: float, tau: float) -> Values:
    """The figures of `collision-rates`, those in one cell, then those of `anisotropy-maxwell`."""
    return np.concatenate([
        collision_rates.measure(repetition, particles, step, tau, **IN_SINGLE),
        collision_rates.measure(repetition, particles, step, tau, **CROWD),
        anisotropy.measure_exponential(repetition, particles, **IN_SINGLE),
    ])  # fmt: skip


def known(particles: int, step: float, tau: float) -> Figures:
    """Those of both cases; the rates in one cell are the same."""
    rates = collision_rates.known(particles, step, tau)
    decays = anisotropy.known_exponential(particles)
    labels = [*rates.labels, *(f"{label}, one cell" for label in rates.labels[4:6]), *decays.labels]
    reference = np.concatenate([rates.reference, np.ones(2), decays.reference])
    margin = np.concatenate([rates.margin, np.zeros(2), decays.margin])
    return figures(labels, reference, margin)


CASE = Case(
    name="single-precision",
    question="Does a gas in float32 collide as often, and as it should?",
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
        Mutant("alpha = 3 for 2.5: rate 5.5 % off", harder(1.2)),
    ),
)  # fmt: skip
