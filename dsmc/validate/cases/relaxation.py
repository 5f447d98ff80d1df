"""Hard spheres relax along the exact nonlinear histories of two isotropic states.

A: the BKW shape with C = 3/5; B: half the molecules at 0.5 T, half at 1.5 T. The histories of m1,
m4, m6, m8 and H - H_eq are tabulated from a spectral solution of the Boltzmann equation without
noise (reference.hard_sphere_history): the test of the collision integral as a whole. A gas that
starts isotropic also stays so: T_x/T = 1.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from dsmc import entropy, reference
from dsmc.validate.case import Case, Curve, Effort, Figures, Mutant, Repetition, Values, figures
from dsmc.validate.cases import bkw
from dsmc.validate.homogeneous import (
    FEW_IN_A_CELL,
    POWERS,
    at_steps,
    box,
    finite_number_margin,
    moments,
    temperature_ratio,
)
from dsmc.validate.wrong_laws import faster

STEP = 0.25  # [tau]
TIMES = reference.HARD_SPHERE_TIMES
STEPS = tuple(round(t / STEP) for t in TIMES)
KINDS = {"A": "bkw", "B": "two-temperature"}
NAMES = ("m1", "m4", "m6", "m8", "H - H_eq", "T_x/T")


def start_moment(state: str) -> Callable[[float], float]:
    """<c^k> in units of v0 at the start, as a function of k."""
    from scipy.special import gamma

    if state == "A":
        return bkw.start_moment
    return lambda k: float((0.5 ** (k / 2) + 1.5 ** (k / 2)) / 2 * gamma((k + 3) / 2) / gamma(1.5))


def exact(state: str) -> Values:
    """The tabulated histories and isotropy: (times, 6)."""
    columns = [
        reference.hard_sphere_history(state, quantity, TIMES)
        for quantity in ("moment_1", "moment_4", "moment_6", "moment_8", "h_excess")
    ]
    return np.stack([*columns, np.ones(len(TIMES))], axis=1)


def margins(state: str, particles: int) -> Values:
    """Finite-number bias: of the moments as derived, of H - H_eq two degrees of freedom, 2/N."""
    row = [finite_number_margin(k, start_moment(state), particles) for k in POWERS]
    return np.tile([*row, 2.0 / particles, 0.0], len(TIMES))


def look(velocity: Values) -> list[float]:
    """m1, m4, m6, m8, H - H_eq and T_x/T; velocity : (N, 3)."""
    excess = entropy.h_excess(velocity, "speed").value
    return [*moments(velocity), excess, temperature_ratio(velocity)]


def measure(
    repetition: Repetition, state: str, particles: int, per_cell: int = 10_000, parts: int = 1
) -> Values:
    """Six figures at each time: (times * 6,); parts : into which STEP is divided."""
    cells = max(1, particles // per_cell)
    scenario = box(kind=KINDS[state], particles=particles, cells=cells, step=STEP / parts)
    with repetition.simulation(scenario) as simulation:
        return at_steps([parts * step for step in STEPS], look)(simulation).ravel()


def known(state: str, particles: int, **cells: int) -> Figures:
    """The histories and the finite-number margins."""
    labels = [f"{name}, nu t = {t:g}" for t in TIMES for name in NAMES]
    curves = [
        Curve(name, "nu t", TIMES, range(k, len(labels), len(NAMES)))
        for k, name in enumerate(NAMES)
    ]
    return figures(labels, exact(state).ravel(), margins(state, particles), curves)


def _uneven_deflection(u):
    return 2.0 * u ** (1.0 / 1.05) - 1.0


def _effort(state: str, repetitions: int, particles: int) -> Effort:
    return Effort(repetitions, {"state": state, "particles": particles})


def _case(state: str, told: str, mutant: Mutant) -> Case:
    return Case(
        name=f"relaxation-{state.lower()}",
        question=f"Do hard spheres relax along the exact history from {told}?",
        source="spectral solution of the Boltzmann equation, converged to the digits tabulated: "
        "dsmc.reference.hard_sphere_histories",
        errors="scatter of independent boxes; no error in time step",
        allowed="finite number N of a box with fixed energy: of order 1/N, derived (delta method)",
        measure=measure,
        known=known,
        efforts={
            "quick": _effort(state, 40, 20_000),
            "full": _effort(state, 400, 100_000),
            "tight": _effort(state, 8000, 100_000),
        },
        mutants=(mutant,),
        on_device=FEW_IN_A_CELL,
    )


STATE_A = _case(
    "A", "the shape of the BKW mode",
    Mutant("rate 6 % too high", faster(1.06), effort=_effort("A", 100, 20_000)),
)  # fmt: skip
STATE_B = _case(
    "B", "two temperatures, 0.5 T and 1.5 T",
    Mutant("mean cosine of the deflection 0.024, not 0", {"isotropic_cosine": _uneven_deflection},
           effort=_effort("B", 100, 20_000)),
)  # fmt: skip
