"""Which pairs collide hard: distances, thresholds, random numbers of pairs, matchings."""

import math

import numpy as np
import pytest
from scipy.stats import kstest

torch = pytest.importorskip("torch")

from bridge import threshold  # noqa: E402
from bridge.address import Address  # noqa: E402
from bridge.collisions import HardCollision  # noqa: E402
from bridge.overlap import matched, mean_shares  # noqa: E402
from bridge.pair_draws import pair_normals, pair_order  # noqa: E402
from tests.bridge import brute_force  # noqa: E402
from tests.bridge.layers import HERE, SEED, layer  # noqa: E402

BUDGET = 1e-6


def accepted(weight, grad, **threshold_of):
    """Pairs (i, j) that `accepted_pairs` finds."""
    collision = HardCollision(**threshold_of)
    numbers = threshold.accepted_pairs(torch.as_tensor(weight), torch.as_tensor(grad), collision)
    return [divmod(number, len(weight)) for number in numbers.tolist()]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("offset", "spread"), [(0.0, 1.0), (1e3, 1.0), (1.0, 1e-5), (0.0, 1e-170)])
@pytest.mark.parametrize("clusters", [1, 2])
def test_distances_are_those_of_double_precision(monkeypatch, dtype, offset, spread, clusters):
    """Where a² + b² - 2ab alone loses every digit, too."""
    monkeypatch.setattr(threshold, "BLOCK_ELEMENTS", 70)
    random = np.random.default_rng(SEED)
    points = random.normal(size=(20, 6)) * spread
    points[:10] += offset
    points[10:] += offset if clusters == 1 else -offset
    points[3] = points[4]
    points = points.astype(dtype)
    blocks = list(threshold.separations(*[torch.from_numpy(points)] * 2))
    assert len(blocks) > 2
    found = torch.cat([block.w[block.w.new_ones(block.w.shape).triu() > 0] for block in blocks])
    expected = [math.dist(points[i], points[j]) for i in range(20) for j in range(i + 1, 20)]
    np.testing.assert_allclose(found.numpy(), expected, rtol=1e-10, atol=0.0)


def test_the_threshold_is_a_cliff():
    """PyTorch's default weights lie 0.82 apart: nothing collides at 0.55, nearly all at 0.7."""
    torch.manual_seed(SEED)
    weight = torch.nn.Linear(512, 60).weight.detach()
    grad = torch.randn(60, 512)
    shares = [len(accepted(weight, grad, coll_coef=c)) / (60 * 59 / 2) for c in (0.55, 0.7)]
    assert shares[0] == 0.0
    assert shares[1] > 0.99
    assert not accepted(torch.randn(60, 2048), torch.randn(60, 2048), coll_coef=1.0 - 1e-15)


@pytest.mark.parametrize("partners", [0.1, 0.5, 1, 3, 40, 1000])
@pytest.mark.parametrize("spread", [1e-3, 1.0, 1e5])
def test_partners_choose_the_strongest_pairs_at_every_scale(monkeypatch, partners, spread):
    monkeypatch.setattr(threshold, "BLOCK_ELEMENTS", 200)
    random = np.random.default_rng(SEED)
    weight, grad = random.normal(size=(2, 41, 10))
    weight *= spread
    pairs = [(i, j) for i in range(41) for j in range(i + 1, 41)]
    strength = {
        (i, j): math.log(math.dist(grad[i], grad[j])) - math.dist(weight[i], weight[j])
        for i, j in pairs
    }
    strongest = sorted(pairs, key=strength.get, reverse=True)[: round(partners * 41 / 2)]
    assert accepted(weight, grad, partners=partners) == sorted(strongest)


def test_partners_cut_no_tie_and_accept_no_pair_without_relative_motion():
    weight = np.zeros((6, 2))
    assert accepted(weight, np.ones((6, 2)), partners=3) == []
    square = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    assert accepted(np.zeros((4, 2)), square, partners=1) == [(0, 3), (1, 2)]
    assert accepted(np.zeros((4, 2)), square, partners=0.5) == []
    assert accepted(np.zeros((2, 2)), square[:2], partners=1) == [(0, 1)]
    assert accepted(np.zeros((2, 2)), square[:2], partners=0.2) == []


