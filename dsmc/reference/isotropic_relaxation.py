"""Nonlinear relaxation of a homogeneous isotropic VHS gas: spectral solution, no sampling.

f = M sum_k a_k P_k(c^2) with orthonormal Laguerre (Sonine) polynomials of order 1/2; the quadratic
collision operator gives da_k/d(nu t) = sum_ij B_kij a_i a_j with

    B_kij = < P_i(c^2) P_j(c_1^2) [P_k(c'^2) - P_k(c^2)] g^p >/<g^p>,  p = 2-2 omega,

each a polynomial integral that Gauss quadrature does without error. Energy and number are kept to
rounding for any number of terms. For p = 0 the BKW mode comes out to 1e-13; for hard spheres 17 to
60 terms agree. Source: Chapman & Cowling 1970, chapter 7 (the expansion); Krook & Wu 1977 (p = 0).
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dsmc.reference.arguments import choice, non_negative, real, viscosity_exponent
from dsmc.reference.sonine_operator import colliding_pairs, sonine_polynomials

Values = NDArray[np.float64]

ISOTROPIC_STATES = ("A", "B")
# Beyond 9 v0 a Maxwellian weight below 1e-32 is left out of the H integral.
FASTEST_SPEED = 9.0


class IsotropicHistory(NamedTuple):
    """Laguerre coefficients of an isotropic gas at given times."""

    collisions: Values
    """nu t : (T,)"""
    coefficients: Values
    """a_k : (T, K)"""

    def moment(self, k: float) -> Values:
        """<v^k> over its Maxwellian value, k > -3 : (T,)."""
        from scipy.special import roots_genlaguerre

        power = float(real("k", k))
        if power <= -3.0:
            raise ValueError(f"k must exceed -3, where the moment diverges; not {k!r}")
        terms = self.coefficients.shape[1]
        x, w = roots_genlaguerre(terms, 0.5 + power / 2.0)
        return self.coefficients @ (sonine_polynomials(x, 0.5, terms) @ (w / w.sum()))

    def h_excess(self) -> Values:
        """H - H_eq = int M [r ln r - r + 1] dv, r = f/M : (T,)."""
        x, w = np.polynomial.legendre.leggauss(600)
        c = FASTEST_SPEED / 2.0 * (x + 1.0)
        M = FASTEST_SPEED / 2.0 * w * 4.0 / math.sqrt(math.pi) * c**2 * np.exp(-(c**2))
        terms = self.coefficients.shape[1]
        departure = self.coefficients[:, 1:] @ sonine_polynomials(c**2, 0.5, terms)[1:]
        # The truncated series may dip below zero far out or where f vanishes: f = 0 there.
        empty = departure <= -1.0
        safe = np.where(empty, 0.0, departure)
        return (M * np.where(empty, 1.0, (1.0 + safe) * np.log1p(safe) - safe)).sum(-1)


@lru_cache(maxsize=8)
def isotropic_operator(omega: float = 0.5, terms: int = 29) -> Values:
    """B_kij per tau_c, (terms, terms, terms), symmetric in i, j; read-only."""
    exponent = 2.0 - 2.0 * float(viscosity_exponent(omega))
    points = 3 * terms // 2 + 2
    G, g, x, weight = colliding_pairs(exponent, points)
    P = sonine_polynomials(G**2 + g**2 / 4.0 + G * g * x, 0.5, terms)
    after = P @ np.polynomial.legendre.leggauss(points)[1][:, None] / 2.0
    gain = ((after - P) * weight).reshape(terms, -1)
    first, second = P.reshape(terms, -1), P[..., ::-1].reshape(terms, -1)
    operator = np.stack([(first * change) @ second.T for change in gain])
    operator = (operator + operator.transpose(0, 2, 1)) / 2.0
    operator.flags.writeable = False
    return operator


def laguerre_coefficients(state: str, terms: int) -> Values:
    """Initial a_k : (terms,) of state "A" (BKW shape, C = 3/5) or "B" (temperatures T/2, 3T/2).

    A Maxwellian of temperature x T has Laguerre coefficients (1-x)^k, the BKW mode (1-k)(1-C)^k.
    """
    from scipy.special import gammaln

    choice("state", state, ISOTROPIC_STATES)
    k = np.arange(terms)
    log_norm = gammaln(k + 1.5) - gammaln(k + 1.0) - math.lgamma(1.5)
    series = (1 - k) * 0.4**k if state == "A" else (0.5**k + (-0.5) ** k) / 2.0
    return (-1.0) ** k * np.exp(log_norm / 2.0) * series


def isotropic_relaxation(
    initial: ArrayLike, collisions: ArrayLike, omega: float = 0.5
) -> IsotropicHistory:
    """Relax the Laguerre coefficients initial : (K,) to the times collisions = nu t : (T,).

    The K coefficients are those of `laguerre_coefficients` (orthonormal, a_0 = 1, a_1 = 0 for unit
    number and energy). Eighth-order Runge-Kutta, relative error 1e-11. Raises ValueError for times
    that are negative or decrease, or coefficients without unit number and energy.
    """
    from scipy.integrate import solve_ivp

    a = real("initial", initial)
    if a.ndim != 1 or a.size < 3 or abs(a[0] - 1.0) > 1e-9 or abs(a[1]) > 1e-9:
        raise ValueError("initial must be one row a_0 = 1, a_1 = 0, a_2, ... of coefficients")
    times = np.atleast_1d(non_negative("collisions", collisions))
    if np.any(np.diff(times) <= 0.0):
        raise ValueError("collisions must increase")
    B = isotropic_operator(omega, a.size)
    if times[-1] == 0.0:
        return IsotropicHistory(times, a[None, :])
    solution = solve_ivp(
        lambda t, a: (B @ a) @ a,
        (0.0, times[-1]),
        a,
        t_eval=times,
        method="DOP853",
        rtol=1e-11,
        atol=1e-15,
    )
    return IsotropicHistory(times, solution.y.T)
