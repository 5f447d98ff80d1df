"""The benchmarks beside `dsmc bench`: how cost grows, and another code beside this one."""

import contextlib
import json
import sys

import numpy as np
import pytest

from benchmarks import beside, scaling
from dsmc import bench
from dsmc.team import Team

SLEEPER = "import sys, time; time.sleep(0.1 + 5e-3 * int(sys.argv[1]))"  # 5 ms a step, after 0.1 s


@pytest.fixture(autouse=True)
def short(monkeypatch):
    """Rounds of a millisecond."""
    monkeypatch.setattr(bench, "SECONDS_PER_ROUND", 1e-3)
    monkeypatch.setattr(bench, "WARM_UP", 1)


def test_scaling_writes_numbers_and_a_picture(tmp_path, capsys):
    numbers, picture = tmp_path / "scaling.json", tmp_path / "pictures" / "scaling.png"
    words = "--sizes 1000 2000 1e12 --per-cell 5 10 --threads 1 2 --precision float64 --rounds 3"
    assert scaling.main([*words.split(), "--json", str(numbers), "--picture", str(picture)]) == 0
    report = json.loads(numbers.read_text())
    measured = [(e["particles"], e["per_cell"], e["threads"]) for e in report["entries"]]
    points = [(1000, 10), (2000, 10), (2000, 5)]
    assert measured == [(*point, threads) for point in points for threads in (1, 2)]
    for entry in report["entries"]:
        assert entry["ns_range"][0] <= entry["ns"] <= entry["ns_range"][1]
        assert entry["speedup_range"][0] <= entry["speedup"] <= entry["speedup_range"][1]
        low, high = entry["arithmetic_speedup_range"]
        assert 0.0 < low <= entry["arithmetic_speedup"] <= high
        assert entry["threads"] == 2 or entry["speedup"] == entry["arithmetic_speedup"] == 1.0
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert [point["particles"] for point in report["skipped"]] == [10**12]
    assert "cells in all" in report["skipped"][0]["reason"]
    assert "skipped: " in capsys.readouterr().out


def test_sizes_are_measured_at_the_usual_number_per_cell():
    found = scaling.points([10**4, 10**6, 10**7], [2, 10, 50], ["float64"])
    assert [tuple(point)[:2] for point in found] == [
        (10**4, 10), (10**6, 10), (10**7, 10), (10**6, 2), (10**6, 50),
    ]  # fmt: skip


def test_what_does_not_fit_at_once_is_measured_one_after_the_other(monkeypatch):
    size = scaling.memory.needed(bench.problem("box", 1000, "float64"))
    monkeypatch.setattr(scaling.memory, "available", lambda: int(1.5 * size))
    entries = scaling.measure("box", scaling.Point(1000, 10, "float64"), [1, 2], 3)
    assert [entry["speedup_range"] for entry in entries] == [None, None]
    assert [entry["arithmetic_speedup_range"] for entry in entries] == [None, None]
    assert entries[1]["arithmetic_speedup"] > 0.0
    assert len(scaling.line(entries[1])) == len(scaling.HEADER)
    assert entries[1]["speedup"] == pytest.approx(entries[0]["ns"] / entries[1]["ns"])


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_the_arithmetic_is_the_same_for_every_number_of_threads(threads):
    """Each thread does its share of the operations, and no other."""
    done = np.zeros((threads, 8))
    with contextlib.closing(Team(threads)) as team:
        assert scaling.seconds_of_arithmetic(team) > 0.0
        team.each(scaling.reckon, 301, threads, done)
    alone = np.zeros((1, 8))
    for thread in range(threads):  # the same from the same beginning, one after the other
        share = 301 * (thread + 1) // threads - 301 * thread // threads
        scaling.reckon(0, share, 1, alone)
        assert done[thread, 0] == alone[0, 0] != 0.5


def test_a_place_that_cannot_be_written_is_told_before_the_work(tmp_path, capsys):
    place = str(tmp_path / "nowhere" / "numbers.json")
    assert scaling.main(["--sizes", "1000", "--json", place]) == 2
    assert "nowhere" in capsys.readouterr().err
    assert beside.main(["--json", place, "--", "true", "{steps}"]) == 2
    assert "nowhere" in capsys.readouterr().err


def test_another_code_is_timed_without_its_start(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(beside, "our_run", lambda *_: lambda steps: 1.0 + 1e-3 * steps)
    file = tmp_path / "beside.json"
    words = f"--particles 1000 --steps 20 --rounds 3 --json {file} --".split()
    assert beside.main([*words, sys.executable, "-c", SLEEPER, "{steps}"]) == 0
    report = json.loads(file.read_text())
    assert report["rounds_ns"]["ours"] == pytest.approx([1000.0] * 3)  # 1 ms a step
    other = sorted(report["rounds_ns"]["other"])[1]
    assert 3000.0 < other < 12000.0  # 5 ms a step; 7.5 and more with its start
    assert sorted(report["rounds_ns"]["ratio"])[1] == pytest.approx(other / 1000.0)
    assert "ratio, the other over ours" in capsys.readouterr().out


def test_our_own_side_runs_the_problem_in_its_own_process():
    assert beside.our_run("flight", 200, "float64", 1)(2) > 0.0
    with pytest.raises(beside.RunFailed, match="exit code 1"):
        beside.our_run("flight", 200, "float16", 1)(2)


@pytest.mark.parametrize(
    ("command", "told"),
    [
        (["no-such-code", "{steps}"], "no-such-code 20: No such file"),
        ([sys.executable, "-c", "import sys; sys.exit('ERROR: bad box')", "{steps}"],
         "exit code 1; last lines of its errors:\n  ERROR: bad box"),
        ([sys.executable, "-c", "print('ERROR: bad box'); raise SystemExit(3)", "{steps}"],
         "exit code 3; last lines of its output:\n  ERROR: bad box"),
        ([sys.executable, "-c", "raise SystemExit(3)", "{particles}", "{steps}"],
         "1000 20: exit code 3; it printed nothing"),
        ([sys.executable, "-c", "import os; os.kill(os.getpid(), 9)", "{steps}"], "signal 9"),
    ],
)  # fmt: skip
def test_a_command_that_fails_is_told_with_its_last_words(command, told, capsys):
    assert beside.main(["--particles", "1000", "--steps", "20", "--", *command]) == 2
    output, error = capsys.readouterr()
    assert told in error
    assert output == "" and "Traceback" not in error


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ([], "write it behind --"),
        (["--", "code"], "no {steps}"),
    ],
)
def test_a_command_that_cannot_be_timed_is_refused(words, told, capsys):
    with pytest.raises(SystemExit) as stop:
        beside.main(words)
    assert stop.value.code == 2
    assert told in capsys.readouterr().err


def test_an_unknown_problem_is_refused_by_name(capsys):
    assert beside.main(["--problem", "bx", "--", "true", "{steps}"]) == 2
    assert "unknown problem 'bx', did you mean box?" in capsys.readouterr().err
