"""Soft collisions equal Alg. 2 written as a double loop, and hold what follows from it exactly."""

import warnings
from functools import partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

torch = pytest.importorskip("torch")

from bridge import soft  # noqa: E402
from bridge.collisions import SoftCollision  # noqa: E402
from bridge.outcome import CollisionWarning  # noqa: E402
from tests.bridge import brute_force  # noqa: E402
from tests.bridge.layers import HERE, SEED, layer, relative_error  # noqa: E402
from tests.bridge.layers import collided as collided_by  # noqa: E402

collided = partial(collided_by, soft)
CONDENSED = 1e-2  # spread of the rows of a condensed layer about their mean


@given(
    gases=st.integers(1, 3),
    neurons=st.integers(2, 12),
    length=st.integers(1, 9),
    seed=st.integers(0, 1000),
    coll_coef=st.sampled_from([0.0, 1e-3, 0.1, 1.0]),
    diagonal=st.booleans(),
    normalize=st.sampled_from([None, "mean", "rowsum"]),
    max_gain=st.sampled_from([None, 1.0, 2.0]),
)
def test_soft_equals_the_double_loop(
    gases, neurons, length, seed, coll_coef, diagonal, normalize, max_gain
):
    weight, grad = layer(gases, neurons, length, seed)
    collision = SoftCollision(coll_coef, diagonal, normalize, max_gain)
    found, outcome = collided(weight, grad, collision)
    rows = [
        brute_force.soft(w, g, coll_coef, diagonal, normalize)
        for w, g in zip(weight, grad, strict=True)
    ]
    expected = brute_force.limited(grad, np.stack(rows), max_gain)
    assert np.abs(found - expected).max() < 1e-12 * np.abs(grad).max()
    assert outcome.candidates == gases * neurons * (neurons - 1) // 2


@pytest.mark.parametrize("size", [1e-150, 1e150])
def test_huge_and_tiny_norms_overflow_nowhere(size):
    """Rows of very different sizes as well."""
    weight, grad = layer(1, 8, 6)
    weight[0] *= size
    grad[0] *= size
    weight[0, 5] /= size
    expected = brute_force.limited(grad, brute_force.soft(weight[0], grad[0], 0.3)[None], 1.5)
    found, _ = collided(weight, grad, SoftCollision(0.3, max_gain=1.5))
    assert relative_error(found, expected) < 1e-12


def test_blocks_join_seamlessly(monkeypatch):
    weight, grad = layer(2, 50, 7)
    whole, _ = collided(weight, grad, SoftCollision(0.1, normalize="rowsum"))
    monkeypatch.setattr(soft, "BLOCK_ELEMENTS", 1)
    monkeypatch.setattr(soft, "SMALLEST_BLOCK", 3)
    pieces, _ = collided(weight, grad, SoftCollision(0.1, normalize="rowsum"))
    assert relative_error(pieces, whole) < 1e-14


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.float32, torch.float64])
def test_zero_strength_changes_no_bit(dtype):
    grad = torch.randn(1, 9, 5, generator=torch.Generator().manual_seed(SEED)).to(dtype)
    after = grad.clone()
    soft.collide(grad, after, SoftCollision(0.0), HERE)
    assert torch.equal(grad, after)
    soft.collide(grad, after, SoftCollision(0.1), HERE)
    assert not torch.equal(grad, after)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_short_formats_are_computed_in_float32(dtype):
    """Equal to the result in float32, rounded once."""
    random = torch.Generator().manual_seed(SEED)
    weight, grad = (torch.randn(1, 40, 30, generator=random).to(dtype) for _ in range(2))
    exact = grad.to(torch.float32)
    soft.collide(weight.to(torch.float32), exact, SoftCollision(0.05), HERE)
    soft.collide(weight, grad, SoftCollision(0.05), HERE)
    assert torch.equal(grad, exact.to(dtype))


def test_strides_do_not_matter():
    weight, grad = layer(2, 10, 6)
    plain, _ = collided(weight, grad, SoftCollision())
    turned = torch.from_numpy(grad.copy().transpose(2, 0, 1).copy()).permute(1, 2, 0)
    soft.collide(torch.from_numpy(weight), turned, SoftCollision(), HERE)
    assert relative_error(turned.numpy(), plain) < 1e-15


@pytest.mark.parametrize("power", [-90, -1, 1, 60])
def test_a_scaled_loss_scales_the_result_bit_for_bit(power):
    weight, grad = layer(1, 33, 17, dtype=np.float32)
    plain, _ = collided(weight, grad, SoftCollision(0.2))
    scaled, _ = collided(weight, np.ldexp(grad, power), SoftCollision(0.2))
    np.testing.assert_array_equal(scaled, np.ldexp(plain, power))


