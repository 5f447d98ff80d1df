"""The scales of a gas by its scenario, where a result or a file carries one."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dsmc.result import Result
    from dsmc.scenario import Scenario


def scenario_of(text: str) -> Scenario | None:
    """The scenario of a text; None where there is none, or it is of another version."""
    from dsmc.scenario import ScenarioError, loads

    try:
        return loads(text, "") if text else None
    except ScenarioError:
        return None


def collision_time(result: Result) -> float | None:
    """tau_c [s] to count time in; None where it is not known or molecules do not collide."""
    scenario = scenario_of(result.scenario_text)
    if scenario is not None:
        return None if scenario.collisions.scheme == "none" else scenario.collision_time
    told = float(result.quality.get("collision_time", math.nan))
    return told if math.isfinite(told) and told > 0.0 else None
