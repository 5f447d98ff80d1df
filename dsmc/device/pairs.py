"""Stage: candidate pairs and their majorants in a list of cells, as `dsmc.pairs`.

n cells are at hand, S species, P = S (S + 1)/2 pairs of species a <= b in a fixed order.
"""

from types import SimpleNamespace
from typing import NamedTuple

import torch
from torch import Tensor

from dsmc import draws
from dsmc.device.cells import offsets_of
from dsmc.device.draws import Address, below, unit_fine, words
from dsmc.device.particles import Particles
from dsmc.gas import Gas
from dsmc.pairs import FEW, HARD_SPHERE
from dsmc.turning import ISOTROPIC


class Members(NamedTuple):
    """The particles of every cell by species."""

    row: Tensor | None  # (N,) rows by cell and species; None with one species: they are in order
    begin: Tensor  # (cells, S + 1) where each species begins among them, and the last ends


class PairTable(NamedTuple):
    """The constants of `dsmc.gas` for each pair of species."""

    species: tuple[tuple[int, int], ...]  # (a, b)
    kinds: Tensor  # (P, 2) the same as a tensor
    weight: float
    prefactor: Tensor  # (P,)
    half_exponent: Tensor  # (P,)
    inverse_alpha: Tensor  # (P,)
    share: Tensor  # (P, 2) m_a/M and m_b/M
    is_hard: tuple[bool, ...]
    is_isotropic: tuple[bool, ...]


def pair_table(gas: Gas, device: torch.device) -> PairTable:
    """The table of a gas."""
    kinds = range(gas.mass.size)
    pairs = tuple((a, b) for a in kinds for b in kinds if a <= b)

    def of(table) -> Tensor:
        values = [table[pair] for pair in pairs]
        return torch.tensor(values, dtype=torch.float64, device=device)

    return PairTable(
        species=pairs,
        kinds=torch.tensor(pairs, device=device),
        weight=gas.weight,
        prefactor=of(gas.prefactor),
        half_exponent=of(gas.half_exponent),
        inverse_alpha=of(gas.inverse_alpha),
        share=torch.stack([of(gas.share), of(gas.share.T)], dim=1),
        is_hard=tuple(gas.half_exponent[pair] == HARD_SPHERE for pair in pairs),
        is_isotropic=tuple(gas.inverse_alpha[pair] == ISOTROPIC for pair in pairs),
    )


def members(state: Particles, species_count: int) -> Members:
    """List the rows of every cell by species (stable)."""
    cells = state.offsets.numel() - 1
    if state.species is None:
        return Members(None, torch.stack([state.offsets[:-1], state.offsets[1:]], dim=1))
    group = state.cell.long() * species_count + state.species
    group, row = torch.sort(group, stable=True)
    begin = offsets_of(group, cells * species_count)
    first = torch.arange(cells, device=begin.device) * species_count
    return Members(row, begin[first[:, None] + torch.arange(species_count + 1, device=row.device)])


def boxes(state: Particles) -> tuple[Tensor, Tensor]:
    """The centre of the box around the velocities of each cell; |corner - centre|^2.

    (cells, 3) and (cells,); where nobody is, both are 0.
    """
    least, most = (
        torch.segment_reduce(
            state.velocity.contiguous(), name, offsets=state.offsets, axis=0, unsafe=True
        )
        for name in ("min", "max")
    )
    anybody = (state.offsets.diff() > 0)[:, None]
    least, most = (torch.where(anybody, end, 0.0) for end in (least, most))
    centre = 0.5 * (least + most)
    middle = centre.double()
    return centre, square(torch.maximum(middle - least, most - middle))


def deviation_squared(velocity: Tensor, centre: Tensor) -> Tensor:
    """|v - centre|^2 [m^2/s^2]; velocity, centre : (n, 3)."""
    return square(velocity - centre).double()


def square(vector: Tensor) -> Tensor:
    """The square of each vector, (n,), components added in their order; vector : (n, 3)."""
    x, y, z = vector.unbind(1)
    return x * x + y * y + z * z


