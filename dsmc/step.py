"""One time step: the order of the stages, in two passes over the particles.

Pass A, cell by cell while the cell is in cache: sample, collide, sample, fly, note the new cell.
Pass B: a stable counting sort moves the rows to the other buffer.  Particles are sorted by cell at
the beginning and at the end of every step.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from dsmc.cells import divide_slabs, first_cell, prefix_sum, reorder_rows
from dsmc.census import Census, record_exposure
from dsmc.collide import collide_cell
from dsmc.compiled import Team, kernel
from dsmc.crossings import Crossings, cross_planes
from dsmc.draws import Address
from dsmc.drift import fly_cell
from dsmc.model import Model
from dsmc.moments import add_cell
from dsmc.pairs import Bench
from dsmc.particles import Particles, swap_buffers
from dsmc.velocities import Velocities, count_velocities


class Tallies(NamedTuple):
    """What the stages count, by slab, so that sums do not depend on the number of threads."""

    collisions: np.ndarray  # (slabs, S, S, 2) candidates and collisions of each pair of species
    walls: np.ndarray  # (slabs, faces, walls.COLUMNS)


class Probes(NamedTuple):
    """What is looked at beside the cells: planes, and the velocities in chosen cells."""

    crossings: Crossings
    velocities: Velocities


@kernel
def look_at_cell(phase, species, start, stop, first, probes, cell):
    """Count half of the velocities of a cell: once before its collisions, once after them."""
    if probes is not None:
        count_velocities(phase, species, start, stop, first, 0.5, probes.velocities, cell)


@kernel
def advance_slabs(
    first_slab, last_slab, phase, species, offsets, model, key, step, sums, census, probes,
    destination, histogram, tallies, bench,
):  # fmt: skip
    """Pass A over a run of slabs: sample, collide, sample, fly."""
    cells = offsets.shape[0] - 1
    slabs = tallies.collisions.shape[0]
    first = len(model.grid.lengths)
    time = step * model.time_step
    histogram[:] = 0
    for slab in range(first_slab, last_slab):
        for cell in range(first_cell(slab, slabs, cells), first_cell(slab + 1, slabs, cells)):
            start, stop = offsets[cell], offsets[cell + 1]
            address = Address(key, step, cell)
            if census is not None:
                record_exposure(phase, start, stop, first, census, slab)
            if sums is not None:
                add_cell(phase, species, start, stop, first, 0.5, sums[cell])
                look_at_cell(phase, species, start, stop, first, probes, cell)
            if model.colliding:
                collide_cell(
                    phase, species, start, stop, first, None, model.grid.volume, model.gas,
                    model.time_step, address, time, slab, census, bench, tallies.collisions,
                )  # fmt: skip
            if sums is not None:
                add_cell(phase, species, start, stop, first, 0.5, sums[cell])
                look_at_cell(phase, species, start, stop, first, probes, cell)
            if probes is not None:
                cross_planes(
                    phase, species, start, stop, first, model.gas.mass, model.time_step,
                    probes.crossings, slab,
                )  # fmt: skip
            fly_cell(
                phase, species, start, stop, model, address, destination, histogram,
                tallies.walls[slab],
            )  # fmt: skip


def advance(
    state: Particles,
    model: Model,
    key: tuple,
    step: int,
    team: Team,
    benches: list[Bench],
    tallies: Tallies,
    sums: np.ndarray | None = None,
    census: Census | None = None,
    probes: Probes | None = None,
    stages: Callable = advance_slabs,
) -> None:
    """Pass A, every thread over its own run of slabs.

    sums : (cells, S, moments.COLUMNS) to which this step adds its velocity sums, or None
    probes : planes and cells that are looked at, or None
    stages : `advance_slabs`, or a variant of it around other laws
    """
    divide_slabs(state.offsets, state.slabs, state.bounds)

    def work(thread: int) -> None:
        stages(
            state.bounds[thread], state.bounds[thread + 1], state.phase, state.species,
            state.offsets, model, key, step, sums, census, probes,
            state.destination, state.histogram[thread], tallies, benches[thread],
        )  # fmt: skip

    team.each(work)


def reorder(state: Particles, team: Team) -> None:
    """Pass B: sort the rows by cell into the other buffer and make it current."""
    prefix_sum(state.histogram, state.spare_offsets, state.slots)
    cells = state.offsets.size - 1

    def work(thread: int) -> None:
        begin, end = state.bounds[thread], state.bounds[thread + 1]
        start = state.offsets[first_cell(begin, state.slabs, cells)]
        stop = state.offsets[first_cell(end, state.slabs, cells)]
        slots = state.slots[thread]
        reorder_rows(state.phase, start, stop, state.destination, slots, state.spare)

    team.each(work)
    swap_buffers(state, team)
