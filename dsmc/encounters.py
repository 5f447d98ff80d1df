"""Stage: collisions of rows of any dimension in disjoint pairs, cell by cell, no box and no clock.

The no-time-counter method of a gas: majorant, candidates, acceptance by relative speed, scattering.
What ends a step is a number of collisions, `rate` for each row on average, in as many rounds as it
takes; every round sees the velocities that the one before it left.  Rows of positions are looked at
only where a pair collides along its line of centres.

Reaches and relative speeds are measured for all pairs of a round before one is accepted, and what
the accepted ones need after that: loops that follow no chance are quick.

    G. A. Bird, Molecular Gas Dynamics and the Direct Simulation of Gas Flows, 1994, chapter 11.
"""

from collections.abc import Callable
from functools import cache
from typing import NamedTuple

import numpy as np

from dsmc import draws
from dsmc.batch import Batch, batch
from dsmc.collide import collide_cell
from dsmc.compiled import inner_kernel, kernel, nested_kernel, variant
from dsmc.disjoint import ROUNDS, SAMPLE, fast_pairs, pair_up, pairs_due
from dsmc.draws import Address, words
from dsmc.gas import Gas
from dsmc.lanes import column_sums, column_update
from dsmc.scatter import approach, mirror, mirrored_line_of_centres, speed
from dsmc.turning import scatter_pair

# What a step counts.
CANDIDATES, ACCEPTED, NOT_FINITE, SHORT = range(4)
COUNTS = 4  # SHORT: cells whose rounds did not suffice
NEAR = 0.1  # |h|^2 below which h is measured itself: products would lose digits of it
CACHED = 1 << 18  # bytes of the rows of a block of pairs: they stay near the processor
_ONE, _TWO = np.uint64(1), np.uint64(2)


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
    chance: np.ndarray  # (rows / 2 + 1,) uniforms of the pairs of a round
    speed: np.ndarray  # (rows / 2 + 1,) relative speeds of the pairs of a round
    sample: np.ndarray  # (SAMPLE, 2) rows
    chosen: np.ndarray  # (block,) pairs that go on to the next verb
    line: np.ndarray  # (block, 4) of the pairs: a, b of their line, c_i, c_j of their push
    centre: np.ndarray  # (D,) of a cell
    normal: np.ndarray  # (D,) direction after a collision
    batch: Batch  # where pairs meet one after the other


@cache
def spheres(along_centres: bool, restitution: float, dtype: type) -> Spheres:
    """Equal spheres with sigma g = g, in cells of volume 1, for rows of a precision."""
    one = np.ones((1, 1))
    gas = Gas(np.ones(1), 0.5 * one, one, 0.5 * one, one, 1.0)
    grain = 4.0 * float(np.finfo(dtype).eps)
    return Spheres(*gas, along_centres, float(restitution), grain * grain)


