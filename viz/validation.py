"""The report of a validation: one HTML file with its pictures inside, for any browser.

Every case has its question, the source of its reference, what it is uncertain by and allowed, its
figures against their references, and a picture. The file needs nothing else: no script, no network.
"""

from __future__ import annotations

import base64
import io
import os
import platform
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from functools import partial
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from dsmc import __version__, disk
from viz import style

if TYPE_CHECKING:
    from dsmc.validate.case import Curve
    from dsmc.validate.judging import Outcome

PANEL = (4.6, 3.3)  # [inch]
DPI = 96
MOST_NAMED = 14  # figures whose names stand at the axis
STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; color: #222; background: #fff; margin: 2rem auto;
       max-width: 70rem; padding: 0 1rem; }
h1 { font-size: 1.6rem; } h2 { font-size: 1.25rem; margin-top: 2.5rem; }
table { border-collapse: collapse; margin: 1rem 0; font-size: 0.92rem; }
th, td { padding: 0.25rem 0.8rem; text-align: right; border-bottom: 1px solid #ddd; }
th, td { white-space: nowrap; }
th:first-child, td:first-child, .left { text-align: left; white-space: normal; }
.passed { color: #00694d; font-weight: 600; } .failed { color: #b33c00; font-weight: 700; }
dt { font-weight: 600; } dd { margin: 0 0 0.4rem 1.2rem; }
img { max-width: 100%; height: auto; } summary { cursor: pointer; color: #0060a0; }
.small { color: #555; font-size: 0.9rem; }
"""


def write_report(outcomes: Sequence[Outcome], path: str | os.PathLike[str]) -> Path:
    """Write the report. Raises OSError naming the path and the cure where it cannot be written."""
    path = Path(path)
    style.make_directory(path.parent)
    with disk.replacing(path) as unfinished:
        unfinished.write_text("\n".join(page(outcomes)), encoding="utf-8")
    return path


def page(outcomes: Sequence[Outcome]) -> Iterator[str]:
    """The lines of the whole page."""
    passed = sum(outcome.passed for outcome in outcomes)
    now = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
    yield '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield f"<title>Validation of dsmc</title>\n<style>{STYLE}</style>\n</head>\n<body>"
    yield "<h1>Validation: the engine against exact and accepted results</h1>"
    yield (
        f'<p class="small">dsmc {escape(__version__)}, Python {platform.python_version()} on '
        f"{escape(platform.machine())}, {now}</p>"
    )
    yield f"<p>{passed} of {len(outcomes)} passed. Every error is a standard error over"
    yield "independent repetitions; z is the deviation beyond the margin in standard errors.</p>"
    yield from summary(outcomes)
    for outcome in outcomes:
        yield from section(outcome)
    yield "</body>\n</html>"


def summary(outcomes: Sequence[Outcome]) -> Iterator[str]:
    """One row for each case, with the figure that deviates most."""
    yield '<table>\n<tr><th>case</th><th class="left">worst figure</th><th>measured</th>'
    yield "<th>error</th><th>reference</th><th>margin</th><th>z</th><th>seconds</th><th></th></tr>"
    for outcome in outcomes:
        link = f'<a href="#{anchor(outcome)}">{escape(outcome.name)}</a>'
        cells = "".join(f"<td>{cell}</td>" for cell in numbers(outcome, outcome.worst))
        label = escape(outcome.figures.labels[outcome.worst])
        yield f'<tr><td>{link}</td><td class="left">{label}</td>{cells}'
        yield f"<td>{outcome.seconds:.1f}</td><td>{word(outcome)}</td></tr>"
    yield "</table>"


def section(outcome: Outcome) -> Iterator[str]:
    """A case: what it asks, its picture and its figures."""
    case, verdict = outcome.case, outcome.verdict
    yield f'<h2 id="{anchor(outcome)}">{escape(outcome.name)}: {word(outcome)}</h2>'
    yield f"<p>{escape(case.question)}</p>\n<dl>"
    looks = "first look" if verdict.looks == 1 else "second look, after an alarm of the first"
    judged = f"{len(outcome.rows)} repetitions, tier {outcome.tier}, {looks}; p = "
    judged += f"{verdict.p_value:.2g}, fails below {verdict.budget:.2g}"
    for term, told in (
        ("Reference", case.source), ("Errors", case.errors), ("Margin", case.allowed),
        ("Judged on", judged),
    ):  # fmt: skip
        yield f"<dt>{term}</dt><dd>{escape(told)}</dd>"
    told = f"{escape(outcome.name)}: measured against reference"
    yield f'</dl>\n<img alt="{told}" src="{picture(outcome)}">'
    count = len(outcome.figures.labels)
    told = "The figure" if count == 1 else f"All {count} figures"
    yield f"<details{' open' if count <= 3 else ''}><summary>{told}</summary>\n<table>"
    yield "<tr><th>figure</th><th>measured</th><th>error</th><th>reference</th><th>margin</th>"
    yield "<th>z</th></tr>"
    for k, label in enumerate(outcome.figures.labels):
        cells = "".join(f"<td>{cell}</td>" for cell in numbers(outcome, k))
        yield f"<tr><td>{escape(label)}</td>{cells}</tr>"
    yield "</table></details>"


def anchor(outcome: Outcome) -> str:
    """The place of a case in the page."""
    return "".join(letter if letter.isalnum() else "-" for letter in outcome.name)


def word(outcome: Outcome) -> str:
    """How it ended."""
    good, bad = ("passed", "FAILED") if outcome.mutant is None else ("rejected", "NOT REJECTED")
    kind = "passed" if outcome.passed else "failed"
    return f'<span class="{kind}">{good if outcome.passed else bad}</span>'


def numbers(outcome: Outcome, k: int) -> list[str]:
    """Measured, error, reference, margin and z of figure k."""
    known, z = outcome.figures, outcome.verdict.z[k]
    return [
        f"{outcome.mean[k]:.6g}", f"{outcome.error[k]:.1e}", f"{known.reference[k]:.6g}",
        f"{known.margin[k]:.1e}", f"{z:.1f}" if np.isfinite(z) else "∞",
    ]  # fmt: skip


def picture(outcome: Outcome) -> str:
    """The picture of a case as a data URI: its curves, then all deviations."""
    curves = [partial(curve_panel, outcome=outcome, curve=one) for one in outcome.figures.curves]
    with style.look():
        figure = style.figure_of(
            [*curves, partial(deviations, outcome=outcome)], panel_size=PANEL, columns=3
        )
        buffer = io.BytesIO()
        figure.savefig(buffer, dpi=DPI, format="png", bbox_inches="tight")  # long names of figures
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()


def curve_panel(axes: Axes, outcome: Outcome, curve: Curve) -> bool:
    """Measured points over the reference they lie on."""
    which = list(curve.figures)
    style.exact_curve(axes, curve.x, outcome.figures.reference[which], "reference")
    style.points_with_bars(
        axes, curve.x, outcome.mean[which], outcome.error[which], 0, "measured ± 2 errors"
    )
    if curve.logarithmic:
        axes.set_xscale("log")
    style.label_axes(axes, curve.label, curve.axis, curve.label)
    style.legend(axes)
    return True


def deviations(axes: Axes, outcome: Outcome) -> bool:
    """Deviation of every figure in standard errors; grey: what its margin allows."""
    known = outcome.figures
    rounding = 1e-10 * np.abs(known.reference)  # figures that do not scatter have no place here
    error = np.where(outcome.error > rounding, outcome.error, np.nan)
    away = (outcome.mean - known.reference) / error
    allowed = known.margin / error
    place = np.arange(len(away))
    axes.barh(place, 2.0 * allowed, left=-allowed, height=0.8, color="#dddddd", label="margin")
    axes.errorbar(away, place, xerr=1.0, color=style.BLUE, marker="o", ls="none", elinewidth=1.0)
    axes.axvline(0.0, color=style.BLACK, lw=1.0)
    widest = np.nanmax(np.abs(away), initial=3.0)
    axes.set_xlim(-1.1 * widest - 1.0, 1.1 * widest + 1.0)
    axes.invert_yaxis()
    if len(away) <= MOST_NAMED:
        axes.set_yticks(place, known.labels, fontsize=8.0)
    else:
        axes.yaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_title("Deviations")
    axes.set_xlabel("(measured − reference) / standard error")
    axes.set_ylabel("" if len(away) <= MOST_NAMED else "figure")
    return True
