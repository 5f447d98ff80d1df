"""What a device is, and how fast it copies: what its speed is to be measured by."""

import statistics
import time

import torch

from dsmc.device.fused import told

ROUNDS = 7


def name_of(device: str) -> str:
    """The GPU's name, and whether kernels of Triton can be used; or PyTorch on this processor."""
    if device == "cuda":
        return f"{torch.cuda.get_device_name()}, {told()}"
    return f"PyTorch {torch.__version__}, threads {torch.get_num_threads()}"


def copy_bandwidth(device: str, megabytes: int = 256) -> float:
    """Bytes read and written per second by a plain copy on the device [B/s]."""
    where = "cuda" if device == "cuda" else "cpu"
    source = torch.ones(megabytes * 131_072, dtype=torch.float64, device=where)
    target = torch.empty_like(source)
    times = []
    for _ in range(ROUNDS):
        wait(device)
        begin = time.perf_counter()
        target.copy_(source)
        wait(device)
        times.append(time.perf_counter() - begin)
    return 2 * source.nbytes / statistics.median(times)


def wait(device: str) -> None:
    """Wait until the device has done all its work."""
    if device == "cuda":
        torch.cuda.synchronize()
