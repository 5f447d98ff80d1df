"""Gases behind open faces: as many molecules enter, as fast, as kinetic theory says.

That reservoirs keep a gas in equilibrium, and how gas effuses, are cases of the validation
(`reservoirs`, `effusion`).

Each judgement has the false-alarm budget 1e-6.  Counts of entering molecules are Poisson numbers,
so their errors are known.
"""

import math

import numpy as np
import pytest
from scipy import stats

from dsmc import Simulation, entering, reference
from dsmc.scenario.scales import flux_ratio
from dsmc.species import BOLTZMANN
from dsmc.statistics import two_sided_z
from dsmc.walls import COLUMNS, ENERGY_IN, ENERGY_OUT, MOMENTUM_IN, MOMENTUM_OUT
from tests.physics.open_boxes import (
    CROSSING,
    LENGTH,
    MASS,
    NUMBER_DENSITY,
    TEMPERATURE,
    V0,
    flux_law,
    open_box,
    reservoir,
)

BUDGET = 1e-6
SIGMAS = two_sided_z(BUDGET)
FLUX = NUMBER_DENSITY * V0 / (2.0 * math.sqrt(math.pi))  # of a gas at rest, per area and time
MIRROR = {"kind": "specular"}


def newcomers(s, side, wanted=40_000):
    """Molecules that entered in one step: distance from the face [v0 dt], velocity [v0], number.

    The step is so short that none can reach the other face.
    """
    step = CROSSING * (0.2 if s < 0.0 else 0.01 / max(1.0, s))
    expected = FLUX * flux_ratio(s) * step
    weight = expected / wanted
    outward = -1.0 if side == "low" else 1.0
    faces = {"low": MIRROR, "high": MIRROR, side: reservoir(-outward * s)}
    scenario = open_box(
        faces["low"], faces["high"], 1000, step,
        initial={"particles": None, "weight": weight, "number_density_m3": 1000 * weight / LENGTH},
        output={"trajectory": 1},
    )  # fmt: skip
    with Simulation(scenario, threads=1) as simulation:
        simulation.advance(1)
        new = simulation.particles.id >= 1000
        depth = simulation.particles.position[new, 0]
        velocity = simulation.particles.velocity[new] / V0
        velocity[:, 0] *= -outward
        depth = depth if side == "low" else LENGTH - depth
        return depth / (V0 * step), velocity, new.sum(), wanted


@pytest.mark.parametrize(("s", "side"), [(-3.0, "high"), (0.0, "low"), (10.0, "high")])
def test_those_who_enter_have_the_velocities_of_the_flux_and_a_uniform_time(s, side):
    """Kolmogorov and Smirnov, 4e4 molecules: a distance of 0.013 is seen.

    Twins: a drift that is off, no weight of the flux, times that favour the end.
    """
    depth, velocity, number, mean = newcomers(s, side)
    assert abs(number - mean) < SIGMAS * math.sqrt(mean)
    normal, time = velocity[:, 0], depth / velocity[:, 0]
    assert stats.kstest(normal, flux_law(s)).pvalue > BUDGET
    for axis in (1, 2):
        assert stats.kstest(velocity[:, axis], stats.norm(0.0, math.sqrt(0.5)).cdf).pvalue > BUDGET
    assert stats.kstest(time, "uniform").pvalue > BUDGET
    assert stats.kstest(normal, flux_law({-3.0: -3.3, 0.0: 0.06, 10.0: 10.1}[s])).pvalue < BUDGET
    half = stats.norm(s, math.sqrt(0.5))
    unweighted = lambda v: (half.cdf(v) - half.cdf(0.0)) / half.sf(0.0)  # noqa: E731
    assert s == 10.0 or stats.kstest(normal, unweighted).pvalue < BUDGET
    assert stats.kstest(time**0.95, "uniform").pvalue < BUDGET


def entered(simulation, patch):
    """Particles that a patch gave to the box, by species."""
    kinds = (simulation.tallies["walls"].shape[1] - COLUMNS) // 2
    return simulation.tallies["walls"][patch, COLUMNS + kinds :]


