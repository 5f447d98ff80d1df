"""Elastic mixtures exchange momentum and energy, and collide, at the exact rates.

Maxwell molecules: momentum and energy of two species form closed equations at any amplitude
(reference.maxwell_mixture_history). Hard spheres begin as two Maxwellians; then, with s^2 =
kT_1/m_1 + kT_2/m_2, <sigma g> = pi d^2 (8/pi)^(1/2) s and n_1 = n_2 = n/2,

    d(T_1 - T_2)/dt = -(8/3) (m_r/M) n <sigma g> (T_1 - T_2),
    d(u_1 - u_2)/dt = -(2/3) n <sigma g> (u_1 - u_2)                   small drift

and molecules of each pair of species collide N_a N_b <sigma g_ab>/V times per unit of time, like
ones N_a (N_a - 1)/2 <sigma g_aa>/V times (Chapman & Cowling 1970, chapters 5 and 8).

Every mixture is judged by its own realised start, so that only the noise of its collisions is left.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np

from dsmc import reference
from dsmc.scenario import Scenario
from dsmc.species import BOLTZMANN
from dsmc.validate.case import Case, Effort, Figures, Mutant, Repetition, Values, figures
from dsmc.validate.mixture_cells import (
    CELL_LENGTH,
    DIAMETER,
    MASS,
    NUMBER_DENSITY,
    T_REF,
    TEMPERATURE,
    SpeciesState,
    mixture_cells,
    species,
)

# ------------------------------------------------- Maxwell molecules: exact histories

HISTORY_TIMES = {1: (0.5, 1, 2, 3), 4: (0.5, 1, 2, 4), 10: (0.5, 1.5, 3, 6), 100: (0.5, 2, 6, 18)}
"""Mass ratio: when the mixture is looked at, in units of 1/(n sigma g_12)."""
HOT, COLD, DRIFT = 520.0, 80.0, 800.0  # T_1, T_2 [K] and u_1 - u_2 [m/s] at the start: not small


def history_error(
    repetition: Repetition, ratio: int, particles: int, per_cell: int | None = None, parts: int = 1
) -> Values:
    """T_1 - T_2 and the drift less their exact course, over their start: (8,).

    per_cell : particles, None for one cell; parts : into which the time step is divided
    """
    S = reference.maxwell_rate_constant(MASS, MASS * ratio, DIAMETER, T_REF)
    unit = 1.0 / (NUMBER_DENSITY * S)
    entries = [
        species("light", 0.5, 1.0, T_ref_K=T_REF, temperature_K=HOT, velocity_m_s=[DRIFT, 0, 0]),
        species("heavy", 0.5, ratio, T_ref_K=T_REF, temperature_K=COLD),
    ]
    scenario = mixture_cells(
        1, particles, per_cell, gas={"model": "maxwell"}, species=entries,
        run={"time_step_s": 0.5 * unit / parts, "steps": 1},
    )  # fmt: skip
    columns = []
    with repetition.simulation(scenario) as simulation:
        start = SpeciesState(simulation, mixtures=1)
        w_0 = start.velocity[:, 0] - start.velocity[:, 1]
        speed = np.linalg.norm(w_0, axis=1)
        for time in HISTORY_TIMES[ratio]:
            simulation.run(time=time * unit, progress=False)
            now = SpeciesState(simulation, mixtures=1)
            exact = reference.maxwell_mixture_history(
                simulation.time, *start.density.T, *start.temperature.T, MASS, ratio * MASS, S,
                speed,
            )  # fmt: skip
            theta = now.temperature[:, 0] - now.temperature[:, 1]
            columns.append((theta - exact.temperature_1 + exact.temperature_2) / (HOT - COLD))
            w = ((now.velocity[:, 0] - now.velocity[:, 1]) * w_0).sum(axis=1) / speed
            columns.append((w - exact.drift) / DRIFT)
    return np.concatenate(columns)


def measure_histories(
    repetition: Repetition, particles: int, ratios: Sequence[int] = tuple(HISTORY_TIMES), **few: int
) -> Values:
    """What history_error finds at each mass ratio: (8 * ratios,); few : per_cell and parts."""
    return np.concatenate([history_error(repetition, ratio, particles, **few) for ratio in ratios])


def known_histories(
    particles: int, ratios: Sequence[int] = tuple(HISTORY_TIMES), **few: int
) -> Figures:
    """None deviates; a mean velocity of N/2 molecules is uncertain: of order 1/N."""
    labels = [
        f"{name} off by, mass ratio {ratio}, t = {time:g}"
        for ratio in ratios
        for time in HISTORY_TIMES[ratio]
        for name in ("T_1 - T_2", "u_1 - u_2")
    ]
    return figures(labels, 0.0, 4.0 / particles)


# ------------------------------------------------- hard spheres: initial rates

EXCHANGE = {1: 0.66666667, 4: 0.42666667, 10: 0.22038567, 100: 0.02614123}
"""Mass ratio: decay rate of T_1 - T_2 in n<sigma g_12> at equal numbers, 8 m_r/(3 M)."""
INTERVAL = {1: 0.3, 4: 0.3, 10: 0.3, 100: 0.05}
"""Mass ratio: by how much ln(T_1 - T_2) falls between two looks, about one light-light collision.

