"""Kinetic temperature and H of a layer: the gradients of its neurons as the velocities of a gas."""

import numpy as np
import torch
from torch import Tensor

from bridge.precision import largest, power_of_two, working
from dsmc import draws
from dsmc.entropy import Estimate, h_excess


@torch.no_grad()
def temperature(grad: Tensor) -> float:
    """Θ = Σ|g_i - <g>|² / (D (N - 1)): kT/m of a gas with D components of velocity.

    NaN for a single neuron.

    grad : (N, D)
    """
    velocity = working(grad).to(torch.float64)
    neurons, length = velocity.shape
    if neurons < 2 or length == 0:
        return float("nan")
    scale = power_of_two(largest(velocity))
    velocity = velocity / scale
    square = (velocity - velocity.mean(0)).square().sum()
    return (square / (length * (neurons - 1)) * scale * scale).item()


@torch.no_grad()
def entropy(grad: Tensor, neighbours: int = 4) -> Estimate:
    """Excess H - H_eq over Maxwell's distribution, by `dsmc.entropy.h_excess`.

    For D = 3 that of the gas itself. Above, that of its projection on three fixed directions drawn
    at random: a lower bound, since a projection cannot increase ∫ f ln(f/M). Raises ValueError for
    D < 3, fewer than 50 neurons, and where more than `neighbours` gradients are equal.

    grad : (N, D)
    """
    velocity = working(grad).to(torch.float64).cpu().numpy()
    length = velocity.shape[1]
    if length < 3:
        raise ValueError(f"grad has D = {length}: the entropy needs at least three components")
    velocity = velocity / (np.abs(velocity).max(initial=0.0) or 1.0)
    if length > 3:
        velocity = velocity @ _directions(length)
    return h_excess(velocity, "neighbour", neighbours=neighbours)


def _directions(length: int) -> np.ndarray:
    """Three orthonormal directions, the same for every layer of this fan-in: (length, 3)."""
    drawn = np.empty((length, 3))
    draws.uniforms(draws.key(0), draws.PROJECTION, 0, drawn)
    return np.linalg.qr(drawn - 0.5)[0]
