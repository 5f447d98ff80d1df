"""Studies in miniature: every shipped one runs, goes on after a kill, and says what is wrong."""

import csv
import os
import signal
import subprocess
import sys
import time
import tomllib
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("sklearn")

from dsmc.scenario.messages import ScenarioError  # noqa: E402
from scenarios.training import data, measures, pictures, plan, study, trial  # noqa: E402
from scenarios.training.cells import (  # noqa: E402
    DECIDE,
    Bench,
    Cell,
    code_key,
    contents_key,
    tuning_cells,
)
from scenarios.training.outcome import chosen_settings  # noqa: E402
from tests.scenarios.made_data import made_cifar10, made_intents  # noqa: E402

pytestmark = pytest.mark.usefixtures("one_thread")

ROOT = Path(__file__).resolve().parents[2]
SHIPPED = sorted((ROOT / "scenarios" / "training").glob("*.toml"))
IN_MINIATURE = ("digits", "condensation", "intents", "cifar10_small")
DRAWN = "condensation"  # pictures take longer than trainings: those of one study
SMALL = """
title = "Digits"
layers = ["hidden"]
metrics = ["tested_accuracy", "mean_cos of hidden"]
methods = [
    { name = "SGD", kind = "bare", lr_factor = [0.5, 1.0] },
    { name = "soft", kind = "soft", coll_coef = [0.01, 0.1] },
    { name = "potential", kind = "pair-potential", strength = [1e-3, 1e-2] },
]
[data]
kind = "digits"
learn = 60
validate_with = 40
[model]
kind = "perceptron"
hidden = [12]
[optimizer]
kind = "sgd"
lr = 0.1
[budget]
steps = 4
batch = 20
looks = 2
[seeds]
tuning = 1
evaluation = 7
"""


@pytest.fixture
def small(tmp_path):
    """A study of some seconds."""
    path = tmp_path / "small.toml"
    path.write_text(SMALL, encoding="utf-8")
    return path


def made_paths(name, folder):
    """Options that give a shipped study made-up data."""
    if name == "intents":
        train, test = made_intents(folder)
        return ["--set", f"data.train={train}", "--set", f"data.test={test}"]
    if name.startswith("cifar10"):
        return ["--set", f"data.path={made_cifar10(folder)}"]
    return []


def numbers(folder):
    """results.csv without the time that a step has taken, and its comments."""
    lines = (folder / "results.csv").read_text(encoding="utf-8").splitlines()
    comments = [line for line in lines if line.startswith("#")]
    rows = list(csv.DictReader(line for line in lines if not line.startswith("#")))
    return comments, [{k: v for k, v in row.items() if k != "seconds_per_step"} for row in rows]


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_every_shipped_study_is_sound_and_says_what_it_asks(path):
    lines = path.read_text(encoding="utf-8").splitlines()
    assert lines[0].startswith("# ") and lines[0].endswith("?")
    assert lines[1].startswith("# Expected: ") and lines[2].startswith("# Hours: ")
    planned = plan.load(path)
    assert len(planned.study.methods) >= 8 and planned.baseline.kind == "bare"


@pytest.mark.parametrize("name", IN_MINIATURE)
def test_a_shipped_study_runs_in_miniature(name, tmp_path, capsys, monkeypatch):
    if name != DRAWN:
        monkeypatch.setattr(pictures, "draw", lambda *_: [])
    options = [*made_paths(name, tmp_path), "--miniature", "--quiet", "-o", str(tmp_path / "run")]
    assert study.main([str(ROOT / "scenarios" / "training" / f"{name}.toml"), *options]) == 0
    assert "no significant effect" in capsys.readouterr().out.lower()
    report = (tmp_path / "run" / "report.md").read_text(encoding="utf-8")
    planned = plan.load(ROOT / "scenarios" / "training" / f"{name}.toml")
    assert all(f"| {method.name} |" in report for method in planned.study.methods)
    assert "lower the sum of |cos|" in report
    drawn = {path.stem: path.stat().st_size for path in (tmp_path / "run").glob("*.png")}
    assert set(drawn) == (
        {"differences", "frontier", "course", "matrices"} if name == DRAWN else set()
    )
    assert all(size > 10_000 for size in drawn.values())
    _, rows = numbers(tmp_path / "run")
    assert {row["method"] for row in rows} == {method.name for method in planned.study.methods}


