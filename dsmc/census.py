"""Stage: statistics of single collisions, by class of speed and of free flights.

They catch a biased choice of pairs, which the total number of collisions does not show.
"""

from typing import NamedTuple

import numpy as np

from dsmc.compiled import nested_kernel
from dsmc.moments import velocity_of
from dsmc.scatter import speed


class Census(NamedTuple):
    """Statistics of single collisions: by pre-collision speed, and of free flights."""

    exposure: np.ndarray  # (slabs, classes) particle-steps seen in each class of speed
    events: np.ndarray  # (slabs, classes) collisions of particles of each class
    inverse_width: float  # classes per (m/s)
    flights: np.ndarray  # (slabs, 5) count, sums of t, t^2, l, l^2 of completed free flights
    clock: np.ndarray  # (N,) time of each particle's last collision [s]; negative: not known
    recording: bool  # free flights that end now are counted


@nested_kernel
def speed_class(x, y, z, census):
    """Speed of a velocity and its class in the census; the last class is open."""
    pace = speed(x * x + y * y + z * z)
    return pace, min(np.int64(pace * census.inverse_width), census.events.shape[1] - 1)


@nested_kernel
def record_collision(phase, row, first, census, slab, moment):
    """Count a collision of particle `row`, about to happen at time `moment`, in the census."""
    x, y, z = velocity_of(phase, row, first)
    pace, k = speed_class(x, y, z, census)
    census.events[slab, k] += 1
    if census.recording and census.clock[row] >= 0.0:
        flight = moment - census.clock[row]
        census.flights[slab, 0] += 1.0
        census.flights[slab, 1] += flight
        census.flights[slab, 2] += flight * flight
        census.flights[slab, 3] += pace * flight
        census.flights[slab, 4] += pace * flight * pace * flight
    census.clock[row] = moment


@nested_kernel
def record_exposure(phase, start, stop, first, census, slab):
    """Count the particles of a cell in their classes of speed."""
    for row in range(np.uint64(start), np.uint64(stop)):
        x, y, z = velocity_of(phase, row, first)
        _, k = speed_class(x, y, z, census)
        census.exposure[slab, k] += 1
