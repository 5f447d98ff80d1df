"""When things happen, and how long they take: triggers and timers of the run loop."""

import math
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager

LONGEST_RUN = 10**12  # steps


def due(step: int, every: int) -> bool:
    """Whether something that happens every `every` steps (0: never) happens after step `step`."""
    return every > 0 and step % every == 0


def until_due(step: int, every: int) -> float:
    """After how many steps from `step` on that happens next, infinity for never."""
    return every - step % every if every > 0 else math.inf


class Stopwatch:
    """Wall time per stage [s]."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = defaultdict(float)

    def add(self, name: str, seconds: float) -> None:
        """Add time to the stage `name`."""
        self.seconds[name] += seconds

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Add the time spent in the block to the stage `name`."""
        begin = time.perf_counter()
        try:
            yield
        finally:
            self.add(name, time.perf_counter() - begin)

    @property
    def total(self) -> float:
        """Sum over the stages [s]."""
        return sum(self.seconds.values())
