"""Stage: candidate pairs, and the majorants that bound how often they collide.

The majorant of sigma g is not stored and grown but bounded in every cell and step from the
velocities that are there, g <= 2 max |v - centre|, and raised after every collision that widens
them: no collision is lost to a majorant that is too low, from the first step on and in any state.
Every pair of particles of a cell (of two species of it) is an equally likely candidate.
"""

import numpy as np

from dsmc.batch import members_at
from dsmc.compiled import COMPILED, ZERO, inner_kernel, nested_kernel
from dsmc.cross_section import (
    bound_squared,
    candidate_rate,
    hard_sphere_rate,
    like_pairs,
    no_event,
    unlike_pairs,
    variable_rate,
)
from dsmc.draws import below
from dsmc.row_bounds import bounds_of_three

HARD_SPHERE = 0.5  # half exponent of sigma g = S (g^2)^(1 - omega) at omega = 1/2
FEW = 32  # particles whose farthest velocity is as far as a corner of the box around all


@nested_kernel
def rates(g_squared, begin, end, gas, a, b, rate):
    """sigma g of a pair of species, place by place; rate : (places,)."""
    real = rate.dtype.type
    prefactor, half_exponent = real(gas.prefactor[a, b]), real(gas.half_exponent[a, b])
    if half_exponent == HARD_SPHERE:
        for k in range(begin, end):
            rate[k] = hard_sphere_rate(g_squared[k], prefactor)
    else:
        for k in range(begin, end):
            rate[k] = variable_rate(g_squared[k], prefactor, half_exponent)


@nested_kernel
def rates_of_each(count, prefactor, half_exponent, round):
    """sigma g of pairs of any species, each with its constants; both laws, of which one counts."""
    for k in range(count):
        hard = hard_sphere_rate(round.g_squared[k], prefactor[k])
        variable = variable_rate(round.g_squared[k], prefactor[k], half_exponent[k])
        round.likely[k] = hard if half_exponent[k] == HARD_SPHERE else variable


@nested_kernel
def bounds(first, second, begin, end, bound):
    """The squared relative speed that no pair of two species exceeds, place by place."""
    for k in range(begin, end):
        bound[k] = bound_squared(first[k], second[k])


@nested_kernel
def like_flows(number, rate, volume, begin, end, weight, flow):
    """Candidates per second of pairs of one species, place by place."""
    for k in range(begin, end):
        flow[k] = candidate_rate(like_pairs(number[k]), weight, rate[k], volume[k])


@nested_kernel
def unlike_flows(number_a, number_b, rate, volume, begin, end, weight, flow):
    """Candidates per second of pairs of two species, place by place."""
    for k in range(begin, end):
        pairs = unlike_pairs(number_a[k], number_b[k])
        flow[k] = candidate_rate(pairs, weight, rate[k], volume[k])


@nested_kernel
def add_flows(flow, begin, end, total):
    """Add the candidates per second of a pair of species to those of all."""
    for k in range(begin, end):
        total[k] += flow[k]


@nested_kernel
def ends_of_clocks(total, time, elapsed, begin, end, bound, last):
    """Where the clocks stop, place by place; in double precision, for numbers as small as that.

    bound : a column in whose precision the exponent is
    """
    real = bound.dtype.type
    for k in range(begin, end):
        last[k] = no_event(real(total[k]), real(time[k] - elapsed[k]))


@inner_kernel
def raise_majorants(begin, end, gas, batch):
    """Set the majorants of some places from the spread of velocities, and the clocks by them."""
    places, number, farthest = batch.places, batch.number, batch.farthest
    places.total[begin:end] = 0.0
    for a in range(farthest.shape[0]):
        for b in range(a, farthest.shape[0]):
            rate, flow = batch.rate[a, b], batch.flow[a, b]
            bounds(farthest[a], farthest[b], begin, end, places.bound)
            rates(places.bound, begin, end, gas, a, b, rate)
            if a == b:
                like_flows(number[a], rate, places.volume, begin, end, gas.weight, flow)
            else:
                unlike_flows(
                    number[a], number[b], rate, places.volume, begin, end, gas.weight, flow
                )
            add_flows(flow, begin, end, places.total)
    places.product[begin:end] = 1.0
    ends_of_clocks(
        places.total, places.time, places.elapsed, begin, end, places.bound, places.last
    )  # fmt: skip


@nested_kernel
def choose_two(start, count, word_i, word_j):
    """Two different rows of start : start + count, every ordered pair equally likely."""
    i = below(word_i, count)
    j = below(word_j, count - 1)
    j += np.uint64(j >= i)
    return np.uint64(start) + i, np.uint64(start) + j


@nested_kernel
def choose_species(share, flow):
    """A pair of species a <= b, in proportion to its candidates per second.

    share : of the flow of all, a uniform number of it; flow : (S, S)
    """
    chosen_a, chosen_b = 0, 0
    for a in range(flow.shape[0]):
        for b in range(a, flow.shape[0]):
            if flow[a, b] > 0.0 and share >= 0.0:
                chosen_a, chosen_b = a, b
            share -= flow[a, b]
    return chosen_a, chosen_b


