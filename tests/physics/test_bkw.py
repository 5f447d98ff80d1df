"""The BKW mode: the one exact nonlinear solution of the Boltzmann equation, Maxwell molecules.

    m_2k = C^(k-1) [k - (k-1) C],   C = 1 - (2/5) exp(-nu t/6)   (Bobylev 1975; Krook & Wu 1977)

Fixed energy, no momentum, cells of 1e4 particles. What a finite number does to the moments is of
the order 1/N (`finite_number_margin`); cells of few particles, which share their energy among few
until they exchange particles, add a bias ~ 1/N_cell, measured below.
"""

import numpy as np
import pytest
from scipy.special import gamma

from dsmc import entropy, reference
from dsmc.statistics import joint_test
from tests.physics.homogeneous_gas import (
    BUDGET,
    FAR,
    at_steps,
    box,
    finite_number_margin,
    moments,
    replicas,
    report,
    temperature_ratio,
)

TIMES = (1, 2, 3, 5, 8, 10)  # nu t, steps of one tau
POWERS = (4, 6, 8)
LABELS = [f"{name}, nu t = {t}" for t in TIMES for name in ("m4", "m6", "m8", "H - H_eq", "T_x/T")]
QUICK = np.array([0.003, 0.007, 0.015])  # accuracy of m4, m6, m8 with 2e6 particles
FULL = np.array([0.002, 0.002, 0.002])  # with 1e8


def start_moment(k: float) -> float:
    """<c^k> at C = 3/5: c^2 = 0.6 x, x of the gamma law of shape 5/2."""
    return float(0.6 ** (k / 2) * gamma((k + 5) / 2) / gamma(2.5))


def exact() -> np.ndarray:
    """m4, m6, m8, H - H_eq and T_x/T at each time: (len(TIMES), 5)."""
    t = np.array(TIMES, float)
    columns = [reference.bkw_moment(k, t) for k in POWERS]
    return np.stack([*columns, reference.bkw_h_excess(t), np.ones(len(t))], axis=1)


def margins(particles: int) -> np.ndarray:
    """Finite-number bias: of the moments as derived, of H - H_eq two degrees of freedom, 2/N."""
    row = [finite_number_margin(k, start_moment, particles) for k in POWERS]
    return np.tile([*row, 2.0 / particles, 0.0], len(TIMES))


def look(velocity: np.ndarray) -> list[float]:
    """m4, m6, m8, H - H_eq and T_x/T."""
    excess = entropy.h_excess(velocity, "speed").value
    return [*moments(velocity, POWERS), excess, temperature_ratio(velocity)]


def histories(count: int, particles: int, laws=None, seed: int = 0) -> np.ndarray:
    """(count, len(TIMES), 5) figures of as many replicas."""
    scenario = box("maxwell", "bkw", particles, particles // 10_000, step=1.0, seed=seed)
    return replicas(scenario, count, at_steps(TIMES, look), laws)


def judge(rows: np.ndarray, particles: int):
    """All 30 figures jointly."""
    flat = rows.reshape(len(rows), -1)
    return joint_test(flat, exact().ravel(), margins(particles), BUDGET)


def test_the_bkw_mode_keeps_its_shape():
    """2e6 particles in 40 replicas: m4, m6, m8, H and T_x/T at six times, jointly (errors 5e-4,
    2e-3, 4e-3, 1e-4, 8e-4; finite-number margin below 1e-4); and m4, m6, m8 within 0.003, 0.007,
    0.015."""
    rows = histories(40, 50_000)
    report("BKW mode, 2e6 particles", LABELS, rows.reshape(len(rows), -1), exact().ravel())
    assert judge(rows, 50_000)
    deviation = np.abs(rows.mean(axis=0) - exact())[:, :3]
    assert np.all(deviation < QUICK), deviation.max(axis=0)


def test_a_slightly_anisotropic_scattering_is_noticed():
    """Directions half a percent short along x: T_x/T ends 0.7 % too low, eight errors."""
    rows = histories(40, 50_000, {"isotropic_cosine": lambda u: 0.995 * (2.0 * u - 1.0)})
    verdict = judge(rows, 50_000)
    print("\nanisotropic", verdict.p_value, LABELS[verdict.worst], verdict.z[verdict.worst])
    assert not verdict


def test_the_series_of_a_run_show_the_same_moments():
    """The simulation's own series against sums over its velocities: equal to rounding."""
    names = [f"moment_{k}" for k in POWERS]
    scenario = box("maxwell", "bkw", 20_000, 2, step=1.0, quantities=(*names, "h_excess"))
    scenario = scenario.model_copy(
        update={"sample": scenario.sample.model_copy(update={"every": 1})}
    )
    with_series = replicas(scenario, 2, series_and_moments(names))
    np.testing.assert_allclose(with_series[:, 0], with_series[:, 1], rtol=1e-11, atol=1e-13)


def series_and_moments(names):
    """The last values of the series, and the same from the velocities."""

    def history(simulation):
        series = simulation.run(steps=3).series
        last = [series[name].value[-1] for name in (*names, "h_excess")]
        return np.array([last, look(simulation.particles.velocity)[:-1]])

    return history


def test_isolated_cells_of_few_particles_miss_the_maxwellian_by_one_over_their_number():
    """Why the cells above hold 1e4 particles. A cell that keeps its N particles keeps its energy,
    and energies of cells drawn from the BKW shape scatter by Var(c^2)/q^2/N = 0.4/N, not by the
    2/3 /N of equilibrium: m_k ends at 1 - (4/15)(k/2)(k/2 - 1)/(2N), at N = 1e4 2e-4 below 1 for
    m8. Here N = 20, t = 30 tau in one step; 2.4e6 particles, errors of N m_k 0.01, 0.04, 0.09;
    the next order in 1/N is allowed 20 %. Particles that fly from cell to cell undo the bias."""
    scenario = box("maxwell", "bkw", 100_000, 5000, step=30.0, length=FAR, seed=3)
    rows = replicas(scenario, 24, at_steps((1,), lambda v: moments(v, POWERS)))[:, 0]
    expected = -4.0 / 15.0 * np.array([1.0, 3.0, 6.0])
    report("N (m_k - 1), N = 20", ["m4", "m6", "m8"], 20.0 * (rows - 1.0), expected)
    assert joint_test(20.0 * (rows - 1.0), expected, 0.2 * np.abs(expected), BUDGET)


@pytest.mark.long
def test_the_bkw_mode_is_exact():
    """1e8 particles in 500 replicas: m4, m6, m8 within 0.002 at all times (24, 6 and 3 errors),
    H - H_eq and all 30 figures jointly within the errors and the finite-number margins."""
    rows = histories(500, 200_000, seed=1)
    report("BKW mode, 1e8 particles", LABELS, rows.reshape(len(rows), -1), exact().ravel())
    assert judge(rows, 200_000)
    deviation = np.abs(rows.mean(axis=0) - exact())[:, :3]
    assert np.all(deviation < FULL), deviation.max(axis=0)


@pytest.mark.long
def test_a_rate_three_percent_too_high_is_noticed_in_the_bkw_mode():
    """The exact mode at 3 % longer times: m4 is 1.8e-3 too large at nu t = 3, ten errors of 1e7
    particles (1 % is ten errors of the 1e8 above)."""

    def faster(g_squared, prefactor, half_exponent):
        return 1.03 * prefactor * g_squared**half_exponent

    rows = histories(100, 100_000, {"variable_rate": faster}, seed=2)
    assert not judge(rows, 100_000)
