"""Laws of entering: what comes into the box from an equilibrium gas outside.

Legend: a = sqrt(2 k T / m) thermal speed of the gas outside [m/s], s = (u . n) / a its speed ratio
along the inward normal n (negative: it flows away from the box), n its number density [1/m^3], u_1,
u_2, u_3 uniform in (0, 1).  Normal speeds v are in units of a; their density is

    p(v) ~ v exp(-(v - s)^2),   v > 0.

    A. L. Garcia, W. Wagner, Generation of the Maxwellian inflow distribution, J. Comput. Phys. 217
    (2006) 693 (acceptance and rejection, with envelopes chosen by the sign of s).
    Bird 1994: G. A. Bird, Molecular Gas Dynamics and the Direct Simulation of Gas Flows.
"""

import math
from collections.abc import Callable
from types import SimpleNamespace

from dsmc.compiled import law
from dsmc.elementary import where


def laws(
    sqrt: Callable, log: Callable, exp: Callable, erfc: Callable, cos: Callable, where: Callable
) -> SimpleNamespace:
    """The laws over the elementary functions of a backend (math for Numba, torch for a device)."""

    def entering_flux(n, a, s):
        """Molecules that enter per area and time [1/(m^2 s)], n a chi(s) / (2 sqrt(pi)).

        chi = exp(-s^2) + sqrt(pi) s erfc(-s) (Bird 1994, chapter 4).
        """
        root = math.sqrt(math.pi)
        return n * a * (exp(-s * s) + root * s * erfc(-s)) / (2.0 * root)

    def approaching_speed(s, u_1, u_2, u_3):
        """v of a gas that flows into the box (s >= 0), and the chance to accept it.

        With z = v - s the density (z + s) exp(-z^2) lies below (s + max(z, 0)) exp(-z^2): Gauss's
        law of weight s sqrt(pi) and Rayleigh's of weight 1/2.  Three quarters are accepted at
        least, and all at s = 0 and as s grows.
        """
        radius = sqrt(-log(u_1))
        is_rayleigh = u_3 * (0.5 + math.sqrt(math.pi) * s) < 0.5
        z = where(is_rayleigh, radius, radius * cos((2.0 * math.pi) * u_2))
        return s + z, where(z < 0.0, (s + z) / where(s > 0.0, s, 1.0), 1.0)

    def receding_speed(s, u_1, u_2):
        """v of a gas that flows away from the box (s < 0), and the chance to accept it.

        w = v^2 - 2 s v has the density (1 + s / r) exp(-w), r = sqrt(s^2 + w), below min(1, w / c)
        exp(-w), c = 2 s^2: that of an exponential variable cut off at c plus another one.  More
        than half are accepted, and all as s tends to 0 and to -infinity.
        """
        cut = 2.0 * s * s
        w = -log(1.0 - u_1 * (1.0 - exp(-cut))) - log(u_2)
        r = sqrt(s * s + w)
        return w / (r - s), where(w > cut, w, cut) / (r * (r - s))

    return SimpleNamespace(
        entering_flux=entering_flux,
        approaching_speed=approaching_speed,
        receding_speed=receding_speed,
    )


_laws = laws(math.sqrt, math.log, math.exp, math.erfc, math.cos, where)
entering_flux = _laws.entering_flux
approaching_speed = law(_laws.approaching_speed)
receding_speed = law(_laws.receding_speed)
