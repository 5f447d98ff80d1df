"""The executor of the host: compiled kernels, every thread over a run of slabs."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from dsmc import moments
from dsmc.census import Census
from dsmc.compiled import variants
from dsmc.executor import Spend
from dsmc.inflow import count_arrivals, enter, enter_run
from dsmc.interruptions import unbroken
from dsmc.model import Model
from dsmc.outside import Outside
from dsmc.particles import Particles, particles, swap_buffers, swapped
from dsmc.programme import Programme, Round
from dsmc.rows import rows
from dsmc.sort import fetching, sorting
from dsmc.step import (
    PARTICLE_STEPS,
    Tallies,
    advance_slabs,
    flight,
    new_tallies,
    room_for,
    workspaces,
)
from dsmc.team import Team
from dsmc.velocities import Velocities

if TYPE_CHECKING:
    from dsmc.scenario import Scenario


ON_THEIR_WAY = """the particles are on their way: a step or a look was broken off half-way
  cure: go on from the last checkpoint (dsmc resume), or begin anew"""


class Steps(NamedTuple):
    """Two steps, written down: from the present buffers, and from the others.

    sampled : what they sample, as of `step.flight`; reads : the present rows
    unlisted, listed : of a state whose rows lie in their cells, and of one whose do not
    """

    sampled: tuple
    reads: np.ndarray
    unlisted: Programme
    listed: Programme


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
        self._counted = np.zeros(2, np.int64)
        self._written: dict[bool, Steps] = {}  # with samples or without
        self._on_their_way = False

    @property
    def state(self) -> Particles:
        """The particles themselves, every row in its cell."""
        self._bring_home()
        return self._state

    def _bring_home(self) -> None:
        """Fetch the rows to their cells, if they still lie where they flew."""
        self._check()
        if self._state is not None and self._state.listed:
            self._team.check()
            programme = Programme(fetching(self._state))
            with unbroken(), self._moving():
                self._team.play(programme)
                swap_buffers(self._state)
                self._state.listed = False

    @contextmanager
    def _moving(self) -> Iterator[None]:
        """While rows are fetched over the order that says where they are, none can be looked at.

        Nor ever, if that is broken off: so the end is not reached then.
        """
        self._on_their_way = True
        yield
        self._on_their_way = False

    def _check(self) -> None:
        """Raise RuntimeError if rows were broken off on their way."""
        if self._on_their_way:
            raise RuntimeError(ON_THEIR_WAY)

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
        return self.state.velocity

    @property
    def memory(self) -> int:
        """Bytes of all arrays."""
        return self._state.memory + sum(tally.nbytes for tally in self._tallies)

    def place(self, phase: np.ndarray, columns: Mapping[str, np.ndarray]) -> None:
        """Take these particles, in any order, in place of those that are there.

        phase : (N, d + 3) [m, m/s]; columns : {name: (N,)}
        """
        first, entering = self._state is None, self.outside.inflow.mean.size > 0
        self._written.clear()
        self._state = particles(phase, self._model.grid, self._team.threads, entering, **columns)
        self._on_their_way = False
        if first:
            scenario, kinds = self._scenario, self._model.gas.mass.size
            near = scenario.collisions.partners == "nearest"
            self._tallies = new_tallies(self._state.slabs, kinds, rows(scenario).total)
            self._batches = workspaces(self._state, kinds, self._team.threads, near)

    def advance(
        self,
        first: int,
        number: int,
        spend: Spend,
        sums: np.ndarray | None,
        velocities: Velocities | None,
        census: Census | None,
    ) -> int:
        """Collide and fly, let in what enters, then sort.

        sums : (cells, S, moments.COLUMNS) or None
        """
        self._check()
        self._team.check()
        self._counted[:] = first - 1, 0
        if self.outside.inflow.mean.size == 0 and census is None:
            self._take_quiet(number, spend, sums, velocities)
        else:
            for step in range(first, first + number):
                self._take_one(step, spend, sums, velocities, census)
        return int(self._counted[PARTICLE_STEPS])

    def _take_quiet(self, number: int, spend: Spend, *sampled) -> None:
        """Steps in which nothing enters: what is to be done is written down once."""
        kept = self._written.get(sampled[0] is None)
        if kept is None or any(a is not b for a, b in zip(kept.sampled, sampled, strict=True)):
            kept = self._written[sampled[0] is None] = self._write_steps(*sampled)
        state = self._state
        begin = 0 if kept.reads is state.rows else 1
        with self._moving():
            if not state.listed:
                self._play(kept.unlisted, spend, begin, 1)
                number -= 1
            if number > 0:
                self._play(kept.listed, spend, begin, number)
            if number % 2:
                swap_buffers(state)
            self._sorted()

    def _write_steps(self, *sampled) -> Steps:
        """Write down a step from the present buffers, and one from the others."""
        here, there = self._state, swapped(self._state)
        unlisted, listed = [], []
        for old, new in ((here, there), (there, here)):
            unlisted += [*self._flight(old, False, *sampled), *sorting(old)]
            listed += [*self._flight(old, True, *sampled), *sorting(new)]
        return Steps(sampled, here.rows, Programme(unlisted), Programme(listed))

    def _sorted(self) -> None:
        """Note that a sort has listed the rows; some may have left."""
        self._state.listed = True
        self._state.count = int(self._state.offsets[-1])

    def _take_one(
        self,
        step: int,
        spend: Spend,
        sums: np.ndarray | None,
        velocities: Velocities | None,
        census: Census | None,
    ) -> None:
        """One step in which gases enter, or free flights are measured."""
        state, outside = self._state, self.outside
        cells = state.offsets.size - 1
        ends = outside.arrivals(self._key, step, cells, self._counting)
        entered = int(ends[-1])
        if census is not None or state.count + entered > state.rows.shape[0]:
            self._bring_home()  # clocks are wanted in their order, and room is made
        self._batches = room_for(state, entered, self._batches)
        if census is not None:
            census = census._replace(clock=state.clock)  # which may have found more room
        programme = Programme(self._flight(state, state.listed, sums, velocities, census))
        with self._moving():
            self._play(programme, spend)
            if state.listed:
                swap_buffers(state)
            if ends.size > 1:
                begin = time.perf_counter()
                enter(
                    state, outside.inflow, ends, self.next_id, self._model, self._key, step,
                    self._team, self._tallies.walls[state.slabs :], self._entering,
                )  # fmt: skip
                spend("enter", time.perf_counter() - begin)
                outside.follow(self._tallies.walls[:, : len(self._scenario.patches)])
                self.next_id += entered
            self._play(Programme(sorting(state, entered)), spend)
            self._sorted()

    def _flight(self, state: Particles, listed: bool, *sampled) -> list[Round]:
        """The rounds of pass A over particles; listed, sampled : as of `step.flight`."""
        return flight(
            state, listed, self._model, self._key, self._counted, self._batches, self._tallies,
            *sampled, stages=self._stages,
        )  # fmt: skip

    def _play(
        self, programme: Programme, spend: Spend, begin: int = 0, steps: int | None = None
    ) -> None:
        """Play a programme; or so many steps of one that has two, from the first or second on."""
        length = len(programme.rounds) // 2
        turns = () if steps is None else (begin * length, steps * length)
        self._team.play(programme, *turns)
        for stage, seconds in programme.seconds():
            spend(stage, seconds)

    def restore(self, tallies: Mapping[str, np.ndarray]) -> None:
        """Go on from the tallies of a checkpoint."""
        for name, tally in self._tallies._asdict().items():
            tally[:] = tallies[name]

    def cell_sums(self) -> np.ndarray:
        """Velocity sums of every cell now: (cells, S, moments.COLUMNS)."""
        return moments.cell_sums(self.state, self._model.gas.mass.size)

    def block_sums(self, frame: np.ndarray) -> np.ndarray:
        """Sums about a velocity in random groups: (BLOCKS, S, moments.GLOBAL_COLUMNS).

        frame : (3,) [m/s]
        """
        return moments.block_sums(self.state, self._model.gas.mass.size, frame, self._team)

    def close(self) -> None:
        """Let the threads go; the particles stay to be looked at."""
        try:
            if not self._on_their_way:
                self._bring_home()
        finally:
            self._team.close()
