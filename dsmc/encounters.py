"""Stage: collisions of rows of any dimension in disjoint pairs, cell by cell, no box and no clock.

The no-time-counter method of a gas: majorant, candidates, acceptance by relative speed, scattering.
What ends a step is a number of collisions, `rate` for each row on average, in as many rounds as it
takes; every round sees the velocities that the one before it left.  Rows of positions are looked at
only where a pair collides along its line of centres.

    G. A. Bird, Molecular Gas Dynamics and the Direct Simulation of Gas Flows, 1994, chapter 11.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from dsmc.collide import collide_cell, scatter_pair
from dsmc.compiled import inner_kernel, kernel, variant
from dsmc.disjoint import ROUNDS, SAMPLE, fast_pairs, pair_up, pairs_due
from dsmc.draws import Address
from dsmc.gas import Gas
from dsmc.lanes import column_sums, column_update
from dsmc.pairs import Bench, bench
from dsmc.scatter import mirror, mirrored_line_of_centres, speed

# What a step counts.
CANDIDATES, ACCEPTED, NOT_FINITE, SHORT = range(4)
COUNTS = 4  # SHORT: cells whose rounds did not suffice


class Spheres(NamedTuple):
    """Equal hard spheres: a gas, and how a pair scatters where positions are resolved."""

    mass: np.ndarray
    share: np.ndarray
    prefactor: np.ndarray
    half_exponent: np.ndarray
    inverse_alpha: np.ndarray
    weight: float
    along_centres: bool  # or isotropically
    restitution: float  # along the line of centres
    resolution: float  # |h|^2 below which two directions are the same


class Desk(NamedTuple):
    """Workspace of a step."""

    reach: np.ndarray  # (rows,) |v - c| of every row, c near the mean of its cell
    chance: np.ndarray  # (largest cell / 2,) uniforms of the pairs of a round
    sample: np.ndarray  # (SAMPLE, 2) rows
    bench: Bench  # centre of a cell, direction after a collision


def spheres(along_centres: bool, restitution: float, dtype: type) -> Spheres:
    """Equal spheres with sigma g = g, in cells of volume 1, for rows of a precision."""
    one = np.ones((1, 1))
    gas = Gas(np.ones(1), 0.5 * one, one, 0.5 * one, one, 1.0)
    grain = 4.0 * float(np.finfo(dtype).eps)
    return Spheres(*gas, along_centres, float(restitution), grain * grain)


def desk(rows: int, dimension: int, dtype: type) -> Desk:
    """Lay out the workspace for (rows, dimension) velocities."""
    return Desk(
        np.empty(rows),
        np.empty(rows // 2 + 1),
        np.empty((SAMPLE, 2), np.uint64),
        bench(dimension, 1, 0, dtype),
    )


def _difference(x, y):
    difference = x - y
    return ((difference, difference),)


def _products(x, y):
    return (x, x), (y, y), (x, y)


def _along_line(x_i, x_j, v_i, v_j, a, b):
    h = a * x_i - b * x_j
    return (h, h), (v_i, h), (v_j, h)


def _push(x_i, x_j, v_i, v_j, a, b, c_i, c_j):
    h = a * x_i - b * x_j
    return v_i + c_i * h, v_j + c_j * h


difference_squared = column_sums(_difference)
products = column_sums(_products)
along_line = column_sums(_along_line)
push_along_line = column_update(_push)


@kernel
def collide_disjoint(
    position, velocity, member, offsets, labels, key, step, part, rate, gas, desk, counts
):
    """Let the rows of every cell collide `rate` times each on average.

    position, velocity : (rows, D) contiguous, of one precision; member : (rows,) by cell, changed
    offsets : (cells + 1,) into member; labels : (cells,) of the addresses; part : of round 0
    counts : (COUNTS,) to which the step adds
    """
    for cell in range(labels.shape[0]):
        rows = member[offsets[cell] : offsets[cell + 1]]
        address = Address(key, step, labels[cell])
        if rows.shape[0] > 1:
            collide_rows(position, velocity, rows, address, part, rate, gas, desk, counts)


@kernel
def collide_rows(position, velocity, member, address, part, rate, gas, desk, counts):
    """The rounds of one cell."""
    count = member.shape[0]
    if not measure_reach(velocity, member, desk.bench.mean, desk.reach):
        counts[NOT_FINITE] += 1
        return
    left = 0.5 * count * rate
    for round in range(ROUNDS):
        widest, total = spread(member, desk.reach)
        if widest == 0.0:
            return
        fast_pairs(member, desk.reach, address, part + round, desk.sample)
        # <g>/g_max: what a candidate is likely to bring
        likely = mean_share(velocity, desk.reach, desk.sample) * total / (count * widest)
        if likely == 0.0:
            return
        pairs = pairs_due(left, likely, count, address, part + round)
        pair_up(member, pairs, address, part + round, desk.chance)
        first = (part + round) * np.int64(count // 2)
        more = pairs == count // 2
        collide_round(
            position, velocity, member, pairs, 2.0 * widest, address, first, more, gas, desk,
            counts,
        )  # fmt: skip
        left -= likely * pairs
        if left <= 0.0 or not more:
            return
    counts[SHORT] += 1


@kernel
def collide_round(
    position, velocity, member, pairs, fastest, address, first, more, gas, desk, counts
):
    """One round: accept by relative speed, scatter; `more`: another round needs the reaches."""
    for pair in range(np.uint64(pairs)):
        i, j = member[2 * pair], member[2 * pair + np.uint64(1)]
        counts[CANDIDATES] += 1
        bar = desk.chance[pair] * fastest
        # g <= |v_i - c| + |v_j - c|: most of the slow pairs need not be looked at
        if bar >= desk.reach[i] + desk.reach[j]:
            continue
        (square,) = difference_squared((velocity[i], velocity[j]), ())
        if bar >= speed(square):
            continue
        counts[ACCEPTED] += 1
        if gas.along_centres:
            x_i, x_j, v_i, v_j = position[i], position[j], velocity[i], velocity[j]
            meet(x_i, x_j, v_i, v_j, gas.restitution, gas.resolution)
        else:
            draw = first + np.int64(pair)
            scatter_pair(velocity, i, j, 0, velocity.shape[1], gas, 0, 0, address, draw, desk.bench)
        if more:
            for row in (i, j):
                (square,) = difference_squared((velocity[row], desk.bench.mean), ())
                desk.reach[row] = speed(square)


@inner_kernel
def meet(x_i, x_j, v_i, v_j, restitution, resolution):
    """Reverse the approach of a pair along the line of centres of its directions, or leave it.

    The line is measured as it is applied: rounding turns it, but costs no energy.
    """
    x_i_squared, x_j_squared, x_i_dot_x_j = products((x_i, x_j), ())
    a, b, sign = mirror(x_i_squared, x_j_squared, x_i_dot_x_j)
    h_squared, h_dot_i, h_dot_j = along_line((x_i, x_j, v_i, v_j), (a, b))
    change = mirrored_line_of_centres(h_squared, h_dot_i - sign * h_dot_j, restitution, resolution)
    if change != 0.0:
        push_along_line((x_i, x_j, v_i, v_j), (a, b, change, -sign * change))


@kernel
def meet_in_phase(phase, i, j, first, dimension, gas, a, b, address, draw, bench):
    """`meet` in place of `scatter_pair`: positions and velocities are parts of one row."""
    row_i, row_j = phase[i], phase[j]
    meet(
        row_i[:first], row_j[:first], row_i[first:], row_j[first:], gas.restitution, gas.resolution
    )


@kernel
def measure_reach(velocity, member, centre, reach):
    """Distance of every velocity of a cell from a point near their mean; False if not finite.

    Any point would do in place of the mean: some of the rows are enough to find one near it.
    """
    some = min(member.shape[0], 4 + member.shape[0] // 16)
    centre[:] = 0.0
    for a in range(np.uint64(some)):
        row = velocity[member[a]]
        for k in range(np.uint64(centre.shape[0])):
            centre[k] += row[k]
    for k in range(np.uint64(centre.shape[0])):
        centre[k] /= some
    total = 0.0
    for a in range(np.uint64(member.shape[0])):
        (square,) = difference_squared((velocity[member[a]], centre), ())
        reach[member[a]] = speed(square)
        total += square
    return total < np.inf


@kernel
def spread(member, reach):
    """The farthest reach of a cell, and the sum of all."""
    widest, total = 0.0, 0.0
    for a in range(np.uint64(member.shape[0])):
        widest = max(widest, reach[member[a]])
        total += reach[member[a]]
    return widest, total


@kernel
def mean_share(velocity, reach, sample):
    """Mean of g / (r_i + r_j) over pairs drawn in proportion to r_i + r_j.

    Times 2 <r> it is the mean relative speed: unbiased, and as good for a few fast rows among many
    slow ones as for equals.
    """
    share = 0.0
    for draw in range(np.uint64(sample.shape[0])):
        i, j = sample[draw, 0], sample[draw, 1]
        (square,) = difference_squared((velocity[i], velocity[j]), ())
        share += speed(square) / (reach[i] + reach[j])
    return share / sample.shape[0]


@kernel
def collision_times(velocity, member, offsets, labels, key, step, part, rate, desk, times):
    """The time in which the rows of a cell collide `rate` times each at their mean relative speed.

    times : (cells,) filled: rate / ((N - 1) <g>); 0 where nothing moves, -1 where not finite
    """
    for cell in range(labels.shape[0]):
        rows = member[offsets[cell] : offsets[cell + 1]]
        times[cell] = 0.0
        if rows.shape[0] < 2:
            continue
        if not measure_reach(velocity, rows, desk.bench.mean, desk.reach):
            times[cell] = -1.0
            continue
        widest, total = spread(rows, desk.reach)
        if widest > 0.0:
            fast_pairs(rows, desk.reach, Address(key, step, labels[cell]), part, desk.sample)
            share = mean_share(velocity, desk.reach, desk.sample)
            if share > 0.0:
                mean_speed = 2.0 * share * total / rows.shape[0]
                times[cell] = rate / ((rows.shape[0] - 1) * mean_speed)


@kernel
def collide_in_turn(phase, first, offsets, labels, key, step, times, gas, desk, tally):
    """`collide_cell` in every cell for its time.

    phase : (rows, first + D), positions and velocities, sorted by cell; tally : (1, 1, 1, 2)
    """
    for cell in range(labels.shape[0]):
        if times[cell] > 0.0:
            collide_cell(
                phase, None, offsets[cell], offsets[cell + 1], first, phase.shape[1] - first, 1.0,
                gas, times[cell], Address(key, step, labels[cell]), 0.0, 0, None, None,
                desk.bench, tally,
            )  # fmt: skip


def in_turn_along_centres() -> Callable:
    """`collide_in_turn` with scattering along the line of centres; the same object every time."""
    return variant(collide_in_turn, scatter_pair=meet_in_phase)
