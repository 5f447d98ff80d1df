"""One time step on the device: the order of the stages, as `dsmc.step`.

A verb works on all cells or all particles before the next begins.
"""

from types import SimpleNamespace

import torch
from torch import Tensor

from dsmc.device.cells import cells_of, sort
from dsmc.device.collide import collide
from dsmc.device.draws import Address
from dsmc.device.drift import fly
from dsmc.device.model import Model
from dsmc.device.moments import add_cells
from dsmc.device.pairs import PairTable
from dsmc.device.particles import Particles
from dsmc.executor import COLLIDE, SORT, Stage


def advance(
    state: Particles, model: Model, table: PairTable, laws: SimpleNamespace, address: Address,
    stage: Stage, sums: Tensor | None, collisions: Tensor, walls: Tensor,
) -> None:  # fmt: skip
    """Sample, collide, sample, fly; then sort.

    sums : (cells, S, moments.COLUMNS) to which this step adds its velocity sums, or None
    collisions, walls : (S, S, 2), (rows, columns) the tallies
    """
    with stage(COLLIDE):
        if sums is not None:
            add_cells(state, 0.5, sums)
        if model.colliding:
            collide(state, model, table, laws, address, sums, collisions)
        if sums is not None:
            add_cells(state, 0.5, sums)
        fly(state, model, laws, address, walls)
    with stage(SORT):
        sort(state, cells_of(state.position, model.grid), state.offsets.numel() - 1)


def nowhere(device: torch.device, key: tuple, step: int) -> Address:
    """The address of a step, whose cells a stage fills in."""
    seed, replica = (int(word) for word in key)
    return Address((seed, replica), step, torch.empty(0, dtype=torch.int64, device=device))
