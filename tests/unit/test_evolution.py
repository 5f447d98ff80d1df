"""Profiles of a gas that changes with time: what is known of them, and their picture."""

import numpy as np
import pytest
from matplotlib.figure import Figure

import dsmc
from dsmc import reference
from dsmc.expected_profiles import expected_profiles
from tests.unit.small_run import SCENARIO
from viz import evolution, style

LEFT = {"number_density_m3": 1e22, "temperature_K": 300.0}
RIGHT = {"number_density_m3": 1e21, "temperature_K": 240.0, "velocity_m_s": [-30.0, 0.0, 0.0]}
TIME = 0.9e-6
X = (np.arange(400) + 0.5) * 5e-6  # middles of the cells
K_B = 1.380649e-23


def tube(right=RIGHT, scheme="ntc", **tables):
    return dsmc.Scenario(**{
        "title": "A shock tube",
        "gas": {"species": "Ar", "model": "hard-sphere"},
        "domain": {"length_m": [2e-3], "cells": [400]},
        "initial": {"kind": "riemann", "left": LEFT, "right": right, "particles": 4000},
        "boundaries": {"x": {"low": {"kind": "specular"}, "high": {"kind": "reservoir", **right}}},
        "collisions": {"scheme": scheme},
        "run": {"time_step_s": 2.5e-8, "steps": 40, "seed": 20261124},
        "sample": {"fields_every": 1, "every": 10},
        "output": {"fields": 4, "fields_average": "interval", "pictures": False},
    } | tables)  # fmt: skip


def known(scenario, time=TIME):
    return {found.source: found.fields for found in expected_profiles(scenario, X, time)}


def test_with_collisions_the_euler_equations_are_known():
    scenario = tube()
    fields = known(scenario)["Euler equations"]
    m = scenario.molecules[0].mass
    left, right = (
        (side["number_density_m3"], u, side["number_density_m3"] * K_B * side["temperature_K"] / m)
        for side, u in ((LEFT, 0.0), (RIGHT, -30.0))
    )
    n, u, p = reference.riemann_solution((X - 1e-3) / TIME, left, right)
    np.testing.assert_allclose(fields["number_density"], n, rtol=1e-9)
    np.testing.assert_allclose(fields["velocity_x"], u, atol=1e-6)
    np.testing.assert_allclose(fields["pressure"], m * p, rtol=1e-9)
    np.testing.assert_allclose(fields["temperature"], m * p / (n * K_B), rtol=1e-9)


@pytest.mark.parametrize("scheme", ["ntc", "none"])
def test_known_profiles_hold_the_gas_of_the_start(scheme):
    """Number and energy of the box; momentum grows by the pressures and flows at its ends.

    By sums over 400 cells: a discontinuity is off by a cell at most.
    """
    scenario = tube(scheme=scheme)
    (fields,) = known(scenario).values()
    m, h = scenario.molecules[0].mass, 5e-6
    n, u, p = (fields[name] for name in ("number_density", "velocity_x", "pressure"))
    begin = np.where(X < 1e-3, 1e22, 1e21), np.where(X < 1e-3, 0.0, -30.0)
    pressure = begin[0] * K_B * np.where(X < 1e-3, 300.0, 240.0)
    came = 1e21 * 30.0 * TIME  # through the right end, which is still undisturbed
    assert n.sum() * h == pytest.approx(begin[0].sum() * h + came, rel=3e-3)
    energy = (0.5 * m * n * u**2 + 1.5 * p).sum() * h
    stream = m * 1e21 * 30.0**2
    flow = 30.0 * (0.5 * stream + 2.5 * pressure[-1]) * TIME
    start = (0.5 * m * begin[0] * begin[1] ** 2 + 1.5 * pressure).sum() * h
    assert energy == pytest.approx(start + flow, rel=3e-3)
    push = (pressure[0] - pressure[-1] - stream) * TIME
    momentum = (m * begin[0] * begin[1]).sum() * h
    assert (m * n * u).sum() * h == pytest.approx(momentum + push, rel=1e-2)


