"""Walls of Cercignani, Lampis and Lord, walls that change along themselves, and mirrors.

A beam of equal molecules is sent against a wall; what comes back is compared with the law.  Each
judgement has the false-alarm budget 1e-6.
"""

import math

import numpy as np
import pytest
from scipy import stats

from dsmc import Simulation
from dsmc.compiled import kernel, variant
from dsmc.draws import Address, key
from dsmc.model import model
from dsmc.reflection import lord_normal, lord_tangential
from dsmc.statistics import two_sided_z
from dsmc.walls import HITS, reflect
from tests.physics.open_boxes import open_box
from tests.physics.wall_boxes import LENGTHS, TEMPERATURE, V0, box, diffuse

BUDGET = 1e-6
SIGMAS = two_sided_z(BUDGET)
N = 40_000
BEAM = (0.8, 0.5, -0.3)  # v0
WALL_TEMPERATURE = 450.0
HOTTER = WALL_TEMPERATURE / TEMPERATURE  # a_w^2 in v0^2
MIRROR = {"kind": "specular"}
PAIRS = [(0.0, 0.0), (0.3, 0.6), (1.0, 0.5), (0.7, 1.0), (1.0, 1.0), (0.5, 1.6)]


def cll(normal, tangential, temperature=WALL_TEMPERATURE, velocity=(0.0, 0.0, 0.0)):
    """A wall of Cercignani, Lampis and Lord."""
    return {"kind": "cll", "temperature_K": temperature, "normal_accommodation": normal,
            "tangential_accommodation": tangential, "velocity_m_s": list(velocity)}  # fmt: skip


def reflected(wall, side="low"):
    """(N, 3) [v0] velocities after one hit of a beam; the first component points inwards."""
    inward = 1.0 if side == "low" else -1.0
    beam = np.tile(np.array(BEAM) * [-inward, 1.0, 1.0] * V0, (N, 1))
    face = 0.0 if side == "low" else LENGTHS[0]
    faces = (wall, MIRROR) if side == "low" else (MIRROR, wall)
    step = 1e-3 * LENGTHS[0] / V0
    with Simulation(box(N, step, {"x": faces}, 1), threads=1) as simulation:
        place = np.full((N, 1), face + inward * 1e-4 * LENGTHS[0])
        simulation.set_particles(position=place, velocity=beam)
        simulation.advance(1)
        assert simulation.tallies["walls"][0 if side == "low" else 1, HITS] == N
        return simulation.particles.velocity / V0 * [inward, 1.0, 1.0]


def accommodation(velocity, moving=0.0):
    """Measured accommodation of normal energy and of tangential momentum, and their errors."""
    energy, along = velocity[:, 0] ** 2, velocity[:, 1]
    fall = BEAM[0] ** 2 - HOTTER
    normal = (BEAM[0] ** 2 - energy.mean()) / fall
    tangential = 1.0 - (along.mean() - moving) / (BEAM[1] - moving)
    errors = [energy.std() / abs(fall), along.std() / abs(BEAM[1] - moving)]
    return np.array([normal, tangential]), np.array(errors) / math.sqrt(N)


@pytest.mark.parametrize("given", PAIRS)
def test_a_wall_gives_back_the_accommodation_put_in(given):
    """Twins: coefficients that are 0.05 larger."""
    measured, error = accommodation(reflected(cll(*given)))
    assert np.all(np.abs(measured - given) <= SIGMAS * error + 1e-12)
    assert np.all(np.abs(measured - given - 0.05) > SIGMAS * error)


def test_a_moving_wall_at_the_high_face_does_so_relative_to_itself():
    """The wall moves along y at 0.2 v0: tangential momentum is accommodated to that."""
    wall = cll(0.4, 0.7, velocity=(0.0, 0.2 * V0, 0.0))
    measured, error = accommodation(reflected(wall, "high"), 0.2)
    assert np.all(np.abs(measured - [0.4, 0.7]) < SIGMAS * error)


@kernel
def bounce(phase, walls, address):
    """Reflect every row (x, velocity) at the first patch of the walls."""
    for row in range(phase.shape[0]):
        reflect(phase, row, 0, 0, 0, 1, 0, walls, address, row, 0)


