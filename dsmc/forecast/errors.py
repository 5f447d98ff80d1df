"""The standard errors to expect, and what a smaller one costs; for small deviations from rest.

Cells: Hadjiconstantinou, Garcia, Bazant, He, J. Comput. Phys. 187 (2003) 274. The others follow
from the moments of Maxwell's distribution in the same way: a mean over N independent molecules
scatters by the deviation of one molecule over sqrt(N).

Independent samples are an assumption. Density, temperature and velocity of cells between walls
measured 0.7 to 1.8 times these errors, since long waves die slowly; stress and heat flux, forgotten
as molecules leave a cell, and the velocity normal to the walls 0.3 to 0.7 times. Walls measured 0.2
to 1 times: molecules that collide near a wall bring back what they took from it.

Legend: n number density, T temperature, p = n k T, tau_c mean collision time, v0 most probable
speed, dt time step, N_c particles per cell, M independent samples.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from dsmc.faces import PASSED
from dsmc.forecast.figures import AXES, expected_collisions, extreme_sizes, seconds_of
from dsmc.quantities import QUANTITIES
from dsmc.scenario import scales
from dsmc.species import BOLTZMANN

if TYPE_CHECKING:
    from dsmc.scenario import Scenario

TARGET = 0.01  # the relative error whose price is told
CLASS = 0.01  # the share of all particles in the class of a histogram that is told of
WARM_UP = 20.0  # collision times before free flights are counted
COLLISION_TIMES_APART = 2.0  # two independent samples of a cell


@dataclass(frozen=True)
class ExpectedError:
    """The standard error that a quantity will have, or why it is not forecast.

    place : what of it: "one sample", "of a cell", "at x low", ...
    error : in `unit`; "relative" is a fraction of the quantity itself; None: see `reason`
    scale : the error as a fraction of the quantity, or of `of` where that may vanish
    by, needed, seconds : what must grow to how much for a scale of `target`, and the wall time [s]
        of the whole run then; "" and 0 where nothing helps
    """

    quantity: str
    place: str
    error: float | None
    unit: str = "relative"
    basis: str = ""
    scale: float = 0.0
    of: str = ""
    by: Literal["", "steps", "replicas"] = ""
    needed: int = 0
    seconds: float = 0.0
    reason: str = ""

    @property
    def name(self) -> str:
        """The quantity and its place."""
        return f"{self.quantity} {self.place}".strip()


def expected_errors(scenario: Scenario, target: float = TARGET) -> list[ExpectedError]:
    """The standard errors to expect of every quantity that is asked for, in its order.

    target : relative error whose price is told; those of the scenario come first
    """
    found = [*_series(scenario), *_histograms(scenario)]
    if scenario.sample.fields_every:
        found += _cells(scenario)
    found += [*_walls(scenario), *_flows(scenario)]
    wanted = {name: place for place, name in enumerate(scenario.sample.quantities or ())}
    asked = [entry for entry in found if entry.quantity in wanted]
    told = {entry.quantity for entry in asked}
    asked += [_unknown(scenario, name) for name in wanted if name not in told]
    asked.sort(key=lambda entry: wanted[entry.quantity])
    targets = scenario.sample.targets or {}
    return [_priced(scenario, entry, targets.get(entry.quantity, target)) for entry in asked]


def _priced(scenario: Scenario, entry: ExpectedError, target: float) -> ExpectedError:
    """The entry with what must be done for an error of `target`."""
    if not entry.by or not entry.scale:
        return entry
    growth = (entry.scale / target) ** 2
    steps, replicas = scenario.steps, scenario.run.replicas
    if entry.by == "replicas":
        replicas = needed = max(1, math.ceil(replicas * growth))
    else:
        start = scenario.sample_start if entry.place != "whole run" else 0
        steps = needed = start + max(1, math.ceil((steps - start) * growth))
    return replace(entry, needed=needed, seconds=seconds_of(scenario, steps, replicas))


def _unknown(scenario: Scenario, name: str) -> ExpectedError:
    """A quantity without a forecast, and the reason."""
    reasons = {
        "energy": "a sum over all molecules, exact to rounding",
        "h_excess": "it depends on the shape of the distribution; each sample tells its own error",
    }
    reasons |= {f"momentum_{axis}": reasons["energy"] for axis in AXES}
    reasons["particles"] = "counted exactly"
    reasons["h_excess_neighbour"] = reasons["h_excess"]
    reason = reasons.get(name, "")
    if len(scenario.molecules) > 1 and (name.startswith(("h_", "speed_")) or name == "free_flight"):
        reason = "it is measured only in a gas of one species"
    elif not reason and QUANTITIES[name].kind in ("field", "wall", "flow"):
        reason = f"nothing is averaged: the run ends before step {scenario.sample_start}"
    return ExpectedError(name, "", None, reason=reason or "too few events in this run")


def speed_moment_variance(k: int) -> float:
    """N times the relative variance of <c^k> / <c^2>^(k/2), N molecules about their own mean.

    <c^2k>/<c^k>^2 - 1 - k^2/6 with the moments of Maxwell's distribution: what <c^k> scatters, less
    what it shares with <c^2>; 8/15 for k = 4.
    """
    one, two = (math.gamma((power + 3) / 2) / math.gamma(1.5) for power in (k, 2 * k))
    return two / one**2 - 1.0 - k * k / 6.0


def _series(scenario: Scenario) -> Iterator[ExpectedError]:
    """One sample of the whole gas or of a species, all replicas together."""
    shares = {"": 1.0}
    if len(scenario.molecules) > 1:
        names = [molecule.name for molecule in scenario.molecules]
        shares |= {f"of {name}": x for name, x in zip(names, scenario.fractions, strict=True)}
    for species, share in shares.items():
        count = max(1.0, share * scenario.particle_count * scenario.run.replicas)
        variances = {"temperature": 2.0 / 3.0}
        variances |= {f"temperature_{axis}": 2.0 for axis in AXES}
        if len(shares) == 1 or species:
            variances["mean_speed"] = 3.0 * math.pi / 8.0 - 1.0
            variances |= {f"moment_{k}": speed_moment_variance(k) for k in (1, 4, 6, 8)}
        if len(shares) == 1:
            # H = -3 ln v0 + a constant + H - H_eq, whose error is of higher order in equilibrium
            yield _of_particles("h_function", "", 1.5, count, "1")
        for quantity, variance in variances.items():
            yield _of_particles(quantity, species, variance, count)
    if scenario.initial.kind == "shear-wave":
        yield _wave(scenario)
    yield from _collision_counts(scenario)


def _wave(scenario: Scenario) -> ExpectedError:
    """The amplitude of a shear wave: sqrt(kT/m) over the root of the number of particles."""
    count = scenario.particle_count * scenario.run.replicas
    speed = scales.most_probable_speed(_mean_mass(scenario), scenario.temperature)
    error = speed * math.sqrt(0.5 / count)
    basis, scale = f"one sample of {count:,.0f} particles", error / scenario.initial.amplitude_m_s
    return ExpectedError("shear_wave", "", error, "m s-1", basis, scale, "U", "replicas")


def _of_particles(
    quantity: str, species: str, variance: float, count: float, unit: str = "relative"
) -> ExpectedError:
    """The error of a mean over `count` particles of which one has this relative variance."""
    error = math.sqrt(variance / count)
    basis = f"one sample of {count:,.0f} particles"
    return ExpectedError(
        quantity, species, error, unit, basis, error, "" if unit == "relative" else "1", "replicas"
    )


def _collision_counts(scenario: Scenario) -> Iterator[ExpectedError]:
    """Poisson errors of the collisions in the whole run and between two samples."""
    events = expected_collisions(scenario) * scenario.run.replicas
    if events >= 1.0:
        error, basis = 1.0 / math.sqrt(events), f"{events:.3g} collisions in the whole run"
        yield ExpectedError(
            "collisions_per_particle", "whole run", error, basis=basis, scale=error, by="steps"
        )
        few = events * min(1.0, scenario.sample_every / scenario.steps)
        error, basis = 1.0 / math.sqrt(few), f"{few:.3g} collisions between two samples"
        yield ExpectedError("collision_rate", "", error, basis=basis, scale=error, by="replicas")


def _histograms(scenario: Scenario) -> Iterator[ExpectedError]:
    """A class of a histogram that holds one per cent of what is counted; ratios of free flights.

    If flights were exponential, <t^2>/<t>^2 would have the relative variance 5 + 4 - 8 = 1 over
    their number (those of <t^2>, twice <t>, and what the two share).
    """
    if len(scenario.molecules) > 1:
        return
    count = scenario.particle_count * scenario.run.replicas
    for quantity, number, what, by in (
        ("speed_distribution", CLASS * min(count, 1_000_000), "particles", "replicas"),
        ("speed_rate", CLASS * 2.0 * expected_collisions(scenario) * scenario.run.replicas,
         "collisions", "steps"),
        ("free_flight", _flights(scenario), "free flights", "steps"),
    ):  # fmt: skip
        if number < 1.0:
            continue
        error, place = 1.0 / math.sqrt(number), f"class of {CLASS:.0%}"
        place = "whole run" if quantity == "free_flight" else place
        basis = f"{number:.3g} {what}"
        yield ExpectedError(quantity, place, error, basis=basis, scale=error, by=by)


def _flights(scenario: Scenario) -> float:
    """Free flights that are counted: two end at each collision after the warm-up."""
    duration = scenario.steps * scenario.time_step / scenario.collision_time
    share = max(0.0, 1.0 - WARM_UP / duration)
    return 2.0 * expected_collisions(scenario) * share * scenario.run.replicas


def independent_samples(scenario: Scenario) -> float:
    """M, samples of a cell that are 2 tau_c (collisionless: a transit of the cell) apart."""
    steps = max(0, scenario.steps - scenario.sample_start)
    apart = COLLISION_TIMES_APART * scenario.collision_time / scenario.time_step
    if scenario.collisions.scheme == "none":
        heaviest = max(molecule.mass for molecule in scenario.molecules)
        speed = scales.most_probable_speed(heaviest, scenario.temperature)
        apart = min(extreme_sizes(scenario)[0]) / (speed * scenario.time_step)
    interval = max(apart, scenario.sample.fields_every or 1, 1.0)
    return max(1.0, steps / interval) * scenario.run.replicas


def _mean_mass(scenario: Scenario) -> float:
    """Mass per molecule [kg]."""
    pairs = zip(scenario.fractions, scenario.molecules, strict=True)
    return sum(share * molecule.mass for share, molecule in pairs)


def _cells(scenario: Scenario) -> Iterator[ExpectedError]:
    """The average in one cell over M samples of N_c particles, Poisson in number.

    Relative variance over M N_c: 1 for n, 2/3 for T, 2 for T_x, 5/3 for p, 3 for p_xx. Of what may
    vanish: kT/m for u, p^2 for p_xy, and 5/2 p^2 kT/m for q, which is <c^2 c_x> less 5 kT/m <c_x>.
    """
    if scenario.sample_start >= scenario.steps:
        return
    per_cell = scenario.particle_count / scenario.cell_count
    count = independent_samples(scenario)
    basis = f"{count:.3g} independent samples of {per_cell:.3g} particles"
    root = math.sqrt(count * per_cell)
    speed = scales.most_probable_speed(_mean_mass(scenario), scenario.temperature)
    pressure = scenario.number_density * BOLTZMANN * scenario.temperature
    thermal = speed * math.sqrt(0.5)
    variances = {"number_density": 1.0, "temperature": 2.0 / 3.0, "pressure": 5.0 / 3.0}
    variances |= {f"temperature_{axis}": 2.0 for axis in AXES}
    variances |= {f"pressure_{axis}{axis}": 3.0 for axis in AXES}
    for quantity, variance in variances.items():
        error = math.sqrt(variance) / root
        yield ExpectedError(quantity, "of a cell", error, basis=basis, scale=error, by="steps")
    vanishing = [(f"velocity_{axis}", thermal, "m s-1", speed, "v0") for axis in AXES]
    pairs = ("xy", "xz", "yz")
    vanishing += [(f"pressure_{pair}", pressure, "Pa", pressure, "p") for pair in pairs]
    flux = math.sqrt(2.5) * pressure * thermal
    vanishing += [(f"heat_flux_{axis}", flux, "W m-2", pressure * speed, "p v0") for axis in AXES]
    for quantity, deviation, unit, size, of in vanishing:
        error = deviation / root
        yield ExpectedError(quantity, "of a cell", error, unit, basis, error / size, of, "steps")


def _walls(scenario: Scenario) -> Iterator[ExpectedError]:
    """Averages at a wall from its hits: n cbar / 4 of them per area and time in equilibrium."""
    duration = max(0, scenario.steps - scenario.sample_start) * scenario.time_step
    speed = scales.mean_speed(_mean_mass(scenario), scenario.temperature)
    flux = scenario.number_density * speed / 4.0
    for patch in scenario.patches:
        hits = flux * patch.area * duration / scenario.weight * scenario.run.replicas
        if patch.kind not in ("periodic", "symmetry") and hits >= 1.0:
            place = f"at {patch.name.replace('_', ' ')}"
            yield from _wall(scenario, place, patch.kind, flux, hits)


def _flows(scenario: Scenario) -> Iterator[ExpectedError]:
    """Averages of the mass through planes and open faces, of those that cross to either side.

    n cbar / 4 per area and time each way, all on their own: the error of one way times sqrt(2).
    """
    duration = max(0, scenario.steps - scenario.sample_start) * scenario.time_step
    mass = _mean_mass(scenario)
    flux = scenario.number_density * scales.mean_speed(mass, scenario.temperature) / 4.0
    areas = {
        f"at {patch.name.replace('_', ' ')}": patch.area
        for patch in scenario.patches
        if patch.kind in PASSED
    }
    for plane in scenario.sample.planes:
        length = scenario.lengths[AXES.index(plane.axis)]
        areas[f"through {plane.label}"] = scenario.volume / length
    for place, area in areas.items():
        crossings = flux * area * duration / scenario.weight * scenario.run.replicas
        if crossings >= 1.0:
            scale = math.sqrt(2.0 / crossings)
            basis = f"{crossings:.3g} each way"
            yield ExpectedError(
                "mass_flow", place, scale * mass * flux * area, "kg s-1", basis, scale,
                "one way", "steps",
            )  # fmt: skip


def _wall(
    scenario: Scenario, place: str, kind: str, flux: float, hits: float
) -> Iterator[ExpectedError]:
    """One wall.

    Per hit of a diffuse wall the variance of the tangential momentum is (m v0)^2, that of the
    energy (2 k T)^2; the mean square of the normal momentum is (2 + pi/2) (m v0)^2, and
    4 (m v0)^2 at a specular wall, its mean sqrt(pi) m v0.
    """
    mass, temperature = _mean_mass(scenario), scenario.temperature
    speed = scales.most_probable_speed(mass, temperature)
    root, basis = math.sqrt(hits), f"{hits:.3g} hits"
    square = 4.0 if kind == "specular" else 2.0 + math.pi / 2.0
    for quantity, error in (
        ("wall_number_flux", 1.0 / root),
        ("wall_pressure", math.sqrt(square / math.pi) / root),
    ):
        yield ExpectedError(quantity, place, error, basis=basis, scale=error, by="steps")
    pressure = scenario.number_density * BOLTZMANN * temperature
    for quantity, per_hit, unit, size, of in (
        ("wall_shear", mass * speed, "Pa", pressure, "p"),
        ("wall_heat_flux", 2.0 * BOLTZMANN * temperature, "W m-2", pressure * speed, "p v0"),
    ):
        if kind == "specular":
            reason = "a specular wall takes none, exactly"
            yield ExpectedError(quantity, place, None, reason=reason)
            continue
        error = flux * per_hit / root
        yield ExpectedError(quantity, place, error, unit, basis, error / size, of, "steps")
