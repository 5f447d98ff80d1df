"""Going on with a run from its checkpoint: exactly, with its averages and its files."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from dsmc import checkpoint
from dsmc.device import Refused
from dsmc.hdf5 import Unreadable
from dsmc.scenario import Scenario, ScenarioError, loads
from dsmc.simulation import Simulation


def resume(
    path: str | Path,
    threads: int | None = None,
    laws: Mapping[str, Callable] | None = None,
    device: str | None = None,
) -> Simulation:
    """A simulation that goes on from a checkpoint as if it had never stopped.

    path : the directory of a run, whose files are continued, or a file of `Simulation.save`,
        from which a simulation without files goes on
    laws : those of the run that wrote it, where they were not the package's own
    device : None for that of the run; on another it goes on from the same state

    >>> with dsmc.resume("runs/couette") as simulation:
    ...     simulation.run()

    Raises OSError that names the file, what is wrong with it, and the cure.
    """
    start, remark = found(path)
    scenario = scenario_of(start, path)
    directory = Path(path) if Path(path).is_dir() else None
    provenance = dict(start.provenance)
    provenance.pop("remark", None)  # of an earlier resume, which said so then
    if remark:
        provenance["remark"] = remark
    device = device or provenance.get("device", "cpu")
    return begin(scenario, start, directory, threads, laws, provenance, device)


def begin(
    scenario: Scenario,
    start: checkpoint.Checkpoint,
    directory: Path | None,
    threads: int | None = None,
    laws: Mapping[str, Callable] | None = None,
    provenance: Mapping[str, Any] | None = None,
    device: str = "cpu",
) -> Simulation:
    """The simulation that goes on from `start`, with the files in `directory`."""
    try:
        return Simulation(
            scenario, threads, directory, start.replica, laws, provenance=provenance, start=start,
            device=device,
        )  # fmt: skip
    except Refused:
        raise
    except (KeyError, ValueError, TypeError, AttributeError) as failure:
        text = f"the checkpoint does not hold what the scenario needs: {failure}"
        raise Unreadable(directory or "the checkpoint", text) from failure


def found(path: str | Path) -> tuple[checkpoint.Checkpoint, str]:
    """The checkpoint of a directory or file, and a remark if an older one had to serve."""
    path = Path(path)
    if path.is_dir():
        present = [
            name for name in (checkpoint.NAME, checkpoint.PREVIOUS) if (path / name).exists()
        ]
        if not present:
            there = sorted(item.name for item in path.iterdir())
            what = f"it holds {', '.join(there[:6])}" if there else "it is empty"
            raise Unreadable(
                path,
                f"no checkpoint.h5 in this directory; {what}. Name the directory of a run "
                "(replicas write no checkpoint: run them again)",
            )
        return checkpoint.latest(path)
    try:
        return checkpoint.read(path), ""
    except Unreadable as failure:
        before = path.with_name(checkpoint.PREVIOUS)
        if path.name != checkpoint.NAME or not before.is_file():
            raise
        text = f"{failure.strerror}; the one before it is {checkpoint.PREVIOUS}"
        raise Unreadable(path, text) from failure


def scenario_of(start: checkpoint.Checkpoint, path: str | Path) -> Scenario:
    """The scenario that the checkpoint carries. Raises Unreadable where it is no scenario."""
    try:
        return loads(start.scenario_text, start.name)
    except ScenarioError as error:
        raise Unreadable(path, f"the scenario in the checkpoint is not valid: {error}") from error
