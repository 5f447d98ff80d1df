"""Pair potential: weights repel each other's directions after the base optimizer has moved them.

U = Σ cos²(w_i, w_j) over all pairs; every neuron feels one partner drawn at random, N - 1 times:

    w_i += lr strength (N - 1) F_ij,    F_ij = -2 C (u_j - C u_i) / |w_i|,    C = u_i·u_j

on average the force of the full sum, at a cost of O(N D).  It is tangential: |w_i| is untouched to
first order.  Forces are those before any neuron has moved.
"""

import numpy as np
import torch
from torch import Tensor

from bridge.address import Address
from bridge.cells import whole_gases
from bridge.collisions import PairPotential
from bridge.outcome import Outcome
from dsmc import repulsion
from dsmc.device.laws import LAWS
from dsmc.draws import Address as Place


def push(
    weight: Tensor,
    collision: PairPotential,
    lr: float | Tensor,
    address: Address,
    *,
    backend: str | None = None,
) -> Outcome:
    """Move the weights by lr times the sampled force; changes `weight`.

    weight : (E, N, D), any strides; lr : () learning rate of the group
    backend : "torch", or None for the engine on CPU tensors
    `pairs` of the outcome counts the neurons that moved: zero rows and rows that are not finite,
    and those whose partner is one, stay.
    """
    gases, neurons, dimension = weight.shape
    if neurons < 2 or weight.numel() == 0:
        return Outcome(skipped="fewer than two neurons")
    if collision.strength == 0.0:
        return Outcome()
    dtype = torch.float64 if weight.dtype == torch.float64 else torch.float32
    rows = weight.detach().to(dtype).contiguous().view(-1, dimension)
    member = np.arange(gases * neurons, dtype=np.uint64)
    engine, part = address.engine(), address.part()
    if weight.device.type == "cpu" and backend != "torch":
        counts, position = np.zeros(2, np.int64), rows.numpy()
        repulsion.repel(
            position, member, whole_gases(gases, neurons)[0], engine.key, engine.step, part,
            float(lr) * collision.strength, np.empty_like(position[0]), counts,
        )  # fmt: skip
        moved = int(counts[0])
    else:
        for gas in range(gases):
            ring = member[gas * neurons : (gas + 1) * neurons]
            repulsion.ring(ring, Place(engine.key, engine.step, gas), part)
        order = torch.from_numpy(member.astype(np.int64)).to(weight.device).view(gases, neurons)
        moved = _go_round(rows, order, lr * collision.strength * (neurons - 1))
    if rows.data_ptr() != weight.data_ptr():
        weight.detach().copy_(rows.view(weight.shape))
    return Outcome(pairs=moved, candidates=gases * neurons)


def _go_round(rows: Tensor, order: Tensor, strength: float | Tensor) -> Tensor:
    """Move every row by the force of the next one; order : (E, N) rows of the rings."""
    row, other = rows[order], rows[order.roll(-1, 1)]
    row_squared = (row * row).sum(-1, dtype=torch.float64)
    other_squared = row_squared.roll(-1, 1)
    product = (row * other).sum(-1, dtype=torch.float64)
    a, b = LAWS.cosine_force(row_squared, other_squared, product)
    a, b = strength * a, strength * b
    moves = a.isfinite() & b.isfinite() & (row_squared > 0.0) & (other_squared > 0.0)
    a, b = a.to(rows.dtype)[..., None], b.to(rows.dtype)[..., None]
    rows[order] = torch.where(moves[..., None], row + (a * row + b * other), row)
    return moves.sum()
