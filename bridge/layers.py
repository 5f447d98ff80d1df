"""Which parameters of an optimizer collide, and how: the argument `params` of KineticStep."""

import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.optim import Optimizer

from bridge.collisions import Collision
from bridge.functional import check, refuse_quadratic
from bridge.neurons import Layout, gases
from bridge.outcome import CollisionWarning

Predicate = Callable[[str, Tensor], bool]
ENTRY_KEYS = {"params", "collision", "bias", "neuron_dim", "groups", "experts"}
_LIST_THEM = 'params = [model.fc.weight], or {"params": ..., "collision": ...} for one of its own'


@dataclass(frozen=True)
class Layer:
    """One weight that collides, alone or with its bias as one more column.

    tensors : weight, and bias if joint
    number : of its random numbers: the same in every run with the same `params`
    """

    tensors: tuple[Tensor, ...]
    collision: Collision
    layout: Layout
    number: int
    name: str

    @property
    def weight(self) -> Tensor:
        """The weight."""
        return self.tensors[0]


class Entry(NamedTuple):
    """One entry of `params`: tensors, or a predicate over names and parameters."""

    choice: tuple[Tensor, ...] | Predicate
    bias: Tensor | None
    collision: Collision
    layout: Layout


class Place(NamedTuple):
    """A parameter in an optimizer."""

    parameter: Tensor
    name: str | None
    group: int


class Layers:
    """The layers of one optimizer that collide; predicates also find what is added later."""

    def __init__(self, optimizer: Optimizer, entries: list[Entry]):
        self._entries = entries
        self._found: dict[tuple[int, int], Layer] = {}  # by number of the entry, place in it
        self._places: list[Place] = []  # of the optimizer
        self._groups: dict[Tensor, int] = {}  # of the optimizer, by parameter
        self._identities: list[list[int]] = []  # of the parameters, group by group
        self.refresh(optimizer)
        if not self._found:
            warnings.warn(
                "params: the predicate chose none of the optimizer's parameters: nothing collides "
                "until it chooses one that is added",
                CollisionWarning,
                stacklevel=4,
            )

    def __iter__(self) -> Iterator[Layer]:
        """In the order of `params`."""
        return iter(self._found.values())

    def refresh(self, optimizer: Optimizer) -> None:
        """Look for layers among the parameters that were added or exchanged since the last time."""
        identities = [[id(p) for p in group["params"]] for group in optimizer.param_groups]
        if identities == self._identities:
            return
        places = list(_places(optimizer))
        if list(map(len, identities)) == list(map(len, self._identities)):
            self._follow(places)
        found = dict(self._found)
        for number, entry in enumerate(self._entries):
            for index, place in _chosen(entry, places):
                if (number, index) not in found:
                    # Whenever a parameter is found, its number is the same.
                    address = index * len(self._entries) + number
                    found[number, index] = _layer(entry, place, address)
        self._found = dict(sorted(found.items()))
        self._places, self._identities = places, identities
        self._groups = {place.parameter: place.group for place in places}

    def _follow(self, places: list[Place]) -> None:
        """Go over to the parameters that took the places of ours, as sharded ones do."""
        image = self._image(self._places, places)
        if any(image[id(tensor)] is not tensor for layer in self for tensor in layer.tensors):
            self._entries = [_with_tensors(entry, image) for entry in self._entries]
            self._found = {}

    def group_of(self, layer: Layer) -> int:
        """Number of the optimizer's group that the weight is in."""
        return self._groups[layer.weight]

    def moved(self, old: Optimizer, new: Optimizer) -> "Layers":
        """The same layers of another optimizer: the same tensors, or those in their places."""
        image = self._image(list(_places(old)), list(_places(new)))
        return Layers(new, [_with_tensors(entry, image) for entry in self._entries])

    def _image(self, before: list[Place], after: list[Place]) -> dict[int, Tensor]:
        """By id of a tensor the one that stands for it: itself, if it is there."""
        originals, copies = ([place.parameter for place in places] for places in (before, after))
        image = {id(tensor): tensor for tensor in copies}
        for layer in self:
            for tensor in layer.tensors:
                if id(tensor) not in image:
                    image[id(tensor)] = _counterpart(tensor, layer.name, originals, copies)
        return image


def _layer(entry: Entry, place: Place, number: int) -> Layer:
    """A layer, if it can be one."""
    weight = place.parameter
    name = place.name or f"parameter {number}"
    if getattr(weight, "_is_flat_param", False) or getattr(weight, "_fsdp_flattened", False):
        raise ValueError(
            f"{name}: a flat parameter of FSDP1, in which no neuron can be told from another; "
            "use FSDP2 (torch.distributed.fsdp.fully_shard)"
        )
    if entry.layout.has_rows(weight):
        like = torch.empty(weight.shape, device="meta")
        refuse_quadratic(entry.collision, *gases(like, entry.layout).shape[1:])
    tensors = (weight,) if entry.bias is None else (weight, entry.bias)
    return Layer(tensors, entry.collision, entry.layout, number, name)


