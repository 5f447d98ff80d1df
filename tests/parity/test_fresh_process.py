"""A second process gives the same bits, and starts without compiling anything."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from dsmc.compiled import CACHE_DIRECTORY
from dsmc.shares import noting
from dsmc.step import advance_slabs
from tests.parity.boxes import BOXES, box, run
from tests.parity.fresh import short

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def here() -> dict[str, str]:
    """Digests of the runs of this process, on two threads."""
    return {name: short(name, 2) for name in BOXES}


@pytest.fixture(scope="module")
def there(here) -> dict:
    """The report of another process, after this one has compiled the same kernels."""
    command = [sys.executable, "-W", "ignore", "-m", "tests.parity.fresh"]
    done = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True)
    return json.loads(done.stdout)


def test_the_same_seed_gives_the_same_run_in_another_process(here, there):
    assert there["digests"] == here
    assert len(set(here.values())) == len(BOXES)


@pytest.mark.skipif(CACHE_DIRECTORY is None, reason="no directory for the cache can be written")
def test_a_second_process_compiles_nothing(there):
    assert there["compiled"] == 0
    assert there["loaded"] >= len(BOXES)


def test_the_main_kernel_is_compiled_once_for_each_kind_of_box(there):
    """One version for each dimension, precision, mixture, census and sampling that was run."""
    assert there["specialisations"] == len(BOXES)


def test_numbers_need_no_new_kernel():
    """Threads, seeds, walls, sizes, steps, molecules and states change values, not types."""
    run(box("slot", steps=2))
    before = set(noting(advance_slabs).signatures)
    for threads, changes in (
        (3, {"run": {"seed": 5, "time_step_mct": 0.01}}),
        (1, {"domain": {"length_m": [1], "cells": [7]}, "boundaries": {"x": {"kind": "specular"}}}),
        (1, {"boundaries": {"x": {"kind": "periodic"}}}),
        (2, {"gas": {"species": "He", "model": "vss"}}),
        (1, {"gas": {"species": "Xe", "model": "maxwell"}}),
        (1, {"collisions": {"scheme": "none"}}),
        (1, {"initial": {"kind": "bkw", "particles": 777}}),
        (1, {"output": {"trajectory": 0}}),
    ):
        sample = {"quantities": ["temperature"]}
        run(box("slot", steps=2, sample=sample, **changes), threads, replica=3)
    assert set(noting(advance_slabs).signatures) == before
