"""Stage: no-time-counter collisions, verb by verb over a batch of cells.

Four verbs, as in every DSMC code: when is the next candidate, accept?, (exchange), scatter.

Candidates come as a Poisson process of rate N(N-1)/2 F_N (sigma g)_max / V, so that the collision
part of a step is Kac's jump process itself: no error in dt, at any N >= 2, and every collision has
its own time.

A round holds the next candidates of every cell of the batch that has any left: one of a cell of
few particles, of a fuller one a run of them, up to the first that has a particle of another. What
comes behind a collision that raised the majorant is played in the next round: every cell sees the
sequence of candidates that it would see alone, one by one.

    Bird 1994, chapter 11.
    S. Rjasanow & W. Wagner, Stochastic Numerics for the Boltzmann Equation, Springer 2005.
"""

import numpy as np

from dsmc import draws
from dsmc.batch import CELLS, admit, members_at, tried_at
from dsmc.census import record_collision
from dsmc.compiled import inner_kernel, kernel
from dsmc.cross_section import waiting_time
from dsmc.draws import Address, deal_words, unit
from dsmc.moments import COLLISIONS, SEPARATIONS
from dsmc.pairs import (
    choose_members,
    choose_species,
    choose_two,
    measure_spread,
    raise_majorants,
    rates,
    relative_speed_squared,
    sigma_g,
    sort_members,
    widen,
)
from dsmc.partners import forget, meet_near, meet_near_members, separation_squared
from dsmc.turning import (
    AZIMUTH,
    COSINE,
    deflections,
    leave,
    relative_velocities,
    scatter_pair,
    unit_numbers,
)

TINY = 1e-200  # far from underflow
FULL = 64  # particles of a cell that may have several candidates in a round
NOT_YET = CELLS  # no candidate of a round is behind this one


@inner_kernel
def collide_cell(
    phase, species, start, stop, first, dimension, volume, gas, dt, address, time, slab, census,
    sums, batch, tally,
):  # fmt: skip
    """Let the particles start:stop of one cell collide for a time dt: `collide_cells` for one."""
    if stop - start > 1:
        admit(batch, 0, start, stop, address.cell, volume, dt)
        collide_cells(
            phase, species, 1, first, dimension, gas, address.key, address.step, time, slab,
            census, sums, batch, tally,
        )  # fmt: skip


@inner_kernel
def collide_cells(
    phase, species, cells, first, dimension, gas, key, step, time, slab, census, sums, batch, tally
):
    """Let the cells of a batch collide, each for its time.

    phase : (N, d + D) [m, m/s], velocities from column `first`; dimension : D, or None for D = 3
    cells : how many, of two or more particles each; time : of the start [s], for the census
    sums : (cells, S, moments.COLUMNS) that takes note of the collisions, or None
    tally : (slabs, S, S, 2) candidates and collisions
    """
    for place in range(cells):
        survey(phase, species, place, first, dimension, batch)
    raise_majorants(0, cells, gas, batch)
    left = cells
    while left > 0:
        listed = list_candidates(left, batch)
        deal(batch.place, batch.index, listed, key, step, draws.CANDIDATES, batch)
        count = advance_clocks(listed, batch)
        choose(phase, species, count, first, dimension, key, step, batch)
        if listed > left:
            count = end_runs(count, batch)
        hits = accept(species, count, gas, batch)
        turn_hits(phase, species, hits, first, dimension, gas, key, step, batch)
        scatter(
            phase, species, hits, first, dimension, gas, key, step, time, slab, census, sums,
            batch, tally,
        )  # fmt: skip
        left = end_round(species, count, left, slab, gas, batch, tally)


@inner_kernel
def survey(phase, species, place, first, dimension, batch):
    """What there is in the cell at a place, and its clock at zero."""
    start, stop = batch.start[place], batch.stop[place]
    measure_spread(phase, species, place, start, stop, first, dimension, batch)
    if species is None:
        batch.number[0, place] = stop - start
    else:
        begin, (base, end) = batch.begin[place], members_at(batch, place)
        sort_members(species, start, stop, begin, batch.member[base:end])
        for s in range(batch.number.shape[0]):
            batch.number[s, place] = begin[s + 1] - begin[s]
    if batch.tried is not None:
        forget(tried_at(batch.tried, place))
    alone = dimension is not None or batch.tried is not None
    batch.run[place] = 1 if alone else longest_run(stop - start)
    batch.open[place] = place
    batch.played[place] = 0
    batch.elapsed[place] = 0.0


@kernel
def longest_run(number):
    """How many candidates of n particles are tried at once.

    A run of r has a particle twice with a chance of about 2 r^2 / n: one half at most.
    """
    run = 1
    while number >= FULL and run < CELLS and 4 * (run + 1) * (run + 1) <= number:
        run += 1
    return run


