"""What may happen in a training: controls are controls, rivals are what their authors say."""

import sys

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("sklearn")

from torch import nn  # noqa: E402

from bridge.address import Address  # noqa: E402
from bridge.collisions import NTCCollision, SoftCollision  # noqa: E402
from bridge.functional import collide_gradients  # noqa: E402
from scenarios.training import data, digits, rivals  # noqa: E402
from scenarios.training.methods import Training, bare, noise_like, scaled  # noqa: E402
from scenarios.training.networks import Perceptron  # noqa: E402

pytestmark = pytest.mark.usefixtures("one_thread")

SEED = 20261121


def training_of(*neurons_and_length, lr=0.0, weight_decay=0.0):
    """A training of one linear layer without a bias, on a made-up quadratic loss."""
    generator = torch.Generator().manual_seed(SEED)
    neurons, length = neurons_and_length or (12, 5)
    model = nn.Linear(length, neurons, bias=False).double()
    with torch.no_grad():
        model.weight.copy_(torch.randn(neurons, length, generator=generator))
    x, y = (torch.randn(30, n, generator=generator).double() for n in (length, neurons))
    optimizer = torch.optim.SGD(model.parameters(), lr, weight_decay=weight_decay)
    layers = {"hidden": model.weight}
    return Training(model, layers, [optimizer], SEED, lambda: (model(x) - y).square().mean())


def gradient_after(method, *size):
    """Weights, and their gradient before and after a method has changed it."""
    training = training_of(*size)
    method(training)
    training.loss().backward()
    before = training.model.weight.grad.clone()
    training.optimizers[0].step()
    return training.model.weight.detach(), before, training.model.weight.grad


def penalty_gradient(method, strength, *size):
    """What a penalty adds to the gradient, over its strength."""
    weight, before, after = gradient_after(method, *size)
    return weight, (after - before) / strength


def by_differences(function, weight, step=1e-5):
    """The gradient of a function of a matrix, from central differences."""
    slope = np.empty(weight.shape)
    for place in np.ndindex(*weight.shape):
        ends = []
        for sign in (1.0, -1.0):
            moved = weight.clone()
            moved[place] += sign * step
            ends.append(float(function(moved)))
        slope[place] = (ends[0] - ends[1]) / (2.0 * step)
    return slope


def test_the_scaling_control_scales_and_no_method_changes_nothing():
    _, before, after = gradient_after(scaled(0.1))
    torch.testing.assert_close(after, 0.9 * before)
    _, before, after = gradient_after(bare)
    assert torch.equal(after, before)


@pytest.mark.parametrize("collision", [SoftCollision(0.1), NTCCollision(rate=1.0)])
def test_the_noise_control_is_as_large_as_the_collision_and_points_elsewhere(collision):
    weight, before, after = gradient_after(noise_like(collision))
    change = collide_gradients(weight, before, collision, Address(SEED, 0, 0)) - before
    noise = after - before
    assert noise.norm() == pytest.approx(change.norm().item(), rel=1e-5)
    cosine = (noise * change).sum() / noise.norm() / change.norm()
    assert abs(cosine) < 0.5  # four standard deviations of two random vectors in R^60


def test_the_noise_control_of_a_collision_without_strength_is_the_bare_optimizer():
    _, before, after = gradient_after(noise_like(SoftCollision(0.0)))
    assert torch.equal(after, before)


def test_weight_correlation_descends_the_divergence_of_its_paper():
    def divergence(weight):
        w = weight.numpy()
        n = len(w)
        cosines = [
            abs(w[i] @ w[j]) / np.sqrt((w[i] @ w[i]) * (w[j] @ w[j]))
            for i in range(n)
            for j in range(n)
            if i != j
        ]
        rho = np.mean(cosines)
        return -((n - 1) * np.log(1 - rho) + np.log(1 + (n - 1) * rho)) / n

    weight, slope = penalty_gradient(rivals.weight_correlation(0.7), 0.7, 5, 4)
    np.testing.assert_allclose(slope, by_differences(divergence, weight), rtol=1e-5, atol=1e-8)
    # At small ρ it is (N - 1) ρ²/2 · (1 + (N - 1))/N: orthogonal neurons are at rest.
    assert rivals.correlation_divergence(torch.eye(4)) == 0.0


@pytest.mark.parametrize("size", [(4, 9), (9, 4)])
def test_srip_descends_the_squared_spectral_norm_of_the_smaller_gram_matrix(size):
    def defect(weight):
        gram = weight @ weight.T if size[0] < size[1] else weight.T @ weight
        return torch.linalg.matrix_norm(gram - torch.eye(4).double(), 2).square()

    generator = torch.Generator().manual_seed(SEED)
    weight = torch.randn(*size, generator=generator).double().requires_grad_()
    found = rivals.isometry_defect(weight, torch.ones(4), iterations=200)
    assert found.item() == pytest.approx(defect(weight.detach()).item(), rel=1e-9)
    (slope,) = torch.autograd.grad(found, weight)
    np.testing.assert_allclose(slope, by_differences(defect, weight.detach()), rtol=1e-4, atol=1e-6)
    early = rivals.isometry_defect(weight, torch.ones(4))
    assert 0.3 * found < early <= found * (1 + 1e-9)  # two iterations: from below


