"""The speed of this machine on named problems: particle-steps per second, ns per stage, memory.

`dsmc.problems` says what the problems are. A figure is the median of several rounds and stands
beside a bound: the particle-steps per second at which memory could bring and take the bytes that a
step must move, at the pace of a plain copy on as many threads. Problems that fit into the cache of
the processor may exceed it.
"""

from __future__ import annotations

import json
import math
import os
import platform
import statistics
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from functools import cache

import numpy as np
from rich.console import Console

from dsmc.device import require
from dsmc.problems import (
    DEFAULTS,
    NUMBER_DENSITY,
    PARTICLES,
    TEMPERATURE,
    ProblemError,
    box_cells,
    problem,
)
from dsmc.scenario import Scenario
from dsmc.simulation import Simulation
from dsmc.team import available_threads

__all__ = ["NUMBER_DENSITY", "PARTICLES", "TEMPERATURE", "box_cells", "main", "problem",
           "time_problem"]  # fmt: skip

WARM_UP = 20  # steps before the timing: compiles, and mixes the rows of every cell
ROUNDS = 7
SECONDS_PER_ROUND = 0.5
# Bytes of the bookkeeping of a step, read and written (docs/performance.md):
OF_PARTICLE = 2 * 8  # its new cell and its entry in the order, each written and read
OF_CELL = 4 * 8  # first row read, count raised; first row written; slot raised
OF_CELL_AND_THREAD = 3 * 4  # count set to zero; count read, slot written


@dataclass(frozen=True)
class Timing:
    """One problem on one number of threads, or on a device."""

    name: str
    particles: int  # in the end, where gas comes and goes
    threads: int
    precision: str
    particle_steps_per_second: float
    ns: float  # of a particle-step, all threads together: the median of the rounds
    ns_range: tuple[float, float]  # least and most of a round
    ns_per_stage: dict[str, float]
    bytes_per_particle: float
    bytes_per_particle_step: float  # moved, at least
    memory_bound: float  # particle-steps per second
    share_of_memory_bound: float
    device: str = "cpu"


@dataclass(frozen=True)
class Round:
    """What some steps took."""

    seconds: float
    particle_steps: int
    stages: dict[str, float]  # [s]

    @property
    def ns(self) -> float:
        """Of a particle-step [ns]."""
        return 1e9 * self.seconds / self.particle_steps


def time_problem(
    name: str,
    particles: int,
    threads: int,
    precision: str,
    device: str = "cpu",
    per_cell: int | None = None,
) -> Timing:
    """Time a problem: the median of several rounds; device : as in `Simulation`."""
    scenario = problem(name, particles, precision, per_cell)
    moved = bytes_per_particle_step(scenario, threads)
    with Simulation(scenario, threads=threads, device=device) as simulation:
        simulation.advance(WARM_UP)
        steps = steps_per_round(simulation)
        rounds = [one_round(simulation, steps) for _ in range(ROUNDS)]
        if not (simulation.executor.count and all(one.particle_steps for one in rounds)):
            raise ProblemError(f"{name}: the box was empty for a time: take more particles")
        pace = about(device)["copy_bandwidth"] if device != "cpu" else copy_bandwidth(threads)
        ns, bound = statistics.median(one.ns for one in rounds), pace / moved
        return Timing(
            name=name,
            particles=simulation.executor.count,
            threads=threads,
            precision=precision,
            particle_steps_per_second=1e9 / ns,
            ns=ns,
            ns_range=(min(one.ns for one in rounds), max(one.ns for one in rounds)),
            ns_per_stage={
                stage: statistics.median(
                    1e9 * one.stages[stage] / one.particle_steps for one in rounds
                )
                for stage in rounds[0].stages
            },
            bytes_per_particle=simulation.memory / simulation.executor.count,
            bytes_per_particle_step=moved,
            memory_bound=bound,
            share_of_memory_bound=1e9 / ns / bound,
            device=device,
        )


def steps_per_round(simulation: Simulation) -> int:
    """Steps that take about SECONDS_PER_ROUND."""
    begin = time.perf_counter()
    simulation.advance(2)
    return max(2, math.ceil(2 * SECONDS_PER_ROUND / (time.perf_counter() - begin)))


def one_round(simulation: Simulation, steps: int) -> Round:
    """What some steps take, on the clock and stage by stage."""
    stages, particle_steps = dict(simulation.stopwatch.seconds), simulation.particle_steps
    begin = time.perf_counter()
    simulation.advance(steps)
    seconds = time.perf_counter() - begin
    spent = {
        name: after - stages.get(name, 0.0) for name, after in simulation.stopwatch.seconds.items()
    }
    return Round(
        seconds=seconds,
        particle_steps=simulation.particle_steps - particle_steps,
        stages={name: its for name, its in spent.items() if its > 0.0},
    )


