"""Ways to damage the files of a run, and things that may stand in their place."""

import os
import zlib
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np

SEED = 20261121
TRAJECTORY, FIELDS, SNAPSHOTS = "trajectory.h5", "fields.vtkhdf", "particles.vtkhdf"
CHECKPOINT, SUMMARY = "checkpoint.h5", "summary.json"
HDF5_FILES = (TRAJECTORY, FIELDS, SNAPSHOTS, CHECKPOINT)
POSITION, TIME = "particles/trajectory/position", "observables/temperature/time"

Damage = Callable[[Path], None]


# ---------------------------------------------------------------------- cut and flipped bytes


def cut(place: float) -> Damage:
    """Keep a share of the file, or a number of bytes; all but the last byte at -1."""

    def damage(path: Path) -> None:
        size = path.stat().st_size
        os.truncate(path, size - 1 if place < 0 else int(place * size if place < 1 else place))

    return damage


def flip(number: int, bits: int, start: float, stop: float) -> Damage:
    """Flip `bits` bits somewhere between two shares of the file."""

    def damage(path: Path) -> None:
        content = bytearray(path.read_bytes())
        draw = np.random.default_rng([SEED, number])
        low, high = int(start * len(content)), max(64, int(stop * len(content)))
        for place in draw.integers(low, high, bits):
            content[place] ^= 1 << int(draw.integers(8))
        path.write_bytes(content)

    return damage


# ---------------------------------------------------------------------- another tree


def edit(change: Callable[[h5py.File], None]) -> Damage:
    """Change the tree of a sound file."""

    def damage(path: Path) -> None:
        with h5py.File(path, "r+") as file:
            change(file)

    return damage


def without(*paths: str) -> Damage:
    """Remove objects."""

    def change(file: h5py.File) -> None:
        for path in paths:
            del file[path]

    return edit(change)


def put(path: str, data: object = None, **how: object) -> Damage:
    """Put a dataset in the place of an object; a group if there is no data."""

    def change(file: h5py.File) -> None:
        if path in file:
            del file[path]
        if data is None and not how:
            file.create_group(path)
        else:
            file.create_dataset(path, data=data, **how)

    return edit(change)


def attribute(path: str, name: str, value: object) -> Damage:
    """Set an attribute; remove it if the value is None."""

    def change(file: h5py.File) -> None:
        if value is None:
            del file[path].attrs[name]
        else:
            file[path].attrs[name] = value

    return edit(change)


def link(path: str, target: object) -> Damage:
    """Put a link in the place of an object; text is the path of a hard link."""

    def change(file: h5py.File) -> None:
        found = file[target] if isinstance(target, str) else target
        if path in file:
            del file[path]
        file[path] = found

    return edit(change)


def nan_phase(file: h5py.File) -> None:
    """A checkpoint whose particles are nowhere, with a checksum that matches."""
    phase = file["particles/phase"]
    phase[...] = np.nan
    phase.attrs["crc32"] = zlib.crc32(phase[()].tobytes())


def group_called(name: bytes) -> Damage:
    """Add a group with any bytes as its name: the low level does not mind."""
    return edit(lambda file: h5py.h5g.create(file["observables"].id, name) and None)


def no_text(path: Path) -> None:
    """Texts of a kind that HDF5 does not have: reading one crashes the library (2.0)."""
    content = path.read_bytes()
    kind, no_kind = bytes([0x19, 1, 1, 0, 16]), bytes([0x19, 3, 1, 0, 16])
    assert kind in content
    path.write_bytes(content.replace(kind, no_kind))


def deep(file: h5py.File) -> None:
    """Five hundred groups in one another."""
    group = file["observables"]
    for _ in range(500):
        group = group.create_group("g")


