"""Stage: free flight through the box, with exact times of arrival at its faces.

A particle flies until it meets a face, the face acts, and it flies the rest of the step: one step
may hold several hits.  Positions are only ever set to x + v t or exactly onto a face; they are
never folded, which would round in the interior too.  In a field of force flights are parabolas
(`dsmc.fall`); which of the two it is, is known when the kernels are compiled.
"""

import numpy as np

from dsmc.cells import cell_of
from dsmc.compiled import COMPILED, ZERO, inner_kernel, law, nested_kernel
from dsmc.crossings import cross_planes
from dsmc.draws import Address
from dsmc.fall import fall_inside, fall_to_faces
from dsmc.fetch import pieces
from dsmc.row_flights import at_once, rows_into_cells
from dsmc.row_vectors import expect_fetch, expect_row
from dsmc.walls import NO_AXIS, reach_face


def _drift(x, v, dt):
    """Where a straight flight leads: x + v t."""
    return x + v * dt


drifted = law(_drift)  # for rows one by one; the other is built of the formula itself
drift_into_cells = rows_into_cells(_drift)


@inner_kernel
def fly_cells(
    phase, species, offsets, begin, end, model, acceleration, planes, key, step, destination,
    histogram, tally, origin, ahead, columns, far,
):  # fmt: skip
    """Let the particles of some cells fly for one time step; note and count their new cells.

    Those that leave the box are counted in the last column, behind the cells.  A loop goes over the
    rows of all cells, some at a time, and a second one over those that meet faces: only they ask
    which cell they are in.

    phase : (N, d + 3) [m, m/s]; acceleration, planes : of the model, or None
    offsets : (cells + 1,); destination : (N,); histogram : (cells + 1,); tally : (rows, columns)
    origin, ahead : what is asked for behind these cells (`dsmc.fetch`)
    columns : a tuple with an entry for each column of a row
    far : (n,) workspace: so many rows at a time, best a multiple of `at_once`
    """
    own, outside = begin, histogram.shape[0] - 1
    for low, high, shift, entry, fetched in pieces(offsets[begin], offsets[end], origin, ahead):
        for start in range(np.uint64(low), np.uint64(high), np.uint64(far.shape[0])):
            stop = min(start + np.uint64(far.shape[0]), np.uint64(high))
            met = fly_near(
                phase, species, start, stop, model, acceleration, planes, destination, histogram,
                tally, origin, np.uint64(shift), np.uint64(entry), fetched, columns, far,
            )  # fmt: skip
            for n in range(met):
                row = far[n]
                while offsets[own + 1] <= np.int64(row):
                    own += 1
                new = np.int64(fly_far(
                    phase, row, species, model, acceleration, planes, model.time_step,
                    Address(key, step, own), np.int64(row) - offsets[own], tally, outside,
                ))  # fmt: skip
                destination[row] = new
                histogram[outside] -= 1
                histogram[new] += 1


@inner_kernel
def fly_near(
    phase, species, start, stop, model, acceleration, planes, destination, histogram, tally, origin,
    shift, entry, fetched, columns, far,
):  # fmt: skip
    """Let rows start:stop fly that meet no face; returns how many others there are, listed in far.

    Those are counted in the last column of the histogram and stay where they are: a loop without
    them is short, and has what it needs in registers.

    shift, entry, fetched : of `dsmc.fetch.pieces`; far : (n,) for stop - start rows or more;
    the others as in `fly_cells`
    """
    grid, dt, met = model.grid, model.flight_time, ZERO
    outside = histogram.shape[0] - 1
    if COMPILED and acceleration is None:
        start, met = fly_together(
            phase, start, stop, grid, grid.grading, planes, dt, destination, histogram, origin,
            shift, entry, fetched, columns, far,
        )  # fmt: skip
    for row in range(start, stop):
        if COMPILED:
            ask_ahead(phase, row + shift, origin, entry, fetched, columns)
        if acceleration is None:
            new = drift_inside(phase, row, species, model, planes, grid, dt, tally, outside)
        else:
            stays = fall_inside(phase, row, species, model, acceleration, planes, dt, tally)
            new = np.int64(cell_of(phase, row, grid)) if stays else outside
        far[met] = row
        met += np.int64(new == outside)
        destination[row] = new
        histogram[np.uint64(new)] += 1
    return met