def desk(rows: int, dimension: int, dtype: type) -> Desk:
    """Lay out the workspace for (rows, dimension) velocities."""
    pairs = rows // 2 + 1
    block = min(pairs, 1 + CACHED // (4 * dimension * np.dtype(dtype).itemsize))
    return Desk(
        np.empty(rows),
        np.empty(pairs),
        np.empty(pairs),
        np.empty((SAMPLE, 2), np.uint64),
        np.empty(block, np.uint64),
        np.empty((block, 4)),
        np.zeros(dimension, dtype),
        np.empty(dimension),
        batch(dimension, 1, 0, dtype, real=np.float64),  # squares of gradients may be tiny
    )


def _difference(x, y):
    difference = x - y
    return ((difference, difference),)


def _separations(v_i, v_j, centre):
    p, q, g = v_i - centre, v_j - centre, v_i - v_j
    return (p, p), (q, q), (g, g)


def _products(x_i, x_j, v_i, v_j):
    return (x_i, x_i), (x_j, x_j), (x_i, x_j), (v_i, x_i), (v_i, x_j), (v_j, x_i), (v_j, x_j)


def _along_line(x_i, x_j, v_i, v_j, a, b):
    h = a * x_i - b * x_j
    return (h, h), (v_i, h), (v_j, h)


def _push(x_i, x_j, v_i, v_j, a, b, c_i, c_j):
    h = a * x_i - b * x_j
    return v_i + c_i * h, v_j + c_j * h


difference_squared = column_sums(_difference)
separations = column_sums(_separations)
products = column_sums(_products)
along_line = column_sums(_along_line)
push_along_line = column_update(_push)


@kernel
def collide_disjoint(
    position, velocity, member, offsets, labels, key, step, rate, gas, desk, counts
):
    """Let the rows of every cell collide `rate` times each on average.

    position, velocity : (rows, D) contiguous, of one precision; member : (rows,) by cell, changed
    offsets : (cells + 1,) into member; labels : (cells,) of the addresses
    counts : (COUNTS,) to which the step adds
    """
    for cell in range(labels.shape[0]):
        rows = member[offsets[cell] : offsets[cell + 1]]
        address = Address(key, step, labels[cell])
        if rows.shape[0] > 1:
            collide_rows(position, velocity, rows, address, rate, gas, desk, counts)


@nested_kernel
def collide_rows(position, velocity, member, address, rate, gas, desk, counts):
    """The rounds of one cell."""
    count = member.shape[0]
    find_centre(velocity, member, desk.centre)
    pair_up(member, count // 2, address, 0, desk.chance)
    if not survey(velocity, member, desk):
        counts[NOT_FINITE] += 1
        return
    left = 0.5 * count * rate
    for round in range(ROUNDS):
        widest, total = spread(member, desk.reach)
        if widest == 0.0:
            return
        fast_pairs(member, desk.reach, address, round, desk.sample)
        # <g>/g_max: what a candidate is likely to bring
        likely = mean_share(velocity, desk.reach, desk.sample) * total / (count * widest)
        if likely == 0.0:
            return
        pairs = pairs_due(left, likely, count, address, round)
        if round > 0:
            pair_up(member, pairs, address, round, desk.chance)
            measure_speeds(velocity, member, pairs, desk)
        more = pairs == count // 2
        first = round * np.int64(count // 2)
        # g <= |v_i - c| + |v_j - c|, twice the widest reach at most
        collide_round(
            position, velocity, member, pairs, 2.0 * widest, address, first, more, gas, desk,
            counts,
        )  # fmt: skip
        left -= likely * pairs
        if left <= 0.0 or not more:
            return
    counts[SHORT] += 1


@nested_kernel
def collide_round(
    position, velocity, member, pairs, fastest, address, first, more, gas, desk, counts
):
    """One round, verb by verb over blocks of pairs; `more`: another round needs the reaches."""
    block = desk.chosen.shape[0]
    for begin in range(0, pairs, block):
        end = min(pairs, begin + block)
        chosen = accept(begin, end, fastest, desk)
        counts[CANDIDATES] += end - begin
        counts[ACCEPTED] += chosen
        if gas.along_centres:
            chosen = approaching(position, velocity, member, chosen, gas, desk)
            push(position, velocity, member, chosen, desk)
        else:
            scatter(velocity, member, chosen, gas, address, first, desk)
        if more:
            measure_again(velocity, member, chosen, desk)


@nested_kernel
def accept(begin, end, fastest, desk):
    """Choose pairs with chance g / fastest; returns how many."""
    chosen = 0
    for pair in range(np.uint64(begin), np.uint64(end)):
        desk.chosen[chosen] = pair
        chosen += 1 if desk.chance[pair] * fastest < desk.speed[pair] else 0
    return chosen


@nested_kernel
def approaching(position, velocity, member, accepted, gas, desk):
    """Keep the chosen pairs that approach along their line of centres, and how; how many."""
    kept = 0
    for place in range(np.uint64(accepted)):
        pair = desk.chosen[place]
        i, j = member[_TWO * pair], member[_TWO * pair + _ONE]
        a, b, c_i, c_j = impulse(
            position[i], position[j], velocity[i], velocity[j], gas.restitution, gas.resolution
        )
        line = desk.line[kept]
        line[0], line[1], line[2], line[3] = a, b, c_i, c_j
        desk.chosen[kept] = pair
        kept += 1 if c_i != 0.0 else 0
    return kept


@inner_kernel
def impulse(x_i, x_j, v_i, v_j, restitution, resolution):
    """(a, b, c_i, c_j) of v_i + c_i h and v_j + c_j h, h = a x_i - b x_j: the approach reversed.

    Nearly parallel rows have their line measured as it is applied: rounding then turns it, but
    costs no energy.
    """
    dots = products((x_i, x_j, v_i, v_j), ())
    a, b, sign = mirror(dots[0], dots[1], dots[2])
    h_squared, h_dot_i, h_dot_j = approach(a, b, *dots)
    if h_squared < NEAR:
        h_squared, h_dot_i, h_dot_j = along_line((x_i, x_j, v_i, v_j), (a, b))
    change = mirrored_line_of_centres(h_squared, h_dot_i - sign * h_dot_j, restitution, resolution)
    return a, b, change, -sign * change


@kernel
def push(position, velocity, member, chosen, desk):
    """Give the chosen pairs their impulses."""
    for place in range(np.uint64(chosen)):
        pair, line = desk.chosen[place], desk.line[place]
        i, j = member[_TWO * pair], member[_TWO * pair + _ONE]
        push_along_line(
            (position[i], position[j], velocity[i], velocity[j]),
            (line[0], line[1], line[2], line[3]),
        )


@kernel
def scatter(velocity, member, chosen, gas, address, first, desk):
    """Turn the relative velocities of the chosen pairs; pair p draws at first + p."""
    for place in range(np.uint64(chosen)):
        pair = desk.chosen[place]
        i, j = member[_TWO * pair], member[_TWO * pair + _ONE]
        draw = first + np.int64(pair)
        high, low, _, _ = words(address, draws.SCATTERING, draw, 0)
        scatter_pair(velocity, i, j, 0, gas, 0, 0, address, draw, (high, low), desk.normal)


@nested_kernel
def measure_again(velocity, member, chosen, desk):
    """The reaches of the chosen pairs, whose velocities have changed."""
    for place in range(np.uint64(chosen)):
        for side in range(_TWO):
            row = member[_TWO * desk.chosen[place] + side]
            (square,) = difference_squared((velocity[row], desk.centre), ())
            desk.reach[row] = speed(square)


@kernel
def meet_in_phase(phase, i, j, first, gas, a, b, address, draw, dealt, normal):
    """In place of `scatter_pair`: positions and velocities are parts of one row."""
    rows = phase[i][:first], phase[j][:first], phase[i][first:], phase[j][first:]
    a, b, c_i, c_j = impulse(*rows, gas.restitution, gas.resolution)
    if c_i != 0.0:
        push_along_line(rows, (a, b, c_i, c_j))


@nested_kernel
def find_centre(velocity, member, centre):
    """A point near the mean velocity of a cell, from some of its rows.

    Reaches from any point would do: some rows are enough to find one near the mean.
    """
    some = min(member.shape[0], 4 + member.shape[0] // 16)
    centre[:] = 0.0
    for a in range(np.uint64(some)):
        row = velocity[member[a]]
        for k in range(np.uint64(centre.shape[0])):
            centre[k] += row[k]
    for k in range(np.uint64(centre.shape[0])):
        centre[k] /= some


@nested_kernel
def survey(velocity, member, desk):
    """The reaches of all rows and the speeds of all pairs of a cell; False if one is not finite."""
    count, total = np.uint64(member.shape[0]), 0.0
    for pair in range(count // _TWO):
        i, j = member[_TWO * pair], member[_TWO * pair + _ONE]
        reach_i, reach_j, g = separations((velocity[i], velocity[j], desk.centre), ())
        desk.reach[i], desk.reach[j], desk.speed[pair] = speed(reach_i), speed(reach_j), speed(g)
        total += reach_i + reach_j
    if count & _ONE:
        row = member[count - _ONE]
        (reach,) = difference_squared((velocity[row], desk.centre), ())
        desk.reach[row] = speed(reach)
        total += reach
    return total < np.inf


@nested_kernel
def measure_speeds(velocity, member, pairs, desk):
    """The relative speeds of the pairs of a round."""
    for pair in range(np.uint64(pairs)):
        i, j = member[_TWO * pair], member[_TWO * pair + _ONE]
        (g,) = difference_squared((velocity[i], velocity[j]), ())
        desk.speed[pair] = speed(g)


@kernel
def spread(member, reach):
    """The farthest reach of a cell, and the sum of all."""
    widest, total = 0.0, 0.0
    for a in range(np.uint64(member.shape[0])):
        widest = max(widest, reach[member[a]])
        total += reach[member[a]]
    return widest, total


@nested_kernel
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
def collision_times(velocity, member, offsets, labels, key, step, rate, desk, times):
    """The time in which the rows of a cell collide `rate` times each at their mean relative speed.

    times : (cells,) filled: rate / ((N - 1) <g>); 0 where nothing moves, -1 where not finite
    """
    for cell in range(labels.shape[0]):
        rows = member[offsets[cell] : offsets[cell + 1]]
        times[cell] = 0.0
        if rows.shape[0] < 2:
            continue
        find_centre(velocity, rows, desk.centre)
        if not survey(velocity, rows, desk):
            times[cell] = -1.0
            continue
        widest, total = spread(rows, desk.reach)
        if widest > 0.0:
            fast_pairs(rows, desk.reach, Address(key, step, labels[cell]), 0, desk.sample)
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
                desk.batch, tally,
            )  # fmt: skip


def in_turn_along_centres() -> Callable:
    """`collide_in_turn` with scattering along the line of centres; the same object every time."""
    return variant(collide_in_turn, scatter_pair=meet_in_phase)
