"""The executor of a device: what a simulation talks to (`dsmc.executor`)."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np
import torch

from dsmc.cells import number_of_cells, number_of_slabs
from dsmc.census import Census
from dsmc.device import Refused
from dsmc.device.bandwidth import wait
from dsmc.device.collide import all_cells
from dsmc.device.model import model_on
from dsmc.device.moments import add_cells, block_sums
from dsmc.device.pairs import members, pair_table, total_of
from dsmc.device.particles import particles_of, particles_on
from dsmc.device.refusals import refuse
from dsmc.device.stages import stages_on
from dsmc.device.step import Stage, advance, nowhere
from dsmc.executor import Spend
from dsmc.model import Model
from dsmc.moments import COLUMNS
from dsmc.outside import Outside
from dsmc.particles import Particles, particles
from dsmc.rows import rows
from dsmc.step import Tallies, new_tallies
from dsmc.velocities import Velocities
from dsmc.walls import columns

if TYPE_CHECKING:
    from dsmc.scenario import Scenario


class Device:
    """An `Executor` on a GPU ("cuda"), or on tensors of the host ("torch-cpu").

    laws : {name: law of tensors} in place of the package's own
    fused : whether stages are kernels of Triton; None where they can be (`stages`)
    Raises Refused for a scenario that the device does not play.
    """

    def __init__(
        self,
        device: str,
        scenario: Scenario,
        model: Model,
        key: tuple,
        laws: Mapping[str, Callable] | None = None,
        fused: bool | None = None,
    ):
        refuse(device, scenario)
        self._device = torch.device("cuda" if device == "cuda" else "cpu")
        if device == "cuda":
            torch.cuda.reset_peak_memory_stats(self._device)  # `memory` is that of this run
        self._key, self._host_model = key, model
        self._model = model_on(self._device, model)
        table = pair_table(model.gas, self._device)
        self._stages = stages_on(self._device, self._model, table, laws, fused)
        self.outside, self.next_id = Outside(scenario), 0  # nothing enters
        kinds, cells = model.gas.mass.size, number_of_cells(model.grid)
        self._collisions = self._zeros(kinds, kinds, 2, dtype=torch.int64)
        self._walls = self._zeros(rows(scenario).total, columns(kinds))
        self._sums = self._zeros(cells, kinds, COLUMNS)
        self._looked: Particles | None = None  # the particles on the host, if nothing has changed

    def _zeros(self, *shape: int, dtype: torch.dtype = torch.float64) -> torch.Tensor:
        return torch.zeros(shape, dtype=dtype, device=self._device)

    @property
    def state(self) -> Particles:
        """A copy of the particles on the host; waits for the device."""
        if self._looked is None:
            self._looked = particles_of(self._particles, self._host_model.grid)
        return self._looked

    @property
    def tallies(self) -> Tallies:
        """A copy of the tallies, all in the first slab; waits for the device."""
        slabs, kinds = number_of_slabs(self._host_model.grid), self._collisions.shape[0]
        found = new_tallies(slabs, kinds, self._walls.shape[0])
        found.collisions[0] = self._collisions.cpu().numpy()
        found.walls[0] = self._walls.cpu().numpy()
        return found

    @property
    def count(self) -> int:
        """The number of particles."""
        return self._particles.count

    @property
    def velocity(self) -> np.ndarray:
        """(N, 3) [m/s], a copy on the host; waits for the device."""
        if self._looked is None:  # the rows are in order: no need of the whole state
            return self._particles.velocity.cpu().numpy().copy()
        return self._looked.velocity

    @property
    def memory(self) -> int:
        """Bytes on the device: of a GPU the most that was in use, else those of the state."""
        if self._device.type == "cuda":
            return torch.cuda.max_memory_allocated(self._device)
        return self._particles.memory + self._sums.nbytes + self._walls.nbytes

    def place(self, phase: np.ndarray, columns: Mapping[str, np.ndarray]) -> None:
        """Take these particles, in any order, in place of those that are there.

        phase : (N, d + 3) [m, m/s]; columns : {name: (N,)}
        Raises Refused where cells are too full: of candidates there is a limit.
        """
        sorted_rows = particles(phase, self._host_model.grid, 1, **columns)
        self._particles = particles_on(self._device, sorted_rows)
        self._looked = sorted_rows
        if self._model.colliding:
            self._refuse_full_cells()

    def _refuse_full_cells(self) -> None:
        """Half of the limit for the mean leaves the other half to chance and to the flow."""
        stages, limit = self._stages, self._stages.most
        listed = members(self._particles, self._model.mass.numel())
        cells = all_cells(self._particles, listed, self._model, stages.table, stages.laws)
        most = float(total_of(cells.flow).max()) * self._model.time_step
        if most > limit / 2:
            times = f"{2 * most / limit:.1f} times"
            raise Refused(
                f"the fullest cell has {most:.0f} candidate pairs in a step; the device plays them "
                f"one after the other, {limit} at most\n  cure: {times} as many cells "
                "(domain.cells), a time step (run.time_step_s or run.time_step_mct) "
                f"{times} shorter, or the device cpu"
            )

    def advance(
        self,
        first: int,
        number: int,
        spend: Spend,
        sums: np.ndarray | None,
        velocities: Velocities | None,
        census: Census | None,
    ) -> int:
        """Collide and fly, then sort; velocities and census are refused before they get here.

        sums : (cells, S, moments.COLUMNS) or None
        """
        self._looked, particle_steps = None, 0
        inner = None if sums is None else self._sums.zero_()
        for step in range(first, first + number):
            particle_steps += self._particles.count
            advance(
                self._particles, self._stages, nowhere(self._device, self._key, step),
                self._timing(spend), inner, self._collisions, self._walls,
            )  # fmt: skip
        if sums is not None:
            sums += self._sums.cpu().numpy()
        return particle_steps

    def _timing(self, spend: Spend) -> Stage:
        """Times a stage, which ends when the device has done its work: else its time would be told
        as that of the next one."""

        @contextmanager
        def timing(name: str) -> Iterator[None]:
            begin = time.perf_counter()
            yield
            wait(self._device.type)
            spend(name, time.perf_counter() - begin)

        return timing

    def restore(self, tallies: Mapping[str, np.ndarray]) -> None:
        """Go on from the tallies of a checkpoint, of the device or of the host."""
        for mine, name in ((self._collisions, "collisions"), (self._walls, "walls")):
            mine.copy_(torch.from_numpy(tallies[name].sum(axis=0)))

    def cell_sums(self) -> np.ndarray:
        """Velocity sums of every cell now: (cells, S, moments.COLUMNS)."""
        sums = torch.zeros_like(self._sums)
        add_cells(self._particles, 1.0, sums)
        return sums.cpu().numpy()

    def block_sums(self, frame: np.ndarray) -> np.ndarray:
        """Sums about a velocity in random groups: (BLOCKS, S, moments.GLOBAL_COLUMNS).

        frame : (3,) [m/s]
        """
        about = torch.tensor(frame, dtype=torch.float64, device=self._device)
        kinds = self._model.mass.numel()
        return block_sums(self._particles, kinds, about, self._stages.laws).cpu().numpy()

    def close(self) -> None:
        """Nothing to let go that is not let go with the executor."""
