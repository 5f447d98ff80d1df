"""Many copies of a few particles: cells so wide that nothing ever crosses from one to the next.

Each cell is a gas of its own with exactly N particles, no momentum and fixed energy: an ensemble of
independent finite systems in one simulation.
"""

from collections.abc import Callable, Mapping, Sequence

import numpy as np

import dsmc
from dsmc.reference import most_probable_speed
from tests.physics.homogeneous_gas import FAR, SEED, box


def isolated_cells(
    gas: str | Mapping,
    cells: int,
    particles_each: int,
    step: float,
    laws: Mapping | None = None,
    seed: int = 0,
) -> dsmc.Simulation:
    """A simulation of `cells` isolated cells, `particles_each` in each: nu is that of the density
    N/V, without the factor 1 - 1/N of the collisions."""
    scenario = box(gas, particles=cells * particles_each, cells=cells, step=step, length=FAR,
                   seed=seed)  # fmt: skip
    return dsmc.Simulation(scenario, laws=laws)


def put(simulation: dsmc.Simulation, velocity: np.ndarray) -> None:
    """Give every cell its particles; velocity : (cells, N, 3) in units of v0."""
    cells, each, _ = velocity.shape
    scenario = simulation.scenario
    centres = (np.arange(cells) + 0.5) * (scenario.lengths[0] / cells)
    v0 = float(most_probable_speed(scenario.molecules[0].mass, scenario.temperature))
    simulation.set_particles(
        position=np.repeat(centres, each)[:, None], velocity=velocity.reshape(-1, 3) * v0
    )


def velocities(simulation: dsmc.Simulation) -> np.ndarray:
    """(cells, N, 3) in units of v0."""
    scenario = simulation.scenario
    v0 = float(most_probable_speed(scenario.molecules[0].mass, scenario.temperature))
    return simulation.particles.velocity.reshape(simulation.cells, -1, 3) / v0


def normal_velocities(
    cells: int, particles_each: int, seed: int, temperatures: Sequence[float] = (1.0, 1.0, 1.0)
) -> np.ndarray:
    """Normal components of the given temperatures [T]; (cells, N, 3) in units of v0."""
    random = np.random.default_rng(SEED + seed)
    return random.normal(size=(cells, particles_each, 3)) * np.sqrt(0.5 * np.array(temperatures))


def with_fixed_energy(velocity: np.ndarray) -> np.ndarray:
    """The same with no momentum and 3/2 kT for each of N - 1 particles, in every cell.

    velocity : (cells, N, 3). Normal velocities become uniform on the sphere in 3 (N - 1)
    dimensions, which is the equilibrium of the cell; T is then the temperature about the mean.
    """
    c = velocity - velocity.mean(axis=1, keepdims=True)
    energy = np.einsum("mni,mni->m", c, c)
    return c * np.sqrt(1.5 * (velocity.shape[1] - 1) / energy)[:, None, None]


def sampled(
    simulation: dsmc.Simulation, steps: int, measure: Callable[[np.ndarray], np.ndarray]
) -> np.ndarray:
    """measure(velocities) after each of the next steps: (steps, ...)."""
    rows = []
    simulation.run(steps=steps, callback=lambda running: rows.append(measure(velocities(running))))
    return np.array(rows)
