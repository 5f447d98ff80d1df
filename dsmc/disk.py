"""Room on the disk, claimed before a file grows, and plain words when there is none.

An HDF5 file whose write fails half-way does not open again, and the library may bring the
process down. So the room for the next piece is claimed first: where that fails nothing has been
written, and everything earlier is intact.
"""

from __future__ import annotations

import errno
import os

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


def claim(descriptor: int, end: int, amount: int) -> None:
    """Secure `amount` bytes of disk after byte `end` of an open file [B].

    The file may become longer than its contents; `release` cuts it back. Raises OSError (disk
    full, quota, file size limit) and then leaves the file as it was.
    """
    size = os.fstat(descriptor).st_size
    if not hasattr(os, "posix_fallocate"):  # macOS, Windows: the best there is, is to ask
        _refuse_if_short(descriptor, amount)
        return
    try:
        os.posix_fallocate(descriptor, end, amount)
    except OSError as failure:
        if failure.errno in (errno.EOPNOTSUPP, errno.EINVAL, errno.ENODEV):
            _refuse_if_short(descriptor, amount)
            return
        if os.fstat(descriptor).st_size > size:
            os.ftruncate(descriptor, size)
        raise


def release(path: str | os.PathLike[str], end: int) -> None:
    """Give back what was claimed and not used: cut the file to `end` bytes if it is longer."""
    if os.stat(path).st_size > end:
        os.truncate(path, end)


def create(path: str | os.PathLike[str], amount: int, *, overwrite: bool = False) -> int:
    """Create a file, claim its first `amount` bytes [B] and return its descriptor.

    Raises FileExistsError (unless `overwrite`), PermissionError or another OSError that names the
    path and the cure; a new file that finds no room is removed again.
    """
    existed = os.path.exists(path)
    flags = os.O_RDWR | os.O_CREAT | (0 if overwrite else os.O_EXCL)
    try:
        descriptor = os.open(path, flags, 0o666)
    except OSError as failure:
        raise refusal(failure, path) from failure
    try:
        claim(descriptor, 0, amount)
    except OSError as failure:
        os.close(descriptor)
        if not existed:
            os.unlink(path)
        raise refusal(failure, path) from failure
    return descriptor


def _refuse_if_short(descriptor: int, amount: int) -> None:
    if not hasattr(os, "fstatvfs"):
        return
    room = os.fstatvfs(descriptor)
    if room.f_bavail * room.f_frsize < amount:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