def test_beside_a_vacuum_both_limits_are_known():
    vacuum = {"number_density_m3": 1.0, "temperature_K": 300.0}
    passing = {"x": {"low": {"kind": "specular"}, "high": {"kind": "open"}}}
    found = known(tube(vacuum, boundaries=passing))
    assert set(found) == {"no collisions", "Euler equations"}
    middle = X[np.abs(X - 1e-3).argmin()] - 1e-3
    m = tube().molecules[0].mass
    v0 = reference.most_probable_speed(m, 300.0)
    free = reference.free_expansion_density(middle / (v0 * TIME))
    near = np.abs(X - 1e-3).argmin()
    assert found["no collisions"]["number_density"][near] == pytest.approx(1e22 * free, rel=1e-9)
    c = np.sqrt(5.0 / 3.0 * K_B * 300.0 / m)
    fan = (0.75 - 0.25 * middle / (c * TIME)) ** 3
    assert found["Euler equations"]["number_density"][near] == pytest.approx(1e22 * fan, rel=1e-4)
    empty = found["Euler equations"]["number_density"] < 1e16
    assert empty.any() and np.isnan(found["Euler equations"]["velocity_x"][empty]).all()


def test_nothing_is_known_once_a_face_has_made_itself_felt_nor_at_the_start():
    assert known(tube(), 0.0) == {} == known(tube(), 4e-6)
    assert known(tube(scheme="none"), 3e-6) == {}
    mirror, vacuum = {"kind": "specular"}, {"kind": "open"}
    other = {"kind": "reservoir", **RIGHT, "temperature_K": 250.0}
    for high in (mirror, vacuum, other):  # the gas on the right moves
        assert known(tube(boundaries={"x": {"low": mirror, "high": high}})) == {}
    steady = dsmc.Scenario(**SCENARIO)
    assert expected_profiles(steady, X, TIME) == []


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    directory = tmp_path_factory.mktemp("tube")
    with dsmc.Simulation(tube(), 1, directory) as simulation:
        result = simulation.run()
    return result, directory / "fields.vtkhdf"


def test_three_moments_are_shown_with_what_is_known_of_each(run):
    result, fields = run
    shown = evolution.moments(result.scenario_text, fields)
    middles = np.array([0.35, 0.65, 0.95])  # of intervals of four steps of 0.025 us
    assert [1e6 * moment.time for moment in shown] == pytest.approx(middles)
    axes = Figure().add_subplot()
    assert evolution.profile(axes, shown, "Number density")
    assert axes.get_legend_handles_labels()[1] == [
        "0.35 µs", "0.65 µs", "0.95 µs", *["Euler equations"] * 3,
    ]  # fmt: skip
    (exact,) = (known(tube(), shown[-1].time)["Euler equations"]["number_density"],)
    np.testing.assert_allclose(axes.lines[-1].get_ydata(), exact, rtol=1e-6)
    assert [text.get_text() for text in axes.get_legend().get_texts()][-1] == "Euler equations"


def test_the_picture_is_drawn_for_what_changes_and_for_nothing_else(run, tmp_path, monkeypatch):
    monkeypatch.setattr(style, "DPI", 40)
    result, fields = run
    (path,) = evolution.draw(result, tmp_path, fields)
    assert path.name == "evolution.png" and path.stat().st_size > 5000
    assert evolution.draw(result, tmp_path, None) == []
    running = result.scenario_text.replace('"interval"', '"running"')
    assert running != result.scenario_text
    assert evolution.moments(running, fields) == []
    assert evolution.moments("no scenario", fields) == []


def test_cells_whose_noise_would_hide_the_rest_are_left_out(run):
    result, fields = run
    (*_, last) = evolution.moments(result.scenario_text, fields)
    density = last.fields["number_density"]
    wild = dsmc.result.Field("a", "1", "", density.axes, density.value, density.error.copy())
    wild.error[3] = 2.0 * density.value.max()
    assert np.isnan(evolution.legible(wild)[3])
    assert np.isfinite(evolution.legible(wild)).sum() > 300
