"""The places in an optimizer where collisions happen: hooks of torch, and the closure.

A hook before the step runs before the closure too, when gradients are of the last step or missing:
where there is a closure, the collisions follow every evaluation of it instead.
"""

from collections.abc import Callable
from typing import Any, Protocol

import torch
from torch.optim import Optimizer

STATE_KEY = "kinetic_step"  # in optimizer.state_dict()


class Attached(Protocol):
    """What an optimizer calls."""

    def collide(self, evaluation: int) -> None:
        """Change the gradients, before the update."""

    def finish(self) -> None:
        """After the update."""

    def state_dict(self) -> dict[str, Any]:
        """What a checkpoint needs."""

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """The inverse."""


def wrapped(optimizer: Optimizer) -> str:
    """Name of the attribute with the optimizer inside, of a wrapper that has no hooks; or ""."""
    if isinstance(getattr(optimizer, "optimizer", None), Optimizer):
        return "optimizer"
    if _calls_hooks(type(optimizer).step):
        return ""
    return next((key for key, it in vars(optimizer).items() if isinstance(it, Optimizer)), "")


def register(optimizer: Optimizer, attached: Attached) -> Callable[[], None]:
    """Have an optimizer call; returns what ends that."""
    # The compiler of torch would trace a hook, and random numbers and the engine with it.
    collide = torch.compiler.disable(attached.collide)
    finish = torch.compiler.disable(attached.finish)

    within = False  # a step

    def before(optimizer: Optimizer, args: tuple, kwargs: dict) -> tuple[tuple, dict] | None:
        nonlocal within
        if within and _may_nest(type(optimizer)):
            return None
        within = True
        return _before(collide, args, kwargs)

    def after(optimizer: Optimizer, args: tuple, kwargs: dict) -> None:
        nonlocal within
        if within:
            within = False
            finish()

    def save(optimizer: Optimizer, state: dict[str, Any]) -> None:
        state[STATE_KEY] = attached.state_dict()

    def load(optimizer: Optimizer, state: dict[str, Any]) -> None:
        if STATE_KEY in state:
            attached.load_state_dict(state.pop(STATE_KEY))  # of torch's own shallow copy

    handles = [
        optimizer.register_step_pre_hook(before),
        optimizer.register_step_post_hook(after),
        optimizer.register_state_dict_post_hook(save),
        optimizer.register_load_state_dict_pre_hook(load),
    ]

    def remove() -> None:
        for handle in handles:
            handle.remove()

    return remove


def _calls_hooks(step: Callable[..., Any]) -> bool:
    """Whether this step of a class calls hooks: torch has marked it."""
    return getattr(step, "hooked", False)


def _may_nest(kind: type[Optimizer]) -> bool:
    """Whether a step can go on with super().step(): torch then calls the hooks in both."""
    steps = [vars(ancestor).get("step") for ancestor in kind.__mro__]
    return sum(map(_calls_hooks, steps)) > 1


def _before(collide: Callable[[int], None], args: tuple, kwargs: dict) -> tuple | None:
    """Collide now, or after every evaluation of the closure. args[0] is the optimizer."""
    if kwargs.get("closure") is not None:
        return args, {**kwargs, "closure": _colliding(kwargs["closure"], collide)}
    if len(args) > 1 and callable(args[1]):
        return (args[0], _colliding(args[1], collide), *args[2:]), kwargs
    collide(0)
    return None


def _colliding(closure: Callable[[], Any], collide: Callable[[int], None]) -> Callable[[], Any]:
    evaluation = -1

    def evaluate() -> Any:
        nonlocal evaluation
        evaluation += 1
        loss = closure()
        collide(evaluation)
        return loss

    return evaluate
