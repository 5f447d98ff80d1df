"""What a run writes while it goes on: its files in one directory, and when each takes a frame."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from dsmc import checkpoint, disk, hdf5
from dsmc.faces import AXES
from dsmc.fields import FieldsWriter
from dsmc.measured import cell_fields, distributions_of, field_quantities, series_of
from dsmc.run import due, until_due
from dsmc.snapshots import SnapshotWriter
from dsmc.summary import write_summary
from dsmc.trajectory import EMPTY_PLACE, TrajectoryWriter
from dsmc.wall_profiles import wall_profiles

if TYPE_CHECKING:
    from dsmc.simulation import Simulation

TRAJECTORY, FIELDS, SNAPSHOTS = "trajectory.h5", "fields.vtkhdf", "particles.vtkhdf"
SUMMARY = "summary.json"
FILES = (TRAJECTORY, FIELDS, SNAPSHOTS, checkpoint.NAME, checkpoint.PREVIOUS, SUMMARY)
SHARE = 0.02  # of the run time at most that checkpoints may take


def clear(directory: Path) -> None:
    """Remove the files of an earlier run: nobody must find a mixture of two.

    Raises OSError naming the path and the cure.
    """
    for name in FILES:
        for suffix in ("", ".journal", ".tmp"):
            path = directory / (name + suffix)
            try:
                path.unlink(missing_ok=True)
            except OSError as failure:
                raise disk.refusal(failure, path) from failure


def seated(column: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """What the particles in the places of a sample have; of nobody NaN, or an id of -1.

    column : (N, ...); rows : (K,), -1 for nobody
    """
    empty = EMPTY_PLACE if column.dtype.kind == "i" else np.nan
    if not column.shape[0]:
        return np.full((rows.size, *column.shape[1:]), empty, column.dtype)
    taken = column[rows]
    taken[rows < 0] = empty
    return taken


class Output:
    """The files of a run. Owns them: frames, checkpoints, and their end.

    rows : {file: {what: rows}} of a checkpoint, to go on with the files where they were then
    Raises OSError naming the path and the cure.
    """

    def __init__(
        self,
        simulation: Simulation,
        directory: str | Path,
        overwrite: bool = False,
        rows: Mapping[str, Mapping[str, int]] | None = None,
    ):
        self.directory = Path(directory)
        self.directory.mkdir(parents=True, exist_ok=True)
        if overwrite:
            clear(self.directory)
        self._rows = rows
        output = simulation.scenario.output
        self._rhythms = output.trajectory, output.fields, output.snapshots
        self._origin = {
            "scenario_text": simulation.scenario.text,
            "provenance": simulation.provenance,
        }
        self._latest, self._cost = time.monotonic(), 0.0
        self.writers: dict[str, Any] = {}
        try:
            self._open(simulation)
        except BaseException:
            self.abandon()
            raise

    def _open(self, simulation: Simulation) -> None:
        scenario = simulation.scenario
        output = scenario.output
        faces = [getattr(scenario.boundaries, axis) for axis in AXES[: scenario.dimension]]
        tracked = min(output.particles, scenario.particle_count)
        with self._reopening(TRAJECTORY):
            self.writers[TRAJECTORY] = TrajectoryWriter(
                self.directory / TRAJECTORY,
                box_lengths=scenario.lengths,
                boundary=[face.low.kind for face in faces],
                particles=tracked if output.trajectory else 0,
                author="dsmc-bridge",
                observables=simulation.series_sampler.declared(),
                rows=None if self._rows is None else self._rows[TRAJECTORY],
                **self._origin,
            )
        if simulation.field_sampler is not None:
            self._add(
                FIELDS,
                FieldsWriter,
                lengths=scenario.lengths,
                cells=scenario.cells,
                edges=scenario.edges,
                average=output.fields_average,
                quantities=field_quantities(scenario),
            )
        if output.snapshots:
            self._add(
                SNAPSHOTS,
                SnapshotWriter,
                lengths=scenario.lengths,
                species=len(scenario.molecules) > 1,
                ids=bool(output.trajectory),
            )

    def _add(self, name: str, writer: Any, **choices: Any) -> None:
        """A file of frames: a new one, or the one that is there, where it was."""
        path = self.directory / name
        with self._reopening(name):
            if self._rows is None:
                self.writers[name] = writer(path, **choices, **self._origin)
            else:
                self.writers[name] = writer.reopen(path, self._rows[name]["frames"])

    def _reopening(self, name: str) -> contextlib.AbstractContextManager[None]:
        """Tell a damaged file, where one that is there is gone on with."""
        if self._rows is None:
            return contextlib.nullcontext()
        return hdf5.telling_damage(self.directory / name)

    # ------------------------------------------------------------------ what is due

    def observe(self, simulation: Simulation, row: Mapping[str, tuple[float, float]]) -> None:
        """Write a row of the series."""
        values = {name: pair[0] for name, pair in row.items()}
        errors = {name: pair[1] for name, pair in row.items()}
        self.writers[TRAJECTORY].observe(simulation.steps, simulation.time, values, errors)

    def quiet(self, step: int) -> float:
        """After how many steps from `step` on a frame is due."""
        return min(until_due(step, every) for every in self._rhythms)

    def step_done(self, simulation: Simulation) -> None:
        """Write the frames that are due after this step, and a checkpoint if it is time."""
        step, output = simulation.steps, simulation.scenario.output
        with simulation.stopwatch.stage("write"):
            if due(step, output.trajectory):
                self.track(simulation)
            if due(step, output.fields):
                self._fields(simulation)
            if due(step, output.snapshots):
                self.snapshot(simulation)
        pause = max(output.checkpoint_s, self._cost / SHARE)
        if output.checkpoint_s and time.monotonic() - self._latest > pause:
            self.checkpoint(simulation)

    def track(self, simulation: Simulation) -> None:
        """A frame of the tracked particles."""
        writer = self.writers[TRAJECTORY]
        if not writer.particles:
            return
        view = simulation.particles
        rows = writer.seat(view.id)
        columns = (view.position, view.velocity, view.id)
        writer.frame(simulation.steps, simulation.time, *(seated(c, rows) for c in columns))

    def snapshot(self, simulation: Simulation) -> None:
        """A snapshot of all particles."""
        writer = self.writers.get(SNAPSHOTS)
        if writer is not None:
            view = simulation.particles
            writer.frame(
                simulation.steps, simulation.time, view.position, view.velocity, view.species,
                view.id,
            )  # fmt: skip

    def _fields(self, simulation: Simulation) -> None:
        sampler = simulation.field_sampler
        average = sampler.whole if sampler.interval is None else sampler.interval
        if average.samples:
            frame = cell_fields(simulation.scenario, average)
            self.writers[FIELDS].frame(simulation.steps, simulation.time, frame)
        if sampler.interval is not None:
            sampler.interval.begin()

    # ------------------------------------------------------------------ safe on the disk

    def checkpoint(self, simulation: Simulation) -> None:
        """Make the files permanent as they are, then write a checkpoint that knows their rows."""
        begin = time.monotonic()
        with simulation.stopwatch.stage("checkpoint"):
            for writer in self.writers.values():
                writer.commit()
            checkpoint.write(self.directory / checkpoint.NAME, simulation.checkpoint())
        self._latest = time.monotonic()
        self._cost = self._latest - begin

    @property
    def rows(self) -> dict[str, dict[str, int]]:
        """{file: {what: rows}} now."""
        rows = {
            name: {"frames": writer.frames}
            for name, writer in self.writers.items()
            if name != TRAJECTORY
        }
        return rows | {TRAJECTORY: self.writers[TRAJECTORY].rows}

    def close(self, simulation: Simulation) -> None:
        """Write what is known at the end (references, averages, checkpoint, summary) and close."""
        try:
            trajectory = self.writers[TRAJECTORY]
            for name, series in series_of(simulation).items():
                if series.reference is not None:
                    trajectory.annotate(name, reference=series.reference)
            if simulation.field_sampler is not None and simulation.field_sampler.whole.samples:
                average = cell_fields(simulation.scenario, simulation.field_sampler.whole)
                self.writers[FIELDS].average(average, simulation.window.record(simulation))
                self.writers[FIELDS].beside(
                    planes=simulation.probing.planes.planes(simulation.scenario),
                    distributions=distributions_of(simulation),
                    walls=wall_profiles(simulation),
                )
            self.checkpoint(simulation)
            for writer in self.writers.values():
                writer.close()
            write_summary(self.directory / SUMMARY, simulation.result)
        finally:
            self.abandon()

    def abandon(self) -> None:
        """Close the files as of their last commit."""
        for writer in self.writers.values():
            writer.abandon()
