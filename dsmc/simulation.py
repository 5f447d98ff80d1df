"""The simulation: owns the state, the samplers and the writers, and runs the step loop.

    for each step:
        fetch -> sample? -> collide -> sample? -> fly -> sort -> (series, frames, callback)

The first five are one pass over the particles, the sort is the second (see `dsmc.step`).
"""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from dsmc import checkpoint, draws
from dsmc.cells import cell_volumes, number_of_cells
from dsmc.checkpoint import Checkpoint
from dsmc.device import executor_on
from dsmc.earlier import earlier_state
from dsmc.executor import Executor
from dsmc.host import Host
from dsmc.initial import phase_rows
from dsmc.interruptions import unbroken
from dsmc.macroscopic import cell_quantities
from dsmc.measured import result_of, speeds
from dsmc.model import model
from dsmc.output import Output
from dsmc.particles import Particles, ParticleView, rows_with
from dsmc.quantities import CENSUS
from dsmc.result import Result
from dsmc.run import LONGEST_RUN, Stopwatch, due, until_due
from dsmc.samplers import samplers
from dsmc.team import available_threads

if TYPE_CHECKING:
    from dsmc.scenario import Scenario

PER_THREAD = 1_000  # particles that are worth a thread, at least
MOMENT = 0.1  # seconds that a run goes on by itself, before it can be stopped or told of
BROKEN_OFF = """the run was broken off behind step {}, half-way to the next
  cure: go on from its last checkpoint (dsmc resume), or begin anew"""
PATIENCE = 2.0  # seconds before a run shows its progress by itself


class TooLong(ValueError):
    """A run that would never end."""


