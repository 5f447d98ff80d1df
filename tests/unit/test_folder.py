"""A run opened from its files is the run: every number, or a plain word on what is missing."""

import json
import math
import shutil
from dataclasses import fields as dataclass_fields
from dataclasses import is_dataclass, replace

import numpy as np
import pytest

import dsmc
from dsmc.folder import open as open_run
from dsmc.launch import write_series
from dsmc.output import FIELDS, SUMMARY, TRAJECTORY
from dsmc.replicas import combined, run_replicas
from dsmc.result import Histogram, Result
from dsmc.summary import provenance, write_summary
from dsmc.trajectory import TrajectoryWriter

SEED = 20261121
RELAXATION = {"initial.particles": 4000, "run.steps": 40, "run.seed": SEED, "domain.cells": [8]}
COUETTE = {
    "initial.particles": 3000, "domain.cells": [6], "run.steps": 80, "sample.start": 0,
    "sample.every": 10, "sample.fields_every": 2, "run.seed": SEED,
}  # fmt: skip


def finished(name, changes, directory, steps=None):
    """Run into a directory and write the summary; returns the result in memory."""
    scenario = dsmc.load(name, changes)
    origin = provenance(SEED, 1, command="dsmc run") | {"scenario": scenario.name}
    with dsmc.Simulation(scenario, 1, directory, provenance=origin) as simulation:
        result = simulation.run(steps)
    write_summary(directory / SUMMARY, result)
    return result


@pytest.fixture(scope="module")
def relaxed(tmp_path_factory):
    directory = tmp_path_factory.mktemp("relaxation") / "run"
    return finished("relaxation", RELAXATION, directory), directory


@pytest.fixture(scope="module")
def sheared(tmp_path_factory):
    directory = tmp_path_factory.mktemp("couette") / "run"
    return finished("couette", COUETTE, directory), directory


@pytest.fixture(scope="module")
def repeated(tmp_path_factory):
    directory = tmp_path_factory.mktemp("replicas")
    scenario = dsmc.load("couette", COUETTE | {"run.replicas": 3})
    origin = provenance(SEED, 1, replicas=3, command="dsmc run") | {"scenario": scenario.name}
    result = replace(combined(scenario, run_replicas(scenario, 3, 1)), provenance=origin)
    write_series(scenario, directory / TRAJECTORY, result)
    write_summary(directory / SUMMARY, result)
    return result, directory


@pytest.fixture
def copy(relaxed, tmp_path):
    """A directory of a run that may be damaged."""
    return shutil.copytree(relaxed[1], tmp_path / "run")


def differing(a, b, path="result"):
    """Paths of all leaves that are not equal; NaN equals NaN, cell centres within rounding."""
    if is_dataclass(a):
        pairs = [(f.name, getattr(a, f.name), getattr(b, f.name)) for f in dataclass_fields(a)]
    elif isinstance(a, dict):
        if list(a) != list(b):
            return [f"{path}: {list(a)} and {list(b)}"]
        pairs = [(key, a[key], b[key]) for key in a]
    elif isinstance(a, tuple):
        pairs = [(k, x, y) for k, (x, y) in enumerate(zip(a, b, strict=True))]
    elif path.split(".")[-2:-1] == ["axes"]:
        return [] if np.allclose(a, b, rtol=1e-14, atol=0.0) else [path]
    elif isinstance(a, np.ndarray | float):
        return [] if np.array_equal(a, b, equal_nan=True) else [path]
    else:
        return [] if a == b else [f"{path}: {a!r} and {b!r}"]
    return [line for name, x, y in pairs for line in differing(x, y, f"{path}.{name}")]


def comparable(result):
    """Units of verdicts are looked up when they are written."""
    verdicts = tuple(replace(v, unit=v.unit or result.unit_of(v.quantity)) for v in result.verdicts)
    return replace(result, verdicts=verdicts)


@pytest.mark.parametrize("run", ["relaxed", "sheared", "repeated"])
def test_a_finished_run_comes_back_with_every_number(run, request):
    result, directory = request.getfixturevalue(run)
    assert result.series and (result.walls or result.histograms)
    assert differing(comparable(result), dsmc.open(directory)) == []


def test_the_comparison_of_results_notices_one_number(relaxed):
    result = comparable(relaxed[0])
    changed = dict(result.series)
    value = changed["moment_4"].value.copy()
    value[3] = np.nextafter(value[3], 9.0)
    changed["moment_4"] = replace(changed["moment_4"], value=value)
    assert differing(result, replace(result, series=changed)) == ["result.series.moment_4.value"]


def test_a_file_of_a_run_stands_for_the_run(relaxed):
    result, directory = relaxed
    for name in (SUMMARY, TRAJECTORY, "checkpoint.h5"):
        assert differing(comparable(result), open_run(directory / name)) == []


def test_a_file_under_another_name_stands_for_itself(relaxed, sheared, tmp_path):
    shutil.copy(relaxed[1] / TRAJECTORY, tmp_path / "mine.h5")
    shutil.copy(relaxed[1] / SUMMARY, tmp_path / "mine.json")
    shutil.copy(sheared[1] / FIELDS, tmp_path / "mine.vtkhdf")
    series = open_run(tmp_path / "mine.h5")
    assert set(series.series) == set(relaxed[0].series)
    assert not series.histograms
    summary = open_run(tmp_path / "mine.json")
    assert differing(comparable(relaxed[0]).verdicts, summary.verdicts) == []
    assert set(open_run(tmp_path / "mine.vtkhdf").fields) == set(sheared[0].fields)


