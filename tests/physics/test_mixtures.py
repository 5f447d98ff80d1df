"""Elastic mixtures exchange energy, and collide, at the exact rates in any order of species.

How two species exchange momentum and energy is a case of the validation (`mixtures-maxwell`,
`mixtures-hard-spheres`). Here sixty-four isolated gases in one run (`dsmc.validate.mixture_cells`)
are judged jointly: each is compared with the exact course from its own realised start, so that
only the noise of its collisions is left. Errors of finite numbers are of order 1/N = 1e-4 of the
figures here, a tenth of the errors or less. The false-alarm budget is 1e-6 for each judgement,
about 5 standard errors.
"""

import itertools

import numpy as np
import pytest

from dsmc import reference
from dsmc.statistics import joint_test
from dsmc.validate import Repetition
from dsmc.validate.case import SEED
from dsmc.validate.cases.mixtures import SHARED_ENERGY, collision_counts, more_unlike_pairs
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

BUDGET = 1e-6
CELLS = 64
ORDERS = tuple(itertools.permutations(("light", "middle", "heavy")))[::2]


def judged_equal(figures, expected=0.0, margin=0.0):
    """Whether every column of `figures` has this mean: (R, K) one row per independent gas."""
    width = figures.shape[1]
    return joint_test(
        figures, np.full(width, expected), margin=np.full(width, margin), budget=BUDGET
    )


# ------------------------------------------------- three species

TRIPLE = {
    "light": species("light", 0.5, 1.0, 1.0, T_ref_K=T_REF, temperature_K=450.0),
    "middle": species("middle", 0.3, 4.0, 1.3, T_ref_K=T_REF, temperature_K=200.0),
    "heavy": species("heavy", 0.2, 20.0, 1.6, T_ref_K=T_REF, temperature_K=75.0),
}


def three_temperatures(scenario, density, start, time):
    """T_a(t) : (CELLS, 3) of three gases of Maxwell molecules without drift, exactly.

    dT_a/dt = -2 sum_b n_b S_ab m_a m_b/(m_a + m_b)^2 (T_a - T_b)
    """
    from scipy.linalg import expm

    molecules = scenario.molecules
    coupling = np.zeros((len(density), 3, 3))
    for a, b in itertools.permutations(range(3), 2):
        one, other = molecules[a], molecules[b]
        diameter = 0.5 * (one.diameter + other.diameter)
        S = reference.maxwell_rate_constant(one.mass, other.mass, diameter, T_REF)
        rate = 2.0 * S * one.mass * other.mass / (one.mass + other.mass) ** 2 * density[:, b]
        coupling[:, a, b] += rate
        coupling[:, a, a] -= rate
    return np.einsum("cij,cj->ci", expm(coupling * time), start)


def triple_error(order, seed=0, laws=None):
    """Light less middle and middle less heavy, against their exact course [K]: (CELLS, 6)."""
    scenario = mixture_cells(
        CELLS, 1_000_000, gas={"model": "maxwell"}, species=[TRIPLE[name] for name in order],
        run={"time_step_mct": 0.5, "steps": 1},
        sample={"every": 1, "quantities": ["temperature"]},
    )  # fmt: skip
    place = [order.index(name) for name in TRIPLE]
    figures = []
    with Repetition(SEED, seed, laws).simulation(scenario) as simulation:
        start = SpeciesState(simulation)
        for steps in (1, 2, 5):
            simulation.run(steps=steps)
            now = SpeciesState(simulation)
            exact = three_temperatures(scenario, start.density, start.temperature, simulation.time)
            light, middle, heavy = (now.temperature - exact)[:, place].T
            figures += [light - middle, middle - heavy]
        series = simulation.result.series
        for name, column in zip(order, now.temperature.T, strict=True):
            sampled = series[f"temperature_{name}"].value[-1]
            assert sampled == pytest.approx(column.mean(), rel=1e-3)  # 1/N of the cells' own drift
    return np.stack(figures, axis=1)


