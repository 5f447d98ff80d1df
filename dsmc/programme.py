"""A programme: rounds of work written down once, that threads play over and over (`dsmc.team`).

A step is five or six kernels. To call them from Python takes longer than it seems: between two
passes over a million particles nothing of the interpreter is left in the caches, and a tenth of a
millisecond of its work becomes a whole one. Nor does a step of a small gas last much longer than
that. So what all threads are to do is written down as numbers, and read by kernels only.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from dsmc.compiled import COMPILED, CPUDispatcher
from dsmc.shares import PAGE, noting

SHARE, ARGUMENTS, ALONE, STAGE = range(4)  # the columns of the table


class Round(NamedTuple):
    """One kernel, which every thread calls with its own number first.

    stage : to which its time is counted; alone : whether only the first thread calls it
    """

    share: CPUDispatcher
    arguments: tuple
    stage: str = ""
    alone: bool = False


class Programme:
    """Rounds, and what kernels read of them.

    table : (rounds, 4) function, page of its arguments, whether the first is alone, and stage
    nanoseconds : (stages,) what each has taken
    """

    def __init__(self, rounds: Sequence[Round]):
        self.rounds = tuple(rounds)  # kept, for kernels know but addresses
        self.stages = tuple(dict.fromkeys(one.stage for one in rounds))
        self.nanoseconds = np.zeros(len(self.stages), np.int64)
        self.table = np.empty((len(rounds), 4), np.int64)
        self._pages = np.empty((len(rounds), PAGE), np.uint8)
        for line, page, one in zip(self.table, self._pages, rounds, strict=True):
            function = noting(one.share)(page, *one.arguments) if COMPILED else 0
            line[:] = function, page.ctypes.data, one.alone, self.stages.index(one.stage)

    def seconds(self) -> Iterator[tuple[str, float]]:
        """What each stage has taken since this was asked last [s]."""
        for number, stage in enumerate(self.stages):
            yield stage, 1e-9 * int(self.nanoseconds[number])
            self.nanoseconds[number] = 0
