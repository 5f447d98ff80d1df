"""Random numbers of pairs of neurons: a function of the pair, whichever others are accepted.

Pair i < j of N neurons has the number i N + j: its low 32 bits are the index of a draw, its high
bits the round.  The cell is the gas, and for a vector the gas and the position in the vector.
They are drawn on the host for tensors on any device.
"""

import numpy as np

from bridge.address import Address
from dsmc import draws
from dsmc.compiled import kernel
from dsmc.draws import unit_fine, words
from dsmc.reflection import maxwell_pair

_LOW = np.uint64(0xFFFFFFFF)
_HALF = np.uint64(32)
MOST_NEURONS = 2**19  # whose pair numbers fit 32 bits and the 64 rounds


def pair_normals(
    address: Address, gas: int, numbers: np.ndarray, length: int, dtype: type = np.float64
) -> np.ndarray:
    """A vector of independent normals of one variance for each pair: (pairs, length).

    numbers : (pairs,) of uint64, i N + j
    """
    normals = np.empty((numbers.size, length), dtype)
    _fill_normals(address.engine(), address.part(), gas, numbers, normals)
    return normals


def pair_order(address: Address, gas: int, numbers: np.ndarray) -> np.ndarray:
    """The pairs in a random order that every one of them keeps among any others: (pairs,) rows.

    numbers : (pairs,) of uint64, i N + j
    """
    keys = np.empty(numbers.size, np.uint64)
    _fill_keys(address.engine(gas), address.part(), numbers, keys)
    return np.lexsort((numbers, keys))


@kernel
def _fill_normals(address, part, gas, numbers, normals):
    """Fill normals : (pairs, length), two from each block of random words."""
    blocks = (normals.shape[1] + 1) // 2
    for pair in range(numbers.shape[0]):
        index, high = numbers[pair] & _LOW, np.uint64(part) + (numbers[pair] >> _HALF)
        for block in range(blocks):
            place = draws.Address(address.key, address.step, gas * blocks + block)
            a, b, c, d = words(place, draws.HARD_DIRECTIONS, index, high)
            even, odd = maxwell_pair(1.0, unit_fine(a, b), unit_fine(c, d))
            normals[pair, 2 * block] = even
            if 2 * block + 1 < normals.shape[1]:
                normals[pair, 2 * block + 1] = odd


@kernel
def _fill_keys(address, part, numbers, keys):
    """Fill keys : (pairs,) with 64 random bits each."""
    for pair in range(numbers.shape[0]):
        index, high = numbers[pair] & _LOW, np.uint64(part) + (numbers[pair] >> _HALF)
        a, b, _, _ = words(address, draws.MATCHING, index, high)
        keys[pair] = (a << _HALF) | b
