"""Arithmetic of the reference modes: float32 or better, scaled so that no square overflows.

Scales are powers of two, so that they change no digit: a gradient times 2^k collides bit for bit
like the gradient itself.
"""

import torch
from torch import Tensor


def working(tensor: Tensor) -> Tensor:
    """The tensor in float64 if it is, else in float32; the tensor itself where that fits.

    tensor : (...) of any floating type
    """
    return tensor if tensor.dtype == torch.float64 else tensor.to(torch.float32)


def largest(tensor: Tensor, dim: int | None = None) -> Tensor:
    """max |entry|, over all or along one dimension, which is kept; NaN if any entry is.

    tensor : (...) not empty
    """
    return tensor.abs().amax(() if dim is None else dim, keepdim=dim is not None)


def power_of_two(size: Tensor) -> Tensor:
    """The power of two in (size/2, size], 1 for 0.

    size : (...) not negative
    """
    mantissa, _ = torch.frexp(size)  # in [1/2, 1)
    return torch.where(size > 0.0, 0.5 * size / mantissa, 1.0)


def unit_rows(rows: Tensor) -> Tensor:
    """Every row divided by its norm; zero rows stay zero.

    rows : (..., D)
    """
    scaled = rows / power_of_two(largest(rows, -1))
    length = torch.linalg.vector_norm(scaled, dim=-1, keepdim=True)
    return scaled.div_(torch.where(length > 0.0, length, 1.0))


def norm(tensor: Tensor) -> Tensor:
    """|tensor| over all entries, in double precision.

    tensor : (...) in working precision
    """
    if tensor.dtype != torch.float64:
        return torch.linalg.vector_norm(tensor, dtype=torch.float64)
    scale = power_of_two(largest(tensor))
    return scale * torch.linalg.vector_norm(tensor / scale)


def limited(before: Tensor, after: Tensor, max_gain: float | None) -> Tensor:
    """`after`, scaled down in place where |after| exceeds max_gain |before|.

    before, after : (...) of one tensor, in working precision
    """
    if max_gain is None:
        return after
    allowed, found = max_gain * norm(before), norm(after)
    return after.mul_(torch.where(found > allowed, allowed / found, 1.0))
