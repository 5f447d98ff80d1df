"""Stage: no-time-counter collisions, candidate k of every cell in round k: see `dsmc.collide`.

The sequence of a cell is the host's: the same candidates at the same addresses, accepted by the
same rule. The cells of a round touch different particles, so a round is some hundred operations on
whole tensors, whose launches cost more than to wait for their end. So the host looks after every
round how many cells have candidates left, and makes the list anew once it would be half as long.
"""

from types import SimpleNamespace
from typing import NamedTuple

import torch
from torch import Tensor

from dsmc import draws
from dsmc.collide import TINY
from dsmc.device import Refused
from dsmc.device.draws import Address, unit, unit_fine, words
from dsmc.device.lists import chosen
from dsmc.device.model import Model
from dsmc.device.pairs import (
    Members,
    PairTable,
    boxes,
    choose_members,
    choose_species,
    deviation_squared,
    majorants,
    members,
    sigma_g,
    spreads,
    square,
    total_of,
)
from dsmc.device.particles import Particles
from dsmc.moments import COLLISIONS, SEPARATIONS
from dsmc.turning import ISOTROPIC

ROUNDS = 1024  # at most; a step takes a round for each candidate of its fullest cell


class Cells(NamedTuple):
    """The cells that still have candidates, as the host's `Batch`; n of them."""

    number: Tensor  # (n,) int64
    begin: Tensor  # (n, S + 1) of the members
    volume: Tensor  # (n,) [m^3]
    centre: Tensor  # (n, 3) [m/s]
    farthest: Tensor  # (n, S) [m^2/s^2]
    rate: Tensor  # (n, P) majorants of sigma g [m^3/s]
    flow: Tensor  # (n, P) candidates per second
    elapsed: Tensor  # (n,) [s] when the clock was set to zero
    product: Tensor  # (n,) of uniforms since then
    last: Tensor  # (n,) the product at which the time is over

    def those(self, places: Tensor) -> "Cells":
        """Some of the cells; places : (m,)."""
        return Cells(*(column[places] for column in self))


def collide(
    state: Particles, model: Model, table: PairTable, laws: SimpleNamespace, address: Address,
    sums: Tensor | None, tally: Tensor,
) -> None:  # fmt: skip
    """Let the particles of every cell collide for one time step.

    sums : (cells, S, moments.COLUMNS) that takes note of the collisions, or None
    tally : (S, S, 2) int64 candidates and collisions
    Raises Refused where a cell has more than ROUNDS candidates.
    """
    listed = members(state, model.gas.mass.size)
    cells = all_cells(state, listed, model, table, laws)
    cells = cells.those(chosen(cells.last < 1.0))  # those that may have a candidate at all
    for draw in range(ROUNDS):
        here = Address(address.key, address.step, cells.number)
        cells = play(state, cells, listed.row, model, table, laws, here, draw, sums, tally)
        going = chosen(cells.product > cells.last)
        if not going.numel():
            return
        if 2 * going.numel() <= cells.number.numel():
            cells = cells.those(going)
    raise Refused(
        f"step {address.step}: a cell has more than {ROUNDS} candidate pairs, and the device plays "
        "them one after the other\n  cure: narrower cells (domain.cells), a shorter time step "
        "(run.time_step_s or run.time_step_mct), or the device cpu"
    )


def all_cells(
    state: Particles, listed: Members, model: Model, table: PairTable, laws: SimpleNamespace
) -> Cells:
    """Every cell before its first candidate."""
    centre, corner = boxes(state)
    farthest = spreads(state, centre, corner, model.gas.mass.size)
    rate, flow = majorants(farthest, listed.begin, model.grid.volume, table, laws)
    zero = torch.zeros_like(model.grid.volume)
    return Cells(
        number=torch.arange(zero.numel(), device=zero.device),
        begin=listed.begin,
        volume=model.grid.volume,
        centre=centre,
        farthest=farthest,
        rate=rate,
        flow=flow,
        elapsed=zero,
        product=zero + 1.0,
        last=laws.no_event(total_of(flow), model.time_step),
    )


def play(
    state: Particles, cells: Cells, row: Tensor | None, model: Model, table: PairTable,
    laws: SimpleNamespace, address: Address, draw: int, sums: Tensor | None, tally: Tensor,
) -> Cells:  # fmt: skip
    """One candidate of every cell, unless its time is over; returns the cells after it.

    row : (N,) the members, or None; sums : (cells, S, moments.COLUMNS) or None
    tally : (S, S, 2) int64
    """
    w_0, w_1, w_2, w_3 = words(address, draws.CANDIDATES, draw, 0)
    cells = cells._replace(product=cells.product * unit(w_3))
    live = cells.product > cells.last
    pair = choose_species(cells.flow, address, draw)
    i, j = choose_members(pair, Members(row, cells.begin), table, w_0, w_1)
    v_i, v_j = state.velocity[i], state.velocity[j]
    g_squared = square(v_i - v_j).double()
    rate = cells.rate.gather(1, pair[:, None]).squeeze(1)
    accepted = live & (unit(w_2) * rate < sigma_g(g_squared, pair, table, laws))
    count(live, accepted, pair, table, tally)
    if sums is not None:
        note(state, i, j, accepted, pair, table, address.cell, sums)
    new_i, new_j = scatter(v_i, v_j, pair, table, laws, address, draw)
    new_i = torch.where(accepted[:, None], new_i, v_i)
    new_j = torch.where(accepted[:, None], new_j, v_j)
    state.velocity[i], state.velocity[j] = new_i, new_j
    return after(cells, new_i, new_j, live, accepted, pair, model, table, laws)


