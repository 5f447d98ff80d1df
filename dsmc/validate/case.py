"""A case of the validation: a question to nature, what is known of the answer, and how to ask.

A case is measured in independent repetitions. Each gives one row of figures; their scatter gives
the errors, correlations included. What stands in a row, and what is known of it, depends on the
settings of the repetition (particles, duration ...), which each tier chooses for itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

if TYPE_CHECKING:
    from dsmc.scenario import Scenario
    from dsmc.simulation import Simulation

TIERS = ("quick", "full", "tight")
SEED = 20261121  # of everything: fixed before the first look

Values = NDArray[np.float64]


class Curve(NamedTuple):
    """Figures that lie along an axis, for the picture of the case."""

    label: str  # of what is measured
    axis: str  # of what it is measured against, with its unit
    x: Values  # (n,)
    figures: Sequence[int]  # (n,) which figures of the row
    logarithmic: bool = False  # the axis x


class Figures(NamedTuple):
    """What is known of the figures of a row."""

    labels: tuple[str, ...]  # K names, each with its unit or a pure number
    reference: Values  # (K,) the exact or accepted values
    margin: Values  # (K,) bounds of the known biases
    curves: tuple[Curve, ...] = ()


def figures(
    labels: Sequence[str],
    reference: ArrayLike,
    margin: ArrayLike = 0.0,
    curves: Sequence[Curve] = (),
) -> Figures:
    """Figures with one margin for each, or the same for all."""
    names = tuple(labels)
    exact = np.broadcast_to(np.asarray(reference, float), (len(names),))
    slack = np.broadcast_to(np.asarray(margin, float), (len(names),))
    return Figures(names, exact, slack, tuple(curves))


@dataclass(frozen=True)
class Repetition:
    """One of the independent repetitions of a measurement: which random numbers, which laws.

    seed, number : the key of its random numbers (`dsmc.draws.key`)
    laws, device : as in `Simulation`
    """

    seed: int
    number: int
    laws: Mapping[str, Callable] | None = None
    device: str = "cpu"

    def part(self, number: int) -> Repetition:
        """The same with other random numbers: where it takes several simulations."""
        return replace(self, number=number)

    def simulation(self, scenario: Scenario) -> Simulation:
        """A simulation of the scenario with the random numbers and laws of this repetition."""
        from dsmc.simulation import Simulation

        run = scenario.run.model_copy(update={"seed": self.seed})
        own = scenario.model_copy(update={"run": run})
        return Simulation(own, threads=1, replica=self.number, laws=self.laws, device=self.device)

    def random(self, part: int = 0) -> np.random.Generator:
        """Random numbers for a start that no scenario draws."""
        return np.random.default_rng((self.seed, self.number, part))


Measure = Callable[..., ArrayLike]
Known = Callable[..., Figures]


@dataclass(frozen=True)
class Effort:
    """How much a tier spends: independent repetitions, the settings of each, and on what."""

    repetitions: int
    settings: Mapping[str, Any] = field(default_factory=dict)
    device: str = "cpu"


@dataclass(frozen=True)
class Mutant:
    """A deliberately wrong twin of a case, which the case must reject.

    told : what is wrong with it and by how much
    laws : wrong laws, as in `Simulation`; settings : wrong settings of the measurement alone,
    the reference staying what it is
    effort : None for that of the quick tier
    on_device : whether a device plays its laws
    """

    told: str
    laws: Mapping[str, Callable] | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    effort: Effort | None = None
    on_device: bool = True


@dataclass(frozen=True)
class Case:
    """A question, its reference, and how it is measured and judged.

    question : what is asked of the gas
    source : where the reference comes from
    errors : what the measurement is uncertain by: statistics, cells, time step, finite numbers
    allowed : the margin and its reason
    measure : measure(repetition, **settings) -> (K,) the figures of one repetition
    known : known(**settings) -> Figures
    efforts : by tier; a tier that is missing takes the one before it
    on_device : further settings on a device, which needs cells of few particles; None where it
        does not play the case
    """

    name: str
    question: str
    source: str
    errors: str
    allowed: str
    measure: Measure
    known: Known
    efforts: Mapping[str, Effort]
    mutants: tuple[Mutant, ...]
    on_device: Mapping[str, Any] | None = None

    def effort(self, tier: str, device: str = "cpu") -> Effort | None:
        """What the case spends in a tier on a device; None if either leaves it out."""
        upto = TIERS[: TIERS.index(tier) + 1]
        given = [self.efforts[name] for name in upto if name in self.efforts]
        return self.placed(given[-1], device) if given else None

    def placed(self, effort: Effort, device: str) -> Effort | None:
        """An effort on a device; None if the case is not for it."""
        if device == "cpu":
            return effort
        if self.on_device is None:
            return None
        return Effort(effort.repetitions, {**effort.settings, **self.on_device}, device)
