"""Collisionless gas between two diffuse plates, one hot, the other cold and moving along itself.

Molecules from plate 1 have T_1 and no drift, those from plate 2 T_2 and drift U: half-Maxwellians
of full-space densities n_1, n_2 with n_1 sqrt(T_1) = n_2 sqrt(T_2). Exactly, at any U,

    J = n_1 sqrt(kT_1/(2 pi m)),  shear = m U J,  p = n k sqrt(T_1 T_2),
    q = [2 k (T_1 - T_2) - m U^2/2] J,   u = U n_2/(n_1 + n_2),
    T = sqrt(T_1 T_2) + (m U^2/3k) n_1 n_2/(n_1 + n_2)^2

(Bird 1994, chapter 7). The gas starts in this state; the plates have to keep it there.
"""

from __future__ import annotations

import numpy as np

from dsmc import reference
from dsmc.scenario import Scenario
from dsmc.species import BOLTZMANN, TABLE
from dsmc.validate.case import Case, Effort, Figures, Mutant, Repetition, Values, figures
from dsmc.walls import ENERGY_IN, ENERGY_OUT, HITS, MOMENTUM_IN, MOMENTUM_OUT

ARGON = TABLE["Ar"].as_model("hard-sphere")
NUMBER_DENSITY = 1e20  # [1/m^3]
HOT, COLD = 500.0, 200.0  # [K]
SPEED = 400.0  # U [m/s]
GAP = 1e-3  # [m]
CROSSINGS = 0.5  # of the gap by a molecule of 400 m/s, in a step
STEPS = 8
NAMES = ("hits", "pressure", "shear", "heat flux")
LABELS = (*(f"{name} over exact, {plate} plate" for plate in ("hot", "cold") for name in NAMES),
          "temperature over exact", "velocity over exact")  # fmt: skip


def gas_of(particles: int, hot: float = HOT) -> Scenario:
    """Collisionless argon between the plates."""
    faces = [
        {"kind": "diffuse", "temperature_K": temperature, "velocity_m_s": [0.0, speed, 0.0]}
        for temperature, speed in ((hot, 0.0), (COLD, SPEED))
    ]
    return Scenario(
        gas={"species": "Ar", "model": "hard-sphere"},
        domain={"length_m": [GAP], "cells": [4]},
        initial={"kind": "equilibrium", "number_density_m3": NUMBER_DENSITY,
                 "temperature_K": HOT, "particles": particles},
        boundaries={"x": {"low": faces[0], "high": faces[1]}},
        collisions={"scheme": "none"},
        run={"time_step_s": CROSSINGS * GAP / 400.0, "steps": STEPS},
        sample={"every": 10**9, "fields_every": 0, "quantities": ["temperature"]},
    )  # fmt: skip


def start(random: np.random.Generator, particles: int, share: float) -> Values:
    """(N, 3) velocities [m/s]; share : of the molecules that come from the hot plate."""
    from_hot = random.permutation(particles) < round(share * particles)
    temperature = np.where(from_hot, HOT, COLD)
    thermal = reference.most_probable_speed(ARGON.mass, temperature)
    velocity = random.standard_normal((particles, 3)) * np.sqrt(0.5) * thermal[:, None]
    velocity[:, 0] = np.where(from_hot, 1.0, -1.0) * np.abs(velocity[:, 0])
    velocity[:, 1] += np.where(from_hot, 0.0, SPEED)
    return velocity


def exact() -> Values:
    """J, p, shear and q on the hot plate, T and u: (6,) [SI]."""
    m = ARGON.mass
    state = reference.free_molecular_plates(NUMBER_DENSITY, HOT, COLD, m)
    J = state.particle_flux
    slow, fast = (
        n / 2.0 / NUMBER_DENSITY for n in (state.number_density_1, state.number_density_2)
    )
    q = state.heat_flux - 0.5 * m * SPEED**2 * J
    T = state.temperature + m * SPEED**2 / (3.0 * BOLTZMANN) * slow * fast
    return np.array([J, state.pressure, m * SPEED * J, q, T, SPEED * fast])


def measure(repetition: Repetition, particles: int, hot: float = HOT) -> Values:
    """Fluxes on both plates, T and u over the exact ones: (10,); hot : temperature of a twin."""
    J, p, shear, q, T, u = exact()
    state = reference.free_molecular_plates(NUMBER_DENSITY, HOT, COLD, ARGON.mass)
    share = float(state.number_density_1 / (2.0 * NUMBER_DENSITY))
    scenario = gas_of(particles, hot)
    unit = scenario.weight * GAP / (scenario.volume * STEPS * scenario.time_step)
    with repetition.simulation(scenario) as simulation:
        simulation.set_particles(velocity=start(repetition.random(), particles, share))
        simulation.run(steps=STEPS, progress=False)
        plates = unit * simulation.tallies["walls"]
        v = simulation.particles.velocity.astype(np.float64)
    row = []
    for sign, plate in zip((1.0, -1.0), plates, strict=True):
        push = sign * (plate[MOMENTUM_OUT] - plate[MOMENTUM_IN])
        drag = sign * (plate[MOMENTUM_IN + 1] - plate[MOMENTUM_OUT + 1])
        heat = sign * (plate[ENERGY_OUT] - plate[ENERGY_IN])
        row += [plate[HITS] / J, push / p, drag / shear, heat / q]
    temperature = ARGON.mass * v.var(axis=0).mean() / BOLTZMANN
    return np.array([*row, temperature / T, v[:, 1].mean() / u])


def known(particles: int) -> Figures:
    """All are exact."""
    return figures(LABELS, 1.0)


CASE = Case(
    name="plates",
    question="Do diffuse plates exchange molecules, momentum and heat through a free gas exactly?",
    source="exact: Bird 1994, chapter 7, with a moving plate",
    errors="scatter of independent gaps; no collisions, no error in cells or time step",
    allowed="none",
    measure=measure,
    known=known,
    efforts={
        "quick": Effort(24, {"particles": 50_000}),
        "full": Effort(400, {"particles": 200_000}),
        "tight": Effort(10_000, {"particles": 200_000}),
    },
    mutants=(Mutant("hot plate 1 % too hot", settings={"hot": 1.01 * HOT}),),
    on_device={},
)
