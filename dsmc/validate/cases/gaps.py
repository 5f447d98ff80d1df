"""Couette and Fourier flow of hard spheres between diffuse plates at Kn = 0.1, 1 and 5.

Against the linear Boltzmann equation solved numerically (`dsmc.reference.plane_flows`). What cells
and steps add to viscosity and conductivity is allowed for: the flow is that of a gap narrower by
this share, by the slip solution. The gas starts in that solution and settles before it is looked
at.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from dsmc import reference
from dsmc.scenario import Scenario
from dsmc.species import TABLE
from dsmc.validate.case import Case, Effort, Figures, Mutant, Repetition, Values, figures
from dsmc.validate.homogeneous import NUMBER_DENSITY, TEMPERATURE
from dsmc.validate.wrong_laws import faster
from dsmc.walls import ENERGY_IN, ENERGY_OUT, MOMENTUM_IN, MOMENTUM_OUT

ARGON = TABLE["Ar"].as_model("hard-sphere")
V0 = float(reference.most_probable_speed(ARGON.mass, TEMPERATURE))
PATH = float(reference.mean_free_path(NUMBER_DENSITY, TEMPERATURE, ARGON.mass, ARGON.diameter))
GAPS = {10.0: 80, 1.0: 16, 0.2: 8}  # [lambda]: cells
STEP = 0.25  # [tau]
SETTLING = 320  # steps
SPEED = 0.15  # U [v0]
DIFFERENCE = 0.2  # (T_1 - T_2)/T


def gas_of(gap: float, particles: int, low: dict, high: dict) -> Scenario:
    """Hard spheres between diffuse plates."""
    return Scenario(
        gas={"species": "Ar", "model": "hard-sphere"},
        domain={"length_m": [gap * PATH], "cells": [GAPS[gap]]},
        initial={"kind": "equilibrium", "number_density_m3": NUMBER_DENSITY,
                 "temperature_K": TEMPERATURE, "particles": particles},
        boundaries={"x": {side: {"kind": "diffuse", "temperature_K": TEMPERATURE, **plate}
                          for side, plate in (("low", low), ("high", high))}},
        run={"time_step_mct": STEP, "steps": 10**6},
        sample={"every": 10**9, "fields_every": 0, "quantities": ["temperature"]},
    )  # fmt: skip


def plates_received(
    repetition: Repetition, scenario: Scenario, start: Callable, steps: int
) -> Values:
    """(2, COLUMNS) what the plates counted, per area and time [SI], once the flow has settled.

    start : start(x in (0, 1), velocity) -> velocity, of the gas that is put in
    """
    with repetition.simulation(scenario) as simulation:
        view = simulation.particles
        x = view.position / scenario.lengths[0]
        simulation.set_particles(velocity=start(x, np.array(view.velocity)))
        simulation.run(steps=SETTLING, progress=False)
        before = simulation.tallies["walls"]
        simulation.run(steps=steps, progress=False)
        seen = simulation.tallies["walls"] - before
    area = scenario.volume / scenario.lengths[0]
    return seen * scenario.weight / (area * steps * scenario.time_step)


def measure_couette(repetition: Repetition, particles: int, steps: int) -> Values:
    """Shear stress of both plates over the free-molecular one, at every gap: (3,)."""
    row = []
    for gap in GAPS:
        U = SPEED * V0
        plates = [{"velocity_m_s": [0.0, sign * U / 2.0, 0.0]} for sign in (-1.0, 1.0)]
        slope = U / (1.0 + 2.0 * reference.VISCOUS_SLIP / reference.rarefaction(gap))

        def sheared(x: Values, velocity: Values, slope: float = slope) -> Values:
            velocity[:, 1] += slope * (x[:, 0] - 0.5)
            return velocity

        scenario = gas_of(gap, particles, *plates)
        low, high = plates_received(repetition, scenario, sheared, steps)
        stress = [plate[MOMENTUM_IN + 1] - plate[MOMENTUM_OUT + 1] for plate in (low, high)]
        unit = reference.free_molecular_couette_stress(NUMBER_DENSITY, TEMPERATURE, ARGON.mass, U)
        row.append((stress[0] - stress[1]) / (2.0 * unit))
    return np.array(row)


def measure_fourier(repetition: Repetition, particles: int, steps: int) -> Values:
    """Heat flux of both plates over the free-molecular one, at every gap: (3,)."""
    hot, cold = (TEMPERATURE * (1.0 + sign * DIFFERENCE / 2.0) for sign in (1.0, -1.0))
    unit = reference.free_molecular_plates(NUMBER_DENSITY, hot, cold, ARGON.mass).heat_flux
    row = []
    for gap in GAPS:
        jump = 1.0 + 2.0 * reference.TEMPERATURE_JUMP / reference.rarefaction(gap)

        def heated(x: Values, velocity: Values, jump: float = jump) -> Values:
            return velocity * np.sqrt(1.0 + DIFFERENCE / jump * (0.5 - x))

        scenario = gas_of(gap, particles, {"temperature_K": hot}, {"temperature_K": cold})
        low, high = plates_received(repetition, scenario, heated, steps)
        heat = [plate[ENERGY_IN] - plate[ENERGY_OUT] for plate in (low, high)]
        row.append((heat[1] - heat[0]) / (2.0 * unit))
    return np.array(row)


def _known(flow: str, coefficient: str, nonlinear: float, name: str) -> Figures:
    """The flow, with what cells and steps add to the coefficient as the slip solution has it."""
    exact, margin = [], []
    for gap, cells in GAPS.items():
        added = reference.cell_size_error(gap / cells, coefficient, order="infinite")
        added += reference.time_step_error(STEP, coefficient, order="infinite")
        slip, narrower = (
            getattr(reference.slip_flows(g), flow) for g in (gap, gap / (1.0 + float(added)))
        )
        value = getattr(reference, flow)(gap)
        exact.append(value * narrower / slip)
        # Half of the correction may be off where the gas is not near the continuum.
        margin.append(nonlinear * value + 0.5 * abs(exact[-1] - value) + 1e-4)
    labels = [f"{name} over free-molecular, Kn = {1.0 / gap:g}" for gap in GAPS]
    return figures(labels, exact, margin)


def known_couette(particles: int, steps: int) -> Figures:
    """Margin: the motion of the plates heats the gas to T (1 + U^2/6) at most, all relative motion
    being turned into heat; the stress is at most that of molecules sqrt(1 + U^2/6) as fast."""
    return _known("couette_stress", "viscosity", SPEED**2 / 12.0, "shear stress")


def known_fourier(particles: int, steps: int) -> Figures:
    """Margin: second order of the difference of temperatures, (dT/T)^2/20."""
    return _known("fourier_heat_flux", "conductivity", DIFFERENCE**2 / 20.0, "heat flux")


FULL = {"particles": 20_000, "steps": 2000}

COUETTE = Case(
    name="couette",
    question="Do moving plates drag hard spheres with the stress of theory at Kn = 0.1, 1 and 5?",
    source="linear Boltzmann equation, solved numerically: dsmc.reference.plane_flows",
    errors="scatter of independent gaps; cells of lambda/8 and less, steps of tau_c/4: allowed for",
    allowed="heating by the plates, (U/v0)^2/12; half of what cells and steps add",
    measure=measure_couette,
    known=known_couette,
    efforts={"full": Effort(120, FULL), "tight": Effort(4000, FULL)},
    mutants=(Mutant("rate 10 % too high", faster(1.1), effort=Effort(16, FULL)),),
)

FOURIER = Case(
    name="fourier",
    question="Do unequal plates exchange heat through hard spheres as in theory at Kn = 0.1, 1, 5?",
    source="linear Boltzmann equation, solved numerically: dsmc.reference.plane_flows",
    errors="scatter of independent gaps; cells of lambda/8 and less, steps of tau_c/4: allowed for",
    allowed="(dT/T)^2/20; half of what cells and steps add",
    measure=measure_fourier,
    known=known_fourier,
    efforts={"full": Effort(120, FULL), "tight": Effort(4000, FULL)},
    mutants=(Mutant("rate 10 % too high", faster(1.1), effort=Effort(16, FULL)),),
)
