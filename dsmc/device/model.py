"""The frozen values of a run as the device needs them: numbers, and tables as tensors."""

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from dsmc.cells import number_of_cells
from dsmc.gas import Gas
from dsmc.model import Model as HostModel


class Grid(NamedTuple):
    """Cells over a box, as `dsmc.cells.Grid`."""

    lengths: Tensor  # (d,) [m] in the precision of the rows
    inverse_width: tuple[float, ...]
    cells: tuple[int, ...]
    edges: tuple[Tensor, ...] | None  # of each axis: the faces between its cells [m], if uneven
    volume: Tensor  # (cells,) [m^3]


class Walls(NamedTuple):
    """The patches of the faces, as `dsmc.walls.Walls`, and what they have in common."""

    first: Tensor  # (2 d + 1,) the patches of a face are first[face] : first[face + 1]
    kind: Tensor  # (P,)
    low: Tensor  # (P, d) [m]
    high: Tensor  # (P, d) [m]
    accommodation: Tensor  # (P, 2)
    along: Tensor  # (P,)
    knots: Tensor  # (P + 1,)
    place: Tensor  # (K,) [m]
    velocity: Tensor  # (K, 3) [m/s]
    thermal_speed: Tensor  # (K, S) [m/s]
    cells: Tensor  # (2 d + 1,) first row of the cells of each face, or (0,)
    kinds: frozenset[int]  # that there are
    most_patches: int  # of a face
    most_knots: int  # of a patch


class Model(NamedTuple):
    """Everything about a run that does not change with time."""

    grid: Grid
    gas: Gas  # numbers, on the host
    mass: Tensor  # (S,) [kg]
    walls: Walls
    time_step: float  # [s]
    flight_time: float  # the same in the precision of the rows
    colliding: bool


def model_on(device: torch.device, model: HostModel) -> Model:
    """The model of a run on a device."""

    def put(array: np.ndarray) -> Tensor:
        return torch.tensor(array, device=device)

    grid, walls = model.grid, model.walls
    edges, volume = None, np.full(number_of_cells(grid), grid.volume)
    if grid.grading is not None:
        rows = zip(grid.grading.edges, grid.cells, strict=True)
        edges = tuple(put(faces[1:n]) for faces, n in rows)
        volume = grid.grading.volume
    return Model(
        grid=Grid(
            put(np.array(grid.lengths)), tuple(map(float, grid.inverse_width)), grid.cells, edges,
            put(volume),
        ),
        gas=model.gas,
        mass=put(model.gas.mass),
        walls=Walls(
            **{name: put(array) for name, array in walls._asdict().items()},
            kinds=frozenset(walls.kind.tolist()),
            most_patches=int(np.diff(walls.first).max()),
            most_knots=int(np.diff(walls.knots).max()),
        ),
        time_step=model.time_step,
        flight_time=float(model.flight_time),
        colliding=model.colliding,
    )  # fmt: skip
