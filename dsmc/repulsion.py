"""Stage: soft repulsion of directions, every row feeling one other drawn at random.

The rows of a cell form a random ring and each feels the next: every other row is equally likely, so
that N - 1 times its force is on average the force of them all.  Around the ring each row is read
twice in a row and written once, and all forces are those of the start.
"""

import numpy as np

from dsmc import draws
from dsmc.compiled import kernel, nested_kernel
from dsmc.draws import Address, below, words
from dsmc.lanes import column_sums, column_update, expect
from dsmc.scatter import cosine_force

LARGEST = 1e300  # beyond lie infinities and what is no number
AHEAD = np.uint64(4)  # rows of the ring whose memory is asked for early


def _products(row, other):
    return (row, row), (other, other), (row, other)


def _turn(other, row, a, b):
    return (row + (a * row + b * other),)


products = column_sums(_products)
turn_towards = column_update(_turn)


@kernel
def ring(member, address, part):
    """Shuffle member : (N,) into the order of the ring."""
    count = np.uint64(member.shape[0])
    for place in range(count):
        word, _, _, _ = words(address, draws.PARTNERS, place, part)
        other = place + below(word, count - place)
        member[place], member[other] = member[other], member[place]


@kernel
def repel(position, member, offsets, key, step, part, strength, first, counts):
    """Move every row by `strength` times the force of its whole cell, as one partner shows it.

    position : (rows, D) contiguous, changed; member : (rows,) by cell, changed
    first : (D,) workspace; counts : (2,) rows that moved and rows that could not, added to
    """
    for cell in range(offsets.shape[0] - 1):
        rows = member[offsets[cell] : offsets[cell + 1]]
        if rows.shape[0] > 1:
            ring(rows, Address(key, step, cell), part)
            go_round(position, rows, strength * (rows.shape[0] - 1), first, counts)


@nested_kernel
def go_round(position, rows, strength, first, counts):
    """Move the rows of a ring one after the other, each before the one that it feels."""
    count = np.uint64(rows.shape[0])
    start = position[rows[0]]
    for k in range(np.uint64(first.shape[0])):
        first[k] = start[k]
    for place in range(count):
        if place + AHEAD < count:
            expect(position[rows[place + AHEAD]])
        row = position[rows[place]]
        if place + np.uint64(1) < count:
            move(row, position[rows[place + np.uint64(1)]], strength, counts)
        else:
            move(row, first, strength, counts)


@nested_kernel
def move(row, other, strength, counts):
    """Move one row, or leave it where there is no finite force."""
    row_squared, other_squared, row_dot_other = products((row, other), ())
    a, b = cosine_force(row_squared, other_squared, row_dot_other)
    a, b = strength * a, strength * b
    if abs(a) < LARGEST and abs(b) < LARGEST and row_squared > 0.0 and other_squared > 0.0:
        turn_towards((other, row), (a, b))
        counts[0] += 1
    else:
        counts[1] += 1
