"""Stage: no-time-counter collisions, cell by cell.

Four verbs, as in every DSMC code: when is the next candidate, accept?, (exchange), scatter.

The majorant of sigma g is not stored and grown but bounded in every cell and step from the
velocities that are there, g <= 2 max |v - mean v|, and raised after every collision that widens
them: no collision is lost to a majorant that is too low, from the first step on and in any state.
Candidates come as a Poisson process of rate N(N-1)/2 F_N (sigma g)_max / V, so that the collision
part of a step is Kac's jump process itself: no error in dt, at any N >= 2, and every collision has
its own time.

    Bird 1994, chapter 11.
    S. Rjasanow & W. Wagner, Stochastic Numerics for the Boltzmann Equation, Springer 2005.
"""

from typing import NamedTuple

import numpy as np

from dsmc import draws
from dsmc.census import record_collision
from dsmc.compiled import inner_kernel, kernel
from dsmc.cross_section import (
    bound_squared,
    candidate_rate,
    hard_sphere_rate,
    like_pairs,
    no_event,
    unlike_pairs,
    variable_rate,
    waiting_time,
)
from dsmc.draws import below, unit, unit_fine, words
from dsmc.moments import velocity_of
from dsmc.reflection import maxwell_pair
from dsmc.scatter import (
    centre_of_mass,
    deflect,
    deflect_row,
    isotropic,
    isotropic_cosine,
    isotropic_row,
    soft_sphere_cosine,
    stretch,
)

HARD_SPHERE = 0.5  # half exponent of sigma g = S (g^2)^(1 - omega) at omega = 1/2
ISOTROPIC = 1.0  # inverse alpha of isotropic scattering
TINY = 1e-200  # far from underflow


class Bench(NamedTuple):
    """One thread's workspace for the cell at hand."""

    mean: np.ndarray  # (D,) mean velocity, in the precision of the rows
    farthest: np.ndarray  # (S,) max |v - mean|^2 of each species
    rate: np.ndarray  # (S, S) majorant of sigma g
    flow: np.ndarray  # (S, S) candidates per second
    begin: np.ndarray  # (S + 1,) first member of each species
    member: np.ndarray  # (largest cell,) rows sorted by species
    normal: np.ndarray  # (D,) a direction, unless D = 3


def bench(
    components: int, species_count: int, largest_cell: int, dtype: type = np.float64
) -> Bench:
    """Lay out a workspace for rows of the given precision; largest_cell: for mixtures only."""
    return Bench(
        np.zeros(components, dtype),
        np.zeros(species_count),
        np.zeros((species_count, species_count)),
        np.zeros((species_count, species_count)),
        np.zeros(species_count + 1, np.int64),
        np.empty(largest_cell, np.uint64),
        np.empty(components),
    )


@inner_kernel
def collide_cell(
    phase, species, start, stop, first, dimension, volume, gas, dt, address, time, slab, census,
    bench, tally,
):  # fmt: skip
    """Let the particles start:stop of one cell collide for a time dt.

    phase : (N, d + D) [m, m/s], velocities from column `first`; dimension : D, or None for D = 3
    time : of the start [s], for the census; tally : (slabs, S, S, 2) candidates and collisions
    """
    if stop - start < 2:
        return
    measure_spread(phase, species, start, stop, first, dimension, bench)
    if species is not None:
        sort_members(species, start, stop, bench)
    flow = raise_majorants(species, start, stop, volume, gas, bench)
    elapsed, product, last = 0.0, 1.0, no_event(flow, dt)
    draw = 0
    while flow > 0.0:
        w_0, w_1, w_2, w_3 = words(address, draws.CANDIDATES, draw, 0)
        product *= unit(w_3)
        if product <= last:
            return
        if species is None:
            a, b = 0, 0
            i, j = choose_two(start, stop - start, w_0, w_1)
        else:
            a, b = choose_species(flow, bench, address, draw)
            i, j = choose_members(a, b, bench, w_0, w_1)
        tally[slab, a, b, 0] += 1
        wider = False
        g_squared = relative_speed_squared(phase, i, j, first, dimension)
        if unit(w_2) * bench.rate[a, b] < sigma_g(g_squared, gas, a, b):
            if census is not None:
                moment = time + elapsed + waiting_time(product, flow)
                record_collision(phase, i, first, census, slab, moment)
                record_collision(phase, j, first, census, slab, moment)
            scatter_pair(phase, i, j, first, dimension, gas, a, b, address, draw, bench)
            tally[slab, a, b, 1] += 1
            wider = widen(phase, i, first, dimension, a, bench)
            wider = widen(phase, j, first, dimension, b, bench) or wider
        if wider or product < TINY:
            # The clock is read and set to zero: for a new flow, or before the product underflows.
            elapsed += waiting_time(product, flow)
            flow = raise_majorants(species, start, stop, volume, gas, bench)
            product, last = 1.0, no_event(flow, dt - elapsed)
        draw += 1


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