def parse(params: Any, collision: Collision | None, layout: Layout) -> list[Entry]:
    """Entries from what a user gives: tensors, dictionaries with their own values, a predicate."""
    if callable(params) or isinstance(params, Tensor | Mapping):
        params = [params]
    elif not isinstance(params, Iterable) or isinstance(params, str):
        raise TypeError(f"params = {params!r}: must be tensors or a predicate; {_LIST_THEM}")
    entries = [_entry(item, collision, layout) for item in params]
    if not entries:
        raise ValueError(f"params is empty: name the layers that collide; {_LIST_THEM}")
    seen: set[tuple[int, Collision]] = set()
    for entry in entries:
        for tensor in () if callable(entry.choice) else entry.choice:
            if (id(tensor), entry.collision) in seen:
                raise ValueError(
                    f"params: a tensor of shape {tuple(tensor.shape)} is listed twice with the "
                    "same collision; list it once"
                )
            seen.add((id(tensor), entry.collision))
    return entries


def _entry(item: Any, collision: Collision | None, layout: Layout) -> Entry:
    options = item if isinstance(item, Mapping) else {"params": item}
    unknown = set(options) - ENTRY_KEYS
    if unknown or "params" not in options:
        complaint = f"unknown key {min(unknown)!r}" if unknown else "the key 'params' is missing"
        raise ValueError(f"params: {complaint}; allowed are {', '.join(sorted(ENTRY_KEYS))}")
    collision = options.get("collision", collision)
    if collision is None:
        raise ValueError("collision is missing: give it to KineticStep or to every entry of params")
    check(collision)
    changes = {key: options[key] for key in ("neuron_dim", "groups", "experts") if key in options}
    layout = replace(layout, **changes)
    choice, bias = options["params"], options.get("bias")
    if not callable(choice) or isinstance(choice, Tensor | torch.nn.Module):
        alone = isinstance(choice, Tensor | torch.nn.Module | str)
        choice = (choice,) if alone else tuple(choice)
        _refuse_others(choice)
    if bias is not None and (callable(choice) or len(choice) != 1):
        raise ValueError("params: 'bias' goes with one weight; give every weight its own entry")
    if bias is not None:
        _check_bias(choice[0], bias, layout)
    return Entry(choice, bias, collision, layout)


def _refuse_others(choice: tuple) -> None:
    for tensor in choice:
        if not isinstance(tensor, Tensor):
            raise TypeError(
                f"params: found {type(tensor).__name__} {tensor!r} where a tensor was expected; "
                f"{_LIST_THEM}; names are chosen by a predicate (name, parameter)"
            )


def _check_bias(weight: Tensor, bias: Tensor, layout: Layout) -> None:
    """A bias has one number for each neuron."""
    if not layout.has_rows(weight):
        raise ValueError(f"params: a weight of shape {tuple(weight.shape)} takes no 'bias'")
    neurons = weight.shape[layout.neuron_dim_of(weight)]
    if not layout.experts and layout.neuron_dim_of(weight) > 0:
        neurons *= layout.groups
    expected = (weight.shape[0], neurons) if layout.experts else (neurons,)
    if tuple(bias.shape) != expected:
        raise ValueError(
            f"params: 'bias' has shape {tuple(bias.shape)}, the weight {tuple(weight.shape)}: the "
            f"bias must have shape {expected}, one number for each neuron"
        )


def _places(optimizer: Optimizer) -> Iterator[Place]:
    """Every parameter of an optimizer, with its name if the optimizer was given names."""
    for number, group in enumerate(optimizer.param_groups):
        names = group.get("param_names") or [None] * len(group["params"])
        for name, parameter in zip(names, group["params"], strict=True):
            yield Place(parameter, name, number)


def _chosen(entry: Entry, places: list[Place]) -> Iterator[tuple[int, Place]]:
    """The parameters that an entry means, numbered within it."""
    if not callable(entry.choice):
        by_id = {id(place.parameter): place for place in places}
        for tensor in entry.choice if entry.bias is None else (*entry.choice, entry.bias):
            if id(tensor) not in by_id:
                raise ValueError(
                    f"params: a tensor of shape {tuple(tensor.shape)} is not a parameter of the "
                    "optimizer; give the parameter itself (model.fc.weight, not a copy or a view, "
                    "of the model that is trained, and not frozen)"
                )
        yield from enumerate(by_id[id(tensor)] for tensor in entry.choice)
        return
    for index, place in enumerate(places):
        if place.name is None:
            raise ValueError(
                "params is a predicate over names, but the optimizer knows none: build it from "
                "model.named_parameters() instead of model.parameters(), or list the tensors: "
                "params=[p for name, p in model.named_parameters() if ...]"
            )
        if entry.choice(place.name, place.parameter):
            yield index, place


def _counterpart(tensor: Tensor, name: str, originals: list, copies: list) -> Tensor:
    """The parameter of another optimizer in the place that `tensor` has in this one."""
    position = next(n for n, original in enumerate(originals) if original is tensor)
    if position >= len(copies) or copies[position].shape != tensor.shape:
        raise ValueError(
            f"{name}: the optimizer has neither this parameter nor one of shape "
            f"{tuple(tensor.shape)} in its place; make a new KineticStep"
        )
    return copies[position]


def _with_tensors(entry: Entry, image: dict[int, Tensor]) -> Entry:
    if callable(entry.choice):
        return entry
    bias = None if entry.bias is None else image[id(entry.bias)]
    return entry._replace(choice=tuple(image[id(t)] for t in entry.choice), bias=bias)
