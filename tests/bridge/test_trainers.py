"""KineticStep under the trainers that others wrote; a tool that is not installed is passed over."""

from dataclasses import dataclass
from itertools import pairwise
from types import SimpleNamespace

import pytest

torch = pytest.importorskip("torch")

from bridge import functional  # noqa: E402
from bridge.address import Address  # noqa: E402
from bridge.collisions import NTCCollision, PairPotential, SoftCollision  # noqa: E402
from bridge.kinetic_step import KineticStep  # noqa: E402
from bridge.outcome import Outcome  # noqa: E402
from tests.bridge import trainers  # noqa: E402
from tests.bridge.trainers import MIDDLE, STEPS, TOOLS  # noqa: E402
from tests.bridge.training import SEED, batches, equal, network  # noqa: E402

NOTHING = [SoftCollision(0.0), PairPotential(0.0)]
RULES = [NTCCollision(), PairPotential(0.5)]
CLIP = 1e-3  # of the norm of all gradients, which is near 1

every_tool = pytest.mark.parametrize("tool", TOOLS.values(), ids=TOOLS)


@dataclass(frozen=True)
class Noted:
    """A rule that keeps what it is called with and changes nothing."""


@pytest.fixture
def noted(monkeypatch):
    """Addresses of the collisions of `Noted`, and the gradients that they saw."""
    found = SimpleNamespace(addresses=[], grads=[])

    def collide(weight, grad, collision, address, *, measure=False):
        found.addresses.append(address)
        found.grads.append(grad.clone())
        return Outcome()

    monkeypatch.setitem(functional.RULES, Noted, collide)
    return found


@every_tool
@pytest.mark.parametrize("nothing", NOTHING)
def test_zero_strength_is_the_bare_trainer(tool, nothing, tmp_path):
    bare, colliding = network(), network()
    assert tool(bare, None, tmp_path / "bare") is None
    kinetic = tool(colliding, nothing, tmp_path / "colliding")
    assert kinetic.step == STEPS
    assert equal(bare, colliding)
    assert not equal(bare, network())


@every_tool
@pytest.mark.parametrize(("rule", "accumulate"), zip(RULES, (1, 3), strict=True))
def test_a_checkpoint_of_the_tool_resumes_to_the_last_bit(tool, rule, accumulate, tmp_path):
    whole, resumed, bare = network(), network(seed=1), network()
    kinetic = tool(whole, rule, tmp_path, accumulate=accumulate)
    again = tool(resumed, rule, tmp_path, accumulate=accumulate, resume=True)
    assert kinetic.state_dict() == again.state_dict()
    assert again.state_dict() == {"version": 1, "step": STEPS, "seed": SEED}
    assert equal(whole, resumed)
    tool(bare, None, tmp_path / "bare", accumulate=accumulate)
    assert not equal(whole, bare)


@every_tool
def test_a_resume_that_forgets_the_step_differs(tool, tmp_path, monkeypatch):
    """As of a KineticStep that was made when the checkpoint had been read."""
    whole, resumed = network(), network(seed=1)
    tool(whole, NTCCollision(), tmp_path)
    attached = trainers.attached

    def forgetful(*args):
        kinetic = attached(*args)
        kinetic.load_state_dict = lambda state: None
        return kinetic

    monkeypatch.setattr(trainers, "attached", forgetful)
    assert tool(resumed, NTCCollision(), tmp_path, resume=True).step == STEPS - MIDDLE
    assert not equal(whole, resumed)


@every_tool
@pytest.mark.parametrize("accumulate", [1, 3])
def test_collisions_happen_once_in_every_step_of_the_optimizer(tool, accumulate, noted, tmp_path):
    tool(network(), Noted(), tmp_path, accumulate=accumulate)
    layers, steps = range(2), range(STEPS)
    assert noted.addresses == [Address(SEED, step, layer) for step in steps for layer in layers]


@every_tool
def test_collisions_follow_the_clipping(tool, noted, tmp_path):
    tool(network(), Noted(), tmp_path / "free")
    free = max(grad.norm() for grad in noted.grads)
    noted.grads.clear()
    tool(network(), Noted(), tmp_path / "clipped", clip=CLIP)
    assert max(grad.norm() for grad in noted.grads) < CLIP < free / 10.0


@every_tool
def test_collisions_see_the_sum_of_accumulated_gradients(tool, noted, tmp_path):
    """Which is that of one batch as large as all."""
    model = network()
    tool(network(), Noted(), tmp_path, accumulate=3)
    x, y = map(torch.stack, zip(*trainers.samples(3)[: 3 * trainers.SIZE], strict=True))
    torch.nn.functional.mse_loss(model(x), y).backward()
    torch.testing.assert_close(noted.grads[0][0], model[0].weight.grad)


@pytest.mark.parametrize("tool", [trainers.lightning, trainers.accelerate])
@pytest.mark.parametrize("rule", RULES)
def test_a_step_that_the_scaler_leaves_out_moves_nothing(tool, rule, tmp_path):
    model, calls, weights = network(), [], []

    def overflow(grad):
        calls.append(1)
        weights.append(model[0].weight.detach().clone())
        return grad * torch.inf if len(calls) == 3 else grad

    model[0].weight.register_hook(overflow)
    kinetic = tool(model, rule, tmp_path, scaler=torch.amp.GradScaler("cpu", init_scale=2.0**4))
    moved = [not torch.equal(a, b) for a, b in pairwise(weights)]
    assert moved == [step != 2 for step in range(STEPS - 1)]
    assert kinetic.step == STEPS - 1


@pytest.mark.parametrize("around", ["", "lookahead_"])
def test_every_optimizer_of_timm_collides_once_a_step(around, noted):
    optimizers = pytest.importorskip("timm.optim")
    for name in optimizers.list_optimizers():
        if name.startswith(("bnb", "fused")):  # for a GPU only
            continue
        noted.addresses.clear()
        models = bare, colliding = network(), network()
        for model in models:
            torch.manual_seed(SEED)  # some draw at random
            optimizer = optimizers.create_optimizer_v2(model, opt=around + name, lr=1e-3)
            inside = getattr(optimizer, "_base_optimizer", optimizer)
            if model is colliding:
                KineticStep(inside, [model[0].weight], Noted(), seed=SEED)
            for x, y in batches(2):
                optimizer.zero_grad()
                loss = torch.nn.functional.mse_loss(model(x), y)
                loss.backward(create_graph=getattr(inside, "is_second_order", False))
                optimizer.step()
        assert noted.addresses == [Address(SEED, step, 0) for step in range(2)], name
        assert equal(bare, colliding), name
