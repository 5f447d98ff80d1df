"""The tree of an HDF5 file, read so that no loop, dangling link or damaged part stops it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import h5py
import numpy as np

from dsmc import hdf5
from dsmc.inspect.description import Entry
from dsmc.inspect.values import is_numeric, look

MOST_ENTRIES = 100_000
_LONGEST_ATTRIBUTE = 16  # numbers of an attribute that are told
_ELSEWHERE = ("crc32", "scenario")  # attributes that are told in another place


class Notes:
    """What is wrong with a file (`problems`) and what is worth knowing (`remarks`), as found."""

    def __init__(self) -> None:
        self.problems: list[str] = []
        self.remarks: list[str] = []

    @contextlib.contextmanager
    def trying(self, where: str) -> Iterator[None]:
        """Note what fails in the block instead of passing it on; `where` is the path told."""
        try:
            yield
        except MemoryError:
            self.problems.append(f"{where}: does not fit into memory")
        except Exception as failure:  # the library has no class of its own for damage
            told = (str(failure).splitlines() or [type(failure).__name__])[0]
            self.problems.append(f"{where}: cannot be read ({printable(told)})")


def printable(name: str | bytes) -> str:
    """A name or text without control characters and bytes that are no Unicode."""
    raw = name if isinstance(name, bytes) else name.encode("utf-8", "surrogateescape")
    text = raw.decode("utf-8", "backslashreplace")
    return "".join(c if c.isprintable() or c in "\n\t" else f"\\x{ord(c):02x}" for c in text)


def read_tree(file: h5py.File, notes: Notes) -> tuple[Entry, ...]:
    """Every object under the root, depth first, in the order of the file.

    An object with several names is opened under the first and named under the others; links to
    other places are told, not followed.
    """
    known: dict[Any, Entry] = {}
    found: list[Entry] = []
    waiting: list[tuple[str, h5py.Group, str]] = []  # path, parent and name
    found.append(_entry("/", file, notes))
    known[_address(file)] = found[0]
    waiting += _children("/", file, notes)
    while waiting:
        if len(found) >= MOST_ENTRIES:
            notes.remarks.append(
                f"more than {MOST_ENTRIES} objects: the tree is not told to its end"
            )
            break
        path, parent, name = waiting.pop()
        problems = len(notes.problems)
        with notes.trying(path):
            link = parent.get(name, getlink=True)
            if isinstance(link, h5py.SoftLink | h5py.ExternalLink):
                found.append(_link(path, link))
                if isinstance(link, h5py.SoftLink) and parent.get(name) is None:
                    notes.remarks.append(f"{path} leads to {found[-1].target}, which is not there")
                continue
            item = parent[name]
            address = _address(item)
            if address in known:
                first = known[address]
                found.append(replace(first, path=path, target=first.path, values=None))
                continue
            known[address] = entry = _entry(path, item, notes)
            found.append(entry)
            if isinstance(item, h5py.Group):
                waiting += _children(path, item, notes)
        if len(notes.problems) > problems and (not found or found[-1].path != path):
            found.append(Entry(path, "unreadable"))
    return tuple(found)


def _children(path: str, group: h5py.Group, notes: Notes) -> list[tuple[str, h5py.Group, str]]:
    """The members of a group, the first one last: so that it is popped first."""
    with notes.trying(path):
        stem = path.rstrip("/")
        return [(f"{stem}/{printable(name)}", group, name) for name in reversed(list(group))]
    return []


def _address(item: Any) -> Any:
    info = h5py.h5o.get_info(item.id)
    return info.fileno, info.addr


def _link(path: str, link: h5py.SoftLink | h5py.ExternalLink) -> Entry:
    if isinstance(link, h5py.SoftLink):
        return Entry(path, "soft link", target=printable(link.path))
    return Entry(path, "external link", target=printable(f"{link.filename}:{link.path}"))


def _entry(path: str, item: Any, notes: Notes) -> Entry:
    attributes = _attributes(path, item, notes)
    entry = Entry(
        path,
        "group" if isinstance(item, h5py.Group) else "type",
        unit=attributes.pop("unit", ""),
        description=attributes.pop("description", ""),
        attributes=attributes,
    )
    if not isinstance(item, h5py.Dataset):
        return entry
    entry = replace(
        entry,
        kind="dataset",
        shape=item.shape,
        dtype=_type_name(item.dtype),
        chunks=item.chunks,
        storage=_filters(item),
        stored_bytes=item.id.get_storage_size(),
    )
    with notes.trying(path):
        if item.shape is not None and is_numeric(item):
            values, checksum = look(item, with_checksum="crc32" in item.attrs)
            entry = replace(entry, values=values)
            if "crc32" in item.attrs and checksum != int(item.attrs["crc32"]):
                notes.problems.append(f"{path}: damaged, its checksum does not match")
    return entry


def _attributes(path: str, item: Any, notes: Notes) -> dict[str, Any]:
    found: dict[str, Any] = {}
    with notes.trying(f"{path} (attributes)"):
        for name in item.attrs:
            with notes.trying(f"{path} (attribute {printable(name)})"):
                found[printable(name)] = _told(item.attrs[name])
    for name in ("unit", "description"):
        if name in found:
            found[name] = str(found[name])
    return {name: value for name, value in found.items() if name not in _ELSEWHERE}


def _told(value: Any) -> Any:
    """An attribute as plain numbers or text; of a long one the beginning."""
    if isinstance(value, h5py.Empty):
        return None
    if isinstance(value, np.ndarray) and value.size > _LONGEST_ATTRIBUTE:
        head = value.reshape(-1)[:_LONGEST_ATTRIBUTE].tolist()
        return [*(_told(part) for part in head), f"… {value.size} in all"]
    value = hdf5.plain(value)
    if isinstance(value, list):
        return [_told(part) for part in value]
    if isinstance(value, str):
        return printable(value)
    return value if isinstance(value, bool | int | float) else printable(str(value))


def _type_name(dtype: np.dtype) -> str:
    """The type in words that fit into a column."""
    if dtype.names:
        return f"compound ({', '.join(map(printable, dtype.names))})"
    if h5py.check_string_dtype(dtype) is not None:
        return "text"
    if (base := h5py.check_vlen_dtype(dtype)) is not None:
        return f"lists of {base}"
    if h5py.check_ref_dtype(dtype) is not None:
        return "references"
    return str(dtype)


def _filters(dataset: h5py.Dataset) -> str:
    """How the dataset is packed; "" where it is stored plain."""
    parts = ["shuffle"] * bool(dataset.shuffle)
    if dataset.compression:
        options = dataset.compression_opts
        parts.append(dataset.compression if options is None else f"{dataset.compression} {options}")
    return " + ".join(reversed(parts))
