"""Closed boxes keep their particles, their energy and their momentum.

Energy and momentum are summed exactly (`math.fsum`), so that what is seen is the rounding of the
steps themselves, not of the sum.
"""

import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from dsmc import Scenario, Simulation, reference

SEED = 20261121
DENSITY = 1e22  # m^-3
TEMPERATURE = 300.0  # K
MIRROR = {"kind": "specular"}
WARM = {"kind": "diffuse", "temperature_K": 900.0, "accommodation": 0.7}


def closed_box(particles, walls, precision="float64", cells=(10, 10, 10), steps_size=0.1, seed=0):
    """A cube of hard spheres, ten mean free paths wide; walls : kind of all faces."""
    return Scenario(
        gas={"species": "Ar", "model": "hard-sphere"},
        domain={"length_m": [1.3e-3] * 3, "cells": list(cells)},
        initial={"kind": "equilibrium", "number_density_m3": DENSITY,
                 "temperature_K": TEMPERATURE, "particles": particles},
        boundaries={axis: {"kind": walls} for axis in "xyz"},
        run={"time_step_mct": steps_size, "steps": 1, "seed": SEED + seed, "precision": precision},
        sample={"every": 10**9, "fields_every": 0, "quantities": ["temperature"]},
    )  # fmt: skip


def energy(simulation):
    """Sum of v^2 [m^2/s^2], exactly rounded."""
    return math.fsum((np.asarray(simulation.particles.velocity, np.float64) ** 2).ravel())


def momentum(simulation):
    """Sum of v over sum of |v|, by component: (3,)."""
    velocity = np.asarray(simulation.particles.velocity, np.float64)
    scale = math.fsum(np.abs(velocity).ravel())
    return np.array([math.fsum(column) for column in velocity.T]) / scale


