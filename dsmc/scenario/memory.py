"""How much memory a run needs, and how much there is."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from dsmc.quantities import CENSUS, QUANTITIES
from dsmc.rows import rows
from dsmc.scenario import scales
from dsmc.scenario.messages import Problem
from dsmc.species import BOLTZMANN

if TYPE_CHECKING:
    from dsmc.scenario.model import Scenario
    from dsmc.scenario.patches import Patch

VELOCITY_COMPONENTS = 3
BOOKKEEPING = 9  # bytes per particle: new cell, and its share of the counting sort
IDENTITY = 16  # two copies of an 8-byte id
SPECIES = 2  # two copies of a 1-byte species
CLOCK = 16  # two copies of the time of the last collision
PARTNERS = 8  # bytes per particle and thread: a cell of a mixture may come to hold every particle
CELL = 40  # bytes per cell: first row; counts and slots of four threads
SUMS = 15 * 8  # bytes per cell and species: sums of one average
FIELDS = 20 * 8  # bytes per cell: one value of every measured field
BLOCKS = 15 * 4  # bytes per cell, species and block of time
WRITTEN = 26 * 8  # bytes per cell in a file: every field and its error in single precision
SLABS = 128  # shares of the cells that count by themselves, fewer where there are fewer cells
ARRIVALS = 16  # further shares, of what enters
COUNTS = 9, 5  # numbers of a wall cell that a share counts and that a block of time holds,
OF_SPECIES = 2  # and of each species in both
WALL_BLOCKS = 64 + 8  # blocks of time of a wall cell, and what an evaluation takes
SAMPLE = 16  # bytes of a value of a series and its error
SPARE = 1.5  # room for particles that come, where they come and go


def bytes_per_particle(
    dimension: int, precision: str = "float64", ids: bool = False, mixture: bool = False
) -> int:
    """Two buffers of (position, velocity) rows and the bookkeeping.

    105 bytes in three dimensions and float64, 57 in float32; ids add 16, a mixture 2.
    """
    width = 4 if precision == "float32" else 8
    rows = 2 * (dimension + VELOCITY_COMPONENTS) * width
    return rows + BOOKKEEPING + IDENTITY * ids + SPECIES * mixture


def needed(scenario: Scenario) -> int:
    """Bytes that one replica of the scenario needs, about."""
    return sum(parts(scenario).values())


def parts(scenario: Scenario) -> dict[str, int]:
    """Bytes by the key that asks for them."""
    kinds, sample, output = len(scenario.molecules), scenario.sample, scenario.output
    particle = bytes_per_particle(
        scenario.dimension, scenario.run.precision, bool(output.trajectory), kinds > 1
    )
    if kinds > 1:
        particle += PARTNERS * (scenario.run.threads or os.cpu_count() or 1)
    elif CENSUS & set(sample.quantities or ()):
        particle += CLOCK
    if not scenario.sealed:
        particle = round(particle * SPARE)
    cell = CELL + 8 * kinds * kinds
    if sample.fields_every or (sample.fields_every is None and not scenario.homogeneous):
        averages = 2 if output.fields_average == "interval" else 1
        cell += SUMS * kinds * (1 + 2 * averages) + FIELDS * 5
        cell += BLOCKS * kinds * averages * (32 if scenario.cell_count < 100_000 else 16)
    count = next(
        key
        for key in ("particles", "particles_per_cell", "weight")
        if getattr(scenario.initial, key) is not None
    )
    return {
        f"initial.{count}": particle * most_particles(scenario),
        "domain.cells": cell * scenario.cell_count,
        "sample.wall_cells": wall_cell(scenario) * wall_cells(scenario),
        "sample.every": SAMPLE * series(scenario) * samples(scenario),
    }


def wall_cells(scenario: Scenario) -> int:
    """Cells along all faces, 0 where they are not asked for."""
    cells = rows(scenario).cells
    return cells[-1] - cells[0] if cells else 0


def wall_cell(scenario: Scenario) -> int:
    """Bytes of a cell along a face: what each share of the cells counts, and its blocks of time."""
    shares = min(SLABS, scenario.cell_count) + ARRIVALS
    counted, kept = (number + OF_SPECIES * len(scenario.molecules) for number in COUNTS)
    return 8 * (counted * shares + kept * WALL_BLOCKS)


def most_particles(scenario: Scenario) -> int:
    """Particles in the box once it is filled with the densest gas outside, or at the start."""
    densities = [scenario.number_density]
    for patch in scenario.patches:
        if patch.kind == "reservoir":
            densities.append(patch.boundary.number_density_m3 * _coming_share(scenario, patch))
        elif patch.kind == "pressure":
            density = patch.boundary.pressure_Pa / (BOLTZMANN * patch.boundary.temperature_K)
            densities.append(density)
    filled = max(densities) * scenario.volume / scenario.weight
    return max(scenario.particle_count, round(min(filled, 1e18)))


def _coming_share(scenario: Scenario, patch: Patch) -> float:
    """Of a gas outside that flows away: its flux into the box over that of the gas at rest."""
    outward = patch.boundary.velocity_m_s[patch.axis] * (1.0 if patch.side else -1.0)
    lightest = min(molecule.mass for molecule in scenario.molecules)
    speed = scales.most_probable_speed(lightest, patch.boundary.temperature_K)
    return scales.flux_ratio(-max(0.0, outward) / speed)


def samples(scenario: Scenario) -> int:
    """Rows of each series; a run takes some 200 if sample.every is not given."""
    return scenario.steps // scenario.sample.every + 1 if scenario.sample.every else 201


def series(scenario: Scenario) -> int:
    """Series that the run samples, about; in a mixture most are kept for each species, too."""
    names = scenario.sample.quantities
    wanted = [
        quantity
        for name, quantity in QUANTITIES.items()
        if "series" in quantity.kinds and (names is None or name in names)
    ]
    kinds = len(scenario.molecules)
    return len(wanted) * (1 if kinds == 1 else 1 + kinds)


def available() -> int | None:
    """Bytes of memory that a new program can have; None if the system does not say."""
    limits = [_meminfo(), _control_group()]
    known = [limit for limit in limits if limit is not None]
    if known:
        return min(known)
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, OSError, ValueError):
        return None


def _meminfo() -> int | None:
    """MemAvailable of Linux."""
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if "MemAvailable" in line)
    except (OSError, StopIteration, ValueError):
        return None


def _control_group() -> int | None:
    """The limit of a container."""
    try:
        return int(Path("/sys/fs/cgroup/memory.max").read_text())
    except (OSError, ValueError):
        return None


def too_large(scenario: Scenario) -> list[Problem]:
    """A problem if the particles and cells do not fit into the memory of this machine."""
    room, wanted = available(), needed(scenario)
    if room is None or wanted <= room:
        return []
    by_key = parts(scenario)
    path = max(by_key, key=lambda key: by_key[key])
    told = f"need about {amount(wanted)}; this machine has {amount(room)} free"
    if path == "sample.every":
        found, what = str(scenario.sample.every), f"{samples(scenario):,} samples of the series"
        return [Problem(path, found, f"{what} {told}", "sample less often, or run fewer steps")]
    if path == "sample.wall_cells":
        what = f"{wall_cells(scenario):,} cells along the walls, {amount(by_key[path])} of it,"
        return [Problem(path, "true", f"{what} {told}", "wall_cells = false, or fewer cells")]
    what = f"{_count(most_particles(scenario))} particles in {_count(scenario.cell_count)} cells"
    cure = 'choose fewer particles or cells, run.precision = "float32", or a larger machine'
    return [Problem(path, "", f"{what} {told}", cure)]


def _count(number: int) -> str:
    """A whole number, in full while that can be read."""
    return f"{number:,}" if number < 10**15 else f"{number:.3g}"


def amount(size: float) -> str:
    """Bytes in the unit that fits."""
    for unit in ("bytes", "kB", "MB", "GB", "TB", "PB"):
        if size < 1000 or unit == "PB":
            return f"{size:.3g} {unit}"
        size /= 1000
    return ""
