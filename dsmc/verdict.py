"""Verdicts: the figures of a run against what is exactly known of them.

Every figure is judged by its own error and the known bias of the method (margin).  The false-alarm
probability of a whole run, `BUDGET`, is divided over its figures.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from dsmc import expected, reference
from dsmc.grading import widths
from dsmc.result import Result, Series, Verdict
from dsmc.statistics import single_test

if TYPE_CHECKING:
    from dsmc.scenario import Scenario

BUDGET = 1e-3  # chance that a faultless run shows a failed verdict
INSTANTS = (1.0, 3.0, 6.0)  # nu t at which curves are judged
CONSERVED = ("temperature",)


def judge(scenario: Scenario, result: Result, degrees: float | None = None) -> Result:
    """Return the result with its verdicts; degrees: of freedom of its errors (R - 1 replicas)."""
    figures = [
        *beginnings(scenario, result),
        *curves(scenario, result),
        *rates(scenario, result),
        *free_flights(scenario, result),
        *wall_hits(scenario, result),
        *balances(scenario, result),
    ]
    budget = BUDGET / max(1, len(figures))
    verdicts = tuple(decide(figure, budget, degrees) for figure in figures)
    return replace(result, verdicts=verdicts)


def decide(figure: Verdict, budget: float, degrees: float | None) -> Verdict:
    """Fill in z and whether the figure passes."""
    known = math.isfinite(figure.measured) and math.isfinite(figure.error)
    if not known:
        return replace(figure, passed=False, z=math.nan)
    test = single_test(
        figure.measured, figure.error, figure.reference, figure.margin, degrees, budget
    )
    away = figure.measured - figure.reference
    z = away / figure.error if figure.error > 0.0 else math.nan
    return replace(figure, passed=bool(test), z=z)


def figure(
    quantity: str, measured, error, expected_value, source: str, unit: str, margin: float = 0.0
) -> Verdict:
    """A figure that is still to be decided."""
    return Verdict(
        quantity, float(measured), float(error), float(expected_value), float(margin),
        math.nan, False, source, unit,
    )  # fmt: skip


def curves(scenario: Scenario, result: Result) -> Iterator[Verdict]:
    """Series against their curves, at a few instants each."""
    for series in result.series.values():
        known = expected.expected(scenario, series.name, series.time)
        if known is None or series.reference is None or series.name == "collision_rate":
            continue
        if series.name in CONSERVED:
            yield figure(series.name, series.value[-1], 0.0, series.reference[-1], known[1],
                         series.unit, 1e-6 * series.reference[-1])  # fmt: skip
            continue
        for sample in instants(scenario, series):
            nu_t = expected.collisions_at(scenario, series.time[sample])
            yield figure(
                f"{series.name} at {nu_t:.3g} tau_c", series.value[sample], series.error[sample],
                series.reference[sample], known[1], series.unit, bias(scenario, series, sample),
            )  # fmt: skip


def beginnings(scenario: Scenario, result: Result) -> Iterator[Verdict]:
    """Excess of H of the initial state, where only the beginning of its curve is known."""
    initial, excess = scenario.initial, result.series.get("h_excess")
    if excess is None or not scenario.homogeneous or excess.reference is not None:
        return
    exact = {
        "bi-maxwellian": lambda: reference.excess_bi_maxwellian(initial.temperature_ratio),
        "two-beams": lambda: reference.excess_two_beams(initial.beam_temperature_ratio),
    }.get(initial.kind)
    if exact is None:
        return
    value, error = excess.value[0], excess.error[0]
    yield figure("h_excess at the start", value, error, exact(), "integral of the initial state",
                 "1", error)  # fmt: skip
    if excess.time[-1] * scenario.collision_rate > 9.0 and scenario.collisions.scheme != "none":
        left = exact() * math.exp(-2.0 * 0.474 * excess.time[-1] * scenario.collision_rate)
        yield figure("h_excess at the end", excess.value[-1], excess.error[-1], 0.0,
                     "equilibrium", "1", left + excess.error[-1])  # fmt: skip


def instants(scenario: Scenario, series: Series) -> list[int]:
    """The samples closest to INSTANTS that the run has reached, or the last one."""
    nu_t = series.time * scenario.collision_rate
    spacing = nu_t[1] - nu_t[0] if nu_t.size > 1 else 0.0
    reached = [t for t in INSTANTS if nu_t[-1] >= t - spacing / 2]
    chosen = {int(np.argmin(np.abs(nu_t - t))) for t in reached}
    return sorted(chosen) or [series.time.size - 1]


def bias(scenario: Scenario, series: Series, sample: int) -> float:
    """Known bias of a sample: finite cells keep pairs correlated, by 1/N of what still relaxes.

    A cell of N particles holds its own energy, not that of the infinite gas; the moments of its
    particles are off by a fraction 1/N of their distance from equilibrium at most.
    """
    per_cell = scenario.particle_count / math.prod(scenario.cells)
    equilibrium = 0.0 if series.name.startswith("h_excess") else series.reference[-1]
    start = float(np.abs(series.reference - equilibrium).max())
    margin = start / per_cell
    if series.name == "h_excess":  # what binning and its corrections may leave (see the tests)
        axial = scenario.initial.kind in ("bi-maxwellian", "two-beams")
        margin += series.error[sample] if axial else 5e-6 + 1.0 / scenario.particle_count
    if series.name == "h_excess_neighbour":
        margin += 0.004
    if "null-collision" in expected.expected(scenario, series.name, series.time[:1])[1]:
        margin += 4e-4 * series.reference[-1]
    return margin


def rates(scenario: Scenario, result: Result) -> Iterator[Verdict]:
    """The collision rate of a gas in equilibrium, whole and by class of speed."""
    if scenario.initial.kind != "equilibrium" or not scenario.homogeneous or not result.collisions:
        return
    if len(scenario.molecules) > 1:
        return
    omega, temperature = scenario.molecules[0].omega, scenario.temperature
    if "temperature" in result.series:
        temperature = float(result.series["temperature"].value.mean())
    exact = scenario.collision_rate * (temperature / scenario.temperature) ** (1.0 - omega)
    exact *= 1.0 - 1.0 / scenario.particle_count
    rate = 2.0 * result.collisions / (result.particles * result.time)
    yield figure("collision rate", rate, rate / math.sqrt(result.collisions), exact,
                 "nu at the realised temperature, times 1 - 1/N", "s-1")  # fmt: skip
    histogram = result.histograms.get("speed_rate")
    if histogram is None:
        return
    for c in (0.25, 0.5, 1.0, 2.0, 3.0):
        k = int(np.searchsorted(histogram.edges, c, side="right")) - 1
        low, high = histogram.edges[k], histogram.edges[k + 1]
        yield figure(f"nu(c)/nu, c/v0 in [{low:.2f}, {high:.2f}]", histogram.density[k],
                     histogram.error[k], histogram.reference[k],
                     "Chapman & Cowling 1970, section 5.4", "1")  # fmt: skip


def free_flights(scenario: Scenario, result: Result) -> Iterator[Verdict]:
    """Second moments of free flights of hard spheres, once enough of them have ended."""
    count = result.quality.get("free_flights", 0.0)
    if count < 1e4 or scenario.molecules[0].omega != 0.5 or scenario.initial.kind != "equilibrium":
        return
    exact = reference.FREE_FLIGHT
    for name, key, value in (
        ("<t^2>/<t>^2 of free flights", "free_flight_time_ratio", exact.time_second_moment),
        ("<l^2>/<l>^2 of free flights", "free_flight_length_ratio", exact.path_second_moment),
    ):
        # Relative variance of t^2 is about 5 for flights that are close to exponential; flights
        # of one particle share its speed for about one collision time: a factor 2.
        error = value * math.sqrt(2.0 * 5.0 / count)
        yield figure(name, result.quality[key], error, value, "hard spheres in equilibrium", "1")


def wall_hits(scenario: Scenario, result: Result) -> Iterator[Verdict]:
    """Hits of a collisionless gas in a box of mirrors, against n cbar / 4."""
    collisionless = scenario.collisions.scheme == "none"
    if not collisionless or scenario.initial.kind != "equilibrium" or len(scenario.molecules) > 1:
        return
    if scenario.forced:
        return
    if any(wall_kind != "specular" for wall_kind in kinds(scenario)):
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
        yield figure(f"wall_number_flux {face}", wall.number_flux[0],
                     flux * math.hypot(spread, whole), flux, "n cbar / 4", "m-2 s-1")  # fmt: skip


def kinds(scenario: Scenario) -> list[str]:
    """Kinds of all faces and of the patches upon them."""
    return [patch.kind for patch in scenario.patches]


def balances(scenario: Scenario, result: Result) -> Iterator[Verdict]:
    """Plane flow between two walls: the gas carries what the walls receive."""
    if scenario.dimension != 1 or set(result.walls) != {"x_low", "x_high"}:
        return
    if not scenario.sealed or scenario.forced:
        return
    low, high = result.walls["x_low"], result.walls["x_high"]
    for name, k in (("xy", 1), ("xz", 2)):
        field = result.fields.get(f"pressure_{name}")
        stress = (np.subtract(high.shear[0][k], low.shear[0][k])) / 2.0
        error = math.hypot(high.shear[1][k], low.shear[1][k]) / 2.0
        if field is None or field.average is None or not math.isfinite(error):
            continue
        if abs(stress) > 10.0 * error:
            gas, gas_error = field.average
            yield figure(f"pressure_{name} of the gas", gas, math.hypot(error, gas_error), stress,
                         "shear stress on the walls", "Pa",
                         discretisation(scenario, result) * abs(stress))  # fmt: skip


def discretisation(scenario: Scenario, result: Result) -> float:
    """Share of the stress that cells and time steps may carry: collisional transfer across a cell.

    By the measured distance of partners, sqrt(6) of which stand for a cell of random partners.
    Alexander, Garcia & Alder 1998 and Hadjiconstantinou 2000, as hard spheres.
    """
    apart = result.quality.get("collision_separation_over_mean_free_path", math.nan)
    if not math.isfinite(apart):
        widest = scenario.lengths[0] / scenario.cells[0]
        if scenario.edges is not None:
            widest = max(widths(scenario.edges[0]))
        apart = reference.RANDOM_SEPARATION * widest / scenario.mean_free_path
    step = scenario.time_step / scenario.collision_time
    cells = float(reference.cell_size_error(math.sqrt(6.0) * apart, "viscosity"))
    return cells + float(reference.time_step_error(step, "viscosity"))
