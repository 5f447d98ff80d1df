"""Inside a normal shock of a monatomic gas: what conservation fixes, and Mott-Smith's profile.

T_xx is the temperature of the motion along the stream, p_xx/(n k).  Sources: conservation of mass
and momentum (S. M. Yen, Phys. Fluids 9 (1966) 1417, on overshoots of temperature);  H. M.
Mott-Smith, Phys. Rev. 82 (1951) 885.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dsmc.reference.arguments import positive, real
from dsmc.reference.gas_dynamics import MONATOMIC, rankine_hugoniot
from dsmc.reference.sonine_operator import GREEN_KUBO_TIMES

Values = NDArray[np.float64]

LEAST_MACH = math.sqrt(9.0 / 5.0)  # from which on T_xx passes through a maximum


class Overshoot(NamedTuple):
    """The largest T_xx within a shock, and where it is."""

    density_ratio: Values
    """n/n_1 where T_xx is largest"""
    temperature_ratio: Values
    """T_xx/T_1 there"""
    over_downstream: Values
    """T_xx/T_2 there"""


def shock_temperature_xx(density_ratio: ArrayLike, mach: ArrayLike) -> Values:
    """T_xx/T_1 where the density within a steady shock is r n_1; density_ratio r, mach M >= 1.

    n u and n (k T_xx + m u^2) are the same everywhere: T_xx/T_1 = (1 + g M^2)/r - g M^2/r^2,
    g = 5/3. Exact, whatever the molecules are.
    """
    r, M = positive("density_ratio", density_ratio), _supersonic(mach)
    stream = MONATOMIC * M**2
    return (1.0 + stream) / r - stream / r**2


def shock_overshoot(mach: ArrayLike) -> Overshoot:
    """The maximum of T_xx: (1 + g M^2)^2/(4 g M^2) T_1 at n/n_1 = 2 g M^2/(1 + g M^2).

    The state lies within the shock, and T_xx exceeds T_2, if M > sqrt(9/5) = 1.342. Exact.
    Raises ValueError for a smaller M: T_xx then rises all the way to T_2.
    """
    M = real("mach", mach)
    if np.any(M < LEAST_MACH):
        raise ValueError(f"mach must be at least sqrt(9/5): T_xx has no maximum at {mach!r}")
    stream = MONATOMIC * M**2
    highest = (1.0 + stream) ** 2 / (4.0 * stream)
    behind = rankine_hugoniot(M).temperature_ratio
    return Overshoot(2.0 * stream / (1.0 + stream), highest, highest / behind)


def mott_smith_thickness(mach: float) -> float:
    """Density thickness (n_2 - n_1)/max|dn/dx| of hard spheres [lambda_1], by the moment of v_x^2.

    Two drifting Maxwellians, those of either side, mix: n_a = nu n_1, n_b = (1 - nu) n_2. Of
    the equation for n <v_x^2>, dF/dx = P, remain (c^2 = kT/m, J = n_1 u_1, g the relative velocity
    of molecules of the two)

        F = J [nu (u_1^2 + 3 c_1^2) + (1 - nu)(u_2^2 + 3 c_2^2)],
        P = nu (1 - nu) n_1 n_2 (sigma/2) <g (g^2/3 - g_x^2)>,

    and nu is logistic. No exact solution, but the thickness is that of the Boltzmann equation for M
    from 2.5 to 8 (B. L. Hicks, S. M. Yen & B. J. Reilly, J. Fluid Mech. 53 (1972) 85, whose numbers
    are uncertain by 3 %). At M = 1 it exceeds `weak_shock_thickness`, exact there, by 12 %. Raises
    ValueError for M <= 1.
    """
    M = float(_supersonic(mach))
    if M == 1.0:
        raise ValueError("mach must exceed 1: a sound wave has no thickness of its own")
    jump = rankine_hugoniot(M)  # velocities in v0 of state 1, c_1^2 = 1/2
    u_1, u_2, r = (float(x) for x in (jump.upstream_velocity, jump.downstream_velocity,
                                      jump.density_ratio))  # fmt: skip
    square_1, square_2 = 0.5, 0.5 * float(jump.temperature_ratio)
    drop = u_1**2 + 3.0 * square_1 - u_2**2 - 3.0 * square_2
    stretch = -_stretching(u_1 - u_2, math.sqrt(square_1 + square_2))
    sigma = 1.0 / math.sqrt(2.0)  # lambda_1 = 1/(sqrt2 n_1 sigma), n_1 = 1
    return 4.0 * u_1 * abs(drop) / (r * 0.5 * sigma * stretch)


def weak_shock_thickness(mach: ArrayLike) -> Values:
    """Density thickness 2 D/[c (M - 1)] of hard spheres [lambda_1]: exact as M -> 1.

    There the profile is a hyperbolic tangent, c the speed of sound, D = [(4/3) mu + (g - 1) k/c_p]
    /rho its diffusivity (L. D. Landau & E. M. Lifshitz, Fluid Mechanics, section 93), and mu and k
    those of Chapman and Enskog to infinite order: 2.888/(M - 1). Raises ValueError for M <= 1.
    """
    M = real("mach", mach)
    if np.any(M <= 1.0):
        raise ValueError(f"mach must exceed 1, not {mach!r}")
    stress, heat = GREEN_KUBO_TIMES["anisotropy"], GREEN_KUBO_TIMES["heat_flux"]
    viscosity = 0.25 * math.sqrt(math.pi) * stress  # mu/rho and k/(rho c_p) [v0 lambda]
    conduction = 0.25 * math.sqrt(math.pi) * heat
    diffusivity = 4.0 / 3.0 * viscosity + (MONATOMIC - 1.0) * conduction
    return 2.0 * diffusivity / (math.sqrt(MONATOMIC / 2.0) * (M - 1.0))


def mott_smith_density(position: ArrayLike, mach: float) -> Values:
    """n/n_1 at position x [lambda_1] from the middle of Mott-Smith's profile, upstream x < 0."""
    thickness, ratio = mott_smith_thickness(mach), rankine_hugoniot(mach).density_ratio
    x = real("position", position)
    return 1.0 + 0.5 * (ratio - 1.0) * (1.0 + np.tanh(2.0 * x / thickness))


def _stretching(drift: float, width: float) -> float:
    """<g (g^2/3 - g_x^2)>, g of a normal law of mean (drift, 0, 0) and one width."""
    speeds, weights = np.polynomial.legendre.leggauss(160)
    low, high = max(0.0, drift - 10.0 * width), drift + 10.0 * width
    g = 0.5 * (high - low) * speeds + 0.5 * (high + low)
    cosine, angular = np.polynomial.legendre.leggauss(96)
    away = g[:, None] ** 2 + drift**2 - 2.0 * drift * g[:, None] * cosine
    law = np.exp(-away / (2.0 * width**2)) / math.sqrt(2.0 * math.pi) / width**3
    inner = (law * (1.0 / 3.0 - cosine**2)) @ angular
    return float(0.5 * (high - low) * weights @ (g**5 * inner))


def _supersonic(mach: ArrayLike) -> Values:
    M = real("mach", mach)
    if np.any(M < 1.0):
        raise ValueError(f"mach must be at least 1, not {mach!r}")
    return M
