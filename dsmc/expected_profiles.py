"""Expected profiles along x of two gases that met at a plane: of a Riemann problem, at a time.

Without collisions every molecule flies on: each gas by itself is half a Maxwellian space, and the
sums of both are exact.  With very many collisions the Euler equations hold, but for the thickness
of the waves.  A real gas is between the two.  Nothing is offered once a face has been felt.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from dsmc import reference
from dsmc.species import BOLTZMANN

if TYPE_CHECKING:
    from dsmc.scenario import Scenario

THINNEST = 1e-5  # of the largest density: what flows in a thinner gas is not offered
FARTHEST = 3.0  # thermal speeds away from a side's own velocity: 1e-5 of its molecules are faster


class Profiles(NamedTuple):
    """Fields by the names that the cells have, each (n,), and what they are the solution of."""

    fields: dict[str, np.ndarray]
    source: str


def expected_profiles(scenario: Scenario, x: np.ndarray, time: float) -> list[Profiles]:
    """What is known of a Riemann problem at `time` [s] and the places x : (n,) [m].

    Without collisions the exact profiles; with them those of the Euler equations, and beside a
    near vacuum those without collisions too, between which the gas is found.
    """
    if scenario.initial.kind != "riemann" or len(scenario.molecules) > 1 or scenario.forced:
        return []
    if time <= 0.0:
        return []
    found = []
    left, right = scenario.initial.left, scenario.initial.right
    colliding = scenario.collisions.scheme != "none"
    if not colliding or right.number_density_m3 < THINNEST * left.number_density_m3:
        found.append(collisionless(scenario, x, time))
    if colliding:
        found.append(euler(scenario, x, time))
    return [profiles for profiles in found if profiles is not None]


def from_plane(scenario: Scenario, x: np.ndarray) -> np.ndarray:
    """Places from the plane where the gases met; x : (n,) [m]."""
    return x - scenario.initial.split * scenario.lengths[0]


def faces_are_silent(
    scenario: Scenario, leftmost: float, rightmost: float, time: float, free: bool
) -> bool:
    """Whether neither face has made itself felt, where waves run at these speeds [m/s].

    A wall is felt by a gas that moves, and by every wave that reaches it; a reservoir of the gas
    itself by waves too, but not by molecules that are free; an open face by all but a vacuum.
    """
    initial, faces = scenario.initial, scenario.boundaries.x
    split, length = initial.split * scenario.lengths[0], scenario.lengths[0]
    densest = max(initial.left.number_density_m3, initial.right.number_density_m3)
    for gas, face, reached in (
        (initial.left, faces.low, -leftmost * time > split),
        (initial.right, faces.high, rightmost * time > length - split),
    ):
        if face.kind == "open":
            silent = gas.number_density_m3 < THINNEST * densest
        elif face.kind == "reservoir":
            same = all(
                getattr(face, name) == getattr(gas, name)
                for name in ("number_density_m3", "temperature_K", "velocity_m_s")
            )
            silent = same and (free or not reached)
        else:
            silent = gas.velocity_m_s[0] == 0.0 and not reached
        if not silent:
            return False
    return True


def euler(scenario: Scenario, x: np.ndarray, time: float) -> Profiles | None:
    """The exact solution of the Euler equations, `reference.riemann_solution`; x : (n,) [m]."""
    mass = scenario.molecules[0].mass
    left, right = (
        (side.number_density_m3 * mass, side.velocity_m_s[0],
         side.number_density_m3 * BOLTZMANN * side.temperature_K)
        for side in (scenario.initial.left, scenario.initial.right)
    )  # fmt: skip
    try:
        star = reference.riemann_star(left, right)
    except ValueError:  # the gases fly apart
        return None
    if not faces_are_silent(scenario, star.left_head, star.right_head, time, free=False):
        return None
    rho, u, p = reference.riemann_solution(from_plane(scenario, x) / time, left, right)
    return Profiles(of_gas(rho / mass, u, p), "Euler equations")


def of_gas(n: np.ndarray, u: np.ndarray, p: np.ndarray) -> dict[str, np.ndarray]:
    """The fields of a gas of one species; NaN where next to nothing is left of it.

    n : (n,) [1/m^3]; u : (n,) [m/s]; p : (n,) [Pa]
    """
    gas = n > THINNEST * n.max()
    return {
        "number_density": n,
        "pressure": p,
        "velocity_x": np.where(gas, u, np.nan),
        "temperature": np.where(gas, p / (np.where(gas, n, 1.0) * BOLTZMANN), np.nan),
    }


def collisionless(scenario: Scenario, x: np.ndarray, time: float) -> Profiles | None:
    """Molecules of both sides that fly on, `reference.free_expansion_moments`; x : (n,) [m]."""
    mass, initial = scenario.molecules[0].mass, scenario.initial
    n, flow, square = (np.zeros(x.shape) for _ in range(3))  # n, n u, n <v^2>
    away, speeds = from_plane(scenario, x), []
    for side, sign in ((initial.left, 1.0), (initial.right, -1.0)):
        v0 = reference.most_probable_speed(mass, side.temperature_K)
        U = side.velocity_m_s[0]
        moments = reference.free_expansion_moments(sign * (away / time - U) / v0)
        own_n, own_flow, own_square = (side.number_density_m3 * moment for moment in moments)
        u = sign * v0 * own_flow
        n += own_n
        flow += own_n * U + u
        square += own_n * U**2 + 2.0 * U * u + v0**2 * own_square
        speeds += [U - FARTHEST * v0, U + FARTHEST * v0]
    if not faces_are_silent(scenario, min(speeds), max(speeds), time, free=True):
        return None
    u = flow / np.maximum(n, np.finfo(float).tiny)
    return Profiles(of_gas(n, u, mass * (square - n * u**2) / 3.0), "no collisions")
