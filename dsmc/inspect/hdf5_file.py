"""What is in an HDF5 file: each part is looked at by itself, so that damage hides no other."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from dsmc import hdf5
from dsmc.inspect import kinds, state
from dsmc.inspect.description import Clock, Description, Entry, Torn
from dsmc.inspect.quantities import read_quantities
from dsmc.inspect.rows import read_clocks
from dsmc.inspect.tree import Notes, printable, read_tree

_UNKNOWN_IS_NAN = ("error", "_error", "reference")  # ends of names whose NaN means: not known
_SUMS = "/samplers/"  # of a checkpoint: the errors among them may be unknown
_MOST_REMARKS = 8  # about NaN; of more the number is told


def describe_hdf5(path: Path) -> Description:
    """Explain an HDF5 file, in a process that may crash. Raises OSError where it is none."""
    notes = Notes()
    with hdf5.opened(path) as file:
        entries = read_tree(file, notes)
        tree = {entry.path: entry for entry in entries}
        kind, sentence = kinds.HDF5, "A damaged HDF5 file."
        with notes.trying("/"):
            kind = kinds.kind_of(file)
            sentence = printable(kinds.sentence_of(kind, file))
        scenario, provenance = "", {}
        with notes.trying("/parameters"):
            scenario, provenance = hdf5.read_origin(file)
        clocks: tuple[Clock, ...] = ()
        torn: tuple[Torn, ...] = ()
        quantities, facts = (), []
        with notes.trying("rows"):
            clocks, torn = read_clocks(file, tree, notes)
        with notes.trying("quantities"):
            quantities = read_quantities(file, tree, notes)
        with notes.trying(f"what makes it {kind}"):
            facts = kinds.facts_of(kind, file, tree, scenario)
    notes.remarks += _remarks(path, tree, torn)
    step = next((fact.value for fact in facts if fact.name == "step"), None)
    reached, progress = state.state_of(path, scenario, clocks, step)
    return Description(
        path=str(path),
        kind=kind,
        sentence=sentence,
        bytes=path.stat().st_size,
        state=reached,
        progress=progress,
        facts=tuple(facts),
        clocks=clocks,
        quantities=quantities,
        torn=torn,
        tree=entries,
        provenance=provenance,
        scenario=scenario,
        remarks=tuple(notes.remarks),
        problems=tuple(notes.problems),
    )


def _remarks(path: Path, tree: Mapping[str, Entry], torn: tuple[Torn, ...]) -> list[str]:
    remarks = []
    if Path(f"{path}.journal").exists():
        remarks.append("a commit was cut off, or is under way: told is the one before")
    for one in torn:
        lengths = ", ".join(f"{name} {rows}" for name, rows in one.rows.items())
        remarks.append(f"torn rows in {one.path} ({lengths}): {one.complete} are complete")
    odd = [entry for entry in tree.values() if _is_odd(entry)]
    for entry in odd[:_MOST_REMARKS]:
        found = entry.values
        counts = [f"{found.nan} NaN"] * (found.nan > 0)
        counts += [f"{found.infinite} infinite"] * (found.infinite > 0)
        remarks.append(f"{entry.path} has {' and '.join(counts)}, the first at {found.first}")
    if len(odd) > _MOST_REMARKS:
        remarks.append(f"NaN or infinity in {len(odd) - _MOST_REMARKS} more datasets")
    return remarks


def _is_odd(entry: Entry) -> bool:
    """Whether there are infinities, or NaN that do not stand for what is not known."""
    if entry.values is None:
        return False
    expected = entry.path.endswith(_UNKNOWN_IS_NAN) or entry.path.startswith(_SUMS)
    return entry.values.infinite > 0 or (entry.values.nan > 0 and not expected)
