"""A gas expands into vacuum, without collisions.

Half-space x < 0 is filled and let go at t = 0: n/n_0 = (1/2) erfc(x/v0 t), momentum density
n_0 v0 exp(-x^2/(v0 t)^2)/(2 sqrt pi) (Bird 1994, chapter 7).  The box holds a part of the
half-space; behind its left face is a reservoir of the same gas, which stands for the rest exactly,
and what passes the right face, which is open, is lost.
"""

from __future__ import annotations

import numpy as np

from dsmc import reference
from dsmc.scenario import Scenario
from dsmc.validate.case import Case, Curve, Effort, Figures, Mutant, Repetition, Values, figures
from dsmc.validate.homogeneous import ARGON, NUMBER_DENSITY, TEMPERATURE, V0
from dsmc.walls import HITS

LENGTH = 1e-3  # [m]
REACH = 1.5  # from the middle to either face [v0 t]
STEPS = 4
EDGES = np.linspace(-REACH, REACH, 13)  # [v0 t]
VACUUM = 1.0  # number density that stands for it [1/m^3]


def gas_of(particles: int, hot: float = 1.0, behind: float = 1.0) -> Scenario:
    """The box; of a wrong twin: hot : temperature of the gas, behind : density of the reservoir."""
    gas = {"number_density_m3": NUMBER_DENSITY, "temperature_K": TEMPERATURE * hot}
    rest = {"number_density_m3": NUMBER_DENSITY * behind, "temperature_K": TEMPERATURE * hot}
    return Scenario(
        gas=ARGON["hard-sphere"],
        domain={"length_m": [LENGTH], "cells": [4]},
        initial={"kind": "riemann", "left": gas, "particles": particles,
                 "right": {"number_density_m3": VACUUM, "temperature_K": TEMPERATURE}},
        boundaries={"x": {"low": {"kind": "reservoir", **rest}, "high": {"kind": "open"}}},
        collisions={"scheme": "none"},
        run={"time_step_s": LENGTH / (2.0 * REACH * V0 * STEPS), "steps": STEPS},
        sample={"every": 10**9, "fields_every": 0, "quantities": ["particles"]},
    )  # fmt: skip


def measure(repetition: Repetition, particles: int, **wrong: float) -> Values:
    """Density and momentum in every bin, and what has passed the open face: (25,)."""
    scenario = gas_of(particles, **wrong)
    unit = scenario.weight * 2.0 * REACH / (NUMBER_DENSITY * LENGTH)  # a particle in n_0 v0 t
    with repetition.simulation(scenario) as simulation:
        simulation.run(progress=False)
        gone = simulation.tallies["walls"][1, HITS]
        x = (simulation.particles.position[:, 0] / LENGTH - 0.5) * 2.0 * REACH
        v = simulation.particles.velocity[:, 0] / V0
    scale = unit / np.diff(EDGES)
    density, momentum = (np.histogram(x, EDGES, weights=w)[0] * scale for w in (None, v))
    return np.array([*density, *momentum, gone * unit])


def known(particles: int) -> Figures:
    """The means of the exact profiles over the bins, and what has passed the open face.

    With the density d and the momentum density p at s = x/v0 t, beyond s are p - s d molecules, and
    the momentum there is d/2: both derivatives are -d and -p.
    """
    density, momentum = (
        profile(EDGES)
        for profile in (reference.free_expansion_density, reference.free_expansion_momentum)
    )
    width, beyond = np.diff(EDGES), momentum - EDGES * density
    means = [*(-np.diff(beyond) / width), *(-0.5 * np.diff(density) / width)]
    middle = 0.5 * (EDGES[1:] + EDGES[:-1])
    labels = [f"{name} at x / v0 t = {x:.3f}" for name in ("n / n_0", "n u / n_0 v0")
              for x in middle]  # fmt: skip
    bins = len(middle)
    curves = [
        Curve("n / n_0", "x / v0 t", middle, range(bins)),
        Curve("n u / n_0 v0", "x / v0 t", middle, range(bins, 2 * bins)),
    ]
    labels.append("gone through the open face / n_0 v0 t")
    return figures(labels, [*means, beyond[-1]], 0.0, curves)


CASE = Case(
    name="free-expansion",
    question="Does a collisionless gas expand into vacuum as it must?",
    source="exact: Bird 1994, chapter 7: dsmc.reference.free_expansion_density",
    errors="scatter of independent boxes; no collisions, no error in cells or time step",
    allowed="none",
    measure=measure,
    known=known,
    efforts={
        "quick": Effort(60, {"particles": 20_000}),
        "full": Effort(400, {"particles": 100_000}),
    },
    mutants=(
        Mutant("gas 2 % too hot", settings={"hot": 1.02}),
        Mutant("reservoir behind it 3 % too dense", settings={"behind": 1.03}),
    ),
)
