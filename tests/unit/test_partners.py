"""Near partners are the nearest not yet tried: against a search through all pairs."""

import numpy as np
import pytest

from dsmc.pairs import bench, sort_members
from dsmc.partners import REMEMBERED, SEARCHED, forget, meet_near, was_tried

SEED = 20261121


def cell(count, d=2, kinds=1, dtype=np.float64):
    """Rows of a cell, two of others before and two behind them; and their species."""
    draw = np.random.default_rng([SEED, count, d])
    phase = draw.random((count + 4, d + 3)).astype(dtype)
    return phase, None if kinds == 1 else draw.integers(0, kinds, count + 4, np.int8)


def meet(phase, species, i, j, desk, a=0, b=0):
    """The pair that a random pair (i, j) of the cell becomes."""
    first, stop = phase.shape[1] - 3, len(phase) - 2
    pair = meet_near(
        phase, np.uint64(i), np.uint64(j), a, b, 2, stop, first, species, desk, desk.tried
    )
    return tuple(map(int, pair))


def by_distance(phase, i, rows):
    """Rows other than i from the nearest to the farthest."""
    x = phase[:, :-3].astype(float)
    return sorted((row for row in rows if row != i), key=lambda row: ((x[i] - x[row]) ** 2).sum())


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("d", [1, 2, 3])
def test_one_after_the_other_is_met_from_the_nearest_on(d, dtype):
    phase, _ = cell(9, d, dtype=dtype)
    desk = bench(3, 1, 0, dtype, near=True)
    forget(desk.tried)
    for expected in by_distance(phase, 5, range(2, 11)):
        assert meet(phase, None, 5, 3, desk) == (5, expected)
        assert was_tried(np.uint64(expected), np.uint64(5), desk.tried)
    assert meet(phase, None, 5, 3, desk) == (5, 3)  # all were tried: the random one
    forget(desk.tried)
    assert meet(phase, None, 5, 3, desk)[1] == by_distance(phase, 5, range(2, 11))[0]


def test_a_pair_is_not_tried_from_its_other_end_either():
    phase, _ = cell(3, 1)
    phase[2:5, 0] = 0.0, 0.2, 1.0
    desk = bench(3, 1, 0, near=True)
    assert meet(phase, None, 2, 4, desk) == (2, 3)
    assert meet(phase, None, 3, 2, desk) == (3, 4)
    assert meet(phase, None, 3, 2, desk) == (3, 2)  # both were tried: the random one


def test_partners_at_random_stay_as_they_are():
    phase, _ = cell(9)
    assert meet(phase, None, 5, 10, bench(3, 1, 0)) == (5, 10)


def test_the_rarer_species_looks_for_its_partner():
    phase, species = cell(40, kinds=2)
    species[2:42] = 1
    species[[7, 20]] = 0
    many = [row for row in range(2, 42) if species[row] == 1]
    desk = bench(3, 2, 44, near=True)
    sort_members(species, 2, 42, desk)
    for i, j in ((7, 3), (20, 40)):
        assert meet(phase, species, i, j, desk, 0, 1) == (i, by_distance(phase, i, many)[0])
    species[2:42] = 1 - species[2:42]
    forget(desk.tried)
    sort_members(species, 2, 42, desk)
    assert meet(phase, species, 3, 7, desk, 0, 1) == (by_distance(phase, 7, many)[0], 7)
    assert meet(phase, species, 3, 9, desk, 0, 0) == (3, by_distance(phase, 3, many)[0])


def test_of_large_cells_every_so_many_are_looked_at():
    """1000 particles, every eighth: which 125, the random partner decides."""
    phase, _ = cell(1000)
    desk = bench(3, 1, 0, near=True)
    stride = 1 + 999 // SEARCHED
    for j in range(100, 100 + 2 * stride):
        forget(desk.tried)
        rows = range(2 + j % stride, 1002, stride)
        assert len(rows) <= SEARCHED
        assert meet(phase, None, 500, j, desk) == (500, by_distance(phase, 500, rows)[0])


def test_the_memory_keeps_the_latest():
    phase, _ = cell(60)
    desk = bench(3, 1, 0, near=True)
    pairs = [
        meet(phase, None, i, 61 if i != 61 else 60, desk) for _ in range(6) for i in range(2, 62)
    ]
    assert len(set(map(frozenset, pairs[:REMEMBERED]))) == REMEMBERED
    for i, j in pairs[-REMEMBERED:]:
        assert was_tried(np.uint64(i), np.uint64(j), desk.tried)
    forgotten = {frozenset(pair) for pair in pairs} - {frozenset(p) for p in pairs[-REMEMBERED:]}
    assert forgotten
    for i, j in forgotten:
        assert not was_tried(np.uint64(i), np.uint64(j), desk.tried)
