"""Pictures of training: the mean and error over seeds, the matrix of cosines, gradients."""

from functools import partial

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.image import imread

from dsmc import hdf5
from viz import style, training

SEED = 20261121
STEPS = np.arange(0, 50, 5)


@pytest.fixture
def axes():
    return Figure().add_subplot()


@pytest.fixture
def random():
    return np.random.default_rng(SEED)


def record(path, steps, values):
    """A file of one observable, as a recorder writes it."""
    with hdf5.create(path) as file:
        group = file.root.create_group("observables/loss")
        group.attrs["unit"] = "1"
        group["value"], group["step"], group["time"] = values, steps, steps.astype(float)
    return path


def test_the_error_over_seeds_is_that_of_the_mean(random):
    values = random.normal(3.0, 0.5, size=(4000, STEPS.size))
    found = training.over_seeds("loss", STEPS, values)
    np.testing.assert_allclose(found.value, 3.0, atol=5 * 0.5 / np.sqrt(4000))
    np.testing.assert_allclose(found.error, 0.5 / np.sqrt(4000), rtol=0.08)
    assert np.isnan(training.over_seeds("loss", STEPS, values[:1]).error).all()


def test_curves_show_the_mean_of_every_setting_and_a_band(axes, random):
    values = np.exp(-STEPS / 20.0) * random.uniform(0.9, 1.1, size=(5, STEPS.size))
    shown = {
        "bare": training.over_seeds("loss", STEPS, values),
        "soft": training.over_seeds("loss", STEPS, 2.0 * values),
    }
    assert training.curves(axes, shown, "loss")
    assert axes.get_yscale() == "log"
    for line, part in zip(axes.lines, shown.values(), strict=True):
        np.testing.assert_array_equal(line.get_ydata(), part.value)
    assert len(axes.collections) == 2
    assert axes.get_legend().get_title().get_text() == training.BAND


def test_one_seed_has_no_band_to_speak_of_and_accuracy_stays_in_its_range(axes):
    part = training.over_seeds("accuracy", STEPS, np.linspace(0.1, 1.0, STEPS.size)[None])
    assert training.curves(axes, {"bare": part}, "accuracy")
    assert axes.get_legend().get_title().get_text() == ""
    assert axes.get_yscale() == "linear" and axes.get_ylim()[1] <= 1.02


def test_similarity_shows_mean_and_largest(axes):
    mean = {"bare": training.over_seeds("m", STEPS, np.full((2, STEPS.size), 0.4))}
    largest = {"bare": training.over_seeds("m", STEPS, np.full((2, STEPS.size), 0.9))}
    assert training.similarity(axes, mean, largest)
    assert [line.get_ydata()[0] for line in axes.lines] == [0.4, 0.9]
    assert not training.similarity(axes, {}, {})


@pytest.mark.parametrize("scale", [1.0, 1e-200, 1e200])
def test_the_matrix_holds_cosines_at_every_scale(axes, scale):
    weight = scale * np.array([[1.0, 0.0], [1.0, 1.0], [-2.0, 0.0], [0.0, 0.0]])
    assert training.cosine_matrix(axes, weight, "four neurons")
    cosine = np.asarray(axes.images[0].get_array().filled(np.nan))
    half = np.sqrt(0.5)
    expected = np.array([[1, half, -1], [half, 1, -half], [-1, -half, 1]])
    np.testing.assert_allclose(cosine[:3, :3], expected, atol=1e-15)
    assert np.isnan(cosine[3]).all() and np.isnan(cosine[:, 3]).all()


def test_normal_gradients_lie_on_maxwells_curve_and_others_do_not(axes, random):
    edges = np.linspace(-4.0, 4.0, 33)
    middle = 0.5 * (edges[1:] + edges[:-1])
    maxwell = np.exp(-0.5 * middle**2) / np.sqrt(2.0 * np.pi)
    common = np.arange(20.0)  # a mean gradient, which is no thermal motion

    def worst(rows):
        density, error = training._component_density(1e-30 * (rows + common), edges)
        seen = error > 0.02 * maxwell
        return np.abs((density - maxwell)[seen] / error[seen]).max()

    assert worst(random.normal(size=(400, 20))) < 4.5
    assert worst(random.uniform(-1.0, 1.0, size=(400, 20))) > 10.0
    assert training.gradient_velocities(axes, {"normal": random.normal(size=(40, 20))})
    assert not training.gradient_velocities(
        axes, {"one": np.ones((1, 3)), "equal": np.ones((9, 3))}
    )


def test_files_of_several_seeds_make_one_picture(tmp_path, random, monkeypatch):
    monkeypatch.setattr(style, "DPI", 30)
    values = random.uniform(1.0, 2.0, size=(2, STEPS.size))
    files = [record(tmp_path / f"{k}.h5", STEPS, values[k]) for k in range(2)]
    short = record(tmp_path / "short.h5", STEPS[:4], values[0, :4])
    found = training.read_runs(files)["loss"]
    np.testing.assert_allclose(found.value, values.mean(axis=0))
    assert training.read_runs([*files, short])["loss"].time.tolist() == STEPS[:4].tolist()
    picture = training.draw_runs({"bare": files, "short": [short]}, tmp_path / "runs.png")
    assert np.ptp(imread(picture)[..., :3]) > 0.0
    other = record(tmp_path / "other.h5", STEPS + 1, values[0])
    with pytest.raises(ValueError, match="loss: the files have rows at different steps"):
        training.read_runs([files[0], other])


def test_panels_without_numbers_are_left_out(tmp_path):
    nothing = training.over_seeds("loss", STEPS, np.full((2, STEPS.size), np.nan))
    panels = [
        partial(training.curves, shown={"bare": nothing}, name="loss"),
        partial(training.cosine_matrix, weight=np.empty((0, 3))),
    ]
    assert style.draw_panels(panels, tmp_path / "none.png") is None
