"""Stage: what the faces of the box do to particles that reach them, as `dsmc.walls`.

n particles stand at faces, each at its own: x (n, d) [m] and v (n, 3) [m/s] in the precision of the
rows. The laws get double precision.
"""

from types import SimpleNamespace
from typing import NamedTuple

import torch
from torch import Tensor

from dsmc import draws
from dsmc.device.cells import indices_along
from dsmc.device.draws import Address, unit_fine, words
from dsmc.device.model import Grid, Model, Walls
from dsmc.device.moments import grouped
from dsmc.walls import CLL, DIFFUSE, PERIODIC, SILENT, SYMMETRY


class Arrivals(NamedTuple):
    """The particles that fly from face to face: where they are, and where they draw numbers."""

    row: Tensor  # (n,) of the state
    x: Tensor  # (n, d) [m]
    v: Tensor  # (n, 3) [m/s]
    species: Tensor  # (n,) int64
    cell: Tensor  # (n,) int64 that they came from
    rank: Tensor  # (n,) int64 in it
    left: Tensor  # (n,) [s] of the time step

    def those(self, places: Tensor) -> "Arrivals":
        """Some of them; places : (m,)."""
        return Arrivals(*(column[places] for column in self))


def component(vector: Tensor, axis: Tensor) -> Tensor:
    """The component of each vector along its own axis, (n,); vector : (n, k), axis : (n,)."""
    return vector.gather(1, axis[:, None]).squeeze(1)


def with_component(vector: Tensor, axis: Tensor, value: Tensor) -> Tensor:
    """The vectors with another component along an axis of each.

    vector : (n, k); axis, value : (n,)
    """
    return vector.scatter(1, axis[:, None], value.to(vector.dtype)[:, None])


def reach_faces(
    at: Arrivals, axis: Tensor, side: Tensor, model: Model, laws: SimpleNamespace,
    address: Address, hit: int, tally: Tensor,
) -> Arrivals:  # fmt: skip
    """Put particles on the faces that they reached, and let the faces act.

    axis, side : (n,); hit : how many faces each has met before; tally : (rows, columns)
    """
    grid, walls = model.grid, model.walls
    face = 2 * axis + side
    length = grid.lengths[axis]
    on_face = torch.where(side == 1, length, 0.0)
    x = with_component(at.x, axis, on_face)
    patch = patches_at(x, face, walls)
    kind = walls.kind[patch]
    if PERIODIC in walls.kinds:
        through = torch.where(kind == PERIODIC, length - on_face, on_face)
        x = with_component(at.x, axis, through)
    v = with_component(at.v, axis, -component(at.v, axis))  # as a mirror does
    v = torch.where((kind == PERIODIC)[:, None], at.v, v)
    if walls.kinds & {DIFFUSE, CLL}:
        v = random_reflections(at, x, v, axis, side, patch, walls, laws, address, hit)
    if walls.kinds - set(SILENT):
        loud = (kind != PERIODIC) & (kind != SYMMETRY)
        count(at, x, v, face, torch.where(loud, patch, -1), model, tally)
    return at._replace(x=x, v=v)


def patches_at(x: Tensor, face: Tensor, walls: Walls) -> Tensor:
    """The patch of its face on which each particle stands: the first that holds it, or the last.

    x : (n, d) [m]; face : (n,)
    """
    first, end = walls.first[face], walls.first[face + 1]
    patch = end - 1
    for further in range(walls.most_patches - 1, -1, -1):
        candidate = torch.minimum(first + further, end - 1)
        inside = ((x >= walls.low[candidate]) & (x <= walls.high[candidate])).all(dim=1)
        patch = torch.where(inside, candidate, patch)
    return patch


def surfaces(x: Tensor, species: Tensor, patch: Tensor, walls: Walls, laws: SimpleNamespace):
    """Thermal speed (n,) and velocity (n, 3) of the walls where particles stand.

    x : (n, d) [m]; species, patch : (n,)
    """
    start, stop = walls.knots[patch], walls.knots[patch + 1]
    place = component(x, walls.along[patch]).double()
    high = torch.minimum(start + 1, stop - 1)
    for _ in range(walls.most_knots - 2):
        high = high + ((high < stop - 1) & (place > walls.place[high])).long()
    low = torch.maximum(high - 1, start)
    width = walls.place[high] - walls.place[low]
    share = (place - walls.place[low]) / torch.where(width > 0.0, width, 1.0)
    share = torch.where(high > low, share, 0.0).clamp(0.0, 1.0)
    slower, faster = walls.thermal_speed[low, species], walls.thermal_speed[high, species]
    velocity = laws.between(walls.velocity[low], walls.velocity[high], share[:, None])
    return laws.speed_between(slower, faster, share), velocity


