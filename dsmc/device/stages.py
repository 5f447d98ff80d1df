"""The stages that a step calls, and which: on tensors, or fused where there are kernels."""

import warnings
from collections.abc import Callable, Mapping

import torch
from torch import Tensor

from dsmc.device.cells import cells_of
from dsmc.device.collide import ROUNDS, collide
from dsmc.device.draws import Address
from dsmc.device.drift import fly
from dsmc.device.fused import missing
from dsmc.device.laws import laws as laws_of
from dsmc.device.model import Model
from dsmc.device.moments import add_cells
from dsmc.device.pairs import PairTable
from dsmc.device.particles import Particles


class Stages:
    """The stages on tensors; laws : {name: law of tensors} in place of the package's own."""

    most = ROUNDS  # candidates of a cell in a step

    def __init__(self, model: Model, table: PairTable, laws: Mapping[str, Callable] | None = None):
        self.model, self.table, self.laws = model, table, laws_of(laws)

    def sample(self, state: Particles, factor: float, sums: Tensor) -> None:
        """Add the velocity sums of every cell, times `factor`; sums : (cells, S, COLUMNS)."""
        add_cells(state, factor, sums)

    def collide(
        self, state: Particles, address: Address, sums: Tensor | None, tally: Tensor
    ) -> None:
        """Let the particles of every cell collide for one time step.

        sums : (cells, S, moments.COLUMNS) that takes note of the collisions, or None
        tally : (S, S, 2) int64 candidates and collisions
        """
        collide(state, self.model, self.table, self.laws, address, sums, tally)

    def fly(self, state: Particles, address: Address, tally: Tensor) -> Tensor:
        """Let all particles fly for one time step; returns their new cells, (N,) int32.

        tally : (rows, columns)
        """
        fly(state, self.model, self.laws, address, tally)
        return cells_of(state.position, self.model.grid)


def stages_on(
    device: torch.device, model: Model, table: PairTable, laws: Mapping[str, Callable] | None,
    fused: bool | None,
) -> Stages:  # fmt: skip
    """The stages of a device; laws : {name: law of tensors}; fused : see `is_fused`."""
    if not is_fused(device, laws, fused):
        return Stages(model, table, laws)
    from dsmc.device.fused.rehearsal import fault  # these load Triton
    from dsmc.device.fused.stages import Fused

    if fused is None and (wrong := fault(model, table)):
        warnings.warn(
            f"kernels of Triton are not used, but slower tensors: {wrong}", RuntimeWarning,
            stacklevel=2,
        )  # fmt: skip
        return Stages(model, table, laws)
    return Fused(model, table, laws)


def is_fused(
    device: torch.device, laws: Mapping[str, Callable] | None, fused: bool | None = None
) -> bool:
    """Whether stages are kernels of Triton: on a GPU where Triton can be used.

    laws : {name: law of tensors}, which Triton may not know how to compile: then on tensors
    fused : True or False decides; on tensors of the host True needs Triton's interpreter
    """
    if fused is not None:
        return fused
    return device.type == "cuda" and not laws and missing() is None
