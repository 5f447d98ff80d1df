"""Laws of the collision rate: how large a target two molecules are to each other.

Legend: g relative speed [m/s], m_r reduced mass [kg], d diameter at T_ref [m], omega viscosity
index, S prefactor of sigma g = S g^(2 - 2 omega).  The laws take g^2: what a pair has at hand.

    Bird 1994: G. A. Bird, Molecular Gas Dynamics and the Direct Simulation of Gas Flows.
"""

import math
from collections.abc import Callable
from types import SimpleNamespace

from dsmc.compiled import law
from dsmc.elementary import exponential, power


def laws(sqrt: Callable, log: Callable, exp: Callable, power: Callable) -> SimpleNamespace:
    """The laws over the elementary functions of a backend (math for Numba, torch for a device)."""

    def hard_sphere_rate(g_squared, prefactor):
        """sigma g = pi d^2 g [m^3/s] (Bird 1994, section 2.1); prefactor = pi d^2."""
        return prefactor * sqrt(g_squared)

    def variable_rate(g_squared, prefactor, half_exponent):
        """sigma g = S (g^2)^(1 - omega) [m^3/s], the VHS and VSS molecule (Bird 1994, eq. 4.63)."""
        return prefactor * power(g_squared, half_exponent)

    def candidate_rate(pairs, weight, rate, volume):
        """Candidate pairs of a cell per second: pairs F_N (sigma g)_max / V [1/s].

        Bird 1994, eq. 11.3 with N(N-1)/2 pairs in place of N times its time average:
        unbiased for every distribution of N.
        """
        return pairs * weight * rate / volume

    def waiting_time(u, rate):
        """Time to the next event of a Poisson process [s]: -ln(u) / rate.

        To the k-th event if u is the product of k uniforms.
        """
        return -log(u) / rate

    def no_event(rate, time):
        """Chance of no event of a Poisson process in `time`: exp(-rate time).

        The k-th event comes within `time` if the product of k uniforms is larger.
        """
        return exp(-rate * time)

    def bound_squared(first, second):
        """g^2 <= (r_1 + r_2)^2 <= 2 (r_1^2 + r_2^2), r the farthest velocities from their mean."""
        return 2.0 * (first + second)

    def like_pairs(n):
        """Distinct pairs among n particles, n (n - 1) / 2."""
        return 0.5 * n * (n - 1.0)

    def unlike_pairs(n_first, n_second):
        """Distinct pairs between two sets, n_1 n_2."""
        return n_first * n_second

    return SimpleNamespace(
        hard_sphere_rate=hard_sphere_rate,
        variable_rate=variable_rate,
        candidate_rate=candidate_rate,
        waiting_time=waiting_time,
        no_event=no_event,
        bound_squared=bound_squared,
        like_pairs=like_pairs,
        unlike_pairs=unlike_pairs,
    )


_laws = laws(math.sqrt, math.log, exponential, power)
hard_sphere_rate = law(_laws.hard_sphere_rate)
variable_rate = law(_laws.variable_rate)
candidate_rate = law(_laws.candidate_rate)
waiting_time = law(_laws.waiting_time)
no_event = law(_laws.no_event)
bound_squared = law(_laws.bound_squared)
like_pairs = law(_laws.like_pairs)
unlike_pairs = law(_laws.unlike_pairs)


def prefactor(
    diameter: float,
    omega: float,
    reference_temperature: float,
    reduced_mass: float,
    boltzmann: float,
) -> float:
    """S of sigma g = S g^(2 - 2 omega) [m^3/s (m/s)^-(2 - 2 omega)].

    S = pi d^2 (2 k T_ref / m_r)^(omega - 1/2) / Gamma(5/2 - omega)  (Bird 1994, eq. 4.63);
    omega = 1/2 is the hard sphere, omega = 1 the Maxwell molecule.
    """
    thermal = 2.0 * boltzmann * reference_temperature / reduced_mass
    return math.pi * diameter**2 * thermal ** (omega - 0.5) / math.gamma(2.5 - omega)
