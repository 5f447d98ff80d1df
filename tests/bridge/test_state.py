"""Checkpoints, copies and other optimizers: nothing to save but where the run is."""

import copy
import io
import pickle

import pytest

torch = pytest.importorskip("torch")

from torch import optim  # noqa: E402

from bridge.collisions import (  # noqa: E402
    HardCollision,
    NTCCollision,
    PairPotential,
    SoftCollision,
)
from bridge.kinetic_step import KineticStep  # noqa: E402
from tests.bridge.training import SEED, equal, network, train  # noqa: E402


def setup(model, seed=SEED, make=optim.Adam):
    """An optimizer with three rules that draw random numbers."""
    optimizer = make(model.parameters(), lr=0.01)
    entries = [
        {"params": model[0].weight, "collision": NTCCollision()},
        {"params": model[2].weight, "collision": HardCollision(partners=0.5)},
        {"params": model[2].weight, "collision": PairPotential(0.1)},
    ]
    return optimizer, KineticStep(optimizer, entries, seed=seed)


def through_a_file(value):
    """As torch saves it and loads it, safely."""
    file = io.BytesIO()
    torch.save(value, file)
    file.seek(0)
    return torch.load(file, weights_only=True)


@pytest.mark.parametrize("closure", [False, True])
def test_an_ordinary_checkpoint_resumes_to_the_last_bit(closure):
    make = optim.LBFGS if closure else optim.Adam
    whole = network()
    train(whole, setup(whole, make=make)[0], 7, closure=closure)
    first = network()
    optimizer, _ = setup(first, make=make)
    train(first, optimizer, 3, closure=closure)
    saved = through_a_file({"model": first.state_dict(), "optimizer": optimizer.state_dict()})
    second = network(seed=1)
    optimizer, kinetic = setup(second, seed=7, make=make)
    second.load_state_dict(saved["model"])
    optimizer.load_state_dict(saved["optimizer"])
    assert kinetic.state_dict() == {"version": 1, "step": 3, "seed": SEED}
    train(second, optimizer, 4, start=3, closure=closure)
    assert equal(whole, second)


def test_a_resume_that_forgets_the_step_differs():
    whole = network()
    train(whole, setup(whole)[0], 6)
    model = network()
    optimizer, kinetic = setup(model)
    train(model, optimizer, 3)
    kinetic.load_state_dict({"version": 1, "step": 0, "seed": SEED})
    train(model, optimizer, 3, start=3)
    assert not equal(whole, model)


def test_bare_and_colliding_checkpoints_load_into_each_other():
    model = network()
    optimizer, kinetic = setup(model)
    train(model, optimizer, 2)
    saved = optimizer.state_dict()
    assert saved["kinetic_step"] == {"version": 1, "step": 2, "seed": SEED}
    bare = optim.Adam(network().parameters())
    bare.load_state_dict(saved)
    assert "kinetic_step" not in bare.state_dict()
    assert "kinetic_step" in saved
    optimizer.load_state_dict(bare.state_dict())
    assert kinetic.step == 2


@pytest.mark.parametrize("duplicate", [copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))])
def test_a_copied_optimizer_is_bare_until_it_is_attached(duplicate):
    model = network()
    optimizer, kinetic = setup(model)
    train(model, optimizer, 2)
    copied, bare_optimizer = duplicate((model, optimizer))
    again, again_optimizer = duplicate((model, optimizer))
    plain, plain_optimizer = duplicate((model, optimizer))
    train(model, optimizer, 3, start=2)
    kinetic.load_state_dict({"version": 1, "step": 2, "seed": SEED})
    assert kinetic.attach(again_optimizer) is kinetic
    assert kinetic.optimizer is again_optimizer
    train(again, again_optimizer, 3, start=2)
    assert equal(model, again)
    train(copied, bare_optimizer, 3, start=2)
    train(plain, plain_optimizer, 3, start=2)
    assert equal(copied, plain)
    assert not equal(copied, model)
    kept = kinetic.step
    train(model, optimizer, 1)  # left alone since `attach`
    assert kinetic.step == kept


