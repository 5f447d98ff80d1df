"""The hot stages of the device as kernels of Triton: one pass over memory each, no host in between.

    laws        the engine's formulas and random words, bound to Triton
    collide     all candidates of a cell by one lane
    drift       a flight, and the cell where it ends
    moments     velocity sums of a cell by one lane
    stages      what a step calls: these where they apply, else the stages on tensors
    rehearsal   whether they play on this device what the stages on tensors play

They play what the stages on tensors play, which stay the reference and need no Triton: the same
candidates at the same addresses, values to rounding. Triton comes with PyTorch for CUDA.
"""

import os
import shutil
import sysconfig
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

import torch

OLDEST = (8, 0)  # compute capability that Triton compiles for


def missing() -> str | None:
    """What the kernels need on a GPU and do not find here, or None.

    Triton compiles with a C compiler what starts its kernels.
    """
    if find_spec("triton") is None:
        return "it is not installed"
    compilers = [os.environ["CC"]] if "CC" in os.environ else ["gcc", "clang"]
    if not any(map(shutil.which, compilers)):
        return "no C compiler"
    if not Path(sysconfig.get_paths()["include"], "Python.h").is_file():
        return "no header files of Python"
    if torch.version.hip is not None or torch.cuda.get_device_capability() < OLDEST:
        return "not for this GPU"
    return None


def told() -> str:
    """Whether these kernels can be used on the GPU, for whoever reads a figure."""
    lacking = missing()
    return f"without Triton: {lacking}" if lacking else f"Triton {version('triton')}"