def test_srip_leaves_orthonormal_neurons_alone():
    rows = torch.linalg.qr(torch.randn(8, 5).double())[0].T
    assert rivals.isometry_defect(rows, torch.ones(5)).item() == pytest.approx(0.0, abs=1e-20)


def test_centralised_gradients_have_no_mean_over_the_fan_in_and_lose_nothing_else():
    _, before, after = gradient_after(rivals.centralised)
    assert after.mean(1).abs().max() < 1e-12
    np.testing.assert_allclose(before - after, before.mean(1, keepdim=True).expand_as(before))


def test_sharpness_aware_minimisation_takes_the_gradient_uphill_and_returns():
    training = training_of(lr=0.1)
    weight = training.model.weight
    start = weight.detach().clone()
    (g,) = torch.autograd.grad(training.loss(), weight)
    with torch.no_grad():
        weight.add_(0.3 * g / g.norm())
    (uphill,) = torch.autograd.grad(training.loss(), weight)
    with torch.no_grad():
        weight.copy_(start)

    rivals.sharpness_aware(0.3)(training)
    training.loss().backward()
    training.optimizers[0].step()
    torch.testing.assert_close(weight.detach(), start - 0.1 * uphill)
    assert not torch.allclose(uphill, g)


def test_sharpness_aware_minimisation_does_not_count_a_batch_twice():
    model = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4))
    x = torch.randn(8, 3)
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    rivals.sharpness_aware(0.1)(
        Training(model, {}, [optimizer], SEED, lambda: model(x).square().sum())
    )
    model(x).square().sum().backward()
    after_one = model[1].running_mean.clone()
    optimizer.step()
    assert torch.equal(model[1].running_mean, after_one) and model[1].momentum == 0.1


def test_muon_moves_the_layers_along_an_orthogonal_matrix_and_keeps_the_weight_decay():
    training = training_of(6, 6, lr=0.1, weight_decay=0.01)
    rivals.muon(0.5)(training)
    base, muon = training.optimizers
    assert not any(group["params"] for group in base.param_groups)
    before = training.model.weight.detach().clone()
    training.loss().backward()
    muon.step()
    moved = before * (1.0 - 0.5 * 0.01) - training.model.weight.detach()
    singular = torch.linalg.svdvals(moved) / 0.5
    assert singular.min() > 0.5 and singular.max() < 1.3  # Newton-Schulz leaves 0.7 to 1.2


def test_dropout_weight_decay_and_a_larger_init_do_what_they_are_called():
    model = Perceptron(4, 2, [3], "relu")
    model.inner = nn.Dropout(0.2)  # as an encoder has within
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    hidden = model.layers["hidden"]
    layers = {"hidden": hidden.weight}
    start, bias = hidden.weight.detach().clone(), hidden.bias.detach().clone()
    training = Training(model, layers, [optimizer], SEED, lambda: None)
    for method in (rivals.dropout(0.4), rivals.weight_decay(0.2), rivals.larger_init(3.0)):
        method(training)
    assert (model.dropout.p, model.inner.p) == (0.4, 0.2)
    assert optimizer.param_groups[0]["weight_decay"] == 0.2
    assert torch.equal(hidden.weight, 3.0 * start) and torch.equal(hidden.bias, bias)


def test_muon_decays_weights_as_the_base_optimizer_would():
    """SGD with momentum 0.9 takes away lr wd/(1 - 0.9) of a weight in a step; so does Muon."""
    layer = nn.Linear(4, 3)
    optimizer = torch.optim.SGD(layer.parameters(), 0.1, momentum=0.9, weight_decay=1e-3)
    training = Training(layer, {"hidden": layer.weight}, [optimizer], SEED, lambda: None)
    rivals.muon(0.02)(training)
    start = layer.weight.detach().clone()
    layer.weight.grad = torch.zeros_like(start)
    training.optimizers[1].step()
    torch.testing.assert_close(layer.weight.detach(), (1.0 - 1e-3) * start)


def test_the_first_look_trains_and_tells_what_it_found(capsys):
    right, _ = digits.train(False, seed=0, epochs=5)
    assert right > 0.85
    assert digits.main(["--seeds", "2", "--epochs", "1"]) == 0
    printed = capsys.readouterr().out
    assert "test accuracy" in printed and "no significant effect" in printed  # of two seeds


def test_a_first_look_at_one_seed_is_refused(capsys):
    with pytest.raises(SystemExit) as refused:
        digits.main(["--seeds", "1"])
    assert refused.value.code == 2
    assert "--seeds" in capsys.readouterr().err


def test_without_scikit_learn_the_digits_say_what_to_install(monkeypatch, capsys):
    data.digit_images.cache_clear()
    monkeypatch.setitem(sys.modules, "sklearn.datasets", None)
    assert digits.main(["--seeds", "2", "--epochs", "1"]) == 2
    assert "pip install '.[study]'" in capsys.readouterr().err
