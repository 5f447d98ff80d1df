"""Stage: what crosses planes normal to an axis, counted along every flight.

A flight from x to x' crosses the plane at p if this lies between them; a body that falls may cross
it and come back.  A plane is a row of the tally of the faces: what crosses it upwards is counted as
brought to it, what crosses it downwards as taken from it, and the balance is what has crossed.
"""

from typing import NamedTuple

import numpy as np

from dsmc.compiled import kernel, nested_kernel
from dsmc.parabola import arrival_time
from dsmc.walls import give, receive


class Planes(NamedTuple):
    """Planes normal to the axes, Q of them."""

    axis: np.ndarray  # (Q,)
    position: np.ndarray  # (Q,) [m]
    first: int  # row of the first in a tally


@nested_kernel
def cross_planes(phase, row, species, acceleration, planes, mass, time, tally):
    """Count the planes that a particle is about to cross in a flight of the time `time`.

    acceleration : of the flight, or None; mass : (S,) [kg]; tally : (rows, columns)
    time : as the flight takes it. Its end is rounded as the row's will be, or a particle that comes
        to lie beside a plane would be counted once too often or not at all.
    """
    first = phase.shape[1] - 3
    s = 0 if species is None else species[row]
    for number in range(planes.axis.shape[0]):
        axis, position = planes.axis[number], planes.position[number]
        counts = tally[planes.first + number]
        x, v = np.float64(phase[row, axis]), np.float64(phase[row, first + axis])
        if acceleration is None:
            end = phase.dtype.type(phase[row, axis] + phase[row, first + axis] * time)
            if (x < position) != (end < position):
                count(phase, row, first, s, mass[s], x < position, counts)
        else:
            fall_through(
                phase, row, first, s, x, v, acceleration, position, axis, mass[s], time, counts
            )  # fmt: skip


@nested_kernel
def fall_through(
    phase, row, first, s, x, v, acceleration, position, axis, mass, time, counts
):  # fmt: skip
    """Count a plane that a falling particle crosses, once or there and back, as it crosses it."""
    below = x < position
    toward = 1.0 if below else -1.0
    b = toward * acceleration[axis]
    there = arrival_time(toward * (position - x), toward * v, b)
    end = phase.dtype.type(x + (v + 0.5 * acceleration[axis] * time) * time)
    if below != (end < position):
        count_later(phase, row, first, s, acceleration, mass, min(there, time), below, counts)
    elif there < time:
        back = there + arrival_time(0.0, -(toward * v + b * there), -b)
        if back < time:
            count_later(phase, row, first, s, acceleration, mass, there, below, counts)
            count_later(phase, row, first, s, acceleration, mass, back, not below, counts)


@nested_kernel
def count_later(phase, row, first, s, acceleration, mass, time, upwards, counts):
    """Count a particle with the velocity that it has after the time `time`."""
    v_x, v_y, v_z = phase[row, first], phase[row, first + 1], phase[row, first + 2]
    for k in range(3):
        phase[row, first + k] += acceleration[k] * time
    count(phase, row, first, s, mass, upwards, counts)
    phase[row, first], phase[row, first + 1], phase[row, first + 2] = v_x, v_y, v_z


@kernel
def count(phase, row, first, s, mass, upwards, counts):
    """Count a particle that crosses a plane; counts : (columns,)."""
    if upwards:
        receive(phase, row, first, s, mass, counts)
    else:
        give(phase, row, first, s, mass, counts)
