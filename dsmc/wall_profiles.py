"""What walls receive along them: pressure, shear, heat and hits of every wall cell, with errors.

The cells of a face receive what its patches receive, whatever their kinds; only periodic faces and
planes of symmetry receive nothing (`dsmc.walls`). Where rows of the tally are, `dsmc.rows` says.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from dsmc.faces import AXES, FACES, Measured
from dsmc.rows import rows
from dsmc.walls import KINDS, SILENT

if TYPE_CHECKING:
    from dsmc.scenario import Scenario
    from dsmc.simulation import Simulation

FLUXES = {"number_flux": "m-2 s-1", "pressure": "Pa", "shear": "Pa", "heat_flux": "W m-2"}


@dataclass(frozen=True, eq=False)
class WallProfile:
    """What the cells of a face received per area and time; each as (value, error).

    face        : "x_low" …
    along       : names of the axes along the face, the first counts fastest
    places      : of each of them the centres of its cells, (n,) [m]
    area        : of the wall cells, (n_1,) or (n_2, n_1) [m2]
    number_flux : molecules that hit it, (n_1,) or (n_2, n_1) [m-2 s-1]
    pressure    : normal momentum handed to it [Pa]
    shear       : tangential momentum by direction, (3, n_1) or (3, n_2, n_1) [Pa]
    heat_flux   : energy handed to it [W m-2]
    degrees     : of freedom of Student's law for the errors
    """

    face: str
    along: tuple[str, ...]
    places: tuple[np.ndarray, ...]
    area: np.ndarray
    number_flux: Measured
    pressure: Measured
    shear: Measured
    heat_flux: Measured
    degrees: float = math.inf


def wall_profiles(simulation: Simulation) -> dict[str, WallProfile]:
    """The profiles of every face that receives anything; {} where they are not asked for."""
    scenario = simulation.scenario
    cells = rows(scenario).cells
    if not cells:
        return {}
    sampler = simulation.wall_sampler
    mean, _ = sampler.per_step()
    degrees = sampler.blocks.degrees(pooled=True)
    found = {}
    for number, face in enumerate(FACES[: 2 * scenario.dimension]):
        kinds = [patch.kind for patch in scenario.patches if patch.face == face]
        if all(KINDS[kind] in SILENT for kind in kinds):
            continue
        own = slice(cells[number], cells[number + 1])
        error, _ = sampler.blocks.error(  # the cells of a face share their correlation
            sampler.steps, lambda mean, steps, own=own: mean[own].T, pooled=True
        )
        error = np.broadcast_to(error.T, mean[own].shape)
        found[face] = _profile(scenario, face, mean[own], error, degrees)
    return found


def _profile(scenario: Scenario, face: str, mean, error, degrees: float) -> WallProfile:
    """One face from what its cells received in a step, (cells, 5 or more)."""
    number = FACES.index(face)
    axis, outward = number // 2, 1.0 if number % 2 else -1.0
    others = [other for other in range(scenario.dimension) if other != axis]
    faces = [np.array(scenario.faces[other]) for other in others]
    area = np.ones(1)
    for edges in faces:  # the first runs fastest
        area = np.multiply.outer(np.diff(edges), area).ravel()
    shape = tuple(edges.size - 1 for edges in reversed(faces))
    scale = scenario.weight / (area * scenario.time_step)
    value, spread = ((column.T * scale).reshape(-1, *shape) for column in (mean, error))
    shear, shear_error = value[1:4].copy(), spread[1:4].copy()
    shear[axis] = shear_error[axis] = 0.0
    return WallProfile(
        face,
        tuple(AXES[other] for other in others),
        tuple(0.5 * (edges[1:] + edges[:-1]) for edges in faces),
        area.reshape(shape),
        number_flux=(value[0], spread[0]),
        pressure=(outward * value[1 + axis], spread[1 + axis]),
        shear=(shear, shear_error),
        heat_flux=(value[4], spread[4]),
        degrees=degrees,
    )
