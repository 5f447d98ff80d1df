"""The sampled repulsion is the full one on average, turns weights and does not stretch them."""

import pytest

torch = pytest.importorskip("torch")

from bridge import potential  # noqa: E402
from bridge.address import Address  # noqa: E402
from bridge.collisions import PairPotential  # noqa: E402
from dsmc.statistics import joint_test  # noqa: E402

SEED = 20261121
BUDGET = 1e-6


def weights(gases=2, neurons=6, dimension=5, dtype=torch.float64):
    """Rows of different lengths : (E, N, D)."""
    random = torch.Generator().manual_seed(SEED)
    rows = torch.randn(gases, neurons, dimension, generator=random, dtype=torch.float64)
    return (rows * torch.linspace(0.5, 2.0, neurons)[:, None]).to(dtype)


def energy(rows):
    """Σ cos² over the pairs of every gas."""
    unit = rows / rows.norm(dim=-1, keepdim=True)
    cosines = (unit @ unit.mT).square()
    return 0.5 * (cosines.sum() - rows.shape[0] * rows.shape[1])


def pushed(rows, step=0, strength=1.0, lr=1.0, **options):
    new = rows.clone()
    outcome = potential.push(new, PairPotential(strength), lr, Address(SEED, step, 0), **options)
    return new, outcome


def full_force(rows):
    """Minus the gradient of the energy, by automatic differentiation."""
    rows = rows.clone().requires_grad_()
    (slope,) = torch.autograd.grad(energy(rows), rows)
    return -slope


def sampled_forces(rows, count, **options):
    """(count, entries) forces of as many steps."""
    return torch.stack([(pushed(rows, step, **options)[0] - rows).flatten()
                        for step in range(count)]).numpy()  # fmt: skip


@pytest.mark.parametrize("neurons", [2, 3, 6])
def test_the_sampled_force_is_the_full_one_on_average(neurons):
    rows = weights(neurons=neurons)
    expected = full_force(rows).flatten().numpy()
    found = sampled_forces(rows, 4000)
    if neurons == 2:  # there is but one partner
        assert abs(found - expected).max() < 1e-12
    else:
        assert joint_test(found, expected, budget=BUDGET)


def test_a_force_without_the_number_of_partners_is_noticed():
    rows = weights()
    mutant = sampled_forces(rows, 4000, strength=0.9)
    assert not joint_test(mutant, full_force(rows).flatten().numpy(), budget=BUDGET)


@pytest.mark.parametrize("backend", [None, "torch"])
def test_lengths_are_kept_to_first_order_and_the_energy_falls(backend):
    rows = weights(2, 40, 16)
    changes = []
    for lr in (1e-4, 1e-5):
        new, _ = pushed(rows, lr=lr, backend=backend)
        changes.append((new.norm(dim=-1) / rows.norm(dim=-1) - 1.0).abs().max().item())
    assert changes[1] == pytest.approx(changes[0] / 100.0, rel=0.05)
    for step in range(300):
        rows, _ = pushed(rows, step, lr=1e-3, backend=backend)
    assert energy(rows) < 0.95 * energy(weights(2, 40, 16))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
def test_torch_and_the_engine_push_alike_in_every_layout(dtype):
    rows = weights(3, 33, 19, dtype)
    engine, _ = pushed(rows, lr=1e-2)
    device, _ = pushed(rows, lr=torch.tensor(1e-2, dtype=torch.float64), backend="torch")
    torch.testing.assert_close(device, engine, rtol=0, atol=8 * torch.finfo(dtype).eps)
    turned = rows.mT.contiguous().mT
    potential.push(turned, PairPotential(1.0), 1e-2, Address(SEED, 0, 0))
    assert torch.equal(turned, engine)
    assert not torch.equal(engine, rows)


@pytest.mark.parametrize("backend", [None, "torch"])
def test_rows_without_a_direction_stay_and_are_told_of(backend):
    rows = weights(1, 20, 8)
    rows[0, 3] = 0.0
    rows[0, 7, 2] = float("nan")
    new, outcome = pushed(rows, backend=backend)
    assert torch.equal(new[0, 3], rows[0, 3])
    assert new[0, 7].isnan().sum() == 1
    assert torch.isfinite(new[0, [0, 1, 2, 4, 5, 6, 8]]).all()
    assert 16 <= int(outcome.pairs) <= 18
    assert outcome.candidates == 20
    assert outcome.finite is True  # single rows stay, not the tensor


@pytest.mark.parametrize("backend", [None, "torch"])
def test_nothing_moves_at_zero_strength_or_alone(backend):
    rows = weights()
    assert torch.equal(pushed(rows, strength=0.0, backend=backend)[0], rows)
    new, outcome = pushed(rows[:, :1], backend=backend)
    assert torch.equal(new, rows[:, :1])
    assert outcome.skipped == "fewer than two neurons"
