"""Which numbers of a parameter are which neuron: every layer as (gases, neurons, fan-in).

A neuron is a row: of a Linear weight (O, I), of a convolution O x I x k x k read as (O, I k k). The
groups of a convolution and the experts of a mixture are separate gases: their neurons do not see
the same inputs. Columns are numbered as the tensor is indexed, however it lies in memory.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Layout:
    """How the dimensions of a parameter are to be read.

    neuron_dim : the dimension that counts the neurons; None for 0, or 1 with experts. It is 1 for
        transposed convolutions and for linear layers kept as (I, O)
    groups : of a convolution; both kinds have them along dimension 0
    experts : dimension 0 counts experts, E separate layers in one tensor
    """

    neuron_dim: int | None = None
    groups: int = 1
    experts: bool = False

    def __post_init__(self) -> None:
        """Refuse values without a meaning."""
        for field, value in (("neuron_dim", self.neuron_dim), ("groups", self.groups)):
            whole = isinstance(value, int) and not isinstance(value, bool)
            if not whole and not (field == "neuron_dim" and value is None):
                raise ValueError(f"{field} = {value!r}: must be a whole number")
        if self.groups < 1:
            raise ValueError(f"groups = {self.groups}: must be 1 or more; 1 for no groups")
        if self.experts and self.groups > 1:
            raise ValueError(
                f"groups = {self.groups} with experts=True: dimension 0 can count only one of "
                "them; leave one out"
            )

    def neuron_dim_of(self, tensor: Tensor) -> int:
        """The dimension that counts the neurons, from 0; ValueError if the tensor has none such.

        tensor : (...) a weight
        """
        first = 1 if self.experts else 0
        dim = first if self.neuron_dim is None else self.neuron_dim
        found = dim + tensor.ndim if dim < 0 else dim
        if not first <= found < tensor.ndim:
            raise ValueError(
                f"neuron_dim = {self.neuron_dim} of a parameter of shape {tuple(tensor.shape)}: "
                f"must lie between {first} and {tensor.ndim - 1}"
            )
        if tensor.shape[0] % self.groups:
            raise ValueError(
                f"groups = {self.groups} of a parameter of shape {tuple(tensor.shape)}: must "
                "divide dimension 0; give the `groups` of the convolution"
            )
        return found

    def has_rows(self, tensor: Tensor) -> bool:
        """False for a bias and the like, which have no fan-in.

        tensor : (...) a parameter
        """
        return tensor.ndim >= (3 if self.experts else 2)


def gases(tensor: Tensor, layout: Layout | None = None) -> Tensor:
    """The neurons of a weight or its gradient: (E, N, D), a view where the strides allow.

    tensor : (...) of two or more dimensions
    """
    rows = _arranged(tensor, layout or Layout())
    return rows if rows.ndim == 3 else rows.flatten(2)


def rows_of(tensors: Sequence[Tensor], layout: Layout) -> Tensor:
    """The neurons of a weight, or of a weight and its bias as one more column: (E, N, D).

    A view of the weight where it is alone and its strides allow, a copy otherwise: changes are
    complete after `put_back`.
    """
    if len(tensors) == 1:
        return gases(tensors[0], layout)
    return torch.cat([gases(tensor, layout) for tensor in tensors], dim=2)


def put_back(rows: Tensor, tensors: Sequence[Tensor], layout: Layout) -> None:
    """Write the neurons that `rows_of` gave into the tensors, unless they are a view of them.

    rows : (E, N, D)
    """
    if _share_memory(rows, tensors[0]):
        return
    first = 0
    for tensor in tensors:
        target = _arranged(tensor, layout)
        length = target.shape[2:].numel()
        target.copy_(rows[:, :, first : first + length].reshape(target.shape))
        first += length


def _arranged(tensor: Tensor, layout: Layout) -> Tensor:
    """A view (E, N, ...) of a weight, or (E, N, 1) of a bias."""
    if not layout.has_rows(tensor):
        return _gases_first(tensor, layout).unsqueeze(-1)
    dim = layout.neuron_dim_of(tensor)
    rows, place = _gases_first(tensor, layout), dim if layout.experts else dim + 1
    return rows if place == 1 else rows.movedim(place, 1)


def _gases_first(tensor: Tensor, layout: Layout) -> Tensor:
    """A view with a dimension that counts experts or groups before all others."""
    if layout.experts:
        return tensor
    if layout.groups == 1:
        return tensor.unsqueeze(0)
    return tensor.unflatten(0, (layout.groups, -1))


def _share_memory(a: Tensor, b: Tensor) -> bool:
    return a.untyped_storage().data_ptr() == b.untyped_storage().data_ptr()