def count(live: Tensor, accepted: Tensor, pair: Tensor, table: PairTable, tally: Tensor) -> None:
    """Count candidates and collisions; live, accepted, pair : (n,), tally : (S, S, 2)."""
    for number, species in enumerate(table.species):
        mine = pair == number
        tally[*species, 0] += (live & mine).sum()
        tally[*species, 1] += (accepted & mine).sum()


def note(
    state: Particles, i: Tensor, j: Tensor, accepted: Tensor, pair: Tensor, table: PairTable,
    cell: Tensor, sums: Tensor,
) -> None:  # fmt: skip
    """Note the collisions of a round with the sums of their cells.

    i, j, accepted, pair, cell : (n,); sums : (cells, S, moments.COLUMNS)
    """
    apart = state.position[i].double() - state.position[j].double()
    for number, (a, _) in enumerate(table.species):
        here = (accepted & (pair == number)).double()
        sums[cell, a, COLLISIONS] += here
        sums[cell, a, SEPARATIONS] += here * (apart * apart).sum(dim=1)


def scatter(
    v_i: Tensor, v_j: Tensor, pair: Tensor, table: PairTable, laws: SimpleNamespace,
    address: Address, draw: int,
) -> tuple[Tensor, Tensor]:  # fmt: skip
    """The velocities of pairs after a collision, (n, 3) each, in the precision of the rows.

    v_i, v_j : (n, 3) [m/s]; pair : (n,)
    """
    w_0, w_1, w_2, w_3 = words(address, draws.SCATTERING, draw, 0)
    u, azimuth = unit_fine(w_0, w_1), unit_fine(w_2, w_3)
    i, j = v_i.double(), v_j.double()
    h = deflected(i - j, u, azimuth, pair, table, laws)
    share_i, share_j = (share[:, None] for share in table.share[pair].unbind(1))
    centre = laws.centre_of_mass(i, j, share_i, share_j)
    return (centre + share_j * h).to(v_i.dtype), (centre - share_i * h).to(v_i.dtype)


def deflected(
    g: Tensor, u: Tensor, azimuth: Tensor, pair: Tensor, table: PairTable, laws: SimpleNamespace
) -> Tensor:
    """The relative velocity after a collision, (n, 3).

    g : (n, 3) [m/s] before it; u, azimuth : (n,) uniform; pair : (n,)
    """
    isotropic = soft = None
    if any(table.is_isotropic):
        cosine = laws.isotropic_cosine(u)
        isotropic = torch.stack(laws.isotropic(square(g), cosine, azimuth), dim=1)
    if not all(table.is_isotropic):
        cosine = laws.soft_sphere_cosine(u, table.inverse_alpha[pair])
        soft = torch.stack(laws.deflect(*g.unbind(1), cosine, azimuth), dim=1)
    if isotropic is None or soft is None:
        return soft if isotropic is None else isotropic
    is_isotropic = table.inverse_alpha[pair] == ISOTROPIC
    return torch.where(is_isotropic[:, None], isotropic, soft)


def after(
    cells: Cells, new_i: Tensor, new_j: Tensor, live: Tensor, accepted: Tensor, pair: Tensor,
    model: Model, table: PairTable, laws: SimpleNamespace,
) -> Cells:  # fmt: skip
    """Raise what a round has widened; there, or where the product is small, the clock is read.

    new_i, new_j : (n, 3) [m/s]; live, accepted, pair : (n,)
    """
    farthest, kinds = cells.farthest, table.kinds[pair]
    for k, velocity in enumerate((new_i, new_j)):
        squares = deviation_squared(velocity, cells.centre)[:, None]
        if len(table.species) == 1:
            farthest = torch.maximum(farthest, squares)
        else:
            farthest = farthest.scatter_reduce(1, kinds[:, k, None], squares, "amax")
    wider = accepted & (farthest > cells.farthest).any(dim=1)
    anew = wider | (live & (cells.product < TINY))
    rate, flow = majorants(farthest, cells.begin, cells.volume, table, laws)
    elapsed = cells.elapsed + laws.waiting_time(cells.product, total_of(cells.flow))
    last = laws.no_event(total_of(flow), model.time_step - elapsed)
    return cells._replace(
        farthest=torch.where(anew[:, None], farthest, cells.farthest),
        rate=torch.where(anew[:, None], rate, cells.rate),
        flow=torch.where(anew[:, None], flow, cells.flow),
        elapsed=torch.where(anew, elapsed, cells.elapsed),
        product=torch.where(anew, 1.0, cells.product),
        last=torch.where(anew, last, cells.last),
    )
