"""The model: frozen values; what the box is, what the molecules are, how time passes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from dsmc.cells import Grid, grid
from dsmc.gas import Gas, gas
from dsmc.reflection import thermal_speed
from dsmc.species import BOLTZMANN, Molecule
from dsmc.walls import KINDS, Walls

if TYPE_CHECKING:
    from dsmc.scenario import Scenario


class Model(NamedTuple):
    """Everything about a run that does not change with time."""

    grid: Grid
    gas: Gas
    walls: Walls
    time_step: float  # [s]
    flight_time: float  # the same in the precision of the rows
    colliding: bool


def model(scenario: Scenario) -> Model:
    """Return the model of a scenario."""
    dtype = np.dtype(scenario.run.precision).type
    axes = [getattr(scenario.boundaries, axis) for axis in "xyz"[: scenario.dimension]]
    return Model(
        grid=grid(scenario.lengths, scenario.cells, dtype, scenario.edges),
        gas=gas(scenario.molecules, scenario.weight),
        walls=walls([(axis.low, axis.high) for axis in axes], scenario.molecules),
        time_step=float(scenario.time_step),
        flight_time=dtype(scenario.time_step),
        colliding=scenario.collisions.scheme != "none",
    )


def walls(faces: Sequence[tuple], molecules: Sequence[Molecule]) -> Walls:
    """Return the walls of a box from its faces, one (low, high) pair per axis.

    A face has `kind` ("periodic", "specular", "diffuse"); a diffuse one also `temperature_K`,
    `accommodation` and `velocity_m_s`.
    """
    axes = len(faces)
    result = Walls(
        kind=np.zeros((axes, 2), np.int64),
        accommodation=np.zeros((axes, 2)),
        velocity=np.zeros((axes, 2, 3)),
        thermal_speed=np.zeros((axes, 2, len(molecules))),
    )
    for axis, pair in enumerate(faces):
        for side, face in enumerate(pair):
            result.kind[axis, side] = KINDS[face.kind]
            if face.kind == "diffuse":
                result.accommodation[axis, side] = face.accommodation
                result.velocity[axis, side] = face.velocity_m_s
                result.thermal_speed[axis, side] = [
                    thermal_speed(face.temperature_K, molecule.mass, BOLTZMANN)
                    for molecule in molecules
                ]
    return result
