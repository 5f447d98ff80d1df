"""What each addition to a gas costs: boxes with it and the plain box, in alternation.

    python -m benchmarks.additions                               # the table; about five minutes
    python -m benchmarks.additions diffuse reservoirs --threads 2
    python -m benchmarks.additions --particles 100000 --json FILE

The plain box is that of `dsmc bench`: argon between mirrors, a million particles. Its twins have
the same gas in the same cells and one thing more (or other): faces, a field of force, species,
identities, samples. In every round each of the two advances by the same number of steps, in turns;
a figure is the median over the rounds of the time per particle-step over that of the plain box in
the same round. The table says what it is, with the least and the most of the rounds.

Boxes with reservoirs have a number of particles that fluctuates; `stream` flows at its most
probable speed from one into another, and so through the box in a thousand steps.
"""

import argparse
import json
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from dsmc import bench
from dsmc.option_values import whole
from dsmc.problems import ARGON, NUMBER_DENSITY, TEMPERATURE, Tables, problem
from dsmc.reference import most_probable_speed
from dsmc.scenario import Scenario
from dsmc.simulation import Simulation
from dsmc.team import available_threads

ROUNDS = 9
WARM_UP = 150  # steps, after which samples have been put into blocks that are long
USER_ERROR = 2
SPEED = float(most_probable_speed(ARGON["mass_kg"], TEMPERATURE))
HEAVY = {**ARGON, "mass_kg": 2.0 * ARGON["mass_kg"]}


def faces(axes: str = "xyz", **face) -> Callable[[Tables], None]:
    """Other faces on these axes."""

    def change(tables: Tables) -> None:
        tables["boundaries"] |= {axis: {"low": face, "high": face} for axis in axes}

    return change


def periodic(tables: Tables) -> None:
    """No faces."""
    tables["boundaries"] = {axis: {"kind": "periodic"} for axis in "xyz"}


def reservoirs(axes: str, speed: float) -> Callable[[Tables], None]:
    """Gas of the box behind faces, at rest or streaming along x."""
    velocity = [speed, 0.0, 0.0]
    state = {"number_density_m3": NUMBER_DENSITY, "temperature_K": TEMPERATURE}

    def change(tables: Tables) -> None:
        tables["initial"]["velocity_m_s"] = velocity
        faces(axes, kind="reservoir", velocity_m_s=velocity, **state)(tables)

    return change


def table(name: str, **values) -> Callable[[Tables], None]:
    """Other values in a table of the scenario."""

    def change(tables: Tables) -> None:
        tables[name] = tables.get(name, {}) | values

    return change


def model(name: str) -> Callable[[Tables], None]:
    """Another molecular model of the same size."""
    known = {"vss": (), "vhs": ("alpha",), "hard-sphere": ("alpha", "omega", "T_ref_K")}

    def change(tables: Tables) -> None:
        tables["gas"] = {k: v for k, v in ARGON.items() if k not in known[name]} | {"model": name}

    return change


def mixture(tables: Tables) -> None:
    """Half of the molecules twice as heavy."""
    tables["gas"] = {"model": ARGON["model"]}
    tables["species"] = [
        {k: v for k, v in {**gas, "name": name, "fraction": 0.5}.items() if k != "model"}
        for name, gas in {"light": ARGON, "heavy": HEAVY}.items()
    ]


class Addition(NamedTuple):
    """What is added, in words, and how it changes the tables of the plain box."""

    words: str
    change: Callable[[Tables], None]


SURFACE = {"temperature_K": TEMPERATURE}
SAMPLED = ["temperature", "pressure_xy", "heat_flux_x"]
ADDITIONS = {
    "periodic": Addition("periodic faces", periodic),
    "diffuse": Addition("diffuse walls", faces(kind="diffuse", **SURFACE)),
    "partial": Addition(
        "walls of Maxwell, accommodation 0.5", faces(kind="diffuse", accommodation=0.5, **SURFACE)
    ),
    "cll": Addition(
        "walls of Cercignani, Lampis and Lord",
        faces(kind="cll", normal_accommodation=0.5, tangential_accommodation=0.8, **SURFACE),
    ),
    "reservoirs": Addition("reservoirs on all sides", reservoirs("xyz", 0.0)),
    "stream": Addition("a stream from a reservoir into another", reservoirs("x", SPEED)),
    "force": Addition("a field of force", table("force", acceleration_m_s2=[1e6, 0.0, 0.0])),
    "uneven": Addition(
        "uneven cells", table("domain", grading={"x": {"towards": "both", "ratio": 4.0}})
    ),
    "hard-sphere": Addition("hard spheres", model("hard-sphere")),
    "vhs": Addition("variable hard spheres", model("vhs")),
    "single": Addition("single precision", table("run", precision="float32")),
    "mixture": Addition("two species", mixture),
    "nearest": Addition("nearest partners", table("collisions", partners="nearest")),
    "identities": Addition("tracked particles", table("output", trajectory=1_000_000)),
    "samples": Addition(
        "every cell sampled in every step",
        table("sample", fields_every=1, start=0, quantities=SAMPLED),
    ),
}


