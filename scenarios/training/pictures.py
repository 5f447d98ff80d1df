"""The pictures of a study: differences, frontiers, the course of training, matrices of cosines."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np

from scenarios.training.method_sections import COLLISIONS
from scenarios.training.outcome import Outcome, Row
from scenarios.training.pairing import DIVERGED, NO_EFFECT
from scenarios.training.report import words_of
from viz import study, style
from viz.training import cosine_matrix, curves, over_seeds

_MATRIX = (3.3, 3.8)  # inch; with its title
_COURSES = 3  # of the quantities with tables
_ALONG = ("temperature", "h_excess")  # of the gradients, shown over the steps


def draw(outcome: Outcome, folder: Path) -> list[Path]:
    """Draw all that there is to show; the paths of the pictures."""
    title, cases = outcome.plan.study.title, list(outcome.plan.setups)
    metrics = outcome.plan.study.metrics
    height = 1.6 + 0.24 * len(list(outcome.rows(cases[0])))
    pictures = {
        "differences": ([*_differences(outcome)], (6.4, height), len(metrics)),
        "frontier": ([*_frontiers(outcome)], (8.4, 5.0), 2),
        "course": ([*_courses(outcome)], (6.4, 4.4), len(_over_steps(outcome, cases[0]))),
        "matrices": ([*_matrices(outcome)], _MATRIX, len(cases) if len(cases) > 1 else 3),
    }
    drawn = [
        style.draw_panels(
            panels, folder / f"{name}.png", title=title, columns=columns, panel_size=size
        )
        for name, (panels, size, columns) in pictures.items()
        if panels
    ]
    return [path for path in drawn if path is not None]


def _differences(outcome: Outcome) -> Iterator[style.Panel]:
    for case in outcome.plan.setups:
        for quantity in outcome.plan.study.metrics:
            first, *others = outcome.comparisons(case, quantity).items()
            found = {
                label: study.Difference(
                    each.difference,
                    each.difference_error,
                    not each.verdict.startswith((NO_EFFECT, DIVERGED)),
                )
                for label, each in others
            }
            title = words_of(quantity) + (f" ({case})" if case else "")
            yield partial(study.differences, found=found, title=title, baseline=first[0])


def _frontiers(outcome: Outcome) -> Iterator[style.Panel]:
    asked = outcome.plan.study.frontier
    if asked is None:
        return
    for case in outcome.plan.setups:
        x, y = (outcome.comparisons(case, quantity) for quantity in (asked.x, asked.y))
        first, *rows = outcome.rows(case)
        found: dict[str, list[study.Point]] = {}
        for row in rows:
            across, up = x[outcome.label(row)], y[outcome.label(row)]
            found.setdefault(row[0], []).append(
                study.Point(
                    across.difference, up.difference, across.difference_error, up.difference_error
                )
            )
        yield partial(
            study.frontier, found=found, title=case or "Frontier", x=words_of(asked.x),
            y=words_of(asked.y), baseline=outcome.label(first),
        )  # fmt: skip


def _courses(outcome: Outcome) -> Iterator[style.Panel]:
    for case in outcome.plan.setups:
        for quantity in _over_steps(outcome, case):
            shown = {}
            for row in _collisions(outcome, case):
                steps, values = outcome.series(case, row, quantity)
                known = np.isfinite(values).all(axis=0)
                if known.any():
                    shown[outcome.label(row)] = over_seeds(quantity, steps[known], values[:, known])
            name = words_of(quantity) + (f" ({case})" if case else "")
            yield partial(curves, shown=shown, name=name)


def _matrices(outcome: Outcome) -> Iterator[style.Panel]:
    """Cosines of the first layer, a row for each method, a column for each case."""
    cases = list(outcome.plan.setups)
    layers = [outcome.plan.setups[case].layers[0] for case in cases]
    for rows in zip(*(_collisions(outcome, case) for case in cases), strict=True):
        for case, layer, row in zip(cases, layers, rows, strict=True):
            weights = outcome.weights(case, row)
            told = [] if outcome.plan.study.seeds.tuning else [outcome.setting_of(row)]
            if layer in weights:
                yield partial(
                    cosine_matrix, weight=in_order(np.array(weights[layer])),
                    title="\n".join([case or layer, row[0], *told]),
                )  # fmt: skip


def _over_steps(outcome: Outcome, case: str) -> list[str]:
    """Quantities of a case that are shown over the steps."""
    study = outcome.plan.study
    gases = [f"{quantity} of {outcome.plan.setups[case].layers[0]}" for quantity in _ALONG]
    return list(dict.fromkeys([*study.metrics[:_COURSES], *gases]))


def _collisions(outcome: Outcome, case: str) -> list[Row]:
    """The baseline as it is compared with, and the first method of each collision and scattering
    with its last setting."""
    sections = {method.name: method for method in outcome.plan.study.methods}
    first = next(outcome.rows(case))
    others = [row for row in dict(outcome.rows(case)).items() if row[0] != first[0]]
    chosen = {}
    for row in others:
        section = sections[row[0]]
        if section.kind in COLLISIONS:
            chosen.setdefault((section.kind, section.words.get("scatter")), row)
    return [first, *chosen.values()]


def in_order(weight: np.ndarray) -> np.ndarray:
    """The rows (N, D), sorted so that parallel neurons are neighbours.

    weight : (N, D)
    """
    length = np.linalg.norm(weight, axis=1, keepdims=True)
    units = weight / np.where(length > 0.0, length, 1.0)
    main = np.linalg.eigh(units.T @ units)[1][:, -1]
    return weight[np.argsort(units @ main)]