def bytes_per_particle_step(scenario: Scenario, threads: int = 1) -> float:
    """Bytes that a step reads and writes for each particle, at least; of one species, without ids.

    Every row is read where it flew and written to its cell. Lines that the processor fetches only
    to overwrite them are not counted.
    """
    row = (scenario.dimension + 3) * np.dtype(scenario.run.precision).itemsize
    cell = OF_CELL + OF_CELL_AND_THREAD * threads
    return 2 * row + OF_PARTICLE + cell * scenario.cell_count / scenario.particle_count


@cache
def copy_bandwidth(threads: int = 1, megabytes: int = 128) -> float:
    """Bytes read and written per second by a plain copy, every thread of its own share [B/s]."""
    source = np.ones(megabytes * 131_072)
    target = np.empty_like(source)
    times = []

    def work(thread: int) -> None:
        share = slice(*(source.size * (thread + k) // threads for k in (0, 1)))
        np.copyto(target[share], source[share])

    with ThreadPoolExecutor(threads) as pool:
        for _ in range(ROUNDS):
            begin = time.perf_counter()
            list(pool.map(work, range(threads)))
            times.append(time.perf_counter() - begin)
    return 2 * source.nbytes / statistics.median(times)


def machine() -> dict[str, str | int]:
    """What the figures were measured on."""
    name = platform.processor() or platform.machine()
    if os.path.exists("/proc/cpuinfo"):
        with open("/proc/cpuinfo", encoding="utf-8") as lines:
            found = [line.split(":", 1)[1].strip() for line in lines if "model name" in line]
        name = found[0] if found else name
    return {"processor": name, "cores": available_threads(), "python": platform.python_version()}


@cache
def about(device: str) -> dict[str, str | float]:
    """What a device is and how fast it copies. Raises dsmc.device.Refused if it is not there."""
    require(device)
    from dsmc.device.bandwidth import copy_bandwidth, name_of  # torch is loaded when it is asked

    return {"name": name_of(device), "copy_bandwidth": copy_bandwidth(device)}


def main(
    particles: int | None = None,
    threads: Sequence[int] | None = None,
    precision: Sequence[str] | None = None,
    as_json: bool = False,
    quiet: bool = False,
    device: str = "cpu",
    problems: Sequence[str] | None = None,
    per_cell: int | None = None,
) -> int:
    """Time the problems and print the table or the JSON; returns the exit code.

    device : as in `Simulation`; problems, per_cell : as in `dsmc.problems`
    Raises dsmc.device.Refused where the device is not there, and ProblemError.
    """
    names = list(problems or DEFAULTS)
    for name in names:
        problem(name, PARTICLES, "float64", per_cell)  # refused before anything is timed
    console = Console(quiet=quiet or as_json)
    wanted_threads = list(threads or sorted({1, available_threads()}))
    report = {"machine": machine(), "copy_bandwidth": copy_bandwidth(), "problems": []}
    console.print(f"{report['machine']['processor']}, {report['machine']['cores']} cores, "
                  f"copy {report['copy_bandwidth'] / 1e9:.1f} GB/s on one thread",
                  highlight=False)  # fmt: skip
    if device != "cpu":
        wanted_threads, report["device"] = [1], about(device)
        console.print("{name}, copy {copy_bandwidth:.3g} B/s".format(**report["device"]),
                      highlight=False)  # fmt: skip
    console.print(HEADER, soft_wrap=True)
    for name in names:
        for kind in precision or ("float64", "float32"):
            for count in wanted_threads:
                timing = time_problem(name, particles or PARTICLES, count, kind, device, per_cell)
                report["problems"].append(asdict(timing))
                console.print(line(timing), highlight=False, soft_wrap=True)
    if as_json and not quiet:
        print(json.dumps(report, indent=1))
    return 0


HEADER = (
    f"{'problem':11} {'particles':>11} {'threads':>7} {'precision':9} "
    f"{'million particle-steps/s':>24}  {'of memory bound':>15}  "
    f"{'ns per particle-step':>20} {'least … most':>16}  {'bytes/particle':>14}  stages"
)


def line(timing: Timing) -> str:
    """One line of the table."""
    stages = ", ".join(f"{stage} {ns:.1f}" for stage, ns in timing.ns_per_stage.items())
    least, most = timing.ns_range
    return (
        f"{timing.name:11} {timing.particles:>11,} {timing.threads:>7} {timing.precision:9} "
        f"{timing.particle_steps_per_second / 1e6:>24.1f}  "
        f"{100 * timing.share_of_memory_bound:>14.0f}%  "
        f"{timing.ns:>20.1f} {f'{least:.1f} … {most:.1f}':>16}  "
        f"{timing.bytes_per_particle:>14.1f}  {stages}"
    )
