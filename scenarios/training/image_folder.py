"""Images in a folder for each class, under train/ and val/, as ImageNet is usually laid out."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from PIL import Image, UnidentifiedImageError
from torch.utils.data import Dataset

from scenarios.training.recipe import Refused

ENDINGS = (".jpeg", ".jpg", ".png", ".bmp", ".webp", ".ppm", ".tif", ".tiff")
LEARNED, TESTED = "train", "val"
LAYOUT = (
    f"give a folder with {LEARNED}/CLASS/*.jpg and {TESTED}/CLASS/*.jpg, a CLASS for each label"
)
Listed = list[tuple[Path, int]]  # files, and the numbers of their classes


class Images(Dataset):
    """Images by their numbers: what the transform makes of one, and its class."""

    def __init__(self, listed: Listed, transform: Callable[[Image.Image], Any]):
        self._listed, self._transform = listed, transform

    def __len__(self) -> int:
        """How many there are."""
        return len(self._listed)

    def __getitem__(self, number: int) -> tuple[Any, int]:
        """One of them. Refused: it cannot be read."""
        path, label = self._listed[number]
        try:
            with Image.open(path) as opened:
                return self._transform(opened.convert("RGB")), label
        except (UnidentifiedImageError, OSError, SyntaxError) as failure:
            raise Refused(f"{path}: {failure}; replace or remove it") from None


def read(folder: Path) -> tuple[Listed, Listed, list[str]]:
    """Images to learn from, images to test with, and the names of the classes, in order.

    Refused: folders are missing or empty, or there are images to test of classes not learned.
    """
    if not folder.is_dir():
        raise Refused(f"{folder}: no such folder; {LAYOUT}")
    names = _classes(folder / LEARNED)
    unknown = [name for name in _classes(folder / TESTED) if name not in names]
    if unknown:
        raise Refused(
            f"{folder / TESTED}: classes that nothing can be learned of: "
            f"{', '.join(unknown[:5])}; put images of them into {LEARNED}, too"
        )
    if len(names) < 2:
        raise Refused(f"{folder / LEARNED}: one class only, {names[0]}; {LAYOUT}")
    return _listed(folder / LEARNED, names), _listed(folder / TESTED, names), names


def _classes(folder: Path) -> list[str]:
    if not folder.is_dir():
        raise Refused(f"{folder}: no such folder; {LAYOUT}")
    names = sorted(entry.name for entry in folder.iterdir() if entry.is_dir())
    if not names:
        raise Refused(f"{folder}: no folders of classes in it; {LAYOUT}")
    return names


def _listed(folder: Path, names: list[str]) -> Listed:
    listed = []
    for label, name in enumerate(names):
        found = (path for path in (folder / name).rglob("*") if path.suffix.lower() in ENDINGS)
        listed += [(path, label) for path in sorted(found)]
    if not listed:
        raise Refused(f"{folder}: no images in its folders; known are {', '.join(ENDINGS)}")
    return listed
