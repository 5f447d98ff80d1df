"""`dsmc inspect`: explains any file of a run, its directory, and HDF5 files made elsewhere.

`describe` finds everything out and returns it as plain values; `main` prints them, as text or as
one JSON object with these keys:

    path, kind        kind: trajectory, fields, snapshots, checkpoint, summary, directory; H5MD,
                      VTKHDF, HDF5 (made elsewhere); damaged (in a directory)
    sentence, bytes   what it is and who wrote it; its size
    state, progress   complete, unfinished, being written or unknown; how far it came
    facts             [{name, value, unit}] particles, cells, box, temperature … by kind
    clocks            [{paths, rows, steps, times, unit}] first and last moment of complete rows
    quantities        [{name, unit, description, rows, first, last, error, minimum, maximum}]
    torn              [{path, rows: {dataset: rows}, complete}]
    tree              [{path, kind, shape, dtype, unit, description, chunks, storage, stored_bytes,
                      attributes, values: {minimum, maximum, nan, infinite, first, share}, target}]
    provenance, scenario
    remarks           [text] worth knowing: NaN, torn rows, time that does not increase …
    problems          [text] damage: what cannot be read, checksums that do not match
    files             [the same again] of a directory
    pictures          [path] with --plot

A number that is not known (NaN) or not finite is null.
"""

from __future__ import annotations

import json
import os
import stat
import sys
from pathlib import Path
from typing import Any

from dsmc import hdf5, journal
from dsmc.hdf5 import Unreadable, in_own_process
from dsmc.inspect.description import Description
from dsmc.inspect.hdf5_file import describe_hdf5
from dsmc.inspect.run_directory import describe_directory
from dsmc.inspect.summary_file import describe_summary
from dsmc.summary import plain

_DAMAGED = 2  # exit code


def main(path: str, as_json: bool = False, plot: bool = False, quiet: bool = False) -> int:
    """Print what is in a file, and draw it if asked to.

    Returns 0, or 2 where parts of it are damaged. Raises OSError where nothing can be told.
    """
    description = describe(path)
    table: dict[str, Any] = plain(description) if as_json else {}
    if not as_json:
        from dsmc.inspect.text import show

        show(description, quiet)
    if plot:
        from viz.pictures import draw_target

        pictures, remarks = draw_target(path, None, quiet=quiet)
        table["pictures"] = [os.fspath(picture) for picture in pictures]
        if not as_json:
            for line in [*table["pictures"], *(() if quiet else remarks)]:
                print(line)
    if as_json:
        print(json.dumps(table, indent=1, ensure_ascii=False, allow_nan=False))
    for problem in description.problems:
        print(f"{path}: {problem}", file=sys.stderr)
    return _DAMAGED if description.problems else 0


def describe(path: str | os.PathLike[str]) -> Description:
    """All there is to know about a file or the directory of a run.

    Raises OSError where it is missing, empty, no HDF5 and no summary, or cannot be opened.
    """
    path = Path(path)
    try:
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            return describe_directory(path, describe)
        if not stat.S_ISREG(mode):
            raise Unreadable(path, "a device or a pipe, not a file: name a file")
        with open(path, "rb") as file:
            head = file.read(64).lstrip()
    except Unreadable:
        raise
    except OSError as failure:
        text = f"cannot be read: {failure.strerror}"
        raise OSError(failure.errno, text, str(path)) from failure
    if head.startswith((b"{", b"[")):
        return describe_summary(path)
    return _described(path)


@hdf5.patient
def _described(path: Path) -> Description:
    """An HDF5 file, as of one moment."""
    before = journal.state(path)
    with hdf5.telling_overtaken(path):
        found = in_own_process(describe_hdf5, path)
    if found.problems and journal.state(path) != before:
        told = f"{found.problems[0]} (but a run wrote to it meanwhile: read it again)"
        raise hdf5.Overtaken(path, told)
    return found
