"""Velocity distributions whose excess of H over equilibrium is known, and samples of them.

Velocities are in units of v0 (kT/m = 1/2).
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Generator = np.random.Generator
Velocity = NDArray[np.float64]


def isotropic(speed: NDArray[np.float64], random: Generator) -> Velocity:
    direction = random.normal(size=(len(speed), 3))
    return direction * (speed / np.linalg.norm(direction, axis=1))[:, None]


def maxwell(N: int, random: Generator) -> Velocity:
    return np.sqrt(0.5) * random.normal(size=(N, 3))


def bkw(N: int, random: Generator) -> Velocity:
    """Bobylev, Krook and Wu's state with C = 3/5: f ~ c² exp(-c²/C)."""
    return isotropic(np.sqrt(0.6 * random.gamma(2.5, size=N)), random)


def bimodal(N: int, random: Generator) -> Velocity:
    """Half the particles at temperature T/2, half at 3T/2."""
    temperature = np.where(random.random(N) < 0.5, 0.5, 1.5)
    return np.sqrt(0.5 * temperature)[:, None] * random.normal(size=(N, 3))


def bi_maxwell(ratio: float) -> Callable[[int, Generator], Velocity]:
    across = 3.0 / (ratio + 2.0)
    return lambda N, random: (
        np.sqrt(0.5 * across * np.array([ratio, 1.0, 1.0])) * random.normal(size=(N, 3))
    )


def beams(t: float) -> Callable[[int, Generator], Velocity]:
    """Two opposite beams, each a Maxwellian of temperature t T."""

    def sample(N: int, random: Generator) -> Velocity:
        v = np.sqrt(0.5 * t) * random.normal(size=(N, 3))
        v[:, 0] += np.sqrt(1.5 * (1.0 - t)) * np.where(random.random(N) < 0.5, -1.0, 1.0)
        return v

    return sample


def cube(N: int, random: Generator) -> Velocity:
    return random.uniform(-1.0, 1.0, size=(N, 3)) * np.sqrt(1.5)


# Excess H - H_eq and ln(f/M) as a function of c²
ISOTROPIC = {
    "maxwell": (maxwell, 0.0, lambda e: np.zeros_like(e)),
    "bkw": (bkw, 0.06392997, lambda e: np.log(e / 1.5) - 2.5 * np.log(0.6) + e * (1 - 1 / 0.6)),
    "bimodal": (
        bimodal,
        0.04443435,
        lambda e: np.log(0.5 * (0.5**-1.5 * np.exp(-e) + 1.5**-1.5 * np.exp(e / 3.0))),
    ),
}
BI_MAXWELL = {0.25: 0.26162407, 0.5: 0.07309126, 2.0: 0.08494952, 4.0: 0.34657359, 10.0: 0.928149}
BEAMS = {0.5: 0.45378142, 0.25: 1.39014361, 0.1: 2.76073077, 0.05: 3.80045123}
