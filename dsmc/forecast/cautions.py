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

import numpy as np

from dsmc import reference
from dsmc.forecast.figures import (
    AXES,
    cores,
    expected_seconds,
    extreme_sizes,
    in_words,
    smallest_volume,
    written,
)
from dsmc.resolution import FEWEST_PER_CELL, LARGEST_CELL, LARGEST_TIME_STEP
from dsmc.scenario import memory, scales
from dsmc.scenario.messages import shown

if TYPE_CHECKING:
    from dsmc.scenario import Scenario

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
    """(n, T) of every part of the initial state, and of every gas outside."""
    outside = [
        (patch.boundary.number_density_m3, patch.boundary.temperature_K)
        for patch in scenario.patches
        if patch.kind == "reservoir"
    ]
    if scenario.initial.kind != "riemann":
        return [(scenario.number_density, scenario.temperature), *outside]
    sides = (scenario.initial.left, scenario.initial.right)
    return [*((side.number_density_m3, side.temperature_K) for side in sides), *outside]


def shortest_scales(scenario: Scenario) -> tuple[float, float]:
    """(lambda [m], tau_c [s]) where they are shortest: at the start, or before a cold wall."""
    states = [*_states(scenario), *_before_walls(scenario)]
    paths, times = zip(*(scenario.scales_at(*state) for state in states), strict=True)
    return min(paths), min(times)


def _before_walls(scenario: Scenario) -> Iterator[tuple[float, float]]:
    """(n, T) of gas that took the temperature of a wall at the mean pressure of the start."""
    pressure = scenario.number_density * scenario.temperature  # over k
    for patch in scenario.patches:
        face = patch.boundary
        if patch.kind == "diffuse" and face.accommodation > 0.0:
            along = face.profile and face.profile.temperature_K
            for temperature in along or (face.temperature_K,):
                yield pressure / temperature, temperature


def _time_step_cautions(scenario: Scenario) -> Iterator[Caution]:
    """dt > 0.3 tau_c, or v0 dt > dx where there are gradients."""
    _, time = shortest_scales(scenario)
    ratio = scenario.time_step / time
    key = "run.time_step_mct" if scenario.run.time_step_s is None else "run.time_step_s"
    found = f"{scenario.time_step:.3g} s = {ratio:.3g} mean collision times"
    cure = f"time_step_mct = {0.2 * time / scenario.collision_time:.2g}"
    if ratio > LARGEST_TIME_STEP:
        text = f"more than {LARGEST_TIME_STEP} mean collision times"
        if not scenario.homogeneous:
            text += f": viscosity errs by about {0.0525 * ratio**2:.1%}"
        yield Caution(key, found, text, cure)
    if scenario.homogeneous:
        return
    lightest = min(molecule.mass for molecule in scenario.molecules)
    speed = scales.most_probable_speed(lightest, max(t for _, t in _states(scenario)))
    for axis, size in zip(AXES, extreme_sizes(scenario)[1], strict=False):
        crossed = speed * scenario.time_step / size
        if crossed > 1.0:
            text = f"molecules at v0 = {speed:.3g} m/s cross {crossed:.3g} cells in {axis} a step"
            cure = f"time_step_s = {0.5 * size / speed:.2g}, or larger cells"
            yield Caution(key, found, text, cure)


def _cell_cautions(scenario: Scenario) -> Iterator[Caution]:
    """dx > lambda/2 where there are gradients, or fewer than 10 particles per cell."""
    path, _ = shortest_scales(scenario)
    for number, size in enumerate(extreme_sizes(scenario)[0]):
        faces = getattr(scenario.boundaries, AXES[number])
        is_uniform = faces.low.kind == "periodic" and scenario.cells[number] == 1
        ratio = size / path
        if not scenario.homogeneous and not is_uniform and ratio > LARGEST_CELL:
            fitting = math.ceil(scenario.lengths[number] / (path / 3.0))
            viscosity = reference.cell_size_error(ratio * _partners(scenario), "viscosity")
            largest = "the largest " if scenario.edges else ""
            yield Caution(
                "domain.cells",
                f"{scenario.cells[number]} along {AXES[number]}, {largest}d{AXES[number]} = "
                f"{ratio:.3g} mean free paths",
                f"cells larger than {LARGEST_CELL} mean free paths: viscosity errs by about "
                f"{float(viscosity):.1%}",
                f"{fitting} cells along {AXES[number]} give a third of a mean free path",
            )
    per_cell = scenario.particle_count * smallest_volume(scenario) / scenario.volume
    if per_cell < FEWEST_PER_CELL:
        yield Caution(
            "initial.particles" if scenario.initial.particles else "initial.particles_per_cell",
            f"{per_cell:.3g} per cell" if not scenario.edges else f"{per_cell:.3g} in the smallest",
            f"fewer than {FEWEST_PER_CELL} particles per cell: the same pairs collide again",
            f"{round(20 * scenario.volume / smallest_volume(scenario))} particles, or fewer cells",
        )


def _partners(scenario: Scenario) -> float:
    """Distance of collision partners over that of random ones, in cells of average size."""
    if scenario.collisions.partners == "random":
        return 1.0
    per_cell = max(2.0, scenario.particle_count / scenario.cell_count)
    apart = reference.nearest_separation(per_cell, scenario.dimension)
    return float(apart) / reference.RANDOM_SEPARATION


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
    """Planes that cut cells in two."""
    for number, plane in enumerate(scenario.sample.planes):
        faces, x = np.array(scenario.faces[AXES.index(plane.axis)]), plane.position_m
        inner = faces[1:-1]
        if inner.size == 0:
            continue
        face = inner[np.abs(inner - x).argmin()]
        if abs(x - face) > 1e-6 * np.diff(faces).min():
            key, cure = f"sample.planes[{number}].position_m", f"position_m = {face:.6g}"
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