COMPOUND = np.zeros(4, dtype=[("a", "f8"), ("b", "S4")])
LISTS = {"data": [b"a", b"bb"], "dtype": h5py.string_dtype()}
EDITS: dict[str, dict[str, Damage]] = {
    TRAJECTORY: {
        "no particles": without("particles"),
        "no observables": without("observables"),
        "no h5md": without("h5md"),
        "no parameters": without("parameters"),
        "nothing at all": edit(lambda file: file.clear()),
        "a group for a dataset": put(f"{POSITION}/value"),
        "a dataset for a group": put("particles", np.zeros(3)),
        "observables are numbers": put("observables", 1.0),
        "positions of one axis": put(f"{POSITION}/value", np.zeros((4, 50), np.float32)),
        "one position": put(f"{POSITION}/value", 1.0),
        "positions of no frame": put(f"{POSITION}/value", np.zeros((0, 0, 3), np.float32)),
        "time in words": put(TIME, **LISTS),
        "time of compounds": put(TIME, COMPOUND),
        "time of nothing": put(TIME, h5py.Empty("f8")),
        "time of complex numbers": put(TIME, np.ones(4, complex)),
        "time goes back": put(TIME, np.array([0.0, 2.0, 1.0, 3.0])),
        "time stands still": put(TIME, np.zeros(4)),
        "time is not known": put(TIME, np.full(4, np.nan)),
        "a short time": put(TIME, np.arange(2.0)),
        "a value of references": put(
            "observables/temperature/value", dtype=h5py.ref_dtype, shape=4
        ),
        "a huge value": put(
            "observables/temperature/value", shape=(1 << 45,), dtype="f8", chunks=(1 << 10,)
        ),
        "huge chunks": put(
            "observables/temperature/value", shape=(1 << 30,), dtype="f8", chunks=(1 << 28,)
        ),
        "a dangling soft link": link(POSITION, h5py.SoftLink("/nowhere")),
        "a soft link to itself": link(POSITION, h5py.SoftLink(f"/{POSITION}")),
        "a dangling external link": link(POSITION, h5py.ExternalLink("gone.h5", "/x")),
        "a hard link to the root": link("observables/loop", "/"),
        "particles within themselves": link("particles/trajectory/again", "particles"),
        "a name that is no Unicode": group_called(b"\xff\xfe"),
        "a name that paints a terminal": group_called(b"\x1b[31mred"),
        "five hundred levels": edit(deep),
        "texts of no kind": no_text,
        "a version in words": attribute("h5md", "version", "one"),
        "a scenario of numbers": attribute("parameters", "scenario", np.arange(5)),
    },
    FIELDS: {
        "no steps": without("VTKHDF/Steps"),
        "no cells": without("VTKHDF/CellData"),
        "no extent": attribute("VTKHDF", "WholeExtent", None),
        "a short extent": attribute("VTKHDF", "WholeExtent", np.array([0, 4])),
        "another type": attribute("VTKHDF", "Type", np.bytes_("UnstructuredGrid")),
        "cells of another shape": put("VTKHDF/CellData/temperature", np.zeros((3, 9, 9))),
        "cells in words": put("VTKHDF/CellData/temperature", **LISTS),
        "an average without values": without("average/temperature/value"),
    },
    SNAPSHOTS: {
        "no points": without("VTKHDF/Points"),
        "more points than there are": put("VTKHDF/NumberOfPoints", np.full(3, 1 << 60)),
        "negative offsets": put("VTKHDF/Steps/PointOffsets", np.full(3, -5)),
    },
    CHECKPOINT: {
        "a wrong checksum": attribute("particles/phase", "crc32", 1),
        "no checksum": attribute("particles/phase", "crc32", None),
        "no phase": without("particles/phase"),
        "a flat phase": put("particles/phase", np.zeros(7)),
        "particles nowhere": edit(nan_phase),
        "a version to come": attribute("/", "version", 99),
        "no format": attribute("/", "format", None),
        "a step in words": attribute("/", "step", "many"),
        "no scenario": attribute("parameters", "scenario", None),
        "another scenario": attribute("parameters", "scenario", "title = 1\n[gas"),
        "no samplers": without("samplers"),
        "no rows of files": without("files"),
        "samplers within themselves": link("samplers/again", "samplers"),
    },
}


# ---------------------------------------------------------------------- something else


def text(content: str | bytes) -> Damage:
    """Put a file of this content in the place."""
    return lambda path: path.write_bytes(
        content if isinstance(content, bytes) else content.encode()
    )


def instead(make: Callable[[Path], object]) -> Damage:
    """Make something else in the place of the file."""

    def damage(path: Path) -> None:
        path.unlink()
        make(path)

    return damage


def pandas_like(path: Path) -> None:
    """HDF5 of another program."""
    with h5py.File(path, "w") as file:
        file["df/axis0"] = np.array([b"a", b"b"])
        file["df/block0_values"] = np.arange(6.0).reshape(3, 2)


PNG = b"\x89PNG\r\n\x1a\n" + bytes(200)
ELSEWHERE: dict[str, Damage] = {
    "empty": text(""),
    "a text": text("step time temperature\n0 0 300\n"),
    "JSON of something else": text('{"a": [1, 2, 3]}'),
    "a picture": text(PNG),
    "noise": text(np.random.default_rng(SEED).bytes(5000)),
    "only the signature": text(b"\x89HDF\r\n\x1a\n"),
    "HDF5 of another program": instead(pandas_like),
    "a directory": instead(Path.mkdir),
    "a pipe": instead(os.mkfifo),
    "a dangling name": instead(lambda path: path.symlink_to("gone")),
    "a name of itself": instead(lambda path: path.symlink_to(path.name)),
    "no permission": lambda path: path.chmod(0),
}
SUMMARIES: dict[str, Damage] = {
    "an empty object": text("{}"),
    "a list": text("[1, 2]"),
    "cut": cut(0.6),
    "nested without end": text("[" * 200_000),
    "series are numbers": text('{"title": 1, "series": {"a": 3}, "steps": 1, "provenance": {}}'),
    "not Unicode": text(b'{"title": "\xff"}'),
}


def damages() -> dict[str, tuple[str, Damage]]:
    """{name: (file, what is done to it)}"""
    cases: dict[str, tuple[str, Damage]] = {}
    for number, file in enumerate(HDF5_FILES):
        for place in (0.0, 0.5, 0.99, -1):
            cases[f"{file} cut at {place:g}"] = (file, cut(place))
        for n in range(2):
            seed = 100 * number + n
            cases[f"{file} head bit {n}"] = (file, flip(seed, 1, 0.0, 0.0))
            cases[f"{file} bits {n}"] = (file, flip(seed + 20, 64, 0.0, 1.0))
        cases |= {f"{file} {name}": (file, damage) for name, damage in EDITS[file].items()}
    cases |= {f"{TRAJECTORY} is {name}": (TRAJECTORY, damage) for name, damage in ELSEWHERE.items()}
    for name in ("empty", "noise", "a pipe", "a dangling name"):
        cases[f"{CHECKPOINT} is {name}"] = (CHECKPOINT, ELSEWHERE[name])
    cases |= {f"{SUMMARY} is {name}": (SUMMARY, damage) for name, damage in SUMMARIES.items()}
    return cases


DAMAGES = damages()
