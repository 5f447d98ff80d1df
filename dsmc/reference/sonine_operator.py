"""The collision operator in Sonine polynomials: linear relaxation and transport to any order.

Small perturbations phi_k = (tensor of rank l in c) S_{l+1/2}^(k)(c^2) of the Maxwellian, isotropic
scattering, sigma g ~ g^p with p = 2-2 omega. The bracket integrals

    [phi_j, phi_k] = < phi_j(c) [phi_k(c) + phi_k(c_1) - phi_k(c') - phi_k(c_1')] g^p >/<g^p>

are polynomials in centre-of-mass variables G, g and the cosine between them, and the mean over the
direction of g' is one in a second cosine: Gauss quadrature does all of them without error.
The matrix is per tau_c; its first element is the initial rate of `linear_rate`.
Source: Chapman & Cowling 1970, chapters 7, 9 and 10; C. L. Pekeris & Z. Alterman, Proc. Natl. Acad.
Sci. USA 43 (1957) 998 (infinite order, hard spheres).
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dsmc.reference.arguments import choice, non_negative, viscosity_exponent

Values = NDArray[np.float64]

# mode -> (rank l of the tensor, first polynomial that is not conserved, tagged particles only)
MODES = {
    "anisotropy": (2, 0, False),
    "fourth_moment": (0, 2, False),
    "heat_flux": (1, 1, False),
    "tagged_velocity": (1, 0, True),
}

# Decay curves and Green-Kubo times of hard spheres then stand to 1e-9, the lowest eigenvalues
# to 1e-6 (l = 2, whose discrete eigenvalue lies nearest the continuum, to 2e-3).
TERMS = 24

GREEN_KUBO_TIMES = {
    "anisotropy": 1.2700424271,
    "fourth_moment": 1.9463726292,
    "heat_flux": 1.9222840656,
    "tagged_velocity": 1.5284306773,
}
"""int_0^inf r(t) dt/tau_c of hard spheres, all digits converged: gamma_1, -, gamma_2, -. Pekeris &
Alterman 1957; here the (1,1) element of the inverse of `sonine_matrix`."""

HARD_SPHERE_EIGENVALUES = {
    "fourth_moment": 0.474629,
    "heat_flux": 0.491463,
    "tagged_velocity": 0.614136,
    "anisotropy": 0.677693,
}
"""Lowest discrete eigenvalues of hard spheres per tau_c: the slopes at late times. The continuum
begins at nu(0)/nu = 0.707107. Spectral solution of the linear Boltzmann equation."""

HARD_SPHERE_LINEAR_TIMES = np.array([0.25, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0])
"""nu t of `HARD_SPHERE_LINEAR`."""

HARD_SPHERE_LINEAR = {
    "anisotropy": np.array(
        [
            *(0.8190218, 0.6712626, 0.4518040, 0.3048567, 0.2061863),
            *(0.0949285, 0.0440472, 0.0205805, 0.0096759, 0.0021738),
        ]
    ),
    "fourth_moment": np.array(
        [
            *(0.8755860, 0.7673390, 0.5907782, 0.4561572, 0.3530940),
            *(0.2128875, 0.1292097, 0.0788236, 0.0482763, 0.0182653),
        ]
    ),
}
"""<phi(0) phi(t)>/<phi^2> of an infinitesimal perturbation of hard spheres: deterministic spectral
solution of the linear Boltzmann equation with Hilbert's kernel, converged to the digits shown."""
for _table in (HARD_SPHERE_LINEAR_TIMES, *HARD_SPHERE_LINEAR.values()):
    _table.flags.writeable = False


def sonine_polynomials(x: Values, order: float, terms: int) -> Values:
    """(-1)^k S_order^(k)(x) for k < terms, orthonormal under x^order exp(-x)/Gamma(order+1).

    Shape (terms, *x.shape); the sign makes the leading coefficients positive.
    """
    P = np.empty((terms, *x.shape))
    P[0] = 1.0
    for k in range(terms - 1):
        following = (x - 2 * k - 1 - order) * P[k]
        if k > 0:
            following -= np.sqrt(k * (k + order)) * P[k - 1]
        P[k + 1] = following / np.sqrt((k + 1) * (k + 1 + order))
    return P


def colliding_pairs(exponent: float, points: int) -> tuple[Values, Values, Values, Values]:
    """Nodes G (n,1,1), g (1,n,1), cosine (n,) [v0] and weights (n,n,n) of colliding pairs, sum 1.

    Two Maxwellians weighted by g^exponent: exp(-2G^2) G^2 dG, exp(-g^2/2) g^(2+exponent) dg, and
    the cosine between G and g uniform on [-1, 1]; c, c_1 = G +- g/2.
    """
    from scipy.special import roots_genlaguerre

    y, w_y = roots_genlaguerre(points, 0.5)
    z, w_z = roots_genlaguerre(points, 0.5 + exponent / 2.0)
    x, w_x = np.polynomial.legendre.leggauss(points)
    weight = (w_y / w_y.sum())[:, None, None] * (w_z / w_z.sum())[:, None] * (w_x / 2.0)
    return np.sqrt(y / 2.0)[:, None, None], np.sqrt(2.0 * z)[:, None], x, weight


