"""Hard collisions equal Alg. 1 written as a double loop, and obey its exact energy law."""

import warnings
from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

torch = pytest.importorskip("torch")

from bridge import hard  # noqa: E402
from bridge.address import Address  # noqa: E402
from bridge.collisions import HardCollision  # noqa: E402
from bridge.outcome import CollisionWarning  # noqa: E402
from tests.bridge import brute_force  # noqa: E402
from tests.bridge.layers import HERE, SEED, layer, relative_error  # noqa: E402
from tests.bridge.layers import collided as collided_by  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore::bridge.outcome.CollisionWarning")
collided = partial(collided_by, hard)
ALL = HardCollision(coll_coef=1.0, max_gain=None)


def double_loop(weight, grad, coll_coef):
    """(g*, number of accepted pairs) of all gases."""
    _, neurons, length = grad.shape
    result, count = [], 0
    for gas, (w, g) in enumerate(zip(weight, grad, strict=True)):
        pairs = brute_force.accepted(w, g, coll_coef)
        found = brute_force.directions(HERE, gas, pairs, neurons, length)
        result.append(brute_force.scattered(g, found))
        count += len(pairs)
    return np.stack(result), count


@settings(max_examples=60)
@given(
    gases=st.integers(1, 3),
    neurons=st.integers(2, 12),
    length=st.integers(1, 9),
    seed=st.integers(0, 1000),
    coll_coef=st.sampled_from([0.0, 0.3, 0.5, 0.7, 0.9, 1.0]),
    spread=st.sampled_from([1e-3, 0.1, 1.0]),
    max_gain=st.sampled_from([None, 1.0, 2.0]),
)
def test_hard_equals_the_double_loop(gases, neurons, length, seed, coll_coef, spread, max_gain):
    weight, grad = layer(gases, neurons, length, seed)
    weight *= spread
    found, outcome = collided(weight, grad, HardCollision(coll_coef, max_gain=max_gain))
    result, pairs = double_loop(weight, grad, coll_coef)
    expected = brute_force.limited(grad, result, max_gain)
    assert outcome.pairs == pairs
    assert outcome.candidates == gases * neurons * (neurons - 1) // 2
    assert np.abs(found - expected).max() < 1e-12 * np.abs(grad).max()


@pytest.mark.parametrize("size", [1e-150, 1e150])
@pytest.mark.parametrize("weight_size", [1e-150, 0.1, 1e150])
def test_huge_and_tiny_norms_overflow_nowhere(size, weight_size):
    weight, grad = layer(1, 9, 6)
    weight, grad = weight * weight_size, grad * size
    result, pairs = double_loop(weight, grad, 0.5)
    found, outcome = collided(weight, grad, HardCollision(0.5, max_gain=1.5))
    assert outcome.pairs == pairs
    assert (pairs > 0) is (weight_size < 1.0)
    assert relative_error(found, brute_force.limited(grad, result, 1.5)) < 1e-12


def test_blocks_join_seamlessly(monkeypatch):
    weight, grad = layer(2, 30, 7)
    whole, _ = collided(0.1 * weight, grad, HardCollision(0.6))
    monkeypatch.setattr(hard, "BLOCK_ELEMENTS", 20)
    pieces, _ = collided(0.1 * weight, grad, HardCollision(0.6))
    assert relative_error(pieces, whole) < 1e-14


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float32, torch.float64])
@pytest.mark.parametrize("off", [HardCollision(coll_coef=0.0), HardCollision(partners=0)])
def test_zero_strength_changes_no_bit(dtype, off):
    grad = torch.randn(1, 9, 5, generator=torch.Generator().manual_seed(SEED)).to(dtype)
    after = grad.clone()
    assert hard.collide(grad, after, off, HERE).pairs == 0
    assert torch.equal(grad, after)
    hard.collide(grad, after, ALL, HERE)
    assert not torch.equal(grad, after)


def test_short_formats_are_computed_in_float32():
    random = torch.Generator().manual_seed(SEED)
    weight, grad = (torch.randn(1, 20, 30, generator=random).bfloat16() for _ in range(2))
    exact = grad.to(torch.float32)
    hard.collide(weight.to(torch.float32), exact, HardCollision(partners=2), HERE)
    hard.collide(weight, grad, HardCollision(partners=2), HERE)
    assert torch.equal(grad, exact.bfloat16())


@pytest.mark.parametrize("power", [-90, -1, 1, 60])
@pytest.mark.parametrize("overlap", ["sum", "mean", "matching"])
def test_a_scaled_loss_scales_the_result_bit_for_bit(power, overlap):
    weight, grad = layer(1, 20, 17, dtype=np.float32)
    collision = HardCollision(partners=3, overlap=overlap)
    plain, _ = collided(weight, grad, collision)
    scaled, _ = collided(weight, np.ldexp(grad, power), collision)
    np.testing.assert_array_equal(scaled, np.ldexp(plain, power))


