"""Stage: free flight through the box, with exact times of arrival at its faces.

A particle flies until it meets a face, the face acts, and it flies the rest of the step: one step
may hold several hits.  Positions are only ever set to x + v t or exactly onto a face; they are
never folded, which would round in the interior too.  In a field of force flights are parabolas
(`dsmc.fall`); which of the two it is, is known when the kernels are compiled.
"""

import numpy as np

from dsmc.cells import cell_of
from dsmc.compiled import inner_kernel, kernel
from dsmc.crossings import cross_planes
from dsmc.fall import fall_inside, fall_to_faces
from dsmc.walls import reach_face


@inner_kernel
def fly_cell(
    phase, species, start, stop, model, acceleration, planes, address, destination, histogram, tally
):  # fmt: skip
    """Let the particles of a cell fly for one time step; note and count their new cells.

    Those that leave the box are counted in the last column, behind the cells.

    phase : (N, d + 3) [m, m/s]; acceleration, planes : of the model, or None
    destination : (N,); histogram : (cells + 1,); tally : (rows, columns)
    """
    grid, dt = model.grid, model.flight_time
    axes = len(grid.lengths)
    zero = 0 * dt  # in the precision of the rows
    for row in range(np.uint64(start), np.uint64(stop)):
        if acceleration is None:
            inside = True
            for axis in range(axes):
                x = phase[row, axis] + phase[row, axes + axis] * dt
                inside = inside & (x >= zero) & (x <= grid.lengths[axis])
            if inside:
                if planes is not None:
                    cross_planes(
                        phase, row, species, None, planes, model.gas.mass, model.time_step, tally
                    )  # fmt: skip
                for axis in range(axes):
                    phase[row, axis] += phase[row, axes + axis] * dt
        else:
            inside = fall_inside(phase, row, species, model, acceleration, planes, dt, tally)
        if inside:
            new = cell_of(phase, row, grid)
        else:
            new = fly_far(
                phase, row, species, model, acceleration, planes, model.time_step, address,
                np.int64(row) - start, tally, histogram.shape[0] - 1,
            )  # fmt: skip
        destination[row] = new
        histogram[new] += 1


@kernel
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


@kernel
def fly_to_faces(phase, row, species, model, planes, left, address, rank, tally):
    """Fly one particle for the time `left`, from face to face; False if it leaves the box.

    rank : its place in its cell
    """
    lengths = model.grid.lengths
    axes = len(lengths)
    hit = 0
    while True:
        soonest, at_axis, at_side = left, -1, 0
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
