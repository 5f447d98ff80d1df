"""One time step on the device: the order of the stages, as `dsmc.step`.

A verb works on all cells or all particles before the next begins.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager

import torch
from torch import Tensor

from dsmc.device.cells import sort
from dsmc.device.draws import Address
from dsmc.device.particles import Particles
from dsmc.device.stages import Stages
from dsmc.sort import SORT
from dsmc.step import COLLIDE

Stage = Callable[[str], AbstractContextManager[None]]  # times what happens in it


def advance(
    state: Particles, stages: Stages, address: Address, stage: Stage, sums: Tensor | None,
    collisions: Tensor, walls: Tensor,
) -> None:  # fmt: skip
    """Sample, collide, sample, fly; then sort.

    sums : (cells, S, moments.COLUMNS) to which this step adds its velocity sums, or None
    collisions, walls : (S, S, 2), (rows, columns) the tallies
    """
    with stage(COLLIDE):
        if sums is not None:
            stages.sample(state, 0.5, sums)
        if stages.model.colliding:
            stages.collide(state, address, sums, collisions)
        if sums is not None:
            stages.sample(state, 0.5, sums)
        cell = stages.fly(state, address, walls)
    with stage(SORT):
        sort(state, cell, state.offsets.numel() - 1)


def nowhere(device: torch.device, key: tuple, step: int) -> Address:
    """The address of a step, whose cells a stage fills in."""
    seed, replica = (int(word) for word in key)
    return Address((seed, replica), step, torch.empty(0, dtype=torch.int64, device=device))