def test_directions_belong_to_step_evaluation_parameter_and_gas_only():
    """Torch's and NumPy's own generators are not touched."""
    weight, grad = layer(1, 8, 5)
    numpy_before, torch_before = np.random.get_state()[1].copy(), torch.get_rng_state()  # noqa: NPY002
    places = [HERE, Address(SEED + 1, 3, 1), Address(SEED, 4, 1), Address(SEED, 3, 2)]
    places.append(Address(SEED, 3, 1, evaluation=1))
    results = [collided(weight, grad, ALL, place)[0] for place in places]
    again, _ = collided(weight, grad, ALL, HERE)
    np.testing.assert_array_equal(results[0], again)
    two, _ = collided(np.concatenate([weight] * 2), np.concatenate([grad] * 2), ALL)
    np.testing.assert_array_equal(two[0], again[0])
    results.append(two[1:])
    for a in range(len(results)):
        for b in range(a):
            assert relative_error(results[a], results[b]) > 1e-3
    np.testing.assert_array_equal(np.random.get_state()[1], numpy_before)  # noqa: NPY002
    assert torch.equal(torch.get_rng_state(), torch_before)


# ------------------------------------------------------------------------------ conservation

N, LENGTH, TRIALS = 12, 64, 400


def graphs():
    """Five graphs of accepted pairs."""
    random = np.random.default_rng(SEED)
    every = [(i, j) for i in range(N) for j in range(i + 1, N)]
    return {
        "one pair": [(2, 7)],
        "a ring": [(i, i + 1) for i in range(N - 1)] + [(0, N - 1)],
        "a star": [(0, j) for j in range(1, N)],
        "half of the pairs": [every[k] for k in sorted(random.permutation(len(every))[:33])],
        "all pairs": every,
    }


def mean_energy(grad, pairs, collision):
    """Mean over TRIALS steps of |g*|² / |g|²."""
    numbers = np.array([i * N + j for i, j in pairs], np.uint64)
    total = 0.0
    for step in range(TRIALS):
        change = torch.zeros(N, LENGTH, dtype=torch.float64)
        place = Address(SEED, step, 0)
        hard.scatter_pairs(torch.from_numpy(grad), numbers, collision, place, 0, change)
        total += ((grad + change.numpy()) ** 2).sum()
    return total / TRIALS / (grad**2).sum()


def energy_law(grad, L):
    """|g|² + ¼ tr(gᵀ L (L - 2) g), over |g|²."""
    gain = 0.25 * np.trace(grad.T @ L @ (L - 2.0 * np.eye(N)) @ grad)
    return 1.0 + gain / (grad**2).sum()


@pytest.mark.parametrize("name", graphs())
def test_the_energy_follows_the_law_of_the_graph(name):
    """Within 2 % of the energy; a law without the -2, or without collisions, is off by more."""
    pairs = graphs()[name]
    grad = np.random.default_rng(SEED).normal(size=(N, LENGTH))
    L = brute_force.laplacian(pairs, N)
    measured = mean_energy(grad, pairs, ALL)
    assert measured == pytest.approx(energy_law(grad, L), rel=0.02)
    assert measured != pytest.approx(
        energy_law(grad, L + 2.0 * np.diag(L.diagonal() > 0)), rel=0.02
    )


@pytest.mark.parametrize("name", graphs())
def test_the_mean_over_partners_never_gains_energy(name):
    """E|g*|² = |(1 - ½ A) g|² + ½ tr(gᵀ B g); A, B the Laplacians with shares a and a²."""
    pairs = graphs()[name]
    grad = np.random.default_rng(SEED).normal(size=(N, LENGTH))
    degree = brute_force.laplacian(pairs, N).diagonal()
    A, B = np.zeros((2, N, N))
    for i, j in pairs:
        share = 1.0 / max(degree[i], degree[j])
        A += share * brute_force.laplacian([(i, j)], N)
        B += share**2 * brute_force.laplacian([(i, j)], N)
    drift = ((grad - 0.5 * A @ grad) ** 2).sum()
    law = (drift + 0.5 * np.trace(grad.T @ B @ grad)) / (grad**2).sum()
    assert law <= 1.0 + 1e-12
    mean = HardCollision(coll_coef=1.0, overlap="mean")
    assert mean_energy(grad, pairs, mean) == pytest.approx(law, rel=0.01)


def momentum_error(before, after):
    """|Σ(g* - g)| / Σ|g_i|, the largest of the gases."""
    change = np.linalg.norm((after.astype(float) - before).sum(1), axis=-1)
    return (change / np.linalg.norm(before, axis=-1).sum(-1)).max()