@kernel
def scatter_pair(phase, i, j, first, dimension, gas, a, b, address, draw, bench):
    """Give a colliding pair its new velocities; momentum and energy are kept to rounding."""
    w_0, w_1, w_2, w_3 = words(address, draws.SCATTERING, draw, 0)
    u = unit_fine(w_0, w_1)
    is_isotropic = gas.inverse_alpha[a, b] == ISOTROPIC
    cosine = isotropic_cosine(u) if is_isotropic else soft_sphere_cosine(u, gas.inverse_alpha[a, b])
    share_i, share_j = gas.share[a, b], gas.share[b, a]
    if dimension is None:
        azimuth = unit_fine(w_2, w_3)
        turn_pair(phase, i, j, first, share_i, share_j, is_isotropic, cosine, azimuth)
    else:
        fill_normals(bench.normal, address, draw)
        turn_rows(phase, i, j, first, share_i, share_j, is_isotropic, cosine, bench.normal)


@kernel
def turn_pair(phase, i, j, first, share_i, share_j, is_isotropic, cosine, azimuth):
    """New velocities of a pair in three dimensions; share_i = m_i / (m_i + m_j)."""
    x_i, y_i, z_i = velocity_of(phase, i, first)
    x_j, y_j, z_j = velocity_of(phase, j, first)
    g_x, g_y, g_z = x_i - x_j, y_i - y_j, z_i - z_j
    if is_isotropic:
        h_x, h_y, h_z = isotropic(g_x * g_x + g_y * g_y + g_z * g_z, cosine, azimuth)
    else:
        h_x, h_y, h_z = deflect(g_x, g_y, g_z, cosine, azimuth)
    x = centre_of_mass(x_i, x_j, share_i, share_j)
    y = centre_of_mass(y_i, y_j, share_i, share_j)
    z = centre_of_mass(z_i, z_j, share_i, share_j)
    phase[i, first] = x + share_j * h_x
    phase[i, first + 1] = y + share_j * h_y
    phase[i, first + 2] = z + share_j * h_z
    phase[j, first] = x - share_i * h_x
    phase[j, first + 1] = y - share_i * h_y
    phase[j, first + 2] = z - share_i * h_z


@kernel
def turn_rows(phase, i, j, first, share_i, share_j, is_isotropic, cosine, normal):
    """New velocities of a pair in any dimension; normal : (D,) independent normals, used up."""
    g_squared, g_dot_normal, normal_squared = 0.0, 0.0, 0.0
    for k in range(normal.shape[0]):
        g = np.float64(phase[i, first + k]) - np.float64(phase[j, first + k])
        g_squared += g * g
        g_dot_normal += g * normal[k]
        normal_squared += normal[k] * normal[k]
    if is_isotropic:
        along, across = 0.0, isotropic_row(g_squared, normal_squared)
    else:
        along, across = deflect_row(g_squared, g_dot_normal, normal_squared, cosine)
    h_squared = 0.0
    for k in range(normal.shape[0]):
        g = np.float64(phase[i, first + k]) - np.float64(phase[j, first + k])
        normal[k] = along * g + across * normal[k]
        h_squared += normal[k] * normal[k]
    longer = stretch(g_squared, h_squared)  # a normal nearly parallel to g costs digits of |h|
    for k in range(normal.shape[0]):
        v_i, v_j = np.float64(phase[i, first + k]), np.float64(phase[j, first + k])
        centre = centre_of_mass(v_i, v_j, share_i, share_j)
        h = normal[k] + longer * normal[k]
        phase[i, first + k] = centre + share_j * h
        phase[j, first + k] = centre - share_i * h


@kernel
def fill_normals(normal, address, draw):
    """Independent normals, two from each block of random words."""
    blocks = (normal.shape[0] + 1) // 2
    for block in range(blocks):
        a, b, c, d = words(address, draws.DIRECTIONS, draw * blocks + block, 0)
        even, odd = maxwell_pair(1.0, unit_fine(a, b), unit_fine(c, d))
        normal[2 * block] = even
        if 2 * block + 1 < normal.shape[0]:
            normal[2 * block + 1] = odd
