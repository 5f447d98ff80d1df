"""Replicas: independent repetitions in a pool of processes, and what they say together.

Replica r has its own random numbers (the second word of the key), so the replicas of one seed are
independent of each other and of the number of processes.  Their scatter gives every figure a
standard error that contains all correlations of a run.
"""

from __future__ import annotations

import multiprocessing
import signal
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from dsmc.faces import FLUXES as FACE_FLUXES
from dsmc.planes import FLUXES as PLANE_FLUXES
from dsmc.result import Field, Histogram, Result, Sampling, Series
from dsmc.simulation import Simulation
from dsmc.statistics import combine
from dsmc.verdict import judge
from dsmc.wall_profiles import FLUXES as WALL_FLUXES

if TYPE_CHECKING:
    from dsmc.scenario import Scenario


def run_replica(
    scenario: Scenario,
    replica: int,
    stopped: Callable[[], bool] = lambda: False,
    device: str = "cpu",
) -> Result | None:
    """One replica on one thread, without files; None if it was stopped before its end."""
    with Simulation(scenario, threads=1, replica=replica, device=device) as simulation:
        result = simulation.run(glance=lambda simulation: stopped(), progress=False)
        whole = simulation.steps == scenario.steps or simulation.window.ended
        return result if whole else None


def run_replicas(
    scenario: Scenario,
    replicas: int,
    processes: int,
    finished: Callable[[int], None] = lambda done: None,
    first: int = 0,
    stopped: Callable[[], bool] = lambda: False,
    device: str = "cpu",
) -> list[Result]:
    """Run replicas first, first + 1, ... in `processes` processes; results in their order.

    finished : called now and then with the number of finished replicas
    stopped : asked now and then; once it says True, what is not finished is left out
        (so it is if the system kills a process)
    device : as in `Simulation`; one other than "cpu" takes them one after the other
    Processes are spawned, not forked: threads and compiled code do not survive a fork.
    """
    numbers = range(first, first + replicas)
    results: list[Result | None] = []
    if processes == 1 or device != "cpu":
        for number in numbers:
            done = None if stopped() else run_replica(scenario, number, stopped, device)
            results.append(done)
            finished(len(results))
        return [result for result in results if result is not None]
    context = multiprocessing.get_context("spawn")
    halt = context.Event()
    with ProcessPoolExecutor(min(processes, replicas), context, _listen, (halt,)) as pool:
        futures = [pool.submit(_run_one, scenario, number) for number in numbers]
        waiting = set(futures)
        while waiting:
            _, waiting = wait(waiting, timeout=0.2, return_when=FIRST_COMPLETED)
            finished(replicas - len(waiting))
            if stopped():
                halt.set()
        results = [outcome(future) for future in futures]
    return [result for result in results if result is not None]


def outcome(future: Future) -> Result | None:
    """A result; None also where the process was killed, as the system does for want of memory."""
    try:
        return future.result()
    except BrokenProcessPool:
        return None


_halt: list[Any] = []  # of a process of the pool: the event that tells it to stop


def _listen(halt: Any) -> None:
    """Begin a process of the pool: it stops when the event says so, not by the keyboard."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _halt.append(halt)


def _run_one(scenario: Scenario, replica: int) -> Result | None:
    """A replica in a process of the pool."""
    return None if _halt[0].is_set() else run_replica(scenario, replica, _halt[0].is_set)


def combined(scenario: Scenario, results: list[Result]) -> Result:
    """Mean over replicas with standard errors; counts of particles and collisions add up."""
    first = results[0]
    total = replace(
        first,
        series=dict(together(results, "series", combine_series)),
        fields=dict(together(results, "fields", combine_fields)),
        walls=dict(together(results, "walls", combine_fluxes(FACE_FLUXES))),
        wall_profiles=dict(together(results, "wall_profiles", combine_fluxes(WALL_FLUXES))),
        planes=dict(together(results, "planes", combine_fluxes(PLANE_FLUXES))),
        histograms=dict(together(results, "histograms", combine_histograms)),
        sampling=combine_sampling(results),
        steps=max(result.steps for result in results),
        time=max(result.time for result in results),
        collisions=sum(result.collisions for result in results),
        particles=sum(result.particles for result in results),
        wall_time=sum(result.wall_time for result in results),
        stage_seconds={
            stage: sum(result.stage_seconds.get(stage, 0.0) for result in results)
            for stage in first.stage_seconds
        },
        quality={name: combine_quality(name, results) for name in first.quality},
    )
    return judge(scenario, total, degrees=len(results) - 1)


def together(results: list[Result], kind: str, combine_kind: Callable) -> Iterator[tuple]:
    """(name, combined) of every series, field, wall or histogram."""
    for name in getattr(results[0], kind):
        yield name, combine_kind([getattr(result, kind)[name] for result in results])


def combine_series(parts: list[Series]) -> Series:
    """Mean series; replicas share their times, as far as the shortest of them ran."""
    rows = min(part.time.size for part in parts)
    value, error = combine([part.value[:rows] for part in parts])
    first, reference = parts[0], parts[0].reference
    reference = None if reference is None else reference[:rows]
    return replace(first, time=first.time[:rows], value=value, error=error, reference=reference)


def combine_fields(parts: list[Field]) -> Field:
    """Mean field, and the mean of its averages over the cells."""
    value, error = combine([part.value for part in parts])
    average = None
    if all(part.average is not None for part in parts):
        mean, spread = combine([part.average[0] for part in parts])
        average = (float(mean), float(spread))
    degrees = len(parts) - 1.0
    return replace(parts[0], value=value, error=error, average=average, degrees=degrees)


def combine_histograms(parts: list[Histogram]) -> Histogram:
    """Mean histogram; classes that some replica never saw stay unknown."""
    value, error = combine([part.density for part in parts])
    return replace(parts[0], density=value, error=error)


def combine_fluxes(names: Iterable[str]) -> Callable[[list[Any]], Any]:
    """What makes the mean of the named fluxes: of a boundary, of the cells along it, of a plane."""

    def combine_parts(parts: list[Any]) -> Any:
        fluxes = {}
        for name in names:
            value, error = combine([getattr(part, name)[0] for part in parts])
            fluxes[name] = (value, error) if np.ndim(value) else (float(value), float(error))
        return replace(parts[0], **fluxes, degrees=len(parts) - 1.0)

    return combine_parts


def combine_sampling(results: list[Result]) -> Sampling:
    """The first beginning of averages and every reason to end, where replicas differ."""
    found = [result.sampling for result in results]
    begun = [part for part in found if part.start is not None]
    if not begun:
        return found[0]
    starts = [part.start for part in begun]
    first = min(begun, key=lambda part: part.start)
    because = first.because
    if min(starts) < max(starts):
        because += f", in the last replica from step {max(starts)} on"
    ended = " or ".join(dict.fromkeys(part.ended for part in found if part.ended))
    restarts = sum(part.restarts for part in found)
    return replace(first, because=because, ended=ended, restarts=restarts)


def combine_quality(name: str, results: list[Result]) -> float:
    """Counts add up, ratios are averaged."""
    values = [result.quality[name] for result in results]
    return float(np.sum(values) if name in ("free_flights", "particle_steps") else np.mean(values))
