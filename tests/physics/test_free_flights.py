"""Who collides: the collision rate by speed, and the law of free flights, in equilibrium.

A molecule of speed c v0 collides at the rate nu(c) = nu 2^(-p/2) 1F1(-p/2; 3/2; -c^2), sigma g ~
g^p, averaged over a class of speeds by reference.class_rate (Chapman & Cowling 1970, chapter 5).
Free flights are a mixture of exponentials: <t^2>/<t>^2 = 2.0761, not 2. A pair selection that
prefers slow or fast molecules leaves the total rate right and is seen here.

Exposure is counted at the start of each step and collisions within it: in equilibrium both have
the same law at all times, so there is no error in dt. Free flights are counted if they end later
than 20 tau after the start; none begins before it, but for a share exp(-0.7 x 20) < 1e-6.
"""

import numpy as np
import pytest

from dsmc import reference
from dsmc.statistics import joint_test
from tests.physics.homogeneous_gas import BUDGET, box, replicas, report

# Classes of speed [v0] and the accuracy asked of nu(c)/nu in each.
CLASSES = {
    (0.0, 0.1): 0.01,
    (0.25, 0.5): 0.005,
    (0.5, 0.75): 0.005,
    (0.75, 1.0): 0.005,
    (1.0, 1.25): 0.005,
    (1.25, 1.5): 0.005,
    (1.5, 1.75): 0.005,
    (1.75, 2.0): 0.005,
    (2.9, 3.1): 0.01,
    (3.75, 4.25): 0.03,
}
FLIGHTS = ("<t^2>/<t>^2", "<l^2>/<l>^2")
LABELS = [f"nu(c)/nu, {low:g}..{high:g}" for low, high in CLASSES]


def exponent(scenario):
    """p of sigma g ~ g^p."""
    return 2.0 - 2.0 * scenario.molecules[0].omega


def class_rates(scenario):
    """nu(c)/nu of every class and the share of molecules in it."""
    low, high = np.array(list(CLASSES)).T
    exact = reference.class_rate(low, high, exponent(scenario)) * (1 - 1 / scenario.particle_count)
    c, weight = np.polynomial.legendre.leggauss(32)
    half = (high - low) / 2.0
    inside = low[:, None] + half[:, None] * (c + 1.0)
    share = half * (reference.maxwell_speed_density(inside) * weight).sum(axis=1)
    return exact, share


def census(scenario, steps):
    """History of one run: nu(c)/nu of the classes, then the two ratios of free flights.

    With K collisions and E particle-steps in a class, nu(c)/nu is taken as r + (K/(nu dt) - r E)/E'
    about the exact r, E' being the expected E: linear in both counts, so unbiased however rare
    the class is.
    """
    exact, share = class_rates(scenario)
    expected_exposure = share * scenario.particle_count * steps
    step = scenario.run.time_step_mct

    def history(simulation):
        sampler = simulation.census_sampler
        collisions, exposures = sampler.events.sum(axis=0), sampler.exposure.sum(axis=0)
        simulation.run(steps=steps)
        collisions = sampler.events.sum(axis=0) - collisions
        exposures = sampler.exposure.sum(axis=0) - exposures
        edges = np.arange(sampler.CLASSES + 1) / sampler.PER_SPEED
        rates = []
        for k, (low, high) in enumerate(CLASSES):
            inside = (edges[:-1] > low - 1e-9) & (edges[1:] < high + 1e-9)
            surplus = collisions[inside].sum() / step - exact[k] * exposures[inside].sum()
            rates.append(exact[k] + surplus / expected_exposure[k])
        return np.array([*rates, *sampler.flight_ratios()[:2]])

    return history


def rows_of(model, count, particles, tau, step=0.5, laws=None):
    """Rows (class rates, flight ratios) of replicas that last 20 tau and `tau` more, and exact."""
    scenario = box(
        model, particles=particles, cells=max(1, particles // 10_000), step=step,
        quantities=("speed_rate", "free_flight"),
    )  # fmt: skip
    rows = replicas(scenario, count, census(scenario, round((20 + tau) / step)), laws)
    flights = reference.FREE_FLIGHT
    exact = [*class_rates(scenario)[0], flights.time_second_moment, flights.path_second_moment]
    return rows, np.array(exact)


def test_fast_molecules_collide_more_often_by_the_kinetic_law():
    """Hard spheres: ten classes of speed and two ratios of free flights, jointly, margin 0.
    24 replicas of 4e4 molecules, 5e7 molecules times tau: errors 0.05 % in the middle, 0.7 % at
    rest, 4 % at c = 4; flights 0.02 %."""
    rows, exact = rows_of("hard-sphere", 24, 40_000, 30.0)
    report("hard spheres", [*LABELS, *FLIGHTS], rows, exact)
    assert joint_test(rows, exact, budget=BUDGET)


def test_softer_molecules_depend_less_on_their_speed():
    """VHS argon, sigma g ~ g^0.38: the same classes, jointly, margin 0; no flights."""
    rows, exact = rows_of("vhs", 24, 40_000, 10.0)
    report("VHS argon", LABELS, rows[:, :-2], exact[:-2])
    assert joint_test(rows[:, :-2], exact[:-2], budget=BUDGET)


@pytest.mark.parametrize("share", [0.15, 0.18])
def test_a_majorant_that_is_too_low_is_noticed(share):
    """g^2 bounded by 0.15 or 0.18 of 4 max c^2: the fastest pairs collide too seldom, molecules at
    c = 3 by 13 % and 7 % while the total rate is off by 0.6 % and 0.2 %."""
    laws = {"bound_squared": lambda first, second: share * 2.0 * (first + second)}
    rows, exact = rows_of("hard-sphere", 24, 40_000, 10.0, laws=laws)
    report(f"bound {share}", [*LABELS, *FLIGHTS], rows, exact)
    assert not joint_test(rows[:, :-2], exact[:-2], budget=BUDGET)


@pytest.mark.long
def test_collision_rates_by_speed_and_free_flights_are_exact():
    """2e9 molecules times tau: each class within its accuracy (0.5 %; 1 % at rest and at c = 3;
    3 % at c = 4, four errors), flights within 1 %; and jointly within the errors, margin 0."""
    rows, exact = rows_of("hard-sphere", 64, 200_000, 140.0)
    report("hard spheres", [*LABELS, *FLIGHTS], rows, exact)
    assert joint_test(rows, exact, budget=BUDGET)
    accuracy = np.array([*CLASSES.values(), 0.01, 0.01])
    assert np.all(np.abs(rows.mean(axis=0) / exact - 1.0) < accuracy)
