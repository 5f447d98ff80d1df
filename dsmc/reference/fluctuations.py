"""Finite numbers: fluctuations in a cell, statistical errors, and the microcanonical gas."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dsmc.reference.arguments import positive, real
from dsmc.species import BOLTZMANN

Values = NDArray[np.float64]


class CellVariances(NamedTuple):
    """Equilibrium variances in an open cell of an ideal gas."""

    number: Values
    """Var N [1]"""
    velocity: Values
    """Var u_x [m^2/s^2]"""
    temperature: Values
    """Var T [K^2]"""
    relative_pressure: Values
    """Var p/p^2 [1]"""


class SamplingErrors(NamedTuple):
    """Relative standard errors of sampled cell averages."""

    density: Values
    velocity: Values
    temperature: Values
    pressure: Values


def cell_variances(
    mean_occupancy: ArrayLike, temperature: ArrayLike, mass: ArrayLike
) -> CellVariances:
    """Var N = N, Var u_x = kT/(mN), Var T = 2T^2/(3N), Var p = (5/3)p^2/N, N = mean_occupancy.

    temperature [K], mass [kg] of a simulated particle's molecule. Leading order in 1/N except
    Var N, which is exact (Poisson). Landau & Lifshitz, Statistical Physics, section 112;
    Hadjiconstantinou, Garcia, Bazant & He, J. Comput. Phys. 187 (2003) 274.
    """
    N, T = positive("mean_occupancy", mean_occupancy), positive("temperature", temperature)
    m = positive("mass", mass)
    return CellVariances(N, BOLTZMANN * T / (m * N), 2.0 * T**2 / (3.0 * N), 5.0 / (3.0 * N))


def sampling_errors(
    samples: ArrayLike,
    mean_occupancy: ArrayLike,
    mach: ArrayLike = 1.0,
    relative_temperature_change: ArrayLike = 1.0,
    gamma: float = 5.0 / 3.0,
) -> SamplingErrors:
    """Relative errors after M independent samples of cells with N particles.

    E_rho = 1/sqrt(MN), E_u = 1/(Ma sqrt(gamma MN)), E_T = sqrt(gamma-1) (T/dT)/sqrt(MN),
    E_p = sqrt(gamma)/sqrt(MN); relative_temperature_change = dT/T. With k/c_v = gamma - 1.
    Hadjiconstantinou, Garcia, Bazant & He, J. Comput. Phys. 187 (2003) 274.
    """
    M, N = positive("samples", samples), positive("mean_occupancy", mean_occupancy)
    Ma, dT = (
        positive("mach", mach),
        real("relative_temperature_change", relative_temperature_change),
    )
    if not gamma > 1.0:
        raise ValueError(f"gamma must exceed 1, not {gamma!r}")
    if np.any(dT == 0.0):
        raise ValueError("relative_temperature_change must not be zero")
    E = 1.0 / np.sqrt(M * N)
    return SamplingErrors(
        density=E,
        velocity=E / (Ma * math.sqrt(gamma)),
        temperature=E * math.sqrt(gamma - 1.0) / np.abs(dT),
        pressure=E * math.sqrt(gamma),
    )


def _particles(particles: ArrayLike) -> Values:
    N = real("particles", particles)
    if np.any(N < 2) or np.any(np.floor(N) != N):
        raise ValueError(f"particles must be whole numbers >= 2, not {particles!r}")
    return N


def microcanonical_moment(k: ArrayLike, particles: ArrayLike) -> Values:
    """<v^k> of N particles at fixed energy and zero momentum over the Maxwellian's, equal <v^2>.

    The velocities fill a sphere in d = 3(N-1) dimensions uniformly:
    m_k = (d/2)^(k/2) Gamma(d/2)/Gamma((d+k)/2), k > -3; exact for N >= 2 (elementary geometry).
    """
    from scipy.special import gammaln

    power = real("k", k)
    if np.any(power <= -3.0):
        raise ValueError(f"k must exceed -3, where the moment diverges; not {k!r}")
    d = 3.0 * (_particles(particles) - 1.0)
    log = power / 2.0 * np.log(d / 2.0) + gammaln(d / 2.0) - gammaln((d + power) / 2.0)
    return np.exp(log)


def microcanonical_moment_4(particles: ArrayLike) -> Values:
    """<v^4> of N particles at fixed energy and zero momentum over the Maxwellian's: d/(d+2).

    d = 3(N-1); exact for every N >= 2. Raises ValueError for fewer than two particles.
    """
    d = 3.0 * (_particles(particles) - 1.0)
    return d / (d + 2.0)


def microcanonical_speed(particles: ArrayLike) -> Values:
    """<|v|> of N particles at fixed energy and zero momentum over the Maxwellian's, equal <v^2>.

    sqrt(d/2) Gamma(d/2)/Gamma((d+1)/2), d = 3(N-1). ValueError for fewer than two particles.
    """
    return microcanonical_moment(1.0, particles)
