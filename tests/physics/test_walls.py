"""Molecules meet walls as often, and leave them as fast, as kinetic theory says.

Counts are compared with exact counts; averages are judged over independent repetitions with a
false-alarm budget of 1e-6 for each judgement.
"""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dsmc import Simulation, reference
from dsmc.species import BOLTZMANN
from dsmc.statistics import joint_test
from dsmc.walls import ENERGY_IN, ENERGY_OUT, HITS, MOMENTUM_IN, MOMENTUM_OUT
from tests.physics.wall_boxes import (
    ARGON,
    LENGTHS,
    NUMBER_DENSITY,
    TEMPERATURE,
    V0,
    box,
    diffuse,
)

BUDGET = 1e-6
MIRRORS = {"x": "specular", "y": "specular", "z": "specular"}
MIRRORS_OF = {d: dict(list(MIRRORS.items())[:d]) for d in (1, 2, 3)}  # in d dimensions


def exact_hits(position, velocity, time, lengths):
    """Hits of every face in a box of mirrors: (N, 2 d), low and high face of each axis.

    Unfolded, a molecule flies straight through images of the box: it meets a face wherever
    x + v t crosses a multiple of L, the two faces in turn.
    """
    hits = []
    for axis, length in enumerate(lengths):
        end = position[:, axis] + velocity[:, axis] * time
        up = velocity[:, axis] > 0.0
        number = np.where(up, np.floor(end / length), np.floor(-end / length) + 1.0)
        number = np.maximum(number, 0.0)
        first, second = np.ceil(number / 2.0), np.floor(number / 2.0)
        hits += [np.where(up, second, first), np.where(up, first, second)]
    return np.stack(hits, axis=1)


# ------------------------------------------------------------------ how often a wall is hit


@given(
    d=st.integers(1, 3), seed=st.integers(0, 10**6), step=st.floats(0.01, 30.0),
    steps=st.integers(1, 5), cells=st.integers(1, 9),
)  # fmt: skip
@settings(max_examples=40)
def test_every_molecule_meets_mirrors_as_often_as_its_straight_path_says(
    d, seed, step, steps, cells
):
    """Exact, whatever the step: up to thirty box lengths in one, through any cells."""
    scenario = box(3, step * LENGTHS[0] / V0, MIRRORS_OF[d], d, cells, seed)
    with Simulation(scenario, threads=1) as simulation:
        start = [np.array(simulation.particles.position), np.array(simulation.particles.velocity)]
        simulation.run(steps=steps)
        exact = exact_hits(*start, simulation.time, LENGTHS[:d]).sum(axis=0)
        assert np.array_equal(simulation.tallies["walls"][:, HITS], exact)


def wall_flux(particles, seed=0):
    """Hits of the six faces: counted, exact, and over n cbar/4 A t."""
    scenario = box(
        particles, 0.7 * LENGTHS[0] / V0, MIRRORS, 3, 20, seed, zero_momentum=True,
        exact_energy=True,
    )  # fmt: skip
    with Simulation(scenario, threads=2) as simulation:
        start = [np.array(simulation.particles.position), np.array(simulation.particles.velocity)]
        simulation.run(steps=10)
        exact = exact_hits(*start, simulation.time, LENGTHS).sum(axis=0)
        hits = simulation.tallies["walls"][:, HITS]
        flux = reference.one_sided_flux(NUMBER_DENSITY, TEMPERATURE, ARGON.mass)
        area = scenario.volume / np.repeat(LENGTHS, 2)
        return hits, exact, hits * scenario.weight / (flux * area * simulation.time)


def test_walls_are_hit_as_often_as_the_velocities_say_and_on_average_n_cbar_over_4():
    """Counts agree but for molecules that stand on a face to rounding: at most 5 in 1e6.

    n cbar/4 within 0.35 %: sqrt(pi/2 - 1 - 1/6) = 0.64 of sqrt(N) for |v_x| at exact energy gives
    an error of 0.064 %, twice that for few crossings; five errors.
    """
    hits, exact, ratio = wall_flux(1_000_000)
    assert np.abs(hits - exact).max() <= 5
    assert np.abs(ratio - 1.0).max() < 3.5e-3
    late = exact_hits_of_a_late_gas(exact)
    assert np.abs(hits - late).max() > 5


def exact_hits_of_a_late_gas(exact):
    """The wrong twin: one hit in ten thousand is missed."""
    return np.round(exact * (1.0 - 1e-4))


@pytest.mark.long
def test_ten_million_molecules_hit_the_walls_at_n_cbar_over_4_within_a_thousandth():
    """Error 0.02 %: 0.64/sqrt(1e7); 0.1 % is five errors."""
    hits, exact, ratio = wall_flux(10_000_000, seed=1)
    assert np.abs(hits - exact).max() <= 20
    assert np.abs(ratio - 1.0).max() < 1e-3


