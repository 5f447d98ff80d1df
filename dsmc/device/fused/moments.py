"""Stage: velocity sums of cells of one species, one lane for a cell: see `dsmc.moments`.

Every row is read once, where tensors go through all of them once for each of thirteen sums.
"""

from collections.abc import Callable
from functools import cache

import triton
import triton.language as tl
from torch import Tensor

from dsmc.device.fused.laws import compiled
from dsmc.device.particles import Particles
from dsmc.moments import COLUMNS

BLOCK = 128  # cells of a program
WARPS = 4


def play(state: Particles, factor: float, sums: Tensor) -> None:
    """Add the velocity sums of every cell, times `factor`; sums : (cells, 1, COLUMNS)."""
    cells = state.offsets.numel() - 1
    block = BLOCK if state.phase.is_cuda else triton.next_power_of_2(cells)  # one for all: quicker
    sampling()[(triton.cdiv(cells, block),)](
        state.phase, state.offsets, sums, cells, FACTOR=factor, DIMENSION=state.dimension,
        BLOCK=block, num_warps=WARPS, enable_fp_fusion=False,
    )  # fmt: skip


@cache
def sampling() -> Callable:
    """The kernel."""
    row_of_sums = COLUMNS

    def add_cells(
        phase, offsets, sums, cells, FACTOR: tl.constexpr, DIMENSION: tl.constexpr,
        BLOCK: tl.constexpr,
    ):  # fmt: skip
        """Add the sums of BLOCK cells."""
        cell = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
        there = cell < cells
        begin = tl.load(offsets + cell, mask=there, other=0)
        count = tl.load(offsets + cell + 1, mask=there, other=0) - begin
        place = phase + begin * (DIMENSION + 3) + DIMENSION
        none = tl.zeros([BLOCK], tl.float64)
        x, y, z, xx, yy, zz = none, none, none, none, none, none
        xy, xz, yz, flow_x, flow_y, flow_z = none, none, none, none, none, none
        for k in range(tl.max(count, axis=0)):
            here = k < count  # those that are not add nothing
            row = place + k * (DIMENSION + 3)
            u = tl.load(row, mask=here, other=0.0).to(tl.float64)
            v = tl.load(row + 1, mask=here, other=0.0).to(tl.float64)
            w = tl.load(row + 2, mask=here, other=0.0).to(tl.float64)
            square = u * u + v * v + w * w
            x, y, z = x + u, y + v, z + w
            xx, yy, zz = xx + u * u, yy + v * v, zz + w * w
            xy, xz, yz = xy + u * v, xz + u * w, yz + v * w
            flow_x, flow_y, flow_z = flow_x + square * u, flow_y + square * v, flow_z + square * w
        own = sums + cell.to(tl.int64) * row_of_sums
        totals = (
            count.to(tl.float64), x, y, z, xx, yy, zz, xy, xz, yz, flow_x, flow_y, flow_z,
        )  # fmt: skip
        for column in tl.static_range(len(totals)):
            before = tl.load(own + column, mask=there, other=0.0)
            tl.store(own + column, before + FACTOR * totals[column], mask=there)

    return compiled(add_cells, do_not_specialize=["cells"])
