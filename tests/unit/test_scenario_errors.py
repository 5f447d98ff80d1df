"""A scenario that cannot be run: every problem is named, with what is allowed and the cure."""

import copy
import math
import pickle

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dsmc.scenario import Problem, Scenario
from tests.unit.argon import ARGON, problem, refused, scenario, tables


def test_all_errors_of_a_file_come_at_once():
    data = tables(
        initial__temperature_K=-300, initial__particle=5, run__time_step_s=1e-9, run__steps="many",
        gas__model="soft-sphere", domain__cells=[1, 2], boundaries={"x": {"low": {"kind": "opem"}}},
        force={"acceleration_m_s2": [0, 9.81]}, seed=3,
    )  # fmt: skip
    error = refused(data)
    paths = [entry.path for entry in error.problems]
    assert set(paths) == {
        "gas.model", "domain.cells", "initial.temperature_K", "initial.particle",
        "boundaries.x.low.kind", "boundaries.x.high", "force.acceleration_m_s2",
        "run.time_step_mct", "run.steps", "seed",
    }  # fmt: skip
    assert paths[0] == "gas.model" and paths[-1] == "seed"  # in the order of the file
    assert str(error).startswith("scenario: 10 problems")
    for entry in error.problems:
        assert entry.allowed and entry.cure


@pytest.mark.parametrize(
    ("path", "value", "cure"),
    [
        ("domain__length", [1e-3], "write length_m: the unit (metres, SI) is part of the key"),
        ("domain__length_mm", [1], "write length_m: the unit (metres, SI) is part of the key"),
        ("initial__temperature", 300, "write temperature_K: the unit (kelvin, SI)"),
        ("initial__temperature_C", 27, "write temperature_K: the unit (kelvin, SI)"),
        ("initial__velocity", [0, 0, 0], "write velocity_m_s: the unit (metres per second"),
        ("run__time_step_us", 1, "write time_step_s: the unit (mean collision times"),
        ("run__sead", 3, "did you mean seed?"),
        ("run__cells", [3], "cells belongs in [domain]"),
        ("steps", 3, "steps belongs in [run]"),
        ("bondaries", {}, "did you mean boundaries?"),
        ("initial__low", 0.5, 'low belongs in [initial] with kind = "two-temperature"'),
        ("run__zzzzz", 3, "remove zzzzz"),
    ],
)
def test_an_unknown_key_is_answered_with_the_one_that_was_meant(path, value, cure):
    key = path.replace("__", ".")
    if "time_step_us" in path:
        cure = "write time_step_s: the unit (seconds, SI) is part of the key"
    assert cure in problem(key, **{path: value}).cure


@pytest.mark.parametrize(
    ("changes", "path", "words"),
    [
        ({"initial__particles": None}, "initial.particles", "exactly one of particles"),
        ({"initial__weight": 1e9}, "initial.weight", "particles = 1000 is given too"),
        ({"initial__particles_per_cell": 5}, "initial.particles_per_cell", "exactly one"),
        ({"run__steps": None}, "run.steps", "exactly one of steps, time_s, collisions"),
        ({"run__time_s": 1.0}, "run.time_s", "steps = 100 is given too"),
        ({"run__time_step_s": 1e-9}, "run.time_step_mct", "time_step_s = 1e-09 is given too"),
        ({"run__time_step_mct": None}, "run.time_step_s", "exactly one"),
        ({"initial__kind": None}, "initial.kind", "missing"),
        ({"initial__kind": "equilibirum"}, "initial.kind", 'must be one of "equilibrium"'),
        ({"initial": None}, "initial", "missing"),
        ({"run": 3}, "run", "must be a table"),
        ({"gas__species": None}, "gas.species", "which gas"),
        ({"gas__species": "Argon"}, "gas.species", "known species: He"),
        ({"gas": {"mass_kg": 1e-26, "model": "hard-sphere"}}, "gas.diameter_m", "missing"),
        ({"gas__omega": 0.8}, "gas.omega", 'the model "hard-sphere" has omega = 0.5'),
        ({"gas": {"species": "Ar", "alpha": 1.4}}, "gas.alpha", 'the model "vhs" has alpha = 1'),
        (
            {"gas": {"mass_kg": 1e-26, "diameter_m": 1e-10, "model": "vss", "omega": 0.7}},
            "gas.alpha",
            "missing",
        ),
        ({"domain__cells": [10, 10]}, "domain.cells", "must have 1 entry"),
        ({"domain__cells": [2**31]}, "domain.cells", "2147483647"),
        ({"domain__length_m": [1.0] * 4}, "domain.length_m", "at most 3 entries"),
        ({"domain__length_m": []}, "domain.length_m", "at least 1 entries"),
        ({"initial__velocity_m_s": [1, 2]}, "initial.velocity_m_s", "3 entries"),
        ({"initial__velocity_m_s": [1, 2, 3, 4]}, "initial.velocity_m_s", "3 entries"),
        ({"force": {"acceleration_m_s2": [0, 1]}}, "force.acceleration_m_s2", "3 entries"),
        ({"sample": {"quantities": ["temprature"]}}, "sample.quantities[0]", "unknown quantity"),
        ({"sample": {"quantities": ["wall_shear"]}}, "sample.quantities[0]", "every boundary"),
        ({"sample": {"quantities": ["heat_flux_x"]}}, "sample.quantities[0]", "fields_every is 0"),
        (
            {"sample": {"quantities": ["speed_rate"]}, "collisions": {"scheme": "none"}},
            "sample.quantities[0]",
            "needs collisions",
        ),
        ({"initial__particles": 1, "initial__exact_energy": True}, "initial.exact_energy", "2"),
    ],
)
def test_contradictions_name_the_key_and_what_is_allowed(changes, path, words):
    found = problem(path, **changes)
    assert words in f"{found.found} {found.allowed}"
    assert found.cure


