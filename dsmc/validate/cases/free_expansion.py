"""A gas expands into vacuum, without collisions.

Half-space x < 0 is filled and let go at t = 0: n/n_0 = (1/2) erfc(x/v0 t), momentum density
n_0 v0 exp(-x^2/(v0 t)^2)/(2 sqrt pi) (Bird 1994, chapter 7).  The box holds a part of the
half-space; behind its left face is a reservoir of the same gas, which stands for the rest exactly,
and what passes the right face, which is open, is lost.
"""

from __future__ import annotations

import math

import numpy as np
from scipy.special import erf, erfc

from dsmc import reference
from dsmc.scenario import Scenario
from dsmc.species import TABLE
from dsmc.validate.case import Case, Curve, Effort, Figures, Mutant, Repetition, Values, figures
from dsmc.validate.homogeneous import ARGON, NUMBER_DENSITY, TEMPERATURE
from dsmc.walls import HITS

MASS = TABLE["Ar"].as_model("hard-sphere").mass
V0 = float(reference.most_probable_speed(MASS, TEMPERATURE))
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
    """The means of the exact profiles over the bins, and the integral of the flux at the face.

    Int erfc = x erfc x - exp(-x^2)/sqrt pi; what has passed x by the time t is what is beyond it.
    """
    width = np.diff(EDGES)
    below = EDGES * erfc(EDGES) - np.exp(-(EDGES**2)) / math.sqrt(math.pi)
    density, momentum = 0.5 * np.diff(below) / width, 0.25 * np.diff(erf(EDGES)) / width
    middle = 0.5 * (EDGES[1:] + EDGES[:-1])
    labels = [f"{name} at x / v0 t = {x:.3f}" for name in ("n / n_0", "n u / n_0 v0")
              for x in middle]  # fmt: skip
    bins = len(middle)
    curves = [
        Curve("n / n_0", "x / v0 t", middle, range(bins)),
        Curve("n u / n_0 v0", "x / v0 t", middle, range(bins, 2 * bins)),
    ]
    exact = [*density, *momentum, -0.5 * below[-1]]
    return figures([*labels, "gone through the open face / n_0 v0 t"], exact, 0.0, curves)


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
