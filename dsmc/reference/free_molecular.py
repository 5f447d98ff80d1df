"""Collisionless gas between plates and expanding into vacuum.

v0 = sqrt(2kT/m). Sources: Bird 1994, chapters 4 and 7; G. N. Patterson, Molecular Flow of Gases,
Wiley 1956.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dsmc.reference.arguments import non_negative, positive, real
from dsmc.reference.equilibrium import most_probable_speed, one_sided_flux
from dsmc.species import BOLTZMANN

Values = NDArray[np.float64]


class PlatesState(NamedTuple):
    """Collisionless gas between two fully accommodating plates at T_1 and T_2."""

    number_density: Values
    """n [1/m^3], uniform"""
    temperature: Values
    """sqrt(T_1 T_2) [K], uniform"""
    pressure: Values
    """normal stress n k sqrt(T_1 T_2) [Pa]"""
    particle_flux: Values
    """one-way flux J [1/(m^2 s)]"""
    heat_flux: Values
    """q from plate 1 to plate 2 [W/m^2]"""
    number_density_1: Values
    """full-space density of the half-Maxwellian from plate 1 [1/m^3]"""
    number_density_2: Values
    """full-space density of the half-Maxwellian from plate 2 [1/m^3]"""


def free_molecular_plates(
    number_density: ArrayLike, temperature_1: ArrayLike, temperature_2: ArrayLike, mass: ArrayLike
) -> PlatesState:
    """Heat transfer between plates without collisions, full accommodation. Exact.

    Half-Maxwellians of full-space densities n_1, n_2: n = (n_1+n_2)/2, n_1 sqrt(T_1) = n_2
    sqrt(T_2), J = n_1 sqrt(kT_1/(2 pi m)), q = 2k(T_1-T_2) J; small differences:
    q = (p v0/sqrt(pi)) (T_1-T_2)/T. number_density n [1/m^3], temperatures [K], mass [kg].
    Bird 1994, chapter 7.
    """
    n, m = positive("number_density", number_density), positive("mass", mass)
    T_1, T_2 = positive("temperature_1", temperature_1), positive("temperature_2", temperature_2)
    root_1, root_2 = np.sqrt(T_1), np.sqrt(T_2)
    n_1 = 2.0 * n * root_2 / (root_1 + root_2)
    n_2 = 2.0 * n * root_1 / (root_1 + root_2)
    J = n_1 * np.sqrt(BOLTZMANN * T_1 / (2.0 * np.pi * m))
    T = root_1 * root_2
    q = 2.0 * BOLTZMANN * (T_1 - T_2) * J
    return PlatesState(n, T, n * BOLTZMANN * T, J, q, n_1, n_2)


def free_molecular_couette_stress(
    number_density: ArrayLike,
    temperature: ArrayLike,
    mass: ArrayLike,
    wall_speed: ArrayLike,
    accommodation: ArrayLike = 1.0,
) -> Values:
    """Shear stress rho U v0/(2 sqrt pi) x a/(2-a) between plates in relative motion U [Pa].

    number_density [1/m^3], temperature [K] of plates and gas, mass [kg], wall_speed U [m/s] of one
    plate relative to the other, a = accommodation of both (Maxwell's diffuse fraction). Exact for
    any U. An impulsively started diffuse plate feels the same stress at first (a = 1).
    """
    n, U = positive("number_density", number_density), real("wall_speed", wall_speed)
    a = non_negative("accommodation", accommodation)
    if np.any(a > 1.0):
        raise ValueError(f"accommodation must lie between 0 and 1, not {accommodation!r}")
    v0 = most_probable_speed(mass, temperature)
    rho = n * positive("mass", mass)
    return rho * U * v0 / (2.0 * math.sqrt(math.pi)) * a / (2.0 - a)


def free_expansion_density(position: ArrayLike) -> Values:
    """n/n_0 = (1/2) erfc(x/(v0 t)) of a half-space x < 0 released into vacuum at t = 0.

    position = x/(v0 t). Exact without collisions. Bird 1994, chapter 7.
    """
    from scipy.special import erfc

    return 0.5 * erfc(real("position", position))


def free_expansion_momentum(position: ArrayLike) -> Values:
    """n u/(n_0 v0) = exp(-x^2/(v0 t)^2)/(2 sqrt pi); position = x/(v0 t). Exact."""
    return np.exp(-(real("position", position) ** 2)) / (2.0 * math.sqrt(math.pi))


class EffusionFlux(NamedTuple):
    """What a gas at rest sends through a thin hole into vacuum, per area and time."""

    number: Values
    """n cbar/4 [1/(m^2 s)]"""
    momentum: Values
    """along the normal, half of the pressure, n k T/2 [Pa]"""
    energy: Values
    """2 k T for each molecule [W/m^2]"""


def effusion_flux(
    number_density: ArrayLike, temperature: ArrayLike, mass: ArrayLike
) -> EffusionFlux:
    """Effusion through a hole that is small against the mean free path. Exact; Bird 1994, ch. 4.

    number_density n [1/m^3], temperature [K], mass [kg].
    """
    n, T = positive("number_density", number_density), positive("temperature", temperature)
    number = one_sided_flux(n, T, mass)
    return EffusionFlux(number, 0.5 * n * BOLTZMANN * T, 2.0 * BOLTZMANN * T * number)


def effusion_pressure_ratio(temperature_1: ArrayLike, temperature_2: ArrayLike) -> Values:
    """p_1/p_2 = sqrt(T_1/T_2) of two gases that keep each other in balance through a small hole.

    Each sends as many molecules as the other: n_1 sqrt(T_1) = n_2 sqrt(T_2). M. Knudsen, Ann. Phys.
    336 (1909) 205. temperatures [K].
    """
    T_1, T_2 = positive("temperature_1", temperature_1), positive("temperature_2", temperature_2)
    return np.sqrt(T_1 / T_2)


def effusion_speed_density(c: ArrayLike) -> Values:
    """Density of speeds 2 c^3 exp(-c^2) [1/v0] of particles crossing a hole or striking a wall.

    c = v/v0 >= 0; mean energy 2kT, directions by the cosine law. Bird 1994, chapter 4.
    """
    speed = non_negative("c", c)
    return 2.0 * speed**3 * np.exp(-(speed**2))
