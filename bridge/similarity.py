"""How alike the neurons of a layer are: cosines of pairs, and the number of directions in use.

The same for the rows of any gas: weights (condensation), gradients, or velocities of molecules.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from bridge.precision import largest, power_of_two, unit_rows, working

BLOCK_ELEMENTS = 2**19  # of a block of cosines


@dataclass(frozen=True)
class Similarity:
    """Cosines of the pairs i < j, and the participation ratio.

    mean, maximum : of |cos(w_i, w_j)|; cos = 0 with a zero row
    participation : (Σ s_k²)² / Σ s_k⁴ over the singular values of the rows as they are (not about
        their mean), between 1 (all parallel) and min(N, D); 0 if every row is zero
    """

    mean: float
    maximum: float
    participation: float


@torch.no_grad()
def similarity(rows: Tensor | np.ndarray) -> Similarity:
    """Similarity of the rows of a gas; of several gases the mean (of the maxima, the largest).

    Cost N² D / 2, in float32 or better; no N x N matrix is held.

    rows : (N, D) or (E, N, D)
    """
    rows = working(torch.as_tensor(rows).detach())
    if rows.ndim not in (2, 3):
        raise ValueError(
            f"rows has shape {tuple(rows.shape)}: must be (N, D) or (E, N, D); "
            "flatten a convolution to (O, I k k)"
        )
    gases = rows if rows.ndim == 3 else rows[None]
    found = [_of_one_gas(gas) for gas in gases if gas.numel()]
    mean, maximum, participation = torch.stack(found).T if found else torch.zeros(3, 1)
    return Similarity(mean.mean().item(), maximum.amax().item(), participation.mean().item())


def _of_one_gas(rows: Tensor) -> Tensor:
    """Mean |cos|, maximum |cos| and participation of (N, D) rows: (3,) in double precision."""
    neurons = rows.shape[0]
    units = unit_rows(rows)
    scaled = rows / power_of_two(largest(rows))
    square = torch.linalg.vector_norm(scaled, dim=-1, dtype=torch.float64).square()
    total = fourth = square.new_zeros(())
    maximum = rows.new_zeros(())
    size = max(1, BLOCK_ELEMENTS // neurons)
    for start in range(0, neurons, size):
        stop = min(start + size, neurons)
        cosine = (units[start:stop] @ units[start:].T).abs_().triu_(1).clamp_(max=1.0)
        total = total + cosine.sum(dtype=torch.float64)
        maximum = torch.maximum(maximum, cosine.amax())
        # |W Wᵀ|² is Σ s_k⁴; its entries are cos_ij |w_i| |w_j|.
        fourth = fourth + square[start:stop] @ (cosine.square().to(square.dtype) @ square[start:])
    fourth = 2.0 * fourth + square.square().sum()
    participation = square.sum().square() / torch.where(fourth > 0.0, fourth, 1.0)
    pairs = max(1, neurons * (neurons - 1) // 2)
    return torch.stack((total / pairs, maximum.to(total.dtype), participation))
