"""A long box whose molecules stay in their cells: as many independent mixtures as it has cells.

Every cell is a kilometre long and a run lasts microseconds, so the share of molecules that change
cells is below 1e-6, and what happens in a cell is the homogeneous collision process of its own
particles. Each cell is compared with what is exact for its own numbers and temperatures.

A mixture in many small cells, where a device plays it, is in a box so short that light molecules
cross several cells in every step.
"""

from __future__ import annotations

import numpy as np

from dsmc.scenario import Scenario
from dsmc.simulation import Simulation
from dsmc.species import BOLTZMANN
from dsmc.validate.case import Values

CELL_LENGTH = 1e3  # [m]
SHORT = 1e-3  # length [m] of a box of many small cells: a few mean free paths
NUMBER_DENSITY = 1e22  # [1/m^3]
TEMPERATURE = 300.0  # [K]
MASS = 6e-26  # [kg]
DIAMETER = 4e-10  # [m]
T_REF = 273.0  # [K]


def species(name: str, fraction: float, mass_ratio: float, diameter_ratio: float = 1.0, **start):
    """An entry of [[species]], in units of MASS and DIAMETER."""
    numbers = {"mass_kg": MASS * mass_ratio, "diameter_m": DIAMETER * diameter_ratio}
    return {"name": name, "fraction": fraction, **numbers, **start}


def mixture_cells(cells: int, particles: int, per_cell: int | None = None, **sections) -> Scenario:
    """The scenario of such a box; `gas` and `species` must be among the sections.

    per_cell : particles in a cell of one mixture in a short box, in place of `cells` mixtures
    """
    domain = {"length_m": [CELL_LENGTH * cells], "cells": [cells]}
    if per_cell is not None:
        domain = {"length_m": [SHORT], "cells": [particles // per_cell]}
    return Scenario(
        domain=domain,
        **{
            "initial": {
                "kind": "equilibrium",
                "number_density_m3": NUMBER_DENSITY,
                "temperature_K": TEMPERATURE,
                "particles": particles,
            },
            "run": {"time_step_mct": 1.0, "steps": 1},
            "sample": {"every": 10**9, "quantities": ["temperature"]},
        }
        | sections,
    )


class SpeciesState:
    """Every species in each of the K mixtures, about its own mean velocity there.

    mixtures : K; None: as many as cells

    number : (K, S) particles; density : (K, S) [1/m^3]
    velocity : (K, S, 3) [m/s]; temperature : (K, S) [K]
    """

    def __init__(self, simulation: Simulation, mixtures: int | None = None):
        scenario = simulation.scenario
        shape = mixtures or scenario.cells[0], len(scenario.molecules)
        length = scenario.lengths[0] / shape[0]
        particles = simulation.particles
        place = np.minimum(particles.position[:, 0] / length, shape[0] - 1).astype(np.int64)
        place *= shape[1]
        place += particles.species
        self.number = np.bincount(place, minlength=shape[0] * shape[1])
        square = self._mean(place, (particles.velocity**2).sum(axis=1)).reshape(shape)
        mean = [self._mean(place, particles.velocity[:, k]).reshape(shape) for k in range(3)]
        self.number = self.number.reshape(shape)
        self.velocity = np.stack(mean, axis=-1)
        mass = np.array([molecule.mass for molecule in scenario.molecules])
        thermal = square - (self.velocity**2).sum(axis=-1)
        self.temperature = mass * thermal / (3.0 * BOLTZMANN)
        self.density = self.number * scenario.weight / length

    def _mean(self, place: np.ndarray, values: np.ndarray) -> Values:
        return np.bincount(place, values, self.number.size) / self.number
