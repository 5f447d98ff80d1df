"""kill -9 at any moment: every file opens, every resume completes, and nothing is different."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.source import ROOT
from tests.parity.boxes import datasets, differences

FILES = ("trajectory.h5", "fields.vtkhdf", "particles.vtkhdf", "checkpoint.h5")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.parametrize("kills", [10, pytest.param(100, marks=pytest.mark.long)])
def test_a_run_that_is_killed_again_and_again_ends_as_if_left_alone(tmp_path, kills):
    command = [sys.executable, "-m", "tests.parity.killed", str(tmp_path), str(kills), "20261121"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=1000)
    assert done.returncode == 0, done.stdout + done.stderr
    assert int(done.stdout.split()[0]) >= kills // 2, done.stdout  # the others came after the end
    for name in FILES:
        one, other = (datasets(tmp_path / run / name) for run in ("straight", "killed"))
        assert not differences(one, other), name
    assert not leftovers(tmp_path / "killed")


def leftovers(folder: Path) -> list[str]:
    """Files that belong to a write in progress."""
    return [item.name for item in folder.iterdir() if item.suffix in (".tmp", ".journal")]