def reflected_by(wall, **laws):
    """The same from the stage alone, around other laws."""
    scenario = box(10, 1e-9, {"x": (wall, MIRROR)}, 1)
    phase = np.tile(np.array([0.0, *BEAM]) * [1.0, -V0, V0, V0], (N, 1))
    work = variant(bounce, **laws) if laws else bounce
    work(phase, model(scenario).walls, Address(key(20261124), 3, 4))
    return phase[:, 1:] / V0


def mixed_up(v, a, alpha, u_1, u_2):
    """The wrong twin: alpha taken for an accommodation of momentum."""
    return lord_normal(v, a, alpha * (2.0 - alpha), u_1, u_2)


def too_cold(v, noise, sigma):
    """The wrong twin: noise sigma instead of sqrt(sigma (2 - sigma))."""
    return (1.0 - sigma) * v + sigma * noise


@pytest.mark.parametrize(
    ("laws", "wrong"), [({"lord_normal": mixed_up}, 0), ({"lord_tangential": too_cold}, None)]
)
def test_a_wrong_law_is_noticed(laws, wrong):
    """By the coefficients, or by the scatter of what comes back."""
    velocity = reflected_by(cll(0.3, 0.6), **laws)
    measured, error = accommodation(velocity)
    if wrong is not None:
        assert abs(measured[wrong] - 0.3) > SIGMAS * error[wrong]
    spread = 0.5 * HOTTER * 0.6 * 1.4
    found = velocity[:, 1].var()
    off = abs(found / spread - 1.0) > SIGMAS * math.sqrt(2.0 / N)
    assert bool(off) is (wrong is None)


def test_full_accommodation_is_diffuse_reflection_and_none_is_a_mirror():
    """Maxwell's two limits: equal laws (Kolmogorov and Smirnov, two samples), and equal bits."""
    ours, maxwell = reflected(cll(1.0, 1.0)), reflected(diffuse(WALL_TEMPERATURE))
    for axis in range(3):
        assert stats.ks_2samp(ours[:, axis], maxwell[:, axis]).pvalue > BUDGET
    partly = reflected(cll(1.0, 0.8))
    assert stats.ks_2samp(partly[:, 1], maxwell[:, 1]).pvalue < BUDGET
    mirrored = reflected(cll(0.0, 0.0))
    np.testing.assert_allclose(mirrored, np.tile(BEAM, (N, 1)), rtol=1e-14)


@pytest.mark.parametrize("given", PAIRS)
def test_equilibrium_at_the_temperature_of_the_wall_is_kept(given):
    """Reciprocity: the flux of a Maxwellian comes back as the flux of the same Maxwellian.

    Kolmogorov and Smirnov for speeds along the normal (Rayleigh's law) and tangential components,
    and no correlation between before and after beyond what is kept.  Twin: a gas 4 % hotter.
    """
    normal, tangential = given
    u = np.random.default_rng(20261124).random((7, N))
    before = np.sqrt(-np.log(u[0]))
    after = np.array(
        [lord_normal(v, 1.0, normal, a, b) for v, a, b in zip(before, *u[1:3], strict=True)]
    )
    assert stats.kstest(after, lambda v: -np.expm1(-v * v)).pvalue > BUDGET
    gauss = stats.norm(0.0, math.sqrt(0.5))
    along, noise = gauss.ppf(u[3]), gauss.ppf(u[4])
    back = np.array([lord_tangential(v, w, tangential) for v, w in zip(along, noise, strict=True)])
    assert stats.kstest(back, gauss.cdf).pvalue > BUDGET
    assert stats.kstest(after * 1.04, lambda v: -np.expm1(-v * v)).pvalue < BUDGET
    correlation = np.corrcoef(along, back)[0, 1]
    assert correlation == pytest.approx(1.0 - tangential, abs=SIGMAS / math.sqrt(N) + 1e-12)


def test_a_gas_between_walls_of_any_kind_at_its_temperature_stays_in_equilibrium():
    """20 hits each: temperatures of the three directions stay, to five errors of sqrt(2/N)."""
    walls = (cll(0.4, 0.7, TEMPERATURE), cll(0.9, 0.2, TEMPERATURE))
    with Simulation(box(N, LENGTHS[0] / V0, {"x": walls}, 1), threads=2) as simulation:
        simulation.advance(30)
        variance = simulation.particles.velocity.var(axis=0) / (0.5 * V0 * V0)
    assert np.all(np.abs(variance - 1.0) < SIGMAS * math.sqrt(2.0 / N))


