"""What a run will be like, before it is run: its scales, its cost, its errors, its dangers.

Statistical errors: Hadjiconstantinou, Garcia, Bazant, He, J. Comput. Phys. 187 (2003) 274. Errors
of the cell size: Alexander, Garcia, Alder, Phys. Fluids 10 (1998) 1540; of the time step:
Hadjiconstantinou, Phys. Fluids 12 (2000) 2634; Garcia, Wagner, Phys. Fluids 12 (2000) 2621.

Legend: n number density, T temperature, tau_c mean collision time, lambda mean free path, v0 most
probable speed, dx cell size, dt time step, N_c particles per cell, M independent samples.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dsmc.scenario import memory, scales
from dsmc.species import BOLTZMANN

if TYPE_CHECKING:
    from dsmc.scenario import Scenario

LARGEST_TIME_STEP = 0.3  # in mean collision times
LARGEST_CELL = 0.5  # in mean free paths
FEWEST_PER_CELL = 10
ASSUMED_RATE = 20e6  # particle-steps per second and thread
TARGET = 0.01  # the relative error whose price is told
AXES = ("x", "y", "z")


@dataclass(frozen=True)
class Figure:
    """A derived number: its name, value, unit ("1" for a pure number), and a remark."""

    name: str
    value: float
    unit: str
    remark: str = ""


@dataclass(frozen=True)
class Caution:
    """A choice that will cost accuracy: the key, what was found, why, the cure."""

    key: str
    found: str
    text: str
    cure: str


@dataclass(frozen=True)
class ExpectedError:
    """The standard error that a quantity will have.

    error : in `unit`; "relative" is a fraction of the quantity itself
    steps_to_target : steps after which the error is 1 % of the scale, 0 if that has no meaning
    """

    name: str
    error: float
    unit: str
    basis: str
    steps_to_target: int = 0


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
    for axis, size in zip(AXES, cell_sizes(scenario), strict=False):
        remark = "no gradients: the cell size does not matter" if scenario.homogeneous else ""
        yield Figure(f"cell size d{axis} / lambda", size / scenario.mean_free_path, "1", remark)
    yield Figure("time step", scenario.time_step, "s")
    yield Figure("time step / collision time", scenario.time_step / scenario.collision_time, "1")
    yield Figure("particles", scenario.particle_count, "1")
    per_cell = scenario.particle_count / scenario.cell_count
    yield Figure("particles per cell", per_cell, "1")
    yield Figure("molecules per particle", scenario.weight, "1", "F_N")


def _cost(scenario: Scenario) -> Iterator[Figure]:
    """Length of the run, collisions, memory and time."""
    time = scenario.steps * scenario.time_step
    yield Figure("steps", scenario.steps, "1")
    yield Figure("time simulated", time, "s")
    yield Figure("time simulated / collision time", time / scenario.collision_time, "1")
    if scenario.collisions.scheme != "none":
        yield Figure("collisions", expected_collisions(scenario), "1", "in each replica")
    yield Figure("samples of the series", scenario.steps // scenario.sample_every + 1, "1")
    size = memory.needed(scenario)
    yield Figure("memory", size, "bytes", f"{memory.amount(size)} in each replica")
    threads = scenario.run.threads or cores()
    remark = f"at an assumed {ASSUMED_RATE / 1e6:g} million particle-steps/s on each of {threads}"
    remark += " threads" if threads > 1 else " thread"
    yield Figure("expected run time", expected_seconds(scenario), "s", remark)


def cell_sizes(scenario: Scenario) -> tuple[float, ...]:
    """dx along each axis of the domain [m]."""
    return tuple(
        length / count for length, count in zip(scenario.lengths, scenario.cells, strict=True)
    )


def expected_collisions(scenario: Scenario) -> float:
    """N nu t / 2, the collisions of one replica in equilibrium."""
    if scenario.collisions.scheme == "none":
        return 0.0
    time = scenario.steps * scenario.time_step
    return scenario.particle_count * time * scenario.collision_rate / 2.0


def expected_seconds(scenario: Scenario) -> float:
    """Wall time of all replicas at `ASSUMED_RATE` [s]."""
    threads = scenario.run.threads or cores()
    work = float(scenario.particle_count) * scenario.steps * scenario.run.replicas
    return work / (ASSUMED_RATE * threads)


def cores() -> int:
    """The processors that this program may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:
        return os.cpu_count() or 1


def warnings(scenario: Scenario) -> list[Caution]:
    """Choices against the rules of the method, with their numbers; errors if run.strict."""
    cautions = [*_sampling_cautions(scenario)]
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
    if not scenario.homogeneous and sample.start >= scenario.steps:
        yield Caution(
            "sample.start",
            str(sample.start),
            f"the run has {scenario.steps} steps: nothing will be averaged",
            f"sample.start = {scenario.steps // 5}",
        )
    if scenario.weight < 1.0:
        text = "each particle stands for less than one molecule: fluctuations are too small"
        cure = "fewer particles, or a larger box"
        yield Caution("initial.particles", f"F_N = {scenario.weight:.3g}", text, cure)
    if scenario.initial.kind == "file" and not os.path.isfile(scenario.initial.path):
        text = "no such file here: the run cannot start without it"
        yield Caution("initial.path", scenario.initial.path, text, "look at the path")
    together = min(scenario.run.replicas, cores())
    room, size = memory.available(), memory.needed(scenario)
    if room is not None and together > 1 and together * size > room:
        yield Caution(
            "run.replicas",
            str(scenario.run.replicas),
            f"{together} at a time need {memory.amount(together * size)}; "
            f"{memory.amount(room)} are free",
            "fewer particles or replicas",
        )