class Simulation:
    """A run of a scenario; a context manager.

    scenario : Scenario
    threads : None takes the scenario's, else all cores that pay; results do not depend on it
    device : "cpu", the compiled engine; "cuda" or "torch-cpu", that of `dsmc.device`
    output : directory for the files (None: no file is written)
    replica : number of an independent repetition; changes every random number
    laws : {name: law} in place of the package's own, for tests and experiments
    overwrite : whether the files of an earlier run may be replaced
    start : a checkpoint of this scenario to go on from, with its files (see `resume`)

    >>> with Simulation(scenario) as simulation:
    ...     simulation.run(steps=100)
    ...     simulation.result.series["temperature"].value
    """

    def __init__(
        self,
        scenario: Scenario,
        threads: int | None = None,
        output: str | Path | None = None,
        replica: int = 0,
        laws: Mapping[str, Callable] | None = None,
        overwrite: bool = False,
        provenance: Mapping[str, Any] | None = None,
        start: Checkpoint | None = None,
        device: str = "cpu",
    ):
        self.scenario = scenario
        self.replica = replica
        self.provenance = dict(provenance or {})
        self.steps = 0 if start is None else start.step
        self._is_whole = True  # no step is half done
        self._in_a_moment = 1  # steps
        self.stopwatch = Stopwatch()
        self._key = draws.key(scenario.run.seed, replica)
        self._model = model(scenario)
        self.particle_steps = 0  # the sum of the numbers of particles of all steps so far
        self.executor = self._executor(device, self._choose_threads(threads), laws)
        with self.stopwatch.stage("initial state"):
            if start is None:
                self._draw_state()
            else:
                columns = dict(start.particles)
                self.executor.place(columns.pop("phase"), columns)
        self._make_samplers()
        if start is not None:
            self._restore_samplers(start)
        self._output = None
        if output is not None:
            rows = None if start is None else start.files
            self._output = Output(self, output, overwrite, rows)
        if start is None:
            self._begin()

    def _begin(self) -> None:
        """Measure and write the state before the first step."""
        self._measure_series()
        if self._output is not None:
            self._output.track(self)
            self._output.snapshot(self)
            self._output.checkpoint(self)

    def _choose_threads(self, threads: int | None) -> int:
        enough = max(1, self.scenario.particle_count // PER_THREAD)
        return threads or self.scenario.run.threads or min(enough, available_threads())

    def _executor(self, device: str, threads: int, laws: Mapping[str, Callable] | None) -> Executor:
        if device == "cpu":
            self.provenance.pop("device", None)
            return Host(self.scenario, self._model, self._key, threads, laws)
        self.provenance["device"] = device
        return executor_on(device, self.scenario, self._model, self._key, laws)

    def _draw_state(self) -> None:
        """Draw the particles that the run begins with."""
        scenario = self.scenario
        earlier = earlier_state(scenario) if scenario.initial.kind == "file" else None
        dtype = np.dtype(scenario.run.precision)
        phase, species = phase_rows(scenario, self._key, dtype, earlier)
        columns = {} if species is None else {"species": species}
        if scenario.output.trajectory:
            columns["id"] = np.arange(phase.shape[0])
            self.executor.next_id = phase.shape[0]
        if CENSUS & set(scenario.sample.quantities) and len(scenario.molecules) == 1:
            columns["clock"] = np.full(phase.shape[0], -1.0)
        self.executor.place(phase, columns)

    @property
    def _state(self) -> Particles:
        return self.executor.state

    def _make_samplers(self) -> None:
        scenario = self.scenario
        made = samplers(scenario, self._model, self.executor)
        self.window, self.series_sampler, self.field_sampler = made.window, made.series, made.fields
        self.wall_sampler, self.probing = made.walls, made.probing
        self.census_sampler = made.census
        self.initial_speeds = None  # counts of the start, for its histogram
        if scenario.homogeneous and len(scenario.molecules) == 1:
            self.initial_speeds = speeds(self)

    def _samplers(self) -> dict[str, Any]:
        samplers = {
            "series": self.series_sampler,
            "fields": self.field_sampler,
            "walls": self.wall_sampler,
            "census": self.census_sampler,
            "outside": self.executor.outside,
            "window": self.window,
            "probing": self.probing if self.probing.samplers else None,
        }
        return {name: sampler for name, sampler in samplers.items() if sampler is not None}

    def _restore_samplers(self, start: Checkpoint) -> None:
        self.executor.restore(start.tallies)
        self.particle_steps = int(start.tallies["particle_steps"])
        self.executor.next_id = int(start.tallies["next_id"])
        for name, sampler in self._samplers().items():
            sampler.restore(start.samplers[name])
        if self.initial_speeds is not None:
            self.initial_speeds = start.samplers["speeds"]["initial"]
        self.stopwatch.seconds.update(start.seconds)

    def checkpoint(self) -> Checkpoint:
        """Everything needed to go on from here, as it is at this moment."""
        state = self._state
        samplers = {name: sampler.state() for name, sampler in self._samplers().items()}
        if self.initial_speeds is not None:
            samplers["speeds"] = {"initial": self.initial_speeds}
        counts = {"particle_steps": self.particle_steps, "next_id": self.executor.next_id}
        return Checkpoint(
            step=self.steps,
            time=self.time,
            replica=self.replica,
            name=self.scenario.name,
            scenario_text=self.scenario.text,
            provenance=self.provenance,
            particles={"phase": state.phase, **state.columns()},
            tallies=self.executor.tallies._asdict() | counts,
            samplers=samplers,
            files={} if self._output is None else self._output.rows,
            seconds=self.stopwatch.seconds,
        )

    def save(self, path: str | Path) -> None:
        """Write a checkpoint; `dsmc.resume(path)` goes on from it exactly.

        Raises OSError naming the path and the cure.
        """
        checkpoint.write(path, self.checkpoint())

    # ------------------------------------------------------------------ the loop

    def run(
        self,
        steps: int | None = None,
        time: float | None = None,
        callback: Callable[[Simulation], bool | None] | None = None,
        progress: bool | None = None,
        until: str | None = None,
        glance: Callable[[Simulation], bool | None] | None = None,
    ) -> Result:
        """Run `steps` more steps, or to the physical time `time` [s], or to the scenario's end.

        until : "steady" ends the run sooner, as soon as the flow is steady and the targets of the
            scenario, if it has any, are reached; without steps and time the scenario's own choice
        callback : called after every step; the run ends early if it returns True
        progress : show how it goes, once it has taken two seconds; None: in notebooks
        glance : as callback, but called now and then: behind steps that took MOMENT, or one step
        Ctrl-C ends it behind the steps in progress, and another run goes on from there.
        Raises ValueError if both or a negative number of steps are given.
        """
        last = self.last_step(steps, time)
        sooner = self.window.ends_sooner(until, steps is None and time is None)
        if progress is None:
            progress = "ipykernel" in sys.modules
        if not progress:
            return self._run_to(last, callback, sooner, glance)
        from dsmc.progress import watching  # rich is loaded when there is something to show

        with watching(self, last, glance, patience=PATIENCE) as watched:
            return self._run_to(last, callback, sooner, watched)

    def _run_to(self, last: int, callback: Any, sooner: bool, glance: Any) -> Result:
        every = callback is not None or sooner
        while self.steps < last and not self.window.ended:
            with unbroken():
                self._take_steps(self.steps + 1 if every else last)
                if due(self.steps, self.scenario.sample_every):
                    self._measure_series()
                if self._output is not None:
                    self._output.step_done(self)
                self._is_whole = True
            if any(look(self) for look in (glance, callback) if look is not None):
                break
            if sooner and self.window.look(self):
                break
        return self.result

    def last_step(self, steps: int | None = None, time: float | None = None) -> int:
        """The step after which `run` with these arguments ends. Raises ValueError as `run`."""
        if steps is not None and time is not None:
            raise ValueError("give steps or time, not both")
        if steps is not None and steps < 0:
            raise ValueError(f"steps = {steps}: must not be negative")
        last = self.scenario.steps if steps is None else self.steps + steps
        if time is not None:
            last = time / self.scenario.time_step * (1.0 - 1e-12)
        if not last <= LONGEST_RUN:
            raise TooLong(f"the run would end after step {last:.3g}: the last is {LONGEST_RUN}")
        return max(self.steps, math.ceil(last))

    def advance(self, steps: int) -> None:
        """Step without measuring or writing anything: the bare engine."""
        last = self.steps + steps
        while self.steps < last:
            with unbroken():
                self._take_steps(last)
                self._is_whole = True

    def _take_steps(self, last: int) -> None:
        """Some steps, to step `last` at most, and what is sampled in them and of them."""
        if not self._is_whole:
            raise RuntimeError(BROKEN_OFF.format(self.steps))
        self._is_whole = False
        step, number = self.steps, self._at_once(last)
        sums = self.field_sampler and self.field_sampler.due(step)
        self._advance(step, number, sums)
        begins = sums is not None and self.window.observe(step, sums, self)
        if sums is not None:
            self.field_sampler.taken()
        self.steps += number
        self.wall_sampler.steps_done(self.steps, number)
        self.probing.steps_done(self.steps, number, sums is not None)
        if begins:
            self.window.begin(self)

    def _advance(self, step: int, number: int, sums: np.ndarray | None) -> None:
        """Let the executor take steps; what its stages do not tell of their time is told here."""
        begin, told, sampler = time.perf_counter(), self.stopwatch.total, self.census_sampler
        census = None if sampler is None else sampler.census(self.time)
        self.particle_steps += self.executor.advance(
            step, number, self.stopwatch.add, sums, self.probing.velocities, census
        )
        taken = time.perf_counter() - begin
        self.stopwatch.add("compile and call", taken - (self.stopwatch.total - told))
        self._in_a_moment = max(1, min(2 * self._in_a_moment, round(MOMENT * number / taken)))

    def _at_once(self, last: int) -> int:
        """How many steps to take before anybody looks: until something is due, or for a moment."""
        if self.census_sampler is not None:
            return 1
        step = self.steps
        quiet = [last - step, self._in_a_moment, until_due(step, self.scenario.sample_every)]
        samplers = self.wall_sampler, self.probing, self.field_sampler, self._output
        quiet += [sampler.quiet(step) for sampler in samplers if sampler is not None]
        return max(1, min(quiet))

    def _measure_series(self) -> None:
        with self.stopwatch.stage("measure"):
            row = self.series_sampler.take(
                self.executor, self.time, self.collisions, self.particle_steps
            )
        if self._output is not None:
            with self.stopwatch.stage("write"):
                self._output.observe(self, row)

    # ------------------------------------------------------------------ looking in

    @property
    def time(self) -> float:
        """Physical time [s]."""
        return self.steps * self._model.time_step

    @property
    def collisions(self) -> int:
        """Collisions so far."""
        return int(self.executor.tallies.collisions[..., 1].sum())

    @property
    def particles(self) -> ParticleView:
        """Read-only views of the particles, valid until the next step."""
        return ParticleView(self._state)

    def set_particles(self, position: Any = None, velocity: Any = None) -> None:
        """Write positions (N, d) [m] or velocities (N, 3) [m/s], in the row order of the moment.

        Raises ValueError for a wrong shape, values that are not finite, positions outside the box.
        """
        state = self.executor.state
        self.executor.place(rows_with(state, position, velocity), state.columns())
        if self.steps == 0:  # series and files begin with the state that is set
            self._make_samplers()
            if self._output is not None:
                before, self._output = self._output, None  # none is left if the new ones fail
                before.abandon()
                self._output = Output(self, before.directory, overwrite=True)
            self._begin()

    def moments(self) -> dict[str, np.ndarray]:
        """Cell fields now: {name: (cells,)}, cell = i_x + n_x (i_y + n_y i_z); NaN where empty."""
        return cell_quantities(
            self.executor.cell_sums(), 1, cell_volumes(self._model.grid), self._model.gas.mass,
            self._model.gas.weight,
        )  # fmt: skip

    @property
    def tallies(self) -> dict[str, np.ndarray]:
        """Raw counts: collisions (S, S, 2) candidates and collisions; walls (P, columns)."""
        return {name: tally.sum(axis=0) for name, tally in self.executor.tallies._asdict().items()}

    @property
    def result(self) -> Result:
        """Everything measured so far."""
        return result_of(self)

    @property
    def memory(self) -> int:
        """Bytes of all arrays of the state and its workspace."""
        return self.executor.memory

    @property
    def cells(self) -> int:
        """Number of cells."""
        return number_of_cells(self._model.grid)

    def close(self) -> None:
        """Write a last checkpoint, close the files, let the threads go; again: does nothing.

        If a step was broken off half-way, the files stay as of their last commit.
        """
        try:
            if self._output is not None:
                self._output.close(self) if self._is_whole else self._output.abandon()
        finally:
            self._output = None
            self.executor.close()

    def __enter__(self) -> Simulation:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()
