"""Who collides how often: collision rates by speed and the law of free flights in equilibrium.

A particle of speed c v0 in a Maxwellian gas with sigma g ~ g^p collides at the rate
nu(c)/nu = 2^(-p/2) 1F1(-p/2; 3/2; -c^2). Free flights are therefore a mixture of exponentials,
not an exponential. Source: Chapman & Cowling 1970, chapter 5 (hard spheres).
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dsmc.reference.arguments import non_negative, within
from dsmc.reference.equilibrium import maxwell_speed_density

Values = NDArray[np.float64]

# Speeds beyond 10 v0 carry a Maxwellian weight below 1e-40.
FASTEST_SPEED = 10.0


class FreeFlight(NamedTuple):
    """Free flights of hard spheres in equilibrium; t: flight time, l: path; f the Maxwellian."""

    time_second_moment: float
    """<t^2>/<t>^2 = 2 nu <1/nu(c)>"""
    path_second_moment: float
    """<l^2>/<l>^2 = 2 nu <c^2/nu(c)>/cbar^2"""
    rate_variance: float
    """<nu(c)^2>/nu^2"""
    inverse_rate: float
    """nu <1/nu(c)>"""
    tait_mean_free_path: float
    """<c/nu(c)>/lambda (Tait)"""
    colliding_energy: float
    """mean kinetic energy of a colliding particle over (3/2)kT: 7/6"""
    persistence_ratio: float
    """mean persistence of velocities, equal masses: 1/4 + ln(1+sqrt2)/(4 sqrt2)"""


FREE_FLIGHT = FreeFlight(
    time_second_moment=2.0761308045,
    path_second_moment=2.1012183721,
    rate_variance=1.0422181345,
    inverse_rate=1.0380654022,
    tait_mean_free_path=0.9580762807,
    colliding_energy=7.0 / 6.0,
    persistence_ratio=0.25 + math.log(1.0 + math.sqrt(2.0)) / (4.0 * math.sqrt(2.0)),
)
"""Exact averages over hard-sphere free flights (quadrature; Chapman & Cowling 1970, chapter 5)."""


def speed_dependent_rate(c: ArrayLike) -> Values:
    """nu(c)/nu of hard spheres, c = v/v0 >= 0 (Chapman & Cowling 1970, section 5.4).

    nu(c)/nu = (1/(2 sqrt2)) [exp(-c^2) + (2c + 1/c)(sqrt(pi)/2) erf c];  1/sqrt2 at c = 0.
    """
    from scipy.special import erf

    speed = non_negative("c", c)
    slow = speed < 1e-4  # there erf(c)/c loses nothing in its series 2/sqrt(pi) (1 - c^2/3)
    safe = np.where(slow, 1.0, speed)
    ratio = np.where(slow, 1.0 - speed**2 / 3.0, math.sqrt(math.pi) / 2.0 * erf(safe) / safe)
    return ((np.exp(-(speed**2)) + (2.0 * speed**2 + 1.0) * ratio) / (2.0 * math.sqrt(2.0)))[()]


def power_law_rate(c: ArrayLike, exponent: float = 1.0) -> Values:
    """nu(c)/nu = 2^(-p/2) 1F1(-p/2; 3/2; -c^2) for sigma g ~ g^p, c = v/v0 >= 0, 0 <= p <= 1.

    exponent p = 2-2 omega: hard sphere 1 (`speed_dependent_rate`), Maxwell molecules 0.
    Moments of a relative velocity about a fixed one are those of a noncentral chi law.
    """
    from scipy.special import hyp1f1

    speed = non_negative("c", c)
    p = float(within("exponent", exponent, 0.0, 1.0))
    if p == 1.0:
        return speed_dependent_rate(speed)
    return 2.0 ** (-p / 2.0) * hyp1f1(-p / 2.0, 1.5, -(speed**2))


def class_rate(c_low: ArrayLike, c_high: ArrayLike, exponent: float = 1.0) -> Values:
    """Mean of nu(c)/nu over the Maxwellian particles with speeds c_low <= v/v0 <= c_high.

    int nu(c) w dc/(nu int w dc), w = c^2 exp(-c^2), for sigma g ~ g^exponent (exponent = 2-2
    omega). Gauss-Legendre quadrature, error < 1e-9; c_high may be infinite. Arrays broadcast.
    Raises ValueError unless 0 <= c_low < c_high and c_low < 10.
    """
    low, high = np.broadcast_arrays(non_negative("c_low", c_low), np.asarray(c_high, dtype=float))
    if np.any(low >= FASTEST_SPEED):
        raise ValueError(f"c_low must be below {FASTEST_SPEED:g} v0 (nothing is faster): {c_low!r}")
    if not np.all(high > low):
        raise ValueError(f"c_high must exceed c_low: {c_high!r} against {c_low!r}")
    # Beyond 6 v0 over the lower edge the weight is below exp(-36) of its value there.
    high = np.minimum(high, low + 6.0)
    x, w = np.polynomial.legendre.leggauss(64)
    half = (high - low)[..., None] / 2.0
    c = (high + low)[..., None] / 2.0 + half * x
    # The weight relative to the lower edge: the ratio stays defined for classes of rare particles.
    weight = w * c**2 * np.exp(-(c**2 - low[..., None] ** 2))
    return ((power_law_rate(c, exponent) * weight).sum(-1) / weight.sum(-1))[()]


def free_flight_averages() -> FreeFlight:
    """The quadratures behind `FREE_FLIGHT`, error < 1e-12 (hard spheres in equilibrium)."""
    x, w = np.polynomial.legendre.leggauss(200)
    c = FASTEST_SPEED / 2.0 * (x + 1.0)
    f = FASTEST_SPEED / 2.0 * w * maxwell_speed_density(c)
    rate = speed_dependent_rate(c)
    cbar = 2.0 / math.sqrt(math.pi)
    return FreeFlight(
        time_second_moment=float(2.0 * np.sum(f / rate)),
        path_second_moment=float(2.0 * np.sum(f * c**2 / rate) / cbar**2),
        rate_variance=float(np.sum(f * rate**2)),
        inverse_rate=float(np.sum(f / rate)),
        tait_mean_free_path=float(np.sum(f * c / rate) / cbar),
        colliding_energy=float(np.sum(f * rate * c**2) / 1.5),
        persistence_ratio=FREE_FLIGHT.persistence_ratio,
    )
