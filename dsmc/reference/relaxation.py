"""Relaxation rates: small perturbations of any VHS or VSS gas, and Maxwell molecules exactly.

Rates are per mean collision time tau_c = 1/nu, `collisions` = nu t. The first-order rates are
-<phi L phi>/<phi^2> of the linear collision operator: exact initial rates for any omega and alpha,
exact at all times for Maxwell molecules (omega = 1).
Source: Chapman & Cowling 1970, chapters 9 and 10; Bird 1994, chapter 3 (VHS, VSS).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dsmc.reference.arguments import choice, non_negative, positive, viscosity_exponent

Values = NDArray[np.float64]

LINEAR_MODES = ("stress", "heat", "diffusion")


def linear_rate(mode: str, omega: ArrayLike = 0.5, alpha: ArrayLike = 1.0) -> Values:
    """Initial decay rate per tau_c of a small perturbation; alpha = 1 is isotropic scattering.

    "stress"    (5-2w)(7-2w)/30 x 6a/((a+1)(a+2))    anisotropy c_x^2 - c^2/3; HS 4/5, Maxwell 1/2
    "heat"      2/3 of "stress"                      c(c^2-5/2) and the isotropic fourth moment
    "diffusion" (5-2w)/6 x 2/(a+1)                   velocity of tagged particles; HS 2/3

    w = omega, a = alpha of VSS molecules. Chapman & Cowling 1970; Bird 1994, chapter 3.
    Raises ValueError for another mode, omega outside [1/2, 1] or alpha <= 0.
    """
    choice("mode", mode, LINEAR_MODES)
    w, a = viscosity_exponent(omega), positive("alpha", alpha)
    if mode == "diffusion":
        return (5.0 - 2.0 * w) / 6.0 * 2.0 / (a + 1.0)
    stress = (5.0 - 2.0 * w) * (7.0 - 2.0 * w) / 30.0 * 6.0 * a / ((a + 1.0) * (a + 2.0))
    return stress if mode == "stress" else 2.0 / 3.0 * stress


def two_temperature_maxwell_moment(
    k2: int, collisions: ArrayLike, low: float = 0.5, high: float = 1.5
) -> Values:
    """m_4 or m_6 of Maxwell molecules that start half at low T, half at high T (low + high = 2).

    With d = (high-low)/2: m_4 = 1 + d^2 exp(-nu t/3), m_6 = 1 + 3 d^2 exp(-nu t/3): the mixture is
    symmetric, so the third Laguerre coefficient starts, and for isotropic scattering stays, at
    zero. Exact at all times (Krook & Wu 1977, moment equations). ValueError for other powers.
    """
    if k2 not in (4, 6):
        raise ValueError(f"k2 must be 4 or 6, not {k2!r}")
    positive("low", low), positive("high", high)
    if abs(low + high - 2.0) > 1e-12:
        raise ValueError(f"low and high must average 1 (units of T), not {low!r} and {high!r}")
    d = (high - low) / 2.0
    decay = np.exp(-non_negative("collisions", collisions) / 3.0)
    return 1.0 + (1.0 if k2 == 4 else 3.0) * d**2 * decay
