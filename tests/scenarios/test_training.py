"""The training studies in miniature: they run, their controls are controls, their tables add up."""

import sys

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("sklearn")

from bridge.address import Address  # noqa: E402
from bridge.collisions import NTCCollision, SoftCollision  # noqa: E402
from bridge.functional import collide_gradients  # noqa: E402
from scenarios.training import condensation, digits, pictures  # noqa: E402
from scenarios.training.methods import bare, collided, noise_like, scaled  # noqa: E402
from scenarios.training.pairing import difference, table  # noqa: E402

SEED = 20261121


@pytest.fixture(autouse=True)
def one_thread():
    """In networks this small, threads only wait for each other."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def gradient_after(method):
    """A gradient of 12 neurons with fan-in 5, before and after a method has changed it."""
    generator = torch.Generator().manual_seed(SEED)
    weight = torch.randn(12, 5, generator=generator).requires_grad_()
    grad = torch.randn(12, 5, generator=generator)
    weight.grad = grad.clone()
    optimizer = torch.optim.SGD([weight], lr=0.0)
    method(optimizer, [weight], SEED)
    optimizer.step()
    return weight.detach(), grad, weight.grad


def test_the_scaling_control_scales_and_no_method_changes_nothing():
    _, before, after = gradient_after(scaled(0.9))
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


def test_a_seed_trains_the_same_network_again_and_a_collision_another():
    first, again = (condensation.train(bare, "tanh", 3, 5) for _ in range(2))
    other = condensation.train(collided(condensation.STRONG), "tanh", 3, 5)
    assert torch.equal(first[0], again[0]) and first[1] == again[1]
    assert not torch.equal(first[0], other[0])


def test_adam_condenses_tanh_neurons_from_random_directions():
    """Uniform directions in five dimensions have mean |cos| 3/8."""
    start, end = (
        np.mean([condensation.similarity(condensation.train(bare, "tanh", seed, epochs)[0]).mean
                 for seed in range(3)])
        for epochs in (0, 100)
    )  # fmt: skip
    assert abs(start - 0.375) < 0.03
    assert end > 0.9


def test_parallel_neurons_are_sorted_side_by_side():
    direction = torch.randn(5, generator=torch.Generator().manual_seed(SEED))
    along = condensation.in_order(torch.stack([direction, -direction] * 4)) @ direction.numpy()
    assert sorted(along > 0.0) in ([*(along > 0.0)], [*(along < 0.0)])


def test_sgd_learns_the_digits():
    found = digits.train(bare, seed=0, epochs=10)
    assert found["test accuracy [%]"] > 90.0


def test_a_paired_difference_is_free_of_the_scatter_between_seeds():
    """Student's p of the differences 1, 2, 3 is 0.0742; the scatter of the values is 100 times."""
    baseline = [0.0, 500.0, -300.0]
    mean, error, p = difference([1.0, 502.0, -297.0], baseline)
    assert mean == pytest.approx(2.0)
    assert error == pytest.approx(1.0 / np.sqrt(3.0))
    assert p == pytest.approx(0.0742, abs=1e-4)
    assert difference(baseline, baseline)[2] == 1.0


def test_a_table_marks_what_is_beyond_chance_and_nothing_else():
    near = [1.0, 2.0, 3.0, 4.0]
    measured = {
        "bare": {"loss": near},
        "same": {"loss": [1.1, 1.9, 3.1, 3.9]},
        "moved": {"loss": [2.001, 3.0, 4.001, 5.0]},
        "run away": {"loss": [1e9, 2e9, 3e9, 4e9]},
        "gone": {"loss": [1.0, 2.0, 3.0, float("nan")]},
    }
    lines = table(measured).splitlines()
    assert [("*" in line) for line in lines[2:]] == [False, False, True, False, False]
    assert "2.5e+09" in lines[-2]
    assert lines[-1] == "| gone | diverged |"


def test_a_picture_tells_what_diverged_instead_of_drawing_it(tmp_path):
    near = [1.0, 2.0, 3.0]
    measured = {"bare": near, "same": [1.1, 1.9, 3.1], "gone": [1.0, 2.0, float("nan")]}
    columns = {name: {"loss": values} for name, values in measured.items()}
    assert pictures.draw_differences(columns, tmp_path / "x.png", "").stat().st_size > 10_000


def shortened(module, monkeypatch, *names):
    """A study of few methods."""
    monkeypatch.setattr(module, "METHODS", {name: module.METHODS[name] for name in names})
    return module


def test_the_digits_study_prints_a_table_and_draws(tmp_path, monkeypatch, capsys):
    study = shortened(digits, monkeypatch, "SGD", "soft, c = 0.1", "NTC, isotropic")
    assert study.main(["--seeds", "2", "--epochs", "1", "--out", str(tmp_path)]) == 0
    printed = capsys.readouterr().out
    assert printed.startswith("| | test accuracy [%] |")
    assert len(printed.splitlines()) == 5
    assert (tmp_path / "digits.png").stat().st_size > 10_000


def test_the_condensation_study_prints_tables_and_draws(tmp_path, monkeypatch, capsys):
    study = shortened(condensation, monkeypatch, "Adam", "hard, 0.5 partners", "noise like NTC")
    words = ["--seeds", "2", "--epochs", "3", "--activation", "tanh", "ReLU"]
    assert study.main([*words, "--out", str(tmp_path)]) == 0
    assert capsys.readouterr().out.count("| | tanh | ReLU |") == 2
    for name in ("matrices.png", "similarity.png"):
        assert (tmp_path / name).stat().st_size > 10_000


@pytest.mark.parametrize("name", sorted(condensation.METHODS))
def test_every_method_trains(name):
    weight, loss = condensation.train(condensation.METHODS[name], "sigmoid", 0, 2)
    assert weight.isfinite().all() and np.isfinite(loss)


@pytest.mark.parametrize("words", [["--seeds", "1"], ["--epochs", "0"], ["--activation", "tan"]])
def test_a_meaningless_option_is_refused(words, capsys):
    with pytest.raises(SystemExit) as refused:
        condensation.main(words)
    assert refused.value.code == 2
    assert words[1] in capsys.readouterr().err


def test_a_folder_that_cannot_be_written_is_named(tmp_path, monkeypatch, capsys):
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    study = shortened(digits, monkeypatch, "SGD", "scaled by 0.9")
    assert study.main(["--seeds", "2", "--epochs", "1", "--out", str(blocked)]) == 2
    assert str(blocked) in capsys.readouterr().err


def test_without_scikit_learn_the_digits_say_what_to_install(tmp_path, monkeypatch, capsys):
    digits.digits.cache_clear()
    monkeypatch.setitem(sys.modules, "sklearn.datasets", None)
    assert digits.main(["--seeds", "2", "--epochs", "1", "--out", str(tmp_path)]) == 2
    assert "pip install 'dsmc-bridge[study]'" in capsys.readouterr().err
