"""Which layers collide: tensors, dictionaries, predicates, and what is added later."""

import warnings

import pytest

torch = pytest.importorskip("torch")

from torch import nn, optim  # noqa: E402

from bridge import functional  # noqa: E402
from bridge.collisions import NTCCollision, PairPotential, SoftCollision  # noqa: E402
from bridge.kinetic_step import KineticStep  # noqa: E402
from bridge.neurons import Layout  # noqa: E402
from bridge.outcome import CollisionWarning, Outcome  # noqa: E402
from tests.bridge.training import equal, network, train  # noqa: E402

SOFT = SoftCollision(0.2)


def sgd(model, **options):
    return optim.SGD(model.named_parameters(), lr=0.1, **options)


def test_a_predicate_chooses_by_name_and_shape():
    by_name, by_tensor = network(), network()
    optimizer = sgd(by_name)
    kinetic = KineticStep(optimizer, lambda name, p: name != "0.weight" and p.ndim == 2, SOFT)
    assert [layer.name for layer in kinetic._layers] == ["2.weight", "4.weight"]
    train(by_name, optimizer, 3)
    optimizer = optim.SGD(by_tensor.parameters(), lr=0.1)
    KineticStep(optimizer, [by_tensor[2].weight, by_tensor[4].weight], SOFT)
    train(by_tensor, optimizer, 3)
    assert equal(by_name, by_tensor)


def test_every_entry_may_have_a_collision_and_a_layout_of_its_own(monkeypatch):
    found = []

    def note(weight, grad, collision, address, *, measure=False):
        found.append((collision, tuple(grad.shape)))
        return Outcome()

    monkeypatch.setitem(functional.RULES, SoftCollision, note)
    monkeypatch.setitem(functional.RULES, NTCCollision, note)
    model = nn.Sequential(nn.Conv1d(4, 6, 3, groups=2), nn.Flatten(), nn.Linear(12, 3))
    optimizer = optim.Adam(model.parameters())
    linear = {"params": model[2].weight, "bias": model[2].bias, "collision": NTCCollision()}
    KineticStep(optimizer, [{"params": model[0].weight, "groups": 2}, linear], SOFT)
    model(torch.randn(2, 4, 4)).sum().backward()
    groups = list(optimizer.param_groups)
    optimizer.step()
    assert found == [(SOFT, (2, 3, 6)), (NTCCollision(), (1, 3, 13))]
    assert optimizer.param_groups == groups
    assert "collision" not in optimizer.param_groups[0]


def test_a_joint_bias_collides_with_its_weight():
    model = network()
    optimizer = optim.SGD(model.parameters(), lr=0.0)
    entry = {"params": model[0].weight, "bias": model[0].bias}
    KineticStep(optimizer, [entry], SOFT)
    generator = torch.Generator().manual_seed(1)
    joined = torch.randn(10, 7, generator=generator)
    model[0].weight.grad, model[0].bias.grad = joined[:, :6].clone(), joined[:, 6].clone()
    weight = torch.cat([model[0].weight, model[0].bias[:, None]], dim=1)
    here = functional.collide_gradients(weight, joined, SOFT, None)
    optimizer.step()
    assert torch.allclose(model[0].weight.grad, here[:, :6])
    assert torch.allclose(model[0].bias.grad, here[:, 6])
    assert not torch.allclose(here[:, 6], joined[:, 6])


@pytest.mark.parametrize("collision", [SoftCollision(0.0), NTCCollision(rate=0.0)])
def test_zero_strength_changes_no_bit_of_a_layer_that_is_copied(collision):
    model = network()
    optimizer = optim.SGD(model.parameters(), lr=0.0)
    joint = {"params": model[0].weight, "bias": model[0].bias}
    KineticStep(optimizer, [joint, {"params": model[2].weight, "neuron_dim": 1}], collision)
    for parameter in model.parameters():
        parameter.grad = torch.randn(parameter.shape, generator=torch.Generator().manual_seed(1))
    kept = [parameter.grad.clone() for parameter in model.parameters()]
    optimizer.step()
    grads = [parameter.grad for parameter in model.parameters()]
    assert all(map(torch.equal, grads, kept))


def test_a_tensor_in_two_entries_collides_twice():
    twice, once = network(), network()
    optimizer = sgd(twice)
    rules = [SOFT, PairPotential(0.5)]
    entries = [{"params": twice[0].weight, "collision": rule} for rule in rules]
    kinetic = KineticStep(optimizer, entries, stats=True)
    train(twice, optimizer, 1)
    assert list(kinetic.stats) == ["0.weight", "0.weight, PairPotential"]
    optimizer = sgd(once)
    KineticStep(optimizer, [once[0].weight], SOFT)
    train(once, optimizer, 1)
    assert not equal(twice, once)