@pytest.mark.parametrize("d", [1, 2, 3])
def test_one_long_step_does_what_a_thousand_short_ones_do(d):
    """Between mirrors flight is reversible and exact: positions agree to 1e-9 of the box.

    Rounding: 1000 steps of 1e-16 of some box lengths each. |v_x| tells which molecule is which.
    """
    ends = []
    for steps in (1, 1000):
        scenario = box(400, 25.0 * LENGTHS[0] / V0 / steps, MIRRORS_OF[d], d, 7)
        with Simulation(scenario, threads=1) as simulation:
            simulation.run(steps=steps)
            order = np.argsort(np.abs(simulation.particles.velocity[:, 0]))
            ends.append(
                (
                    simulation.particles.position[order],
                    simulation.particles.velocity[order],
                    simulation.tallies["walls"][:, HITS],
                )
            )
    (x, v, hits), (x_short, v_short, hits_short) = ends
    assert np.abs(x - x_short).max() < 1e-9 * LENGTHS[0]
    assert np.array_equal(v, v_short)
    assert np.array_equal(hits, hits_short)


# ------------------------------------------------------------------ what a wall gives and takes

TILTED = (0.0, 60.0, -35.0)
BALANCED = {
    "mirrors": {"x": "specular", "y": "specular"},
    "warm and moving": {
        "x": (diffuse(400.0, 0.8, TILTED), diffuse(250.0, 1.0)),
        "y": ({"kind": "specular"}, diffuse(300.0, 0.3, (25.0, 0.0, 90.0))),
    },
}


@pytest.mark.parametrize("walls", BALANCED)
def test_the_gas_loses_what_the_walls_receive(walls):
    """Momentum and energy of gas and walls balance to rounding, collisions and all.

    Rounding: a sum of n numbers of one size is uncertain by about sqrt(n) eps of it; a single
    forgotten hit would show a million times over.
    """
    scenario = box(20_000, 3e-6, BALANCED[walls], 2, 10, scheme="ntc", number_density_m3=1e22)
    with Simulation(scenario, threads=2) as simulation:
        before = np.array(simulation.particles.velocity)
        simulation.run(steps=20)
        after = np.array(simulation.particles.velocity)
        tally = simulation.tallies["walls"]
    assert tally[:, HITS].sum() > 10_000
    given_away = tally[:, MOMENTUM_IN : MOMENTUM_IN + 3] - tally[:, MOMENTUM_OUT : MOMENTUM_OUT + 3]
    gained = ARGON.mass * (after.sum(axis=0) - before.sum(axis=0))
    scale = ARGON.mass * V0
    assert np.abs(gained + given_away.sum(axis=0)).max() < 1e-6 * scale
    energy = 0.5 * ARGON.mass * ((after**2).sum() - (before**2).sum())
    paid = (tally[:, ENERGY_IN] - tally[:, ENERGY_OUT]).sum()
    assert abs(energy + paid) < 1e-6 * ARGON.mass * V0**2


BEAM = (-3.0 * V0, 0.7 * V0, -0.4 * V0)


def beam_on_a_wall(particles, axis=0, side=0, seed=0, repeats=1, laws=None, **wall):
    """Velocities after one hit of a beam, (repeats N, 3), and the tally of each repeat.

    The components are returned as (away from the wall, next axis, the one after). Tallies are of
    simulated particles.
    """
    faces = [{"kind": "specular"}, {"kind": "specular"}]
    faces[side] = diffuse(**wall)
    scenario = box(particles, 1e-9, {"xyz"[axis]: faces}, axis + 1, 1, seed)
    roll = [axis, (axis + 1) % 3, (axis + 2) % 3]
    beam = np.empty(3)
    beam[roll] = BEAM
    if side == 1:
        beam[axis] = -beam[axis]
    velocities, tallies = [], []
    with Simulation(scenario, threads=2, laws=laws) as simulation:
        position = np.array(simulation.particles.position)
        position[:, axis] = side * LENGTHS[axis]
        for _ in range(repeats):
            before = simulation.tallies["walls"]
            simulation.set_particles(position=position, velocity=np.tile(beam, (particles, 1)))
            simulation.run(steps=1)
            velocities.append(simulation.particles.velocity[:, roll])
            tallies.append((simulation.tallies["walls"] - before)[2 * axis + side])
    velocity = np.concatenate(velocities)
    velocity[:, 0] *= 1.0 if side == 0 else -1.0
    return velocity, np.array(tallies)


def emission_figures(velocity, tallies, thermal):
    """Moments of emission over their exact values, one row for each repeat: (R, 9)."""
    v = velocity.reshape(len(tallies), -1, 3) / thermal
    mass_speed_2 = 0.5 * ARGON.mass * thermal**2  # k T_w
    return np.column_stack(
        [
            v[:, :, 0].mean(axis=1) / (0.5 * np.sqrt(np.pi)),
            (v[:, :, 0] ** 2).mean(axis=1),
            (v[:, :, 0] ** 4).mean(axis=1) / 2.0,
            2.0 * (v[:, :, 1:] ** 2).mean(axis=1),
            1.0 + v[:, :, 1:].mean(axis=1),
            1.0 + (v[:, :, 1] * v[:, :, 2]).mean(axis=1),
            tallies[:, ENERGY_OUT] / (tallies[:, HITS] * 2.0 * mass_speed_2),
        ]
    )


