"""The command line: `dsmc COMMAND`, the same as `python -m dsmc COMMAND`.

How a command ends, and its exit code: see `dsmc.endings`. Heavy modules are imported by the command
that needs them: `dsmc --help` and `dsmc check` load neither Numba nor torch.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from dsmc import __version__
from dsmc.endings import USER_ERROR, guarded, refuse
from dsmc.option_values import nearest, positive, seconds, share, whole

if TYPE_CHECKING:
    from dsmc.scenario import Scenario

DEVICES = ("cpu", "cuda", "torch-cpu")
PRINTING = {"check", "inspect", "plot", "scenarios", "schema"}  # nothing is lost if nobody reads on


class Parser(argparse.ArgumentParser):
    """argparse that answers a mistyped option or command with the nearest known one."""

    def __init__(self, **options: Any) -> None:
        options["allow_abbrev"] = False
        super().__init__(**options)

    def error(self, message: str) -> NoReturn:
        """Exit with code 2 and one line on stderr; argparse calls this for what it refuses."""
        mistyped = re.match(
            r"argument \S+: invalid choice: '([^']*)' \(choose from (.*)\)", message
        )
        if mistyped:
            word, choices = mistyped[1], mistyped[2].replace("'", "").split(", ")
            kind = "command" if message.startswith("argument COMMAND") else "choice"
            hint = nearest(word, choices)
            message = f"unknown {kind} {word!r}{hint}; known: {', '.join(choices)}"
        self.exit(USER_ERROR, f"{self.prog}: {message}\nSee {self.prog} --help.\n")

    def refuse_leftovers(self, words: Sequence[str]) -> None:
        """Exit if words were not understood."""
        if not words:
            return
        option = words[0].partition("=")[0]
        known = [name for name in self._option_string_actions if name.startswith("--")]
        kind = "option" if option.startswith("-") else "argument"
        hint = nearest(option, known) if kind == "option" else ""
        self.error(f"unknown {kind} {option!r}{hint}")


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code.

    argv : the words after `dsmc`; those of the process if None
    """
    words = list(sys.argv[1:] if argv is None else argv)
    parser, commands = build_parser()
    try:
        arguments, leftovers = parser.parse_known_args(words)
        if not hasattr(arguments, "execute"):
            parser.refuse_leftovers(leftovers)
            parser.print_help()
            return USER_ERROR
        commands[arguments.command].refuse_leftovers(leftovers)
    except SystemExit as stop:  # --help, --version, and words that were not understood
        return stop.code if isinstance(stop.code, int) else USER_ERROR
    return guarded(lambda: arguments.execute(arguments), arguments.command in PRINTING)


def build_parser() -> tuple[Parser, dict[str, Parser]]:
    """The parser of the whole command line, and those of the commands by name."""
    parser = Parser(prog="dsmc", description="Direct simulation Monte Carlo of rarefied gases.")
    parser.add_argument("--version", action="version", version=f"dsmc {__version__}")
    group = parser.add_subparsers(dest="command", metavar="COMMAND", parser_class=Parser)
    commands: dict[str, Parser] = {}

    def command(name: str, told: str, execute: Any) -> Parser:
        commands[name] = made = group.add_parser(name, help=told, description=told)
        made.set_defaults(execute=execute)
        made.add_argument("--quiet", action="store_true", help="print only what matters")
        return made

    run = command("run", "run a scenario", run_scenario)
    _scenario_options(run)
    run.add_argument("-o", "--output", metavar="DIR", help="folder to write to (runs/NAME)")
    run.add_argument("--wall-time", metavar="T", type=seconds, help="stop after T: 90, 10m, 2h")
    _device_option(run, "cpu")
    run.add_argument("--overwrite", action="store_true", help="replace earlier results in DIR")

    resume = command("resume", "go on with a run from its checkpoint, exactly", resume_run)
    resume.add_argument("directory", metavar="DIR", help="the directory of the run")
    length = resume.add_mutually_exclusive_group()
    length.add_argument("--steps", metavar="N", type=whole, help="N more steps")
    length.add_argument("--time", metavar="T", type=positive, help="to the physical time T [s]")
    resume.add_argument("--wall-time", metavar="T", type=seconds, help="stop after T: 90, 10m, 2h")
    resume.add_argument("--threads", metavar="N", type=whole, help="threads; all cores")
    _device_option(resume, None)

    checked = command("check", "validate a scenario and forecast its run", check)
    _scenario_options(checked)
    checked.add_argument(
        "--target", metavar="E", type=share, default=0.01,
        help="tell what a relative standard error of E would cost (0.01)",
    )  # fmt: skip
    checked.add_argument("--json", action="store_true", help="print JSON")

    inspect = command("inspect", "tell what is in a file of results", inspect_file)
    inspect.add_argument("file", metavar="FILE", help="HDF5, summary.json, or a directory of a run")
    inspect.add_argument("--plot", action="store_true", help="draw what it holds, too")
    inspect.add_argument("--json", action="store_true", help="print JSON")

    compare = command("compare", "judge two runs against each other", compare_runs)
    compare.add_argument("a", metavar="A", help="a directory of a run, or a file of it")
    compare.add_argument("b", metavar="B", help="another one, or `reference`: what is exact of A")
    compare.add_argument("--json", action="store_true", help="print JSON")

    plot = command("plot", "draw the pictures of a run or of a file", plot_target)
    plot.add_argument("target", metavar="DIR|FILE", help="a directory of a run, or an HDF5 file")
    plot.add_argument("-o", "--output", metavar="PNG", help="a picture or folder to write")
    plot.add_argument("--animate", action="store_true", help="draw the tracked velocities as a GIF")

    told = "judge the engine against exact results"
    _validate_options(command("validate", told, run_validation))

    _bench_options(command("bench", "measure the speed of this machine", run_bench))

    scenarios = command("scenarios", "list the shipped scenarios, or print one", list_scenarios)
    scenarios.add_argument("name", nargs="?", help="print this one, to begin your own with")
    command("schema", "print the JSON Schema of a scenario, for editors", print_schema)
    return parser, commands


