"""The executor of the host: compiled kernels, every thread over a run of slabs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import numpy as np

from dsmc import moments
from dsmc.census import Census
from dsmc.compiled import variants
from dsmc.executor import COLLIDE, SORT, Stage
from dsmc.inflow import count_arrivals, enter, enter_run
from dsmc.model import Model
from dsmc.outside import Outside
from dsmc.particles import Particles, particles
from dsmc.rows import rows
from dsmc.step import Tallies, advance, advance_slabs, new_tallies, reorder, room_for, workspaces
from dsmc.team import Team
from dsmc.velocities import Velocities

if TYPE_CHECKING:
    from dsmc.scenario import Scenario


class Host:
    """An `Executor` on the cores of this machine.

    laws : {name: law} in place of the package's own
    """

    def __init__(
        self,
        scenario: Scenario,
        model: Model,
        key: tuple,
        threads: int,
        laws: Mapping[str, Callable] | None = None,
    ):
        kernels = (advance_slabs, enter_run, count_arrivals)
        self._stages, self._entering, self._counting = variants(kernels, laws or {})
        self._scenario, self._model, self._key = scenario, model, key
        self._team = Team(threads)
        self.outside = Outside(scenario)
        self.next_id = 0
        self._state: Particles | None = None

    @property
    def state(self) -> Particles:
        """The particles themselves."""
        return self._state

    @property
    def tallies(self) -> Tallies:
        """The tallies themselves."""
        return self._tallies

    @property
    def count(self) -> int:
        """The number of particles."""
        return self._state.count

    @property
    def velocity(self) -> np.ndarray:
        """(N, 3) [m/s], a view."""
        return self._state.velocity

    @property
    def memory(self) -> int:
        """Bytes of all arrays."""
        return self._state.memory + sum(tally.nbytes for tally in self._tallies)

    def place(self, phase: np.ndarray, columns: Mapping[str, np.ndarray]) -> None:
        """Take these particles, in any order, in place of those that are there.

        phase : (N, d + 3) [m, m/s]; columns : {name: (N,)}
        """
        first, entering = self._state is None, self.outside.inflow.mean.size > 0
        self._state = particles(phase, self._model.grid, self._team.threads, entering, **columns)
        if first:
            scenario, kinds = self._scenario, self._model.gas.mass.size
            near = scenario.collisions.partners == "nearest"
            self._tallies = new_tallies(self._state.slabs, kinds, rows(scenario).total)
            self._batches = workspaces(self._state, kinds, self._team.threads, near)

    def step(
        self,
        step: int,
        stage: Stage,
        sums: np.ndarray | None,
        velocities: Velocities | None,
        census: Census | None,
    ) -> None:
        """Collide and fly, let in what enters, then sort.

        sums : (cells, S, moments.COLUMNS) or None
        """
        state, outside = self._state, self.outside
        cells = state.offsets.size - 1
        ends = outside.arrivals(self._key, step, cells, self._counting)
        entered = int(ends[-1])
        self._batches = room_for(state, entered, self._batches)
        if census is not None:
            census = census._replace(clock=state.clock)  # which may have found more room
        with stage(COLLIDE):
            advance(
                state, self._model, self._key, step, self._team, self._batches, self._tallies,
                sums, velocities, census, self._stages,
            )  # fmt: skip
        if ends.size > 1:
            with stage("enter"):
                enter(
                    state, outside.inflow, ends, self.next_id, self._model, self._key, step,
                    self._team, self._tallies.walls[state.slabs :], self._entering,
                )  # fmt: skip
            outside.follow(self._tallies.walls[:, : len(self._scenario.patches)])
            self.next_id += entered
        with stage(SORT):
            reorder(state, self._team, entered)

    def restore(self, tallies: Mapping[str, np.ndarray]) -> None:
        """Go on from the tallies of a checkpoint."""
        for name, tally in self._tallies._asdict().items():
            tally[:] = tallies[name]

    def cell_sums(self) -> np.ndarray:
        """Velocity sums of every cell now: (cells, S, moments.COLUMNS)."""
        return moments.cell_sums(self._state, self._model.gas.mass.size)

    def block_sums(self, frame: np.ndarray) -> np.ndarray:
        """Sums about a velocity in random groups: (BLOCKS, S, moments.GLOBAL_COLUMNS).

        frame : (3,) [m/s]
        """
        return moments.block_sums(self._state, self._model.gas.mass.size, frame, self._team)

    def close(self) -> None:
        """Let the threads go."""
        self._team.close()
