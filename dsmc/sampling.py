"""Samplers: what is measured while a run goes on.  Objects at the rim, one for each kind of result.

Series are taken at the end of a step: in a homogeneous gas the state after k steps is that of the
collision process at time k dt, with no error in dt.  Averages over time are taken in cells
(`dsmc.averaging`) and at walls (`dsmc.loads`).  Each sampler tells its `state` and goes on from it.
"""

from array import array
from collections import defaultdict
from typing import Any

import numpy as np

from dsmc import entropy
from dsmc.census import Census
from dsmc.executor import Executor
from dsmc.gas import Gas
from dsmc.initial import along_wave, blocks
from dsmc.macroscopic import gas_temperatures, most_probable_speed, species_moments
from dsmc.quantities import QUANTITIES
from dsmc.statistics import jackknife

ON_SPECIES = ("temperature", "temperature_x", "temperature_y", "temperature_z", "mean_speed",
              "moment_1", "moment_4", "moment_6", "moment_8")  # fmt: skip
ROUNDING = float(np.finfo(np.float64).eps)


class SeriesSampler:
    """Quantities of the whole gas against time, each with the error of one run."""

    def __init__(
        self,
        gas: Gas,
        names: tuple[str, ...],
        wanted: frozenset[str],
        axial: bool,
        time_step: float,
        wave_length: float | None = None,
    ):
        self.gas = gas
        self.wave_length = wave_length  # of a shear wave along x [m]
        self.time_step = time_step
        self.estimator = "axisymmetric" if axial else "speed"  # of H, by the initial state
        self.names = names  # of the species
        self.wanted = wanted
        self.time = array("d")
        self._pairs: dict[str, array[float]] = defaultdict(lambda: array("d"))  # value, error, …
        self._collisions, self._particle_steps, self._since = 0, 0, 0.0
        self._undergone, self._variance = 0.0, 0.0  # collisions per particle so far

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

    def take(self, executor: Executor, time: float, collisions: int, particle_steps: int) -> dict:
        """Measure now; return {name: (value, error)}.

        executor : who holds the particles
        collisions, particle_steps : counted since the start of the run
        """
        row = {"particles": (float(executor.count), 0.0)}
        with np.errstate(invalid="ignore", divide="ignore"):  # every particle may have left
            row.update(self._conserved(executor))
            row.update(self._collision_counts(time, collisions, particle_steps))
            row.update(self._velocities(executor))
            row.update(self._wave(executor))
        if len(self.names) == 1:
            row.update(self._entropy(executor, row["temperature"]))
        row = {name: pair for name, pair in row.items() if self._asked(name)}
        self.time.append(time)
        for name, pair in row.items():
            self._pairs[name].extend(pair)
        return row

    def columns(self) -> dict[str, tuple[np.ndarray, np.ndarray]]:
        """{name: (value, error)}, each (T,), of every series sampled so far."""
        pairs = {name: np.array(column) for name, column in self._pairs.items()}
        return {name: (column[::2], column[1::2]) for name, column in pairs.items()}

    def latest(self, name: str) -> tuple[float, float] | None:
        """The last value of a series and its error; None if it is not sampled."""
        pairs = self._pairs.get(name)
        return (pairs[-2], pairs[-1]) if pairs else None

    def state(self) -> dict[str, Any]:
        """Arrays and numbers that `restore` goes on from."""
        return {
            "time": np.array(self.time),
            "pairs": {name: np.array(column) for name, column in self._pairs.items()},
            "collisions": self._collisions,
            "particle_steps": self._particle_steps,
            "since": self._since,
            "undergone": self._undergone,
            "variance": self._variance,
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from what `state` told."""
        self.time = array("d", state["time"])
        for name in sorted(state.get("pairs", {}), key=self._place):
            self._pairs[name] = array("d", state["pairs"][name])
        self._collisions, self._since = int(state["collisions"]), float(state["since"])
        self._particle_steps = int(state["particle_steps"])
        self._undergone, self._variance = float(state["undergone"]), float(state["variance"])

    def _place(self, name: str) -> int:
        """Where a series stands among those declared."""
        return [declared[0] for declared in self.declared()].index(name)

    def _asked(self, name: str) -> bool:
        own = [name] + [name.removesuffix(f"_{species}") for species in self.names]
        return any(candidate in self.wanted for candidate in own)

    def _conserved(self, executor: Executor):
        """Energy and momentum of all molecules: sums, uncertain by rounding only."""
        sums = executor.block_sums(np.zeros(3)).sum(axis=0)
        weights = self.gas.mass * self.gas.weight
        energy = 0.5 * (weights @ sums[:, 4:7]).sum()
        yield "energy", (energy, ROUNDING * energy)
        scale = (weights * np.sqrt(sums[:, 0] * sums[:, 4:7].sum(axis=1))).sum()
        for axis, value in zip("xyz", weights @ sums[:, 1:4], strict=True):
            yield f"momentum_{axis}", (value, ROUNDING * scale)
        self._frame = (self.gas.mass @ sums[:, 1:4]) / (self.gas.mass @ sums[:, 0])

    def _velocities(self, executor: Executor):
        """Temperatures, mean speed and moments of the gas or of each species."""
        blocks = executor.block_sums(self._frame)
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

    def _wave(self, executor: Executor):
        """The amplitude of a shear wave, as the mean over independent particles."""
        if self.wave_length is None:
            return
        state, total, squares = executor.state, 0.0, 0.0
        for rows in blocks(state.count):
            own = slice(rows[0], rows[-1] + 1)
            part = along_wave(state.position[own, 0], state.velocity[own], self.wave_length)
            total, squares = total + part.sum(), squares + (part**2).sum()
        mean = total / state.count
        yield "shear_wave", (mean, np.sqrt((squares / state.count - mean**2) / state.count))

    def _collision_counts(self, time: float, collisions: int, particle_steps: int):
        """Collisions per particle so far, and their rate since the last sample; Poisson errors.

        Their number is taken per particle that was there, step by step.
        """
        if collisions == 0 and not self.time:
            yield "collisions_per_particle", (0.0, 0.0)
            yield "collision_rate", (np.nan, np.nan)
            return
        new, elapsed = collisions - self._collisions, time - self._since
        seen = particle_steps - self._particle_steps
        steps = elapsed / self.time_step
        per_particle = 2.0 * steps / seen if seen else np.nan
        if seen:
            self._undergone += new * per_particle
            self._variance += new * per_particle * per_particle
        yield "collisions_per_particle", (self._undergone, np.sqrt(self._variance))
        rate = per_particle / elapsed if elapsed > 0.0 else np.nan
        yield "collision_rate", (new * rate, np.sqrt(new) * rate)
        self._collisions, self._since, self._particle_steps = collisions, time, particle_steps

    def _entropy(self, executor: Executor, temperature: tuple[float, float]):
        """H and its excess over the Maxwellian of the same energy, by two estimators.

        H = H_eq + excess, H_eq = -(3/2)(1 + ln pi v0^2) with speeds in m/s.
        """
        if executor.count < entropy.FEWEST_PARTICLES:
            for name in ("h_excess", "h_function", "h_excess_neighbour"):
                yield name, (np.nan, np.nan)  # too few to estimate a density
            return
        if self.wanted & {"h_function", "h_excess"}:
            excess = entropy.h_excess(executor.velocity, estimator=self.estimator)
            yield "h_excess", tuple(excess)
            v0 = most_probable_speed(temperature[0], self.gas.mass[0])
            spread = 1.5 * temperature[1] / temperature[0]
            value = entropy.EQUILIBRIUM_H - 3.0 * np.log(v0) + excess.value
            yield "h_function", (value, np.hypot(excess.error, spread))
        if "h_excess_neighbour" in self.wanted:
            try:
                neighbour = tuple(entropy.h_excess(executor.velocity, estimator="neighbour"))
            except ValueError:  # many particles of one velocity: a gas drawn from a smaller one
                neighbour = (np.nan, np.nan)
            yield "h_excess_neighbour", neighbour


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

    def census(self, time: float) -> Census:
        """The census of the step that begins at `time`; who holds the particles has the clocks."""
        return Census(
            self.exposure, self.events, self.PER_SPEED / self.v0, self.flights, np.empty(0),
            time >= self.warm_up,
        )  # fmt: skip

    def state(self) -> dict[str, Any]:
        """Arrays that `restore` goes on from."""
        return {"exposure": self.exposure, "events": self.events, "flights": self.flights}

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from what `state` told."""
        self.exposure, self.events = state["exposure"], state["events"]
        self.flights = state["flights"]

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
