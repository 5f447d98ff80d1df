"""Stage: what crosses planes normal to an axis, counted along the straight flights of a time step.

A flight that begins at x with the velocity v crosses the plane at p if this lies between x and
x + v dt; through a periodic face it goes on in the next image of the box. What comes back from a
wall within the same step is not seen: a plane stands several flights away from walls.
"""

from typing import NamedTuple

import numpy as np

from dsmc.compiled import kernel

# Columns of a tally, crossings downwards negative: particles, mass, momentum, energy.
NUMBER = 0
MASS = 1  # [kg]
MOMENTUM = 2  # 3 columns [kg m/s]
ENERGY = 5  # [J]
COLUMNS = 6


class Crossings(NamedTuple):
    """Planes, and what has crossed them."""

    axis: np.ndarray  # (P,)
    position: np.ndarray  # (P,) [m]
    period: np.ndarray  # (P,) [m] length of the box along a periodic axis, else 0
    tally: np.ndarray  # (slabs, P, COLUMNS)


@kernel
def cross_planes(phase, species, start, stop, first, mass, dt, crossings, slab):
    """Count the planes that the particles of a cell are about to cross; mass : (S,) [kg]."""
    for plane in range(crossings.axis.shape[0]):
        axis, period = crossings.axis[plane], crossings.period[plane]
        images = 1 if period > 0.0 else 0
        for row in range(np.uint64(start), np.uint64(stop)):
            x = np.float64(phase[row, axis])
            end = x + np.float64(phase[row, first + axis]) * dt
            for image in range(-images, images + 1):
                position = crossings.position[plane] + image * period
                if (x < position) != (end < position):
                    s = 0 if species is None else species[row]
                    sign = 1.0 if end > x else -1.0
                    add_crossing(phase, row, first, mass[s], sign, crossings.tally[slab, plane])


@kernel
def add_crossing(phase, row, first, mass, sign, counts):
    """Add one particle to a tally; counts : (COLUMNS,)."""
    counts[NUMBER] += sign
    counts[MASS] += sign * mass
    square = 0.0
    for k in range(3):
        v = np.float64(phase[row, first + k])
        counts[MOMENTUM + k] += sign * mass * v
        square += v * v
    counts[ENERGY] += 0.5 * sign * mass * square
