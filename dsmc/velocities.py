"""Stage: histograms of the velocity components in chosen cells."""

from typing import NamedTuple

import numpy as np

from dsmc.compiled import nested_kernel


class Velocities(NamedTuple):
    """Cells whose velocities are counted, and the counts of one sample."""

    place: np.ndarray  # (cells,) number among the chosen cells, -1 where nothing is counted
    low: np.ndarray  # (C,) lower end of the classes [m/s]
    inverse_width: np.ndarray  # (C,) classes per (m/s)
    counts: np.ndarray  # (C, S, 3, classes + 2), the outer ones hold what lies below and above


@nested_kernel
def count_velocities(phase, species, start, stop, first, factor, velocities, cell):
    """Count the particles of a cell, times `factor`, in the classes of each component."""
    place = velocities.place[cell]
    if place >= 0:
        low, inverse_width = velocities.low[place], velocities.inverse_width[place]
        last = velocities.counts.shape[3] - 1
        for row in range(np.uint64(start), np.uint64(stop)):
            s = 0 if species is None else species[row]
            for k in range(3):
                scaled = (np.float64(phase[row, first + k]) - low) * inverse_width + 1.0
                velocities.counts[place, s, k, np.int64(min(max(scaled, 0.0), last))] += factor
