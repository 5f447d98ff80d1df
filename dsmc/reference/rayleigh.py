"""Rayleigh's problem: a diffuse wall below a gas at rest is set in motion along itself.

At first the wall feels the free-molecular stress tau_fm = rho U v0/(2 sqrt pi); in the end the gas
follows Navier and Stokes with slip, l the slip length,

    u/U = erfc(x/2r) - exp(x/l + r^2/l^2) erfc(x/2r + r/l),   r = sqrt(mu t/rho)

(H. S. Carslaw & J. C. Jaeger, Conduction of Heat in Solids, Oxford 1959, section 2.7). In between
the linear Boltzmann equation of hard spheres is solved: its Laplace transform in time is the
equation between plates of `dsmc.reference.plane_channel` with nu(c) + s in place of nu(c), and the
inverse is Stehfest's sum (H. Stehfest, Commun. ACM 13 (1970) 47). Lengths in lambda, times in
tau_c.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dsmc.reference.arguments import non_negative, positive, within
from dsmc.reference.plane_channel import PER_TAU, TERMS, Channel
from dsmc.reference.plane_flows import ROOT_PI, VISCOUS_SLIP
from dsmc.reference.sonine_operator import GREEN_KUBO_TIMES

if TYPE_CHECKING:
    from scipy.interpolate import CubicSpline

Values = NDArray[np.float64]

DIFFUSIVITY = 0.5 * PER_TAU**2 * GREEN_KUBO_TIMES["anisotropy"]
"""mu/rho of hard spheres [lambda^2/tau_c]"""
SLIP_LENGTH = VISCOUS_SLIP * PER_TAU * GREEN_KUBO_TIMES["anisotropy"]
"""l of hard spheres at a diffuse wall [lambda]"""

DEEP, NARROW = 5.0, 5.0  # diffusion lengths, and mean free paths, up to a wall at rest
COARSE, FINE = 16, 24  # elements of the two meshes that are extrapolated from
MESH_ORDER = 4  # of the error of a mesh, as measured
TERMS_OF_INVERSE = 10  # even; of more of them rounding takes more than it gives

RAYLEIGH_TIMES = np.append(0.0, 0.0625 * 2.0 ** (np.arange(21) / 2.0))
RAYLEIGH_IMPULSES = np.array([
    1.0, 0.995647, 0.993859, 0.991335, 0.987783, 0.982820, 0.975914, 0.966360, 0.953269,
    0.935566, 0.912054, 0.881568, 0.843263, 0.796973, 0.743485, 0.684509, 0.622330,
    0.559331, 0.497620, 0.438829, 0.384075, 0.334010
])  # fmt: skip
"""Momentum that the wall has given over tau_fm t, after these times [tau_c]; +- 1e-4."""


def rayleigh_impulse(time: ArrayLike) -> Values:
    """Momentum per area that hard spheres have from the wall, over tau_fm tau_c = rho U lambda/4.

    time : since the start [tau_c], 0 to 64. Small U; wall and gas of one temperature. Limits: t at
    first; `rayleigh_slip_impulse` in the end. ValueError out of range.
    """
    t = within("time", time, 0.0, RAYLEIGH_TIMES[-1])
    return t * _impulses()(np.log1p(t))


@lru_cache(maxsize=1)
def _impulses() -> CubicSpline:
    from scipy.interpolate import CubicSpline

    return CubicSpline(np.log1p(RAYLEIGH_TIMES), RAYLEIGH_IMPULSES)


def rayleigh_slip_velocity(position: ArrayLike, time: ArrayLike) -> Values:
    """u/U by Navier and Stokes with slip; position = x/lambda >= 0, time > 0 [tau_c]."""
    from scipy.special import erfc, erfcx

    x, t = non_negative("position", position), positive("time", time)
    r = np.sqrt(DIFFUSIVITY * t)
    y = x / (2.0 * r)
    return erfc(y) - np.exp(-(y**2)) * erfcx(y + r / SLIP_LENGTH)


def rayleigh_slip_impulse(time: ArrayLike) -> Values:
    """The momentum of `rayleigh_slip_velocity` over rho U lambda/4; time >= 0 [tau_c]."""
    from scipy.special import erfcx

    r = np.sqrt(DIFFUSIVITY * non_negative("time", time))
    return 4.0 * (2.0 * r / ROOT_PI - SLIP_LENGTH * (1.0 - erfcx(r / SLIP_LENGTH)))


def rayleigh_transform(s: float) -> float:
    """int_0^inf exp(-s t) s tau(t)/tau_fm dt of the stress on the wall, s > 0 [1/tau_c].

    Two solutions of the linear Boltzmann equation, extrapolated: some seconds. 1 for large s.
    """
    coarse, fine = (_transform(float(positive("s", s)), elements) for elements in (COARSE, FINE))
    return fine + (fine - coarse) / ((FINE / COARSE) ** MESH_ORDER - 1.0)


@lru_cache(maxsize=1000)
def _transform(rate: float, elements: int) -> float:
    channel = Channel(NARROW + DEEP * math.sqrt(DIFFUSIVITY / rate), 1, 0.5, elements)
    channel.rate = channel.rate + rate
    wall = math.sqrt(2.0) * channel.basis[0]  # phi = 2 c_y U/v0
    (found,) = channel.moments(channel.emitted(wall, np.zeros_like(wall)))
    return ROOT_PI * float(found[TERMS][0])


def stehfest_weights(terms: int) -> Values:
    """V_k of f(t) = (ln 2/t) sum_k V_k F(k ln 2/t), k = 1 ... terms (even)."""
    half, weights = terms // 2, []
    for k in range(1, terms + 1):
        total = sum(
            j**half * math.factorial(2 * j)
            / (math.factorial(half - j) * math.factorial(j) * math.factorial(j - 1)
               * math.factorial(k - j) * math.factorial(2 * j - k))
            for j in range((k + 1) // 2, min(k, half) + 1)
        )  # fmt: skip
        weights.append((-1) ** (k + half) * total)
    return np.array(weights)


def rayleigh_history(time: float) -> tuple[float, float]:
    """Stress over tau_fm, and momentum over tau_fm t, at a time > 0 [tau_c]; about a minute.

    `RAYLEIGH_IMPULSES` was made in this way, with fewer velocities and polynomials: 3e-5 off.
    """
    step = math.log(2.0) / float(positive("time", time))
    rates = step * np.arange(1, TERMS_OF_INVERSE + 1)
    transforms = np.array([rayleigh_transform(s) for s in rates])
    weights = stehfest_weights(TERMS_OF_INVERSE)
    stress = step * weights @ (transforms / rates)
    impulse = step * weights @ (transforms / rates**2)
    return float(stress), float(impulse / time)