def expected_errors(scenario: Scenario) -> list[ExpectedError]:
    """The standard errors to expect (Hadjiconstantinou et al. 2003, for small deviations)."""
    errors = [*_series_errors(scenario)]
    if scenario.sample.fields_every:
        errors += _field_errors(scenario)
    return errors + list(_wall_errors(scenario))


def _series_errors(scenario: Scenario) -> Iterator[ExpectedError]:
    """One sample of the whole gas, all replicas together."""
    count = scenario.particle_count * scenario.run.replicas
    basis = f"one sample of {count:,} particles"
    yield ExpectedError("temperature_x", math.sqrt(2.0 / count), "relative", basis)
    yield ExpectedError("moment_4", math.sqrt(8.0 / (15.0 * count)), "relative", basis)
    events = expected_collisions(scenario) * scenario.run.replicas
    if events > 0.0:
        basis = f"{events:.3g} collisions in the whole run"
        yield ExpectedError("collision_rate", 1.0 / math.sqrt(events), "relative", basis)


def independent_samples(scenario: Scenario) -> float:
    """M, samples of a cell that are 2 tau_c (collisionless: a transit of the cell) apart."""
    steps = max(0, scenario.steps - scenario.sample.start)
    apart = 2.0 * scenario.collision_time / scenario.time_step
    if scenario.collisions.scheme == "none":
        heaviest = max(molecule.mass for molecule in scenario.molecules)
        speed = scales.most_probable_speed(heaviest, scenario.temperature)
        apart = min(cell_sizes(scenario)) / (speed * scenario.time_step)
    interval = max(apart, scenario.sample.fields_every or 1, 1.0)
    return max(1.0, steps / interval) * scenario.run.replicas


def _field_errors(scenario: Scenario) -> Iterator[ExpectedError]:
    """The average in one cell: 1, sqrt(2/3), sqrt(5/3) over sqrt(M N_c) for n, T, p."""
    per_cell = scenario.particle_count / scenario.cell_count
    count = independent_samples(scenario)
    steps = max(1, scenario.steps - scenario.sample.start)
    basis = f"a cell of {per_cell:.3g} particles, {count:.3g} independent samples"
    mass = sum(x * m.mass for x, m in zip(scenario.fractions, scenario.molecules, strict=True))
    speed = scales.most_probable_speed(mass, scenario.temperature)
    root = math.sqrt(count * per_cell)
    for name, factor in (
        ("number_density", 1.0),
        ("temperature", math.sqrt(2.0 / 3.0)),
        ("pressure", math.sqrt(5.0 / 3.0)),
    ):
        to_target = math.ceil(steps * (factor / root / TARGET) ** 2)
        yield ExpectedError(f"{name} of a cell", factor / root, "relative", basis, to_target)
    to_target = math.ceil(steps * (math.sqrt(0.5) / root / TARGET) ** 2)
    error = speed * math.sqrt(0.5) / root
    yield ExpectedError("velocity of a cell", error, "m s-1", basis, to_target)


def _wall_errors(scenario: Scenario) -> Iterator[ExpectedError]:
    """Averages at a wall from its hits: n cbar / 4 of them per area and time in equilibrium.

    Per hit of a diffuse wall the variance of the tangential momentum is (m v0)^2, that of the
    energy (2 k T)^2; the mean square of the normal momentum is (2 + pi/2) (m v0)^2, and
    4 (m v0)^2 at a specular wall, its mean sqrt(pi) m v0.
    """
    duration = max(0, scenario.steps - scenario.sample.start) * scenario.time_step
    if duration == 0.0:
        return
    molecules, temperature = scenario.molecules, scenario.temperature
    mass = sum(x * m.mass for x, m in zip(scenario.fractions, molecules, strict=True))
    speed = scales.most_probable_speed(mass, temperature)
    flux = scenario.number_density * scales.mean_speed(mass, temperature) / 4.0
    for number in range(scenario.dimension):
        area = scenario.volume / scenario.lengths[number]
        hits = flux * area * duration / scenario.weight * scenario.run.replicas
        faces = getattr(scenario.boundaries, AXES[number])
        for side in ("low", "high"):
            kind = getattr(faces, side).kind
            if kind == "periodic" or hits < 1.0:
                continue
            root = math.sqrt(hits)
            place, basis = f"at {AXES[number]} {side}", f"{hits:.3g} hits"
            yield ExpectedError(f"wall_number_flux {place}", 1.0 / root, "relative", basis)
            square = 4.0 if kind == "specular" else 2.0 + math.pi / 2.0
            error = math.sqrt(square / math.pi) / root
            yield ExpectedError(f"wall_pressure {place}", error, "relative", basis)
            if kind == "diffuse":
                error = flux * mass * speed / root
                yield ExpectedError(f"wall_shear {place}", error, "Pa", basis)
                error = flux * 2.0 * BOLTZMANN * temperature / root
                yield ExpectedError(f"wall_heat_flux {place}", error, "W m-2", basis)
