"""A normal shock of hard spheres that stands still between its two exact states.

A reservoir streams in at Mach number M; behind the other face is the gas of Rankine and Hugoniot.
Nothing but the number of molecules holds the shock in its place, so that face balances it
(`dsmc.outside`).  What is then left of its walk is taken out of the density profile: it is told
about the place of the shock at each moment, where as many molecules as there are would be found if
the gas jumped from one state to the other, x_s = (N/A - n_2 L)/(n_1 - n_2).  The noise of N itself
makes the place uncertain by s, s^2 = (n_1 x_s + n_2 (L - x_s))/A (n_2 - n_1)^2 with n in simulated
particles, and the shock broader by about 4 s^2/delta.

Exact, whatever the molecules: the states and the three fluxes, and T_xx at every density
(reference.shock_temperature_xx), which passes through a maximum.  Hard spheres decide the thickness
delta = (n_2 - n_1)/max|dn/dx|, measured twice, with cells and time steps halved.

Legend: lambda, tau, v0 of the gas before the shock (1), x from the shock downstream.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from dsmc import reference
from dsmc.reference.shock_structure import (
    mott_smith_thickness,
    shock_overshoot,
    shock_temperature_xx,
)
from dsmc.result import Result
from dsmc.scenario import Scenario
from dsmc.simulation import Simulation
from dsmc.validate.case import Case, Curve, Effort, Figures, Mutant, Repetition, Values, figures
from dsmc.validate.homogeneous import ARGON, MASS, NUMBER_DENSITY, PATH, TAU, TEMPERATURE, V0
from dsmc.validate.wrong_laws import faster

EVERY = 10  # steps between looks at the positions, and between samples of the cells
BIN = 0.05  # of the density profile [lambda]
WITHIN = np.arange(0.2, 0.85, 0.1)  # shares of the jump of density at which T_xx is judged
OUTRUN = 0.005  # share of T_1 that molecules from behind may add far before the shock
EXACT = (
    "density before the shock", "temperature before the shock", "density behind the shock",
    "velocity behind the shock", "temperature behind the shock", "flux of number",
    "flux of momentum", "flux of energy",
)  # fmt: skip


def shock_of(
    mach: float, room: tuple[float, float], per_path: float, span: tuple[float, float],
    balance: float, cells: int, step: float,
) -> Scenario:  # fmt: skip
    """Hard spheres about a shock that begins as a jump.

    room : before and behind it [lambda]; per_path : particles in one lambda of the gas before it
    span : transient, then averages [tau]; balance : time in which it is brought back [tau]
    cells : in a lambda; step : [tau]
    """
    length = sum(room)
    jump = reference.rankine_hugoniot(mach)
    before, behind = (
        {"number_density_m3": NUMBER_DENSITY * float(n), "temperature_K": TEMPERATURE * float(T),
         "velocity_m_s": [float(u * V0), 0.0, 0.0]}
        for n, T, u in ((1.0, 1.0, jump.upstream_velocity),
                        (jump.density_ratio, jump.temperature_ratio, jump.downstream_velocity))
    )  # fmt: skip
    return Scenario(
        gas=ARGON["hard-sphere"],
        domain={"length_m": [length * PATH], "cells": [round(length * cells)]},
        initial={"kind": "riemann", "left": before, "right": behind, "split": room[0] / length,
                 "weight": NUMBER_DENSITY * PATH / per_path},
        boundaries={"x": {
            "low": {"kind": "reservoir", **before},
            "high": {"kind": "reservoir", **behind, "balancing_steps": round(balance / step)},
        }},
        run={"time_step_s": step * TAU, "steps": round(sum(span) / step)},
        sample={"every": 10**9, "start": round(span[0] / step), "fields_every": EVERY,
                "planes": [{"axis": "x", "position_m": room[0] * PATH}]},
        output={"fields_average": "running"},
    )  # fmt: skip


def stand(
    repetition: Repetition, mach: float, room: tuple[float, float], per_path: float, **settings
) -> tuple[Result, Values, Values]:
    """Run a shock; returns what was measured, x of the bins [lambda] and n/n_1 in them."""
    scenario = shock_of(mach, room, per_path, **settings)
    ratio = float(reference.rankine_hugoniot(mach).density_ratio)
    length = sum(room)
    edges = np.arange(-room[0], room[1] + BIN / 2, BIN)
    counts = np.zeros(edges.size - 1)

    def look(simulation: Simulation) -> None:
        step = simulation.steps
        if step > scenario.sample_start and step % EVERY == 0:
            x = simulation.particles.position[:, 0] / PATH
            place = (x.size / per_path - ratio * length) / (1.0 - ratio)
            counts[:] += np.histogram(x - place, edges)[0]

    with repetition.simulation(scenario) as simulation:
        result = simulation.run(callback=look, progress=False)
    looks = scenario.steps // EVERY - scenario.sample_start // EVERY
    return result, 0.5 * (edges[1:] + edges[:-1]), counts / (looks * per_path * BIN)


def thickness(x: Values, n: Values, mach: float) -> float:
    """Density thickness [lambda] of n/n_1 at x.

    y = artanh(2 (n - n_1)/(n_2 - n_1) - 1) is straight on Mott-Smith's profile; here a cubic is
    laid through it, over 0.6 of his thickness to either side, and dn/dx follows from it.
    """
    half = 0.6 * mott_smith_thickness(mach)
    rise = float(reference.rankine_hugoniot(mach).density_ratio) - 1.0
    share = 2.0 * (n - 1.0) / rise - 1.0
    near = (np.abs(x) < half) & (np.abs(share) < 1.0)  # a twin's density may lie outside
    x, n, share = x[near], n[near], share[near]
    y = np.polynomial.Polynomial.fit(x, np.arctanh(share), 3, w=(1.0 - share**2) / np.sqrt(n))
    place = np.linspace(-0.5 * half, 0.5 * half, 401)
    slope = 0.5 * rise * y.deriv()(place) / np.cosh(y(place)) ** 2
    return rise / float(slope.max())


def overshoot(n: Values, T_xx: Values, mach: float) -> Values:
    """T_xx/T_1 at the densities WITHIN the shock, and its maximum over T_2.

    n/n_1 and T_xx/T_1 of the cells: parabolas in 1/n, as T_xx is, through those about each density.
    """
    jump, exact = reference.rankine_hugoniot(mach), shock_overshoot(mach)
    rise = float(jump.density_ratio) - 1.0
    row = []
    for density in 1.0 + rise * WITHIN:
        near = np.abs(n - density) < 0.1 * rise
        row.append(np.polynomial.Polynomial.fit(1.0 / n[near], T_xx[near], 2)(1.0 / density))
    about = np.abs(1.0 / n - 1.0 / exact.density_ratio) < 0.2 / exact.density_ratio
    a, b, c = np.polynomial.polynomial.polyfit(1.0 / n[about], T_xx[about], 2)
    return np.array([*row, (a - b**2 / (4.0 * c)) / jump.temperature_ratio])


def states(result: Result, mach: float, room: tuple[float, float]) -> Values:
    """Figures of both sides and of the fluxes, over the exact ones: EXACT."""
    jump = reference.rankine_hugoniot(mach)
    field = {name: result.fields[name] for name in ("number_density", "velocity_x", "temperature")}
    x = field["number_density"].axes[0]
    x = x / PATH - room[0]  # [lambda] from the shock

    def mean(name: str, side: Values) -> float:
        return float(field[name].value[side].mean())

    before, behind = x < -0.7 * room[0], (x > 0.5 * room[1]) & (x < 0.8 * room[1])
    row = [mean("number_density", before) / NUMBER_DENSITY,
           mean("temperature", before) / TEMPERATURE]  # fmt: skip
    for name, ratio in (
        ("number_density", NUMBER_DENSITY * jump.density_ratio),
        ("velocity_x", V0 * jump.downstream_velocity),
        ("temperature", TEMPERATURE * jump.temperature_ratio),
    ):
        row.append(mean(name, behind) / ratio)
    (plane,) = result.planes.values()
    u, half = jump.upstream_velocity, 0.5 * NUMBER_DENSITY * MASS * V0**2
    row += [
        plane.number_flux[0] / (NUMBER_DENSITY * V0 * u),
        plane.momentum_flux[0][0] / (half * (2.0 * u**2 + 1.0)),
        plane.energy_flux[0] / (half * V0 * u * (u**2 + 2.5)),
    ]
    return np.array(row)


def measure(
    repetition: Repetition, mach: float, fine: Mapping[str, Any], coarse: Mapping[str, Any],
    **settings,
) -> Values:  # fmt: skip
    """Thickness, that of the coarse run over it, EXACT, and T_xx: (K,)."""
    (result, x, n), other = (
        stand(repetition.part(2 * repetition.number + k), mach, **settings, **grid)
        for k, grid in enumerate((fine, coarse))
    )
    delta = thickness(x, n, mach)
    found = overshoot(
        result.fields["number_density"].value / NUMBER_DENSITY,
        result.fields["temperature_x"].value / TEMPERATURE, mach,
    )  # fmt: skip
    ratio = thickness(*other[1:], mach) / delta
    return np.array([delta, ratio, *states(result, mach, settings["room"]), *found])


def known(mach: float, per_path: float, **settings) -> Figures:
    """Mott-Smith's thickness, one for all that is exact; T_xx at the densities, and its maximum."""
    delta, jump = mott_smith_thickness(mach), reference.rankine_hugoniot(mach)
    densities = 1.0 + WITHIN * (float(jump.density_ratio) - 1.0)
    T_xx = shock_temperature_xx(densities, mach)
    labels = ["density thickness [lambda]", "thickness with twice the cells and steps",
              *(f"{name} over exact" for name in EXACT),
              *(f"T_xx / T_1 where n / n_1 = {r:.3f}" for r in densities),
              "largest T_xx over T_2"]  # fmt: skip
    exact = [delta, 1.0, *[1.0] * len(EXACT), *T_xx, shock_overshoot(mach).over_downstream]
    noise = 1.0 / per_path
    margin = [(0.12 if mach < 2.5 else 0.04) * delta, 0.01, noise, OUTRUN, *[noise] * 3, *[0.0] * 3,
              *(0.002 * T_xx), 0.002]  # fmt: skip
    first = 2 + len(EXACT)
    curve = Curve("T_xx / T_1", "n / n_1", densities, range(first, first + len(WITHIN)))
    return figures(labels, exact, margin, [curve])


