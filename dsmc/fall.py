"""Stage: free flight in a uniform field of force, on parabolas with exact arrival at the faces.

Between faces x + v t + g t^2 / 2 and v + g t are exact, so energy is kept but for rounding; the
time of arrival is the root of a quadratic, from which no particle can escape.
"""

import numpy as np

from dsmc.compiled import ZERO, inner_kernel, kernel, law, nested_kernel
from dsmc.crossings import cross_planes
from dsmc.parabola import arrival_time
from dsmc.walls import NO_AXIS, reach_face

MOST_HITS = 1000  # in a step: a particle that bounces more often lies on the face


@law
def felt_acceleration(acceleration, phase, row, axes):
    """What one molecule feels from face to face [m/s^2]: what they all do, whatever its velocity.

    phase[row, axes : axes + 3] : its velocity [m/s]
    """
    return acceleration


@inner_kernel
def fall_inside(phase, row, species, model, acceleration, planes, dt, tally):
    """Move a particle for one time step if no face can be reached; whether it was moved.

    Between its ends a parabola rises by at most |g| dt^2 / 8 above their chord.
    """
    grid = model.grid
    axes = len(grid.lengths)
    felt = felt_acceleration(acceleration, phase, row, axes)
    inside = True
    for axis in range(axes):
        turn = felt[axis] * dt
        rise = abs(turn) * dt / 8
        x = phase[row, axis]
        y = x + (phase[row, axes + axis] + turn / 2) * dt
        far = grid.lengths[axis] - rise
        inside = inside & (x >= rise) & (y >= rise) & (x <= far) & (y <= far)
    if inside:
        if planes is not None:
            cross_planes(phase, row, species, felt, planes, model.gas.mass, dt, tally)
        for axis in range(axes):
            phase[row, axis] += (phase[row, axes + axis] + felt[axis] * dt / 2) * dt
        for axis in range(3):
            phase[row, axes + axis] += felt[axis] * dt
    return inside


@nested_kernel
def fall_to_faces(
    phase, row, species, model, acceleration, planes, left, address, rank, tally
):  # fmt: skip
    """Let one particle fall for the time `left`, from face to face; False if it leaves the box.

    rank : its place in its cell
    """
    lengths = model.grid.lengths
    axes = len(lengths)
    hit, at_axis = ZERO, NO_AXIS
    while hit < MOST_HITS:
        felt = felt_acceleration(acceleration, phase, row, axes)
        soonest, at_axis, at_side = left, NO_AXIS, ZERO
        for axis in range(axes):
            for side in range(2):
                toward = 1.0 if side == 1 else -1.0
                x = np.float64(phase[row, axis])
                distance = max(0.0, lengths[axis] - x if side == 1 else x)
                v = toward * np.float64(phase[row, axes + axis])
                arrival = arrival_time(distance, v, toward * felt[axis])
                if arrival < soonest:
                    soonest, at_axis, at_side = arrival, axis, side
        if planes is not None:
            cross_planes(phase, row, species, felt, planes, model.gas.mass, soonest, tally)
        move(phase, row, felt, soonest, axes, NO_AXIS)
        if at_axis < 0:
            break
        left -= soonest
        if not reach_face(
            phase, row, species, at_axis, at_side, model, address, rank, hit, tally
        ):  # fmt: skip
            return False
        hit += 1
    if at_axis >= 0:  # it lies on that face, and glides along it
        move(phase, row, felt, left, axes, at_axis)
    for axis in range(axes):
        phase[row, axis] = min(max(phase[row, axis], 0.0), lengths[axis])
    return True


@kernel
def move(phase, row, acceleration, time, axes, lying):
    """Move a particle freely for some time; not along the axis `lying`, if there is one."""
    for axis in range(3):
        if axis == lying:
            continue
        g = acceleration[axis]
        if axis < axes:
            phase[row, axis] += (phase[row, axes + axis] + 0.5 * g * time) * time
        phase[row, axes + axis] += g * time
