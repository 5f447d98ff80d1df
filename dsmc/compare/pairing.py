"""Which numbers of two runs ought to be equal: the same quantity, at the same time or place."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np

from dsmc.faces import AXES
from dsmc.planes import FLUXES, Plane
from dsmc.result import Field, Histogram, Result, Series, Wall
from dsmc.scenario import Scenario
from dsmc.verdict import bias

KINDS = {"series": "series", "field": "fields", "wall": "walls", "histogram": "histograms",
         "plane": "planes"}  # fmt: skip
CONSERVED = ("energy", "momentum_x", "momentum_y", "momentum_z")
_SAME = 1e-9  # relative difference of equal times, edges and centres of cells
_FLUXES = {"number_flux": "m-2 s-1", "pressure": "Pa", "shear": "Pa", "heat_flux": "W m-2"}


class Points(NamedTuple):
    """Numbers of two runs that ought to be equal.

    a, b   : (n,) [unit] and their errors (n,)
    place  : tells in words where point k is
    margin : (n,) [unit] or one number, a difference that is allowed on top of the errors
    obstacle : why there is nothing to compare; then n = 0
    remark : what is to be known of what is compared
    a_degrees, b_degrees : of freedom of errors that come from blocks of time
    """

    quantity: str
    kind: str
    unit: str
    a: np.ndarray = np.zeros(0)
    a_error: np.ndarray = np.zeros(0)
    b: np.ndarray = np.zeros(0)
    b_error: np.ndarray = np.zeros(0)
    place: Callable[[int], str] = str
    margin: np.ndarray | float = 0.0
    obstacle: str = ""
    remark: str = ""
    a_degrees: float = math.inf
    b_degrees: float = math.inf


class Run(NamedTuple):
    """A result with the scenario it is of, None where that is not known."""

    result: Result
    scenario: Scenario | None


def pairs(first: Run, second: Run) -> Iterator[Points]:
    """Everything that both runs have."""
    for name, series in first.result.series.items():
        if name in second.result.series:
            yield series_pair(series, second.result.series[name])
    for name, field in first.result.fields.items():
        if name in second.result.fields:
            yield field_pair(field, second.result.fields[name])
    for face, wall in first.result.walls.items():
        if face in second.result.walls:
            yield from wall_pairs(wall, second.result.walls[face])
    for name, plane in first.result.planes.items():
        if name in second.result.planes:
            yield from plane_pairs(name, plane, second.result.planes[name])
    together = math.isclose(first.result.time, second.result.time, rel_tol=_SAME)
    for name, histogram in first.result.histograms.items():
        if name not in second.result.histograms:
            continue
        if name == "speed_final" and not together:
            unit = histogram.density_unit or f"1/({histogram.unit})"
            yield Points(name, "histogram", unit, obstacle="taken at different times")
            continue
        yield histogram_pair(histogram, second.result.histograms[name])


def exact_pairs(first: Run) -> Iterator[Points]:
    """Every series that has an exact curve, against it, with the known bias as margin."""
    for name, series in first.result.series.items():
        if series.reference is None or series.value.ndim != 1:
            continue
        if name in CONSERVED:
            obstacle = "random from run to run, with errors of rounding"
            yield Points(name, "series", series.unit, obstacle=obstacle)
            continue
        margin = np.zeros(series.time.shape)
        if first.scenario is not None:
            far = np.abs(series.value - series.reference) > series.error  # only they need it
            for k in np.flatnonzero(far):
                margin[k] = bias(first.scenario, series, k)
        yield Points(
            name, "series", series.unit, series.value, series.error, series.reference,
            np.zeros(series.time.shape), _at_times(series.time), margin,
        )  # fmt: skip


def one_sided(first: Result, second: Result) -> tuple[list[str], list[str]]:
    """What only one of the runs has: "field heat_flux_x" …"""
    sides = []
    for own, other in ((first, second), (second, first)):
        sides.append(
            [
                f"{kind} {name}"
                for kind, table in KINDS.items()
                for name in getattr(own, table)
                if name not in getattr(other, table)
            ]
        )
    return sides[0], sides[1]


def identical(first: Result, second: Result) -> bool:
    """Whether both have the same quantities and every number is the same, bit for bit."""
    if any(one_sided(first, second)):
        return False
    return all(
        _same_numbers(vars(own), vars(getattr(second, table)[name]))
        for table in KINDS.values()
        for name, own in getattr(first, table).items()
    )


def _same_numbers(a: object, b: object) -> bool:
    if isinstance(a, dict):
        return all(_same_numbers(a[key], b[key]) for key in a)
    if isinstance(a, tuple):
        return len(a) == len(b) and all(map(_same_numbers, a, b))
    if isinstance(a, np.ndarray | float):
        return np.array_equal(a, b, equal_nan=True)
    return a == b


# ------------------------------------------------------------------ kind by kind


def series_pair(a: Series, b: Series) -> Points:
    """Two series at the times that they share; nothing is interpolated."""
    head = (a.name, "series", a.unit)
    if obstacle := _obstacle(a.unit, b.unit, a.value.shape[1:], b.value.shape[1:]):
        return Points(*head, obstacle=obstacle)
    i, j = common_times(a.time, b.time)
    fewer = min(a.time.size, b.time.size)
    if i.size < min(2, fewer) or not fewer:  # that both begin alike says nothing
        told = f"{i.size} of {fewer} times in common: choose the same run.time_step_s, sample.every"
        return Points(*head, obstacle=told)
    columns = (a.value[i], a.error[i], b.value[j], b.error[j])
    remark = f"at {i.size} of {fewer} times" if i.size < fewer else ""
    place = _at_times(a.time[i], a.value[0].size)
    return Points(*head, *map(np.ravel, columns), place, remark=remark)


def common_times(a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rows of two rising columns of times that are equal within rounding.

    a, b : (T,) and (T',) [s]
    """
    if not (a.size and b.size and np.isfinite(a).all() and np.isfinite(b).all()):
        return np.zeros(0, int), np.zeros(0, int)
    rounding = _SAME * max(abs(a[-1]), abs(b[-1]))
    rows = np.minimum(np.searchsorted(b, a - rounding), b.size - 1)
    shared = np.flatnonzero(np.abs(b[rows] - a) <= rounding)
    return shared, rows[shared]


