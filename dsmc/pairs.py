"""Stage: candidate pairs, and the majorants that bound how often they collide.

The majorant of sigma g is not stored and grown but bounded in every cell and step from the
velocities that are there, g <= 2 max |v - mean v|, and raised after every collision that widens
them: no collision is lost to a majorant that is too low, from the first step on and in any state.
Every pair of particles of a cell (of two species of it) is an equally likely candidate.
"""

from typing import NamedTuple

import numpy as np

from dsmc import draws
from dsmc.compiled import kernel
from dsmc.cross_section import (
    bound_squared,
    candidate_rate,
    hard_sphere_rate,
    like_pairs,
    unlike_pairs,
    variable_rate,
)
from dsmc.draws import below, unit_fine, words
from dsmc.partners import Tried, tried

HARD_SPHERE = 0.5  # half exponent of sigma g = S (g^2)^(1 - omega) at omega = 1/2


class Bench(NamedTuple):
    """One thread's workspace for the cell at hand."""

    mean: np.ndarray  # (D,) mean velocity, in the precision of the rows
    farthest: np.ndarray  # (S,) max |v - mean|^2 of each species
    rate: np.ndarray  # (S, S) majorant of sigma g
    flow: np.ndarray  # (S, S) candidates per second
    begin: np.ndarray  # (S + 1,) first member of each species
    member: np.ndarray  # (largest cell,) rows sorted by species
    normal: np.ndarray  # (D,) a direction, unless D = 3
    tried: Tried | None  # pairs of this step, where partners are the nearest


def bench(
    components: int,
    species_count: int,
    largest_cell: int,
    dtype: type = np.float64,
    near: bool = False,
) -> Bench:
    """Lay out a workspace for rows of the given precision; largest_cell: for mixtures only.

    near : partners are the nearest particles, not any (see `dsmc.partners`)
    """
    return Bench(
        np.zeros(components, dtype),
        np.zeros(species_count),
        np.zeros((species_count, species_count)),
        np.zeros((species_count, species_count)),
        np.zeros(species_count + 1, np.int64),
        np.empty(largest_cell, np.uint64),
        np.empty(components),
        tried() if near else None,
    )


@kernel
def sigma_g(g_squared, gas, a, b):
    """The law of sigma g that belongs to a pair of species [m^3/s]."""
    if gas.half_exponent[a, b] == HARD_SPHERE:
        return hard_sphere_rate(g_squared, gas.prefactor[a, b])
    return variable_rate(g_squared, gas.prefactor[a, b], gas.half_exponent[a, b])


@kernel
def raise_majorants(species, start, stop, volume, gas, bench):
    """Set the majorants from the spread of velocities; return the candidates per second."""
    if species is None:
        bench.rate[0, 0] = sigma_g(bound_squared(bench.farthest[0], bench.farthest[0]), gas, 0, 0)
        return candidate_rate(like_pairs(stop - start), gas.weight, bench.rate[0, 0], volume)
    total = 0.0
    for a in range(bench.farthest.shape[0]):
        n_a = bench.begin[a + 1] - bench.begin[a]
        for b in range(a, bench.farthest.shape[0]):
            n_b = bench.begin[b + 1] - bench.begin[b]
            pairs = like_pairs(n_a) if a == b else unlike_pairs(n_a, n_b)
            bench.rate[a, b] = sigma_g(
                bound_squared(bench.farthest[a], bench.farthest[b]), gas, a, b
            )
            bench.flow[a, b] = candidate_rate(pairs, gas.weight, bench.rate[a, b], volume)
            total += bench.flow[a, b]
    return total


@kernel
def choose_two(start, count, word_i, word_j):
    """Two different rows of start : start + count, every ordered pair equally likely."""
    i = below(word_i, count)
    j = below(word_j, count - 1)
    if j >= i:
        j += np.uint64(1)
    return np.uint64(start) + i, np.uint64(start) + j


@kernel
def choose_species(total, bench, address, draw):
    """A pair of species a <= b, in proportion to its candidates per second."""
    high, low, _, _ = words(address, draws.SPECIES_PAIRS, draw, 0)
    left = unit_fine(high, low) * total
    chosen_a, chosen_b = 0, 0
    for a in range(bench.farthest.shape[0]):
        for b in range(a, bench.farthest.shape[0]):
            if bench.flow[a, b] > 0.0 and left >= 0.0:
                chosen_a, chosen_b = a, b
            left -= bench.flow[a, b]
    return chosen_a, chosen_b


