"""Pictures of walls and of velocity distributions show what was measured, with its errors."""

import numpy as np
import pytest

from dsmc.result import Histogram, Result
from dsmc.wall_profiles import WallProfile
from viz import distributions, style, walls
from viz.pictures import draw

PLACES = np.linspace(0.05, 0.95, 10)


def wall(face, along, **fluxes):
    """A wall of ten cells whose fluxes are zero unless they are given."""
    zero = (np.zeros(10), np.zeros(10))
    given = {"number_flux": zero, "pressure": zero, "heat_flux": zero}
    given["shear"] = (np.zeros((3, 10)), np.zeros((3, 10)))
    return WallProfile(face, (along,), (PLACES,), 0.1, **(given | fluxes))


@pytest.fixture
def result():
    shear = np.zeros((3, 10))
    shear[1] = 2.0 + PLACES
    edges = np.linspace(-3.0, 3.0, 31)
    middle = 0.5 * (edges[1:] + edges[:-1])
    bell = np.exp(-(middle**2)) / np.sqrt(np.pi)
    name = "velocity_x at x = 1 m"
    counted = Histogram(name, "m s-1", edges, bell * 1.01, bell * 0.01, bell)
    profiles = {
        "x_low": wall("x_low", "y", shear=(shear, 0.1 * shear), pressure=(1 + PLACES, PLACES)),
        "y_low": wall("y_low", "x", pressure=(2 + PLACES, PLACES)),
    }
    return Result("flow", "", wall_profiles=profiles, histograms={name: counted})


def drawn(panel):
    """The axes of a panel."""
    with style.look():
        axes = style.canvas((4, 3)).add_subplot()
        shown = panel(axes)
    return axes, shown


def test_every_wall_has_its_points_and_bars(result):
    axes, shown = drawn(walls.panels(result)[0])
    assert shown
    labels = axes.get_legend_handles_labels()[1]
    assert labels == ["x low", "y low"]


def test_the_legend_of_the_walls_hides_no_data_and_no_label(result):
    """It lies under the axes and the label of the places, in the picture as it is drawn."""
    with style.look():
        figure = style.figure_of(walls.panels(result), "flow", (5.8, 3.8))
        for axes in figure.axes:
            box = axes.get_legend().get_window_extent()
            assert box.y1 < axes.xaxis.label.get_window_extent().y0 and box.y0 >= 0.0
            assert box.x0 >= 0.0 and box.x1 <= figure.bbox.x1


def test_the_shear_is_that_along_the_wall_and_a_mirror_has_none(result):
    axes, shown = drawn(walls.panels(result)[1])
    assert shown
    assert axes.get_legend_handles_labels()[1] == ["x low"]
    heights = np.concatenate([np.asarray(line.get_ydata(), float) for line in axes.lines])
    assert np.isclose(heights[:, None], 2.0 + PLACES).any(axis=0).all()


def test_a_distribution_is_drawn_over_maxwells(result):
    axes, shown = drawn(distributions.panels(result)[0])
    assert shown
    assert "Maxwell" in axes.get_legend_handles_labels()[1]
    assert axes.get_title() or axes.get_title(loc="left")


def test_a_run_with_them_has_both_pictures_and_one_without_has_neither(result, tmp_path):
    names = {path.name for path in draw(result, tmp_path)}
    assert {"walls.png", "distributions.png"} <= names
    assert not draw(Result("nothing", ""), tmp_path / "none")
