"""Isolated cells as the tests make them; what they are: `dsmc.validate.isolated_cells`."""

from collections.abc import Mapping, Sequence

import numpy as np

import dsmc
from dsmc.validate import isolated_cells as cells_alone
from dsmc.validate.isolated_cells import put, sampled, velocities, with_fixed_energy
from tests.physics.homogeneous_gas import SEED

__all__ = [
    "isolated_cells", "normal_velocities", "put", "sampled", "velocities", "with_fixed_energy",
]  # fmt: skip


def isolated_cells(
    gas: str | Mapping,
    cells: int,
    particles_each: int,
    step: float,
    laws: Mapping | None = None,
    seed: int = 0,
) -> dsmc.Simulation:
    """A simulation of `cells` isolated cells, `particles_each` in each."""
    return dsmc.Simulation(cells_alone.cells_of(gas, cells, particles_each, step, seed), laws=laws)


def normal_velocities(
    cells: int, particles_each: int, seed: int, temperatures: Sequence[float] = (1.0, 1.0, 1.0)
) -> np.ndarray:
    """Normal components of the given temperatures [T]; (cells, N, 3) in units of v0."""
    random = np.random.default_rng(SEED + seed)
    return cells_alone.normal_velocities(random, cells, particles_each, temperatures)
