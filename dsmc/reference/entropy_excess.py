"""Boltzmann's H of the equilibrium, and its excess H - H_eq >= 0 in common initial states.

H = int f ln f dv per particle with int f dv = 1. The excess at equal energy does not depend on the
unit of velocity. Source: Boltzmann 1872; Chapman & Cowling 1970, chapter 4; the values follow from
the definition by elementary integrals or quadrature.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dsmc.reference.arguments import positive, within

Values = NDArray[np.float64]


def h_equilibrium(temperature_over_unit: ArrayLike = 0.5) -> Values:
    """H_eq = -(3/2) [1 + ln(2 pi kT/m)] of a Maxwellian, int f ln f dv.

    temperature_over_unit is (kT/m)/u^2 for velocities measured in the unit u: 1/2 for u = v0
    (H_eq = -3.2170948288), 1 for u = sqrt(kT/m) (H_eq = -4.2568155996).
    """
    theta = positive("temperature_over_unit", temperature_over_unit)
    return -1.5 * (1.0 + np.log(2.0 * np.pi * theta))


def excess_bi_maxwellian(ratio: ArrayLike) -> Values:
    """(1/2) ln(T^3/(T_x T_p^2)), T = (T_x + 2 T_p)/3, ratio = T_x/T_p > 0. Exact.

    For small e = T_x/T - 1 it is (3/8) e^2.
    """
    r = positive("ratio", ratio)
    return 0.5 * np.log(((r + 2.0) / 3.0) ** 3 / r)


def excess_two_beams(ratio: ArrayLike) -> Values:
    """Two equal beams +-u_0 along x, each Maxwellian at T_1, ratio = T_1/T in (0, 1].

    u_0^2 = (3/2)(1 - T_1/T) v0^2 keeps the energy. With b^2 = 3(T/T_1 - 1) = u_0^2 m/(kT_1),
    excess = -(3/2) ln(T_1/T) - [ln 2 - <ln(1 + exp(-2by))>], y normal about b with variance 1: the
    bracket is what a velocity tells about its beam. Gauss-Legendre quadrature, error < 1e-10.
    """
    r = within("ratio", positive("ratio", ratio), 0.0, 1.0)
    b = np.sqrt(3.0 * (1.0 / r - 1.0))[..., None]
    x, w = np.polynomial.legendre.leggauss(300)
    z = 9.0 * x  # a standard normal leaves out 1e-19 beyond 9
    normal = 9.0 * w * np.exp(-(z**2) / 2.0) / math.sqrt(2.0 * math.pi)
    doubt = (normal * np.logaddexp(0.0, -2.0 * b * (b + z))).sum(-1)
    return (-1.5 * np.log(r) - math.log(2.0) + doubt)[()]


def excess_two_temperature(low: float = 0.5, high: float = 1.5, share: float = 0.5) -> float:
    """Isotropic mixture of Maxwellians: the fraction `share` at temperature low, the rest at high.

    Temperatures in any one unit; T = share low + (1-share) high. excess = int f ln(f/M) dv by
    Gauss-Legendre quadrature on panels, error < 1e-10 for high/low < 1e4. The particles are one
    species: a label telling the halves apart does not enter. ValueError unless both temperatures
    are positive and 0 <= share <= 1.
    """
    positive("low", low), positive("high", high)
    within("share", share, 0.0, 1.0)
    T = share * low + (1.0 - share) * high
    parts = [(p, theta / T) for p, theta in ((share, low), (1.0 - share, high)) if p > 0.0]
    scales = np.sqrt([theta for _, theta in parts])
    edges = np.unique(np.concatenate([[0.0], np.outer(scales, np.arange(0.5, 9.5, 0.5)).ravel()]))
    x, w = np.polynomial.legendre.leggauss(20)
    half = np.diff(edges)[:, None] / 2.0
    c = ((edges[1:] + edges[:-1])[:, None] / 2.0 + half * x).ravel()
    # ln(f/M) of each part; logaddexp keeps the far tail finite where M underflows.
    logs = [np.log(p) - 1.5 * np.log(t) + c**2 * (1.0 - 1.0 / t) for p, t in parts]
    log_ratio = np.logaddexp.reduce(logs, axis=0)
    density = 4.0 / math.sqrt(math.pi) * c**2 * np.exp(log_ratio - c**2)
    return float(np.sum((half * w).ravel() * density * log_ratio))


EXCESS_UNIFORM_CUBE = 1.5 * (1.0 + math.log(2.0 * math.pi) - math.log(12.0))
"""Each velocity component uniform: (3/2)[1 + ln(2 pi/12)] = 0.5294556249."""

EXCESS_UNIFORM_BALL = (
    1.5 * (1.0 + math.log(2.0 * math.pi)) - math.log(4.0 * math.pi / 3.0) - 1.5 * math.log(5.0)
)
"""Velocities uniform in a ball of radius sqrt(5kT/m): (3/2)[1 + ln(2 pi/5)] - ln(4 pi/3)
= 0.4102467727."""

EXCESS_TWO_TEMPERATURE = 0.0444343496
"""Half the particles at T/2, half at 3T/2: `excess_two_temperature()`."""

EXCESS_BKW = 0.0639299682
"""The BKW shape at C = 3/5, `bkw_h_excess(0)`: psi(5/2) - 1 + ln(10/9) - (1/2) ln(3/5)."""
