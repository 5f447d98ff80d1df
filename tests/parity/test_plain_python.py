"""The compiled engine computes what its Python source says, and no random number is drawn twice.

The same tiny runs as in this process are made by another one without compilation.  Counts agree
exactly; numbers to 1e-13 of the largest of their kind in double precision: the compiler may round
a power or a cosine otherwise, and 3 steps let that grow little; to 1e-5 in single precision.
"""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from dsmc import draws
from tests.parity.boxes import BOXES, SINGLE
from tests.parity.tiny import RUNS, WIDE

ROOT = Path(__file__).resolve().parents[2]
INDEX, CELL, STEP, STREAM_AND_PART = range(4)


@pytest.fixture(scope="module")
def plain(tmp_path_factory) -> dict[str, dict[str, np.ndarray]]:
    """{run: {name: array}} of the process that does not compile."""
    path = tmp_path_factory.mktemp("plain") / "runs.npz"
    subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "tests.parity.tiny", str(path)],
        cwd=ROOT,
        env=os.environ | {"NUMBA_DISABLE_JIT": "1"},
        check=True,
    )
    runs = {name: {} for name in [*RUNS, *(f"wide {name}" for name in WIDE)]}
    with np.load(path) as file:
        for label in file:
            name, key = label.split(": ", 1)
            runs[name][key] = file[label]
    return runs


def disagreements(one, other, tolerance) -> list[str]:
    """Names of arrays that differ: counts at all, numbers by more than rounding."""
    found = sorted(one.keys() ^ other.keys())
    for name in one.keys() & other.keys():
        a, b = one[name], other[name]
        if a.shape != b.shape or a.dtype != b.dtype:
            found.append(name)
        elif a.dtype.kind == "f":
            scale = np.nanmax(np.abs(a[np.isfinite(a)]), initial=0.0)
            if not np.allclose(a, b, rtol=0.0, atol=tolerance * scale, equal_nan=True):
                found.append(name)
        elif not np.array_equal(a, b):
            found.append(name)
    return found


@pytest.mark.parametrize("name", RUNS)
def test_compiled_and_plain_python_agree(name, plain):
    expected = {key: array for key, array in plain[name].items() if key != "addresses"}
    assert expected["tally collisions"][..., 1].sum() > 10
    found = RUNS[name]()
    assert disagreements(found, expected, 1e-5 if name in SINGLE else 1e-13) == []


@pytest.mark.parametrize("name", WIDE)
def test_rows_that_need_longer_numbers_are_the_same(name, plain):
    right = {key: array for key, array in plain[name].items() if key != "addresses"}
    assert disagreements(right, plain[f"wide {name}"], 0.0) == []


def test_a_difference_beyond_rounding_is_noticed(plain):
    """Twins: a velocity off by 1e-12 of the largest, one candidate more."""
    right = plain["room"]
    for name in ("phase", "tally collisions"):
        wrong = {key: array.copy() for key, array in right.items()}
        wrong[name].flat[-1] += 1 if name != "phase" else 1e-12 * np.abs(right[name]).max()
        assert disagreements(right, wrong, 1e-13) == [name]


# ------------------------------------------------------------------------------ addresses


@pytest.mark.parametrize("name", RUNS)
def test_no_random_number_is_drawn_twice(name, plain):
    addresses = plain[name]["addresses"]
    assert len(addresses) > 50
    assert len(np.unique(addresses, axis=0)) == len(addresses)
    assert addresses.max() < 2**32  # no bit is lost in the counter


def drawn(plain, stream: int) -> np.ndarray:
    """Addresses of a stream in the runs that draw from it, with the run's number in front."""
    found = []
    for number, run in enumerate(plain[name] for name in RUNS):
        mine = run["addresses"][run["addresses"][:, STREAM_AND_PART] % np.uint64(256) == stream]
        found.append(np.column_stack([np.full(len(mine), number, np.uint64), mine]))
    return np.concatenate(found)


@pytest.mark.parametrize(
    ("stream", "needed"),
    [
        ("candidates", (INDEX, CELL, STEP)),
        ("species pairs", (INDEX, CELL, STEP)),
        ("scattering", (INDEX, CELL, STEP)),
        ("walls", (INDEX, CELL, STEP, STREAM_AND_PART)),
        ("arrivals", (CELL, STEP)),
        ("entrance", (INDEX, CELL, STEP, STREAM_AND_PART)),
        ("directions", (INDEX,)),
        ("initial position", (INDEX, STREAM_AND_PART)),
        ("initial velocity", (INDEX, STREAM_AND_PART)),
    ],
)
def test_every_loop_has_its_place_in_the_address(stream, needed, plain):
    """An address that forgot a loop's index would repeat: the runs go around every loop.

    Candidates of a cell, cells, steps, hits of one particle in a step, rows and columns.
    """
    found = drawn(plain, draws.STREAMS[stream])
    assert len(found) > 10
    for coordinate in needed:
        forgetful = np.delete(found, 1 + coordinate, axis=1)
        assert len(np.unique(forgetful, axis=0)) < len(found)


def test_the_runs_draw_from_the_streams_they_should(plain):
    """Every stream but that of a choice among earlier particles, and those of rows of neurons."""
    parts = (plain[name]["addresses"][:, STREAM_AND_PART] for name in RUNS)
    streams = {int(number) % 256 for part in parts for number in part}
    neurons = {
        draws.HARD_DIRECTIONS, draws.MATCHING, draws.PROJECTION, draws.PAIRING,
        draws.SPEED_SAMPLE, draws.PARTNERS, draws.SIMHASH,
    }  # fmt: skip
    unused = {draws.INITIAL_CHOICE} | neurons
    assert streams | unused == set(draws.STREAMS.values())
    assert not streams & neurons
    assert set(BOXES) < set(plain)


def test_a_step_may_hold_several_hits_of_one_particle(plain):
    """Parts 2 h and 2 h + 1 belong to hit h; the slot has particles that meet its walls thrice."""
    walls = drawn(plain, draws.WALLS)
    assert (walls[:, 1 + STREAM_AND_PART] // np.uint64(256)).max() >= 4
