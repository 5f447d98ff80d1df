"""The rounds of disjoint pairs in torch, for tensors that are not on the host or not whole.

The host draws candidates and uniforms and keeps the reach of every row; the device measures speeds
and scatters.  A round waits for the device some six times: for the reaches, for a few relative
speeds, for numbers that go there and for the list of pairs that collide.
Sums over columns pass through `total`: they are all that ranks with other columns need to share.
"""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from bridge.address import Address
from bridge.cells import Cells
from bridge.collisions import NTCCollision
from dsmc import disjoint, encounters
from dsmc.device.laws import LAWS
from dsmc.draws import Address as Place
from dsmc.turning import fill_normals

Total = Callable[[Tensor], Tensor]


def precision_of(weight: Tensor, grad: Tensor) -> torch.dtype:
    """float64 if either tensor is, else float32.

    weight, grad : (E, N, D)
    """
    return torch.float64 if torch.float64 in (weight.dtype, grad.dtype) else torch.float32


def collide_rounds(
    weight: Tensor,
    grad: Tensor,
    cells: Cells,
    collision: NTCCollision,
    address: Address,
    total: Total,
) -> np.ndarray:
    """Let the rows of every cell collide; changes `grad`, returns counts : (COUNTS,).

    weight, grad : (E, N, D)
    total : adds a tensor over the ranks that hold the other columns of the same rows
    """
    dtype = precision_of(weight, grad)
    position = weight.detach().reshape(-1, weight.shape[-1])
    velocity = grad.detach().to(dtype).reshape(-1, grad.shape[-1])
    counts = np.zeros(encounters.COUNTS, np.int64)
    engine, reach = address.engine(), np.empty(velocity.shape[0])
    for cell, label in enumerate(cells.labels):
        member = cells.member[cells.offsets[cell] : cells.offsets[cell + 1]]
        if member.size > 1:
            place = Place(engine.key, engine.step, int(label))
            _collide_cell(position, velocity, member, reach, place, collision, total, counts)
    if velocity.data_ptr() != grad.data_ptr():
        grad.copy_(velocity.view(grad.shape))
    return counts


