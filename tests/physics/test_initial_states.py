"""Every initial state has the moments of the distribution that it is named after.

Raw moments of v/v0 of 1.6e6 molecules in 32 replicas are judged jointly against closed forms, with
nothing made exact afterwards (`zero_momentum`, `exact_energy` off), so that no figure is biased.
"""

import math

import numpy as np
import pytest

from dsmc import Scenario, Simulation, reference
from dsmc.species import BOLTZMANN, TABLE
from dsmc.statistics import joint_test, single_test

SEED = 20261121
TEMPERATURE = 300.0
ARGON = TABLE["Ar"].as_model("hard-sphere")
V0 = math.sqrt(2.0 * BOLTZMANN * TEMPERATURE / ARGON.mass)
FLOW = (30.0, -20.0, 10.0)  # m/s
REPLICAS = 32
BUDGET = 1e-6


def start(kind, replica=0, particles=50_000, quantities=("temperature",), **initial):
    """A simulation that has not begun."""
    scenario = Scenario(
        gas={"species": "Ar", "model": "hard-sphere"},
        domain={"length_m": [1e-3, 2e-3], "cells": [3, 4]},
        initial={"kind": kind, "number_density_m3": 1e22, "temperature_K": TEMPERATURE,
                 "particles": particles, **initial},
        run={"time_step_mct": 0.2, "steps": 1, "seed": SEED},
        sample={"every": 1, "quantities": list(quantities)},
    )  # fmt: skip
    return Simulation(scenario, threads=1, replica=replica)


