"""How far a file came: complete, unfinished, or being written at this moment."""

from __future__ import annotations

import contextlib
import fcntl
import os
import tomllib
from pathlib import Path

from dsmc.inspect.description import Clock

COMPLETE, UNFINISHED, WRITING, UNKNOWN = "complete", "unfinished", "being written", "unknown"


def is_being_written(directory: Path) -> bool:
    """Whether a run holds the lock of the directory (see `dsmc.launch`)."""
    with contextlib.suppress(OSError):
        descriptor = os.open(directory, os.O_RDONLY)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(descriptor)
    return False


def state_of(
    path: Path, scenario_text: str, clocks: tuple[Clock, ...], step: int | None = None
) -> tuple[str, str]:
    """The state, and how far the file came, in words.

    step : of a checkpoint, which has no rows
    """
    last = step
    if last is None:
        last = max((clock.steps[1] for clock in clocks if clock.steps), default=None)
    planned = _planned_steps(scenario_text)
    if planned is None:
        told = "" if last is None else f"up to step {last}"
    else:
        told = f"step {last or 0} of {planned}"
    if is_being_written(path.parent):
        return WRITING, told
    if planned is None:
        return UNKNOWN, told
    gap = 1 if step is not None else max(map(_gap, clocks), default=1)
    return (COMPLETE if (last or 0) + gap > planned else UNFINISHED), told


def _planned_steps(scenario_text: str) -> int | None:
    """The number of steps that the scenario asks for; None where it does not say."""
    if not scenario_text:
        return None
    with contextlib.suppress(tomllib.TOMLDecodeError, TypeError, AttributeError):
        run = tomllib.loads(scenario_text).get("run", {})
        steps = run.get("steps")
        if run.get("until") == "steady":  # it ends when its targets are reached
            return None
        if isinstance(steps, int):
            return steps
    from dsmc.inspect.kinds import scenario_in  # slower: the time of a step must be known

    scenario = scenario_in(scenario_text)
    return None if scenario is None else scenario.steps


def _gap(clock: Clock) -> int:
    """Steps between two rows."""
    if clock.steps is None:
        return 1
    first, last = clock.steps
    return max(1, (last - first) // (clock.rows - 1) if clock.rows > 1 else last)
