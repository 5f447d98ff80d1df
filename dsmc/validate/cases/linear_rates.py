"""Small perturbations decay along the spectrum of the linear collision operator.

Three ways to see it:
 - fluctuations of an isolated cell in equilibrium regress as perturbations do (Onsager): the
   correlations in time of its stress and of its heat flux are r(t) of the linear theory;
 - a tagged molecule forgets its velocity: <v(0).v(t)>, every molecule being a sample;
 - two temperatures close to each other: the fourth moment, which has small errors by itself.

r(t) of hard spheres is not an exponential (reference.linear_history). That of Maxwell molecules
is, with the rates 1/2 x 6a/((a + 1)(a + 2)) for stress, 2/3 of it for heat flux and fourth moment
and 1/2 x 2/(a + 1) for tagged velocities, a the exponent of VSS scattering (Bird 1994, chapter 3).
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from dsmc import reference
from dsmc.validate.case import Case, Curve, Effort, Figures, Mutant, Repetition, Values, figures
from dsmc.validate.green_kubo import SPACING, correlation, fluctuations
from dsmc.validate.homogeneous import FEW_IN_A_CELL, FORWARD, at_steps, box, moments
from dsmc.validate.wrong_laws import faster, harder

GASES: dict[str, str | Mapping] = {"hard spheres": "hard-sphere", "Maxwell molecules": FORWARD}
TIMES = np.array([0.5, 1.0, 1.5, 2.0])  # nu t
STEPS = np.rint(TIMES / SPACING).astype(int)
MODES = ("stress", "heat flux", "tagged velocity")
SPREAD = 0.4  # of the two temperatures: half at 0.6 T, half at 1.4 T, m4 = 1 + SPREAD^2

# Correlations in cells of N = 10 and 20 hard spheres alike lie above r(t) by 0.21/N (stress),
# 0.34/N (heat flux), 0.08/N (tagged velocity), measured to 0.01/N; those of Maxwell molecules by
# less than 0.02/N. The margin is one and a half times that.
FINITE_NUMBER = {"hard spheres": (0.32, 0.5, 0.13), "Maxwell molecules": (0.03, 0.03, 0.03)}
BOX_NUMBER = 3.0  # N times the bias of m4 in a box of N


def linear_theory(gas: str) -> Values:
    """r of stress, heat flux and tagged velocity at TIMES: (3, times)."""
    if gas == "hard spheres":
        modes = ("anisotropy", "heat_flux", "tagged_velocity")
        return np.stack([reference.linear_history(mode, TIMES, 0.5) for mode in modes])
    rates = [
        reference.linear_rate(m, 1.0, FORWARD["alpha"]) for m in ("stress", "heat", "diffusion")
    ]
    return np.exp(-np.outer(rates, TIMES))


def fourth_moment(gas: str) -> Values:
    """m4 - 1 of two temperatures at TIMES, (times,): nonlinear, but little else than SPREAD^2 r.

    Of hard spheres by the spectral solution; of Maxwell molecules exactly exponential.
    """
    if gas == "Maxwell molecules":
        return SPREAD**2 * np.exp(-reference.linear_rate("heat", 1.0, FORWARD["alpha"]) * TIMES)
    k = np.arange(29)
    norm = [math.lgamma(j + 1.5) - math.lgamma(j + 1.0) - math.lgamma(1.5) for j in k]
    a = (-1.0) ** k * np.exp(np.array(norm) / 2) * (SPREAD**k + (-SPREAD) ** k) / 2
    return np.asarray(reference.isotropic_relaxation(a, TIMES).moment(4)) - 1.0


def regressions(
    repetition: Repetition, gas: str | Mapping, cells: int, each: int, tau: float
) -> Values:
    """r of stress, heat flux and tagged velocity at TIMES, in cells of `each`: (3, times)."""
    seen = fluctuations(repetition, gas, cells, each, tau)
    tagged = seen.self_memory.sum(axis=0)
    histories = (*(correlation(flux, STEPS[-1]) for flux in (seen.stress, seen.heat_flux)),
                 tagged / tagged[0])  # fmt: skip
    return np.stack([history[STEPS] for history in histories])


def measure(
    repetition: Repetition, gas: str, cells: int, each: int, tau: float, particles: int,
    per_cell: int = 10_000, parts: int = 1,
) -> Values:  # fmt: skip
    """r of three modes, then (m4 - 1)/SPREAD^2 of a box of `particles`, at TIMES: (4 * times,).

    per_cell : particles in a cell of that box; parts : into which its SPACING is divided
    """
    small = regressions(repetition, GASES[gas], cells, each, tau)
    scenario = box(
        GASES[gas], "two-temperature", particles, max(1, particles // per_cell),
        step=SPACING / parts, low=1.0 - SPREAD, high=1.0 + SPREAD,
    )  # fmt: skip
    with repetition.simulation(scenario) as simulation:
        m4 = at_steps(parts * STEPS, lambda v: moments(v, (4,)))(simulation)[:, 0]
    return np.concatenate([small.ravel(), (m4 - 1.0) / SPREAD**2])


def known(gas: str, cells: int, each: int, tau: float, particles: int, **few: int) -> Figures:
    """The linear theory, and what the finite numbers of cells and box change."""
    exact = np.concatenate([linear_theory(gas).ravel(), fourth_moment(gas) / SPREAD**2])
    bias = [*(np.array(FINITE_NUMBER[gas]) / each), BOX_NUMBER / SPREAD**2 / particles]
    names = (*MODES, "4th moment")
    labels = [f"{name} r({t:g})" for name in names for t in TIMES]
    n = len(TIMES)
    curves = [
        Curve(f"r, {name}", "nu t", TIMES, range(k * n, (k + 1) * n))
        for k, name in enumerate(names)
    ]
    return figures(labels, exact, np.repeat(bias, n), curves)


def _case(name: str, gas: str, source: str, mutant: Mutant) -> Case:
    def effort(repetitions: int, each: int, tau: float, particles: int) -> Effort:
        settings = {"gas": gas, "cells": 20_000 // each, "each": each, "tau": tau}
        return Effort(repetitions, {**settings, "particles": particles})

    return Case(
        name=name,
        question=f"Do small perturbations of {gas} decay as the linear theory says?",
        source=source,
        errors="scatter of independent groups of cells and of boxes; no error in time step",
        allowed="finite number N: below 0.5/N of r in a cell, 3/N of m4 in a box",
        measure=measure,
        known=known,
        efforts={"quick": effort(16, 200, 60.0, 50_000), "full": effort(160, 1000, 150.0, 200_000)},
        mutants=(mutant,),
        on_device={"cells": 200, "each": 100, **FEW_IN_A_CELL},
    )


HARD_SPHERES = _case(
    "linear-rates", "hard spheres",
    "spectrum of Hilbert's kernel: dsmc.reference.linear_history, isotropic_relaxation",
    Mutant("rate 2 % too high", faster(1.02)),
)  # fmt: skip
MAXWELL = _case(
    "linear-rates-maxwell", "Maxwell molecules",
    "exact exponentials: Bird 1994, chapter 3, VSS scattering with alpha = 2.5",
    Mutant("alpha = 2.6 for 2.5: rates 1 to 3 % off", harder(1.04)),
)  # fmt: skip
