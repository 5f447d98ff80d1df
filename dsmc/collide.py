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
from dsmc.batch import CELLS, admit, members_at, tried_at, whole
from dsmc.census import record_collision
from dsmc.compiled import ZERO, inner_kernel, nested_kernel
from dsmc.cross_section import waiting_time
from dsmc.draws import Address, deal_words, unit, unit_as, unit_fine
from dsmc.moments import COLLISIONS, SEPARATIONS
from dsmc.pairs import (
    choose_members,
    choose_species,
    choose_two,
    measure_spread,
    raise_majorants,
    rates,
    rates_of_each,
    relative_speed_squared,
    sort_members,
    widen,
)
from dsmc.partners import forget, meet_near, meet_near_members, separation_squared
from dsmc.turning import (
    deflect_each,
    deflections,
    draw_angles,
    leave,
    relative_velocities,
    scatter_pair,
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
        admit(batch.places, 0, start, stop, address.cell, volume, dt)
        collide_cells(
            phase, species, 1, first, dimension, None, gas, address.key, address.step, time, slab,
            census, sums, batch, tally,
        )  # fmt: skip


@inner_kernel
def collide_cells(
    phase, species, cells, first, dimension, columns, gas, key, step, time, slab, census, sums,
    batch, tally,
):  # fmt: skip
    """Let the cells of a batch collide, each for its time.

    phase : (N, d + D) [m, m/s], velocities from column `first`
    dimension, columns : D and None; or for D = 3 and d > 0 None, and a tuple with an entry for each
        column of a row
    cells : how many, of two or more particles each; time : of the start [s], for the census
    sums : (cells, S, moments.COLUMNS) that takes note of the collisions, or None
    tally : (slabs, S, S, 2) candidates and collisions
    """
    places, round = batch.places, batch.round
    for place in range(cells):
        survey(phase, species, place, first, dimension, columns, batch)
    raise_majorants(ZERO, whole(cells, places.bound), gas, batch)
    left = cells
    while left > 0:
        listed = list_candidates(left, places, round)
        if species is not None:
            deal(round.place, round.index, listed, key, step, draws.SPECIES_PAIRS, places, round)
            draw_choices(whole(listed, round.choice), round)
        deal(round.place, round.index, listed, key, step, draws.CANDIDATES, places, round)
        count = advance_clocks(species, listed, places, round)
        choose(phase, species, count, first, dimension, batch)
        if listed > left:
            count = end_runs(count, places, round)
        hits = accept(species, count, gas, batch.rate, round)
        turn_hits(phase, species, hits, first, dimension, gas, key, step, places, round)
        scatter(
            phase, species, hits, first, dimension, gas, key, step, time, slab, census, sums,
            batch, tally,
        )  # fmt: skip
        left = end_round(species, count, left, slab, gas, batch, tally)


@inner_kernel
def survey(phase, species, place, first, dimension, columns, batch):
    """What there is in the cell at a place, and its clock at zero."""
    places = batch.places
    start, stop = places.start[place], places.stop[place]
    if species is None:
        batch.number[0, place] = stop - start
    else:
        begin, (base, end) = batch.begin[place], members_at(places, place)
        sort_members(species, start, stop, begin, batch.member[base : end + 1])
        for s in range(batch.number.shape[0]):
            batch.number[s, place] = begin[s + 1] - begin[s]
    measure_spread(phase, species, place, start, stop, first, dimension, columns, batch)
    if batch.tried is not None:
        forget(tried_at(batch.tried, place))
    alone = dimension is not None or batch.tried is not None
    places.run[place] = 1 if alone else longest_run(stop - start)
    places.played[place] = 0
    places.elapsed[place] = 0.0
    batch.round.open[place] = place


@nested_kernel
def longest_run(number):
    """How many candidates of n particles are tried at once.

    A run of r has a particle twice with a chance of about 2 r^2 / n: one half at most.
    """
    run = 1
    while number >= FULL and run < CELLS and 4 * (run + 1) * (run + 1) <= number:
        run += 1
    return run


@inner_kernel
def list_candidates(left, places, round):
    """The next candidates of the open places, place by place; returns how many.

    A place may have several if there is room for as many of all.
    """
    longest, count = CELLS // left, 0
    for k in range(left):
        place = round.open[k]
        places.over[place] = 0
        places.wider[place] = NOT_YET
        for further in range(min(longest, places.run[place])):
            round.place[count] = place
            round.index[count] = places.played[place] + further
            count += 1
    return count


@inner_kernel
def deal(numbers, indices, count, key, step, stream, places, round):
    """Give four words to each of some candidates; numbers, indices : their places and indices."""
    for k in range(count):
        round.named[k] = places.label[numbers[k]]
    words = round.word_0, round.word_1, round.word_2, round.word_3
    deal_words(round.named, indices, count, key, step, stream, words)


@nested_kernel
def draw_choices(count, round):
    """Uniform numbers, which choose the species of pairs."""
    for k in range(count):
        round.choice[k] = unit_fine(round.word_0[k], round.word_1[k])


@inner_kernel
def advance_clocks(species, count, places, round):
    """Let the clocks go on to the candidates; returns how many come in time, first in the list.

    Their first three words stay with them: they choose the pair, and whether it collides. So does
    the number that chooses its species.
    """
    kept = 0
    for k in range(count):
        place = round.place[k]
        now = places.product[place] * unit(round.word_3[k])
        places.product[place] = now
        round.place[kept], round.index[kept], round.clock[kept] = place, round.index[k], now
        round.word_0[kept], round.word_1[kept] = round.word_0[k], round.word_1[k]
        round.word_2[kept] = round.word_2[k]
        if species is not None:
            round.choice[kept] = round.choice[k]
        in_time = np.int64(now > places.last[place])
        places.over[place] |= 1 - in_time
        kept += in_time
    return kept


@inner_kernel
def choose(phase, species, count, first, dimension, batch):
    """A pair for each candidate, and its squared relative speed."""
    places, round = batch.places, batch.round
    for k in range(count):
        place, word_i, word_j = round.place[k], round.word_0[k], round.word_1[k]
        start, stop = places.start[place], places.stop[place]
        if species is None:
            i, j = choose_two(start, stop - start, word_i, word_j)
            i, j = meet_near(phase, i, j, start, stop, first, tried_at(batch.tried, place))
        else:
            begin, (base, end) = batch.begin[place], members_at(places, place)
            flow, member = batch.flow[:, :, place], batch.member[base:end]
            a, b = choose_species(round.choice[k] * places.total[place], flow)
            i, j = choose_members(a, b, begin, member, word_i, word_j)
            i, j = meet_near_members(
                phase, i, j, a, b, begin, member, first, tried_at(batch.tried, place)
            )
            round.kind[k], round.other_kind[k] = a, b
        round.one[k], round.other[k] = i, j
        round.g_squared[k] = relative_speed_squared(phase, i, j, first, dimension)


@inner_kernel
def end_runs(count, places, round):
    """End every run before a candidate that has a particle of an earlier one; how many stay."""
    kept, begin, ended = ZERO, ZERO, False
    for k in range(count):
        place = round.place[k]
        if k == 0 or place != round.place[k - 1]:
            begin, ended = kept, False
        ended = ended or meets_again(round.one, round.other, begin, kept, k)
        if ended:
            places.over[place] = 0
        else:
            keep(k, kept, round)
            kept += 1
    return kept


@nested_kernel
def meets_again(one, other, begin, end, k):
    """Whether candidate k has a particle of the candidates begin:end."""
    i, j, again = one[k], other[k], False
    for earlier in range(begin, end):
        again |= (one[earlier] == i) | (other[earlier] == i)
        again |= (one[earlier] == j) | (other[earlier] == j)
    return again


@inner_kernel
def keep(k, kept, round):
    """Move a candidate forward in the list."""
    round.place[kept], round.index[kept], round.clock[kept] = (
        round.place[k], round.index[k], round.clock[k],
    )  # fmt: skip
    round.one[kept], round.other[kept] = round.one[k], round.other[k]
    round.kind[kept], round.other_kind[kept] = round.kind[k], round.other_kind[k]
    round.g_squared[kept], round.word_2[kept] = round.g_squared[k], round.word_2[k]


@inner_kernel
def accept(species, count, gas, rate, round):
    """Which of the candidates collide, by sigma g: how many, first in the list of hits."""
    if species is None:
        column = round.likely[:]  # of the type that rows of majorants have: one kernel for both
        rates(round.g_squared, ZERO, whole(count, column), gas, ZERO, ZERO, column)
        for k in range(count):
            round.x[k] = rate[0, 0, round.place[k]]
        return accepted(count, round.x, round)
    for k in range(whole(count, round.y)):
        a, b = round.kind[k], round.other_kind[k]
        round.y[k], round.z[k] = gas.prefactor[a, b], gas.half_exponent[a, b]
    rates_of_each(whole(count, round.y), round.y, round.z, round)
    for k in range(count):
        round.x[k] = rate[round.kind[k], round.other_kind[k], round.place[k]]
    return accepted(count, round.x, round)


@nested_kernel
def accepted(count, majorant, round):
    """The candidates whose sigma g exceeds a random share of its majorant; how many.

    majorant : (candidates,) of each; used up
    """
    one, hits = majorant.dtype.type(1.0), 0
    for k in range(whole(count, majorant)):
        majorant[k] *= unit_as(one, round.word_2[k])
    for k in range(count):
        round.hit[hits] = k
        hits += np.int64(majorant[k] < round.likely[k])
    return hits


@inner_kernel
def turn_hits(phase, species, hits, first, dimension, gas, key, step, places, round):
    """Draw how the hits scatter; in three dimensions, turn their relative velocities."""
    for n in range(hits):
        k = round.hit[n]
        round.struck[n], round.drawn[n] = round.place[k], round.index[k]
    deal(round.struck, round.drawn, hits, key, step, draws.SCATTERING, places, round)
    if dimension is None:
        relative_velocities(phase, hits, first, round)
        draw_angles(whole(hits, round.x), round)
        if species is None:
            deflections(0, whole(hits, round.x), gas.inverse_alpha[0, 0], round)
        else:
            deflect_each(hits, gas, round)


@inner_kernel
def scatter(
    phase, species, hits, first, dimension, gas, key, step, time, slab, census, sums, batch, tally
):
    """Let the hits collide, cell by cell until one raises the majorant."""
    places, round = batch.places, batch.round
    for n in range(hits):
        k, place = np.int64(round.hit[n]), round.struck[n]
        if places.wider[place] != NOT_YET:
            continue
        i, j = round.one[k], round.other[k]
        a, b = 0, 0
        if species is not None:
            a, b = round.kind[k], round.other_kind[k]
        if census is not None:
            elapsed = waiting_time(round.clock[k], places.total[place])
            moment = time + places.elapsed[place] + elapsed
            record_collision(phase, i, first, census, slab, moment)
            record_collision(phase, j, first, census, slab, moment)
        if sums is not None:
            own = sums[places.label[place], a]
            own[COLLISIONS] += 1.0
            own[SEPARATIONS] += separation_squared(phase, i, j, first)
        if dimension is None:
            leave(phase, i, j, first, gas.share[a, b], gas.share[b, a], n, round)
        else:
            address = Address(key, step, places.label[place])
            draw, dealt = np.int64(round.drawn[n]), (round.word_0[n], round.word_1[n])
            scatter_pair(phase, i, j, first, gas, a, b, address, draw, dealt, batch.normal)
        tally[slab, a, b, 1] += 1
        centre, farthest = batch.centre[place], batch.farthest[:, place]
        wider = widen(phase, i, first, dimension, a, centre, farthest)
        wider = widen(phase, j, first, dimension, b, centre, farthest) or wider
        places.wider[place] = k if wider else NOT_YET


@inner_kernel
def end_round(species, count, left, slab, gas, batch, tally):
    """Count what was played and set the clocks to it; returns how many places stay open."""
    places, round = batch.places, batch.round
    played = 0
    for k in range(count):
        place = round.place[k]
        if k <= places.wider[place]:
            places.product[place] = round.clock[k]
            places.played[place] = np.int64(round.index[k]) + 1
            played += 1
            if species is not None:
                tally[slab, round.kind[k], round.other_kind[k], 0] += 1
    if species is None:
        tally[slab, 0, 0, 0] += played
    left = still_open(left, places, round)
    ended = to_be_set(left, places, round)
    for n in range(ended):
        place = np.int64(round.hit[n])
        places.elapsed[place] += waiting_time(places.product[place], places.total[place])
        raise_majorants(place, place + 1, gas, batch)
    return left


@nested_kernel
def still_open(count, places, round):
    """The places whose step is not over; returns how many, first in the list."""
    kept = 0
    for k in range(count):
        place = round.open[k]
        round.open[kept] = place
        kept += np.int64((places.over[place] == 0) | (places.wider[place] != NOT_YET))
    return kept


@nested_kernel
def to_be_set(count, places, round):
    """The places whose clocks are read and set to zero; returns how many, first in `round.hit`.

    For a new flow of candidates, or before the product underflows.
    """
    found = 0
    for k in range(count):
        place = round.open[k]
        round.hit[found] = place
        found += np.int64((places.wider[place] != NOT_YET) | (places.product[place] < TINY))
    return found
