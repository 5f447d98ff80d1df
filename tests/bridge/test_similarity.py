"""Similarity of rows against a double loop and a singular value decomposition."""

import importlib

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from bridge.similarity import similarity  # noqa: E402
from tests.bridge import brute_force  # noqa: E402
from tests.bridge.layers import SEED, layer  # noqa: E402

room = importlib.import_module("bridge.similarity")  # the function hides it in the package


def double_loop(rows):
    """(mean |cos|, maximum |cos|, participation) of (N, D) rows."""
    count = len(rows)
    cosines = [
        abs(brute_force.cosine(rows[i], rows[j])) for i in range(count) for j in range(i + 1, count)
    ]
    square = np.linalg.svd(rows / np.abs(rows).max(), compute_uv=False) ** 2
    return np.mean(cosines), np.max(cosines), square.sum() ** 2 / (square**2).sum()


def values(found):
    return found.mean, found.maximum, found.participation


@pytest.mark.parametrize(("neurons", "length"), [(2, 3), (7, 1), (30, 8), (5, 40)])
@pytest.mark.parametrize("size", [1e-150, 1.0, 1e150])
@pytest.mark.parametrize("block", [1, 2**19])
def test_similarity_is_that_of_the_double_loop(monkeypatch, neurons, length, size, block):
    monkeypatch.setattr(room, "BLOCK_ELEMENTS", block)
    rows = layer(1, neurons, length)[0][0] * size
    assert values(similarity(rows)) == pytest.approx(double_loop(rows), rel=1e-12)


def test_several_gases_are_averaged_and_no_pair_crosses_them():
    gases = layer(3, 12, 5)[0]
    each = np.array([double_loop(gas) for gas in gases])
    expected = (each[:, 0].mean(), each[:, 1].max(), each[:, 2].mean())
    assert values(similarity(gases)) == pytest.approx(expected, rel=1e-12)
    across = double_loop(gases.reshape(36, 5))
    assert similarity(gases).mean != pytest.approx(across[0], rel=1e-3)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_parameters_of_any_precision_are_measured_in_float32(dtype):
    rows = torch.nn.Parameter(torch.from_numpy(layer(1, 40, 20)[0][0]).to(dtype))
    expected = double_loop(rows.detach().double().numpy())
    assert values(similarity(rows)) == pytest.approx(expected, rel=1e-5)


def test_the_limits_of_the_participation_ratio():
    assert values(similarity(np.eye(6))) == pytest.approx((0.0, 0.0, 6.0))
    parallel = np.outer([1.0, -2.0, 3.0], [1.0, 1.0, 0.5, 0.0])
    assert values(similarity(parallel)) == pytest.approx((1.0, 1.0, 1.0))
    assert values(similarity(np.zeros((4, 3)))) == (0.0, 0.0, 0.0)
    assert values(similarity(np.ones((1, 3)))) == (0.0, 0.0, 1.0)
    assert values(similarity(np.ones((0, 3)))) == (0.0, 0.0, 0.0)


def test_the_participation_of_a_gas_at_equilibrium_is_nearly_its_dimension():
    """Isotropic velocities use all three directions; a beam among them does not."""
    random = np.random.default_rng(SEED)
    velocity = random.normal(size=(2000, 3))
    assert similarity(velocity).participation == pytest.approx(3.0, rel=0.01)
    assert similarity(velocity).mean == pytest.approx(0.5, rel=0.01)  # <|cos|> on the sphere
    assert similarity(velocity + np.array([5.0, 0.0, 0.0])).participation < 1.3


def test_a_convolution_is_asked_to_be_flattened():
    with pytest.raises(ValueError, match=r"\(8, 3, 3, 3\): must be \(N, D\).*flatten a convol"):
        similarity(torch.zeros(8, 3, 3, 3))
