"""The laws over tensors: the formulas of the engine, bound to torch.

This is to the device what `dsmc.compiled` is to the host: the place that knows how elementary
functions are had.
"""

from collections.abc import Callable, Mapping
from types import SimpleNamespace

import torch
from torch import Tensor

from dsmc import cross_section, reflection, scatter


def copysign(size: float, sign: Tensor) -> Tensor:
    """`size` with the signs of a tensor; sign : (n,)."""
    return torch.copysign(torch.full_like(sign, size), sign)


def laws(replacements: Mapping[str, Callable] | None = None) -> SimpleNamespace:
    """The laws of collisions and walls over tensors, by name.

    replacements : {name: law}. Raises KeyError for a name that is none of them.
    """
    found = vars(cross_section.laws(torch.sqrt, torch.log, torch.exp, torch.pow))
    found |= vars(scatter.laws(torch.sqrt, torch.cos, torch.sin, copysign, torch.where, torch.pow))
    found |= vars(reflection.laws(torch.sqrt, torch.log, torch.cos, torch.sin))
    if unknown := set(replacements or {}) - set(found):
        raise KeyError(f"the device does not use {', '.join(sorted(unknown))}")
    return SimpleNamespace(**(found | dict(replacements or {})))


LAWS = laws()
