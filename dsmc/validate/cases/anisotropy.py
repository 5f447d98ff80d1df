"""A bi-Maxwellian gas, hot along x, becomes isotropic.

Hard spheres from T_x/T_p = 4 follow a tabulated history (16 runs of 1e6 particles of an independent
simulation: error 3e-4 of T_x/T, 2e-5 of m1, 2e-4 of m4). Maxwell molecules follow

    T_x - T = (T_x - T)_0 exp(-nu t / 2)          exactly, at any amplitude and any time;

with VSS scattering of exponent a the rate is 6a/((a + 1)(a + 2)) times as large (Bird 1994,
chapter 3). Any VHS gas begins with a rate of its own, and collides at a rate of its own, which are
quadratures over two Maxwellians (reference.bi_maxwellian_rate, bi_maxwellian_collision_rate).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from dsmc import reference
from dsmc.reference.bi_maxwellian import BI_MAXWELLIAN_TABLE, BI_MAXWELLIAN_TIMES
from dsmc.scenario import Scenario
from dsmc.validate.case import Case, Curve, Effort, Figures, Mutant, Repetition, Values, figures
from dsmc.validate.homogeneous import (
    FEW_IN_A_CELL,
    FORWARD,
    at_steps,
    box,
    moments,
    temperature_ratio,
)
from dsmc.validate.wrong_laws import faster, harder

STEP = 0.25  # [tau]
STEPS = tuple(round(t / STEP) for t in BI_MAXWELLIAN_TIMES)
NAMES = ("T_x/T", "m1", "m4")
LABELS = tuple(f"{name}, nu t = {t:g}" for t in BI_MAXWELLIAN_TIMES for name in NAMES)
TABLE = np.stack([BI_MAXWELLIAN_TABLE[q] for q in ("temperature_x", "moment_1", "moment_4")], 1)
# What the table itself may be off: 5e-4 of T_x/T; m1 and m4 2.5 of their errors and rounding.
MARGINS = np.tile([5e-4, 6e-5, 5e-4], len(TABLE))
MARGINS[:3] = 5e-6  # the start is exact to the digits printed


def look(velocity: Values) -> list[float]:
    """T_x/T, m1 and m4; velocity : (N, 3)."""
    return [temperature_ratio(velocity), *moments(velocity, (1, 4))]


def measure_history(
    repetition: Repetition, particles: int, per_cell: int | None = None, parts: int = 1
) -> Values:
    """T_x/T, m1 and m4 of hard spheres at each time of the table: (times * 3,).

    per_cell : particles, None for 10 cells; parts : into which STEP is divided
    """
    scenario = _box("hard-sphere", particles, STEP / parts, per_cell)
    with repetition.simulation(scenario) as simulation:
        return at_steps([parts * step for step in STEPS], look)(simulation).ravel()


def _box(
    gas: str | Mapping, particles: int, step: float, per_cell: int | None, ratio: float = 4.0,
    cells: int | Sequence[int] = 10, **options,
) -> Scenario:  # fmt: skip
    cells = cells if per_cell is None else particles // per_cell
    return box(gas, "bi-maxwellian", particles, cells, step, temperature_ratio=ratio, **options)


def known_history(particles: int, **cells: int) -> Figures:
    """The table, with what it may be off; the bias of finite numbers, 1e-5, is within that."""
    curves = [
        Curve(name, "nu t", BI_MAXWELLIAN_TIMES, range(k, len(LABELS), len(NAMES)))
        for k, name in enumerate(NAMES)
    ]
    return figures(LABELS, TABLE.ravel(), MARGINS, curves)


EXPONENTIAL_TIMES = np.array([0.5, 1.0, 2.0, 3.0, 4.0, 6.0])
SCATTERING: dict[str, str | Mapping] = {"isotropic": "maxwell", "forward": FORWARD}


def measure_exponential(
    repetition: Repetition, particles: int, per_cell: int | None = None, parts: int = 1, **options
) -> Values:
    """(T_x - T)/T at each time from T_x/T_p = 4, isotropic and forward scattering: (2 * times,).

    options : of the box; cells, if not told by per_cell
    """
    step = 0.5 / parts
    steps = np.rint(EXPONENTIAL_TIMES / step).astype(int)
    row = []
    for gas in SCATTERING.values():
        scenario = _box(gas, particles, step, per_cell, **options)
        with repetition.simulation(scenario) as simulation:
            row.append(at_steps(steps, lambda v: [temperature_ratio(v) - 1.0])(simulation)[:, 0])
    return np.concatenate(row)


def known_exponential(particles: int, **cells: int) -> Figures:
    """The energy of a sample is exact, not that of its components: 2/N of (T_x - T)/T <= 1."""
    t = EXPONENTIAL_TIMES
    rates = [reference.linear_rate("stress", 1.0, a) for a in (1.0, FORWARD["alpha"])]
    labels = [f"T_x/T - 1, {name}, nu t = {time:g}" for name in SCATTERING for time in t]
    curves = [
        Curve(f"T_x/T - 1, {name}", "nu t", t, range(k * len(t), (k + 1) * len(t)))
        for k, name in enumerate(SCATTERING)
    ]
    exact = np.concatenate([np.exp(-rate * t) for rate in rates])
    return figures(labels, exact, 2.0 / particles, curves)


STARTS = (("hard-sphere", 4.0), ("hard-sphere", 0.25), ("vhs", 4.0), ("vhs", 0.25))
EXTRAPOLATION = 3e-4  # R'' h^2 and r'' h^2/3 of the tabulated history: 1e-4 and 2.6e-4


def measure_start(
    repetition: Repetition, particles: int, per_cell: int | None = None, parts: int = 1
) -> Values:
    """Initial rate R_0 of T_x - T, and collision rate r_0, for each of STARTS: (2 * starts,).

    With h = tau/4 and R(t) = ln[(T_x - T)_0/(T_x - T)_t]/t: 2 R(h) - R(2 h). With the collisions
    in the first and second h, over nu h: (3 r_1 - r_2)/2.

    per_cell, parts : as in `measure_history`
    """
    row = []
    for gas, ratio in STARTS:
        scenario = _box(gas, particles, STEP / parts, per_cell, ratio)
        theta, collisions = [], []
        with repetition.simulation(scenario) as simulation:
            for _ in range(3):
                theta.append(temperature_ratio(simulation.particles.velocity) - 1.0)
                collisions.append(simulation.collisions)
                simulation.run(steps=parts, progress=False)
        R = np.log(theta[0] / np.array(theta[1:])) / [STEP, 2.0 * STEP]
        r = np.diff(collisions) / (0.5 * particles * STEP)
        row += [2.0 * R[0] - R[1], 1.5 * r[0] - 0.5 * r[1]]
    return np.array(row)


def known_start(particles: int, **cells: int) -> Figures:
    """Quadratures; margin: what the extrapolation to the start leaves."""
    exact, labels = [], []
    for gas, ratio in STARTS:
        omega = box(gas).molecules[0].omega
        exact += [float(reference.bi_maxwellian_rate(ratio, omega)),
                  float(reference.bi_maxwellian_collision_rate(ratio, omega))]  # fmt: skip
        labels += [f"{rate}, {gas}, T_x/T_p = {ratio:g}" for rate in ("R_0", "collisions")]
    return figures(labels, exact, EXTRAPOLATION)


HISTORY = Case(
    name="anisotropy",
    question="How fast do unequal temperatures of hard spheres along the axes become equal?",
    source="16 runs of 1e6 particles of an independent null-collision code: "
    "dsmc.reference.bi_maxwellian",
    errors="scatter of independent boxes; no error in time step",
    allowed="error of the table: 5e-4 of T_x/T and m4, 6e-5 of m1",
    measure=measure_history,
    known=known_history,
    efforts={
        "quick": Effort(40, {"particles": 25_000}),
        "full": Effort(500, {"particles": 200_000}),
    },
    mutants=(
        Mutant("rate 3 % too high", faster(1.03),
               effort=Effort(40, {"particles": 50_000})),
    ),
    on_device=FEW_IN_A_CELL,
)  # fmt: skip

EXPONENTIAL = Case(
    name="anisotropy-maxwell",
    question="Does the anisotropy of Maxwell molecules decay as one exponential?",
    source="exact at any amplitude: C. Truesdell & R. G. Muncaster, Fundamentals of Maxwell's "
    "Kinetic Theory, 1980; Bird 1994, chapter 3",
    errors="scatter of independent boxes; no error in time step",
    allowed="finite number N of a box: 2/N",
    measure=measure_exponential,
    known=known_exponential,
    efforts={
        "quick": Effort(20, {"particles": 25_000}),
        "full": Effort(300, {"particles": 200_000}),
        "tight": Effort(10_000, {"particles": 200_000}),
    },
    mutants=(
        Mutant("alpha = 3 for 2.5: rate 5.5 % off", harder(1.2)),
    ),
    on_device={"per_cell": 40, "parts": 8},
)  # fmt: skip
START = Case(
    name="anisotropy-start",
    question="At which rates do hard spheres and VHS argon begin to become isotropic?",
    source="quadrature over two Maxwellians: dsmc.reference.bi_maxwellian",
    errors="scatter of independent boxes; extrapolation to the start",
    allowed="3e-4: the extrapolation, by the tabulated history of hard spheres",
    measure=measure_start,
    known=known_start,
    efforts={
        "quick": Effort(20, {"particles": 50_000}),
        "full": Effort(200, {"particles": 100_000}),
    },
    mutants=(
        Mutant("hard spheres, rate 2.5 % too high", faster(1.025),
               effort=Effort(40, {"particles": 50_000})),
    ),
    on_device=FEW_IN_A_CELL,
)  # fmt: skip
