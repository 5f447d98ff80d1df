"""Stage: cells, and the sort that keeps particles in their order; as `dsmc.cells`."""

import torch
from torch import Tensor

from dsmc.device.model import Grid
from dsmc.device.particles import Particles


def cells_of(position: Tensor, grid: Grid) -> Tensor:
    """Cell of each particle, (n,) int32; position : (n, d) [m], upper faces in the last cell."""
    cell, stride = torch.zeros(position.shape[0], dtype=torch.int32, device=position.device), 1
    for axis, count in enumerate(grid.cells):
        cell += stride * indices_along(position, axis, grid)
        stride *= count
    return cell


def indices_along(position: Tensor, axis: int, grid: Grid) -> Tensor:
    """Place of each particle's cell along an axis, (n,) int32; position : (n, d) [m]."""
    x = position[:, axis]
    if grid.edges is None:
        index = (x * grid.inverse_width[axis]).to(torch.int32)
        return index.clamp_(max=grid.cells[axis] - 1)
    return torch.searchsorted(grid.edges[axis], x.contiguous(), right=True, out_int32=True)


def sort(state: Particles, cell: Tensor, cells: int) -> None:
    """Sort the rows by their new cells, stable: in a cell by (source cell, rank there).

    cell : (N,) int32
    """
    state.cell, order = torch.sort(cell, stable=True)
    state.phase = state.phase[order]
    state.columns = {name: column[order] for name, column in state.columns.items()}
    state.offsets = offsets_of(state.cell, cells)


def offsets_of(group: Tensor, groups: int) -> Tensor:
    """Where each group begins, and last where the last one ends: (groups + 1,) int64.

    group : (n,) rising
    """
    numbers = torch.arange(groups + 1, dtype=group.dtype, device=group.device)
    return torch.searchsorted(group, numbers)
