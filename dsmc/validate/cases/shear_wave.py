"""A shear wave decays in a periodic box: viscosity in a flow, and what cells and steps do to it.

The wave turns, u = U (0, sin q x, cos q x): its heat is spread evenly, and a run shows two waves.
What is expected, A(t) = u(t)/u(0), is the solution of the linear Boltzmann equation of hard spheres
for this very wave length, cell size and time step (reference.shear_wave_decay), heating included.
Measured is how far it decayed, ln A, over the expected figure: an apparent viscosity over the
true one.

Wide cells and long steps make mu too large, by 0.111 (h/lambda)^2 and 0.0525 (dt/tau_c)^2 where
they are small (Alexander, Garcia & Alder 1998; Hadjiconstantinou 2000; Garcia & Wagner 2000). Here
they are not: the excess in cells of lambda and steps of tau_c is measured as the ratio of runs that
differ in one of them only.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np

from dsmc import reference
from dsmc.scenario import Scenario
from dsmc.validate.case import Case, Effort, Figures, Mutant, Repetition, Values, figures
from dsmc.validate.homogeneous import ARGON, NUMBER_DENSITY, TEMPERATURE, domain
from dsmc.validate.isolated_cells import thermal_speed
from dsmc.validate.wrong_laws import faster

LENGTH = 25  # of the box and of the wave [lambda]
TIME = 20  # [tau]: the wave is then down to about half
FINE = {"cells": 100, "step": 0.25}  # cells of lambda/4
WIDE = {"cells": 25, "step": 0.25}  # cells of lambda
LONG = {"cells": 100, "step": 1.0}


def gas_of(particles: int, cells: int, step: float, per_cell: int | None = None) -> Scenario:
    """Hard spheres in a box of one wave length; per_cell : see `homogeneous.domain`."""
    gas = ARGON["hard-sphere"]
    one = Scenario(
        gas=gas,
        domain={"length_m": [1.0], "cells": [1]},
        initial={"kind": "equilibrium", "number_density_m3": NUMBER_DENSITY,
                 "temperature_K": TEMPERATURE, "particles": 2},
        run={"time_step_mct": 1.0, "steps": 1},
    )  # fmt: skip
    return Scenario(
        gas=gas,
        domain=domain(LENGTH * one.mean_free_path, cells, particles, per_cell),
        initial={"kind": "equilibrium", "number_density_m3": NUMBER_DENSITY,
                 "temperature_K": TEMPERATURE, "particles": particles,
                 "zero_momentum": True, "exact_energy": True},
        run={"time_step_mct": step, "steps": 10**6},
        sample={"every": 10**9, "fields_every": 0, "quantities": ["temperature"]},
    )  # fmt: skip


@lru_cache(maxsize=16)
def expected_decay(cells: int, step: float, amplitude: float) -> float:
    """ln A at the end, as it must be for these cells and steps."""
    history = reference.shear_wave_decay(
        2.0 * math.pi / LENGTH, step, round(TIME / step), LENGTH / cells, amplitude
    )
    return math.log(history[-1])


def decay(
    repetition: Repetition,
    particles: int,
    amplitude: float,
    cells: int,
    step: float,
    per_cell: int | None = None,
) -> float:
    """ln A at the end, measured; U = amplitude v0 exactly, at the start."""

    def wave(x: Values) -> Values:
        phase = 2.0 * np.pi / scenario.lengths[0] * x[:, 0]
        return np.stack([np.sin(phase), np.cos(phase)], axis=1)

    def height(simulation) -> float:
        view = simulation.particles
        return float((view.velocity[:, 1:] * wave(view.position)).sum(axis=1).mean())

    scenario = gas_of(particles, cells, step, per_cell)
    with repetition.simulation(scenario) as simulation:
        U = amplitude * thermal_speed(simulation)
        velocity = np.array(simulation.particles.velocity)
        velocity[:, 1:] += (U - height(simulation)) * wave(simulation.particles.position)
        simulation.set_particles(velocity=velocity)
        start = height(simulation)
        simulation.run(steps=round(TIME / step), progress=False)
        return math.log(height(simulation) / start)


def measure_viscosity(
    repetition: Repetition, particles: int, amplitude: float, per_cell: int | None = None
) -> Values:
    """The decay with fine cells and steps over the exact one: (1,)."""
    seen = decay(repetition, particles, amplitude, **FINE, per_cell=per_cell)
    return np.array([seen / expected_decay(**FINE, amplitude=amplitude)])


def known_viscosity(particles: int, amplitude: float, per_cell: int | None = None) -> Figures:
    """Margin: U^2 (q lambda)^2 and the second order of the heating, (U^2/3)^2."""
    margin = amplitude**2 * (2.0 * math.pi / LENGTH) ** 2 + amplitude**4 / 9.0
    return figures(["decay of a shear wave over exact"], 1.0, margin)


def exact_excess(coarse: dict, amplitude: float) -> float:
    """By how much a wave decays faster with coarse cells or steps than with fine ones."""
    one, other = (expected_decay(**grid, amplitude=amplitude) for grid in (FINE, coarse))
    return other / one - 1.0


def measure_excess(
    repetition: Repetition,
    particles: int,
    amplitude: float,
    coarse: dict,
    per_cell: int | None = None,
) -> Values:
    """The same, measured: (1,).

    Stresses that are not linear in the wave change it by 0.009 U^2/v0^2 in steps of tau_c. A wave
    that is twice as high, of a quarter of the particles (its noise is as small), tells how much.
    """

    def beyond(place: int, particles: int, amplitude: float) -> float:
        one, other = (
            decay(repetition.part(4 * repetition.number + place + k), particles, amplitude, **grid,
                  per_cell=per_cell)
            for k, grid in enumerate((FINE, coarse))
        )  # fmt: skip
        return other / one - 1.0 - exact_excess(coarse, amplitude)

    low, high = beyond(0, particles, amplitude), beyond(2, particles // 4, 2.0 * amplitude)
    return np.array([exact_excess(coarse, amplitude) + (4.0 * low - high) / 3.0])


def known_excess(
    particles: int, amplitude: float, coarse: dict, per_cell: int | None = None
) -> Figures:
    """Margin: 3 % of the excess, for the next order of the amplitude and few in a cell."""
    told = "cells of lambda" if coarse == WIDE else "steps of tau_c"
    exact = exact_excess(coarse, amplitude)
    return figures([f"excess of mu in {told}"], exact, 0.03 * exact)


VISCOSITY = Case(
    name="shear-wave",
    question="Does a shear wave of hard spheres decay at the exact rate?",
    source="linear Boltzmann equation at the given wave length, cells and time step: "
    "dsmc.reference.shear_wave",
    errors="scatter of independent boxes; cells of lambda/4, steps of tau_c/4: in the reference",
    allowed="finite amplitude U: U^2 (q lambda)^2 + (U^2/3)^2, U in v0",
    measure=measure_viscosity,
    known=known_viscosity,
    efforts={
        "quick": Effort(12, {"particles": 50_000, "amplitude": 0.4}),
        "full": Effort(200, {"particles": 200_000, "amplitude": 0.2}),
        "tight": Effort(4000, {"particles": 400_000, "amplitude": 0.1}),
    },
    mutants=(Mutant("rate 6 % too high", faster(1.06)),),
    on_device={"per_cell": 32},
)

WIDE_CELLS = Case(
    name="cell-size",
    question="Do cells of one mean free path raise the viscosity by as much as theory says?",
    source="linear Boltzmann equation with partners from the same cell: dsmc.reference.shear_wave; "
    "small cells: F. J. Alexander, A. L. Garcia & B. J. Alder, Phys. Fluids 10 (1998) 1540",
    errors="scatter of independent boxes; amplitude: extrapolated to second order from two",
    allowed="3 % of the excess: the next order of the amplitude, few in a cell",
    measure=measure_excess,
    known=known_excess,
    efforts={
        "quick": Effort(20, {"particles": 50_000, "amplitude": 0.5, "coarse": WIDE}),
        "full": Effort(200, {"particles": 200_000, "amplitude": 0.5, "coarse": WIDE}),
    },
    mutants=(
        Mutant("cells a fifth narrower than they are said to be",
               settings={"coarse": {"cells": 31, "step": 0.25}},
               effort=Effort(20, {"particles": 100_000, "amplitude": 0.5, "coarse": WIDE})),
    ),
    on_device={"per_cell": 32},
)  # fmt: skip

LONG_STEPS = Case(
    name="time-step",
    question="Do steps of one collision time raise the viscosity by as much as theory says?",
    source="N. G. Hadjiconstantinou, Phys. Fluids 12 (2000) 2634; A. L. Garcia & W. Wagner, ibid. "
    "2621; at the given wave length: dsmc.reference.shear_wave",
    errors="scatter of independent boxes; amplitude: extrapolated to second order from two",
    allowed="3 % of the excess: the next order of the amplitude, few in a cell",
    measure=measure_excess,
    known=known_excess,
    efforts={
        "full": Effort(200, {"particles": 200_000, "amplitude": 0.5, "coarse": LONG}),
    },
    mutants=(
        Mutant("steps a fifth shorter than they are said to be",
               settings={"coarse": {"cells": 100, "step": 0.8}},
               effort=Effort(80, {"particles": 100_000, "amplitude": 0.5, "coarse": LONG})),
    ),
)  # fmt: skip
