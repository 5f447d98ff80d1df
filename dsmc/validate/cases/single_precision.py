"""A gas in single precision: its collisions are computed in float32, too.

The rates of `collision-rates`, in a thousand cells, and the decays of `anisotropy-maxwell`, in
eight: there a step has thousands of candidates in a cell.  (Those of few in a cell meet again too
often for an exact decay: 25 in one make it 1 % slower, in either precision.)  Rounding of 6e-8
changes neither: there is no margin for it.
"""

from __future__ import annotations

import numpy as np

from dsmc.validate.case import Case, Effort, Figures, Mutant, Repetition, Values, figures
from dsmc.validate.cases import anisotropy, collision_rates
from dsmc.validate.wrong_laws import faster, harder

FEW = {"precision": "float32", "cells": (10, 10, 10)}
MANY = {"precision": "float32", "cells": (2, 2, 2)}


def measure(repetition: Repetition, particles: int, step: float, tau: float) -> Values:
    """The figures of `collision-rates`, then those of `anisotropy-maxwell`."""
    return np.concatenate([
        collision_rates.measure(repetition, particles, step, tau, **FEW),
        anisotropy.measure_exponential(repetition, particles, **MANY),
    ])  # fmt: skip


def known(particles: int, step: float, tau: float) -> Figures:
    """Those of both cases."""
    rates = collision_rates.known(particles, step, tau)
    decays = anisotropy.known_exponential(particles)
    reference = np.concatenate([rates.reference, decays.reference])
    margin = np.concatenate([rates.margin, decays.margin])
    return figures([*rates.labels, *decays.labels], reference, margin)


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
