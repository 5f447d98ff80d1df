"""Laws of counting: how many independent events happen in a step, by Poisson's law.

W. Hoermann, The transformed rejection method for generating Poisson random variables,
Insurance: Mathematics and Economics 12 (1993) 39.
"""

import math
from collections.abc import Callable
from types import SimpleNamespace

from dsmc.compiled import law
from dsmc.elementary import where


def laws(
    sqrt: Callable, log: Callable, exp: Callable, lgamma: Callable, floor: Callable, where: Callable
) -> SimpleNamespace:
    """The laws over the elementary functions of a backend (math for Numba, torch for a device)."""

    def no_events(mean):
        """The chance that nothing happens, exp(-mean)."""
        return exp(-mean)

    def many_events(mean, u, v):
        """A number k of mean >= 10 from u, v uniform in (0, 1), and whether it is accepted.

        PTRS, transformed rejection with squeeze (Hoermann 1993): k = floor((2 a / e + b) (u - 1/2)
        + mean + 0.43), e = 1/2 - |u - 1/2|.  Nine of ten are accepted.
        """
        b = 0.931 + 2.53 * sqrt(mean)
        a = 0.02483 * b - 0.059
        e = 0.5 - abs(u - 0.5)
        k = floor((2.0 * a / e + b) * (u - 0.5) + mean + 0.43)
        is_inside = where((k < 0.0) | ((e < 0.013) & (v > e)), 0.0, 1.0)
        events = where(k < 0.0, 0.0, k)
        height = log(v * (1.1239 + 1.1328 / (b - 3.4)) / (a / (e * e) + b))
        is_below = height <= events * log(mean) - mean - lgamma(events + 1.0)
        is_squeezed = (e >= 0.07) & (v <= 0.9277 - 3.6224 / (b - 2.0))
        return events, is_squeezed | ((is_inside > 0.0) & is_below)

    return SimpleNamespace(no_events=no_events, many_events=many_events)


_laws = laws(math.sqrt, math.log, math.exp, math.lgamma, math.floor, where)
no_events = law(_laws.no_events)
many_events = law(_laws.many_events)
