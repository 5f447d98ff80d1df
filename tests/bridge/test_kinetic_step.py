"""KineticStep in a training loop, with everything that a loop may have; and broken gradients."""

import copy
import warnings
from dataclasses import dataclass

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from torch import nn, optim  # noqa: E402
from torch.optim import lr_scheduler  # noqa: E402

from bridge import functional, potential  # noqa: E402
from bridge.address import Address  # noqa: E402
from bridge.collisions import (  # noqa: E402
    HardCollision,
    NTCCollision,
    PairPotential,
    SoftCollision,
)
from bridge.kinetic_step import KineticStep  # noqa: E402
from bridge.outcome import Outcome  # noqa: E402
from tests.bridge.training import (  # noqa: E402
    SEED,
    batches,
    difference,
    equal,
    network,
    train,
)

SOFT = SoftCollision(0.2)


@dataclass(frozen=True)
class Noted:
    """A rule that keeps the addresses it is called with."""


@pytest.fixture
def addresses(monkeypatch):
    """Addresses of all collisions of `Noted`."""
    found = []

    def collide(weight, grad, collision, address, *, measure=False):
        found.append(address)
        return Outcome()

    monkeypatch.setitem(functional.RULES, Noted, collide)
    return found


def test_the_optimizer_is_the_real_one_and_loses_its_hooks_on_remove():
    colliding, bare = network(), network()
    optimizer = optim.SGD(colliding.parameters(), lr=0.1)
    kinetic = KineticStep(optimizer, [colliding[0].weight], SOFT)
    assert kinetic.optimizer is optimizer
    assert not isinstance(kinetic, optim.Optimizer)
    train(colliding, optimizer, 2)
    assert kinetic.step == 2
    kinetic.remove()
    bare.load_state_dict(colliding.state_dict())
    train(colliding, optimizer, 3)
    train(bare, optim.SGD(bare.parameters(), lr=0.1), 3)
    assert equal(colliding, bare)
    assert kinetic.step == 2
    kinetic.attach(optimizer)
    train(colliding, optimizer, 1)
    assert kinetic.step == 3


def test_only_the_chosen_layer_collides():
    colliding, bare = network(), network()
    optimizer = optim.SGD(colliding.parameters(), lr=0.1)
    KineticStep(optimizer, [colliding[2].weight], SOFT)
    train(colliding, optimizer, 1)
    train(bare, optim.SGD(bare.parameters(), lr=0.1), 1)
    same = [
        torch.equal(a, b) for a, b in zip(colliding.parameters(), bare.parameters(), strict=True)
    ]
    assert same == [True, True, False, True, True, True]


def test_a_closure_is_followed_by_collisions_with_an_index_for_every_evaluation(addresses):
    model = network()
    optimizer = optim.LBFGS(model.parameters(), max_iter=3)
    KineticStep(optimizer, [model[0].weight, model[2].weight], Noted(), seed=5)
    train(model, optimizer, 2, closure=True)
    first = [address for address in addresses if address.parameter == 0]
    assert first[:3] == [Address(5, 0, 0, 0), Address(5, 0, 0, 1), Address(5, 0, 0, 2)]
    assert Address(5, 1, 0, 0) in first
    assert len(set(addresses)) == len(addresses)


def test_a_closure_by_name_collides_once_and_after_the_backward_pass():
    """As Lightning calls it; gradients are missing before the closure runs."""
    colliding, plain = network(), network()
    optimizer = optim.Adam(colliding.parameters())
    KineticStep(optimizer, [colliding[0].weight], SOFT)
    for x, y in batches(2):

        def closure(x=x, y=y):
            optimizer.zero_grad()
            loss = nn.functional.mse_loss(colliding(x), y)
            loss.backward()
            return loss

        assert optimizer.step(closure=closure) > 0.0
    other = optim.Adam(plain.parameters())
    KineticStep(other, [plain[0].weight], SOFT)
    train(plain, other, 2)
    assert equal(colliding, plain)


