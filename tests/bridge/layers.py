"""Layers to collide: random weights and gradients, and a call that leaves them alone."""

import numpy as np
import torch

from bridge.address import Address

SEED = 20261121
HERE = Address(SEED, 3, 1)


def layer(gases, neurons, length, seed=SEED, dtype=np.float64):
    """Weights and gradients : (E, N, D), with equal rows and zero rows where there is room."""
    random = np.random.default_rng(seed)
    weight, grad = random.normal(size=(2, gases, neurons, length)).astype(dtype)
    if neurons > 4:
        weight[:, 1], grad[:, 1] = weight[:, 0], grad[:, 0]
        weight[:, 2] = grad[:, 3] = 0.0
    return weight, grad


def collided(module, weight, grad, collision, address=HERE, **options):
    """(gradient after `module.collide`, its outcome)."""
    result = torch.from_numpy(np.array(grad))
    outcome = module.collide(torch.from_numpy(weight), result, collision, address, **options)
    return result.numpy(), outcome


def relative_error(found, expected):
    """Largest error over the largest entry."""
    return np.abs(found - expected).max() / np.abs(expected).max()