# ------------------------------------------------------------------ profiles, patches, symmetry

ALONG = 1e-3  # m


def sent_up(low, particles=N):
    """Molecules sent against the low y face from all along x: their x, and velocities after."""
    step = 1e-7
    scenario = open_box(
        MIRROR, MIRROR, particles, step,
        domain={"length_m": [ALONG, 1e-3, 1e-3], "cells": [4, 4, 4]},
        boundaries={"y": {"low": low, "high": MIRROR}},
    )  # fmt: skip
    x = (np.arange(particles) + 0.5) / particles * ALONG
    with Simulation(scenario, threads=1) as simulation:
        simulation.set_particles(
            position=np.column_stack([x, np.full(particles, 1e-6), np.full(particles, 5e-4)]),
            velocity=np.tile([0.0, -V0, 0.0], (particles, 1)),
        )
        order = np.argsort(simulation.particles.position[:, 0])
        simulation.advance(1)
        names = [patch.name for patch in scenario.patches]
        hits = dict(zip(names, simulation.tallies["walls"][:, HITS], strict=True))
        v = np.array(simulation.particles.velocity)
        x_hit = simulation.particles.position[:, 0] - v[:, 0] * (step - 1e-6 / V0)
        return x_hit, v, hits, order


def test_temperature_and_velocity_follow_a_profile_between_its_knots():
    """Linear T and u_z over two pieces, fitted by least squares: T in 12 bins within five errors.

    The twin is a wall at the mean temperature.
    """
    profile = {"along": "x", "at_m": [0.0, 0.3e-3, 1e-3], "temperature_K": [200.0, 500.0, 400.0],
               "velocity_m_s": [[0, 0, 0], [0, 0, 60], [0, 0, -60]]}  # fmt: skip
    x, v, _, _ = sent_up({"kind": "diffuse", "profile": profile})
    bins = np.minimum((x / ALONG * 12).astype(int), 11)
    middle = (np.arange(12) + 0.5) / 12 * ALONG
    warm = np.interp(middle, profile["at_m"], profile["temperature_K"])
    moving = np.interp(middle, profile["at_m"], [0.0, 60.0, -60.0])
    count = np.bincount(bins)
    energy = np.bincount(bins, v[:, 1] ** 2) / count / V0**2 * TEMPERATURE
    drift = np.bincount(bins, v[:, 2]) / count
    # energy along the normal is exponential; a bin spans 20 K at most: its curvature is nothing
    assert np.all(np.abs(energy / warm - 1.0) < SIGMAS / np.sqrt(count))
    assert np.all(np.abs(drift - moving) < SIGMAS * V0 * np.sqrt(warm / TEMPERATURE / 2.0 / count))
    assert np.any(np.abs(energy / warm.mean() - 1.0) > SIGMAS / np.sqrt(count))


def test_each_patch_acts_where_it_is_and_counts_its_own_hits():
    """A mirror with two patches that overlap; the first acts, the rest is the mirror's."""
    patches = [
        {"kind": "diffuse", "temperature_K": 300.0, "from_m": [0.1e-3, 0.0],
         "to_m": [0.4e-3, 1e-3]},
        {"kind": "open", "from_m": [0.3e-3, 0.2e-3], "to_m": [0.6e-3, 0.9e-3], "name": "hole"},
    ]  # fmt: skip
    x, v, hits, _ = sent_up(MIRROR | {"patches": patches})
    assert hits["y_low_1"] == pytest.approx(0.3 * N, abs=1)
    assert hits["hole"] == pytest.approx(0.2 * N, abs=1)
    assert hits["y_low"] == pytest.approx(0.5 * N, abs=2)
    assert len(v) == N - hits["hole"]
    mirrored = np.abs(v[:, 1] - V0) < 1e-9 * V0
    assert np.array_equal(mirrored, (x < 0.1e-3) | (x > 0.4e-3))


def test_a_plane_of_symmetry_is_a_mirror_that_counts_nothing():
    _, v, hits, _ = sent_up({"kind": "symmetry"}, 1000)
    assert np.all(v[:, 1] == V0) and hits["y_low"] == 0.0
    scenario = open_box(MIRROR, {"kind": "symmetry"}, 1000)
    with Simulation(scenario, threads=1) as simulation:
        simulation.run(steps=3)
        assert list(simulation.result.walls) == ["x_low"]
