"""Random numbers by address on tensors: the words of `dsmc.draws`, 32-bit values held in int64."""

from typing import NamedTuple

import torch
from torch import Tensor

from dsmc import draws


def _signed(value: int) -> int:
    """The int64 with the bits of an unsigned number."""
    return value - (1 << 64) if value >> 63 else value


def _double(word: Tensor) -> Tensor:
    return word.to(torch.float64)


_functions = draws.functions(_signed, _double)
unit = _functions.unit
unit_fine = _functions.unit_fine
below = _functions.below
shuffled = _functions.shuffled


class Address(NamedTuple):
    """Where in a run random numbers are drawn, as `dsmc.draws.Address`."""

    key: tuple[int, int]
    step: int
    cell: Tensor  # (n,) int64


def words(
    address: Address, stream: int, index: Tensor | int, part: int
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Four 32-bit words at each address; index : (n,) int64, or one for all."""
    word = stream + 256 * part
    step = address.step & 0xFFFFFFFF
    return _functions.philox(index, address.cell, step, word, *address.key)
