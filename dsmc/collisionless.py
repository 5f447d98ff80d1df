"""Claims that are exact without collisions.

Where every face gives back what reaches it by the cosine law, as diffuse walls and resting gases
do, the steady one-sided flux J of a gas without collisions is the same at every point of every face
of a box, whatever their temperatures: what one point receives is the mean of what all others send.
(A wall that moves sends more to one side; between plates alone this makes no difference.)
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from dsmc import reference
from dsmc.balances import MIRRORS, is_steady
from dsmc.claims import Claim, Measure, equal
from dsmc.result import Result
from dsmc.species import BOLTZMANN

if TYPE_CHECKING:
    from dsmc.scenario import Scenario
    from dsmc.scenario.patches import Patch

SAME = 1e-9  # relative: fluxes of gases outside that are one
J_SOURCE = "the same at every wall of a gas without collisions"


def without_collisions(scenario: Scenario, result: Result) -> Iterator[Claim]:
    """Everything that molecules do which meet faces only; of one species, without a force."""
    if scenario.collisions.scheme != "none" or len(scenario.molecules) > 1 or scenario.forced:
        return
    yield from mirror_hits(scenario, result)
    if is_steady(result) and emits_evenly(scenario):
        yield from uniform_flux(scenario, result)
        yield from plate_loads(scenario, result)


def mirror_hits(scenario: Scenario, result: Result) -> Iterator[Claim]:
    """Hits of a gas in equilibrium in a box of mirrors, against n cbar / 4."""
    if scenario.initial.kind != "equilibrium":
        return
    if any(patch.kind != "specular" for patch in scenario.patches):
        return
    flux = reference.one_sided_flux(
        scenario.number_density, scenario.temperature, scenario.molecules[0].mass
    )
    # <|v_x|> of N independent molecules has the relative error sqrt(pi/2 - 1) / sqrt(N); a face
    # counts whole hits: one per particle at most.
    spread = math.sqrt(math.pi / 2.0 - 1.0) / math.sqrt(result.particles)
    for face, wall in result.walls.items():
        counted = max(1.0, wall.number_flux[0] * wall.area * result.time / scenario.weight)
        whole = 0.5 * math.sqrt(result.particles) / counted
        error = flux * math.hypot(spread, whole)
        yield Claim(
            f"wall_number_flux {face}", wall.number_flux[0], error, flux, "n cbar / 4", "m-2 s-1"
        )


# ------------------------------------------------------------------ a steady flux of molecules


def emits_evenly(scenario: Scenario) -> bool:
    """Whether all faces send by the cosine law, mirrors apart, and gases outside all as much."""
    senders = [patch for patch in scenario.patches if patch.kind not in MIRRORS]
    fluxes = [flux_of(scenario, patch) for patch in senders if patch.kind == "reservoir"]
    if not senders or any(patch.kind not in ("diffuse", "reservoir") for patch in senders):
        return False
    between_plates = scenario.dimension == 1 and not fluxes
    if not between_plates and any(moves(patch) for patch in senders):
        return False
    return all(abs(flux - fluxes[0]) <= SAME * fluxes[0] for flux in fluxes)


def moves(patch: Patch) -> bool:
    """Whether a wall, or the gas outside, has a velocity."""
    profile = getattr(patch.boundary, "profile", None)
    return any(patch.boundary.velocity_m_s) or bool(profile and profile.velocity_m_s)


def flux_of(scenario: Scenario, patch: Patch) -> float:
    """What a gas outside at rest sends in, n cbar / 4 [m-2 s-1]."""
    outside = patch.boundary
    flux = reference.one_sided_flux(
        outside.number_density_m3, outside.temperature_K, scenario.molecules[0].mass
    )
    return float(flux)


def uniform_flux(scenario: Scenario, result: Result) -> Iterator[Claim]:
    """Every boundary receives J: that of a gas outside, else what the first one receives."""
    walls = {name: Measure(*wall.number_flux, wall.degrees) for name, wall in result.walls.items()}
    outside = [patch for patch in scenario.patches if patch.kind == "reservoir"]
    known = Measure(flux_of(scenario, outside[0])) if outside else walls.pop(next(iter(walls)))
    source = "n cbar / 4 of the gas outside" if outside else J_SOURCE
    for name, flux in walls.items():
        if math.isfinite(flux.error):
            yield equal(f"wall_number_flux {name}", flux, known, source, "m-2 s-1")
    if outside:
        for patch in scenario.patches:
            yield from heat_seen(scenario, result, patch, known.value)


def heat_seen(scenario: Scenario, result: Result, patch: Patch, flux: float) -> Iterator[Claim]:
    """Heat onto a boundary all of whose molecules come from faces of one temperature.

    2 k (T - T_own) each, flux J [m-2 s-1]. A flat face sees all others; beside mirrors itself, too.
    """
    own, wall = temperature_of(patch), result.walls.get(patch.name)
    if own is None or wall is None or not math.isfinite(wall.heat_flux[1]):
        return
    mirrored = any(other.kind in MIRRORS for other in scenario.patches)
    seen = {
        temperature_of(other)
        for other in scenario.patches
        if other.kind not in MIRRORS and (mirrored or other.face != patch.face)
    }
    if len(seen) != 1 or None in seen:
        return
    heat = 2.0 * BOLTZMANN * (seen.pop() - own) * flux
    found = Measure(*wall.heat_flux, wall.degrees)
    yield equal(
        f"wall_heat_flux {patch.name}", found, Measure(heat), "2 k dT for each molecule", "W m-2"
    )


def temperature_of(patch: Patch) -> float | None:
    """Temperature of what a boundary sends [K]; None if it is not one, or moves, or reflects."""
    boundary: Any = patch.boundary
    if patch.kind == "reservoir":
        return boundary.temperature_K
    whole = patch.kind == "diffuse" and boundary.accommodation == 1.0 and boundary.profile is None
    return boundary.temperature_K if whole and not moves(patch) else None


def plate_loads(scenario: Scenario, result: Result) -> Iterator[Claim]:
    """Flux, shear and heat between two fully accommodating plates at any temperatures and speeds.

    Every molecule brings the momentum m U and the energy 2 k T + m U^2 / 2 of the other plate.
    """
    plates = {patch.face: patch.boundary for patch in scenario.patches}
    if set(plates) != {"x_low", "x_high"} or not scenario.sealed:
        return
    if any(plate.kind != "diffuse" or plate.accommodation < 1.0 for plate in plates.values()):
        return
    mass, n = scenario.molecules[0].mass, scenario.number_density
    T = [plates[face].temperature_K for face in ("x_low", "x_high")]
    J = float(reference.free_molecular_plates(n, *T, mass).particle_flux)
    for face, other in (("x_low", "x_high"), ("x_high", "x_low")):
        wall, own, far = result.walls[face], plates[face], plates[other]
        brought = energy_of(far, mass) - energy_of(own, mass)
        known = [("wall_number_flux", "m-2 s-1", wall.number_flux, J)]
        known.append(("wall_heat_flux", "W m-2", wall.heat_flux, brought * J))
        for k in (1, 2):
            pair = tuple(column[k] for column in wall.shear)
            speed = far.velocity_m_s[k] - own.velocity_m_s[k]
            known.append((f"wall_shear_{'xyz'[k]}", "Pa", pair, mass * speed * J))
        for name, unit, pair, exact in known:
            if math.isfinite(pair[1]):
                found = Measure(*pair, wall.degrees)
                yield equal(f"{name} {face}", found, Measure(exact), "free-molecular plates", unit)


def energy_of(plate: Any, mass: float) -> float:
    """Mean energy of the molecules that a plate sends, 2 k T + m U^2 / 2 [J]."""
    square = sum(u * u for u in plate.velocity_m_s)
    return 2.0 * BOLTZMANN * plate.temperature_K + 0.5 * mass * square
