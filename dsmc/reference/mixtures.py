"""Elastic binary mixtures: exchange of energy and momentum, binary diffusion.

Exact between Maxwellians for any VHS pair; exact for any distributions when sigma g is constant
(omega = 1), where drift and temperatures obey closed equations.
Sources: Chapman & Cowling 1970, chapters 9 and 14; Bird 1994, chapters 3 and 4.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dsmc.reference.arguments import non_negative, positive, real, viscosity_exponent
from dsmc.reference.equilibrium import unlike_collision_rate
from dsmc.species import BOLTZMANN

Values = NDArray[np.float64]

LORENTZ_DIFFUSION_FACTOR = 32.0 / (9.0 * math.pi)
"""D/[D]_1 of a light trace gas among heavy hard spheres (Lorentz gas, exact) = 1.131768."""


class MixtureState(NamedTuple):
    """Temperatures [K] and drift u_1 - u_2 [m/s] of a homogeneous binary mixture."""

    temperature_1: Values
    temperature_2: Values
    drift: Values


def _exchange(omega: ArrayLike, alpha: ArrayLike) -> Values:
    """(5-2w) x 2/(a+1): how much of the relative velocity a pair loses, times three."""
    w = viscosity_exponent(omega)
    return (5.0 - 2.0 * w) * 2.0 / (positive("alpha", alpha) + 1.0)


def mixture_temperature_rate(
    number_density_1: ArrayLike,
    number_density_2: ArrayLike,
    temperature_1: ArrayLike,
    temperature_2: ArrayLike,
    mass_1: ArrayLike,
    mass_2: ArrayLike,
    diameter: ArrayLike,
    omega: ArrayLike = 0.5,
    reference_temperature: ArrayLike = 273.15,
    alpha: ArrayLike = 1.0,
) -> Values:
    """Decay rate of T_1 - T_2 [1/s]: -(d/dt) ln(T_1 - T_2), no drift.

    (2/3)(m_r/M)(5-2w) <sigma g> (n_1+n_2) x 2/(a+1), M = m_1+m_2, m_r = m_1 m_2/M, <sigma g> at
    the two temperatures (`unlike_collision_rate`); n_1 T_1 + n_2 T_2 is kept, and
    dT_1/dt = -(share of species 2) x rate x (T_1-T_2). Exact while both are Maxwellian, for any f
    when omega = 1. Densities [1/m^3], temperatures [K], masses [kg], diameter [m] of the pair.
    """
    n_1 = non_negative("number_density_1", number_density_1)
    n_2 = non_negative("number_density_2", number_density_2)
    m_1, m_2 = positive("mass_1", mass_1), positive("mass_2", mass_2)
    total = unlike_collision_rate(
        n_1 + n_2, temperature_1, m_1, temperature_2, m_2, diameter, omega, reference_temperature
    )
    return 2.0 / 3.0 * m_1 * m_2 / (m_1 + m_2) ** 2 * _exchange(omega, alpha) * total


def mixture_drift_rate(
    number_density_1: ArrayLike,
    number_density_2: ArrayLike,
    temperature_1: ArrayLike,
    temperature_2: ArrayLike,
    mass_1: ArrayLike,
    mass_2: ArrayLike,
    diameter: ArrayLike,
    omega: ArrayLike = 0.5,
    reference_temperature: ArrayLike = 273.15,
    alpha: ArrayLike = 1.0,
) -> Values:
    """Decay rate of a small drift u_1 - u_2 [1/s] (any drift for omega = 1).

    ((5-2w)/3) <sigma g> m_r (n_2/m_1 + n_1/m_2) x 2/(a+1); arguments as in
    `mixture_temperature_rate`. Chapman & Cowling 1970, chapter 9.
    """
    n_1 = non_negative("number_density_1", number_density_1)
    n_2 = non_negative("number_density_2", number_density_2)
    m_1, m_2 = positive("mass_1", mass_1), positive("mass_2", mass_2)
    # m_r (n_2/m_1 + n_1/m_2) = (n_2 m_2 + n_1 m_1)/M
    weighted = (n_1 * m_1 + n_2 * m_2) / (m_1 + m_2)
    total = unlike_collision_rate(
        weighted, temperature_1, m_1, temperature_2, m_2, diameter, omega, reference_temperature
    )
    return _exchange(omega, alpha) / 3.0 * total


def maxwell_rate_constant(
    mass_1: ArrayLike,
    mass_2: ArrayLike,
    diameter: ArrayLike,
    reference_temperature: ArrayLike = 273.15,
) -> Values:
    """sigma g [m^3/s] of Maxwell molecules (VHS, omega = 1): 2 sqrt(pi) d^2 sqrt(2kT_ref/m_r).

    masses [kg], diameter d [m] of the pair at reference_temperature [K]. Bird 1994, chapter 3.
    """
    m_1, m_2 = positive("mass_1", mass_1), positive("mass_2", mass_2)
    T, d = positive("reference_temperature", reference_temperature), positive("diameter", diameter)
    m_r = m_1 * m_2 / (m_1 + m_2)
    return 2.0 * math.sqrt(math.pi) * d**2 * np.sqrt(2.0 * BOLTZMANN * T / m_r)


def maxwell_mixture_history(
    time: ArrayLike,
    number_density_1: ArrayLike,
    number_density_2: ArrayLike,
    temperature_1: ArrayLike,
    temperature_2: ArrayLike,
    mass_1: ArrayLike,
    mass_2: ArrayLike,
    rate_constant: ArrayLike,
    drift: ArrayLike = 0.0,
) -> MixtureState:
    """Two species of Maxwell molecules: temperatures and drift at `time` [s], exactly.

    With S = rate_constant = sigma g of unlike pairs [m^3/s] (`maxwell_rate_constant`), isotropic
    scattering, w = u_1 - u_2 [m/s], theta = T_1 - T_2:
        dw/dt = -a w,              a = S (n_1 m_1 + n_2 m_2)/M
        dtheta/dt = -b theta + d w^2,  b = 2 S m_r (n_1+n_2)/M,
        d = (2 m_r S/(3 k M)) (n_2 m_2 - n_1 m_1)
    and (3/2)k(n_1 T_1 + n_2 T_2) + (rho_1 rho_2/(rho_1+rho_2)) w^2/2 is constant. These follow from
    the mean transfer of momentum -m_r g and energy -m_r G.g per collision and close for every
    initial distribution and amplitude. Initial temperatures [K] and drift are those at time 0;
    arrays broadcast. Like-like collisions do not enter. Chapman & Cowling 1970, chapter 10.
    """
    t, S = non_negative("time", time), positive("rate_constant", rate_constant)
    n_1 = positive("number_density_1", number_density_1)
    n_2 = positive("number_density_2", number_density_2)
    T_1, T_2 = positive("temperature_1", temperature_1), positive("temperature_2", temperature_2)
    m_1, m_2, w_0 = positive("mass_1", mass_1), positive("mass_2", mass_2), real("drift", drift)
    n, M = n_1 + n_2, m_1 + m_2
    m_r, rho_1, rho_2 = m_1 * m_2 / M, n_1 * m_1, n_2 * m_2
    a, b = S * (rho_1 + rho_2) / M, 2.0 * S * m_r * n / M
    d = 2.0 * m_r * S / (3.0 * BOLTZMANN * M) * (rho_2 - rho_1)
    w = w_0 * np.exp(-a * t)
    # m_r is below either mass, so 2a > b always and the quotient is regular.
    lag = -np.expm1(-(2.0 * a - b) * t) / (2.0 * a - b)
    theta = np.exp(-b * t) * (T_1 - T_2 + d * w_0**2 * lag)
    rho_r = rho_1 * rho_2 / (rho_1 + rho_2)
    heat = rho_r * w_0**2 * -np.expm1(-2.0 * a * t) / (3.0 * BOLTZMANN * n)
    mean = (n_1 * T_1 + n_2 * T_2) / n + heat
    return MixtureState(mean + n_2 / n * theta, mean - n_1 / n * theta, w)


def binary_diffusion(
    number_density: ArrayLike,
    temperature: ArrayLike,
    mass_1: ArrayLike,
    mass_2: ArrayLike,
    diameter: ArrayLike,
    omega: ArrayLike = 0.5,
    reference_temperature: ArrayLike = 273.15,
    alpha: ArrayLike = 1.0,
) -> Values:
    """First-order binary diffusion coefficient [D_12]_1 [m^2/s].

    kT/(m_r ((5-2w)/3) n <sigma g>) x (a+1)/2; hard spheres (3/(8 n d^2)) sqrt(kT/(2 pi m_r)).
    number_density n of the whole mixture [1/m^3], temperature [K], masses [kg], diameter [m] of
    the unlike pair. Higher orders add 0 to 13 %: equal masses 1.018954, light trace gas 32/(9 pi)
    (`LORENTZ_DIFFUSION_FACTOR`), heavy trace gas 1. Chapman & Cowling 1970, chapter 9.
    """
    n, T = positive("number_density", number_density), positive("temperature", temperature)
    m_1, m_2 = positive("mass_1", mass_1), positive("mass_2", mass_2)
    nu = unlike_collision_rate(n, T, m_1, T, m_2, diameter, omega, reference_temperature)
    m_r = m_1 * m_2 / (m_1 + m_2)
    return BOLTZMANN * T / (m_r * _exchange(omega, alpha) / 3.0 * nu)
