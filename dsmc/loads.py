"""What walls receive and what crosses planes over time: the mean of a step, with its error.

The sampler knows of them only rows of a tally that grows: the faces of the box, patches of them,
cells along a wall, planes.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from dsmc.blocks import Blocks

BLOCKS = 64  # at most: a wall has only its own figures to tell the correlation of blocks by


class TallySampler:
    """Mean of what every row of a tally received in a step, and its error.

    start : step from which averages are taken; None as long as it is not known
    total : gives what every row has received since the run began, (rows, columns)
    """

    def __init__(self, start: int | None, total: Callable[[], np.ndarray]):
        self.start = start
        self.total = total
        self.first = self.last = total()  # at the start of the average and of the open block
        self.blocks = Blocks(self.first.shape, BLOCKS)
        self.steps = 0

    def begin(self, start: int) -> None:
        """Forget all steps; average from step `start`, which is the next, on."""
        self.start, self.steps = start, 0
        self.first = self.last = self.total()
        self.blocks.begin()

    def quiet(self, step: int) -> float:
        """After how many steps from `step` on it must take note, at the latest."""
        if self.start is None or self.first.size == 0:
            return math.inf
        if step < self.start:
            return self.start - step
        return (self.blocks.count + 1) * self.blocks.length - self.steps

    def steps_done(self, done: int, number: int) -> None:
        """Take note that `number` more steps, `done` in all, are over; close a block if it is full.

        number : no more than what `quiet` allows
        """
        if self.start is None or self.first.size == 0:
            return
        if done <= self.start:
            if done == self.start:
                self.first = self.last = self.total()
            return
        self.steps += number
        if self.steps == (self.blocks.count + 1) * self.blocks.length:
            now = self.total()
            self.blocks.push((now - self.last) / self.blocks.length)
            self.last = now

    def per_step(
        self, function: Callable[[np.ndarray], np.ndarray] = lambda mean: mean
    ) -> tuple[np.ndarray, np.ndarray]:
        """Mean of one step, or a function of it, and its error, each (rows, …); NaN before any."""
        value = function((self.total() - self.first) / (self.steps or np.nan))
        error = self.blocks.error(self.steps, lambda mean, steps: function(mean)).error
        return value, np.broadcast_to(error, value.shape)

    @property
    def degrees(self) -> float:
        """Degrees of freedom of the errors; NaN where they are not known."""
        return self.blocks.degrees()

    def state(self) -> dict[str, Any]:
        """Arrays and numbers that `restore` goes on from."""
        return {
            "start": -1 if self.start is None else self.start,
            "first": self.first,
            "last": self.last,
            "steps": self.steps,
            "blocks": self.blocks.state(),
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from what `state` told."""
        self.start = None if int(state["start"]) < 0 else int(state["start"])
        self.first, self.last, self.steps = state["first"], state["last"], int(state["steps"])
        self.blocks.restore(state["blocks"])