def test_patches_of_a_mixture_let_in_what_their_visible_area_says():
    """Three patches that overlap, two species: counts over n_s v0_s chi A t / (2 sqrt pi F_N).

    Sum of squares of the deviations in Poisson errors, some 1e4 each: χ² of six.  Twins: 5 % less,
    and areas that ignore what is covered.
    """
    streams = {"temperature_K": 400.0, "velocity_m_s": [100.0, -30.0, 20.0]}
    ranges = [(0.1, 0.5), (0.3, 0.9)]
    patches = [
        {"kind": "reservoir", "number_density_m3": n, "fractions": {"Ar": x, "He": 1.0 - x},
         "from_m": [1e-3 * low], "to_m": [1e-3 * high], **streams}
        for n, x, (low, high) in zip((2e20, 1e20), (0.7, 0.4), ranges, strict=True)
    ]  # fmt: skip
    rest = {"kind": "reservoir", "number_density_m3": 5e19, **streams, "patches": patches}
    scenario = open_box(
        rest, {"kind": "open"}, 2000, 1e-7, gas={"species": None},
        species=[{"name": "Ar", "fraction": 0.5}, {"name": "He", "fraction": 0.5}],
        domain={"length_m": [1e-3, 1e-3], "cells": [4, 4]}, sample={"fields_every": 1},
    )  # fmt: skip
    area = np.array([0.4e-3, 0.4e-3, 0.2e-3])
    densities = np.array([[2e20 * 0.7, 2e20 * 0.3], [1e20 * 0.4, 1e20 * 0.6], [2.5e19, 2.5e19]])
    speeds = np.array([math.sqrt(2 * BOLTZMANN * 400.0 / m.mass) for m in scenario.molecules])
    steps = 300
    flux = densities * speeds * [flux_ratio(100.0 / v) for v in speeds] / (2.0 * math.sqrt(math.pi))
    expected = flux * area[:, None] * steps * scenario.time_step / scenario.weight
    with Simulation(scenario, threads=2) as simulation:
        simulation.advance(steps)
        counted = np.array([entered(simulation, patch) for patch in range(3)])

    def is_refused(expected):
        return stats.chi2.sf(((counted - expected) ** 2 / expected).sum(), 6) < BUDGET

    assert [patch.area for patch in scenario.patches[:3]] == pytest.approx(area)
    assert not is_refused(expected)
    assert is_refused(0.95 * expected)
    covered = np.array([0.0, 0.2e-3, 0.0])
    assert is_refused(expected * (1.0 + covered / area)[:, None])


# ------------------------------------------------------------------ numbers that enter


def arrivals_are_poisson(laws=None, steps=600):
    """χ² of the numbers that enter in each step, 56 on average, through one face."""
    scenario = open_box(reservoir(), {"kind": "open"}, 2000)
    numbers = []
    with Simulation(scenario, threads=1, laws=laws) as simulation:
        for _ in range(steps):
            before = entered(simulation, 0).sum()
            simulation.advance(1)
            numbers.append(entered(simulation, 0).sum() - before)
    mean = FLUX * scenario.time_step / scenario.weight
    square = ((np.array(numbers) - mean) ** 2).sum() / mean
    return min(stats.chi2.cdf(square, steps), stats.chi2.sf(square, steps)) > BUDGET / 2.0


def test_the_numbers_that_enter_fluctuate_as_poisson():
    """600 steps: a variance off by 30 % is seen.  Twin: the mean, rounded by chance."""
    assert arrivals_are_poisson()
    assert not arrivals_are_poisson(
        {"many_events": lambda mean, u, v: (math.floor(mean + u), True)}
    )


# ------------------------------------------------------------------ what is counted