def spreads(state: Particles, centre: Tensor, corner: Tensor, species_count: int) -> Tensor:
    """The farthest velocity of each species of every cell from its centre, squared: (cells, S).

    centre : (cells, 3) [m/s]; corner : (cells,) of the box, which does for few of one species
    """
    cell = state.cell.long()
    squares = deviation_squared(state.velocity, centre[cell])
    if state.species is None:
        found = torch.segment_reduce(
            squares[:, None], "max", offsets=state.offsets, axis=0, unsafe=True, initial=0.0
        )
        return torch.where((state.offsets.diff() > FEW)[:, None], found, corner[:, None])
    found = torch.zeros(centre.shape[0] * species_count, dtype=torch.float64, device=cell.device)
    found.scatter_reduce_(0, cell * species_count + state.species, squares, "amax")
    return found.view(-1, species_count)


def sigma_g(
    g_squared: Tensor, pair: Tensor | int, table: PairTable, laws: SimpleNamespace
) -> Tensor:
    """sigma g [m^3/s] of pairs of species by their numbers in the table.

    g_squared : (n,) [m^2/s^2]; pair : (n,), or one for all
    """
    prefactor = table.prefactor[pair]
    if all(table.is_hard):
        return laws.hard_sphere_rate(g_squared, prefactor)
    exponent = table.half_exponent[pair]
    variable = laws.variable_rate(g_squared, prefactor, exponent)
    if not any(table.is_hard):
        return variable
    return torch.where(
        exponent == HARD_SPHERE, laws.hard_sphere_rate(g_squared, prefactor), variable
    )


def majorants(
    farthest: Tensor, begin: Tensor, volume: Tensor, table: PairTable, laws: SimpleNamespace
) -> tuple[Tensor, Tensor]:
    """The majorants of sigma g [m^3/s] and the candidates per second, each (n, P).

    farthest : (n, S) [m^2/s^2]; begin : (n, S + 1); volume : (n,) [m^3]
    """
    rates, flows = [], []
    number = begin.diff(dim=1).double()
    for pair, (a, b) in enumerate(table.species):
        if a == b:
            pairs = laws.like_pairs(number[:, a])
        else:
            pairs = laws.unlike_pairs(number[:, a], number[:, b])
        bound = laws.bound_squared(farthest[:, a], farthest[:, b])
        rates.append(sigma_g(bound, pair, table, laws))
        flows.append(laws.candidate_rate(pairs, table.weight, rates[-1], volume))
    return torch.stack(rates, dim=1), torch.stack(flows, dim=1)


def total_of(flow: Tensor) -> Tensor:
    """All candidates per second, (n,), added in the order of the pairs; flow : (n, P)."""
    total = flow[:, 0]
    for pair in range(1, flow.shape[1]):
        total = total + flow[:, pair]
    return total


def choose_species(flow: Tensor, address: Address, draw: int) -> Tensor:
    """A pair of species by its number, (n,), in proportion to its flow; flow : (n, P)."""
    chosen = torch.zeros_like(address.cell)
    if flow.shape[1] == 1:
        return chosen
    high, low, _, _ = words(address, draws.SPECIES_PAIRS, draw, 0)
    left = unit_fine(high, low) * total_of(flow)
    for pair in range(flow.shape[1]):
        chosen = torch.where((flow[:, pair] > 0.0) & (left >= 0.0), pair, chosen)
        left = left - flow[:, pair]
    return chosen


def choose_members(
    pair: Tensor, listed: Members, table: PairTable, word_i: Tensor, word_j: Tensor
) -> tuple[Tensor, Tensor]:
    """Two different rows of the species of a pair, all equally likely: (n,), (n,).

    pair, word_i, word_j : (n,); listed.begin : (n, S + 1)
    """
    if listed.row is None:
        start, stop = listed.begin.unbind(1)
        i, j = below(word_i, stop - start), below(word_j, stop - start - 1)
        return start + i, start + j + (j >= i)
    species = table.kinds[pair]
    start = listed.begin.gather(1, species)
    count = listed.begin.gather(1, species + 1) - start
    alike = species[:, 0] == species[:, 1]
    i = below(word_i, count[:, 0])
    j = below(word_j, count[:, 1] - alike.long())
    j = j + (alike & (j >= i))
    return listed.row[start[:, 0] + i], listed.row[start[:, 1] + j]
