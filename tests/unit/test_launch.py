"""Runs that end early, directories that refuse, disks that are full: nothing is lost."""

import errno
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import dsmc
from dsmc import launch, output
from dsmc.__main__ import main
from dsmc.launch import claimed
from dsmc.result import Result, Series
from tests.architecture.source import ROOT
from tests.parity.boxes import datasets, differences

SCENARIO = """
[gas]
species = "Ar"
[domain]
length_m = [1e-3]
cells = [20]
[initial]
kind = "equilibrium"
number_density_m3 = 1e22
temperature_K = 300
particles = 1000
[boundaries.x]
low = { kind = "diffuse", temperature_K = 300 }
high = { kind = "diffuse", temperature_K = 400 }
[run]
time_step_s = 1e-8
steps = 4000
[sample]
every = 10
[output]
trajectory = 10
particles = 20
fields = 100
pictures = false
"""
FILES = ("trajectory.h5", "fields.vtkhdf", "checkpoint.h5")


@pytest.fixture
def scenario(tmp_path) -> str:
    file = tmp_path / "slab.toml"
    file.write_text(SCENARIO)
    return str(file)


@pytest.fixture(scope="module")
def straight(tmp_path_factory) -> Path:
    """The files of a run that nothing stopped."""
    folder = tmp_path_factory.mktemp("straight")
    (folder / "slab.toml").write_text(SCENARIO)
    assert main(["run", str(folder / "slab.toml"), "-o", str(folder / "run"), "--quiet"]) == 0
    return folder / "run"


def same_files(one: Path, other: Path) -> list[str]:
    """Datasets that differ."""
    return [
        f"{name}: {found}"
        for name in FILES
        for found in differences(datasets(one / name), datasets(other / name))
    ]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_a_run_with_a_checkpoint(scenario, straight, tmp_path, number):
    folder = tmp_path / "run"
    command = [sys.executable, "-m", "dsmc", "run", scenario, "-o", str(folder), "--threads", "2"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT
    ) as run:
        told = run.stdout.readline()  # some steps are done
        run.send_signal(number)
        rest, complaints = run.communicate(timeout=60)
    assert told.startswith("steps")
    assert run.returncode == 128 + number, complaints
    assert f"Interrupted by {number.name} after step" in rest
    assert f"dsmc resume {folder}" in rest
    assert not complaints
    assert main(["resume", str(folder), "--threads", "1", "--quiet"]) == 0
    assert not same_files(straight, folder)


@pytest.mark.parametrize("limit", [["--wall-time", "0.2"], ["--time", "1.23e-5"]])
def test_a_limit_ends_a_run_with_a_checkpoint(scenario, straight, tmp_path, limit, capsys):
    folder = tmp_path / "run"
    begun = [] if "--time" not in limit else ["--wall-time", "0.01"]
    assert main(["run", scenario, "-o", str(folder), *(begun or limit)]) == 0
    assert "Stopped by --wall-time after step" in capsys.readouterr().out
    if begun:
        assert main(["resume", str(folder), *limit]) == 0
        assert dsmc.resume(folder).steps == 1230
    assert main(["resume", str(folder)]) == 0
    assert not same_files(straight, folder)


def test_a_finished_run_goes_on_if_it_is_told_how_far(straight, tmp_path, capsys):
    folder = tmp_path / "run"
    shutil.copytree(straight, folder)
    assert main(["resume", str(folder)]) == 0
    assert not same_files(straight, folder)
    assert main(["resume", str(folder), "--steps", "20"]) == 0
    assert "Going on after step 4000 of 4000" in capsys.readouterr().out
    assert dsmc.resume(folder).steps == 4020


def test_a_directory_with_a_run_is_kept(straight, scenario, tmp_path, capsys):
    before = {item.name: item.read_bytes() for item in straight.iterdir()}
    assert main(["run", scenario, "-o", str(straight)]) == 2
    told = capsys.readouterr().err
    assert "already holds trajectory.h5" in told
    assert f"dsmc resume {straight}" in told and "--overwrite" in told
    assert {item.name: item.read_bytes() for item in straight.iterdir()} == before


def test_nothing_of_an_earlier_run_is_left_when_it_is_replaced(straight, scenario, tmp_path):
    folder = tmp_path / "run"
    shutil.copytree(straight, folder)
    changes = ["--set", "sample.fields_every=0", "--set", "output.fields=0", "--steps", "3"]
    assert main(["run", scenario, "-o", str(folder), "--overwrite", "--quiet", *changes]) == 0
    assert not (folder / "fields.vtkhdf").exists()
    assert dsmc.resume(folder).steps == 3


def test_two_runs_cannot_share_a_directory(scenario, tmp_path, capsys):
    with claimed(tmp_path / "run"):
        for command in (["run", scenario, "-o", str(tmp_path / "run"), "--overwrite"],
                        ["resume", str(tmp_path / "run")]):  # fmt: skip
            assert main(command) == 2
            assert "another run is writing there now" in capsys.readouterr().err