def test_a_parameter_added_later_collides_if_the_predicate_wants_it():
    model, added = network(), network(seed=2)[0]
    optimizer = sgd(model)
    kinetic = KineticStep(
        optimizer, lambda name, p: name.endswith(("new.weight", "0.weight")), NTCCollision(4.0),
        stats=True,
    )  # fmt: skip
    train(model, optimizer, 1)
    added.weight.grad = torch.randn(10, 6, generator=torch.Generator().manual_seed(1))
    named = [(f"new.{name}", parameter) for name, parameter in added.named_parameters()]
    optimizer.add_param_group({"params": named, "lr": 0.5})
    kept = added.weight.grad.clone()
    optimizer.step()
    assert list(kinetic.stats) == ["0.weight", "new.weight"]
    assert not torch.equal(kept, added.weight.grad)
    # A run that starts with both gives them the same numbers.
    numbers = [layer.number for layer in kinetic._layers]
    kinetic.remove()
    assert numbers == [layer.number for layer in _again(optimizer)._layers]


def exchanged(optimizer, model):
    """Other tensors in the places of the parameters, as `fully_shard` puts its shards there."""
    groups = [{"params": [p]} for p in model.parameters()]
    for group, new in zip(optimizer.param_groups, groups, strict=True):
        group["params"] = new["params"]


def test_layers_follow_when_their_parameters_are_exchanged():
    model, plain = network(), network(seed=1)
    optimizer = optim.SGD([{"params": [p]} for p in model.parameters()], lr=0.1)
    entries = [{"params": model[0].weight, "bias": model[0].bias}, model[2].weight]
    kinetic = KineticStep(optimizer, entries, SOFT, stats=True)
    model = network(seed=1)
    exchanged(optimizer, model)
    train(model, optimizer, 2)
    assert [layer.weight for layer in kinetic.layers] == [model[0].weight, model[2].weight]
    assert kinetic.layers[0].tensors[1] is model[0].bias
    assert all(stats.collisions == 2 for stats in kinetic.stats.values())
    other = optim.SGD(plain.parameters(), lr=0.1)
    entries = [{"params": plain[0].weight, "bias": plain[0].bias}, plain[2].weight]
    KineticStep(other, entries, SOFT)
    train(plain, other, 2)
    assert equal(model, plain)


def test_parameters_of_another_shape_are_not_followed():
    model = network()
    optimizer = optim.SGD([{"params": [p]} for p in model.parameters()], lr=0.1)
    KineticStep(optimizer, [model[0].weight], SOFT)
    optimizer.param_groups[0]["params"] = [model[2].weight]
    with pytest.raises(ValueError, match=r"neither this parameter nor one of shape \(10, 6\)"):
        train(model, optimizer, 1)


def _again(optimizer):
    return KineticStep(
        optimizer, lambda name, p: name.endswith(("new.weight", "0.weight")), NTCCollision()
    )


def test_a_predicate_that_chooses_nothing_says_so():
    with pytest.warns(CollisionWarning, match="chose none"):
        KineticStep(sgd(network()), lambda name, p: False, SOFT)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        KineticStep(sgd(network()), lambda name, p: True, SOFT)


def _weight(model):
    return [model[0].weight]


@pytest.mark.parametrize(
    ("params", "collision", "error", "words"),
    [
        (lambda m: [], SOFT, ValueError, "params is empty"),
        (lambda m: None, SOFT, TypeError, "must be tensors or a predicate"),
        (lambda m: "fc", SOFT, TypeError, "must be tensors or a predicate"),
        (lambda m: ["fc"], SOFT, TypeError, "found str 'fc'.*predicate"),
        (lambda m: [m[0]], SOFT, TypeError, r"found Linear.*model\.fc\.weight"),
        (lambda m: m[0], SOFT, TypeError, r"found Linear.*model\.fc\.weight"),
        (lambda m: m.named_parameters(), SOFT, TypeError, "found str"),
        (lambda m: [torch.zeros(3, 3)], SOFT, ValueError, "not a parameter of the optimizer"),
        (lambda m: 2 * _weight(m), SOFT, ValueError, "listed twice"),
        (lambda m: [{"param": _weight(m)}], SOFT, ValueError, "unknown key 'param'"),
        (lambda m: [{"collision": SOFT}], SOFT, ValueError, "'params' is missing"),
        (_weight, None, ValueError, "collision is missing"),
        (_weight, SoftCollision, TypeError, r"give SoftCollision\(...\)"),
        (_weight, 0.1, TypeError, "must be one of SoftCollision, HardCollision"),
        (
            lambda m: [{"params": m[0].weight, "bias": m[2].bias}],
            SOFT,
            ValueError,
            r"must have shape \(10,\)",
        ),
        (
            lambda m: [{"params": [m[0].weight, m[2].weight], "bias": m[0].bias}],
            SOFT,
            ValueError,
            "every weight its own entry",
        ),
        (
            lambda m: [{"params": m[0].weight, "groups": 3}],
            SOFT,
            ValueError,
            "groups = 3.*divide dimension 0",
        ),
    ],
)
def test_params_that_mean_nothing_are_refused(params, collision, error, words):
    model = network()
    with pytest.raises(error, match=words):
        KineticStep(optim.SGD(model.parameters(), lr=0.1), params(model), collision)


