"""CIFAR-10 from the user's folder `cifar-10-batches-py`, and the usual augmentation.

A. Krizhevsky, Learning multiple layers of features from tiny images (2009).
"""

import pickle
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import pad

LEARNED = tuple(f"data_batch_{number}" for number in range(1, 6))
TESTED = ("test_batch",)
MEAN = (0.4914, 0.4822, 0.4465)  # of red, green and blue over the 50,000 images
DEVIATION = (0.2470, 0.2435, 0.2616)
MARGIN = 4  # pixels that an image may be shifted by
_HARMLESS = {
    ("numpy.core.multiarray", "_reconstruct"),
    ("numpy._core.multiarray", "_reconstruct"),
    ("numpy.core.numeric", "_frombuffer"),
    ("numpy._core.numeric", "_frombuffer"),
    ("numpy", "ndarray"),
    ("numpy", "dtype"),
    ("_codecs", "encode"),
}


@cache
def read(path: str) -> tuple[tuple[Tensor, Tensor], tuple[Tensor, Tensor]]:
    """Images (n, 3, 32, 32) of mean 0 and deviation 1 with labels (n,): to learn from, to test.

    FileNotFoundError, ValueError: a batch is missing or is none.
    """
    folder = Path(path)
    if not folder.is_dir():
        raise FileNotFoundError(
            f"{path}: no such folder; unpack CIFAR-10 (cifar-10-python.tar.gz) and give the path "
            "of its folder cifar-10-batches-py as data.path"
        )
    return _joined(folder, LEARNED), _joined(folder, TESTED)


def _joined(folder: Path, names: tuple[str, ...]) -> tuple[Tensor, Tensor]:
    batches = [_batch(folder / name) for name in names]
    images, labels = (torch.cat(parts) for parts in zip(*batches, strict=True))
    return images, labels


def _batch(file: Path) -> tuple[Tensor, Tensor]:
    try:
        with open(file, "rb") as opened:
            held = _Arrays(opened, encoding="bytes").load()
        raw, labels = np.asarray(held[b"data"], np.uint8), torch.tensor(held[b"labels"])
        images = torch.from_numpy(raw.reshape(len(labels), 3, 32, 32).astype(np.float32) / 255.0)
    except OSError:
        raise
    except Exception as failure:
        raise ValueError(f"{file}: not a batch of CIFAR-10 ({failure}); unpack it anew") from None
    mean, deviation = (torch.tensor(x).view(3, 1, 1) for x in (MEAN, DEVIATION))
    return (images - mean) / deviation, labels.long()


class _Arrays(pickle.Unpickler):
    """Reads arrays, lists and texts, and refuses whatever else a pickle can make."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in _HARMLESS:
            raise pickle.UnpicklingError(f"it holds a {module}.{name}")
        return super().find_class(module, name)


def augmented(images: Tensor, generator: torch.Generator) -> Tensor:
    """Every image shifted by up to 4 pixels each way, black beyond its edge, and half mirrored.

    images : (B, C, H, W); black is what black pixels are after `read` takes mean and deviation off
    """
    count, _, height, width = images.shape
    black = torch.tensor([-m / d for m, d in zip(MEAN, DEVIATION, strict=True)])
    black = black.to(images).view(1, 3, 1, 1)
    padded = pad(images - black, (MARGIN,) * 4) + black
    down, right = torch.randint(0, 2 * MARGIN + 1, (2, count, 1), generator=generator)
    mirrored = torch.rand(count, 1, generator=generator) < 0.5
    rows = down + torch.arange(height)
    columns = right + torch.where(mirrored, torch.arange(width - 1, -1, -1), torch.arange(width))
    which, rows, columns = (
        place.to(images.device)
        for place in (torch.arange(count)[:, None, None], rows[:, :, None], columns[:, None, :])
    )
    # contiguous: with channels last, the gradients of narrow convolutions crash in oneDNN (PyTorch
    # 2.13) on processors without AVX-512
    return padded[which, :, rows, columns].permute(0, 3, 1, 2).contiguous()
