"""The relaxing velocities as a film: a GIF of (c_x, c_y) and of the speeds, frame by frame.

Maxwell's distribution and the scales are those of the last frame, so that what moves is the gas.
"""

from __future__ import annotations

import math
import os
from pathlib import Path

import numpy as np
from matplotlib.animation import PillowWriter
from matplotlib.figure import Figure

from dsmc import disk
from dsmc.reference import maxwell_speed_density
from viz import style, trajectory
from viz.frames import Frames

FRAMES_PER_SECOND = 8
SECONDS_AT_REST = 1.5  # on the last frame, before the film begins again
_SIZE, _DPI = (9.0, 4.4), 90
_REACH = 3.0  # in most probable speeds
_CLASSES = 40


def animate(
    frames: Frames, path: str | os.PathLike[str], collision_time: float | None = None
) -> Path | None:
    """Write the film; None where fewer than two frames have velocities in three dimensions.

    collision_time : in seconds; times are told in mean collision times where it is known
    Raises OSError naming the path and the cure where it cannot be written.
    """
    shown = [k for k, velocity in enumerate(frames.velocity) if _is_sound(velocity)]
    if len(shown) < 2:
        return None
    path = Path(path)
    style.make_directory(path.parent)
    try:
        _write(frames, shown, path, collision_time)
    except OSError as failure:
        path.unlink(missing_ok=True)
        raise disk.refusal(failure, path) from failure
    return path


def _write(frames: Frames, shown: list[int], path: Path, collision_time: float | None) -> None:
    with style.look():
        figure = style.canvas(_SIZE, _DPI)
        film = _Film(figure, [frames.velocity[k] for k in shown], frames.velocity_unit)
        writer = PillowWriter(fps=FRAMES_PER_SECOND)
        with writer.saving(figure, os.fspath(path), _DPI):
            for k in shown:
                film.show(frames.velocity[k], _moment(frames, k, collision_time))
                writer.grab_frame()
            for _ in range(round(SECONDS_AT_REST * FRAMES_PER_SECOND)):
                writer.grab_frame()


class _Film:
    """The two panels, drawn once, and what changes from frame to frame."""

    def __init__(self, figure: Figure, velocities: list[np.ndarray], unit: str):
        left, right = figure.subplots(1, 2, width_ratios=(1.0, 1.25))
        own, self._v0 = trajectory.thermal(velocities[-1])
        self._reach = _REACH * self._v0
        self._edges = np.linspace(0.0, self._reach, _CLASSES + 1)
        self._title = figure.suptitle(" ", fontsize=12.5, x=0.02, ha="left")
        self._plane = trajectory.velocity_plane(left, own, self._reach)
        angle = np.linspace(0.0, 2.0 * math.pi, 100)
        left.plot(
            self._v0 * np.cos(angle), self._v0 * np.sin(angle), color="white", lw=1.1,
            ls=(0, (4, 2)),
        )  # fmt: skip
        left.set_title("Velocities (ring: most probable speed)", fontsize=10.5)
        left.set_xlabel(style.with_unit("$c_x$", unit))
        left.set_ylabel(style.with_unit("$c_y$", unit))
        c = np.linspace(0.0, _REACH, 200)
        exact = maxwell_speed_density(c) / self._v0
        self._steps = right.stairs(
            self._density(own), self._edges, color=style.BLUE, fill=True, alpha=0.55, label="gas"
        )
        style.exact_curve(right, c * self._v0, exact, "Maxwell, same temperature")
        right.set_xlim(0.0, self._reach)
        highest = [self._density(trajectory.thermal(v)[0]).max() for v in velocities]
        right.set_ylim(0.0, 1.08 * max(*highest, float(exact.max())))
        thermal_speed = style.with_unit("thermal speed $|c|$", unit)
        style.label_axes(right, "Speeds", thermal_speed, "density", style.inverse(unit))
        style.legend_beside_title(right, 2)
        style.lay_out(figure)

    def show(self, velocity: np.ndarray, moment: str) -> None:
        """Put a frame in place. velocity : (K, 3) [any]"""
        own, _ = trajectory.thermal(velocity)
        counts = trajectory.plane_counts(own, self._reach, self._plane.get_array().shape[0])
        self._plane.set_data(counts)
        self._steps.set_data(self._density(own))
        self._title.set_text(moment)

    def _density(self, own: np.ndarray) -> np.ndarray:
        """Density of speeds in each class."""
        counts = np.histogram(np.linalg.norm(own, axis=1), self._edges)[0]
        return counts / (max(1, len(own)) * self._edges[1])


def _is_sound(velocity: np.ndarray) -> bool:
    return velocity.shape[1] == 3 and trajectory.thermal(velocity)[1] > 0.0


def _moment(frames: Frames, frame: int, collision_time: float | None) -> str:
    """When the frame was: in mean collision times where they are known."""
    if not collision_time or frames.time_unit != "s":
        return trajectory.moment(frames, frame)
    return rf"$t$ = {frames.time[frame] / collision_time:.2f} mean collision times"
