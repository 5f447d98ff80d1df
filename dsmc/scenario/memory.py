"""How much memory a run needs, and how much there is."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from dsmc.scenario.messages import Problem

if TYPE_CHECKING:
    from dsmc.scenario.model import Scenario

VELOCITY_COMPONENTS = 3
BOOKKEEPING = 9  # bytes per particle: new cell, and its share of the counting sort
IDENTITY = 16  # two copies of an 8-byte id
SPECIES = 2  # two copies of a 1-byte species
CELL = 48  # bytes per cell: first row, histogram of every thread, bounds
FIELDS = 14 * 8  # bytes per cell and species: the sums of the cell fields


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
    kinds = len(scenario.molecules)
    particle = bytes_per_particle(
        scenario.dimension, scenario.run.precision, bool(scenario.output.trajectory), kinds > 1
    )
    cell = CELL + 8 * kinds * kinds + FIELDS * kinds * (scenario.sample.fields_every != 0)
    return particle * scenario.particle_count + cell * scenario.cell_count


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
    initial = scenario.initial
    keys = ("particles", "particles_per_cell", "weight")
    key = next(name for name in keys if getattr(initial, name) is not None)
    path = f"initial.{key}" if scenario.particle_count >= scenario.cell_count else "domain.cells"
    return [
        Problem(
            path,
            "",
            f"{scenario.particle_count:,} particles in {scenario.cell_count:,} cells need about "
            f"{amount(wanted)}; this machine has {amount(room)} free",
            'choose fewer particles or cells, run.precision = "float32", or a larger machine',
        )
    ]


def amount(size: float) -> str:
    """Bytes in the unit that fits."""
    for unit in ("bytes", "kB", "MB", "GB", "TB", "PB"):
        if size < 1000 or unit == "PB":
            return f"{size:.3g} {unit}"
        size /= 1000
    return ""
