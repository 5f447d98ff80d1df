"""Law of the parabola: when a body that is accelerated evenly reaches a plane."""

import math
from collections.abc import Callable
from types import SimpleNamespace

from dsmc.compiled import law
from dsmc.elementary import where


def laws(sqrt: Callable, where: Callable) -> SimpleNamespace:
    """The laws over the elementary functions of a backend (math for Numba, torch for a device)."""

    def arrival_time(distance, v, b):
        """The first t >= 0 with v t + b t^2 / 2 = distance; infinite if there is none.

        distance >= 0 to the plane [m], v velocity and b acceleration towards it.  Towards the plane
        (v > 0) the root is 2 d / (v + r), r = sqrt(v^2 + 2 b d), away from it (r - v) / b: no
        digits cancel (W. Kahan).  A body that leaves the plane (d = 0, v < 0) returns after
        -2 v / b.
        """
        square = v * v + 2.0 * b * distance
        r = sqrt(where(square > 0.0, square, 0.0))
        onward = where(square >= 0.0, 2.0 * distance / where(v > 0.0, v + r, 1.0), math.inf)
        back = where(b > 0.0, (r - v) / where(b > 0.0, b, 1.0), math.inf)
        return where(v > 0.0, onward, back)

    return SimpleNamespace(arrival_time=arrival_time)


_laws = laws(math.sqrt, where)
arrival_time = law(_laws.arrival_time)
