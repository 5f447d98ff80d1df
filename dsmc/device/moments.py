"""Stage: moments of the velocities on the device, as `dsmc.moments`; sums in a fixed order."""

from collections.abc import Iterator
from types import SimpleNamespace

import torch
from torch import Tensor

from dsmc.device.cells import offsets_of
from dsmc.device.draws import shuffled
from dsmc.device.particles import Particles
from dsmc.moments import BLOCKS, GLOBAL_COLUMNS


def grouped(group: Tensor, groups: int, columns: Iterator[Tensor]) -> Tensor:
    """The sums of columns over each group, rows in their order: (groups, columns).

    group : (n,) of 0 … groups - 1; columns : each (n,)
    """
    group, row = torch.sort(group, stable=True)
    offsets = offsets_of(group, groups)
    sums = [segments(column[row], offsets) for column in columns]
    return torch.stack(sums, dim=1)


def segments(column: Tensor, offsets: Tensor) -> Tensor:
    """Sums of rows offsets[c] : offsets[c + 1], (cells,) or (cells, 1).

    offsets : (cells + 1,)
    column : (n,) for long runs, each summed by many threads; (n, 1) for short ones, by one thread
    """
    return torch.segment_reduce(column, "sum", offsets=offsets, axis=0, unsafe=True, initial=0.0)


def add_cells(state: Particles, factor: float, sums: Tensor) -> None:
    """Add the velocity sums of every cell, times `factor`; sums : (cells, S, COLUMNS)."""
    for s in range(sums.shape[1]):
        mine = None if state.species is None else state.species == s
        for k, column in enumerate(products(state.velocity)):
            if mine is not None:
                column = torch.where(mine, column, 0.0)
            sums[:, s, k] += factor * segments(column[:, None], state.offsets).squeeze(1)


def products(velocity: Tensor) -> Iterator[Tensor]:
    """The columns of `dsmc.moments.COLUMNS` that are made of velocities; velocity : (N, 3)."""
    u, v, w = velocity.double().unbind(1)
    square = u * u + v * v + w * w
    yield torch.ones_like(u)
    yield from (u, v, w, u * u, v * v, w * w, u * v, u * w, v * w)
    yield from (square * u, square * v, square * w)


def block_sums(
    state: Particles, species_count: int, frame: Tensor, laws: SimpleNamespace
) -> Tensor:
    """Sums about a velocity in the host's random groups: (BLOCKS, S, GLOBAL_COLUMNS).

    frame : (3,) [m/s]
    """
    row = torch.arange(state.count, device=frame.device)
    group = shuffled(row, BLOCKS) * species_count
    if state.species is not None:
        group += state.species
    sums = grouped(group, BLOCKS * species_count, powers(state.velocity - frame, laws))
    return sums.view(BLOCKS, species_count, GLOBAL_COLUMNS)


def powers(velocity: Tensor, laws: SimpleNamespace) -> Iterator[Tensor]:
    """The columns of `dsmc.moments.GLOBAL_COLUMNS`; velocity : (N, 3) about a frame."""
    u, v, w = velocity.unbind(1)
    uu, vv, ww = u * u, v * v, w * w
    square = uu + vv + ww
    fourth = square * square
    yield torch.ones_like(u)
    yield from (u, v, w, uu, vv, ww, laws.speed(square))
    yield from (fourth, fourth * square, fourth * fourth)
