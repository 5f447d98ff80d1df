"""The simulation: owns the state, the samplers and the writers, and runs the step loop.

    for each step:  sample? -> collide -> sample? -> fly -> sort -> (series, frames, callback)

The first four are one pass over the particles, the sort is the second (see `dsmc.step`).
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from dsmc import checkpoint, draws, walls
from dsmc.averaging import FieldSampler
from dsmc.cells import number_of_cells
from dsmc.checkpoint import Checkpoint
from dsmc.compiled import Team, available_threads, variant
from dsmc.earlier import earlier_state
from dsmc.initial import phase_rows
from dsmc.loads import TallySampler
from dsmc.macroscopic import cell_quantities, most_probable_speed
from dsmc.measured import result_of, speed_counts
from dsmc.model import model
from dsmc.moments import cell_sums
from dsmc.output import Output
from dsmc.pairs import bench
from dsmc.particles import Particles, ParticleView, particles, rows_with
from dsmc.probing import Probing
from dsmc.result import Result
from dsmc.run import Stopwatch, due
from dsmc.sampling import CensusSampler, SeriesSampler
from dsmc.slow_modes import relaxation_rates
from dsmc.step import Tallies, advance, advance_slabs, reorder
from dsmc.wall_profiles import rows_of_walls
from dsmc.window import Window

if TYPE_CHECKING:
    from dsmc.scenario import Scenario

AXES = "xyz"
SMALL = 20_000  # particles below which one thread is faster than several
CENSUS = {"speed_rate", "free_flight"}
PATIENCE = 2.0  # seconds before a run shows its progress by itself


class Simulation:
    """A run of a scenario; a context manager.

    scenario : Scenario
    threads : None takes the scenario's, else all cores; results do not depend on it
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
    ):
        self.scenario = scenario
        self.replica = replica
        self.provenance = dict(provenance or {})
        self.steps = 0 if start is None else start.step
        self._is_whole = True  # no step is half done
        self.stopwatch = Stopwatch()
        self._stages = variant(advance_slabs, **laws) if laws else advance_slabs
        self._key = draws.key(scenario.run.seed, replica)
        self._model = model(scenario)
        self._team = Team(self._choose_threads(threads))
        with self.stopwatch.stage("initial state"):
            self._state = self._initial_state() if start is None else self._restored(start)
        self._make_tallies()
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
        asked = threads or self.scenario.run.threads
        if asked is not None:
            return asked
        return 1 if self.scenario.particle_count < SMALL else available_threads()

    def _initial_state(self) -> Particles:
        scenario = self.scenario
        earlier = earlier_state(scenario) if scenario.initial.kind == "file" else None
        dtype = np.dtype(scenario.run.precision)
        phase, species = phase_rows(scenario, self._key, dtype, earlier)
        columns = {} if species is None else {"species": species}
        if scenario.output.trajectory:
            columns["id"] = np.arange(phase.shape[0])
        if CENSUS & set(scenario.sample.quantities) and len(scenario.molecules) == 1:
            columns["clock"] = np.full(phase.shape[0], -1.0)
        return particles(phase, self._model.grid, self._team.threads, **columns)

    def _restored(self, start: Checkpoint) -> Particles:
        columns = dict(start.particles)
        phase = columns.pop("phase")
        return particles(phase, self._model.grid, self._team.threads, **columns)

    def _make_tallies(self) -> None:
        state, kinds = self._state, len(self.scenario.molecules)
        faces = rows_of_walls(self.scenario)
        self._tallies = Tallies(
            collisions=np.zeros((state.slabs, kinds, kinds, 2), np.int64),
            walls=np.zeros((state.slabs, faces, walls.COLUMNS)),
        )
        largest = 0 if kinds == 1 else state.count  # a cell may come to hold every particle
        dtype = state.phase.dtype.type
        self._benches = [bench(3, kinds, largest, dtype) for _ in range(self._team.threads)]

    def _make_samplers(self) -> None:
        scenario, sample = self.scenario, self.scenario.sample
        names = tuple(molecule.name for molecule in scenario.molecules)
        self.window = Window(scenario)
        axial = scenario.initial.kind in ("bi-maxwellian", "two-beams")
        wanted = frozenset(sample.quantities)
        self.series_sampler = SeriesSampler(self._model.gas, names, wanted, axial)
        self.field_sampler = None
        if sample.fields_every:
            interval = scenario.output.fields * (scenario.output.fields_average == "interval")
            self.field_sampler = FieldSampler(
                self._model.grid, self._model.gas, sample.fields_every, self.window.start,
                self._state.count / self.cells,
                [rates * scenario.time_step for rates in relaxation_rates(scenario)], interval,
            )  # fmt: skip
        self.wall_sampler = TallySampler(
            self.window.start, lambda: walls.net(self._tallies.walls.sum(axis=0))
        )
        self.probing = Probing(scenario, self.window.start, self._state.slabs)
        self.census_sampler = None
        if self._state.clock is not None:
            self.census_sampler = CensusSampler(
                self._model.gas,
                scenario.temperature,
                self._state.slabs,
                20.0 * scenario.collision_time,
            )
        self.initial_speeds = None  # counts of the start, for its histogram
        if scenario.homogeneous and len(names) == 1:
            self.initial_speeds = self.speeds()

    def speeds(self) -> np.ndarray:
        """Counts of the speeds of up to a million particles, evenly chosen: see `speed_counts`."""
        stride = max(1, self._state.count // 1_000_000)
        v0 = most_probable_speed(self.scenario.temperature, self.scenario.molecules[0].mass)
        return speed_counts(self._state.velocity[::stride].astype(np.float64) / v0)

    def _samplers(self) -> dict[str, Any]:
        samplers = {
            "series": self.series_sampler,
            "fields": self.field_sampler,
            "walls": self.wall_sampler,
            "census": self.census_sampler,
            "window": self.window,
            "probing": self.probing if self.probing.probes else None,
        }
        return {name: sampler for name, sampler in samplers.items() if sampler is not None}

    def _restore_samplers(self, start: Checkpoint) -> None:
        for name, tally in self._tallies._asdict().items():
            tally[:] = start.tallies[name]
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
        columns = {name: getattr(state, name) for name in state.columns()}
        return Checkpoint(
            step=self.steps,
            time=self.time,
            replica=self.replica,
            name=self.scenario.name,
            scenario_text=self.scenario.text,
            provenance=self.provenance,
            particles={"phase": state.phase, **columns},
            tallies=self._tallies._asdict(),
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
    ) -> Result:
        """Run `steps` more steps, or to the physical time `time` [s], or to the scenario's end.

        until : "steady" ends the run sooner, as soon as the flow is steady and the targets of the
            scenario, if it has any, are reached; without steps and time the scenario's own choice
        callback : called after every step; the run ends early if it returns True
        progress : show how it goes, once it has taken two seconds; None: in notebooks
        Raises ValueError if both or a negative number of steps are given.
        """
        last = self.last_step(steps, time)
        sooner = self.window.ends_sooner(until, steps is None and time is None)
        if progress is None:
            progress = "ipykernel" in sys.modules
        if not progress:
            return self._run_to(last, callback, sooner)
        from dsmc.progress import watching  # rich is loaded when there is something to show

        with watching(self, last, callback, patience=PATIENCE) as watched:
            return self._run_to(last, watched, sooner)

    def _run_to(self, last: int, callback: Any, sooner: bool) -> Result:
        while self.steps < last and not self.window.ended:
            self._is_whole = False
            self._step()
            if due(self.steps, self.scenario.sample_every):
                self._measure_series()
            if self._output is not None:
                self._output.step_done(self)
            self._is_whole = True
            if (callback is not None and callback(self)) or (sooner and self.window.look(self)):
                break
        return self.result

    def last_step(self, steps: int | None = None, time: float | None = None) -> int:
        """The step after which `run` with these arguments ends. Raises ValueError as `run`."""
        if steps is not None and time is not None:
            raise ValueError("give steps or time, not both")
        if time is not None:
            return max(self.steps, math.ceil(time / self.scenario.time_step * (1.0 - 1e-12)))
        if steps is None:
            return max(self.steps, self.scenario.steps)
        if steps < 0:
            raise ValueError(f"steps = {steps}: must not be negative")
        return self.steps + steps

    def advance(self, steps: int) -> None:
        """Step without measuring or writing anything: the bare engine."""
        for _ in range(steps):
            self._step()

    def _step(self) -> None:
        """Collide and fly, then sort."""
        state, step = self._state, self.steps
        sums = self.field_sampler.due(step) if self.field_sampler else None
        census = self.census_sampler.census(state.clock, self.time) if self.census_sampler else None
        with self.stopwatch.stage("collide and fly"):
            advance(
                state, self._model, self._key, step, self._team, self._benches, self._tallies,
                sums, census, self.probing.probes, self._stages,
            )  # fmt: skip
        with self.stopwatch.stage("sort"):
            reorder(state, self._team)
        begins = False
        if sums is not None:
            begins = self.window.observe(step, sums, self)
            self.field_sampler.taken()
        self.wall_sampler.step_done(step)
        self.probing.step_done(step, sums is not None)
        self.steps += 1
        if begins:
            self.window.begin(self)

    def _measure_series(self) -> None:
        with self.stopwatch.stage("measure"):
            row = self.series_sampler.take(self._state, self.time, self.collisions, self._team)
        if self._output is not None:
            with self.stopwatch.stage("write"):
                self._output.observe(self, row)

    # ------------------------------------------------------------------ looking in

    @property
    def time(self) -> float:
        """Physical time [s]."""
        return self.steps * self.scenario.time_step

    @property
    def collisions(self) -> int:
        """Collisions so far."""
        return int(self._tallies.collisions[..., 1].sum())

    @property
    def particles(self) -> ParticleView:
        """Read-only views of the particles, valid until the next step."""
        return ParticleView(self._state)

    def set_particles(self, position: Any = None, velocity: Any = None) -> None:
        """Write positions (N, d) [m] or velocities (N, 3) [m/s], in the row order of the moment.

        Raises ValueError for a wrong shape, values that are not finite, positions outside the box.
        """
        state = self._state
        phase = rows_with(state, position, velocity)
        columns = {name: getattr(state, name) for name in state.columns()}
        self._state = particles(phase, self._model.grid, self._team.threads, **columns)
        if self.steps == 0:  # the series begin with the state that is set
            self._make_samplers()
            if self._output is None:
                self._measure_series()

    def moments(self) -> dict[str, np.ndarray]:
        """Cell fields now: {name: (cells,)}, cell = i_x + n_x (i_y + n_y i_z); NaN where empty."""
        sums = cell_sums(self._state, len(self.scenario.molecules))
        return cell_quantities(
            sums, 1, self._model.grid.volume, self._model.gas.mass, self._model.gas.weight
        )

    @property
    def tallies(self) -> dict[str, np.ndarray]:
        """Raw counts: collisions (S, S, 2) candidates and collisions; walls (faces, columns)."""
        return {
            "collisions": self._tallies.collisions.sum(axis=0),
            "walls": self._tallies.walls.sum(axis=0),
        }

    @property
    def result(self) -> Result:
        """Everything measured so far."""
        return result_of(self)

    @property
    def wall_kinds(self) -> np.ndarray:
        """(d, 2) kind of each face, as in `dsmc.walls`."""
        return self._model.walls.kind

    @property
    def memory(self) -> int:
        """Bytes of all arrays of the state and its workspace."""
        arrays = [*vars(self._state).values(), *self._state.spare_columns.values()]
        return sum(a.nbytes for a in (*arrays, *self._tallies) if isinstance(a, np.ndarray))

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
            self._team.close()

    def __enter__(self) -> Simulation:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()
