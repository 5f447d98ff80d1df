"""The BKW mode: the one exact nonlinear solution of the Boltzmann equation, Maxwell molecules.

    m_2k = C^(k-1) [k - (k-1) C],   C = 1 - (2/5) exp(-nu t/6)   (Bobylev 1975; Krook & Wu 1977)

Fixed energy, no momentum, cells of 1e4 particles: cells of few, which share their energy among few
until they exchange particles, add a bias ~ 1/N_cell.
"""

from __future__ import annotations

import numpy as np

from dsmc import entropy, reference
from dsmc.validate.case import Case, Curve, Effort, Figures, Mutant, Repetition, Values, figures
from dsmc.validate.homogeneous import (
    at_steps,
    box,
    finite_number_margin,
    moments,
    temperature_ratio,
)
from dsmc.validate.wrong_laws import faster

TIMES = (1, 2, 3, 5, 8, 10)  # nu t, steps of one tau
POWERS = (4, 6, 8)
NAMES = ("m4", "m6", "m8", "H - H_eq", "T_x/T")


def start_moment(k: float) -> float:
    """<c^k> at C = 3/5: c^2 = 0.6 x, x of the gamma law of shape 5/2."""
    from scipy.special import gamma

    return float(0.6 ** (k / 2) * gamma((k + 5) / 2) / gamma(2.5))


def look(velocity: Values) -> list[float]:
    """m4, m6, m8, H - H_eq and T_x/T; velocity : (N, 3)."""
    excess = entropy.h_excess(velocity, "speed").value
    return [*moments(velocity, POWERS), excess, temperature_ratio(velocity)]


def measure(
    repetition: Repetition, particles: int, per_cell: int = 10_000, parts: int = 1
) -> Values:
    """Five figures at each time: (times * 5,); parts : steps in a collision time."""
    scenario = box("maxwell", "bkw", particles, max(1, particles // per_cell), step=1.0 / parts)
    with repetition.simulation(scenario) as simulation:
        return at_steps([parts * time for time in TIMES], look)(simulation).ravel()


def known(particles: int, **cells: int) -> Figures:
    """Margins: of the moments as derived, of H - H_eq two degrees of freedom, 2/N."""
    t = np.array(TIMES, float)
    columns = [reference.bkw_moment(k, t) for k in POWERS]
    exact = np.stack([*columns, reference.bkw_h_excess(t), np.ones(len(t))], axis=1)
    row = [finite_number_margin(k, start_moment, particles) for k in POWERS]
    margin = np.tile([*row, 2.0 / particles, 0.0], len(t))
    labels = [f"{name}, nu t = {time}" for time in TIMES for name in NAMES]
    curves = [
        Curve(name, "nu t", t, range(k, len(labels), len(NAMES))) for k, name in enumerate(NAMES)
    ]
    return figures(labels, exact.ravel(), margin, curves)


def _short_along_x(u):
    return 0.995 * (2.0 * u - 1.0)


CASE = Case(
    name="bkw",
    question="Do Maxwell molecules follow the exact solution of Bobylev, Krook and Wu?",
    source="exact: A. V. Bobylev 1975; M. Krook & T. T. Wu, Phys. Fluids 20 (1977) 1589",
    errors="scatter of independent boxes; no error in time step; histogram of H: see dsmc.entropy",
    allowed="finite number N of a box with fixed energy: of order 1/N, derived (delta method)",
    measure=measure,
    known=known,
    efforts={
        "quick": Effort(40, {"particles": 50_000}),
        "full": Effort(500, {"particles": 200_000}),
        "tight": Effort(10_000, {"particles": 200_000}),
    },
    mutants=(
        Mutant("directions half a per cent short along x", {"isotropic_cosine": _short_along_x}),
        Mutant("rate 3 % too high", faster(1.03, hard_spheres=False),
               effort=Effort(50, {"particles": 100_000})),
    ),
    on_device={"per_cell": 40, "parts": 16},
)  # fmt: skip
