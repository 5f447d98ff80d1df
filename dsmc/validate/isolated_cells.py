"""Many copies of a few particles: cells so wide that nothing ever crosses from one to the next.

Each cell is a gas of its own with exactly N particles, no momentum and fixed energy: an ensemble of
independent finite systems in one simulation.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from dsmc.reference import most_probable_speed
from dsmc.scenario import Scenario
from dsmc.simulation import Simulation
from dsmc.validate.case import Values
from dsmc.validate.homogeneous import FAR, box


def cells_of(
    gas: str | Mapping, cells: int, particles_each: int, step: float, seed: int = 0
) -> Scenario:
    """`cells` isolated cells, `particles_each` in each: nu is that of the density N/V, without the
    factor 1 - 1/N of the collisions."""
    return box(gas, particles=cells * particles_each, cells=cells, step=step, length=FAR, seed=seed)


def thermal_speed(simulation: Simulation) -> float:
    """v0 of the scenario [m/s]."""
    scenario = simulation.scenario
    return float(most_probable_speed(scenario.molecules[0].mass, scenario.temperature))


def put(simulation: Simulation, velocity: Values) -> None:
    """Give every cell its particles; velocity : (cells, N, 3) in units of v0."""
    cells, each, _ = velocity.shape
    centres = (np.arange(cells) + 0.5) * (simulation.scenario.lengths[0] / cells)
    simulation.set_particles(
        position=np.repeat(centres, each)[:, None],
        velocity=velocity.reshape(-1, 3) * thermal_speed(simulation),
    )


def velocities(simulation: Simulation) -> Values:
    """(cells, N, 3) in units of v0; a particle keeps its place."""
    velocity = simulation.particles.velocity.reshape(simulation.cells, -1, 3)
    return velocity / thermal_speed(simulation)


def normal_velocities(
    random: np.random.Generator,
    cells: int,
    particles_each: int,
    temperatures: Sequence[float] = (1.0, 1.0, 1.0),
) -> Values:
    """Normal components of the given temperatures [T]; (cells, N, 3) in units of v0."""
    normal = random.normal(size=(cells, particles_each, 3))
    return normal * np.sqrt(0.5 * np.array(temperatures))


def with_fixed_energy(velocity: Values) -> Values:
    """The same with no momentum and 3/2 kT for each of N - 1 particles, in every cell.

    velocity : (cells, N, 3). Normal velocities become uniform on the sphere in 3 (N - 1)
    dimensions, which is the equilibrium of the cell; T is then the temperature about the mean.
    """
    c = velocity - velocity.mean(axis=1, keepdims=True)
    energy = np.einsum("mni,mni->m", c, c)
    return c * np.sqrt(1.5 * (velocity.shape[1] - 1) / energy)[:, None, None]


def sampled(simulation: Simulation, steps: int, look: Callable[[np.ndarray], np.ndarray]) -> Values:
    """look(velocities) after each of the next steps: (steps, ...)."""
    rows: list[np.ndarray] = []
    simulation.run(
        steps=steps,
        callback=lambda running: rows.append(look(velocities(running))),
        progress=False,
    )
    return np.array(rows)