@pytest.mark.parametrize("duplicate", [copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))])
def test_a_copied_kinetic_step_drives_the_copied_optimizer(duplicate):
    model = network()
    optimizer, kinetic = setup(model)
    train(model, optimizer, 2)
    copied, copied_optimizer, copied_kinetic = duplicate((model, optimizer, kinetic))
    assert copied_kinetic.optimizer is copied_optimizer
    train(model, optimizer, 2, start=2)
    train(copied, copied_optimizer, 2, start=2)
    assert equal(model, copied)
    assert kinetic.step == copied_kinetic.step == 4


@pytest.mark.parametrize("duplicate", [copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))])
def test_a_copy_of_a_removed_kinetic_step_is_removed_too(duplicate):
    model = network()
    optimizer, kinetic = setup(model)
    train(model, optimizer, 2)
    kinetic.remove()
    copied, copied_optimizer, copied_kinetic = duplicate((model, optimizer, kinetic))
    train(copied, copied_optimizer, 1, start=2)
    assert copied_kinetic.step == 2
    copied_kinetic.attach(copied_optimizer)
    train(copied, copied_optimizer, 1, start=3)
    assert copied_kinetic.step == 3


def test_a_shallow_copy_is_refused():
    """It would attach a second time, and every gradient would collide twice."""
    model = network()
    optimizer, kinetic = setup(model)
    with pytest.raises(TypeError, match="deepcopy"):
        copy.copy(kinetic)
    assert "kinetic_step" in optimizer.state_dict()  # the one that is there goes on
    train(model, optimizer, 1)
    assert kinetic.step == 1


def test_the_same_layers_may_go_on_under_another_optimizer():
    model = network()
    optimizer, kinetic = setup(model)
    train(model, optimizer, 2)
    other = optim.SGD(list(model.parameters())[::-1], lr=0.1)
    kinetic.attach(other)
    assert next(iter(kinetic._layers)).weight is model[0].weight
    train(model, other, 1)
    assert kinetic.step == 3
    stranger = optim.SGD([torch.zeros(2, 2, requires_grad=True)], lr=0.1)
    with pytest.raises(ValueError, match="make a new KineticStep"):
        kinetic.attach(stranger)
    assert kinetic.optimizer is other


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ({"version": 2, "step": 1, "seed": 0}, "version = 2.*reads version 1"),
        ({"version": 1, "step": 1}, "seed missing"),
        ({"version": 1, "step": 1, "seed": -1}, "seed = -1"),
        ({"version": 1, "step": -1, "seed": 0}, "step = -1"),
        ({"version": 1, "step": "one", "seed": 0}, "step = 'one'"),
        (3, "must be a dictionary"),
    ],
)
def test_a_state_that_cannot_be_loaded_is_refused_and_changes_nothing(state, words):
    model = network()
    optimizer, kinetic = setup(model)
    train(model, optimizer, 1)
    with pytest.raises(ValueError, match=words):
        kinetic.load_state_dict(state)
    with pytest.raises(ValueError, match=words):
        optimizer.load_state_dict({**optimizer.state_dict(), "kinetic_step": state})
    assert kinetic.state_dict() == {"version": 1, "step": 1, "seed": SEED}


def test_the_seed_is_all_that_two_runs_differ_by():
    weights = []
    for seed in (1, 1, 2):
        model = network()
        optimizer = optim.SGD(model.parameters(), lr=0.1)
        KineticStep(optimizer, [model[0].weight], NTCCollision(), seed=seed)
        weights.append(train(model, optimizer, 2))
    assert equal(weights[0], weights[1])
    assert not equal(weights[0], weights[2])


def test_a_soft_collision_needs_no_random_number():
    model = network()
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    kinetic = KineticStep(optimizer, [model[0].weight], SoftCollision(0.1), seed=3)
    assert set(kinetic.state_dict()) == {"version", "step", "seed"}
