"""From samplers to the result: series with units and references, fields, walls, histograms."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from dsmc import expected, reference, resolution, walls
from dsmc.cells import cell_centres
from dsmc.macroscopic import CELL_QUANTITIES, COLLISION_QUANTITIES, most_probable_speed
from dsmc.quantities import QUANTITIES
from dsmc.result import Field, Histogram, Result, Series, Wall
from dsmc.verdict import judge
from dsmc.wall_profiles import wall_profiles

if TYPE_CHECKING:
    from dsmc.averaging import CellAverage
    from dsmc.scenario import Scenario
    from dsmc.scenario.patches import Patch
    from dsmc.simulation import Simulation

SPEED_EDGES = np.linspace(0.0, 4.0, 81)  # v0


def result_of(simulation: Simulation) -> Result:
    """Everything a simulation has measured so far, with its verdicts."""
    scenario = simulation.scenario
    result = Result(
        title=scenario.title or scenario.name,
        scenario_text=scenario.text,
        series=series_of(simulation),
        fields=fields_of(simulation),
        walls=walls_of(simulation),
        wall_profiles=wall_profiles(simulation),
        planes=simulation.probing.planes.planes(scenario),
        histograms=histograms_of(simulation),
        collisions=simulation.collisions,
        steps=simulation.steps,
        time=simulation.time,
        particles=simulation.executor.count,
        wall_time=simulation.stopwatch.total,
        stage_seconds=dict(simulation.stopwatch.seconds),
        provenance=simulation.provenance,
        quality=quality_of(simulation),
        sampling=simulation.window.record(simulation),
    )
    return judge(scenario, result)


def described(name: str) -> tuple[str, str]:
    """Unit and description of a quantity; a species' own has the name of the species behind it."""
    if name in QUANTITIES:
        return QUANTITIES[name].unit, QUANTITIES[name].description
    base, _, species = name.rpartition("_")
    return QUANTITIES[base].unit, f"{QUANTITIES[base].description}, of {species} alone"


def series_of(simulation: Simulation) -> dict[str, Series]:
    """The sampled series, each with its expected curve where one is known."""
    sampler = simulation.series_sampler
    time = np.array(sampler.time)
    return {
        name: series(simulation.scenario, name, time, value, error)
        for name, (value, error) in sampler.columns().items()
    }


def series(scenario: Scenario, name: str, time, value, error) -> Series:
    """One series with unit, description and reference."""
    known = expected.expected(scenario, name, time)
    return Series(name, *described(name), time, value, error, known[0] if known else None)


def fields_of(simulation: Simulation) -> dict[str, Field]:
    """Cell fields averaged over the sampled time."""
    sampler = simulation.field_sampler
    return {} if sampler is None else cell_fields(simulation.scenario, sampler.whole)


def field_quantities(scenario: Scenario) -> list[tuple[str, str, str]]:
    """Name, unit and description of every cell field."""
    of_collisions = COLLISION_QUANTITIES if scenario.collisions.scheme != "none" else ()
    measured = [(name, *described(name)) for name in (*CELL_QUANTITIES, *of_collisions)]
    rules = resolution.applying(scenario)
    return measured + [(rule.name, "1", rule.description) for rule in rules]


def cell_fields(scenario: Scenario, average: CellAverage) -> dict[str, Field]:
    """The fields of an average over time, x fastest, and how finely it was resolved."""
    axes, shape = cell_centres(average.grid), average.grid.cells[::-1]
    measured, means = average.fields(), average.averages()
    fields = {
        name: Field(
            name,
            *described(name),
            axes,
            *(array.reshape(shape) for array in measured[name][:2]),
            means.get(name),
            measured[name].degrees,
        )
        for name in measured
    }
    return fields | resolution.resolved(scenario, fields)


def walls_of(simulation: Simulation) -> dict[str, Wall]:
    """Fluxes at the walls: per area and time, as given to the wall."""
    scenario, sampler = simulation.scenario, simulation.wall_sampler
    mass = np.array([molecule.mass for molecule in scenario.molecules])
    mean, error = sampler.per_step(lambda mean: with_mass(mean, mass))
    found = {}
    for patch, value, spread in zip(scenario.patches, mean, error, strict=False):
        if walls.KINDS[patch.kind] not in walls.SILENT:
            scale = scenario.weight / (patch.area * scenario.time_step)
            found[patch.name] = wall(patch, value * scale, spread * scale, sampler.degrees)
    return found


def with_mass(net: np.ndarray, mass: np.ndarray) -> np.ndarray:
    """What rows received, and behind it the mass that they took from the gas, on balance.

    net : (rows, 5 + 2 S) of `walls.net`; mass : (S,) [kg]
    """
    brought, taken = net[:, 5 : 5 + mass.size], net[:, 5 + mass.size :]
    return np.column_stack([net, (brought - taken) @ mass])


