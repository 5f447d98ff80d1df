"""Values that are valid one by one and have no sound consequence together."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from dsmc.run import LONGEST_RUN
from dsmc.scenario import scales
from dsmc.scenario.messages import Problem, shown

if TYPE_CHECKING:
    from dsmc.scenario.model import Scenario

LIGHT = 299_792_458.0  # speed of light [m/s]

_DENSITY, _TEMPERATURE = "initial.number_density_m3", "initial.temperature_K"
_STEP = ("run.time_step_s", "run.time_step_mct", "run.time_step_local_mct")
_LENGTH = (*_STEP, "run.steps", "run.time_s", "run.collisions")
CONSEQUENCES = (
    ("volume", ("domain.length_m",)),
    ("number_density", (_DENSITY, "initial.left", "initial.right")),
    ("temperature", (_TEMPERATURE, "initial.left", "initial.right")),
    ("particle_count", ("initial.particles_per_cell", "initial.weight")),
    ("weight", (_DENSITY, "domain.length_m", "initial.particles", "initial.particles_per_cell")),
    ("collision_rate", (_DENSITY, _TEMPERATURE, "gas.diameter_m", "gas.mass_kg")),
    ("mean_free_path", (_DENSITY, _TEMPERATURE, "gas.diameter_m", "gas.mass_kg")),
    ("time_step", _STEP),
    ("steps", _LENGTH),
)
"""What follows, in this order, and from which keys."""


def extremes(scenario: Scenario) -> list[Problem]:
    """The first consequence that no computer number can hold, or that no run can have."""
    for name, keys in CONSEQUENCES:
        try:
            number = getattr(scenario, name)
            is_sound = math.isfinite(number) and 1e-300 < number < 1e300
            is_sound = is_sound and (name != "steps" or number <= LONGEST_RUN)
            value = f"{float(number):.3g}"
        except (ArithmeticError, ValueError):
            value, is_sound = "out of range", False
        if not is_sound:
            allowed = f"the {name.replace('_', ' ')} that follows is {value}"
            cure = "check these values and their units: no computer number can hold the result, "
            cure += "or the run would never end"
            return [Problem(_given(scenario, keys), "", allowed, cure)]
    return [*_faster_than_light(scenario)] or [*_too_few(scenario)]


def _given(scenario: Scenario, keys: tuple[str, ...]) -> str:
    """Those of the keys that have a value, in words."""

    def has_value(key: str) -> bool:
        section, name = key.split(".")
        return getattr(getattr(scenario, section), name, None) is not None

    return " and ".join(filter(has_value, keys)) or keys[0]


def _motions(scenario: Scenario) -> Iterator[tuple[str, Any]]:
    """(path, table) of everything that may state a temperature_K and a velocity_m_s."""
    initial = scenario.initial
    if initial.kind == "riemann":
        yield from (("initial.left", initial.left), ("initial.right", initial.right))
    else:
        yield "initial", initial
    for place, entry in enumerate(scenario.species):
        yield f"species[{place}]", entry
    for patch in scenario.patches:
        yield patch.path, patch.boundary


def _faster_than_light(scenario: Scenario) -> Iterator[Problem]:
    """Molecules or walls that would outrun light: a slip of the unit."""
    lightest = min(molecule.mass for molecule in scenario.molecules)
    for path, table in _motions(scenario):
        temperature = getattr(table, "temperature_K", None)
        if temperature and scales.most_probable_speed(lightest, temperature) > LIGHT:
            allowed = "molecules this hot would be faster than light"
            yield Problem(f"{path}.temperature_K", shown(temperature), allowed, "give it in kelvin")
        velocity = getattr(table, "velocity_m_s", None)
        if velocity and math.hypot(*velocity) > LIGHT:
            allowed, cure = "faster than light", "give it in metres per second"
            yield Problem(f"{path}.velocity_m_s", shown(list(velocity)), allowed, cure)


def _too_few(scenario: Scenario) -> Iterator[Problem]:
    """A number of particles that rounds to none, or to one where one cannot do."""
    initial, molecules = scenario.initial, scenario.number_density * scenario.volume
    wanted, key, cure = float(scenario.particle_count), "particles", "particles = 1000"
    if initial.particles_per_cell is not None:
        wanted = initial.particles_per_cell * scenario.cell_count
        key, cure = "particles_per_cell", "particles_per_cell = 20"
    elif initial.weight is not None:
        wanted, key = molecules / initial.weight, "weight"
        cure = f"weight = {molecules / (20 * scenario.cell_count):.2g}"
    if wanted < 0.5:
        allowed = f"gives {wanted:.2g} particles in the whole box: at least one is needed"
        yield Problem(f"initial.{key}", shown(getattr(initial, key)), allowed, f"write {cure}")
        return
    exact = [name for name in ("zero_momentum", "exact_energy") if getattr(initial, name)]
    if exact and scenario.particle_count < 2:
        allowed = "needs at least 2 particles: one alone has no thermal motion"
        yield Problem(f"initial.{exact[0]}", "true", allowed, f"write {cure}")
