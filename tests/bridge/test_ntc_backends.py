"""The same collisions on every backend, layout and precision; what cannot collide is left alone."""

from threading import Barrier, Thread

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from bridge.address import Address  # noqa: E402
from bridge.cells import codes_of, divide  # noqa: E402
from bridge.collisions import NTCCollision  # noqa: E402
from bridge.ntc import collide  # noqa: E402
from dsmc import encounters  # noqa: E402

SEED = 20261121
ISOTROPIC = NTCCollision(scatter="isotropic")


def layer(gases=2, neurons=60, dimension=37, dtype=torch.float32, seed=0):
    """Weights and gradients : (E, N, D)."""
    random = torch.Generator().manual_seed(SEED + seed)
    rows = torch.randn(2, gases, neurons, dimension, generator=random, dtype=torch.float64)
    return rows.to(dtype).unbind()


def at(step, evaluation=0):
    return Address(SEED, step, 3, evaluation)


def collided(weight, grad, collision=NTCCollision(), address=at(1), **options):  # noqa: B008
    """The new gradient and the outcome; the old one stays."""
    new = grad.clone()
    outcome = collide(weight, new, collision, address, **options)
    return new, outcome


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16, torch.float16])
@pytest.mark.parametrize(
    "collision", [NTCCollision(rate=2.0), ISOTROPIC, NTCCollision(cells=2)], ids=str
)
def test_torch_and_the_engine_collide_the_same_pairs(collision, dtype):
    weight, grad = layer(dtype=dtype)
    engine, first = collided(weight, grad, collision)
    device, second = collided(weight, grad, collision, backend="torch")
    assert (first.pairs, first.candidates) == (second.pairs, second.candidates)
    assert first.pairs > 20
    torch.testing.assert_close(device, engine, rtol=0, atol=50 * torch.finfo(dtype).eps)
    assert not torch.equal(engine, grad)


def test_columns_on_two_ranks_collide_like_whole_rows():
    """`total` adds what the ranks measured; here one process plays both, shard by shard."""
    weight, grad = layer(1, 40, 32, torch.float64)
    whole, _ = collided(weight, grad, backend="torch")
    barrier, parts, results = Barrier(2), [None, None], [None, None]

    def rank(number):
        def total(sums):
            parts[number] = sums
            barrier.wait()
            added = parts[0] + parts[1]
            barrier.wait()
            return added

        columns = slice(16 * number, 16 * number + 16)
        results[number], _ = collided(weight[..., columns], grad[..., columns], total=total)

    ranks = [Thread(target=rank, args=(number,)) for number in (0, 1)]
    for thread in ranks:
        thread.start()
    for thread in ranks:
        thread.join(60)
    torch.testing.assert_close(torch.cat(results, -1), whole, rtol=0, atol=1e-13)
    with pytest.raises(ValueError, match="sharded by columns"):
        collided(weight, grad, ISOTROPIC, total=lambda sums: sums)


def test_layouts_do_not_matter_and_memory_is_used_in_place():
    weight, grad = layer()
    expected, _ = collided(weight, grad)
    transposed = grad.transpose(1, 2).contiguous().transpose(1, 2)
    collide(weight.transpose(1, 2).contiguous().transpose(1, 2), transposed, NTCCollision(), at(1))
    assert torch.equal(transposed, expected)
    padded = torch.zeros(2, 60, 40)
    padded[..., :37] = grad
    collide(weight, padded[..., :37], NTCCollision(), at(1))
    assert torch.equal(padded[..., :37], expected)
    assert torch.all(padded[..., 37:] == 0.0)


def test_experts_are_separate_gases():
    weight, grad = layer()
    grad[1] = 0.0
    new, _ = collided(weight, grad)
    assert torch.equal(new[1], grad[1])
    assert not torch.equal(new[0], grad[0])


def test_addresses_decide_and_nothing_else_does():
    weight, grad = layer()
    torch.manual_seed(0)
    state = torch.get_rng_state()
    one, _ = collided(weight, grad)
    again, _ = collided(weight, grad)
    assert torch.equal(one, again)
    assert torch.equal(torch.get_rng_state(), state)
    for other in (at(2), at(1, 1), Address(SEED, 1, 4), Address(SEED + 1, 1, 3)):
        assert not torch.equal(collided(weight, grad, address=other)[0], one)
    for pairing in ("disjoint", "sequential"):
        collision = NTCCollision(scatter="isotropic", pairing=pairing)
        first, _ = collided(weight.double(), grad.double(), collision)
        second, _ = collided(weight.double(), grad.double(), collision, address=at(1, 1))
        assert not torch.equal(first, second)


@pytest.mark.parametrize("factor", [2.0**-20, 2.0**16])
def test_collisions_do_not_see_the_scale_of_the_gradient(factor):
    weight, grad = layer()
    new, _ = collided(weight, grad)
    assert torch.equal(collided(weight, factor * grad)[0], factor * new)


