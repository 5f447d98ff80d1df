"""What `dsmc validate` tells: a table for people, and the same as plain values for programs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

from dsmc.validate.judging import Outcome


def as_json(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """{"cases": [...]}, one entry for each case with all its figures.

    measured, error, reference and margin are those of `figure`, the one that deviates most.
    """
    return {"cases": [entry(outcome) for outcome in outcomes]}


def entry(outcome: Outcome) -> dict[str, Any]:
    """One case as plain values; numbers that are not finite are None."""
    rows = figure_rows(outcome)
    worst = rows[outcome.worst]
    return {
        "name": outcome.name,
        "measured": worst["measured"],
        "error": worst["error"],
        "reference": worst["reference"],
        "margin": worst["margin"],
        "passed": outcome.passed,
        "seconds": round(outcome.seconds, 3),
        "figure": worst["figure"],
        "question": outcome.case.question,
        "tier": outcome.tier,
        "repetitions": len(outcome.rows),
        "looks": outcome.verdict.looks,
        "p_value": finite(outcome.verdict.p_value),
        "figures": rows,
    }


def figure_rows(outcome: Outcome) -> list[dict[str, Any]]:
    """The figures of a case: name, measured, error, reference, margin, z beyond the margin."""
    known, columns = outcome.figures, (outcome.mean, outcome.error)
    return [
        {
            "figure": label,
            "measured": finite(value),
            "error": finite(error),
            "reference": finite(exact),
            "margin": finite(margin),
            "z": finite(z),
        }
        for label, value, error, exact, margin, z in zip(
            known.labels, *columns, known.reference, known.margin, outcome.verdict.z, strict=True
        )
    ]


def finite(value: float) -> float | None:
    """The number, or None where JSON knows no such number."""
    return float(value) if math.isfinite(value) else None


def show(console: Console, outcomes: Sequence[Outcome], quiet: bool) -> None:
    """The table, and one line that says how it ended."""
    if not quiet:
        console.print(table(outcomes))
        console.print("z: deviation beyond the margin in standard errors; of: figures judged")
    console.print(verdict_line(outcomes))


def table(outcomes: Sequence[Outcome]) -> Table:
    """One row for each case, with the figure that deviates most."""
    made = Table(box=None, pad_edge=False, header_style="bold")
    for head in ("case", "worst figure"):
        made.add_column(head, overflow="fold")
    for head in ("measured", "error", "reference", "margin", "z", "of", "s"):
        made.add_column(head, justify="right", no_wrap=True)
    made.add_column("", no_wrap=True)
    for outcome in outcomes:
        row = figure_rows(outcome)[outcome.worst]
        made.add_row(
            outcome.name, row["figure"], f"{row['measured']:.6g}", f"{row['error']:.1e}",
            f"{row['reference']:.6g}", f"{row['margin']:.1e}",
            "∞" if row["z"] is None else f"{row['z']:.1f}", str(len(outcome.figures.labels)),
            f"{outcome.seconds:.1f}", word(outcome),
        )  # fmt: skip
    return made


def word(outcome: Outcome) -> str:
    """How a case ended, in colour where the terminal has any."""
    if outcome.mutant is not None:
        return "[green]rejected[/]" if outcome.passed else "[bold red]NOT REJECTED[/]"
    second = " at the second look" if outcome.verdict.looks > 1 else ""
    return (f"[green]passed[/]{second}") if outcome.passed else "[bold red]FAILED[/]"


def verdict_line(outcomes: Sequence[Outcome]) -> str:
    """How many of how many."""
    failed = [outcome.name for outcome in outcomes if not outcome.passed]
    what = "wrong twins were rejected" if _are_mutants(outcomes) else "cases passed"
    line = f"{len(outcomes) - len(failed)} of {len(outcomes)} {what}"
    return line + (f"; not: {', '.join(failed)}" if failed else "")


def _are_mutants(outcomes: Sequence[Outcome]) -> bool:
    return any(outcome.mutant is not None for outcome in outcomes)
