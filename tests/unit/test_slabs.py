"""Slabs at the borders of threads: each is taken once, by whoever comes first."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dsmc.compiled import kernel
from dsmc.slabs import NOBODY, SLABS, close_borders, nothing_taken, own_run, take_slab
from dsmc.team import Team


@kernel
def take_some(thread, bounds, taken, most, owner):
    """Take own slabs, and at most so many at the border; owner : (slabs,) times and by whom."""
    turn, end_of_own = own_run(thread, bounds)
    for _ in range(owner.shape[0] + 1):
        if turn >= end_of_own:
            most[thread] -= 1
            if most[thread] < 0:
                return
        slab = turn if turn < end_of_own else take_slab(thread, bounds, taken)
        if slab == NOBODY:
            return
        turn += 1
        owner[slab, 0] += 1
        owner[slab, 1] = thread


@given(data=st.data(), threads=st.integers(1, 9), slabs=st.integers(1, SLABS))
def test_however_quick_the_threads_are_each_slab_is_taken_once(data, threads, slabs):
    """One after the other takes some; at last all take what is left. Runs are contiguous."""
    cuts = data.draw(st.lists(st.integers(0, slabs), min_size=threads - 1, max_size=threads - 1))
    bounds = np.array([0, *sorted(cuts), slabs])
    taken, owner = nothing_taken(threads), np.zeros((slabs, 2), np.int64)
    order = data.draw(st.permutations(range(threads)))
    most = np.array(data.draw(st.lists(st.integers(0, 20), min_size=threads, max_size=threads)))
    for thread in order:
        take_some(thread, bounds, taken, most, owner)
    for thread in order:
        while (slab := take_slab(thread, bounds, taken)) != NOBODY:
            owner[slab] = owner[slab, 0] + 1, thread
    close_borders(bounds, taken)
    assert owner[:, 0].tolist() == slabs * [1]
    assert bounds[0] == 0 and bounds[-1] == slabs and np.all(np.diff(bounds) >= 0)
    assert owner[:, 1].tolist() == np.repeat(np.arange(threads), np.diff(bounds)).tolist()


def test_a_pair_of_threads_shares_what_is_next_to_its_border():
    bounds, taken = np.array([0, 60, 120, 128]), nothing_taken(3)
    assert [own_run(thread, bounds) for thread in range(3)] == [(0, 50), (70, 120), (120, 128)]
    assert [take_slab(thread, bounds, taken) for thread in (0, 1, 1, 0, 2)] == [
        50, 69, 68, 51, NOBODY,
    ]  # fmt: skip


@pytest.mark.parametrize("threads", [2, 3])
def test_threads_that_run_at_once_take_each_slab_once(threads):
    team = Team(threads)
    for _ in range(200):
        bounds = SLABS * np.arange(threads + 1) // threads
        taken, owner = nothing_taken(threads), np.zeros((SLABS, 2), np.int64)
        team.each(take_some, bounds, taken, np.full(threads, SLABS), owner)
        close_borders(bounds, taken)
        assert owner[:, 0].tolist() == SLABS * [1]
        assert owner[:, 1].tolist() == np.repeat(np.arange(threads), np.diff(bounds)).tolist()
    team.close()
