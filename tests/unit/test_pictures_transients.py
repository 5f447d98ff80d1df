"""Transients are drawn where there is a curve to follow, or a number of particles that changes."""

import numpy as np
from matplotlib.figure import Figure

from dsmc.result import Result, Series
from viz import transients

TIME = np.linspace(0.0, 1e-5, 21)


def series(name, value, reference=None):
    return Series(name, "1", name, TIME, value, np.full(21, 0.01), reference)


def shown(*parts):
    return list(transients.panels({part.name: part for part in parts}))


def test_a_wave_and_its_exact_decay_are_shown(tmp_path):
    wave = series("shear_wave", np.exp(-TIME * 1e5) + 0.005, np.exp(-TIME * 1e5))
    assert shown(wave) == ["shear_wave"]
    axes = Figure().subplots()
    assert transients.panels({"shear_wave": wave})["shear_wave"](axes)
    assert len(axes.lines) == 2
    result = Result("a wave", "", {"shear_wave": wave})
    assert [path.name for path in transients.draw(result, tmp_path)] == ["transients.png"]


def test_what_does_not_change_is_not_shown(tmp_path):
    assert shown(series("particles", np.full(21, 1000.0)), series("momentum_y", TIME)) == []
    assert shown(series("particles", np.linspace(1000.0, 500.0, 21))) == ["particles"]
    assert transients.draw(Result("nothing", ""), tmp_path) == []
