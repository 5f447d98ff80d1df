"""Which pairs of neurons collide hard: a threshold on g_r exp(-w_r) (Alg. 1, eq. 7).

Distances are those of double precision, whatever the tensors are: |a - b|² = a² + b² - 2 a.b about
the mean row, a matrix product, and from the differences themselves where that would cancel.
Relative error of a distance below 1e-10 (below 1e-12 for most).
"""

from collections.abc import Iterator
from typing import NamedTuple

import torch
from torch import Tensor

from bridge.collisions import HardCollision
from bridge.precision import largest, power_of_two

BLOCK_ELEMENTS = 2**19  # of a block of distances, and of a block of differences
CANCELLATION = 1e-4  # |a - b|² below this part of a² + b² is computed from the differences


class Separations(NamedTuple):
    """Pairs of one gas, the rows start... of the upper triangle against all later columns.

    Entries on and above the diagonal of a block are pairs i < j; below it g is 0.
    """

    number: Tensor  # (rows, columns) i N + j
    g: Tensor  # (rows, columns) |g_i - g_j| / scale
    w: Tensor  # (rows, columns) |w_i - w_j|


class Rows(NamedTuple):
    """Points whose distances are wanted, divided by `scale`; in double precision."""

    points: Tensor  # (N, D)
    centred: Tensor  # (N, D) about their mean
    square: Tensor  # (N,) of the centred points
    doubt: Tensor  # (), added to the squares that a distance is compared with
    scale: Tensor  # ()


def accepted_pairs(weight: Tensor, grad: Tensor, collision: HardCollision) -> Tensor:
    """Numbers i N + j, i < j, of the accepted pairs of one gas, ascending: (pairs,).

    weight, grad : (N, D)
    """
    blocks = separations(weight, grad)
    if collision.coll_coef is not None:
        return _above_coefficient(blocks, collision.coll_coef)
    return _strongest(blocks, round(collision.partners * weight.shape[0] / 2))


def separations(weight: Tensor, grad: Tensor) -> Iterator[Separations]:
    """All pairs of one gas, some rows of the upper triangle at a time, in double precision.

    weight, grad : (N, D)
    """
    neurons = weight.shape[0]
    weights, gradients = rows_of(weight), rows_of(grad)
    place = torch.arange(neurons, device=weight.device)
    size = max(1, BLOCK_ELEMENTS // neurons)
    for start in range(0, neurons - 1, size):
        stop = min(start + size, neurons - 1)
        yield Separations(
            place[start:stop, None] * neurons + place[start + 1 :],
            distances(gradients, start, stop).triu_(),
            distances(weights, start, stop).mul_(weights.scale),
        )


def rows_of(points: Tensor) -> Rows:
    """Points ready for `distances`.

    points : (N, D) of any floating type
    """
    points = points.to(torch.float64)
    scale = power_of_two(largest(points))
    points = points / scale
    mean = points.mean(0)
    centred = points - mean
    doubt = CANCELLATION * mean.square().sum()
    return Rows(points, centred, centred.square().sum(1), doubt, scale)


def distances(rows: Rows, start: int, stop: int) -> Tensor:
    """Distances of points start:stop from all after `start`, over the scale: (rows, columns).

    Exact for pairs i < j only, on and above the diagonal.
    """
    left, right = rows.centred[start:stop], rows.centred[start + 1 :]
    total = rows.square[start:stop, None] + rows.square[start + 1 :]
    square = torch.addmm(total, left, right.T, alpha=-2.0)
    lost = (square < total.add_(rows.doubt).mul_(CANCELLATION)).triu_().nonzero()
    for part in lost.split(max(1, BLOCK_ELEMENTS // rows.points.shape[1])):
        row, column = part.T
        difference = rows.points[start + row] - rows.points[start + 1 + column]
        square[row, column] = difference.square().sum(1)
    return square.clamp_(min=0.0).sqrt_()


def _above_coefficient(blocks: Iterator[Separations], coll_coef: float) -> Tensor:
    """Numbers of the pairs with g_r exp(-w_r) / g_r^max > 1 - coll_coef (eq. 7)."""
    limit = 1.0 - coll_coef
    fastest = torch.zeros(())
    numbers, strengths = [], []
    for pairs in blocks:
        fastest = torch.maximum(fastest.to(pairs.g), pairs.g.amax())
        strength = pairs.g * torch.exp(-pairs.w)
        keep = strength / fastest > limit  # the fastest so far: none is lost
        numbers.append(pairs.number[keep])
        strengths.append(strength[keep])
    return torch.cat(numbers)[torch.cat(strengths) / fastest > limit]


def _strongest(blocks: Iterator[Separations], wanted: int) -> Tensor:
    """Numbers of the `wanted` pairs of largest g_r exp(-w_r); fewer where a tie is cut.

    Its logarithm is compared, which knows far neurons apart where exp(-w_r) is 0.
    """
    numbers, strengths = [], []
    for pairs in blocks:
        numbers.append(pairs.number.flatten())
        strengths.append((torch.log(pairs.g) - pairs.w).flatten())
        number, strength = torch.cat(numbers), torch.cat(strengths)
        strength, order = strength.topk(min(wanted + 1, strength.numel()))
        number = number[order]
        numbers, strengths = [number], [strength]
    one_too_many = strength[wanted] if strength.numel() > wanted else -torch.inf
    return number[strength > one_too_many].sort().values
