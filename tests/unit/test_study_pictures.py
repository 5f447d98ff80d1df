"""Pictures of a training study: nothing is hidden, nothing diverged is drawn."""

from functools import partial

import numpy as np

from viz import study, style

NAN = float("nan")
FOUND = {
    "null": study.Difference(0.01, 0.02, False),
    "better": study.Difference(-0.2, 0.03, True),
    "far": study.Difference(500.0, 1.0, True),
    "gone": study.Difference(NAN, NAN, False),
}


def axes_of(panel):
    """The axes that a panel draws into, None if it has nothing to show."""
    with style.look():
        figure = style.figure_of([panel])
        return figure.axes[0] if figure else None


def test_differences_tell_what_is_far_or_diverged_as_words():
    axes = axes_of(partial(study.differences, found=FOUND, title="test loss", baseline="SGD"))
    assert [label.get_text() for label in axes.get_yticklabels()] == list(FOUND)
    assert [text.get_text().strip() for text in axes.texts] == ["+5e+02", "diverged"]
    low, high = axes.get_xlim()
    assert -0.5 < low < -0.25 and 0.05 < high < 0.5


def test_effects_are_filled_and_all_else_is_open():
    axes = axes_of(partial(study.differences, found=FOUND, title="test loss", baseline="SGD"))
    filled, open_ = (container.lines[0] for container in axes.containers)
    assert filled.get_xdata() == [-0.2] and open_.get_xdata() == [0.01]
    assert open_.get_markerfacecolor() == "white" != filled.get_markerfacecolor()


def test_a_frontier_has_its_baseline_at_the_origin_and_a_line_for_each_method():
    points = {
        "soft": [study.Point(0.1, 0.2, 0.01, 0.01), study.Point(0.2, 0.4, 0.01, 0.01)],
        "gone": [study.Point(NAN, 0.2, NAN, 0.01)],
    }
    axes = axes_of(
        partial(study.frontier, found=points, title="", x="|cos|", y="loss", baseline="SGD")
    )
    star, soft = axes.lines[0], axes.containers[0].lines[0]
    assert (star.get_xdata()[0], star.get_ydata()[0]) == (0.0, 0.0)
    np.testing.assert_array_equal(soft.get_ydata(), [0.2, 0.4])
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["SGD", "soft"]


def test_nothing_to_show_is_no_picture():
    assert axes_of(partial(study.differences, found={}, title="", baseline="")) is None
    assert axes_of(partial(study.frontier, found={}, title="", x="", y="", baseline="")) is None
