"""KineticStep: neurons collide between the backward pass and the update of an optimizer.

It is attached to an optimizer and is none itself: schedulers, gradient scalers, trainers and
checkpoints keep the one they know.
"""

import weakref
from collections.abc import Iterable, Mapping
from typing import Any, NoReturn

import torch
from torch import Tensor
from torch.optim import Optimizer

from bridge import hooks, potential
from bridge.address import Address
from bridge.collisions import Collision, PairPotential
from bridge.functional import collide
from bridge.layer_stats import LayerStats, Record
from bridge.layers import Layer, Layers, Predicate, parse
from bridge.neurons import Layout, put_back, rows_of
from bridge.sharding import Part, Sharded, check_choice, part_of
from dsmc import draws

VERSION = 1  # of state_dict
_ATTACHED: weakref.WeakSet[Optimizer] = weakref.WeakSet()


class KineticStep:
    """Collisions of neurons in every step of an optimizer.

        kinetic = KineticStep(optimizer, [model.fc.weight], SoftCollision(coll_coef=0.1))

    params : tensors of the optimizer; or a predicate (name, parameter), for an optimizer built
        from model.named_parameters(); or dictionaries {"params": ..., "collision": ...,
        "bias": ..., "neuron_dim": ..., "groups": ..., "experts": ...} with values of their own.
        A tensor in two of them collides twice, in their order
    collision : of the entries that give none of their own
    seed : of the random numbers; the same on all ranks
    stats : measure what the collisions do; read `kinetic.stats`
    sharded : "local" or "gather", for layers whose neurons lie on several ranks
    neuron_dim, groups, experts : how weights are read, see `Layout`

    Gradients are changed in place. Copies of the optimizer (deepcopy, pickle) come without hooks:
    `attach(copy)`.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        params: Iterable[Tensor | Mapping[str, Any]] | Predicate,
        collision: Collision | None = None,
        *,
        seed: int = 0,
        stats: bool = False,
        sharded: Sharded | None = None,
        neuron_dim: int | None = None,
        groups: int = 1,
        experts: bool = False,
    ):
        draws.key(seed)
        check_choice(sharded)
        _check_optimizer(optimizer)
        self.seed, self.step = seed, 0
        self._sharded = sharded
        self._records: dict[int, Record] | None = {} if stats else None
        self._layers = Layers(
            optimizer, parse(params, collision, Layout(neuron_dim, groups, experts))
        )
        self._connect(optimizer)

    def attach(self, optimizer: Optimizer) -> "KineticStep":
        """Leave the present optimizer for another one, and keep the count of steps.

        The layers are the same tensors, or, in a copy of the optimizer, those in their places.
        """
        _check_optimizer(optimizer, allowed=self.optimizer if self._attached else None)
        layers = self._layers.moved(self.optimizer, optimizer)
        self.remove()
        self._layers = layers
        self._connect(optimizer)
        return self

    def remove(self) -> None:
        """Leave the optimizer as it was; `attach` returns to it."""
        if self._attached:  # or another KineticStep may have the optimizer by now
            self._attached = False
            self._disconnect()
            _ATTACHED.discard(self.optimizer)

    def state_dict(self) -> dict[str, int]:
        """{version, step, seed}: all there is to save; rides in optimizer.state_dict() too."""
        return {"version": VERSION, "step": self.step, "seed": self.seed}

    def load_state_dict(self, state: Mapping[str, int]) -> None:
        """Go on after the step that was saved, with its seed."""
        self.step, self.seed = _checked(state)

    @property
    def layers(self) -> tuple[Layer, ...]:
        """The layers that collide now, in the order of `params`."""
        return tuple(self._layers)

    @property
    def measures(self) -> bool:
        """Whether there are `stats`."""
        return self._records is not None

    @property
    def stats(self) -> dict[str, LayerStats]:
        """What the collisions did to each layer; waits for the device, and costs N² D."""
        if self._records is None:
            raise RuntimeError("nothing was measured: make the KineticStep with stats=True")
        measured = {}
        for layer in self._layers:
            name = layer.name
            if name in measured:  # a tensor that collides twice
                name = f"{name}, {type(layer.collision).__name__}"
            measured[name] = self._record(layer).read(layer.weight, layer.layout)
        return measured

    @torch.no_grad()
    def collide(self, evaluation: int) -> None:
        """Collide the gradients as they are now; the optimizer calls it.

        evaluation : of the closure in this step, from 0
        """
        if torch.cuda.is_initialized() and torch.cuda.is_current_stream_capturing():
            raise RuntimeError(
                "KineticStep cannot be captured in a CUDA graph: every replay would collide with "
                "the random numbers of one step; leave optimizer.step() out of the graph"
            )
        self._layers.refresh(self.optimizer)
        for layer in self._layers:
            if not isinstance(layer.collision, PairPotential) and self._ready(layer):
                self._collide(layer, evaluation)

    @torch.no_grad()
    def finish(self) -> None:
        """Push the weights apart and count the step; the optimizer calls it after its update."""
        self._layers.refresh(self.optimizer)
        for layer in self._layers:
            if isinstance(layer.collision, PairPotential) and self._ready(layer):
                self._push(layer)
        self.step += 1

    def _collide(self, layer: Layer, evaluation: int) -> None:
        grads = [tensor.grad for tensor in layer.tensors]
        part = self._part(layer, [*layer.tensors, *grads])
        here = part.plain(grads)
        weight = rows_of(part.plain(layer.tensors), layer.layout)
        rows = rows_of(here, layer.layout)
        before = rows.clone() if self._records is not None else None
        options = {} if part.total is None else {"total": part.total}
        address = Address(self.seed, self.step, part.number(layer.number), evaluation)
        outcome = collide(
            weight, rows, layer.collision, address, measure=before is not None, **options
        )
        put_back(rows, here, layer.layout)
        part.keep(here, grads)
        if before is not None:
            self._record(layer).add(outcome, before, rows)

    def _push(self, layer: Layer) -> None:
        group = self.optimizer.param_groups[self._layers.group_of(layer)]
        if "lr" not in group:
            raise ValueError(
                f"{layer.name}: PairPotential moves weights by the learning rate, but "
                f'{type(self.optimizer).__name__} has none (no "lr" in its group); use another '
                "collision"
            )
        part = self._part(layer, layer.tensors)
        here = part.plain(layer.tensors)
        rows = rows_of(here, layer.layout)
        # An optimizer that knows its scaler leaves a step with infinities out by itself.
        found_inf = getattr(self.optimizer, "found_inf", None)
        kept = rows.clone() if found_inf is not None else None
        address = Address(self.seed, self.step, part.number(layer.number))
        outcome = potential.push(rows, layer.collision, group["lr"], address)
        if kept is not None:
            rows.copy_(torch.where(found_inf.to(rows.device) > 0.0, kept, rows))
        put_back(rows, here, layer.layout)
        part.keep(here, layer.tensors)
        if self._records is not None:
            self._record(layer).pushed(outcome)

    def _ready(self, layer: Layer) -> bool:
        """False, and counted, where a layer cannot collide in this step."""
        reason = next(filter(None, (_obstacle(t) for t in layer.tensors)), "")
        if not reason and not layer.layout.has_rows(layer.weight):
            reason = "fewer than two dimensions"
        if reason and self._records is not None:
            self._record(layer).skip(reason)
        return not reason

    def _part(self, layer: Layer, tensors: list[Tensor]) -> Part:
        return part_of(layer.name, tensors, layer.collision, layer.layout, self._sharded)

    def _record(self, layer: Layer) -> Record:
        return self._records.setdefault(layer.number, Record())

    def _connect(self, optimizer: Optimizer) -> None:
        self.optimizer = optimizer
        self._disconnect = hooks.register(optimizer, self)
        self._attached = True
        _ATTACHED.add(optimizer)

    def __copy__(self) -> NoReturn:
        """TypeError: it would collide the gradients of the same optimizer once more."""
        raise TypeError(
            "a shallow copy of a KineticStep would collide the same gradients twice; copy.deepcopy "
            "copies it together with its optimizer"
        )

    def __getstate__(self) -> dict[str, Any]:
        """Without the hooks, which torch does not copy either."""
        return {name: value for name, value in vars(self).items() if name != "_disconnect"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """A copy is attached to its own copy of the optimizer, if the original is to its own."""
        vars(self).update(state)
        if self._attached:
            self._connect(self.optimizer)


def _obstacle(tensor: Tensor) -> str:
    """Why a parameter cannot collide in this step, or ""."""
    if tensor.grad is None:
        return "no gradient"
    if tensor.grad.layout is not torch.strided:
        return "sparse gradient"
    if not tensor.is_floating_point():
        return "complex numbers"
    return ""


def _checked(state: Mapping[str, int]) -> tuple[int, int]:
    """(step, seed) of a saved state, or a ValueError that says what is wrong with it."""
    what = "state of a KineticStep"
    if not isinstance(state, Mapping):
        raise ValueError(f"{what}: {state!r}: must be a dictionary with version, step and seed")
    missing = {"version", "step", "seed"} - set(state)
    if missing:
        raise ValueError(f"{what}: {', '.join(sorted(missing))} missing")
    if state["version"] != VERSION:
        raise ValueError(
            f"{what}: version = {state['version']!r}: this release reads version {VERSION}; load "
            "it with the release that wrote it"
        )
    if not isinstance(state["step"], int) or state["step"] < 0:
        raise ValueError(f"{what}: step = {state['step']!r}: must be a whole number, 0 or more")
    draws.key(state["seed"])
    return state["step"], state["seed"]


def _check_optimizer(optimizer: object, allowed: Optimizer | None = None) -> None:
    """Refuse what has no hooks, and a second KineticStep on one optimizer."""
    if not isinstance(optimizer, Optimizer):
        raise TypeError(_not_one(optimizer))
    inside = hooks.wrapped(optimizer)
    if inside:
        raise TypeError(
            f"{type(optimizer).__name__} wraps an optimizer and has no hooks of its own: give the "
            f"one inside (.{inside})"
        )
    if optimizer in _ATTACHED and optimizer is not allowed:
        raise ValueError(
            "this optimizer has a KineticStep already: call its remove(), or give it all layers "
            'as params=[{"params": ..., "collision": ...}, ...]'
        )


def _not_one(found: object) -> str:
    """What to do about something that is no optimizer."""
    several = isinstance(found, list | tuple | dict)
    if found is None or (several and not found):
        return (
            f"optimizer = {found!r}: there is none yet; make the KineticStep where the optimizer "
            "is made (configure_optimizers of Lightning, create_optimizer of a Trainer)"
        )
    what = f"the class {found.__name__}" if isinstance(found, type) else type(found).__name__
    cure = "of a wrapper give the optimizer inside"
    if several:
        cure = "give one of several, and every other its own KineticStep"
    return f"optimizer: found {what} where a torch.optim.Optimizer was expected; {cure}"