@pytest.mark.parametrize("closure", [False, True])
def test_a_step_that_goes_on_with_that_of_its_class_collides_once(closure, addresses):
    """torch calls the hooks of both: once in the step of Adam, once in that of the subclass."""

    class Tailored(optim.Adam):
        def step(self, closure=None):
            return super().step(closure)

    model = network()
    optimizer = Tailored(model.parameters())
    optim.Adam(model.parameters())  # from now on the step of Adam calls hooks
    kinetic = KineticStep(optimizer, [model[0].weight], Noted(), seed=5)
    train(model, optimizer, 3, closure=closure)
    assert addresses == [Address(5, step, 0) for step in range(3)]
    assert kinetic.step == 3


def test_the_step_after_an_interrupted_one_collides(addresses, monkeypatch):
    model = network()
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    kinetic = KineticStep(optimizer, [model[0].weight], Noted(), seed=5)

    def interrupt(*_, **__):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        optimizer.step(interrupt)
    with monkeypatch.context() as patch:
        patch.setitem(functional.RULES, Noted, interrupt)
        with pytest.raises(KeyboardInterrupt):
            train(model, optimizer, 1)
    train(model, optimizer, 2)
    assert addresses == [Address(5, step, 0) for step in range(2)]
    assert kinetic.step == 2


def test_the_step_after_an_interrupted_one_of_a_subclass_collides(addresses):
    """Be it the closure or the update that failed, and even while the failure is handled."""

    class Tailored(optim.SGD):
        fails = False

        @torch.no_grad()
        def step(self, closure=None):
            if self.fails:
                raise MemoryError
            return super().step(closure)

    def fail():
        raise MemoryError

    model = network()
    optimizer = Tailored(model.parameters(), lr=0.1)
    optim.SGD(model.parameters(), lr=0.1)  # from now on the step of SGD calls hooks
    kinetic = KineticStep(optimizer, [model[0].weight], Noted(), seed=5)
    with pytest.raises(MemoryError):
        optimizer.step(fail)
    train(model, optimizer, 1)
    optimizer.fails = True
    try:
        train(model, optimizer, 1)
    except MemoryError:
        optimizer.fails = False
        train(model, optimizer, 1)
    train(model, optimizer, 1)
    assert [address.step for address in addresses] == [0, 1, 1, 2]
    assert kinetic.step == 3


SCHEDULERS = {
    "StepLR": lambda o: lr_scheduler.StepLR(o, 2),
    "LambdaLR": lambda o: lr_scheduler.LambdaLR(o, lambda step: 0.9**step),
    "OneCycleLR": lambda o: lr_scheduler.OneCycleLR(o, max_lr=0.1, total_steps=8),
    "CyclicLR": lambda o: lr_scheduler.CyclicLR(o, 0.01, 0.1, step_size_up=2),
    "CosineAnnealingWarmRestarts": lambda o: lr_scheduler.CosineAnnealingWarmRestarts(o, 3),
    "ReduceLROnPlateau": lambda o: lr_scheduler.ReduceLROnPlateau(o, patience=0),
    "SequentialLR": lambda o: lr_scheduler.SequentialLR(
        o, [lr_scheduler.ConstantLR(o, 0.1, 2), lr_scheduler.ExponentialLR(o, 0.9)], [2]
    ),
}


@pytest.mark.parametrize("name", SCHEDULERS)
def test_a_scheduler_keeps_its_optimizer_and_sets_the_size_of_the_push(name, monkeypatch):
    seen, rates, original = [], [], potential.push

    def push(weight, collision, lr, address):
        seen.append(float(lr))
        return original(weight, collision, lr, address)

    monkeypatch.setattr(potential, "push", push)
    model = network()
    optimizer = optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    KineticStep(optimizer, [model[0].weight], PairPotential(0.1))
    scheduler = SCHEDULERS[name](optimizer)

    def after():
        rates.append(optimizer.param_groups[0]["lr"])
        scheduler.step(*([1.0] if name == "ReduceLROnPlateau" else []))

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        train(model, optimizer, 6, after=after)
    assert seen == pytest.approx(rates)
    assert len(set(rates)) > 1