@pytest.mark.parametrize(
    ("boundaries", "path", "words"),
    [
        ({"x": {"low": {"kind": "specular"}}}, "x.high", "two faces"),
        (
            {"x": {"low": {"kind": "periodic"}, "high": {"kind": "specular"}}},
            "x.low.kind",
            "periodic face opposite",
        ),
        (
            {"x": {"low": {"kind": "specular"}, "high": {"kind": "periodic"}}},
            "x.high.kind",
            "periodic face opposite",
        ),
        ({"x": {"kind": "periodic", "low": {"kind": "specular"}}}, "x.kind", "for both faces"),
        ({"x": {"kind": "diffuse"}}, "x.kind", 'must be one of "periodic", "specular"'),
        ({"y": {"kind": "specular"}}, "y", "1 dimension"),
        (
            {"x": {"low": {"kind": "diffuse"}, "high": {"kind": "specular"}}},
            "x.low.temperature_K",
            "missing",
        ),
        (
            {
                "x": {
                    "low": {"kind": "specular"},
                    "high": {"kind": "diffuse", "temperature_K": 300, "accommodation": 1.2},
                }
            },
            "x.high.accommodation",
            "at most 1",
        ),
        (
            {
                "x": {
                    "low": {"kind": "specular"},
                    "high": {"kind": "diffuse", "temperature_K": 300, "velocity_m_s": [1, 2, 0]},
                }
            },
            "x.high.velocity_m_s",
            "its x component must be 0",
        ),
        ({"w": {"kind": "periodic"}}, "w", "unknown key"),
    ],
)
def test_walls_that_cannot_be_are_refused(boundaries, path, words):
    found = problem(f"boundaries.{path}", boundaries=boundaries)
    assert words in f"{found.allowed}"


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"collisions": {"scheme": "nanbu-babovsky"}}, "collisions.scheme"),
    ],
)
def test_what_is_planned_is_refused_as_not_available_yet(changes, path):
    assert "not available in this version" in problem(path, **changes).cure


def test_mixtures_are_refused_with_the_entry_named():
    entries = [{"name": "Ar", "fraction": 0.6}, {"name": "He", "fraction": 0.6}]
    error = problem("species[].fraction", gas={"model": "vhs"}, species=entries)
    assert error.found == "1.2 in sum" and "0.5, 0.5" in error.cure
    unknown = [{"name": "Ar", "fraction": 0.5}, {"name": "Helium", "fraction": 0.5}]
    assert "did you mean He" in problem("species[1].name", gas={}, species=unknown).cure
    twice = [{"name": "Ar", "fraction": 0.5}, {"name": "Ar", "fraction": 0.5}]
    assert "once" in problem("species[1].name", gas={}, species=twice).allowed
    half = [{"name": "Ar", "fraction": 0.5}, {"name": "He", "fraction": "half"}]
    assert problem("species[1].fraction", gas={}, species=half).found == '"half"'
    both = [{"name": "Ar", "fraction": 1.0}]
    assert "beside [[species]]" in problem("gas.species", species=both).allowed
    warm = [{"name": "Ar", "fraction": 1.0, "temperature_K": 200}]
    found = problem("species[0].temperature_K", gas={}, species=warm, initial__kind="shell")
    assert 'only with initial.kind = "equilibrium"' in found.allowed


def test_two_temperatures_must_keep_the_mean():
    found = problem("initial.high", initial__kind="two-temperature", initial__share=0.25)
    rest = float(found.cure.split()[2])
    kept = scenario(initial__kind="two-temperature", initial__share=0.25, initial__high=rest)
    assert 0.25 * 0.5 + 0.75 * kept.initial.high == pytest.approx(1.0, abs=1e-12)


def test_a_scenario_too_large_for_the_machine_is_refused_before_it_is_made():
    found = problem("initial.particles", initial__particles=10**12)
    assert "1,000,000,000,000 particles" in found.allowed and "TB" in found.allowed
    cells = {"length_m": [1.0] * 3, "cells": [1200] * 3}
    assert "1,728,000,000 cells" in problem("domain.cells", domain=cells).allowed


