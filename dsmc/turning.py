"""Stage: new velocities of pairs that collide; momentum and energy are kept to rounding.

In three dimensions all pairs of a round at once, column by column of `Batch.round`; rows of any
other length pair by pair.
"""

import numpy as np

from dsmc import draws
from dsmc.batch import whole
from dsmc.compiled import inner_kernel, kernel, nested_kernel
from dsmc.draws import unit_fine, unit_fine_as, words
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

ISOTROPIC = 1.0  # inverse alpha of isotropic scattering


@nested_kernel
def relative_velocities(phase, hits, first, round):
    """The relative velocities of the pairs that collide."""
    for n in range(hits):
        k = round.hit[n]
        x_i, y_i, z_i = velocity_of(phase, round.one[k], first)
        x_j, y_j, z_j = velocity_of(phase, round.other[k], first)
        round.x[n], round.y[n], round.z[n] = x_i - x_j, y_i - y_j, z_i - z_j


@nested_kernel
def draw_angles(count, round):
    """Numbers in (0, 1), for the cosine of the deflection and for the azimuth."""
    one = round.cosine.dtype.type(1.0)
    for n in range(count):
        round.cosine[n] = unit_fine_as(one, round.word_0[n], round.word_1[n])
        round.azimuth[n] = unit_fine_as(one, round.word_2[n], round.word_3[n])


@inner_kernel
def deflections(begin, end, inverse_alpha, round):
    """Turn the relative velocities of pairs of the same two species."""
    cosines(begin, end, inverse_alpha, round)
    turn(begin, end, inverse_alpha == ISOTROPIC, round)


@nested_kernel
def cosines(begin, end, inverse_alpha, round):
    """Cosines of the deflection from numbers in (0, 1)."""
    exponent = round.cosine.dtype.type(inverse_alpha)
    if inverse_alpha == ISOTROPIC:
        for n in range(begin, end):
            round.cosine[n] = isotropic_cosine(round.cosine[n])
    else:
        for n in range(begin, end):
            round.cosine[n] = soft_sphere_cosine(round.cosine[n], exponent)


@kernel
def turn(begin, end, is_isotropic, round):
    """Turn relative velocities by their cosines and azimuths."""
    if is_isotropic:
        for n in range(begin, end):
            x, y, z = round.x[n], round.y[n], round.z[n]
            x, y, z = isotropic(x * x + y * y + z * z, round.cosine[n], round.azimuth[n])
            round.x[n], round.y[n], round.z[n] = x, y, z
    else:
        for n in range(begin, end):
            x, y, z = round.x[n], round.y[n], round.z[n]
            x, y, z = deflect(x, y, z, round.cosine[n], round.azimuth[n])
            round.x[n], round.y[n], round.z[n] = x, y, z


@inner_kernel
def deflect_each(hits, gas, round):
    """Turn the relative velocities of pairs of any species."""
    alpha = alpha_of_all(gas.inverse_alpha)
    if alpha > 0.0:
        deflections(0, whole(hits, round.x), alpha, round)
        return
    for n in range(hits):
        k = round.hit[n]
        round.likely[n] = gas.inverse_alpha[round.kind[k], round.other_kind[k]]
    turn_each(whole(hits, round.x), round.likely, round)


@nested_kernel
def alpha_of_all(inverse_alpha):
    """1/alpha that all pairs of species have, or 0 where they differ; inverse_alpha : (S, S)."""
    first = inverse_alpha[0, 0]
    for a in range(inverse_alpha.shape[0]):
        for b in range(inverse_alpha.shape[0]):
            if inverse_alpha[a, b] != first:
                return 0.0
    return first


@nested_kernel
def turn_each(hits, inverse_alpha, round):
    """The isotropic ones first; then all as soft spheres, of which the others are taken."""
    for n in range(hits):
        if inverse_alpha[n] == ISOTROPIC:
            x, y, z = round.x[n], round.y[n], round.z[n]
            cosine = isotropic_cosine(round.cosine[n])
            x, y, z = isotropic(x * x + y * y + z * z, cosine, round.azimuth[n])
            round.x[n], round.y[n], round.z[n] = x, y, z
    for n in range(hits):
        round.cosine[n] = soft_sphere_cosine(round.cosine[n], inverse_alpha[n])
    for n in range(hits):
        x, y, z = round.x[n], round.y[n], round.z[n]
        h_x, h_y, h_z = deflect(x, y, z, round.cosine[n], round.azimuth[n])
        done = inverse_alpha[n] == ISOTROPIC
        round.x[n] = x if done else h_x
        round.y[n] = y if done else h_y
        round.z[n] = z if done else h_z


@nested_kernel
def leave(phase, i, j, first, share_i, share_j, n, round):
    """Give a pair the velocities that belong to its new relative one; share_i = m_i/(m_i + m_j)."""
    x_i, y_i, z_i = velocity_of(phase, i, first)
    x_j, y_j, z_j = velocity_of(phase, j, first)
    h_x, h_y, h_z = round.x[n], round.y[n], round.z[n]
    x = centre_of_mass(x_i, x_j, share_i, share_j)
    y = centre_of_mass(y_i, y_j, share_i, share_j)
    z = centre_of_mass(z_i, z_j, share_i, share_j)
    phase[i, first] = x + share_j * h_x
    phase[i, first + 1] = y + share_j * h_y
    phase[i, first + 2] = z + share_j * h_z
    phase[j, first] = x - share_i * h_x
    phase[j, first + 1] = y - share_i * h_y
    phase[j, first + 2] = z - share_i * h_z


@nested_kernel
def scatter_pair(phase, i, j, first, gas, a, b, address, draw, dealt, normal):
    """New velocities of a pair of rows of any dimension.

    dealt : two words at its address; normal : (D,) used up
    """
    u = unit_fine(*dealt)
    is_isotropic = gas.inverse_alpha[a, b] == ISOTROPIC
    cosine = isotropic_cosine(u) if is_isotropic else soft_sphere_cosine(u, gas.inverse_alpha[a, b])
    fill_normals(normal, address, draw)
    turn_rows(phase, i, j, first, gas.share[a, b], gas.share[b, a], is_isotropic, cosine, normal)


@nested_kernel
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
