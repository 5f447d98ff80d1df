"""What errors from blocks of time do not see: modes of the gas that outlive a block.

A fluctuation of wave number k relaxes at the rate r = nu k², nu = lambda²/2 tau_c the kinematic
viscosity of the gas (its thermal diffusivity is larger), or c k where molecules fly freely. The
mean of such a mode over a time T has the variance, in its own,

    V(x) = (2/x) [1 - (1 - exp(-x))/x],     x = r T.

Over B blocks of length T the true variance of the mean is V(B x), while the scatter of the blocks
makes believe [V(x) - V(B x)]/(B - 1): less, if x is not large. In equilibrium all modes of velocity
and density in a box have equal variance; the ratio of the two sums over all modes is how much
larger the square of the error really is.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from dsmc.scenario import Scenario

_SLIP = 1.11  # mean free paths behind a diffuse wall at which its velocity is reached


def widening(scenario: Scenario, block: float, blocks: float) -> float:
    """Factor, at least 1, by which errors of cells from blocks of time are too small.

    block : length of a block [s]; blocks : their number
    """
    if blocks < 2.0:
        return 1.0
    return max(_of_axis(scenario, axis, block, blocks) for axis in range(scenario.dimension))


def _of_axis(scenario: Scenario, axis: int, block: float, blocks: float) -> float:
    x = rates(scenario, axis) * block
    if not x.size:  # a single cell in a periodic box: what it holds is conserved
        return 1.0
    true = variance_of_mean(blocks * x)
    believed = (variance_of_mean(x) - true) / (blocks - 1.0)
    return max(1.0, math.sqrt(true.sum() / believed.sum()))


def rates(scenario: Scenario, axis: int) -> np.ndarray:
    """Relaxation rates of the modes along an axis that the middle of the box feels, (M,) [1/s].

    Between walls these are the odd harmonics of half a wave, with the slip of the gas; in a
    periodic box all harmonics of a whole one.
    """
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


def variance_of_mean(x: np.ndarray) -> np.ndarray:
    """Variance of the mean of a mode over x of its relaxation times; 1 at x = 0.

    x : (M,) [1]
    """
    x = np.maximum(x, 1e-4)  # below, the cancellation costs more than the limit is off
    return 2.0 / x * (1.0 + np.expm1(-x) / x)
