"""The state on a device: the rows of `dsmc.particles` as tensors, sorted by cell."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from dsmc.cells import Grid
from dsmc.particles import Particles as HostParticles
from dsmc.particles import particles as sorted_particles


@dataclass
class Particles:
    """Rows in the order of the host's, and the cell of each."""

    phase: Tensor  # (N, d + 3) [m, m/s]
    columns: dict[str, Tensor]  # species (N,) int8, id (N,) int64, where carried
    cell: Tensor  # (N,) int32, rising
    offsets: Tensor  # (cells + 1,) int64: particles of cell c are the rows offsets[c] : …
    dimension: int

    @property
    def count(self) -> int:
        """N"""
        return self.phase.shape[0]

    @property
    def position(self) -> Tensor:
        """(N, d) [m], a view."""
        return self.phase[:, : self.dimension]

    @property
    def velocity(self) -> Tensor:
        """(N, 3) [m/s], a view."""
        return self.phase[:, self.dimension :]

    @property
    def species(self) -> Tensor | None:
        """(N,), or None where there is only one."""
        return self.columns.get("species")

    @property
    def memory(self) -> int:
        """Bytes of all tensors."""
        tensors = (self.phase, self.cell, self.offsets, *self.columns.values())
        return sum(tensor.nbytes for tensor in tensors)


def particles_on(device: torch.device, rows: HostParticles) -> Particles:
    """The particles of the host on a device."""

    def put(array: np.ndarray) -> Tensor:
        return torch.tensor(array, device=device)

    offsets = put(rows.offsets)
    cells = torch.arange(rows.offsets.size - 1, device=device, dtype=torch.int32)
    return Particles(
        phase=put(rows.phase),
        columns={name: put(column) for name, column in rows.columns().items()},
        cell=torch.repeat_interleave(cells, offsets.diff(), output_size=rows.count),
        offsets=offsets,
        dimension=rows.dimension,
    )


def particles_of(state: Particles, grid: Grid) -> HostParticles:
    """The particles of a device on the host. Waits for the device."""
    columns = {name: column.cpu().numpy() for name, column in state.columns.items()}
    return sorted_particles(state.phase.cpu().numpy().copy(), grid, 1, **columns)
