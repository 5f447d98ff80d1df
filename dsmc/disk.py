"""What the disk refuses, told in plain words, and files that are replaced whole or not at all."""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Iterator
from pathlib import Path

_NO_PERMISSION = "no permission to write there: choose another directory (-o DIR)"
_IN_USE = "another program has the file open: close it, or write elsewhere (-o DIR)"
_CURES = {
    errno.ENOSPC: "the disk is full: free some space, or write elsewhere (-o DIR)",
    errno.EDQUOT: "the disk quota is used up: free some space, or write elsewhere (-o DIR)",
    errno.EFBIG: "the file size limit is reached: raise it (ulimit -f), or write fewer frames",
    errno.EACCES: _NO_PERMISSION,
    errno.EPERM: _NO_PERMISSION,
    errno.EROFS: "the file system is read-only: choose another directory (-o DIR)",
    errno.ENOENT: "the directory does not exist: create it first",
    errno.ENOTDIR: "part of this path is a file, not a directory: choose another (-o DIR)",
    errno.EISDIR: "this is a directory: name a file",
    errno.EEXIST: "the file exists: remove it, write elsewhere (-o DIR), or give --overwrite",
    errno.EAGAIN: _IN_USE,
    errno.EWOULDBLOCK: _IN_USE,
}


def refusal(error: BaseException, path: str | os.PathLike[str]) -> OSError:
    """The same failure as an OSError of the same errno that names the path and the cure."""
    number = getattr(error, "errno", None) or errno.EIO
    first_line = str(error).split("\n", 1)[0]
    return OSError(number, _CURES.get(number, f"cannot be written: {first_line}"), os.fspath(path))


@contextlib.contextmanager
def replacing(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Write a file whole or not at all: the block writes to the path that it is given.

    At the end of the block that file is on the disk and takes the name `path`; if anything fails
    it is removed, and what `path` was before stays. Raises OSError naming the path and the cure.
    """
    path = Path(path)
    unfinished = path.with_name(path.name + ".tmp")
    try:
        yield unfinished
        with open(unfinished, "rb+") as file:
            os.fsync(file.fileno())
        os.replace(unfinished, path)
    except BaseException as failure:
        with contextlib.suppress(OSError):
            unfinished.unlink()
        if isinstance(failure, OSError):
            raise refusal(failure, path) from failure
        raise
