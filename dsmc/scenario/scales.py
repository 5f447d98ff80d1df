"""The scales of a gas in equilibrium: how often molecules collide, how far they fly.

Legend: n number density [1/m^3], T temperature [K], m_r reduced mass [kg], d diameter [m],
omega viscosity index, nu collision rate per molecule [1/s]. Unlike molecules collide with the
mean of their diameters, omegas and reference temperatures (Bird 1994, section 4.3).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from dsmc.species import BOLTZMANN, Molecule


def most_probable_speed(mass: float, temperature: float) -> float:
    """v0 = sqrt(2 k T / m) [m/s] (Bird 1994, section 4.2)."""
    return math.sqrt(2.0 * BOLTZMANN * temperature / mass)


def mean_speed(mass: float, temperature: float) -> float:
    """cbar = 2 v0 / sqrt(pi) [m/s] (Bird 1994, section 4.2)."""
    return 2.0 * most_probable_speed(mass, temperature) / math.sqrt(math.pi)


def flux_ratio(s: float) -> float:
    """Flux through a plane of a gas that drifts at the speed ratio s, over that of one at rest.

    exp(-s^2) + sqrt(pi) s erfc(-s) (Bird 1994, section 4.2).
    """
    return math.exp(-s * s) + math.sqrt(math.pi) * s * math.erfc(-s)


def rate_coefficient(first: Molecule, second: Molecule, temperature: float) -> float:
    """<sigma g> of a pair in equilibrium [m^3/s].

    2 sqrt(pi) d^2 sqrt(2 k T_ref / m_r) (T / T_ref)^(1 - omega) (Bird 1994, eq. 4.74);
    for like molecules it is nu / n = 4 d^2 sqrt(pi k T_ref / m) (T / T_ref)^(1 - omega).
    """
    diameter = (first.diameter + second.diameter) / 2.0
    omega = (first.omega + second.omega) / 2.0
    reference = (first.reference_temperature + second.reference_temperature) / 2.0
    reduced_mass = first.mass * (second.mass / (first.mass + second.mass))
    speed = math.sqrt(2.0 * BOLTZMANN * reference / reduced_mass)
    stretch = (temperature / reference) ** (1.0 - omega)
    return 2.0 * math.sqrt(math.pi) * diameter**2 * speed * stretch


def collision_rates(
    molecules: Sequence[Molecule],
    fractions: Sequence[float],
    number_density: float,
    temperature: float,
) -> tuple[float, ...]:
    """nu_p = sum over q of n_q <sigma g>_pq [1/s], one for each species (Bird 1994, eq. 4.74)."""
    return tuple(
        number_density
        * sum(
            share * rate_coefficient(one, other, temperature)
            for other, share in zip(molecules, fractions, strict=True)
        )
        for one in molecules
    )


def mean_free_path(
    molecules: Sequence[Molecule],
    fractions: Sequence[float],
    number_density: float,
    temperature: float,
) -> float:
    """lambda = sum over p of (n_p / n) cbar_p / nu_p [m] (Bird 1994, eq. 4.76)."""
    rates = collision_rates(molecules, fractions, number_density, temperature)
    return temperature**0.5 * sum(
        share * mean_speed(molecule.mass, 1.0) / rate
        for molecule, share, rate in zip(molecules, fractions, rates, strict=True)
    )