The light gas takes that long to leave Maxwell's distribution; then the rate stays 0.6 % lower at
mass ratio 100.
"""
DRIFT_DECAY = 0.66666667
"""Decay rate of u_1 - u_2 in the same unit, at any mass ratio."""
RATES = ((1, "T"), (4, "T"), (10, "T"), (100, "T"), (1, "u"), (10, "u"))
CURVATURE = 2e-3  # what the extrapolation to the start leaves


def hard_sphere_start(
    repetition: Repetition,
    ratio: int,
    time: float,
    temperatures: tuple[float, float],
    drift: float,
    particles: int,
    per_cell: int | None = None,
    parts: int = 1,
) -> tuple[list[SpeciesState], float]:
    """States at the start, after `time` and twice that, and `time` in s; 1/(n<sigma g_12>) is 1.

    per_cell, parts : as in `history_error`
    """
    light = species("light", 0.5, 1.0, temperature_K=temperatures[0], velocity_m_s=[drift, 0, 0])
    heavy = species("heavy", 0.5, ratio, temperature_K=temperatures[1])
    unit = reference.unlike_collision_rate(
        NUMBER_DENSITY, temperatures[0], MASS, temperatures[1], ratio * MASS, DIAMETER
    )
    scenario = mixture_cells(
        1, particles, per_cell, gas={"model": "hard-sphere"}, species=[light, heavy],
        run={"time_step_s": time / float(unit) / parts, "steps": 2 * parts},
    )  # fmt: skip
    states = []
    with repetition.simulation(scenario) as simulation:
        for _ in range(3):
            states.append(SpeciesState(simulation, mixtures=1))
            simulation.run(steps=parts, progress=False)
    return states, parts * scenario.time_step


def rate_constant(state: SpeciesState, ratio: int) -> Values:
    """n <sigma g_12> of the whole gas at the two temperatures of the moment [1/s]: (1,)."""
    T_1, T_2 = state.temperature.T
    total = state.density.sum(axis=1)
    return reference.unlike_collision_rate(total, T_1, MASS, T_2, ratio * MASS, DIAMETER)


def initial_rate(values: Sequence[Values], units: Sequence[Values], interval: float) -> Values:
    """Decay rate of `values`, over `units`, extrapolated from two intervals to the start.

    The gas leaves Maxwell's distribution, which lowers the rate by 4 % per decay of 1 (mass ratio
    1, less at others): measured over [0, 0.3] and [0.3, 0.6] and linear within the errors.
    """
    rates = [
        np.log(values[i] / values[i + 1]) / interval / (0.5 * (units[i] + units[i + 1]))
        for i in range(2)
    ]
    return 1.5 * rates[0] - 0.5 * rates[1]


def temperature_rate(repetition: Repetition, ratio: int, particles: int, **few: int) -> Values:
    """Initial decay rate of T_1 - T_2 over its exact value: (1,)."""
    states, interval = hard_sphere_start(
        repetition, ratio, INTERVAL[ratio] / EXCHANGE[ratio], (540.0, 60.0), 0.0, particles, **few
    )
    theta = [state.temperature[:, 0] - state.temperature[:, 1] for state in states]
    units = [rate_constant(state, ratio) for state in states]
    return initial_rate(theta, units, interval) / EXCHANGE[ratio]


def drift_rate(repetition: Repetition, ratio: int, particles: int, **few: int) -> Values:
    """Initial decay rate of the drift over its exact value: (1,).

    At x^2 = w^2/(2 s^2), s^2 = kT_1/m_1 + kT_2/m_2, the friction of hard spheres is larger than at
    small drift by 1 + x^2/5 - x^4/70 (Baines, Williams & Asebiomo, MNRAS 130 (1965) 63).
    """
    states, interval = hard_sphere_start(
        repetition, ratio, 0.3 / DRIFT_DECAY, (TEMPERATURE, TEMPERATURE), 250.0, particles, **few
    )
    w = [np.linalg.norm(state.velocity[:, 0] - state.velocity[:, 1], axis=1) for state in states]
    units = []
    for state, speed in zip(states, w, strict=True):
        s_2 = (BOLTZMANN * state.temperature / (MASS * np.array([1.0, ratio]))).sum(axis=1)
        x_2 = speed**2 / (2.0 * s_2)
        units.append(rate_constant(state, ratio) * (1.0 + x_2 / 5.0 - x_2**2 / 70.0))
    return initial_rate(w, units, interval) / DRIFT_DECAY


def measure_rates(repetition: Repetition, particles: int, **few: int) -> Values:
    """Initial rates of RATES over the exact ones: (6,); few : per_cell and parts."""
    laws = {"T": temperature_rate, "u": drift_rate}
    return np.concatenate(
        [laws[what](repetition, ratio, particles, **few) for ratio, what in RATES]
    )


def known_rates(particles: int, **few: int) -> Figures:
    """All are exact but for the extrapolation to the start."""
    names = {"T": "T_1 - T_2", "u": "u_1 - u_2"}
    labels = [f"rate of {names[what]} over exact, mass ratio {ratio}" for ratio, what in RATES]
    return figures(labels, 1.0, CURVATURE)


# ------------------------------------------------- collisions of every pair of species

TRIPLE = {
    "light": species("light", 0.5, 1.0),
    "middle": species("middle", 0.3, 4.0, 1.3),
    "heavy": species("heavy", 0.2, 20.0, 1.6),
}
PAIRS = tuple(itertools.combinations_with_replacement(range(3), 2))
STEPS = 32
SHARED_ENERGY = 1e-3  # species share the exact energy of the box: their own scatters


def expected_counts(scenario: Scenario, number: np.ndarray) -> Values:
    """Collisions of each of PAIRS in one step, exactly; number : (cells, 3) particles."""
    factor = scenario.weight / CELL_LENGTH * scenario.time_step
    exact = []
    for a, b in PAIRS:
        one, other = scenario.molecules[a], scenario.molecules[b]
        constant = reference.unlike_collision_rate(
            1.0, TEMPERATURE, one.mass, TEMPERATURE, other.mass,
            0.5 * (one.diameter + other.diameter),
        )  # fmt: skip
        second = 0.5 * (number[:, a] - 1) if a == b else number[:, b]
        exact.append((number[:, a] * second).sum() * factor * constant)
    return np.array(exact)


def collision_counts(
    repetition: Repetition, order: Sequence[str], particles: int, cells: int = 1
) -> Values:
    """Collisions of each of PAIRS per step over their exact number: (STEPS, 6)."""
    scenario = mixture_cells(
        cells, particles, gas={"model": "hard-sphere"}, species=[TRIPLE[name] for name in order],
        run={"time_step_mct": 0.5, "steps": 1},
    )  # fmt: skip
    counts = []
    with repetition.simulation(scenario) as simulation:
        exact = expected_counts(scenario, SpeciesState(simulation).number)
        for _ in range(STEPS):
            before = simulation.tallies["collisions"][..., 1]
            simulation.run(steps=1, progress=False)
            counts.append(simulation.tallies["collisions"][..., 1] - before)
    rows, columns = np.array(PAIRS).T
    return np.array(counts)[:, rows, columns] / exact


def measure_counts(repetition: Repetition, particles: int, cells: int = 1) -> Values:
    """Collisions of each pair over their exact number: (6,)."""
    return collision_counts(repetition, tuple(TRIPLE), particles, cells).mean(axis=0)


def known_counts(particles: int, cells: int = 1) -> Figures:
    """All are exact but for the temperatures that the species have by chance."""
    names = tuple(TRIPLE)
    return figures(
        [f"rate over exact, {names[a]} and {names[b]}" for a, b in PAIRS], 1.0, SHARED_ENERGY
    )


# ------------------------------------------------- cases


def more_unlike_pairs(factor: float) -> dict:
    """Collisions between unlike molecules that are `factor` times too many."""
    return {"unlike_pairs": lambda n_1, n_2: factor * n_1 * n_2}


def _too_equal(v, w, s, z):
    return (0.998 * s + 0.001) * v + (0.998 * z + 0.001) * w


HISTORIES = Case(
    name="mixtures-maxwell",
    question="Do two gases of Maxwell molecules become one in temperature and velocity as exact?",
    source="exact at any amplitude: closed equations of momentum and energy, "
    "dsmc.reference.maxwell_mixture_history",
    errors="scatter of independent mixtures; no error in time step",
    allowed="finite number N of a box: 4/N of the start",
    measure=measure_histories,
    known=known_histories,
    efforts={
        "quick": Effort(24, {"particles": 20_000}), "full": Effort(100, {"particles": 200_000}),
    },
    mutants=(
        Mutant("3 % too many collisions of unlike molecules", more_unlike_pairs(1.03)),
        Mutant("masses 0.2 % too equal in the centre of mass", {"centre_of_mass": _too_equal}),
    ),
    on_device={"per_cell": 40, "parts": 8},
)  # fmt: skip
INITIAL_RATES = Case(
    name="mixtures-hard-spheres",
    question="Do hard spheres of two masses exchange energy and momentum at the exact rate?",
    source="exact for Maxwellians: Chapman & Cowling 1970, chapter 8; drift: M. J. Baines, "
    "I. P. Williams & A. S. Asebiomo, Mon. Not. R. Astr. Soc. 130 (1965) 63",
    errors="scatter of independent mixtures; extrapolation to the start",
    allowed="0.2 %: curvature left by the extrapolation",
    measure=measure_rates,
    known=known_rates,
    efforts={
        "quick": Effort(24, {"particles": 40_000}), "full": Effort(100, {"particles": 200_000}),
    },
    mutants=(Mutant("5 % too many collisions of unlike molecules", more_unlike_pairs(1.05)),),
    on_device={"per_cell": 40, "parts": 8},
)  # fmt: skip
COUNTS = Case(
    name="mixtures-collisions",
    question="Do molecules of every pair of species collide at their rate?",
    source="exact: Chapman & Cowling 1970, section 5.2, with the finite numbers of a box",
    errors="scatter of independent mixtures; no error in time step",
    allowed="0.1 %: the species share the exact energy of the box",
    measure=measure_counts,
    known=known_counts,
    efforts={
        "quick": Effort(16, {"particles": 40_000}), "full": Effort(100, {"particles": 100_000}),
    },
    mutants=(Mutant("1 % too many collisions of unlike molecules", more_unlike_pairs(1.01)),),
    on_device={"cells": 500},
)  # fmt: skip
