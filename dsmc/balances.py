"""Claims that hold in every steady flow: what enters a part of the gas leaves it.

Mass, momentum and energy are conserved by molecules among themselves, so that

* all faces together take nothing, but for what a force supplies,
* one flow goes through all planes across a channel whose sides take nothing, and into its end,
* the gas between two plates carries what the plates receive.

Which of these a run is held to follows from its boundaries. Viscous heating needs no term of its
own: faces count all the energy that molecules bring and take away, in the frame of the box.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from dsmc import reference
from dsmc.claims import Claim, Measure, equal, total
from dsmc.faces import AXES, PASSED, Wall
from dsmc.grading import widths
from dsmc.planes import Plane
from dsmc.result import Result
from dsmc.species import BOLTZMANN
from dsmc.statistics import student_quantile
from dsmc.steady import PARTS, slope

if TYPE_CHECKING:
    from dsmc.scenario import Scenario

MIRRORS = ("specular", "symmetry", "periodic")  # kinds that take neither energy nor shear
UNITS = {"mass_flow": "kg s-1", "force_x": "N", "force_y": "N", "force_z": "N", "heat_flow": "W"}
HELD_AS = {  # the series of what the gas holds
    "mass_flow": "particles", "force_x": "momentum_x", "force_y": "momentum_y",
    "force_z": "momentum_z", "heat_flow": "energy",
}  # fmt: skip
DRIFT = 1e-4  # chance that a conserved quantity of a steady flow is said to drift
ROUNDING = 1e-9  # relative changes of conserved quantities that mean nothing
TOLD = 10.0  # standard errors of a flux that the gas is to carry, lest two noises be compared
ON_A_FACE = 1e-6  # of a cell: how far from the face of cells a plane may lie


def balances(scenario: Scenario, result: Result) -> Iterator[Claim]:
    """Everything that must balance; nothing where the flow is not steady."""
    if is_steady(result):
        yield from of_all_faces(scenario, result)
        yield from through_planes(scenario, result)
        yield from between_plates(scenario, result)


def is_steady(result: Result) -> bool:
    """Whether averages began after the start, and no conserved quantity drifted from there on."""
    if not result.sampling.start or not result.time > result.sampling.time:
        return False
    watched = [result.series[name] for name in HELD_AS.values() if name in result.series]
    return not any(drifts(part.value[part.time >= result.sampling.time]) for part in watched)


def drifts(rows: np.ndarray) -> bool:
    """Whether a series has a slope that is neither noise nor rounding; too short a one has none.

    rows : (T,)
    """
    if len(rows) < PARTS or not np.ptp(rows) > ROUNDING * np.abs(rows).max():
        return False
    return bool(slope(rows[:, None])[0] > student_quantile(DRIFT, PARTS - 2.0))


# ------------------------------------------------------------------ what faces and planes carry


def taken(wall: Wall) -> dict[str, Measure]:
    """What a boundary takes from the gas per time: mass, momentum by direction, energy."""
    axis, outward = AXES.index(wall.face[0]), 1.0 if wall.face.endswith("high") else -1.0
    momentum = [Measure(*pair, wall.degrees) for pair in zip(*wall.shear, strict=True)]
    momentum[axis] = Measure(*wall.pressure, wall.degrees).times(outward)
    parts = [Measure(*wall.mass_flux, wall.degrees), *momentum]
    parts.append(Measure(*wall.heat_flux, wall.degrees))
    return {name: part.times(wall.area) for name, part in zip(UNITS, parts, strict=True)}


def passed(plane: Plane) -> dict[str, Measure]:
    """What crosses a plane per time, upwards."""
    parts = [Measure(*plane.mass_flux, plane.degrees)]
    parts += [Measure(*pair, plane.degrees) for pair in zip(*plane.momentum_flux, strict=True)]
    parts.append(Measure(*plane.energy_flux, plane.degrees))
    return {name: part.times(plane.area) for name, part in zip(UNITS, parts, strict=True)}


# ------------------------------------------------------------------ all faces together


def of_all_faces(scenario: Scenario, result: Result) -> Iterator[Claim]:
    """All faces together take what the force supplies, and no mass."""
    if not result.walls:
        return
    boundaries = [taken(wall) for wall in result.walls.values()]
    for name, unit in UNITS.items():
        if name == "mass_flow" and scenario.sealed:
            continue
        supplied = supply(scenario, result, name)
        received = sharpened(
            scenario, result, name, total(boundary[name] for boundary in boundaries)
        )
        if supplied is not None and received.error > 0.0 and math.isfinite(supplied.error):
            source = "supplied by the force" if supplied.value else "balance of a steady flow"
            yield equal(f"{name} of all faces", received, supplied, source, unit)


def sharpened(scenario: Scenario, result: Result, name: str, received: Measure) -> Measure:
    """What all faces received together, with the error that it has by conservation, if smaller.

    It is what the gas lost while averages were taken, over that time: the difference of two moments
    of a content that fluctuates by its standard deviation s, sqrt(2) s / t.
    """
    deviation = seen_to_fluctuate(scenario, result, name)
    if deviation is None or averages_apart(scenario):
        return received
    error = math.sqrt(2.0) * deviation / (result.time - result.sampling.time)
    return min(received, Measure(received.value, error, PARTS - 1.0), key=lambda part: part.error)


def averages_apart(scenario: Scenario) -> bool:
    """Whether replicas average over times of their own."""
    return scenario.run.replicas > 1 and scenario.sample.start == "steady"


def seen_to_fluctuate(scenario: Scenario, result: Result, name: str) -> float | None:
    """Standard deviation over time of what the whole gas holds; None where it is not sampled."""
    series = result.series.get(HELD_AS[name])
    if series is None or (name == "mass_flow" and len(scenario.molecules) > 1):
        return None
    rows = series.value[series.time >= result.sampling.time]
    if len(rows) < PARTS or not np.isfinite(rows).all():
        return None
    unit = scenario.molecules[0].mass * scenario.weight if name == "mass_flow" else 1.0
    return unit * float(rows.std(ddof=1))


def supply(scenario: Scenario, result: Result, name: str) -> Measure | None:
    """What is given to the gas per time; None where that is not known.

    A plane of symmetry takes normal momentum uncounted. A force gives N m a and N m a u.
    """
    acceleration = np.array(scenario.force.acceleration_m_s2)
    if name.startswith("force"):
        axis = AXES.index(name[-1])
        if any(patch.axis == axis and patch.kind == "symmetry" for patch in scenario.patches):
            return None
        if acceleration[axis]:
            return mass_of(scenario, result).times(acceleration[axis])
    if name == "heat_flow" and scenario.forced:
        return work(scenario, result, acceleration)
    return Measure(0.0)


def mass_of(scenario: Scenario, result: Result) -> Measure:
    """Mass of the gas [kg]: known in a sealed box, else that of its average density."""
    pairs = zip(scenario.fractions, scenario.molecules, strict=True)
    molecule = sum(fraction * species.mass for fraction, species in pairs)
    density = result.fields.get("number_density")
    if scenario.sealed:
        return Measure(molecule * scenario.weight * scenario.particle_count)
    if density is None or density.average is None or len(scenario.molecules) > 1:
        return Measure(math.nan, math.nan)
    return Measure(*density.average).times(molecule * scenario.volume)


def work(scenario: Scenario, result: Result, acceleration: np.ndarray) -> Measure | None:
    """Power of the force [W], rho u a over all cells, as if the errors of all cells were one.

    acceleration : (3,) [m/s2]
    """
    density = result.fields.get("number_density")
    if density is None or len(scenario.molecules) > 1:
        return None
    mass, value, error = scenario.molecules[0].mass, 0.0, 0.0
    volume = cell_volumes(scenario)
    for axis in np.flatnonzero(acceleration):
        u = result.fields[f"velocity_{AXES[axis]}"]
        weights = mass * volume * density.value * acceleration[axis]
        value += float((weights * u.value).sum())
        error += float((np.abs(weights) * u.error).sum())
    return Measure(value, error, density.degrees)


def cell_volumes(scenario: Scenario) -> np.ndarray:
    """Volume of every cell, (n_x,), (n_y, n_x) or (n_z, n_y, n_x) [m3]."""
    volume = np.ones(())
    for faces in scenario.faces:
        volume = np.multiply.outer(np.diff(faces), volume)
    return volume


# ------------------------------------------------------------------ planes across a channel


def through_planes(scenario: Scenario, result: Result) -> Iterator[Claim]:
    """One flow goes through all planes across a channel, and into the face at its low end."""
    for axis, letter in enumerate(AXES[: scenario.dimension]):
        planes = {name: plane for name, plane in result.planes.items() if plane.axis == letter}
        for flow, unit in UNITS.items():
            if not is_kept(scenario, axis, flow):
                continue
            across = {
                name: passed(plane)[flow]
                for name, plane in planes.items()
                if flow == "mass_flow" or is_between_cells(scenario, axis, plane.position)
            }
            first, known = next(iter(across), ""), at_low_end(scenario, result, axis, flow)
            source = f"{letter} low"
            if known is None and first:
                source, known = first, across.pop(first)
            apart = between_planes(scenario, result, flow)
            for name, part in across.items():
                claim = equal(f"{flow} {name}", part, known, f"continuity: as at {source}", unit)
                if math.isfinite(claim.error):
                    exact = replace(claim, error=apart, degrees=math.inf)
                    yield min(claim, exact, key=lambda each: each.error)


def between_planes(scenario: Scenario, result: Result, flow: str) -> float:
    """By how much the flows through two planes may differ: what the gas between them gains, over t.

    sqrt(2) s / t, s at most what the whole gas would fluctuate by if all molecules came and went by
    themselves: N (m^2, m e, 15/4 e^2) are the variances of mass, momentum and energy, e = k T of a
    gas at rest; twice their root, for what gradients add, or what the whole gas is seen to
    fluctuate by.
    """
    if averages_apart(scenario):
        return math.inf
    copies = max(1.0, result.particles / scenario.particle_count) if scenario.sealed else 1.0
    heaviest = max(molecule.mass for molecule in scenario.molecules)
    energy = largest_energy(scenario, result, heaviest)
    one = {"mass_flow": heaviest, "heat_flow": math.sqrt(15.0) / 2.0 * energy}
    alone = scenario.weight * one.get(flow, math.sqrt(heaviest * energy))
    expected = 2.0 * alone * math.sqrt(result.particles) / copies
    seen = seen_to_fluctuate(scenario, result, flow) or 0.0
    return math.sqrt(2.0) * max(expected, seen) / (result.time - result.sampling.time)


def largest_energy(scenario: Scenario, result: Result, mass: float) -> float:
    """k T + m u^2 where it is largest, or k T of the scenario [J]."""
    fields = result.fields
    if "temperature" not in fields:
        return BOLTZMANN * scenario.temperature
    square = sum(fields[f"velocity_{axis}"].value ** 2 for axis in AXES)
    return float(np.nanmax(BOLTZMANN * fields["temperature"].value + mass * square))


def is_kept(scenario: Scenario, axis: int, flow: str) -> bool:
    """Whether the flow along a channel is the same everywhere: its sides and forces change nothing.

    A side that passes no gas keeps the mass; a mirror keeps energy and momentum along itself, too.
    """
    sides = [patch for patch in scenario.patches if patch.axis != axis]
    if flow == "mass_flow":
        return not any(patch.kind in PASSED for patch in sides)
    if scenario.forced or any(patch.kind not in MIRRORS for patch in sides):
        return False
    normal = {AXES[patch.axis] for patch in sides if patch.kind != "periodic"}
    return not (flow.startswith("force") and flow[-1] in normal)


def at_low_end(scenario: Scenario, result: Result, axis: int, flow: str) -> Measure | None:
    """The flow that comes from the low face of an axis; None where it is not counted."""
    ends = [patch for patch in scenario.patches if (patch.axis, patch.side) == (axis, 0)]
    if any(patch.name not in result.walls for patch in ends):
        return None
    return total(taken(result.walls[patch.name])[flow].times(-1.0) for patch in ends)


def is_between_cells(scenario: Scenario, axis: int, position: float) -> bool:
    """Whether no cell lies on both sides of a plane: collisions carry nothing across it unseen."""
    faces = np.array(scenario.faces[axis])
    return bool(np.abs(faces - position).min() <= ON_A_FACE * np.diff(faces).min())


# ------------------------------------------------------------------ the gas between two plates


def between_plates(scenario: Scenario, result: Result) -> Iterator[Claim]:
    """Plane flow between two walls: the gas carries what the walls receive."""
    if scenario.dimension != 1 or set(result.walls) != {"x_low", "x_high"}:
        return
    if not scenario.sealed or scenario.forced:
        return
    low, high = (taken(result.walls[face]) for face in ("x_low", "x_high"))
    for flow, gas, name, unit, law in (
        ("force_x", carried(result, "pressure_xx"), "pressure_xx", "Pa", "viscosity"),
        ("force_y", carried(result, "pressure_xy"), "pressure_xy", "Pa", "viscosity"),
        ("force_z", carried(result, "pressure_xz"), "pressure_xz", "Pa", "viscosity"),
        ("heat_flow", energy_flux(scenario, result), "heat_flux_x", "W m-2", "conductivity"),
    ):
        received = total((high[flow], low[flow].times(-1.0))).times(0.5)  # the area is 1 m2
        if gas is None or not abs(received.value) > TOLD * received.error:
            continue
        away = abs(received.value) if flow != "force_x" else anisotropy(result)
        margin = discretisation(scenario, result, law) * away
        yield equal(f"{name} of the gas", gas, received, "received by the walls", unit, margin)


def carried(result: Result, name: str) -> Measure | None:
    """The mean of a field over the cells; None where it or its error is not known."""
    field = result.fields.get(name)
    return None if field is None or field.average is None else Measure(*field.average)


def energy_flux(scenario: Scenario, result: Result) -> Measure | None:
    """The energy that the gas carries along x: heat, and the work of the shear stress."""
    heat = carried(result, "heat_flux_x")
    if heat is None:
        return None
    parts, share = [heat], cell_volumes(scenario) / scenario.volume
    for letter in "yz":
        stress, u = result.fields[f"pressure_x{letter}"], result.fields[f"velocity_{letter}"]
        error = np.abs(stress.value) * u.error + np.abs(u.value) * stress.error
        parts.append(Measure(float(share @ (stress.value * u.value)), float(share @ error)))
    return total(parts)


def anisotropy(result: Result) -> float:
    """By how much p_xx differs from the scalar pressure, on average [Pa]."""
    normal, scalar = carried(result, "pressure_xx"), carried(result, "pressure")
    return math.nan if normal is None or scalar is None else abs(normal.value - scalar.value)


def discretisation(scenario: Scenario, result: Result, coefficient: str) -> float:
    """Share of a flux that cells and time steps may carry: collisional transfer across a cell.

    By the measured distance of partners, sqrt(6) of which stand for a cell of random partners.
    Alexander, Garcia & Alder 1998 and Hadjiconstantinou 2000, as hard spheres.
    """
    if scenario.collisions.scheme == "none":
        return 0.0
    apart = result.quality.get("collision_separation_over_mean_free_path", math.nan)
    if not math.isfinite(apart):
        widest = scenario.lengths[0] / scenario.cells[0]
        if scenario.edges is not None:
            widest = max(widths(scenario.edges[0]))
        apart = reference.RANDOM_SEPARATION * widest / scenario.mean_free_path
    step = scenario.time_step / scenario.collision_time
    cells = float(reference.cell_size_error(math.sqrt(6.0) * apart, coefficient))
    return cells + float(reference.time_step_error(step, coefficient))
