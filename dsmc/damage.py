"""A first look through an HDF5 file, for a process that may crash on it: see `dsmc.own_process`."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import h5py


def complaint(root: h5py.File) -> str:
    """Touch every object as a reader may; tell the first that would crash the library, or ""."""
    return next(filter(None, map(touch, objects(root))), "")


def objects(root: h5py.File) -> Iterator[h5py.Group | h5py.Dataset]:
    """Every object of a file, once."""
    seen: set[tuple[int, int]] = set()
    waiting: list[h5py.Group | h5py.Dataset] = [root]
    while waiting:
        item = waiting.pop()
        with contextlib.suppress(Exception):
            info = h5py.h5o.get_info(item.id)
            if (info.fileno, info.addr) in seen:
                continue
            seen.add((info.fileno, info.addr))
        yield item
        with contextlib.suppress(Exception):
            for name in item if isinstance(item, h5py.Group) else ():
                if item.get(name, getclass=True, getlink=True) is h5py.HardLink:
                    waiting.append(item[name])


def touch(item: h5py.Group | h5py.Dataset) -> str:
    """Read all attributes, the list of chunks and a number; tell an attribute that is no text.

    A flipped bit can make a text into lists, which we never write: reading them crashes HDF5.
    """
    with contextlib.suppress(Exception):
        for number in range(h5py.h5a.get_num_attrs(item.id)):
            attribute = h5py.h5a.open(item.id, index=number)
            if isinstance(attribute.get_type(), h5py.h5t.TypeVlenID):
                return f"the attribute {attribute.name!r} of {item.name} is no text"
    with contextlib.suppress(Exception):
        dict(item.attrs)
    with contextlib.suppress(Exception):
        if isinstance(item, h5py.Dataset) and item.size:
            if item.chunks:
                item.id.get_num_chunks()
            item[(0,) * item.ndim]
    return ""
