"""Neurons with several partners: how much of each pair's change counts."""

import numpy as np

from bridge.address import Address
from bridge.pair_draws import pair_order
from dsmc.compiled import kernel


def matched(address: Address, gas: int, numbers: np.ndarray, neurons: int) -> np.ndarray:
    """The pairs of a maximal matching, in their order: no neuron twice, no pair left to add.

    Pairs are taken in a random order that is their own, each if both neurons are still free.

    numbers : (pairs,) of uint64, i N + j
    """
    taken = np.zeros(numbers.size, np.bool_)
    busy = np.zeros(neurons, np.bool_)
    order = pair_order(address, gas, numbers)
    _take_free_pairs(numbers // neurons, numbers % neurons, order, busy, taken)
    return numbers[taken]


@kernel
def _take_free_pairs(first, second, order, busy, taken):
    """Mark in taken : (pairs,) those that find both neurons free; busy : (N,) is filled."""
    for position in range(order.shape[0]):
        pair = order[position]
        i, j = first[pair], second[pair]
        if not (busy[i] or busy[j]):
            busy[i] = busy[j] = taken[pair] = True


def mean_shares(first: np.ndarray, second: np.ndarray, neurons: int) -> np.ndarray:
    """1 / max(partners of i, partners of j) of every pair: (pairs,).

    The same for both neurons of a pair, so that momentum is conserved; no neuron has more than one
    share in all, so that the expected energy cannot grow.

    first, second : (pairs,) neurons of the pairs
    """
    partners = np.bincount(first, minlength=neurons) + np.bincount(second, minlength=neurons)
    return 1.0 / np.maximum(partners[first], partners[second])