@pytest.mark.parametrize("fused", [False, True])
def test_a_step_that_the_scaler_skips_moves_nothing(fused):
    """Fused optimizers are called even then, and leave their step out by themselves."""
    model = network()
    optimizer = optim.Adam(model.parameters(), lr=0.01, fused=fused)
    entries = [
        {"params": model[0].weight, "collision": PairPotential(1.0)},
        {"params": model[2].weight, "collision": NTCCollision()},
    ]
    KineticStep(optimizer, entries)
    scaler = torch.amp.GradScaler("cpu", init_scale=2.0**10)
    moved = []
    for step, (x, y) in enumerate(batches(3)):
        optimizer.zero_grad()
        before = copy.deepcopy(model)
        scaler.scale(nn.functional.mse_loss(model(x), y)).backward()
        if step == 1:
            model[4].weight.grad[0, 0] = torch.inf
        scaler.step(optimizer)
        scaler.update()
        moved.append([not torch.equal(a.weight, b.weight) for a, b in _pairs(model, before)])
    assert moved == [[True] * 3, [False] * 3, [True] * 3]


def _pairs(model, other):
    return [(a, b) for a, b in zip(model, other, strict=True) if isinstance(a, nn.Linear)]


@pytest.mark.parametrize("collision", [SOFT, HardCollision(partners=0.5), NTCCollision()])
def test_the_scale_of_the_loss_changes_no_collision(collision):
    """Gradients may be scaled when the hook sees them."""
    random = torch.Generator().manual_seed(SEED)
    weight, grad = torch.randn(2, 9, 7, generator=random)
    here = Address(SEED, 0, 0)
    scaled = functional.collide_gradients(weight, 2.0**12 * grad, collision, here)
    assert torch.equal(
        scaled, 2.0**12 * functional.collide_gradients(weight, grad, collision, here)
    )


def test_collisions_follow_accumulation_and_clipping():
    colliding, by_hand = network(), network()
    optimizer = optim.SGD(colliding.parameters(), lr=0.1)
    KineticStep(optimizer, [colliding[0].weight], SOFT, seed=SEED)
    other = optim.SGD(by_hand.parameters(), lr=0.1)
    for x, y in batches(4):
        for model in (colliding, by_hand):
            nn.functional.mse_loss(model(x), y).backward()
    for model in (colliding, by_hand):
        nn.utils.clip_grad_norm_(model.parameters(), 0.1)
    weight = by_hand[0].weight
    weight.grad = functional.collide_gradients(weight, weight.grad, SOFT, Address(SEED, 0, 0))
    optimizer.step()
    other.step()
    assert equal(colliding, by_hand)


@pytest.mark.parametrize("backend", ["eager", pytest.param("inductor", marks=pytest.mark.long)])
def test_compiled_models_and_steps_collide_alike(backend):
    """The compiler leaves the hooks as they are."""
    models = [network(), network()]
    for model in models:
        compiled = model is models[1]
        optimizer = optim.SGD(model.parameters(), lr=0.1)
        KineticStep(optimizer, [model[0].weight], NTCCollision(), seed=SEED)
        forward = torch.compile(model, backend=backend) if compiled else model
        step = torch.compile(optimizer.step, backend=backend) if compiled else optimizer.step
        for x, y in batches(3):
            optimizer.zero_grad()
            nn.functional.mse_loss(forward(x), y).backward()
            step()
    assert difference(*models) < (1e-12 if backend == "eager" else 1e-5)


def test_averaged_weights_stay_averages():
    model = network()
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    KineticStep(optimizer, [model[0].weight], PairPotential(0.1))
    average = optim.swa_utils.AveragedModel(
        model, multi_avg_fn=optim.swa_utils.get_ema_multi_avg_fn(0.5)
    )
    expected = None
    for _ in range(3):
        train(model, optimizer, 1, after=lambda: average.update_parameters(model))
        weight = model[0].weight.detach()
        expected = weight.clone() if expected is None else expected.lerp(weight, 0.5)
    assert torch.allclose(average.module[0].weight, expected)


