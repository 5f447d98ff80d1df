"""Small perturbations decay along the spectrum of the linear collision operator.

Three ways to see it:
 - fluctuations of an isolated cell in equilibrium regress as perturbations do (Onsager): the
   correlation in time of its stress and of its fourth moment is r(t) of the linear theory;
 - a tagged molecule forgets its velocity: <v(0).v(t)>, every molecule being a sample;
 - two temperatures close to each other: the fourth moment by itself, with small errors.

r(t) of hard spheres is not an exponential (reference.linear_history); that of Maxwell molecules
is, with the rates 1/2 x 6a/((a + 1)(a + 2)) for stress, 2/3 of it for the fourth moment and
1/2 x 2/(a + 1) for tagged velocities, a the exponent of VSS scattering (Bird 1994, chapter 3).
"""

import math

import numpy as np
import pytest

from dsmc import reference
from dsmc.statistics import joint_test
from tests.physics.homogeneous_gas import BUDGET, FORWARD, at_steps, box, moments, replicas, report
from tests.physics.isolated_cells import (
    isolated_cells,
    normal_velocities,
    put,
    sampled,
    with_fixed_energy,
)

GROUPS = 40  # of cells, that give the errors
# Correlations of hard spheres lie above r(t) by 0.2/N in cells of N = 10, 20, 40 particles alike,
# the fourth moment of Maxwell molecules below it by as much; twice that is the margin.
FINITE_NUMBER = 0.4


def fluctuations(velocity: np.ndarray) -> np.ndarray:
    """Five components of the stress, and sum c^4, of every cell: (cells, 6)."""
    square = np.einsum("mni,mni->mn", velocity, velocity)
    P = np.matmul(velocity.transpose(0, 2, 1), velocity)
    xx, yy, zz = P[:, 0, 0], P[:, 1, 1], P[:, 2, 2]
    stress = [P[:, 0, 1], P[:, 0, 2], P[:, 1, 2], (xx - yy) / 2, (2 * zz - xx - yy) / 12**0.5]
    return np.stack([*stress, np.einsum("mn,mn->m", square, square)], axis=1)


def regression(gas, cells, particles_each, tau, times, laws=None, seed=0):
    """r(t) of stress and of the fourth moment: (GROUPS, 2 len(times)), stress first."""
    step = times[0]
    with isolated_cells(gas, cells, particles_each, step, laws, seed) as simulation:
        put(simulation, with_fixed_energy(normal_velocities(cells, particles_each, seed)))
        A = sampled(simulation, round(tau / step), fluctuations)
    A[:, :, 5] -= A[:, :, 5].mean()
    A = A.reshape(len(A), GROUPS, -1, 6)

    def correlation(lag):
        product = np.einsum("tgmk,tgmk->gk", A[: len(A) - lag], A[lag:]) / (len(A) - lag)
        return np.stack([product[:, :5].sum(axis=1), product[:, 5]])

    lags = [round(t / step) for t in times]
    now = correlation(0)
    return np.concatenate([correlation(lag) / now for lag in lags]).reshape(
        len(times), 2, GROUPS
    ).transpose(2, 1, 0).reshape(GROUPS, -1)  # fmt: skip


def linear_theory(gas, times):
    """r(t) of stress, then of the fourth moment."""
    t = np.array(times)
    if gas == "hard-sphere":
        modes = ("anisotropy", "fourth_moment")
        return np.concatenate([reference.hard_sphere_linear(mode, t) for mode in modes])
    rates = [reference.linear_rate(mode, 1.0, FORWARD["alpha"]) for mode in ("stress", "heat")]
    return np.concatenate([np.exp(-rate * t) for rate in rates])


def labels(times):
    """Names of the figures of `regression`."""
    return [f"{mode} r({t:g})" for mode in ("stress", "4th moment") for t in times]


def margins(particles_each, times):
    """Finite-number bias of every figure."""
    return np.full(2 * len(times), FINITE_NUMBER / particles_each)


QUICK_TIMES = (0.25, 0.5, 1.0, 2.0)
GASES = {"hard spheres": "hard-sphere", "Maxwell molecules, forward": FORWARD}


