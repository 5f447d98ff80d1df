"""Averages over time in every cell, with errors from growing blocks of time (`dsmc.blocks`).

Velocity sums are taken before and after the collisions of every so many steps; one sample feeds two
averages: that over the whole run, and that over the present interval between two frames.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from dsmc.blocks import CAPACITY, Blocks
from dsmc.cells import Grid, cell_volumes, number_of_cells
from dsmc.gas import Gas
from dsmc.macroscopic import (
    CELL_QUANTITIES,
    COLLISION_QUANTITIES,
    cell_quantities,
    collision_quantities,
)
from dsmc.moments import COLUMNS
from dsmc.slow_modes import left_out

LARGE = 100_000  # cells from which on half as many blocks are kept: they need the most memory
FEWEST = 20.0  # particles of a cell in its first blocks, about


class Averaged(NamedTuple):
    """A field, its error, each (cells,), and the degrees of freedom of the error."""

    value: np.ndarray
    error: np.ndarray
    degrees: float


def mean_of_known(fields: np.ndarray, volume: np.ndarray | float) -> np.ndarray:
    """Mean over the volume of the cells where a quantity is known; NaN if there are none.

    fields : (quantities, cells); volume : (cells,) or the one number that all have [m^3]
    """
    known = np.isfinite(fields)
    weights = np.broadcast_to(volume / np.mean(volume), fields.shape[1])
    with np.errstate(invalid="ignore"):
        return np.where(known, weights * fields, 0.0).sum(axis=1) / (known @ weights)


class CellAverage:
    """Fields of all samples added so far, their scatter from block to block, and their mean.

    length : samples in the first blocks
    modes : of each axis the rates at which the gas forgets, (M,) [1/sample]: see `dsmc.slow_modes`
    time_step : [s], None where molecules do not collide
    """

    def __init__(
        self,
        grid: Grid,
        gas: Gas,
        length: int = 1,
        modes: Sequence[np.ndarray] = (),
        time_step: float | None = None,
    ):
        self.grid, self.gas, self.modes, self.time_step = grid, gas, modes, time_step
        self.names = CELL_QUANTITIES + (() if time_step is None else COLLISION_QUANTITIES)
        cells = number_of_cells(grid)
        shape = (cells, gas.mass.size, COLUMNS)
        capacity = CAPACITY if cells < LARGE else CAPACITY // 2
        self.total, self.open = np.zeros(shape), np.zeros(shape)
        self.sums = Blocks(shape, capacity, np.float32, length)
        # Of the mean of the fields over all cells: conserved fluxes are uniform.
        self.means = Blocks((len(self.names),), capacity, length=length)
        self.begin()

    def begin(self) -> None:
        """Forget all samples."""
        self.total[:] = 0.0
        self.open[:] = 0.0
        self.samples, self.samples_in_block = 0, 0
        self.sums.begin()
        self.means.begin()

    def add(self, sums: np.ndarray) -> None:
        """Add one sample; close the block when it is full.

        sums : (cells, S, COLUMNS) as `dsmc.moments` defines them
        """
        self.open += sums
        self.samples += 1
        self.samples_in_block += 1
        if self.samples_in_block == self.sums.length:
            fields = self._fields(self.open, self.samples_in_block)
            self.means.push(mean_of_known(fields, cell_volumes(self.grid)))
            self.sums.push(self.open / self.samples_in_block)
            self.total += self.open
            self.open[:] = 0.0
            self.samples_in_block = 0

    def _fields(self, sums: np.ndarray, samples: float) -> np.ndarray:
        volume = cell_volumes(self.grid)
        fields = cell_quantities(sums, samples, volume, self.gas.mass, self.gas.weight)
        if self.time_step is not None:
            fields |= collision_quantities(sums, self.time_step, len(self.grid.cells))
        return np.stack(list(fields.values()))

    def fields(self) -> dict[str, Averaged]:
        """Every field with its error; one correlation of blocks serves all cells of a field."""
        if self.samples == 0:
            return {}
        value = self._fields(self.total + self.open, self.samples)
        error, degrees = self.sums.error(
            self.samples, lambda mean, samples: self._fields(mean * samples, samples), pooled=True
        )
        error = error * left_out(self.modes, self.sums.length, self.sums.count)
        error = np.broadcast_to(error, value.shape)
        return {name: Averaged(value[k], error[k], degrees) for k, name in enumerate(self.names)}

    def separation(self) -> float:
        """Root mean square distance of colliding partners along an axis, over all cells [m]."""
        sums = (self.total + self.open).sum(axis=0, keepdims=True)
        return float(
            collision_quantities(sums, 1.0, len(self.grid.cells))["collision_separation"][0]
        )

    def averages(self) -> dict[str, tuple[float, float]]:
        """{name: (mean over the cells, error)} where at least two blocks are complete."""
        if self.means.count < 2:
            return {}
        closed = self.means.count * self.means.length
        mean = self.means.means[: self.means.count].mean(axis=0)
        pairs = zip(mean, self.means.error(closed).error, strict=True)
        return {
            name: (float(value), float(error))
            for name, (value, error) in zip(self.names, pairs, strict=True)
        }

    def state(self) -> dict[str, Any]:
        """Arrays and numbers that `restore` goes on from."""
        return {
            "total": self.total,
            "open": self.open,
            "samples": self.samples,
            "samples_in_block": self.samples_in_block,
            "sums": self.sums.state(),
            "means": self.means.state(),
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from what `state` told."""
        self.total[:], self.open[:] = state["total"], state["open"]
        self.samples = int(state["samples"])
        self.samples_in_block = int(state["samples_in_block"])
        self.sums.restore(state["sums"])
        self.means.restore(state["means"])


