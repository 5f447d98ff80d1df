"""The pictures of a run or of a file: all that it has the data for, and a word on the rest.

A directory of a run gives its pictures; a file gives one picture that bears its name.
"""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import TYPE_CHECKING

from viz import (
    animation,
    contents,
    distributions,
    frames,
    maps,
    profiles,
    quality,
    relaxation,
    style,
    transients,
    walls,
)
from viz.scales import collision_time

if TYPE_CHECKING:
    from dsmc.result import Result
    from viz.contents import Contents

FILM = "velocities.gif"
PICTURE = ".png"
OTHER_PICTURES = {".pdf", ".svg", ".eps", ".ps", ".jpg", ".jpeg", ".gif", ".tif", ".tiff", ".webp"}
MOST_PANELS = 24  # of one picture


def draw(
    result: Result,
    directory: str | os.PathLike[str],
    animate: bool = False,
    trajectory: str | os.PathLike[str] | None = None,
) -> list[Path]:
    """Every picture that the result has data for, the overview first.

    trajectory : the file of the tracked particles, needed to `animate`
    Raises OSError naming the path and the cure where a picture cannot be written.
    """
    result = contents.sound(result)
    written = [
        *relaxation.draw(result, directory),
        *transients.draw(result, directory),
        *profiles.draw(result, directory),
        *maps.draw(result, directory),
        *walls.draw(result, directory),
        *distributions.draw(result, directory),
        *quality.draw(result, directory),
    ]
    tracked = frames.of_h5md(trajectory) if animate and trajectory is not None else None
    if tracked is not None:
        film = animation.animate(tracked, Path(directory) / FILM, collision_time(result))
        written += [film] if film else []
    return written


def draw_target(
    target: str | os.PathLike[str],
    output: str | os.PathLike[str] | None = None,
    animate: bool = False,
    quiet: bool = False,
) -> tuple[list[Path], list[str]]:
    """Draw a run's directory or a file: the pictures, and what could not be shown and why.

    output : a .png for one picture of everything, or a directory; beside the target if None
    quiet  : no remarks
    Raises OSError where the target is missing, damaged or has nothing that can be drawn.
    """
    target = Path(target)
    output = None if output is None else _checked(Path(output))
    found = contents.of(target)
    if found.result is not None and target.is_dir() and not _is_picture(output):
        directory = output or target
        written = draw(found.result, directory)
        film = directory / FILM
    else:
        picture = _picture(target, output)
        written = _draw_all(found, picture)
        film = picture.with_suffix(".gif")
    if animate and found.frames is not None:
        moving = animation.animate(found.frames, film, found.collision_time)
        written += [moving] if moving else []
    if not written:
        told = "; ".join(found.remarks) or "it holds no numbers"
        raise contents.nothing_to_draw(target, told)
    remarks = [*found.remarks, *_why_no_film(found, written)] if animate else found.remarks
    return written, [] if quiet else remarks


def _draw_all(found: Contents, path: Path) -> list[Path]:
    """One picture of every panel that has something to show."""
    if len(found.panels) > MOST_PANELS:
        found.remarks.append(
            f"{path.name} shows the first {MOST_PANELS} of {len(found.panels)} panels"
        )
    panels = found.panels[:MOST_PANELS]
    drawn = style.draw_panels(panels, path, title=found.title, columns=None, panel_size=(6.0, 4.3))
    return [] if drawn is None else [drawn]


def _why_no_film(found: Contents, written: list[Path]) -> list[str]:
    if any(path.suffix == ".gif" for path in written):
        return []
    return [
        f"{found.name}: no animation: it needs two frames or more of velocities; "
        "in a scenario: output.animation = true"
    ]


def _picture(target: Path, output: Path | None) -> Path:
    """Where the one picture of a target goes: beside it with its name, unless told otherwise."""
    if output is None:
        return target.with_suffix(PICTURE)
    return output if _is_picture(output) else output / f"{target.stem}{PICTURE}"


def _is_picture(output: Path | None) -> bool:
    return output is not None and output.suffix.lower() == PICTURE and not output.is_dir()


def _checked(output: Path) -> Path:
    if output.suffix.lower() in OTHER_PICTURES and not output.is_dir():
        cure = f"pictures are PNG: name {output.with_suffix(PICTURE).name}, or a directory"
        raise OSError(errno.EINVAL, cure, str(output))
    return output
