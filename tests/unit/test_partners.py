"""Near partners are the nearest not yet tried: against a search through all pairs."""

import numpy as np
import pytest

from dsmc.pairs import sort_members
from dsmc.partners import (
    REMEMBERED,
    SEARCHED,
    forget,
    meet_near,
    meet_near_members,
    tried,
    was_tried,
)

SEED = 20261121


def cell(count, d=2, kinds=1, dtype=np.float64):
    """Rows of a cell, two of others before and two behind them; and their species."""
    draw = np.random.default_rng([SEED, count, d])
    phase = draw.random((count + 4, d + 3)).astype(dtype)
    return phase, None if kinds == 1 else draw.integers(0, kinds, count + 4, np.int8)


def meet(phase, i, j, memory):
    """The pair that a random pair (i, j) of the cell becomes."""
    first, stop = phase.shape[1] - 3, len(phase) - 2
    pair = meet_near(phase, np.uint64(i), np.uint64(j), 2, stop, first, memory)
    return tuple(map(int, pair))


def meet_other(phase, species, i, j, a, b, memory):
    """The same in a mixture, where i is of species a and j of b."""
    begin, member = np.zeros(3, np.int64), np.zeros(len(phase) - 3, np.uint64)
    sort_members(species, 2, len(phase) - 2, begin, member)
    first, pair = phase.shape[1] - 3, (np.uint64(i), np.uint64(j))
    return tuple(map(int, meet_near_members(phase, *pair, a, b, begin, member, first, memory)))


def by_distance(phase, i, rows):
    """Rows other than i from the nearest to the farthest."""
    x = phase[:, :-3].astype(float)
    return sorted((row for row in rows if row != i), key=lambda row: ((x[i] - x[row]) ** 2).sum())


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("d", [1, 2, 3])
def test_one_after_the_other_is_met_from_the_nearest_on(d, dtype):
    phase, _ = cell(9, d, dtype=dtype)
    memory = tried()
    forget(memory)
    for expected in by_distance(phase, 5, range(2, 11)):
        assert meet(phase, 5, 3, memory) == (5, expected)
        assert was_tried(np.uint64(expected), np.uint64(5), memory)
    assert meet(phase, 5, 3, memory) == (5, 3)  # all were tried: the random one
    forget(memory)
    assert meet(phase, 5, 3, memory)[1] == by_distance(phase, 5, range(2, 11))[0]


def test_a_pair_is_not_tried_from_its_other_end_either():
    phase, _ = cell(3, 1)
    phase[2:5, 0] = 0.0, 0.2, 1.0
    memory = tried()
    assert meet(phase, 2, 4, memory) == (2, 3)
    assert meet(phase, 3, 2, memory) == (3, 4)
    assert meet(phase, 3, 2, memory) == (3, 2)  # both were tried: the random one


def test_partners_at_random_stay_as_they_are():
    phase, _ = cell(9)
    assert meet(phase, 5, 10, None) == (5, 10)


def test_the_rarer_species_looks_for_its_partner():
    phase, species = cell(40, kinds=2)
    species[2:42] = 1
    species[[7, 20]] = 0
    many = [row for row in range(2, 42) if species[row] == 1]
    memory = tried()
    for i, j in ((7, 3), (20, 40)):
        assert meet_other(phase, species, i, j, 0, 1, memory) == (i, by_distance(phase, i, many)[0])
    species[2:42] = 1 - species[2:42]
    forget(memory)
    assert meet_other(phase, species, 3, 7, 0, 1, memory) == (by_distance(phase, 7, many)[0], 7)
    assert meet_other(phase, species, 3, 9, 0, 0, memory) == (3, by_distance(phase, 3, many)[0])


def test_of_large_cells_every_so_many_are_looked_at():
    """1000 particles, every eighth: which 125, the random partner decides."""
    phase, _ = cell(1000)
    memory = tried()
    stride = 1 + 999 // SEARCHED
    for j in range(100, 100 + 2 * stride):
        forget(memory)
        rows = range(2 + j % stride, 1002, stride)
        assert len(rows) <= SEARCHED
        assert meet(phase, 500, j, memory) == (500, by_distance(phase, 500, rows)[0])


def test_the_memory_keeps_the_latest():
    phase, _ = cell(60)
    memory = tried()
    pairs = [meet(phase, i, 61 if i != 61 else 60, memory) for _ in range(6) for i in range(2, 62)]
    assert len(set(map(frozenset, pairs[:REMEMBERED]))) == REMEMBERED
    for i, j in pairs[-REMEMBERED:]:
        assert was_tried(np.uint64(i), np.uint64(j), memory)
    forgotten = {frozenset(pair) for pair in pairs} - {frozenset(p) for p in pairs[-REMEMBERED:]}
    assert forgotten
    for i, j in forgotten:
        assert not was_tried(np.uint64(i), np.uint64(j), memory)
