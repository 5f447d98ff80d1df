"""What the tests of a homogeneous gas share: its boxes, repetitions, and what they found in print.

The boxes and what is seen of them are those of the validation (`dsmc.validate.homogeneous`).
"""

from collections.abc import Mapping, Sequence

import numpy as np

import dsmc
from dsmc.validate import repeat
from dsmc.validate.case import SEED
from dsmc.validate.homogeneous import (
    FAR,
    FORWARD,
    POWERS,
    History,
    at_steps,
    box,
    finite_number_bias,
    finite_number_margin,
    moments,
    temperature_ratio,
)

__all__ = [
    "BUDGET", "FAR", "FORWARD", "POWERS", "SEED", "History", "at_steps", "box",
    "finite_number_bias", "finite_number_margin", "moments", "replicas", "report",
    "temperature_ratio",
]  # fmt: skip

BUDGET = 1e-6  # false-alarm probability of one verdict


def replicas(
    scenario: dsmc.Scenario, count: int, history: History, laws: Mapping | None = None
) -> np.ndarray:
    """history(simulation) of independent repetitions: (count, ...)."""

    def measured(repetition):
        with repetition.simulation(scenario) as simulation:
            return history(simulation)

    return repeat(measured, count, seed=scenario.run.seed, laws=laws)


# ------------------------------------------------------------------------------------------- report


def report(title: str, labels: Sequence[str], samples: np.ndarray, expected: np.ndarray) -> None:
    """Print measured figures with their standard errors beside the expected ones."""
    mean = samples.mean(axis=0)
    error = samples.std(axis=0, ddof=1) / np.sqrt(len(samples))
    print(f"\n{title} ({len(samples)} replicas)")
    print(f"  {'':<22}{'measured':>14}{'error':>11}{'expected':>14}{'z':>7}")
    for label, value, sigma, wanted in zip(labels, mean, error, expected, strict=True):
        z = (value - wanted) / sigma if sigma > 0.0 else 0.0
        print(f"  {label:<22}{value:14.7f}{sigma:11.1e}{wanted:14.7f}{z:7.1f}")