@pytest.mark.parametrize("order", ORDERS, ids="-".join)
def test_three_species_find_one_temperature_in_whatever_order_they_are_listed(order):
    """Hypothesis: the exact course of both differences at 0.5, 1.5 and 4 collision times.

    Errors: 0.3 to 0.7 K of 375 K. As energy is kept, two differences tell all three temperatures.
    """
    assert judged_equal(triple_error(order, seed=10 + ORDERS.index(order)))


def test_three_species_with_slightly_many_unlike_pairs_are_seen():
    """4 % more collisions between unlike molecules, two to three times what the errors resolve."""
    assert not judged_equal(triple_error(ORDERS[1], seed=14, laws=more_unlike_pairs(1.04)))


@pytest.mark.parametrize("order", ORDERS, ids="-".join)
def test_every_pair_of_species_collides_at_its_exact_rate_in_any_order(order):
    """Hypothesis: no deviation of the six rates from the first step on; 8e6 collisions, errors 0.06
    to 0.3 %. Molecules are counted for pairs a <= b alone."""
    seed = 70 + ORDERS.index(order)
    rates = collision_counts(Repetition(SEED, seed), order, 1_000_000, CELLS)
    assert judged_equal(rates, 1.0, margin=SHARED_ENERGY)


# ------------------------------------------------- hard spheres: one gas under two names

ALIASES = [species("here", 0.4, 1.0), species("there", 0.6, 1.0)]


def moments_on_the_way(seed, entries, laws=None):
    """Moments 4, 6, 8 at nu t = 0.5, 1, 2 and collisions over their exact values: (CELLS, 10)."""
    initial = {
        "kind": "two-temperature", "number_density_m3": NUMBER_DENSITY,
        "temperature_K": TEMPERATURE, "particles": 2_000_000,
    }  # fmt: skip
    scenario = mixture_cells(
        CELLS, 2_000_000, gas={"model": "hard-sphere"}, species=entries, initial=initial,
        run={"time_step_mct": 0.5, "steps": 4},
    )  # fmt: skip
    nu = reference.collision_rate(NUMBER_DENSITY, TEMPERATURE, MASS, DIAMETER)
    assert scenario.collision_rate == pytest.approx(float(nu), rel=1e-12)
    figures = []
    with Repetition(SEED, seed, laws).simulation(scenario) as simulation:
        for steps in (1, 2, 4):
            simulation.run(steps=steps - simulation.steps)
            particles = simulation.particles
            place = (particles.position[:, 0] / CELL_LENGTH).astype(np.int64)
            number = np.bincount(place, minlength=CELLS)
            square = (particles.velocity**2).sum(axis=1)
            second = np.bincount(place, square) / number * 2.0 / 3.0
            for k in (4, 6, 8):
                moment = np.bincount(place, square ** (k // 2)) / number / second ** (k // 2)
                maxwell = reference.maxwell_speed_moment(k)
                exact = reference.hard_sphere_history("B", f"moment_{k}", 0.5 * steps)
                figures.append(moment / (maxwell * exact))
    return np.stack(figures, axis=1)


def test_one_gas_under_two_names_relaxes_as_the_pure_gas():
    """Hypothesis: state B of hard spheres, moments 4, 6, 8 at three times.

    Errors 0.1 to 0.7 %; margin 0.05 %: moments of 3e4 particles about their own energy.
    """
    assert judged_equal(moments_on_the_way(80, ALIASES), 1.0, margin=5e-4)


def test_one_gas_under_two_names_with_fewer_unlike_collisions_is_seen():
    """20 % fewer collisions between the names, 10 % of all: m4 - 1 decays by 10 % less."""
    wrong = moments_on_the_way(81, ALIASES, more_unlike_pairs(0.8))
    assert not judged_equal(wrong, 1.0, margin=5e-4)