def field_pair(a: Field, b: Field) -> Points:
    """Two fields cell by cell, if their grids are the same."""
    head = (a.name, "field", a.unit)
    if obstacle := _obstacle(a.unit, b.unit, a.value.shape, b.value.shape):
        return Points(*head, obstacle=obstacle)
    if not all(
        np.allclose(x, y, rtol=_SAME, atol=0.0) for x, y in zip(a.axes, b.axes, strict=True)
    ):
        return Points(*head, obstacle="boxes or cells of different size")
    columns = (a.value, a.error, b.value, b.error)

    def place(k: int) -> str:
        cell = np.unravel_index(k, a.value.shape)[::-1]
        return ", ".join(
            f"{axis} = {centres[i]:.4g} m"
            for axis, centres, i in zip(AXES, a.axes, cell, strict=False)
        )

    degrees = {"a_degrees": a.degrees, "b_degrees": b.degrees}
    return Points(*head, *map(np.ravel, columns), place, **degrees)


def wall_pairs(a: Wall, b: Wall) -> Iterator[Points]:
    """What one face received, flux by flux."""
    for flux, unit in _FLUXES.items():
        columns = (*getattr(a, flux), *getattr(b, flux))
        yield Points(
            f"{flux} {a.name}", "wall", unit, *(np.atleast_1d(c).astype(float) for c in columns),
            lambda k, shear=flux == "shear": AXES[k] if shear else "",
            a_degrees=a.degrees, b_degrees=b.degrees,
        )  # fmt: skip


def plane_pairs(name: str, a: Plane, b: Plane) -> Iterator[Points]:
    """What crosses one plane, flux by flux."""
    apart = abs(a.position - b.position) > _SAME * abs(a.position) or a.axis != b.axis
    for flux, unit in FLUXES.items():
        head = (f"{flux} {name}", "plane", unit)
        if apart:
            yield Points(*head, obstacle="planes at different places")
            continue
        columns = (*getattr(a, flux), *getattr(b, flux))
        yield Points(
            *head, *(np.atleast_1d(c).astype(float) for c in columns),
            lambda k, vector=flux == "momentum_flux": AXES[k] if vector else "",
            a_degrees=a.degrees, b_degrees=b.degrees,
        )  # fmt: skip


def histogram_pair(a: Histogram, b: Histogram) -> Points:
    """Two histograms class by class, if their classes are the same."""
    head = (a.name, "histogram", a.density_unit or f"1/({a.unit})")
    if obstacle := _obstacle(a.unit, b.unit, a.density.shape, b.density.shape):
        return Points(*head, obstacle=obstacle)
    if not np.allclose(a.edges, b.edges, rtol=_SAME, atol=0.0):
        return Points(*head, obstacle="different classes")

    def place(k: int) -> str:
        return f"{a.edges[k]:.4g} to {a.edges[k + 1]:.4g} {a.unit}"

    return Points(*head, a.density, a.error, b.density, b.error, place)


def _obstacle(a_unit: str, b_unit: str, a_shape: tuple, b_shape: tuple) -> str:
    if a_unit != b_unit:
        return f"units differ: {a_unit or 'none'} and {b_unit or 'none'}"
    return f"shapes differ: {a_shape} and {b_shape}" if a_shape != b_shape else ""


def _at_times(time: np.ndarray, components: int = 1) -> Callable[[int], str]:
    def place(k: int) -> str:
        component = f", component {k % components}" if components > 1 else ""
        return f"t = {time[k // components]:.4g} s{component}"

    return place
