"""What collisions of neurons cost: `optimizer.step()` with and without them, in alternation.

    python -m benchmarks.kinetic_step                    # the table; about three minutes
    python -m benchmarks.kinetic_step --json FILE        # and its numbers
    python -m benchmarks.kinetic_step --modes ntc --neurons 1000 --fan-in 512

Both optimizers are fused Adam on one tensor of the same shape, on one thread. Every repetition
gives each the same gradient and times one step of each, in changing order; a cost is the median of
the steps with collisions less that of the bare steps, over the latter. Memory is what the first
collisions add to the resident set at their peak (Linux).
"""

import argparse
import json
import platform
import time
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import Parameter

import bridge
from bridge.collisions import Collision

MODES = {
    "ntc": bridge.NTCCollision(),
    "ntc isotropic": bridge.NTCCollision(scatter="isotropic"),
    "ntc sequential": bridge.NTCCollision(pairing="sequential"),
    "potential": bridge.PairPotential(),
    "soft": bridge.SoftCollision(coll_coef=0.01),
    "hard": bridge.HardCollision(partners=0.5),
}
NEURONS, FAN_IN = (64, 1000, 4096), (64, 512, 2048)
SECONDS = 1.5  # of repetitions for each entry of the table
FEWEST, MOST = 7, 400  # repetitions


def cost(collision: Collision, neurons: int, fan_in: int) -> dict[str, float]:
    """One entry: seconds of a bare step and of what collisions add, and bytes."""
    torch.manual_seed(0)
    start = torch.randn(neurons, fan_in) / fan_in**0.5
    gradient = torch.randn(neurons, fan_in)
    optimizers = [colliding(None, start), colliding(collision, start)]
    weights = [optimizer.param_groups[0]["params"][0] for optimizer in optimizers]
    memory = added_memory(optimizers[1].step)
    begin = time.perf_counter()
    seconds: tuple[list[float], list[float]] = ([], [])
    while len(seconds[0]) < FEWEST or (
        time.perf_counter() - begin < SECONDS and len(seconds[0]) < MOST
    ):
        first = len(seconds[0]) % 2
        for which in (first, 1 - first):
            weights[which].grad.copy_(gradient)
            seconds[which].append(elapsed(optimizers[which].step))
    bare, whole = (float(np.median(times[1:])) for times in seconds)
    return {"bare": bare, "added": whole - bare, "ratio": whole / bare - 1.0, "memory": memory}


def colliding(collision: Collision | None, start: Tensor) -> torch.optim.Optimizer:
    """Fused Adam on one weight, after a step of its own; with collisions, if any.

    start : (N, D)
    """
    weight = Parameter(start.clone())
    weight.grad = torch.randn_like(start)
    optimizer = torch.optim.Adam([weight], lr=1e-3, fused=True)
    optimizer.step()
    if collision is not None:
        bridge.KineticStep(optimizer, [weight], collision)
    return optimizer


def elapsed(function) -> float:
    """Seconds of one call."""
    begin = time.perf_counter()
    function()
    return time.perf_counter() - begin


def added_memory(function) -> float:
    """Bytes that one call adds to the resident set at its peak; NaN where that is not told."""
    try:
        Path("/proc/self/clear_refs").write_text("5")  # the peak is now what is resident
        before = resident("VmRSS")
        function()
        return float(max(0, resident("VmHWM") - before))
    except OSError:
        return float("nan")


def resident(field: str) -> int:
    """A field of the status of this process, in bytes."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return 1024 * next(int(line.split()[1]) for line in lines if line.startswith(field))


def bare_products(neurons: int, fan_in: int) -> float:
    """Seconds of the three products of N² D that soft collisions need."""
    u, h = torch.randn(2, neurons, fan_in).unbind()
    times = []
    for _ in range(FEWEST if neurons > 1000 else 50):
        times.append(elapsed(lambda: ((u @ u.T) * (h @ h.T)) @ h))
    return float(np.median(times[1:]))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--modes", nargs="+", choices=MODES, default=list(MODES))
    parser.add_argument("--neurons", nargs="+", type=int, default=NEURONS)
    parser.add_argument("--fan-in", nargs="+", type=int, default=FAN_IN)
    parser.add_argument("--json", type=Path, help="write the numbers to this file")
    options = parser.parse_args()
    torch.set_num_threads(1)
    entries = []
    print(
        f"{'mode':15} {'N':>5} {'D':>5} {'Adam [µs]':>10} {'added [µs]':>11} {'ratio':>6}  memory"
    )
    for mode in options.modes:
        colliding(MODES[mode], torch.randn(8, 64)).step()  # compiled or loaded once, not counted
        for neurons in options.neurons:
            for fan_in in options.fan_in:
                found = cost(MODES[mode], neurons, fan_in)
                entry = {"mode": mode, "neurons": neurons, "fan_in": fan_in, **found}
                if mode == "soft":
                    entry["products"] = bare_products(neurons, fan_in)
                entries.append(entry)
                print(line(entry), flush=True)
    if options.json:
        machine = {"processor": processor(), "torch": torch.__version__, "threads": 1}
        options.json.write_text(json.dumps({"machine": machine, "entries": entries}, indent=1))


def line(entry: dict) -> str:
    """One line of the table."""
    text = (
        f"{entry['mode']:15} {entry['neurons']:5} {entry['fan_in']:5} {1e6 * entry['bare']:10.0f} "
        f"{1e6 * entry['added']:11.0f} {entry['ratio']:6.2f}  {entry['memory'] / 2**20:.1f} MiB"
    )
    if "products" in entry:
        text += f"  {entry['added'] / entry['products']:.2f} of its matrix products"
    return text


def processor() -> str:
    """The name of the processor as the system tells it."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        return next(line.split(": ")[1] for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor()


if __name__ == "__main__":
    main()
