"""Verdicts: the figures of a run against what is exactly known of them.

What is known of a gas that is the same everywhere stands here; what faces, planes and the gas
between them must carry in `dsmc.balances`, what holds without collisions in `dsmc.collisionless`,
and of walls that are set in motion in `dsmc.impulse`.
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
from dsmc.balances import balances
from dsmc.claims import Claim
from dsmc.collisionless import without_collisions
from dsmc.impulse import impulses
from dsmc.result import Result, Series, Verdict
from dsmc.statistics import single_test

if TYPE_CHECKING:
    from dsmc.scenario import Scenario

BUDGET = 1e-3  # chance that a faultless run shows a failed verdict
INSTANTS = (1.0, 3.0, 6.0)  # nu t at which curves are judged
HEIGHTS = (0.75, 0.5, 0.25)  # of what it was at which a wave is judged
CONSERVED = ("temperature",)
ELSEWHERE = ("collision_rate", "momentum_y")  # judged by `rates` and `impulses`


def judge(scenario: Scenario, result: Result, degrees: float | None = None) -> Result:
    """Return the result with its verdicts; degrees: of freedom of its errors (R - 1 replicas)."""
    claims = [
        *beginnings(scenario, result),
        *curves(scenario, result),
        *rates(scenario, result),
        *free_flights(scenario, result),
        *impulses(scenario, result),
        *without_collisions(scenario, result),
        *balances(scenario, result),
    ]
    budget = BUDGET / max(1, len(claims))
    verdicts = tuple(decide(claim, budget, degrees) for claim in claims)
    return replace(result, verdicts=verdicts)


def decide(claim: Claim, budget: float, degrees: float | None = None) -> Verdict:
    """The verdict on a claim; degrees: of freedom of its error, if not its own."""
    z, passed = math.nan, False
    if math.isfinite(claim.measured) and math.isfinite(claim.error):
        away = claim.measured - claim.reference
        z = away / claim.error if claim.error > 0.0 else math.nan
        freedom = claim.degrees if degrees is None else degrees
        figures = (claim.measured, claim.error, claim.reference, claim.margin)
        passed = bool(single_test(*figures, freedom, budget))
    return Verdict(
        claim.quantity, claim.measured, claim.error, claim.reference, claim.margin, z, passed,
        claim.source, claim.unit,
    )  # fmt: skip


def curves(scenario: Scenario, result: Result) -> Iterator[Claim]:
    """Series against their curves, at a few instants each."""
    for series in result.series.values():
        known = expected.expected(scenario, series.name, series.time)
        if known is None or series.reference is None or series.name in ELSEWHERE:
            continue
        if series.name in CONSERVED:
            yield Claim(series.name, series.value[-1], 0.0, series.reference[-1], known[1],
                         series.unit, 1e-6 * series.reference[-1])  # fmt: skip
            continue
        for sample in instants(scenario, series):
            nu_t = expected.collisions_at(scenario, series.time[sample])
            yield Claim(
                f"{series.name} at {nu_t:.3g} tau_c", series.value[sample], series.error[sample],
                series.reference[sample], known[1], series.unit, bias(scenario, series, sample),
            )  # fmt: skip


def beginnings(scenario: Scenario, result: Result) -> Iterator[Claim]:
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
    yield Claim("h_excess at the start", value, error, exact(), "integral of the initial state",
                 "1", error)  # fmt: skip
    if excess.time[-1] * scenario.collision_rate > 9.0 and scenario.collisions.scheme != "none":
        left = exact() * math.exp(-2.0 * 0.474 * excess.time[-1] * scenario.collision_rate)
        yield Claim("h_excess at the end", excess.value[-1], excess.error[-1], 0.0,
                     "equilibrium", "1", left + excess.error[-1])  # fmt: skip


def instants(scenario: Scenario, series: Series) -> list[int]:
    """The samples closest to INSTANTS that the run has reached, or the last one."""
    if series.name == "shear_wave":
        left = series.reference / series.reference[0]
        return [int(np.argmax(left <= share)) for share in HEIGHTS if left[-1] <= share]
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
    if series.name == "shear_wave":
        return wave_bias(scenario, per_cell) * abs(
            series.reference[sample] * math.log(series.reference[sample] / series.reference[0])
        )
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


def wave_bias(scenario: Scenario, per_cell: float) -> float:
    """What may change the decay rate of a shear wave, relative: its own height, and few particles.

    A wave of the amplitude U (in v0) heats the gas: U^2 (q lambda)^2 + (U^2/3)^2 is neglected.
    Cells of N particles have a viscosity that is off by 1/2N.
    """
    number = 2.0 * math.pi * scenario.mean_free_path / scenario.lengths[0]
    v0 = float(reference.most_probable_speed(scenario.molecules[0].mass, scenario.temperature))
    U = scenario.initial.amplitude_m_s / v0
    return U**2 * number**2 + U**4 / 9.0 + 0.5 / per_cell


def rates(scenario: Scenario, result: Result) -> Iterator[Claim]:
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
    yield Claim("collision rate", rate, rate / math.sqrt(result.collisions), exact,
                 "nu at the realised temperature, times 1 - 1/N", "s-1")  # fmt: skip
    histogram = result.histograms.get("speed_rate")
    if histogram is None:
        return
    for c in (0.25, 0.5, 1.0, 2.0, 3.0):
        k = int(np.searchsorted(histogram.edges, c, side="right")) - 1
        low, high = histogram.edges[k], histogram.edges[k + 1]
        yield Claim(f"nu(c)/nu, c/v0 in [{low:.2f}, {high:.2f}]", histogram.density[k],
                     histogram.error[k], histogram.reference[k],
                     "Chapman & Cowling 1970, section 5.4", "1")  # fmt: skip


def free_flights(scenario: Scenario, result: Result) -> Iterator[Claim]:
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
        yield Claim(name, result.quality[key], error, value, "hard spheres in equilibrium", "1")
