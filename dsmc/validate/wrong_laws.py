"""Laws that are wrong by a little, for the twins that a case must reject.

Each is made once for each factor, so that the kernels around it are compiled once.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

Laws = dict[str, Callable]


@cache
def _hard_sphere_rate(factor: float) -> Callable:
    return lambda g_squared, prefactor: factor * prefactor * g_squared**0.5


@cache
def _variable_rate(factor: float) -> Callable:
    return lambda g_squared, prefactor, half_exponent: factor * prefactor * g_squared**half_exponent


@cache
def _soft_sphere_cosine(factor: float) -> Callable:
    return lambda u, inverse_alpha: 2.0 * u ** (inverse_alpha / factor) - 1.0


def faster(factor: float, hard_spheres: bool = True) -> Laws:
    """A collision rate `factor` times too high, of hard spheres or of VHS molecules."""
    if hard_spheres:
        return {"hard_sphere_rate": _hard_sphere_rate(factor)}
    return {"variable_rate": _variable_rate(factor)}


def harder(factor: float) -> Laws:
    """VSS scattering with an exponent alpha that is `factor` times too large."""
    return {"soft_sphere_cosine": _soft_sphere_cosine(factor)}
