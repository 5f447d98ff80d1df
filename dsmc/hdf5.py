"""HDF5 files of ours: written so that a crash loses none, read so that no damage goes untold.

Every file of a run tells where it comes from:

    /parameters                 scenario (TOML text)
        /provenance             version, commit, host, date, seed, threads …

Files are written in HDF5's oldest layout (h5py's default), which VTK and h5dump read.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import time
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache, wraps
from pathlib import Path
from typing import Any, ParamSpec, Self, TypeVar

import h5py
import numpy as np

from dsmc import damage, disk, journal, own_process

COMMIT_SECONDS = 5.0  # at most between two commits of a growing file
PACKED = {"compression": "gzip", "compression_opts": 1, "shuffle": True}
CHUNK_BYTES = 1 << 20
CACHE = 1 << 18  # bytes of chunks kept for each dataset: memory stays flat
_ROWS_PER_CHUNK = 512  # of a scalar column: one page of 4 KiB
_FEW = 3  # numbers in a row that still counts as a scalar
P, T = ParamSpec("P"), TypeVar("T")


class Unreadable(OSError):
    """A file that is damaged, not HDF5, or not what was asked for; tells what, and the cure."""

    def __init__(self, path: str | os.PathLike[str], text: str):
        super().__init__(errno.EINVAL, text, os.fspath(path))

    def __str__(self) -> str:
        return f"{self.filename}: {self.strerror}"


class Overtaken(Unreadable):
    """A file that a run wrote to while it was read in vain: it may be sound, read it again."""


def patient(read: Callable[P, T]) -> Callable[P, T]:
    """A reader that begins again where a commit overtook it, three times in all."""

    @wraps(read)
    def reader(*args: P.args, **choices: P.kwargs) -> T:
        for _ in range(2):
            with contextlib.suppress(Overtaken):
                return read(*args, **choices)
        return read(*args, **choices)

    return reader


@contextlib.contextmanager
def telling_overtaken(path: str | os.PathLike[str]) -> Iterator[None]:
    """A failure to read in the block becomes Overtaken if the file was written to meanwhile.

    A snapshot knows the pages that a commit was changing when it was taken, not those of the next.
    """
    before = journal.state(path)
    try:
        yield
    except OSError as failure:
        if journal.state(path) == before:
            raise
        text = f"{failure.strerror} (but a run wrote to it meanwhile: read it again)"
        raise Overtaken(path, text) from failure


@contextlib.contextmanager
def reading(path: str | os.PathLike[str]) -> Iterator[h5py.File]:
    """An HDF5 file to read, as of its last commit: also while it is written, or after a kill.

    Whatever fails inside the block because the file is damaged becomes Unreadable; a process of its
    own has looked through the file before, since damage can crash the library. Raises
    FileNotFoundError and other OSErrors that name the path and the cure; Overtaken: see `patient`.
    """
    with telling_overtaken(path):
        outlive(Path(path))
        with opened(path) as file:
            yield file


@contextlib.contextmanager
def opened(path: str | os.PathLike[str]) -> Iterator[h5py.File]:
    """The same, for a process that may crash."""
    path = Path(path)
    if path.is_dir():
        raise Unreadable(path, "a directory, not a file: name a file in it")
    try:
        raw = journal.JournaledFile.snapshot(path)
    except OSError as failure:
        raise OSError(failure.errno, f"cannot be read: {failure.strerror}", str(path)) from failure
    with contextlib.closing(raw):
        try:
            file = h5py.File(raw, "r")
        except Exception as failure:
            raise Unreadable(path, _why_not_hdf5(raw, failure)) from failure
        try:
            with telling_damage(path):
                yield file
        finally:
            with contextlib.suppress(Exception):
                file.close()


@contextlib.contextmanager
def telling_damage(path: str | os.PathLike[str]) -> Iterator[None]:
    """Whatever fails in the block because the file is damaged becomes Unreadable."""
    try:
        yield
    except MemoryError:
        raise
    except Exception as failure:  # the library has no class of its own for a damaged file
        if isinstance(failure, OSError) and failure.filename:  # told already
            raise
        text = f"damaged or not as expected: {_first_line(failure)}"
        raise Unreadable(path, text) from failure


def in_own_process(work: Callable[[Path], T], path: Path) -> T:
    """What `work(path)` returns or raises; Unreadable if its process crashed or hung."""
    try:
        return own_process.result_of(work, path)
    except own_process.Died as how:
        raise Unreadable(path, f"damaged: {how}; use a copy, or repeat the run") from None


def outlive(path: Path) -> None:
    """Let a process of its own look through a file, once as long as the file does not change.

    Raises Unreadable if it crashed or hung, or would; what else is wrong is told by who reads.
    """
    with contextlib.suppress(FileNotFoundError):
        if path.is_file():
            _outlived(path.absolute(), journal.state(path))


@lru_cache(maxsize=256)
def _outlived(path: Path, state: tuple[int, ...] | None) -> None:
    if complaint := in_own_process(_look_through, path):
        raise Unreadable(path, f"damaged or not as expected: {complaint}")


def _look_through(path: Path) -> str:
    """Touch what a reader may touch in every object; tell the first that would crash it, or "".

    What cannot be looked at is left to who needs it.
    """
    with contextlib.suppress(Exception), opened(path) as file:
        return damage.complaint(file)
    return ""


def _why_not_hdf5(raw: journal.JournaledFile, failure: Exception) -> str:
    raw.seek(0)
    head = raw.read(8)
    if not head:
        return "an empty file, not HDF5"
    if head != b"\x89HDF\r\n\x1a\n":
        return "not an HDF5 file"
    return f"a damaged HDF5 file ({_first_line(failure)}): use a copy, or repeat the run"


def _first_line(failure: Exception) -> str:
    return (str(failure).splitlines() or [type(failure).__name__])[0]


class Growing:
    """An HDF5 file that grows: changes in `root` become permanent together, at a commit.

    root : h5py.File to write to
    """

    def __init__(self, path: Path, raw: journal.JournaledFile, root: h5py.File, new: bool):
        self.path, self.root, self._raw = path, root, raw
        self._new = new  # until the first commit, which gives the file its name
        self._latest = time.monotonic()

    def commit(self) -> None:
        """Make what was written permanent, all of it or nothing.

        Raises OSError naming the path and the cure; the file is then as of the last commit.
        """
        self._latest = time.monotonic()
        self.root.flush()
        self._commit()

    def _commit(self) -> None:
        try:
            self._raw.commit()
            if self._new:
                self._raw.rename(self.path)
                self._new = False
        except OSError as failure:
            self.abandon()
            raise disk.refusal(failure, self.path) from failure

    def commit_if_due(self) -> None:
        """Commit if the last one is some seconds ago, so that others see the run go on."""
        if self._raw.failure is not None or time.monotonic() - self._latest > COMMIT_SECONDS:
            self.commit()

    def close(self) -> None:
        """Commit and close; a second call does nothing. Raises OSError as `commit`."""
        if not self.root:
            return
        self.root.close()
        self._commit()
        self._raw.close()

    def __enter__(self) -> Growing:
        return self

    def __exit__(self, kind: object, *exception: object) -> None:
        self.close() if kind is None else self.abandon()

    def abandon(self) -> None:
        """Close without a commit: the file stays as of the last one."""
        with contextlib.suppress(Exception):
            self.root.close()
        self._raw.close()
        if self._new:
            self._raw.path.unlink(missing_ok=True)


class Writer:
    """What every writer of a growing file offers; a context manager.

    Left by an exception, the file stays as of its last commit.
    """

    _growing: Growing

    def commit(self) -> None:
        """Make everything so far permanent. Raises OSError naming the path and the cure."""
        self._growing.commit()

    def close(self) -> None:
        """Commit and close; a second call does nothing."""
        self._growing.close()

    def abandon(self) -> None:
        """Close without what came after the last commit."""
        self._growing.abandon()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, *exception: object) -> None:
        self.close() if kind is None else self.abandon()


def create(path: str | os.PathLike[str], overwrite: bool = False) -> Growing:
    """A new file; it takes its name, and the place of an earlier one, at its first commit.

    Raises OSError naming the path and the cure (exists, no permission, disk full …).
    """
    path = Path(path)
    try:
        if path.exists() and not overwrite:
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST))
        flags = os.O_RDWR | os.O_CREAT | os.O_TRUNC
        raw = journal.JournaledFile(path.with_name(f"{path.name}.tmp"), flags)
    except OSError as failure:
        raise disk.refusal(failure, path) from failure
    return Growing(path, raw, h5py.File(raw, "w", rdcc_nbytes=CACHE), new=True)


def reopen(path: str | os.PathLike[str]) -> Growing:
    """A file to go on with, put back to its last commit if one was cut off. Raises OSError."""
    path = Path(path)
    try:
        journal.recover(path)
        outlive(path)
        raw = journal.JournaledFile(path)
    except Unreadable:  # damage has its own words
        raise
    except OSError as failure:
        raise disk.refusal(failure, path) from failure
    try:
        return Growing(path, raw, h5py.File(raw, "r+", rdcc_nbytes=CACHE), new=False)
    except Exception as failure:
        text = _why_not_hdf5(raw, failure)
        raw.close()
        raise Unreadable(path, text) from failure


class Rows:
    """Datasets that grow together, one row at a time, `step` last."""

    def __init__(self) -> None:
        self.length = 0
        self._columns: dict[str, tuple[h5py.Dataset, Any, tuple[int, ...]]] = {}

    def column(
        self,
        group: h5py.Group,
        path: str,
        shape: tuple[int, ...],
        dtype: str,
        name: str | None = None,
        together: int = 1,
        **storage: Any,
    ) -> h5py.Dataset:
        """The dataset of one column, made if it is not there.

        name : by which rows give it, if not its own; together : entries that make up one row
        """
        if path not in group:
            chunk = chunk_shape(shape, np.dtype(dtype).itemsize)
            maximum = (None, *shape)
            group.create_dataset(
                path, (0, *shape), dtype, maxshape=maximum, chunks=chunk, **storage
            )
        name = name or path.removesuffix("/value").rsplit("/", 1)[-1]
        shape = (together, *shape)
        self._columns[name] = (group[path], h5py.h5s.create_simple(shape), shape)
        return group[path]

    def clock(self, group: h5py.Group) -> None:
        """The columns `time` and `step`, in this group."""
        self.time = self.column(group, "time", (), "f8")
        self.time.attrs["unit"] = "s"
        self.step = self.column(group, "step", (), "i8")

    def trim(self, rows: int) -> None:
        """Keep the first `rows` rows."""
        for dataset, _, shape in self._columns.values():
            dataset.id.set_extent((rows * shape[0], *shape[1:]))
        self.length = rows

    def append(self, row: Mapping[str, Any]) -> None:
        """Add one row: a value for each column."""
        # The low-level calls: four times faster than dataset[n] = x for a scalar.
        ready = [  # all of them, before the first is written: a wrong shape leaves no half row
            np.ascontiguousarray(np.broadcast_to(np.asarray(row[name], dataset.dtype), shape))
            for name, (dataset, _, shape) in self._columns.items()
        ]
        for data, (dataset, memory, shape) in zip(ready, self._columns.values(), strict=True):
            dataset.id.set_extent(((self.length + 1) * shape[0], *shape[1:]))
            place = dataset.id.get_space()
            place.select_hyperslab((self.length * shape[0], *(0 for _ in shape[1:])), shape)
            dataset.id.write(memory, place, data)
        self.length += 1


def chunk_shape(shape: tuple[int, ...], itemsize: int) -> tuple[int, ...]:
    """Shape of the chunks of a dataset that grows by rows of `shape`.

    Pages of 4 KiB for a column of scalars, one row for particles, 1 MiB at most.
    """
    if len(shape) < 2 and np.prod(shape, dtype=int) <= _FEW:
        return (_ROWS_PER_CHUNK, *shape)
    columns = int(np.prod(shape[1:], dtype=int))
    return (1, min(shape[0], max(1, CHUNK_BYTES // (columns * itemsize))), *shape[1:])


def write_origin(root: h5py.Group, scenario_text: str, provenance: Mapping[str, Any]) -> None:
    """Note in the file which scenario it comes from, and who ran it with what."""
    parameters = root.require_group("parameters")
    parameters.attrs["scenario"] = scenario_text
    attributes = parameters.require_group("provenance").attrs
    for name, value in provenance.items():
        plain = isinstance(value, str | int | float | np.integer | np.floating)
        attributes[name] = value if plain else json.dumps(value, default=str)


def read_origin(root: h5py.Group) -> tuple[str, dict[str, Any]]:
    """The scenario (TOML text, "" where unknown) and the provenance of a file."""
    parameters = root.get("parameters")
    if not isinstance(parameters, h5py.Group):
        return "", {}
    group = parameters.get("provenance")
    attributes = group.attrs.items() if isinstance(group, h5py.Group) else ()
    provenance = {name: plain(value) for name, value in attributes}
    return text(parameters.attrs.get("scenario", "")), provenance


def text(attribute: Any) -> str:
    """An attribute as text."""
    return attribute.decode(errors="replace") if isinstance(attribute, bytes) else str(attribute)


def plain(attribute: Any) -> Any:
    """An attribute as a Python number, text or list."""
    if isinstance(attribute, bytes):
        return text(attribute)
    return attribute.tolist() if isinstance(attribute, np.ndarray | np.generic) else attribute
