"""Stage: what enters the box in a step, through patches with a gas behind them.

A *source* is one species of the gas behind one patch.  In every step a Poisson number of particles
enters from it, uniformly over the step and over the patch, with the velocities of the flux of a
drifting Maxwellian (`dsmc.entering`); each flies for the rest of the step that it has, and may meet
other faces.  A patch need not be a rectangle: particles are drawn over its range, and those that
fall on another patch are dropped, which leaves a Poisson number on the patch.

Random numbers are addressed beyond the cells of the box: source e stands for cell `cells + e`, and
the number of the particle in its source for the rank.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from dsmc import draws
from dsmc.compiled import kernel, nested_kernel
from dsmc.draws import Address, unit, unit_fine, words
from dsmc.drift import fly_far
from dsmc.entering import approaching_speed, receding_speed
from dsmc.model import Model
from dsmc.particles import Particles
from dsmc.poisson import many_events, no_events
from dsmc.reflection import maxwell_pair
from dsmc.slabs import run_of
from dsmc.team import Team
from dsmc.walls import patch_at, send

CHUNKS = 16  # fixed runs of entering particles that threads share; sums do not depend on them
MANY = 10.0  # mean from which Poisson numbers are drawn by rejection


class Inflow(NamedTuple):
    """The gases outside the box: E sources."""

    patch: np.ndarray  # (E,) through which they enter
    face: np.ndarray  # (E,) of that patch, 2 axis + side
    species: np.ndarray  # (E,)
    low: np.ndarray  # (E, d) range of the patch within the box [m]
    high: np.ndarray  # (E, d)
    thermal_speed: np.ndarray  # (E,) a = sqrt(2 k T / m) [m/s]
    velocity: np.ndarray  # (E, 3) of the gas outside [m/s]
    speed_ratio: np.ndarray  # (E,) of its velocity along the inward normal, in a
    mean: np.ndarray  # (E,) particles that enter the range of the patch in a step


@nested_kernel
def poisson_number(mean, address, index):
    """A number of Poisson's law; index : of the draw at this address."""
    if mean < MANY:
        a, b, _, _ = words(address, draws.ARRIVALS, index, 0)
        rest = unit_fine(a, b)
        chance = no_events(mean)
        number = 0
        while rest > chance and chance > 0.0:
            rest -= chance
            number += 1
            chance *= mean / number
        return number
    trial = 0
    while True:
        a, b, c, d = words(address, draws.ARRIVALS, index, trial)
        events, accepted = many_events(mean, unit_fine(a, b), unit_fine(c, d))
        if accepted:
            return np.int64(events)
        trial += 1


@kernel
def count_arrivals(inflow, key, step, cells, ends):
    """Draw how many particles enter from every source; ends : (E + 1,) their running sum."""
    for source in range(inflow.mean.shape[0]):
        address = Address(key, step, cells + source)
        ends[source + 1] = ends[source] + poisson_number(inflow.mean[source], address, 0)


@nested_kernel
def enter_rows(
    begin, end, count, phase, species, id, clock, next_id, ends, inflow, model, acceleration,
    planes, key, step, destination, histogram, tally,
):  # fmt: skip
    """Let the particles begin : end of those that enter fly in, behind row `count`.

    destination : (C,); histogram : (cells + 1,); tally : (rows, columns)
    """
    cells = histogram.shape[0] - 1
    axes = len(model.grid.lengths)
    source = 0
    for number in range(begin, end):
        while number >= ends[source + 1]:
            source += 1
        row, rank = np.uint64(count + number), number - ends[source]
        address = Address(key, step, cells + source)
        if species is not None:
            species[row] = inflow.species[source]
        if id is not None:
            id[row] = next_id + number
        if clock is not None:
            clock[row] = -1.0
        left = place(phase, row, axes, source, inflow, model, address, rank)
        face = inflow.face[source]
        patch = patch_at(phase, row, face, axes, model.walls)
        new = np.uint64(cells)
        if patch == inflow.patch[source]:
            s = inflow.species[source]
            speed_up(phase, row, axes, source, inflow, address, rank)
            send(phase, row, s, face, patch, model, tally)
            new = fly_far(
                phase, row, species, model, acceleration, planes, left, address, rank, tally, cells
            )  # fmt: skip
        destination[row] = new
        histogram[new] += 1


