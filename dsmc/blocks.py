"""Error bars of averages over time whose length nobody knows in advance: means of growing blocks.

Samples close in time are correlated; means over long blocks hardly are. A stream is kept as the
means of at most 32 blocks of equal length. When all places are taken neighbours are merged, so that
the blocks grow with the run and 16 to 31 of them are there at any time (batch means; Flyvbjerg and
Petersen, J. Chem. Phys. 91, 461, 1989, double the blocks in the same way).

Blocks of length b that are not long against the correlation time tau still know of each other:
their scatter makes the squared error too small by a share tau/b. Twice the estimate from blocks of
2 b less that from b is free of this first order (Vats and Flegal, Biometrika 109, 735, 2022, the
lugsail window with r = 2, c = 1/2). With B blocks, r the correlation of neighbours,

    error^2 = (1 + 2 r) sum_b d_b^2 (B - 1)/B,    d_b = F(all but b) - F(all),

the jackknife over blocks for a function F of the sums. An estimate of r from B blocks is low by
1/B, which is added. It is uncertain by 1/sqrt(B): where many figures of one kind have their own
streams, as the cells of a field do, their mean r serves them all and leaves Student's law with
B - 1 degrees of freedom; a figure that has only its own r is left with B/3, the degrees of a
variance that scatters by 2/(B - 1) + 4/B.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

CAPACITY = 32  # blocks that are kept at most; half of them after a merger
LEAST_GROWTH = 0.25  # of 1 + 2 r, so that noise of r never makes an error vanish

Function = Callable[[NDArray[np.float64], float], NDArray[np.float64]]


class BlockError(NamedTuple):
    """Standard errors and the degrees of freedom of Student's law for them."""

    error: NDArray[np.float64]
    degrees: float


class Blocks:
    """Means over blocks of time of a stream of arrays.

    length : samples in a block now; whoever adds up samples closes a block when it has so many
    count  : complete blocks
    means  : (capacity, …) their means, in order of time

    Single precision, for sums of many cells, rounds at 1e-7 of a mean: below the scatter of blocks
    of fewer than 1e13 particles.
    """

    def __init__(
        self,
        shape: tuple[int, ...],
        capacity: int = CAPACITY,
        dtype: Any = np.float64,
        length: int = 1,
    ):
        self.first_length = length
        self.means = np.zeros((capacity, *shape), dtype)
        self.begin()

    def begin(self) -> None:
        """Forget all blocks."""
        self.count, self.length = 0, self.first_length
        self.means[:] = 0.0

    @property
    def filled(self) -> bool:
        """Whether every place was taken once: at least half of them hold blocks of two or more."""
        return self.length > self.first_length

    def push(self, mean: NDArray[np.float64]) -> None:
        """Add the mean over a block of `length` samples; merge pairs when every place is taken.

        mean : (…) of the shape of the stream
        """
        self.means[self.count] = mean
        self.count += 1
        if self.count == len(self.means):
            half = self.count // 2
            for k in range(half):  # in place: pair k lies at or behind place k
                self.means[k] = 0.5 * (self.means[2 * k] + self.means[2 * k + 1])
            self.count, self.length = half, 2 * self.length

    def state(self) -> dict[str, Any]:
        """Arrays and numbers that `restore` goes on from."""
        return {"count": self.count, "length": self.length, "means": self.means[: self.count]}

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from what `state` told."""
        self.count, self.length = int(state["count"]), int(state["length"])
        self.means[: self.count] = state["means"]

    def error(
        self, samples: float, function: Function | None = None, pooled: bool = False
    ) -> BlockError:
        """Standard error of F(mean over `samples` samples), NaN below two blocks.

        samples : of the whole average, with those of the block that is not complete
        function : F(mean, samples) -> (…, n); None: the mean itself
        pooled : whether the figures along the last axis are of one kind and share r
        """
        if self.count < 2:
            return BlockError(np.array(np.nan), np.nan)
        return self._jackknife(samples, function or _itself, pooled)

    def degrees(self, pooled: bool = False) -> float:
        """Degrees of freedom of Student's law for the errors; NaN below two blocks."""
        if self.count < 2:
            return np.nan
        return self.count - 1.0 if pooled else max(1.0, self.count / 3.0)

    def _jackknife(self, samples: float, function: Function, pooled: bool) -> BlockError:
        B, total = self.count, self.means[: self.count].sum(axis=0, dtype=np.float64)
        rest = float((B - 1) * self.length)
        whole = function(total / B, float(B * self.length))
        squares, products = np.zeros(np.shape(whole)), np.zeros(np.shape(whole))
        before = None
        for b in range(B):
            deviation = function((total - self.means[b]) / (B - 1), rest) - whole
            squares += deviation**2
            if before is not None:
                products += deviation * before
            before = deviation
        correlation = neighbours(products, squares, B, pooled)
        growth = np.maximum(1.0 + 2.0 * correlation, LEAST_GROWTH)
        share = B * self.length / max(samples, B * self.length)  # the open block lowers the error
        error = np.sqrt(growth * squares * (B - 1) / B * share)
        return BlockError(error, self.degrees(pooled))


def neighbours(
    products: NDArray[np.float64], squares: NDArray[np.float64], B: int, pooled: bool
) -> NDArray[np.float64]:
    """Correlation r of neighbouring blocks; the mean over the last axis if pooled.

    products, squares : (…, n) sums of d_b d_(b+1) and of d_b^2 over the blocks
    """
    known = squares > 0.0
    r = np.divide(products, squares, out=np.zeros(squares.shape), where=known) + known / B
    if not pooled:
        return r
    number = np.count_nonzero(known, axis=-1, keepdims=True)
    return r.sum(axis=-1, keepdims=True) / np.maximum(number, 1)


def _itself(mean: NDArray[np.float64], samples: float) -> NDArray[np.float64]:
    return mean
