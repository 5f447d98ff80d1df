"""Which neurons may meet: all of a gas, or those that see the same sides of random planes.

    M. S. Charikar, Similarity estimation techniques from rounding algorithms, STOC 2002.

Bit b of a code says whether a neuron lies on the same side of plane b as of plane 0, so that a
neuron and its mirror image share a cell.  The planes have normals of +1 and -1 and change with
every step; two neurons at an angle a differ in a bit with probability 2 (a/pi)(1 - a/pi).
"""

from functools import cache
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from bridge.address import Address
from bridge.collisions import MOST_BITS
from dsmc import draws


class Cells(NamedTuple):
    """Rows sorted by cell."""

    member: np.ndarray  # (rows,)
    offsets: np.ndarray  # (cells + 1,)
    labels: np.ndarray  # (cells,) of the addresses


def divide(weight: Tensor, bits: int | None, address: Address) -> Cells:
    """One cell for each gas, or one for each code of a SimHash in it.

    An evaluation has labels of its own, apart from all that the others of its step can have: which
    cells there are changes with the weights.

    weight : (E, N, D)
    """
    gases, neurons, _ = weight.shape
    before = address.evaluation * (gases << (bits or 0))
    if bits is None:
        member = np.arange(gases * neurons, dtype=np.uint64)
        offsets, labels = whole_gases(gases, neurons)
        return Cells(member, offsets, before + labels)
    codes = codes_of(weight, bits, address) + (np.arange(gases) << bits).repeat(neurons)
    member = np.argsort(codes, kind="stable").astype(np.uint64)
    labels, first = np.unique(codes[member], return_index=True)
    return Cells(member, np.append(first, member.size), before + labels)


@cache
def whole_gases(gases: int, neurons: int) -> tuple[np.ndarray, np.ndarray]:
    """Offsets and labels of one cell for each gas; not to be changed."""
    return np.arange(gases + 1) * neurons, np.arange(gases)


def codes_of(weight: Tensor, bits: int, address: Address) -> np.ndarray:
    """The code of every row, a whole number below 2^bits: (E N,).

    weight : (E, N, D)
    """
    uniforms = np.empty((bits + 1, weight.shape[-1]))
    first = address.step * (MOST_BITS + 1)
    draws.uniforms(address.engine().key, draws.SIMHASH, first, uniforms)
    dtype = torch.float64 if weight.dtype == torch.float64 else torch.float32
    planes = torch.from_numpy(np.sign(uniforms - 0.5)).to(weight.device, dtype)
    side = weight.detach().to(dtype) @ planes.T > 0.0
    same = (side[..., 1:] == side[..., :1]).reshape(-1, bits).cpu().numpy()
    return same @ (1 << np.arange(bits))
