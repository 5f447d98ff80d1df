"""The executor: who holds the particles and plays the steps.  There are two of them.

    dsmc.host      compiled kernels on the cores of this machine; the reference
    dsmc.device    tensors, all cells at once: the same laws, random addresses and order of rows

A simulation tells either what to do and reads from either what is there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

import numpy as np

from dsmc.census import Census
from dsmc.outside import Outside
from dsmc.particles import Particles
from dsmc.step import Tallies
from dsmc.velocities import Velocities

Spend = Callable[[str, float], None]  # told of a stage, and of the seconds that it took


class Executor(Protocol):
    """What a simulation asks of an executor.

    outside : the gases outside the box; next_id : of the particle that enters next
    """

    outside: Outside
    next_id: int

    @property
    def state(self) -> Particles:
        """The particles now, in arrays."""

    @property
    def tallies(self) -> Tallies:
        """What the stages have counted since the start."""

    @property
    def count(self) -> int:
        """The number of particles."""

    @property
    def velocity(self) -> np.ndarray:
        """(N, 3) [m/s]"""

    @property
    def memory(self) -> int:
        """Bytes of the state, its workspace and the tallies."""

    def place(self, phase: np.ndarray, columns: Mapping[str, np.ndarray]) -> None:
        """Take these particles, in any order, in place of those that are there.

        phase : (N, d + 3) [m, m/s]; columns : {name: (N,)}
        """

    def advance(
        self,
        first: int,
        number: int,
        spend: Spend,
        sums: np.ndarray | None,
        velocities: Velocities | None,
        census: Census | None,
    ) -> int:
        """Let the particles collide, fly, enter and leave for some time steps, each time sorted.

        first, number : the steps first, first + 1, ... are taken
        sums : (cells, S, moments.COLUMNS) to which every step adds its velocity sums, or None
        velocities, census : what counts with the stages, or None; with a census there is one step
        Returns the sum of the numbers of particles that the steps began with.
        """

    def restore(self, tallies: Mapping[str, np.ndarray]) -> None:
        """Go on from the tallies of a checkpoint."""

    def cell_sums(self) -> np.ndarray:
        """Velocity sums of every cell now: (cells, S, moments.COLUMNS)."""

    def block_sums(self, frame: np.ndarray) -> np.ndarray:
        """Sums about a velocity in random groups: (BLOCKS, S, moments.GLOBAL_COLUMNS).

        frame : (3,) [m/s]
        """

    def close(self) -> None:
        """Let threads and memory go."""
