"""Velocity distributions in chosen cells, averaged over time, each with its error by class.

As stress and heat flux they are taken before and after the collisions of a step: their mean has an
error of second order in the time step.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from dsmc.averaging import Averaged
from dsmc.blocks import Blocks
from dsmc.result import Histogram
from dsmc.species import BOLTZMANN
from dsmc.velocities import Velocities

if TYPE_CHECKING:
    from dsmc.scenario import Scenario

RANGE = 4.0  # most probable speeds to either side if the scenario gives no range


class DistributionSampler:
    """Histograms of v_x, v_y, v_z of every species in the cells that a scenario names.

    start : step from which they are averaged; None as long as it is not known
    """

    def __init__(self, scenario: Scenario, start: int | None):
        chosen = scenario.sample.distributions
        self.start = start
        self.cells = [cell_at(scenario, entry.position_m) for entry in chosen]
        classes = max((entry.classes for entry in chosen), default=1)
        lightest = min(molecule.mass for molecule in scenario.molecules)
        speed = math.sqrt(2.0 * BOLTZMANN * scenario.temperature / lightest)
        ends = [entry.range_m_s or (-RANGE * speed, RANGE * speed) for entry in chosen]
        self.edges = [
            np.linspace(low, high, entry.classes + 1)
            for entry, (low, high) in zip(chosen, ends, strict=True)
        ]
        place = np.full(scenario.cell_count, -1, np.int64)
        place[self.cells] = np.arange(len(self.cells))
        self.velocities = Velocities(
            place,
            np.array([edges[0] for edges in self.edges]),
            np.array([1.0 / (edges[1] - edges[0]) for edges in self.edges]),
            np.zeros((len(chosen), len(scenario.molecules), 3, classes + 2)),
        )
        self.blocks = Blocks(self.velocities.counts.shape)
        self.total, self.open = (np.zeros(self.blocks.means.shape[1:]) for _ in range(2))
        self.samples = 0

    def begin(self, start: int) -> None:
        """Forget all samples; average from step `start` on."""
        self.start, self.samples = start, 0
        self.total[:] = 0.0
        self.open[:] = 0.0
        self.blocks.begin()

    def taken(self) -> None:
        """Note that a step has counted its velocities."""
        if self.start is not None:
            self.open += self.velocities.counts
            self.samples += 1
            if self.samples - self.blocks.count * self.blocks.length == self.blocks.length:
                self.blocks.push(self.open / self.blocks.length)
                self.total += self.open
                self.open[:] = 0.0
        self.velocities.counts[:] = 0.0

    def state(self) -> dict[str, Any]:
        """Arrays and numbers that `restore` goes on from."""
        return {
            "start": -1 if self.start is None else self.start,
            "total": self.total,
            "open": self.open,
            "samples": self.samples,
            "blocks": self.blocks.state(),
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from what `state` told."""
        self.start = None if int(state["start"]) < 0 else int(state["start"])
        self.total[:], self.open[:] = state["total"], state["open"]
        self.samples = int(state["samples"])
        self.blocks.restore(state["blocks"])

    def histograms(self, scenario: Scenario, fields: dict[str, Averaged]) -> dict[str, Histogram]:
        """{"velocity_x at …": density}, beside Maxwell's of the cell's velocity and temperature.

        fields : averages of the cells over the same time, as `CellAverage.fields`
        """
        if not self.samples:
            return {}
        value = _densities(self.total + self.open, self.samples)
        error = self.blocks.error(self.samples, _densities, pooled=True).error
        error = np.where(value > 0.0, error, np.nan)  # of what was never seen nothing is known
        found = {}
        for number, entry in enumerate(scenario.sample.distributions):
            edges, cell = self.edges[number], self.cells[number]
            width = edges[1] - edges[0]
            for s, molecule in enumerate(scenario.molecules):
                of = f" of {molecule.name}" if len(scenario.molecules) > 1 else ""
                for k, axis in enumerate("xyz"):
                    name = f"velocity_{axis}{of} at {place_of(entry)}"
                    inside = slice(1, edges.size)
                    found[name] = Histogram(
                        name, "m s-1", edges, value[number, s, k, inside] / width,
                        error[number, s, k, inside] / width,
                        maxwellian(
                            edges, fields[f"velocity_{axis}"].value[cell],
                            fields["temperature"].value[cell], molecule.mass,
                        ),
                        "", f"density of the {axis} component of the velocity",
                    )  # fmt: skip
        return found


def _densities(counts: np.ndarray, samples: float) -> np.ndarray:
    """Share of all counts in each class, (…, classes)."""
    total = counts.sum(axis=-1, keepdims=True)
    return np.divide(counts, total, out=np.full(counts.shape, np.nan), where=total > 0.0)


def maxwellian(edges: np.ndarray, mean: float, temperature: float, mass: float) -> np.ndarray:
    """Mean over each class of Maxwell's density of one component, (B,) [s m-1].

    edges : (B + 1,) [m/s]
    """
    from scipy.special import ndtr

    below = ndtr((edges - mean) / math.sqrt(BOLTZMANN * temperature / mass))
    return np.diff(below) / np.diff(edges)


def cell_at(scenario: Scenario, position: tuple[float, ...]) -> int:
    """Number of the cell that holds a point; x counts fastest."""
    number, stride = 0, 1
    for place, count in zip(scenario.domain.place_of(position), scenario.cells, strict=True):
        number += stride * place
        stride *= count
    return number


def place_of(entry: Any) -> str:
    """A point in words: "x = 0.0005 m, y = 0 m"."""
    return entry.name or ", ".join(
        f"{axis} = {x:g} m" for axis, x in zip("xyz", entry.position_m, strict=False)
    )
