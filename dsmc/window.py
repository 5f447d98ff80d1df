"""The window of time that is averaged over: from which step on, and until which error is reached.

It begins at a step that the scenario states, or when the flow is steady (`dsmc.steady`). It ends
with the run: at the last step, or when every target is reached. A target is a standard error over
the largest value of its quantity in the box: of a field the mean square over the cells, at the
walls, and of flows through planes and open faces, the largest of those that take part.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from dsmc.faces import PASSED, Measured
from dsmc.measured import fields_of, walls_of
from dsmc.planes import Plane
from dsmc.result import Field, Sampling, Wall
from dsmc.steady import Watch
from dsmc.walls import net

if TYPE_CHECKING:
    from dsmc.scenario import Scenario
    from dsmc.simulation import Simulation

GROWTH = 1.1  # of the window between two looks at its errors
WALL = "wall_"
FLOW = "mass_flow"


class Window:
    """When averages begin, begin anew, and end.

    ended : why the run ended; "" as long as it goes on
    """

    def __init__(self, scenario: Scenario):
        self.scenario = scenario
        sample = scenario.sample
        self.patches = len(scenario.patches)
        self.watch = Watch(scenario, sample.fields_every, self.patches) if waits(scenario) else None
        share = math.sqrt(scenario.run.replicas)  # of each replica, that their mean may reach it
        self.targets = {name: error * share for name, error in (sample.targets or {}).items()}
        self.ended = ""

    @property
    def start(self) -> int | None:
        """Step from which averages are taken; None as long as it is not known."""
        if self.watch is not None:
            return self.watch.begun
        return int(self.scenario.sample.start)

    def observe(self, step: int, sums: np.ndarray, simulation: Simulation) -> bool:
        """Look at a sample of the cells; True if averages are to begin with the next step.

        sums : (cells, S, moments.COLUMNS)
        """
        if self.watch is None:
            return False
        return self.watch.observe(step, sums, net(simulation.tallies["walls"][: self.patches]))

    def begin(self, simulation: Simulation) -> None:
        """Let the averages begin (anew) with the next step."""
        for sampler in averaging(simulation):
            sampler.begin(simulation.steps)

    def ends_sooner(self, until: str | None, whole: bool) -> bool:
        """Whether a run ends when the flow is steady and the targets are reached.

        until : as asked for, None for what the scenario says of a `whole` run
        Raises ValueError where this is not possible.
        """
        if until is None:
            until = self.scenario.run.until if whole else "steps"
        if until not in ("steps", "steady"):
            raise ValueError(f'until = {until!r}: must be "steps" or "steady"')
        if until == "steady" and not (self.watch or self.targets):
            raise ValueError('until = "steady" needs sample.start = "steady" in the scenario')
        if until == "steps":
            self.ended = ""
        return until == "steady"

    def look(self, simulation: Simulation) -> bool:
        """Whether a run until the flow is steady ends here; notes why."""
        if self.start is None:
            return False
        if not self.targets:
            self.ended = "the flow is steady"
            return True
        taken = simulation.steps - self.start
        if taken < 2 or math.floor(math.log(taken, GROWTH)) == math.floor(
            math.log(taken - 1, GROWTH)
        ):
            return False
        if not all(sampler.blocks.filled for sampler in averaging(simulation)):
            return False
        if self.watch is not None and not self.watch.level:
            return False
        found = self._errors(simulation)
        if any(not found[name] <= target for name, target in self.targets.items()):
            return False
        self.ended = "the targets are reached"
        return True

    def record(self, simulation: Simulation) -> Sampling:
        """When averages began, and why the run ended."""
        start = self.start
        if not averaging(simulation):
            return Sampling(ended=self._ended(simulation))
        if start is None:
            because = "the flow is not steady yet: nothing is averaged"
            return Sampling(because=because, ended=self._ended(simulation))
        because, restarts = "sample.start", 0
        if self.watch is not None:
            because, restarts = "the flow is steady", self.watch.restarts
        time = start * self.scenario.time_step
        return Sampling(start, time, because, restarts, self._ended(simulation))

    def _errors(self, simulation: Simulation) -> dict[str, float]:
        """The present error of every target."""
        planes = simulation.probing.planes.planes(self.scenario)
        return errors(self.targets, fields_of(simulation), walls_of(simulation), planes)

    def _ended(self, simulation: Simulation) -> str:
        if self.ended or simulation.steps < self.scenario.steps:
            return self.ended
        if not self.targets:
            return "the last step"
        found = self._errors(simulation)
        missed = [name for name, target in self.targets.items() if not found[name] <= target]
        if not missed:
            return "the last step; the targets are reached"
        return f"the last step, short of the targets of {', '.join(missed)}"

    def state(self) -> dict[str, Any]:
        """Arrays and numbers that `restore` goes on from."""
        state: dict[str, Any] = {"ended": np.frombuffer(self.ended.encode() or b" ", np.uint8)}
        return state if self.watch is None else state | {"watch": self.watch.state()}

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from what `state` told."""
        self.ended = bytes(state["ended"]).decode().strip()
        if self.watch is not None:
            self.watch.restore(state["watch"])


def averaging(simulation: Simulation) -> list[Any]:
    """The samplers that average over time."""
    found: list[Any] = list(simulation.probing.samplers)
    if simulation.field_sampler is not None:
        found.append(simulation.field_sampler)
    return found if simulation.scenario.closed else [*found, simulation.wall_sampler]


def waits(scenario: Scenario) -> bool:
    """Whether averages wait for the flow to be steady."""
    return scenario.sample.start == "steady"


def errors(
    names: Iterable[str], fields: dict[str, Field], walls: dict[str, Wall], planes: dict[str, Plane]
) -> dict[str, float]:
    """Standard error over the largest value of each quantity; NaN where it is not known."""
    flows = [plane.mass_flow for plane in planes.values()]
    flows += [wall.mass_flow for wall in walls.values() if wall.kind in PASSED]

    def error_of(name: str) -> float:
        if name == FLOW:
            return _largest(flows)
        if name.startswith(WALL):
            flux = name.removeprefix(WALL)
            return _largest([getattr(wall, flux) for wall in walls.values()])
        return _of_field(fields.get(name))

    return {name: error_of(name) for name in names}


def _of_field(field: Field | None) -> float:
    """Root mean square error of the cells over the largest value."""
    if field is None or not np.isfinite(field.error).any():
        return math.nan
    largest = np.nanmax(np.abs(field.value))
    return float(np.sqrt(np.nanmean(field.error**2)) / largest) if largest > 0.0 else math.inf


def _largest(pairs: list[Measured]) -> float:
    """Largest error of some figures over the largest value, at any place and in any direction."""
    largest = max((float(np.max(np.abs(value))) for value, _ in pairs), default=0.0)
    error = max((float(np.max(error)) for _, error in pairs), default=math.nan)
    return error / largest if largest > 0.0 else math.inf
