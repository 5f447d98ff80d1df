"""What is sampled beside cells and walls: fluxes through planes, velocities in chosen cells."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from dsmc.distributions import DistributionSampler
from dsmc.planes import PlaneSampler
from dsmc.velocities import Velocities

if TYPE_CHECKING:
    from dsmc.scenario import Scenario


class Probing:
    """The planes and the velocity distributions of a scenario.

    faces : gives the tally of the faces since the run began, (rows, columns)
    velocities : what the stages count into; None if the scenario names no cells
    """

    def __init__(self, scenario: Scenario, start: int | None, faces: Callable[[], np.ndarray]):
        self.planes = PlaneSampler(scenario, start, faces)
        self.distributions = DistributionSampler(scenario, start)
        self.velocities: Velocities | None = None
        if self.distributions.cells:
            self.velocities = self.distributions.velocities

    @property
    def samplers(self) -> list[Any]:
        """Those that have something to sample."""
        wanted = (
            (self.planes, self.planes.names),
            (self.distributions, self.distributions.cells),
        )
        return [sampler for sampler, named in wanted if named]

    def quiet(self, step: int) -> float:
        """After how many steps from `step` on it must take note, at the latest."""
        return self.planes.quiet(step)

    def steps_done(self, done: int, number: int, sampled: bool) -> None:
        """Take note of finished steps, and of a sample of the cells if there was one."""
        self.planes.steps_done(done, number)
        if sampled:
            self.distributions.taken()

    def state(self) -> dict[str, Any]:
        """Arrays and numbers that `restore` goes on from."""
        return {"planes": self.planes.state(), "distributions": self.distributions.state()}

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from what `state` told."""
        self.planes.restore(state["planes"])
        self.distributions.restore(state["distributions"])
