"""The stages that a step calls, where there are kernels for them.

A gas of several species collides and is sampled on tensors; uneven cells are found on tensors.
"""

from collections.abc import Callable, Mapping

from torch import Tensor

from dsmc.device import Refused
from dsmc.device.cells import cells_of
from dsmc.device.draws import Address
from dsmc.device.drift import arrivals, fly_far
from dsmc.device.fused import collide, drift, moments
from dsmc.device.fused.laws import laws as laws_of
from dsmc.device.lists import chosen
from dsmc.device.model import Model
from dsmc.device.pairs import PairTable
from dsmc.device.particles import Particles
from dsmc.device.stages import Stages


class Fused(Stages):
    """The stages in kernels; laws : {name: law of tensors and of Triton's blocks} in place of the
    package's own."""

    def __init__(self, model: Model, table: PairTable, laws: Mapping[str, Callable] | None = None):
        super().__init__(model, table, laws)
        self._numbers = drift.numbers_of(model)
        self._collisions = self._unplayed = None
        if len(table.species) == 1:
            self.most = collide.MOST
            self._collisions = collide.kernel_of(model, table, laws_of(laws))

    def sample(self, state: Particles, factor: float, sums: Tensor) -> None:
        """Add the velocity sums of every cell, times `factor`; sums : (cells, S, COLUMNS)."""
        if self._collisions is None:
            super().sample(state, factor, sums)
        else:
            moments.play(state, factor, sums)

    def collide(
        self, state: Particles, address: Address, sums: Tensor | None, tally: Tensor
    ) -> None:
        """Let the particles of every cell collide for one time step; no wait for one species.

        sums : (cells, S, moments.COLUMNS) that takes note of the collisions, or None
        tally : (S, S, 2) int64 candidates and collisions
        """
        if self._collisions is None:
            super().collide(state, address, sums, tally)
        else:
            found = collide.play(state, self.model, self._collisions, address, sums)
            tally[0, 0] += found[:2]
            self._unplayed = found[2]

    def fly(self, state: Particles, address: Address, tally: Tensor) -> Tensor:
        """Let all particles fly for one time step; returns their new cells, (N,) int32.

        tally : (rows, columns)
        Raises Refused where a cell of the collisions before has more candidates than `most`.
        """
        model, grid = self.model, self.model.grid
        cell = drift.play(state, grid, self._numbers)
        row = chosen(cell == drift.LEAVING)
        self._refuse_unplayed(address.step)
        at = arrivals(state, row, model.time_step)
        fly_far(state, at, model, self.laws, address, tally)
        if grid.edges is not None:
            return cells_of(state.position, grid)
        cell[row] = cells_of(state.position[row], grid)
        return cell

    def _refuse_unplayed(self, step: int) -> None:
        """Where the host has waited for the flight already: a kernel itself cannot refuse."""
        if self._unplayed is not None and int(self._unplayed):
            raise Refused(
                f"step {step}: a cell has more than {self.most} candidate pairs\n"
                "  cure: narrower cells (domain.cells), a shorter time step (run.time_step_s or "
                "run.time_step_mct), or the device cpu"
            )
