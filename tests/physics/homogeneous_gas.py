"""A homogeneous gas in a periodic box: how its tests make it, repeat it and print what they found.

Legend: N particles in the box, nu collision rate per particle in equilibrium, tau = 1/nu,
v0 = sqrt(2kT/m), m_k = <c^k> over its Maxwellian value at the same <c^2>.
"""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np

import dsmc
from dsmc.compiled import available_threads
from dsmc.reference import maxwell_speed_moment

SEED = 20261121
BUDGET = 1e-6  # false-alarm probability of one verdict
POWERS = (1, 4, 6, 8)
FAR = 1e9  # box length [m] so large that no particle changes its cell

# Molecules by the name of their model; nu and v0 follow from the scenario.
ARGON = {
    "hard-sphere": {"species": "Ar", "model": "hard-sphere"},
    "vhs": {"species": "Ar", "model": "vhs"},
    "vss": {"species": "Ar", "model": "vss"},
    "maxwell": {"species": "Ar", "model": "maxwell"},
}
# Maxwell molecules that scatter forwards: every rate is known in closed form (Bird 1994, ch. 3).
FORWARD = {"species": "Ar", "model": "vss", "omega": 1.0, "alpha": 2.5}

History = Callable[[dsmc.Simulation], np.ndarray]


def box(
    gas: str | Mapping = "hard-sphere",
    kind: str = "equilibrium",
    particles: int = 100_000,
    cells: int | Sequence[int] = 10,
    step: float = 0.25,
    length: float = 1e-3,
    seed: int = 0,
    quantities: Sequence[str] = ("collisions_per_particle",),
    ids: bool = False,
    partners: str = "random",
    **initial,
) -> dsmc.Scenario:
    """A closed periodic box of argon at 300 K with exactly zero momentum and the stated energy.

    step : time step [tau]; seed : added to the common one, fixed before the first look
    """
    counts = [cells] if isinstance(cells, int) else list(cells)
    return dsmc.Scenario(
        title="Homogeneous gas",
        gas=ARGON[gas] if isinstance(gas, str) else dict(gas),
        domain={"length_m": [length] * len(counts), "cells": counts},
        initial={
            "kind": kind, "number_density_m3": 1e22, "temperature_K": 300.0,
            "particles": particles, "zero_momentum": True, "exact_energy": True, **initial,
        },
        collisions={"partners": partners},
        run={"time_step_mct": step, "steps": 10**6, "seed": SEED + seed},
        sample={"every": 10**9, "quantities": list(quantities)},
        output={"trajectory": 10**9 if ids else 0},
    )  # fmt: skip


def replicas(
    scenario: dsmc.Scenario, count: int, history: History, laws: Mapping | None = None
) -> np.ndarray:
    """history(simulation) of independent repetitions: (count, ...).

    With other laws, one simulation (compiled once) is given the same starts again and again.
    """
    if laws is None:

        def measured(replica: int) -> np.ndarray:
            with dsmc.Simulation(scenario, threads=1, replica=replica) as simulation:
                return history(simulation)

        with ThreadPoolExecutor(available_threads()) as pool:
            return np.array(list(pool.map(measured, range(count))))
    rows = []
    with dsmc.Simulation(scenario, laws=laws) as mutant:
        for replica in range(count):
            with dsmc.Simulation(scenario, threads=1, replica=replica) as start:
                mutant.set_particles(start.particles.position, start.particles.velocity)
            rows.append(history(mutant))
    return np.array(rows)


def at_steps(steps: Sequence[int], measure: Callable[[np.ndarray], Sequence[float]]) -> History:
    """The history (len(steps), K) of measure(velocity) after so many steps from now."""

    def history(simulation: dsmc.Simulation) -> np.ndarray:
        begin, rows = simulation.steps, []
        if 0 in steps:
            rows.append(measure(simulation.particles.velocity))

        def look(running: dsmc.Simulation) -> None:
            if running.steps - begin in steps:
                rows.append(measure(running.particles.velocity))

        simulation.run(steps=max(steps), callback=look)
        return np.array(rows)

    return history


def moments(velocity: np.ndarray, powers: Sequence[int] = POWERS) -> list[float]:
    """m_k about the mean velocity; velocity : (N, 3)."""
    c = velocity - velocity.mean(axis=0)
    square = np.einsum("ij,ij->i", c, c)
    v0 = np.sqrt(square.mean() / 1.5)
    speed = np.sqrt(square) / v0
    return [float((speed**k).mean() / maxwell_speed_moment(k)) for k in powers]


def temperature_ratio(velocity: np.ndarray) -> float:
    """T_x / T; velocity : (N, 3)."""
    variance = velocity.var(axis=0)
    return float(variance[0] / variance.mean())


# ------------------------------------------------------------------ finite numbers of particles


def finite_number_bias(k: float, moment: Callable[[float], float]) -> float:
    """N times the relative bias of m_k in samples of N particles scaled to exact energy.

    With q = <c^2>, M_j = <c^j>, to first order in 1/N,

        (k/2)(k/2 + 1)/2 (M_4/q^2 - 1) - (k/2)(M_{k+2}/(q M_k) - 1)        division by <c^2>
        - k + k (k + 1) q M_{k-2} / (6 M_k) + k/2                          mean velocity removed

    (the delta method). For a Maxwellian m_4 it is -2/3: d/(d + 2) with d = 3 (N - 1).

    moment : of the distribution, moment(j) = <c^j> in units of v0
    """
    q, M_k = moment(2), moment(k)
    division = k / 2 * (k / 2 + 1) / 2 * (moment(4) / q**2 - 1)
    division -= k / 2 * (moment(k + 2) / (q * M_k) - 1)
    removal = -k + k * (k + 1) * q * moment(k - 2) / (6 * M_k) + k / 2
    return division + removal


def finite_number_margin(k: float, moment: Callable[[float], float], particles: int) -> float:
    """Bound of the bias of m_k at any time: twice the larger of its values at start and end.

    Between the two the bias obeys the linear equation of a small perturbation, driven by the
    decaying deviation from equilibrium; the factor 2 is measured to suffice
    (`test_few_particles_bias_the_moments_by_one_over_their_number`).
    """
    start = abs(finite_number_bias(k, moment)) * moment(k) / maxwell_speed_moment(k)
    return 2.0 * max(start, abs(finite_number_bias(k, maxwell_speed_moment))) / particles


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
