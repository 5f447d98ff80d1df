"""The validation on the device: the same cases in cells of few particles, on tensors of the host.

The budget of false alarms is that of `dsmc validate`; the seeds are fixed.  What a case spends here
is what its quick tier would, in fewer particles; the whole tier is marked long.
"""

import pytest

pytest.importorskip("torch")

from dsmc.validate import CASES, Effort, Mutant, reject, share, validate
from dsmc.validate.report import figure_rows
from dsmc.validate.wrong_laws import faster

DEVICE = "torch-cpu"
CHANCE = share(len(CASES))
PLAYED = [name for name, case in CASES.items() if case.effort("quick", DEVICE) is not None]
RATES = {"particles": 6000, "step": 0.5, "tau": 2.0, "models": ("hard-sphere",)}
SHORT = {
    "collision-rates": Effort(12, RATES),
    "few-particles-stress": Effort(20, {"particles": 2000, "numbers": (3, 10)}),
    "plates": Effort(16, {"particles": 20_000}),
}
TWINS = {
    "collision-rates": Mutant("hard spheres, rate 4 % too high", faster(1.04)),
    "few-particles-stress": CASES["few-particles-stress"].mutants[0],
    "plates": Mutant("hot plate 2 % too hot", settings={"hot": 510.0}),
}


def told(outcome):
    """What was found, for whoever reads a failure."""
    return "\n".join(f"{row['figure']}: {row}" for row in figure_rows(outcome))


@pytest.mark.parametrize("name", SHORT)
def test_the_device_agrees_with_what_is_known(name):
    case = CASES[name]
    outcome = validate(case, "quick", case.placed(SHORT[name], DEVICE), CHANCE)
    assert outcome.effort.device == DEVICE
    assert outcome.passed, told(outcome)


@pytest.mark.parametrize("name", SHORT)
def test_a_wrong_twin_on_the_device_is_rejected(name):
    twin = TWINS[name]
    twin = Mutant(twin.told, twin.laws, twin.settings, SHORT[name])
    outcome = reject(CASES[name], twin, CHANCE, device=DEVICE)
    assert outcome.passed, told(outcome)


@pytest.mark.long
@pytest.mark.parametrize("name", PLAYED)
def test_the_device_passes_the_quick_tier(name):
    case = CASES[name]
    outcome = validate(case, "quick", case.effort("quick", DEVICE), CHANCE)
    assert outcome.passed, told(outcome)


@pytest.mark.long
@pytest.mark.parametrize(
    ("name", "k"),
    [(name, k) for name in PLAYED for k, twin in enumerate(CASES[name].mutants) if twin.on_device],
)
def test_the_twins_of_the_quick_tier_are_rejected(name, k):
    outcome = reject(CASES[name], CASES[name].mutants[k], CHANCE, device=DEVICE)
    assert outcome.passed, told(outcome)
