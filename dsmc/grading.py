"""Uneven cells along one axis: where their faces lie.

Widths grow from cell to cell by the same factor away from the side that is to be resolved, the
largest `ratio` times the smallest.
"""

from __future__ import annotations

import math
from itertools import accumulate, pairwise

import numpy as np

EVEN = 1e-6  # relative difference of widths that count as equal


def graded_edges(length: float, cells: int, ratio: float, towards: str) -> tuple[float, ...]:
    """The cells + 1 faces from 0 to length [m], finest towards a side: "low", "high" or "both".

    Widths w_k ~ ratio^(k / k_max), k = 0 ... k_max the number of cells between a cell and the side,
    with "both" the nearer of the two.
    """
    steps = [
        {"low": cell, "high": cells - 1 - cell, "both": min(cell, cells - 1 - cell)}[towards]
        for cell in range(cells)
    ]
    most = max(1, *steps) if cells > 1 else 1
    widths = [ratio ** (step / most) for step in steps]
    scale = length / math.fsum(widths)
    return (0.0, *(scale * end for end in accumulate(widths[:-1])), length)


def even_edges(length: float, cells: int) -> tuple[float, ...]:
    """The cells + 1 faces of equal cells [m]."""
    return (*(length * cell / cells for cell in range(cells)), length)


def widths(edges: tuple[float, ...]) -> tuple[float, ...]:
    """The width of every cell [m]."""
    return tuple(high - low for low, high in pairwise(edges))


def edges_around(centres: np.ndarray) -> np.ndarray:
    """The faces of a row of cells by their centres, (n + 1,) [m]: equal cells, or uneven from 0 on.

    centres : (n,) [m]
    """
    apart = np.diff(centres)
    if centres.size == 1 or np.ptp(apart) <= EVEN * apart.mean():
        half = 0.5 * apart.mean() if centres.size > 1 else centres[0]
        return np.linspace(centres[0] - half, centres[-1] + half, centres.size + 1)
    edges = [0.0]
    for centre in centres:
        edges.append(2.0 * float(centre) - edges[-1])
    return np.array(edges)