class FieldSampler:
    """Takes samples of the cells every so many steps, for the whole run and for each interval.

    start : step from which averages are taken; None as long as it is not known
    particles : simulated particles in a cell, about
    modes : of each axis the rates at which the gas forgets, (M,) [1/step]
    interval : steps between two frames that average over what lies between them; 0 for none
    time_step : [s], None where molecules do not collide
    """

    def __init__(
        self,
        grid: Grid,
        gas: Gas,
        every: int,
        start: int | None,
        particles: float,
        modes: Sequence[np.ndarray] = (),
        interval: int = 0,
        time_step: float | None = None,
    ):
        self.every, self.start, self.steps_per_interval = every, start, interval
        length = max(1, math.ceil(FEWEST / max(particles, 1.0)))
        modes = [rates * every for rates in modes]
        self.whole = CellAverage(grid, gas, length, modes, time_step)
        self.interval = CellAverage(grid, gas, length, modes, time_step) if interval else None
        self.sums = np.zeros((number_of_cells(grid), gas.mass.size, COLUMNS))

    @property
    def blocks(self) -> Blocks:
        """Blocks of the average over the whole run."""
        return self.whole.sums

    def begin(self, start: int) -> None:
        """Forget all samples; average from step `start` on."""
        self.start = start
        self.whole.begin()
        if self.interval is not None:
            self.interval.begin()

    def due(self, step: int) -> np.ndarray | None:
        """The array into which this step is to add its sums, or None.

        Until the start is known, samples are taken for whoever is to tell it.
        """
        begin = 0 if self.start is None else self.start
        if step < begin or (step - begin) % self.every:
            return None
        return self.sums

    def quiet(self, step: int) -> int:
        """How many steps from `step` on add no sums."""
        begin = 0 if self.start is None else self.start
        return begin - step if step < begin else -(step - begin) % self.every

    def taken(self) -> None:
        """Note that a step has added its sums."""
        if self.start is not None:
            self.whole.add(self.sums)
            if self.interval is not None:
                self.interval.add(self.sums)
        self.sums[:] = 0.0

    def state(self) -> dict[str, Any]:
        """Arrays and numbers that `restore` goes on from."""
        state = {"start": -1 if self.start is None else self.start, "whole": self.whole.state()}
        return state if self.interval is None else state | {"interval": self.interval.state()}

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from what `state` told."""
        self.start = None if int(state["start"]) < 0 else int(state["start"])
        self.whole.restore(state["whole"])
        if self.interval is not None:
            self.interval.restore(state["interval"])