def _collide_cell(position, velocity, member, reach, place, collision, total, counts) -> None:
    """The rounds of one cell, as in `encounters.collide_rows`."""
    count, some = member.size, min(member.size, 4 + member.size // 16)
    order = member.astype(np.int64)
    rows = torch.from_numpy(order).to(velocity.device)
    centre = velocity[rows[:some]].mean(0)
    left = 0.5 * count * collision.rate
    chance, sample = np.empty(count // 2 + 1), np.empty((disjoint.SAMPLE, 2), np.uint64)
    disjoint.pair_up(member, count // 2, place, 0, chance)
    for round in range(disjoint.ROUNDS):
        reach[order] = _length(velocity[rows] - centre, total).cpu().numpy()
        if not np.isfinite(reach[member] ** 2).all():
            counts[encounters.NOT_FINITE] += 1
            return
        widest, sum_of_reaches = encounters.spread(member, reach)
        if widest == 0.0:
            return
        disjoint.fast_pairs(member, reach, place, round, sample)
        share = _mean_share(velocity, reach, sample, total)
        likely = share * sum_of_reaches / (count * widest)
        if likely == 0.0:
            return
        pairs = disjoint.pairs_due(left, likely, count, place, round)
        if round > 0:
            disjoint.pair_up(member, pairs, place, round, chance)
        counts[encounters.CANDIDATES] += pairs
        if pairs:
            bar, first = 2.0 * widest * chance[:pairs], round * (count // 2)
            counts[encounters.ACCEPTED] += _collide_round(
                position, velocity, member[: 2 * pairs], bar, first, place, collision, total
            )
        left -= likely * pairs
        if left <= 0.0 or pairs < count // 2:
            return
    counts[encounters.SHORT] += 1


def _length(rows: Tensor, total: Total) -> Tensor:
    """Length of every row, over all columns, in double precision."""
    return LAWS.speed(total(_dot(rows, rows)))


def _dot(x: Tensor, y: Tensor) -> Tensor:
    return (x * y).sum(-1, dtype=torch.float64)


def _mean_share(velocity, reach, sample, total) -> float:
    """As `encounters.mean_share`."""
    i, j = torch.from_numpy(sample.astype(np.int64)).T.to(velocity.device)
    speeds = _length(velocity[i] - velocity[j], total).cpu().numpy()
    return float((speeds / (reach[sample[:, 0]] + reach[sample[:, 1]])).mean())


def _collide_round(position, velocity, member, bar, first, place, collision, total) -> int:
    """Accept by relative speed and scatter; returns the number of accepted pairs."""
    rows = torch.from_numpy(member.astype(np.int64)).to(velocity.device).view(-1, 2)
    bar = torch.from_numpy(bar).to(velocity.device)
    accepted = bar < _length(velocity[rows[:, 0]] - velocity[rows[:, 1]], total)
    rows_i, rows_j = rows[accepted].T
    v_i, v_j = velocity[rows_i], velocity[rows_j]
    if collision.scatter == "line-of-centres":
        x_i, x_j = position[rows_i].to(velocity.dtype), position[rows_j].to(velocity.dtype)
        v_i, v_j = meet(x_i, x_j, v_i, v_j, collision.restitution, total)
    else:
        draws = first + np.flatnonzero(accepted.cpu().numpy())
        normal = np.empty((draws.size, velocity.shape[1]))
        for row, draw in zip(normal, draws, strict=True):
            fill_normals(row, place, draw)
        v_i, v_j = turn(v_i, v_j, torch.from_numpy(normal).to(velocity.device))
    velocity[rows_i], velocity[rows_j] = v_i, v_j
    return len(rows_i)


def meet(
    x_i: Tensor, x_j: Tensor, v_i: Tensor, v_j: Tensor, restitution: float, total: Total
) -> tuple[Tensor, Tensor]:
    """Velocities after collisions along the line of centres: `encounters.meet` of many pairs.

    x_i, x_j, v_i, v_j : (P, D); total : adds a tensor over the ranks with the other columns
    """
    products = total(torch.stack([_dot(x_i, x_i), _dot(x_j, x_j), _dot(x_i, x_j)]))
    a, b, sign = LAWS.mirror(*products)
    h = a.to(x_i.dtype)[:, None] * x_i - b.to(x_i.dtype)[:, None] * x_j
    h_squared, h_dot_i, h_dot_j = total(torch.stack([_dot(h, h), _dot(v_i, h), _dot(v_j, h)]))
    resolution = (4.0 * torch.finfo(h.dtype).eps) ** 2
    change = LAWS.mirrored_line_of_centres(
        h_squared, h_dot_i - sign * h_dot_j, restitution, resolution
    )
    moved = torch.where((change != 0.0)[:, None], change.to(h.dtype)[:, None] * h, 0.0)
    return v_i + moved, v_j - sign.to(h.dtype)[:, None] * moved


def turn(v_i: Tensor, v_j: Tensor, normal: Tensor) -> tuple[Tensor, Tensor]:
    """Velocities after isotropic collisions: `turning.turn_rows` of many pairs.

    v_i, v_j, normal : (P, D), normal in double precision
    """
    kind, v_i, v_j = v_i.dtype, v_i.double(), v_j.double()
    g_squared = _dot(v_i - v_j, v_i - v_j)
    h = LAWS.isotropic_row(g_squared, _dot(normal, normal))[:, None] * normal
    h = h + LAWS.stretch(g_squared, _dot(h, h))[:, None] * h
    centre = LAWS.centre_of_mass(v_i, v_j, 0.5, 0.5)
    return (centre + 0.5 * h).to(kind), (centre - 0.5 * h).to(kind)