def case(
    name: str, told: str, settings: Mapping, repetitions: int, light: Mapping, excess: int
) -> Case:
    """The case of one Mach number.

    light : settings of its wrong twins
    excess : of the rate of one of them [%], more than two margins of the thickness
    """
    twin = Effort(8, {**settings, **light})
    return Case(
        name=name,
        question=f"Is a shock of hard spheres at M = {settings['mach']:g} as thick as it must be, "
        "between its exact states?",
        source="Rankine and Hugoniot; conservation: reference.shock_temperature_xx; thickness: "
        "H. M. Mott-Smith, Phys. Rev. 82 (1951) 885, in agreement with the Boltzmann equation for "
        "M from 2.5 to 8: B. L. Hicks, S. M. Yen & B. J. Reilly, J. Fluid Mech. 53 (1972) 85",
        errors="scatter of independent shocks; cells and time steps: by halving them; the place of "
        "the shock is uncertain by the noise of the number of molecules",
        allowed=f"thickness: {told}; halved cells and steps: 1 %; states: one over the particles "
        "in a mean free path, and 0.5 % of T_1 for fast molecules that outrun the shock; T_xx: "
        "0.2 %, momentum that collisions carry across cells",
        measure=measure,
        known=known,
        efforts={"full": Effort(repetitions, dict(settings))},
        mutants=(
            Mutant(f"rate {excess} % too high", faster(1.0 + excess / 100.0), effort=twin),
            Mutant("a Mach number that is 2 % too high",
                   settings={"mach": 1.02 * settings["mach"]}, effort=twin),
            Mutant("coarse cells eight times as wide as they are said to be",
                   settings={"coarse": {**settings["coarse"],
                                        "cells": settings["coarse"]["cells"] // 8}}, effort=twin),
        ),
    )  # fmt: skip


WEAK = case(
    "normal-shock",
    "12 %, by which his is off at M = 1, since M is below the range in which it agrees",
    {"mach": 2.0, "room": (15.0, 15.0), "per_path": 2000.0, "span": (50.0, 250.0),
     "balance": 100.0, "fine": {"cells": 16, "step": 0.05}, "coarse": {"cells": 8, "step": 0.1}},
    16,
    {"per_path": 500.0, "span": (40.0, 80.0)},
    30,
)  # fmt: skip
STRONG = case(
    "strong-shock",
    "4 %, of which 3 % are the uncertainty of the solutions that his agrees with",
    {"mach": 8.0, "room": (10.0, 6.0), "per_path": 2000.0, "span": (10.0, 40.0),
     "balance": 15.0, "fine": {"cells": 24, "step": 0.01}, "coarse": {"cells": 12, "step": 0.02}},
    24,
    {"per_path": 500.0, "span": (8.0, 20.0)},
    15,
)  # fmt: skip