@pytest.mark.parametrize("run", ["relaxed", "sheared"])
def test_a_run_without_summary_shows_its_series_fields_and_references(run, request, tmp_path):
    result, directory = request.getfixturevalue(run)
    killed = shutil.copytree(directory, tmp_path / "killed")
    (killed / SUMMARY).unlink()
    opened = open_run(killed)
    assert opened.unfinished.startswith("without summary.json")
    assert f"dsmc resume {killed}" in opened.unfinished
    assert differing(dict(sorted(result.series.items())), dict(sorted(opened.series.items()))) == []
    assert differing(dict(result.fields), dict(opened.fields), "result.fields") == []
    for name in ("title", "steps", "particles", "collisions", "scenario_text"):
        assert getattr(opened, name) == getattr(result, name), name
    if run == "relaxed":
        assert differing(result.verdicts, opened.verdicts) == []


def test_a_summary_that_the_run_has_left_behind_is_not_used(copy):
    stored = json.loads((copy / SUMMARY).read_text())
    stored["time"]["value"] *= 0.5
    (copy / SUMMARY).write_text(json.dumps(stored))
    opened = open_run(copy)
    assert opened.unfinished
    assert not opened.histograms


def test_a_run_stopped_before_its_end_says_so(tmp_path):
    finished("relaxation", RELAXATION, tmp_path / "run", steps=20)
    opened = open_run(tmp_path / "run")
    assert opened.unfinished.startswith("stopped after step 20 of 40; go on with: dsmc resume")
    assert "stopped after step 20 of 40" in opened._repr_html_()
    assert "stopped after step 20 of 40" in repr(opened)


def test_a_run_that_is_being_written_can_be_opened(tmp_path, monkeypatch):
    monkeypatch.setattr("dsmc.hdf5.COMMIT_SECONDS", 0.0)
    scenario = dsmc.load("couette", COUETTE)
    with dsmc.Simulation(scenario, 1, tmp_path / "run") as simulation:
        assert open_run(tmp_path / "run").unfinished
        simulation.run(20)
        opened = open_run(tmp_path / "run")
        row = opened.series["temperature"].value
        np.testing.assert_array_equal(
            row, simulation.result.series["temperature"].value[: row.size]
        )
        assert opened.unfinished.startswith("running or interrupted, seen after step 20 of 80")
        assert row.size == 3
        assert opened.fields


@pytest.mark.parametrize("shape", [(), (2,)])
@pytest.mark.parametrize("last", [1.0, math.nan, math.inf])
def test_strange_rows_of_a_foreign_file_are_shown_not_judged(shape, last, relaxed, tmp_path):
    text = relaxed[0].scenario_text
    observed = [(name, "1", "", shape) for name in ("temperature", "collisions_per_particle")]
    with TrajectoryWriter(
        tmp_path / "other.h5", box_lengths=[1.0], boundary=["none"], particles=0, author="other",
        scenario_text=text, provenance={}, observables=observed,
    ) as writer:  # fmt: skip
        for step in range(3):
            rows = {name: np.full(shape, last) for name, *_ in observed}
            writer.observe(step, 1e-8 * last * step, rows)
    opened = open_run(tmp_path / "other.h5")
    assert opened.series["temperature"].value.shape == (3, *shape)
    assert opened.unfinished.startswith("running or interrupted")
    assert "dsmc resume" not in opened.unfinished  # that file is in no directory of a run


def test_the_open_end_of_a_histogram_comes_back(tmp_path):
    open_ended = Histogram("speed", "m s-1", [0.0, 1.0, np.inf], [0.5, 0.5], [0.1, math.nan])
    result = Result("t", "", histograms={"speed": open_ended})
    write_summary(tmp_path / SUMMARY, result)
    found = open_run(tmp_path).histograms["speed"]
    assert differing(open_ended, found) == []


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("rum", ("no such directory", "did you mean", "run?")),
        ("nowhere/run", ("no such directory", "nowhere does not exist")),
        ("empty", ("not the directory of a run", "it is empty", SUMMARY)),
        ("others", ("not the directory of a run", "it holds notes.txt")),
        (".", ("holds runs", "name one of run")),
        ("others/notes.txt", ("not an HDF5 file",)),
        ("others/plain.json", ("not the summary of a run", "title")),
    ],
)
def test_what_is_no_run_is_refused_with_a_cure(path, words, copy):
    folder = copy.parent
    (folder / "empty").mkdir()
    (folder / "others").mkdir()
    (folder / "others" / "notes.txt").write_text("hello")
    (folder / "others" / "plain.json").write_text("{}")
    with pytest.raises(OSError) as told:
        open_run(folder / path)
    for word in words:
        assert word in told.value.strerror, told.value


def test_damaged_json_is_named_with_its_line(copy):
    whole = (copy / SUMMARY).read_text()
    lines = whole.splitlines()
    (copy / SUMMARY).write_text("\n".join(lines[:50]))
    with pytest.raises(OSError, match="damaged JSON in line 50"):
        open_run(copy)


def test_a_cut_file_is_refused_never_a_crash(copy):
    for name in (TRAJECTORY, SUMMARY):
        whole = (copy / name).read_bytes()
        for share in (0.0, 0.01, 0.3, 0.6, 0.99):
            (copy / name).write_bytes(whole[: int(share * len(whole))])
            with pytest.raises(OSError, match=name):
                open_run(copy)
        (copy / name).write_bytes(whole)


def test_wrong_types_in_a_summary_are_refused(copy):
    whole = json.loads((copy / SUMMARY).read_text())
    for key in whole:
        for wrong in ([1, 2], {"a": None}):
            if key in ("title", "scenario", "passed"):
                continue
            (copy / SUMMARY).write_text(json.dumps(whole | {key: wrong}))
            try:
                open_run(copy)
            except OSError as refused:
                assert SUMMARY in str(refused)
