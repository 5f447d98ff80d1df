"""Flows between plates at six Knudsen numbers, as exactly as the tight tier measures them.

    python -m benchmarks.plates_and_channels                     # the table
    python -m benchmarks.plates_and_channels --json FILE         # and its numbers
    python -m benchmarks.plates_and_channels couette -o DIR      # one flow; repetitions kept in DIR

Asks the cases couette, fourier, channel and thermal-creep of `dsmc validate --tight`: several hours
on two cores, at most one for each Knudsen number of a flow. What is finished is kept, as by that
command, and the same command goes on from there.
"""

import argparse
import json
import math
from pathlib import Path

from rich.console import Console

from dsmc import bench
from dsmc.validate import CASES, RECORDS, Outcome, Record, share, validate

FLOWS = ("couette", "fourier", "channel", "thermal-creep")
TOLD = (
    "measured: (4 fine - coarse)/3; change: (coarse - fine)/reference; left: a quarter of the "
    "square of the relative error of the coarse flow, 4/3 of the change; null where the change is "
    "less than three of its errors."
)


def measured(name: str, directory: Path) -> Outcome:
    """The outcome of a case in the tight tier."""
    case = CASES[name]
    effort = case.effort("tight")
    record = Record(directory, case, "tight", effort)
    return validate(case, "tight", effort, share(len(CASES)), record)


def entries(outcome: Outcome) -> list[dict]:
    """A flow at its Knudsen numbers: figure by figure, relative to the reference."""
    figures, flows = outcome.figures, len(outcome.figures.labels) // 2
    told = []
    for k, (label, reference) in enumerate(zip(figures.labels, figures.reference, strict=True)):
        if k == flows:
            break
        figure, number = label.split(", Kn = ")
        change = outcome.mean[k + flows] / reference
        change_error = outcome.error[k + flows] / reference
        seen = abs(change) > 3.0 * change_error
        told.append({
            "case": outcome.case.name,
            "figure": figure,
            "knudsen": float(number),
            "measured": outcome.mean[k],
            "error": outcome.error[k],
            "reference": reference,
            "deviation": outcome.mean[k] / reference - 1.0,
            "relative_error": outcome.error[k] / reference,
            "change": change,
            "change_error": change_error,
            "left": 0.25 * (4.0 / 3.0 * change) ** 2 if seen else None,
            "repetitions": len(outcome.rows),
        })  # fmt: skip
    return told


def line(entry: dict) -> str:
    """One row of the table, in Markdown."""
    left = "–" if entry["left"] is None else f"{100 * entry['left']:.2f} %"
    places = 1 - math.floor(math.log10(entry["error"]))  # two digits of the error
    return (
        f"| {entry['case']}, {entry['figure']} | {entry['knudsen']:g} "
        f"| {entry['measured']:.{places}f} ± {entry['error']:.{places}f} "
        f"| {entry['reference']:.4f} "
        f"| {100 * entry['deviation']:+.2f} ± {100 * entry['relative_error']:.2f} % "
        f"| {100 * entry['change']:+.2f} ± {100 * entry['change_error']:.2f} % | {left} |"
    )


def main() -> None:
    """Measure, print the table, and write the numbers."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("flows", nargs="*", metavar="FLOW", help=f"{', '.join(FLOWS)}; all of them")
    parser.add_argument("-o", dest="directory", type=Path, default=RECORDS, metavar="DIR")
    parser.add_argument("--json", type=Path, metavar="FILE")
    asked = parser.parse_args()
    if unknown := set(asked.flows) - set(FLOWS):
        parser.error(f"no flow {min(unknown)!r}; known: {', '.join(FLOWS)}")
    rows, console = [], Console(width=132)
    console.print("| flow | Kn | measured | reference | deviation | change | left, at most |")
    console.print("|---|---|---|---|---|---|---|")
    for name in asked.flows or FLOWS:
        for entry in entries(measured(name, asked.directory)):
            console.print(line(entry), highlight=False)
            rows.append(entry)
    if asked.json is not None:
        report = {"machine": bench.machine(), "told": TOLD, "entries": rows}
        asked.json.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
