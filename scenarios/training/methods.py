"""What may happen to gradients between backward and update: a collision, or a control.

Every method is a function of (optimizer, weights, seed) that attaches itself to the optimizer. The
controls ask whether a collision does more than a change without any law would do.
"""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor
from torch.optim import Optimizer

from bridge.address import Address
from bridge.collisions import Collision
from bridge.functional import collide_gradients
from bridge.kinetic_step import KineticStep

Method = Callable[[Optimizer, Sequence[Tensor], int], object]


def bare(optimizer: Optimizer, weights: Sequence[Tensor], seed: int) -> None:
    """The optimizer alone."""


def collided(collision: Collision) -> Method:
    """The neurons of the layers collide in every step."""

    def attach(optimizer: Optimizer, weights: Sequence[Tensor], seed: int) -> KineticStep:
        return KineticStep(optimizer, weights, collision, seed=seed)

    return attach


def scaled(factor: float) -> Method:
    """Control: the gradients of the layers times a number below 1, a smaller learning rate."""

    def attach(optimizer: Optimizer, weights: Sequence[Tensor], seed: int) -> object:
        def shrink(*_: object) -> None:
            for weight in weights:
                weight.grad.mul_(factor)

        return optimizer.register_step_pre_hook(shrink)

    return attach


def noise_like(collision: Collision) -> Method:
    """Control: the gradients plus Gaussian noise, as long as what the collision would change.

    The length is found anew in every step from this run's own weights and gradients.
    """

    def attach(optimizer: Optimizer, weights: Sequence[Tensor], seed: int) -> object:
        generator = torch.Generator().manual_seed(seed)
        step = 0

        def disturb(*_: object) -> None:
            nonlocal step
            for number, weight in enumerate(weights):
                address = Address(seed, step, number)
                change = collide_gradients(weight, weight.grad, collision, address) - weight.grad
                noise = torch.randn(weight.shape, generator=generator, dtype=weight.dtype)
                weight.grad.add_(noise, alpha=(change.norm() / noise.norm()).item())
            step += 1

        return optimizer.register_step_pre_hook(disturb)

    return attach
