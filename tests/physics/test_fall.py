"""Molecules in a field of force: parabolas between exact hits of the faces.

The force is that of a light column: m g L of the order of kT.
"""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from dsmc import Simulation
from dsmc.parabola import arrival_time
from dsmc.walls import HITS
from tests.physics.open_boxes import CROSSING, LENGTH, V0, open_box

BUDGET = 1e-6
MIRROR = {"kind": "specular"}
G = 0.5 * V0 * V0 / LENGTH  # m/s^2: m g L = kT
AXES = "xyz"


def falling(d, step, particles=300, acceleration=(-G, 0.4 * G, 0.3 * G), **changes):
    """A gas between mirrors in d dimensions, in a field of force."""
    walls = {axis: {"low": MIRROR, "high": MIRROR} for axis in AXES[1:d]}
    return open_box(
        MIRROR, MIRROR, particles, step, force={"acceleration_m_s2": list(acceleration)},
        domain={"length_m": [LENGTH, 0.8 * LENGTH, 1.3 * LENGTH][:d], "cells": [5] * d},
        boundaries=walls, output={"trajectory": 1}, **changes,
    )  # fmt: skip


def energies(simulation, d, acceleration):
    """Kinetic and potential energy of every molecule [v0^2], by id."""
    view = simulation.particles
    g = np.array(acceleration[:d])
    order = np.argsort(view.id)
    energy = 0.5 * (view.velocity[:, :d] ** 2).sum(axis=1) - view.position @ g
    return energy[order] / V0**2


@pytest.mark.parametrize("d", [1, 3])
@pytest.mark.parametrize("crossings", [0.03, 7.0])
def test_every_molecule_keeps_its_energy_between_mirrors(d, crossings):
    """200 steps, short and long (some 20 hits in each): 1e-11 of m v0^2 by rounding.

    A field as strong as 10 kT: many molecules never reach the ceiling.  Twin: a force that is
    1e-9 larger.
    """
    strong = (-10.0 * G, 0.4 * G, 0.3 * G)
    with Simulation(falling(d, crossings * CROSSING, 300, strong), threads=2) as simulation:
        begin = energies(simulation, d, strong)
        simulation.advance(200)
        end = energies(simulation, d, strong)
        hits = simulation.tallies["walls"][:, HITS]
        other = energies(simulation, d, [(1.0 + 1e-9) * g for g in strong])
    assert hits.sum() > 300 and np.abs(end - begin).max() < 1e-11
    assert np.abs(other - begin).max() > 1e-10


@pytest.mark.parametrize("d", [1, 3])
def test_one_long_step_does_what_many_short_ones_do(d):
    """3 crossings at once and in 300 steps: places agree to 1e-9 of the box, hits exactly."""
    ends = []
    for steps in (1, 300):
        with Simulation(falling(d, 3.0 * CROSSING / steps), threads=1) as simulation:
            simulation.advance(steps)
            order = np.argsort(simulation.particles.id)
            ends.append((simulation.particles.position[order],
                         simulation.particles.velocity[order],
                         simulation.tallies["walls"][:, HITS]))  # fmt: skip
    (x, v, hits), (x_short, v_short, hits_short) = ends
    assert np.abs(x - x_short).max() < 1e-9 * LENGTH
    assert np.abs(v - v_short).max() < 1e-9 * V0
    assert np.array_equal(hits, hits_short)


def test_a_stone_bounces_as_in_the_book():
    """Dropped from h, it hits the floor after sqrt(2 h/g), and is back every 2 sqrt(2 h/g)."""
    h = 0.3 * LENGTH
    period = 2.0 * math.sqrt(2.0 * h / G)
    scenario = falling(1, period / 8.0, 4, (-G, 0.0, 0.0))
    with Simulation(scenario, threads=1) as simulation:
        simulation.set_particles(position=np.full((4, 1), h), velocity=np.zeros((4, 3)))
        heights = []
        for _ in range(16):
            simulation.advance(1)
            heights.append(simulation.particles.position[0, 0] / h)
    t = np.arange(1, 17) % 8 / 8.0
    exact = 1.0 - 4.0 * np.minimum(t, 1.0 - t) ** 2
    np.testing.assert_allclose(heights, exact, atol=1e-12)