def test_values_without_a_sound_consequence_are_refused():
    error = refused(tables(initial__number_density_m3=1e305, domain__length_m=[1e200]))
    assert "initial.number_density_m3" in error.problems[0].path
    error = refused(tables(run={"time_step_s": 1e-300, "time_s": 1.0}))
    assert "run.time_step_s" in error.problems[0].path
    huge = 10**5000
    assert "more than 40 digits" in problem("run.steps", run__steps=huge).found


def test_strict_makes_warnings_errors():
    loose = {"time_step_mct": 0.5, "steps": 100}
    assert scenario(run=loose).steps == 100
    error = refused(tables(run={**loose, "strict": True}))
    assert error.problems[0].path == "run.time_step_mct"
    assert "0.5 mean collision times" in error.problems[0].found
    assert scenario(run__strict=True).run.strict  # nothing to warn of


POSITIVE = st.one_of(
    st.floats(max_value=0.0), st.sampled_from([math.nan, math.inf, -1, 0, -(10**400)])
)
NO_NUMBER = st.one_of(
    st.text(max_size=8), st.booleans(), st.lists(st.none(), max_size=2), st.just({"a": 1})
)
NO_TABLE = st.one_of(st.integers(), st.text(max_size=5), st.floats(), st.booleans())
COUNT = st.one_of(st.integers(max_value=0), st.floats(0.1, 0.9), st.just(10**30))
BAD = {
    "gas.model": st.one_of(st.text(max_size=5), st.integers(), st.booleans()),
    "gas.species": st.one_of(st.integers(), st.text(min_size=5), st.booleans()),
    "gas.mass_kg": POSITIVE | NO_NUMBER,
    "gas.omega": st.floats(max_value=0.4) | st.floats(min_value=1.1) | NO_NUMBER,
    "domain.length_m": st.lists(POSITIVE, min_size=1, max_size=3) | NO_NUMBER,
    "domain.cells": st.lists(COUNT | NO_NUMBER, min_size=1, max_size=3) | NO_NUMBER,
    "initial.kind": st.one_of(st.text(max_size=9), st.integers(), st.lists(st.text())),
    "initial.number_density_m3": POSITIVE | NO_NUMBER,
    "initial.temperature_K": POSITIVE | NO_NUMBER,
    "initial.velocity_m_s": st.lists(st.floats(), max_size=2) | NO_NUMBER,
    "initial.particles": COUNT | NO_NUMBER,
    "initial.exact_energy": st.integers() | st.text(max_size=4) | st.floats(),
    "boundaries.x": NO_TABLE,
    "collisions.scheme": st.text(max_size=9) | st.integers(),
    "run.steps": COUNT | NO_NUMBER,
    "run.time_step_mct": POSITIVE | NO_NUMBER,
    "run.seed": st.integers(max_value=-1) | st.integers(min_value=2**32) | NO_NUMBER,
    "run.precision": st.text(max_size=9) | st.integers(),
    "run.threads": st.integers(max_value=0) | NO_NUMBER,
    "run.replicas": st.integers(max_value=0) | NO_NUMBER,
    "run.strict": st.integers() | st.text(max_size=4),
    "sample.every": COUNT | NO_NUMBER,
    "sample.quantities": st.lists(st.text(), min_size=1) | st.text() | st.integers(),
    "output.trajectory": st.integers(max_value=-1) | NO_NUMBER,
    "output.pictures": st.integers() | st.text(max_size=4),
    "initial": NO_TABLE,
    "run": NO_TABLE,
    "gas": NO_TABLE,
}


@st.composite
def bad_values(draw):
    """A key of the file and a value that it must not have."""
    path = draw(st.sampled_from(sorted(BAD)))
    return path, draw(BAD[path])


@given(st.lists(bad_values(), min_size=1, max_size=4, unique_by=lambda pair: pair[0].split(".")[0]))
@settings(max_examples=400)
def test_bad_values_are_all_named_and_nothing_else_is_raised(bad):
    data = copy.deepcopy(ARGON)
    for path, value in bad:
        section, _, key = path.partition(".")
        if key:
            data.setdefault(section, {})[key] = value
        else:
            data[section] = value
    message = str(refused(data))
    for path, _ in bad:
        assert path in message


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)
KEYS = [*Scenario.model_fields, "kind", "low", "high", "x", "length_m", "name", "fraction", "left"]


@given(
    st.dictionaries(
        st.sampled_from(list(Scenario.model_fields)),
        ANYTHING | st.dictionaries(st.sampled_from(KEYS), ANYTHING, max_size=5),
    )
)
@settings(max_examples=300)
def test_whatever_the_tables_hold_the_answer_is_a_scenario_error(data):
    error = refused(data)
    assert error.problems and all(isinstance(entry, Problem) for entry in error.problems)
    assert pickle.loads(pickle.dumps(error)).problems == error.problems
