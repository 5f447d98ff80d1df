"""Repeating a case, and the verdict on it.

False alarms: the whole validation fails with a probability of `BUDGET` at most where nothing is
wrong. Each case has an equal share. A first look that fires is repeated with fresh seeds and ten
times the data, and both must fail (`dsmc.statistics.judged`): the chance of one look is the square
root of the share.
"""

from __future__ import annotations

import math
import time
import zlib
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from typing import Any

import numpy as np

from dsmc.device import one_core_each
from dsmc.statistics import Verdict, joint_test, judged
from dsmc.team import available_threads
from dsmc.validate.case import SEED, Case, Effort, Figures, Measure, Mutant, Repetition, Values
from dsmc.validate.records import Record

BUDGET = 1e-4  # chance that a faultless engine fails a whole validation
FACTOR = 10  # times the data of the first look in the second


@dataclass(frozen=True)
class Outcome:
    """What a case, or a wrong twin of it, has come to.

    rows : (R, K) the figures of all repetitions of the last look
    passed : of a twin: whether it was rejected
    """

    case: Case
    tier: str
    effort: Effort
    figures: Figures
    rows: Values
    verdict: Verdict
    seconds: float
    mutant: Mutant | None = None

    @property
    def name(self) -> str:
        """Of the case; of a twin with what is wrong."""
        return self.case.name + (f": {self.mutant.told}" if self.mutant else "")

    @property
    def passed(self) -> bool:
        """A case passes if it agrees with its reference, a twin if it does not."""
        return bool(self.verdict) is (self.mutant is None)

    @property
    def mean(self) -> Values:
        """(K,) means over the repetitions."""
        return self.rows.mean(axis=0)

    @property
    def error(self) -> Values:
        """(K,) standard errors of the means."""
        return self.rows.std(axis=0, ddof=1) / math.sqrt(len(self.rows))

    @property
    def worst(self) -> int:
        """The figure that deviates most beyond its margin."""
        return self.verdict.worst


def repeat(
    measure: Measure,
    repetitions: int,
    settings: Mapping[str, Any] | None = None,
    seed: int = SEED,
    laws: Mapping[str, Callable] | None = None,
    record: Record | None = None,
    done: Callable[[int], None] = lambda count: None,
    device: str = "cpu",
) -> Values:
    """The rows of independent repetitions, on all cores: (repetitions, ...), in their order.

    record : rows that are there already are not measured again, and new ones are kept
    done : called with the number of finished repetitions
    """
    rows = dict(record.rows(seed)) if record is not None else {}
    missing = [number for number in range(repetitions) if number not in rows]

    def one(number: int) -> tuple[int, np.ndarray]:
        row = measure(Repetition(seed, number, laws, device), **(settings or {}))
        return number, np.asarray(row, dtype=np.float64)

    pool = ThreadPoolExecutor(available_threads())
    with one_core_each(device):  # repetitions take them all
        try:
            for future in as_completed([pool.submit(one, number) for number in missing]):
                number, rows[number] = future.result()
                if record is not None:
                    record.add(seed, number, rows[number])
                done(len(rows))
        finally:
            pool.shutdown(cancel_futures=True)
    return np.array([rows[number] for number in range(repetitions)])


def seed_of(case: Case, look: int = 0) -> int:
    """The seed of a case, different for every case and look."""
    return zlib.crc32(f"{SEED} {case.name} {look}".encode())


def share(cases: int) -> float:
    """The false-alarm chance of one look where so many cases share the budget."""
    return math.sqrt(BUDGET / max(1, cases))


def validate(
    case: Case,
    tier: str,
    effort: Effort,
    chance: float,
    record: Record | None = None,
    done: Callable[[int, int], None] = lambda count, all_of_them: None,
) -> Outcome:
    """Measure and judge a case; after an alarm a second time with fresh seeds.

    chance : false-alarm probability of one look
    done : called with the numbers of finished and of all repetitions of the look
    """
    begin = time.monotonic()
    known = case.known(**effort.settings)
    rows = np.empty((0, len(known.labels)))

    def look(number: int, factor: int) -> Verdict:
        nonlocal rows
        count = effort.repetitions * factor
        rows = repeat(
            case.measure, count, effort.settings, seed_of(case, number), record=record,
            done=lambda finished: done(finished, count), device=effort.device,
        )  # fmt: skip
        return joint_test(rows, known.reference, known.margin, chance)

    verdict = judged(look, FACTOR)
    return Outcome(case, tier, effort, known, rows, verdict, time.monotonic() - begin)


def reject(
    case: Case,
    mutant: Mutant,
    chance: float,
    done: Callable[[int, int], None] = lambda count, all_of_them: None,
    device: str = "cpu",
) -> Outcome:
    """Measure a wrong twin as the first look of its case would, and judge it by the same rule."""
    begin = time.monotonic()
    effort = mutant.effort or case.effort("quick") or case.effort("full")
    effort = case.placed(effort, device)
    known = case.known(**effort.settings)
    settings = {**effort.settings, **mutant.settings}
    count = effort.repetitions
    rows = repeat(
        case.measure, count, settings, seed_of(case), mutant.laws,
        done=lambda finished: done(finished, count), device=device,
    )  # fmt: skip
    verdict = joint_test(rows, known.reference, known.margin, chance)
    seconds = time.monotonic() - begin
    return Outcome(case, "mutant", effort, known, rows, verdict, seconds, mutant)
