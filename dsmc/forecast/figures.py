"""The derived numbers of a run: scales of the gas, resolution, size and cost.

Legend: n number density, T temperature, tau_c mean collision time, lambda mean free path, v0 most
probable speed, dx cell size, dt time step, F_N molecules per particle.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from dsmc.resolution import cell_widths
from dsmc.scenario import memory, scales
from dsmc.scenario.states import shortest_scales
from dsmc.slow_modes import slowest_time
from dsmc.species import BOLTZMANN

if TYPE_CHECKING:
    from dsmc.scenario import Scenario

ASSUMED_RATE = 20e6  # particle-steps per second and thread
AXES = ("x", "y", "z")
TRACKED = 3 * 4 + 3 * 4 + 8  # bytes of a frame per tracked particle: position, velocity, id
SNAPSHOT = 3 * 4 + 3 * 4 + 9  # and of a snapshot per particle, with its id and species


@dataclass(frozen=True)
class Figure:
    """A derived number: its name, value, unit ("1" for a pure number), and a remark."""

    name: str
    value: float
    unit: str
    remark: str = ""


def figures(scenario: Scenario) -> list[Figure]:
    """The derived numbers: scales of the gas, resolution, size and cost of the run."""
    return [*_scales(scenario), *_resolution(scenario), *_cost(scenario)]


def _scales(scenario: Scenario) -> Iterator[Figure]:
    """The gas in equilibrium."""
    n, temperature = scenario.number_density, scenario.temperature
    masses = [molecule.mass for molecule in scenario.molecules]
    mass = sum(x * m for x, m in zip(scenario.fractions, masses, strict=True))
    yield Figure("number density", n, "m-3")
    yield Figure("temperature", temperature, "K", "of the whole gas")
    yield Figure("pressure", n * BOLTZMANN * temperature, "Pa", "n k T")
    yield Figure("density", n * mass, "kg m-3")
    for molecule in scenario.molecules:
        speed = scales.most_probable_speed(molecule.mass, temperature)
        yield Figure(f"most probable speed of {molecule.name}", speed, "m s-1", "v0 = sqrt(2kT/m)")
    remark = "" if scenario.collisions.scheme != "none" else "if molecules collided"
    yield Figure("mean free path", scenario.mean_free_path, "m", remark)
    yield Figure("mean collision time", scenario.collision_time, "s", remark)
    if len(scenario.molecules) > 1:
        for molecule, rate in zip(scenario.molecules, scenario.collision_rates, strict=True):
            yield Figure(f"collision time of {molecule.name}", 1.0 / rate, "s")
    knudsen = scenario.mean_free_path / min(scenario.lengths)
    yield Figure("Knudsen number", knudsen, "1", "lambda over the shortest length")


def _resolution(scenario: Scenario) -> Iterator[Figure]:
    """Cells and time steps against lambda and tau_c."""
    for axis, wide, narrow in zip(AXES, *extreme_sizes(scenario), strict=False):
        remark = "no gradients: the cell size does not matter" if scenario.homogeneous else ""
        name = f"cell size d{axis} / lambda"
        if narrow < wide:
            yield Figure(f"smallest {name}", narrow / scenario.mean_free_path, "1", remark)
            name = f"largest {name}"
        yield Figure(name, wide / scenario.mean_free_path, "1", remark)
    yield Figure("time step", scenario.time_step, "s")
    yield Figure("time step / collision time", scenario.time_step / scenario.collision_time, "1")
    _, shortest = shortest_scales(scenario)
    if shortest < scenario.collision_time * (1.0 - 1e-9):
        remark, ratio = "of the densest gas foreseen", scenario.time_step / shortest
        yield Figure("time step / shortest collision time", ratio, "1", remark)
    yield Figure("particles", scenario.particle_count, "1")
    per_cell = scenario.particle_count / scenario.cell_count
    yield Figure("particles per cell", per_cell, "1", "on average" if scenario.edges else "")
    if scenario.edges:
        fewest = per_cell * smallest_volume(scenario) * scenario.cell_count / scenario.volume
        yield Figure("particles in the smallest cell", fewest, "1", "of a gas of even density")
    yield Figure("molecules per particle", scenario.weight, "1", "F_N")


def _cost(scenario: Scenario) -> Iterator[Figure]:
    """Length of the run, collisions, memory and time."""
    time = scenario.steps * scenario.time_step
    yield Figure("steps", scenario.steps, "1")
    yield Figure("time simulated", time, "s")
    yield Figure("time simulated / collision time", time / scenario.collision_time, "1")
    if scenario.collisions.scheme != "none":
        yield Figure("collisions", expected_collisions(scenario), "1", "in each replica")
    if scenario.sample.start == "steady":
        slowest = slowest_time(scenario)
        yield Figure("slowest relaxation time", slowest, "s", "of a wave through the box")
        remark = "about, if the flow is steady after some six of them"
        yield Figure("averages from step", scenario.sample_start, "1", remark)
    yield Figure("samples of the series", scenario.steps // scenario.sample_every + 1, "1")
    size = memory.needed(scenario)
    yield Figure("memory", size, "bytes", f"{memory.amount(size)} in each replica")
    size = bytes_written(scenario)
    yield Figure("files", size, "bytes", f"{memory.amount(size)} on the disk, at most")
    threads = min(scenario.run.threads or cores(), cores())
    remark = f"{in_words(expected_seconds(scenario))}, "
    remark += f"at an assumed {ASSUMED_RATE / 1e6:g} million particle-steps/s on each of {threads}"
    remark += " threads" if threads > 1 else " thread"
    yield Figure("expected run time", expected_seconds(scenario), "s", remark)


def extreme_sizes(scenario: Scenario) -> tuple[list[float], list[float]]:
    """The largest and the smallest dx along each axis of the domain [m]."""
    sizes = cell_widths(scenario)
    return [float(np.max(size)) for size in sizes], [float(np.min(size)) for size in sizes]


def smallest_volume(scenario: Scenario) -> float:
    """The volume of the smallest cell [m^3]."""
    return math.prod(extreme_sizes(scenario)[1])


def expected_collisions(scenario: Scenario) -> float:
    """N nu t / 2, the collisions of one replica in equilibrium."""
    if scenario.collisions.scheme == "none":
        return 0.0
    time = scenario.steps * scenario.time_step
    return scenario.particle_count * time * scenario.collision_rate / 2.0


def expected_seconds(scenario: Scenario) -> float:
    """Wall time of all replicas at `ASSUMED_RATE` [s]."""
    return seconds_of(scenario, scenario.steps, scenario.run.replicas)


def seconds_of(scenario: Scenario, steps: int, replicas: int) -> float:
    """Wall time of so many steps of each of so many replicas at `ASSUMED_RATE` [s]."""
    threads = min(scenario.run.threads or cores(), cores())
    return float(scenario.particle_count) * steps * replicas / (ASSUMED_RATE * threads)


def bytes_written(scenario: Scenario) -> int:
    """Bytes of all files of the run."""
    return sum(written(scenario).values())


def written(scenario: Scenario) -> dict[str, int]:
    """Bytes on the disk by the key that asks for them; two checkpoints are kept."""
    output, steps, count = scenario.output, scenario.steps, scenario.particle_count
    row = memory.bytes_per_particle(scenario.dimension, scenario.run.precision) // 2
    sizes = {"initial.particles": 2 * count * row}
    sizes["sample.every"] = memory.SAMPLE * memory.series(scenario) * memory.samples(scenario)
    for key, every, frame in (
        ("trajectory", output.trajectory, min(output.particles, count) * TRACKED),
        ("fields", output.fields, scenario.cell_count * memory.WRITTEN),
        ("snapshots", output.snapshots, count * SNAPSHOT),
    ):
        sizes[f"output.{key}"] = frame * (steps // every + 1) if every else 0
    return sizes


def in_words(seconds: float) -> str:
    """A duration in the unit that fits."""
    for unit, size in (("years", 3.156e7), ("days", 86400.0), ("h", 3600.0), ("min", 60.0)):
        if seconds >= 2.0 * size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds:.3g} s"


def cores() -> int:
    """The processors that this program may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:
        return os.cpu_count() or 1