@nested_kernel
def choose_members(a, b, begin, member, word_i, word_j):
    """Two different rows, one of species a and one of species b.

    member : (n,) rows of a cell, those of species s from begin[s] on
    """
    n_a = begin[a + 1] - begin[a]
    if a == b:
        i, j = choose_two(begin[a], n_a, word_i, word_j)
    else:
        i = np.uint64(begin[a]) + below(word_i, n_a)
        j = np.uint64(begin[b]) + below(word_j, begin[b + 1] - begin[b])
    return member[i], member[j]


@nested_kernel
def sort_members(species, start, stop, begin, member):
    """List the rows of a cell by species, in their order: those of s from begin[s] on.

    Every row is written at the end of the list, which moves on if the row belongs there: no branch
    is guessed wrongly.  member : (n + 1,)
    """
    place = ZERO
    for s in range(begin.shape[0] - 1):
        begin[s] = place
        for row in range(np.uint64(start), np.uint64(stop)):
            member[place] = row
            place += np.int64(species[row] == s)
    begin[begin.shape[0] - 1] = place


@inner_kernel
def box_of_three(phase, start, stop, first, columns):
    """Least and greatest of the three components of the velocities of some rows."""
    if COMPILED:
        return bounds_of_three(phase, start, stop, first, columns)
    block = phase[start:stop, first : first + 3]
    return (*block.min(axis=0), *block.max(axis=0))


@inner_kernel
def sphere_around_three(phase, start, stop, first, columns, centre):
    """The centre of the box around the velocities of some rows; |corner - centre|^2."""
    u, v, w, u_most, v_most, w_most = box_of_three(phase, start, stop, first, columns)
    half = phase.dtype.type(0.5)
    a, b, c = half * (u + u_most), half * (v + v_most), half * (w + w_most)
    centre[0], centre[1], centre[2] = a, b, c
    a, b, c = max(a - u, u_most - a), max(b - v, v_most - b), max(c - w, w_most - c)
    return a * a + b * b + c * c


@nested_kernel
def sphere_around(phase, start, stop, first, centre):
    """The same in any number of dimensions; centre : (D,)"""
    square = 0.0
    for k in range(np.uint64(centre.shape[0])):
        least = greatest = phase[start, first + k]
        for row in range(np.uint64(start), np.uint64(stop)):
            least = min(least, phase[row, first + k])
            greatest = max(greatest, phase[row, first + k])
        centre[k] = phase.dtype.type(0.5) * (least + greatest)
        middle = np.float64(centre[k])
        half = max(middle - least, greatest - middle)
        square += half * half
    return square


@inner_kernel
def measure_spread(phase, species, place, start, stop, first, dimension, columns, batch):
    """A velocity amid those of a cell, and how far they are from it, for each species.

    The corners of the box around all velocities are as far as the farthest where there are few of
    them; of many, and of each species of a mixture, the farthest is looked for.
    """
    centre = batch.centre[place]
    if columns is not None:
        square = sphere_around_three(phase, start, stop, first, columns, centre)
    else:
        square = sphere_around(phase, start, stop, first, centre)
    if species is None:
        if stop - start > FEW:
            square = 0.0
            for row in range(np.uint64(start), np.uint64(stop)):
                found = deviation_squared(phase, row, first, dimension, centre)
                square = found if found > square else square
        batch.farthest[0, place] = square
        return
    begin, (base, end) = batch.begin[place], members_at(batch.places, place)
    member = batch.member[base:end]
    for s in range(batch.farthest.shape[0]):
        square = 0.0
        for n in range(np.uint64(begin[s]), np.uint64(begin[s + 1])):
            found = deviation_squared(phase, member[n], first, dimension, centre)
            square = found if found > square else square
        batch.farthest[s, place] = square


@nested_kernel
def deviation_squared(phase, row, first, dimension, centre):
    """|v - centre|^2 of one particle [m^2/s^2]."""
    if dimension is None:
        a = phase[row, first] - centre[0]
        b = phase[row, first + 1] - centre[1]
        c = phase[row, first + 2] - centre[2]
        return a * a + b * b + c * c
    total = 0.0
    for k in range(dimension):
        a = np.float64(phase[row, first + k]) - np.float64(centre[k])
        total += a * a
    return total


@nested_kernel
def widen(phase, row, first, dimension, s, centre, farthest):
    """Raise the spread of a species to that of one particle; return whether it grew."""
    square = deviation_squared(phase, row, first, dimension, centre)
    if square > farthest[s]:
        farthest[s] = square
        return True
    return False


@nested_kernel
def relative_speed_squared(phase, i, j, first, dimension):
    """|v_i - v_j|^2 [m^2/s^2]."""
    if dimension is None:
        a = phase[i, first] - phase[j, first]
        b = phase[i, first + 1] - phase[j, first + 1]
        c = phase[i, first + 2] - phase[j, first + 2]
        return a * a + b * b + c * c
    total = 0.0
    for k in range(dimension):
        g = np.float64(phase[i, first + k]) - np.float64(phase[j, first + k])
        total += g * g
    return total