@inner_kernel
def list_candidates(left, batch):
    """The next candidates of the open places, place by place; returns how many.

    A place may have several if there is room for as many of all.
    """
    longest, count = CELLS // left, 0
    for k in range(left):
        place = batch.open[k]
        batch.over[place] = False
        batch.wider[place] = NOT_YET
        for further in range(min(longest, batch.run[place])):
            batch.place[count] = place
            batch.index[count] = batch.played[place] + further
            count += 1
    return count


@inner_kernel
def deal(places, indices, count, key, step, stream, batch):
    """Give four words to each candidate, from its address."""
    for k in range(count):
        batch.named[k] = batch.label[places[k]]
    deal_words(batch.named, indices, count, key, step, stream, batch.words)


@inner_kernel
def advance_clocks(count, batch):
    """Let the clocks go on to the candidates; returns how many come in time, first in the list.

    Their first three words stay with them: they choose the pair, and whether it collides.
    """
    kept = 0
    w_0, w_1, w_2, w_3 = batch.words
    for k in range(count):
        place = batch.place[k]
        now = batch.product[place] * unit(w_3[k])
        batch.product[place] = now
        batch.place[kept], batch.index[kept], batch.clock[kept] = place, batch.index[k], now
        w_0[kept], w_1[kept], w_2[kept] = w_0[k], w_1[k], w_2[k]
        in_time = now > batch.last[place]
        batch.over[place] |= not in_time
        kept += np.int64(in_time)
    return kept


@inner_kernel
def choose(phase, species, count, first, dimension, key, step, batch):
    """A pair for each candidate, and its squared relative speed."""
    w_0, w_1, _, _ = batch.words
    for k in range(count):
        place = batch.place[k]
        start, stop = batch.start[place], batch.stop[place]
        if species is None:
            i, j = choose_two(start, stop - start, w_0[k], w_1[k])
            i, j = meet_near(phase, i, j, start, stop, first, tried_at(batch.tried, place))
        else:
            address = Address(key, step, batch.label[place])
            begin, (base, end) = batch.begin[place], members_at(batch, place)
            flow, member = batch.flow[:, :, place], batch.member[base:end]
            a, b = choose_species(batch.total[place], flow, address, batch.index[k])
            i, j = choose_members(a, b, begin, member, w_0[k], w_1[k])
            i, j = meet_near_members(
                phase, i, j, a, b, begin, member, first, tried_at(batch.tried, place)
            )
            batch.kinds[0, k], batch.kinds[1, k] = a, b
        batch.one[k], batch.other[k] = i, j
        batch.first[k] = relative_speed_squared(phase, i, j, first, dimension)


@inner_kernel
def end_runs(count, batch):
    """End every run before a candidate that has a particle of an earlier one; how many stay."""
    kept, begin, ended = 0, 0, False
    for k in range(count):
        place = batch.place[k]
        if k == 0 or place != batch.place[k - 1]:
            begin, ended = kept, False
        ended = ended or meets_again(batch.one, batch.other, begin, kept, k)
        if ended:
            batch.over[place] = False
        else:
            keep(batch, k, kept)
            kept += 1
    return kept


@kernel
def meets_again(one, other, begin, end, k):
    """Whether candidate k has a particle of the candidates begin:end."""
    i, j, again = one[k], other[k], False
    for earlier in range(begin, end):
        again |= (one[earlier] == i) | (other[earlier] == i)
        again |= (one[earlier] == j) | (other[earlier] == j)
    return again


@inner_kernel
def keep(batch, k, kept):
    """Move a candidate forward in the list."""
    batch.place[kept], batch.index[kept] = batch.place[k], batch.index[k]
    batch.clock[kept], batch.first[kept] = batch.clock[k], batch.first[k]
    batch.one[kept], batch.other[kept] = batch.one[k], batch.other[k]
    batch.kinds[0, kept], batch.kinds[1, kept] = batch.kinds[0, k], batch.kinds[1, k]
    batch.words[2][kept] = batch.words[2][k]


@inner_kernel
def accept(species, count, gas, batch):
    """Which of the candidates collide, by sigma g: how many, first in the list of hits."""
    if species is None:
        rates(batch.first, 0, count, gas, 0, 0, batch.second)
        return accepted(
            batch.place, count, batch.words[2], batch.rate[0, 0], batch.second, batch.hit
        )
    hits = 0
    for k in range(count):
        a, b = batch.kinds[0, k], batch.kinds[1, k]
        likely = sigma_g(batch.first[k], gas, a, b)
        batch.hit[hits] = k
        hits += np.int64(unit(batch.words[2][k]) * batch.rate[a, b, batch.place[k]] < likely)
    return hits


