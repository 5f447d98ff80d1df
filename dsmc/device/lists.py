"""Lists of what takes part. Nowhere else does the host wait for the device within a step."""

import torch
from torch import Tensor


def chosen(mask: Tensor) -> Tensor:
    """The places where `mask` : (n,) holds, rising. The host waits: it must know how many."""
    return torch.nonzero(mask).squeeze(1)
