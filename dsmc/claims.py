"""Claims: figures of a run that must have a certain value; `dsmc.verdict` decides on them."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple


@dataclass(frozen=True)
class Claim:
    """A figure, its standard error, and the value that it must have but for the margin.

    margin : known bias that is allowed on top of the error, in the figure's own unit
    degrees : of freedom of Student's law for the error
    """

    quantity: str
    measured: float
    error: float
    reference: float
    source: str
    unit: str
    margin: float = 0.0
    degrees: float = math.inf


class Measure(NamedTuple):
    """A number, its standard error, and the degrees of freedom of Student's law for it."""

    value: float
    error: float = 0.0
    degrees: float = math.inf

    def times(self, factor: float) -> Measure:
        """A multiple of it."""
        return Measure(factor * self.value, abs(factor) * self.error, self.degrees)


def total(parts: Iterable[Measure]) -> Measure:
    """The sum of numbers with independent errors, and the least of their degrees of freedom.

    Of what is conserved one part receives what another lacks: their sum then scatters by less.
    """
    found = [*parts]
    return Measure(
        sum(part.value for part in found),
        math.hypot(*(part.error for part in found)),
        min((part.degrees for part in found if part.error > 0.0), default=math.inf),
    )


def equal(quantity: str, one: Measure, other: Measure, source: str, unit: str, margin: float = 0.0):
    """The claim that two measured numbers are the same; the first is the figure.

    Returns a Claim.
    """
    apart = total((one, other))
    return Claim(quantity, one.value, apart.error, other.value, source, unit, margin, apart.degrees)