def test_a_predicate_needs_names():
    model = network()
    with pytest.raises(ValueError, match="named_parameters"):
        KineticStep(optim.SGD(model.parameters(), lr=0.1), lambda name, p: True, SOFT)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"seed": -1}, "seed = -1"),
        ({"seed": 2**32}, "seed"),
        ({"sharded": "all"}, "sharded = 'all'"),
        ({"groups": 0}, "groups = 0"),
    ],
)
def test_options_without_a_meaning_are_refused(options, words):
    model = network()
    with pytest.raises(ValueError, match=words):
        KineticStep(sgd(model), _weight(model), SOFT, **options)


def test_a_second_kinetic_step_on_one_optimizer_is_refused():
    model = network()
    optimizer = sgd(model)
    kinetic = KineticStep(optimizer, _weight(model), SOFT)
    with pytest.raises(ValueError, match="has a KineticStep already"):
        KineticStep(optimizer, _weight(model), PairPotential())
    kinetic.remove()
    KineticStep(optimizer, _weight(model), PairPotential())


@pytest.mark.parametrize("leave", [KineticStep.remove, lambda k: k.attach(sgd(network()))])
def test_one_that_was_removed_has_no_say_over_the_next_on_its_optimizer(leave):
    model = network()
    optimizer = sgd(model)
    first = KineticStep(optimizer, _weight(model), SOFT)
    first.remove()
    second = KineticStep(optimizer, _weight(model), SOFT)
    with pytest.raises(ValueError, match="has a KineticStep already"):
        first.attach(optimizer)
    leave(first)
    with pytest.raises(ValueError, match="has a KineticStep already"):
        KineticStep(optimizer, _weight(model), SOFT)
    train(model, optimizer, 1)
    assert (first.step, second.step) == (0, 1)
    second.remove()
    assert first.attach(optimizer).optimizer is optimizer


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (lambda m: m, r"found Sequential where a torch\.optim\.Optimizer"),
        (lambda m: optim.SGD, "found the class SGD"),
        (lambda m: None, "optimizer = None: there is none yet.*where the optimizer is made"),
        (lambda m: [], r"optimizer = \[\]: there is none yet.*configure_optimizers"),
        (lambda m: [sgd(m)], "found list.*one of several"),
    ],
)
def test_what_is_no_optimizer_is_refused(found, words):
    model = network()
    with pytest.raises(TypeError, match=words):
        KineticStep(found(model), _weight(model), SOFT)


def test_a_wrapper_is_refused_and_the_optimizer_inside_is_named():
    """As that of Accelerate, which is an Optimizer by class only."""

    class Wrapper(optim.Optimizer):
        def __init__(self, optimizer):
            self.optimizer = optimizer

    model = network()
    with pytest.raises(TypeError, match=r"Wrapper wraps an optimizer.*\(\.optimizer\)"):
        KineticStep(Wrapper(sgd(model)), _weight(model), SOFT)


def test_a_wrapper_is_refused_whatever_it_calls_the_optimizer_inside():
    """As timm's Lookahead. One whose own step calls hooks may hold whatever it likes."""

    class Lookahead(optim.Optimizer):
        def __init__(self, optimizer):
            self._base_optimizer = optimizer

        def step(self, closure=None):
            return self._base_optimizer.step(closure)

    class Holder(optim.SGD):
        def __init__(self, params):
            super().__init__(params, lr=0.1)
            self.another = optim.SGD(params, lr=0.1)

    model = network()
    with pytest.raises(TypeError, match=r"Lookahead wraps.*\(\._base_optimizer\)"):
        KineticStep(Lookahead(sgd(model)), _weight(model), SOFT)
    KineticStep(Holder(list(model.parameters())), _weight(model), SOFT)


def test_flat_parameters_are_refused():
    model = network()
    model[0].weight._is_flat_param = True
    with pytest.raises(ValueError, match=r"FSDP1.*fully_shard"):
        KineticStep(sgd(model), _weight(model), SOFT)


def test_layouts_are_values():
    assert Layout() == Layout(None, 1, False)
    assert hash(Layout(1)) == hash(Layout(neuron_dim=1))