def test_the_diagonal_alone_is_a_smaller_step():
    """Orthogonal weights: g(1 - c), or g itself without the diagonal."""
    grad = np.random.default_rng(SEED).normal(size=(1, 6, 6))
    weight = np.eye(6)[None]
    np.testing.assert_allclose(collided(weight, grad, SoftCollision(0.25))[0], 0.75 * grad)
    without = collided(weight, grad, SoftCollision(0.25, diagonal=False))[0]
    np.testing.assert_array_equal(without, grad)


def condensed(neurons=40, length=20):
    """A layer whose neurons nearly agree: λ_max(S) is nearly N."""
    random = np.random.default_rng(SEED)
    mean = random.normal(size=(2, 1, 1, length))
    return mean + CONDENSED * random.normal(size=(2, 1, neurons, length))


def test_soft_is_a_descent_direction_below_the_inverse_of_the_largest_eigenvalue():
    """For any gradient of the same S: I - cS is positive; above, its leading mode is not."""
    for weight, grad in (condensed(), np.stack(layer(1, 40, 20))):
        S = brute_force.similarity_matrix(weight[0], grad[0])
        eigenvalues, modes = np.linalg.eigh(S)
        assert eigenvalues[0] > -1e-12
        for share, sign in ((0.99, 1.0), (1.01, -1.0)):
            step = modes[:, -1] - share / eigenvalues[-1] * S @ modes[:, -1]
            assert sign * (step @ modes[:, -1]) > 0.0
        _, outcome = collided(weight, grad, SoftCollision(1e-6), measure=True)
        ratio = float(outcome.largest_eigenvalue) / eigenvalues[-1]
        assert 0.9 < ratio < 1.0 + 1e-9


def test_a_strength_above_the_inverse_eigenvalue_is_warned_of_and_reverses_a_condensed_layer():
    weight, grad = condensed()
    with pytest.warns(CollisionWarning, match="parameter 1 at coll_coef = 0.1: above 1/λ_max"):
        after, _ = collided(weight, grad, SoftCollision(0.1), measure=True)
    assert (after * grad).sum() < 0.0
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        after, outcome = collided(weight, grad, SoftCollision(0.02), measure=True)
        collided(weight, grad, SoftCollision(0.9, normalize="rowsum"), measure=True)
    assert (after * grad).sum() > 0.0
    assert float(outcome.energy_ratio) == pytest.approx((after**2).sum() / (grad**2).sum())


@pytest.mark.parametrize("diagonal", [True, False])
def test_the_warning_knows_how_many_the_mean_is_of(diagonal):
    """Of three neurons that nearly agree the mean of S has λ_max = 1, nearly."""
    weight, grad = condensed(neurons=3)
    above, below = (SoftCollision(c, diagonal, "mean") for c in (1.1, 0.99))
    with pytest.warns(CollisionWarning, match=r"coll_coef = 1.1: above 1/λ_max"):
        after, _ = collided(weight, grad, above, measure=True)
    assert (after * grad).sum() < 0.0
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        after, _ = collided(weight, grad, below, measure=True)
    assert (after * grad).sum() > 0.0


def test_the_gain_is_limited_per_tensor():
    weight, grad = condensed()
    free, _ = collided(weight, grad, SoftCollision(1.0, max_gain=None))
    held, _ = collided(weight, grad, SoftCollision(1.0, max_gain=3.0))
    assert np.linalg.norm(free) > 10.0 * np.linalg.norm(grad)
    assert np.linalg.norm(held) == pytest.approx(3.0 * np.linalg.norm(grad), rel=1e-12)


@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.parametrize("spoilt", ["weight", "grad"])
def test_a_non_finite_tensor_is_left_alone(spoilt, value):
    weight, grad = layer(1, 6, 4)
    (weight if spoilt == "weight" else grad)[0, 4, 1] = value
    after, outcome = collided(weight, grad, SoftCollision())
    np.testing.assert_array_equal(after, grad)
    assert outcome.skipped
    assert not outcome.finite


def test_a_single_neuron_and_no_components_are_skipped():
    assert collided(*layer(1, 1, 5), SoftCollision())[1].skipped == "fewer than two neurons"
    for shape in ((1, 3, 0), (0, 3, 5)):  # a rank may have no expert
        assert collided(*layer(*shape), SoftCollision())[1].skipped == "no components"


def test_a_double_loop_with_a_flaw_is_noticed():
    """The twins: the sum of the cosines, and a row normalised by its signed sum."""
    weight, grad = layer(1, 9, 5)
    found, _ = collided(weight, grad, SoftCollision(0.1))
    w, g = weight[0], grad[0]
    cosines = [[brute_force.cosine(a, b) for b in w] for a in w]
    wrong = g - 0.1 * np.array(cosines) @ g
    assert relative_error(found[0], wrong) > 1e-3
    signed = brute_force.similarity_matrix(w, g)
    rowsum, _ = collided(weight, grad, SoftCollision(0.1, normalize="rowsum"))
    sums = signed.sum(1, keepdims=True)
    assert relative_error(rowsum[0], g - 0.1 * signed / np.where(sums, sums, 1.0) @ g) > 1e-3
