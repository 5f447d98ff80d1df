"""A gas at rest fluctuates from cell to cell as statistical mechanics says.

A closed cube of 27 cells, two mean free paths wide each, 20 hard spheres per cell on average;
snapshots two collision times apart. Repetitions give the errors, correlations included.

Legend: Nb mean occupancy, K cells, N_tot particles.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from dsmc import reference
from dsmc.scenario import Scenario
from dsmc.species import BOLTZMANN, TABLE
from dsmc.validate.case import Case, Effort, Figures, Mutant, Repetition, Values, figures
from dsmc.validate.homogeneous import NUMBER_DENSITY, TEMPERATURE

SIDE = 3  # cells along each axis
K = SIDE**3
OCCUPANCY = 20
TOTAL = K * OCCUPANCY
ARGON = TABLE["Ar"].as_model("hard-sphere")
NAMES = ("Var N", "Cov(N, N')", "Var u_x", "Var u_z", "Cov(u_x, u_y)", "Var T", "<dN dT>",
         "<dN du>")  # fmt: skip


def cube() -> Scenario:
    """The closed cube."""
    path = reference.mean_free_path(NUMBER_DENSITY, TEMPERATURE, ARGON.mass, ARGON.diameter)
    return Scenario(
        gas={"species": "Ar", "model": "hard-sphere"},
        domain={"length_m": [2.0 * float(path) * SIDE] * 3, "cells": [SIDE] * 3},
        initial={"kind": "equilibrium", "number_density_m3": NUMBER_DENSITY,
                 "temperature_K": TEMPERATURE, "particles": TOTAL},
        run={"time_step_mct": 1.0, "steps": 1},
        sample={"every": 10**9, "quantities": ["temperature"]},
    )  # fmt: skip


@lru_cache(maxsize=64)  # wrong twins look at the same gas
def snapshots(repetition: Repetition, count: int) -> tuple[Values, Values, Values]:
    """Numbers, velocities and temperatures of the cells: (count, K), (…, 3), (count, K)."""
    scenario = cube()
    volume = scenario.volume / K
    numbers, velocities, temperatures = [], [], []
    with repetition.simulation(scenario) as simulation:
        for _ in range(count):
            simulation.run(steps=2, progress=False)
            cells = simulation.moments()
            numbers.append(np.nan_to_num(cells["number_density"]) * volume / scenario.weight)
            velocities.append(np.stack([cells[f"velocity_{axis}"] for axis in "xyz"], axis=-1))
            temperatures.append(cells["temperature"])
    return np.rint(numbers), np.array(velocities), np.array(temperatures)


def second_moments(N: Values, u: Values, T: Values) -> Values:
    """The second moments over their exact values, zeros as 1 + correlation: (8,) see NAMES.

    Var N = Nb (1 - 1/K) and Cov(N_i, N_j) = -N_tot/K^2 of the closed box (binomial numbers);
    at given N: Var u = (kT/m)(1/N - 1/N_tot), Var T = 2 T^2/(3 (N - 1)) less 2 T^2/(3 N_tot).

    N, T : (count, K) [1, K]; u : (count, K, 3) [m/s]
    """
    count = len(N)
    filled = N > 1
    thermal = BOLTZMANN * TEMPERATURE / ARGON.mass
    excess = N - OCCUPANCY
    neighbour = np.roll(excess.reshape(count, SIDE, SIDE, SIDE), 1, axis=3).reshape(count, K)
    width = np.where(filled, 1.0 / np.maximum(N, 1) - 1.0 / TOTAL, 1.0) * thermal
    w = np.where(filled[..., None], u, 0.0) / np.sqrt(width)[..., None]
    theta = np.where(filled, T / TEMPERATURE - 1.0, 0.0)
    spread = 2.0 / 3.0 * np.where(filled, 1.0 / np.maximum(N - 1, 1) - 1.0 / TOTAL, 1.0)
    scaled = excess / np.sqrt(OCCUPANCY)
    return np.array(
        [
            (excess**2).mean() / (OCCUPANCY * (1.0 - 1.0 / K)),
            1.0 + (excess * neighbour).mean() / OCCUPANCY + 1.0 / K,
            (w[..., 0] ** 2).sum() / filled.sum(),
            (w[..., 2] ** 2).sum() / filled.sum(),
            1.0 + (w[..., 0] * w[..., 1]).sum() / filled.sum(),
            (theta**2 / spread).sum() / filled.sum(),
            1.0 + (scaled * theta * np.sqrt(1.5 * OCCUPANCY)).sum() / filled.sum(),
            1.0 + (scaled * w[..., 0]).sum() / filled.sum(),
        ]
    )


# What a wrong program might have seen; each changes a variance by 3 to 5 %.
SEEN = {
    "as it is": lambda N, u, T: (N, u, T),
    "numbers of an open box": lambda N, u, T: (
        OCCUPANCY + (N - OCCUPANCY) * np.sqrt(K / (K - 1.0)), u, T,
    ),
    "2 % wider temperatures": lambda N, u, T: (
        N, u, TEMPERATURE * (1.0 + 1.02 * (T / TEMPERATURE - 1.0)),
    ),
    "temperature with N for N - 1": lambda N, u, T: (N, u, T * (N - 1.0) / np.maximum(N, 1.0)),
    "1.5 % wider velocities": lambda N, u, T: (N, 1.015 * u, T),
}  # fmt: skip


def measure(repetition: Repetition, count: int, seen: str = "as it is") -> Values:
    """The second moments over their exact values, from `count` snapshots: (8,)."""
    return second_moments(*SEEN[seen](*snapshots(repetition, count)))


def known(count: int) -> Figures:
    """Var T: cells share the exact energy of the box, a correction of order 1/(K Nb) = 0.2 %."""
    margin = [5e-3 if name == "Var T" else 0.0 for name in NAMES]
    return figures([f"{name} over exact" for name in NAMES], 1.0, margin)


CASE = Case(
    name="fluctuations",
    question="Do numbers, velocities and temperatures of cells fluctuate as they must?",
    source="exact: statistical mechanics of the ideal gas in a closed box",
    errors="scatter of independent boxes; none of the moments depends on cells or time step",
    allowed="Var T 0.5 %: the cells share the energy of the box, 1/(K Nb) = 0.2 %",
    measure=measure,
    known=known,
    efforts={
        "quick": Effort(40, {"count": 80}),
        "full": Effort(200, {"count": 300}),
        "tight": Effort(4000, {"count": 1500}),
    },
    mutants=tuple(Mutant(told, settings={"seen": told}) for told in SEEN if told != "as it is"),
    on_device={},
)
