"""Does a collision lower the similarity of weights? Theorem 3.3 of the paper, on real gradients.

The theorem speaks of one step of gradient descent on Σ|cos(w_i, w_j)|, with a collision and
without. Here that step is tried at weights and gradients that a training has come to:

    first order   sign of ∇Σ|cos| · (g* - g): what happens as the learning rate goes to zero
    full step     Σ|cos| at w - η g*, less Σ|cos| at w - η g

The training itself takes neither: its own optimizer goes on.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from bridge.address import Address
from bridge.collisions import Collision, PairPotential
from bridge.functional import collide_gradients, push_weights
from bridge.precision import working


@dataclass
class Count:
    """How often a collision of one layer has lowered Σ|cos|, of so many steps.

    same : steps that it left as they were
    """

    steps: int = 0
    same: int = 0
    lower_first_order: int = 0
    lower_full_step: int = 0


class Probe:
    """Counts for every layer and collision."""

    def __init__(self, collisions: Mapping[str, Collision], seed: int):
        self._collisions, self._seed, self._step = collisions, seed, 0
        self.counts: dict[tuple[str, str], Count] = {}

    def look(self, layers: Mapping[str, Tensor], lr: float) -> None:
        """Try every collision at the weights and gradients of now.

        layers : (N, ...) weights that have gradients; lr : η
        """
        for number, (layer, weight) in enumerate(layers.items()):
            w, g = weight.detach().flatten(1), weight.grad.detach().flatten(1)
            slope = slope_of_similarity(w)
            without = total_similarity(w.double() - lr * g.double())
            for name, collision in self._collisions.items():
                address = Address(self._seed, self._step, number)
                move = change_of_step(w, g, collision, lr, address)
                count = self.counts.setdefault((layer, name), Count())
                count.steps += 1
                count.same += not bool(move.any())
                count.lower_first_order += bool((slope * move).sum() < 0.0)
                moved = total_similarity(w.double() - lr * g.double() + move)
                count.lower_full_step += bool(moved < without)
        self._step += 1


def change_of_step(
    weight: Tensor, grad: Tensor, collision: Collision, lr: float, address: Address
) -> Tensor:
    """What the collision adds to the step -η g of gradient descent: (N, D) in double precision.

    weight, grad : (N, D); lr : η
    """
    if isinstance(collision, PairPotential):
        ahead = (working(weight) - lr * working(grad)).double()
        return push_weights(ahead, collision, lr, address) - ahead
    after = collide_gradients(weight, grad, collision, address)
    return -lr * (after.double() - grad.double())


@torch.no_grad()
def total_similarity(rows: Tensor) -> Tensor:
    """Σ_{i<j} |cos(w_i, w_j)|: ().

    rows : (N, D)
    """
    return _total(rows)


def slope_of_similarity(rows: Tensor) -> Tensor:
    """Its gradient with respect to the weights, (N, D) in double precision.

    rows : (N, D)
    """
    rows = rows.detach().double().requires_grad_()
    with torch.enable_grad():
        (slope,) = torch.autograd.grad(_total(rows), rows)
    return slope


def _total(rows: Tensor) -> Tensor:
    units = torch.nn.functional.normalize(rows, dim=1)
    return (units @ units.T).abs().triu(1).sum()