def raw_moments(kind, **initial):
    """<v_x^2>, <v_z^2>, <|v|>, <v^4>, <v^6>, <v^8> and eight averages that vanish: (32, 14).

    In v0, about the flow velocity; x and y are places in the box, from -1/2 to 1/2.
    """
    figures = []
    for replica in range(REPLICAS):
        loose = {"zero_momentum": False, "exact_energy": False, "velocity_m_s": FLOW}
        with start(kind, replica, **{**loose, **initial}) as simulation:
            v = (simulation.particles.velocity - FLOW) / V0
            x, y = (simulation.particles.position / (1e-3, 2e-3) - 0.5).T
        square = (v**2).sum(axis=1)
        figures.append(
            [(v[:, 0] ** 2).mean(), (v[:, 2] ** 2).mean(), np.sqrt(square).mean()]
            + [(square ** (k // 2)).mean() for k in (4, 6, 8)]
            + list(v.mean(axis=0))
            + [(v[:, 0] * v[:, 1]).mean(), (v[:, 1] * v[:, 2]).mean()]
            + [(x * square).mean(), (y * v[:, 0]).mean(), (x + y).mean()]
        )
    return np.array(figures)


def isotropic(moments):
    """<v_x^2>, <v_z^2>, <|v|>, <v^4>, <v^6>, <v^8> from the moments over Maxwell's."""
    maxwell = reference.maxwell_speed_moment(np.array([1.0, 4.0, 6.0, 8.0]))
    return np.concatenate([[0.5, 0.5], maxwell * moments])


def even_moments(one_component):
    """<v^4>, <v^6>, <v^8> of independent components with moments of order 2, 4, 6, 8, each (3,)."""
    a, b, c, d = one_component
    pairs = [(0, 1), (0, 2), (1, 0), (1, 2), (2, 0), (2, 1)]
    fourth = b.sum() + sum(a[i] * a[j] for i, j in pairs)
    sixth = c.sum() + 3.0 * sum(b[i] * a[j] for i, j in pairs) + 6.0 * a.prod()
    eighth = d.sum() + 4.0 * sum(c[i] * a[j] for i, j in pairs)
    eighth += 3.0 * sum(b[i] * b[j] for i, j in pairs)
    eighth += 12.0 * sum(b[i] * a[j] * a[3 - i - j] for i, j in pairs if j < 3 - i - j)
    return fourth, sixth, eighth


def bi_maxwellian(ratio=4.0):
    across = 1.5 / (ratio + 2.0)  # <v_y^2>
    moments = reference.bi_maxwellian_moment(np.array([1.0, 4.0, 6.0, 8.0]), ratio)
    return np.concatenate([[ratio * across, across], isotropic(moments)[2:]])


def two_beams(ratio=0.1):
    """A Maxwellian of variance s^2 = ratio/2 in each component, moved by +-u along x."""
    from scipy.special import erf

    s, u = math.sqrt(0.5 * ratio), math.sqrt(1.5 * (1.0 - ratio))
    speed = s * math.sqrt(2.0 / math.pi) * math.exp(-(u**2) / (2.0 * s**2))
    speed += (u + s**2 / u) * erf(u / (s * math.sqrt(2.0)))
    across = np.array([s**2, 3.0 * s**4, 15.0 * s**6, 105.0 * s**8])
    along = [u**2 + s**2, u**4 + 6 * u**2 * s**2 + 3 * s**4]
    along.append(u**6 + 15 * u**4 * s**2 + 45 * u**2 * s**4 + 15 * s**6)
    along.append(u**8 + 28 * u**6 * s**2 + 210 * u**4 * s**4 + 420 * u**2 * s**6 + 105 * s**8)
    orders = np.column_stack([along, across, across])
    return np.array([along[0], s**2, speed, *even_moments(orders)])


def uniform_cube():
    """Components uniform in +-a: <v_i^2k> = a^2k/(2k + 1); mean distance 0.9606 a."""
    a = math.sqrt(1.5)
    orders = np.array([[a ** (2 * k) / (2 * k + 1)] * 3 for k in (1, 2, 3, 4)])
    nodes, weights = np.polynomial.legendre.leggauss(40)
    x, y, z = np.meshgrid(*[0.5 * (nodes + 1.0)] * 3)
    w = np.einsum("i,j,k->ijk", weights, weights, weights) / 8.0
    speed = a * (np.sqrt(x**2 + y**2 + z**2) * w).sum()
    return np.array([a**2 / 3.0, a**2 / 3.0, speed, *even_moments(orders)])


def two_temperature(low=0.5, high=1.5):
    return isotropic(np.array([0.5 * (low ** (k / 2) + high ** (k / 2)) for k in (1, 4, 6, 8)]))


def bkw():
    """C = 3/5; c^2 = 0.6 x with x of the gamma law of shape 5/2."""
    speed = math.sqrt(0.6) * math.gamma(3.0) / math.gamma(2.5)
    maxwell = float(reference.maxwell_speed_moment(1.0))
    moments = [speed / maxwell, *(float(reference.bkw_moment(k, 0.0)) for k in (4, 6, 8))]
    return isotropic(np.array(moments))


EXACT = {
    "equilibrium": isotropic(np.ones(4)),
    "bkw": bkw(),
    "bi-maxwellian": bi_maxwellian(),
    "two-temperature": two_temperature(),
    "two-beams": two_beams(),
    "shell": 1.5 ** np.array([1, 1, 0.5, 2, 3, 4]) / np.array([3, 3, 1, 1, 1, 1]),
    "uniform-cube": uniform_cube(),
}


def has_moments(figures, exact):
    """Whether moments and vanishing averages are those of the distribution."""
    scale = np.concatenate([exact, np.ones(8)])
    expected = np.concatenate([np.ones(6), np.zeros(8)])
    rounding = np.full(14, 1e-13)  # a shell has speeds without scatter
    return bool(joint_test(figures / scale, expected, margin=rounding, budget=BUDGET))


@pytest.mark.parametrize("kind", EXACT)
def test_an_initial_state_has_the_moments_of_its_distribution(kind):
    """Hypothesis: closed forms, isotropy, no link between place and velocity.

    Errors: 0.03 to 0.1 % of the low moments, 0.5 % of <v^8>.
    """
    assert has_moments(raw_moments(kind), EXACT[kind])


@pytest.mark.parametrize("kind", EXACT)
def test_an_initial_state_one_percent_too_warm_is_seen(kind):
    assert not has_moments(raw_moments(kind, temperature_K=1.01 * TEMPERATURE), EXACT[kind])


@pytest.mark.parametrize(
    ("kind", "wrong"),
    [
        ("bi-maxwellian", {"temperature_ratio": 4.1}),
        ("two-temperature", {"low": 0.47, "high": 1.53}),
        ("two-beams", {"beam_temperature_ratio": 0.102}),
    ],
)
def test_an_initial_state_of_slightly_another_shape_is_seen(kind, wrong):
    """The same energy, otherwise divided: seven errors or more."""
    assert not has_moments(raw_moments(kind, **wrong), EXACT[kind])


EXCESS = {
    "bkw": reference.EXCESS_BKW,
    "two-temperature": reference.EXCESS_TWO_TEMPERATURE,
    "bi-maxwellian": float(reference.excess_bi_maxwellian(4.0)),
    "two-beams": float(reference.excess_two_beams(0.1)),
}


def excess(kind, **initial):
    """H - H_eq by histogram at the start of 4e5 molecules: value and error."""
    with start(kind, 0, 400_000, ["h_excess"], **initial) as simulation:
        series = simulation.result.series["h_excess"]
    return series.value[0], series.error[0]


@pytest.mark.parametrize("kind", EXCESS)
def test_an_initial_state_has_the_entropy_of_its_distribution(kind):
    """Hypothesis: the exact H - H_eq; error about 2e-4 to 1e-3; margin 1 % for the bins."""
    exact = EXCESS[kind]
    assert single_test(*excess(kind), exact, margin=0.01 * exact, budget=BUDGET)


@pytest.mark.parametrize(
    ("kind", "wrong"),
    [
        ("two-temperature", {"low": 0.46, "high": 1.54}),
        ("bi-maxwellian", {"temperature_ratio": 4.2}),
        ("two-beams", {"beam_temperature_ratio": 0.095}),
    ],
)
def test_the_entropy_of_a_slightly_sharper_state_is_told_apart(kind, wrong):
    """An excess larger by 3 to 20 %."""
    exact = EXCESS[kind]
    assert not single_test(*excess(kind, **wrong), exact, margin=0.01 * exact, budget=BUDGET)


# ------------------------------------------------------------------ two half-spaces

LEFT = {"number_density_m3": 4e22, "temperature_K": 500.0, "velocity_m_s": [120.0, 0.0, 0.0]}
RIGHT = {"number_density_m3": 1e22, "temperature_K": 250.0, "velocity_m_s": [0.0, -80.0, 0.0]}
SPLIT = 0.3


def riemann_figures(d, **right):
    """Number, T, u_x, u_y, place and its spread on both sides over exact: (32, 12)."""
    lengths = [2e-3, 1e-3, 1e-3][:d]
    figures = []
    for replica in range(REPLICAS):
        scenario = Scenario(
            gas={"species": "Ar", "model": "hard-sphere"},
            domain={"length_m": lengths, "cells": [10] * d},
            initial={"kind": "riemann", "left": LEFT, "right": {**RIGHT, **right},
                     "split": SPLIT, "particles": 40_000},
            boundaries={"x": {"kind": "specular"}},
            run={"time_step_mct": 0.2, "steps": 1, "seed": SEED},
            sample={"every": 1, "fields_every": 0, "quantities": ["temperature"]},
        )  # fmt: skip
        with Simulation(scenario, threads=1, replica=replica) as simulation:
            x = simulation.particles.position[:, 0] / lengths[0]
            v = np.array(simulation.particles.velocity)
            per_volume = scenario.weight / scenario.volume
        row = []
        for inside, begin, width, side in (
            (x < SPLIT, 0.0, SPLIT, LEFT), (x >= SPLIT, SPLIT, 1.0 - SPLIT, RIGHT),
        ):  # fmt: skip
            own, flow = v[inside], np.array(side["velocity_m_s"])
            thermal = math.sqrt(BOLTZMANN * side["temperature_K"] / ARGON.mass)
            place = (x[inside] - begin) / width
            row += [
                inside.sum() * per_volume / (width * side["number_density_m3"]),
                ((own - flow) ** 2).mean() / thermal**2,
                1.0 + (own[:, 0] - flow[0]).mean() / thermal,
                1.0 + (own[:, 1] - flow[1]).mean() / thermal,
                2.0 * place.mean(),
                12.0 * place.var(),
            ]
        figures.append(row)
    return np.array(figures)


def is_riemann(figures):
    """Whether both sides are as stated; quotas round the number by half a particle."""
    margin = np.zeros(figures.shape[1])
    margin[0::6] = 0.5 / 14_000
    return bool(joint_test(figures, np.ones(figures.shape[1]), margin=margin, budget=BUDGET))


@pytest.mark.parametrize("d", [1, 3])
def test_a_riemann_state_has_the_stated_gas_on_each_side(d):
    """Hypothesis: n (exact quota), T, u, and places spread evenly; errors 0.1 to 0.2 %."""
    assert is_riemann(riemann_figures(d))


@pytest.mark.parametrize("wrong", [{"temperature_K": 255.0}, {"number_density_m3": 1.02e22}])
def test_a_riemann_state_with_a_slightly_other_side_is_seen(wrong):
    assert not is_riemann(riemann_figures(1, **wrong))
