"""A few particles in a cell: exact statements about a closed system of N particles.

With zero momentum and fixed energy the velocities fill a sphere in d = 3(N - 1) dimensions
uniformly (elementary geometry), whatever the collision law:

    m4 = d/(d + 2),   m1 = sqrt(d/2) Gamma(d/2)/Gamma((d + 1)/2).

For Maxwell molecules with N(N-1)/2 pairs the stress about the cell's own mean velocity decays at
nu/2, nu = n S with the full density n = N/V, exactly for every N >= 2: the sum over pairs of the
change -(N/2) S_xy per unit pair rate makes up for the missing partner.
"""

from __future__ import annotations

import numpy as np

from dsmc import reference
from dsmc.validate.case import Case, Effort, Figures, Mutant, Repetition, Values, figures
from dsmc.validate.isolated_cells import (
    cells_of,
    normal_velocities,
    put,
    sampled,
    velocities,
    with_fixed_energy,
)

NUMBERS = (2, 3, 5, 10)


def one_moving_pair(cells: int, particles_each: int) -> Values:
    """All energy in two particles along x, the others at rest: far from equilibrium."""
    velocity = np.zeros((cells, particles_each, 3))
    velocity[:, 0, 0], velocity[:, 1, 0] = 1.0, -1.0
    return with_fixed_energy(velocity)


def measure_moments(
    repetition: Repetition, particles: int, snapshots: int, numbers=NUMBERS
) -> Values:
    """m1 and m4 of hard spheres for each N, seen every 2 tau from 30 tau on: (2 * numbers,)."""
    row = []
    for N in numbers:
        q = 1.5 * (N - 1) / N  # <c^2> of every cell
        cells = particles // N

        def look(velocity: Values, q: float = q) -> Values:
            square = np.einsum("mni,mni->mn", velocity, velocity) / q
            m1 = np.sqrt(square).mean() * np.sqrt(1.5) / reference.maxwell_speed_moment(1)
            return np.array([m1, (square**2).mean() * 0.6])

        with repetition.simulation(cells_of("hard-sphere", cells, N, 2.0)) as simulation:
            put(simulation, one_moving_pair(cells, N))
            simulation.run(steps=15, progress=False)
            row.append(sampled(simulation, snapshots, look).mean(axis=0))
    return np.concatenate(row)


def known_moments(particles: int, snapshots: int, numbers=NUMBERS) -> Figures:
    """Two particles have one speed for ever: m1 and m4 are exact, up to rounding of the energy."""
    labels = [f"{name}, N = {N}" for N in numbers for name in ("m1", "m4")]
    exact = [
        value
        for N in numbers
        for value in (reference.microcanonical_speed(N), reference.microcanonical_moment_4(N))
    ]
    margin = [1e-11 if N == 2 else 0.0 for N in numbers for _ in range(2)]
    return figures(labels, exact, margin)


DECAY_TIMES = np.array([0.5, 1.0, 2.0])


def measure_decay(repetition: Repetition, particles: int, numbers=NUMBERS) -> Values:
    """Stress over its value at the start, Maxwell molecules from T_x/T_p = 4: (numbers * 3,).

    Given the start its expectation is exp(-nu t/2), whatever the start: a ratio without bias.
    """
    row = []

    def stress(velocity: Values) -> Values:
        c = velocity - velocity.mean(axis=1, keepdims=True)
        return (c[:, :, 0] ** 2 - 0.5 * (c[:, :, 1] ** 2 + c[:, :, 2] ** 2)).sum()

    for N in numbers:
        cells = particles // N
        with repetition.simulation(cells_of("maxwell", cells, N, 0.5)) as simulation:
            start = normal_velocities(repetition.random(N), cells, N, (2.0, 0.5, 0.5))
            put(simulation, start)
            begin = stress(velocities(simulation))
            row.append(sampled(simulation, 4, stress)[[0, 1, 3]] / begin)
    return np.concatenate(row)


def known_decay(particles: int, numbers=NUMBERS) -> Figures:
    """exp(-nu t/2) for every N."""
    labels = [f"stress, N = {N}, nu t = {t:g}" for N in numbers for t in DECAY_TIMES]
    return figures(labels, np.tile(np.exp(-DECAY_TIMES / 2.0), len(numbers)))


def _lopsided(v_i, v_j, share_i, share_j):
    return (share_i + 0.0025) * v_i + (share_j - 0.0025) * v_j


def _half_the_square(n):
    return 0.5 * n * n


MOMENTS = Case(
    name="few-particles",
    question="Do a few particles in a cell fill the sphere of their energy?",
    source="exact: geometry of the sphere in 3 (N - 1) dimensions",
    errors="scatter of independent cells; no error in time step",
    allowed="none but rounding",
    measure=measure_moments,
    known=known_moments,
    efforts={
        "quick": Effort(40, {"particles": 2_500, "snapshots": 15}),
        "full": Effort(100, {"particles": 10_000, "snapshots": 100}),
        "tight": Effort(2000, {"particles": 10_000, "snapshots": 100}),
    },
    mutants=(
        Mutant("reduced mass 1 % wrong: 0.1 % of energy gained in 40 collisions",
               {"centre_of_mass": _lopsided},
               effort=Effort(40, {"particles": 2_400, "snapshots": 30, "numbers": (3,)})),
    ),
    on_device={},
)  # fmt: skip

STRESS = Case(
    name="few-particles-stress",
    question="Does the stress of few Maxwell molecules decay at the rate of many?",
    source="exact for every N >= 2: sum over pairs at zero total momentum",
    errors="scatter of independent cells; no error in time step",
    allowed="none",
    measure=measure_decay,
    known=known_decay,
    efforts={
        "quick": Effort(40, {"particles": 5_000}),
        "full": Effort(400, {"particles": 10_000}),
        "tight": Effort(10_000, {"particles": 10_000}),
    },
    mutants=(
        Mutant("N^2/2 pairs for N (N - 1)/2", {"like_pairs": _half_the_square}),
    ),
    on_device={},
)  # fmt: skip
