"""Choices that will cost accuracy, or more than this machine has: each with its numbers and cure.

Errors of the cell size: Alexander, Garcia, Alder, Phys. Fluids 10 (1998) 1540; of the time step:
Hadjiconstantinou, Phys. Fluids 12 (2000) 2634; Garcia, Wagner, Phys. Fluids 12 (2000) 2621.
"""

from __future__ import annotations

import math
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dsmc.forecast.figures import (
    AXES,
    cell_sizes,
    cores,
    expected_seconds,
    in_words,
    written,
)
from dsmc.scenario import memory, scales
from dsmc.scenario.messages import shown

if TYPE_CHECKING:
    from dsmc.scenario import Scenario

LARGEST_TIME_STEP = 0.3  # in mean collision times
LARGEST_CELL = 0.5  # in mean free paths
FEWEST_PER_CELL = 10
FLIGHTS = 5.0  # v0 dt between a plane and a wall
LONGEST = 30 * 86400.0  # seconds of a run


@dataclass(frozen=True)
class Caution:
    """A choice that will cost accuracy, or more than the machine has (`of_machine`).

    key, found : what was chosen; text, cure : why it is doubtful, and what to do
    """

    key: str
    found: str
    text: str
    cure: str
    of_machine: bool = False


def warnings(scenario: Scenario) -> list[Caution]:
    """Choices against the rules of the method, which are errors if run.strict, and those that
    ask too much of this machine; all with their numbers.
    """
    cautions = [*_sampling_cautions(scenario), *_cost_cautions(scenario)]
    cautions += _plane_cautions(scenario)
    if scenario.collisions.scheme != "none":
        cautions += [*_time_step_cautions(scenario), *_cell_cautions(scenario)]
    return cautions


def _states(scenario: Scenario) -> list[tuple[float, float]]:
    """(n, T) of every part of the initial state."""
    if scenario.initial.kind != "riemann":
        return [(scenario.number_density, scenario.temperature)]
    sides = (scenario.initial.left, scenario.initial.right)
    return [(side.number_density_m3, side.temperature_K) for side in sides]


def shortest_scales(scenario: Scenario) -> tuple[float, float]:
    """(lambda [m], tau_c [s]) where they are shortest at the start."""
    molecules, shares = scenario.molecules, scenario.fractions
    paths, times = [], []
    for n, temperature in _states(scenario):
        rates = scales.collision_rates(molecules, shares, n, temperature)
        times.append(1.0 / sum(x * nu for x, nu in zip(shares, rates, strict=True)))
        paths.append(scales.mean_free_path(molecules, shares, n, temperature))
    return min(paths), min(times)


def _time_step_cautions(scenario: Scenario) -> Iterator[Caution]:
    """dt > 0.3 tau_c, or v0 dt > dx where there are gradients."""
    _, time = shortest_scales(scenario)
    ratio = scenario.time_step / time
    key = "run.time_step_mct" if scenario.run.time_step_s is None else "run.time_step_s"
    found = f"{scenario.time_step:.3g} s = {ratio:.3g} mean collision times"
    cure = "time_step_mct = 0.2"
    if ratio > LARGEST_TIME_STEP:
        text = f"more than {LARGEST_TIME_STEP} mean collision times"
        if not scenario.homogeneous:
            text += f": viscosity errs by about {0.0525 * ratio**2:.1%}"
        yield Caution(key, found, text, cure)
    if scenario.homogeneous:
        return
    lightest = min(molecule.mass for molecule in scenario.molecules)
    speed = scales.most_probable_speed(lightest, max(t for _, t in _states(scenario)))
    for axis, size in zip(AXES, cell_sizes(scenario), strict=False):
        crossed = speed * scenario.time_step / size
        if crossed > 1.0:
            text = f"molecules at v0 = {speed:.3g} m/s cross {crossed:.3g} cells in {axis} a step"
            cure = f"time_step_s = {0.5 * size / speed:.2g}, or larger cells"
            yield Caution(key, found, text, cure)


