"""What the device refuses, and how: the key, the reason, the cure, and exit code 2; its stages."""

import inspect
import json

import numpy as np
import pytest

import dsmc
from dsmc import bench, device
from dsmc.__main__ import main
from dsmc.device import Refused
from dsmc.validate import CASES, Repetition
from tests.parity.boxes import OUTSIDE
from tests.parity.device_boxes import device_box

torch = pytest.importorskip("torch")

from dsmc.device import collide, fused, stages  # noqa: E402
from dsmc.device.bandwidth import name_of  # noqa: E402
from dsmc.device.laws import laws  # noqa: E402

DEVICE = "torch-cpu"
RESERVOIR = {"x": {"low": OUTSIDE, "high": {"kind": "open"}}}
REFUSED = {
    "reservoir": (
        {"boundaries": RESERVOIR}, ['boundaries.x.low = "reservoir"', 'boundaries.x.high = "open"'],
    ),
    "force": (
        {"force": {"acceleration_m_s2": [0.0, 1e3, 0.0]}},
        ["force.acceleration_m_s2 = [0.0, 1000.0, 0.0]: flights are straight there"],
    ),
    "partners": ({"collisions": {"partners": "nearest"}}, ['collisions.partners = "nearest"']),
    "census": (
        {"sample": {"quantities": ["speed_rate"]}}, ['sample.quantities = "speed_rate"'],
    ),
    "planes": ({"sample": {"planes": [{"axis": "x", "position_m": 5e-4}]}}, ["sample.planes"]),
    "distributions": (
        {"sample": {"distributions": [{"position_m": [5e-4]}], "fields_every": 1}},
        ["sample.distributions"],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("changes", "told"), REFUSED.values(), ids=REFUSED)
def test_what_the_device_does_not_play_is_refused_by_its_key(changes, told):
    with pytest.raises(Refused) as refused:
        dsmc.Simulation(device_box("hard-sphere", **changes), device=DEVICE)
    assert str(refused.value).startswith("device torch-cpu does not play this scenario")
    assert "cure: change these keys, or run it on the device cpu" in str(refused.value)
    for part in told:
        assert part in str(refused.value)


def test_full_cells_are_refused_before_the_first_step():
    scenario = device_box("hard-sphere", domain={"cells": [1]})
    with pytest.raises(Refused, match=r"the fullest cell has \d+ candidate.*\n.*domain.cells"):
        dsmc.Simulation(scenario, device=DEVICE)


def test_a_cell_that_grows_full_in_a_run_is_refused_with_its_step(monkeypatch):
    """All molecules fly to the middle, where no step could have been foreseen."""
    monkeypatch.setattr(collide, "ROUNDS", 64)
    scenario = device_box("hard-sphere")
    with dsmc.Simulation(scenario, device=DEVICE) as simulation:
        middle, x = scenario.lengths[0] / 2 * 1.001, simulation.particles.position[:, 0]
        velocity = np.zeros((len(x), 3))
        velocity[:, 0] = (middle - x) / scenario.time_step
        velocity[:, 1] = np.where(np.arange(len(x)) % 2, 1.0, -1.0)
        simulation.set_particles(velocity=velocity * np.array([1.0, 1e-3, 1.0]))
        simulation.executor._model = simulation.executor._model._replace(colliding=False)
        simulation.advance(1)
        simulation.executor._model = simulation.executor._model._replace(colliding=True)
        with pytest.raises(Refused, match="step 1: a cell has more than 64 candidate pairs"):
            simulation.advance(1)


def test_a_device_that_is_not_there_is_refused(monkeypatch):
    scenario = device_box("hard-sphere")
    with pytest.raises(Refused, match="device 'gpu': must be cpu, cuda or torch-cpu"):
        dsmc.Simulation(scenario, device="gpu")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(Refused, match=r"finds no GPU on this machine\n  cure:"):
        dsmc.Simulation(scenario, device="cuda")
    monkeypatch.setattr(device, "find_spec", lambda name: None)
    with pytest.raises(Refused, match=r"not installed\n  cure: pip install torch"):
        dsmc.Simulation(scenario, device=DEVICE)


def test_a_law_that_the_device_does_not_use_is_refused():
    with pytest.raises(KeyError, match="does not use like_paris"):
        dsmc.Simulation(device_box("hard-sphere"), device=DEVICE, laws={"like_paris": min})


# ------------------------------------------------------------------ the command line

FILE = """
gas = {{ species = "Ar", model = "hard-sphere" }}
domain = {{ length_m = [1e-3], cells = [40] }}
initial = {{ kind = "equilibrium", number_density_m3 = 1e22, temperature_K = 300, particles = 400 }}
run = {{ time_step_mct = 0.3, steps = 4{more} }}
output = {{ pictures = false }}
"""


@pytest.fixture
def small(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "small.toml").write_text(FILE.format(more=""))
    (tmp_path / "twice.toml").write_text(FILE.format(more=", replicas = 2"))
    return tmp_path


def test_a_run_on_the_device_goes_on_where_it_was(small, capsys):
    assert main(["run", "small.toml", "-o", "there", "--device", DEVICE, "--quiet"]) == 0
    assert json.loads((small / "there/summary.json").read_text())["provenance"]["device"] == DEVICE
    assert main(["resume", "there", "--steps", "2", "--quiet"]) == 0
    with dsmc.resume(small / "there") as simulation:
        assert simulation.steps == 6
        assert type(simulation.executor).__name__ == "Device"


def test_replicas_run_one_after_the_other_on_the_device(small, capsys):
    assert main(["run", "twice.toml", "-o", "there", "--device", DEVICE, "--quiet"]) == 0
    assert (small / "there/summary.json").exists()


def test_refusals_are_told_without_a_traceback(small, capsys, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    words = "run small.toml -o there --device torch-cpu --set collisions.partners=nearest"
    assert main(words.split()) == 2
    assert capsys.readouterr().err.startswith("device torch-cpu does not play this scenario")
    for command in ("run small.toml -o there", "validate plates", "bench --particles 1000"):
        assert main([*command.split(), "--device", "cuda"]) == 2
        assert "PyTorch finds no GPU on this machine" in capsys.readouterr().err


def test_cases_that_are_not_for_the_device_are_refused_by_name(capsys):
    assert main(["validate", "speed-classes", "--device", "torch-cpu"]) == 2
    assert "speed-classes is not for a device; those that are: collision-rates" in (
        capsys.readouterr().err
    )
    assert main(["validate", "transport-vhs", "--device", "torch-cpu"]) == 2  # nor is its tier
    assert "transport-vhs is not for a device" in capsys.readouterr().err
    assert main(["validate", "plates", "--full", "--device", "torch-cpu"]) == 2
    assert "--full is for the cpu" in capsys.readouterr().err


def test_the_benchmark_names_the_device(capsys):
    code = bench.main(2000, precision=["float32"], as_json=True, device=DEVICE)
    report = json.loads(capsys.readouterr().out)
    assert code == 0 and report["device"]["copy_bandwidth"] > 1e8
    assert {problem["device"] for problem in report["problems"]} == {DEVICE}
    for problem in report["problems"]:
        total = sum(problem["ns_per_stage"].values())
        assert problem["particle_steps_per_second"] == pytest.approx(1e9 / total, rel=0.3)


# ------------------------------------------------------------------ the validation

QUICK = [case for case in CASES.values() if case.effort("quick") is not None]
SETTINGS = {"per_cell", "parts", "step", "cells", "each"}  # that make cells of few particles


@pytest.mark.parametrize("case", QUICK, ids=lambda case: case.name)
def test_a_case_of_the_quick_tier_is_asked_on_the_device_or_refused_there(case):
    effort = case.effort("quick", DEVICE)
    repetition = Repetition(seed=1, number=0, device=DEVICE)
    if effort is None:
        with pytest.raises(Refused, match="does not play this scenario"):
            case.measure(repetition, **case.effort("quick").settings)
        return
    assert case.on_device.keys() <= SETTINGS
    inspect.signature(case.measure).bind(repetition, **effort.settings)
    inspect.signature(case.known).bind(**effort.settings)
    for mutant in case.mutants:
        if mutant.on_device:
            laws(mutant.laws)  # raises where the device does not use one


def test_simulations_of_one_repetition_are_on_its_device_with_its_laws():
    repetition = Repetition(seed=1, number=2, laws={"like_pairs": abs}, device=DEVICE)
    assert repetition.part(7) == Repetition(1, 7, {"like_pairs": abs}, DEVICE)


def test_tensors_keep_to_one_core_where_they_are_told_to():
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(3)
        with device.one_core_each("cpu"):
            assert torch.get_num_threads() == 3
        with pytest.raises(KeyError), device.one_core_each(DEVICE):
            assert torch.get_num_threads() == 1
            raise KeyError
        assert torch.get_num_threads() == 3
    finally:
        torch.set_num_threads(before)


# ------------------------------------------------------------------ kernels of Triton


def test_a_gpu_is_told_with_what_it_is_used(monkeypatch):
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda: "a GPU")
    monkeypatch.setattr(fused, "find_spec", lambda name: None)
    assert name_of("cuda") == "a GPU, without Triton: it is not installed"
    monkeypatch.setattr(fused, "find_spec", lambda name: name)
    monkeypatch.setattr(fused, "version", lambda name: "3.7.1")
    monkeypatch.setattr(fused.Path, "is_file", lambda path: True)
    monkeypatch.setattr(fused.shutil, "which", lambda name: None)
    assert name_of("cuda") == "a GPU, without Triton: no C compiler"
    monkeypatch.setattr(fused.shutil, "which", lambda name: name)
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda: (9, 0))
    assert name_of("cuda") == "a GPU, Triton 3.7.1"
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda: (7, 5))
    assert name_of("cuda") == "a GPU, without Triton: not for this GPU"
    monkeypatch.setattr(fused.Path, "is_file", lambda path: False)
    assert name_of("cuda") == "a GPU, without Triton: no header files of Python"


def test_stages_are_kernels_on_a_gpu_that_has_what_they_need(monkeypatch):
    gpu, host = torch.device("cuda"), torch.device("cpu")
    monkeypatch.setattr(stages, "missing", lambda: None)
    assert stages.is_fused(gpu, None) and stages.is_fused(host, None, True)
    assert not stages.is_fused(gpu, None, False) and not stages.is_fused(host, None)
    assert not stages.is_fused(gpu, {"like_pairs": lambda n: n})  # of tensors: not to be compiled
    monkeypatch.setattr(stages, "missing", lambda: "it is not installed")
    assert not stages.is_fused(gpu, None)
