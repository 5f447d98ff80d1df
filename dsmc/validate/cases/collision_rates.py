"""How often molecules collide in equilibrium, from the first step on.

In a closed box of N particles with fixed energy and no momentum, velocities fill a sphere in
d = 3(N-1) dimensions uniformly, at the start and at all times, and positions fill the box. Hence

    nu_N = nu(T') (1 - 1/N) m_p(d),     p = 2 - 2 omega, sigma g ~ g^p,

exactly, for any number of cells: T' = T N/(N-1) is the realised temperature with the mean velocity
removed, 1 - 1/N counts the partners, and m_p = (d/2)^(p/2) Gamma(d/2)/Gamma((d+p)/2) is what fixed
energy makes of <g^p> (reference.microcanonical_moment). nu(T') is Bird 1994, eq. 4.64.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dsmc import reference
from dsmc.scenario import Scenario
from dsmc.simulation import Simulation
from dsmc.validate.case import Case, Effort, Figures, Mutant, Repetition, Values, figures
from dsmc.validate.homogeneous import History, box
from dsmc.validate.wrong_laws import faster

MODELS = ("hard-sphere", "vhs", "vss", "maxwell")
WHEN = ("first step", "all")


def expected_rate(scenario: Scenario) -> float:
    """nu_N over the rate nu of the infinite gas at the stated temperature."""
    N = scenario.particle_count
    p = 2.0 - 2.0 * scenario.molecules[0].omega
    warmer = (N / (N - 1)) ** (p / 2)
    return float(warmer * (1.0 - 1.0 / N) * reference.microcanonical_moment(p, N))


def collision_rates(scenario: Scenario, steps: int) -> History:
    """Collisions per particle and tau: in the first step alone, and in all of them."""
    events = 0.5 * scenario.particle_count * scenario.run.time_step_mct

    def history(simulation: Simulation) -> np.ndarray:
        begin = simulation.collisions
        simulation.run(steps=1, progress=False)
        first = simulation.collisions - begin
        simulation.run(steps=steps - 1, progress=False)
        return np.array([first / events, (simulation.collisions - begin) / (events * steps)])

    return history


def measure(
    repetition: Repetition, particles: int, step: float, tau: float, models=MODELS,
    per_cell: int | None = None, cells: int | Sequence[int] = 10, **options,
) -> Values:  # fmt: skip
    """First-step and mean rate over nu_N of every model: (2 * models,).

    cells : if not told by per_cell; options : of the box
    """
    cells = cells if per_cell is None else particles // per_cell
    row = []
    for model in models:
        scenario = box(model, particles=particles, cells=cells, step=step, **options)
        with repetition.simulation(scenario) as simulation:
            seen = collision_rates(scenario, round(tau / step))(simulation)
        row.append(seen / expected_rate(scenario))
    return np.concatenate(row)


def known(
    particles: int, step: float, tau: float, models=MODELS, per_cell: int | None = None
) -> Figures:
    """All rates are nu_N."""
    labels = [
        f"rate over nu, {model}, {when}" for model in models for when in ("first step", "all")
    ]
    return figures(labels, 1.0)


def _reduced_mass(g_squared, prefactor, half_exponent):
    return prefactor * 1.02 ** (0.5 - half_exponent) * g_squared**half_exponent


CASE = Case(
    name="collision-rates",
    question="Do molecules of all models collide at the kinetic rate, from the first step on?",
    source="exact: Bird 1994, eq. 4.64, with the finite number of a closed box",
    errors="scatter of independent boxes; no error in cells or time step",
    allowed="none",
    measure=measure,
    known=known,
    efforts={
        "quick": Effort(20, {"particles": 25_000, "step": 0.5, "tau": 6.0}),
        "full": Effort(100, {"particles": 400_000, "step": 1.0, "tau": 5.0}),
        "tight": Effort(2000, {"particles": 400_000, "step": 1.0, "tau": 5.0}),
    },
    mutants=(
        Mutant("hard spheres, rate 1 % too high", faster(1.01)),
        Mutant("VHS, reduced mass 2 % too large: rate 0.6 % off",
               {"variable_rate": _reduced_mass}),
    ),
    on_device={"per_cell": 12, "step": 0.25},
)  # fmt: skip
