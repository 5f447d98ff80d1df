"""The speed of this machine on named problems: particle-steps per second, ns per stage, memory.

`box` is the problem on which DSMC codes are compared: argon as VSS molecules between specular
walls, 10 particles in a cell, dt = 0.14 mean collision times.  `flight` is the same gas without
collisions: the difference of the two is the price of the collisions.
"""

from __future__ import annotations

import json
import math
import os
import platform
import statistics
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np
from rich.console import Console

from dsmc.compiled import available_threads
from dsmc.device import require
from dsmc.executor import COLLIDE, SORT
from dsmc.scenario import Scenario
from dsmc.simulation import Simulation

PARTICLES = 1_000_000
PER_CELL = 10
CELL = 1e-5  # [m]
NUMBER_DENSITY = 7.07043e22  # [1/m^3]
TEMPERATURE = 273.15  # [K]
TIME_STEP = 7e-9  # [s]
ARGON = {"mass_kg": 6.63e-26, "diameter_m": 4.11e-10, "omega": 0.81, "T_ref_K": 273.15,
         "alpha": 1.4, "model": "vss"}  # fmt: skip
WARM_UP = 20  # steps before the timing: compiles, and mixes the rows of every cell
ROUNDS = 7
SECONDS_PER_ROUND = 0.5
STAGES = (COLLIDE, SORT)


@dataclass(frozen=True)
class Timing:
    """One problem on one number of threads, or on a device."""

    name: str
    particles: int
    threads: int
    precision: str
    particle_steps_per_second: float
    ns_per_stage: dict[str, float]  # per particle and step, all threads together
    bytes_per_particle: float
    device: str = "cpu"


def problem(name: str, particles: int, precision: str) -> Scenario:
    """The scenario of a named problem, "box" or "flight"."""
    cells = box_cells(particles / PER_CELL)
    return Scenario(
        title=name,
        gas=ARGON,
        domain={"length_m": [n * CELL for n in cells], "cells": list(cells)},
        initial={
            "kind": "equilibrium", "number_density_m3": NUMBER_DENSITY,
            "temperature_K": TEMPERATURE, "particles": particles,
        },
        boundaries={axis: {"kind": "specular"} for axis in "xyz"},
        collisions={"scheme": "none" if name == "flight" else "ntc"},
        run={"time_step_s": TIME_STEP, "steps": 1_000_000, "precision": precision},
        sample={"every": 1_000_000, "quantities": [], "fields_every": 0},
    )  # fmt: skip


def box_cells(wanted: float) -> tuple[int, int, int]:
    """About `wanted` cells in a box of shape 4 : 5 : 5; 40 x 50 x 50 for a million particles."""
    edge = (wanted / 100.0) ** (1.0 / 3.0)
    return tuple(max(1, round(side * edge)) for side in (4, 5, 5))


def time_problem(
    name: str, particles: int, threads: int, precision: str, device: str = "cpu"
) -> Timing:
    """Time a problem: the median of several rounds; device : as in `Simulation`."""
    scenario = problem(name, particles, precision)
    with Simulation(scenario, threads=threads, device=device) as simulation:
        if device != "cpu":
            simulation.executor.timed = True
        simulation.advance(WARM_UP)
        steps = steps_per_round(simulation)
        rounds = [one_round(simulation, steps) for _ in range(ROUNDS)]
        total = statistics.median(sum(stages.values()) for stages in rounds)
        scale = 1e9 / (particles * steps)
        return Timing(
            name=name,
            particles=particles,
            threads=threads,
            precision=precision,
            particle_steps_per_second=particles * steps / total,
            ns_per_stage={
                stage: statistics.median(stages[stage] for stages in rounds) * scale
                for stage in STAGES
            },
            bytes_per_particle=simulation.memory / particles,
            device=device,
        )


def steps_per_round(simulation: Simulation) -> int:
    """Steps that take about SECONDS_PER_ROUND."""
    begin = time.perf_counter()
    simulation.advance(2)
    return max(2, math.ceil(2 * SECONDS_PER_ROUND / (time.perf_counter() - begin)))


def one_round(simulation: Simulation, steps: int) -> dict[str, float]:
    """Seconds of each stage over some steps."""
    before = dict(simulation.stopwatch.seconds)
    simulation.advance(steps)
    after = simulation.stopwatch.seconds
    return {stage: after[stage] - before.get(stage, 0.0) for stage in STAGES}


def copy_bandwidth(megabytes: int = 128) -> float:
    """Bytes read and written per second by a plain copy on one thread [B/s]."""
    source = np.ones(megabytes * 131_072)
    target = np.empty_like(source)
    times = []
    for _ in range(ROUNDS):
        begin = time.perf_counter()
        np.copyto(target, source)
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
) -> int:
    """Time the problems and print the table or the JSON; returns the exit code.

    device : as in `Simulation`. Raises dsmc.device.Refused where it is not there.
    """
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
    console.print(
        f"{'problem':8} {'particles':>11} {'threads':>7} {'precision':9} "
        f"{'million particle-steps/s':>24}  {'ns per particle-step':36} {'bytes/particle':>14}",
        soft_wrap=True,
    )
    for name in ("box", "flight"):
        for kind in precision or ("float64", "float32"):
            for count in wanted_threads:
                timing = time_problem(name, particles or PARTICLES, count, kind, device)
                report["problems"].append(asdict(timing))
                console.print(line(timing), highlight=False, soft_wrap=True)
    if as_json and not quiet:
        print(json.dumps(report, indent=1))
    return 0


def line(timing: Timing) -> str:
    """One line of the table."""
    stages = ", ".join(f"{stage} {ns:.1f}" for stage, ns in timing.ns_per_stage.items())
    return (
        f"{timing.name:8} {timing.particles:>11,} {timing.threads:>7} {timing.precision:9} "
        f"{timing.particle_steps_per_second / 1e6:>24.1f}  {stages:36} "
        f"{timing.bytes_per_particle:>14.1f}"
    )