def test_torch_and_numpy_generators_are_left_alone():
    model = network()
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    entries = [
        {"params": model[0].weight, "collision": rule}
        for rule in (HardCollision(partners=1.0), NTCCollision(cells=1), PairPotential())
    ]
    KineticStep(optimizer, entries, stats=True)
    train(model, optimizer, 1)
    before = torch.get_rng_state(), np.random.get_state()[1].copy()  # noqa: NPY002
    train(model, optimizer, 2)
    assert torch.equal(before[0], torch.get_rng_state())
    assert np.array_equal(before[1], np.random.get_state()[1])  # noqa: NPY002


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.float64])
def test_gradients_keep_their_precision(dtype):
    model = network().to(dtype)
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    rules = (SOFT, HardCollision(partners=0.5), NTCCollision(), PairPotential(1.0))
    KineticStep(optimizer, [{"params": model[0].weight, "collision": rule} for rule in rules])
    grad = torch.randn(10, 6, generator=torch.Generator().manual_seed(1)).to(dtype)
    model[0].weight.grad = grad.clone()
    optimizer.step()
    assert model[0].weight.dtype == model[0].weight.grad.dtype == dtype
    assert not torch.equal(model[0].weight.grad, grad)
    assert model[0].weight.isfinite().all()


def test_a_graph_under_capture_is_refused(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_initialized", lambda: True)
    monkeypatch.setattr(torch.cuda, "is_current_stream_capturing", lambda: True)
    model = network()
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    KineticStep(optimizer, [model[0].weight], SOFT)
    with pytest.raises(RuntimeError, match=r"out of the graph"):
        optimizer.step()


def test_an_optimizer_without_learning_rate_takes_no_potential():
    class Rateless(optim.Optimizer):
        def __init__(self, params):
            super().__init__(params, {})

        def step(self, closure=None):
            """Nothing."""

    model = network()
    optimizer = Rateless(model.parameters())
    KineticStep(optimizer, [model[0].weight], PairPotential())
    with pytest.raises(ValueError, match="Rateless has none"):
        train(model, optimizer, 1)


@pytest.mark.parametrize("rule", [SoftCollision(), HardCollision(partners=1.0)])
def test_all_pairs_of_a_large_layer_are_looked_at_only_on_request(rule):
    large, enough = torch.zeros(4097, 2, requires_grad=True), torch.zeros(4096, 2)
    functional.refuse_quadratic(rule, *enough.shape)
    with pytest.raises(ValueError, match=r"4097 neurons.*8.4e\+06 pairs.*allow_quadratic=True"):
        functional.collide_gradients(large, large, rule, Address(0, 0, 0))
    with pytest.raises(ValueError, match="allow_quadratic=True"):
        KineticStep(optim.SGD([large], lr=0.1), [large], rule)
    KineticStep(optim.SGD([large], lr=0.1), [large], NTCCollision())
    permitted = SoftCollision(0.1, allow_quadratic=True)
    KineticStep(optim.SGD([large], lr=0.1), [large], permitted)


def test_the_functional_form_changes_nothing_in_place():
    random = torch.Generator().manual_seed(SEED)
    weight, grad = torch.randn(2, 9, 7, generator=random)
    kept = weight.clone(), grad.clone()
    here = Address(SEED, 0, 0)
    for rule in (SOFT, HardCollision(partners=0.5), NTCCollision()):
        once = functional.collide_gradients(weight, grad, rule, here)
        assert torch.equal(once, functional.collide_gradients(weight, grad, rule, here))
        assert not torch.equal(once, grad)
    assert not torch.equal(functional.push_weights(weight, PairPotential(), 0.1, here), weight)
    assert torch.equal(kept[0], weight)
    assert torch.equal(kept[1], grad)
    with pytest.raises(TypeError, match="push_weights"):
        functional.collide_gradients(weight, grad, PairPotential(), here)
