"""Stage: free flight through the box, with exact times of arrival at its faces.

A particle flies until it meets a face, the face acts, and it flies the rest of the step: one step
may hold several hits.  Positions are only ever set to x + v t or exactly onto a face; they are
never folded, which would round in the interior too.
"""

import numpy as np

from dsmc.cells import cell_of
from dsmc.compiled import inner_kernel, kernel
from dsmc.walls import PERIODIC, meet_face


@inner_kernel
def fly_cell(phase, species, start, stop, model, address, destination, histogram, tally):
    """Let the particles of a cell fly for one time step; note and count their new cells.

    phase : (N, d + 3) [m, m/s]; destination : (N,); histogram : (cells,); tally : (faces, columns)
    """
    grid, dt = model.grid, model.flight_time
    axes = len(grid.lengths)
    zero = 0 * dt  # in the precision of the rows
    for row in range(np.uint64(start), np.uint64(stop)):
        inside = True
        for axis in range(axes):
            x = phase[row, axis] + phase[row, axes + axis] * dt
            inside = inside & (x >= zero) & (x <= grid.lengths[axis])
        if inside:
            for axis in range(axes):
                phase[row, axis] += phase[row, axes + axis] * dt
        else:
            fly_to_faces(phase, row, species, model, address, np.int64(row) - start, tally)
        new = cell_of(phase, row, grid)
        destination[row] = new
        histogram[new] += 1


@kernel
def fly_to_faces(phase, row, species, model, address, rank, tally):
    """Fly one particle for a time step, from face to face; rank : its place in its cell."""
    lengths = model.grid.lengths
    axes = len(lengths)
    left = model.time_step
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
        for axis in range(axes):
            phase[row, axis] += phase[row, axes + axis] * soonest
        if at_axis < 0:
            break
        left -= soonest
        cross_or_meet(phase, row, species, at_axis, at_side, model, address, rank, hit, tally)
        hit += 1
    for axis in range(axes):
        phase[row, axis] = min(max(phase[row, axis], 0.0), lengths[axis])


@kernel
def cross_or_meet(phase, row, species, axis, side, model, address, rank, hit, tally):
    """Put a particle on the face it reached: through a periodic one, back from a wall."""
    lengths = model.grid.lengths
    if model.walls.kind[axis, side] == PERIODIC:
        phase[row, axis] = 0.0 if side == 1 else lengths[axis]
    else:
        phase[row, axis] = lengths[axis] if side == 1 else 0.0
        meet_face(
            phase, row, species, axis, side, len(lengths), model, address, rank, hit, tally
        )  # fmt: skip
