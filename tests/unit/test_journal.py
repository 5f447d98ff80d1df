"""A journaled file is as of its last commit, at whatever moment a commit is cut off or refused."""

import errno
import os
from contextlib import closing
from pathlib import Path

import pytest

from dsmc.journal import PAGE, JournaledFile, recover

BEFORE = bytes(range(256)) * (3 * PAGE // 256) + b"a piece of a fourth page"
CALLS = ((os, "pwrite"), (os, "fsync"), (os, "ftruncate"), (Path, "unlink"))
LENGTHS = (100, PAGE, PAGE + 100, 2 * PAGE + 1, len(BEFORE), 5 * PAGE + 7)


class Killed(BaseException):
    """In place of a signal that no program can catch."""


def after(length: int) -> bytes:
    """What the file holds after the commit: another head, cut or grown to its length."""
    grown = BEFORE.ljust(length, b"+")[:length]
    return b"head" + grown[4:]


def changed(path: Path, length: int) -> JournaledFile:
    """The file with everything but the commit done."""
    path.write_bytes(BEFORE)
    file = JournaledFile(path)
    file.write(b"head")
    if length > len(BEFORE):
        file.seek(len(BEFORE))
        file.write(after(length)[len(BEFORE) :])
    file.truncate(length)
    return file


def committed(file: JournaledFile, number: int, failure: BaseException) -> bool:
    """Commit, with `failure` in place of a system call; False if there are fewer than `number`."""
    left = number

    def failing(call):
        def instead(*args, **choices):
            nonlocal left
            left -= 1
            if left == -1:
                raise failure
            return call(*args, **choices)

        return instead

    with pytest.MonkeyPatch.context() as patch:
        for place, name in CALLS:
            patch.setattr(place, name, failing(getattr(place, name)))
        file.commit()
    return left < 0


def seen(path: Path) -> bytes:
    """What a reader sees."""
    with closing(JournaledFile.snapshot(path)) as file:
        return file.read()


@pytest.mark.parametrize("length", LENGTHS)
def test_a_commit_that_is_killed_is_whole_or_has_not_been(tmp_path, length):
    path, new = tmp_path / "file", after(length)
    for number in range(100):
        file, goes_on = changed(path, length), True
        try:
            goes_on = committed(file, number, Killed())
        except Killed:
            os.close(file._descriptor)
            assert seen(path).startswith((BEFORE, new))  # behind may be what nobody asks for
            recover(path)
            assert path.read_bytes().startswith((BEFORE, new))
        if not goes_on:
            break
    assert 3 < number < 100
    assert seen(path) == path.read_bytes() == new


@pytest.mark.parametrize("length", LENGTHS)
def test_a_commit_that_the_disk_refuses_changes_nothing(tmp_path, length):
    path, new = tmp_path / "file", after(length)
    refused = 0
    for number in range(100):
        file, goes_on = changed(path, length), True
        try:
            goes_on = committed(file, number, OSError(errno.EIO, "the disk is broken"))
        except OSError:
            refused += 1
            assert path.read_bytes() == seen(path) == BEFORE
        else:
            assert path.read_bytes().startswith(new)
        file.close()
        if not goes_on:
            break
    assert refused > 3 and number < 100
    assert path.read_bytes() == new
