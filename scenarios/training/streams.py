"""Independent random numbers for each purpose of a training, all from its seed."""

import hashlib

import torch


def number(seed: int, purpose: str) -> int:
    """A seed for one purpose: the first bits of SHA-256 of both."""
    digest = hashlib.sha256(f"{seed} {purpose}".encode()).digest()
    return int.from_bytes(digest[:7], "big")


def stream(seed: int, purpose: str) -> torch.Generator:
    """The generator of one purpose."""
    return torch.Generator().manual_seed(number(seed, purpose))
