"""Chapman-Enskog transport coefficients, and what finite cells and time steps do to them.

First Sonine order of VHS and VSS molecules: mu_1 = p/(r_s nu), k_1 = (5/2)(k/m) p/(r_h nu),
D_1 = (kT/m)/(r_d nu) with the rates r of `linear_rate`. Infinite order multiplies by a factor that
depends on omega only (isotropic scattering).
Sources: Chapman & Cowling 1970, chapters 9 and 10; Bird 1994, chapter 3; Pekeris & Alterman 1957.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dsmc.reference.arguments import choice, non_negative, positive, viscosity_exponent
from dsmc.reference.equilibrium import collision_rate
from dsmc.reference.relaxation import linear_rate
from dsmc.reference.sonine_operator import infinite_order_factor
from dsmc.species import BOLTZMANN

Values = NDArray[np.float64]

# coefficient -> (mode of linear_rate, mode of the Sonine operator)
COEFFICIENTS = {
    "viscosity": ("stress", "anisotropy"),
    "conductivity": ("heat", "heat_flux"),
    "self_diffusion": ("diffusion", "tagged_velocity"),
}
ORDERS = ("first", "infinite")

INFINITE_ORDER_HARD_SPHERE = {
    "viscosity": 1.0160339417,
    "conductivity": 1.0252181683,
    "self_diffusion": 1.0189537849,
}
"""Infinite over first Sonine order, hard spheres: Pekeris & Alterman 1957, here to ten digits."""


def order_factor(
    coefficient: str, order: str = "infinite", omega: ArrayLike = 0.5, alpha: ArrayLike = 1.0
) -> Values:
    """A transport coefficient of the given Sonine order over its first order.

    coefficient: "viscosity", "conductivity", "self_diffusion"; order: "first" (1) or "infinite".
    Infinite order: bracket integrals with 16 Sonine terms for any VHS omega
    (`infinite_order_factor`, error < 1e-7), the ten-digit constants for hard spheres.
    For VSS molecules (alpha != 1) the brackets with anisotropic scattering are not provided:
    ValueError.
    """
    choice("coefficient", coefficient, tuple(COEFFICIENTS))
    choice("order", order, ORDERS)
    w, a = viscosity_exponent(omega), positive("alpha", alpha)
    if order == "first":
        return np.ones(w.shape)[()]
    if np.any(a != 1.0):
        raise ValueError("alpha must be 1 (isotropic scattering) for order='infinite'")
    mode = COEFFICIENTS[coefficient][1]
    factors = [
        INFINITE_ORDER_HARD_SPHERE[coefficient] if x == 0.5 else infinite_order_factor(mode, x)
        for x in w.ravel().tolist()
    ]
    return np.array(factors).reshape(w.shape)[()]


def _relaxation_time(
    coefficient: str,
    temperature: ArrayLike,
    mass: ArrayLike,
    diameter: ArrayLike,
    omega: ArrayLike,
    alpha: ArrayLike,
    reference_temperature: ArrayLike,
    order: str,
) -> Values:
    """n t [s/m^3] with t the relaxation time 1/(rate nu) times the order factor."""
    rate = linear_rate(COEFFICIENTS[coefficient][0], omega, alpha)
    nu = collision_rate(1.0, temperature, mass, diameter, omega, reference_temperature)
    return order_factor(coefficient, order, omega, alpha) / (rate * nu)


def viscosity(
    temperature: ArrayLike,
    mass: ArrayLike,
    diameter: ArrayLike,
    omega: ArrayLike = 0.5,
    alpha: ArrayLike = 1.0,
    reference_temperature: ArrayLike = 273.15,
    order: str = "first",
) -> Values:
    """Viscosity mu [Pa s].

    mu_1 = 5 (a+1)(a+2) sqrt(pi m k T_ref)/(4 a (5-2w)(7-2w) pi d_ref^2) (T/T_ref)^w

    temperature [K], mass [kg], diameter d_ref [m] at reference_temperature [K], w = omega, a =
    alpha (1: VHS; w = 1/2: hard spheres, (5/16) sqrt(pi m k T)/(pi d^2)). order "infinite" (VHS
    only) multiplies by `order_factor`. Chapman & Cowling 1970, chapter 10; Bird 1994, chapter 3.
    """
    time = _relaxation_time(
        "viscosity", temperature, mass, diameter, omega, alpha, reference_temperature, order
    )
    return BOLTZMANN * positive("temperature", temperature) * time


def conductivity(
    temperature: ArrayLike,
    mass: ArrayLike,
    diameter: ArrayLike,
    omega: ArrayLike = 0.5,
    alpha: ArrayLike = 1.0,
    reference_temperature: ArrayLike = 273.15,
    order: str = "first",
) -> Values:
    """Thermal conductivity of a monatomic gas [W/(m K)], k_1 = (15/4)(k/m) mu_1.

    Arguments as in `viscosity`. Chapman & Cowling 1970, chapter 10; Bird 1994, chapter 3.
    """
    time = _relaxation_time(
        "conductivity", temperature, mass, diameter, omega, alpha, reference_temperature, order
    )
    T, m = positive("temperature", temperature), positive("mass", mass)
    return 2.5 * BOLTZMANN / m * BOLTZMANN * T * time


def self_diffusion(
    number_density: ArrayLike,
    temperature: ArrayLike,
    mass: ArrayLike,
    diameter: ArrayLike,
    omega: ArrayLike = 0.5,
    alpha: ArrayLike = 1.0,
    reference_temperature: ArrayLike = 273.15,
    order: str = "first",
) -> Values:
    """Self-diffusion coefficient D [m^2/s], D_1 = (kT/m)/(nu (5-2w)/6 x 2/(a+1)).

    Hard spheres: 3/(8 n d^2) sqrt(kT/(pi m)); rho D_1/mu_1 = 3a(7-2w)/(5(a+2)), VHS (7-2w)/5.
    number_density [1/m^3], otherwise as in `viscosity`. Chapman & Cowling 1970, chapter 10.
    """
    time = _relaxation_time(
        "self_diffusion", temperature, mass, diameter, omega, alpha, reference_temperature, order
    )
    n, m = positive("number_density", number_density), positive("mass", mass)
    return BOLTZMANN * positive("temperature", temperature) / m * time / n


def mean_free_path_from_viscosity(
    viscosity: ArrayLike,
    number_density: ArrayLike,
    temperature: ArrayLike,
    mass: ArrayLike,
    omega: ArrayLike = 0.5,
) -> Values:
    """Bird's VHS mean free path lambda = (2(5-2w)(7-2w)/15) sqrt(m/(2 pi kT)) mu/rho [m].

    viscosity mu [Pa s] (first order), number_density [1/m^3], temperature [K], mass [kg], w =
    omega. Bird 1994, chapter 4. ValueError for arguments that are not positive.
    """
    mu, n = positive("viscosity", viscosity), positive("number_density", number_density)
    T, m = positive("temperature", temperature), positive("mass", mass)
    w = viscosity_exponent(omega)
    thermal = np.sqrt(m / (2.0 * np.pi * BOLTZMANN * T))
    return 2.0 * (5.0 - 2.0 * w) * (7.0 - 2.0 * w) / 15.0 * thermal * mu / (n * m)


def cell_size_error(
    cell_size: ArrayLike, coefficient: str, omega: ArrayLike = 0.5, order: str = "first"
) -> Values:
    """Relative excess of a transport coefficient when partners are drawn from cells of width L.

    cell_size = L/lambda along the gradient; partners at random in the cell, <dx^2> = L^2/6:
    viscosity    (5-2w) r_s/(9 pi) (L/lambda)^2         HS (16/(45 pi)) = 0.113177
    conductivity (5-2w) r_h/(15 pi) (L/lambda)^2        HS (32/(225 pi)) = 0.045271
    self_diffusion 0, with r_s, r_h of `linear_rate`; relative to the coefficient of the given
    order (divided by `order_factor`). Sub-cells or nearest neighbours: use L^2 = 6 <(x_1-x_2)^2>.
    Alexander, Garcia & Alder, Phys. Fluids 10 (1998) 1540; erratum 12 (2000) 731. VHS.
    """
    L, w = non_negative("cell_size", cell_size), viscosity_exponent(omega)
    factor = order_factor(coefficient, order, w)
    if coefficient == "self_diffusion":
        return 0.0 * L / factor
    rate = linear_rate(COEFFICIENTS[coefficient][0], w)
    divisor = 9.0 if coefficient == "viscosity" else 15.0
    return (5.0 - 2.0 * w) * rate / (divisor * np.pi) * L**2 / factor


def time_step_error(
    time_step: ArrayLike,
    coefficient: str,
    omega: ArrayLike = 0.5,
    alpha: ArrayLike = 1.0,
    order: str = "first",
) -> Values:
    """Relative excess of a transport coefficient for a split move and collision, leading order.

    (nu dt)^2 R_0^2/(12 F), time_step = nu dt, R_0 of `linear_rate`, F the order factor: the
    trapezoidal sum of the Green-Kubo integral. Hard spheres, infinite order: viscosity 0.0524917,
    conductivity 0.0231206, self-diffusion 0.0363481 times (nu dt)^2; first order
    (16/(75 pi)), (64/(675 pi)), (4/(27 pi)) times (v0 dt/lambda)^2 = (pi/4)(nu dt)^2.
    Hadjiconstantinou, Phys. Fluids 12 (2000) 2634; Garcia & Wagner, Phys. Fluids 12 (2000) 2621.
    """
    step = non_negative("time_step", time_step)
    factor = order_factor(coefficient, order, omega, alpha)
    rate = linear_rate(COEFFICIENTS[coefficient][0], omega, alpha)
    return step**2 * rate**2 / (12.0 * factor)
