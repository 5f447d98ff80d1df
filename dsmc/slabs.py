"""Slabs: contiguous runs of cells, which threads divide among themselves in either pass.

`SLABS` fixed slabs own the partial sums, so that totals do not depend on the number of threads;
threads work side by side in pairs, and each pair has a contiguous run of slabs with about as many
particles as the others have.

Threads are not equally quick in every step: a core has other work, a cell more collisions. So the
two of a pair begin at the ends of their run, one upwards and one downwards, until they meet. Runs
stay contiguous, and the order of the particles and the sums do not know who took a slab.
"""

import numpy as np

from dsmc.compiled import COMPILED, kernel, nested_kernel
from dsmc.team import IN_A_LINE, next_ticket

SLABS = 128
NOBODY = -1
FLYING, LISTING = range(2)  # of a thread's line: slabs taken where two meet, of either pass


@kernel
def first_cell(slab, slabs, cells):
    """First cell of a slab; slab `slabs` gives the number of cells."""
    return slab * cells // slabs


@nested_kernel
def run_of(thread, threads, number):
    """The run of a number of things that is a thread's: first, and behind the last."""
    return number * thread // threads, number * (thread + 1) // threads


@kernel
def divide_slabs(offsets, slabs, bounds, taken):
    """Cut the slabs into runs with about equal numbers of particles, a pair of them for each pair.

    bounds : (threads + 1,) the first slab of each run; those between the two of a pair only help
        to divide
    taken : (threads, IN_A_LINE) set to nothing
    """
    cells = offsets.shape[0] - 1
    threads = bounds.shape[0] - 1
    total = offsets[cells]
    slab = 0
    for thread in range(threads):
        bounds[thread] = slab
        wanted = total * (thread + 1) // threads
        while slab < slabs and offsets[first_cell(slab + 1, slabs, cells)] <= wanted:
            slab += 1
        if slab == bounds[thread] and slab < slabs and total > 0:
            slab += 1
    bounds[threads] = slabs
    taken[:] = 0


def nothing_taken(threads: int) -> np.ndarray:
    """The tickets of all pairs of threads: (threads, IN_A_LINE), a line of the cache for each."""
    return np.zeros((threads, IN_A_LINE), np.int64)


@nested_kernel
def goes_down(thread):
    """Whether a thread begins at the upper end of its pair's run: 1 with 0, 3 with 2 ..."""
    return thread % 2


@nested_kernel
def run_of_pair(thread, bounds):
    """The slabs of a thread and its partner, of whom the last thread may have none."""
    lower = thread - thread % 2
    return bounds[lower], bounds[min(lower + 2, bounds.shape[0] - 1)]


@nested_kernel
def slab_of_turn(thread, turn, bounds, taken, which):
    """The slab that a thread takes in its turn 0, 1, 2 ..., or NOBODY if the two have met.

    bounds : (threads + 1,); taken : (threads, IN_A_LINE); which : FLYING or LISTING
    """
    first, end = run_of_pair(thread, bounds)
    line = taken[thread - thread % 2]
    if COMPILED:
        ticket = next_ticket(line, which)
    else:
        ticket = line[which]
        line[which] += 1
    if ticket >= end - first:
        return NOBODY
    return end - 1 - turn if goes_down(thread) else first + turn


@nested_kernel
def slab_after(slab, thread, bounds, taken, which):
    """The slab that a thread will take behind this one, as it looks now, or NOBODY.

    Another thread may take it the moment after.  bounds, taken, which : as in `slab_of_turn`
    """
    first, end = run_of_pair(thread, bounds)
    if taken[thread - thread % 2, which] >= end - first:
        return NOBODY
    return slab - 1 if goes_down(thread) else slab + 1
