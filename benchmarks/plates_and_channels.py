"""Flows between plates at six Knudsen numbers, as exactly as the tight tier measures them.

    python -m benchmarks.plates_and_channels                      # the table: hours on two cores
    python -m benchmarks.plates_and_channels couette --kn 0.05    # a point: less than one hour
    python -m benchmarks.plates_and_channels --json FILE          # numbers, into those of FILE

Asks the cases couette, fourier, channel and thermal-creep as `dsmc validate --tight` does, but each
Knudsen number by itself. Finished repetitions are kept in a directory (-o DIR), finished points in
the file of --json; the same command goes on from there.
"""

import argparse
import json
import math
from pathlib import Path

from dsmc import bench
from dsmc.validate import CASES, RECORDS, Effort, Outcome, Record, share, validate
from dsmc.validate.gaps import EVERY

FLOWS = ("couette", "fourier", "channel", "thermal-creep")
TOLD = (
    "measured: (4 fine - coarse)/3; change: (coarse - fine)/reference; left: a quarter of the "
    "square of the relative error of the coarse flow, 4/3 of the change; null where the change is "
    "less than three of its errors. tier: whose effort it has."
)
HEAD = """| flow | Kn | measured | reference | deviation | change | left, at most |
|---|---|---|---|---|---|---|"""


def measured(name: str, number: float, directory: Path) -> Outcome:
    """A flow at one Knudsen number, by the effort of the tight tier."""
    case = CASES[name]
    tight = case.effort("tight")
    effort = Effort(tight.repetitions, {"numbers": {number: tight.settings["numbers"][number]}})
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
            "tier": "tight",
            "measured": outcome.mean[k],
            "error": outcome.error[k],
            "reference": reference,
            "deviation": outcome.mean[k] / reference - 1.0,
            "relative_error": outcome.error[k] / reference,
            "change": change,
            "change_error": change_error,
            "left": 0.25 * (4.0 / 3.0 * change) ** 2 if seen else None,
            "repetitions": len(outcome.rows),
            "seconds": round(outcome.seconds),
            "machine": bench.machine(),
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


def merged(path: Path, new: list[dict]) -> None:
    """Put points into a file, in place of those that were measured before."""
    old = json.loads(path.read_text(encoding="utf-8"))["entries"] if path.exists() else []
    points = {(one["case"], one["figure"], one["knudsen"]): one for one in [*old, *new]}
    text = json.dumps({"told": TOLD, "entries": list(points.values())}, indent=1)
    path.write_text(text + "\n", encoding="utf-8")


def main() -> None:
    """Measure, print the table, and write the numbers."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("flows", nargs="*", metavar="FLOW", help=f"{', '.join(FLOWS)}; all of them")
    parser.add_argument("--kn", type=float, nargs="+", metavar="KN", help="Knudsen numbers; all")
    parser.add_argument("-o", dest="directory", type=Path, default=RECORDS, metavar="DIR")
    parser.add_argument("--json", type=Path, metavar="FILE")
    asked = parser.parse_args()
    if unknown := set(asked.flows) - set(FLOWS):
        parser.error(f"no flow {min(unknown)!r}; known: {', '.join(FLOWS)}")
    if unknown := set(asked.kn or ()) - set(EVERY):
        parser.error(f"no Knudsen number {min(unknown):g}; known: {', '.join(map(str, EVERY))}")
    print(HEAD)
    for name in asked.flows or FLOWS:
        for number in CASES[name].effort("tight").settings["numbers"]:
            if asked.kn is None or number in asked.kn:
                found = entries(measured(name, number, asked.directory))
                print("\n".join(line(entry) for entry in found), flush=True)
                if asked.json is not None:
                    merged(asked.json, found)


if __name__ == "__main__":
    main()