def test_gradients_whose_squares_lose_digits_in_single_precision_collide_as_others_do():
    """One after the other, too: relative speeds and majorants are computed in double precision."""
    weight, grad = layer()
    collision, least = NTCCollision(pairing="sequential"), 2.0**-70
    new, outcome = collided(weight, grad, collision)
    scaled, of_scaled = collided(weight, least * grad, collision)
    assert outcome.pairs == of_scaled.pairs > 0
    assert torch.equal(scaled, least * new)


# ------------------------------------------------------------------------------ left alone


def test_no_rate_one_neuron_and_equal_gradients_change_nothing():
    weight, grad = layer()
    same = grad[:, :1].expand(2, 60, 37).contiguous()
    for w, g, collision in (
        (weight, grad, NTCCollision(rate=0.0)),
        (weight[:, :1], grad[:, :1], NTCCollision()),
        (weight, same, NTCCollision()),
        (weight, torch.zeros_like(grad), NTCCollision()),
    ):
        for backend in (None, "torch"):
            new, outcome = collided(w, g, collision, backend=backend)
            assert torch.equal(new, g)
            assert outcome.pairs == 0
    assert collided(weight[:, :1], grad[:, :1])[1].skipped == "fewer than two neurons"


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
@pytest.mark.parametrize("backend", [None, "torch"])
def test_a_gas_with_a_gradient_that_is_not_finite_is_skipped(bad, backend):
    weight, grad = layer()
    grad[0, 3, 5] = bad
    new, outcome = collided(weight, grad, backend=backend)
    assert not outcome.finite
    torch.testing.assert_close(new[0], grad[0], rtol=0, atol=0, equal_nan=True)
    assert torch.isfinite(new[1]).all() and not torch.equal(new[1], grad[1])


@pytest.mark.parametrize("backend", [None, "torch"])
def test_weights_without_a_direction_are_passed_by(backend):
    weight, grad = layer()
    weight[0, ::3] = 0.0
    weight[0, 1] = float("nan")
    weight[1] = weight[1, :1] * torch.linspace(-2.0, 2.0, 60)[:, None]
    new, outcome = collided(weight, grad, NTCCollision(rate=3.0), backend=backend)
    assert outcome.pairs > 50
    assert torch.isfinite(new).all()
    assert torch.equal(new[0, 0], grad[0, 0]) and torch.equal(new[0, 1], grad[0, 1])
    assert torch.equal(new[1], grad[1])


def test_the_sequential_gas_refuses_another_backend():
    weight, grad = layer()
    with pytest.raises(ValueError, match='pairing="disjoint"'):
        collided(weight, grad, NTCCollision(pairing="sequential"), backend="torch")


# ------------------------------------------------------------------------------ cells


@pytest.mark.parametrize(
    ("pairing", "stage", "place"),
    [("sequential", "collide_in_turn", 3), ("disjoint", "collide_disjoint", 4)],
)
def test_evaluations_of_a_step_share_no_label_whatever_the_weights(
    monkeypatch, pairing, stage, place
):
    labels = []

    def note(*given):
        labels.append(given[place])

    monkeypatch.setattr(encounters, stage, note)
    collision = NTCCollision(scatter="isotropic", pairing=pairing, cells=3)
    weight, grad = layer(2, 200, 8, torch.float64)
    equal = weight[0, codes_of(weight[:1], 3, at(1)).argmin()].expand(2, 200, 8)
    for evaluation, rows in enumerate((weight, equal, weight, equal)):
        collided(rows, grad, collision, at(1, evaluation))
    assert list(map(len, labels)) == [16, 2, 16, 2]
    np.testing.assert_array_equal(labels[0], np.arange(16))
    assert len(set(np.concatenate(labels))) == 36


def test_a_neuron_and_its_mirror_image_share_a_cell():
    weight, _ = layer(1, 500, 16)
    codes = codes_of(weight, 4, at(1))
    np.testing.assert_array_equal(codes, codes_of(-3.0 * weight, 4, at(1)))
    assert set(codes) == set(range(16))
    assert not np.array_equal(codes, codes_of(weight, 4, at(2)))


def test_only_neurons_of_a_cell_meet():
    """Mean gradient of every cell: kept by collisions inside cells alone."""
    weight, grad = layer(2, 200, 8, torch.float64)
    cells = divide(weight, 3, at(1))
    assert len(cells.labels) == 16
    new, outcome = collided(weight, grad, NTCCollision(scatter="isotropic", cells=3))
    assert outcome.pairs > 100
    for start, stop in zip(cells.offsets, cells.offsets[1:], strict=False):
        rows = cells.member[start:stop].astype(int)
        before, after = grad.view(-1, 8)[rows].sum(0), new.view(-1, 8)[rows].sum(0)
        torch.testing.assert_close(after, before, rtol=0, atol=1e-12)