@pytest.mark.parametrize(("dtype", "rounding"), [(np.float32, 1e-6), (np.float64, 1e-14)])
@pytest.mark.parametrize("overlap", ["sum", "mean", "matching"])
def test_momentum_is_conserved(dtype, rounding, overlap):
    weight, grad = layer(2, 30, 20, dtype=dtype)
    collision = HardCollision(partners=4, overlap=overlap, max_gain=None)
    after, outcome = collided(weight, grad, collision, measure=True)
    assert momentum_error(grad, after) < rounding
    assert float(outcome.momentum_error) < rounding
    ratio = (after.astype(float) ** 2).sum() / (grad.astype(float) ** 2).sum()
    assert float(outcome.energy_ratio) == pytest.approx(ratio, rel=1e-6)


def test_independent_directions_of_the_two_neurons_would_break_momentum():
    """The twin: n_ji drawn by itself in place of -n_ij."""
    weight, grad = layer(1, 10, 6)
    pairs = brute_force.accepted(weight[0], grad[0], 1.0)
    n_ij = brute_force.directions(HERE, 0, pairs, 10, 6)
    n_ji = brute_force.directions(Address(SEED, 99, 1), 0, pairs, 10, 6)
    after = brute_force.scattered(grad[0], n_ij)
    assert momentum_error(grad, after[None]) < 1e-14
    for i, j in pairs:
        speed = np.linalg.norm(grad[0, i] - grad[0, j])
        after[j] += 0.5 * speed * (n_ij[i, j] + n_ji[i, j])
    assert momentum_error(grad, after[None]) > 1e-2


def test_a_matching_conserves_energy_and_uses_every_neuron_once_at_most():
    weight, grad = layer(1, 31, 20)
    matching = HardCollision(coll_coef=1.0, overlap="matching")
    after, outcome = collided(0.1 * weight, grad, matching, measure=True)
    assert outcome.pairs == 15  # of 31 neurons, all pairs but one being accepted
    assert (after**2).sum() == pytest.approx((grad**2).sum(), rel=1e-14)
    assert momentum_error(grad, after) < 1e-14
    moved = np.abs(after - grad).max(-1)[0] > 0.0
    assert moved.sum() == 30


def test_all_pairs_turn_the_update_into_ascent():
    """Deviations from the mean gradient are multiplied by 1 - N/2 in expectation."""
    neurons, trials = 8, 500
    random = np.random.default_rng(SEED)
    weight, grad = random.normal(size=(2, 1, neurons, 40))
    weight *= 1e-3
    deviation = grad - grad.mean(1, keepdims=True)
    factor = 0.0
    for step in range(trials):
        after, outcome = collided(weight, grad, ALL, Address(SEED, step, 0))
        assert outcome.pairs == 28
        factor += ((after - after.mean(1, keepdims=True)) * deviation).sum() / trials
    assert factor / (deviation**2).sum() == pytest.approx(1.0 - neurons / 2.0, rel=0.01)


def test_the_gain_is_limited_per_tensor():
    weight, grad = layer(1, 40, 10)
    free, _ = collided(1e-3 * weight, grad, ALL)
    held, _ = collided(1e-3 * weight, grad, HardCollision(coll_coef=1.0))
    assert np.linalg.norm(free) > 5.0 * np.linalg.norm(grad)
    assert np.linalg.norm(held) == pytest.approx(2.0 * np.linalg.norm(grad), rel=1e-12)


# ------------------------------------------------------------------------------ words of warning


def said(weight, grad, collision):
    """What the user is told at three steps, once each."""
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")
        for step in range(3):
            collided(weight, grad, collision, Address(SEED, step, 4))
    assert all(warning.category is CollisionWarning for warning in found)
    return {str(warning.message) for warning in found}


def test_nothing_accepted_and_too_many_accepted_are_warned_of_in_the_same_words_at_every_step():
    weight, grad = layer(1, 20, 30)
    (nothing,) = said(weight, grad, HardCollision(coll_coef=0.5))
    assert "parameter 4 at coll_coef = 0.5: no pair is accepted" in nothing
    assert "partners=0.5" in nothing
    (many,) = said(weight, grad, HardCollision(partners=2))
    assert "more than one partner per neuron" in many
    assert not said(weight, grad, HardCollision(partners=1))
    assert not said(weight, grad, HardCollision(partners=2, overlap="mean"))
    assert not said(weight, 0.0 * grad, HardCollision(partners=2))


@pytest.mark.parametrize("value", [np.nan, -np.inf])
@pytest.mark.parametrize("spoilt", ["weight", "grad"])
def test_a_non_finite_tensor_is_left_alone(spoilt, value):
    weight, grad = layer(1, 6, 4)
    (weight if spoilt == "weight" else grad)[0, 4, 1] = value
    after, outcome = collided(weight, grad, ALL)
    np.testing.assert_array_equal(after, grad)
    assert outcome.skipped == "non-finite entries"


def test_a_single_neuron_and_no_components_are_skipped():
    assert collided(*layer(1, 1, 5), ALL)[1].skipped == "fewer than two neurons"
    for shape in ((1, 3, 0), (0, 3, 5)):  # a rank may have no expert
        assert collided(*layer(*shape), ALL)[1].skipped == "no components"