@nested_kernel
def place(phase, row, axes, source, inflow, model, address, rank):
    """Put a particle anywhere on the range of its patch; returns the time it has to fly [s]."""
    face = inflow.face[source]
    normal = face // 2
    a, b, c, d = words(address, draws.ENTRANCE, rank, 0)
    share = unit_fine(a, b)
    for axis in range(axes):
        if axis == normal:
            phase[row, axis] = model.grid.lengths[axis] if face % 2 == 1 else 0.0
            continue
        low, high = inflow.low[source, axis], inflow.high[source, axis]
        phase[row, axis] = low + share * (high - low)
        share = unit_fine(c, d)
    a, b, _, _ = words(address, draws.ENTRANCE, rank, 1)
    return model.time_step * unit_fine(a, b)


@nested_kernel
def speed_up(phase, row, axes, source, inflow, address, rank):
    """Give a particle a velocity of the flux that enters."""
    thermal, normal = inflow.thermal_speed[source], inflow.face[source] // 2
    a, b, c, d = words(address, draws.ENTRANCE, rank, 2)
    one, two = maxwell_pair(thermal, unit_fine(a, b), unit_fine(c, d))
    speed = thermal * entering_speed(inflow.speed_ratio[source], address, rank)
    next_axis, last_axis = (normal + 1) % 3, (normal + 2) % 3
    phase[row, axes + normal] = speed if inflow.face[source] % 2 == 0 else -speed
    phase[row, axes + next_axis] = one + inflow.velocity[source, next_axis]
    phase[row, axes + last_axis] = two + inflow.velocity[source, last_axis]


@nested_kernel
def entering_speed(speed_ratio, address, rank):
    """A normal speed of the flux that enters, in units of the thermal speed."""
    trial = 0
    while True:
        a, b, c, d = words(address, draws.ENTRANCE, rank, 3 + 2 * trial)
        if speed_ratio >= 0.0:
            speed, chance = approaching_speed(speed_ratio, unit_fine(a, b), unit(c), unit(d))
        else:
            speed, chance = receding_speed(speed_ratio, unit_fine(a, b), unit_fine(c, d))
        if chance >= 1.0:
            return speed
        a, _, _, _ = words(address, draws.ENTRANCE, rank, 4 + 2 * trial)
        if unit(a) < chance:
            return speed
        trial += 1


@kernel
def enter_run(
    thread, threads, count, phase, species, id, clock, next_id, ends, inflow, model, acceleration,
    planes, key, step, destination, histograms, tally,
):  # fmt: skip
    """Let a thread's run of those that enter fly in.

    histograms : (groups, cells + 1), those of entering particles behind those of the threads
    tally : (CHUNKS, rows, columns)
    """
    total, histogram = ends[ends.shape[0] - 1], histograms[threads + thread]
    histogram[:] = 0
    first, last = run_of(thread, threads, CHUNKS)
    for chunk in range(first, last):
        enter_rows(
            total * chunk // CHUNKS, total * (chunk + 1) // CHUNKS, count, phase, species, id,
            clock, next_id, ends, inflow, model, acceleration, planes, key, step, destination,
            histogram, tally[chunk],
        )  # fmt: skip


def enter(
    state: Particles,
    inflow: Inflow,
    ends: np.ndarray,
    next_id: int,
    model: Model,
    key: tuple,
    step: int,
    team: Team,
    tally: np.ndarray,
    stages=enter_run,
) -> None:
    """Let particles enter behind the rows of the box, every thread its own run of them.

    ends : (E + 1,) of `count_arrivals`; tally : (CHUNKS, rows, columns); next_id : of the first
    stages : `enter_run`, or a variant of it around other laws
    """
    columns = [state.further.get(name) for name in ("species", "id", "clock")]
    team.each(
        stages, team.threads, state.count, state.rows, *columns, next_id, ends, inflow, model,
        model.acceleration, model.planes, key, step, state.destination, state.histogram, tally,
    )  # fmt: skip
