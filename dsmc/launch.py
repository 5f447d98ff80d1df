"""What `dsmc run` and `dsmc resume` do: run into a directory, show progress, conclude."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import shutil
import signal
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console

from dsmc import continuation, disk, hdf5
from dsmc.endings import USER_ERROR
from dsmc.fields import FieldsWriter
from dsmc.measured import field_quantities
from dsmc.output import FIELDS, FILES, SUMMARY, TRAJECTORY, clear
from dsmc.progress import Progress, watching
from dsmc.replicas import combined, run_replicas
from dsmc.resolution import coarsest
from dsmc.result import Result
from dsmc.simulation import Simulation
from dsmc.summary import closing_table, provenance, write_summary
from dsmc.team import available_threads
from dsmc.trajectory import TrajectoryWriter

if TYPE_CHECKING:
    from dsmc.scenario import Scenario

SIGNALS = (signal.SIGINT, signal.SIGTERM)
KILLED = "The system killed a process, perhaps for want of memory (fewer at a time with --threads)"


class DirectoryInUse(ValueError):
    """The output directory holds a run, or one is writing there now."""


def run(
    scenario: Scenario,
    directory: Path,
    overwrite: bool = False,
    quiet: bool = False,
    wall_time: float | None = None,
    threads: int | None = None,
    device: str = "cpu",
) -> int:
    """Run the scenario and write its files and pictures into `directory`.

    wall_time : stop after this many seconds [s]; device : as in `Simulation`
    Returns the exit code.  Raises DirectoryInUse, and OSError with the path and the cure.
    """
    directory = Path(directory)
    with claimed(directory):
        present = [name for name in FILES if (directory / name).exists()]
        if present and not overwrite:
            raise DirectoryInUse(
                f"{directory} already holds {', '.join(present)}\n"
                f"  cure: go on with `dsmc resume {directory}`, choose another directory with -o, "
                "or replace it with --overwrite"
            )
        origin = provenance(
            scenario.run.seed,
            threads or available_threads(),
            precision=scenario.run.precision,
            replicas=scenario.run.replicas,
        ) | {"scenario": scenario.name}
        console = Console(quiet=quiet)
        with Stop(wall_time) as stop:
            if scenario.run.replicas > 1:
                return several(scenario, directory, origin, console, stop, threads, device)
            simulation = Simulation(
                scenario, threads, directory, overwrite=True, provenance=origin, device=device
            )
            return single(simulation, directory, console, stop)


def resume(
    directory: Path,
    steps: int | None = None,
    until: float | None = None,
    quiet: bool = False,
    wall_time: float | None = None,
    threads: int | None = None,
    device: str | None = None,
) -> int:
    """Go on with the run in `directory` from its checkpoint, to the end of its scenario.

    steps : this many more steps instead; until : to this physical time instead [s]
    device : None for that of the run
    Returns the exit code.  Raises DirectoryInUse, and OSError with the path and the cure.
    """
    directory = Path(directory)
    if not directory.is_dir():
        what = "a file" if directory.exists() else "no such directory"
        raise hdf5.Unreadable(directory, f"{what}: name the directory of a run")
    with claimed(directory), Stop(wall_time) as stop:
        console = Console(quiet=quiet)
        simulation = continuation.resume(directory, threads, device=device)
        if remark := simulation.provenance.get("remark"):
            console.print(remark, markup=False, soft_wrap=True)
        console.print(
            f"Going on after step {simulation.steps} of {simulation.scenario.steps}.", markup=False
        )
        return single(simulation, directory, console, stop, steps, until)


def single(
    simulation: Simulation,
    directory: Path,
    console: Console,
    stop: Stop,
    steps: int | None = None,
    until: float | None = None,
) -> int:
    """Run to the end or until told to stop, write everything, and tell the outcome."""
    try:
        with simulation:
            last = simulation.last_step(steps, until)
            whole = steps is None and until is None
            result = watched(simulation, last, console, stop, whole)
    except OSError as failure:  # the disk: what was committed is intact
        told = f"{failure.strerror}; then go on with: dsmc resume {directory}"
        raise OSError(failure.errno, told, failure.filename) from failure
    scenario = simulation.scenario
    if simulation.steps < last and not result.sampling.ended:
        console.print(
            f"{stop.reason} after step {simulation.steps} of {last}; nothing is lost. "
            f"Go on with: dsmc resume {directory}", markup=False, soft_wrap=True,
        )  # fmt: skip
    if stop.signal:
        return 128 + stop.signal
    conclude(scenario, result, directory, console)
    return 0


def watched(simulation: Simulation, last: int, console: Console, stop: Stop, whole: bool) -> Result:
    """Run to step `last` or until told to stop, and show how it goes.

    whole : whether the run ends sooner where its scenario says so
    """
    with watching(
        simulation, last, lambda simulation: stop.asked(), console=console, quiet=console.quiet
    ) as glance:
        steps = last - simulation.steps
        until = simulation.scenario.run.until if whole else "steps"
        return simulation.run(steps=steps, glance=glance, progress=False, until=until)


def several(
    scenario: Scenario,
    directory: Path,
    origin: dict[str, Any],
    console: Console,
    stop: Stop,
    threads: int | None,
    device: str,
) -> int:
    """Replicas in a pool of processes, one after the other on a device; their mean is written."""
    replicas = scenario.run.replicas
    with Progress(replicas, "replicas", console=console, quiet=console.quiet) as report:
        results = run_replicas(
            scenario,
            replicas,
            threads or available_threads(),
            lambda done: report.update(done, lambda: None),
            stopped=stop.asked,
            device=device,
        )
    code = 128 + stop.signal if stop.signal else 0
    if len(results) < replicas:
        reason = stop.reason
        if not stop.asked():
            reason, code = KILLED, USER_ERROR
        console.print(
            f"{reason}: {len(results)} of {replicas} replicas had finished; "
            "those that had not are left out.", markup=False, soft_wrap=True,
        )  # fmt: skip
    if not results:
        return code
    result = replace(combined(scenario, results), provenance=origin, wall_time=stop.elapsed)
    write_together(scenario, directory, result)
    conclude(scenario, result, directory, console)
    return code


def write_together(scenario: Scenario, directory: Path, result: Result) -> None:
    """Write the files of combined replicas; they take the place of earlier ones when all are there.

    Raises OSError naming the path and the cure (disk full …); the earlier files are then intact.
    """
    new = directory / "replicas.tmp"
    shutil.rmtree(new, ignore_errors=True)  # left by a run that was killed
    try:
        new.mkdir()
    except OSError as failure:
        raise disk.refusal(failure, new) from failure
    try:
        write_series(scenario, new / TRAJECTORY, result)
        if result.fields:
            write_average(scenario, new / FIELDS, result)
        write_summary(new / SUMMARY, result)
    except BaseException:
        shutil.rmtree(new, ignore_errors=True)
        raise
    clear(directory)
    for path in new.iterdir():
        os.replace(path, directory / path.name)
    new.rmdir()


def write_series(scenario: Scenario, path: Path, result: Result) -> None:
    """Write the series of combined replicas as the observables of a trajectory file."""
    every = scenario.sample_every
    declared = [(s.name, s.unit, s.description, ()) for s in result.series.values()]
    with TrajectoryWriter(
        path,
        box_lengths=scenario.lengths,
        boundary=["periodic" if scenario.closed else "none"] * scenario.dimension,
        particles=0,
        author="dsmc-bridge",
        scenario_text=scenario.text,
        provenance=result.provenance,
        observables=declared,
    ) as writer:
        names = list(result.series)
        for row in range(result.series[names[0]].time.size if names else 0):
            writer.observe(
                row * every,
                result.series[names[0]].time[row],
                {name: result.series[name].value[row] for name in names},
                {name: result.series[name].error[row] for name in names},
            )
        for name in names:
            writer.annotate(name, reference=result.series[name].reference)


def write_average(scenario: Scenario, path: Path, result: Result) -> None:
    """Write the fields of combined replicas as the average of a file of fields, without frames."""
    with FieldsWriter(
        path,
        lengths=scenario.lengths,
        cells=scenario.cells,
        edges=scenario.edges,
        scenario_text=scenario.text,
        provenance=result.provenance,
        average="running",
        quantities=field_quantities(scenario),
    ) as writer:
        counted = [name for name in result.histograms if name.startswith("velocity_")]
        writer.average(result.fields, result.sampling)
        writer.beside(
            planes=result.planes,
            distributions={
                name: part for name, part in result.histograms.items() if name in counted
            },
            walls=result.wall_profiles,
        )


def conclude(scenario: Scenario, result: Result, directory: Path, console: Console) -> None:
    """Draw the pictures, print the closing table and the verdict."""
    written = [directory / name for name in FILES if (directory / name).exists()]
    if scenario.output.pictures:
        from viz.pictures import draw

        trajectory = directory / TRAJECTORY if scenario.output.trajectory else None
        written += draw(
            result, directory, scenario.output.animation, trajectory, directory / FIELDS
        )
    closing_table(result, console, written)
    if told := shorter_step(scenario, result):
        console.print(told, style="yellow", markup=False, highlight=False, soft_wrap=True)
    if told := str(result.sampling):
        console.print(f"Sampling: {told}.", markup=False, highlight=False, soft_wrap=True)
    tell_verdict(result, console)


def shorter_step(scenario: Scenario, result: Result) -> str:
    """What the time step is in the shortest collision time found, and the cure; "" if fine."""
    for worst in coarsest(result.fields):
        if worst.rule.name == "time_step_over_collision_time" and worst.broken:
            return (
                f"The time step is {worst.value:.2g} of the local collision time at {worst.where}, "
                f"more than {worst.rule.limit:g} in {worst.broken} of {worst.cells} cells; "
                f"run.time_step_s = {0.2 * scenario.time_step / worst.value:.2g} makes it 0.2."
            )
    return ""


def tell_verdict(result: Result, console: Console) -> None:
    """Say in one line whether the run agrees with what is known."""
    if not result.verdicts:
        console.print("Nothing exact is known of this run: no verdict.")
        return
    failed = [verdict.quantity for verdict in result.verdicts if not verdict.passed]
    if failed:
        console.print(f"VERDICT: FAIL - {', '.join(failed)}", style="bold red", markup=False)
    else:
        console.print(
            f"VERDICT: pass - all {len(result.verdicts)} figures agree with their references.",
            style="green", markup=False,
        )  # fmt: skip


@contextlib.contextmanager
def claimed(directory: Path) -> Iterator[None]:
    """Make the directory if need be, and be the only program that writes there.

    Raises DirectoryInUse, and OSError with the path and the cure.
    """
    try:
        if directory.exists() and not directory.is_dir():
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))
        directory.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(directory, os.O_RDONLY)
    except OSError as failure:
        raise disk.refusal(failure, directory) from failure
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise DirectoryInUse(
            f"{directory}: another run is writing there now\n"
            "  cure: wait for its end, or choose another directory with -o"
        ) from None
    except OSError:  # a file system without locks
        pass
    try:
        yield
    finally:
        os.close(descriptor)


class Stop:
    """When to stop early: a wall-time limit, Ctrl-C or SIGTERM; a context manager.

    Steps in progress are finished (of a tenth of a second, or one), a checkpoint is written; a
    second signal ends it at once.
    """

    def __init__(self, wall_time: float | None):
        self._begin = time.monotonic()
        self._limit = wall_time
        self._previous: dict[int, Any] = {}
        self.signal = 0

    @property
    def elapsed(self) -> float:
        """Wall time since the start [s]."""
        return time.monotonic() - self._begin

    @property
    def reason(self) -> str:
        """Why it stopped, in words."""
        name = signal.Signals(self.signal).name if self.signal else ""
        return f"Interrupted by {name}" if name else "Stopped by --wall-time"

    def asked(self) -> bool:
        """Whether it is time to stop."""
        return bool(self.signal) or (self._limit is not None and self.elapsed > self._limit)

    def _note(self, number: int, frame: Any) -> None:
        if self.signal:
            raise KeyboardInterrupt
        self.signal = number

    def __enter__(self) -> Stop:
        with contextlib.suppress(ValueError):  # not in the main thread: no signals there
            self._previous = {number: signal.signal(number, self._note) for number in SIGNALS}
        return self

    def __exit__(self, *exception: object) -> None:
        for number, handler in self._previous.items():
            signal.signal(number, handler)
