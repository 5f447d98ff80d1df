"""What a run will be like, before it is run: its scales, its cost, its errors, its dangers."""

from dsmc.forecast.cautions import Caution, warnings
from dsmc.forecast.errors import TARGET, ExpectedError, expected_errors, independent_samples
from dsmc.forecast.figures import (
    ASSUMED_RATE,
    Figure,
    cores,
    expected_collisions,
    expected_seconds,
    figures,
    in_words,
    written,
)
from dsmc.scenario.states import shortest_scales

__all__ = [
    "ASSUMED_RATE",
    "TARGET",
    "Caution",
    "ExpectedError",
    "Figure",
    "cores",
    "expected_collisions",
    "expected_errors",
    "expected_seconds",
    "figures",
    "in_words",
    "independent_samples",
    "shortest_scales",
    "warnings",
    "written",
]
