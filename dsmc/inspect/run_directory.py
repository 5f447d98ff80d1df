"""What is in the directory of a run: a description of each of its files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from dsmc.checkpoint import PREVIOUS
from dsmc.hdf5 import Unreadable
from dsmc.inspect import state
from dsmc.inspect.description import Description, Fact

DIRECTORY, DAMAGED = "directory", "damaged"
_PICTURES = (".png", ".gif", ".svg", ".pdf")
_FILES = (".h5", ".hdf5", ".vtkhdf", "summary.json")


def describe_directory(path: Path, describe: Callable[[Path], Description]) -> Description:
    """Explain every file of a run with `describe`. Raises OSError where there is none."""
    there = sorted(item for item in path.iterdir() if not item.is_dir())
    ours = [item for item in there if item.name.endswith(_FILES)]
    if not ours:
        names = [item.name for item in sorted(path.iterdir())]
        held = f"it holds {', '.join(names[:6])}" if names else "it is empty"
        raise Unreadable(path, f"no file of a run in this directory; {held}. Name another")
    files = tuple(_told(item, describe) for item in ours)
    pictures = [item.name for item in there if item.suffix in _PICTURES]
    others = [item.name for item in there if item not in ours and item.name not in pictures]
    facts = [Fact("pictures", pictures), Fact("other files", others)]
    reached = {file.state for file in files if not file.path.endswith(PREVIOUS)}
    worst_first = (state.WRITING, state.UNFINISHED, state.COMPLETE, state.UNKNOWN)
    return Description(
        path=str(path),
        kind=DIRECTORY,
        sentence=f"A directory with {len(files)} files of results.",
        bytes=sum(item.stat().st_size for item in there),
        state=next((name for name in worst_first if name in reached), state.UNKNOWN),
        facts=tuple(fact for fact in facts if fact.value),
        provenance=next((file.provenance for file in files if file.provenance), {}),
        scenario=next((file.scenario for file in files if file.scenario), ""),
        problems=tuple(f"{Path(file.path).name}: {p}" for file in files for p in file.problems),
        files=files,
    )


def _told(path: Path, describe: Callable[[Path], Description]) -> Description:
    """The description of one file; of one that cannot be read what is wrong with it."""
    try:
        return describe(path)
    except OSError as failure:
        size = path.lstat().st_size
        problem = failure.strerror or str(failure)
        return Description(str(path), DAMAGED, "Not readable.", size, problems=(problem,))