def _cell_cautions(scenario: Scenario) -> Iterator[Caution]:
    """dx > lambda/2 where there are gradients, or fewer than 10 particles per cell."""
    path, _ = shortest_scales(scenario)
    for number, size in enumerate(cell_sizes(scenario)):
        faces = getattr(scenario.boundaries, AXES[number])
        is_uniform = faces.low.kind == "periodic" and scenario.cells[number] == 1
        ratio = size / path
        if not scenario.homogeneous and not is_uniform and ratio > LARGEST_CELL:
            fitting = math.ceil(scenario.lengths[number] / (path / 3.0))
            yield Caution(
                "domain.cells",
                f"{scenario.cells[number]} along {AXES[number]}, d{AXES[number]} = "
                f"{ratio:.3g} mean free paths",
                f"cells larger than {LARGEST_CELL} mean free paths: viscosity errs by about "
                f"{0.113 * ratio**2:.1%}",
                f"{fitting} cells along {AXES[number]} give a third of a mean free path",
            )
    per_cell = scenario.particle_count / scenario.cell_count
    if per_cell < FEWEST_PER_CELL:
        yield Caution(
            "initial.particles" if scenario.initial.particles else "initial.particles_per_cell",
            f"{per_cell:.3g} per cell",
            f"fewer than {FEWEST_PER_CELL} particles per cell: the same pairs collide again",
            f"{20 * scenario.cell_count} particles, or fewer cells",
        )


def _sampling_cautions(scenario: Scenario) -> Iterator[Caution]:
    """Nothing averaged, particles lighter than a molecule, replicas too large, a file not there."""
    sample = scenario.sample
    averaged = sample.fields_every or not scenario.closed
    if averaged and scenario.sample_start >= scenario.steps:
        text, cure = "nothing will be averaged", f"sample.start = {scenario.steps // 5}"
        if sample.start == "steady":
            text = f"the flow will hardly be steady before step {scenario.sample_start}"
            cure = f"at least {4 * scenario.sample_start} steps"
        text = f"the run has {scenario.steps} steps: {text}"
        yield Caution("sample.start", shown(sample.start), text, cure)
    if scenario.weight < 1.0:
        text = "each particle stands for less than one molecule: fluctuations are too small"
        cure = "fewer particles, or a larger box"
        yield Caution("initial.particles", f"F_N = {scenario.weight:.3g}", text, cure)
    if scenario.initial.kind == "file" and not os.path.isfile(scenario.initial.path):
        text = "no such file here: the run cannot start without it"
        yield Caution("initial.path", scenario.initial.path, text, "look at the path")


def _plane_cautions(scenario: Scenario) -> Iterator[Caution]:
    """Planes that molecules reach back from a wall in one step, or that cut cells in two."""
    lightest = min(molecule.mass for molecule in scenario.molecules)
    speed = scales.most_probable_speed(lightest, max(t for _, t in _states(scenario)))
    for number, plane in enumerate(scenario.sample.planes):
        axis = AXES.index(plane.axis)
        length, count = scenario.lengths[axis], scenario.cells[axis]
        width, x = length / count, plane.position_m
        face = min(max(round(x / width), 1), count - 1) * width
        key, cure = f"sample.planes[{number}].position_m", f"position_m = {face:.6g}"
        periodic = getattr(scenario.boundaries, plane.axis).low.kind == "periodic"
        reach = FLIGHTS * speed * scenario.time_step
        if not periodic and min(x, length - x) < reach:
            text = f"within {FLIGHTS:g} v0 dt = {reach:.2g} m of a wall: what comes back from it "
            text += "in one step is not counted"
            yield Caution(key, f"{x:g} m", text, f"position_m = {0.5 * length:.6g}")
        elif count > 1 and abs(x - face) > 1e-6 * width:
            text = "inside cells: what collisions there carry across it is not counted"
            yield Caution(key, f"{x:g} m", text, cure)


def _cost_cautions(scenario: Scenario) -> Iterator[Caution]:
    """More than the machine or a person's patience has: memory, disk, time."""
    together = min(scenario.run.replicas, cores())
    room, size = memory.available(), memory.needed(scenario)
    if room is not None and together > 1 and together * size > room:
        yield Caution(
            "run.replicas",
            str(scenario.run.replicas),
            f"{together} at a time need {memory.amount(together * size)}; "
            f"{memory.amount(room)} are free",
            "fewer particles or replicas",
            of_machine=True,
        )
    duration = expected_seconds(scenario)
    if duration > LONGEST:
        given = [key for key in ("steps", "time_s", "collisions") if getattr(scenario.run, key)]
        found = f"{scenario.steps:,} steps of {scenario.particle_count:,} particles"
        text = f"the run would take about {in_words(duration)}"
        cure = "fewer steps, particles or replicas"
        yield Caution(f"run.{given[0]}", found, text, cure, of_machine=True)
    sizes, free = written(scenario), shutil.disk_usage(".").free
    if sum(sizes.values()) > free:
        key = max(sizes, key=lambda name: sizes[name])
        text = f"the files would need {memory.amount(sum(sizes.values()))}; "
        text += f"{memory.amount(free)} are free here"
        section, name = key.split(".")
        found = str(getattr(getattr(scenario, section), name) or scenario.particle_count)
        yield Caution(key, found, text, "write less often, or fewer particles", of_machine=True)
