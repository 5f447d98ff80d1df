"""Another code on its own input beside this one, in alternation.

    python -m benchmarks.beside --problem box --particles 1000000 --steps 200 --rounds 5 \\
        -- /path/to/other -in file -var steps {steps}

What stands behind `--` is the command of the other code; `{steps}` and `{particles}` in it are
replaced. In every round each code runs as a process of its own with `--steps` steps and with twice
as many, in changing order. The difference of the two, over the steps and the particles, is its time
per particle-step: starting, reading, creating particles and compiling take equally long in both and
drop out. Before the rounds each runs once, untimed. The ratio of a round is the other's time over
ours in that round; printed are medians, with the least and the most of the rounds.

The other's input should be the same problem, printing and sampling nothing while it runs. `box`:

    domain        0 <= x <= 4e-4 m, 0 <= y <= 5e-4 m, 0 <= z <= 5e-4 m, in three dimensions
    cells         40 x 50 x 50 cubes of 1e-5 m, in one box
    faces         specular, all six
    gas           one species, mass 6.63e-26 kg, monatomic
    molecules     variable soft sphere: diameter 4.11e-10 m at 273.15 K, omega 0.81, alpha 1.4
    collisions    no-time-counter, partners from the whole cell
    state         7.07043e22 molecules per m^3 at 273.15 K, at rest, uniform and Maxwellian
    particles     1,000,000 (10 in a cell on average), each for 7.07043e6 molecules
    time step     7e-9 s (0.14 mean collision times)
    sorting       rows of particles put in the order of their cells every 5 steps, if the code does
                  that by option (SPARTA: the global setting of particle reordering)
    processes     as many as `--threads` tells this code

Other numbers of particles keep density, cells of 1e-5 m and 10 particles in each; the box then has
a shape of 4 : 5 : 5 (python -c "from dsmc.problems import box_cells; print(box_cells(CELLS))").
The other problems are described in `dsmc/problems.py`. Where gas comes and goes (shock) a
particle-step of either code is counted as one of the particles at the start.
"""

import argparse
import json
import multiprocessing
import shlex
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from dsmc import bench
from dsmc.option_values import whole
from dsmc.problems import DEFAULTS, ProblemError, problem
from dsmc.scenario import ScenarioError
from dsmc.simulation import Simulation

ROUNDS = 5
STEPS = 200
LAST_LINES = 8  # of what a command that fails has printed
USER_ERROR = 2
OURS, OTHER = "ours", "other"

Run = Callable[[int], float]  # seconds that a whole run of so many steps takes


class RunFailed(Exception):
    """A run that did not end well; the message says which, how, and what it printed last."""


def play(name: str, particles: int, precision: str, threads: int, steps: int) -> None:
    """Our side, in a process of its own: the problem from the start, so many steps."""
    with Simulation(problem(name, particles, precision), threads=threads) as simulation:
        simulation.advance(steps)


def our_run(name: str, particles: int, precision: str, threads: int) -> Run:
    """Runs of this code, each in a new process."""
    context = multiprocessing.get_context("spawn")

    def run(steps: int) -> float:
        process = context.Process(target=play, args=(name, particles, precision, threads, steps))
        begin = time.perf_counter()
        process.start()
        process.join()
        seconds = time.perf_counter() - begin
        if process.exitcode:
            raise RunFailed(f"our own run of {name} ended with exit code {process.exitcode}")
        return seconds

    return run


def other_run(command: Sequence[str], particles: int) -> Run:
    """Runs of another code; `{steps}` and `{particles}` in its words are replaced."""

    def run(steps: int) -> float:
        numbers = {"{steps}": steps, "{particles}": particles}
        words = list(command)
        for key, number in numbers.items():
            words = [word.replace(key, str(number)) for word in words]
        begin = time.perf_counter()
        try:
            done = subprocess.run(words, capture_output=True, text=True, errors="replace")
        except OSError as error:
            raise RunFailed(f"{shlex.join(words)}: {error.strerror or error}") from error
        seconds = time.perf_counter() - begin
        if done.returncode:
            raise RunFailed(failure(words, done))
        return seconds

    return run


