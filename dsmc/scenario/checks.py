"""What several keys of a scenario must fulfil together.

`contradictions` looks at the bare tables, before any value is validated, so that all the errors
of a file come at once; the checks of `CHECKS` look at the validated sections that they name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from dsmc.scenario.boundaries import Boundaries
from dsmc.scenario.boundary_checks import outside, presence, visible, walls
from dsmc.scenario.domain import Domain, uneven_cells
from dsmc.scenario.messages import Problem, shown
from dsmc.scenario.recording import Output
from dsmc.scenario.recording_checks import (
    distributions,
    frames,
    measured,
    named,
    planes,
    reachable,
    steady,
    targets,
    wall_cells,
)
from dsmc.scenario.sections import (
    Gas,
    SpeciesEntry,
)
from dsmc.species import TABLE, nearest

ALTERNATIVES = (
    ("initial", ("particles", "particles_per_cell", "weight"), "particles = 100000"),
    ("run", ("time_step_s", "time_step_mct"), "time_step_mct = 0.2"),
    ("run", ("steps", "time_s", "collisions"), "steps = 1000"),
)
"""Section, keys of which exactly one must be given, and an example."""

NUMBERS = ("mass_kg", "diameter_m", "omega", "T_ref_K", "alpha")


def contradictions(data: Mapping[str, Any]) -> list[Problem]:
    """Problems of presence: alternatives given together or not at all."""
    return [*_alternatives(data), *_gas_or_species(data), *presence(data)]


def _alternatives(data: Mapping[str, Any]) -> Iterator[Problem]:
    """Of each group of `ALTERNATIVES` exactly one must be there."""
    for section, keys, example in ALTERNATIVES:
        table = data.get(section)
        if not isinstance(table, Mapping):
            continue
        given = [key for key in keys if key in table]
        allowed = f"exactly one of {', '.join(keys)} must be given"
        if not given:
            unit = [key for key in table if key in {name.rsplit("_", 1)[0] for name in keys}]
            if not unit:  # a key that only lacks its unit is reported as such
                path = f"{section}.{keys[0]}"
                yield Problem(path, "", f"missing: {allowed}", f"for instance {example}")
        for extra in given[1:]:
            cure = f"remove {extra} or {given[0]}"
            also = f"{allowed}, and {given[0]} = {shown(table[given[0]])} is given too"
            yield Problem(f"{section}.{extra}", shown(table[extra]), also, cure)


def _gas_or_species(data: Mapping[str, Any]) -> Iterator[Problem]:
    """[gas] describes one species, [[species]] a mixture: never both."""
    gas, mixture = data.get("gas", {}), data.get("species")
    if not isinstance(gas, Mapping):
        return  # reported as no table
    if mixture:
        for key in ("species", *NUMBERS):
            if key in gas:
                yield Problem(
                    f"gas.{key}",
                    shown(gas[key]),
                    "not allowed beside [[species]]",
                    "remove it: with [[species]] the table [gas] gives only the model",
                )
    elif "species" not in gas and not {"mass_kg", "diameter_m"} & set(gas):
        known = ", ".join(TABLE)
        yield Problem(
            "gas.species",
            "",
            "missing: which gas?",
            f'for instance species = "Ar" (known: {known}), or mass_kg and diameter_m, '
            "or a mixture with [[species]]",
        )


def one_gas(gas: Gas, species: tuple[SpeciesEntry, ...]) -> Iterator[Problem]:
    """Every species is in the table or given by numbers that suit the model."""
    if not species:
        yield from _species_numbers("gas", "species", gas.species, gas.model, gas)
        return
    for place, entry in enumerate(species):
        path = f"species[{place}]"
        yield from _species_numbers(path, "name", entry.name, gas.model, entry)
        if entry.name in [other.name for other in species[:place]]:
            cure = "add the fractions, or give the second its own name and its mass_kg, diameter_m"
            yield Problem(f"{path}.name", shown(entry.name), "each name may occur once", cure)
    total = sum(entry.fraction for entry in species)
    if abs(total - 1.0) > 1e-6:
        fractions = ", ".join(f"{entry.fraction / total:.6g}" for entry in species)
        cure = f"in the same proportions: {fractions}"
        yield Problem(
            "species[].fraction", f"{total:.9g} in sum", "the fractions must sum to 1", cure
        )


def _species_numbers(
    path: str, name_key: str, name: str | None, model: str, given: Gas | SpeciesEntry
) -> Iterator[Problem]:
    """One species: known by name or complete in numbers, none of them against the model."""
    if name is None and not (given.mass_kg or given.diameter_m):
        return  # reported as a missing gas
    if name not in TABLE and not (given.mass_kg and given.diameter_m):
        close = nearest(name) if name else ()
        meant = f"did you mean {' or '.join(close)}? " if close else ""
        cure = (
            f"{meant}Otherwise give mass_kg and diameter_m"
            if close
            else ("give mass_kg and diameter_m as well, or a species of the table")
        )
        known = f"known species: {', '.join(TABLE)}"
        if name is None:
            missing = "mass_kg" if given.mass_kg is None else "diameter_m"
            yield Problem(f"{path}.{missing}", "", f"missing; {known}", cure)
        else:
            yield Problem(f"{path}.{name_key}", shown(name), known, cure)
    for key, models, value in (
        ("omega", ("hard-sphere", "maxwell"), 0.5 if model == "hard-sphere" else 1.0),
        ("alpha", ("hard-sphere", "maxwell", "vhs"), 1.0),
    ):
        number = getattr(given, key)
        if model in models and number is not None and number != value:
            allowed = f'the model "{model}" has {key} = {value:g}'
            cure = f'remove {key}, or choose gas.model = "vss"'
            yield Problem(f"{path}.{key}", shown(number), allowed, cure)
    if name not in TABLE:
        needed = {"vhs": ("omega", "T_ref_K"), "vss": ("omega", "T_ref_K", "alpha")}
        for key in needed.get(model, ("T_ref_K",) if model == "maxwell" else ()):
            if getattr(given, key) is None:
                allowed = f'missing: the model "{model}" needs it for a species given by numbers'
                cure = f'give {key}, or choose gas.model = "hard-sphere"'
                yield Problem(f"{path}.{key}", "", allowed, cure)


def box(domain: Domain) -> Iterator[Problem]:
    """As many cell counts as lengths, and not more cells than an index can name."""
    d, given = len(domain.length_m), len(domain.cells)
    if d != given:
        yield Problem(
            "domain.cells",
            shown(list(domain.cells)),
            f"must have {d} entr{'y' if d == 1 else 'ies'}, as domain.length_m has",
            "give one number of cells for each length",
        )
    total = 1
    for count in domain.cells:
        total *= count
    if total >= 2**31:
        yield Problem(
            "domain.cells",
            shown(list(domain.cells)),
            f"{total:.3g} cells in all; at most 2147483647 are possible",
            "choose larger cells",
        )


def temperatures(initial: Any, species: tuple[SpeciesEntry, ...]) -> Iterator[Problem]:
    """The parts of an initial state have the stated mean, and only one state is stated."""
    if initial.kind == "two-temperature":
        mean = initial.share * initial.low + (1.0 - initial.share) * initial.high
        if abs(mean - 1.0) > 1e-9:
            rest = (1.0 - initial.share * initial.low) / (1.0 - initial.share)
            cure = (
                f"high = {rest!r} keeps the rest" if rest > 0.0 else "choose a smaller low or share"
            )
            yield Problem(
                "initial.high",
                shown(initial.high),
                f"share * low + (1 - share) * high must be 1, so that the mean temperature is "
                f"temperature_K; it is {mean:.9g}",
                cure,
            )
    if initial.kind == "riemann":
        for key in ("zero_momentum", "exact_energy"):
            if getattr(initial, key):
                allowed = "must be false: a Riemann problem has two states, not one"
                yield Problem(f"initial.{key}", "true", allowed, f"remove {key}")
    if initial.kind != "equilibrium":
        for place, entry in enumerate(species):
            for key in ("temperature_K", "velocity_m_s"):
                if getattr(entry, key) is not None:
                    value = getattr(entry, key)
                    yield Problem(
                        f"species[{place}].{key}",
                        shown(list(value) if isinstance(value, tuple) else value),
                        'a species has its own state only with initial.kind = "equilibrium", '
                        f"found {shown(initial.kind)}",
                        f"remove {key}",
                    )


def one_wave(
    initial: Any, species: tuple[SpeciesEntry, ...], boundaries: Boundaries
) -> Iterator[Problem]:
    """A shear wave fits into a periodic box and moves one gas."""
    if initial.kind != "shear-wave":
        return
    if boundaries.x.low is not None and boundaries.x.low.kind != "periodic":
        allowed = 'a shear wave along x needs boundaries.x.kind = "periodic"'
        yield Problem("boundaries.x", shown(boundaries.x.low.kind), allowed, "remove boundaries.x")
    if any(initial.velocity_m_s):
        allowed = "a shear wave is that of a gas at rest"
        value = shown(list(initial.velocity_m_s))
        yield Problem("initial.velocity_m_s", value, allowed, "remove velocity_m_s")
    if species:
        allowed = "a shear wave moves one gas, not a mixture"
        yield Problem("initial.kind", shown(initial.kind), allowed, 'kind = "equilibrium"')


def readable(title: str, initial: Any, output: Output) -> Iterator[Problem]:
    """Texts that go to a screen or name a file hold no invisible characters."""
    texts = {"title": title, "output.directory": output.directory or ""}
    texts["initial.path"] = getattr(initial, "path", "")
    for path, text in texts.items():
        if not text.isprintable():
            allowed = "must be one line of printable characters"
            yield Problem(path, shown(text), allowed, "remove line breaks and control characters")


CHECKS: Sequence[tuple[tuple[str, ...], Callable[..., Iterator[Problem]]]] = (
    (("gas", "species"), one_gas),
    (("domain",), box),
    (("domain", "run"), uneven_cells),
    (("domain", "boundaries"), walls),
    (("domain", "boundaries"), visible),
    (("domain", "boundaries", "species"), outside),
    (("initial", "species"), temperatures),
    (("initial", "species", "boundaries"), one_wave),
    (("sample",), named),
    (("sample", "boundaries", "collisions", "domain", "initial"), measured),
    (("sample", "run"), steady),
    (("sample",), targets),
    (("sample", "boundaries", "collisions", "domain", "initial"), reachable),
    (("sample", "domain", "boundaries"), planes),
    (("sample", "domain", "boundaries"), wall_cells),
    (("sample", "domain", "run"), distributions),
    (("sample", "output"), frames),
    (("title", "initial", "output"), readable),
)
"""The sections that a check needs, and the check."""


def cross_checks(sections: Mapping[str, Any]) -> list[Problem]:
    """Problems between those sections that are valid each by itself."""
    problems: list[Problem] = []
    for needed, check in CHECKS:
        if all(name in sections for name in needed):
            problems += check(*(sections[name] for name in needed))
    return problems
