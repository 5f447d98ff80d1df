"""Slabs: contiguous runs of cells, which threads divide among themselves in pass A.

`SLABS` fixed slabs own the partial sums, so that totals do not depend on the number of threads;
each thread takes a contiguous run of them, with about as many particles as the others have.

Threads are not equally quick in every step: a core has other work, a cell more collisions. So two
neighbours let open where their border is: of the slabs next to it the lower thread takes one after
the other upwards, the upper one downwards, until they meet. Runs stay contiguous, and the order of
the particles and the sums do not know who took a slab.
"""

import numpy as np

from dsmc.compiled import COMPILED, kernel, nested_kernel
from dsmc.team import IN_A_LINE, next_ticket

SLABS = 128
OPEN = 6  # a thread lets open who takes one slab of so many of its own
NOBODY = -1
# Of a pair of threads: tickets drawn, slabs that the lower and the upper thread took.
TICKETS, UPWARDS, DOWNWARDS = range(3)


@kernel
def first_cell(slab, slabs, cells):
    """First cell of a slab; slab `slabs` gives the number of cells."""
    return slab * cells // slabs


@kernel
def divide_slabs(offsets, slabs, bounds, taken):
    """Give each thread a contiguous run of slabs with about equal numbers of particles.

    bounds : (threads + 1,) first slab of each thread
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
def own_run(thread, bounds):
    """The slabs that are a thread's own: the first, and behind the last."""
    first, last = bounds[thread], bounds[thread + 1]
    if has_partner(thread, bounds):
        left_open = (last - first) // OPEN
        if thread % 2 == 0:
            last -= left_open
        else:
            first += left_open
    return first, last


@nested_kernel
def has_partner(thread, bounds):
    """Whether a thread shares a border: 0 with 1, 2 with 3 ...; the last may be alone."""
    return thread % 2 == 1 or thread + 1 < bounds.shape[0] - 1


@nested_kernel
def take_slab(thread, bounds, taken):
    """A slab next to the border of a pair of threads, or NOBODY if none is left."""
    if not has_partner(thread, bounds):
        return NOBODY
    lower = thread - thread % 2
    _, first = own_run(lower, bounds)
    last, _ = own_run(lower + 1, bounds)
    pair = taken[lower]
    if COMPILED:
        ticket = next_ticket(pair, TICKETS)
    else:
        ticket = pair[TICKETS]
        pair[TICKETS] += 1
    if ticket >= last - first:
        return NOBODY
    if thread == lower:
        pair[UPWARDS] += 1
        return first + pair[UPWARDS] - 1
    pair[DOWNWARDS] += 1
    return last - pair[DOWNWARDS]


@kernel
def close_borders(bounds, taken):
    """Set the bounds of threads to where they met."""
    for lower in range(0, bounds.shape[0] - 2, 2):
        _, first = own_run(lower, bounds)
        bounds[lower + 1] = first + taken[lower, UPWARDS]