def solid_legendre(rank: int, along: Values, square: Values) -> Values:
    """r^l P_l(along/r), l = rank, r^2 = square: the contraction of a tensor with an axis."""
    before, now = np.zeros_like(along), np.ones_like(along)
    for n in range(rank):
        before, now = now, ((2 * n + 1) * along * now - n * square * before) / (n + 1)
    return now


class Brackets(NamedTuple):
    """Parts of the collision operator, (terms, terms) each, over <phi_0^2> and per tau_c."""

    loss: Values
    """<phi_j phi_k nu(c)>/nu: what leaves a velocity"""
    mate: Values
    """what leaves with the partner of the collision"""
    gain: Values
    """what both bring to the velocities after it; loss + mate - gain is the whole operator"""


@lru_cache(maxsize=128)
def brackets(rank: int, omega: float, terms: int) -> Brackets:
    """Loss, partner's loss and gain of tensors of any rank, all polynomials k < terms.

    Of a tagged particle the operator is loss - gain/2, its partner being none of its kind.
    """
    from scipy.special import gamma

    points = terms + rank + 4
    G, g, x, weight = colliding_pairs(2.0 - 2.0 * float(viscosity_exponent(omega)), points)
    energy, product = G**2 + g**2 / 4.0, G**2 - g**2 / 4.0  # (c^2 + c_1^2)/2 and c . c_1
    square, square_1 = energy + G * g * x, energy - G * g * x
    along = G + g * x / 2.0  # c along G; c' likewise, x then being the cosine of g'
    # Contractions of the tensor of c with those of c, c_1 and with (G/G)(G/G)...
    own = square**rank
    other = solid_legendre(rank, product + 0.0 * square, square * square_1)
    axis = solid_legendre(rank, along, square)
    R = sonine_polynomials(square, rank + 0.5, terms)
    after = (axis * R) @ np.polynomial.legendre.leggauss(points)[1][:, None] / 2.0
    R_1 = R[..., ::-1]  # the nodes are symmetric, and c_1 is c with the cosine reversed
    scale = gamma(1.5) / gamma(rank + 1.5)
    parts = []
    for change in (own * R, other * R_1, 2.0 * axis * after):
        matrix = (R * weight).reshape(terms, -1) @ change.reshape(terms, -1).T * scale
        matrix = (matrix + matrix.T) / 2.0
        matrix.flags.writeable = False
        parts.append(matrix)
    return Brackets(*parts)


@lru_cache(maxsize=64)
def sonine_matrix(mode: str, omega: float = 0.5, terms: int = TERMS) -> Values:
    """Bracket integrals over <phi_0^2> per tau_c, (terms, terms), read-only, mode as in `MODES`.

    Symmetric and positive; element (0, 0) is the initial rate. Isotropic scattering (VHS).
    """
    rank, first, tagged = MODES[choice("mode", mode, tuple(MODES))]
    part = brackets(rank, float(viscosity_exponent(omega)), terms + first)
    matrix = part.loss - part.gain / 2.0 if tagged else part.loss + part.mate - part.gain
    matrix = matrix[first:, first:]
    matrix.flags.writeable = False
    return matrix


def infinite_order_factor(mode: str, omega: float = 0.5, terms: int = 16) -> float:
    """Transport coefficient of infinite Sonine order over that of first order, VHS molecules.

    [(matrix^-1)_00 matrix_00] of "anisotropy" (viscosity), "heat_flux" (conductivity) or
    "tagged_velocity" (self-diffusion); hard spheres 1.0160339417, 1.0252181683, 1.0189537849,
    Maxwell 1. With 16 terms the error is below 1e-7. Pekeris & Alterman 1957 for hard spheres.
    """
    matrix = sonine_matrix(mode, omega, terms)
    first_column = np.linalg.solve(matrix, np.eye(len(matrix))[0])
    return float(first_column[0] * matrix[0, 0])


@lru_cache(maxsize=16)
def _spectrum(mode: str, omega: float) -> tuple[Values, Values]:
    rate, vector = np.linalg.eigh(sonine_matrix(mode, omega))
    return rate, vector[0] ** 2


def linear_history(mode: str, collisions: ArrayLike, omega: float = 0.5) -> Values:
    """r(t) = <phi(0) phi(t)>/<phi^2> of an infinitesimal perturbation, `collisions` = nu t >= 0.

    mode: "anisotropy" (c_x^2 - c^2/3), "fourth_moment", "heat_flux" or "tagged_velocity" (the
    velocity autocorrelation). r = sum_i weight_i exp(-rate_i nu t) over the eigenvalues of
    `sonine_matrix`; error < 1e-9 up to nu t = 10. Any VHS gas.
    """
    rate, weight = _spectrum(choice("mode", mode, tuple(MODES)), float(viscosity_exponent(omega)))
    time = non_negative("collisions", collisions)
    return (weight * np.exp(-rate * time[..., None])).sum(-1)[()]


def hard_sphere_linear(mode: str, collisions: ArrayLike) -> Values:
    """`linear_history` of hard spheres, mode "anisotropy" or "fourth_moment"; all digits of
    `HARD_SPHERE_LINEAR` at the tabulated times, error < 1e-9 between them."""
    return linear_history(choice("mode", mode, tuple(HARD_SPHERE_LINEAR)), collisions)