def test_a_file_in_place_of_the_directory_is_named(scenario, tmp_path, capsys):
    (tmp_path / "run").write_text("a file")
    for place in (tmp_path / "run", tmp_path / "run" / "deeper"):
        assert main(["run", scenario, "-o", str(place)]) == 2
        assert "is a file, not a directory" in capsys.readouterr().err
    assert main(["resume", str(tmp_path / "nowhere")]) == 2
    assert "no such directory" in capsys.readouterr().err


def on_a_disk_of_its_own(options: str, folder: Path, command: list[str]) -> subprocess.Popen:
    """Run with a small disk in `folder`, which only this process sees."""
    script = f'mount -t tmpfs -o {options} tmpfs "{folder}" && exec "$@"'
    words = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", script, "sh", *command]
    return subprocess.run(words, capture_output=True, text=True, cwd=ROOT, timeout=120)


def can_mount(folder: Path) -> bool:
    return bool(shutil.which("unshare")) and (
        on_a_disk_of_its_own("size=100k", folder, ["true"]).returncode == 0
    )


def test_a_full_disk_loses_nothing(scenario, tmp_path):
    """The disk has room for the first checkpoints, not for the whole run."""
    disk, rescued = tmp_path / "disk", tmp_path / "rescued"
    disk.mkdir()
    if not can_mount(disk):
        pytest.skip("this system lets nobody mount a disk of its own")
    script = (
        f'"{sys.executable}" -m dsmc run "{scenario}" -o "{disk}/run" --quiet '
        "--set output.checkpoint_s=0.05 --set output.trajectory=1 --set output.particles=100; "
        "code=$?; "
        f'cp -r "{disk}/run" "{rescued}"; exit $code'
    )
    done = on_a_disk_of_its_own("size=2500k", disk, ["sh", "-c", script])
    assert done.returncode == 2, done.stdout + done.stderr
    assert "the disk is full: free some space" in done.stderr
    assert f"go on with: dsmc resume {disk}/run" in done.stderr
    assert "Traceback" not in done.stderr
    stopped = dsmc.resume(rescued).steps
    assert stopped < 4000
    for name in FILES:  # what was committed is whole
        assert datasets(rescued / name)
    assert main(["resume", str(rescued), "--steps", "5", "--quiet"]) == 0
    assert dsmc.resume(rescued).steps == stopped + 5


@pytest.mark.parametrize("refused", ["write_series", "write_summary", None])
def test_replicas_replace_an_earlier_run_when_they_are_written(
    scenario, tmp_path, monkeypatch, capsys, refused
):
    """On a full disk the earlier run is as it was; else nothing of it is left."""
    folder = tmp_path / "run"
    folder.mkdir()
    for name in output.FILES:
        (folder / name).write_text("earlier")
    rows = Series("temperature", "K", "", np.arange(3.0), np.full(3, 300.0), np.full(3, 1.0))
    result = Result("replicas", SCENARIO, series={"temperature": rows})
    monkeypatch.setattr(launch, "run_replicas", lambda *args, **choices: [result] * 2)
    monkeypatch.setattr(launch, "combined", lambda scenario, results: result)

    def full(*args):
        raise OSError(errno.ENOSPC, "the disk is full", "run")

    if refused:
        monkeypatch.setattr(launch, refused, full)
    words = ["run", scenario, "-o", str(folder), "--replicas", "2", "--overwrite", "--quiet"]
    assert main(words) == (2 if refused else 0)
    names = {item.name for item in folder.iterdir()}
    if refused:
        assert "the disk is full" in capsys.readouterr().err
        assert {(folder / name).read_text() for name in output.FILES} == {"earlier"}
        assert names == set(output.FILES)
    else:
        assert names == {"trajectory.h5", "summary.json"}
        assert dsmc.open(folder).series["temperature"].value.tolist() == [300.0] * 3


def test_replicas_that_the_system_killed_are_told(scenario, tmp_path, monkeypatch, capsys):
    """Those that had finished are written; the exit code says that some are missing."""
    rows = Series("temperature", "K", "", np.arange(3.0), np.full(3, 300.0), np.full(3, 1.0))
    result = Result("replicas", SCENARIO, series={"temperature": rows})
    monkeypatch.setattr(launch, "run_replicas", lambda *args, **choices: [result])
    monkeypatch.setattr(launch, "combined", lambda scenario, results: result)
    folder = tmp_path / "run"
    assert main(["run", scenario, "-o", str(folder), "--replicas", "2"]) == 2
    told = capsys.readouterr().out
    assert "killed a process" in told and "1 of 2 replicas had finished" in told
    assert (folder / "trajectory.h5").exists()


def test_a_read_only_disk_is_named(scenario, tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    if not can_mount(disk):
        pytest.skip("this system lets nobody mount a disk of its own")
    command = [sys.executable, "-m", "dsmc", "run", scenario, "-o", str(disk / "run")]
    done = on_a_disk_of_its_own("ro,size=1m", disk, command)
    assert done.returncode == 2
    assert "read-only: choose another directory (-o DIR)" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_directory_without_permission_is_named(scenario, tmp_path, capsys):
    tmp_path.chmod(0o500)
    assert main(["run", scenario, "-o", str(tmp_path / "run")]) == 2
    assert "no permission to write there" in capsys.readouterr().err
