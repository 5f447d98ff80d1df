"""The executor of a device: the engine's verbs on tensors, for a GPU.

The same laws, bound to torch; the same random addresses; the same order of the rows: in double
precision a step does what the host's does, up to rounding. What it does not play it refuses.

    laws, draws         the engine's formulas and random words over tensors
    particles, model    the state and the frozen values as tensors
    cells, pairs, collide, walls, drift, moments        the stages
    fused               collisions and flights as kernels of Triton, for a GPU
    stages              which of them a step calls
    step                their order
    executor            what a simulation talks to
    refusals            what is refused, and the cure

A stage works on whole tensors: all cells, all particles at once. Where fewer and fewer take part
(cells with candidates left, particles between faces) it makes a list of those that do: only there
the host waits for the device (`lists`). A kernel plays all candidates of a cell without a list.
Sums are taken in a fixed order, so that a run gives the same bits whenever it is repeated on the
same machine.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dsmc.executor import Executor
    from dsmc.model import Model
    from dsmc.scenario import Scenario

DEVICES = ("cuda", "torch-cpu")  # a GPU; or the same program on the cores of this machine


class Refused(ValueError):
    """The device is not there, or does not play what a scenario asks for; told to the user."""


def executor_on(
    device: str,
    scenario: Scenario,
    model: Model,
    key: tuple,
    laws: Mapping[str, Callable] | None = None,
) -> Executor:
    """The executor of a device, which holds no particles yet.

    device : one of DEVICES; laws : {name: law of tensors} in place of the package's own
    Raises Refused.
    """
    require(device)
    from dsmc.device.executor import Device  # loads torch

    return Device(device, scenario, model, key, laws)


def require(device: str) -> None:
    """Raise Refused, with the cure, if a device is not there."""
    if device not in DEVICES:
        raise Refused(f"device {device!r}: must be cpu, {' or '.join(DEVICES)}")
    if find_spec("torch") is None:
        raise Refused(
            f"device {device}: needs PyTorch, which is not installed\n"
            "  cure: pip install torch, or the device cpu"
        )
    import torch

    if device == "cuda" and not torch.cuda.is_available():
        raise Refused(
            "device cuda: PyTorch finds no GPU on this machine\n"
            "  cure: a machine with one and a PyTorch built for it, or the device cpu"
        )


@contextmanager
def one_core_each(device: str) -> Iterator[None]:
    """Within, tensors of the host keep to one core, where threads of the caller take the others."""
    if device != "torch-cpu":
        yield
        return
    require(device)
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
