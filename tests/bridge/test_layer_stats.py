"""What a KineticStep tells about its layers: what collided, how well, and what could not."""

from dataclasses import dataclass

import pytest

torch = pytest.importorskip("torch")

from torch import nn, optim  # noqa: E402

from bridge import functional  # noqa: E402
from bridge.collisions import (  # noqa: E402
    HardCollision,
    NTCCollision,
    PairPotential,
    SoftCollision,
)
from bridge.kinetic_step import KineticStep  # noqa: E402
from bridge.outcome import Outcome  # noqa: E402
from bridge.similarity import similarity  # noqa: E402
from tests.bridge.training import batches, network, train  # noqa: E402

SOFT = SoftCollision(0.2)


@dataclass(frozen=True)
class Noted:
    """A rule that notes whether it is to measure."""


@pytest.mark.filterwarnings("ignore:hard collisions")
def test_layers_that_cannot_collide_are_counted():
    model = nn.ModuleDict(
        {
            "frozen": nn.Linear(4, 4),
            "sparse": nn.Embedding(6, 4, sparse=True),
            "single": nn.Linear(4, 1),
            "infinite": nn.Linear(4, 4),
            "fine": nn.Linear(4, 4),
        }
    )
    model["frozen"].requires_grad_(False)
    optimizer = optim.SGD(model.named_parameters(), lr=0.1)
    rules = (SOFT, HardCollision(partners=1.0), NTCCollision(), PairPotential())
    kinetics = []
    for rule in rules:
        kinetic = KineticStep(optimizer, lambda name, parameter: True, rule, stats=True)
        optimizer.zero_grad()
        x = model["sparse"](torch.tensor([0, 1, 2]))
        sum(model[name](x).sum() for name in ("single", "infinite", "fine")).backward()
        model["infinite"].weight.grad[1, 1] = torch.nan
        weight = model["frozen"].weight.clone()
        optimizer.step()
        assert torch.equal(weight, model["frozen"].weight)
        kinetics.append(kinetic.stats)
        kinetic.remove()
        model["infinite"].reset_parameters()
    for rule, stats in zip(rules, kinetics, strict=True):
        assert stats["frozen.weight"].skipped == {"no gradient": 1}
        assert stats["sparse.weight"].skipped == {"sparse gradient": 1}
        assert stats["single.weight"].skipped == {"fewer than two neurons": 1}
        assert stats["fine.bias"].skipped == {"fewer than two dimensions": 1}
        assert stats["fine.weight"].skipped == {}
        assert stats["fine.weight"].collisions == 1
        if not isinstance(rule, PairPotential):
            assert stats["infinite.weight"].skipped == {"non-finite entries": 1}


def test_stats_are_those_of_the_gradients():
    model = network()
    optimizer = optim.SGD(model.parameters(), lr=0.0)
    weight = model[0].weight
    kinetic = KineticStep(optimizer, [weight], NTCCollision(scatter="isotropic"), stats=True)
    x, y = next(batches(1))
    nn.functional.mse_loss(model(x), y).backward()
    before = weight.grad.double()
    optimizer.step()
    after = weight.grad.double()
    found = kinetic.stats["parameter 0"]
    assert 0 < found.pairs <= found.candidates
    assert found.energy_ratio == pytest.approx(1.0, abs=1e-6)
    assert found.momentum_error < 1e-6
    expected = (before * after).sum() / (before.norm() * after.norm())
    assert found.cosine == pytest.approx(expected.item(), abs=1e-12)
    assert found.cosine < 0.99
    alike = similarity(weight)
    assert (found.mean_similarity, found.maximum_similarity) == (alike.mean, alike.maximum)


def test_nothing_is_measured_unless_asked_for(monkeypatch):
    measured = []
    monkeypatch.setitem(
        functional.RULES, Noted, lambda *_, measure: measured.append(measure) or Outcome()
    )
    model = network()
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    for stats in (False, True):
        kinetic = KineticStep(optimizer, [model[0].weight], Noted(), stats=stats)
        train(model, optimizer, 1)
        kinetic.remove()
    assert measured == [False, True]
    with pytest.raises(RuntimeError, match="stats=True"):
        KineticStep(optimizer, [model[0].weight], Noted()).stats  # noqa: B018