def wall(patch: Patch, value, error, degrees: float = math.inf) -> Wall:
    """One patch from what it received per area and time; the columns are those of `with_mass`."""
    outward, axis = 1.0 if patch.side == 1 else -1.0, patch.axis
    shear, shear_error = value[1:4].copy(), error[1:4].copy()
    shear[axis] = shear_error[axis] = 0.0
    kinds = (value.size - 6) // 2
    return Wall(
        face=patch.face,
        name=patch.name,
        kind=patch.kind,
        area=patch.area,
        number_flux=(value[0], error[0]),
        pressure=(outward * value[1 + axis], error[1 + axis]),
        shear=(shear, shear_error),
        heat_flux=(value[4], error[4]),
        leaving=(value[5 : 5 + kinds], error[5 : 5 + kinds]),
        entering=(value[5 + kinds : -1], error[5 + kinds : -1]),
        mass_flux=(value[-1], error[-1]),
        degrees=degrees,
    )


def histograms_of(simulation: Simulation) -> dict[str, Histogram]:
    """Speed distributions at the start and now, and collision rates by class of speed."""
    found = {}
    if simulation.initial_speeds is not None:
        for name, counts in (
            ("speed_initial", simulation.initial_speeds),
            ("speed_final", speeds(simulation)),
        ):
            found[name] = speed_histogram(name, counts)
    if simulation.census_sampler is not None:
        found["speed_rate"] = rate_histogram(simulation)
    return found | distributions_of(simulation)


def distributions_of(simulation: Simulation) -> dict[str, Histogram]:
    """Velocity distributions in the cells that the scenario names."""
    sampler = simulation.probing.distributions
    if simulation.field_sampler is None or not sampler.cells:
        return {}
    return sampler.histograms(simulation.scenario, simulation.field_sampler.whole.fields())


def speeds(simulation: Simulation) -> np.ndarray:
    """Counts of the speeds of up to a million particles, evenly chosen: see `speed_counts`."""
    velocity, scenario = simulation.particles.velocity, simulation.scenario
    stride = max(1, velocity.shape[0] // 1_000_000)
    v0 = most_probable_speed(scenario.temperature, scenario.molecules[0].mass)
    return speed_counts(velocity[::stride].astype(np.float64) / v0)


def speed_counts(velocity: np.ndarray) -> np.ndarray:
    """How many speeds |c| lie in each class of SPEED_EDGES, and above them all.

    velocity : (n, 3) [v0]
    """
    speed = np.linalg.norm(velocity - velocity.mean(axis=0), axis=1)
    counts = np.histogram(speed, SPEED_EDGES)[0]
    return np.append(counts, speed.size - counts.sum())


def speed_histogram(name: str, counts: np.ndarray) -> Histogram:
    """Density of |c|/v0, its Poisson error, and Maxwell's density; counts as `speed_counts`.

    counts : (B + 1,)
    """
    scale = 1.0 / (counts.sum() * np.diff(SPEED_EDGES))
    middle = 0.5 * (SPEED_EDGES[1:] + SPEED_EDGES[:-1])
    inside = counts[:-1]
    return Histogram(
        name, "v0", SPEED_EDGES, inside * scale, np.sqrt(np.maximum(inside, 1)) * scale,
        reference.maxwell_speed_density(middle), "", "density of the thermal speed |c|/v0",
    )  # fmt: skip


def rate_histogram(simulation: Simulation) -> Histogram:
    """nu(c)/nu by class of speed, over the exact mean of each class."""
    scenario, sampler = simulation.scenario, simulation.census_sampler
    rate = scenario.collision_rate * (1.0 - 1.0 / scenario.particle_count)
    edges, value, error = sampler.rates(scenario.time_step, rate)
    exponent = 2.0 - 2.0 * scenario.molecules[0].omega
    exact = reference.class_rate(edges[:-1], edges[1:], exponent)
    return Histogram(
        "speed_rate", "v0", edges, value, error, exact, "1", "collision rate nu(c)/nu by speed"
    )


def quality_of(simulation: Simulation) -> dict[str, float]:
    """Numbers that judge the run itself."""
    scenario = simulation.scenario
    tally = simulation.tallies["collisions"]
    candidates, collisions = tally[..., 0].sum(), tally[..., 1].sum()
    quality = {
        "collision_time": scenario.collision_time,
        "time_step_over_collision_time": scenario.time_step / scenario.collision_time,
        "particles_per_cell": scenario.particle_count / simulation.cells,
        "particle_steps": float(simulation.particle_steps),
        "acceptance": float(collisions / candidates) if candidates else float("nan"),
    }
    for axis, widths in zip("xyz", resolution.cell_widths(scenario), strict=False):
        size = float(widths.max()) / scenario.mean_free_path
        quality[f"cell_size_{axis}_over_mean_free_path"] = size
    if simulation.field_sampler is not None and simulation.field_sampler.whole.samples:
        apart = simulation.field_sampler.whole.separation()
        quality["collision_separation_over_mean_free_path"] = apart / scenario.mean_free_path
    if simulation.census_sampler is not None:
        time2, length2, count = simulation.census_sampler.flight_ratios()
        quality |= {"free_flight_time_ratio": time2, "free_flight_length_ratio": length2,
                    "free_flights": count}  # fmt: skip
    return quality
