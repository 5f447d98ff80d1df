"""Refusal of arguments that no gas can have: the error names the argument and its value."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray


def real(name: str, value: ArrayLike) -> NDArray[np.float64]:
    """`value` as float64; ValueError naming the argument if it is not finite or not a number."""
    try:
        array = np.asarray(value, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"{name} must be a real number or an array of them, not {value!r}"
        ) from error
    if not np.all(np.isfinite(array)):
        raise ValueError(f"{name} must be finite, not {value!r}")
    return array


def positive(name: str, value: ArrayLike) -> NDArray[np.float64]:
    """`value` as float64; ValueError naming the argument unless every element is > 0."""
    array = real(name, value)
    if np.any(array <= 0.0):
        raise ValueError(f"{name} must be positive, not {value!r}")
    return array


def non_negative(name: str, value: ArrayLike) -> NDArray[np.float64]:
    """`value` as float64; ValueError naming the argument unless every element is >= 0."""
    array = real(name, value)
    if np.any(array < 0.0):
        raise ValueError(f"{name} must not be negative, not {value!r}")
    return array


def within(name: str, value: ArrayLike, low: float, high: float) -> NDArray[np.float64]:
    """`value` as float64; ValueError naming the argument unless low <= value <= high."""
    array = real(name, value)
    if np.any((array < low) | (array > high)):
        raise ValueError(f"{name} must lie between {low:g} and {high:g}, not {value!r}")
    return array


def viscosity_exponent(omega: ArrayLike) -> NDArray[np.float64]:
    """omega of the viscosity law mu ~ T^omega; 1/2 (hard sphere) to 1 (Maxwell molecules)."""
    return within("omega", omega, 0.5, 1.0)


def choice(name: str, value: str, allowed: tuple[str, ...]) -> str:
    """`value`; ValueError naming the argument and the allowed words if it is none of them."""
    if value not in allowed:
        raise ValueError(f"{name} must be one of {', '.join(allowed)}; not {value!r}")
    return value
