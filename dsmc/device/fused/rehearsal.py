"""Before the first step on a GPU the kernels play a small gas, and so do the stages on tensors.

A kernel is compiled for the GPU that is there, which need not be one that it was tried on. Where it
fails, or plays anything else than the stages on tensors, these are used, and the user is told.
"""

from collections.abc import Callable, Mapping

import torch
from torch import Tensor

from dsmc import draws
from dsmc.device.collide import all_cells
from dsmc.device.draws import Address, unit, words
from dsmc.device.fused.stages import Fused
from dsmc.device.model import Model
from dsmc.device.pairs import PairTable, members, total_of
from dsmc.device.particles import Particles
from dsmc.device.stages import Stages
from dsmc.device.step import nowhere
from dsmc.moments import COLUMNS

CELLS = 40
PER_CELL = 40  # more than those few for whom the corner of a box does
CANDIDATES = 3.0  # of a cell, on average
AWAY = 0.25  # from the faces, in lengths of the box
FARTHEST = 0.02  # that one flies along an axis before collisions; nor AWAY after some
ROUNDING = {torch.float64: 1e-9, torch.float32: 1e-3}  # of the largest number of a column


def fault(model: Model, table: PairTable, laws: Mapping[str, Callable] | None = None) -> str | None:
    """What is wrong with the kernels on this device, or None.

    laws : {name: law} of the kernels only, in place of the package's own
    """
    state = small_gas(model)
    small = rarefied(state, model, table)
    for noting in (False, True):
        expected = play(Stages(small, table), state, noting)
        try:
            found = play(Fused(small, table, laws), state, noting)
        except Exception as error:  # of a compiler, a driver, a GPU
            return f"{type(error).__name__}: {error}"
        for name, one in expected.items():
            if not agree(found[name], one):
                return f"their {name} are not those of the stages on tensors"
    return None


def agree(found: Tensor, expected: Tensor) -> bool:
    """Whether numbers are the same up to rounding, column by column.

    found, expected : (n,), or (…, columns)
    """
    columns = expected.shape[-1] if expected.dim() > 1 else 1
    found, expected = found.reshape(-1, columns), expected.reshape(-1, columns)
    margin = ROUNDING.get(expected.dtype, 0.0) * expected.abs().amax(dim=0)
    return bool(((found - expected).abs() <= margin).all())


def small_gas(model: Model) -> Particles:
    """Particles of every species in a row of cells, which fly within the box."""
    lengths = model.grid.lengths
    dimension, device = lengths.numel(), lengths.device
    cell = torch.arange(CELLS, device=device, dtype=torch.int32).repeat_interleave(PER_CELL)
    drawn = torch.stack([draw(cell.numel(), k, device) for k in range(dimension + 3)], dim=1)
    fastest = FARTHEST * float(lengths.min()) / model.flight_time
    position = lengths * (AWAY + (1.0 - 2.0 * AWAY) * drawn[:, :dimension])
    velocity = fastest * (2.0 * drawn[:, dimension:] - 1.0)
    return Particles(
        phase=torch.cat([position, velocity], dim=1).to(lengths.dtype),
        columns=species_of(cell.numel(), model),
        cell=cell,
        offsets=PER_CELL * torch.arange(CELLS + 1, device=device),
        dimension=dimension,
    )


def species_of(count: int, model: Model) -> dict[str, Tensor]:
    """The column of species, one after the other, if there are several."""
    kinds = model.mass.numel()
    number = torch.arange(count, device=model.mass.device) % kinds
    return {"species": number.to(torch.int8)} if kinds > 1 else {}


def draw(count: int, index: int, device: torch.device) -> Tensor:
    """Uniform numbers, (count,)."""
    address = Address((0, 0), 0, torch.arange(count, device=device))
    return unit(words(address, draws.INITIAL_POSITION, index, 0)[0])


def rarefied(state: Particles, model: Model, table: PairTable) -> Model:
    """The model with CELLS cells, in which CANDIDATES of a cell are tried in a step."""
    grid = model.grid
    cells = (CELLS, *(1 for _ in grid.cells[1:]))
    widths = [n / length for n, length in zip(cells, grid.lengths.tolist(), strict=True)]
    one = torch.ones(CELLS, dtype=torch.float64, device=grid.volume.device)
    small = grid._replace(cells=cells, inverse_width=tuple(widths), edges=None, volume=one)
    listed = members(state, model.mass.numel())
    laws = Stages(model, table).laws
    flow = total_of(all_cells(state, listed, model._replace(grid=small), table, laws).flow)
    return model._replace(grid=small._replace(volume=flow * model.time_step / CANDIDATES))


def play(stages: Stages, state: Particles, noting: bool) -> dict[str, Tensor]:
    """What there is after a step, by name; the state is left as it is.

    noting : whether cells are sampled, and take note of the collisions
    """
    device, kinds = state.phase.device, stages.model.mass.numel()
    tally = torch.zeros((kinds, kinds, 2), dtype=torch.int64, device=device)
    walls = torch.zeros((0, 0), dtype=torch.float64, device=device)  # nobody gets there
    own = Particles(state.phase.clone(), state.columns, state.cell, state.offsets, state.dimension)
    sums = torch.zeros((CELLS, kinds, COLUMNS), dtype=torch.float64, device=device)
    if noting:
        stages.sample(own, 0.5, sums)
    stages.collide(own, nowhere(device, (0, 0), 0), sums if noting else None, tally)
    cells = stages.fly(own, nowhere(device, (0, 0), 0), walls)
    return {
        "collisions": tally, "sums": sums, "velocities": own.velocity, "positions": own.position,
        "cells": cells,
    }  # fmt: skip
