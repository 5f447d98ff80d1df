"""No-time-counter collisions of neurons: what the gas engine does, with gradients as velocities.

On the CPU the engine's kernels work on the tensors themselves; elsewhere the same rounds run in
torch.  Candidates and the uniforms that accept them are drawn by the engine for both, so that the
same pairs collide, but where rounding decides.

Every accepted candidate counts as a collision; along the line of centres a pair that is not
approaching, or has no line of centres, is left as it is.
"""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from bridge.address import Address
from bridge.cells import divide
from bridge.collisions import NTCCollision
from bridge.ntc_rounds import collide_rounds, precision_of
from bridge.outcome import Outcome
from dsmc import encounters

SHORT = "too few rounds: a few gradients are far larger than the rest; the rate is not reached"


def collide(
    weight: Tensor,
    grad: Tensor,
    collision: NTCCollision,
    address: Address,
    *,
    measure: bool = False,
    backend: str | None = None,
    total: Callable[[Tensor], Tensor] | None = None,
) -> Outcome:
    """Let the rows of each gas collide; changes `grad`.

    weight, grad : (E, N, D), any strides; backend : "torch", or None for the engine on CPU tensors
    total : adds a tensor over the ranks that hold the other columns of the same rows
    """
    neurons = grad.shape[1]
    if neurons < 2 or grad.numel() == 0:
        return Outcome(skipped="fewer than two neurons")
    if collision.rate == 0.0:
        return Outcome()
    on_host = grad.device.type == "cpu" and backend != "torch" and total is None
    if collision.pairing == "sequential" and not on_host:
        raise ValueError(
            f'NTCCollision: pairing = "sequential" works on whole tensors on the CPU, not on '
            f'{grad.device} or on shards of columns; use pairing="disjoint"'
        )
    if total is not None and (collision.scatter == "isotropic" or collision.cells is not None):
        raise ValueError(
            "NTCCollision: isotropic scattering and SimHash cells need whole rows, and these are "
            'sharded by columns; use scatter="line-of-centres" and cells=None'
        )
    before = grad.clone() if measure else None
    cells = divide(weight, collision.cells, address)
    if not on_host:
        counts = collide_rounds(weight, grad, cells, collision, address, total or _whole)
    elif collision.pairing == "disjoint":
        counts = _collide_disjoint(weight, grad, cells, collision, address)
    else:
        counts = _collide_in_turn(weight, grad, cells, collision, address)
    outcome = Outcome(
        pairs=int(counts[encounters.ACCEPTED]),
        candidates=int(counts[encounters.CANDIDATES]),
        skipped=SHORT if counts[encounters.SHORT] else "",
        finite=not counts[encounters.NOT_FINITE],
    )
    return outcome if before is None else outcome.measured(before, grad)


def _whole(tensor: Tensor) -> Tensor:
    """The sum over all columns, where all of them are here."""
    return tensor


def _rows(tensor: Tensor, dtype: torch.dtype) -> Tensor:
    """(E N, D) contiguous in working precision: the tensor's own memory where it fits."""
    tensor = tensor.detach()
    if tensor.dtype != dtype or not tensor.is_contiguous():
        tensor = tensor.to(dtype).contiguous()
    return tensor.view(-1, tensor.shape[-1])


def _put_back(rows: Tensor, grad: Tensor) -> None:
    """Write rows that are a copy into the gradient."""
    if rows.data_ptr() != grad.data_ptr():
        grad.copy_(rows.view(grad.shape))


def _collide_disjoint(weight, grad, cells, collision, address) -> np.ndarray:
    dtype = precision_of(weight, grad)
    positions, velocities = _rows(weight, dtype), _rows(grad, dtype)
    velocity = velocities.numpy()
    gas = _spheres(collision, velocity.dtype.type)
    counts = np.zeros(encounters.COUNTS, np.int64)
    engine = address.engine()
    encounters.collide_disjoint(
        positions.numpy(), velocity, *cells, engine.key, engine.step,
        float(collision.rate), gas, encounters.desk(*velocity.shape, velocity.dtype.type), counts,
    )  # fmt: skip
    _put_back(velocities, grad)
    return counts


def _collide_in_turn(weight, grad, cells, collision, address) -> np.ndarray:
    """The candidate sequence of the gas, on rows sorted by cell."""
    dtype = precision_of(weight, grad)
    velocities = _rows(grad, dtype)
    order = torch.from_numpy(cells.member.astype(np.int64))
    velocity = velocities.numpy()
    desk = encounters.desk(*velocity.shape, velocity.dtype.type)
    engine = address.engine()
    times = np.empty(cells.labels.size)
    encounters.collision_times(
        velocity, *cells, engine.key, engine.step, float(collision.rate), desk, times,
    )  # fmt: skip
    tally = np.zeros((1, 1, 1, 2), np.int64)
    phase, first, stage = velocities[order], 0, encounters.collide_in_turn
    if collision.scatter == "line-of-centres":
        phase = torch.cat([_rows(weight, dtype)[order], phase], dim=1)
        first, stage = velocity.shape[1], encounters.in_turn_along_centres()
    gas = _spheres(collision, velocity.dtype.type)
    stage(
        phase.numpy(), first, cells.offsets, cells.labels, engine.key, engine.step, times, gas,
        desk, tally,
    )  # fmt: skip
    velocities[order] = phase[:, first:]
    _put_back(velocities, grad)
    not_finite = np.count_nonzero(times < 0.0)
    return np.array([tally[0, 0, 0, 0], tally[0, 0, 0, 1], not_finite, 0])


def _spheres(collision: NTCCollision, dtype: type) -> encounters.Spheres:
    along_centres = collision.scatter == "line-of-centres"
    return encounters.spheres(along_centres, collision.restitution, dtype)
