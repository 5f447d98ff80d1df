"""Starting from a file: what an earlier run left, made ready to be the initial state of another.

    trajectory.h5, or H5MD made elsewhere       the tracked particles of a frame, float32
    checkpoint.h5                               every particle, exactly
    particles.vtkhdf                            every particle of a frame, float32
    fields.vtkhdf                               n, u and T of every cell, in a frame

Particles are taken as they are, fields are drawn from (see `dsmc.initial`). Files of ours tell the
box and the gas that they are of: those of the scenario must be the same. Boxes may be divided into
other cells.
"""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from dsmc import checkpoint, fields, hdf5, mesh, snapshots, trajectory
from dsmc.faces import AXES
from dsmc.grading import edges_around
from dsmc.initial import CellGas, EarlierParticles, misfit

if TYPE_CHECKING:
    from dsmc.scenario import Scenario

LARGEST_MISMATCH = 0.01  # of the mean density: beyond the noise of any useful fields
_SAME = 1e-6  # relative difference of equal lengths, single precision included


@hdf5.patient
def earlier_state(scenario: Scenario) -> EarlierParticles | CellGas:
    """What the file of `initial.path` holds in `initial.frame`.

    Raises OSError where it is missing, damaged or of no kind that can be started from, and
    ValueError, naming initial.path, where it does not fit the scenario.
    """
    path, frame = scenario.initial.path, scenario.initial.frame
    with hdf5.reading(path) as file:
        kind = _kind(file)
        origin = _origin(hdf5.read_origin(file)[0])
    if origin is not None:
        _check_origin(scenario, origin)
    if kind in ("ImageData", mesh.TYPE):
        return _cell_gas(scenario, frame)
    if kind == "PolyData":
        snapshot = snapshots.read_snapshot(path, frame)
        found = EarlierParticles(snapshot.position, snapshot.velocity, snapshot.species)
    elif kind == checkpoint.FORMAT:
        if frame not in (-1, 0):
            raise hdf5.Unreadable(path, f"no frame {frame}; a checkpoint holds one state")
        state = checkpoint.read(path)
        found = EarlierParticles(state.position, state.velocity, state.particles.get("species"))
    else:
        found = EarlierParticles(*trajectory.read_frame(path, frame)[:2])
    if found.position.shape[1] < scenario.dimension:
        raise misfit(
            scenario,
            f"holds positions in {found.position.shape[1]} dimensions, domain.length_m has "
            f"{scenario.dimension}",
        )
    return found._replace(position=found.position[:, : scenario.dimension])


def _kind(file) -> str:
    """The format of a checkpoint, the type of a VTKHDF file, else "" (a trajectory, if any)."""
    if "format" in file.attrs:
        return hdf5.text(file.attrs["format"])
    return hdf5.text(file["VTKHDF"].attrs.get("Type", "")) if "VTKHDF" in file else ""


class _Origin(NamedTuple):
    lengths: tuple[float, ...]  # (d,) [m]
    species: list[str]


def _origin(scenario_text: str) -> _Origin | None:
    """Box and species of the scenario that a file comes from; None where it does not tell."""
    try:
        tables = tomllib.loads(scenario_text)
        entries = tables.get("species") or [{"name": tables.get("gas", {}).get("species")}]
        return _Origin(
            tuple(float(length) for length in tables["domain"]["length_m"]),
            [str(entry["name"] or "gas") for entry in entries],
        )
    except (tomllib.TOMLDecodeError, AttributeError, KeyError, TypeError, ValueError):
        return None


def _check_origin(scenario: Scenario, origin: _Origin) -> None:
    names = [molecule.name for molecule in scenario.molecules]
    if origin.species != names:
        raise misfit(
            scenario,
            f"is of {', '.join(origin.species)}, the scenario of {', '.join(names)}: "
            "start from a file of the same species, in the same order",
        )
    _check_box(scenario, origin.lengths)


def _check_box(scenario: Scenario, lengths: tuple[float, ...]) -> None:
    stated = scenario.lengths
    if len(lengths) != len(stated) or not np.allclose(lengths, stated, rtol=_SAME, atol=0.0):
        raise misfit(
            scenario,
            f"is of a box of {list(lengths)} m: its gas would lie outside domain.length_m = "
            f"{list(stated)}, or not fill it; set domain.length_m = {list(lengths)}",
        )


def _cell_gas(scenario: Scenario, frame: int) -> CellGas:
    """The fields of a file, checked."""
    path = scenario.initial.path
    steps, _ = fields.frame_times(path)
    only_average = frame == -1 and not len(steps)
    found = fields.read_fields(path, None if only_average else frame)
    names = ["number_density", *(f"velocity_{axis}" for axis in AXES), "temperature"]
    missing = [name for name in names if name not in found]
    if missing:
        raise hdf5.Unreadable(path, f"cell fields without {', '.join(missing)}")
    axes = found["temperature"].axes
    edges = tuple(edges_around(axis) for axis in axes)
    _check_box(scenario, tuple(float(axis[-1]) for axis in edges))
    n, *u, temperature = (found[name].value.ravel() for name in names)
    gas = CellGas(edges, n, np.stack(u, axis=1), temperature)
    _check_values(scenario, gas)
    return gas


def _check_values(scenario: Scenario, gas: CellGas) -> None:
    """Every cell has a state to draw from, and the gas the density that the scenario states."""
    n, filled = gas.number_density, gas.number_density > 0.0
    states = np.column_stack([gas.velocity, gas.temperature])[filled]
    unknown = np.count_nonzero(~(np.isfinite(n) & (n >= 0.0)))
    unknown += np.count_nonzero(~(np.isfinite(states).all(axis=1) & (states[:, -1] >= 0.0)))
    if unknown:
        raise misfit(
            scenario,
            f"has no density, velocity or temperature (NaN, or negative) in {unknown} of {n.size} "
            "cells: take a frame averaged over more samples",
        )
    mean, stated = float(n @ gas.volumes / gas.volumes.sum()), scenario.number_density
    if not abs(mean - stated) <= LARGEST_MISMATCH * stated:
        raise misfit(
            scenario,
            f"has a mean density of {mean:.6g} m^-3, not that of initial.number_density_m3 = "
            f"{stated:.6g}: set initial.number_density_m3 = {mean:.6g}",
        )
