"""Hundreds of bad scenarios, made by spoiling good ones: every one is refused with its key named.

Each goes through the command line. The message names the path of every spoilt key at the beginning
of a line and says a cure; the exit code is 2; there is no traceback, and nothing is begun.
"""

import random
import re
import subprocess
import sys
from pathlib import Path

import pytest

from dsmc.__main__ import main
from dsmc.scenario import toml
from tests.unit.spoilt_scenarios import BOX, GOOD, SEED, of_one_key, of_several_keys, of_two_keys

TEXT = toml.dump(BOX)
BROKEN = {
    "an open quote": (TEXT.replace('"Ar"', '"Ar'), "line 4"),
    "a bare word": (TEXT.replace('"Ar"', "Ar"), "line 4"),
    "no value": (TEXT.replace('"Ar"', ""), "line 4"),
    "an open bracket": (TEXT.replace("[gas]", "[gas"), "line 3"),
    "a key twice": (TEXT + "steps = 3\n", f"line {TEXT.count(chr(10)) + 1}"),
    "a table twice": (TEXT + "[gas]\n", f"line {TEXT.count(chr(10)) + 1}"),
    "a null character": (TEXT + "\0", f"line {TEXT.count(chr(10)) + 1}"),
    "deep brackets": ("a = " + "[" * 5000 + "\n", "line 1"),
    "a very long number": ("a = 1" + "0" * 5000 + "\n", "line 1"),
    "only words": ("make me a simulation of argon\n", "line 1"),
    "UTF-16": (TEXT.encode("utf-16"), "byte 0"),
    "Latin-1": (TEXT.replace("A box", "é").encode("latin-1"), "byte 9"),
    "bytes": (bytes(range(256)), "byte 128"),
    "HDF5": (b"\x89HDF\r\n\x1a\n" + bytes(64), "byte 0"),
    "empty": ("", "initial"),
}
OVERRIDES = {
    "run": '"run"', "=3": '"=3"', "run..steps=3": '"run..steps=3"', "run.steps=": "run.steps",
    "run.steps=abc": "run.steps", "run.steps.a=3": "run.steps.a", "run.stepz=3": "run.stepz",
    "ruun.steps=3": "ruun", "domain.cells[7]=3": "domain.cells[7]", "run[0]=3": "run[0]",
    "domain.cells[x]=3": '"domain.cells[x]=3"', ".=3": '".=3"', "run=3": "run",
    "initial.particles=1e30": "initial.particles", "run.seed=\0": "run.seed",
    "initial.temperature_K=300 K": "initial.temperature_K", "domain.cells=[": "domain.cells",
}  # fmt: skip


def complaints(code: int, out: str, error: str, named: list[str]) -> list[str]:
    """What is wrong with the answer to a bad scenario."""
    found = [f"exit code {code}"] if code != 2 else []
    found += ["a traceback"] if "Traceback" in out + error else []
    found += ["printed to stdout"] if out else []
    found += ["no cure"] if "cure:" not in error else []
    for path in named:
        if path.startswith("cure: "):
            key = re.escape(path.removeprefix("cure: "))
            pattern = rf"cure: .*\b{key}\b"
        else:
            pattern = rf"^  {re.escape(path)}( = |$)"
        if not re.search(pattern, error, re.MULTILINE):
            found.append(f"does not name {path}")
    return found


@pytest.fixture
def answer(tmp_path, capsys):
    """The complaints about the answer of `dsmc check` to a text or tables."""

    def judged(content: dict | str | bytes, named: list[str], *words: str) -> list[str]:
        file = tmp_path / "bad.toml"
        text = toml.dump(content) if isinstance(content, dict) else content
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
        code = main(["check", str(file), *words])
        out, error = capsys.readouterr()
        found = complaints(code, out, error, named)
        return [f"{', '.join(found)}:\n{error or out[-300:]}"] if found else []

    return judged


@pytest.mark.parametrize("name", sorted(GOOD))
def test_the_scenarios_that_are_spoilt_are_good(name, tmp_path, capsys):
    file = tmp_path / "good.toml"
    file.write_text(toml.dump(GOOD[name]))
    assert main(["check", str(file)]) == 0
    capsys.readouterr()


@pytest.mark.parametrize(
    ("source", "fewest"), [(of_one_key, 350), (of_two_keys, 60), (of_several_keys, 60)]
)
def test_every_bad_scenario_is_refused_with_its_keys_named(source, fewest, answer):
    cases = list(source())
    found = [line for tables, named in cases for line in answer(tables, named)]
    assert len(cases) >= fewest
    assert not found, f"{len(found)} of {len(cases)}\n\n" + "\n".join(found[:10])


@pytest.mark.parametrize("name", BROKEN)
def test_a_file_that_is_no_toml_is_refused_with_its_place_named(name, answer):
    text, place = BROKEN[name]
    assert not answer(text, [place])


def test_overrides_that_make_no_sense_are_refused(answer):
    found = [
        line for word, path in OVERRIDES.items() for line in answer(BOX, [path], "--set", word)
    ]
    assert not found, "\n".join(found)
    assert not answer(BOX, ['"a"', '"b"'], "--set", "a", "--set", "b")  # all at once


def test_a_judge_that_hears_no_key_complains():
    good = "f: 1 problem\n\n  run.steps = 0\n    must be at least 1\n    cure: steps = 3\n"
    assert not complaints(2, "", good, ["run.steps", "cure: steps"])
    assert complaints(2, "", good, ["run.step"])
    assert complaints(2, "", good.replace("cure", ""), ["run.steps"])
    assert complaints(1, "", good, ["run.steps"])
    assert complaints(2, "", good + "Traceback", ["run.steps"])


def test_a_bad_run_in_a_process_of_its_own_begins_nothing(tmp_path):
    """Ten of them: absurd sizes among them, which must be refused before memory is taken."""
    chance = random.Random(SEED)
    cases = [*chance.sample(list(of_one_key()), 5), *chance.sample(list(of_two_keys()), 2)]
    many = [case for case in of_several_keys() if case[1][0] in ("domain.cells", "sample.every")]
    for number, (tables, named) in enumerate([*cases, *many]):
        file, folder = tmp_path / f"{number}.toml", tmp_path / f"run{number}"
        file.write_text(toml.dump(tables))
        command = [sys.executable, "-m", "dsmc", "run", str(file), "-o", str(folder)]
        done = subprocess.run(
            command, capture_output=True, text=True, cwd=Path(__file__).parents[2], check=False
        )
        assert not complaints(done.returncode, done.stdout, done.stderr, named), done.stderr
        assert not folder.exists()
    assert number >= 9


def test_a_place_that_cannot_hold_a_run_is_refused(tmp_path, capsys):
    """A file where a directory is expected, and a directory that holds a run."""
    file, taken, scenario = tmp_path / "file", tmp_path / "taken", tmp_path / "good.toml"
    file.write_text("mine")
    taken.mkdir()
    (taken / "trajectory.h5").write_text("results of a week")
    scenario.write_text(toml.dump(BOX))
    for folder, words in ((file, "not a directory"), (file / "a", "file"), (taken, "already")):
        assert main(["run", str(scenario), "-o", str(folder), "--quiet"]) == 2
        out, error = capsys.readouterr()
        assert str(folder) in error and words in error and "Traceback" not in out + error
    assert file.read_text() == "mine"
    assert (taken / "trajectory.h5").read_text() == "results of a week"
