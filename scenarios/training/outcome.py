"""What a study has come to: chosen settings, values by method and seed, and what they say."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from scenarios.training.cells import FIRST_FRESH, Cell
from scenarios.training.method_sections import MethodSection, told
from scenarios.training.pairing import Comparison, compare
from scenarios.training.plan import Plan
from scenarios.training.trial import Found

Row = tuple[str, int]  # of a table: method, and number of its setting


def chosen_settings(
    plan: Plan, tuned: Mapping[Cell, Found]
) -> dict[tuple[str, str], tuple[int, ...]]:
    """The settings to be judged, by case and method.

    The one that is best in the mean of the tuning seeds, the first of equals; a setting of which
    some seed diverged is the worst. Without tuning seeds, all.
    """
    chosen = {}
    sign = -1.0 if plan.study.tune_by.startswith("validated_accuracy") else 1.0
    for case in plan.setups:
        for method in plan.study.methods:
            numbers = range(len(method.settings))
            means = [_mean(plan, tuned, case, method.name, number) for number in numbers]
            best = min(numbers, key=lambda n: (math.isnan(means[n]), sign * means[n]))
            chosen[case, method.name] = (best,) if plan.study.seeds.tuning else tuple(numbers)
    return chosen


def _mean(plan: Plan, tuned: Mapping[Cell, Found], case: str, method: str, setting: int) -> float:
    """Mean of the quantity that settings are chosen by; NaN if some seed diverged."""
    seeds = range(plan.study.seeds.tuning)
    found = [tuned[Cell(case, method, setting, seed)] for seed in seeds]
    return math.fsum(each.rows[-1][plan.study.tune_by] for each in found) / max(1, len(found))


@dataclass(frozen=True)
class Outcome:
    """A study that is done.

    chosen : settings by case and method; tuned, fresh : trainings by cell
    """

    plan: Plan
    chosen: Mapping[tuple[str, str], Sequence[int]]
    tuned: Mapping[Cell, Found]
    fresh: Mapping[Cell, Found]

    @property
    def seeds(self) -> list[int]:
        """The seeds of the result."""
        return [FIRST_FRESH + number for number in range(self.plan.study.seeds.evaluation)]

    def rows(self, case: str) -> Iterator[Row]:
        """The rows of a table, the baseline first."""
        for method in self.plan.study.methods:
            for setting in self.chosen[case, method.name]:
                yield method.name, setting

    def setting_of(self, row: Row) -> str:
        """The setting of a row in words."""
        return told(self._section(row).settings[row[1]])

    def label(self, row: Row) -> str:
        """The name of a row: the method, and its setting where there are several rows of it."""
        setting = self.setting_of(row)
        whole = row[0] if self.plan.study.seeds.tuning or not setting else f"{row[0]}, {setting}"
        return whole

    def values(self, case: str, quantity: str) -> dict[str, list[float]]:
        """The quantity at the end, by row, a value for each seed."""
        return {
            self.label(row): [found.rows[-1][quantity] for found in self._found(case, row)]
            for row in self.rows(case)
        }

    def comparisons(self, case: str, quantity: str) -> dict[str, Comparison]:
        """Every row against the baseline."""
        return compare(self.values(case, quantity))

    def series(self, case: str, row: Row, quantity: str) -> tuple[np.ndarray, np.ndarray]:
        """Steps (T,) and the quantity at each of them, (S, T) by seed."""
        found = self._found(case, row)
        steps = np.array([look["step"] for look in found[0].rows])
        return steps, np.array([[look[quantity] for look in each.rows] for each in found])

    def cost(self, case: str) -> dict[str, float]:
        """Time of a step by method, over that of the baseline: medians over its trainings.

        Probed trainings do not count as long as there are others: the probe slows what follows it.
        """
        seconds = {}
        for method in self.plan.study.methods:
            trained = [
                found
                for cell, found in {**self.tuned, **self.fresh}.items()
                if (cell.case, cell.method) == (case, method.name)
            ]
            counted = [found for found in trained if not found.probed] or trained
            seconds[method.name] = float(np.median([found.seconds_per_step for found in counted]))
        first = seconds[self.plan.baseline.name]
        return {name: each / first if first > 0.0 else math.nan for name, each in seconds.items()}

    def probed(self, case: str) -> dict[tuple[str, str], list[dict[str, int]]]:
        """Counts of the probe by layer and collision, one for each seed."""
        first = next(self.rows(case))
        counts: dict[tuple[str, str], list[dict[str, int]]] = {}
        for found in self._found(case, first):
            for layer, name, count in found.probed:
                counts.setdefault((layer, name), []).append(count)
        return counts

    def weights(self, case: str, row: Row) -> dict[str, list[list[float]]]:
        """Final weights of the small layers, of the first seed."""
        return self._found(case, row)[0].weights

    def _found(self, case: str, row: Row) -> list[Found]:
        return [self.fresh[Cell(case, *row, seed)] for seed in self.seeds]

    @cached_property
    def _sections(self) -> dict[str, MethodSection]:
        return {method.name: method for method in self.plan.study.methods}

    def _section(self, row: Row) -> MethodSection:
        return self._sections[row[0]]
