"""The rows of the closing table: what was judged, what changed, and what the walls received."""

from __future__ import annotations

import math

import numpy as np

from dsmc.faces import AXES, Wall
from dsmc.planes import FLUXES, Plane
from dsmc.result import Result, Row, Series, deviation

_CHANGED = 3.0  # combined errors between start and end that count as a change
_ROUNDING = 1e-12  # relative error of what is conserved


def rows(result: Result, everything: bool = False) -> list[Row]:
    """See `Result.table`."""
    found = [
        Row(
            v.quantity,
            v.unit or result.unit_of(v.quantity),
            v.measured,
            v.error,
            v.reference,
            v.z,
            "pass" if v.passed else "FAIL",
        )
        for v in result.verdicts
    ]
    for series in result.series.values():
        scalar = series.value.ndim == 1 and series.time.size > 0
        if scalar and not _is_judged(result, series.name) and (everything or _matters(series)):
            found.append(_last_value(series))
    for wall in result.walls.values():
        found += _wall_rows(wall)
    for name, plane in result.planes.items():
        found += _plane_rows(name, plane)
    return found


def _is_judged(result: Result, name: str) -> bool:
    """Whether a verdict is about this series: "h_excess at 3 tau_c" is about h_excess."""
    told = (verdict.quantity for verdict in result.verdicts)
    return any(q.replace(" ", "_") == name or q.startswith(f"{name} ") for q in told)


def _matters(series: Series) -> bool:
    """Whether there is something to see: a reference, or a change beyond the errors."""
    if series.reference is not None:
        return True
    known = np.flatnonzero(np.isfinite(series.value) & np.isfinite(series.error))
    if known.size < 2 or np.all(series.error[known] <= _ROUNDING * np.abs(series.value).max()):
        return False
    first, last = known[[0, -1]]
    change = abs(series.value[last] - series.value[first])
    return bool(change > _CHANGED * math.hypot(series.error[first], series.error[last]))


def _wall_rows(wall: Wall) -> list[Row]:
    """What one boundary received; a mirror feels neither shear nor heat and has no such rows."""
    return [
        Row(f"{name} {wall.name}", unit, float(value), float(error), None, None, "")
        for name, unit, value, error in wall.figures()
        if math.isfinite(value) and (value or error)
    ]


def _plane_rows(name: str, plane: Plane) -> list[Row]:
    """Mass flow and fluxes of momentum and energy through a plane."""
    figures = [("mass_flow", "kg s-1", *plane.mass_flow)]
    figures += [
        (f"momentum_flux_{axis}", FLUXES["momentum_flux"], *pair)
        for axis, *pair in zip(AXES, *plane.momentum_flux, strict=True)
    ]
    figures.append(("energy_flux", FLUXES["energy_flux"], *plane.energy_flux))
    return [
        Row(f"{flux} {name}", unit, float(value), float(error), None, None, "")
        for flux, unit, value, error in figures
        if math.isfinite(value)
    ]


def _last_value(series: Series) -> Row:
    value, error = float(series.value[-1]), float(series.error[-1])
    if series.reference is None or not math.isfinite(series.reference[-1]):
        return Row(series.name, series.unit, value, error, None, None, "")
    reference = float(series.reference[-1])
    z = float(deviation(value, error, reference))
    return Row(series.name, series.unit, value, error, reference, z, "")
