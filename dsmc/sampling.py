"""Samplers: what is measured while a run goes on.  Objects at the rim, one for each kind of result.

Series are taken at the end of a step: in a homogeneous gas the state after k steps is that of the
collision process at time k dt, with no error in dt.  Fields and walls are averages over time, their
errors from blocks of time.
"""

from collections import defaultdict

import numpy as np

from dsmc import entropy
from dsmc.cells import Grid, number_of_cells
from dsmc.census import Census
from dsmc.compiled import Team
from dsmc.gas import Gas
from dsmc.macroscopic import (
    CELL_QUANTITIES,
    cell_quantities,
    gas_temperatures,
    most_probable_speed,
    species_moments,
)
from dsmc.moments import COLUMNS, block_sums
from dsmc.particles import Particles
from dsmc.quantities import QUANTITIES
from dsmc.statistics import Running, jackknife
from dsmc.walls import net

TIME_BLOCKS = 20  # blocks of time that give fields and walls their errors
ON_SPECIES = ("temperature", "temperature_x", "temperature_y", "temperature_z", "mean_speed",
              "moment_1", "moment_4", "moment_6", "moment_8")  # fmt: skip
ROUNDING = float(np.finfo(np.float64).eps)


class SeriesSampler:
    """Quantities of the whole gas against time, each with the error of one run."""

    def __init__(self, gas: Gas, names: tuple[str, ...], wanted: frozenset[str], axial: bool):
        self.gas = gas
        self.estimator = "axisymmetric" if axial else "speed"  # of H, by the initial state
        self.names = names  # of the species
        self.wanted = wanted
        self.time: list[float] = []
        self.rows: dict[str, list[tuple[float, float]]] = defaultdict(list)
        self._collisions, self._since = 0, 0.0

    def declared(self) -> list[tuple[str, str, str, tuple[int, ...]]]:
        """Name, unit, description and shape of every series that may be sampled."""
        own = {name: name for name in QUANTITIES if name in self.wanted}
        if len(self.names) > 1:
            keys = (*ON_SPECIES, "velocity_x", "velocity_y", "velocity_z")
            own |= {f"{key}_{name}": key for name in self.names for key in keys}
        found = []
        for name, key in own.items():
            of = "" if name == key else f", of {name.removeprefix(key + '_')} alone"
            found.append((name, QUANTITIES[key].unit, QUANTITIES[key].description + of, ()))
        return found

    def take(self, state: Particles, time: float, collisions: int, team: Team) -> dict:
        """Measure now; return {name: (value, error)}."""
        row = dict(self._conserved(state, team))
        row.update(self._collision_counts(state, time, collisions))
        row.update(self._velocities(state, team))
        if len(self.names) == 1:
            row.update(self._entropy(state, row["temperature"]))
        row = {name: pair for name, pair in row.items() if self._asked(name)}
        self.time.append(time)
        for name, pair in row.items():
            self.rows[name].append(pair)
        return row

    def _asked(self, name: str) -> bool:
        own = [name] + [name.removesuffix(f"_{species}") for species in self.names]
        return any(candidate in self.wanted for candidate in own)

    def _conserved(self, state: Particles, team: Team):
        """Energy and momentum of all molecules: sums, uncertain by rounding only."""
        sums = block_sums(state, len(self.names), np.zeros(3), team).sum(axis=0)
        weights = self.gas.mass * self.gas.weight
        energy = 0.5 * (weights @ sums[:, 4:7]).sum()
        yield "energy", (energy, ROUNDING * energy)
        scale = (weights * np.sqrt(sums[:, 0] * sums[:, 4:7].sum(axis=1))).sum()
        for axis, value in zip("xyz", weights @ sums[:, 1:4], strict=True):
            yield f"momentum_{axis}", (value, ROUNDING * scale)
        self._frame = (self.gas.mass @ sums[:, 1:4]) / (self.gas.mass @ sums[:, 0])

    def _velocities(self, state: Particles, team: Team):
        """Temperatures, mean speed and moments of the gas or of each species."""
        blocks = block_sums(state, len(self.names), self._frame, team)
        if len(self.names) == 1:
            mass = self.gas.mass[0]
            value, error = jackknife(blocks[:, 0], lambda sums: species_moments(sums, mass))
            yield from zip(ON_SPECIES, zip(value, error, strict=True), strict=True)
            return
        value, error = jackknife(blocks, lambda sums: gas_temperatures(sums, self.gas.mass))
        yield from zip(ON_SPECIES, zip(value, error, strict=True), strict=False)
        for s, name in enumerate(self.names):
            mass = self.gas.mass[s]
            value, error = jackknife(blocks[:, s], lambda sums, m=mass: species_moments(sums, m))
            keys = [f"{key}_{name}" for key in ON_SPECIES]
            yield from zip(keys, zip(value, error, strict=True), strict=True)
            value, error = jackknife(blocks[:, s], lambda sums: sums[1:4] / sums[0])
            keys = [f"velocity_{axis}_{name}" for axis in "xyz"]
            yield from zip(keys, zip(value + self._frame, error, strict=True), strict=True)

    def _collision_counts(self, state: Particles, time: float, collisions: int):
        """Collisions per particle so far, and their rate since the last sample; Poisson errors."""
        if collisions == 0 and not self.time:
            yield "collisions_per_particle", (0.0, 0.0)
            yield "collision_rate", (np.nan, np.nan)
            return
        per_particle = 2.0 / state.count
        yield "collisions_per_particle", (
            collisions * per_particle, np.sqrt(collisions) * per_particle,
        )  # fmt: skip
        new, elapsed = collisions - self._collisions, time - self._since
        rate = per_particle / elapsed if elapsed > 0.0 else np.nan
        yield "collision_rate", (new * rate, np.sqrt(new) * rate)
        self._collisions, self._since = collisions, time

    def _entropy(self, state: Particles, temperature: tuple[float, float]):
        """H and its excess over the Maxwellian of the same energy, by two estimators.

        H = H_eq + excess, H_eq = -(3/2)(1 + ln pi v0^2) with speeds in m/s.
        """
        if state.count < entropy.FEWEST_PARTICLES:
            for name in ("h_excess", "h_function", "h_excess_neighbour"):
                yield name, (np.nan, np.nan)  # too few to estimate a density
            return
        if self.wanted & {"h_function", "h_excess"}:
            excess = entropy.h_excess(state.velocity, estimator=self.estimator)
            yield "h_excess", tuple(excess)
            v0 = most_probable_speed(temperature[0], self.gas.mass[0])
            spread = 1.5 * temperature[1] / temperature[0]
            value = entropy.EQUILIBRIUM_H - 3.0 * np.log(v0) + excess.value
            yield "h_function", (value, np.hypot(excess.error, spread))
        if "h_excess_neighbour" in self.wanted:
            yield (
                "h_excess_neighbour",
                tuple(entropy.h_excess(state.velocity, estimator="neighbour")),
            )


