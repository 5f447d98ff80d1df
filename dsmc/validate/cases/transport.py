"""Viscosity, conductivity and self-diffusion of a dilute gas, to infinite Sonine order.

Green and Kubo's integrals over isolated cells (`dsmc.validate.green_kubo`) against Chapman and
Enskog's theory: hard spheres mu/mu_1 = 1.0160339, k/k_1 = 1.0252182, D/D_1 = 1.0189538 (Pekeris &
Alterman 1957), VHS argon 1.0022792, 1.0035806, 1.0027651; mu_1 is the first Sonine order.
"""

from __future__ import annotations

import numpy as np

from dsmc import reference
from dsmc.validate.case import Case, Effort, Figures, Mutant, Repetition, Values, figures
from dsmc.validate.green_kubo import MODES, WINDOWS, correlation_times, fluctuations
from dsmc.validate.homogeneous import box
from dsmc.validate.wrong_laws import faster

SYMBOLS = {"viscosity": "mu/mu_1", "conductivity": "k/k_1", "self_diffusion": "D/D_1"}
# I of cells of N over that of many is 1 + b/N + c/N^2. Measured with N = 5 and 10, hard spheres:
# b = 0.47, 0.88, 0.22 and c = 0.8(1), 0.7(2), 0.3(1); 2 I(2N) - I(N) is low by c/(2 N^2).
SECOND_ORDER = np.array([1.0, 1.1, 0.5])


def omega_of(gas: str) -> float:
    """omega of a model of argon."""
    return box(gas).molecules[0].omega


def measure(
    repetition: Repetition, gas: str, small: int, particles: tuple[int, int], tau: float
) -> Values:
    """Three coefficients over their first Sonine order, extrapolated from cells of `small` and
    twice as many particles; particles : in all the small cells and in all the large ones."""
    one, two = (
        correlation_times(fluctuations(repetition, gas, total // each, each, tau))
        for each, total in zip((small, 2 * small), particles, strict=True)
    )
    first_rates = [reference.sonine_matrix(mode, omega_of(gas))[0, 0] for mode in MODES.values()]
    return np.array(first_rates) * (2.0 * two - one)


def known(gas: str, small: int, particles: tuple[int, int], tau: float) -> Figures:
    """Infinite order; margins: what the extrapolation and the ends of the windows leave."""
    omega = omega_of(gas)
    factor = np.array([reference.order_factor(name, "infinite", omega) for name in MODES])
    end = [reference.linear_history(MODES[name], WINDOWS[name], omega) for name in MODES]
    # r falls at least as fast as its lowest eigenvalue, 0.47 per tau or more, after the window
    margin = factor * SECOND_ORDER / (2.0 * small**2) + np.array(end) / 0.47
    return figures([SYMBOLS[name] for name in MODES], factor, margin)


def _effort(gas: str, repetitions: int, small: int, particles: tuple[int, int]) -> Effort:
    settings = {"gas": gas, "small": small, "particles": particles, "tau": 150.0}
    return Effort(repetitions, settings)


def _case(
    name: str, gas: str, told: str, efforts: dict[str, Effort], mutant: Mutant, **options
) -> Case:
    return Case(
        name=name,
        question=f"Has a gas of {told} the viscosity, conductivity and diffusion of theory?",
        source="infinite Sonine order: C. L. Pekeris & Z. Alterman, Proc. Natl. Acad. Sci. USA 43 "
        "(1957) 998; other omega: dsmc.reference.sonine_operator",
        errors="scatter of independent groups of cells; no flight, no cells, no error in time step",
        allowed="second order of 1/N after extrapolation from N and 2 N; end of the window",
        measure=measure,
        known=known,
        efforts=efforts,
        mutants=(mutant,),
        **options,
    )


def _long(gas: str) -> dict[str, Effort]:
    return {
        "full": _effort(gas, 160, 20, (30_000, 80_000)),
        "tight": _effort(gas, 2000, 40, (40_000, 110_000)),
    }


HARD_SPHERES = _case(
    "transport", "hard-sphere", "hard spheres",
    {"quick": _effort("hard-sphere", 12, 10, (6_000, 16_000)), **_long("hard-sphere")},
    Mutant("rate 3 % too high", faster(1.03)), on_device={},
)  # fmt: skip
VHS = _case(
    "transport-vhs", "vhs", "VHS argon", _long("vhs"),
    Mutant("rate 3 % too high", faster(1.03, hard_spheres=False),
           effort=_effort("vhs", 24, 10, (6_000, 16_000))),
)  # fmt: skip