def test_a_pair_at_the_threshold_itself_does_not_collide():
    """Gradients 0, 1, 2 of equal neurons: g_r / g_r^max is exactly 1/2 for neighbours."""
    grad = np.array([[0.0], [1.0], [2.0]])
    assert accepted(np.zeros((3, 1)), grad, coll_coef=0.5) == [(0, 2)]
    assert len(accepted(np.zeros((3, 1)), grad, coll_coef=0.5 + 1e-15)) == 3


def test_the_largest_relative_speed_may_come_in_the_last_block(monkeypatch):
    monkeypatch.setattr(threshold, "BLOCK_ELEMENTS", 12)
    weight, grad = layer(1, 12, 4)
    grad[0, -1] *= 50.0
    for coll_coef in (0.9, 0.99, 1.0):
        expected = brute_force.accepted(0.1 * weight[0], grad[0], coll_coef)
        assert accepted(0.1 * weight[0], grad[0], coll_coef=coll_coef) == expected


# ------------------------------------------------------------------------------ random numbers


def test_the_numbers_of_a_pair_do_not_depend_on_the_others():
    numbers = np.array([3, 17, 2**32 + 3, 2**33], np.uint64)
    together = pair_normals(HERE, 2, numbers, 7)
    for row, number in enumerate(numbers):
        alone = pair_normals(HERE, 2, np.array([number], np.uint64), 7)
        np.testing.assert_array_equal(alone[0], together[row])
    single = pair_normals(HERE, 2, numbers, 7, np.float32)
    np.testing.assert_array_equal(single, together.astype(np.float32))
    assert len(np.unique(together)) == together.size


def test_directions_are_uniform_on_the_sphere():
    """Every component of a unit vector in three dimensions is uniform in (-1, 1)."""
    normals = pair_normals(HERE, 0, np.arange(20_000, dtype=np.uint64), 3)
    units = normals / np.linalg.norm(normals, axis=1, keepdims=True)
    for component in (*units.T, units.sum(1) / math.sqrt(3.0)):
        assert kstest(component, "uniform", (-1.0, 2.0)).pvalue > BUDGET
    assert kstest(np.abs(units[:, 0]), "uniform", (-1.0, 2.0)).pvalue < BUDGET


def test_no_gas_component_or_evaluation_shares_a_number():
    numbers = np.arange(50, dtype=np.uint64)
    places = [(HERE, 0), (HERE, 1), (Address(SEED, 3, 1, 1), 0), (Address(SEED, 3, 2), 0)]
    drawn = [pair_normals(place, gas, numbers, 9) for place, gas in places]
    assert len(np.unique(drawn)) == 4 * 50 * 9


def test_a_matching_is_maximal_and_random():
    """On a path of four neurons the middle pair is first, and alone, in a third of the cases."""
    path = np.array([0 * 4 + 1, 1 * 4 + 2, 2 * 4 + 3], np.uint64)
    alone = 0
    for step in range(3000):
        found = matched(Address(SEED, step, 0), 0, path, 4).tolist()
        assert found in ([1, 11], [6])
        alone += found == [6]
    assert abs(alone - 1000) < 5 * math.sqrt(3000 * 2 / 9)


def test_the_order_of_pairs_is_their_own():
    numbers = np.arange(100, dtype=np.uint64)
    order = pair_order(HERE, 0, numbers)
    assert sorted(order) == list(range(100))
    some = numbers[::3]
    within = [number for number in order if number % 3 == 0]
    assert some[pair_order(HERE, 0, some)].tolist() == within


def test_shares_of_a_neuron_add_up_to_one_at_most():
    random = np.random.default_rng(SEED)
    first, second = np.triu_indices(9, 1)
    keep = random.random(first.size) < 0.4
    first, second = first[keep], second[keep]
    shares = mean_shares(first, second, 9)
    total = np.bincount(first, shares, 9) + np.bincount(second, shares, 9)
    assert total.max() <= 1.0 + 1e-15
    assert shares.min() > 0.0