class FieldSampler:
    """Cell fields: time averages of velocity sums taken before and after the collisions."""

    def __init__(self, grid: Grid, gas: Gas, every: int, start: int, steps: int):
        self.grid, self.gas, self.every, self.start = grid, gas, every, start
        self.samples_per_block = max(1, (steps - start) // (every * TIME_BLOCKS))
        shape = (number_of_cells(grid), gas.mass.size, COLUMNS)
        self.total, self.block = np.zeros(shape), np.zeros(shape)
        self.samples, self.samples_in_block = 0, 0
        self.running = Running()
        self.average = Running()  # of the fields over all cells: conserved fluxes are uniform

    def due(self, step: int) -> np.ndarray | None:
        """The array into which this step is to add its sums, or None."""
        if step < self.start or (step - self.start) % self.every:
            return None
        return self.block

    def taken(self) -> None:
        """Note that a step has added its sums; close the block when it is full."""
        self.samples += 1
        self.samples_in_block += 1
        if self.samples_in_block == self.samples_per_block:
            fields = self._fields(self.block, self.samples_in_block)
            self.running.push(fields)
            self.average.push(np.nanmean(fields, axis=1))
            self.total += self.block
            self.block[:] = 0.0
            self.samples_in_block = 0

    def _fields(self, sums: np.ndarray, samples: int) -> np.ndarray:
        fields = cell_quantities(sums, samples, self.grid.volume, self.gas.mass, self.gas.weight)
        return np.stack(list(fields.values()))

    def fields(self) -> dict[str, tuple[np.ndarray, np.ndarray]]:
        """{name: (value, error)}, each (cells,)."""
        if self.samples == 0:
            return {}
        sums = self.total + self.block
        value = cell_quantities(
            sums, self.samples, self.grid.volume, self.gas.mass, self.gas.weight
        )
        known = self.running.count > 1
        error = self.running.standard_error if known else np.full((len(value), 1), np.nan)
        return {
            name: (array, np.broadcast_to(error[k], array.shape))
            for k, (name, array) in enumerate(value.items())
        }

    def averages(self) -> dict[str, tuple[float, float]]:
        """{name: (mean over the cells, error)} where at least two blocks are complete."""
        if self.average.count < 2:
            return {}
        pairs = zip(self.average.mean, self.average.standard_error, strict=True)
        return {
            name: (float(value), float(error))
            for name, (value, error) in zip(CELL_QUANTITIES, pairs, strict=True)
        }


class WallSampler:
    """What every face received on balance in a step, and its error from blocks of time."""

    def __init__(self, start: int, steps: int, tally: np.ndarray):
        self.start = start
        self.steps_per_block = max(1, (steps - start) // TIME_BLOCKS)
        self.tally = tally  # (slabs, faces, walls.COLUMNS), growing
        self.begin = self.last = self._net()
        self.running = Running()
        self.steps = 0

    def _net(self) -> np.ndarray:
        return net(self.tally.sum(axis=0))

    def step_done(self, step: int) -> None:
        """Take note of a finished step; close a block when it is full."""
        if step < self.start:
            if step == self.start - 1:
                self.begin = self.last = self._net()
            return
        self.steps += 1
        if self.steps % self.steps_per_block == 0:
            now = self._net()
            self.running.push((now - self.last) / self.steps_per_block)
            self.last = now

    def per_step(self) -> tuple[np.ndarray, np.ndarray]:
        """Mean of one step and its error, each (faces, 5): hits, momentum, energy."""
        mean = (self._net() - self.begin) / max(1, self.steps)
        if self.running.count < 2:
            return mean, np.full(mean.shape, np.nan)
        return mean, self.running.standard_error


class CensusSampler:
    """Collisions by class of speed, and free flights, once they can be told without bias.

    Free flights are counted from `warm_up` on: a flight that ends later than many collision times
    after the start has a known beginning, so none is too long to be seen.
    """

    CLASSES = 120  # of speed, up to CLASSES / PER_SPEED times v0
    PER_SPEED = 20  # classes per v0

    def __init__(self, gas: Gas, temperature: float, slabs: int, warm_up: float):
        self.v0 = most_probable_speed(temperature, gas.mass[0])
        self.exposure = np.zeros((slabs, self.CLASSES), np.int64)
        self.events = np.zeros((slabs, self.CLASSES), np.int64)
        self.flights = np.zeros((slabs, 5))
        self.warm_up = warm_up

    def census(self, clock: np.ndarray, time: float) -> Census:
        """The census of the step that begins at `time`; clock : (N,) last collisions [s]."""
        return Census(
            self.exposure, self.events, self.PER_SPEED / self.v0, self.flights, clock,
            time >= self.warm_up,
        )  # fmt: skip

    def rates(self, dt: float, rate: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Edges of the classes in v0, and nu(c)/nu with its Poisson error; NaN where unseen."""
        edges = np.arange(self.CLASSES + 1) / self.PER_SPEED
        events, exposure = self.events.sum(axis=0), self.exposure.sum(axis=0)
        with np.errstate(invalid="ignore", divide="ignore"):
            value = events / (exposure * dt * rate)
            return edges, value, value / np.sqrt(events)

    def flight_ratios(self) -> tuple[float, float, float]:
        """<t^2>/<t>^2, <l^2>/<l>^2 and the number of flights."""
        count, t, t2, length, length2 = self.flights.sum(axis=0)
        if count == 0:
            return np.nan, np.nan, 0.0
        return t2 * count / t**2, length2 * count / length**2, count
