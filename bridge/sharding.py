"""Layers that lie on several ranks (DTensor, FSDP2): which part of them a rank collides.

    "local"   whole neurons are here: every rank collides its own, a gas of its own
    "gather"  every rank gets the whole layer, collides it like all others, and keeps its part
    columns   a part of every neuron is here: only sums over columns are exchanged (exact)

Ranks draw the same random numbers and make the same choices; nothing is sent to agree on them.
"""

from collections.abc import Callable, Sequence
from typing import Literal, NamedTuple, get_args

import torch.distributed as dist
from torch import Tensor

from bridge.collisions import Collision, NTCCollision
from bridge.neurons import Layout

if dist.is_available():
    from torch.distributed.tensor import DTensor, Replicate, Shard

Sharded = Literal["local", "gather"]
MOST_PARAMETERS = 2**18  # that random numbers tell apart; times the rank below 2^14


class Part(NamedTuple):
    """What a rank does with a layer.

    gather : collide the whole layer
    rank : of those that collide different neurons; 0 where all collide the same
    total : adds a tensor over the ranks that hold other columns; None where rows are whole
    """

    gather: bool = False
    rank: int = 0
    total: Callable[[Tensor], Tensor] | None = None

    def number(self, parameter: int) -> int:
        """The number of a parameter for its random numbers: of its own for neurons of its own."""
        return parameter + self.rank * MOST_PARAMETERS

    def plain(self, tensors: Sequence[Tensor]) -> list[Tensor]:
        """Tensors as this rank works on them; in their own memory unless gathered."""
        return [self._plain(tensor) for tensor in tensors]

    def _plain(self, tensor: Tensor) -> Tensor:
        if not is_sharded(tensor):
            return tensor.detach()
        return tensor.full_tensor() if self.gather else tensor.to_local()

    def keep(self, plain: Sequence[Tensor], tensors: Sequence[Tensor]) -> None:
        """Put this rank's part of gathered tensors back."""
        for whole, tensor in zip(plain, tensors, strict=True):
            if self.gather and is_sharded(tensor):
                everywhere = [Replicate()] * tensor.device_mesh.ndim
                there = DTensor.from_local(whole, tensor.device_mesh, everywhere, run_check=False)
                tensor.to_local().copy_(there.redistribute(placements=tensor.placements).to_local())


def is_sharded(tensor: Tensor) -> bool:
    """True for a DTensor.

    tensor : (...)
    """
    return dist.is_available() and isinstance(tensor, DTensor)


def check_choice(sharded: str | None) -> None:
    """Refuse another value than those of `sharded`."""
    if sharded is not None and sharded not in get_args(Sharded):
        raise ValueError(
            f'sharded = {sharded!r}: must be "local" (every rank collides its own neurons), '
            '"gather" (exact: every rank collides the whole layer) or None (no sharded rows)'
        )


def part_of(
    name: str,
    tensors: Sequence[Tensor],
    collision: Collision,
    layout: Layout,
    sharded: Sharded | None,
) -> Part:
    """What this rank does with a layer of weight and gradient, or a clear ValueError."""
    if not any(map(is_sharded, tensors)):
        return Part()
    if not all(map(is_sharded, tensors)):
        raise ValueError(
            f"{name}: a plain tensor together with a DTensor; shard weight and bias alike"
        )
    weight = tensors[0]
    cut = [(dim, how) for dim, how in enumerate(weight.placements) if how != Replicate()]
    alike = all(tensor.placements == weight.placements for tensor in tensors)
    if not cut and alike:
        return Part()
    if sharded == "gather":
        return Part(gather=True)
    if len(cut) != 1 or type(cut[0][1]) is not Shard or not alike:
        raise ValueError(
            f"{name}: placements {_listed(tensors)}: only one Shard besides Replicate can be "
            'collided where it lies; give sharded="gather"'
        )
    (mesh_dim, shard), mesh = cut[0], weight.device_mesh
    if _cuts_rows(weight, shard.dim, layout):
        return _own_rows(name, mesh, mesh_dim, sharded, layout)
    return _shared_columns(name, tensors, mesh, mesh_dim, collision)


def _cuts_rows(weight: Tensor, dim: int, layout: Layout) -> bool:
    """True where a shard holds whole neurons."""
    dim %= weight.ndim
    return dim == layout.neuron_dim_of(weight) or (
        dim == 0 and (layout.experts or layout.groups > 1)
    )


def _own_rows(name, mesh, mesh_dim, sharded, layout) -> Part:
    if sharded is None:
        raise ValueError(
            f"{name}: its neurons lie on {mesh.size(mesh_dim)} ranks: say what is wanted, "
            'sharded="local" (every rank collides its own neurons; nothing is sent) or '
            'sharded="gather" (exact: the result of one process)'
        )
    if layout.groups > 1:
        raise ValueError(
            f"{name}: groups = {layout.groups} of a sharded convolution: a group can lie on two "
            'ranks; give sharded="gather"'
        )
    return Part(rank=mesh.get_local_rank(mesh_dim))


def _shared_columns(name, tensors, mesh, mesh_dim, collision) -> Part:
    possible = (
        isinstance(collision, NTCCollision)
        and (collision.scatter, collision.pairing) == ("line-of-centres", "disjoint")
        and collision.cells is None
    )
    columns = min(tensor.shape[tensor.placements[mesh_dim].dim] for tensor in tensors)
    if not possible or len({t.shape for t in tensors}) > 1 or columns < mesh.size(mesh_dim):
        raise ValueError(
            f"{name}: columns lie on {mesh.size(mesh_dim)} ranks, {_listed(tensors)}: only "
            "disjoint line-of-centres collisions in one cell, without a bias and with a column on "
            'every rank, work on them; give sharded="gather"'
        )
    group = mesh.get_group(mesh_dim)

    def total(tensor: Tensor) -> Tensor:
        dist.all_reduce(tensor, group=group)
        return tensor

    return Part(total=total)


def _listed(tensors: Sequence[Tensor]) -> str:
    return ", ".join(sorted({str(tuple(tensor.placements)) for tensor in tensors}))
