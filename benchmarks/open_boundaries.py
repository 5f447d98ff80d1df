"""What open faces cost: boxes between reservoirs and the closed box, in alternation.

    python -m benchmarks.open_boundaries                          # the table; about a minute
    python -m benchmarks.open_boundaries --json FILE              # and its numbers
    python -m benchmarks.open_boundaries --particles 100000 --threads 2

The closed box is that of `dsmc bench`: argon between mirrors, a million particles. Its open twins
have the same gas in the same cells: one at rest behind reservoirs of its own state on all six
faces, one that streams along x at its most probable speed from a reservoir into another. Their
numbers of particles fluctuate about that of the closed box. Every round lets each advance by the
same number of steps, in changing order; a figure is the median over the rounds of the time per
particle-step over that of the closed box in the same round.
"""

import argparse
import json
import statistics
import time
from pathlib import Path

from dsmc import bench, reference
from dsmc.scenario import Scenario
from dsmc.simulation import Simulation

ROUNDS = 15
CLOSED, AT_REST, STREAMING = "closed", "reservoirs", "stream"


def boxes(particles: int, precision: str) -> dict[str, Scenario]:
    """The closed box and its open twins."""
    closed = bench.problem("box", particles, precision)
    speed = float(reference.most_probable_speed(closed.molecules[0].mass, bench.TEMPERATURE))

    def reservoir(velocity: list[float]) -> dict:
        return {
            "kind": "reservoir", "number_density_m3": bench.NUMBER_DENSITY,
            "temperature_K": bench.TEMPERATURE, "velocity_m_s": velocity,
        }  # fmt: skip

    def twin(axes: str, velocity: list[float]) -> Scenario:
        tables = closed.model_dump(exclude_unset=True)
        tables["initial"]["velocity_m_s"] = velocity
        face = reservoir(velocity)
        tables["boundaries"] |= {axis: {"low": face, "high": face} for axis in axes}
        return Scenario(**tables)

    return {
        CLOSED: closed,
        AT_REST: twin("xyz", [0.0, 0.0, 0.0]),
        STREAMING: twin("x", [speed, 0.0, 0.0]),
    }


def nanoseconds(simulation: Simulation, steps: int) -> float:
    """Time of a particle-step over some steps [ns], the particles counted before and after."""
    before, begin = simulation.particles.position.shape[0], time.perf_counter()
    simulation.advance(steps)
    seconds = time.perf_counter() - begin
    mean = 0.5 * (before + simulation.particles.position.shape[0])
    return 1e9 * seconds / (steps * mean)


def compare(particles: int, threads: int, precision: str, rounds: int = ROUNDS) -> dict:
    """{box: {"ns": of a particle-step, "ratio": to the closed box, "particles": in the end}}."""
    simulations = {
        name: Simulation(scenario, threads=threads)
        for name, scenario in boxes(particles, precision).items()
    }
    for simulation in simulations.values():
        simulation.advance(bench.WARM_UP)
    steps = bench.steps_per_round(simulations[CLOSED])
    times: dict[str, list[float]] = {name: [] for name in simulations}
    names = list(simulations)
    for number in range(rounds):
        turned = names[number % len(names) :] + names[: number % len(names)]
        for name in turned:
            times[name].append(nanoseconds(simulations[name], steps))
    found = {
        name: {
            "ns": statistics.median(times[name]),
            "ratio": statistics.median(
                one / closed for one, closed in zip(times[name], times[CLOSED], strict=True)
            ),
            "particles": int(simulation.particles.position.shape[0]),
        }
        for name, simulation in simulations.items()
    }
    for simulation in simulations.values():
        simulation.close()
    return found


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--particles", type=int, default=bench.PARTICLES)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--precision", nargs="+", default=["float64", "float32"])
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--json", type=Path, help="write the numbers to this file")
    options = parser.parse_args()
    entries = []
    print(f"{'precision':9} {'box':10} {'particles':>10} {'ns/particle-step':>17} {'ratio':>6}")
    for precision in options.precision:
        found = compare(options.particles, options.threads, precision, options.rounds)
        for name, row in found.items():
            entries.append({"precision": precision, "threads": options.threads, "box": name, **row})
            print(f"{precision:9} {name:10} {row['particles']:10,} {row['ns']:17.1f} "
                  f"{row['ratio']:6.3f}", flush=True)  # fmt: skip
    if options.json:
        text = json.dumps({"machine": bench.machine(), "entries": entries}, indent=1)
        options.json.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
