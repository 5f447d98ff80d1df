"""A homogeneous gas in a periodic box: how the cases make it and what they see of it.

Legend: N particles in the box, nu collision rate per particle in equilibrium, tau = 1/nu,
v0 = sqrt(2kT/m), m_k = <c^k> over its Maxwellian value at the same <c^2>.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from dsmc.reference import (
    collision_rate,
    maxwell_speed_moment,
    mean_free_path,
    most_probable_speed,
)
from dsmc.scenario import Scenario
from dsmc.simulation import Simulation
from dsmc.species import TABLE
from dsmc.validate.case import SEED, Values

POWERS = (1, 4, 6, 8)
FAR = 1e9  # box length [m] so large that no particle changes its cell
NUMBER_DENSITY = 1e22  # [1/m^3]
TEMPERATURE = 300.0  # [K]

# Hard-sphere argon at that density and temperature: the units of flows.
_ATOM = TABLE["Ar"].as_model("hard-sphere")
_GAS = (NUMBER_DENSITY, TEMPERATURE, _ATOM.mass, _ATOM.diameter)
MASS = _ATOM.mass  # [kg]
V0 = float(most_probable_speed(MASS, TEMPERATURE))  # [m/s]
PATH = float(mean_free_path(*_GAS))  # lambda [m]
TAU = float(1.0 / collision_rate(*_GAS))  # [s]

# Settings of a measurement on a device, which plays cells of few particles: N = 40 in each, and
# steps of dt = tau/16, so that few pairs meet twice in a step: a share nu dt / 2 (N - 1) of 0.1 %,
# by which every relaxation is too slow.
FEW_IN_A_CELL = {"per_cell": 40, "parts": 4}

# Molecules by the name of their model; nu and v0 follow from the scenario.
ARGON: dict[str, Mapping] = {
    "hard-sphere": {"species": "Ar", "model": "hard-sphere"},
    "vhs": {"species": "Ar", "model": "vhs"},
    "vss": {"species": "Ar", "model": "vss"},
    "maxwell": {"species": "Ar", "model": "maxwell"},
}
# Maxwell molecules that scatter forwards: every rate is known in closed form (Bird 1994, ch. 3).
FORWARD = {"species": "Ar", "model": "vss", "omega": 1.0, "alpha": 2.5}

History = Callable[[Simulation], NDArray[np.float64]]


def domain(length: float, cells: int, particles: int, per_cell: int | None = None) -> dict:
    """The domain of a gas that changes along x only, [m].

    per_cell : about so many particles in each, in cells that lie side by side along y; None: one
    row of cells
    """
    if per_cell is None:
        return {"length_m": [length], "cells": [cells]}
    return {"length_m": [length] * 2, "cells": [cells, max(1, particles // (cells * per_cell))]}


def box(
    gas: str | Mapping = "hard-sphere",
    kind: str = "equilibrium",
    particles: int = 100_000,
    cells: int | Sequence[int] = 10,
    step: float = 0.25,
    length: float = 1e-3,
    seed: int = 0,
    quantities: Sequence[str] = ("collisions_per_particle",),
    ids: bool = False,
    partners: str = "random",
    precision: str = "float64",
    **initial,
) -> Scenario:
    """A closed periodic box of argon at 300 K with exactly zero momentum and the stated energy.

    step : time step [tau]; seed : added to the common one, fixed before the first look
    """
    counts = [cells] if isinstance(cells, int) else list(cells)
    return Scenario(
        title="Homogeneous gas",
        gas=ARGON[gas] if isinstance(gas, str) else dict(gas),
        domain={"length_m": [length] * len(counts), "cells": counts},
        initial={
            "kind": kind, "number_density_m3": NUMBER_DENSITY, "temperature_K": TEMPERATURE,
            "particles": particles, "zero_momentum": True, "exact_energy": True, **initial,
        },
        collisions={"partners": partners},
        run={"time_step_mct": step, "steps": 10**6, "seed": SEED + seed,
             "precision": precision},
        sample={"every": 10**9, "quantities": list(quantities)},
        output={"trajectory": 10**9 if ids else 0},
    )  # fmt: skip


def at_steps(steps: Sequence[int], look: Callable[[np.ndarray], Sequence[float]]) -> History:
    """The history (len(steps), K) of look(velocity) after so many steps from now."""

    def history(simulation: Simulation) -> np.ndarray:
        begin, rows = simulation.steps, []
        if 0 in steps:
            rows.append(look(simulation.particles.velocity))

        def note(running: Simulation) -> None:
            if running.steps - begin in steps:
                rows.append(look(running.particles.velocity))

        simulation.run(steps=max(steps), callback=note, progress=False)
        return np.array(rows)

    return history


def moments(velocity: Values, powers: Sequence[int] = POWERS) -> list[float]:
    """m_k about the mean velocity; velocity : (N, 3)."""
    c = velocity - velocity.mean(axis=0)
    square = np.einsum("ij,ij->i", c, c)
    v0 = np.sqrt(square.mean() / 1.5)
    speed = np.sqrt(square) / v0
    return [float((speed**k).mean() / maxwell_speed_moment(k)) for k in powers]


def temperature_ratio(velocity: Values) -> float:
    """T_x / T; velocity : (N, 3)."""
    variance = velocity.var(axis=0)
    return float(variance[0] / variance.mean())


# ------------------------------------------------------------------ finite numbers of particles


def finite_number_bias(k: float, moment: Callable[[float], float]) -> float:
    """N times the relative bias of m_k in samples of N particles scaled to exact energy.

    With q = <c^2>, M_j = <c^j>, to first order in 1/N,

        (k/2)(k/2 + 1)/2 (M_4/q^2 - 1) - (k/2)(M_{k+2}/(q M_k) - 1)        division by <c^2>
        - k + k (k + 1) q M_{k-2} / (6 M_k) + k/2                          mean velocity removed

    (the delta method). For a Maxwellian m_4 it is -2/3: d/(d + 2) with d = 3 (N - 1).

    moment : of the distribution, moment(j) = <c^j> in units of v0
    """
    q, M_k = moment(2), moment(k)
    division = k / 2 * (k / 2 + 1) / 2 * (moment(4) / q**2 - 1)
    division -= k / 2 * (moment(k + 2) / (q * M_k) - 1)
    removal = -k + k * (k + 1) * q * moment(k - 2) / (6 * M_k) + k / 2
    return division + removal


def finite_number_margin(k: float, moment: Callable[[float], float], particles: int) -> float:
    """Bound of the bias of m_k at any time: twice the larger of its values at start and end.

    Between the two the bias obeys the linear equation of a small perturbation, driven by the
    decaying deviation from equilibrium; the factor 2 is measured to suffice.
    """
    start = abs(finite_number_bias(k, moment)) * moment(k) / maxwell_speed_moment(k)
    return 2.0 * max(start, abs(finite_number_bias(k, maxwell_speed_moment))) / particles
