"""What may happen in a training besides the base optimizer: a collision, or a control.

Every method is a function of the training that is about to begin; it attaches itself to it. The
controls here ask whether a collision does more than a change without any law would do, the methods
that others have proposed for the same purpose stand in `rivals`.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from bridge.address import Address
from bridge.collisions import Collision
from bridge.functional import collide_gradients
from bridge.kinetic_step import KineticStep
from scenarios.training.streams import stream


@dataclass
class Training:
    """A training before its first step: what a method may look at and change.

    layers : weights whose neurons collide, by name
    optimizers : they step one after the other; the first has all parameters
    seed : of data, initial weights and batches
    loss : () of the present batch at the present weights
    """

    model: nn.Module
    layers: dict[str, nn.Parameter]
    optimizers: list[Optimizer]
    seed: int
    loss: Callable[[], Tensor]

    def before_update(self, change: Callable[[], None]) -> None:
        """Call this between every backward pass and the update."""
        self.optimizers[0].register_step_pre_hook(lambda *_: change())


Method = Callable[[Training], None]


def bare(training: Training) -> None:
    """The optimizer alone."""


def collided(collision: Collision) -> Method:
    """The neurons of the layers collide in every step."""

    def attach(training: Training) -> None:
        weights = list(training.layers.values())
        KineticStep(training.optimizers[0], weights, collision, seed=training.seed)

    return attach


def scaled(c: float) -> Method:
    """Control: the gradients of the layers times 1 - c.

    A smaller learning rate of SGD. Adam divides it out again: there it is a null method.
    """

    def attach(training: Training) -> None:
        def shrink() -> None:
            for weight in training.layers.values():
                weight.grad.mul_(1.0 - c)

        training.before_update(shrink)

    return attach


def noise_like(collision: Collision) -> Method:
    """Control: the gradients plus Gaussian noise, as long as what the collision would change.

    The length is found anew in every step from this run's own weights and gradients. It is that of
    the gradients: Adam moves a weight by noise as far as by a gradient where there is nothing else.
    """

    def attach(training: Training) -> None:
        generator = stream(training.seed, "noise")
        step = 0

        def disturb() -> None:
            nonlocal step
            for number, weight in enumerate(training.layers.values()):
                address = Address(training.seed, step, number)
                change = collide_gradients(weight, weight.grad, collision, address) - weight.grad
                noise = torch.randn(weight.shape, generator=generator, dtype=weight.dtype)
                noise = noise.to(weight.device)
                weight.grad.add_(noise, alpha=(change.norm() / noise.norm()).item())
            step += 1

        training.before_update(disturb)

    return attach
