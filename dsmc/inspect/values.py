"""The numbers of a dataset, looked at in blocks: memory is bounded, whatever its size."""

from __future__ import annotations

import math
import zlib
from collections.abc import Iterator

import h5py
import numpy as np

from dsmc.inspect.description import Values

BLOCK_BYTES = 8 << 20  # held in memory at once
MOST_BYTES = 256 << 20  # of one dataset; of larger ones evenly spaced blocks are looked at
LARGEST_CHUNK = 1 << 30  # B; the library would hold a whole one in memory
_NUMBERS = "biuf"


def is_numeric(dataset: h5py.Dataset) -> bool:
    """Whether the dataset holds real numbers (or truth values)."""
    return dataset.dtype.kind in _NUMBERS and dataset.dtype.shape == ()


def blocks(
    shape: tuple[int, ...], itemsize: int, most: float = math.inf
) -> Iterator[tuple[slice, ...]]:
    """Selections that cover an array in C order; evenly spaced ones if it has over `most` bytes."""
    if 0 in shape:
        return
    axis = 0  # the one that is divided: what stands to the right of it fits into a block
    while axis < len(shape) - 1 and itemsize * math.prod(shape[axis + 1 :]) > BLOCK_BYTES:
        axis += 1
    right = itemsize * math.prod(shape[axis + 1 :])
    rows = max(1, BLOCK_BYTES // max(1, right))
    divided = -(-shape[axis] // rows) if shape else 1
    total = math.prod(shape[:axis]) * divided
    wanted = min(total, max(2, int(min(most, total * BLOCK_BYTES) // BLOCK_BYTES)))
    for number in range(wanted):
        left, part = divmod(number * (total - 1) // max(1, wanted - 1), divided)
        places = []
        for length in reversed(shape[:axis]):
            left, place = divmod(left, length)
            places.append(slice(place, place + 1))
        start = part * rows
        middle = [slice(start, min(start + rows, shape[axis]))] if shape else []
        yield (*reversed(places), *middle, *(slice(0, n) for n in shape[axis + 1 :]))


def look(dataset: h5py.Dataset, with_checksum: bool = False) -> tuple[Values, int]:
    """Range and count of NaN and infinities, and the CRC-32 of the bytes if asked for, else 0.

    For a checksum all of the dataset is read. Raises what the library raises where it is damaged.
    """
    refuse_large_chunks(dataset)
    low: float | None = None
    high: float | None = None
    nan = infinite = seen = checksum = 0
    first = None
    most = math.inf if with_checksum else MOST_BYTES
    for place in blocks(dataset.shape, dataset.dtype.itemsize, most):
        block = np.asarray(dataset[place])
        seen += block.size
        if with_checksum:
            checksum = zlib.crc32(np.ascontiguousarray(block).reshape(-1).view(np.uint8), checksum)
        finite = np.isfinite(block)
        if not finite.all():
            nan_here = int(np.count_nonzero(np.isnan(block)))
            nan += nan_here
            infinite += int(np.count_nonzero(~finite)) - nan_here
            first = first or _first(~finite, place)
            block = block[finite]
        if block.size:
            low = _extreme(min, low, block.min())
            high = _extreme(max, high, block.max())
    share = seen / dataset.size if dataset.size else 1.0
    return Values(low, high, nan, infinite, first, share), checksum


def refuse_large_chunks(dataset: h5py.Dataset) -> None:
    """Raise ValueError for a dataset whose chunks would not fit into memory."""
    chunk = math.prod(dataset.chunks or ()) * dataset.dtype.itemsize
    if chunk > LARGEST_CHUNK:
        raise ValueError(f"its chunks are of {chunk:.2e} B each")


def _extreme(choose, so_far: float | None, found: np.generic) -> float:
    number = found.item()
    number = float(number) if isinstance(number, np.generic) else number  # a long double
    return number if so_far is None else choose(so_far, number)


def _first(bad: np.ndarray, place: tuple[slice, ...]) -> tuple[int, ...]:
    """Place in the dataset of the first true value of a block."""
    inside = np.unravel_index(int(bad.argmax()), bad.shape)
    return tuple(int(offset) + part.start for offset, part in zip(inside, place, strict=True))