def test_what_lies_on_the_floor_stays_there_and_glides():
    """No motion along the force: the molecule is neither lost nor does it hold up the run."""
    scenario = falling(3, 0.1 * CROSSING, 10, (-G, 0.0, 0.0))
    velocity = np.tile([0.0, 0.3 * V0, 0.0], (10, 1))
    velocity[:5, 0] = 1e-13 * V0  # and some that hop by less than a number can tell
    with Simulation(scenario, threads=1) as simulation:
        place = np.column_stack([np.zeros(10), *[np.full(10, 0.1 * LENGTH)] * 2])
        simulation.set_particles(position=place, velocity=velocity)
        simulation.advance(10)
        view = simulation.particles
        assert np.all(view.position[:, 0] < 1e-10 * LENGTH)
        np.testing.assert_allclose(view.position[:, 1], 0.4 * LENGTH, rtol=1e-9)
        assert np.all(np.abs(view.velocity[:, 0]) < 1e-6 * V0)


def not_tiny(value):
    """Squares of what is smaller have no digits left."""
    return value if abs(value) > 1e-100 else 0.0


numbers = st.floats(-1e3, 1e3).map(not_tiny)


@settings(max_examples=300)
@given(distance=st.floats(0.0, 1e3).map(not_tiny), v=numbers, b=numbers)
def test_the_time_of_arrival_is_the_first_root(distance, v, b):
    """On the plane after it, and never beyond the plane before: to 1e-9 of the terms."""
    t = arrival_time(distance, v, b)
    assert t >= 0.0
    reached = min(t, 1e6)
    early = np.linspace(0.0, reached, 20)
    path = v * early + 0.5 * b * early**2
    scale = np.abs(v * early) + np.abs(0.5 * b * early**2) + distance
    assert np.all(path - distance <= 1e-9 * scale + 1e-280)
    if math.isfinite(t) and t < 1e6:
        assert abs(path[-1] - distance) <= 1e-9 * scale[-1] + 1e-280


# ------------------------------------------------------------------ the barometric law


def heights(scale, scheme, particles=20_000, steps=300, wrong=1.0):
    """Heights and speeds of a gas that starts in the barometric equilibrium of m g L = scale kT."""
    g = scale * G * wrong
    scenario = falling(1, 0.1 * CROSSING, particles, (-g, 0.0, 0.0), collisions={"scheme": scheme})
    u = (np.arange(particles) + 0.5) / particles
    x = -np.log1p(u * np.expm1(-scale)) / scale * LENGTH
    with Simulation(scenario, threads=2) as simulation:
        order = np.random.default_rng(1).permutation(particles)
        simulation.set_particles(position=x[order, None])
        simulation.advance(steps)
        return simulation.particles.position[:, 0] / LENGTH, simulation.particles.velocity / V0


@pytest.mark.parametrize("scheme", ["none", "ntc"])
def test_a_column_of_gas_keeps_the_barometric_law_and_one_temperature(scheme):
    """n ~ exp(-m g x / kT), Kolmogorov and Smirnov of 2e4: a distance of 0.019; m g L = 3 kT.

    The temperature of lower and upper half is the same within five errors.
    """
    x, v = heights(3.0, scheme)
    assert stats.kstest(x, lambda h: np.expm1(-3.0 * h) / np.expm1(-3.0)).pvalue > BUDGET
    for half in (x < 0.2, x >= 0.2):
        temperature = (v[half] ** 2).mean() / 0.5
        assert abs(temperature - 1.0) < 5.0 * math.sqrt(2.0 / (3.0 * half.sum()))


def test_a_force_that_is_off_is_noticed():
    """20 % more than what the gas is in equilibrium with."""
    x, _ = heights(3.0, "none", wrong=1.2)
    assert stats.kstest(x, lambda h: np.expm1(-3.0 * h) / np.expm1(-3.0)).pvalue < BUDGET