def totals(simulation):
    """Particles of each species, momentum (3) and energy of the gas, per F_N."""
    view, molecules = simulation.particles, simulation.scenario.molecules
    mass = np.array([molecule.mass for molecule in molecules])[view.species]
    numbers = np.bincount(view.species, minlength=len(molecules))
    momentum = mass @ view.velocity
    return np.array([*numbers, *momentum, 0.5 * mass @ (view.velocity**2).sum(axis=1)])


def test_number_momentum_and_energy_of_gas_and_faces_balance_to_rounding():
    """A mixture between a reservoir, a vacuum, walls and an inlet: numbers exactly, sums to 1e-12.

    The twin forgets what enters through one patch.
    """
    gas = {"number_density_m3": 1e21, "temperature_K": 400.0}
    scenario = open_box(
        {"kind": "reservoir", "velocity_m_s": [150.0, 20.0, 0.0], **gas},
        {"kind": "open", "patches": [
            {"kind": "cll", "temperature_K": 250.0, "normal_accommodation": 0.5,
             "tangential_accommodation": 0.6, "from_m": [0.0], "to_m": [0.4e-3]},
            {"kind": "pressure", "pressure_Pa": 0.5, "temperature_K": 300.0, "from_m": [0.6e-3],
             "to_m": [1e-3]}]},
        5000, 3e-7, gas={"species": None, "model": "vss"},
        species=[{"name": "Ar", "fraction": 0.5}, {"name": "He", "fraction": 0.5}],
        domain={"length_m": [1e-3, 1e-3], "cells": [9, 8]},
        initial={"number_density_m3": 1e21}, collisions={"scheme": "ntc"},
        sample={"fields_every": 1},
    )  # fmt: skip
    tables = scenario.model_dump(exclude_unset=True)
    tables["boundaries"]["y"] = {
        "low": {"kind": "mass-flow", "mass_flow_kg_s": 1e-6, "temperature_K": 300.0},
        "high": {"kind": "diffuse", "temperature_K": 500.0, "velocity_m_s": [50.0, 0.0, 0.0]},
    }
    with Simulation(type(scenario)(**tables), threads=2) as simulation:
        begin = totals(simulation)
        simulation.advance(60)
        change = totals(simulation) - begin
        tally = simulation.tallies["walls"]
    given = np.hstack([tally[:, COLUMNS + 2 :], tally[:, MOMENTUM_OUT : ENERGY_OUT + 1]])
    taken = np.hstack([tally[:, COLUMNS : COLUMNS + 2], tally[:, MOMENTUM_IN : ENERGY_IN + 1]])
    balance = (given - taken).sum(axis=0) - change
    scale = np.abs(given).sum(axis=0) + np.abs(taken).sum(axis=0) + np.abs(begin)
    assert np.all(np.abs(balance) <= 1e-12 * scale) and not balance[:2].any()
    assert change[:2].any() and np.all(given[:, :2].sum(axis=0) > 100)
    for patch in range(len(given)):
        without = balance - given[patch]
        assert not given[patch].any() or np.any(np.abs(without) > 1e-6 * scale)


# ------------------------------------------------------------------ inlets of given flow, pressure


def test_an_inlet_lets_in_its_flow_on_balance():
    """Net number in Poisson errors, 1e4 molecules; the gas hits the inlet six times as often."""
    flow = 0.2 * FLUX
    inlet = {"kind": "mass-flow", "number_flow_per_s": flow, "temperature_K": TEMPERATURE}
    scenario = open_box(inlet, reservoir(), 4000, 0.05 * CROSSING)
    steps = 1000
    with Simulation(scenario, threads=2) as simulation:
        simulation.advance(steps)
        kinds = simulation.tallies["walls"][0, COLUMNS:]
        expected = flow * steps * scenario.time_step / scenario.weight
    net = kinds[1] - kinds[0]
    assert kinds[0] > 3.0 * expected and expected > 5000
    assert abs(net - expected) < SIGMAS * math.sqrt(expected)
    assert abs(kinds[1] - expected) > SIGMAS * math.sqrt(expected)  # the twin: gross, not net
    assert abs(net - 1.1 * expected) > SIGMAS * math.sqrt(expected)


