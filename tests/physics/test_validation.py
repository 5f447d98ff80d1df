"""The validation: every case agrees with its reference, and every wrong twin of it is rejected.

The budget of false alarms, 1e-4 for all cases together, is that of `dsmc validate`; the seeds are
fixed.
"""

import pytest

from dsmc.validate import CASES, reject, share, validate
from dsmc.validate.report import figure_rows

CHANCE = share(len(CASES))
SLOW = {
    "anisotropy-maxwell", "anisotropy-start", "bkw", "cell-size", "channel", "collision-rates",
    "couette", "fourier", "linear-rates", "linear-rates-maxwell", "mixtures-collisions",
    "mixtures-hard-spheres", "mixtures-maxwell", "normal-shock", "plate-drag", "relaxation-a",
    "relaxation-b", "reservoirs", "shock-tube", "single-precision", "strong-shock",
    "thermal-creep", "time-step", "transport", "transport-vhs",
}  # fmt: skip
"""Cases whose twins take long to compile or to measure."""
TWINS = [
    pytest.param(name, k, marks=[pytest.mark.long] if name in SLOW else [])
    for name, case in CASES.items()
    for k in range(len(case.mutants))
]


def told(outcome):
    """What was found, for whoever reads a failure."""
    return "\n".join(f"{row['figure']}: {row}" for row in figure_rows(outcome))


def at(tier):
    """Names of the cases that belong to a tier."""
    return [name for name, case in CASES.items() if case.effort(tier)]


@pytest.mark.parametrize("name", at("quick"))
def test_the_engine_agrees_with_what_is_known(name):
    case = CASES[name]
    outcome = validate(case, "quick", case.effort("quick"), CHANCE)
    assert outcome.passed, told(outcome)


@pytest.mark.parametrize(("name", "k"), TWINS)
def test_a_wrong_twin_is_rejected(name, k):
    outcome = reject(CASES[name], CASES[name].mutants[k], CHANCE)
    assert outcome.passed, told(outcome)


@pytest.mark.long
@pytest.mark.parametrize("name", at("full"))
def test_the_engine_agrees_closely_with_what_is_known(name):
    case = CASES[name]
    outcome = validate(case, "full", case.effort("full"), CHANCE)
    assert outcome.passed, told(outcome)
