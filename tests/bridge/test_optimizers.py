"""Every optimizer: at zero strength itself to the last bit; else its step of what has collided."""

from functools import partial

import pytest

torch = pytest.importorskip("torch")

from torch import optim  # noqa: E402

from bridge.address import Address  # noqa: E402
from bridge.collisions import (  # noqa: E402
    HardCollision,
    NTCCollision,
    PairPotential,
    SoftCollision,
)
from bridge.functional import collide_gradients, push_weights  # noqa: E402
from bridge.kinetic_step import KineticStep  # noqa: E402
from tests.bridge.training import SEED, equal, network, train  # noqa: E402


class SignMomentum(optim.Optimizer):
    """An optimizer from elsewhere: the sign of an average of gradients, as Lion.

    X. Chen et al., Symbolic discovery of optimization algorithms, NeurIPS 2023.
    """

    def __init__(self, params, lr=1e-3, betas=(0.9, 0.99), weight_decay=0.01):
        super().__init__(params, {"lr": lr, "betas": betas, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self, closure=None):
        """One update."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            fast, slow = group["betas"]
            for p in (p for p in group["params"] if p.grad is not None):
                average = self.state[p].setdefault("average", torch.zeros_like(p))
                p.mul_(1.0 - group["lr"] * group["weight_decay"])
                p.add_(average.lerp(p.grad, 1.0 - fast).sign_(), alpha=-group["lr"])
                average.lerp_(p.grad, 1.0 - slow)
        return loss


OPTIMIZERS = {
    "SGD": partial(optim.SGD, lr=0.05),
    "SGD, momentum": partial(optim.SGD, lr=0.05, momentum=0.9, weight_decay=1e-4),
    "SGD, Nesterov": partial(optim.SGD, lr=0.05, momentum=0.9, nesterov=True),
    "Adam": partial(optim.Adam, lr=1e-2, foreach=False),
    "Adam, fused": partial(optim.Adam, lr=1e-2, fused=True),
    "AdamW": partial(optim.AdamW, lr=1e-2, foreach=False),
    "AdamW, foreach": partial(optim.AdamW, lr=1e-2, foreach=True),
    "AdamW, fused": partial(optim.AdamW, lr=1e-2, fused=True),
    "RMSprop": partial(optim.RMSprop, lr=1e-3),
    "Muon": partial(optim.Muon, lr=1e-2),
    "LBFGS": partial(optim.LBFGS, lr=0.1, max_iter=2),
    "LBFGS, line search": partial(optim.LBFGS, lr=0.5, max_iter=2, line_search_fn="strong_wolfe"),
    "from elsewhere": SignMomentum,
}
NOTHING = [SoftCollision(0.0), HardCollision(0.0), NTCCollision(rate=0.0), PairPotential(0.0)]
SOMETHING = [SoftCollision(0.1), HardCollision(partners=0.5), NTCCollision(rate=1.0)]


def made(name, model):
    """(optimizer, True if it needs a closure); Muon gets the matrices only."""
    matrices = [p for p in model.parameters() if p.ndim == 2]
    params = matrices if name == "Muon" else model.parameters()
    return OPTIMIZERS[name](params), name.startswith("LBFGS")


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_zero_strength_is_the_bare_optimizer_to_the_last_bit(name):
    bare, colliding = network(), network()
    optimizer, closure = made(name, bare)
    train(bare, optimizer, 100, closure=closure)
    optimizer, closure = made(name, colliding)
    weights = [colliding[0].weight, colliding[2].weight]
    KineticStep(optimizer, [{"params": weights, "collision": rule} for rule in NOTHING])
    train(colliding, optimizer, 100, closure=closure)
    assert equal(bare, colliding)


@pytest.mark.parametrize("collision", SOMETHING, ids=lambda rule: type(rule).__name__)
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_a_step_is_the_bare_step_with_collided_gradients(name, collision):
    """By hand, in the closure where there is one: the same to the last bit."""
    by_hand, colliding = network(), network()
    optimizer, closure = made(name, by_hand)
    for step in range(3):
        evaluations = iter(range(100))

        def collide(step=step, evaluations=evaluations):
            weight = by_hand[2].weight
            address = Address(SEED, step, 0, next(evaluations))
            weight.grad = collide_gradients(weight, weight.grad, collision, address)

        _train_by_hand(by_hand, optimizer, step, collide, closure)
    optimizer, closure = made(name, colliding)
    KineticStep(optimizer, [colliding[2].weight], collision, seed=SEED)
    train(colliding, optimizer, 3, closure=closure)
    assert equal(by_hand, colliding)
    bare = network()
    optimizer, closure = made(name, bare)
    train(bare, optimizer, 3, closure=closure)
    assert not equal(bare, colliding)


def _train_by_hand(model, optimizer, step, collide, closure):
    """One step of `train` with `collide` behind the backward pass."""
    if closure:
        evaluate = optimizer.step

        def step_with(function):
            def colliding():
                loss = function()
                collide()
                return loss

            return evaluate(colliding)

        optimizer.step = step_with
        train(model, optimizer, 1, start=step, closure=True)
        del optimizer.step
    else:
        handle = optimizer.register_step_pre_hook(lambda *_: collide())
        train(model, optimizer, 1, start=step)
        handle.remove()


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_the_potential_pushes_by_the_learning_rate_after_the_step(name):
    collision = PairPotential(0.5)
    by_hand, colliding = network(), network()
    optimizer, closure = made(name, by_hand)
    for step in range(3):
        train(by_hand, optimizer, 1, start=step, closure=closure)
        weight, lr = by_hand[0].weight, optimizer.param_groups[0]["lr"]
        with torch.no_grad():
            weight.copy_(push_weights(weight, collision, lr, Address(SEED, step, 0)))
    optimizer, closure = made(name, colliding)
    KineticStep(optimizer, [colliding[0].weight], collision, seed=SEED)
    train(colliding, optimizer, 3, closure=closure)
    assert equal(by_hand, colliding)
