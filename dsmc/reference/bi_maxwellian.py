"""Finite anisotropy: a bi-Maxwellian (T_x, T_p, T_p) with (T_x + 2 T_p)/3 = T.

Its averages are one-dimensional integrals: with v_x = sqrt(kT_x/m) h x and |v_p| = sqrt(kT_p/m) h
sqrt(1-x^2), h is Maxwellian and x uniform on [0, 1], so that <v^k>/<v^k>_T =
int_0^1 [(T_x x^2 + T_p (1-x^2))/T]^(k/2) dx; relative velocities are the same with 2T_x, 2T_p.
Rates are per tau_c of the equilibrium at T, `collisions` = nu t.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dsmc.reference.arguments import choice, non_negative, positive, real, viscosity_exponent
from dsmc.reference.relaxation import linear_rate
from dsmc.reference.sonine_operator import hard_sphere_linear

Values = NDArray[np.float64]


def _interval(points: int = 200) -> tuple[Values, Values]:
    """Gauss-Legendre nodes and weights on [0, 1], crowded at 0 where T_x x^2 may dominate T_p."""
    s, w = np.polynomial.legendre.leggauss(points)
    s, w = (s + 1.0) / 2.0, w / 2.0
    return s**3, 3.0 * s**2 * w


def bi_maxwellian_moment(k: ArrayLike, ratio: ArrayLike) -> Values:
    """<v^k> over the Maxwellian's of the same energy, any real k > -3, ratio = T_x/T_p > 0.

    int_0^1 [(r x^2 + 1 - x^2) 3/(r+2)]^(k/2) dx, quadrature to 1e-10 for 1e-3 < r < 1e3.
    k = 4: (3 r^2 + 4 r + 8)/15 x 9/(r+2)^2. Arrays broadcast.
    """
    power, r = real("k", k)[..., None], positive("ratio", ratio)[..., None]
    if np.any(power <= -3.0):
        raise ValueError(f"k must exceed -3, where the moment diverges; not {k!r}")
    x, w = _interval()
    base = (r * x**2 + 1.0 - x**2) * 3.0 / (r + 2.0)
    return (w * base ** (power / 2.0)).sum(-1)[()]


def bi_maxwellian_collision_rate(ratio: ArrayLike, omega: ArrayLike = 0.5) -> Values:
    """Collision rate over that of the equilibrium at the same T, ratio = T_x/T_p.

    <g^p>/<g^p>_T with p = 2-2 omega: the same integral as the moment of order p. Exact quadrature.
    """
    return bi_maxwellian_moment(2.0 - 2.0 * viscosity_exponent(omega), ratio)


def bi_maxwellian_rate(ratio: ArrayLike, omega: ArrayLike = 0.5) -> Values:
    """Initial R0 = -(dT_x/dt)/(T_x - T) per tau_c, isotropic scattering, ratio = T_x/T_p.

    A collision replaces g_x^2 by g^2/3 on average, so dT_x/dt = -(n/4) <sigma g (g_x^2 - g^2/3)>
    (m = k = 1). With e = r-1, p = 2-2 omega and y = 1 + e x^2,
    R0 = (3(p+3)/4e) (3/(r+2))^(p/2) int_0^1 [(y^(p/2) - 1)(x^2 - 1/3) + (2/3) e x^2 y^(p/2)] dx;
    the limit e -> 0 is `linear_rate("stress", omega)`. Maxwell molecules: 1/2 at any ratio.
    Exact quadrature. ValueError unless ratio > 0 and 1/2 <= omega <= 1.
    """
    r, omega_ = np.broadcast_arrays(positive("ratio", ratio), viscosity_exponent(omega))
    p = (2.0 - 2.0 * omega_)[..., None]
    isotropic = np.abs(r - 1.0) < 1e-9
    e = np.where(isotropic, 1.0, r - 1.0)[..., None]
    x, w = _interval()
    growth = np.expm1(p / 2.0 * np.log1p(e * x**2))
    integrand = growth * (x**2 - 1.0 / 3.0) + 2.0 / 3.0 * e * x**2 * (1.0 + growth)
    integral = (w * integrand).sum(-1)
    p, e = p[..., 0], e[..., 0]
    rate = 3.0 * (p + 3.0) / (4.0 * e) * (3.0 / (r + 2.0)) ** (p / 2.0) * integral
    return np.where(isotropic, linear_rate("stress", omega_), rate)[()]


BI_MAXWELLIAN_TIMES = np.array([0.0, 0.25, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0])
"""nu t of `BI_MAXWELLIAN_TABLE`."""

BI_MAXWELLIAN_TABLE = {
    "temperature_x": np.array(
        [2.0, 1.8103, 1.6585, 1.4378, 1.2927, 1.1967, 1.0902, 1.0421, 1.0196, 1.0089]
    ),
    "moment_1": np.array(
        [0.97593, 0.97967, 0.98264, 0.98705, 0.99011, 0.99234, 0.99533, 0.99714, 0.99823, 0.99889]
    ),
    "moment_4": np.array(
        [1.2, 1.1629, 1.1350, 1.0964, 1.0712, 1.0537, 1.0317, 1.0189, 1.0115, 1.0070]
    ),
}
"""Hard spheres from T_x/T_p = 4 (T_x/T, <v>, <v^4> over the Maxwellian's): 16 runs of 10^6
particles of a continuous-time null-collision simulation independent of this package;
standard errors 2e-4 to 4e-4 on T_x/T, 2e-4 on moment_4, 2e-5 on moment_1."""
BI_MAXWELLIAN_TABLE_ERROR = {"temperature_x": 3e-4, "moment_1": 2e-5, "moment_4": 2e-4}
for _table in (BI_MAXWELLIAN_TIMES, *BI_MAXWELLIAN_TABLE.values()):
    _table.flags.writeable = False


def bi_maxwellian_history(quantity: str, collisions: ArrayLike) -> Values:
    """Hard spheres released from T_x/T_p = 4: "temperature_x" (T_x/T), "moment_1" or "moment_4".

    The tabulated deviation from equilibrium is divided by the decay of an infinitesimal
    perturbation of its kind (`hard_sphere_linear`), and the logarithm of this slowly varying ratio
    is interpolated by a cubic spline; beyond nu t = 6 the ratio stays constant. Accuracy: that of
    the table, `BI_MAXWELLIAN_TABLE_ERROR`. ValueError for another quantity or collisions < 0.
    """
    from scipy.interpolate import CubicSpline

    choice("quantity", quantity, tuple(BI_MAXWELLIAN_TABLE))
    time = non_negative("collisions", collisions)
    mode = "anisotropy" if quantity == "temperature_x" else "fourth_moment"
    deviation = BI_MAXWELLIAN_TABLE[quantity] - 1.0
    ratio = deviation / hard_sphere_linear(mode, BI_MAXWELLIAN_TIMES)
    spline = CubicSpline(BI_MAXWELLIAN_TIMES, np.log(np.abs(ratio)))
    shape = np.exp(spline(np.minimum(time, BI_MAXWELLIAN_TIMES[-1])))
    return 1.0 + np.sign(deviation[0]) * shape * hard_sphere_linear(mode, time)
