"""How the cost of a particle-step grows with size, particles per cell and threads.

    python -m benchmarks.scaling --json FILE --picture FILE.png      # an hour or two; 25 GB or more
    python -m benchmarks.scaling --sizes 1e4 1e5 1e6 --per-cell 2 10 50 --threads 1 2
    python -m benchmarks.scaling --problem cavity --sizes 1e6 --per-cell 10

The problem is one of `dsmc.problems`. Sizes are measured at 10 particles in a cell (or the number
given that is nearest to it), particles per cell at a million particles. All numbers of threads and
both precisions are measured at each of these points; a point that does not fit into the memory is
passed over with a message.

At a point there is a simulation for each number of threads, and in every round each of them
advances by the same steps, in changing order. So the speedup, the time with the fewest threads over
that with more in the same round, is not touched by a machine that gets slower or faster meanwhile.
Where only one of these simulations at a time fits into the memory they are measured one after the
other, and the speedup is that of the medians (its range is then null). Figures are medians over the
rounds, with the least and the most of them. The JSON is written anew after every point.

Beside each speedup stands that of plain arithmetic, divided among as many threads in the same
rounds. It knows no memory and no waiting: where it falls short of the ratio of the numbers of
threads, cores are slower together than alone (their clocks fall, or other guests of the host have a
part in them), and a program that computes hardly gains more from them.
"""

import argparse
import json
import math
import statistics
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes

from dsmc import bench
from dsmc.compiled import kernel
from dsmc.option_values import whole
from dsmc.problems import DEFAULTS, PARTICLES, PER_CELL, PROBLEMS, problem
from dsmc.scenario import Scenario, ScenarioError, memory
from dsmc.simulation import Simulation
from dsmc.team import Team, available_threads
from viz import style

SIZES = (10_000, 100_000, 1_000_000, 10_000_000, 100_000_000)
PER_CELLS = (2, 5, 10, 20, 50, 100, 200)
PRECISIONS = ("float64", "float32")
ROUNDS = 9
USER_ERROR = 2
OPERATIONS = 2_000_000  # of the arithmetic, in one call of all threads


class Point(NamedTuple):
    """What is measured at once."""

    particles: int
    per_cell: int
    precision: str


def points(
    sizes: Sequence[int], per_cells: Sequence[int], precisions: Sequence[str]
) -> Iterator[Point]:
    """All sizes at the usual number per cell, then all of these at the usual size."""
    size, per_cell = nearest(sizes, PARTICLES), nearest(per_cells, PER_CELL)
    pairs = [*((n, per_cell) for n in sizes), *((size, m) for m in per_cells)]
    for particles, number in dict.fromkeys(pairs):
        for precision in precisions:
            yield Point(particles, number, precision)


class Times(NamedTuple):
    """What one number of threads took, round by round."""

    ns: list[float]  # of a particle-step
    arithmetic: list[float]  # of the same operations for every number of threads [s]


