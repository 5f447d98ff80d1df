"""Averages over time in every cell, with errors from blocks of time.

Velocity sums are taken before and after the collisions of every so many steps; one sample feeds two
averages: that over the whole run, and that over the present interval between two frames.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from dsmc.cells import Grid, cell_volumes, number_of_cells
from dsmc.gas import Gas
from dsmc.macroscopic import (
    CELL_QUANTITIES,
    COLLISION_QUANTITIES,
    cell_quantities,
    collision_quantities,
)
from dsmc.moments import COLUMNS
from dsmc.statistics import Running

TIME_BLOCKS = 20  # blocks of time that give an average over the whole run its errors
INTERVAL_BLOCKS = 10  # and one over an interval


def stream(state: dict[str, Any]) -> Running:
    """The stream of values whose `vars` were stored."""
    return Running(int(state["count"]), state["mean"], state["square_sum"])


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

    time_step : [s], None where molecules do not collide
    """

    def __init__(
        self, grid: Grid, gas: Gas, samples_per_block: int, time_step: float | None = None
    ):
        self.grid, self.gas, self.samples_per_block = grid, gas, samples_per_block
        self.time_step = time_step
        self.names = CELL_QUANTITIES + (() if time_step is None else COLLISION_QUANTITIES)
        self._shape = (number_of_cells(grid), gas.mass.size, COLUMNS)
        self.begin()

    def begin(self) -> None:
        """Forget all samples."""
        self.total, self.block = np.zeros(self._shape), np.zeros(self._shape)
        self.samples, self.samples_in_block = 0, 0
        self.running = Running()
        self.average = Running()  # of the fields over all cells: conserved fluxes are uniform

    def add(self, sums: np.ndarray) -> None:
        """Add one sample; close the block when it is full.

        sums : (cells, S, COLUMNS) as `dsmc.moments` defines them
        """
        self.block += sums
        self.samples += 1
        self.samples_in_block += 1
        if self.samples_in_block == self.samples_per_block:
            fields = self._fields(self.block, self.samples_in_block)
            self.running.push(fields)
            self.average.push(mean_of_known(fields, cell_volumes(self.grid)))
            self.total += self.block
            self.block[:] = 0.0
            self.samples_in_block = 0

    def _fields(self, sums: np.ndarray, samples: int) -> np.ndarray:
        volume = cell_volumes(self.grid)
        fields = cell_quantities(sums, samples, volume, self.gas.mass, self.gas.weight)
        if self.time_step is not None:
            fields |= collision_quantities(sums, self.time_step, len(self.grid.cells))
        return np.stack(list(fields.values()))

    def fields(self) -> dict[str, tuple[np.ndarray, np.ndarray]]:
        """{name: (value, error)}, each (cells,)."""
        if self.samples == 0:
            return {}
        value = self._fields(self.total + self.block, self.samples)
        known = self.running.count > 1
        error = self.running.standard_error if known else np.full((len(value), 1), np.nan)
        return {
            name: (value[k], np.broadcast_to(error[k], value[k].shape))
            for k, name in enumerate(self.names)
        }

    def separation(self) -> float:
        """Root mean square distance of colliding partners along an axis, over all cells [m]."""
        sums = (self.total + self.block).sum(axis=0, keepdims=True)
        return float(
            collision_quantities(sums, 1.0, len(self.grid.cells))["collision_separation"][0]
        )

    def averages(self) -> dict[str, tuple[float, float]]:
        """{name: (mean over the cells, error)} where at least two blocks are complete."""
        if self.average.count < 2:
            return {}
        pairs = zip(self.average.mean, self.average.standard_error, strict=True)
        return {
            name: (float(value), float(error))
            for name, (value, error) in zip(self.names, pairs, strict=True)
        }

    def state(self) -> dict[str, Any]:
        """Arrays and numbers that `restore` goes on from."""
        return {
            "total": self.total,
            "block": self.block,
            "samples": self.samples,
            "samples_in_block": self.samples_in_block,
            "running": vars(self.running),
            "average": vars(self.average),
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from what `state` told."""
        self.total, self.block = state["total"], state["block"]
        self.samples = int(state["samples"])
        self.samples_in_block = int(state["samples_in_block"])
        self.running = stream(state["running"])
        self.average = stream(state["average"])


class FieldSampler:
    """Takes samples of the cells every so many steps, for the whole run and for each interval.

    interval : steps between two frames that average over what lies between them; 0 for none
    time_step : [s], None where molecules do not collide
    """

    def __init__(
        self,
        grid: Grid,
        gas: Gas,
        every: int,
        start: int,
        steps: int,
        interval: int = 0,
        time_step: float | None = None,
    ):
        self.every, self.start, self.steps_per_interval = every, start, interval
        per_block = max(1, (steps - start) // (every * TIME_BLOCKS))
        self.whole = CellAverage(grid, gas, per_block, time_step)
        self.interval = None
        if interval:
            per_block = max(1, interval // (every * INTERVAL_BLOCKS))
            self.interval = CellAverage(grid, gas, per_block, time_step)
        self.sums = np.zeros((number_of_cells(grid), gas.mass.size, COLUMNS))

    def due(self, step: int) -> np.ndarray | None:
        """The array into which this step is to add its sums, or None."""
        if step < self.start or (step - self.start) % self.every:
            return None
        return self.sums

    def taken(self) -> None:
        """Note that a step has added its sums."""
        self.whole.add(self.sums)
        if self.interval is not None:
            self.interval.add(self.sums)
        self.sums[:] = 0.0

    def state(self) -> dict[str, Any]:
        """Arrays and numbers that `restore` goes on from."""
        state = {"whole": self.whole.state()}
        return state if self.interval is None else state | {"interval": self.interval.state()}

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from what `state` told."""
        self.whole.restore(state["whole"])
        if self.interval is not None:
            self.interval.restore(state["interval"])
