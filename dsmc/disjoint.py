"""Stage: disjoint candidate pairs, a round at a time: every row meets one other at most.

Within a round no pair touches another's rows, so their order does not matter and they can be
collided side by side.  Every pair of rows of a cell is an equally likely candidate.

    The shuffle is that of D. E. Knuth, The Art of Computer Programming 2, section 3.4.2, P.
"""

import numpy as np

from dsmc import draws
from dsmc.compiled import kernel, nested_kernel
from dsmc.draws import below, unit_fine, words

ROUNDS = 64  # at most, of one step
SAMPLE = 32  # pairs that tell the mean relative speed of a cell, drawn anew in every round
_TWO = np.uint64(2)
_ONE = np.uint64(1)


@kernel
def pair_up(member, pairs, address, part, chance):
    """Shuffle so that rows 2 p and 2 p + 1 of `member` are pair p; uniforms for their acceptance.

    member : (N,) rows of a cell, changed; pairs : how many, N/2 at most; chance : (>= pairs,)
    """
    count = np.uint64(member.shape[0])
    for pair in range(np.uint64(pairs)):
        w_0, w_1, w_2, w_3 = words(address, draws.PAIRING, pair, part)
        place = _TWO * pair
        _swap(member, place, place + below(w_0, count - place))
        place += _ONE
        _swap(member, place, place + below(w_1, count - place))
        chance[pair] = unit_fine(w_2, w_3)


@nested_kernel
def _swap(member, a, b):
    member[a], member[b] = member[b], member[a]


@kernel
def pairs_due(left, likely, count, address, part):
    """Pairs of a round that is to bring `left` collisions if each pair collides with chance
    `likely`: a whole number, right on average, and N/2 at most."""
    wanted = left / likely
    most = count // 2
    if wanted >= most:
        return most
    whole = int(wanted)
    w_0, w_1, _, _ = words(address, draws.PAIRING, most, part)
    return whole + (1 if unit_fine(w_0, w_1) < wanted - whole else 0)


@kernel
def fast_pairs(member, reach, address, part, sample):
    """Draw pairs in proportion to the sum of their two reaches; sample : (SAMPLE, 2) rows.

    The first row of a pair is drawn in proportion to its reach, the second evenly.
    member : (N,) rows of a cell; reach : (rows,) |v - c| [m/s], not all zero
    """
    count = np.uint64(member.shape[0])
    total = 0.0
    for a in range(count):
        total += reach[member[a]]
    passed, a = reach[member[0]], np.uint64(0)
    for draw in range(np.uint64(sample.shape[0])):
        w_0, w_1, w_2, _ = words(address, draws.SPEED_SAMPLE, draw, part)
        level = (draw + unit_fine(w_0, w_1)) / sample.shape[0] * total  # one in every stratum
        while passed < level and a + _ONE < count:
            a += _ONE
            passed += reach[member[a]]
        b = below(w_2, count - _ONE)
        sample[draw, 0] = member[a]
        sample[draw, 1] = member[b + _ONE if b >= a else b]
