"""How far apart the partners of a collision are, by the way in which they are chosen.

Particles are spread evenly over a cell of width L along each of d axes; separations are root mean
squares along one axis, in units of L: what collisional transfer depends on (`cell_size_error` of
the width sqrt(6) s).
"""

import math

import numpy as np
from numpy.typing import ArrayLike

RANDOM_SEPARATION = 1.0 / math.sqrt(6.0)  # <(x_1 - x_2)^2> = L^2 / 6


def nearest_separation(particles: ArrayLike, dimension: int = 1):
    """s / L of a particle and its nearest neighbour among N in a cell.

    d = 1, exactly: the gaps between N points and the ends are exchangeable, the least of two has
    <min^2> = 1/(2 (N+1)(N+2)) and one alone 2/((N+1)(N+2)), and two particles in N are outermost:
    s^2 = (N + 6) / (2 N (N + 1)(N + 2)) L^2; N = 2 gives 1/6.
    d = 2, 3, for N >> 1: <r^2> = Gamma(1 + 2/d) (N v_d)^(-2/d) L^2, v_d the volume of the unit
    ball, and s^2 = <r^2>/d (Hertz, Math. Ann. 67 (1909) 387); never more than at random.

    particles : (...) N >= 2
    """
    N = np.asarray(particles, dtype=np.float64)
    if dimension == 1:
        return np.sqrt((N + 6.0) / (2.0 * N * (N + 1.0) * (N + 2.0)))
    ball = math.pi ** (dimension / 2.0) / math.gamma(1.0 + dimension / 2.0)
    square = math.gamma(1.0 + 2.0 / dimension) * (N * ball) ** (-2.0 / dimension) / dimension
    return np.minimum(np.sqrt(square), RANDOM_SEPARATION)
