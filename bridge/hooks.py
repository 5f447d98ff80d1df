"""The places in an optimizer where collisions happen: hooks of torch, and the closure.

A hook before the step runs before the closure too, when gradients are of the last step or missing:
where there is a closure, the collisions follow every evaluation of it instead.
"""

import inspect
import sys
from collections.abc import Callable
from types import FrameType
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
        if within and not _begins(type(optimizer), sys._getframe(1)):
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


def _begins(kind: type[Optimizer], caller: FrameType) -> bool:
    """Whether the caller of a hook begins a step, or goes on with super().step().

    torch calls the hooks in both. Only the caller can tell them apart: a step that an exception
    has ended looks as if it still went on. caller : of torch, around the step `func`
    """
    steps = [vars(ancestor).get("step") for ancestor in kind.__mro__]
    hooked = list(filter(_calls_hooks, steps))
    if len(hooked) < 2:
        return True
    return inspect.unwrap(caller.f_locals.get("func")) is inspect.unwrap(hooked[0])


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
