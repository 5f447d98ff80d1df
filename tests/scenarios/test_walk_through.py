"""The shipped walk through a run, its result and its files does what it says."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "scenarios" / "walk_through.py"


def test_the_walk_through_runs_and_its_two_seeds_agree(tmp_path):
    """Its seeds are fixed: a difference between them would be a fault, not chance."""
    done = subprocess.run(
        [sys.executable, str(SCRIPT), str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONPATH": str(ROOT), "MPLBACKEND": "Agg"},
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert "compatible" in lines
    assert any(line.startswith("pass  h_excess at 3 tau_c") for line in lines)
    assert not any(line.startswith("FAIL") for line in lines)
    pictures = list((tmp_path / "seed1").glob("*.png"))
    assert pictures and all(str(path) in lines for path in pictures)


def test_the_walk_through_is_short():
    code = [
        line
        for line in SCRIPT.read_text(encoding="utf-8").splitlines()
        if line.strip() and not line.startswith("#")
    ]
    assert len(code) < 80