@inner_kernel
def fly_together(
    phase, start, stop, grid, grading, planes, dt, destination, histogram, origin, shift, entry,
    fetched, columns, far,
):  # fmt: skip
    """The same as `fly_near` for the first of some rows, as many at a time as registers hold.

    Where cells are even and no planes are crossed: else there are none.

    Returns the first row that is left, and how many of those before it meet a face.
    """
    met = ZERO
    if planes is not None or grading is not None:
        return start, met
    count, outside = at_once(phase), histogram.shape[0] - 1
    left = stop - (stop - start) % count
    for first in range(start, left, count):
        for row in range(first, first + count):
            ask_ahead(phase, row + shift, origin, entry, fetched, columns)
        all_stay = drift_into_cells(
            phase, first, columns, dt, grid.lengths, grid.inverse_width, grid.cells, outside,
            destination,
        )  # fmt: skip
        for row in range(first, first + count):
            histogram[np.uint64(destination[row])] += 1
        if not all_stay:
            for row in range(first, first + count):
                far[met] = row
                met += np.int64(destination[row] == outside)
    return left, met


@inner_kernel
def ask_ahead(phase, row, origin, entry, fetched, columns):
    """Ask the memory for a row, and for what is still to be fetched there; see `fly_near`."""
    if fetched:
        expect_fetch(phase, row, origin.rows, origin.order, entry, columns)
    else:
        expect_row(phase, row, columns)


@inner_kernel
def drift_inside(phase, row, species, model, planes, grid, dt, tally, elsewhere):
    """Let a particle drift for a step; its new cell, or `elsewhere` if it would meet a face.

    Then it stays where it is.
    """
    axes = len(grid.lengths)
    zero = 0 * dt  # in the precision of the rows
    inside = True
    for axis in range(axes):
        x = drifted(phase[row, axis], phase[row, axes + axis], dt)
        inside = inside & (x >= zero) & (x <= grid.lengths[axis])
    if not inside:
        return elsewhere
    if planes is not None:
        cross_planes(phase, row, species, None, planes, model.gas.mass, dt, tally)
    for axis in range(axes):
        phase[row, axis] = drifted(phase[row, axis], phase[row, axes + axis], dt)
    return np.int64(cell_of(phase, row, grid))


@nested_kernel
def fly_far(
    phase, row, species, model, acceleration, planes, left, address, rank, tally, outside
):  # fmt: skip
    """Let a particle fly for the time `left`; its new cell, or `outside` if it leaves the box.

    rank : its place in its cell
    """
    if acceleration is None:
        stays = fly_to_faces(phase, row, species, model, planes, left, address, rank, tally)
    else:
        stays = fall_to_faces(
            phase, row, species, model, acceleration, planes, left, address, rank, tally
        )  # fmt: skip
    return cell_of(phase, row, model.grid) if stays else np.uint64(outside)


@nested_kernel
def fly_to_faces(phase, row, species, model, planes, left, address, rank, tally):
    """Fly one particle for the time `left`, from face to face; False if it leaves the box.

    rank : its place in its cell
    """
    lengths = model.grid.lengths
    axes = len(lengths)
    hit = ZERO
    while True:
        soonest, at_axis, at_side = left, NO_AXIS, ZERO
        for axis in range(axes):
            v = np.float64(phase[row, axes + axis])
            if v != 0.0:
                side = 1 if v > 0.0 else 0
                face = lengths[axis] if side == 1 else 0.0
                arrival = max(0.0, (face - phase[row, axis]) / v)
                if arrival < soonest:
                    soonest, at_axis, at_side = arrival, axis, side
        if planes is not None:
            cross_planes(phase, row, species, None, planes, model.gas.mass, soonest, tally)
        for axis in range(axes):
            phase[row, axis] += phase[row, axes + axis] * soonest
        if at_axis < 0:
            break
        left -= soonest
        if not reach_face(
            phase, row, species, at_axis, at_side, model, address, rank, hit, tally
        ):  # fmt: skip
            return False
        hit += 1
    for axis in range(axes):
        phase[row, axis] = min(max(phase[row, axis], 0.0), lengths[axis])
    return True