def failure(words: Sequence[str], done: subprocess.CompletedProcess) -> str:
    """What a command that failed has said: its errors, or what it printed if it told no errors."""
    code = done.returncode
    how = f"exit code {code}" if code > 0 else f"signal {-code}"
    for name, text in (("errors", done.stderr), ("output", done.stdout)):
        lines = [line for line in text.splitlines() if line.strip()][-LAST_LINES:]
        if lines:
            return f"{shlex.join(words)}: {how}; last lines of its {name}:\n  " + "\n  ".join(lines)
    return f"{shlex.join(words)}: {how}; it printed nothing"


def compare(ours: Run, other: Run, particles: int, steps: int, rounds: int) -> dict:
    """Both in turns: {"ours": of the rounds [ns], "other": [ns], "ratio": other over ours}.

    Raises RunFailed.
    """
    runs = {OTHER: other, OURS: ours}  # the other first: a wrong command is told at once
    for run in runs.values():
        run(steps)
    found: dict[str, list[float]] = {OURS: [], OTHER: [], "ratio": []}
    for number in range(rounds):
        names = [OURS, OTHER] if number % 2 else [OTHER, OURS]
        once = {name: runs[name](steps) for name in names}
        twice = {name: runs[name](2 * steps) for name in names}
        for name in names:
            found[name].append(1e9 * (twice[name] - once[name]) / (steps * particles))
        found["ratio"].append(found[OTHER][-1] / found[OURS][-1])
    return found


def line(name: str, figures: Sequence[float], decimals: int) -> str:
    """One line of the table."""
    middle, least, most = statistics.median(figures), min(figures), max(figures)
    span = f"{least:.{decimals}f} … {most:.{decimals}f}"
    return f"{name:28} {middle:>9.{decimals}f} {span:>20}"


def parsed(words: Sequence[str]) -> tuple[argparse.Namespace, list[str]]:
    """The options, and the command behind `--`."""
    parser = argparse.ArgumentParser(
        description=__doc__.splitlines()[0], usage="%(prog)s [options] -- COMMAND …"
    )
    parser.add_argument("--problem", default=DEFAULTS[0], help="of dsmc.problems")
    parser.add_argument("--particles", type=whole, default=bench.PARTICLES)
    parser.add_argument("--steps", type=whole, default=STEPS, help="of the shorter run")
    parser.add_argument("--rounds", type=whole, default=ROUNDS)
    parser.add_argument("--threads", type=whole, default=1, help="of this code")
    parser.add_argument("--precision", choices=("float64", "float32"), default="float64")
    parser.add_argument("--json", type=Path, help="write the numbers to this file")
    place = list(words).index("--") if "--" in words else len(words)
    options, command = parser.parse_args(words[:place]), list(words[place + 1 :])
    if not command:
        parser.error("no command of the other code: write it behind --")
    if not any("{steps}" in word for word in command):
        parser.error("the command has no {steps}: its steps must follow ours")
    return options, command


def main(words: Sequence[str] | None = None) -> int:
    """Print both times and their ratio; returns the exit code."""
    options, command = parsed(sys.argv[1:] if words is None else words)
    name, particles = options.problem, options.particles
    try:
        problem(name, particles, options.precision)
        if options.json:
            options.json.touch()  # a place that cannot be written is told before the work
        ours = our_run(name, particles, options.precision, options.threads)
        other = other_run(command, particles)
        found = compare(ours, other, particles, options.steps, options.rounds)
    except (RunFailed, ProblemError, ScenarioError, OSError) as error:
        print(error, file=sys.stderr)
        return USER_ERROR
    print(f"{name}, {particles:,} particles, {options.precision}, threads {options.threads}, "
          f"{options.steps} and {2 * options.steps} steps, {options.rounds} rounds")  # fmt: skip
    print(f"{'':28} {'median':>9} {'least … most':>20}")
    print(line("ours [ns/particle-step]", found[OURS], 1))
    print(line("the other [ns/particle-step]", found[OTHER], 1))
    print(line("ratio, the other over ours", found["ratio"], 2))
    if min(found[OURS] + found[OTHER]) <= 0.0:
        print("A longer run was quicker than the shorter: take more --steps.", file=sys.stderr)
    if options.json:
        settings = {key: value for key, value in vars(options).items() if key != "json"}
        report = {"machine": bench.machine(), **settings, "command": command, "rounds_ns": found}
        options.json.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