def random_reflections(
    at: Arrivals, x: Tensor, v: Tensor, axis: Tensor, side: Tensor, patch: Tensor, walls: Walls,
    laws: SimpleNamespace, address: Address, hit: int,
) -> Tensor:  # fmt: skip
    """The velocities after walls of which some are diffuse or of Cercignani, Lampis and Lord.

    x, v : (n, d), (n, 3) on the face and after a mirror; axis, side, patch : (n,)
    """
    a, b, c, d = words(address, draws.WALLS, at.rank, 2 * hit)
    u_1, u_2 = unit_fine(a, b), unit_fine(c, d)
    thermal, moving = surfaces(x, at.species, patch, walls, laws)
    a, b, c, d = words(address, draws.WALLS, at.rank, 2 * hit + 1)
    one, two = laws.maxwell_pair(thermal, unit_fine(a, b), unit_fine(c, d))
    following = torch.stack([axis, (axis + 1) % 3, (axis + 2) % 3], dim=1)
    moving = moving.gather(1, following)
    kind, (first, second) = walls.kind[patch], walls.accommodation[patch].unbind(1)
    if DIFFUSE in walls.kinds:
        normal = laws.emission_speed(thermal, u_2)
        emitted = outward(normal, one, two, moving, side)
        is_emitted = (kind == DIFFUSE) & (u_1 < first)
        v = torch.where(is_emitted[:, None], put(v, following, emitted), v)
    if CLL in walls.kinds:
        before = at.v.double().gather(1, following)
        normal = laws.lord_normal(before[:, 0], thermal, first, u_1, u_2)
        along = laws.lord_tangential(before[:, 1] - moving[:, 1], one, second)
        across = laws.lord_tangential(before[:, 2] - moving[:, 2], two, second)
        scattered = outward(normal, along, across, moving, side)
        v = torch.where((kind == CLL)[:, None], put(v, following, scattered), v)
    return v


def outward(normal: Tensor, along: Tensor, across: Tensor, moving: Tensor, side: Tensor) -> Tensor:
    """Velocities away from faces, (n, 3): normal, next and last axis.

    normal, along, across, side : (n,); moving : (n, 3) the velocity of the wall along these axes
    """
    inward = torch.where(side == 0, normal, -normal)
    return torch.stack([inward, along + moving[:, 1], across + moving[:, 2]], dim=1)


def put(v: Tensor, axes: Tensor, components: Tensor) -> Tensor:
    """The vectors with these components along these axes.

    v, axes, components : (n, 3)
    """
    return v.scatter(1, axes, components.to(v.dtype))


def count(
    at: Arrivals, x: Tensor, v: Tensor, face: Tensor, patch: Tensor, model: Model, tally: Tensor
) -> None:
    """Count what particles brought to patches and took from them, and to and from wall cells.

    x : (n, d), v : (n, 3) after the face; face : (n,); patch : (n,), -1 where nothing is counted
    tally : (rows, columns)
    """
    mass = model.mass[at.species]
    kinds = range(model.mass.numel())

    def columns():
        yield torch.ones_like(mass)
        yield from carried(at.v, mass)
        yield from carried(v, mass)
        for _ in range(2):
            yield from ((at.species == s).double() for s in kinds)

    patches = model.walls.kind.numel()
    group = torch.where(patch < 0, patches, patch)
    tally[:patches] += grouped(group, patches + 1, columns())[:patches]
    first = model.walls.cells
    if first.numel():
        cells = tally.shape[0] - patches
        place = wall_cells(x, face, model.grid) + first[face] - patches
        group = torch.where(patch < 0, cells, place)
        tally[patches:] += grouped(group, cells + 1, columns())[:cells]


def carried(v: Tensor, mass: Tensor):
    """Momentum by component and kinetic energy; v : (n, 3), mass : (n,)."""
    components = v.double().unbind(1)
    yield from (mass * component for component in components)
    x, y, z = components
    yield 0.5 * mass * (x * x + y * y + z * z)


def wall_cells(x: Tensor, face: Tensor, grid: Grid) -> Tensor:
    """The cell of its face on which each particle stands: x : (n, d) [m], face : (n,)."""
    number, stride = torch.zeros_like(face), torch.ones_like(face)
    for axis, cells in enumerate(grid.cells):
        other = face // 2 != axis
        number += torch.where(other, stride * indices_along(x, axis, grid), 0)
        stride = torch.where(other, stride * cells, stride)
    return number
