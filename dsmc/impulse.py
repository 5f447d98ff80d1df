"""Claims about walls that are set in motion: the momentum that they have given to a gas at rest.

For hard spheres it is known at all times until the motion reaches the opposite wall
(`dsmc.expected.wall_impulse`), for others at the very beginning.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from dsmc import expected, reference
from dsmc.balances import MIRRORS, discretisation
from dsmc.claims import Claim
from dsmc.result import Result, Series

if TYPE_CHECKING:
    from dsmc.scenario import Scenario

INSTANTS = (1.0, 3.0, 10.0, 30.0)  # nu t at which a known impulse is judged
SOON = 0.3  # nu t before which molecules have hardly met
TABLE = 2e-4  # error of the reference, relative
HEATING = 0.05  # of (U/v0)^2: what the heat of friction changes of the impulse, at most


def impulses(scenario: Scenario, result: Result) -> Iterator[Claim]:
    """The momentum along y that moving walls have given."""
    series = result.series.get("momentum_y")
    if series is None or not scenario.initial.zero_momentum or len(scenario.molecules) > 1:
        return
    if series.reference is not None:
        yield from later(scenario, result, series)
    elif scenario.initial.kind == "equilibrium" and scenario.sealed and not scenario.forced:
        yield from first_push(scenario, result, series)


def later(scenario: Scenario, result: Result, series: Series) -> Iterator[Claim]:
    """At a few instants against the known curve.

    Margin: its own error; the heat of friction; cells and time steps change the viscosity, and the
    impulse by half as much.
    """
    nu_t = expected.collisions_at(scenario, series.time)
    speed = max(math.hypot(*patch.boundary.velocity_m_s) for patch in moving(scenario))
    v0 = reference.most_probable_speed(scenario.molecules[0].mass, scenario.temperature)
    share = TABLE + HEATING * (speed / float(v0)) ** 2
    share += 0.5 * discretisation(scenario, result, "viscosity")
    for instant in INSTANTS:
        k = int(np.abs(nu_t - instant).argmin())
        if nu_t[-1] < instant or nu_t[k] == 0.0:
            continue
        exact = float(series.reference[k])
        yield Claim(
            f"momentum_y at {nu_t[k]:.3g} tau_c", float(series.value[k]),
            error_of(scenario, result, series, k), exact,
            expected.IMPULSE, series.unit, share * abs(exact),
        )  # fmt: skip


def first_push(scenario: Scenario, result: Result, series: Series) -> Iterator[Claim]:
    """At first walls give m U a n cbar / 4 per area: what comes to them knows nothing of it yet.

    Margin: by the time t a share nu t has collided, half of it with molecules that have half of the
    velocity of the wall. a: accommodation.
    """
    if series.time.size < 2 or any(scenario.initial.velocity_m_s) or not moving(scenario):
        return
    time = float(series.time[1])
    nu_t = time * scenario.collision_rate
    if nu_t > SOON or series.time[0] > 0.0:
        return
    exact = sum(
        push * patch.boundary.velocity_m_s[1]
        for push, patch in ((sent(scenario, patch, time), patch) for patch in moving(scenario))
    )
    exact *= scenario.molecules[0].mass
    yield Claim(
        f"momentum_y at {nu_t:.3g} tau_c", float(series.value[1]),
        error_of(scenario, result, series, 1), exact,
        "first push: m U n cbar / 4", series.unit, 0.25 * nu_t * abs(exact),
    )  # fmt: skip


def moving(scenario: Scenario) -> list:
    """The walls with one velocity along y; none if there are walls of other kinds than diffuse."""
    walls = [patch for patch in scenario.patches if patch.kind not in MIRRORS]
    if any(patch.kind != "diffuse" or patch.boundary.profile is not None for patch in walls):
        return []
    return [patch for patch in walls if patch.boundary.velocity_m_s[1]]


def sent(scenario: Scenario, patch, time: float) -> float:
    """Molecules that a diffuse wall has sent back after accommodating them."""
    mass = scenario.molecules[0].mass
    flux = float(reference.one_sided_flux(scenario.number_density, scenario.temperature, mass))
    return patch.boundary.accommodation * flux * patch.area * time


def error_of(scenario: Scenario, result: Result, series: Series, k: int) -> float:
    """Error of the momentum: the scatter of replicas, or of one run m v0 for each molecule sent.

    It is known exactly what the gas of one run has; what it would have in another run is not.
    """
    if result.particles > scenario.particle_count:
        return float(series.error[k])
    walls = [patch for patch in scenario.patches if patch.kind == "diffuse"]
    count = sum(sent(scenario, patch, float(series.time[k])) for patch in walls)
    mass = scenario.molecules[0].mass
    v0 = float(reference.most_probable_speed(mass, scenario.temperature))
    return mass * v0 * math.sqrt(count * scenario.weight)
