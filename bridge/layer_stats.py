"""What collisions do to a layer, on request: kept on the device, read when asked for."""

from collections import Counter
from dataclasses import dataclass, field

import torch
from torch import Tensor

from bridge.neurons import gases
from bridge.outcome import Number, Outcome
from bridge.precision import largest, power_of_two
from bridge.sharding import is_sharded
from bridge.similarity import similarity

NOT_FINITE = "non-finite entries"


@dataclass(frozen=True)
class LayerStats:
    """One layer after the last step.

    pairs, candidates : accepted pairs and pairs tried in the last collision
    energy_ratio : Σ|g*|² / Σ|g|²; momentum_error : |Σ(g* - g)| / Σ|g_i|; NaN if not measured
    cosine : cos(g*, g) of the whole layer
    mean_similarity, maximum_similarity : of |cos(w_i, w_j)| of the weights as they are now
    collisions : how often the layer collided; skipped : how often it did not, by reason
    """

    pairs: int
    candidates: int
    energy_ratio: float
    momentum_error: float
    cosine: float
    mean_similarity: float
    maximum_similarity: float
    collisions: int
    skipped: dict[str, int]


@dataclass
class Record:
    """The counts of one layer while it trains: no number waits for the device."""

    collisions: int = 0
    skipped: Counter = field(default_factory=Counter)
    not_finite: Number = 0
    last: Outcome = field(default_factory=Outcome)
    cosine: Number = float("nan")

    def skip(self, reason: str) -> None:
        """The layer did not collide."""
        self.skipped[reason] += 1

    def add(self, outcome: Outcome, before: Tensor, after: Tensor) -> None:
        """The layer collided, or its rule found that it cannot.

        before, after : (E, N, D) gradients
        """
        if outcome.finite is False:
            self.skip(NOT_FINITE)
        elif outcome.skipped:
            self.skip(outcome.skipped)
        else:
            self.collisions += 1
        self.last = outcome
        if isinstance(outcome.finite, Tensor):
            self.not_finite = self.not_finite + (~outcome.finite).sum()
        self.cosine = cosine(before, after)

    def pushed(self, outcome: Outcome) -> None:
        """The weights were pushed apart: single neurons that cannot be are left where they are."""
        if outcome.skipped:
            self.skip(outcome.skipped)
        else:
            self.collisions += 1
        self.last = outcome

    def read(self, weight: Tensor, layout) -> LayerStats:
        """The numbers; waits for the device, and compares all pairs of neurons.

        weight : (...) as `layout` reads it
        """
        plain = weight.detach()
        plain = plain.to_local() if is_sharded(plain) else plain
        rows = gases(plain, layout) if layout.has_rows(plain) else plain.reshape(1, 1, -1)
        alike = similarity(rows)
        skipped = self.skipped + Counter({NOT_FINITE: int(self.not_finite)})
        return LayerStats(
            pairs=int(self.last.pairs),
            candidates=int(self.last.candidates),
            energy_ratio=_number(self.last.energy_ratio),
            momentum_error=_number(self.last.momentum_error),
            cosine=_number(self.cosine),
            mean_similarity=alike.mean,
            maximum_similarity=alike.maximum,
            collisions=self.collisions - int(self.not_finite),
            skipped=dict(skipped),
        )


def cosine(before: Tensor, after: Tensor) -> Tensor:
    """cos(before, after) over all entries, 0 if either is zero: ().

    before, after : (...) of one shape
    """
    if before.numel() == 0:
        return torch.zeros((), dtype=torch.float64)
    a, b = (x.detach().to(torch.float64).flatten() for x in (before, after))
    a, b = a / power_of_two(largest(a)), b / power_of_two(largest(b))
    product = torch.linalg.vector_norm(a) * torch.linalg.vector_norm(b)
    return (a @ b) / torch.where(product > 0.0, product, 1.0)


def _number(value: Number | None) -> float:
    return float("nan") if value is None else float(value)