def _device_option(parser: Parser, default: str | None) -> None:
    """Where to compute; without a default where the run did before."""
    told = "where to compute; torch-cpu: the program of the GPU on this processor, to try it"
    parser.add_argument("--device", choices=DEVICES, default=default, help=told)


def _bench_options(parser: Parser) -> None:
    """Which problems, how large, and on what."""
    told = "box, flight (both if none), homogeneous, one-cell, couette, cavity, shock"
    parser.add_argument("problems", metavar="PROBLEM", nargs="*", help=told)
    parser.add_argument("--particles", metavar="N", type=whole, help="particles (a million)")
    parser.add_argument("--per-cell", metavar="N", type=whole, help="particles in a cell (10)")
    parser.add_argument("--threads", metavar="N", type=whole, nargs="+", help="numbers of threads")
    choices = ("float64", "float32")
    parser.add_argument("--precision", choices=choices, nargs="+", help="precisions")
    _device_option(parser, "cpu")
    parser.add_argument("--json", action="store_true", help="print JSON")


def _validate_options(parser: Parser) -> None:
    """Which cases, how closely, and where the results go."""
    parser.add_argument("case", metavar="CASE", nargs="*", help="names of cases; all of them")
    tiers = parser.add_mutually_exclusive_group()
    for tier, told in (("full", "up to two hours on two cores"), ("tight", "as long as it takes")):
        tiers.add_argument(f"--{tier}", dest="tier", action="store_const", const=tier, help=told)
    tiers.add_argument(
        "--mutants", action="store_true", help="ask the wrong twins, which must be rejected"
    )
    tiers.add_argument("--list", action="store_true", help="list the cases and their questions")
    _device_option(parser, "cpu")
    parser.add_argument("--report", metavar="FILE.html", help="write a report with pictures")
    parser.add_argument(
        "-o", "--output", metavar="DIR",
        help="keep finished repetitions there and go on from them (runs/validate with --tight)",
    )  # fmt: skip
    parser.add_argument("--json", action="store_true", help="print JSON")


def _scenario_options(parser: Parser) -> None:
    """The scenario, and the options that override its keys."""
    parser.add_argument("scenario", help="a TOML file, or the name of a shipped scenario")
    parser.add_argument(
        "--set", metavar="KEY.PATH=VALUE", action="append", default=[], help="override a key"
    )
    parser.add_argument("--steps", metavar="N", help="number of time steps (run.steps)")
    parser.add_argument("--time", metavar="T", help="seconds to simulate (run.time_s)")
    parser.add_argument("--seed", metavar="N", help="seed of the random numbers (run.seed)")
    parser.add_argument("--threads", metavar="N", help="threads (run.threads)")
    parser.add_argument("--replicas", metavar="R", help="independent repetitions (run.replicas)")


def _load(arguments: argparse.Namespace) -> Scenario:
    """The scenario with the overrides of the command line."""
    from dsmc.scenario import load

    keys = ("steps", "time_s", "seed", "threads", "replicas")
    words = [getattr(arguments, key.removesuffix("_s")) for key in keys]
    given = [pair for pair in zip(keys, words, strict=True) if pair[1] is not None]
    options = [f"run.{key}={word}" for key, word in given]
    return load(arguments.scenario, [*arguments.set, *options])


