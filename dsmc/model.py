"""The model: frozen values; what the box is, what the molecules are, how time passes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from dsmc.cells import Grid, grid
from dsmc.crossings import Planes
from dsmc.gas import Gas, gas
from dsmc.reflection import thermal_speed
from dsmc.rows import Rows, rows
from dsmc.species import BOLTZMANN, Molecule
from dsmc.walls import KINDS, Walls

if TYPE_CHECKING:
    from dsmc.scenario import Scenario
    from dsmc.scenario.patches import Patch


class Model(NamedTuple):
    """Everything about a run that does not change with time."""

    grid: Grid
    gas: Gas
    walls: Walls
    time_step: float  # [s]
    flight_time: float  # the same in the precision of the rows
    acceleration: tuple[float, float, float] | None  # of every molecule [m/s^2]
    planes: Planes | None  # whose crossings are counted
    colliding: bool


def model(scenario: Scenario) -> Model:
    """Return the model of a scenario."""
    dtype, tally = np.dtype(scenario.run.precision).type, rows(scenario)
    return Model(
        grid=grid(scenario.lengths, scenario.cells, dtype, scenario.edges),
        gas=gas(scenario.molecules, scenario.weight),
        walls=walls(scenario.patches, scenario.dimension, scenario.molecules, tally),
        time_step=float(scenario.time_step),
        flight_time=dtype(scenario.time_step),
        acceleration=scenario.force.acceleration_m_s2 if scenario.forced else None,
        planes=planes(scenario, tally),
        colliding=scenario.collisions.scheme != "none",
    )


def planes(scenario: Scenario, tally: Rows) -> Planes | None:
    """Return the planes of a scenario, None without any."""
    chosen = scenario.sample.planes
    if not chosen:
        return None
    return Planes(
        axis=np.array(["xyz".index(plane.axis) for plane in chosen]),
        position=np.array([plane.position_m for plane in chosen], np.float64),
        first=tally.planes,
    )


def walls(
    patches: Sequence[Patch], dimension: int, molecules: Sequence[Molecule], tally: Rows
) -> Walls:
    """Return the walls of a box from its patches, face by face in the order in which they act."""
    tables = [knots(patch.boundary, molecules) for patch in patches]
    faces = [2 * patch.axis + patch.side for patch in patches]
    result = Walls(
        first=np.searchsorted(faces, np.arange(2 * dimension + 1)),
        kind=np.array([KINDS[patch.kind] for patch in patches]),
        low=np.full((len(patches), dimension), -np.inf),
        high=np.full((len(patches), dimension), np.inf),
        accommodation=np.array([accommodation(patch.boundary) for patch in patches]),
        along=np.array([along(patch.boundary) for patch in patches]),
        knots=np.cumsum([0, *(len(table) for table in tables)]),
        place=np.concatenate([table[:, 0] for table in tables]),
        velocity=np.ascontiguousarray(np.concatenate([table[:, 1:4] for table in tables])),
        thermal_speed=np.ascontiguousarray(np.concatenate([table[:, 4:] for table in tables])),
        cells=np.array(tally.cells, np.int64),
    )
    for number, patch in enumerate(patches):
        if getattr(patch.boundary, "from_m", None) is not None:  # a patch upon a face
            others = [axis for axis in range(dimension) if axis != patch.axis]
            result.low[number, others], result.high[number, others] = np.transpose(patch.range)
    return result


def accommodation(boundary) -> tuple[float, float]:
    """Of a wall: the share of diffuse reflection, or of normal energy and tangential momentum."""
    if boundary.kind == "cll":
        return boundary.normal_accommodation, boundary.tangential_accommodation
    return getattr(boundary, "accommodation", 1.0), 0.0


def along(boundary) -> int:
    """The axis of a wall's profile, 0 without one."""
    profile = getattr(boundary, "profile", None)
    return 0 if profile is None else "xyz".index(profile.along)


def knots(boundary, molecules: Sequence[Molecule]) -> np.ndarray:
    """The profile of a boundary, one row if it is the same everywhere: place, velocity, speeds.

    Returns (K, 4 + S): [m], 3 x [m/s], sqrt(2 k T / m) of every species [m/s].
    """
    profile = getattr(boundary, "profile", None)
    place = (0.0,) if profile is None else profile.at_m
    temperature = getattr(profile, "temperature_K", None)
    velocity = getattr(profile, "velocity_m_s", None)
    if temperature is None:
        temperature = [getattr(boundary, "temperature_K", None) or 0.0] * len(place)
    if velocity is None:
        is_wall = boundary.kind in ("diffuse", "cll")
        velocity = [boundary.velocity_m_s if is_wall else (0.0, 0.0, 0.0)] * len(place)
    return np.array(
        [
            [x, *u, *(thermal_speed(t, molecule.mass, BOLTZMANN) for molecule in molecules)]
            for x, u, t in zip(place, velocity, temperature, strict=True)
        ]
    )