@kernel
def reckon(thread, operations, threads, ends):
    """A thread's share of some operations, each of which waits for the one before.

    ends : (threads, 8), of which a thread writes its own line: what it came to
    """
    word, number = np.uint64(thread), 0.5
    for _ in range(operations * thread // threads, operations * (thread + 1) // threads):
        word = word * np.uint64(6364136223846793005) + np.uint64(1442695040888963407)
        number = number * 0.999 + 1.0 / (number + 1.5)
    ends[thread, 0], ends[thread, 1] = number, word >> np.uint64(33)


def nearest(numbers: Sequence[int], usual: int) -> int:
    """The number whose ratio to the usual one is nearest to 1."""
    return min(numbers, key=lambda number: abs(math.log(number / usual)))


def measure(name: str, point: Point, threads: Sequence[int], rounds: int) -> list[dict]:
    """The entries of a point, one for each number of threads.

    Raises ScenarioError or MemoryError if it does not fit into the memory.
    """
    scenario = problem(name, point.particles, point.precision, point.per_cell)
    room, size = memory.available(), memory.needed(scenario)
    alternating = room is None or len(threads) * size <= room
    groups = [threads] if alternating else [[count] for count in threads]
    times: dict[int, Times] = {}
    for group in groups:
        times |= alternate(scenario, group, rounds)
    fewest = times[threads[0]]
    entries = []
    for count in threads:
        bound = bench.copy_bandwidth(count) / bench.bytes_per_particle_step(scenario, count)
        ns = statistics.median(times[count].ns)
        entry = {"problem": name, **point._asdict(), "threads": count, "rounds": rounds}
        entry |= {"ns": ns, "ns_range": [min(times[count].ns), max(times[count].ns)]}
        for key, few, many in (
            ("speedup", fewest.ns, times[count].ns),
            ("arithmetic_speedup", fewest.arithmetic, times[count].arithmetic),
        ):
            ratios = [one / more for one, more in zip(few, many, strict=True)]
            if alternating:
                entry |= {
                    key: statistics.median(ratios),
                    f"{key}_range": [min(ratios), max(ratios)],
                }
            else:
                entry |= {key: statistics.median(few) / statistics.median(many)}
                entry |= {f"{key}_range": None}
        entries.append(entry | {"share_of_memory_bound": 1e9 / ns / bound})
    return entries


def alternate(scenario: Scenario, threads: Sequence[int], rounds: int) -> dict[int, Times]:
    """{threads: what each round took}, measured in turns."""
    simulations: dict[int, Simulation] = {}
    teams: dict[int, Team] = {}
    try:
        for count in threads:
            simulations[count] = Simulation(scenario, threads=count)
            simulations[count].advance(bench.WARM_UP)
            teams[count] = Team(count)
            seconds_of_arithmetic(teams[count])
        steps = bench.steps_per_round(simulations[threads[0]])
        times = {count: Times([], []) for count in threads}
        for number in range(rounds):
            first = number % len(threads)
            for count in (*threads[first:], *threads[:first]):
                times[count].ns.append(bench.one_round(simulations[count], steps).ns)
                times[count].arithmetic.append(seconds_of_arithmetic(teams[count]))
        return times
    finally:
        for held in (*simulations.values(), *teams.values()):
            held.close()


def seconds_of_arithmetic(team: Team) -> float:
    """OPERATIONS on all threads of a team [s]: the median over a third of a round."""
    ends, times = np.zeros((team.threads, 8)), []
    end = time.perf_counter() + bench.SECONDS_PER_ROUND / 3
    while not times or time.perf_counter() < end:
        begin = time.perf_counter()
        team.each(reckon, OPERATIONS, team.threads, ends)
        times.append(time.perf_counter() - begin)
    return statistics.median(times)


HEADER = (
    f"{'particles':>11} {'per cell':>8} {'precision':9} {'threads':>7} {'ns':>7} "
    f"{'least … most':>16} {'speedup':>8} {'least … most':>12} {'arithmetic':>10} "
    f"{'of memory bound':>15}"
)


def line(entry: dict) -> str:
    """One line of the table."""
    least, most = entry["ns_range"]
    ratios = "{:.2f} … {:.2f}".format(*entry["speedup_range"]) if entry["speedup_range"] else "-"
    return (
        f"{entry['particles']:>11,} {entry['per_cell']:>8} {entry['precision']:9} "
        f"{entry['threads']:>7} {entry['ns']:>7.1f} {f'{least:.1f} … {most:.1f}':>16} "
        f"{entry['speedup']:>8.2f} {ratios:>12} {entry['arithmetic_speedup']:>10.2f} "
        f"{100 * entry['share_of_memory_bound']:>14.0f}%"
    )


def draw(entries: Sequence[dict], file: Path) -> Path | None:
    """The picture: ns per particle-step against each of the three; None if nothing varies."""
    size = nearest([entry["particles"] for entry in entries], PARTICLES)
    per_cell = nearest([entry["per_cell"] for entry in entries], PER_CELL)
    usual = {"particles": size, "per_cell": per_cell}
    told = {
        "particles": ("Size", "particles"),
        "per_cell": ("Particles per cell", "particles per cell"),
        "threads": ("Threads", "threads"),
    }

    def panel(key: str):
        held = {name: value for name, value in usual.items() if name != key}
        chosen = [e for e in entries if all(e[name] == value for name, value in held.items())]
        return lambda axes: draw_against(axes, key, chosen, *told[key])

    title = f"{entries[0]['problem']}: the cost of a particle-step (median, least, most of rounds)"
    return style.draw_panels([panel(key) for key in told], file, title=title, columns=3)


def draw_against(axes: Axes, key: str, entries: Sequence[dict], title: str, label: str) -> bool:
    """One panel: a curve for each precision, and for each number of threads unless that varies."""
    if len({entry[key] for entry in entries}) < 2:
        return False
    by_curve: dict[tuple, list[dict]] = {}
    for entry in sorted(entries, key=lambda entry: entry[key]):
        name = (entry["precision"], None if key == "threads" else entry["threads"])
        by_curve.setdefault(name, []).append(entry)
    for which, ((precision, threads), curve) in enumerate(by_curve.items()):
        ns = np.array([entry["ns"] for entry in curve])
        low, high = np.transpose([entry["ns_range"] for entry in curve])
        suffix = "" if threads is None else f", {threads} thread{'s' * (threads > 1)}"
        axes.errorbar(
            [entry[key] for entry in curve], ns, yerr=(ns - low, high - ns),
            color=style.COLOURS[which % len(style.COLOURS)],
            marker=style.MARKERS[which % len(style.MARKERS)], label=precision + suffix,
        )  # fmt: skip
    axes.set_xscale("log", base=2 if key == "threads" else 10)
    # A round in which the machine did something else may be as long as it likes.
    axes.set_ylim(0.0, 1.5 * max(entry["ns"] for entry in entries))
    if key != "particles":
        style.plain_log_ticks(axes.xaxis)
    style.label_axes(axes, title, label, "time of a particle-step", "ns")
    style.legend_below(axes)
    return True


def write(file: Path | None, report: dict) -> None:
    """The JSON, if it is wanted."""
    if file:
        file.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")


def main(words: Sequence[str] | None = None) -> int:
    """Print the table; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    kinds = [name for name in PROBLEMS if name != "one-cell"]  # its cells hold all there is
    parser.add_argument("--problem", choices=kinds, default=DEFAULTS[0])
    parser.add_argument("--sizes", nargs="+", type=whole, default=SIZES, help="particles")
    parser.add_argument("--per-cell", nargs="+", type=whole, default=PER_CELLS)
    parser.add_argument("--threads", nargs="+", type=whole, help="1 to all cores")
    parser.add_argument("--precision", nargs="+", choices=PRECISIONS, default=PRECISIONS)
    parser.add_argument("--rounds", type=whole, default=ROUNDS)
    parser.add_argument("--json", type=Path, help="write the numbers to this file")
    parser.add_argument("--picture", type=Path, help="draw them into this PNG")
    options = parser.parse_args(words)
    threads = sorted(set(options.threads or range(1, available_threads() + 1)))
    bandwidth = {count: bench.copy_bandwidth(count) for count in threads}
    report = {"machine": bench.machine(), "copy_bandwidth": bandwidth, "entries": [], "skipped": []}
    try:
        write(options.json, report)  # a place that cannot be written is told before the work
        if options.picture:
            style.make_directory(options.picture.parent)
    except OSError as error:
        print(error, file=sys.stderr)
        return USER_ERROR
    print(HEADER, flush=True)
    for point in points(options.sizes, options.per_cell, options.precision):
        try:
            found = measure(options.problem, point, threads, options.rounds)
        except (ScenarioError, MemoryError) as error:
            reasons = [told.allowed for told in getattr(error, "problems", ())]
            reason = "; ".join(reasons) or "the memory does not suffice"
            print(f"{point.particles:>11,} {point.per_cell:>8} {point.precision:9} skipped: "
                  f"{reason}", flush=True)  # fmt: skip
            report["skipped"].append({**point._asdict(), "reason": reason})
        else:
            report["entries"] += found
            print("\n".join(map(line, found)), flush=True)
        write(options.json, report)
    if options.picture and report["entries"]:
        told = draw(report["entries"], options.picture) or "no picture: a single point"
        print(told)
    return 0


if __name__ == "__main__":
    sys.exit(main())
