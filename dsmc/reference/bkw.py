"""The exact nonlinear relaxation of Maxwell molecules: Bobylev, Krook and Wu.

f(v,t) = (pi C)^(-3/2) exp(-c^2/C) [(5C-3)/(2C) + (1-C) c^2/C^2] v0^-3,  c = v/v0,
C = 1 - beta exp(-nu t/6), 0 <= beta <= 2/5 (positive for C >= 3/5); sigma g constant, isotropic
scattering, i.e. VHS with omega = 1. nu t is the number of collisions per particle.
Sources: A. V. Bobylev, Sov. Phys. Dokl. 20 (1975) 820; M. Krook & T. T. Wu, Phys. Fluids 20
(1977) 1589.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dsmc.reference.arguments import non_negative, within

Values = NDArray[np.float64]

# Quadrature over speeds: beyond 8 v0 an excess below 1e-24 is left out.
FASTEST_SPEED = 8.0
QUADRATURE_POINTS = 400


def bkw_c(collisions: ArrayLike, beta: ArrayLike = 0.4) -> Values:
    """C = 1 - beta exp(-nu t/6) after `collisions` = nu t >= 0 collisions per particle.

    0 <= beta <= 2/5. Krook & Wu 1977. Raises ValueError outside.
    """
    return 1.0 - within("beta", beta, 0.0, 0.4) * np.exp(
        -non_negative("collisions", collisions) / 6
    )


def bkw_moment(k2: int, collisions: ArrayLike, beta: ArrayLike = 0.4) -> Values:
    """<v^k2> over its Maxwellian value, C^(k-1) [k - (k-1) C] with k2 = 2k even, >= 0.

    m_4 = C(2-C), m_6 = C^2(3-2C), m_8 = C^3(4-3C), m_10 = C^4(5-4C). Krook & Wu 1977.
    """
    if k2 != int(k2) or k2 < 0 or k2 % 2:
        raise ValueError(f"k2 must be an even power >= 0, not {k2!r}")
    C, k = bkw_c(collisions, beta), int(k2) // 2
    return C ** (k - 1) * (k - (k - 1) * C)


def _shape(c: ArrayLike, C: ArrayLike) -> tuple[Values, Values, Values]:
    """c, C and the polynomial (5C-3)/(2C) + (1-C) c^2/C^2."""
    speed, width = non_negative("c", c), within("C", C, 0.6 - 1e-15, 1.0)
    bracket = (5.0 * width - 3.0) / (2.0 * width) + (1.0 - width) * speed**2 / width**2
    return speed, width, np.maximum(bracket, 0.0)


def bkw_density(c: ArrayLike, C: ArrayLike) -> Values:
    """f(v) [v0^-3], the density in velocity space at speed c = v/v0, 3/5 <= C <= 1.

    The density of speeds is `bkw_speed_density` = 4 pi c^2 f. Krook & Wu 1977.
    """
    speed, width, bracket = _shape(c, C)
    return (np.pi * width) ** -1.5 * np.exp(-(speed**2) / width) * bracket


def bkw_speed_density(c: ArrayLike, C: ArrayLike) -> Values:
    """Density of speeds 4 pi c^2 f [1/v0] at c = v/v0, 3/5 <= C <= 1. Krook & Wu 1977."""
    return 4.0 * np.pi * np.asarray(c, dtype=float) ** 2 * bkw_density(c, C)


def _over_maxwellian(C: Values) -> tuple[Values, Values, Values]:
    """Weights of a Maxwellian, r = f/M at the nodes and ln r; C has a trailing axis of 1."""
    x, w = np.polynomial.legendre.leggauss(QUADRATURE_POINTS)
    c = FASTEST_SPEED / 2.0 * (x + 1.0)
    maxwellian = FASTEST_SPEED / 2.0 * w * 4.0 / math.sqrt(math.pi) * c**2 * np.exp(-(c**2))
    _, _, bracket = _shape(c, C)
    r = C**-1.5 * np.exp(c**2 * (1.0 - 1.0 / C)) * bracket
    # log1p near equilibrium, where r - 1 is small; 0 ln 0 = 0 where f vanishes.
    log_r = np.where(r > 0.5, np.log1p(np.maximum(r - 1.0, -0.5)), np.log(np.maximum(r, 1e-300)))
    return maxwellian, r, log_r


def bkw_h_excess(collisions: ArrayLike, beta: ArrayLike = 0.4) -> Values:
    """H - H_eq of the BKW mode, int f ln(f/M) dv >= 0, after nu t collisions per particle.

    Written as int M [r ln r - r + 1] dv, r = f/M, whose integrand is nowhere negative, so that
    nothing cancels as C -> 1, where it is (15/16)(1-C)^4. Gauss-Legendre in c, error < 1e-9.
    """
    C = bkw_c(collisions, beta)[..., None]
    maxwellian, r, log_r = _over_maxwellian(C)
    return (maxwellian * (r * log_r - (r - 1.0))).sum(-1)[()]


def bkw_h_rate(collisions: ArrayLike, beta: ArrayLike = 0.4) -> Values:
    """dH/d(nu t) = int (df/dC) ln(f/M) dv (1-C)/6 <= 0 of the BKW mode; error < 1e-8.

    df/dC = (pi C)^(-3/2) exp(-y) (1-C)/C^2 [15/4 - 5y + y^2], y = c^2/C, by differentiation: the
    second Laguerre polynomial, which changes neither number nor energy.
    """
    C = bkw_c(collisions, beta)[..., None]
    maxwellian, _, log_r = _over_maxwellian(C)
    nodes, _ = np.polynomial.legendre.leggauss(QUADRATURE_POINTS)
    y = (FASTEST_SPEED / 2.0 * (nodes + 1.0)) ** 2 / C
    width = C**-1.5 * np.exp(y * C * (1.0 - 1.0 / C))
    slope = (1.0 - C) / C**2 * (15.0 / 4.0 - 5.0 * y + y**2) * width
    return (maxwellian * slope * log_r * (1.0 - C) / 6.0).sum(-1)[()]