@kernel
def accepted(places, count, word, rate, likely, hit):
    """The candidates whose sigma g exceeds a random share of its majorant; how many."""
    hits = 0
    for k in range(count):
        hit[hits] = k
        hits += np.int64(unit(word[k]) * rate[places[k]] < likely[k])
    return hits


@inner_kernel
def turn_hits(phase, species, hits, first, dimension, gas, key, step, batch):
    """Draw how the hits scatter; in three dimensions, turn their relative velocities."""
    for n in range(hits):
        k = batch.hit[n]
        batch.struck[n], batch.drawn[n] = batch.place[k], batch.index[k]
    deal(batch.struck, batch.drawn, hits, key, step, draws.SCATTERING, batch)
    if dimension is None:
        w_0, w_1, w_2, w_3 = batch.words
        relative_velocities(phase, batch.hit, batch.one, batch.other, hits, first, batch.turning)
        unit_numbers(w_0, w_1, hits, batch.turning[COSINE * CELLS :])
        unit_numbers(w_2, w_3, hits, batch.turning[AZIMUTH * CELLS :])
        if species is None:
            deflections(0, hits, gas.inverse_alpha[0, 0], batch.turning)
        else:
            for n in range(hits):
                k = batch.hit[n]
                alpha = gas.inverse_alpha[batch.kinds[0, k], batch.kinds[1, k]]
                deflections(n, n + 1, alpha, batch.turning)


@inner_kernel
def scatter(
    phase, species, hits, first, dimension, gas, key, step, time, slab, census, sums, batch, tally
):
    """Let the hits collide, cell by cell until one raises the majorant."""
    for n in range(hits):
        k, place = np.int64(batch.hit[n]), batch.struck[n]
        if batch.wider[place] != NOT_YET:
            continue
        i, j = batch.one[k], batch.other[k]
        a, b = 0, 0
        if species is not None:
            a, b = batch.kinds[0, k], batch.kinds[1, k]
        if census is not None:
            elapsed = waiting_time(batch.clock[k], batch.total[place])
            moment = time + batch.elapsed[place] + elapsed
            record_collision(phase, i, first, census, slab, moment)
            record_collision(phase, j, first, census, slab, moment)
        if sums is not None:
            own = sums[batch.label[place], a]
            own[COLLISIONS] += 1.0
            own[SEPARATIONS] += separation_squared(phase, i, j, first)
        if dimension is None:
            leave(phase, i, j, first, gas.share[a, b], gas.share[b, a], n, batch.turning)
        else:
            address = Address(key, step, batch.label[place])
            draw, dealt = np.int64(batch.drawn[n]), (batch.words[0][n], batch.words[1][n])
            scatter_pair(phase, i, j, first, gas, a, b, address, draw, dealt, batch.normal)
        tally[slab, a, b, 1] += 1
        centre, farthest = batch.centre[place], batch.farthest[:, place]
        wider = widen(phase, i, first, dimension, a, centre, farthest)
        wider = widen(phase, j, first, dimension, b, centre, farthest) or wider
        batch.wider[place] = k if wider else NOT_YET


@inner_kernel
def end_round(species, count, left, slab, gas, batch, tally):
    """Count what was played and set the clocks to it; returns how many places stay open."""
    played = 0
    for k in range(count):
        place = batch.place[k]
        if k <= batch.wider[place]:
            batch.product[place] = batch.clock[k]
            batch.played[place] = np.int64(batch.index[k]) + 1
            played += 1
            if species is not None:
                tally[slab, batch.kinds[0, k], batch.kinds[1, k], 0] += 1
    if species is None:
        tally[slab, 0, 0, 0] += played
    left = still_open(batch.open, left, batch.over, batch.wider)
    ended = to_be_set(batch.open, left, batch.wider, batch.product, batch.hit)
    for n in range(ended):
        place = np.int64(batch.hit[n])
        batch.elapsed[place] += waiting_time(batch.product[place], batch.total[place])
        raise_majorants(place, place + 1, gas, batch)
    return left


@kernel
def still_open(open, count, over, wider):
    """The places whose step is not over; returns how many, first in the list."""
    kept = 0
    for k in range(count):
        place = open[k]
        open[kept] = place
        kept += np.int64((not over[place]) | (wider[place] != NOT_YET))
    return kept


@kernel
def to_be_set(open, count, wider, product, places):
    """The places whose clocks are read and set to zero; returns how many.

    For a new flow of candidates, or before the product underflows.
    """
    found = 0
    for k in range(count):
        places[found] = open[k]
        found += np.int64((wider[open[k]] != NOT_YET) | (product[open[k]] < TINY))
    return found
