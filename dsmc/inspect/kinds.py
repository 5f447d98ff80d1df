"""What kind of file it is, who wrote it, and the few facts that characterise its kind."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import h5py
import numpy as np

from dsmc import hdf5, mesh
from dsmc.checkpoint import FORMAT
from dsmc.inspect.description import Entry, Fact
from dsmc.inspect.rows import IMAGE, MESH, PARTICLES, vtk_type
from dsmc.inspect.values import blocks
from dsmc.species import BOLTZMANN
from dsmc.trajectory import EMPTY_PLACE

if TYPE_CHECKING:
    from dsmc.scenario import Scenario

TRAJECTORY, FIELDS, SNAPSHOTS, CHECKPOINT = "trajectory", "fields", "snapshots", "checkpoint"
H5MD, VTKHDF, HDF5 = "H5MD", "VTKHDF", "HDF5"  # made elsewhere
_VELOCITY_COLUMNS = 3


def kind_of(file: h5py.File) -> str:
    """One of the kinds above."""
    if hdf5.text(file.attrs.get("format", "")) == FORMAT:
        return CHECKPOINT
    ours = isinstance(file.get("parameters/provenance"), h5py.Group)
    if kind := vtk_type(file):
        known = {IMAGE: FIELDS, PARTICLES: SNAPSHOTS} if ours else {}
        return FIELDS if ours and mesh.is_mesh(file, kind) else known.get(kind, VTKHDF)
    head = file.get("h5md")
    if isinstance(head, h5py.Group) and "version" in head.attrs:
        return TRAJECTORY if ours else H5MD
    return HDF5


def sentence_of(kind: str, file: h5py.File) -> str:
    """What the file is and who wrote it, in one sentence."""
    if kind == CHECKPOINT:
        name, version = hdf5.text(file.attrs.get("name", "?")), file.attrs.get("version", "?")
        what = f"A checkpoint of the run {name} (version {version})"
    elif kind == TRAJECTORY:
        what = f"A trajectory: observables and tracked particles over time (H5MD {_h5md(file)})"
    elif kind == FIELDS:
        what = f"Cell fields over time (VTKHDF {_vtk(file)}, {vtk_type(file)})"
    elif kind == SNAPSHOTS:
        what = f"Snapshots of all particles (VTKHDF {_vtk(file)}, PolyData)"
    elif kind == H5MD:
        what = f"An H5MD {_h5md(file)} file made elsewhere"
    elif kind == VTKHDF:
        what = f"A VTKHDF {_vtk(file)} file of type {vtk_type(file)} made elsewhere"
    else:
        return (
            "An HDF5 file, but no H5MD (it has no group /h5md with a version), no VTKHDF (no "
            "group /VTKHDF with a Type) and no checkpoint of ours: only its tree can be told."
        )
    writer = _writer(kind, file)
    return f"{what}, written by {writer}." if writer else f"{what}."


def _writer(kind: str, file: h5py.File) -> str:
    """The program and, in H5MD, the author."""
    if kind in (CHECKPOINT, FIELDS, SNAPSHOTS):
        version = hdf5.read_origin(file)[1].get("version", "")
        return f"dsmc {version}".strip()
    told = {}
    for name in ("creator", "author"):
        group = file.get(f"h5md/{name}")
        told[name] = dict(group.attrs) if isinstance(group, h5py.Group) else {}
    creator, author = told["creator"], hdf5.text(told["author"].get("name", ""))
    program = f"{hdf5.text(creator.get('name', ''))} {hdf5.text(creator.get('version', ''))}"
    return program.strip() + (f" for {author}" if author and program.strip() else author)


def _h5md(file: h5py.File) -> str:
    return ".".join(map(str, np.ravel(file["h5md"].attrs["version"])))


def _vtk(file: h5py.File) -> str:
    return ".".join(map(str, np.ravel(file["VTKHDF"].attrs.get("Version", ["?"]))))


def facts_of(
    kind: str, file: h5py.File, tree: Mapping[str, Entry], scenario_text: str
) -> list[Fact]:
    """Numbers that characterise a file of this kind.

    tree : the entries by path
    """
    if kind == CHECKPOINT:
        return _checkpoint(file, scenario_text)
    if kind == FIELDS:
        return _fields(file)
    if kind == SNAPSHOTS:
        return _snapshots(file)
    if kind in (TRAJECTORY, H5MD):
        return _trajectory(file, tree)
    return []


def _trajectory(file: h5py.File, tree: Mapping[str, Entry]) -> list[Fact]:
    facts = []
    for path, entry in tree.items():
        if not (path.startswith("/particles/") and path.endswith("/position/value")):
            continue
        group = path.removesuffix("/position/value")
        name = group.removeprefix("/particles/")
        places = entry.shape[1] if entry.shape and len(entry.shape) > 1 else 0
        facts.append(Fact(f"particles ({name})", places))
        id = tree.get(f"{group}/id/value")
        if id is not None and id.shape and id.shape[0] and id.dtype.startswith("int"):
            held = int(np.count_nonzero(file[id.path][-1] != EMPTY_PLACE))
            if held < places:
                facts.append(Fact("places held in the last frame", held))
        facts += _box(file, f"{group}/box", tree)
    return facts


def _box(file: h5py.File, group: str, tree: Mapping[str, Entry]) -> list[Fact]:
    """Edges (those of the last frame where they change) and boundaries."""
    facts = []
    for place in (f"{group}/edges", f"{group}/edges/value"):
        entry = tree.get(place)
        if entry is not None and entry.shape and entry.shape[0]:
            edges = file[place][-1] if place.endswith("value") else file[place][()]
            facts.append(Fact("box", np.asarray(edges).tolist(), entry.unit))
    if group in tree and "boundary" in tree[group].attributes:
        facts.append(Fact("boundary", tree[group].attributes["boundary"]))
    return facts


def _fields(file: h5py.File) -> list[Fact]:
    root = file["VTKHDF"]
    average = f"{hdf5.text(root['Steps'].attrs.get('average', '?'))} average"
    if vtk_type(file) == MESH:
        widths = [np.diff(edges) for edges in mesh.edges_of(file)]
        return [
            Fact("cells", [len(width) for width in widths]),
            Fact("smallest cell", [float(width.min()) for width in widths], "m"),
            Fact("largest cell", [float(width.max()) for width in widths], "m"),
            Fact("a frame is", average),
        ]
    extent = np.asarray(root.attrs["WholeExtent"]).reshape(3, 2)
    cells = np.diff(extent, axis=1)[:, 0]
    spacing = np.asarray(root.attrs["Spacing"])
    d = int(root.attrs.get("space_dimension", 3))
    return [
        Fact("cells", cells[:d].tolist()),
        Fact("cell size", spacing[:d].tolist(), "m"),
        Fact("a frame is", average),
    ]


def _snapshots(file: h5py.File) -> list[Fact]:
    root = file["VTKHDF"]
    counts = root["NumberOfPoints"]
    facts = [Fact("box", np.ravel(root.attrs["box_lengths"]).tolist(), "m")]
    if len(counts):
        facts += [
            Fact("particles in the first frame", int(counts[0])),
            Fact("particles in the last frame", int(counts[-1])),
        ]
    return facts


def _checkpoint(file: h5py.File, scenario_text: str) -> list[Fact]:
    phase = file["particles/phase"]
    facts = [
        Fact("step", int(file.attrs["step"])),
        Fact("time", float(file.attrs["time"]), "s"),
        Fact("replica", int(file.attrs["replica"])),
        Fact("particles", int(phase.shape[0])),
        Fact("precision", str(phase.dtype)),
    ]
    scenario = scenario_in(scenario_text)
    if scenario is not None and phase.shape[0]:
        facts += _moments(file, [molecule.mass for molecule in scenario.molecules], scenario.weight)
    return facts


def scenario_in(text: str) -> Scenario | None:
    """The scenario that a file carries, None where the text is not a valid one."""
    from dsmc.scenario import ScenarioError, loads  # slow to load, and most files do without

    try:
        return loads(text, "scenario") if text else None
    except ScenarioError:
        return None


def _moments(file: h5py.File, masses: list[float], weight: float) -> list[Fact]:
    """Momentum of all molecules, flow velocity and temperature, T = sum m (v - u)^2 / 3 N k."""
    phase, species = file["particles/phase"], file.get("particles/species")
    momentum, energy, mass, count = np.zeros(3), 0.0, 0.0, 0
    for place in blocks(phase.shape, phase.dtype.itemsize):
        velocity = phase[place][:, -_VELOCITY_COLUMNS:].astype(np.float64)
        numbers = np.zeros(len(velocity), int) if species is None else species[place[0]]
        m = np.asarray(masses)[numbers]
        momentum += m @ velocity
        energy += float(np.sum(m[:, None] * velocity**2))
        mass += float(m.sum())
        count += len(m)
    thermal = energy - float(momentum @ momentum) / mass
    temperature = thermal / (3.0 * count * BOLTZMANN)
    found = [
        Fact("momentum", (weight * momentum).tolist(), "kg m s-1"),
        Fact("flow velocity", (momentum / mass).tolist(), "m s-1"),
        Fact("temperature", temperature, "K"),
    ]
    return [fact for fact in found if np.all(np.isfinite(fact.value))]
