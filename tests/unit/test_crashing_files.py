"""A file on which the HDF5 library crashes or hangs ends no command: a process of its own looks
through it first."""

import os
import shutil
import signal
import time

import pytest

import dsmc
from dsmc import hdf5, own_process
from dsmc.__main__ import main
from tests.unit.small_run import small_run


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    """The directory of a run that was stopped half-way, with two checkpoints."""
    directory = small_run(tmp_path_factory.mktemp("sound"), steps=4)
    shutil.copy(directory / "checkpoint.h5", directory / "checkpoint.previous.h5")
    return directory


@pytest.fixture
def crashing(sound, tmp_path, monkeypatch):
    """A copy of the run, and how to make one of its files crash the library, or hang it."""
    directory = tmp_path / "run"
    shutil.copytree(sound, directory)
    look = hdf5._look_through

    def on(name, hang=False):
        def deadly(path):
            if path.name == name:
                time.sleep(60.0) if hang else os.kill(os.getpid(), signal.SIGSEGV)
            return look(path)

        monkeypatch.setattr(own_process, "LIMIT_S", 1)
        monkeypatch.setattr(hdf5, "_look_through", deadly)
        hdf5._outlived.cache_clear()

    return directory, on


@pytest.mark.parametrize("command", ["plot", "compare", "resume", "resume again"])
@pytest.mark.parametrize("hang", [False, True])
def test_a_command_names_the_file_that_is_damaged(crashing, command, hang, capsys):
    directory, on = crashing
    file = "checkpoint.h5" if command == "resume again" else "trajectory.h5"
    if command == "resume again":  # and the one before is gone
        (directory / "checkpoint.previous.h5").unlink()
    on(file, hang)
    words = {"compare": ["compare", str(directory), "reference"]}.get(
        command, [command.split()[0], str(directory)]
    )
    assert main(words) == 2
    told = capsys.readouterr().err
    assert str(directory / file) in told and "damaged" in told
    assert "cannot be written" not in told
    assert ("within" if hang else "crashed") in told


def test_the_checkpoint_before_serves_where_the_last_one_crashes(crashing, capsys):
    directory, on = crashing
    on("checkpoint.h5")
    assert main(["resume", str(directory)]) == 0
    told = capsys.readouterr().out
    assert "checkpoint.h5: damaged" in told and "checkpoint.previous.h5 is used" in told
    on("none")
    assert main(["resume", str(directory)]) == 0
    assert "is used" not in capsys.readouterr().out  # the new one is sound


def test_a_checkpoint_that_is_named_tells_of_the_one_before(crashing):
    directory, on = crashing
    on("checkpoint.h5")
    with pytest.raises(OSError, match=r"the one before it is checkpoint\.previous\.h5"):
        dsmc.resume(directory / "checkpoint.h5")


def test_a_sound_file_is_looked_through_once(sound, monkeypatch):
    looks = []
    run = own_process.result_of
    monkeypatch.setattr(
        own_process, "result_of", lambda work, path: (looks.append(path.name), run(work, path))[1]
    )
    hdf5._outlived.cache_clear()
    for _ in range(3):
        dsmc.open(sound)
    assert sorted(looks) == ["fields.vtkhdf", "trajectory.h5"]
