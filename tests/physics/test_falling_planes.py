"""A plane in a falling gas: what one side gains came through it, from the wall, or from the force.

The balance is exact: particles; momentum, with m g for as long as a particle is below the plane;
energy, with the potential energy -m g x that a particle carries across.  How long each particle was
below is found here from where it stands at the end of a step, the engine counts from where it
stood at the beginning.
"""

import numpy as np
import pytest

from dsmc import Simulation
from dsmc.crossings import count
from tests.physics.open_boxes import CROSSING, LENGTH, MASS, V0, open_box
from tests.physics.wall_boxes import TEMPERATURE, diffuse

PLANE = 0.4 * LENGTH  # between two of 20 cells
STEP = 0.05 * CROSSING  # nobody reaches the plane and a wall in one step
STEPS = 200
G = 2.0 * V0 * V0 / LENGTH  # m g L = 4 kT: many rise through the plane and fall back in one step
ALONG, OBLIQUE = (-G, 0.0, 0.0), (-G, 0.4 * G, 0.3 * G)


def at_the_beginning(phase, row, first, s, acceleration, mass, time, upwards, counts):
    """The wrong twin: a particle is counted with the velocity that it had before it fell."""
    count(phase, row, first, s, mass, upwards, counts)


def box(acceleration):
    """A gas on a warm floor that moves, below a cold ceiling; molecules collide."""
    floor = diffuse(1.5 * TEMPERATURE, velocity=(0.0, 0.3 * V0, 0.0))
    return open_box(
        floor, diffuse(0.5 * TEMPERATURE), 3000, STEP, collisions={"scheme": "ntc"},
        force={"acceleration_m_s2": list(acceleration)},
        sample={"start": 0, "planes": [{"axis": "x", "position_m": PLANE}]},
    )  # fmt: skip


def below(simulation, acceleration):
    """Particles, momentum (3), kinetic and potential energy below the plane, over F_N."""
    x = simulation.particles.position[:, 0]
    inside = x < PLANE
    v = simulation.particles.velocity[inside]
    energy = 0.5 * MASS * (v**2).sum() - MASS * acceleration[0] * x[inside].sum()
    return np.array([inside.sum(), *MASS * v.sum(axis=0), energy])


def time_below(simulation, acceleration):
    """Of all particles together in the step that has ended [s], from parabolas traced backwards.

    Those that left a wall in the step were below, or above, all the time.
    """
    x, v = simulation.particles.position[:, 0], simulation.particles.velocity[:, 0]
    rise, g = x - PLANE, acceleration[0]  # rise - v s + g s^2 / 2 is negative below
    root = np.sqrt(np.maximum(v * v - 2.0 * g * rise, 0.0))
    moments = np.sort(np.clip([(v - root) / g, (v + root) / g], 0.0, STEP), axis=0)
    edges = np.vstack([np.zeros_like(x), moments, np.full_like(x, STEP)])
    middle = 0.5 * (edges[1:] + edges[:-1])
    is_below = rise - v * middle + 0.5 * g * middle**2 < 0.0
    return (np.diff(edges, axis=0) * is_below).sum()


def balance(acceleration, laws=None):
    """What is missing of particles, momentum and energy below the plane, and how much there was."""
    with Simulation(box(acceleration), threads=2, laws=laws) as simulation:
        before, waited = below(simulation, acceleration), 0.0
        for _ in range(STEPS):
            simulation.advance(1)
            waited += time_below(simulation, acceleration)
        gained = below(simulation, acceleration) - before
        plane = simulation.tallies["walls"][2]
        wall = simulation.wall_sampler.total()[0, :5]
        crossed = simulation.probing.planes.total()[0, [0, 2, 3, 4, 5]]
    crossed[4] += -MASS * acceleration[0] * PLANE * crossed[0]
    wall[0] = 0.0  # hits: nobody stays in the wall
    force = np.array([0.0, *np.multiply(MASS * waited, acceleration), 0.0])
    assert plane[0] > 1000
    return gained + crossed + wall - force, np.abs(before) + np.abs(crossed) + np.abs(force)


@pytest.mark.parametrize("acceleration", [ALONG, OBLIQUE])
def test_what_is_below_a_plane_came_through_it_from_the_floor_or_from_the_force(acceleration):
    """To rounding: 1e-11 of what there is; energy where the force is along the normal."""
    missing, scale = balance(acceleration)
    scale[1:4] = scale[1:4].max()
    assert missing[0] == 0.0
    known = 5 if acceleration == ALONG else 4
    assert np.all(np.abs(missing[:known]) < 1e-11 * scale[:known])


def test_a_plane_that_counts_the_velocity_before_the_fall_is_noticed():
    """The twin: momentum and energy are missing, numbers are not."""
    missing, scale = balance(ALONG, {"count_later": at_the_beginning})
    assert missing[0] == 0.0
    assert np.abs(missing[1]) > 1e-6 * scale[1] and np.abs(missing[4]) > 1e-6 * scale[4]
