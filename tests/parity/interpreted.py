"""Runs of the kernels of Triton by its interpreter, on tensors of the host, as a program:

    TRITON_INTERPRET=1 python -m tests.parity.interpreted FILE.npz

writes {"run: name": array}. Triton must find the variable when it is loaded: so a process of its
own. A process without it makes the same runs on tensors, without kernels, by `left`.
"""

import sys
from functools import partial

import numpy as np
import torch

import dsmc
from dsmc.device import Refused, executor
from dsmc.device.fused import collide
from dsmc.device.fused.rehearsal import fault
from tests.parity.boxes import SERIES, remains
from tests.parity.device_boxes import device_box
from tests.parity.test_device import Waits

STEPS, LONG = 2, "maxwell"
SINGLE = {"precision": "float32"}
SHORT = {"time_step_mct": 0.2}
ALL = {"quantities": SERIES, "fields_every": 1}
TOWARDS = {"grading": {"x": {"towards": "both", "ratio": 5.0}}}
PLANE = {"length_m": [1e-3, 0.7e-3], "cells": [25, 20]}
PERIODIC = {"x": {"kind": "periodic"}, "y": {"kind": "periodic"}}

# {run: (box, changes)}
RUNS = {
    "hard spheres": ("hard-sphere", {"run": SHORT}),
    "vhs, uneven, sums": ("vhs", {"domain": {"cells": [300], **TOWARDS}, "sample": ALL}),
    "vss": ("vss", {}),
    "maxwell": ("maxwell", {}),
    "vss, single, sums": ("vss", {"run": SINGLE, "sample": ALL}),
    "walls, single": ("gap", {"run": SHORT | SINGLE}),
    "plane": ("vss", {"domain": PLANE, "boundaries": PERIODIC, "sample": ALL}),
    "room": ("room", {"sample": ALL}),
    # most cells hold nobody, one, or two
    "sparse": ("vss", {"domain": {"cells": [3000]}, "run": {"time_step_mct": 0.8}}),
    # 160 particles of a cell, of which the corner of the box does not tell enough
    "full": ("vss", {"domain": {"cells": [25]}, "run": {"time_step_mct": 0.06}}),
    "two species": ("duct", {}),
}  # fmt: skip
# More candidates in a cell than the rounds on tensors: to be compared with the host.
CROWD = ("vhs", {"domain": {"cells": [40]}, "run": {"time_step_mct": 1.0}})


REHEARSED = {"line": "vss", "room": "room", "single": "gap", "mixture": "duct"}


def biased(u):
    """A cosine wrong in the tenth digit."""
    return 2.0 * u - (1.0 - 1e-10)


def tilted(u, inverse_alpha):
    """A cosine of soft spheres that is a little too small."""
    return 2.0 * u - 1.0 - 1e-6 * inverse_alpha


def late(u, rate):
    """A waiting time of another process: it matters where a majorant was raised."""
    return (1.0 - u) / rate


def loose(first, second):
    """A bound of g^2 that is too large by a hundredth."""
    return 2.02 * (first + second)


WRONG = {"isotropic_cosine": biased, "waiting_time": late, "bound_squared": loose}


def left(box: str, changes: dict, fused: bool | None, steps: int = STEPS, laws=None) -> dict:
    """All that a run leaves in memory; fused : in kernels, or None for the host."""
    device = "cpu" if fused is None else "torch-cpu"
    scenario = device_box(box, **changes)
    executor.Device = partial(DEVICE, fused=fused)
    try:
        with dsmc.Simulation(scenario, threads=1, device=device, laws=laws) as simulation:
            simulation.run(steps=steps)
            return remains(simulation)
    finally:
        executor.Device = DEVICE


DEVICE = executor.Device


def steps_of(name: str) -> int:
    """How many steps a run has; one has many."""
    return 4 if name == LONG else STEPS


def waits() -> dict:
    """How often the host waits in a step of a periodic gas: the list of those at faces, then."""
    executor.Device = partial(DEVICE, fused=True)
    simulation = dsmc.Simulation(device_box("vss", run=SHORT), device="torch-cpu")
    with simulation, Waits() as found:
        simulation.advance(1)
    return {"count": np.array(found.count)}


def refusal() -> dict:
    """What is told when a cell has more candidates than a kernel plays."""
    executor.Device = partial(DEVICE, fused=True)
    with dsmc.Simulation(device_box("vhs"), device="torch-cpu") as simulation:
        allowed, collide.MOST = collide.MOST, 2
        stages = simulation.executor._stages
        stages.__init__(stages.model, stages.table)
        try:
            simulation.advance(1)
        except Refused as refused:
            return {"message": np.array(str(refused))}
        finally:
            collide.MOST = allowed
    return {}


def rehearsals() -> dict:
    """What a rehearsal tells: of the kernels as they are, with a wrong law, and of broken ones."""
    found = {}
    for name, box in REHEARSED.items():
        changes = {"run": SINGLE} if name == "single" else {}
        with dsmc.Simulation(device_box(box, **changes), device="torch-cpu") as simulation:
            stages = simulation.executor._stages
            found[name] = fault(stages.model, stages.table)
            if name == "line":
                wrong = {"soft_sphere_cosine": tilted}
                found["wrong"] = fault(stages.model, stages.table, wrong)
                found["broken"] = fault(stages.model, stages.table, {"deflect": None})
    return {name: np.array(str(told)) for name, told in found.items()}


def all_runs() -> dict[str, dict]:
    """Everything that is asked of the kernels."""
    found = {name: left(*run, fused=True, steps=steps_of(name)) for name, run in RUNS.items()}
    found["crowd"] = left(*CROWD, fused=True, steps=1)
    for name, law in WRONG.items():
        found[f"wrong {name}"] = left(
            *RUNS["vhs, uneven, sums"], fused=True, steps=1, laws={name: law}
        )
    return found | {"waits": waits(), "refusal": refusal(), "rehearsals": rehearsals()}


if __name__ == "__main__":
    torch.set_num_threads(1)
    found = all_runs()
    arrays = {f"{run}: {key}": a for run, left_ in found.items() for key, a in left_.items()}
    np.savez(sys.argv[1], **arrays)
