"""Boltzmann's H and its excess over equilibrium from the velocities of N particles.

    H = ∫ f ln f dv          (per particle, ∫ f dv = 1, v in units of a chosen speed)
    H - H_eq = ∫ f ln(f/M) dv >= 0,    M the Maxwellian with the mean and temperature of f
    H_eq = -(3/2)[1 + ln(π v0²)],      v0 = sqrt(2kT/m)

The excess is estimated directly, with ln(f/M) in place of ln f: M is a control variate that takes
away the fluctuation of ln M, so that near equilibrium the error is of the order sqrt(K)/N (K the
number of bins) instead of sqrt(3/2N). An unbiased estimate of a vanishing excess is as often
negative as positive; it is not clipped.

Three estimators, biased in different ways:

* ``speed``: histogram of the speed, for isotropic f. For any other f it gives the excess of the
  isotropic average of f, which is a lower bound.
* ``axisymmetric``: histogram of velocity components along and across an axis.
* ``neighbour``: distance to the k-th nearest neighbour in velocity space, no symmetry assumed.

Both histograms see H only through bins and lose (h²/24) ∫ f (d ln(f/M)/dv)² dv; the difference
between bins h and 2h removes it (Richardson). A distribution with edges or points (a thin shell,
a uniform ball) keeps an error of first order in h.

Errors are those of independent particles. A simulation that conserves energy and momentum exactly
fluctuates less: there they are upper bounds.
"""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike

from dsmc.entropy.histogram import (
    SPEED_BINS,
    SpeedHistogram,
    axisymmetric_relative_entropy,
    excess_from_histogram,
    maxwell_bin_mass,
    speed_histogram,
    speed_relative_entropy,
)
from dsmc.entropy.neighbour import neighbour_relative_entropy
from dsmc.entropy.sample import (
    FEWEST_PARTICLES,
    Estimate,
    RelativeEntropy,
    checked_velocity,
    estimate,
    standard_error,
)

__all__ = [
    "EQUILIBRIUM_H",
    "FEWEST_PARTICLES",
    "SPEED_BINS",
    "Estimate",
    "SpeedHistogram",
    "excess_from_histogram",
    "h_excess",
    "h_function",
    "maxwell_bin_mass",
    "speed_histogram",
]

Estimator = Literal["speed", "axisymmetric", "neighbour"]

EQUILIBRIUM_H = -1.5 * (1.0 + float(np.log(np.pi)))  # H_eq with v0 as the unit of speed


def h_function(
    velocity: ArrayLike,
    estimator: Estimator = "speed",
    unit_speed: float | None = None,
    frame: ArrayLike | None = None,
    **options: Any,
) -> Estimate:
    """H = ∫ f ln f dv per particle, with velocities in units of unit_speed.

    velocity : (N, 3) [m/s]
    estimator : "speed", "axisymmetric" or "neighbour" (see the module)
    unit_speed : [m/s]; None takes v0 of the sample, so that equilibrium is -(3/2)(1 + ln π) =
        -3.2170948. A given unit also makes the error contain the fluctuation of the temperature.
    frame : (3,) [m/s] velocity of the gas; None takes the mean of the sample
    options : as for `h_excess`

    Raises ValueError as `h_excess`, and for a unit_speed that is not positive.
    """
    if unit_speed is not None and not 0.0 < unit_speed < np.inf:
        raise ValueError(f"unit_speed must be a positive speed in m/s, not {unit_speed!r}")
    found = _measure(velocity, estimator, frame, **options)
    excess = estimate(found)
    if unit_speed is None:
        return Estimate(EQUILIBRIUM_H + excess.value, excess.error)
    N = found.size
    # E ln T of a sample lies below ln T by Var(T)/2T², and by 1/N where the mean was fitted.
    ln_thermal_speed_squared = 2.0 * np.log(found.thermal_speed / unit_speed)
    ln_thermal_speed_squared += found.energy_spread / (2 * N) + (1.0 / N if frame is None else 0.0)
    return Estimate(
        EQUILIBRIUM_H - 1.5 * float(ln_thermal_speed_squared) + excess.value,
        standard_error(found.spread_of_log, found.spread_noise, found.square_noise, N),
    )


def h_excess(
    velocity: ArrayLike,
    estimator: Estimator = "speed",
    *,
    frame: ArrayLike | None = None,
    bins: int | None = None,
    axis: ArrayLike = (1.0, 0.0, 0.0),
    neighbours: int = 4,
    limit: int = 20000,
) -> Estimate:
    """Excess H - H_eq = ∫ f ln(f/M) dv over the Maxwellian of the same mean and temperature.

    velocity : (N, 3) [m/s], float32 or float64, N >= 50
    estimator : "speed", "axisymmetric" or "neighbour" (see the module)
    frame : (3,) [m/s] mean of M; None takes the mean of the sample
    bins : number of speed bins up to 4.8 v0 ("speed" only)
    axis : (3,) direction of symmetry ("axisymmetric" only)
    neighbours, limit : k, and the number of particles, evenly chosen, that are looked at
        ("neighbour" only)

    Raises ValueError, naming the argument, for a wrong shape, fewer than 50 particles, velocities
    that are not finite or all equal, and options out of range.
    """
    found = _measure(
        velocity, estimator, frame, bins=bins, axis=axis, neighbours=neighbours, limit=limit
    )
    return estimate(found)


def _measure(
    velocity: ArrayLike,
    estimator: str,
    frame: ArrayLike | None,
    bins: int | None = None,
    axis: ArrayLike = (1.0, 0.0, 0.0),
    neighbours: int = 4,
    limit: int = 20000,
) -> RelativeEntropy:
    velocity = checked_velocity(velocity)
    if estimator == "speed":
        histogram = speed_histogram(velocity, SPEED_BINS if bins is None else bins, frame)
        return speed_relative_entropy(*histogram, correction="grassberger")
    if estimator == "axisymmetric":
        return axisymmetric_relative_entropy(velocity, axis, frame)
    if estimator == "neighbour":
        return neighbour_relative_entropy(velocity, neighbours, limit, frame)
    raise ValueError(f"estimator must be 'speed', 'axisymmetric' or 'neighbour', not {estimator!r}")
