"""Laws of reflection: the velocity of a molecule that leaves a wall.

Legend: a = sqrt(2 k T_w / m) thermal speed of the wall [m/s], u uniform in (0, 1).

    Bird 1994: G. A. Bird, Molecular Gas Dynamics and the Direct Simulation of Gas Flows.
    J. C. Maxwell, Phil. Trans. R. Soc. 170 (1879) 231 (a fraction is diffuse, the rest specular).
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

    return SimpleNamespace(
        emission_speed=emission_speed, maxwell_pair=maxwell_pair, thermal_speed=thermal_speed
    )


_laws = laws(math.sqrt, math.log, math.cos, math.sin)
emission_speed = law(_laws.emission_speed)
maxwell_pair = law(_laws.maxwell_pair)
thermal_speed = _laws.thermal_speed
