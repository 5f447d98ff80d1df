"""What is sampled beside cells and walls: fluxes through planes, velocities in chosen cells."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dsmc.distributions import DistributionSampler
from dsmc.planes import PlaneSampler
from dsmc.step import Probes

if TYPE_CHECKING:
    from dsmc.scenario import Scenario


class Probing:
    """The planes and the velocity distributions of a scenario.

    probes : what the stages count into; None if the scenario names nothing
    """

    def __init__(self, scenario: Scenario, start: int | None, slabs: int):
        self.planes = PlaneSampler(scenario, start, slabs)
        self.distributions = DistributionSampler(scenario, start)
        self.probes: Probes | None = None
        if scenario.sample.planes or scenario.sample.distributions:
            self.probes = Probes(self.planes.crossings, self.distributions.velocities)

    @property
    def samplers(self) -> list[Any]:
        """Those that have something to sample."""
        wanted = (
            (self.planes, self.planes.names),
            (self.distributions, self.distributions.cells),
        )
        return [sampler for sampler, named in wanted if named]

    def step_done(self, step: int, sampled: bool) -> None:
        """Take note of a finished step, and of a sample of the cells if there was one."""
        self.planes.step_done(step)
        if sampled:
            self.distributions.taken()

    def state(self) -> dict[str, Any]:
        """Arrays and numbers that `restore` goes on from."""
        return {"planes": self.planes.state(), "distributions": self.distributions.state()}

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from what `state` told."""
        self.planes.restore(state["planes"])
        self.distributions.restore(state["distributions"])
