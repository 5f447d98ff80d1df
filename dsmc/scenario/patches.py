"""The patches of the faces: every boundary of a scenario with its place, its area and its name."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise, product
from typing import Any

AXES = ("x", "y", "z")
SIDES = ("low", "high")

Range = tuple[tuple[float, float], ...]  # (from, to) [m] along each of the other axes


@dataclass(frozen=True)
class Patch:
    """A boundary on a part of a face, or on what its patches leave of it.

    name : in the results; path : in the file; axis, side : of the face
    range : (from, to) [m] along the other axes of the domain; area : what is to be seen of it [m^2]
    boundary : the section of the scenario
    """

    name: str
    path: str
    axis: int
    side: int
    range: Range
    area: float
    boundary: Any

    @property
    def kind(self) -> str:
        """The kind of the boundary."""
        return self.boundary.kind

    @property
    def face(self) -> str:
        """The name of the face, x_low …"""
        return f"{AXES[self.axis]}_{SIDES[self.side]}"


def patches(boundaries: Any, lengths: Sequence[float]) -> tuple[Patch, ...]:
    """All patches, face by face; on each face in the order in which they act, itself last."""
    found = []
    for axis in range(len(lengths)):
        for side in range(2):
            found += _of_face(boundaries, lengths, axis, side)
    return tuple(found)


def _of_face(boundaries: Any, lengths: Sequence[float], axis: int, side: int) -> Iterator[Patch]:
    """The patches of one face, then the face itself."""
    face = getattr(getattr(boundaries, AXES[axis]), SIDES[side])
    face_name, path = f"{AXES[axis]}_{SIDES[side]}", f"boundaries.{AXES[axis]}.{SIDES[side]}"
    whole = tuple((0.0, length) for other, length in enumerate(lengths) if other != axis)
    ranges: list[Range] = []
    for number, patch in enumerate(getattr(face, "patches", ())):
        extent = tuple(zip(patch.from_m or (), patch.to_m or (), strict=False))
        area = visible_area(extent, ranges)
        ranges.append(extent)
        name = patch.name or f"{face_name}_{number + 1}"
        yield Patch(name, f"{path}.patches[{number}]", axis, side, extent, area, patch)
    name = getattr(face, "name", None) or face_name
    yield Patch(name, path, axis, side, whole, visible_area(whole, ranges), face)


def visible_area(extent: Range, above: Sequence[Range]) -> float:
    """The area of a rectangle that no earlier one covers [m^2]; missing lengths are 1 m."""
    cuts = [
        sorted({low, high, *(edge for other in above for edge in other[k] if low < edge < high)})
        for k, (low, high) in enumerate(extent)
    ]
    total = 0.0
    for tile in product(*(tuple(pairwise(places)) for places in cuts)):
        middle = [0.5 * (low + high) for low, high in tile]
        if not any(_holds(other, middle) for other in above):
            total += math.prod(high - low for low, high in tile)
    return total


def _holds(extent: Range, place: Sequence[float]) -> bool:
    """Whether a rectangle holds a place."""
    return all(low <= x <= high for (low, high), x in zip(extent, place, strict=True))
