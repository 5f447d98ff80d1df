"""The gases outside the box: the sources of its inflow, and how those of given pressure stream.

A reservoir is an equilibrium gas of stated density, temperature and velocity.  An inlet of given
flow is a diffuse wall that lets molecules in at a stated rate, as a porous plate does; what hits it
comes back, so that the net flow is the stated one at all times, and the pressure before it settles.

A boundary of given pressure is a reservoir of density p / kT whose velocity u along the normal
follows the flow that is measured through the face,

    u <- u + (J / (n A dt) - u) / M,

J the net number of molecules that came in during the step, M the number of steps of the average.
In a steady state gas and reservoir stream alike.  Pressure and temperature are imposed and the
velocity is taken from the gas, as in W. W. Liou & Y. C. Fang, CMES 1 (2000) 119, and M. Wang & Z.
Li, Int. J. Heat Fluid Flow 25 (2004) 975; they measure it in the cells at the face, here it is
counted at the face itself.  A gas that is too dense or too thin before the face moves through it
until it is not: an excess dn gives about dn v0 / n sqrt(pi) of velocity in the end.

A reservoir that balances lets in more molecules, or fewer, than a gas in equilibrium would: of each
species the mean number in a step is

    <N_in> + (N_0 - N) / M,

N_0 the number in the box at the start.  N is then what it was, on average, and with it the place of
a shock, which nothing else holds; the excess over <N_in> vanishes on average wherever the gases on
either side belong together, since then nothing is lost.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dsmc.entering import entering_flux
from dsmc.inflow import Inflow, count_arrivals
from dsmc.reflection import thermal_speed
from dsmc.species import BOLTZMANN
from dsmc.walls import COLUMNS

if TYPE_CHECKING:
    from dsmc.scenario import Scenario
    from dsmc.scenario.patches import Patch

ENTERING = ("reservoir", "pressure", "mass-flow")  # kinds with a gas outside


class Outside:
    """The gases outside a box: `inflow` for the stage, and what makes their streams follow.

    stream : (P,) normal velocity of the gas behind each patch of given pressure, inwards [m/s]
    gained : (S,) particles that the box has gained since the start, by species
    """

    def __init__(self, scenario: Scenario):
        self._patches = scenario.patches
        self._molecules = scenario.molecules
        self._scale = scenario.time_step / scenario.weight
        self._species = np.arange(len(scenario.molecules))
        self._fractions = [fractions(patch, scenario) for patch in self._patches]
        self._followed = np.zeros(len(self._patches))  # net particles that had come in before
        self.stream = np.zeros(len(self._patches))
        self.gained = np.zeros(self._species.size)
        self.inflow = self._sources(scenario)
        self._ends = np.zeros(self.inflow.mean.size + 1, np.int64)
        for number, patch in enumerate(self._patches):
            self._set(number, patch)

    def arrivals(self, key: tuple, step: int, cells: int, count=count_arrivals) -> np.ndarray:
        """Draw how many particles enter in a step from every source: their running sum, (E + 1,).

        count : `count_arrivals`, or a variant of it around other laws
        """
        if self._ends.size > 1:
            count(self.inflow, key, step, cells, self._ends)
        return self._ends

    def _sources(self, scenario: Scenario) -> Inflow:
        pairs = [
            (number, patch, s)
            for number, patch in enumerate(self._patches)
            if patch.kind in ENTERING
            for s in self._species
        ]
        d, count = scenario.dimension, len(pairs)
        low, high = np.zeros((count, d)), np.zeros((count, d))
        for source, (_, patch, _) in enumerate(pairs):
            others = [axis for axis in range(d) if axis != patch.axis]
            if others:
                low[source, others], high[source, others] = np.transpose(patch.range)
        temperature = [patch.boundary.temperature_K for _, patch, _ in pairs]
        mass = [self._molecules[s].mass for _, _, s in pairs]
        speeds = [thermal_speed(t, m, BOLTZMANN) for t, m in zip(temperature, mass, strict=True)]
        return Inflow(
            patch=np.array([number for number, _, _ in pairs], np.int64),
            face=np.array([2 * patch.axis + patch.side for _, patch, _ in pairs], np.int64),
            species=np.array([s for _, _, s in pairs], np.int64),
            low=low,
            high=high,
            thermal_speed=np.array(speeds, float),
            velocity=np.zeros((count, 3)),
            speed_ratio=np.zeros(count),
            mean=np.zeros(count),
        )

    def _set(self, number: int, patch: Patch) -> None:
        """Density and velocity of the gas behind a patch, as they are now."""
        boundary, inflow = patch.boundary, self.inflow
        if patch.kind not in ENTERING:
            return
        inward = 1.0 if patch.side == 0 else -1.0
        velocity = np.array(getattr(boundary, "velocity_m_s", (0.0, 0.0, 0.0)), float)
        if patch.kind == "pressure":
            velocity[patch.axis] = inward * self.stream[number]
        extent = float(np.prod([high - low for low, high in patch.range]))
        for source in np.flatnonzero(inflow.patch == number):
            share = self._fractions[number][inflow.species[source]]
            a = inflow.thermal_speed[source]
            s = inward * velocity[patch.axis] / a
            if patch.kind == "mass-flow":
                flux = share * number_flow(boundary, self._fractions[number], self._molecules)
                flux /= patch.area
            else:
                flux = share * entering_flux(number_density(boundary), a, s)
            inflow.velocity[source] = velocity
            inflow.speed_ratio[source] = s
            wanted = flux * extent * self._scale
            if getattr(boundary, "balancing_steps", None) is not None:
                wanted -= self.gained[inflow.species[source]] / boundary.balancing_steps
            inflow.mean[source] = max(0.0, wanted)

    def follow(self, tally: np.ndarray) -> None:
        """Let gases of given pressure stream, and reservoirs balance, as the last step says.

        tally : (slabs, P, columns) since the start of the run
        """
        following = [number for number, patch in enumerate(self._patches) if follows(patch)]
        if not following:
            return
        brought, taken = np.split(tally.sum(axis=0)[:, COLUMNS:], 2, axis=1)  # (P, S)
        net = taken - brought
        self.gained = net.sum(axis=0)
        for number in following:
            if self._patches[number].kind == "pressure":
                self._stream_along(number, net[number].sum())
            self._set(number, self._patches[number])

    def _stream_along(self, number: int, net: float) -> None:
        """Move the stream of a gas of given pressure; net particles have come in since the start"""
        boundary = self._patches[number].boundary
        extent = number_density(boundary) * self._patches[number].area * self._scale
        measured = (net - self._followed[number]) / extent
        self.stream[number] += (measured - self.stream[number]) / boundary.averaging_steps
        self._followed[number] = net

    def state(self) -> dict[str, np.ndarray]:
        """Arrays that `restore` goes on from."""
        return {"stream": self.stream, "followed": self._followed, "gained": self.gained}

    def restore(self, state: dict[str, np.ndarray]) -> None:
        """Go on from what `state` told."""
        self.stream, self._followed = state["stream"], state["followed"]
        self.gained = state["gained"]
        for number, patch in enumerate(self._patches):
            self._set(number, patch)


def follows(patch: Patch) -> bool:
    """Whether the gas behind a patch changes with what has crossed it."""
    return patch.kind == "pressure" or getattr(patch.boundary, "balancing_steps", None) is not None


def fractions(patch: Patch, scenario: Scenario) -> tuple[float, ...]:
    """Shares of the species in the gas behind a patch, (S,)."""
    own = getattr(patch.boundary, "fractions", None)
    if own is None:
        return scenario.fractions
    return tuple(own.get(molecule.name, 0.0) for molecule in scenario.molecules)


def number_density(boundary) -> float:
    """Of a reservoir as stated, of a gas of given pressure p / kT [1/m^3]."""
    if boundary.kind == "pressure":
        return boundary.pressure_Pa / (BOLTZMANN * boundary.temperature_K)
    return boundary.number_density_m3


def number_flow(boundary, shares, molecules) -> float:
    """Molecules that an inlet lets in per time [1/s]."""
    if boundary.number_flow_per_s is not None:
        return boundary.number_flow_per_s
    mean_mass = sum(x * molecule.mass for x, molecule in zip(shares, molecules, strict=True))
    return boundary.mass_flow_kg_s / mean_mass
