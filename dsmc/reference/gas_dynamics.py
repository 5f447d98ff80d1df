"""Inviscid limits: the normal shock and the Riemann problem of an ideal gas.

Sources: Bird 1994, chapter 8 (Rankine-Hugoniot); E. F. Toro, Riemann Solvers and Numerical Methods
for Fluid Dynamics, 3rd ed., Springer 2009, chapter 4 (exact solution). DSMC approaches them for
Kn << 1e-3 only.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dsmc.reference.arguments import real

Values = NDArray[np.float64]

MONATOMIC = 5.0 / 3.0


class ShockJump(NamedTuple):
    """State behind a normal shock (2) over the state before it (1), velocities in v0 of state 1."""

    density_ratio: Values
    pressure_ratio: Values
    temperature_ratio: Values
    upstream_velocity: Values
    """U_1/v0_1 relative to the shock"""
    downstream_velocity: Values
    """U_2/v0_1 relative to the shock"""
    downstream_mach: Values


class GasState(NamedTuple):
    """Density, velocity and pressure in one consistent system of units."""

    density: Values | float
    velocity: Values | float
    pressure: Values | float


class RiemannStar(NamedTuple):
    """The two states between the waves, and the speeds of the waves (head = tail for a shock)."""

    pressure: float
    velocity: float
    density_left: float
    density_right: float
    left_head: float
    left_tail: float
    right_tail: float
    right_head: float


def _heat_ratio(gamma: float) -> float:
    if not 1.0 < gamma < math.inf:
        raise ValueError(f"gamma must exceed 1, not {gamma!r}")
    return float(gamma)


def rankine_hugoniot(mach: ArrayLike, gamma: float = MONATOMIC) -> ShockJump:
    """Jump across a normal shock of Mach number M >= 1.

    n_2/n_1 = (g+1)M^2/((g-1)M^2+2), p_2/p_1 = (2gM^2-(g-1))/(g+1), U_1/v0_1 = M sqrt(g/2);
    g = 5/3: 4M^2/(M^2+3), (5M^2-1)/4, M sqrt(5/6). Bird 1994, chapter 8. ValueError for M < 1.
    """
    M, g = real("mach", mach), _heat_ratio(gamma)
    if np.any(M < 1.0):
        raise ValueError(f"mach must be at least 1, not {mach!r}")
    density = (g + 1.0) * M**2 / ((g - 1.0) * M**2 + 2.0)
    pressure = (2.0 * g * M**2 - (g - 1.0)) / (g + 1.0)
    temperature = pressure / density
    U_1 = M * math.sqrt(g / 2.0)
    U_2 = U_1 / density
    return ShockJump(density, pressure, temperature, U_1, U_2, M / density / np.sqrt(temperature))


def _velocity_change(p: float, rho: float, p_0: float, g: float) -> float:
    """Change of velocity across a wave from pressure p_0 to p: a shock if p > p_0."""
    if p > p_0:
        return (p - p_0) * math.sqrt(2.0 / rho / ((g + 1.0) * p + (g - 1.0) * p_0))
    sound = math.sqrt(g * p_0 / rho)
    return 2.0 * sound / (g - 1.0) * ((p / p_0) ** ((g - 1.0) / (2.0 * g)) - 1.0)


def _behind(p: float, rho: float, p_0: float, g: float) -> tuple[float, float, float]:
    """Density behind a wave, and the speeds of its head and tail into the gas ahead at rest.

    The tail of a rarefaction is given relative to the gas behind it.
    """
    sound = math.sqrt(g * p_0 / rho)
    if p > p_0:
        mu = (g - 1.0) / (g + 1.0)
        speed = sound * math.sqrt((g + 1.0) / (2.0 * g) * (p / p_0 - 1.0) + 1.0)
        return rho * (p / p_0 + mu) / (mu * p / p_0 + 1.0), speed, speed
    tail = sound * (p / p_0) ** ((g - 1.0) / (2.0 * g))
    return rho * (p / p_0) ** (1.0 / g), sound, tail


def _checked(name: str, state: GasState | tuple[float, float, float]) -> tuple[float, float, float]:
    rho, u, p = (float(real(name, x)) for x in state)
    if rho <= 0.0 or p <= 0.0:
        raise ValueError(f"{name} must have positive density and pressure, not {state!r}")
    return rho, u, p


def riemann_star(
    left: GasState | tuple[float, float, float],
    right: GasState | tuple[float, float, float],
    gamma: float = MONATOMIC,
) -> RiemannStar:
    """Pressure, velocity and densities between the waves of a Riemann problem, and wave speeds.

    left, right = (density, velocity, pressure). u_L - f(p, L) = u_R + f(p, R) is solved for p* by
    bracketing (Toro 2009, section 4.3); relative error < 1e-13. Raises ValueError for states
    without positive density and pressure, or flying apart so fast that a vacuum opens.
    """
    from scipy.optimize import brentq

    (rho_l, u_l, p_l), (rho_r, u_r, p_r) = _checked("left", left), _checked("right", right)
    g = _heat_ratio(gamma)

    def excess(p: float) -> float:
        return _velocity_change(p, rho_l, p_l, g) + _velocity_change(p, rho_r, p_r, g) + u_r - u_l

    if excess(0.0) >= 0.0:
        raise ValueError("left and right fly apart faster than the gas expands: a vacuum opens")
    high = max(p_l, p_r)
    while excess(high) < 0.0:
        high *= 2.0
    p = brentq(excess, 0.0, high, xtol=1e-300, rtol=1e-14, maxiter=500)
    u = 0.5 * (u_l + u_r + _velocity_change(p, rho_r, p_r, g) - _velocity_change(p, rho_l, p_l, g))
    density_l, head_l, tail_l = _behind(p, rho_l, p_l, g)
    density_r, head_r, tail_r = _behind(p, rho_r, p_r, g)
    shock_l, shock_r = p > p_l, p > p_r
    return RiemannStar(
        pressure=p,
        velocity=u,
        density_left=density_l,
        density_right=density_r,
        left_head=u_l - head_l,
        left_tail=u_l - head_l if shock_l else u - tail_l,
        right_tail=u_r + head_r if shock_r else u + tail_r,
        right_head=u_r + head_r,
    )


def riemann_solution(
    position: ArrayLike,
    left: GasState | tuple[float, float, float] = (1.0, 0.0, 1.0),
    right: GasState | tuple[float, float, float] = (0.125, 0.0, 0.1),
    gamma: float = MONATOMIC,
) -> GasState:
    """Density, velocity and pressure at position = x/t, states released at x = 0 : any shape.

    The default is Sod's tube. Exact solution of the Euler equations (Toro 2009, section 4.5); in
    units of the given states. Raises ValueError as `riemann_star`.
    """
    s = real("position", position)
    g = _heat_ratio(gamma)
    star = riemann_star(left, right, g)
    (rho_l, u_l, p_l), (rho_r, u_r, p_r) = _checked("left", left), _checked("right", right)

    def fan(rho: float, u: float, p: float, direction: float) -> tuple[Values, Values, Values]:
        """Inside a rarefaction running left (+1) or right (-1)."""
        a = math.sqrt(g * p / rho)
        ratio = np.maximum(2.0 + direction * (g - 1.0) / a * (u - s), 0.0) / (g + 1.0)
        speed = 2.0 / (g + 1.0) * (direction * a + (g - 1.0) / 2.0 * u + s)
        return rho * ratio ** (2.0 / (g - 1.0)), speed, p * ratio ** (2.0 * g / (g - 1.0))

    fan_l, fan_r = fan(rho_l, u_l, p_l, 1.0), fan(rho_r, u_r, p_r, -1.0)
    middle_l = (star.density_left, star.velocity, star.pressure)
    middle_r = (star.density_right, star.velocity, star.pressure)
    where = [
        s <= star.left_head,
        s <= star.left_tail,
        s <= star.velocity,
        s <= star.right_tail,
        s <= star.right_head,
    ]
    states = zip((rho_l, u_l, p_l), fan_l, middle_l, middle_r, fan_r, strict=True)
    after = (rho_r, u_r, p_r)
    fields = [np.select(where, list(f), default=d)[()] for f, d in zip(states, after, strict=True)]
    return GasState(*fields)
