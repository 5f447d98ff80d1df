"""Collisions without state: weights and gradients in, gradients out.

`RULES` says which function carries out which collision, as collide(weight, grad, collision,
address, *, measure) -> Outcome, in place on (E, N, D) tensors. A rule of one's own is a frozen
value and one more entry.
"""

from torch import Tensor

from bridge import hard, ntc, potential, soft
from bridge.address import Address
from bridge.collisions import (
    Collision,
    HardCollision,
    NTCCollision,
    PairPotential,
    SoftCollision,
)
from bridge.neurons import Layout, gases, put_back
from bridge.outcome import Outcome

RULES = {
    SoftCollision: soft.collide,
    HardCollision: hard.collide,
    NTCCollision: ntc.collide,
}
MOST_NEURONS = 4096  # of a rule that looks at all pairs, unless it is told that the cost is known


def collide_gradients(
    weight: Tensor,
    grad: Tensor,
    collision: Collision,
    address: Address,
    layout: Layout | None = None,
) -> Tensor:
    """The gradient after one collision step, in new memory.

    weight, grad : (...) of one shape, read by `layout`: rows are neurons unless it says otherwise
    """
    layout = layout or Layout()
    result = grad.detach().clone()
    rows = gases(result, layout)
    collide(gases(weight.detach(), layout), rows, collision, address)
    put_back(rows, (result,), layout)
    return result


def collide(
    weight: Tensor,
    grad: Tensor,
    collision: Collision,
    address: Address,
    *,
    measure: bool = False,
    **options,
) -> Outcome:
    """One collision step of the gradients of every gas, in place.

    weight, grad : (E, N, D); measure : also report energy and momentum; options : of the rule
    """
    rule = RULES.get(type(collision))
    if rule is None:
        check(collision)
        raise TypeError(
            "PairPotential moves weights and changes no gradient: use KineticStep or push_weights"
        )
    refuse_quadratic(collision, *grad.shape[-2:])
    return rule(weight, grad, collision, address, measure=measure, **options)


def push_weights(
    weight: Tensor,
    collision: PairPotential,
    lr: float | Tensor,
    address: Address,
    layout: Layout | None = None,
) -> Tensor:
    """The weight after one step of size `lr` in the pair potential, in new memory.

    weight : (...), read by `layout`; lr : () learning rate
    """
    layout = layout or Layout()
    result = weight.detach().clone()
    rows = gases(result, layout)
    potential.push(rows, collision, lr, address)
    put_back(rows, (result,), layout)
    return result


def check(collision: object) -> None:
    """Refuse what is not a collision."""
    known = {**RULES, PairPotential: potential.push}
    if type(collision) not in known:
        names = ", ".join(kind.__name__ for kind in known)
        hint = f"; give {collision.__name__}(...)" if collision in known else ""
        raise TypeError(f"collision = {collision!r}: must be one of {names}{hint}")


def refuse_quadratic(collision: Collision, neurons: int, length: int) -> None:
    """Refuse to look at all pairs of a large layer, and say what that costs."""
    if neurons <= MOST_NEURONS or getattr(collision, "allow_quadratic", True):
        return
    work = {SoftCollision: 3, HardCollision: 2}[type(collision)] * neurons**2 * length
    raise ValueError(
        f"{type(collision).__name__} of {neurons} neurons with fan-in {length}: looks at all "
        f"{neurons * (neurons - 1) // 2:.2g} pairs, {work:.1g} multiplications in every step; "
        f"above {MOST_NEURONS} neurons give allow_quadratic=True, or NTCCollision, whose cost "
        "grows as N D"
    )