def test_processes_and_a_kill_change_no_number(small, tmp_path, capsys):
    assert study.main([str(small), "-o", str(tmp_path / "whole"), "--quiet"]) == 0
    words = [sys.executable, "-m", "scenarios.training.study", str(small), "--quiet"]
    words += ["-o", str(tmp_path / "killed"), "--processes", "2"]
    running = subprocess.Popen(words, cwd=ROOT)
    cells = tmp_path / "killed" / "cells"
    while running.poll() is None and len(list(cells.glob("*.json"))) < 3:
        time.sleep(0.02)
    running.send_signal(signal.SIGKILL)
    running.wait(60.0)
    kept = {path.name for path in cells.glob("*.json")}
    assert len(kept) >= 3
    (cells / min(kept)).write_text("{", encoding="utf-8")  # a damaged one
    assert study.main([str(small), "-o", str(tmp_path / "killed"), "--quiet"]) == 0
    assert numbers(tmp_path / "killed") == numbers(tmp_path / "whole")
    assert kept <= {path.name for path in cells.glob("*.json")}


def test_what_decides_a_training_is_part_of_its_key(small, tmp_path):
    """Every module beside the trial that it imports; the device; the contents of the data."""
    loaded = (
        "import sys; from scenarios.training import trial, method_sections; print(*sys.modules)"
    )
    found = subprocess.run(
        [sys.executable, "-c", loaded], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout.split()
    room = "scenarios.training."
    assert {name.removeprefix(room) for name in found if name.startswith(room)} == set(DECIDE)

    train, test = made_intents(tmp_path)
    changes = [f"data={{kind='intents',train='{train}',test='{test}'}}"]
    planned = plan.load(small, changes)
    cell = Cell("", "SGD", 0, 1)

    def place(device="cpu"):
        contents_key.cache_clear()
        return Bench(planned, tmp_path, device=device)._path(cell).name

    first = place()
    assert place() == first != place("cuda")
    train.write_text(train.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    assert place() != first


def test_a_training_that_has_diverged_has_no_accuracy(small):
    """Answers that are not numbers are all the first class, right in one of ten."""
    (setup,) = plan.load(small).setups.values()
    found = data.load(setup.data, 1)
    network = trial.build(setup.model, found)
    for weight in network.parameters():
        torch.nn.init.constant_(weight, float("nan"))
    row = measures.measure(network, found, network.weights)
    assert all(np.isnan(row[name]) for name in ("tested_accuracy", "directions of hidden"))


def test_a_finished_study_trains_nothing_again(small, tmp_path, monkeypatch):
    assert study.main([str(small), "-o", str(tmp_path), "--quiet"]) == 0
    monkeypatch.setattr(Bench, "train", lambda *_: pytest.fail("it trained again"))
    assert study.main([str(small), "-o", str(tmp_path), "--quiet"]) == 0


def test_the_results_say_where_they_come_from_and_name_no_machine(small, tmp_path):
    assert study.main([str(small), "-o", str(tmp_path), "--quiet"]) == 0
    comments, rows = numbers(tmp_path)
    text = "\n".join(line.removeprefix("#").strip() for line in comments)
    assert f"sources: {code_key()}" in text and torch.__version__ in text
    told = tomllib.loads(text.partition("study:")[2])
    assert told == tomllib.loads(SMALL)
    assert os.uname().nodename not in text
    assert {(row["part"], int(row["seed"]) >= 1000) for row in rows} == {
        ("tuning", False),
        ("result", True),
    }


def test_the_setting_with_the_lowest_validation_loss_is_chosen_and_a_diverged_one_never(small):
    planned = plan.load(small)

    class Made:
        def __init__(self, loss):
            self.rows = [{"validated_loss": loss}]

    losses = {("SGD", 0): 2.0, ("SGD", 1): 1.0, ("soft", 0): float("nan"), ("soft", 1): 9.0}
    tuned = {
        cell: Made(losses.get((cell.method, cell.setting), 3.0)) for cell in tuning_cells(planned)
    }
    chosen = chosen_settings(planned, tuned)
    assert chosen == {("", "SGD"): (1,), ("", "soft"): (1,), ("", "potential"): (0,)}


def test_a_method_without_strength_is_the_bare_optimizer_bit_for_bit(small, tmp_path):
    overrides = ["methods[1].coll_coef=[0,0]", "methods[0].lr_factor=[1,1]"]
    bench = Bench(plan.load(small, overrides), tmp_path)
    cells = [Cell("", name, 0, 1003) for name in ("SGD", "soft", "potential")]
    bare, soft, potential = bench.carry_out(cells).values()
    np.testing.assert_equal(bare.rows, soft.rows)
    assert potential.rows != bare.rows and bare.rows[0] == potential.rows[0]


@pytest.mark.parametrize(
    ("changes", "named", "cure"),
    [
        (["modle.kind=1"], "modle", "did you mean model?"),
        (["optimizer.lr=-1"], "optimizer.lr = -1", "learning rate"),
        (["optimizer.lr=true"], "optimizer.lr = true", "learning rate"),
        (["model.hiden=[3]"], "model.hiden", "did you mean hidden?"),
        (['data.kind="digit"'], 'data.kind = "digit"', 'did you mean "digits"?'),
        (["data.learn=1700"], "data.learn = 1700", "at most 999"),
        (["data.learn=900", "data.validate_with=300"], "data.learn = 900", "learn fewer"),
        (["budget.epochs=3"], "budget", "write epochs = 30 or steps = 300"),
        (["methods[1].coll_coef=[0.1]"], "methods[1] = 1 settings", "multiply"),
        (["methods[1].coll_coef=[-0.1,1]"], "methods[1].coll_coef[0] = -0.1", "at least 0"),
        (['methods[1].kind="sofd"'], 'methods[1].kind = "sofd"', 'did you mean "soft"?'),
        (['methods[1].name="SGD"'], "methods[1].name", "a name of its own"),
        (["methods[1].strenght=1"], "methods[1].strenght", "known in [methods]"),
        (['layers=["out","hiden"]'], 'layers[1] = "hiden"', "hidden, out"),
        (['metrics=["test"]'], 'metrics[0] = "test"', "tested_accuracy"),
        (['tune_by="tested_loss"'], "tune_by", "write validated_loss"),
        (['tune_by="learned_accuracy"'], "tune_by", "write validated_loss"),
        (["seeds.evaluation=3"], "seeds.evaluation = 3", "write 7 or more"),
        (['cases=[{name="a",data={lern=3}}]'], "cases[0].data.lern", "did you mean learn?"),
        (['cases=[{name="a"},{name="b"}]', "budget.epochs=3"], "1 problem\n\n  budget = both", ""),
        (["cases=[{data={learn=30}}]"], "cases[0].name", "give the case a name"),
        (['optimizer.kind="adam"', "optimizer.momentum=0.5"], "optimizer.momentum", "remove"),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else "",
)
def test_what_is_wrong_is_named_with_its_cure(small, changes, named, cure, capsys):
    options = [word for change in changes for word in ("--set", change)]
    assert study.main([str(small), *options]) == 2
    told = capsys.readouterr().err
    assert named in told and cure in told


def test_values_that_do_not_go_together_are_told_by_the_collision(small):
    with pytest.raises(ScenarioError, match="exactly one of them"):
        plan.load(small, ['methods[1]={name="hard",kind="hard",overlap="sum",lr_factor=[1,2]}'])


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["nowhere.toml"], "nowhere.toml"),
        (["--device", "cuda"], "no such device"),
        (["--set", "data={kind='cifar10',path='nowhere'}"], "unpack CIFAR-10"),
        (["--set", "data={kind='intents',train='a',test='b'}"], "No such file"),
    ],
)
def test_what_is_missing_is_named_before_anything_is_trained(
    small, words, told, tmp_path, capsys, monkeypatch
):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    file = [] if words[0].endswith("toml") else [str(small), "--set", "model.hidden=[3]"]
    assert study.main([*file, *words, "-o", str(tmp_path / "x")]) == 2
    assert told in capsys.readouterr().err
    assert not (tmp_path / "x").exists()


def test_a_folder_that_cannot_be_written_is_named(small, tmp_path, capsys):
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    assert study.main([str(small), "-o", str(blocked), "--quiet"]) == 2
    assert str(blocked) in capsys.readouterr().err
