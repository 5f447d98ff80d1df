"""What a collision did to a tensor: counts, and on request how well the gas was conserved."""

from dataclasses import dataclass, replace

import torch
from torch import Tensor

Number = int | float | Tensor  # a tensor of no dimension where a number would wait for the device


class CollisionWarning(UserWarning):
    """A collision that does nothing, or more than it can be trusted with."""


@dataclass(frozen=True)
class Outcome:
    """Result of one collision of one tensor.

    pairs : accepted pairs; candidates : pairs that were tried
    skipped : why nothing was tried, or ""
    finite : False where a non-finite entry left the tensor as it was
    energy_ratio : Σ|g*|² / Σ|g|², if measured
    momentum_error : |Σ(g* - g)| / Σ|g_i|, the largest among the gases, if measured
    largest_eigenvalue : λ_max(S) of soft collisions, an estimate from below, if measured
    """

    pairs: Number = 0
    candidates: Number = 0
    skipped: str = ""
    finite: bool | Tensor = True
    energy_ratio: Number | None = None
    momentum_error: Number | None = None
    largest_eigenvalue: Number | None = None

    def measured(self, before: Tensor, after: Tensor) -> "Outcome":
        """Add the energy ratio and the momentum error; no waiting for the device.

        before, after : (E, N, D) gradients
        """
        before = before.to(torch.float64)
        change = after.to(torch.float64) - before
        largest = before.abs().amax()
        scale = torch.where(largest > 0.0, largest, torch.ones_like(largest))
        before, change = before / scale, change / scale
        energy = before.square().sum()
        gained = (change * (2.0 * before + change)).sum()
        momentum = torch.linalg.vector_norm(before, dim=-1).sum(-1)
        error = torch.linalg.vector_norm(change.sum(-2), dim=-1)
        return replace(
            self,
            energy_ratio=1.0 + gained / torch.where(energy > 0.0, energy, 1.0),
            momentum_error=(error / torch.where(momentum > 0.0, momentum, 1.0)).amax(),
        )
