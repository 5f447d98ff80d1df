"""Stage: free flight with exact times of arrival at the faces, as `dsmc.drift`."""

from types import SimpleNamespace

import torch
from torch import Tensor

from dsmc.device.draws import Address
from dsmc.device.lists import chosen
from dsmc.device.model import Model
from dsmc.device.particles import Particles
from dsmc.device.walls import Arrivals, component, reach_faces


def fly(
    state: Particles, model: Model, laws: SimpleNamespace, address: Address, tally: Tensor
) -> None:
    """Let all particles fly for one time step; tally : (rows, columns).

    address : whose cells are replaced by those of the particles
    """
    lengths, axes = model.grid.lengths, state.dimension
    x = state.position + state.velocity[:, :axes] * model.flight_time
    inside = ((x >= 0.0) & (x <= lengths)).all(dim=1)
    row = chosen(~inside)
    at = arrivals(state, row, model.time_step)
    state.position.copy_(x)
    fly_far(state, at, model, laws, address, tally)


def arrivals(state: Particles, row: Tensor, time_step: float) -> Arrivals:
    """Those particles at the start of their flight; row : (n,)."""
    cell = state.cell[row].long()
    species = torch.zeros_like(row) if state.species is None else state.species[row].long()
    left = torch.full(row.shape, time_step, dtype=torch.float64, device=row.device)
    return Arrivals(
        row, state.position[row], state.velocity[row], species, cell, row - state.offsets[cell],
        left,
    )  # fmt: skip


def fly_far(
    state: Particles, at: Arrivals, model: Model, laws: SimpleNamespace, address: Address,
    tally: Tensor,
) -> None:  # fmt: skip
    """Let particles fly from face to face for the time that they have left.

    tally : (rows, columns)
    """
    lengths, hit = model.grid.lengths, 0
    while at.row.numel():
        soonest, axis = first_face(at, lengths)
        x = at.x.double() + at.v[:, : lengths.numel()].double() * soonest[:, None]
        at = at._replace(x=x.to(at.x.dtype), left=at.left - soonest)
        state.position[at.row] = torch.minimum(at.x.clamp(min=0.0), lengths)
        state.velocity[at.row] = at.v
        hitting = chosen(axis >= 0)
        if not hitting.numel():
            return
        at, axis = at.those(hitting), axis[hitting]
        side = (component(at.v, axis) > 0.0).long()
        here = Address(address.key, address.step, at.cell)
        at = reach_faces(at, axis, side, model, laws, here, hit, tally)
        hit += 1


def first_face(at: Arrivals, lengths: Tensor) -> tuple[Tensor, Tensor]:
    """Time of flight to the next face and its axis, or what is left and -1: (n,), (n,).

    lengths : (d,) [m]
    """
    soonest, at_axis = at.left, torch.full_like(at.row, -1)
    for axis in range(lengths.numel()):
        v = at.v[:, axis].double()
        face = torch.where(v > 0.0, lengths[axis].double(), 0.0)
        time = (face - at.x[:, axis]) / torch.where(v != 0.0, v, 1.0)
        arrival = torch.where(v != 0.0, time.clamp(min=0.0), torch.inf)
        at_axis = torch.where(arrival < soonest, axis, at_axis)
        soonest = torch.minimum(arrival, soonest)
    return soonest, at_axis
