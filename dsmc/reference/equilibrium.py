"""Speeds, collision rates and wall flux of a gas in equilibrium.

v0 = sqrt(2kT/m) is the most probable speed, nu the collision rate per particle.
Source: Bird 1994, chapters 1 and 4; Chapman & Cowling, The Mathematical Theory of Non-Uniform
Gases, 3rd ed., Cambridge University Press 1970, chapter 5.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dsmc.reference.arguments import non_negative, positive, real, viscosity_exponent
from dsmc.species import BOLTZMANN

Values = NDArray[np.float64]


def most_probable_speed(mass: ArrayLike, temperature: ArrayLike) -> Values:
    """v0 = sqrt(2kT/m) [m/s]; mass [kg], temperature [K]. Bird 1994, chapter 4.

    Raises ValueError unless both are positive.
    """
    m, T = positive("mass", mass), positive("temperature", temperature)
    return np.sqrt(2.0 * BOLTZMANN * T / m)


def mean_speed(mass: ArrayLike, temperature: ArrayLike) -> Values:
    """cbar = 2 v0/sqrt(pi) [m/s]; mass [kg], temperature [K]. Bird 1994, chapter 4.

    Raises ValueError unless both are positive.
    """
    return 2.0 / math.sqrt(math.pi) * most_probable_speed(mass, temperature)


def maxwell_speed_moment(k: ArrayLike) -> Values:
    """<v^k>/v0^k = Gamma((k+3)/2)/Gamma(3/2) of a Maxwellian, any real k > -3 (Bird 1994, ch. 4).

    Raises ValueError for k <= -3, where the moment diverges.
    """
    from scipy.special import gamma

    power = real("k", k)
    if np.any(power <= -3.0):
        raise ValueError(f"k must exceed -3, where the moment of the speed diverges; not {k!r}")
    return gamma((power + 3.0) / 2.0) / gamma(1.5)


def relative_speed_moment(p: ArrayLike) -> Values:
    """<g^p>/v0^p = 2^(p/2) Gamma((p+3)/2)/Gamma(3/2) over random pairs of equal molecules, p > -3.

    The relative velocity of two Maxwellians is Maxwellian with most probable speed sqrt(2) v0
    (Bird 1994, chapter 4). Raises ValueError for p <= -3.
    """
    power = real("p", p)
    if np.any(power <= -3.0):
        raise ValueError(f"p must exceed -3, where the moment diverges; not {p!r}")
    return 2.0 ** (power / 2.0) * maxwell_speed_moment(power)


def maxwell_speed_density(c: ArrayLike) -> Values:
    """Density of speeds 4 c^2 exp(-c^2)/sqrt(pi) [1/v0], c = v/v0 >= 0. Bird 1994, chapter 4."""
    speed = non_negative("c", c)
    return 4.0 / math.sqrt(math.pi) * speed**2 * np.exp(-(speed**2))


def collision_rate(
    number_density: ArrayLike,
    temperature: ArrayLike,
    mass: ArrayLike,
    diameter: ArrayLike,
    omega: ArrayLike = 0.5,
    reference_temperature: ArrayLike = 273.15,
) -> Values:
    """Mean collision rate per particle of a simple VHS gas [1/s]; Bird 1994, eq. (4.64).

    nu = 4 d_ref^2 n sqrt(pi k T_ref/m) (T/T_ref)^(1-omega)

    number_density [1/m^3], temperature [K], mass [kg], diameter d_ref [m] at reference_temperature
    [K]. At omega = 1/2 this is the hard-sphere rate 4 n d^2 sqrt(pi k T/m), whatever T_ref.
    Collisions per volume and time: n nu/2. VSS molecules with the same diameter collide as often.
    Raises ValueError for arguments that are not positive or omega outside [1/2, 1].
    """
    n, T = non_negative("number_density", number_density), positive("temperature", temperature)
    m, d = positive("mass", mass), positive("diameter", diameter)
    w = viscosity_exponent(omega)
    T_ref = positive("reference_temperature", reference_temperature)
    return 4.0 * d**2 * n * np.sqrt(np.pi * BOLTZMANN * T_ref / m) * (T / T_ref) ** (1.0 - w)


def mean_free_path(
    number_density: ArrayLike,
    temperature: ArrayLike,
    mass: ArrayLike,
    diameter: ArrayLike,
    omega: ArrayLike = 0.5,
    reference_temperature: ArrayLike = 273.15,
) -> Values:
    """lambda = cbar/nu = 1/[sqrt2 pi d_ref^2 n (T_ref/T)^(omega-1/2)] [m]; Bird 1994, eq. (4.65).

    Arguments as in `collision_rate`; number_density must be positive.
    """
    n = positive("number_density", number_density)
    nu = collision_rate(n, temperature, mass, diameter, omega, reference_temperature)
    return mean_speed(mass, temperature) / nu


def unlike_collision_rate(
    number_density_2: ArrayLike,
    temperature_1: ArrayLike,
    mass_1: ArrayLike,
    temperature_2: ArrayLike,
    mass_2: ArrayLike,
    diameter: ArrayLike,
    omega: ArrayLike = 0.5,
    reference_temperature: ArrayLike = 273.15,
) -> Values:
    """Rate nu_12 = n_2 <sigma g> per particle of species 1 with particles of species 2 [1/s].

    sigma = pi d^2 (2kT_ref/(m_r g^2))^(omega-1/2)/Gamma(5/2-omega),
    <g^p> = 2^(p/2) s^p 2 Gamma((p+3)/2)/sqrt(pi), p = 2-2 omega, s^2 = kT_1/m_1 + kT_2/m_2,
    so that <sigma g> = sqrt(pi) d^2 (2kT_ref/m_r)^(omega-1/2) 2^(2-omega) s^(2-2 omega).

    number_density_2 [1/m^3], temperatures [K] (they may differ), masses [kg], m_r = m_1 m_2/(m_1 +
    m_2), diameter [m] of the unlike pair, reference_temperature [K]. Exact for two Maxwellians
    without relative drift (Bird 1994, chapters 3 and 4). ValueError for impossible arguments.
    """
    n_2 = non_negative("number_density_2", number_density_2)
    return n_2 * _mean_rate_constant(
        temperature_1, mass_1, temperature_2, mass_2, diameter, omega, reference_temperature
    )


def _mean_rate_constant(
    temperature_1: ArrayLike,
    mass_1: ArrayLike,
    temperature_2: ArrayLike,
    mass_2: ArrayLike,
    diameter: ArrayLike,
    omega: ArrayLike,
    reference_temperature: ArrayLike,
) -> Values:
    """<sigma g> [m^3/s] between two Maxwellians, see `unlike_collision_rate`."""
    T_1, T_2 = positive("temperature_1", temperature_1), positive("temperature_2", temperature_2)
    m_1, m_2 = positive("mass_1", mass_1), positive("mass_2", mass_2)
    d, w = positive("diameter", diameter), viscosity_exponent(omega)
    T_ref = positive("reference_temperature", reference_temperature)
    m_r = m_1 * m_2 / (m_1 + m_2)
    s = np.sqrt(BOLTZMANN * T_1 / m_1 + BOLTZMANN * T_2 / m_2)
    v_ref = np.sqrt(2.0 * BOLTZMANN * T_ref / m_r)
    return (
        math.sqrt(np.pi) * d**2 * v_ref ** (2.0 * w - 1.0) * 2.0 ** (2.0 - w) * s ** (2.0 - 2 * w)
    )


def one_sided_flux(number_density: ArrayLike, temperature: ArrayLike, mass: ArrayLike) -> Values:
    """Particles striking a wall of a gas at rest, n cbar/4 = n v0/(2 sqrt pi) [1/(m^2 s)].

    number_density [1/m^3], temperature [K], mass [kg]. Bird 1994, eq. (4.24). The strikers bring
    2kT each on average and <v_n> = (sqrt(pi)/2) v0. ValueError for impossible arguments.
    """
    n = non_negative("number_density", number_density)
    return n * mean_speed(mass, temperature) / 4.0
