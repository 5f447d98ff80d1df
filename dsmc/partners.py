"""Stage: near collision partners, in place of any two particles of a cell.

A candidate's first particle is drawn as ever; its partner is the nearest one in position with which
it was not tried before in this step (Gallis, Torczynski, Rader & Bird, J. Comput. Phys. 228 (2009)
4532, who leave out the partner of the last collision).  What was tried, not what collided, is left
out: the choice then knows positions and chance but no velocities, so that equilibrium and the
collision rate stay exact for any number of particles, while no pair turns its relative velocity
twice in a step, which would relax nothing.  A particle that was tried with all others meets any.

Cells of more than SEARCHED particles are searched in part: every second, third ... particle, from a
random one on.
"""

from typing import NamedTuple

import numpy as np

from dsmc.compiled import kernel, nested_kernel

SEARCHED = 128  # particles that are looked at for the nearest
REMEMBERED = 256  # pairs of a cell that were tried; of larger cells only so many are looked at


class Tried(NamedTuple):
    """The pairs of one cell that were candidates in this step, the latest REMEMBERED of them."""

    count: np.ndarray  # (1,) tried so far
    one: np.ndarray  # (REMEMBERED,) row of one particle
    other: np.ndarray  # (REMEMBERED,) and of the other


def tried(*places: int) -> Tried:
    """Lay out empty memories; of several cells, one behind the other."""
    remembered = (*places, REMEMBERED)
    return Tried(
        np.zeros((*places, 1), np.int64),
        np.zeros(remembered, np.uint64),
        np.zeros(remembered, np.uint64),
    )


@kernel
def forget(tried):
    """Begin with a new cell."""
    if tried is not None:
        tried.count[0] = 0


@nested_kernel
def remember(i, j, tried):
    """Note that a pair was tried."""
    place = tried.count[0] % tried.one.shape[0]
    tried.one[place] = i
    tried.other[place] = j
    tried.count[0] += 1


@nested_kernel
def was_tried(i, j, tried):
    """Whether a pair was tried before in this step, in either order."""
    for place in range(min(tried.count[0], tried.one.shape[0])):
        one, other = tried.one[place], tried.other[place]
        if (one == i and other == j) or (one == j and other == i):
            return True
    return False


@nested_kernel
def separation_squared(phase, i, j, first):
    """|x_i - x_j|^2 of two positions [m^2]; phase : (N, d + D), positions before column `first`."""
    total = 0.0
    for axis in range(first):
        apart = np.float64(phase[i, axis]) - np.float64(phase[j, axis])
        total += apart * apart
    return total


@nested_kernel
def meet_near(phase, i, j, start, stop, first, tried):
    """Replace a pair at random from start:stop by one of near particles; tried : None leaves it."""
    if tried is None:
        return i, j
    return i, nearest(phase, i, j, start, stop, None, first, tried)


@nested_kernel
def meet_near_members(phase, i, j, a, b, begin, member, first, tried):
    """The same of a pair of species a and b; member : (n,) rows, those of s from begin[s] on.

    The rarer species looks for its partner: the others are nearer to it than it is to them.
    """
    if tried is None:
        return i, j
    if begin[a + 1] - begin[a] > begin[b + 1] - begin[b]:
        return nearest(phase, j, i, begin[a], begin[a + 1], member, first, tried), j
    return i, nearest(phase, i, j, begin[b], begin[b + 1], member, first, tried)


@nested_kernel
def nearest(phase, i, j, begin, end, member, first, tried):
    """The nearest of some rows that was not tried with row i, else row j.

    member : the rows member[begin:end], or None for begin:end
    """
    start, stop = np.uint64(begin), np.uint64(end)
    stride = np.uint64(1) + (stop - start - np.uint64(1)) // np.uint64(SEARCHED)
    chosen, least = j, np.inf
    for place in range(start + j % stride, stop, stride):
        row = place if member is None else member[place]
        if row != i:
            square = separation_squared(phase, i, row, first)
            if square < least and not was_tried(i, row, tried):
                chosen, least = row, square
    remember(i, chosen, tried)
    return chosen