@pytest.mark.parametrize("name", GASES)
def test_fluctuations_regress_as_the_linear_theory_says(name):
    """1000 cells of 200 particles over 150 tau, eight figures jointly: errors 0.002 (stress) and
    0.007 (fourth moment), margin 0.002 for the finite number."""
    rows = regression(GASES[name], 1000, 200, 150.0, QUICK_TIMES)
    exact = linear_theory(GASES[name], QUICK_TIMES)
    report(name, labels(QUICK_TIMES), rows, exact)
    assert joint_test(rows, exact, margins(200, QUICK_TIMES), BUDGET)


def test_a_rate_five_percent_too_high_is_noticed_in_the_fluctuations():
    """5 % lower the stress correlation by 0.018 at nu t = 1, eight errors beyond the margin."""
    laws = {"hard_sphere_rate": lambda g_squared, prefactor: 1.05 * prefactor * g_squared**0.5}
    rows = regression("hard-sphere", 1000, 200, 150.0, QUICK_TIMES, laws)
    exact = linear_theory("hard-sphere", QUICK_TIMES)
    verdict = joint_test(rows, exact, margins(200, QUICK_TIMES), BUDGET)
    print("\nrate 5 %", verdict.p_value, labels(QUICK_TIMES)[verdict.worst], verdict.z)
    assert not verdict


@pytest.mark.long
@pytest.mark.parametrize("name", GASES)
def test_linear_rates_are_exact_to_half_a_percent(name):
    """1000 cells of 1000 particles over 1000 tau: all figures jointly, margin 0.4/N; the rate
    -ln r(t)/t of stress within 0.5 % at nu t = 0.5 and 1 (errors 0.15 %)."""
    times = (0.5, 1.0, 1.5, 2.0, 3.0)
    rows = regression(GASES[name], 1000, 1000, 1000.0, times, seed=1)
    exact = linear_theory(GASES[name], times)
    report(name, labels(times), rows, exact)
    assert joint_test(rows, exact, margins(1000, times), BUDGET)
    rates = np.log(rows.mean(axis=0)[:2]) / np.log(exact[:2])
    print("  measured over exact rate of stress, t = 0.5 and 1:", rates)
    assert np.all(np.abs(rates - 1.0) < 0.005)