def run_scenario(arguments: argparse.Namespace) -> int:
    """`dsmc run`"""
    scenario = _load(arguments)
    from dsmc.scenario.report import remarks

    if not arguments.quiet:
        for line in remarks(scenario):
            print(line, file=sys.stderr)
    if arguments.output == "":
        return refuse("-o: an empty name; name a directory, or leave -o away")
    directory = Path(arguments.output or scenario.output.directory or f"runs/{scenario.name}")
    from dsmc import launch

    try:
        return launch.run(
            scenario,
            directory,
            overwrite=arguments.overwrite,
            quiet=arguments.quiet,
            wall_time=arguments.wall_time,
            threads=scenario.run.threads,
            device=arguments.device,
        )
    except (ValueError, OSError) as error:
        initial = scenario.initial
        if initial.kind != "file" or initial.path not in str(error):
            raise
        return refuse(f"the initial state cannot be read: {error}\n  cure: look at initial.path")


def resume_run(arguments: argparse.Namespace) -> int:
    """`dsmc resume`"""
    from dsmc import launch

    return launch.resume(
        Path(arguments.directory),
        arguments.steps,
        arguments.time,
        quiet=arguments.quiet,
        wall_time=arguments.wall_time,
        threads=arguments.threads,
        device=arguments.device,
    )


def inspect_file(arguments: argparse.Namespace) -> int:
    """`dsmc inspect`"""
    from dsmc import inspect

    return inspect.main(arguments.file, arguments.json, arguments.plot, arguments.quiet)


def compare_runs(arguments: argparse.Namespace) -> int:
    """`dsmc compare`"""
    from dsmc import compare

    return compare.main(arguments.a, arguments.b, arguments.json, arguments.quiet)


def plot_target(arguments: argparse.Namespace) -> int:
    """`dsmc plot`"""
    from viz.pictures import draw_target

    paths, remarks = draw_target(
        arguments.target, arguments.output, arguments.animate, arguments.quiet
    )
    for line in [*map(str, paths), *(() if arguments.quiet else remarks)]:
        print(line)
    return 0


def check(arguments: argparse.Namespace) -> int:
    """`dsmc check`"""
    from dsmc.scenario.report import show_check

    show_check(
        _load(arguments),
        quiet=arguments.quiet,
        target=arguments.target,
        as_json=arguments.json,
    )
    return 0


def run_bench(arguments: argparse.Namespace) -> int:
    """`dsmc bench`"""
    from dsmc import bench

    return bench.main(
        problems=arguments.problems,
        particles=arguments.particles,
        per_cell=arguments.per_cell,
        threads=arguments.threads,
        precision=arguments.precision,
        device=arguments.device,
        as_json=arguments.json,
        quiet=arguments.quiet,
    )


def run_validation(arguments: argparse.Namespace) -> int:
    """`dsmc validate`"""
    from dsmc import validate

    tier, listing, device = arguments.tier or "quick", arguments.list, arguments.device
    places = {"report": arguments.report, "directory": arguments.output}
    message = validate.refusal(
        arguments.case, tier, arguments.mutants or listing, device=device, **places
    )
    if message:
        return refuse(message)
    if listing:
        print("\n".join(validate.listed(arguments.case, arguments.quiet)))
        return 0
    return validate.main(
        arguments.case,
        tier=tier,
        device=device,
        mutants=arguments.mutants,
        as_json_text=arguments.json,
        quiet=arguments.quiet,
        **places,
    )


def list_scenarios(arguments: argparse.Namespace) -> int:
    """`dsmc scenarios`"""
    from dsmc.scenario import question, shipped

    known = shipped()
    if arguments.name:
        name = arguments.name.removesuffix(".toml")
        if name not in known:
            hint = nearest(name, list(known))
            return refuse(f"no shipped scenario {name!r}{hint}; known: {', '.join(known)}")
        print(known[name].read_text(encoding="utf-8"), end="")
        return 0
    width = max(map(len, known), default=0)
    for name, file in known.items():
        print(name if arguments.quiet else f"{name:{width}}  {question(file)}")
    return 0


def print_schema(arguments: argparse.Namespace) -> int:
    """`dsmc schema`"""
    import json

    from dsmc.scenario import Scenario

    print(json.dumps(Scenario.model_json_schema(), indent=2))
    return 0


if __name__ == "__main__":
    sys.exit(main())
