"""Groups of a fields file beside the frames: averages, planes, walls along them, distributions.

    /average/<name>                     see `dsmc.fields`
    /planes/<name>                      axis, position [m], area [m2], degrees
        /<flux>, /<flux>_error          number, mass, momentum (3,), energy per area and time
    /walls/<face>                       degrees
        /area                           of the cells, (n_1,) or (n_2, n_1) [m2]
        /x, /y, /z                      centres of the cells along the axes of the face [m]
        /<flux>, /<flux>_error          (n_1,) or (n_2, n_1), the shear by direction (3, …)
    /distributions/<name>               of one velocity component in one cell
        /edges (B + 1,), /value, /error, /reference (B,)

Every dataset has a unit and a description; a slash in a name is written as " per ".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from dsmc import planes as plane_fluxes
from dsmc import wall_profiles as wall_fluxes
from dsmc.planes import Plane
from dsmc.result import Field, Histogram, Sampling
from dsmc.wall_profiles import WallProfile


def write_average(root: Any, fields: Mapping[str, Field], sampling: Sampling | None = None) -> None:
    """Write averages over the whole run into an HDF5 group, in place of earlier ones.

    sampling : when they began and why the run ended, which become attributes
    """
    if "average" not in root:
        root.create_group("average", track_order=True)
    if sampling is not None and sampling.start is not None:
        root["average"].attrs.update(
            start_step=sampling.start, start_time=sampling.time, because=sampling.because,
            restarts=sampling.restarts, ended=sampling.ended,
        )  # fmt: skip
    for name, field in fields.items():
        group = root["average"].require_group(name)
        group.attrs["unit"], group.attrs["description"] = field.unit, field.description
        group.attrs["degrees"] = field.degrees
        if field.average is not None:
            group.attrs["mean"], group.attrs["mean_error"] = map(float, field.average)
        _put(group, "value", field.value, field.unit, field.description)
        _put(group, "error", field.error, field.unit, f"standard error of: {field.description}")


def forget(root: Any) -> None:
    """Remove averages and all groups beside them: they are of a run that goes on."""
    for name in ("average", "planes", "walls", "distributions"):
        if name in root:
            del root[name]


def write(
    root: Any,
    planes: Mapping[str, Plane],
    distributions: Mapping[str, Histogram],
    walls: Mapping[str, WallProfile],
) -> None:
    """Write the groups into an HDF5 group, in place of earlier ones."""
    for name, plane in planes.items():
        group = _group(root, "planes", name)
        group.attrs.update(
            axis=plane.axis, position=plane.position, area=plane.area, degrees=plane.degrees
        )
        _fluxes(group, plane, plane_fluxes.FLUXES, "through the plane")
    for face, profile in walls.items():
        group = _group(root, "walls", face)
        group.attrs.update(degrees=profile.degrees)
        _put(group, "area", profile.area, "m2", "areas of the wall cells")
        for axis, place in zip(profile.along, profile.places, strict=True):
            _put(group, axis, place, "m", f"centres of the wall cells along {axis}")
        _fluxes(group, profile, wall_fluxes.FLUXES, "onto the wall")
    for name, histogram in distributions.items():
        group = _group(root, "distributions", name)
        unit = histogram.density_unit or f"1/({histogram.unit})"
        text = histogram.description
        _put(group, "edges", histogram.edges, histogram.unit, "ends of the classes")
        _put(group, "value", histogram.density, unit, text)
        _put(group, "error", histogram.error, unit, f"standard error of: {text}")
        if histogram.reference is not None:
            _put(group, "reference", histogram.reference, unit, f"Maxwell's {text}")


def _fluxes(group: Any, measured: Any, units: Mapping[str, str], where: str) -> None:
    """Every flux and its error."""
    for flux, unit in units.items():
        value, error = getattr(measured, flux)
        text = f"{flux.replace('_', ' ')} {where}"
        _put(group, flux, value, unit, text)
        _put(group, f"{flux}_error", error, unit, f"standard error of: {text}")


def _put(group: Any, name: str, data: Any, unit: str, description: str) -> None:
    """A dataset with unit and description, in place of an earlier one."""
    array = np.asarray(data, dtype=np.float64)
    dataset = group.require_dataset(name, array.shape, "f8", exact=True)
    dataset[...] = array
    dataset.attrs["unit"], dataset.attrs["description"] = unit, description


def _group(root: Any, kind: str, name: str) -> Any:
    """The group of a name; a slash in it would begin a further group."""
    return root.require_group(f"{kind}/{name.replace('/', ' per ')}")
