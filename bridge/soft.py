"""Soft collisions of neurons (Alg. 2): repulsion of gradients by similarity.

    g* = g - c S g,    S = cos(w, w) ∘ cos(g, g)

S is positive semidefinite with unit diagonal (Schur product), so that g* is a descent direction
iff c < 1/λ_max(S). In a condensed layer λ_max is nearly N; c > 2/λ_max reverses the leading mode.

Cost: three products of N² D, the first two by halves since S is symmetric; memory 5 N D and a
block of rows of S.
"""

import warnings
from dataclasses import replace

import torch
from torch import Tensor

from bridge.address import Address
from bridge.collisions import SoftCollision
from bridge.outcome import CollisionWarning, Outcome
from bridge.precision import largest, limited, unit_rows, working

BLOCK_ELEMENTS = 2**19  # of a block of rows of S
SMALLEST_BLOCK = 32  # rows
POWER_STEPS = 12  # of the estimate of the largest eigenvalue


@torch.no_grad()
def collide(
    weight: Tensor, grad: Tensor, collision: SoftCollision, address: Address, *, measure=False
) -> Outcome:
    """Repel the gradients of every gas, in place; no waiting for a device.

    weight : (E, N, D) positions; grad : (E, N, D) velocities, changed
    measure : also report energy, momentum and the largest eigenvalue of S
    """
    gases, neurons, _ = grad.shape
    if neurons < 2:
        return Outcome(skipped="fewer than two neurons")
    if grad.numel() == 0:
        return Outcome(skipped="no components")
    before = working(grad)
    pairs = gases * (neurons * (neurons - 1) // 2)
    if collision.coll_coef == 0.0:
        outcome = Outcome(0, pairs)
        return outcome.measured(before, before) if measure else outcome
    on_host = grad.device.type == "cpu"
    positions = working(weight)
    finite = torch.isfinite(largest(before)) & torch.isfinite(largest(positions))
    if on_host and not finite:
        return Outcome(skipped="non-finite entries", finite=False)
    with torch.autocast(grad.device.type, enabled=False):
        similarity = SimilarityMatrix(unit_rows(positions), unit_rows(before), collision.diagonal)
        pull, row_sums = similarity.times(before, sums=collision.normalize == "rowsum")
        if collision.normalize == "mean":
            pull /= _partners(neurons, collision)
        elif collision.normalize == "rowsum":
            pull /= torch.where(row_sums > 0.0, row_sums, 1.0)
        after = limited(before, pull.mul_(-collision.coll_coef).add_(before), collision.max_gain)
        outcome = Outcome(pairs, pairs, finite=True if on_host else finite)
        if measure:
            outcome = replace(
                outcome.measured(before, after), largest_eigenvalue=similarity.largest_eigenvalue()
            )
            _warn(outcome.largest_eigenvalue, collision, neurons, address)
    grad.copy_(after if on_host else torch.where(finite, after, before))
    return outcome


class SimilarityMatrix:
    """S = cos(w, w) ∘ cos(g, g) of every gas, one block of rows at a time.

    positions, velocities : (E, N, D) unit rows; diagonal : keep S_ii
    """

    def __init__(self, positions: Tensor, velocities: Tensor, diagonal: bool):
        self._positions, self._velocities = positions, velocities
        self._diagonal = diagonal

    def times(self, values: Tensor, sums: bool = False) -> tuple[Tensor, Tensor | None]:
        """S values, and on request Σ_j |S_ij| : (E, N, 1).

        values : (E, N, K)
        """
        gases, neurons, _ = values.shape
        product = torch.zeros_like(values)
        row_sums = values.new_zeros(gases, neurons, 1) if sums else None
        size = max(SMALLEST_BLOCK, BLOCK_ELEMENTS // (gases * neurons))
        for start in range(0, neurons, size):
            stop = min(start + size, neurons)
            block = self._rows(start, stop)
            later = block[:, :, stop - start :].mT
            product[:, start:stop].baddbmm_(block, values[:, start:])
            product[:, stop:].baddbmm_(later, values[:, start:stop])
            if sums:
                row_sums[:, start:stop] += block.abs().sum(-1, keepdim=True)
                row_sums[:, stop:] += later.abs().sum(-1, keepdim=True)
        return product, row_sums

    def _rows(self, start: int, stop: int) -> Tensor:
        """Rows start:stop of S from column `start` on: the rest is known by symmetry."""
        u, h = self._positions, self._velocities
        block = torch.bmm(u[:, start:stop], u[:, start:].mT)
        block *= torch.bmm(h[:, start:stop], h[:, start:].mT)
        if not self._diagonal:
            block.diagonal(dim1=-2, dim2=-1).zero_()
        return block

    def largest_eigenvalue(self) -> Tensor:
        """The largest λ_max(S) among the gases by power iteration: an estimate from below."""
        neurons = self._positions.shape[1]
        vector = torch.arange(1, neurons + 1, device=self._positions.device)
        vector = torch.sin(vector.to(self._positions.dtype))  # no mode is orthogonal to it
        vector = vector.expand(self._positions.shape[0], neurons)[..., None]
        for _ in range(POWER_STEPS):
            vector = vector / torch.linalg.vector_norm(vector, dim=1, keepdim=True)
            image, _ = self.times(vector)
            eigenvalue = (vector * image).sum(1)
            vector = torch.where(image.abs().amax(1, keepdim=True) > 0.0, image, vector)
        return eigenvalue.amax()


def _partners(neurons: int, collision: SoftCollision) -> int:
    """How many the sum over the partners of a neuron is of: itself too with the diagonal."""
    return neurons if collision.diagonal else neurons - 1


def _warn(eigenvalue: Tensor, collision: SoftCollision, neurons: int, address: Address) -> None:
    """Say so where c is too large for descent; the same words at every step."""
    partners = _partners(neurons, collision)
    divisor = {None: 1.0, "mean": partners, "rowsum": eigenvalue}[collision.normalize]
    if collision.coll_coef * eigenvalue > divisor:
        warnings.warn(
            f"soft collisions of parameter {address.parameter} at coll_coef = "
            f"{collision.coll_coef:g}: above 1/λ_max(S), where the result need not be a descent "
            'direction; lower coll_coef, or give normalize="rowsum"',
            CollisionWarning,
            stacklevel=4,  # collide runs inside no_grad
        )
