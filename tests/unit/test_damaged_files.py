"""Damaged and foreign files: every command says in words what is wrong, and none falls over.

A small run is damaged in some hundred ways, each in a directory of its own. One process per command
works through them, so that a crash of the HDF5 library would be seen and told; as a program

    python -m tests.unit.test_damaged_files COMMAND FOLDER

prints one line of JSON for each directory in FOLDER: how the command ended and what it said.
"""

import contextlib
import io
import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import time
import traceback
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.unit.damages import CHECKPOINT, DAMAGES, FIELDS, SNAPSHOTS, SUMMARY, TRAJECTORY
from tests.unit.small_run import small_run

COMMANDS = ("inspect", "plot", "resume", "open")
LIMIT_S, LIMIT_BYTES = 30, 8 << 30  # of one command on one file; more is a fault
USER_ERROR = 2
NOTHING_TOLD = -1  # in place of an exit code


class End(NamedTuple):
    """How a command ended on one damaged file."""

    code: int
    said: str
    seconds: float


# ---------------------------------------------------------------------- one process per command


def target(command: str, directory: Path, file: str) -> Path:
    """What the command is given: the damaged file, or the directory that it is in."""
    return directory / file if command in ("inspect", "plot") else directory


def end(command: str, path: Path) -> tuple[int, str]:
    """Exit code of a command, and all that it said; a traceback where it fell over."""
    import dsmc
    from dsmc.__main__ import main

    said = io.StringIO()
    code = NOTHING_TOLD
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        try:
            if command != "open":
                code = main([command, str(path)])
            else:
                code = open_result(dsmc, path)
        except BaseException:
            traceback.print_exc()
    return code, said.getvalue()


def open_result(dsmc, path: Path) -> int:
    """`dsmc.open` as a command: an OSError is a message to the user."""
    try:
        repr(dsmc.open(path))
    except OSError as failure:
        print(failure)
        return USER_ERROR
    return 0


def work(command: str, folder: Path) -> None:
    """Run the command on every directory that it has not seen, and tell each outcome at once."""
    resource.setrlimit(resource.RLIMIT_AS, (LIMIT_BYTES, LIMIT_BYTES))
    if command == "plot":
        blank_pictures()
    for directory in sorted(folder.iterdir()):
        mark = directory / f"seen by {command}"
        if mark.exists():
            continue
        mark.touch()
        name = (directory / "case").read_text(encoding="utf-8")
        print(json.dumps([name, NOTHING_TOLD, "", 0.0]), flush=True)  # stays if this one kills us
        here = directory.parent.parent / command
        shutil.rmtree(here, ignore_errors=True)
        shutil.copytree(directory, here, symlinks=True, copy_function=copied)
        begin = time.monotonic()
        signal.alarm(LIMIT_S)
        code, said = end(command, target(command, here, DAMAGES[name][0]))
        signal.alarm(0)
        print(json.dumps([name, code, said, time.monotonic() - begin]), flush=True)


def blank_pictures() -> None:
    """Panels are filled, but neither laid out nor painted: that takes a second for each picture."""
    from matplotlib.figure import Figure

    from viz import style

    style.lay_out = lambda figure: None
    Figure.savefig = lambda figure, path, **how: Path(path).touch()


def copied(source: str, copy: str) -> None:
    """Copy a file; make a pipe in the place of a pipe."""
    if Path(source).is_file():
        shutil.copy2(source, copy)
    else:
        os.mkfifo(copy)


if __name__ == "__main__":
    work(sys.argv[1], Path(sys.argv[2]))
    sys.exit()


# ---------------------------------------------------------------------- the damaged runs


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    """The directory of a small run."""
    return small_run(tmp_path_factory.mktemp("sound"))


@pytest.fixture(scope="module")
def ends(sound, tmp_path_factory):
    """{command: {name of the damage: how the command ended}}"""
    folder = tmp_path_factory.mktemp("damaged") / "runs"
    for number, (name, (file, damage)) in enumerate(DAMAGES.items()):
        directory = folder / f"{number:03d}"
        shutil.copytree(sound, directory)
        (directory / "case").write_text(name, encoding="utf-8")
        damage(directory / file)
    workers = {command: start(command, folder) for command in COMMANDS}
    return {command: outcomes(command, folder, worker) for command, worker in workers.items()}


def start(command: str, folder: Path) -> subprocess.Popen:
    """A process that runs the command on every damaged run."""
    words = [sys.executable, "-m", "tests.unit.test_damaged_files", command, str(folder)]
    root = Path(__file__).resolve().parents[2]
    return subprocess.Popen(
        words, cwd=root, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )


def outcomes(command: str, folder: Path, worker: subprocess.Popen) -> dict[str, End]:
    """What the process told; it is started again after a run that killed it."""
    found: dict[str, End] = {}
    while True:
        lines, errors = worker.communicate()
        for line in lines.splitlines():
            name, *how = json.loads(line)
            found[name] = End(*how)
        if worker.returncode == 0:
            return found
        assert found and found[name].code == NOTHING_TOLD, errors
        found[name] = End(NOTHING_TOLD, f"died of signal {-worker.returncode}: {errors}", 0.0)
        worker = start(command, folder)


# ---------------------------------------------------------------------- what they must do


def fault(how: End) -> str:
    """What a command did wrong on a damaged file; "" if it did well."""
    if "Traceback" in how.said:
        return f"a traceback: {how.said}"
    if how.code not in (0, USER_ERROR):
        return f"ended with {how.code}: {how.said}"
    if how.code == USER_ERROR and not how.said.strip():
        return "refused without a word"
    if how.code == USER_ERROR and "/" not in how.said:
        return f"does not name the file: {how.said}"
    return ""


@pytest.mark.parametrize("command", COMMANDS)
def test_no_damage_makes_a_command_fall_over(ends, command):
    assert len(ends[command]) == len(DAMAGES) >= 100
    faults = {name: fault(how) for name, how in ends[command].items()}
    faults = [f"{name}: {text}" for name, text in faults.items() if text]
    assert not faults, "\n".join(faults)


def test_the_judge_knows_bad_ends():
    assert fault(End(NOTHING_TOLD, "died of signal 11", 0.0))
    assert fault(End(1, "Traceback (most recent call last): …", 0.0))
    assert fault(End(USER_ERROR, "", 0.0))
    assert fault(End(USER_ERROR, "something is wrong", 0.0))
    assert not fault(End(USER_ERROR, "runs/a/trajectory.h5: an empty file, not HDF5", 0.0))


REFUSED = {  # what inspect must notice: a word of what it says, and exit code 2
    f"{TRAJECTORY} cut at 0": "empty",
    f"{TRAJECTORY} cut at 0.5": "truncated",
    f"{FIELDS} cut at 0.99": "truncated",
    f"{SNAPSHOTS} cut at -1": "truncated",
    f"{TRAJECTORY} is a text": "not an HDF5 file",
    f"{TRAJECTORY} is JSON of something else": "no summary",
    f"{TRAJECTORY} is a pipe": "pipe",
    f"{CHECKPOINT} is a dangling name": "No such file",
    f"{CHECKPOINT} cut at 0.5": "truncated",
    f"{CHECKPOINT} a wrong checksum": "checksum",
    f"{CHECKPOINT} no phase": "phase",
    f"{SUMMARY} is cut": "damaged",
    f"{TRAJECTORY} a name that is no Unicode": "\\xff\\xfe: cannot be read",
    f"{TRAJECTORY} texts of no kind": "damaged",
}
TOLD = {  # what inspect must remark, with exit code 0
    f"{TRAJECTORY} time goes back": "does not increase at row 2",
    f"{TRAJECTORY} time stands still": "does not increase at row 1",
    f"{TRAJECTORY} a short time": "torn rows in /observables/temperature",
    f"{TRAJECTORY} time is not known": "4 NaN",
    f"{TRAJECTORY} a huge value": "torn rows",
    f"{TRAJECTORY} a dangling soft link": "which is not there",
    f"{TRAJECTORY} a dangling external link": "external link to gone.h5:/x",
    f"{TRAJECTORY} a hard link to the root": "the same as /",
    f"{TRAJECTORY} a name that paints a terminal": "\\x1b[31mred",
    f"{TRAJECTORY} is HDF5 of another program": "no H5MD",
    f"{FIELDS} another type": "UnstructuredGrid",
}


@pytest.mark.parametrize("name", REFUSED)
def test_inspect_says_what_is_damaged(ends, name):
    how = ends["inspect"][name]
    assert how.code == USER_ERROR
    assert REFUSED[name] in how.said


@pytest.mark.parametrize("name", TOLD)
def test_inspect_explains_what_is_odd(ends, name):
    how = ends["inspect"][name]
    assert how.code == 0, how.said
    assert TOLD[name] in how.said


def test_inspect_is_quick_on_every_damaged_file(ends):
    slow = {name: how.seconds for name, how in ends["inspect"].items() if how.seconds > 10.0}
    assert not slow