def streaming(pressure_ratio, s=0.4):
    """A stream at s v0 from a reservoir to an outlet: density of the gas, its speed, the outlet's.

    pressure_ratio : of the outlet to the pressure of the stream
    """
    pressure = pressure_ratio * NUMBER_DENSITY * BOLTZMANN * TEMPERATURE
    outlet = {"kind": "pressure", "pressure_Pa": pressure, "temperature_K": TEMPERATURE,
              "averaging_steps": 200}  # fmt: skip
    scenario = open_box(
        reservoir(s), outlet, 20_000, 0.1 * CROSSING, collisions={"scheme": "ntc"},
        initial={"velocity_m_s": [s * V0, 0.0, 0.0]},
    )  # fmt: skip
    rows = []
    with Simulation(scenario, threads=2) as simulation:
        simulation.advance(1500)
        for _ in range(10):
            found = []
            for _ in range(20):
                simulation.advance(10)
                v = simulation.particles.velocity[:, 0]
                found.append(
                    [v.size / 20_000, v.mean() / V0, -simulation.executor.outside.stream[1] / V0]
                )
            rows.append(np.mean(found, axis=0))
    rows = np.array(rows)
    return rows.mean(axis=0), rows.std(axis=0, ddof=1) / math.sqrt(10)


def test_an_outlet_at_the_pressure_of_a_stream_lets_it_pass_undisturbed():
    """Density 1, speed 0.4 v0, and so the gas behind the outlet: margins 0.5 % and 0.005 v0."""
    value, error = streaming(1.0)
    assert np.all(np.abs(value - [1.0, 0.4, 0.4]) < 0.005 + 5.0 * error)
    assert np.all(error < 0.006)


def test_an_outlet_of_higher_pressure_dams_the_stream():
    """10 % more pressure: the stream is denser and slower, by more than the margins above."""
    value, error = streaming(1.1)
    assert value[0] > 1.01 + 5.0 * error[0] and value[1] < 0.39 - 5.0 * error[1]


def balanced(steps):
    """Particles in a box, over those of the start, whose gas outside is too thin on one side.

    steps : `balancing_steps` of the other side; (value, error) of 20 stretches of time
    """
    other = reservoir(balancing_steps=steps) if steps else reservoir()
    scenario = open_box(reservoir(density=0.8 * NUMBER_DENSITY), other, 4000, 0.1 * CROSSING)
    with Simulation(scenario, threads=1) as simulation:
        simulation.advance(400)
        rows = []
        for _ in range(20):
            numbers = []
            for _ in range(30):
                simulation.advance(3)
                numbers.append(simulation.particles.velocity.shape[0] / 4000)
            rows.append(np.mean(numbers))
    return np.mean(rows), np.std(rows, ddof=1) / math.sqrt(20)


def test_a_reservoir_balances_the_number_of_molecules():
    """N/N_0 = (0.9 + g)/(1 + g), g = 1/2 M f, f the share of N_0 that the full density sends in a
    step: half of a free-molecular gas comes from either side, and that side sends (N_0 - N)/M more.

    A budget of 1e-4 by Student's law with 19 degrees. Twins: the reservoir that does not balance,
    and one that balances half as fast.
    """
    f = 0.1 / (2.0 * math.sqrt(math.pi))

    def exact(steps):
        g = 1.0 / (2.0 * steps * f)
        return (0.9 + g) / (1.0 + g)

    value, error = balanced(20)
    assert abs(value - exact(20)) < 4.9 * error
    assert abs(value - exact(40)) > 4.9 * error
    value, error = balanced(None)
    assert abs(value - 0.9) < 4.9 * error
    assert abs(value - exact(20)) > 4.9 * error


def test_free_molecular_flux_agrees_with_the_reference():
    assert reference.one_sided_flux(NUMBER_DENSITY, TEMPERATURE, MASS) == pytest.approx(FLUX)
    assert entering.entering_flux(NUMBER_DENSITY, V0, 0.0) == pytest.approx(FLUX)
