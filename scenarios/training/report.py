"""The report of a study in Markdown: a table for each case and quantity, and what it says."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

from scenarios.training.outcome import Outcome
from scenarios.training.pairing import LEVEL, NO_EFFECT, Comparison, compare

RUN_AWAY = 1e4  # a number above this is the mark of a diverged training


def report(outcome: Outcome) -> str:
    """The whole report."""
    return "\n".join([*_head(outcome), *_all_cases(outcome)]) + "\n"


def summary(outcome: Outcome) -> str:
    """The tables of the most important quantity."""
    quantity = outcome.plan.study.metrics[0]
    lines = [line for case in outcome.plan.setups for line in _of_quantity(outcome, case, quantity)]
    return "\n".join(lines).strip() + "\n"


def _head(outcome: Outcome) -> Iterator[str]:
    """What was done."""
    study = outcome.plan.study
    settings, seeds = len(study.methods[0].settings), study.seeds
    yield f"# {study.title}"
    yield ""
    if seeds.tuning:
        yield (
            f"{len(study.methods)} methods; for each, {settings} settings were tried with "
            f"{seeds.tuning} tuning seeds and the best by {words_of(study.tune_by)} was kept. The "
            f"result is that of {seeds.evaluation} fresh seeds."
        )
    else:
        yield (
            f"{len(study.methods)} methods, {settings} setting{'s' * (settings > 1)} of each, "
            f"{seeds.evaluation} seeds; "
            "no setting was chosen."
        )
    yield (
        "Mean ± standard error; paired difference from the first row ± its own; p of Student's and "
        "of Wilcoxon's paired test, adjusted by Holm for the table. A difference counts as an "
        f"effect if both are below {LEVEL:g}: a table in which nothing is there claims something "
        f"with a chance of {LEVEL:.0%} at most."
    )


def _all_cases(outcome: Outcome) -> Iterator[str]:
    """Settings, tables, cost and the probe of every case."""
    for case in outcome.plan.setups:
        if case:
            yield from ("", f"## {case}")
        for quantity in outcome.plan.study.metrics:
            yield from _of_quantity(outcome, case, quantity)
        yield from _costs(outcome, case)
        yield from _probe(outcome, case)


def _of_quantity(outcome: Outcome, case: str, quantity: str) -> Iterator[str]:
    """One table, and its claims in a sentence."""
    found = outcome.comparisons(case, quantity)
    first = next(iter(found))
    yield from ("", f"### {_title(case, quantity)}", "")
    yield "| method | setting | mean | difference | p (t) | p (Wilcoxon) | verdict |"
    yield "|---" * 7 + "|"
    for row in outcome.rows(case):
        label = outcome.label(row)
        cells = _cells(found[label], label == first)
        yield f"| {row[0]} | {outcome.setting_of(row)} | {' | '.join(cells)} |"
    yield ""
    yield _claims({label: each for label, each in found.items() if label != first})


def _cells(comparison: Comparison, is_first: bool) -> list[str]:
    """Mean, difference, p values and verdict of a row."""
    mean = with_error(comparison.mean, comparison.error)
    if is_first:
        return [mean, "", "", "", ""]
    p_values = [_p(comparison.student), _p(comparison.wilcoxon)]
    difference = with_error(comparison.difference, comparison.difference_error, "+")
    if comparison.diverged:
        return ["", "", "", "", comparison.verdict]
    return [mean, difference, *p_values, comparison.verdict]


def _claims(found: Mapping[str, Comparison]) -> str:
    """What the table says, in a sentence."""
    by_verdict: dict[str, list[str]] = {}
    for label, comparison in found.items():
        by_verdict.setdefault(comparison.verdict.partition(" (")[0], []).append(label)
    none = by_verdict.pop(NO_EFFECT, [])
    told_of = [f"{verdict}: {', '.join(labels)}" for verdict, labels in by_verdict.items()]
    if not told_of:
        return "No significant effect of any method."
    rest = "no significant effect of the others" if none else ""
    sentence = "; ".join([*told_of, *filter(None, [rest])])
    return sentence[:1].upper() + sentence[1:] + "."


def _costs(outcome: Outcome, case: str) -> Iterator[str]:
    """Time of a step, relative to the first method."""
    yield from ("", f"### {_title(case, 'time of a step')}", "")
    yield "Processor time over that of the first method, medians over all trainings:"
    yield ""
    yield "| method | time |"
    yield "|---|---|"
    for method, ratio in outcome.cost(case).items():
        yield f"| {method} | {ratio:.2f} |"


def _probe(outcome: Outcome, case: str) -> Iterator[str]:
    """How often a collision lowers the similarity, if that was asked."""
    probed = outcome.probed(case)
    if not probed:
        return
    yield from ("", f"### {_title(case, 'does a collision lower the sum of |cos|?')}", "")
    yield (
        "Share of the steps of the first method's trainings in which one step of gradient descent "
        "with the collision ends with a lower Σ|cos| than without it; mean over seeds ± standard "
        "error. 1/2 is what a random change does. p against 1/2, adjusted by Holm for each column."
    )
    yield ""
    yield "| layer | collision | left as it is | first order | p (t) | full step | p (t) |"
    yield "|---" * 7 + "|"
    first, full = (_against_half(probed, key) for key in ("lower_first_order", "lower_full_step"))
    for (layer, name), counts in probed.items():
        same = sum(count["same"] for count in counts) / sum(count["steps"] for count in counts)
        cells = [layer, name, f"{same:.2f}"]
        for found in (first, full):
            one = found.get((layer, name))
            cells += [with_error(one.mean, one.error), _p(one.student)] if one else ["", ""]
        yield f"| {' | '.join(cells)} |"


def _against_half(probed: Mapping, key: str) -> dict[tuple[str, str], Comparison]:
    """Shares among the steps that were changed, against 1/2."""
    shares = {}
    for name, counts in probed.items():
        changed = [count["steps"] - count["same"] for count in counts]
        if all(changed):
            shares[name] = [count[key] / n for count, n in zip(counts, changed, strict=True)]
    return compare(shares, expected=0.5) if shares else {}


def with_error(mean: float, error: float, sign: str = "") -> str:
    """mean ± error, with two digits of the error; of what has run away, the magnitude only."""
    if not (math.isfinite(mean) and math.isfinite(error)):
        return ""
    if max(abs(mean), error) >= RUN_AWAY:
        return f"{mean:{sign}.1e} ± {error:.1e}"
    places = 4
    if error > 0.0:
        places = min(6, max(0, 1 - math.floor(math.log10(error))))
    return f"{mean:{sign}.{places}f} ± {error:.{places}f}"


def _p(value: float) -> str:
    return f"{value:.2g}" if value >= 1e-4 else f"{max(value, 1e-16):.0e}"


def _title(case: str, quantity: str) -> str:
    words = words_of(quantity)
    return f"{words[:1].upper()}{words[1:]}" + (f" ({case})" if case else "")


def words_of(quantity: str) -> str:
    """A quantity as a reader says it: tested_loss gives "test loss"."""
    words = quantity.replace("mean_cos", "mean |cos|").replace("max_cos", "largest |cos|")
    for name, word in (("learned", "training"), ("validated", "validation"), ("tested", "test")):
        words = words.replace(name, word)
    return words.replace("_", " ")
