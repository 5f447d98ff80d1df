"""Laws of reflection: the velocity of a molecule that leaves a wall.

Legend: a = sqrt(2 k T_w / m) thermal speed of the wall [m/s], u uniform in (0, 1).

    Bird 1994: G. A. Bird, Molecular Gas Dynamics and the Direct Simulation of Gas Flows.
    J. C. Maxwell, Phil. Trans. R. Soc. 170 (1879) 231 (a fraction is diffuse, the rest specular).
    R. G. Lord, Phys. Fluids A 3 (1991) 706 and Phys. Fluids 7 (1995) 1159: the kernel of Cercignani
    and Lampis, Transp. Theory Stat. Phys. 1 (1971) 101, drawn as a Gauss law about a part of the
    incident velocity.
"""

import math
from collections.abc import Callable
from types import SimpleNamespace

from dsmc.compiled import law


def laws(sqrt: Callable, log: Callable, cos: Callable, sin: Callable) -> SimpleNamespace:
    """The laws over the elementary functions of a backend (math for Numba, torch for a device)."""

    def emission_speed(a, u):
        """Normal speed of emission, density ~ v exp(-v^2/a^2): v = a sqrt(-ln u).

        Flux-weighted Maxwellian (Bird 1994, chapter 12).
        """
        return a * sqrt(-log(u))

    def maxwell_pair(a, u_1, u_2):
        """Two independent Maxwellian components, a sqrt(-ln u_1) (cos, sin)(2 pi u_2).

        Box and Muller (Bird 1994, appendix C).
        """
        radius = a * sqrt(-log(u_1))
        angle = (2.0 * math.pi) * u_2
        return radius * cos(angle), radius * sin(angle)

    def thermal_speed(temperature, mass, boltzmann):
        """a = sqrt(2 k T / m), the most probable speed (Bird 1994, chapter 4)."""
        return sqrt(2.0 * boltzmann * temperature / mass)

    def between(low, high, share):
        """What lies between two knots of a profile: low + share (high - low)."""
        return low + share * (high - low)

    def speed_between(low, high, share):
        """a where T_w is linear between two knots: a^2 is, too."""
        return sqrt(low * low + share * (high * high - low * low))

    def lord_normal(v, a, alpha, u_1, u_2):
        """Normal speed after a wall that accommodates the share `alpha` of the normal energy.

        |sqrt(1 - alpha) v + a sqrt(-alpha ln u_1) exp(2 pi i u_2)| (Lord 1991); alpha = 1 is
        diffuse emission, 0 a mirror.  v : normal speed before [m/s]
        """
        kept, radius = sqrt(1.0 - alpha) * v, a * sqrt(-alpha * log(u_1))
        angle = (2.0 * math.pi) * u_2
        along, across = kept + radius * cos(angle), radius * sin(angle)
        return sqrt(along * along + across * across)

    def lord_tangential(v, noise, sigma):
        """A tangential component after a wall that accommodates the share `sigma` of momentum.

        (1 - sigma) v + sqrt(sigma (2 - sigma)) noise (Lord 1991), v relative to the wall; noise :
        a Maxwellian component at the temperature of the wall [m/s]
        """
        return (1.0 - sigma) * v + sqrt(sigma * (2.0 - sigma)) * noise

    return SimpleNamespace(
        emission_speed=emission_speed,
        maxwell_pair=maxwell_pair,
        thermal_speed=thermal_speed,
        between=between,
        speed_between=speed_between,
        lord_normal=lord_normal,
        lord_tangential=lord_tangential,
    )


_laws = laws(math.sqrt, math.log, math.cos, math.sin)
emission_speed = law(_laws.emission_speed)
maxwell_pair = law(_laws.maxwell_pair)
thermal_speed = _laws.thermal_speed
between = law(_laws.between)
speed_between = law(_laws.speed_between)
lord_normal = law(_laws.lord_normal)
lord_tangential = law(_laws.lord_tangential)
