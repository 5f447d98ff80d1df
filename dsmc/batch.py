"""The cells that one thread has at hand: majorants, clocks and pairs of all, side by side.

Collisions go verb by verb over a batch of cells (`dsmc.collide`). A loop over places that follows
no chance is made of vector instructions, and what one cell waits for is filled with the others.
"""

from typing import NamedTuple

import numpy as np

from dsmc.compiled import inner_kernel
from dsmc.partners import Tried, tried

CELLS = 128  # in a batch, and candidates in a round, at most; a multiple of 8
ROWS = 1280  # in a batch, if it has more than one cell: they stay in a near cache


class Batch(NamedTuple):
    """One thread's workspace; `places` is the place of a cell in the batch."""

    # What it was told (`admit`).
    start: np.ndarray  # (places,) first row of the cell
    stop: np.ndarray  # (places,) and the row behind the last
    label: np.ndarray  # (places,) number of the cell in the addresses of random numbers
    volume: np.ndarray  # (places,) [m^3]
    time: np.ndarray  # (places,) for which it collides [s]
    # Majorants (`dsmc.pairs`).
    centre: np.ndarray  # (places, D) a velocity amid the others, in the precision of the rows
    farthest: np.ndarray  # (S, places) max |v - centre|^2 of each species, or more
    number: np.ndarray  # (S, places) particles of each species
    rate: np.ndarray  # (S, S, places) majorant of sigma g
    flow: np.ndarray  # (S, S, places) candidates per second
    total: np.ndarray  # (places,) candidates per second, of all species
    begin: np.ndarray  # (places, S + 1) first member of each species
    member: np.ndarray  # (rows,) of a mixture: rows sorted by species, cell by cell
    tried: Tried | None  # pairs of this step, where partners are the nearest
    # Clocks.
    elapsed: np.ndarray  # (places,) time at which the clock was set to zero [s]
    product: np.ndarray  # (places,) of the uniforms since then
    last: np.ndarray  # (places,) below it the step is over
    played: np.ndarray  # (places,) candidates so far
    run: np.ndarray  # (places,) candidates in a round, at most
    # A round: the places in it, then its candidates, then those that collide.
    open: np.ndarray  # (places,) whose step is not over
    over: np.ndarray  # (places,) whether no candidate comes in time any more
    wider: np.ndarray  # (places,) the candidate whose velocities left what the majorant bounds
    place: np.ndarray  # (candidates,)
    index: np.ndarray  # (candidates,) how many the place had before
    clock: np.ndarray  # (candidates,) product of the uniforms up to it
    one: np.ndarray  # (candidates,) row of a particle
    other: np.ndarray  # (candidates,) and of its partner
    kinds: np.ndarray  # (2, candidates) their species
    hit: np.ndarray  # (hits,) candidates that collide
    struck: np.ndarray  # (hits,) their places
    drawn: np.ndarray  # (hits,) their indices
    named: np.ndarray  # (any,) labels of those that are dealt words
    words: tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]  # four of (any,)
    first: np.ndarray  # (any,) numbers on the way of a law
    second: np.ndarray  # (any,)
    turning: np.ndarray  # (5 hits,) columns of relative velocities and how they turn
    normal: np.ndarray  # (D,) a direction, unless D = 3


def batch(
    components: int,
    species_count: int,
    largest: int,
    dtype: type = np.float64,
    near: bool = False,
) -> Batch:
    """Lay out a workspace for rows of the given precision.

    largest : rows of a batch, for mixtures only
    near : partners are the nearest particles, not any (see `dsmc.partners`)
    """

    def numbers(*shape: int) -> np.ndarray:
        return np.zeros((*shape, CELLS))

    def whole(*shape: int) -> np.ndarray:
        return np.zeros((*shape, CELLS), np.int64)

    def rows() -> np.ndarray:
        return np.zeros(CELLS, np.uint64)

    kinds = species_count
    return Batch(
        start=whole(), stop=whole(), label=whole(), volume=numbers(), time=numbers(),
        centre=np.zeros((CELLS, components), dtype), farthest=numbers(kinds),
        number=numbers(kinds), rate=numbers(kinds, kinds), flow=numbers(kinds, kinds),
        total=numbers(), begin=np.zeros((CELLS, kinds + 1), np.int64),
        member=np.empty(largest, np.uint64), tried=tried(CELLS) if near else None,
        elapsed=numbers(), product=numbers(), last=numbers(), played=whole(), run=whole(),
        open=rows(), over=np.zeros(CELLS, np.bool_), wider=whole(), place=rows(), index=rows(),
        clock=numbers(), one=rows(), other=rows(), kinds=whole(2), hit=rows(), struck=rows(),
        drawn=rows(), named=rows(), words=(rows(), rows(), rows(), rows()), first=numbers(),
        second=numbers(), turning=np.zeros(5 * CELLS), normal=np.empty(components),
    )  # fmt: skip


@inner_kernel
def admit(batch, place, start, stop, label, volume, time):
    """Give a place to the cell of rows start:stop, which is to collide for a time."""
    batch.start[place] = start
    batch.stop[place] = stop
    batch.label[place] = label
    batch.volume[place] = volume
    batch.time[place] = time


@inner_kernel
def members_at(batch, place):
    """Where `Batch.member` has those of the cell at a place: the first, and behind the last."""
    base = batch.start[0]
    return batch.start[place] - base, batch.stop[place] - base


@inner_kernel
def tried_at(tried, place):
    """The memory of the cell at a place."""
    if tried is None:
        return None
    return Tried(tried.count[place], tried.one[place], tried.other[place])
