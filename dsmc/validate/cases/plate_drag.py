"""Drag and lift of a thin flat plate in a stream without collisions, at three incidences.

Before each side of the plate is a gap of its own: a reservoir that streams as the stream does,
normal to the side and along it, and the side, a diffuse wall.  Nothing that leaves the side comes
back, and the reservoir gives at every distance what the stream gives: the loads are those of the
plate in an infinite stream, exactly (Bird 1994, chapter 7; Schaaf and Chambre 1961):
`reference.surface_element`, on both sides `reference.plate_drag_and_lift`.  On the side in the lee
of a fast stream hardly anything falls.
"""

from __future__ import annotations

import math

import numpy as np

from dsmc import reference
from dsmc.scenario import Scenario
from dsmc.species import BOLTZMANN
from dsmc.validate.case import Case, Effort, Figures, Mutant, Repetition, Values, figures
from dsmc.validate.homogeneous import ARGON, MASS, NUMBER_DENSITY, TEMPERATURE, V0
from dsmc.walls import ENERGY_IN, ENERGY_OUT, MOMENTUM_IN, MOMENTUM_OUT

GAP = 1e-3  # [m]
CROSSINGS = 20.0  # of the gap at v0 in a step: nearly all that enters is gone at its end
SETTLING = 3  # steps until nothing is left of the gas that was there at first
SPEED_RATIOS = (1.0, 5.0)
INCIDENCES = (0.0, 45.0, 90.0)  # [degrees]


def before(particles: int, s_n: float, s_t: float, accommodation: float, steps: int) -> Scenario:
    """The gap before one side; s_n, s_t : of the stream towards the side and along it [v0]."""
    stream = {"kind": "reservoir", "number_density_m3": NUMBER_DENSITY,
              "temperature_K": TEMPERATURE, "velocity_m_s": [s_n * V0, s_t * V0, 0.0]}  # fmt: skip
    side = {"kind": "diffuse", "temperature_K": TEMPERATURE, "accommodation": accommodation}
    return Scenario(
        gas=ARGON["hard-sphere"],
        domain={"length_m": [GAP], "cells": [1]},
        initial={"kind": "equilibrium", "number_density_m3": NUMBER_DENSITY,
                 "temperature_K": TEMPERATURE, "particles": particles},
        boundaries={"x": {"low": stream, "high": side}},
        collisions={"scheme": "none"},
        run={"time_step_s": CROSSINGS * GAP / V0, "steps": SETTLING + steps},
        sample={"every": 10**9, "fields_every": 0, "quantities": ["particles"]},
    )  # fmt: skip


def load(repetition: Repetition, scenario: Scenario) -> Values:
    """Pressure and shear on the side [rho v0^2/2], and the heat it takes [n v0 kT]: (3,)."""
    with repetition.simulation(scenario) as simulation:
        simulation.advance(SETTLING)
        begin = simulation.tallies["walls"][1]
        simulation.advance(scenario.steps - SETTLING)
        tally = simulation.tallies["walls"][1] - begin
    time = (scenario.steps - SETTLING) * scenario.time_step
    per_area = scenario.weight / time
    push = tally[MOMENTUM_IN : MOMENTUM_IN + 2] - tally[MOMENTUM_OUT : MOMENTUM_OUT + 2]
    heat = tally[ENERGY_IN] - tally[ENERGY_OUT]
    stress = 0.5 * MASS * NUMBER_DENSITY * V0**2
    energy = NUMBER_DENSITY * V0 * BOLTZMANN * TEMPERATURE
    return per_area * np.array([push[0] / stress, push[1] / stress, heat / energy])


def measure(
    repetition: Repetition, particles: int, steps: int, fast: float = 1.0,
    accommodation: float = 1.0,
) -> Values:  # fmt: skip
    """C_D and C_L at every speed ratio and incidence, and the heat on both sides.

    fast, accommodation : of a wrong twin: its stream is faster, its plate reflects like a mirror
    """
    row, part = [], 0
    for S in SPEED_RATIOS:
        for degrees in INCIDENCES:
            sine, cosine = math.sin(math.radians(degrees)), math.cos(math.radians(degrees))
            sides = []
            for sign in (1.0, -1.0):
                gap = before(particles, sign * fast * S * sine, fast * S * cosine, accommodation,
                             steps)  # fmt: skip
                sides.append(load(repetition.part(12 * repetition.number + part), gap))
                part += 1
            front, back = sides
            normal, along = front[0] - back[0], front[1] + back[1]
            row += [
                (normal * sine + along * cosine) / S**2,
                (normal * cosine - along * sine) / S**2,
                front[2] + back[2],
            ]
    return np.array(row)


def known(particles: int, steps: int) -> Figures:
    """All are exact."""
    labels, exact = [], []
    for S in SPEED_RATIOS:
        for degrees in INCIDENCES:
            a = math.radians(degrees)
            drag, lift = reference.plate_drag_and_lift(S, a)
            heat = 0.0
            for sign in (1.0, -1.0):
                side = reference.surface_element(sign * S * math.sin(a), S * math.cos(a))
                heat += float(side.incident_energy_flux - side.reflected_energy_flux)
            where = f"S = {S:g}, {degrees:g} degrees"
            labels += [f"C_D, {where}", f"C_L, {where}", f"heat / n v0 kT, {where}"]
            exact += [float(drag), float(lift), heat]
    return figures(labels, exact)


CASE = Case(
    name="plate-drag",
    question="Does a free-molecular stream drag, lift and heat a flat plate exactly?",
    source="exact: Bird 1994, chapter 7; S. A. Schaaf & P. L. Chambre, Flow of Rarefied Gases, "
    "Princeton University Press 1961",
    errors="scatter of independent gaps; no collisions, no error in cells or time step",
    allowed="none",
    measure=measure,
    known=known,
    efforts={
        "quick": Effort(16, {"particles": 200, "steps": 8}),
        "full": Effort(200, {"particles": 1000, "steps": 16}),
    },
    mutants=(
        Mutant("stream 1 % too fast", settings={"fast": 1.01}),
        Mutant("2 % of the molecules reflected like light", settings={"accommodation": 0.98}),
    ),
)
