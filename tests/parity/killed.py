"""Run a scenario over and over, each time killed at a random moment, until it is done.

    python -m tests.parity.killed FOLDER KILLS SEED

Leaves FOLDER/straight, a run that was left alone, and FOLDER/killed.

A new process each time, forked from one that has everything compiled, so that most kills fall into
the opening, trimming, writing and committing of files, not into the start of Python. Files are
committed and checkpoints are written many times a second.
"""

import os
import random
import signal
import sys
import time
from pathlib import Path

import h5py

from dsmc import hdf5, launch, output
from dsmc.scenario import Scenario
from tests.parity.boxes import box

FIRST, LONGEST = 0.3, 0.15  # s until the first kill, and at most until the others


def scenario() -> Scenario:
    """Every kind of file, a row in each after every other step."""
    return box(
        "plane",
        steps=400,
        particles=300,
        output={"trajectory": 2, "particles": 40, "fields": 4, "fields_average": "interval",
                "snapshots": 20, "checkpoint_s": 0.1, "pictures": False},
    )  # fmt: skip


def go(directory: Path) -> None:
    """Begin the run, or go on with it, to its end."""
    hdf5.COMMIT_SECONDS, output.SHARE = 0.03, 1.0
    if (directory / "checkpoint.h5").exists() or (directory / "checkpoint.previous.h5").exists():
        launch.resume(directory, quiet=True, threads=1)
    else:
        launch.run(scenario(), directory, overwrite=True, quiet=True, threads=1)


def in_a_process(directory: Path, seconds: float | None) -> int | None:
    """Go in a process that is killed after `seconds`; its exit code, None if it was killed."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            go(directory)
            code = 0
        finally:
            os._exit(code)
    if seconds is not None:
        time.sleep(seconds)
        os.kill(child, signal.SIGKILL)
    status = os.waitpid(child, 0)[1]
    return None if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)


def files_that_do_not_open(directory: Path) -> list[str]:
    """Whatever cannot be read to the last byte."""
    broken = []
    for path in sorted(directory.glob("*.h5")) + sorted(directory.glob("*.vtkhdf")):
        try:
            with hdf5.reading(path) as file:
                file.visititems(lambda _, x: x[()] if isinstance(x, h5py.Dataset) else None)
        except OSError as failure:
            broken.append(f"{path.name}: {failure}")
    return broken


def main(folder: Path, kills: int, seed: int) -> int:
    """Kill `kills` times, then let it finish; prints what went wrong, or how many were killed."""
    draw = random.Random(seed)
    go(folder / "straight")  # compiles, too
    directory = folder / "killed"
    in_a_process(directory, FIRST)
    killed = 0
    for _ in range(kills):
        code = in_a_process(directory, draw.uniform(0.0, LONGEST))
        killed += code is None
        if broken := files_that_do_not_open(directory):
            print("\n".join(broken))
            return 1
        if code not in (0, None):
            print(f"a resume failed with exit code {code}")
            return 1
    print(f"{killed} killed")
    return in_a_process(directory, None) or 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])))
