"""Stage: free flight, one lane for a particle: see `dsmc.drift`.

A particle that reaches a face stays where it is, and its new cell is LEAVING.
"""

from collections.abc import Callable
from functools import cache

import torch
import triton
import triton.language as tl
from torch import Tensor

from dsmc.device.fused.laws import compiled
from dsmc.device.model import Grid, Model
from dsmc.device.particles import Particles

LEAVING = -1
BLOCK = 256  # particles of a program
WARPS = 8


def numbers_of(model: Model) -> Tensor:
    """The time of flight, the lengths, the cells per metre: (1 + 2 d,) in the rows' precision.

    In memory: as arguments Triton would take them in single precision.
    """
    grid = model.grid
    numbers = [model.flight_time, *grid.lengths.tolist(), *grid.inverse_width]
    return torch.tensor(numbers, dtype=grid.lengths.dtype, device=grid.lengths.device)


def play(state: Particles, grid: Grid, numbers: Tensor) -> Tensor:
    """Let the particles that reach no face fly for one time step; returns new cells, (N,) int32.

    numbers : (1 + 2 d,) of `numbers_of`. Where cells are uneven, all that stay have cell 0.
    """
    count = state.count
    block = BLOCK if state.phase.is_cuda else triton.next_power_of_2(count)  # one for all: quicker
    cell = torch.empty(count, dtype=torch.int32, device=state.phase.device)
    flights()[(triton.cdiv(count, block),)](
        state.phase, cell, numbers, count, *(*grid.cells, 1, 1)[:3], DIMENSION=state.dimension,
        EVEN=grid.edges is None, BLOCK=block, num_warps=WARPS, enable_fp_fusion=False,
    )  # fmt: skip
    return cell


@cache
def flights() -> Callable:
    """The kernel."""
    leaving = LEAVING

    def end(place, numbers, axis, there, DIMENSION: tl.constexpr):
        """Where a straight flight ends along an axis, and whether that is inside."""
        x = tl.load(place + axis, mask=there, other=0.0)
        v = tl.load(place + DIMENSION + axis, mask=there, other=0.0)
        x = x + v * tl.load(numbers)
        return x, (x >= 0.0) & (x <= tl.load(numbers + 1 + axis))

    def index(x, numbers, axis, cells, DIMENSION: tl.constexpr):
        """The place of a cell along an axis; the upper face is in the last."""
        place = (x * tl.load(numbers + 1 + DIMENSION + axis)).to(tl.int32)
        return tl.minimum(place, cells - 1)

    def fly_rows(
        phase, new_cells, numbers, count, cells_x, cells_y, cells_z, DIMENSION: tl.constexpr,
        EVEN: tl.constexpr, BLOCK: tl.constexpr,
    ):  # fmt: skip
        """Fly with BLOCK particles."""
        row = tl.program_id(0).to(tl.int64) * BLOCK + tl.arange(0, BLOCK)
        there = row < count
        place = phase + row * (DIMENSION + 3)
        x, stays = end(place, numbers, 0, there, DIMENSION)
        y, z = x, x
        if DIMENSION > 1:
            y, inside = end(place, numbers, 1, there, DIMENSION)
            stays = stays & inside
        if DIMENSION > 2:
            z, inside = end(place, numbers, 2, there, DIMENSION)
            stays = stays & inside
        cell = tl.zeros([BLOCK], tl.int32)
        if EVEN:
            cell = index(x, numbers, 0, cells_x, DIMENSION)
            if DIMENSION > 1:
                cell += cells_x * index(y, numbers, 1, cells_y, DIMENSION)
            if DIMENSION > 2:
                cell += cells_x * cells_y * index(z, numbers, 2, cells_z, DIMENSION)
        tl.store(place, x, mask=there & stays)
        if DIMENSION > 1:
            tl.store(place + 1, y, mask=there & stays)
        if DIMENSION > 2:
            tl.store(place + 2, z, mask=there & stays)
        tl.store(new_cells + row, tl.where(stays, cell, leaving), mask=there)

    return compiled(fly_rows, do_not_specialize=["count", "cells_x", "cells_y", "cells_z"])
