"""Modes of the gas that outlive a block of time: what the scatter of blocks cannot know of them.

A fluctuation of wave number k relaxes at the rate r = nu k^2, nu = lambda^2 / 2 tau_c the kinematic
viscosity of the gas (its thermal diffusivity is larger), or c k where molecules fly freely. The
mean of such a mode over a time T, and two means over T that follow each other, have the variance
and the covariance, in the variance of the mode itself,

    V(x) = (2/x) [1 - (1 - exp(-x))/x],    C(x) = [(1 - exp(-x))/x]^2,    x = r T.

The scatter of B blocks about their common mean is V(x) - V(B x), the correlation of neighbours from
C(x) less what both share with that mean. From these follows what `dsmc.blocks` makes of them,
against the true V(B x): too little, if the average is not longer than some fifty relaxation times,
and no data of the run itself could tell. In equilibrium all modes of velocity and density in a box
have equal variance.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from dsmc.blocks import LEAST_GROWTH

if TYPE_CHECKING:
    from dsmc.scenario import Scenario

_SHORTEST = 1e-4  # below, cancellation costs more than the limit is off
_SLIP = 1.11  # mean free paths behind a diffuse wall at which its velocity is reached


def left_out(modes: Sequence[np.ndarray], length: float, blocks: int) -> float:
    """Factor, at least 1, by which errors of cells from blocks of time are too small.

    modes : of each axis the relaxation rates (M,) [1/sample]
    length : samples in a block; blocks : their number
    """
    if blocks < 2:
        return 1.0
    return max((_of_axis(rates * length, blocks) for rates in modes if rates.size), default=1.0)


def _of_axis(x: np.ndarray, B: int) -> float:
    """Of modes that decay by x in a block, (M,)."""
    x = np.maximum(x, _SHORTEST)
    true = variance_of_mean(B * x)
    block, forgets = variance_of_mean(x), -np.expm1(-x)
    next_one = (forgets / x) ** 2
    edge = (block + next_one * -np.expm1(-(B - 1) * x) / forgets) / B  # of the first with the mean
    squares = B * (block - true).sum()
    products = ((B - 1) * next_one - (B + 1) * true + 2.0 * edge).sum()
    growth = max(LEAST_GROWTH, 1.0 + 2.0 * (products / squares + 1.0 / B))
    believed = growth * squares / (B * (B - 1))
    return max(1.0, math.sqrt(true.sum() / believed))


def relaxation_rates(scenario: Scenario) -> list[np.ndarray]:
    """Rates of the modes along every axis that the middle of the box feels, (M,) each [1/s].

    Between walls these are the odd harmonics of half a wave, with the slip of the gas; in a
    periodic box all harmonics of a whole one: none in a single cell, what it holds is conserved.
    """
    return [_rates(scenario, axis) for axis in range(scenario.dimension)]


def _rates(scenario: Scenario, axis: int) -> np.ndarray:
    length, cells = scenario.lengths[axis], scenario.cells[axis]
    path, speed = scenario.mean_free_path, scenario.mean_free_path / scenario.collision_time
    if getattr(scenario.boundaries, "xyz"[axis]).low.kind == "periodic":
        k = 2.0 * math.pi / length * np.arange(1, cells // 2 + 1)
    else:
        k = math.pi / (length + 2.0 * _SLIP * path) * np.arange(1, cells + 1, 2)
    flight = 1.0 / (speed * k)
    if scenario.collisions.scheme == "none":
        return 1.0 / flight
    return 1.0 / (flight + 2.0 / (path * speed * k**2))


def slowest_time(scenario: Scenario) -> float:
    """Relaxation time of the slowest mode [s]; 0 if there is none."""
    return max((1.0 / rates[0] for rates in relaxation_rates(scenario) if rates.size), default=0.0)


def variance_of_mean(x: np.ndarray) -> np.ndarray:
    """Variance of the mean of a mode over x of its relaxation times; 1 at x = 0.

    x : (M,) [1]
    """
    x = np.maximum(x, _SHORTEST)
    return 2.0 / x * (1.0 + np.expm1(-x) / x)
