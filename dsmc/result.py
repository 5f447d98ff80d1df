"""What a run measured: series, cell fields, wall tallies, histograms and verdicts.

Plain frozen values. Every number carries a unit and a standard error; a standard error that is
not known is NaN, never zero.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from dsmc.faces import Measured, Wall

if TYPE_CHECKING:
    import xarray

    from dsmc.planes import Plane
    from dsmc.wall_profiles import WallProfile

_MOST_DECIMALS = 9  # that are printed of any number


@dataclass(frozen=True, eq=False)
class Series:
    """A quantity of the whole gas over time.

    name, unit, description : text; unit "1" for a pure number
    time      : (T,) [s]
    value     : (T,) or (T, K) [unit]
    error     : as value [unit], one standard error; NaN where unknown
    reference : (T,) [unit] or None, the exact or accepted value at the same times

    Raises ValueError when the shapes disagree.
    """

    name: str
    unit: str
    description: str
    time: np.ndarray
    value: np.ndarray
    error: np.ndarray
    reference: np.ndarray | None = None

    def __post_init__(self) -> None:
        _as_arrays(self, ("time", "value", "error", "reference"))
        _same_shape(self, self.time.shape[:1], time=self.time)
        if self.value.ndim not in (1, 2) or self.value.shape[:1] != self.time.shape:
            raise ValueError(
                f"series {self.name!r}: value has shape {self.value.shape}; "
                f"expected ({self.time.size},) or ({self.time.size}, K), one row per time"
            )
        _same_shape(self, self.value.shape, error=self.error)
        _same_shape(self, self.time.shape, reference=self.reference)

    def __repr__(self) -> str:
        """The last value in one line."""
        if not self.time.size:
            return f"<Series {self.name}: no rows>"
        value, error = self.value[-1], self.error[-1]
        pairs = [
            format_measured(*pair) for pair in zip(np.ravel(value), np.ravel(error), strict=True)
        ]
        rows = f"{self.time.size} rows" if self.time.size > 1 else "1 row"
        last = f"{', '.join(pairs)} {self.unit} at t = {self.time[-1]:.4g} s"
        return f"<Series {self.name}: {last} ({rows})>"


@dataclass(frozen=True, eq=False)
class Field:
    """A quantity in every cell, averaged over the sampled time.

    axes  : one array of cell centres per dimension of space, x first, (n_x,), (n_y,) … [m]
    average : mean over the cells and its own error; None where unknown
    value : (n_x,), (n_y, n_x) or (n_z, n_y, n_x) [unit]: x runs fastest
    error : as value [unit], one standard error; NaN where unknown
    degrees : of freedom of Student's law for the errors of the cells

    Raises ValueError when the shapes disagree.
    """

    name: str
    unit: str
    description: str
    axes: tuple[np.ndarray, ...]
    value: np.ndarray
    error: np.ndarray
    average: Measured | None = None
    degrees: float = math.inf

    def __post_init__(self) -> None:
        object.__setattr__(self, "axes", tuple(np.asarray(a, dtype=np.float64) for a in self.axes))
        _as_arrays(self, ("value", "error"))
        cells = tuple(axis.size for axis in reversed(self.axes))
        _same_shape(self, cells, value=self.value, error=self.error)

    def __repr__(self) -> str:
        """Cells and range in one line."""
        cells = " x ".join(str(axis.size) for axis in self.axes)
        known = self.value[np.isfinite(self.value)]
        span = f"{known.min():.6g} to {known.max():.6g} {self.unit}" if known.size else "unknown"
        return f"<Field {self.name}: {span} in {cells} cells>"


@dataclass(frozen=True, eq=False)
class Histogram:
    """A quantity by class of another one: a speed distribution, a rate by speed.

    unit      : of the edges
    edges     : (B + 1,) [unit]
    density   : (B,) [density_unit], mean over each class
    error     : (B,) [density_unit], one standard error; NaN where unknown
    reference : (B,) [density_unit] or None, the exact mean over each class
    density_unit : "" means a density over the edges' unit, 1/unit

    Raises ValueError when the shapes disagree.
    """

    name: str
    unit: str
    edges: np.ndarray
    density: np.ndarray
    error: np.ndarray
    reference: np.ndarray | None = None
    density_unit: str = ""
    description: str = ""

    def __post_init__(self) -> None:
        _as_arrays(self, ("edges", "density", "error", "reference"))
        classes = (self.edges.size - 1,)
        _same_shape(self, classes, density=self.density, error=self.error, reference=self.reference)

    @property
    def centres(self) -> np.ndarray:
        """Middle of every class, (B,) [unit]."""
        return 0.5 * (self.edges[1:] + self.edges[:-1])


@dataclass(frozen=True)
class Verdict:
    """One measured number against its reference.

    z = (measured - reference) / error; `margin` is the known bias that is allowed on top of the
    error, in the quantity's own unit; `source` says where the reference comes from.
    """

    quantity: str
    measured: float
    error: float
    reference: float
    margin: float
    z: float
    passed: bool
    source: str
    unit: str = ""


@dataclass(frozen=True)
class Sampling:
    """When averages over time began, and why the run ended.

    start, time : step from which averages are taken, and its time [s]; None and NaN where nothing
                  is averaged (yet)
    because     : why then
    restarts    : how often they were begun anew, since the flow drifted on
    ended       : why the run ended; "" as long as it goes on
    """

    start: int | None = None
    time: float = math.nan
    because: str = ""
    restarts: int = 0
    ended: str = ""

    def __str__(self) -> str:
        """One line that says it all; "" where there is nothing to say."""
        told = []
        if self.start is not None:
            told.append(f"averages from step {self.start} on (t = {self.time:.4g} s)")
        if self.because:
            told.append(self.because)
        if self.restarts:
            told.append(f"begun anew {self.restarts} times, since the flow drifted on")
        if self.ended:
            told.append(f"ended: {self.ended}")
        return "; ".join(told)


@dataclass(frozen=True)
class Row:
    """One line of the closing table; `reference` and `z` are None where nothing is known."""

    quantity: str
    unit: str
    measured: float
    error: float
    reference: float | None
    z: float | None
    verdict: str  # "pass", "FAIL" or "" where nothing was judged


@dataclass(frozen=True, eq=False)
class Result:
    """Everything a run has to say.

    collisions : collisions counted; steps : time steps done; time : physical time [s]
    particles  : simulated particles; wall_time : [s]; stage_seconds : {stage: [s]}
    provenance : who, when, with what (see `dsmc.summary.provenance`)
    sampling   : when averages began, and why the run ended
    quality    : numbers that judge the run, among them "collision_time" [s], dx/lambda,
                 dt/tau_c, particles per cell
    unfinished : what is missing of a run whose files were opened before its end, and how to go on
    """

    title: str
    scenario_text: str
    series: Mapping[str, Series] = field(default_factory=dict)
    fields: Mapping[str, Field] = field(default_factory=dict)
    walls: Mapping[str, Wall] = field(default_factory=dict)
    histograms: Mapping[str, Histogram] = field(default_factory=dict)
    planes: Mapping[str, Plane] = field(default_factory=dict)
    wall_profiles: Mapping[str, WallProfile] = field(default_factory=dict)
    collisions: int = 0
    steps: int = 0
    time: float = 0.0
    particles: int = 0
    wall_time: float = 0.0
    stage_seconds: Mapping[str, float] = field(default_factory=dict)
    verdicts: tuple[Verdict, ...] = ()
    provenance: Mapping[str, Any] = field(default_factory=dict)
    quality: Mapping[str, Any] = field(default_factory=dict)
    unfinished: str = ""
    sampling: Sampling = Sampling()

    @property
    def passed(self) -> bool:
        """True when no verdict failed (also when nothing was judged)."""
        return all(verdict.passed for verdict in self.verdicts)

    def table(self, everything: bool = False) -> list[Row]:
        """Rows of the closing table: what was judged, then the last value of what else matters.

        That is a series which has a reference or has changed by more than its error explains, and
        what the walls received. With `everything` all scalar series follow that no verdict names.
        """
        from dsmc.closing import rows

        return rows(self, everything)

    def to_xarray(self) -> xarray.Dataset:
        """Series, fields, walls and histograms as one labelled `xarray.Dataset`.

        Series keep their names; others are `field_<name>`, `wall_<name>` and `histogram_<name>`.
        Standard errors are `<variable>_error`, references `<variable>_reference`; units and
        descriptions are attributes as xarray's plots know them. Series that share their times share
        the coordinate `time`; others get `time_<name>`. Raises ImportError without xarray.
        """
        from dsmc.labelled import dataset

        return dataset(self)

    def unit_of(self, quantity: str) -> str:
        """Unit of a series or field by its name; "" where there is none of that name."""
        measured = self.series.get(quantity) or self.fields.get(quantity)
        return measured.unit if measured is not None else ""

    def __repr__(self) -> str:
        """Title, size and verdict in one line."""
        failed = sum(not verdict.passed for verdict in self.verdicts)
        judged = f"{failed} of {len(self.verdicts)} figures fail" if failed else "all figures pass"
        kinds = ("series", "fields", "walls", "histograms", "planes", "wall_profiles")
        held = [f"{len(getattr(self, kind))} {kind}" for kind in kinds if getattr(self, kind)]
        told = [
            f"{self.particles:,} particles, {self.steps:,} steps",
            ", ".join(held) or "nothing measured",
            judged if self.verdicts else "nothing judged",
            self.unfinished,
        ]
        return f"<Result {self.title!r}: {'; '.join(text for text in told if text)}>"

    def _repr_html_(self) -> str:
        """What notebooks show: the closing table, the rest folded."""
        from dsmc.notebook import page

        return page(self)


def format_measured(value: float, error: float) -> str:
    """`value ± error` with two digits of the error, and as many decimals in the value.

    Six significant digits where the error is unknown. Large and small numbers share one power
    of ten: (1.234 ± 0.012)e-05.
    """
    if not math.isfinite(value):
        return str(value)
    known = math.isfinite(error) and error > 0.0
    largest = max(abs(value), error) if known else abs(value)
    exponent = math.floor(math.log10(largest)) if largest > 0.0 else 0
    power = 0 if -3 <= exponent < 6 else exponent
    scale = 10.0**power
    suffix = f"e{power:+03d}" if power else ""
    if not known:
        return f"{value / scale:.6g}{suffix}"
    decimals = max(0, 1 - math.floor(math.log10(error / scale)))
    if decimals > _MOST_DECIMALS:  # an error of rounding only
        return f"{value / scale:.{_MOST_DECIMALS}f}{suffix} ± {error:.1e}"
    text = f"{value / scale:.{decimals}f} ± {error / scale:.{decimals}f}"
    return f"({text}){suffix}" if power else text


def row_texts(row: Row) -> tuple[str, str, str, str, str, str]:
    """The six cells of a closing-table row as text."""
    return (
        row.quantity,
        format_measured(row.measured, row.error),
        row.unit,
        "" if row.reference is None else f"{row.reference:.7g}",
        "" if row.z is None or not math.isfinite(row.z) else f"{row.z:+.2f}",
        row.verdict,
    )


def deviation(measured: ArrayLike, error: ArrayLike, reference: ArrayLike) -> np.ndarray:
    """z = (measured - reference) / error, elementwise [1]; NaN where the error is 0 or unknown.

    measured, error, reference : (...) of one shape or one number, in one unit
    """
    difference = np.asarray(measured, np.float64) - np.asarray(reference, np.float64)
    sigma = np.asarray(error, np.float64)
    z = np.full(np.broadcast(difference, sigma).shape, np.nan)
    np.divide(difference, sigma, out=z, where=sigma > 0.0)
    return z


def _as_arrays(measured: Any, names: tuple[str, ...]) -> None:
    for name in names:
        value = getattr(measured, name)
        if value is not None:
            object.__setattr__(measured, name, np.asarray(value, dtype=np.float64))


def _same_shape(measured: Any, shape: tuple[int, ...], **arrays: np.ndarray | None) -> None:
    for which, array in arrays.items():
        if array is not None and array.shape != shape:
            raise ValueError(
                f"{type(measured).__name__.lower()} {measured.name!r}: {which} has shape "
                f"{array.shape}; expected {shape}"
            )
