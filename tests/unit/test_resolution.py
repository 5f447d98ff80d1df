"""How finely each cell was resolved: numbers of the right cell, and where they break a rule."""

import io

import numpy as np
import pytest
from rich.console import Console

import dsmc
from dsmc import reference, resolution
from dsmc.launch import shorter_step
from dsmc.result import Field, Result
from dsmc.summary import closing_table, summary
from tests.unit.argon import scenario

WALLS = {"x": {"low": {"kind": "diffuse", "temperature_K": 300}, "high": {"kind": "specular"}}}


def field(name, value):
    axes = tuple((np.arange(n) + 0.5) * 1e-4 for n in reversed(np.shape(value)))
    return Field(name, "1", "", axes, value, np.full(np.shape(value), np.nan))


def test_the_coarsest_cell_is_found_with_its_place():
    """x runs fastest: the cell (y 1, x 2) lies at x = 0.25 mm, y = 0.15 mm."""
    value = np.full((3, 4), 0.1)
    value[1, 2], value[2, 0] = 0.9, 0.6
    many = np.full((3, 4), 50.0)
    many[0, 3] = 3.0
    many[1, 1] = np.nan
    found = resolution.coarsest(
        {"time_step_over_collision_time": field("t", value), "particles_per_cell": field("n", many)}
    )
    step, few = found
    assert (step.value, step.broken, step.cells) == (0.9, 2, 12)
    np.testing.assert_allclose(step.place, (2.5e-4, 1.5e-4))
    assert (few.value, few.broken) == (3.0, 1)
    np.testing.assert_allclose(few.place, (3.5e-4, 0.5e-4))


def test_a_single_cell_is_not_judged_by_its_size():
    sizes = {f"cell_size_{axis}_over_mean_free_path": field(axis, np.full((2, 1), 7.0))
             for axis in "xy"}  # fmt: skip
    assert [worst.rule.name[10] for worst in resolution.coarsest(sizes)] == ["y"]


def test_the_rules_are_those_of_the_box():
    plane = scenario(domain={"length_m": [1e-3, 1e-3], "cells": [5, 5]})
    names = [rule.name for rule in resolution.applying(plane)]
    assert "cell_size_y_over_mean_free_path" in names
    assert "cell_size_z_over_mean_free_path" not in names
    still = scenario(collisions={"scheme": "none"})
    assert [rule.name for rule in resolution.applying(still)] == ["particles_per_cell"]


@pytest.fixture(scope="module")
def result():
    """A gas between walls in uneven cells, with what its cells were resolved by."""
    made = scenario(
        domain={"length_m": [2e-3], "cells": [12],
                "grading": {"x": {"towards": "low", "ratio": 6}}},
        initial__particles=6000, run__steps=200, boundaries=WALLS, sample={"fields_every": 1},
    )  # fmt: skip
    with dsmc.Simulation(made, threads=1) as simulation:
        return made, simulation.run()


def test_the_cells_are_as_wide_as_they_are(result):
    made, found = result
    path, _ = made.scales_at(made.number_density, made.temperature)
    ratio = found.fields["cell_size_x_over_mean_free_path"].value / (np.diff(made.edges[0]) / path)
    np.testing.assert_allclose(ratio, 1.0, atol=0.05)  # but for the noise of n
    counted = found.fields["particles_per_cell"].value.sum()
    assert counted == pytest.approx(made.particle_count, rel=1e-9)


def test_measured_collision_rates_are_those_of_the_scales(result):
    """nu dt by counting, and dt/tau_c by density and temperature: 5e4 collisions, error 1 %."""
    made, found = result
    counted = found.fields["collision_rate"].value * made.time_step
    scale = found.fields["time_step_over_collision_time"].value
    assert np.mean(counted / scale) == pytest.approx(1.0, abs=0.05)
    twice = 2.0 * counted  # the twin: every collision counted for one partner only, or twice
    assert np.mean(twice / scale) != pytest.approx(1.0, abs=0.05)


def test_partners_at_random_are_as_far_apart_as_their_cell_is_wide(result):
    made, found = result
    apart = found.fields["collision_separation"].value / np.diff(made.edges[0])
    np.testing.assert_allclose(apart, reference.RANDOM_SEPARATION, rtol=0.1)
    mean = found.quality["collision_separation_over_mean_free_path"]
    low, high = np.array([apart.min(), apart.max()]) * np.diff(made.edges[0])[[0, -1]]
    assert low < mean * made.mean_free_path < high


def test_the_summary_tells_the_coarsest_cells(result):
    told = {row["name"]: row for row in summary(result[1])["coarsest_cells"]}
    size = told["cell_size_x_over_mean_free_path"]
    assert size["value"] > size["limit"] == resolution.LARGEST_CELL
    assert size["place"]["x"]["value"] > 1.5e-3
    assert size["cells_beyond"] > 0


def test_the_closing_table_names_the_cells_beyond_a_rule(result):
    stream = io.StringIO()
    closing_table(result[1], Console(file=stream, width=200))
    lines = stream.getvalue().splitlines()
    size = next(line for line in lines if line.startswith("cell size x over mean free path"))
    assert "≤ 0.5" in size and "x = 0.0018" in size and "of 12" in size
    assert next(line for line in lines if line.startswith("time step over")).endswith("none")


def test_the_distance_of_nearest_neighbours_has_its_limits():
    """Two on a line are any two; many are half a mean gap apart: s^2 = 1/(2 N^2)."""
    assert reference.nearest_separation(2) == pytest.approx(reference.RANDOM_SEPARATION)
    assert reference.nearest_separation(10**6) == pytest.approx(np.sqrt(0.5) * 1e-6, rel=1e-5)
    draw = np.random.default_rng(20261121).random((400, 200, 3))
    apart = ((draw[:, 0, None] - draw[:, 1:]) ** 2).sum(axis=2).min(axis=1)
    assert reference.nearest_separation(200, 3) == pytest.approx(np.sqrt(apart.mean() / 3), rel=0.1)


def test_a_time_step_too_long_somewhere_is_told_with_its_place_and_the_cure():
    """0.6 of the local collision time in the second of three cells: a third of it is 0.2."""
    gas = dsmc.load("couette")
    x = np.array([1e-4, 2e-4, 3e-4])
    name = "time_step_over_collision_time"

    def told(ratios):
        field = Field(name, "1", "", (x,), np.array(ratios), np.zeros(3))
        return shorter_step(gas, Result("flow", "", fields={name: field}))

    text = told([0.2, 0.6, 0.35])
    assert "0.6 of the local collision time at x = 0.0002 m" in text and "2 of 3 cells" in text
    assert f"run.time_step_s = {gas.time_step / 3.0:.2g} " in text
    assert told([0.2, 0.29, 0.1]) == ""
