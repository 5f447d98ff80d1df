"""A result as labelled arrays: one `xarray.Dataset` with coordinates, units and errors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from dsmc.faces import AXES
from dsmc.planes import FLUXES
from dsmc.result import Result

if TYPE_CHECKING:
    import xarray

Variables = dict[str, tuple[tuple[str, ...], Any, dict[str, str]]]  # dimensions, data, attributes

_FLUXES = {"number_flux": "m-2 s-1", "pressure": "Pa", "shear": "Pa", "heat_flux": "W m-2"}


def dataset(result: Result) -> xarray.Dataset:
    """Series, fields, walls and histograms as one dataset; see `Result.to_xarray`.

    Raises ImportError, with the command that installs it, without xarray.
    """
    try:
        import xarray
    except ImportError as missing:
        raise ImportError(
            "Result.to_xarray() needs xarray, which is not installed; "
            "install it with: pip install xarray"
        ) from missing
    variables: Variables = {}
    _add_series(variables, result)
    _add_fields(variables, result)
    _add_walls(variables, result)
    _add_planes(variables, result)
    _add_histograms(variables, result)
    origin = {name: str(value) for name, value in result.provenance.items()}
    return xarray.Dataset(
        variables, attrs={"title": result.title, "scenario": result.scenario_text, **origin}
    )


def _add(
    variables: Variables,
    name: str,
    dims: tuple[str, ...],
    columns: tuple[Any, Any, Any],
    unit: str,
    description: str,
) -> None:
    """A variable with its error and, where it is known, its reference."""
    told = {"units": unit, "long_name": description or name}  # as xarray's plots label their axes
    value, error, reference = columns
    variables[name] = (dims, value, told)
    variables[f"{name}_error"] = (dims, error, told | {"long_name": f"error of {name}"})
    if reference is not None:
        known = told | {"long_name": f"reference of {name}"}
        variables[f"{name}_reference"] = (dims[:1], reference, known)


def _add_series(variables: Variables, result: Result) -> None:
    clocks: dict[str, np.ndarray] = {}
    for name, series in result.series.items():
        clock = next((c for c, t in clocks.items() if np.array_equal(t, series.time)), None)
        if clock is None:
            clock = f"time_{name}" if clocks else "time"
            clocks[clock] = series.time
            variables[clock] = ((clock,), series.time, {"units": "s", "long_name": "time"})
        dims = (clock,) if series.value.ndim == 1 else (clock, f"{name}_component")
        columns = (series.value, series.error, series.reference)
        _add(variables, name, dims, columns, series.unit, series.description)


def _add_fields(variables: Variables, result: Result) -> None:
    for name, field in result.fields.items():
        dims = AXES[: len(field.axes)]
        for dim, centres in zip(dims, field.axes, strict=True):
            variables[dim] = ((dim,), centres, {"units": "m", "long_name": dim})
        columns = (field.value, field.error, None)
        _add(variables, f"field_{name}", dims[::-1], columns, field.unit, field.description)


def _add_walls(variables: Variables, result: Result) -> None:
    if not result.walls:
        return
    variables["face"] = (("face",), list(result.walls), {})
    variables["axis"] = (("axis",), list(AXES), {})
    for name, unit in _FLUXES.items():
        dims = ("face", "axis") if name == "shear" else ("face",)
        pairs = [getattr(wall, name) for wall in result.walls.values()]
        value, error = (np.array(column, dtype=np.float64) for column in zip(*pairs, strict=True))
        text = f"{name.replace('_', ' ')} onto the wall"
        _add(variables, f"wall_{name}", dims, (value, error, None), unit, text)


def _add_planes(variables: Variables, result: Result) -> None:
    if not result.planes:
        return
    variables["plane"] = (("plane",), list(result.planes), {})
    variables["axis"] = (("axis",), list(AXES), {})
    for name, unit in FLUXES.items():
        dims = ("plane", "axis") if name == "momentum_flux" else ("plane",)
        pairs = [getattr(plane, name) for plane in result.planes.values()]
        value, error = (np.array(column, dtype=np.float64) for column in zip(*pairs, strict=True))
        text = f"{name.replace('_', ' ')} through the plane"
        _add(variables, f"plane_{name}", dims, (value, error, None), unit, text)


def _add_histograms(variables: Variables, result: Result) -> None:
    for name, histogram in result.histograms.items():
        dim = f"{name}_class"
        about = {"units": histogram.unit, "long_name": "middle of the class"}
        variables[dim] = ((dim,), histogram.centres, about)
        columns = (histogram.density, histogram.error, histogram.reference)
        unit = histogram.density_unit or f"1/({histogram.unit})"
        _add(variables, f"histogram_{name}", (dim,), columns, unit, histogram.description)
