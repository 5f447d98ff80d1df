"""Uneven cells: their faces, where a position lies, and what is refused."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dsmc import forecast
from dsmc.cells import cell_centres, cell_volumes, count_cells, grid, number_of_cells
from dsmc.compiled import variant
from dsmc.grading import edges_around, even_edges, graded_edges, widths
from dsmc.resolution import cell_volumes as scenario_volumes
from tests.unit.argon import problem, scenario

SIDES = st.sampled_from(["low", "high", "both"])
PRECISIONS = st.sampled_from([np.float64, np.float32])


# ------------------------------------------------------------------ the faces


@given(st.floats(1e-9, 1e3), st.integers(2, 300), st.floats(1.0, 1e4), SIDES)
def test_cells_fill_the_length_and_grow_by_one_factor(length, cells, ratio, towards):
    edges = graded_edges(length, cells, ratio, towards)
    assert (edges[0], edges[-1], len(edges)) == (0.0, length, cells + 1)
    size = np.array(widths(edges))
    assert size.max() / size.min() == pytest.approx(ratio if cells > 2 or towards != "both" else 1)
    half = size if towards == "low" else size[::-1] if towards == "high" else size[: cells // 2]
    factor = half[1:] / half[:-1]
    assert np.all(factor >= 1.0 - 1e-9)
    np.testing.assert_allclose(factor, factor[:1].repeat(factor.size), rtol=1e-6)
    if towards == "both":
        np.testing.assert_allclose(size, size[::-1], rtol=1e-6)


@given(st.integers(1, 300), st.floats(1.0, 50.0), SIDES)
def test_the_faces_follow_from_the_centres(cells, ratio, towards):
    edges = np.array(graded_edges(2e-3, cells, ratio, towards))
    found = edges_around(0.5 * (edges[1:] + edges[:-1]))
    np.testing.assert_allclose(found, edges, rtol=0.0, atol=1e-9)


def test_equal_cells_need_not_begin_at_zero():
    np.testing.assert_allclose(edges_around(np.array([2.5, 3.5, 4.5])), [2, 3, 4, 5])
    np.testing.assert_allclose(edges_around(np.array([0.5])), [0, 1])


# ------------------------------------------------------------------ where a position lies


def found_cells(x, box, counting=count_cells):
    """The cell of every position; x : (N, d)."""
    phase = np.zeros((len(x), x.shape[1] + 3), box.grading.edges.dtype)
    phase[:, : x.shape[1]] = x
    cell, histogram = np.empty(len(x), np.int32), np.zeros(number_of_cells(box), np.int32)
    counting(phase, 0, len(x), box, cell, histogram)
    return cell


def line(length, cells, ratio, towards, dtype):
    return grid((length,), (cells,), dtype, (graded_edges(length, cells, ratio, towards),))


def positions(edges, seed):
    """Positions everywhere, on every face, and next to it on both sides, in the same precision."""
    anywhere = np.random.default_rng(seed).random(500).astype(edges.dtype) * edges[-1]
    beside = [np.nextafter(edges, side) for side in (edges.dtype.type(0), edges[-1])]
    x = np.concatenate([anywhere, edges, *beside])
    return x[(x >= 0) & (x <= edges[-1])]


@given(st.floats(1e-6, 1e2), st.integers(1, 400), st.floats(1.0, 3e3), SIDES, PRECISIONS)
def test_a_position_lies_in_the_cell_whose_faces_are_about_it(length, cells, ratio, towards, dtype):
    """Exactly, in the precision of the rows; the upper face of the box is of the last cell."""
    box = line(length, cells, ratio, towards, dtype)
    edges = box.grading.edges[0, :-1]
    x = positions(edges, cells)
    expected = np.minimum(np.searchsorted(edges, x, side="right") - 1, cells - 1)
    np.testing.assert_array_equal(found_cells(x[:, None], box), expected)


def test_a_search_that_stops_early_is_noticed():
    """The twin: the cell where the bin begins, right for all positions but some near a face."""
    box = line(1e-3, 50, 20.0, "both", np.float64)
    edges = box.grading.edges[0, :-1]
    x = positions(edges, 1)
    expected = np.minimum(np.searchsorted(edges, x, side="right") - 1, 49)
    lazy = variant(
        count_cells,
        uneven_index=lambda x, axis, grading: np.uint64(
            grading.first[axis, np.int64(x * grading.inverse_bin[axis])]
        ),
    )
    wrong = found_cells(x[:, None], box, lazy) != expected
    assert 0 < wrong.mean() < 0.5


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_a_box_counts_its_cells_x_fastest(dtype):
    lengths, cells = (1.0, 0.5, 2.0), (5, 4, 3)
    edges = (
        graded_edges(1.0, 5, 6.0, "low"),
        even_edges(0.5, 4),
        graded_edges(2.0, 3, 3.0, "both"),
    )
    box = grid(lengths, cells, dtype, edges)
    x, y, z = cell_centres(box)
    middle = np.array([(a, b, c) for c, b, a in itertools.product(z, y, x)])
    np.testing.assert_array_equal(found_cells(middle, box), np.arange(60))
    sizes = [np.array(widths(axis)) for axis in edges]
    expected = [a * b * c for c, b, a in itertools.product(*reversed(sizes))]
    np.testing.assert_allclose(cell_volumes(box), expected, rtol=1e-12)
    assert np.sum(cell_volumes(box)) == pytest.approx(box.volume * 60)


def test_bins_are_at_most_as_narrow_as_the_narrowest_cell_and_not_too_many():
    assert line(1.0, 20, 4.0, "low", np.float64).grading.first.size <= 1.0 / 0.02
    wide = line(1.0, 50, 1e6, "low", np.float64)
    assert wide.grading.first.size == (1 << 14) + 1
    x = positions(wide.grading.edges[0, :-1], 3)
    expected = np.minimum(np.searchsorted(wide.grading.edges[0, :-1], x, "right") - 1, 49)
    np.testing.assert_array_equal(found_cells(x[:, None], wide), expected)


def test_the_scenario_and_the_engine_agree_on_volumes():
    made = scenario(domain={"length_m": [1e-3, 2e-3], "cells": [6, 4],
                            "grading": {"y": {"towards": "high", "ratio": 3}}})  # fmt: skip
    box = grid(made.lengths, made.cells, np.float64, made.edges)
    volumes = np.broadcast_to(scenario_volumes(made), (4, 6)).ravel()
    np.testing.assert_allclose(volumes, cell_volumes(box), rtol=1e-12)


# ------------------------------------------------------------------ what is refused, and foreseen

GRADED = {"domain__length_m": [1e-3], "domain__cells": [3]}


@pytest.mark.parametrize(
    ("grading", "key", "told"),
    [
        ({"towards": "both"}, "ratio", "towards and ratio, or edges_m"),
        ({"ratio": 3}, "towards", "towards and ratio, or edges_m"),
        ({}, "towards", "towards and ratio, or edges_m"),
        ({"towards": "left", "ratio": 3}, "towards", "low"),
        ({"towards": "low", "ratio": 0.5}, "ratio", "at least 1"),
        ({"towards": "low", "ratio": 3, "edges_m": [0, 1e-3]}, "ratio", "beside edges_m"),
        ({"edges_m": [0, 5e-4, 1e-3]}, "edges_m", "3 faces make 2 cells"),
        ({"edges_m": [0, 5e-4, 4e-4, 1e-3]}, "edges_m[2]", "must rise"),
        ({"edges_m": [1e-5, 2e-4, 4e-4, 1e-3]}, "edges_m[0]", "first face is at 0"),
        ({"edges_m": [0, 2e-4, 4e-4, 2e-3]}, "edges_m[3]", "domain.length_m = 0.001"),
        ({"edges_m": [0, 1e-17, 4e-4, 1e-3]}, "edges_m", "too narrow for float64"),
    ],
)
def test_a_grading_that_cannot_be_is_told_with_its_cure(grading, key, told):
    found = problem(f"domain.grading.x.{key}", **GRADED, domain__grading={"x": grading})
    assert told in found.allowed
    assert found.cure


def test_an_axis_that_the_box_lacks_has_no_cells():
    found = problem("domain.grading.y", **GRADED,
                    domain__grading={"y": {"towards": "low", "ratio": 2}})  # fmt: skip
    assert "the domain has 1 dimension" in found.allowed


def test_a_grading_of_more_cells_than_could_be_listed_is_refused():
    grading = {"x": {"towards": "low", "ratio": 2}}
    found = problem("domain.cells", domain__cells=[10**8], domain__grading=grading)
    assert "at most 1000000 uneven cells" in found.allowed


def test_single_precision_needs_wider_cells():
    changes = GRADED | {"domain__grading": {"x": {"towards": "low", "ratio": 1e6}}}
    found = problem("domain.grading.x.ratio", **changes, run__precision="float32")
    assert "too narrow for float32" in found.allowed and "float64" in found.cure


def test_check_tells_the_smallest_and_the_largest_cell():
    made = scenario(domain={"length_m": [1e-3], "cells": [20],
                            "grading": {"x": {"towards": "both", "ratio": 4}}})  # fmt: skip
    known = {figure.name: figure.value for figure in forecast.figures(made)}
    large, small = known["largest cell size dx / lambda"], known["smallest cell size dx / lambda"]
    assert large / small == pytest.approx(4.0)
    fewest = made.particle_count * small * made.mean_free_path / 1e-3
    assert known["particles in the smallest cell"] == pytest.approx(fewest)
