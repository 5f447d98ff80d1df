"""Tiny runs of every box, and of one cell in five dimensions; as a program, in plain Python,
and some with numbers of rows of eight bytes.

    NUMBA_DISABLE_JIT=1 python -m tests.parity.tiny FILE.npz

writes what the runs leave, and the address of every random number they drew: (n, 6) words of the
Philox counter (index, cell, step, stream + 256 part) and key (seed, replica).
"""

import sys
from collections.abc import Callable
from unittest import mock

import numpy as np

from dsmc import draws, particles
from dsmc.batch import batch
from dsmc.collide import collide_cell
from dsmc.gas import gas
from dsmc.species import TABLE
from tests.parity.boxes import BOXES, SERIES, box, run

DOMAINS = {
    "line": {"cells": [2]},
    "plane": {"cells": [2, 1]},
    "room": {"cells": [2, 1, 1]},
    "slot": {"cells": [3]},
    "duct": {"cells": [2, 1]},
    "well": {"cells": [2]},
    "shelf": {"cells": [2, 1], "grading": {"x": {"towards": "low", "ratio": 3.0}}},
    "basin": {"cells": [2, 1]},
}
DIMENSION = 5
WIDE = ("plane", "duct")  # rows of 20 bytes, and rows that enter


def tiny(name: str) -> dict[str, np.ndarray]:
    """What 30 particles leave after 3 steps of a box."""
    changes = {"domain": DOMAINS[name], "output": {"trajectory": 0}}
    if name == "line":  # an entropy takes more particles
        changes["sample"] = {"quantities": [*SERIES, "speed_rate", "free_flight"]}
    return run(box(name, steps=3, particles=30, **changes))


def wide(name: str) -> dict[str, np.ndarray]:
    """`tiny` with numbers of rows of eight bytes, as a gas of 2^31 particles has them."""
    with mock.patch.object(particles, "row_number", lambda rows: np.int64):
        return tiny(name)


def five_dimensions() -> dict[str, np.ndarray]:
    """What is left of 20 particles of one cell with velocities of five components."""
    velocity = np.random.default_rng(20261121).normal(size=(20, DIMENSION)) * 300.0
    molecules, tally = gas([TABLE["Ar"].as_model("vss")], 1e9), np.zeros((1, 1, 1, 2), np.int64)
    address = draws.Address(draws.key(20261121), 4, 5)
    collide_cell(
        velocity, None, 0, 20, 0, DIMENSION, 1e-12, molecules, 2e-6, address, 0.0, 0, None, None,
        batch(DIMENSION, 1, 0), tally,
    )  # fmt: skip
    return {"velocity": velocity, "tally collisions": tally}


RUNS: dict[str, Callable[[], dict[str, np.ndarray]]] = {
    **{name: lambda name=name: tiny(name) for name in BOXES},
    "five dimensions": five_dimensions,
}


def watched(work: Callable[[], dict]) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """The outcome of some work, and the addresses of the random numbers it drew."""
    addresses = []
    code = draws.philox.__code__
    counter = code.co_varnames[: code.co_argcount]

    def watch(frame, event, argument) -> None:
        if event == "call" and frame.f_code is code:
            addresses.append([int(frame.f_locals[name]) for name in counter])

    sys.setprofile(watch)
    try:
        found = work()
    finally:
        sys.setprofile(None)
    return found, np.array(addresses, np.uint64)


def main(path: str) -> None:
    """Run everything and write it to a file, names as "run: array"."""
    everything = {}
    for name, work in RUNS.items():
        found, addresses = watched(work)
        found["addresses"] = addresses
        everything |= {f"{name}: {key}": array for key, array in found.items()}
    for name in WIDE:
        everything |= {f"wide {name}: {key}": array for key, array in wide(name).items()}
    np.savez(path, **everything)


if __name__ == "__main__":
    main(sys.argv[1])
