"""Files of scenarios: loading, overriding, and what is said of files that are none."""

import tomllib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dsmc.scenario import Scenario, ScenarioError, load, toml
from tests.unit.argon import ARGON, scenario, tables


def write(folder, text):
    file = folder / "mine.toml"
    file.write_text(text, encoding="utf-8")
    return file


@pytest.fixture
def argon_file(tmp_path):
    return write(tmp_path, "# argon\n" + toml.dump(ARGON))


def test_a_file_is_a_scenario_with_its_own_name_and_text(argon_file):
    gas = load(argon_file)
    assert gas.name == "mine"
    assert gas.text == argon_file.read_text()
    assert load(str(argon_file)) == gas
    assert gas.model_dump() == scenario().model_dump()


def test_a_shipped_scenario_is_found_by_its_name():
    assert load("relaxation").initial.kind == "two-temperature"
    assert load("relaxation.toml").name == "relaxation"


def test_overrides_are_read_as_they_would_stand_in_the_file(argon_file):
    words = ["run.seed=3", "run.precision=float32", "domain.length_m=[2e-3]", "title='x = 1'"]
    gas = load(argon_file, words)
    assert (gas.run.seed, gas.run.precision, gas.lengths) == (3, "float32", (2e-3,))
    assert gas.title == "x = 1"
    assert load(argon_file, {"run.seed": 3}).run.seed == 3
    assert Scenario(**tomllib.loads(gas.text)).model_dump() == gas.model_dump()


def test_an_override_takes_the_place_of_its_alternatives(argon_file):
    gas = load(argon_file, {"run.collisions": 3, "initial.particles_per_cell": 7})
    assert (gas.run.steps, gas.steps, gas.particle_count) == (None, 15, 70)
    with pytest.raises(ScenarioError, match=r"run\.time_s"):
        load(argon_file, {"run.steps": 3, "run.time_s": 1.0})


def test_overrides_reach_into_arrays_and_new_tables(tmp_path):
    data = tables(gas={"model": "vhs"})
    data["species"] = [{"name": "Ar", "fraction": 0.5}, {"name": "He", "fraction": 0.5}]
    file = write(tmp_path, toml.dump(data))
    gas = load(file, ["species[0].fraction=0.25", "species.1.fraction=0.75", "sample.every=3"])
    assert gas.fractions == (0.25, 0.75) and gas.sample_every == 3


@pytest.mark.parametrize(
    ("override", "words"),
    [
        ("run.seed", "not an override"),
        ("=3", "not an override"),
        ("run.seed.deep=3", "run.seed is a value, not a table"),
        ("domain.cells[4]=3", "an array of 1 entries"),
        ("run.sede=3", "did you mean seed"),
        ("run.seed=x", 'run.seed = "x"'),
        ("run.seed=", 'run.seed = ""'),
        ("run..seed=3", "run"),
    ],
)
def test_an_override_that_fits_nowhere_is_refused(tmp_path, override, words):
    data = tables(run__seed=1)
    with pytest.raises(ScenarioError) as caught:
        load(write(tmp_path, toml.dump(data)), [override])
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a = 1\nspecies = Ar\n", ["line 2", "species = Ar", 'in quotes: "Ar"']),
        ("[gas\n", ["line 1", "[gas"]),
        ("[run]\nsteps =\n", ["line 2", "write a value after the ="]),
        ("[run]\nsteps = 1\nsteps = 2\n", ["line 3", "each key once"]),
        ("steps 3\n", ["line 1", "key = value"]),
        ('title = "abc\n', ["line 1"]),
        ("n = " + "9" * 5000, ["a number too long"]),
        ("n = " + "[" * 5000, ["tables too deep"]),
    ],
)
def test_a_file_that_is_no_toml_names_its_line(tmp_path, text, words):
    with pytest.raises(ScenarioError) as caught:
        load(write(tmp_path, text))
    for word in [*words, "mine.toml"]:
        assert word in str(caught.value)


def test_a_file_that_cannot_be_read_is_refused(tmp_path):
    binary = tmp_path / "binary.toml"
    binary.write_bytes(b"\x89HDF\r\n\xff\xfe")
    with pytest.raises(ScenarioError, match="not UTF-8"):
        load(binary)
    with pytest.raises(ScenarioError, match="a folder, not a file"):
        load(tmp_path)
    for name in ("relaxatoin", "relaxation.tml", "scenarios/gas/relaxtion.toml"):
        with pytest.raises(ScenarioError, match="did you mean the shipped scenario relaxation"):
            load(name)
    for name in ("", "\0", "x" * 5000):
        with pytest.raises(ScenarioError, match="`dsmc scenarios` lists"):
            load(name)


@given(st.text(max_size=200) | st.lists(st.sampled_from(toml.dump(ARGON).split("\n"))))
@settings(max_examples=150)
def test_any_text_is_a_scenario_or_a_scenario_error(tmp_path_factory, text):
    text = text if isinstance(text, str) else "\n".join(text)
    file = tmp_path_factory.getbasetemp() / "any.toml"
    file.write_text(text, encoding="utf-8", errors="replace")
    try:
        load(file)
    except ScenarioError as error:
        assert "any.toml" in str(error)


def test_an_initial_state_is_sought_beside_its_scenario(tmp_path):
    (tmp_path / "before.h5").touch()
    data = tables(initial__kind="file", initial__path="before.h5")
    assert load(write(tmp_path, toml.dump(data))).initial.path == str(tmp_path / "before.h5")


LEAF = (
    st.booleans()
    | st.integers(-(2**62), 2**62)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
)
NESTED = st.recursive(
    LEAF, lambda i: st.lists(i, max_size=3) | st.dictionaries(st.text(max_size=5), i, max_size=3)
)


@given(
    st.dictionaries(
        st.text(st.characters(exclude_categories=["Cs"]), max_size=6),
        NESTED | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), NESTED),
        max_size=4,
    )
)
@settings(max_examples=200)
def test_tables_written_as_toml_are_read_back_the_same(data):
    assert tomllib.loads(toml.dump(data)) == data
