"""Disjoint pairs: nobody twice, every pair equally likely, and as many as are due."""

import numpy as np
import pytest

from dsmc import disjoint, draws
from dsmc.compiled import variant
from dsmc.disjoint import fast_pairs, pair_up, pairs_due
from tests.unit.random_battery import even_classes

SEED = 20261121
BUDGET = 1e-6


def address(step=0, cell=0):
    return draws.Address(draws.key(SEED), step, cell)


def paired(count, pairs, step=0, kernel=pair_up):
    """(pairs, 2) rows and (pairs,) uniforms of one round."""
    member, chance = np.arange(count, dtype=np.uint64), np.empty(count // 2 + 1)
    kernel(member, pairs, address(step), 0, chance)
    assert sorted(member) == list(range(count))
    return member[: 2 * pairs].reshape(-1, 2).astype(int), chance[:pairs]


@pytest.mark.parametrize(("count", "pairs"), [(2, 1), (3, 1), (9, 4), (100, 50), (101, 13)])
def test_no_row_is_in_two_pairs(count, pairs):
    found, chance = paired(count, pairs)
    assert len(set(found.ravel())) == 2 * pairs
    assert np.all((chance > 0.0) & (chance < 1.0))


def pair_classes(kernel=pair_up, count=7, rounds=20_000):
    """The numbers i N + j, i != j, of the last of three pairs in many rounds, as classes."""
    numbers = []
    for step in range(rounds):
        (i, j) = paired(count, 3, step, kernel)[0][-1]
        numbers.append(i * (count - 1) + (j - (j > i)))
    return even_classes(np.array(numbers), count * (count - 1))


def test_every_ordered_pair_is_equally_likely():
    assert pair_classes() > BUDGET


def low_half(word, count):
    """A generator of rows that never draws from the upper half of those left."""
    return draws.below(word, max(np.uint64(1), count >> np.uint64(1)))


def test_a_shuffle_that_misses_rows_is_noticed():
    assert pair_classes(variant(pair_up, below=low_half)) < BUDGET


@pytest.mark.parametrize("wanted", [0.0, 0.3, 2.0, 3.75])
def test_pairs_are_whole_and_right_on_average(wanted):
    """Binomial error of the fraction over 20000 rounds, five standard errors."""
    found = [pairs_due(0.5 * wanted, 0.5, 20, address(step), 0) for step in range(20_000)]
    assert set(found) <= {int(wanted), int(wanted) + 1}
    assert np.mean(found) == pytest.approx(wanted, abs=5 * 0.5 / np.sqrt(20_000))


def test_a_round_has_room_for_half_the_rows():
    assert pairs_due(1e9, 1e-3, 21, address(), 0) == 10


@pytest.mark.parametrize("reaches", [[1, 1, 1, 1, 1], [100, 1, 1, 0, 0], [0, 0, 0, 0, 1]])
def test_fast_pairs_come_in_proportion_to_their_reaches(reaches):
    """Strata make the first row more even than chance: errors below those of the binomial."""
    reach = np.array(reaches, float)
    member, sample = np.arange(5, dtype=np.uint64), np.empty((disjoint.SAMPLE, 2), np.uint64)
    counts, rounds = np.zeros((5, 5)), 2000
    for step in range(rounds):
        fast_pairs(member, reach, address(step), 0, sample)
        np.add.at(counts, tuple(sample.astype(int).T), 1)
    assert np.all(np.diag(counts) == 0)
    shares = (counts + counts.T) / (rounds * disjoint.SAMPLE)
    expected = np.add.outer(reach, reach) * (1 - np.eye(5)) / (4 * reach.sum())
    np.testing.assert_allclose(shares, expected, atol=5 * 0.5 / np.sqrt(rounds * disjoint.SAMPLE))
