"""The table [domain] of a scenario: the box and its cells, even or uneven."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Annotated, Literal

from pydantic import Field

from dsmc.grading import even_edges, graded_edges, widths
from dsmc.scenario.messages import Problem, shown
from dsmc.scenario.sections import Count, Positive, Run, Section

AXES = ("x", "y", "z")
FINEST = {"float64": 1e-13, "float32": 1e-5}  # width of a cell over the length of the box
SAME = 1e-9  # relative difference of a last face from the length
MOST = 10**6  # uneven cells along an axis


class AxisGrading(Section):
    """Uneven cells along one axis: growing away from a side, or between given faces."""

    towards: Literal["low", "high", "both"] | None = Field(
        None, description="side at which the cells are narrowest", examples=["both"]
    )
    ratio: Annotated[float, Field(ge=1, le=1e6)] | None = Field(
        None, description="width of the widest cell over that of the narrowest", examples=[10]
    )
    edges_m: Annotated[tuple[float, ...], Field(strict=False, min_length=2)] | None = Field(
        None, description="faces of the cells from 0 to the length [m]", examples=[[0, 1e-4, 1e-3]]
    )

    def edges_of(self, length: float, cells: int) -> tuple[float, ...]:
        """The faces of the cells of an axis [m]."""
        if self.edges_m is not None:
            return (*self.edges_m[:-1], length)
        return graded_edges(length, cells, self.ratio or 1.0, self.towards or "both")


class Grading(Section):
    """Which axes have uneven cells; the cells of the others are equal."""

    x: AxisGrading | None = Field(None, description="along x", examples=[{"ratio": 10}])
    y: AxisGrading | None = Field(None, description="along y", examples=[{"ratio": 10}])
    z: AxisGrading | None = Field(None, description="along z", examples=[{"ratio": 10}])


class Domain(Section):
    """The box: 1, 2 or 3 lengths; the missing ones are 1 m. Velocities always have 3 components."""

    length_m: Annotated[tuple[Positive, ...], Field(strict=False, min_length=1, max_length=3)] = (
        Field(description="lengths of the box along x, y, z [m]", examples=[[1e-3]])
    )
    cells: Annotated[tuple[Count, ...], Field(strict=False, min_length=1, max_length=3)] = Field(
        description="cells along x, y, z", examples=[[100]]
    )
    grading: Grading = Field(
        Grading(), description="uneven cells", examples=[{"x": {"towards": "both", "ratio": 10}}]
    )

    @property
    def gradings(self) -> list[AxisGrading | None]:
        """Of each axis of the box; None where its cells are equal."""
        return [getattr(self.grading, axis) for axis in AXES[: len(self.length_m)]]

    @property
    def faces(self) -> tuple[tuple[float, ...], ...]:
        """The faces of the cells along each axis [m], equal or not."""
        axes = zip(self.length_m, self.cells, self.gradings, strict=True)
        return tuple(
            grading.edges_of(length, cells) if grading else even_edges(length, cells)
            for length, cells, grading in axes
        )

    def place_of(self, position: Sequence[float]) -> tuple[int, ...]:
        """Place along each axis of the cell that holds a point of the box; position : (d,) [m]."""
        found = []
        axes = zip(position, self.length_m, self.cells, self.gradings, strict=True)
        for x, length, cells, grading in axes:
            place = int(x / length * cells)
            if grading is not None:
                place = bisect_right(grading.edges_of(length, cells), x) - 1
            found.append(min(place, cells - 1))
        return tuple(found)


def uneven_cells(domain: Domain, run: Run) -> Iterator[Problem]:
    """Each grading is complete, of an axis of the box, and of cells that can be told apart."""
    for number, axis in enumerate(AXES):
        grading = getattr(domain.grading, axis)
        if grading is None:
            continue
        path = f"domain.grading.{axis}"
        d = len(domain.length_m)
        if number >= d:
            allowed = f"the domain has {d} dimension{'s' if d > 1 else ''}: no cells along {axis}"
            yield Problem(path, "", allowed, f"remove [{path}]")
            continue
        if len(domain.cells) != d:
            return  # reported with the counts
        problems = [*_incomplete(path, grading)]
        if domain.cells[number] > MOST:
            found, allowed = shown(list(domain.cells)), f"at most {MOST} uneven cells along {axis}"
            yield Problem("domain.cells", found, allowed, f"fewer cells, or no [{path}]")
            continue
        if not problems and grading.edges_m is not None:
            problems = [
                *_faces(path, grading.edges_m, domain.length_m[number], domain.cells[number])
            ]
        yield from problems
        if not problems:
            edges = grading.edges_of(domain.length_m[number], domain.cells[number])
            yield from _too_fine(path, grading, edges, run.precision)


def _incomplete(path: str, grading: AxisGrading) -> Iterator[Problem]:
    """Either towards and ratio, or edges_m."""
    given = [key for key in ("towards", "ratio") if getattr(grading, key) is not None]
    if grading.edges_m is not None:
        for key in given:
            allowed = "not allowed beside edges_m, which says where every face is"
            cure = f"remove {key} or edges_m"
            yield Problem(f"{path}.{key}", shown(getattr(grading, key)), allowed, cure)
    elif len(given) < 2:
        missing = "ratio" if given == ["towards"] else "towards"
        allowed = "missing: a grading has towards and ratio, or edges_m"
        yield Problem(f"{path}.{missing}", "", allowed, 'for instance towards = "both", ratio = 10')


def _faces(path: str, edges: tuple[float, ...], length: float, cells: int) -> Iterator[Problem]:
    """One face more than cells, rising from 0 to the length."""
    path = f"{path}.edges_m"
    if len(edges) != cells + 1:
        allowed = f"{len(edges)} faces make {len(edges) - 1} cells; domain.cells says {cells}"
        yield Problem(path, f"{len(edges)} faces", allowed, f"domain.cells = {len(edges) - 1} here")
    for place, (low, high) in enumerate(pairwise(edges)):
        if not high > low:
            allowed = f"faces must rise; face {place + 1} = {high:g} does not lie above {low:g}"
            yield Problem(f"{path}[{place + 1}]", shown(high), allowed, "sort the faces")
            return
    if edges[0] != 0.0:
        yield Problem(f"{path}[0]", shown(edges[0]), "the first face is at 0", "begin with 0.0")
    if abs(edges[-1] - length) > SAME * length:
        allowed = f"the last face is at domain.length_m = {length:g}"
        path = f"{path}[{len(edges) - 1}]"
        yield Problem(path, shown(edges[-1]), allowed, f"end with {length!r}")


def _too_fine(
    path: str, grading: AxisGrading, edges: tuple[float, ...], precision: str
) -> Iterator[Problem]:
    """Cells that positions of the chosen precision cannot tell apart."""
    share = min(widths(edges)) / edges[-1]
    if share < FINEST[precision]:
        key = "ratio" if grading.edges_m is None else "edges_m"
        found = shown(grading.ratio) if key == "ratio" else f"{len(edges)} faces"
        allowed = f"the narrowest cell is {share:.1e} of the box: too narrow for {precision}"
        cure = "a smaller ratio, fewer cells" if key == "ratio" else "wider cells"
        cure += ', or run.precision = "float64"' if precision == "float32" else ""
        yield Problem(f"{path}.{key}", found, allowed, cure)
