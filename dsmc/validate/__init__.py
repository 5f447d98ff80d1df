"""The validation: the engine against exact and accepted results, case by case.

Each case (a file in `dsmc.validate.cases`) states its question, its reference and the source of
it, what the measurement is uncertain by, its margin with the reason, and at least one deliberately
wrong twin that it must reject. Three tiers ask for more and more: quick (minutes), full (two hours)
and tight (as long as it takes, kept on the disk and resumed).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from difflib import get_close_matches
from functools import partial
from pathlib import Path

from rich.console import Console

from dsmc.validate.case import Case, Effort, Figures, Mutant, Repetition, figures
from dsmc.validate.catalogue import CASES
from dsmc.validate.judging import Outcome, reject, repeat, share, validate
from dsmc.validate.records import Record
from dsmc.validate.report import as_json, show

__all__ = [
    "CASES",
    "Case",
    "Effort",
    "Figures",
    "Mutant",
    "Outcome",
    "Record",
    "Repetition",
    "figures",
    "listed",
    "main",
    "refusal",
    "reject",
    "repeat",
    "share",
    "validate",
]

FAILED = 1
WIDTH = 132  # of the table where it does not go to a terminal
RECORDS = Path("runs/validate")  # where the tight tier keeps its repetitions


def refusal(
    names: Sequence[str],
    tier: str,
    mutants: bool,
    report: str | None = None,
    directory: str | None = None,
    device: str = "cpu",
) -> str:
    """What is wrong with what is asked, as in `main`, and the cure; empty if nothing is."""
    if report == "" or directory == "":
        return f"{'--report' if report == '' else '-o'}: a name is missing"
    if mutants and directory is not None:
        return "-o: of wrong twins nothing is kept; leave it away, or ask without --mutants"
    if device != "cpu" and tier != "quick":
        return f"--{tier} is for the cpu: cells of few particles, as on a device, would show there"
    for name in names:
        if name not in CASES:
            close = get_close_matches(name, CASES, n=3, cutoff=0.4)
            hint = f", did you mean {' or '.join(close)}?" if close else ""
            return f"no case {name!r}{hint}; known: {', '.join(CASES)}"
        if device != "cpu" and CASES[name].on_device is None:
            on_it = [case.name for case in CASES.values() if case.on_device is not None]
            return f"{name} is not for a device; those that are: {', '.join(on_it)}"
        if CASES[name].effort(tier) is None and not mutants:
            return f"{name} is asked with --full or --tight: it takes longer"
    return ""


def listed(names: Sequence[str] = (), quiet: bool = False) -> list[str]:
    """The names of the cases, with their questions unless quiet."""
    chosen = [CASES[name] for name in dict.fromkeys(names or CASES)]
    width = max(len(case.name) for case in chosen)
    return [case.name if quiet else f"{case.name:{width}}  {case.question}" for case in chosen]


def main(
    names: Sequence[str] = (),
    tier: str = "quick",
    mutants: bool = False,
    as_json_text: bool = False,
    report: str | None = None,
    directory: str | None = None,
    quiet: bool = False,
    device: str = "cpu",
) -> int:
    """`dsmc validate`: 0 if every case passes, 1 if one fails.

    names : of cases, all of the tier if none is given
    mutants : ask the wrong twins of the cases instead, which must be rejected
    report : a file for the HTML report
    directory : where finished repetitions are kept, and taken from
    device : as in `Simulation`; cases that are not for it are left out
    """
    chosen = [CASES[name] for name in dict.fromkeys(names)] or list(CASES.values())
    if directory is None and tier == "tight":
        directory = str(RECORDS)
    if report is not None:
        from viz.validation import write_report

        write_report([], report)  # a place that cannot be written to is refused at once
    work = _twins(chosen, device) if mutants else _cases(chosen, tier, directory, device)
    outcomes = list(_watched(list(work), quiet or as_json_text))
    if report is not None:
        write_report(outcomes, report)
    if as_json_text:
        print(json.dumps(as_json(outcomes), indent=2))
    else:
        console = Console()
        show(console if console.is_terminal else Console(width=WIDTH), outcomes, quiet)
        if report is not None and not quiet:
            print(f"report: {report}")
    return 0 if all(outcome.passed for outcome in outcomes) else FAILED


Done = Callable[[int, int], None]  # told the numbers of finished and of all repetitions
Work = tuple[str, Callable[[Done], Outcome]]


def _cases(chosen: Sequence[Case], tier: str, directory: str | None, device: str) -> Iterator[Work]:
    """The names of the cases that belong to a tier, and how to measure each."""
    chance = share(len(CASES))
    for case in chosen:
        effort = case.effort(tier, device)
        if effort is None:
            continue
        record = None if directory is None else Record(Path(directory), case, tier, effort)
        yield case.name, partial(validate, case, tier, effort, chance, record)


def _twins(chosen: Sequence[Case], device: str) -> Iterator[Work]:
    """The names of the wrong twins, and how to measure each."""
    chance = share(len(CASES))
    for case in chosen:
        if device != "cpu" and case.on_device is None:
            continue
        for mutant in case.mutants:
            if device != "cpu" and not mutant.on_device:
                continue
            work = partial(reject, case, mutant, chance, device=device)
            yield f"{case.name}: {mutant.told}", work


def _watched(work: Sequence[Work], quiet: bool) -> Iterator[Outcome]:
    """The outcomes one after the other, with a line on stderr that says how far it is."""
    console = Console(stderr=True, quiet=quiet)
    with console.status("") as status:
        for number, (name, measured) in enumerate(work, 1):
            place = f"{number} of {len(work)}  {name}"

            def tell(finished: int, repetitions: int, place: str = place) -> None:
                status.update(f"{place}: {finished} of {repetitions} repetitions")

            status.update(place)
            outcome = measured(tell)
            verdict = "" if outcome.passed else "  does not pass"
            console.print(f"{place}  {outcome.seconds:.1f} s{verdict}", highlight=False)
            yield outcome
