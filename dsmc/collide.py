"""Stage: no-time-counter collisions, cell by cell.

Four verbs, as in every DSMC code: when is the next candidate, accept?, (exchange), scatter.

Candidates come as a Poisson process of rate N(N-1)/2 F_N (sigma g)_max / V, so that the collision
part of a step is Kac's jump process itself: no error in dt, at any N >= 2, and every collision has
its own time.

    Bird 1994, chapter 11.
    S. Rjasanow & W. Wagner, Stochastic Numerics for the Boltzmann Equation, Springer 2005.
"""

import numpy as np

from dsmc import draws
from dsmc.census import record_collision
from dsmc.compiled import inner_kernel, kernel
from dsmc.cross_section import no_event, waiting_time
from dsmc.draws import unit, unit_fine, words
from dsmc.moments import COLLISIONS, SEPARATIONS, velocity_of
from dsmc.pairs import (
    choose_members,
    choose_species,
    choose_two,
    measure_spread,
    raise_majorants,
    relative_speed_squared,
    sigma_g,
    sort_members,
    widen,
)
from dsmc.partners import forget, meet_near, separation_squared
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

ISOTROPIC = 1.0  # inverse alpha of isotropic scattering
TINY = 1e-200  # far from underflow


@inner_kernel
def collide_cell(
    phase, species, start, stop, first, dimension, volume, gas, dt, address, time, slab, census,
    sums, bench, tally,
):  # fmt: skip
    """Let the particles start:stop of one cell collide for a time dt.

    phase : (N, d + D) [m, m/s], velocities from column `first`; dimension : D, or None for D = 3
    time : of the start [s], for the census; sums : (cells, S, moments.COLUMNS) that takes note of
    the collisions, or None; tally : (slabs, S, S, 2) candidates and collisions
    """
    if stop - start < 2:
        return
    forget(bench.tried)
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
        i, j = meet_near(phase, i, j, a, b, start, stop, first, species, bench, bench.tried)
        tally[slab, a, b, 0] += 1
        wider = False
        g_squared = relative_speed_squared(phase, i, j, first, dimension)
        if unit(w_2) * bench.rate[a, b] < sigma_g(g_squared, gas, a, b):
            if census is not None:
                moment = time + elapsed + waiting_time(product, flow)
                record_collision(phase, i, first, census, slab, moment)
                record_collision(phase, j, first, census, slab, moment)
            if sums is not None:
                sums[address.cell, a, COLLISIONS] += 1.0
                sums[address.cell, a, SEPARATIONS] += separation_squared(phase, i, j, first)
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
