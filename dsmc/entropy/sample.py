"""What every estimator needs of a sample: its mean and spread, and how an error is composed."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

FEWEST_PARTICLES = 50
ROWS_AT_A_TIME = 65536  # rows whose temporaries stay in cache

Real = NDArray[np.floating]


class Estimate(NamedTuple):
    """A measured value and its standard error, in the same units."""

    value: float
    error: float


class RelativeEntropy(NamedTuple):
    """∫ f ln(f/M), and what its error is made of (see `estimate`)."""

    value: float
    spread: float  # variance over the particles of ln(f/M)
    spread_of_log: float  # variance over the particles of ln f
    spread_noise: float  # what the noise of ln f adds to the spread, times N
    square_noise: float  # twice the variance of the terms of second order in that noise, times N²
    size: int
    thermal_speed: float
    energy_spread: float  # Var(c²)/<c²>²


def estimate(found: RelativeEntropy) -> Estimate:
    """The excess and its standard error."""
    error = standard_error(found.spread, found.spread_noise, found.square_noise, found.size)
    return Estimate(found.value, error)


def standard_error(spread: float, spread_noise: float, square_noise: float, size: int) -> float:
    """Standard error: sqrt(Var[ln(f/M)]/N + K/2N²), K the number of bins.

    The first term is linear in the noise of the histogram, the second its square. The spread found
    in the sample contains the noise, and that part is taken out.
    """
    linear = max(spread - spread_noise / size, 0.0) / size
    return float(np.sqrt(linear + square_noise / (2.0 * size**2)))


def checked_velocity(velocity: ArrayLike) -> Real:
    """velocity : (N, 3) as an array of floats; ValueError for another shape or N < 50."""
    v = np.asarray(velocity)
    if v.dtype not in (np.float32, np.float64):
        v = np.asarray(v, dtype=np.float64)
    if v.ndim != 2 or v.shape[1] != 3:
        raise ValueError(f"velocity must have the shape (N, 3), not {v.shape}")
    if len(v) < FEWEST_PARTICLES:
        raise ValueError(f"velocity must hold at least {FEWEST_PARTICLES} particles, not {len(v)}")
    return v


def square_distance(rows: Real, point: NDArray[np.float64]) -> NDArray[np.float64]:
    """|v - point|² of every row, column by column: rows of three are too short for NumPy.

    rows : (N, 3) [m/s]; point : (3,) [m/s]
    """
    total = (rows[:, 0] - point[0]) ** 2
    for column in (1, 2):
        difference = rows[:, column] - point[column]
        difference *= difference
        total += difference
    return total


def mean_and_mean_square(
    velocity: Real, frame: ArrayLike | None
) -> tuple[NDArray[np.float64], float]:
    """Velocity of the gas, (3,) [m/s], and <c²> [m²/s²] about it.

    velocity : (N, 3) [m/s]; frame : (3,) [m/s] or None for the mean

    Raises ValueError for velocities that are not finite or all equal, and for a wrong frame.
    """
    pivot = velocity[0].astype(np.float64)  # near the rest: no cancellation in fast streams
    total, total_square = np.zeros(3), 0.0
    with np.errstate(invalid="ignore", over="ignore"):  # judged once, below
        for first in range(0, len(velocity), ROWS_AT_A_TIME):
            rows = velocity[first : first + ROWS_AT_A_TIME]
            total += [np.sum(rows[:, column] - pivot[column]) for column in range(3)]
            total_square += float(np.sum(square_distance(rows, pivot)))
    if not np.isfinite(total_square):
        raise ValueError("velocity must be finite")
    offset = total / len(velocity)
    about_mean = total_square / len(velocity) - float(offset @ offset)
    if not about_mean > 1e-24 * float(np.sum(pivot * pivot)):
        raise ValueError("velocity is the same for all particles: it has no temperature")
    if frame is None:
        return pivot + offset, about_mean
    given = np.asarray(frame, dtype=np.float64)
    if given.shape != (3,) or not np.all(np.isfinite(given)):
        raise ValueError(f"frame must be a velocity with 3 finite components, not {frame!r}")
    drift = pivot + offset - given
    return given, about_mean + float(drift @ drift)