WARM = 450.0  # K
WARM_SPEED = V0 * np.sqrt(WARM / TEMPERATURE)


def is_emission(velocity, tallies):
    """Whether moments and distributions are those of diffuse emission at WARM.

    Density 2 v exp(-v^2) of the normal speed, exp(-v^2)/sqrt(pi) of the tangential ones; energy
    2 k T_w on average (Bird 1994, chapter 12).
    """
    from scipy import stats

    figures = emission_figures(velocity, tallies, WARM_SPEED)
    moments = joint_test(figures, np.ones(figures.shape[1]), budget=0.5 * BUDGET)
    normal = stats.kstest(velocity[:, 0] / WARM_SPEED, stats.rayleigh(scale=np.sqrt(0.5)).cdf)
    across = [
        stats.kstest(velocity[:, k] / WARM_SPEED, stats.norm(scale=np.sqrt(0.5)).cdf)
        for k in (1, 2)
    ]
    worst = min(result.pvalue for result in (normal, *across))
    return bool(moments) and worst > BUDGET / 6.0


@pytest.mark.parametrize(("axis", "side"), [(0, 0), (0, 1), (1, 1), (2, 0)])
def test_a_diffuse_wall_emits_the_flux_weighted_maxwellian(axis, side):
    """Hypothesis: the law of emission; 1e6 molecules, each after its first hit, at all axes.

    Errors of the moments 0.05 to 0.2 %; the distributions agree within 0.3 % (Kolmogorov-Smirnov).
    """
    velocity, tallies = beam_on_a_wall(
        30_000, axis, side, 10 + 2 * axis + side, repeats=32, temperature=WARM
    )
    assert np.all(velocity[:, 0] > 0.0)
    assert is_emission(velocity, tallies)


@pytest.mark.parametrize(
    "law",
    [
        lambda a, u: a * np.sqrt(-np.log(u)) * abs(np.cos(2.0 * np.pi * (1e6 * u - int(1e6 * u)))),
        lambda a, u: 1.0075 * a * np.sqrt(-np.log(u)),
        lambda a, u: a * (-np.log(u)) ** 0.5075,
    ],
    ids=["half a Gaussian: no flux weight", "0.75 % too fast", "slightly wrong exponent"],
)
def test_a_wrong_law_of_emission_is_seen(law):
    """The unweighted flux, and two that deviate by about twice what the errors resolve."""
    velocity, tallies = beam_on_a_wall(
        30_000, seed=20, repeats=32, temperature=WARM, laws={"emission_speed": law}
    )
    assert not is_emission(velocity, tallies)


def accommodation_figures(accommodation, seed, repeats=24):
    """Accommodation of energy and of tangential momentum from the tallies: (R, 3)."""
    moving = (0.0, 0.5 * V0, 0.3 * V0)
    _, tally = beam_on_a_wall(
        50_000, 0, 0, seed, repeats, temperature=WARM, accommodation=accommodation, velocity=moving
    )
    hits = tally[:, HITS]
    wall_energy = 2.0 * BOLTZMANN * WARM + 0.5 * ARGON.mass * np.square(moving).sum()
    energy = (tally[:, ENERGY_IN] - tally[:, ENERGY_OUT]) / (
        tally[:, ENERGY_IN] - hits * wall_energy
    )
    momentum = [
        (tally[:, MOMENTUM_IN + k] - tally[:, MOMENTUM_OUT + k])
        / (tally[:, MOMENTUM_IN + k] - hits * ARGON.mass * moving[k])
        for k in (1, 2)
    ]
    return np.column_stack([energy, *momentum])


@pytest.mark.parametrize("accommodation", [0.0, 0.25, 0.8, 1.0])
def test_walls_accommodate_the_share_of_energy_and_momentum_that_was_asked_for(accommodation):
    """Hypothesis: both coefficients equal Maxwell's share; errors 0.001; 1.2e6 hits."""
    figures = accommodation_figures(accommodation, 30 + int(100 * accommodation))
    assert joint_test(figures, np.full(3, accommodation), budget=BUDGET)


@pytest.mark.parametrize(("actual", "stated"), [(1.0, 0.8), (0.81, 0.8)])
def test_a_wall_that_accommodates_otherwise_is_seen(actual, stated):
    """A wall that ignores its coefficient, and one that is 1 % off."""
    figures = accommodation_figures(actual, 40)
    assert not joint_test(figures, np.full(3, stated), budget=BUDGET)
