"""The kernels of Triton play what the stages on tensors and the host play; and they compile.

There is no GPU here: Triton's interpreter plays the kernels on tensors of the host, in a process of
its own, and its compiler makes machine code of them for one that is not there.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
triton = pytest.importorskip("triton", reason="Triton is not installed: no kernels to try")

from triton.backends.compiler import GPUTarget  # noqa: E402
from triton.runtime import driver  # noqa: E402
from triton.runtime.jit import JITFunction  # noqa: E402

import dsmc  # noqa: E402
from dsmc.device import stages  # noqa: E402
from dsmc.device.fused import collide, drift, moments, rehearsal  # noqa: E402
from dsmc.device.fused.stages import Fused  # noqa: E402
from dsmc.device.step import nowhere  # noqa: E402
from tests.parity.device_boxes import device_box  # noqa: E402
from tests.parity.interpreted import CROWD, LONG, REHEARSED, RUNS, WRONG, left, steps_of  # noqa: E402
from tests.parity.test_device import unlike  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def kernels(tmp_path_factory) -> dict[str, dict[str, np.ndarray]]:
    """{run: {name: array}} of the process that interprets the kernels."""
    path = tmp_path_factory.mktemp("interpreted") / "runs.npz"
    subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "tests.parity.interpreted", str(path)],
        cwd=ROOT,
        env=os.environ | {"TRITON_INTERPRET": "1"},
        check=True,
    )
    runs: dict[str, dict[str, np.ndarray]] = {}
    with np.load(path) as file:
        for label in file:
            name, key = label.split(": ", 1)
            runs.setdefault(name, {})[key] = file[label]
    return runs


@pytest.mark.parametrize("name", RUNS)
def test_kernels_play_what_the_stages_on_tensors_play(name, kernels):
    """Candidates, collisions, rows in their order, sums of cells; in single precision, too."""
    expected = left(*RUNS[name], fused=False, steps=steps_of(name))
    candidates, collisions = expected["tally collisions"].sum(axis=(0, 1))
    assert candidates >= collisions > 200
    assert unlike(expected, kernels[name], name) == []


@pytest.mark.parametrize("name", ["vss", "sparse", "full"])
def test_kernels_play_what_the_host_plays(name, kernels):
    assert unlike(left(*RUNS[name], fused=None), kernels[name], name) == []


def test_cells_of_more_candidates_than_there_are_rounds_on_tensors(kernels):
    host = left(*CROWD, fused=None, steps=1)
    assert host["tally collisions"][..., 0].sum() > 40 * 64
    assert unlike(host, kernels["crowd"], "crowd") == []


def test_the_sparse_gas_has_cells_of_nobody_and_of_one(kernels):
    number = np.bincount(np.diff(kernels["sparse"]["offsets"]))
    assert min(number[:4]) > 100


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_law_in_a_kernel_is_noticed(name, kernels):
    """The twins: a law wrong in the tenth digit, a clock set wrongly, a bound that is too large."""
    expected = left(*RUNS["vhs, uneven, sums"], fused=False, steps=1)
    assert "phase" in unlike(expected, kernels[f"wrong {name}"], name)


def test_momentum_and_energy_are_kept(kernels):
    series = {key: array for key, array in kernels[LONG].items() if key.startswith("series")}
    energy, momentum = series["series energy"], series["series momentum_x"]
    assert kernels[LONG]["tally collisions"][..., 1].sum() > 3000
    np.testing.assert_allclose(energy, energy[0], rtol=1e-13)
    error = series["series momentum_x error"].max()
    np.testing.assert_allclose(momentum, momentum[0], atol=50 * error)


def test_collisions_do_not_make_the_host_wait(kernels):
    """The list of those at a face, what is left to play, those at a second face."""
    assert kernels["waits"]["count"] <= 4


def test_a_cell_of_too_many_candidates_is_refused(kernels):
    assert str(kernels["refusal"]["message"]).startswith("step 0: a cell has more than 2")


def test_kernels_are_rehearsed_and_wrong_or_broken_ones_are_noticed(kernels):
    told = {name: str(array) for name, array in kernels["rehearsals"].items()}
    assert [told[name] for name in REHEARSED] == len(REHEARSED) * ["None"]
    assert "not those of the stages on tensors" in told["wrong"]
    assert "Error: " in told["broken"]


def test_a_fault_of_the_kernels_is_told_and_tensors_are_used(monkeypatch):
    monkeypatch.setattr(stages, "is_fused", lambda *_: True)
    monkeypatch.setattr(rehearsal, "fault", lambda *_: "no such instruction")
    with (
        pytest.warns(RuntimeWarning, match="not used, but slower tensors: no such instruction"),
        dsmc.Simulation(device_box("vss"), device="torch-cpu") as simulation,
    ):
        assert type(simulation.executor._stages) is stages.Stages


# ------------------------------------------------------------------ compiled for a GPU


class NoGpu:
    """What Triton asks of a driver before it starts a kernel: one for compute capability 9.0."""

    def get_current_device(self):
        return 0

    def get_current_stream(self, device):
        return 0

    def get_current_target(self):
        return GPUTarget("cuda", 90, 32)


def forget() -> None:
    """Kernels that were made for another driver."""
    drift.flights.cache_clear()
    moments.sampling.cache_clear()


@pytest.fixture
def made(monkeypatch, tmp_path):
    """Kernels are called as on a GPU, compiled, put into this list, and not started."""
    found = []

    def call(kernel, grid):
        return lambda *given, **options: found.append(
            kernel.run(*given, grid=grid, warmup=True, **options)
        )

    monkeypatch.setenv("TRITON_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setattr(JITFunction, "__getitem__", call)
    forget()
    driver.set_active(NoGpu())
    yield found
    driver.set_active(None)
    forget()


def needs(kernel, folder: Path) -> dict[str, int]:
    """Registers of a thread, bytes of its stack and of shared memory."""
    binary = folder / "kernel.cubin"
    binary.write_bytes(kernel.asm["cubin"])
    tool = Path(triton.__file__).parent / "backends/nvidia/bin/cuobjdump"
    command = [tool, "--dump-resource-usage", binary]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return {name: int(n) for name, n in re.findall(r"\b(REG|STACK|SHARED):(\d+)", told)}


@pytest.mark.parametrize("name", ["hard spheres", "vss, single, sums", "plane", "room"])
def test_kernels_compile_as_they_are_called(name, made, tmp_path, monkeypatch):
    """Hardly anything is spilled (sines of huge angles take 40 bytes); a place has one thread."""
    box, changes = RUNS[name]
    monkeypatch.setattr(collide.triton, "next_power_of_2", lambda n: blocks.pop())
    with dsmc.Simulation(device_box(box, **changes), device="torch-cpu") as simulation:
        on = simulation.executor
        stages = Fused(on._stages.model, on._stages.table)
        state, address = on._particles, nowhere(torch.device("cpu"), on._key, 2**32 - 1)
        blocks = [moments.BLOCK, drift.BLOCK, collide.WARP]
        sums = on._sums if "sums" in name else None
        collide.play(state, stages.model, stages._collisions, address, sums)
        drift.play(state, stages.model.grid, stages._numbers)
        moments.play(state, 0.5, on._sums)
    collision, flight, sample = made
    assert collision.metadata.num_warps == 1 and flight.metadata.num_warps == drift.WARPS
    wanted = needs(collision, tmp_path)
    print(wanted, needs(flight, tmp_path), needs(sample, tmp_path))
    assert wanted["REG"] <= 128 and wanted["STACK"] <= 64 and wanted["SHARED"] == 0
    assert "convert_layout" not in collision.asm["ttgir"]
    assert set(re.findall(r"sizePerThread = (\[\d+\])", collision.asm["ttgir"])) == {"[1]"}
    assert needs(flight, tmp_path)["REG"] <= 40 and needs(flight, tmp_path)["STACK"] == 0
    assert needs(sample, tmp_path)["REG"] <= 128 and needs(sample, tmp_path)["STACK"] == 0
    for kernel in made:  # products and sums are rounded one by one, as on tensors
        assert "fma.rn.f32" not in kernel.asm["ptx"]