@kernel
def choose_members(a, b, bench, word_i, word_j):
    """Two different rows, one of species a and one of species b."""
    n_a = bench.begin[a + 1] - bench.begin[a]
    if a == b:
        i, j = choose_two(bench.begin[a], n_a, word_i, word_j)
    else:
        i = np.uint64(bench.begin[a]) + below(word_i, n_a)
        j = np.uint64(bench.begin[b]) + below(word_j, bench.begin[b + 1] - bench.begin[b])
    return bench.member[i], bench.member[j]


@kernel
def sort_members(species, start, stop, bench):
    """List the rows of a cell by species (stable counting sort)."""
    count = bench.farthest.shape[0]
    for s in range(count + 1):
        bench.begin[s] = 0
    for row in range(np.uint64(start), np.uint64(stop)):
        bench.begin[species[row] + 1] += 1
    for s in range(count):
        bench.begin[s + 1] += bench.begin[s]
    for row in range(np.uint64(start), np.uint64(stop)):
        s = species[row]
        bench.member[bench.begin[s]] = row
        bench.begin[s] += 1
    for s in range(count, 0, -1):
        bench.begin[s] = bench.begin[s - 1]
    bench.begin[0] = 0


@kernel
def measure_spread(phase, species, start, stop, first, dimension, bench):
    """A mean velocity of a cell and the farthest velocity from it, for each species.

    Any point would do in place of the mean: some of the particles are enough to find one near it,
    in the precision of the rows.
    """
    some = min(stop, start + 4 + (stop - start) // 16)
    for s in range(bench.farthest.shape[0]):
        bench.farthest[s] = 0.0
    inverse = 1.0 / (some - start)
    if dimension is None:
        u, v, w = phase[start, first], phase[start, first + 1], phase[start, first + 2]
        for row in range(np.uint64(start + 1), np.uint64(some)):
            u += phase[row, first]
            v += phase[row, first + 1]
            w += phase[row, first + 2]
        bench.mean[0], bench.mean[1], bench.mean[2] = u * inverse, v * inverse, w * inverse
    else:
        for k in range(dimension):
            total = 0.0
            for row in range(np.uint64(start), np.uint64(some)):
                total += phase[row, first + k]
            bench.mean[k] = total * inverse
    widest = deviation_squared(phase, start, first, dimension, bench)
    for row in range(np.uint64(start), np.uint64(stop)):
        if species is None:
            square = deviation_squared(phase, row, first, dimension, bench)
            widest = square if square > widest else widest
        else:
            widen(phase, row, first, dimension, species[row], bench)
    if species is None:
        bench.farthest[0] = widest


@kernel
def deviation_squared(phase, row, first, dimension, bench):
    """|v - mean v|^2 of one particle [m^2/s^2]."""
    if dimension is None:
        a = phase[row, first] - bench.mean[0]
        b = phase[row, first + 1] - bench.mean[1]
        c = phase[row, first + 2] - bench.mean[2]
        return a * a + b * b + c * c
    total = 0.0
    for k in range(dimension):
        a = phase[row, first + k] - bench.mean[k]
        total += a * a
    return total


@kernel
def widen(phase, row, first, dimension, s, bench):
    """Raise the spread of a species to that of one particle; return whether it grew."""
    square = deviation_squared(phase, row, first, dimension, bench)
    if square > bench.farthest[s]:
        bench.farthest[s] = square
        return True
    return False


@kernel
def relative_speed_squared(phase, i, j, first, dimension):
    """|v_i - v_j|^2 [m^2/s^2]."""
    if dimension is None:
        a = phase[i, first] - phase[j, first]
        b = phase[i, first + 1] - phase[j, first + 1]
        c = phase[i, first + 2] - phase[j, first + 2]
        return np.float64(a * a + b * b + c * c)
    total = 0.0
    for k in range(dimension):
        g = np.float64(phase[i, first + k]) - np.float64(phase[j, first + k])
        total += g * g
    return total
