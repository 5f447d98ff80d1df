"""The scenario: everything a user chooses, validated as a whole, and the numbers that follow."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from contextlib import suppress
from pathlib import PurePath
from typing import Annotated, Any

from pydantic import BaseModel, Field, PrivateAttr, TypeAdapter, ValidationError

from dsmc.faces import PASSED
from dsmc.scenario import defaults, scales, toml
from dsmc.scenario.boundaries import Boundaries, Force
from dsmc.scenario.checks import contradictions, cross_checks
from dsmc.scenario.domain import Domain
from dsmc.scenario.extremes import extremes
from dsmc.scenario.memory import too_large
from dsmc.scenario.messages import Problem, ScenarioError, explain
from dsmc.scenario.mixture import mixture_temperature, molecule
from dsmc.scenario.patches import AXES, Patch, patches
from dsmc.scenario.recording import Output, Sample
from dsmc.scenario.sections import (
    Collisions,
    Gas,
    Initial,
    Run,
    Section,
    SpeciesEntry,
)
from dsmc.slow_modes import slowest_time
from dsmc.species import TABLE, Molecule

EXPECTED = 6.0  # relaxation times of its slowest mode after which a flow is called steady, about
SOONEST = 400  # steps before that

Mixture = Annotated[tuple[SpeciesEntry, ...], Field(strict=False, max_length=127)]


class Scenario(Section):
    """A scenario, from a TOML file (`dsmc.load`) or from Python with the same names.

    >>> scenario = Scenario(
    ...     gas={"species": "Ar", "model": "hard-sphere"},
    ...     domain={"length_m": [1e-3], "cells": [10]},
    ...     initial={"kind": "equilibrium", "number_density_m3": 1e22,
    ...              "temperature_K": 300, "particles": 1000},
    ...     run={"time_step_mct": 0.2, "steps": 100},
    ... )
    >>> scenario.initial.temperature_K
    300.0

    ScenarioError: lists every problem with the key's path, what was found and the cure.
    """

    title: str = Field(
        "", description="one line that says what this is", examples=["Argon at rest"]
    )
    gas: Gas = Field(Gas(), description="the gas", examples=[{"species": "Ar"}])
    species: Mixture = Field(
        (), description="the species of a mixture", examples=[[{"name": "Ar", "fraction": 1.0}]]
    )
    domain: Domain = Field(description="the box", examples=[{"length_m": [1e-3], "cells": [100]}])
    initial: Initial = Field(
        description="the initial state",
        examples=[
            {
                "kind": "equilibrium",
                "number_density_m3": 1e22,
                "temperature_K": 300,
                "particles": 100000,
            }
        ],
    )
    boundaries: Boundaries = Field(Boundaries(), description="the faces of the box")
    force: Force = Field(Force(), description="forces")
    collisions: Collisions = Field(Collisions(), description="collisions")
    run: Run = Field(
        description="the run", examples=[{"time_step_mct": 0.2, "steps": 1000, "seed": 7}]
    )
    sample: Sample = Field(Sample(), description="what is measured")
    output: Output = Field(Output(), description="what is written")

    _text: str = PrivateAttr("")
    _name: str = PrivateAttr("")

    def __init__(self, **tables: Any) -> None:
        data = _plain(tables)
        problems = contradictions(data)
        try:
            super().__init__(**data)
        except ValidationError as error:
            problems += explain(type(self), error.errors(), data)
            problems += cross_checks(_valid_sections(data))
            raise ScenarioError(_in_order(problems)) from None
        problems += cross_checks({name: getattr(self, name) for name in type(self).model_fields})
        if not problems:
            problems += extremes(self) or too_large(self)
        if problems:
            raise ScenarioError(_in_order(problems))
        self._text = toml.dump(data)
        self._name = _slug(self.title) or "scenario"
        defaults.settle(self)
        if self.run.strict:
            self._refuse_warnings()

    def _refuse_warnings(self) -> None:
        """strict = true: what the forecast warns of is an error."""
        from dsmc.forecast import warnings  # the forecast describes scenarios: it comes later

        found = [warning for warning in warnings(self) if not warning.of_machine]
        if found:
            raise ScenarioError(
                [
                    Problem(
                        warning.key, warning.found, f"{warning.text} (run.strict)", warning.cure
                    )
                    for warning in found
                ]
            )

    @property
    def text(self) -> str:
        """The TOML source; from Python or with overrides, the tables written as TOML."""
        return self._text

    @property
    def name(self) -> str:
        """The stem of the file, or the title in lower case with hyphens."""
        return self._name

    @property
    def molecules(self) -> tuple[Molecule, ...]:
        """The molecules of each species in the chosen model."""
        if self.species:
            return tuple(molecule(entry.name, entry, self.gas.model) for entry in self.species)
        return (molecule(self.gas.species or "gas", self.gas, self.gas.model),)

    @property
    def fractions(self) -> tuple[float, ...]:
        """The share of the molecules that each species has; they sum to 1."""
        total = sum(entry.fraction for entry in self.species)
        return tuple(entry.fraction / total for entry in self.species) or (1.0,)

    @property
    def notes(self) -> tuple[str, ...]:
        """Cautions about the species used, one line each."""
        rows = [TABLE[entry.name] for entry in self.molecules if entry.name in TABLE]
        return tuple(f"{row.name}: {row.note}" for row in rows if row.note)

    @property
    def dimension(self) -> int:
        """The dimension d of space; velocities always have 3 components."""
        return len(self.domain.length_m)

    @property
    def lengths(self) -> tuple[float, ...]:
        """The lengths of the box, (d,) [m]."""
        return self.domain.length_m

    @property
    def cells(self) -> tuple[int, ...]:
        """The numbers of cells, (d,)."""
        return self.domain.cells

    @property
    def edges(self) -> tuple[tuple[float, ...], ...] | None:
        """The faces of the cells along each axis [m]; None where all cells are equal."""
        return self.faces if any(self.domain.gradings) else None

    @property
    def faces(self) -> tuple[tuple[float, ...], ...]:
        """The faces of the cells along each axis [m], equal or not."""
        return self.domain.faces

    @property
    def cell_count(self) -> int:
        """All cells."""
        return math.prod(self.domain.cells)

    @property
    def volume(self) -> float:
        """The volume of the box [m^3]; the missing lengths are 1 m."""
        return math.prod(self.domain.length_m)

    @property
    def closed(self) -> bool:
        """Whether the box is periodic in every direction."""
        faces = [getattr(self.boundaries, axis) for axis in AXES[: self.dimension]]
        return all(face.low.kind == "periodic" for face in faces)

    @property
    def patches(self) -> tuple[Patch, ...]:
        """Every boundary of the faces, face by face, each face itself behind the patches on it."""
        return patches(self.boundaries, self.lengths)

    @property
    def sealed(self) -> bool:
        """Whether the number of particles never changes: nothing leaves and nothing enters."""
        return not any(patch.kind in PASSED for patch in self.patches)

    @property
    def forced(self) -> bool:
        """Whether a force acts on the gas."""
        return any(self.force.acceleration_m_s2)

    @property
    def homogeneous(self) -> bool:
        """Whether the gas is the same everywhere: fully periodic, neither in parts nor a wave."""
        return self.closed and self.initial.kind not in ("riemann", "shear-wave")

    @property
    def number_density(self) -> float:
        """Mean number density [1/m^3]."""
        if self.initial.kind == "riemann":
            left, right, split = self.initial.left, self.initial.right, self.initial.split
            return split * left.number_density_m3 + (1.0 - split) * right.number_density_m3
        return self.initial.number_density_m3

    @property
    def temperature(self) -> float:
        """The temperature of the whole gas [K].

        In a mixture T = sum x_p T_p + sum x_p m_p |u_p - u|^2 / 3k, u the mass-weighted mean
        velocity: where a closed mixture of given species temperatures and drifts relaxes to.
        In a Riemann problem the mean over the molecules of both sides, at rest.
        """
        if self.initial.kind == "riemann":
            left, right, split = self.initial.left, self.initial.right, self.initial.split
            share = split * left.number_density_m3 / self.number_density
            return share * left.temperature_K + (1.0 - share) * right.temperature_K
        return mixture_temperature(self)

    @property
    def particle_count(self) -> int:
        """The number of simulated particles at the start."""
        initial = self.initial
        if initial.particles is not None:
            return initial.particles
        if initial.particles_per_cell is not None:
            return max(1, round(initial.particles_per_cell * self.cell_count))
        assert initial.weight is not None  # one of the three is given
        return max(1, round(self.number_density * self.volume / initial.weight))

    @property
    def weight(self) -> float:
        """F_N, the number of molecules that one particle stands for."""
        if self.initial.weight is not None:
            return self.initial.weight
        return self.number_density * self.volume / self.particle_count

    @property
    def collision_rates(self) -> tuple[float, ...]:
        """nu of each species in equilibrium at `temperature` [1/s]."""
        return scales.collision_rates(
            self.molecules, self.fractions, self.number_density, self.temperature
        )

    @property
    def collision_rate(self) -> float:
        """nu, mean collision rate per molecule in equilibrium, all species together [1/s]."""
        return sum(x * nu for x, nu in zip(self.fractions, self.collision_rates, strict=True))

    @property
    def collision_time(self) -> float:
        """tau_c = 1 / nu [s]."""
        return 1.0 / self.collision_rate

    @property
    def mean_free_path(self) -> float:
        """lambda in equilibrium [m]."""
        return scales.mean_free_path(
            self.molecules, self.fractions, self.number_density, self.temperature
        )

    def scales_at(self, number_density: Any, temperature: Any) -> tuple[Any, Any]:
        """(lambda [m], tau_c [s]) of this gas in another state of equilibrium.

        number_density [1/m^3], temperature [K]: numbers, or arrays of one shape
        """
        state = (self.molecules, self.fractions, number_density, temperature)
        rates = scales.collision_rates(*state)
        rate = sum(x * nu for x, nu in zip(self.fractions, rates, strict=True))
        return scales.mean_free_path(*state), 1.0 / rate

    @property
    def time_step(self) -> float:
        """The time step [s]."""
        if self.run.time_step_s is not None:
            return self.run.time_step_s
        assert self.run.time_step_mct is not None  # one of the two is given
        return self.run.time_step_mct * self.collision_time

    @property
    def steps(self) -> int:
        """The number of time steps; a time that is no whole number of steps is rounded up."""
        if self.run.steps is not None:
            return self.run.steps
        time = self.run.time_s
        if time is None:
            assert self.run.collisions is not None  # one of the three is given
            time = self.run.collisions * self.collision_time
        return max(1, math.ceil(time / self.time_step * (1.0 - 1e-12)))

    @property
    def sample_start(self) -> int:
        """Step from which averages are taken; where they wait for the flow, about when that is."""
        if self.sample.start != "steady":
            return int(self.sample.start)
        return math.ceil(EXPECTED * slowest_time(self) / self.time_step) + SOONEST

    @property
    def sample_every(self) -> int:
        """Steps between samples of the series."""
        assert self.sample.every is not None  # settled when the scenario was made
        return self.sample.every


def _in_order(problems: list[Problem]) -> list[Problem]:
    """Problems section by section, unknown sections last."""
    order = list(Scenario.model_fields)

    def section(problem: Problem) -> int:
        name = re.split(r"[.\[]", problem.path)[0]
        return order.index(name) if name in order else len(order)

    return sorted(problems, key=section)


def _plain(value: Any) -> Any:
    """Sections, arrays and paths as the tables and lists that TOML has; None is left out."""
    if isinstance(value, BaseModel):
        value = value.model_dump(exclude_unset=True)
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items() if item is not None}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, PurePath):
        return str(value)
    if hasattr(value, "tolist"):  # NumPy numbers and arrays
        return value.tolist()
    return value


def _valid_sections(data: Mapping[str, Any]) -> dict[str, Any]:
    """The sections that are valid each by itself, when the whole is not."""
    valid: dict[str, Any] = {}
    whole_types: dict[str, Any] = {"initial": Initial, "species": Mixture}
    for name, field in Scenario.model_fields.items():
        if name not in data and not field.is_required():
            valid[name] = field.default
        elif name in data:
            annotation: Any = whole_types.get(name, field.annotation)
            adapter: TypeAdapter[Any] = TypeAdapter(annotation)
            with suppress(ValidationError):
                valid[name] = adapter.validate_python(data[name])
    return valid


def _slug(title: str) -> str:
    """Letters, digits and hyphens of a title, fit for the name of a folder."""
    return re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")[:60].strip("-")