@pytest.mark.long
@pytest.mark.parametrize("particles_each", [10, 20, 40])
def test_few_particles_regress_alike_up_to_one_over_their_number(particles_each):
    """2e5 particles over 200 tau: N times the bias of hard spheres stays below 0.4."""
    cells = 40 * (5000 // particles_each)
    rows = regression("hard-sphere", cells, particles_each, 200.0, QUICK_TIMES, seed=particles_each)
    exact = linear_theory("hard-sphere", QUICK_TIMES)
    report(f"hard spheres, N = {particles_each}", labels(QUICK_TIMES), rows, exact)
    print("  N times the bias:", np.round(particles_each * (rows.mean(axis=0) - exact), 3))
    assert joint_test(rows, exact, margins(particles_each, QUICK_TIMES), BUDGET)


# ------------------------------------------------------------------------------ tagged molecules

TAGGED_TIMES = (0.5, 1.0, 2.0, 3.0)


def tagged_memory(gas, count, particles, laws=None, seed=0):
    """<v(0).v(t)>/<v^2> of every molecule at TAGGED_TIMES: (count, 4), and the exact values."""
    scenario = box(gas, particles=particles, step=0.5, ids=True, seed=seed)

    def by_id(simulation):
        view = simulation.particles
        return view.velocity[np.argsort(view.id)]

    def history(simulation):
        start, rows = by_id(simulation), []
        for steps in np.diff([0.0, *TAGGED_TIMES]) / 0.5:
            simulation.run(steps=round(steps))
            rows.append((by_id(simulation) * start).sum() / (start**2).sum())
        return np.array(rows)

    t, molecule = np.array(TAGGED_TIMES), scenario.molecules[0]
    exact = (
        reference.linear_history("tagged_velocity", t, molecule.omega)
        if molecule.alpha == 1.0
        else np.exp(-reference.linear_rate("diffusion", 1.0, molecule.alpha) * t)
    )
    return replicas(scenario, count, history, laws), exact


def judge_tagged(rows, exact, particles):
    """Four times jointly; the others carry away 1/N of what the tagged one loses: margin 2/N."""
    return joint_test(rows, exact, np.full(len(exact), 2.0 / particles), BUDGET)


@pytest.mark.parametrize("gas", ["hard-sphere", "vhs", "forward"])
def test_a_tagged_molecule_forgets_its_velocity(gas):
    """Self-diffusion: 2e6 molecules in 20 replicas, errors 5e-4 of r."""
    rows, exact = tagged_memory(FORWARD if gas == "forward" else gas, 20, 100_000)
    report(f"tagged, {gas}", [f"r({t:g})" for t in TAGGED_TIMES], rows, exact)
    assert judge_tagged(rows, exact, 100_000)


def test_a_deflection_exponent_two_percent_off_is_noticed():
    """alpha = 2.45 for 2.5: the memory decays 1.4 % faster, ten errors at nu t = 2."""

    def softer(u, inverse_alpha):
        return 2.0 * u ** (inverse_alpha / 0.98) - 1.0

    rows, exact = tagged_memory(FORWARD, 20, 100_000, {"soft_sphere_cosine": softer})
    verdict = judge_tagged(rows, exact, 100_000)
    print("\nalpha 2 %", verdict.p_value, verdict.z)
    assert not verdict


@pytest.mark.long
@pytest.mark.parametrize("gas", ["hard-sphere", "vhs", "forward"])
def test_self_diffusion_is_exact(gas):
    """3e7 molecules: the early rate, -ln r(t)/t at nu t = 0.5, within 0.5 % (error 0.06 %)."""
    rows, exact = tagged_memory(FORWARD if gas == "forward" else gas, 150, 200_000, seed=1)
    report(f"tagged, {gas}", [f"r({t:g})" for t in TAGGED_TIMES], rows, exact)
    assert judge_tagged(rows, exact, 200_000)
    assert abs(np.log(rows[:, 0].mean()) / np.log(exact[0]) - 1.0) < 0.005


# ------------------------------------------------------------------------- the fourth moment alone

SPREAD = 0.4  # half at 0.6 T, half at 1.4 T: m4 = 1 + SPREAD^2
FOURTH_TIMES = np.array([0.5, 1.0, 1.5, 2.0])


def fourth_moment_history():
    """m4 - 1 of hard spheres: the nonlinear solution, which differs little from SPREAD^2 r(t)."""
    k = np.arange(29)
    norm = [math.lgamma(j + 1.5) - math.lgamma(j + 1.0) - math.lgamma(1.5) for j in k]
    a = (-1.0) ** k * np.exp(np.array(norm) / 2) * (SPREAD**k + (-SPREAD) ** k) / 2
    return reference.isotropic_relaxation(a, FOURTH_TIMES).moment(4) - 1.0


@pytest.mark.long
def test_the_fourth_moment_decays_at_its_linear_rate():
    """Half the molecules at 0.6 T, half at 1.4 T: 2e8 molecules, four times jointly; the rate
    -ln[(m4 - 1)/SPREAD^2]/t within 0.5 % of the exact one from nu t = 1 on, where its error is
    0.12 % and less. Bias below 3/N, N = 2e5."""
    scenario = box(
        kind="two-temperature", particles=200_000, cells=20, step=0.5,
        low=1.0 - SPREAD, high=1.0 + SPREAD, seed=3,
    )  # fmt: skip
    rows = replicas(scenario, 1000, at_steps((1, 2, 3, 4), lambda v: moments(v, (4,))))[:, :, 0] - 1
    exact = fourth_moment_history()
    report("two close temperatures", [f"m4 - 1, nu t = {t:g}" for t in FOURTH_TIMES], rows, exact)
    assert joint_test(rows, exact, np.full(4, 3.0 / 200_000), BUDGET)
    linear = SPREAD**2 * reference.hard_sphere_linear("fourth_moment", FOURTH_TIMES)
    rates = np.log(rows.mean(axis=0) / SPREAD**2) / np.log(exact / SPREAD**2)
    print("  measured over exact rate:", rates, "; exact over linear m4 - 1:", exact / linear)
    assert np.all(np.abs(rates[1:] - 1.0) < 0.005)
