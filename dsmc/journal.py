"""A file whose changes become permanent all at once: a crash at any moment leaves the last commit.

A rollback journal, as SQLite keeps one (sqlite.org/atomiccommit.html). What lies beyond the end of
the last commit is written at once: nobody looks there yet. A page inside it is changed in memory
only, until `commit` does this:

    1. save the pages that are about to change, as they are, in NAME.journal, with a checksum
    2. change them in NAME
    3. remove NAME.journal
    4. cut NAME where it has become shorter

Killed before 1 is complete, NAME is untouched; before 3 is done, the saved pages tell what it was:
`recover` puts them back, and a reader sees them in place of the changed ones. Killed before 4, NAME
is longer than it need be, which HDF5 does not mind.
"""

from __future__ import annotations

import contextlib
import errno
import os
import struct
import zlib
from pathlib import Path

PAGE = 4096  # B
_MAGIC = b"dsmc journal 1\n\0"
_HEAD = struct.Struct("<16sQQ")  # magic, length of the file [B], number of saved pages
_PLACE = struct.Struct("<QI")  # page number, bytes in it
_CHECKSUM = struct.Struct("<I")


class JournaledFile:
    """A file object (read, write, seek, tell, truncate) with `commit`; for h5py.File(object).

    It never raises while it is written to, since the library above cannot bear that: the first
    failure is kept in `failure`, and `commit` raises it.
    """

    def __init__(self, path: str | os.PathLike[str], flags: int = os.O_RDWR):
        self.path = Path(path)
        if self.path.exists() and not self.path.is_file():  # a pipe would keep us waiting
            raise OSError(errno.EINVAL, "a directory, a device or a pipe: name a file", str(path))
        self.failure: OSError | None = None
        self._descriptor = os.open(self.path, flags, 0o666)
        self._position = 0
        self._length = self._committed = os.fstat(self._descriptor).st_size
        self._pages: dict[int, bytearray] = {}  # changed, or shown as they were, by number
        self._beyond = False  # whether something was written behind the last commit

    @classmethod
    def snapshot(cls, path: str | os.PathLike[str]) -> JournaledFile:
        """The last commit of a file, to read only; also while it is being written, or after a kill.

        Raises OSError.
        """
        self = cls(path, os.O_RDONLY)
        saved = _saved(_journal(self.path))
        if saved is not None:
            self._length, pages = saved
            self._pages = {number: bytearray(page) for number, page in pages}
        return self

    # ---------------------------------------------------------------- what h5py calls

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Move to `offset` from the start, the present place or the end [B]."""
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self._length}[whence]
        self._position = base + offset
        return self._position

    def tell(self) -> int:
        """The present place [B]."""
        return self._position

    def readinto(self, buffer) -> int:
        """Fill the buffer from the present place; returns the bytes read, fewer at the end."""
        view = memoryview(buffer).cast("B")
        start = self._position
        count = max(0, min(len(view), self._length - start))
        self._read(view[:count], start)
        self._position += count
        return count

    def read(self, size: int = -1) -> bytes:
        """`size` bytes from the present place, all that are left if negative."""
        left = max(0, self._length - self._position)
        buffer = bytearray(left if size < 0 else min(size, left))
        self.readinto(buffer)
        return bytes(buffer)

    def write(self, data) -> int:
        """Write at the present place; returns the bytes written, always all."""
        view = memoryview(data).cast("B")
        start, stop = self._position, self._position + len(view)
        fresh = max(start, -(-self._committed // PAGE) * PAGE)  # from here on nobody looks
        if fresh < stop and self.failure is None:
            self._write_beyond(view[fresh - start :], fresh)
        if self.failure is not None:
            fresh = stop  # keep it all in memory: the library goes on undisturbed
        self._write_pages(view[: fresh - start], start)
        self._position = stop
        self._length = max(self._length, stop)
        return len(view)

    def truncate(self, size: int | None = None) -> int:
        """Set the length [B]."""
        self._length = self._position if size is None else size
        return self._length

    def flush(self) -> None:
        """Nothing: only `commit` makes changes permanent."""

    # ---------------------------------------------------------------- all or nothing

    @property
    def pending(self) -> bool:
        """Whether there is something to commit."""
        return bool(self._pages) or self._beyond or self._length != self._committed

    def commit(self) -> None:
        """Make every change since the last commit permanent.

        Raises OSError (disk full, quota …); the file is then as it was, and takes no more commits.
        """
        if self.failure is None and self.pending:
            try:
                self._apply()
            except OSError as failure:
                self.failure = failure
        if self.failure is not None:
            self._undo()
            raise self.failure
        self._pages.clear()
        self._beyond = False
        self._committed = self._length

    def rename(self, path: Path) -> None:
        """Give the file another name, in place of what bore it. Raises OSError."""
        _journal(path).unlink(missing_ok=True)  # it belongs to the file that goes
        os.replace(self.path, path)
        self.path = path

    def close(self) -> None:
        """Let the file go, without a commit; a second call does nothing."""
        if self._descriptor < 0:
            return
        if self._beyond:
            self._undo()
        os.close(self._descriptor)
        self._descriptor = -1

    def _apply(self) -> None:
        inside = [number for number in self._pages if number * PAGE < self._committed]
        if inside:
            self._save(sorted(inside))
        if self._length >= self._committed:
            os.ftruncate(self._descriptor, self._length)
        for number in sorted(self._pages, reverse=True):  # the head of the file comes last
            _write_all(self._descriptor, self._page_to_write(number), number * PAGE)
        os.fsync(self._descriptor)
        _journal(self.path).unlink(missing_ok=True)
        if self._length < self._committed:
            self._cut()

    def _cut(self) -> None:
        """Give back what lies behind the new end, once the commit is complete.

        Not sooner, or the journal would have to hold all of it, however long: nothing could be cut
        on a full disk.
        """
        with contextlib.suppress(OSError):  # then it stays longer than it need be
            _settle(self.path.parent)  # the journal must not come back after a power cut
            os.ftruncate(self._descriptor, self._length)

    def _page_to_write(self, number: int) -> memoryview:
        return memoryview(self._pages[number])[: max(0, self._length - number * PAGE)]

    def _save(self, numbers: list[int]) -> None:
        """Write the journal: the pages as they are on the disk."""
        parts = [_HEAD.pack(_MAGIC, self._committed, len(numbers))]
        for number in numbers:
            page = os.pread(self._descriptor, PAGE, number * PAGE)
            page = page[: self._committed - number * PAGE]
            parts += [_PLACE.pack(number, len(page)), page]
        body = b"".join(parts)
        descriptor = os.open(_journal(self.path), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o666)
        try:
            _write_all(descriptor, memoryview(body + _CHECKSUM.pack(zlib.crc32(body))), 0)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def _undo(self) -> None:
        """Put the disk back to the last commit, as far as the disk lets us."""
        with contextlib.suppress(OSError):
            recover(self.path)
            os.ftruncate(self._descriptor, self._committed)

    # ---------------------------------------------------------------- pages

    def _read(self, view: memoryview, start: int) -> None:
        """The bytes from `start` on: those of the disk under the pages that we hold."""
        done = 0
        while done < len(view):
            got = os.preadv(self._descriptor, [view[done:]], start + done)
            if got == 0:  # longer than the disk knows
                view[done:] = bytes(len(view) - done)
                break
            done += got
        if not self._pages:
            return
        for number in range(start // PAGE, -(-(start + len(view)) // PAGE)):
            page = self._pages.get(number)
            if page is not None:
                low = max(start, number * PAGE)
                high = min(start + len(view), number * PAGE + len(page))
                view[low - start : high - start] = page[low - number * PAGE : high - number * PAGE]

    def _write_pages(self, view: memoryview, start: int) -> None:
        done = 0
        while done < len(view):
            number, place = divmod(start + done, PAGE)
            page = self._pages.get(number)
            if page is None:
                page = bytearray(PAGE)
                self._read(memoryview(page), number * PAGE)
                self._pages[number] = page
            count = min(PAGE - place, len(view) - done)
            page[place : place + count] = view[done : done + count]
            done += count

    def _write_beyond(self, view: memoryview, start: int) -> None:
        self._beyond = True
        try:
            _write_all(self._descriptor, view, start)
        except OSError as failure:
            self.failure = failure


def recover(path: str | os.PathLike[str]) -> bool:
    """Put a file back to its last commit if a commit was cut off; returns whether one was.

    Only for the one program that may write the file. Raises OSError.
    """
    journal = _journal(Path(path))
    saved = _saved(journal)
    if saved is None:
        journal.unlink(missing_ok=True)  # cut off before the file was touched
        return False
    length, pages = saved
    descriptor = os.open(path, os.O_WRONLY)
    try:
        for number, page in pages:
            _write_all(descriptor, memoryview(page), number * PAGE)
        os.ftruncate(descriptor, length)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    journal.unlink()
    return True


def state(path: str | os.PathLike[str]) -> tuple[int, ...] | None:
    """What is another after each commit; None where there is no file."""
    try:
        about = os.stat(path)
    except OSError:
        return None
    return about.st_ino, about.st_size, about.st_mtime_ns, _journal(Path(path)).exists()


def _settle(directory: Path) -> None:
    """Make the names in a directory permanent."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _journal(path: Path) -> Path:
    return path.with_name(path.name + ".journal")


def _saved(journal: Path) -> tuple[int, list[tuple[int, bytes]]] | None:
    """Length of the file and the saved pages; None if there is no complete journal."""
    try:
        content = journal.read_bytes()
    except FileNotFoundError:
        return None
    body, checksum = content[: -_CHECKSUM.size], content[-_CHECKSUM.size :]
    if len(body) < _HEAD.size or checksum != _CHECKSUM.pack(zlib.crc32(body)):
        return None
    magic, length, count = _HEAD.unpack_from(body)
    if magic != _MAGIC:
        return None
    pages, place = [], _HEAD.size
    for _ in range(count):
        number, size = _PLACE.unpack_from(body, place)
        place += _PLACE.size
        pages.append((number, body[place : place + size]))
        place += size
    return length, pages


def _write_all(descriptor: int, view: memoryview, place: int) -> None:
    done = 0
    while done < len(view):
        done += os.pwrite(descriptor, view[done:], place + done)
