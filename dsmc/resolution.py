"""Whether cells, time step and particles are fine enough, in each cell, by the rules of the method.

The mean free path and the collision time of a cell are those of a gas in equilibrium at its own
density and temperature (Bird 1994, eqs. 4.74 and 4.76); a mixture has its mean composition
everywhere. The distance of collision partners is the measured one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from dsmc.faces import AXES
from dsmc.result import Field

if TYPE_CHECKING:
    from dsmc.scenario import Scenario

LARGEST_TIME_STEP = 0.3  # in mean collision times
LARGEST_CELL = 0.5  # in mean free paths
LARGEST_SEPARATION = 0.21  # of partners along an axis, in mean free paths: LARGEST_CELL / sqrt(6)
FEWEST_PER_CELL = 10


@dataclass(frozen=True)
class Rule:
    """A number that judges the run, what it is, and the limit to keep."""

    name: str
    description: str
    limit: float
    at_least: bool = False

    def against(self, value: np.ndarray | float) -> np.ndarray:
        """The value over its limit, turned over where more is better: above 1 breaks the rule.

        value : (...) [1]
        """
        with np.errstate(divide="ignore"):
            share = np.asarray(value, dtype=np.float64) / self.limit
            return 1.0 / share if self.at_least else share

    @property
    def text(self) -> str:
        """The rule in signs: "≤ 0.3"."""
        return f"{'≥' if self.at_least else '≤'} {self.limit:g}"


RULES = (
    *(
        Rule(
            f"cell_size_{axis}_over_mean_free_path",
            f"width of the cell along {axis} over the mean free path there",
            LARGEST_CELL,
        )
        for axis in AXES
    ),
    Rule(
        "collision_separation_over_mean_free_path",
        "distance of colliding partners along an axis over the mean free path there",
        LARGEST_SEPARATION,
    ),
    Rule(
        "time_step_over_collision_time",
        "time step over the mean collision time there",
        LARGEST_TIME_STEP,
    ),
    Rule("particles_per_cell", "simulated particles in the cell", FEWEST_PER_CELL, at_least=True),
)


@dataclass(frozen=True)
class Coarsest:
    """The cell that comes closest to the limit of a rule, or is farthest beyond it.

    place : (d,) its centre [m], x first; broken : how many of the `cells` break the rule
    """

    rule: Rule
    value: float
    place: tuple[float, ...]
    broken: int
    cells: int

    @property
    def where(self) -> str:
        """The place in words: "x = 0.001 m"."""
        return ", ".join(f"{a} = {x:.3g} m" for a, x in zip(AXES, self.place, strict=False))


def applying(scenario: Scenario) -> list[Rule]:
    """The rules for the cells of a scenario: of its axes, and of collisions if there are any."""
    if scenario.collisions.scheme == "none":
        return [rule for rule in RULES if rule.name == "particles_per_cell"]
    lacking = {f"cell_size_{axis}_over_mean_free_path" for axis in AXES[scenario.dimension :]}
    return [rule for rule in RULES if rule.name not in lacking]


def resolved(scenario: Scenario, fields: Mapping[str, Field]) -> dict[str, Field]:
    """The numbers of each cell by the names of `RULES`; {} where density or temperature is unknown.

    Their errors are the sum of those of density, temperature and distance: at most that.
    """
    if not {"number_density", "temperature"} <= fields.keys():
        return {}
    n, temperature = fields["number_density"], fields["temperature"]
    found = {"particles_per_cell": n.value * (cell_volumes(scenario) / scenario.weight)}
    apart = fields.get("collision_separation")
    if scenario.collisions.scheme != "none":
        with np.errstate(invalid="ignore", divide="ignore"):
            path, time = scenario.scales_at(n.value, temperature.value)
            found["time_step_over_collision_time"] = scenario.time_step / time
            for axis, width in zip(AXES, cell_widths(scenario), strict=False):
                found[f"cell_size_{axis}_over_mean_free_path"] = width / path
            if apart is not None:
                found["collision_separation_over_mean_free_path"] = apart.value / path
    share = relative_error(n)
    shares = dict.fromkeys(found, share + relative_error(temperature))
    shares["particles_per_cell"] = share
    if apart is not None:
        shares["collision_separation_over_mean_free_path"] = share + relative_error(apart)
    return {
        rule.name: Field(
            rule.name, "1", rule.description, n.axes, found[rule.name],
            np.abs(found[rule.name]) * shares[rule.name],
        )
        for rule in RULES
        if rule.name in found
    }  # fmt: skip


def relative_error(field: Field) -> np.ndarray:
    """Error over value in every cell, of the shape of the field."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return field.error / np.abs(field.value)


def cell_volumes(scenario: Scenario) -> np.ndarray:
    """The volume of each cell, shaped as the fields, or the one number that all have [m^3]."""
    volumes = np.array(1.0)
    for width in cell_widths(scenario):
        volumes = volumes * width
    return volumes


def cell_widths(scenario: Scenario) -> list[np.ndarray]:
    """The widths of the cells along each axis [m], to be broadcast over fields of the box."""
    if scenario.edges is None:
        pairs = zip(scenario.lengths, scenario.cells, strict=True)
        return [np.array(length / count) for length, count in pairs]
    return [np.diff(edges).reshape(-1, *[1] * axis) for axis, edges in enumerate(scenario.edges)]


def coarsest(fields: Mapping[str, Field]) -> list[Coarsest]:
    """The worst cell by every rule that the fields tell of; none for the width of a single cell."""
    found = []
    for rule in RULES:
        field = fields.get(rule.name)
        if field is None or not np.isfinite(field.value).any():
            continue
        if rule.name.startswith("cell_size") and field.axes[AXES.index(rule.name[10])].size == 1:
            continue
        share = rule.against(field.value)
        cell = np.unravel_index(int(np.nanargmax(share)), share.shape)
        place = tuple(float(axis[k]) for axis, k in zip(field.axes, reversed(cell), strict=True))
        broken = int(np.count_nonzero(share > 1.0))
        found.append(Coarsest(rule, float(field.value[cell]), place, broken, share.size))
    return found
