"""The quality of a run is judged by the rules that `dsmc check` warns by, cell by cell."""

import math

import numpy as np
import pytest
from matplotlib.figure import Figure

import dsmc
from dsmc.resolution import FEWEST_PER_CELL, LARGEST_CELL, LARGEST_TIME_STEP, resolved
from dsmc.result import Field, Result
from viz import quality, style

CELLS = 20


def scenario(**changes):
    """Argon between two walls: cells of 0.2 mean free paths, steps of 0.1 collision times."""
    tables = {
        "gas": {"species": "Ar", "model": "vhs"},
        "domain": {"length_m": [5e-4], "cells": [CELLS]},
        "initial": {
            "kind": "equilibrium", "number_density_m3": 1e22, "temperature_K": 300,
            "particles_per_cell": 50,
        },
        "boundaries": {"x": {"kind": "specular"}},
        "run": {"time_step_mct": 0.1, "steps": 10},
    }  # fmt: skip
    return dsmc.Scenario(**(tables | changes))


def result_of(made, density=1.0, temperature=1.0):
    """A result with the scenario's own state in every cell, times the factors."""
    axis = ((np.arange(CELLS) + 0.5) * made.lengths[0] / CELLS,)
    values = {
        "number_density": made.number_density * np.broadcast_to(density, CELLS),
        "temperature": made.temperature * np.broadcast_to(temperature, CELLS),
    }
    return Result(
        "t", made.text,
        fields={n: Field(n, "1", "", axis, v, np.ones(CELLS)) for n, v in values.items()},
        quality={
            "collision_time": made.collision_time,
            "time_step_over_collision_time": made.time_step / made.collision_time,
            "particles_per_cell": made.particle_count / made.cell_count,
            "cell_size_x_over_mean_free_path": made.lengths[0] / CELLS / made.mean_free_path,
            "acceptance": 0.5,
        },
    )  # fmt: skip


def test_cells_in_the_initial_state_have_the_numbers_of_the_whole_run():
    made = scenario()
    found = result_of(made)
    cells = resolved(made, found.fields)
    assert set(cells) == set(found.quality) - {"collision_time", "acceptance"}
    for name, field in cells.items():
        np.testing.assert_allclose(field.value, found.quality[name], rtol=1e-12)


def test_denser_and_hotter_cells_have_shorter_scales():
    """lambda ~ 1/n T^(omega - 1/2) and tau_c ~ 1/n T^(omega - 1); particles follow n."""
    made = scenario()
    omega = made.molecules[0].omega
    cells = resolved(made, result_of(made, density=3.0, temperature=2.0).fields)
    before = resolved(made, result_of(made).fields)
    for name, factor in (
        ("cell_size_x_over_mean_free_path", 3.0 * 2.0 ** (0.5 - omega)),
        ("time_step_over_collision_time", 3.0 * 2.0 ** (1.0 - omega)),
        ("particles_per_cell", 3.0),
    ):
        np.testing.assert_allclose(cells[name].value, factor * before[name].value, rtol=1e-12)


def test_the_limits_are_those_of_the_forecast():
    limits = {rule.name: rule.limit for rule in quality.RULES}
    assert limits["cell_size_x_over_mean_free_path"] == LARGEST_CELL
    assert limits["time_step_over_collision_time"] == LARGEST_TIME_STEP
    assert limits["particles_per_cell"] == FEWEST_PER_CELL


@pytest.mark.parametrize(("value", "kept"), [(9.9, False), (10.1, True)])
def test_too_few_particles_lie_right_of_the_limit(value, kept):
    axes = Figure().add_subplot()
    known = {"particles_per_cell": value}
    assert quality.rules(axes, known, {}, {"particles_per_cell"})
    place = axes.lines[1].get_xdata()[0]
    assert (place < 1.0) == kept
    assert axes.lines[1].get_color() == (style.BLUE if kept else style.VERMILION)


def test_the_bars_span_all_cells():
    axes = Figure().add_subplot()
    spread = {"time_step_over_collision_time": np.array([0.15, np.nan, 0.6])}
    known = {"time_step_over_collision_time": 0.3}
    assert quality.rules(axes, known, spread, set(known))
    np.testing.assert_allclose(axes.lines[0].get_xdata(), (0.5, 2.0), rtol=1e-12)


def test_a_profile_shows_the_rule_beside_the_cells():
    made = scenario()
    cells = resolved(made, result_of(made, density=np.linspace(0.5, 2.0, CELLS)).fields)
    axes = Figure().add_subplot()
    assert quality.by_cell(axes, cells, "Time step")
    np.testing.assert_array_equal(
        axes.lines[0].get_ydata(), cells["time_step_over_collision_time"].value
    )
    assert axes.lines[1].get_ydata()[0] == LARGEST_TIME_STEP
    assert "local" in axes.get_ylabel()


def test_a_gas_without_collisions_has_no_rules(tmp_path):
    made = scenario(collisions={"scheme": "none"}, run={"time_step_s": 1e-8, "steps": 10})
    found = result_of(made)
    assert quality.judging(found, made) == {"particles_per_cell": 50.0}
    bare = Result("t", made.text, quality=found.quality)
    assert quality.draw(bare, tmp_path) == []


def test_the_size_of_cells_has_no_rule_in_a_uniform_gas():
    made = scenario(boundaries={"x": {"kind": "periodic"}})
    axes = Figure().add_subplot()
    assert quality.panels(result_of(made))[0](axes)
    labels = [label.get_text() for label in axes.get_yticklabels()]
    assert [("no rule" in label) for label in labels] == [True, False, False]


def test_a_result_of_unknown_origin_shows_its_own_numbers(tmp_path):
    found = Result("t", "", quality={"particles_per_cell": 12.0, "acceptance": math.nan})
    assert [path.name for path in quality.draw(found, tmp_path)] == ["quality.png"]
    assert quality.draw(Result("t", ""), tmp_path) == []
