"""A study: methods of training compared fairly, from a TOML file to tables and pictures.

    python -m scenarios.training.study scenarios/training/digits.toml -o runs/digits

A study that was stopped, even by a kill, goes on where it was when it is started again.
docs/study.md says what is compared and how.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import torch
from rich.console import Console

from dsmc.__main__ import Parser
from dsmc.endings import INTERRUPTED, USER_ERROR
from dsmc.option_values import whole
from dsmc.progress import Progress
from dsmc.scenario.messages import Problem, ScenarioError
from scenarios.training import data, plan, results_csv
from scenarios.training.cells import Bench, fresh_cells, tuning_cells
from scenarios.training.outcome import Outcome, chosen_settings
from scenarios.training.report import report, summary

DONE = {"csv": "results.csv", "report": "report.md"}


def main(words: Sequence[str] | None = None) -> int:
    """The command line; returns the exit code."""
    options = parser().parse_args(words)
    torch.set_num_threads(1)  # in small layers, more would only wait for each other
    try:
        planned = plan.load(Path(options.study), options.set, options.miniature)
        look_for_what_is_needed(planned, options.device)
        folder = Path(options.output or f"runs/{Path(options.study).stem}")
        bench = Bench(planned, folder, options.processes, options.device)
        outcome = carry_out(bench, quiet=options.quiet)
        for path in write(outcome, folder):
            print(path, file=sys.stderr)
    except KeyboardInterrupt:
        print("stopped; finished trainings are kept, the same command goes on", file=sys.stderr)
        return INTERRUPTED
    except ScenarioError as refused:
        print(refused, file=sys.stderr)
        return USER_ERROR
    except OSError as failure:
        print(f"study: {failure}", file=sys.stderr)
        return USER_ERROR
    print(summary(outcome))
    return 0


def parser() -> Parser:
    """The options."""
    made = Parser(prog="python -m scenarios.training.study", description=__doc__.partition("\n")[0])
    made.add_argument("study", metavar="STUDY.toml", help="what to compare")
    made.add_argument("-o", "--output", metavar="DIR", help="folder of the results (runs/NAME)")
    made.add_argument(
        "--processes", metavar="N", type=whole, default=1, help="trainings at once (1)"
    )
    made.add_argument(
        "--miniature", action="store_true", help="a few short trainings, to see that it runs"
    )
    made.add_argument(
        "--set", metavar="KEY.PATH=VALUE", action="append", default=[], help="override a key"
    )
    made.add_argument("--device", choices=("cpu", "cuda"), default="cpu", help="where to train")
    made.add_argument("--quiet", action="store_true", help="show no progress")
    return made


def look_for_what_is_needed(planned: plan.Plan, device: str) -> None:
    """Look at the data of every case, and for the device. ScenarioError: what is missing."""
    problems = []
    if device == "cuda" and not torch.cuda.is_available():
        cure = "leave --device away"
        problems.append(Problem("--device", "cuda", "no such device on this machine", cure))
    if any(m.kind == "muon" for m in planned.study.methods) and not hasattr(torch.optim, "Muon"):
        cure = "install torch 2.9 or newer, or leave it out"
        problems.append(Problem("methods", '"muon"', "PyTorch has no Muon yet", cure))
    for setup in planned.setups.values():
        try:
            data.load(setup.data, seed=0)
        except (OSError, ModuleNotFoundError, ValueError) as failure:
            what, _, cure = str(failure).partition("; ")
            problems.append(Problem("data", "", what, cure or "look at the keys of [data]"))
    if problems:
        raise ScenarioError(problems)


def carry_out(bench: Bench, quiet: bool = False) -> Outcome:
    """All trainings of a study: those that settings are chosen by, then those of the result."""
    planned = bench.plan
    tuning = tuning_cells(planned)
    every = {(case, m.name): (0,) for case in planned.setups for m in planned.study.methods}
    settings = 1 if planned.study.seeds.tuning else len(planned.study.methods[0].settings)
    total = len(tuning) + settings * len(fresh_cells(planned, every))
    console = Console(stderr=True)
    with Progress(total, "trainings", console, quiet=quiet, patience=1.0) as progress:
        tuned = bench.carry_out(tuning, lambda done: progress.update(done, lambda: None))
        chosen = chosen_settings(planned, tuned)
        fresh = bench.carry_out(
            fresh_cells(planned, chosen),
            lambda done: progress.update(len(tuning) + done, lambda: None),
        )
    return Outcome(planned, chosen, tuned, fresh)


def write(outcome: Outcome, folder: Path) -> list[Path]:
    """The numbers, the report and the pictures of a study."""
    from dsmc import disk
    from scenarios.training.pictures import draw

    written = [results_csv.write(outcome, folder / DONE["csv"])]
    with disk.replacing(folder / DONE["report"]) as unfinished:
        unfinished.write_text(report(outcome), encoding="utf-8")
    return [*written, folder / DONE["report"], *draw(outcome, folder)]


if __name__ == "__main__":
    sys.exit(main())
