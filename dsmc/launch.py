"""What `dsmc run` does: run a scenario into a directory, show progress, print the closing table."""

from __future__ import annotations

import sys
import time
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from dsmc.compiled import available_threads
from dsmc.replicas import combined, run_replicas
from dsmc.result import Result
from dsmc.simulation import Simulation
from dsmc.summary import closing_table, provenance, write_summary
from dsmc.trajectory import TrajectoryWriter

if TYPE_CHECKING:
    from dsmc.scenario import Scenario

FILES = ("trajectory.h5", "summary.json")
REPORTS = 10  # plain progress lines of a run whose output is no terminal


class DirectoryInUse(ValueError):
    """The output directory already holds a run."""


def run(
    scenario: Scenario,
    directory: Path,
    overwrite: bool = False,
    quiet: bool = False,
    wall_time: float | None = None,
    threads: int | None = None,
) -> int:
    """Run the scenario and write trajectory.h5, summary.json and pictures into `directory`.

    wall_time : stop after this many seconds [s]
    Returns the exit code.  Raises DirectoryInUse, and OSError with the path and the cure.
    """
    directory = Path(directory)
    present = [name for name in FILES if (directory / name).exists()]
    if present and not overwrite:
        raise DirectoryInUse(
            f"{directory} already holds {' and '.join(present)}\n"
            "  cure: choose another directory with -o, or replace it with --overwrite"
        )
    console = Console(quiet=quiet)
    origin = provenance(
        scenario.run.seed,
        threads or available_threads(),
        precision=scenario.run.precision,
        replicas=scenario.run.replicas,
    )
    begin = time.perf_counter()
    measure = several if scenario.run.replicas > 1 else single
    result = measure(scenario, directory, origin, overwrite, console, wall_time, threads)
    result = replace(result, wall_time=time.perf_counter() - begin)
    files = [directory / "trajectory.h5", write_summary(directory / "summary.json", result)]
    if scenario.output.pictures:
        files += pictures(result, directory)
    closing_table(result, console, files)
    conclude(result, console)
    return 0


def single(scenario, directory, origin, overwrite, console, wall_time, threads) -> Result:
    """One run, writing its files as it goes."""
    with (
        Simulation(
            scenario, threads, directory, overwrite=overwrite, provenance=origin
        ) as simulation,
        progress(console, scenario.steps) as report,
    ):
        limit = None if wall_time is None else time.perf_counter() + wall_time

        def callback(simulation: Simulation) -> bool:
            report(simulation.steps, lambda: state_of(simulation))
            return limit is not None and time.perf_counter() > limit

        result = simulation.run(callback=callback)
    if simulation.steps < scenario.steps:
        console.print(f"Stopped by --wall-time after {simulation.steps} of {scenario.steps} steps.")
    return result


def several(scenario, directory, origin, overwrite, console, wall_time, threads) -> Result:
    """Replicas in a pool of processes; their mean series is written at the end."""
    if wall_time is not None:
        console.print("--wall-time does not stop replicas; it is ignored.")
    replicas = scenario.run.replicas
    with progress(console, replicas, "replicas") as report:
        results = run_replicas(
            scenario,
            replicas,
            threads or available_threads(),
            lambda done: report(done, lambda: ""),
        )
    result = replace(combined(scenario, results), provenance=origin)
    write_series(scenario, directory / "trajectory.h5", result, overwrite)
    return result


def write_series(scenario: Scenario, path: Path, result: Result, overwrite: bool) -> None:
    """Write the series of combined replicas as the observables of a trajectory file."""
    path.parent.mkdir(parents=True, exist_ok=True)
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
        overwrite=overwrite,
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


def pictures(result: Result, directory: Path) -> list[Path]:
    """Draw what there is to see."""
    from viz import profiles, relaxation

    return [*relaxation.draw(result, directory), *profiles.draw(result, directory)]


def conclude(result: Result, console: Console) -> None:
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


def state_of(simulation: Simulation) -> str:
    """The physics of the moment, for the progress line."""
    rows = simulation.series_sampler.rows
    parts = [f"t = {simulation.time:.3g} s"]
    for name, label, unit in (("temperature", "T", " K"), ("h_excess", "H-H_eq", "")):
        if rows.get(name):
            value, error = rows[name][-1]
            parts.append(f"{label} = {value:.4g} ± {error:.1g}{unit}")
    count = simulation.scenario.particle_count
    parts.append(f"{2.0 * simulation.collisions / count:.2f} collisions per particle")
    busy = sum(simulation.stopwatch.seconds[stage] for stage in ("collide and fly", "sort"))
    if busy > 0.0:
        parts.append(f"{simulation.steps * count / busy / 1e6:.1f} million particle-steps/s")
    return ", ".join(parts)


@contextmanager
def progress(console: Console, total: int, unit: str = "steps"):
    """Yield report(done, describe): a live bar on a terminal, about ten plain lines elsewhere."""
    if console.is_terminal and not console.quiet:
        yield from _live(console, total, unit)
        return
    begin, last = time.perf_counter(), [0]

    def report(done: int, describe) -> None:
        share = done * REPORTS // total
        if console.quiet or (share == last[0] and done < total) or done == last[0]:
            return
        last[0] = share
        elapsed = time.perf_counter() - begin
        left = elapsed * (total - done) / done
        console.print(
            f"{unit} {done} of {total}, {elapsed:.1f} s, {left:.1f} s left  {describe()}".rstrip(),
            markup=False, highlight=False, soft_wrap=True,
        )  # fmt: skip
        sys.stdout.flush()

    yield report


def _live(console: Console, total: int, unit: str):
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    with Progress(
        TextColumn(unit), BarColumn(), TextColumn("{task.completed}/{task.total}"),
        TimeRemainingColumn(), TextColumn("{task.description}"), console=console, transient=True,
    ) as bar:  # fmt: skip
        task = bar.add_task("", total=total)
        shown = [0.0]

        def report(done: int, describe) -> None:
            now = time.perf_counter()
            if now - shown[0] > 0.2 or done == total:
                shown[0] = now
                bar.update(task, completed=done, description=describe())

        yield report
