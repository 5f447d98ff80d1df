"""The decay of a shear wave of any length in a gas: the linear Boltzmann equation, exactly.

u_y ~ sin(q x) decays as exp(-rate t) at late times; rate -> mu q^2/rho for q lambda -> 0. With
velocities expanded in c^l S_{l+1/2}^(k)(c^2) Y_l1, x being the axis, the equation is

    d phi/dt = -(i q c_x + L) phi,

c_x couples l with l + 1, L leaves l alone (`dsmc.reference.sonine_operator`). The rate is the
eigenvalue that vanishes with q. J. D. Foch & G. W. Ford, in Studies in Statistical Mechanics 5,
North-Holland 1970 (the expansion).

What cells and time steps do to it is exact as well. Partners are drawn from anywhere in a cell of
width h: a molecule meets the mean of its cell, a staircase in place of the wave, so that waves of
the numbers q_m = q + 2 pi m/h are driven, too. With phi_m their amplitudes,

    d phi_m/dt = -i q_m c_x phi_m - own phi_m - s_m partner sum_n s_n phi_n,
    s_m = (-1)^m sin(q_m h/2)/(q_m h/2),   own = loss - gain/2,   partner = mate - gain/2

(parts of L as in `Brackets`), and collisions and flight take turns in every step. For dt -> 0 and
h -> 0 the errors are those of `cell_size_error` and `time_step_error`. The former leaves out that
molecules drift relative to the staircase; this is of the order h/lambda: in cells of h = lambda the
viscosity of long waves is 9.8 % too large, not 11.1 %.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dsmc.reference.arguments import non_negative, positive, viscosity_exponent
from dsmc.reference.sonine_operator import brackets, sonine_polynomials

Values = NDArray[np.float64]

RANKS, TERMS = 10, 12  # tensors l = 1 ... RANKS, polynomials of each
SHORT_RANKS, HARMONICS = 16, 8  # tensors and further waves in cells of finite width
LONGEST = 0.5  # q lambda up to which they are enough: the rate then stands to 1e-6
PER_TAU = 0.5 * math.sqrt(math.pi)  # v0 tau_c / lambda


class Operators(NamedTuple):
    """Over l = 1, 2, ... and k < TERMS: the collisions of one particle, and streaming."""

    own: Values  # what a molecule says of itself, per tau_c
    partner: Values  # and of its partners
    c_x: Values  # per v0


@lru_cache(maxsize=8)
def operators(omega: float, ranks: int) -> Operators:
    """The parts of the equation up to l = ranks; the collision operator is own + partner."""
    from scipy.special import gamma, roots_genlaguerre

    square, weight = roots_genlaguerre(TERMS + ranks + 4, 0.5)
    weight = weight / weight.sum()
    radial = [
        math.sqrt(gamma(1.5) / gamma(rank + 1.5))
        * square ** (rank / 2)
        * sonine_polynomials(square, rank + 0.5, TERMS)
        for rank in range(ranks + 1)
    ]
    own, partner, c_x = np.zeros((3, ranks * TERMS, ranks * TERMS))
    for rank in range(1, ranks + 1):
        here, above = (slice((l - 1) * TERMS, l * TERMS) for l in (rank, rank + 1))
        part = brackets(rank, omega, TERMS)
        own[here, here] = part.loss - part.gain / 2.0
        partner[here, here] = part.mate - part.gain / 2.0
        if rank < ranks:
            angle = math.sqrt(rank * (rank + 2) / ((2 * rank + 1) * (2 * rank + 3)))
            mean = (radial[rank] * weight * np.sqrt(square)) @ radial[rank + 1].T
            c_x[here, above] = angle * mean
            c_x[above, here] = angle * mean.T
    return Operators(own, partner, c_x)


def _wave_number(value: ArrayLike) -> Values:
    q = non_negative("wave_number", value)
    if np.any(q > LONGEST):
        raise ValueError(f"wave_number must not exceed {LONGEST:g}, not {value!r}")
    return q


def shear_wave_rate(wave_number: ArrayLike, omega: float = 0.5) -> Values:
    """Decay rate of a shear wave per tau_c; wave_number = q lambda, 0 to 1/2, lambda = cbar tau_c.

    To lowest order mu q^2/rho = (pi/8) I (q lambda)^2, I of `GREEN_KUBO_TIMES` for hard spheres;
    hard spheres at q lambda = 0.25: 1.41 % less. VHS molecules; error below 1e-6 of the rate.
    ValueError for wave numbers out of range.
    """
    q = _wave_number(wave_number)
    part = operators(float(viscosity_exponent(omega)), RANKS)
    slowest = [
        np.linalg.eigvals(part.own + part.partner + 1j * PER_TAU * x * part.c_x).real.min()
        for x in q.ravel()
    ]
    return np.array(slowest).reshape(q.shape)[()]


def shear_wave_decay(
    wave_number: float,
    time_step: float,
    steps: int,
    cell_size: float = 0.0,
    amplitude: float = 0.0,
    omega: float = 0.5,
) -> Values:
    """u(t)/u(0) of a shear wave after 0, 1, ... `steps` steps of collisions and flight.

    It starts as a Maxwellian about the wave. wave_number = q lambda, 0 to 1/2; time_step =
    nu dt; cell_size = h/lambda along x. A wave of the finite amplitude U = amplitude v0 that turns,
    u = U (0, sin q x, cos q x), heats the gas evenly, T/T_0 = 1 + (2/3)(U^2 - u^2)/v0^2, and
    everything goes sqrt(T/T_0) times as fast (hard spheres; others are refused: ValueError).
    Neglected: U^2 (q lambda)^2. What cells add stands to 1 % of it at h = lambda.
    """
    q = float(_wave_number(wave_number))
    dt = float(positive("time_step", time_step))
    h = float(non_negative("cell_size", cell_size))
    U = float(non_negative("amplitude", amplitude))
    if U > 0.0 and omega != 0.5:
        raise ValueError("a finite amplitude is known for hard spheres only: omega = 0.5")
    waves, ranks = (np.arange(-HARMONICS, HARMONICS + 1), SHORT_RANKS) if h else ([0], RANKS)
    numbers = np.array([q + 2.0 * np.pi * m / h if m else q for m in waves])
    stairs = (-1.0) ** np.abs(waves) * np.sinc(numbers * h / (2.0 * np.pi))
    part = operators(float(viscosity_exponent(omega)), ranks)
    heard = float((stairs**2).sum())  # of what a cell means together
    (rate, modes), (alone, own_modes) = map(
        np.linalg.eigh, (part.own + heard * part.partner, part.own)
    )
    speed, flights = np.linalg.eigh(part.c_x)
    phi = np.zeros((len(rate), len(numbers)), complex)
    phi[0, numbers == q] = 1.0
    stairs = stairs / math.sqrt(heard)
    history = [1.0]
    for _ in range(steps):
        hotter = 1.0 + 2.0 / 3.0 * U**2 * (1.0 - history[-1] ** 2)
        time = dt * math.sqrt(hotter)
        mean = phi @ stairs
        rest = own_modes.T @ (phi - np.outer(mean, stairs))
        rest = own_modes @ (np.exp(-alone * time)[:, None] * rest)
        mean = modes @ (np.exp(-rate * time) * (modes.T @ mean))
        turned = np.exp(-1j * PER_TAU * time * np.outer(speed, numbers))
        phi = flights @ (turned * (flights.T @ (rest + np.outer(mean, stairs))))
        history.append(float(phi[0, numbers == q].real[0]))
    return np.array(history)
