"""Gas behind open faces: it keeps a gas in equilibrium, and it effuses into vacuum.

Between two reservoirs of its own state a gas is an open system in equilibrium: numbers in its cells
are Poisson's and independent (Landau & Lifshitz, Statistical Physics, sections 112 to 114), with

    <N> = n V,   <T> = T,   <u> = 0,   Var N = <N>,   Cov(N, N') = 0,   Var u = kT/(m <N>).

Where there is nothing outside, molecules leave a collisionless gas as through a hole in a thin
wall: n v0/(2 sqrt(pi)) for each area and time, with the normal momentum (sqrt(pi)/2) m v0 and the
energy 2 kT each (Bird 1994, chapter 4).
"""

from __future__ import annotations

import math

import numpy as np

from dsmc import reference
from dsmc.species import BOLTZMANN
from dsmc.validate.case import Case, Effort, Figures, Mutant, Repetition, Values, figures
from dsmc.validate.open_boxes import (
    CELLS,
    CROSSING,
    LENGTH,
    MASS,
    NUMBER_DENSITY,
    TEMPERATURE,
    V0,
    open_box,
    reservoir,
)
from dsmc.walls import ENERGY_IN, HITS, MOMENTUM_IN

# ------------------------------------------------------------------ equilibrium with reservoirs

DENSE = 100.0 * NUMBER_DENSITY  # six mean free paths in the box
PER_CELL = 100
STEP = 0.25  # [crossings]
SPACING = 10.0  # of the samples [crossings]: one molecule in twenty is still there
WARM_UP = 3  # samples that are left away: the number is at first exactly the mean
NAMES = ("N", "T", "u_x / v0", "Var N", "Cov(N, N')", "Var u_x")


def equilibrium(repetition: Repetition, samples: int, other: dict) -> Values:
    """Numbers, mean u_x [v0] and T [T] of the cells, sample by sample: (3, samples, CELLS)."""
    steps = round(SPACING / STEP)
    scenario = open_box(
        reservoir(density=DENSE), reservoir(**{"density": DENSE, **other}), PER_CELL * CELLS,
        STEP * CROSSING, initial={"number_density_m3": DENSE}, collisions={"scheme": "ntc"},
    )  # fmt: skip
    seen = []
    with repetition.simulation(scenario) as simulation:
        for sample in range(WARM_UP + samples):
            simulation.run(steps=steps, progress=False)
            if sample < WARM_UP:
                continue
            view = simulation.particles
            cell = np.minimum(view.position[:, 0] * (CELLS / LENGTH), CELLS - 1).astype(np.int64)
            v = view.velocity / V0
            number = np.bincount(cell, minlength=CELLS)
            some = np.maximum(number, 1)
            u = np.bincount(cell, v[:, 0], CELLS) / some
            square = np.bincount(cell, (v * v).sum(axis=1), CELLS) / some
            seen.append((number, u, square / 1.5))
    return np.moveaxis(np.array(seen), 1, 0)


def measure_equilibrium(repetition: Repetition, samples: int, other: dict | None = None) -> Values:
    """Six figures, zeros as 1 + figure; other : how the high reservoir differs, of a twin."""
    N, u, T = equilibrium(repetition, samples, other or {})
    excess = N - PER_CELL  # about the known mean: no degree of freedom is lost
    total = N.sum()
    return np.array(
        [
            N.mean() / PER_CELL,
            (N * T).sum() / total,
            1.0 + (N * u).sum() / total,
            (excess**2).mean() / PER_CELL,
            1.0 + (excess[:, 1:] * excess[:, :-1]).mean() / PER_CELL,
            2.0 * (N * u**2).mean(),
        ]
    )


def known_equilibrium(samples: int) -> Figures:
    """All are exact; at given N, N u^2 has the mean v0^2/2 whatever N is."""
    added = ("", "", "1 + ", "", "1 + ", "")
    return figures([f"{a}{name} over exact" for a, name in zip(added, NAMES, strict=True)], 1.0)


# ------------------------------------------------------------------ effusion

FLUX = float(reference.one_sided_flux(NUMBER_DENSITY, TEMPERATURE, MASS))


def measure_effusion(
    repetition: Repetition, particles: int, steps: int, denser: float = 1.0, warmer: float = 1.0
) -> Values:
    """Molecules that leave, momentum and energy of one, over exact: (3,).

    The gas that streams to the right does so from the start, as the initial gas and the reservoir
    have the same right half.

    denser, warmer : density and temperature of the reservoir over what they are said to be
    """
    gas = reservoir(density=denser * NUMBER_DENSITY, temperature=warmer * TEMPERATURE)
    scenario = open_box(gas, {"kind": "open"}, particles, 0.5 * CROSSING)
    with repetition.simulation(scenario) as simulation:
        simulation.run(steps=steps, progress=False)
        tally = simulation.tallies["walls"][1]
    expected = FLUX * steps * scenario.time_step / scenario.weight
    hits = tally[HITS]
    momentum, energy = 0.5 * math.sqrt(math.pi) * MASS * V0, 2.0 * BOLTZMANN * TEMPERATURE
    return np.array(
        [hits / expected, tally[MOMENTUM_IN] / hits / momentum, tally[ENERGY_IN] / hits / energy]
    )


def known_effusion(particles: int, steps: int) -> Figures:
    """All are exact."""
    return figures([f"{name} over exact" for name in ("flux", "momentum", "energy")], 1.0)


def _unweighted(s, u_1, u_2, u_3):
    z = math.sqrt(-math.log(u_1)) * math.cos(2.0 * math.pi * u_2)
    return s + z, 1.0 if s + z > 0.0 else 0.0


RESERVOIRS = Case(
    name="reservoirs",
    question="Do reservoirs keep a gas in equilibrium, and let it fluctuate as an open system?",
    source="exact: L. D. Landau & E. M. Lifshitz, Statistical Physics, sections 112 to 114",
    errors="scatter of independent boxes; no error in cells or time step",
    allowed="none",
    measure=measure_equilibrium,
    known=known_equilibrium,
    efforts={"quick": Effort(24, {"samples": 10}), "full": Effort(200, {"samples": 60})},
    mutants=(
        Mutant("one reservoir 3 % denser", settings={"other": {"density": 1.03 * DENSE}}),
        Mutant("one reservoir 3 % warmer", settings={"other": {"temperature": 1.03 * TEMPERATURE}}),
        Mutant("one reservoir drifts at 0.02 v0", settings={"other": {"speed_ratio": 0.02}}),
    ),
)  # fmt: skip
EFFUSION = Case(
    name="effusion",
    question="Do molecules leave for a vacuum as many and as fast as kinetic theory says?",
    source="exact: Bird 1994, chapter 4",
    errors="scatter of independent boxes; no collisions, no error in cells or time step",
    allowed="none",
    measure=measure_effusion,
    known=known_effusion,
    efforts={
        "quick": Effort(24, {"particles": 20_000, "steps": 40}),
        "full": Effort(400, {"particles": 50_000, "steps": 100}),
    },
    mutants=(
        Mutant("reservoir 0.4 % too dense", settings={"denser": 1.004}),
        Mutant("reservoir 0.5 % too warm", settings={"warmer": 1.005}),
        Mutant("those who enter have no weight of the flux", {"approaching_speed": _unweighted}),
    ),
)  # fmt: skip