def energy_drift(precision, steps, laws=None):
    """Relative change of the energy of 1e4 particles in a specular box, the worst on the way."""
    scenario = closed_box(10_000, "specular", precision)
    with Simulation(scenario, threads=1, laws=laws) as simulation:
        start, worst = energy(simulation), 0.0
        for _ in range(10):
            simulation.run(steps=steps // 10)
            worst = max(worst, abs(energy(simulation) / start - 1.0))
        assert simulation.collisions > 0.04 * steps * 10_000
        return worst


DRIFTS = {"float64": 1e-13, "float32": 2e-5}
"""Largest relative change of the energy in 1e5 steps of 0.1 collision times."""


@pytest.mark.parametrize("precision", DRIFTS)
def test_a_specular_box_keeps_its_energy(precision):
    """Bound: a tenth of that for 1e5 steps, as rounding that adds up in proportion to time would.

    500 collisions per particle; each rounds by 1e-16 (6e-8), mostly at random.
    """
    assert energy_drift(precision, 10_000) < 0.1 * DRIFTS[precision]


def test_collisions_that_lose_a_little_energy_are_seen():
    """The mutant loses 2e-16 of the relative velocity, one rounding, in every collision."""

    def lossy(g_squared, cosine, u):
        sine = math.sqrt(max(0.0, 1.0 - cosine * cosine))
        g = math.sqrt(g_squared) * (1.0 - 2e-16)
        angle = 2.0 * math.pi * u
        return g * cosine, g * sine * math.cos(angle), g * sine * math.sin(angle)

    assert energy_drift("float64", 10_000, {"isotropic": lossy}) > 0.1 * DRIFTS["float64"]


@pytest.mark.long
@pytest.mark.parametrize("precision", DRIFTS)
def test_a_specular_box_keeps_its_energy_for_a_hundred_thousand_steps(precision):
    """5000 collisions per particle."""
    assert energy_drift(precision, 100_000) < DRIFTS[precision]


def momentum_drift(precision, laws=None):
    """Largest change of a component of the momentum in 1000 steps, over the sum of |v|."""
    scenario = closed_box(10_000, "periodic", precision, seed=1)
    with Simulation(scenario, threads=1, laws=laws) as simulation:
        start = momentum(simulation)
        simulation.run(steps=1000)
        return np.abs(momentum(simulation) - start).max()


MOMENTUM_DRIFTS = {"float64": 1e-16, "float32": 5e-8}


@pytest.mark.parametrize("precision", MOMENTUM_DRIFTS)
def test_a_periodic_box_keeps_its_momentum(precision):
    """Bound: one rounding of one velocity. 2.5e5 collisions round at random: sqrt of that, over
    1e4 particles, is a twentieth of it.
    """
    assert momentum_drift(precision) < MOMENTUM_DRIFTS[precision]


def test_collisions_that_push_the_gas_a_little_are_seen():
    """1e-13 m/s in each collision, a tenth of what double precision resolves in one velocity."""
    pushed = {"centre_of_mass": lambda v_i, v_j, s_i, s_j: s_i * v_i + s_j * v_j + 1e-13}
    assert momentum_drift("float64", pushed) > MOMENTUM_DRIFTS["float64"]


# ------------------------------------------------------------------ particles


@st.composite
def boxes(draw):
    """Scenarios of any dimension, shape, boundary and step, some absurd."""
    d = draw(st.integers(1, 3))
    faces = st.sampled_from(["periodic", MIRROR, WARM])
    boundaries = {}
    for axis in "xyz"[:d]:
        low = draw(faces)
        high = low if low == "periodic" else draw(st.sampled_from([MIRROR, WARM]))
        boundaries[axis] = {"kind": low} if low == "periodic" else {"low": low, "high": high}
    precision = draw(st.sampled_from(["float64", "float32"])) if d == 3 else "float64"
    return Scenario(
        gas={"species": "Ar", "model": "hard-sphere"},
        domain={
            "length_m": [10.0 ** draw(st.floats(-6, 2)) for _ in range(d)],
            "cells": [draw(st.integers(1, 40)) for _ in range(d)],
        },
        initial={"kind": "equilibrium", "number_density_m3": 1e22, "temperature_K": 300.0,
                 "particles": draw(st.integers(1, 400))},
        boundaries=boundaries,
        run={"time_step_mct": 10.0 ** draw(st.floats(-3, 1)), "steps": 1, "precision": precision,
             "seed": draw(st.integers(0, 10**6))},
        sample={"every": 10**9, "fields_every": 0, "quantities": ["temperature"]},
    )  # fmt: skip


@given(boxes(), st.integers(1, 3))
@settings(max_examples=60)
def test_no_particle_is_lost_or_leaves_the_box(scenario, threads):
    """Whatever the box, the step and the precision; counted through the cells too."""
    assume(scenario.time_step * 3e3 < 2e3 * min(scenario.lengths))
    with Simulation(scenario, threads=threads) as simulation:
        simulation.run(steps=3)
        position = simulation.particles.position
        assert position.shape == (scenario.particle_count, scenario.dimension)
        assert np.all(position >= 0.0)
        assert np.all(position <= np.array(scenario.lengths, position.dtype))
        assert np.all(np.isfinite(simulation.particles.velocity))
        density = np.nan_to_num(simulation.moments()["number_density"])
        counted = density.sum() * scenario.volume / scenario.cell_count / scenario.weight
        assert counted == pytest.approx(scenario.particle_count, rel=1e-12)


def test_a_hundred_thousand_cells_hold_their_particles_in_single_precision():
    """x/dx rounds at 1e5 cells of float32: no particle may fall beyond the last cell or move back.

    Positions are spread over cells evenly: counts of 1000 runs of cells are Poisson (chi^2 within
    six of its own standard deviations).
    """
    scenario = closed_box(200_000, "specular", "float32", (100_000, 1, 1), seed=2)
    with Simulation(scenario, threads=2) as simulation:
        simulation.run(steps=20)
        x = np.asarray(simulation.particles.position[:, 0], np.float64)
        number = simulation.moments()["number_density"] * scenario.volume / 100_000
    assert x.min() >= 0.0 and x.max() <= np.float32(1.3e-3)
    counts = np.nan_to_num(number / scenario.weight).reshape(1000, 100).sum(axis=1)
    assert counts.sum() == pytest.approx(200_000, rel=1e-9)
    chi_2 = ((counts - 200.0) ** 2 / 200.0).sum()
    assert abs(chi_2 - 999.0) < 6.0 * math.sqrt(2.0 * 999.0)


def test_a_box_of_one_cell_relaxes():
    """State B of hard spheres in a single cell: m4 - 1 falls from 0.25 as in a large box.

    Error of m4 at 1e5 particles: 0.004; the value that nothing relaxed (1.25) is 30 errors away.
    """
    scenario = Scenario(
        gas={"species": "Ar", "model": "hard-sphere"},
        domain={"length_m": [1.3e-3], "cells": [1]},
        initial={"kind": "two-temperature", "number_density_m3": DENSITY,
                 "temperature_K": TEMPERATURE, "particles": 100_000},
        run={"time_step_mct": 0.5, "steps": 4, "seed": SEED + 3},
        sample={"every": 2, "quantities": ["moment_4"]},
    )  # fmt: skip
    with Simulation(scenario, threads=2) as simulation:
        series = simulation.run().series["moment_4"]
    exact = reference.hard_sphere_history("B", "moment_4", np.array([0.0, 1.0, 2.0]))
    assert np.abs(series.value - exact).max() < 6.0 * 0.004
    assert abs(1.25 - exact[-1]) > 12.0 * 0.004
