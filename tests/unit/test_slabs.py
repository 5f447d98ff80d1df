"""Slabs: each is taken once, by whoever of a pair of threads comes first, from both ends."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dsmc.compiled import kernel
from dsmc.slabs import FLYING, LISTING, NOBODY, SLABS, nothing_taken, slab_after, slab_of_turn
from dsmc.team import Team


@kernel
def take_some(thread, bounds, taken, which, turns, most, owner):
    """Take at most so many slabs more; turns : (threads,); owner : (slabs,) times and by whom."""
    for _ in range(most[thread]):
        slab = slab_of_turn(thread, turns[thread], bounds, taken, which)
        if slab == NOBODY:
            return
        turns[thread] += 1
        owner[slab, 0] += 1
        owner[slab, 1] = thread


def assert_runs(owner, bounds):
    """Each slab was taken once; of a pair the lower thread has those below, in one run."""
    threads = len(bounds) - 1
    assert owner[:, 0].tolist() == len(owner) * [1]
    for lower in range(0, threads, 2):
        run = owner[bounds[lower] : bounds[min(lower + 2, threads)], 1]
        assert set(run) <= {lower, min(lower + 1, threads - 1)}
        assert np.all(np.diff(run) >= 0)


@given(data=st.data(), threads=st.integers(1, 9), slabs=st.integers(1, SLABS))
def test_however_quick_the_threads_are_each_slab_is_taken_once(data, threads, slabs):
    """One after the other takes some, some once more; at last all take what is left."""
    cuts = data.draw(st.lists(st.integers(0, slabs), min_size=threads - 1, max_size=threads - 1))
    bounds = np.array([0, *sorted(cuts), slabs])
    for which in (FLYING, LISTING):
        taken, owner = nothing_taken(threads), np.zeros((slabs, 2), np.int64)
        turns = np.zeros(threads, np.int64)
        order = data.draw(st.lists(st.integers(0, threads - 1), max_size=12))
        most = data.draw(st.lists(st.integers(0, 20), min_size=threads, max_size=threads))
        for thread in order:
            take_some(thread, bounds, taken, which, turns, np.array(most), owner)
        for thread in range(threads):
            take_some(thread, bounds, taken, which, turns, np.full(threads, slabs + 1), owner)
        assert_runs(owner, bounds)


def test_a_pair_begins_at_the_ends_of_its_run():
    bounds, taken = np.array([0, 60, 120, 128]), nothing_taken(3)
    turns = [(0, 0), (1, 0), (1, 1), (0, 1), (2, 0), (2, 1)]
    slabs = [slab_of_turn(*turn, bounds, taken, FLYING) for turn in turns]
    assert slabs == [0, 119, 118, 1, 120, 121]
    assert slab_of_turn(1, 0, bounds, taken, LISTING) == 119  # the other pass knows nothing of it


@pytest.mark.parametrize(
    ("bounds", "pair", "left"),
    [([0, 5], [0], 5), ([0, 3, 5], [0, 1], 5), ([0, 1, 4, 5], [0, 1], 4), ([0, 1, 2, 5], [2], 3)],
)
def test_what_comes_next_is_known_until_none_is_left(bounds, pair, left):
    """Threads that go in turns take what was foretold; with the last slab nothing is any more."""
    bounds, taken = np.array(bounds), nothing_taken(len(bounds) - 1)
    foretold, turn = {}, 0
    while left:
        for thread in pair:
            slab = slab_of_turn(thread, turn, bounds, taken, FLYING)
            if slab == NOBODY:
                continue
            assert slab == foretold.get(thread, slab)
            left -= 1
            foretold[thread] = slab_after(slab, thread, bounds, taken, FLYING)
            assert (foretold[thread] == NOBODY) == (left == 0)
        turn += 1
    assert slab_after(bounds[pair[0]], pair[0], bounds, taken, LISTING) != NOBODY


@pytest.mark.parametrize("threads", [2, 3])
def test_threads_that_run_at_once_take_each_slab_once(threads):
    team = Team(threads)
    for _ in range(200):
        bounds = SLABS * np.arange(threads + 1) // threads
        taken, owner = nothing_taken(threads), np.zeros((SLABS, 2), np.int64)
        turns, most = np.zeros(threads, np.int64), np.full(threads, SLABS + 1)
        team.each(take_some, bounds, taken, LISTING, turns, most, owner)
        assert_runs(owner, bounds)
    team.close()