def box(particles: int, precision: str, change: Callable[[Tables], None] | None = None) -> Scenario:
    """The plain box, or with an addition."""
    tables = problem("box", particles, precision).model_dump(exclude_unset=True)
    if change is not None:
        change(tables)
    return Scenario(**tables)


def nanoseconds(simulation: Simulation, steps: int) -> float:
    """Time of a particle-step over some steps [ns]."""
    before, begin = simulation.particle_steps, time.perf_counter()
    simulation.advance(steps)
    seconds = time.perf_counter() - begin
    return 1e9 * seconds / (simulation.particle_steps - before)


def compare(
    name: str, particles: int, threads: int, precision: str, rounds: int = ROUNDS
) -> dict[str, float | list[float]]:
    """Both times of a particle-step [ns], their ratio, and the least and the most of the rounds.

    {"ns", "plain_ns", "ratio", "ratio_range"}
    """
    plain = Simulation(box(particles, precision), threads=threads)
    other = Simulation(box(particles, precision, ADDITIONS[name].change), threads=threads)
    times: list[tuple[float, float]] = []
    with plain, other:
        for simulation in (plain, other):
            simulation.advance(WARM_UP)
        steps = bench.steps_per_round(plain)
        for number in range(rounds):
            pair = [nanoseconds(one, steps) for one in (plain, other)[:: 1 - 2 * (number % 2)]]
            times.append(tuple(pair[:: 1 - 2 * (number % 2)]))
    ratios = [its / of_plain for of_plain, its in times]
    return {
        "ns": statistics.median(its for _, its in times),
        "plain_ns": statistics.median(of_plain for of_plain, _ in times),
        "ratio": statistics.median(ratios),
        "ratio_range": [min(ratios), max(ratios)],
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table; returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.additions", description=__doc__.splitlines()[0]
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(ADDITIONS))
    parser.add_argument("--particles", type=whole, default=bench.PARTICLES)
    parser.add_argument("--threads", type=whole, default=1)
    parser.add_argument(
        "--precision", nargs="+", default=["float64"], choices=("float64", "float32")
    )
    parser.add_argument("--rounds", type=whole, default=ROUNDS)
    parser.add_argument("--json", type=Path, help="write the numbers to this file")
    options = parser.parse_args(arguments)
    if unknown := set(options.names) - set(ADDITIONS):
        print(f"unknown: {', '.join(sorted(unknown))}; known: {', '.join(ADDITIONS)}",
              file=sys.stderr)  # fmt: skip
        return USER_ERROR
    if options.threads > available_threads():
        print(f"--threads {options.threads}: this machine has {available_threads()}",
              file=sys.stderr)  # fmt: skip
        return USER_ERROR
    entries = []
    print(f"{'':36} {'precision':9} {'ns':>6} {'plain':>6} {'ratio':>6} {'least … most':>14}")
    for name in options.names or ADDITIONS:
        for precision in options.precision:
            found = compare(name, options.particles, options.threads, precision, options.rounds)
            entries.append(
                {"name": name, "precision": precision, "threads": options.threads, **found}
            )
            least, most = found["ratio_range"]
            print(f"{ADDITIONS[name].words:36.36} {precision:9} {found['ns']:6.1f} "
                  f"{found['plain_ns']:6.1f} {found['ratio']:6.2f} {least:6.2f} … {most:.2f}",
                  flush=True)  # fmt: skip
    if options.json:
        text = json.dumps({"machine": bench.machine(), "entries": entries}, indent=1)
        options.json.write_text(text + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
