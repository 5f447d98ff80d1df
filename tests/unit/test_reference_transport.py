"""Transport coefficients and mixtures: formulas against known figures and against sampling.

Tolerances are one unit in the last printed digit of the figure, unless a reason is given.
"""

import math

import numpy as np
import pytest
from scipy.integrate import solve_ivp

import dsmc.reference as ref
from dsmc.species import BOLTZMANN

M, D, T = 66.3e-27, 4.17e-10, 273.15
COEFFICIENTS = ("viscosity", "conductivity", "self_diffusion")


def test_hard_sphere_transport_in_closed_form():
    root = math.sqrt(math.pi * M * BOLTZMANN * T)
    mu = 5 / 16 * root / (math.pi * D**2)
    assert ref.viscosity(T, M, D) == pytest.approx(mu, rel=1e-12)
    assert ref.conductivity(T, M, D) == pytest.approx(15 / 4 * BOLTZMANN / M * mu, rel=1e-12)
    n = 1e22
    diffusion = 3 / (8 * n * D**2) * math.sqrt(BOLTZMANN * T / (math.pi * M))
    assert ref.self_diffusion(n, T, M, D) == pytest.approx(diffusion, rel=1e-12)
    free_path = ref.mean_free_path(n, T, M, D)
    cbar, v0 = ref.mean_speed(M, T), ref.most_probable_speed(M, T)
    assert ref.viscosity(T, M, D) == pytest.approx(5 * math.pi / 32 * n * M * cbar * free_path)
    assert diffusion / (free_path * v0) == pytest.approx(0.6646701941, abs=1e-10)
    infinite = ref.self_diffusion(n, T, M, D, order="infinite") / (free_path * v0)
    assert infinite == pytest.approx(0.6772682100, abs=1e-10)
    gamma_1 = ref.viscosity(T, M, D, order="infinite") * v0 / (n * BOLTZMANN * T * free_path)
    assert gamma_1 == pytest.approx(math.sqrt(math.pi) / 2 * ref.GREEN_KUBO_TIMES["anisotropy"])
    gamma_2 = ref.conductivity(T, M, D, order="infinite") * M * v0 / BOLTZMANN
    gamma_2 /= 5 * math.sqrt(math.pi) / 4 * n * BOLTZMANN * T * free_path
    assert gamma_2 == pytest.approx(ref.GREEN_KUBO_TIMES["heat_flux"])


def test_prandtl_and_schmidt_numbers_of_hard_spheres():
    mu, k = (f(T, M, D, order="infinite") for f in (ref.viscosity, ref.conductivity))
    assert mu * 2.5 * BOLTZMANN / M / k == pytest.approx(0.6606945, abs=1e-7)
    rho_diffusion = M * ref.self_diffusion(1.0, T, M, D, order="infinite")
    assert mu / rho_diffusion == pytest.approx(0.8309454, abs=1e-7)


@pytest.mark.parametrize(
    ("omega", "factors"),
    [
        (0.50, (1.0160339, 1.0252182, 1.0189538)),
        (0.66, (1.0073450, 1.0115410, 1.0087974)),
        (0.74, (1.0042794, 1.0067229, 1.0051604)),
        (0.81, (1.0022792, 1.0035806, 1.0027651)),
        (1.00, (1.0, 1.0, 1.0)),
    ],
)
def test_infinite_order_adds_at_most_a_few_per_cent(omega, factors):
    computed = [ref.order_factor(c, "infinite", omega) for c in COEFFICIENTS]
    # the tabulated figures carry 2e-7 of their own
    assert computed == pytest.approx(factors, abs=2e-7)


def test_sonine_orders_of_hard_spheres():
    for mode, second, third, infinite in (
        ("anisotropy", 205 / 202, 1.01587891, 1.0160339417),
        ("heat_flux", 45 / 44, 1.02481852, 1.0252181683),
        ("tagged_velocity", 1.01724138, 1.01868979, 1.0189537849),
    ):
        orders = [ref.infinite_order_factor(mode, 0.5, terms) for terms in (1, 2, 3, 24)]
        assert orders == pytest.approx([1.0, second, third, infinite], abs=6e-9)
        assert np.all(np.diff(orders) > 0)  # variational: from below


def test_vss_viscosity_and_schmidt_number():
    w, a = 0.74, 1.36
    root = math.sqrt(math.pi * M * BOLTZMANN * 273.15)
    mu = 5 * (a + 1) * (a + 2) * root / (4 * a * (5 - 2 * w) * (7 - 2 * w) * math.pi * D**2)
    assert ref.viscosity(400.0, M, D, w, a) == pytest.approx(mu * (400 / 273.15) ** w, rel=1e-12)
    schmidt = M * ref.self_diffusion(1.0, 400.0, M, D, w, a) / ref.viscosity(400.0, M, D, w, a)
    assert schmidt == pytest.approx(3 * a * (7 - 2 * w) / (5 * (a + 2)), rel=1e-12)
    vhs = M * ref.self_diffusion(1.0, T, M, D, w) / ref.viscosity(T, M, D, w)
    assert vhs == pytest.approx((7 - 2 * w) / 5, rel=1e-12)


@pytest.mark.parametrize("omega", [0.5, 0.81, 1.0])
def test_the_mean_free_path_from_the_viscosity_is_that_from_the_diameter(omega):
    n, hot = 3e22, 812.0
    mu = ref.viscosity(hot, M, D, omega)
    free_path = ref.mean_free_path(n, hot, M, D, omega)
    assert ref.mean_free_path_from_viscosity(mu, n, hot, M, omega) == pytest.approx(free_path)


def test_cells_of_a_free_path_add_eleven_per_cent_to_the_viscosity():
    assert ref.cell_size_error(1.0, "viscosity") == pytest.approx(16 / (45 * math.pi))
    assert ref.cell_size_error(1.0, "viscosity") == pytest.approx(0.113177, abs=1e-6)
    assert ref.cell_size_error(1.0, "conductivity") == pytest.approx(32 / (225 * math.pi))
    assert ref.cell_size_error(1.0, "conductivity") == pytest.approx(0.045271, abs=1e-6)
    infinite = [ref.cell_size_error(1.0, c, order="infinite") for c in COEFFICIENTS]
    assert infinite == pytest.approx([0.111391, 0.044157, 0.0], abs=1e-6)
    thirds = [ref.cell_size_error(1 / 3, c) for c in COEFFICIENTS[:2]]
    assert thirds == pytest.approx([0.0126, 0.0050], abs=5e-5)


def test_time_steps_raise_transport_as_the_trapezoidal_sum_does():
    infinite = [ref.time_step_error(1.0, c, order="infinite") for c in COEFFICIENTS]
    assert infinite == pytest.approx([0.0524917, 0.0231206, 0.0363481], abs=1e-7)
    x = math.sqrt(math.pi) / 2  # v0 dt/lambda at nu dt = 1
    first = [ref.time_step_error(1.0, c) / x**2 for c in COEFFICIENTS]
    known = [16 / (75 * math.pi), 64 / (675 * math.pi), 4 / (27 * math.pi)]
    assert first == pytest.approx(known, rel=1e-12)
    assert ref.time_step_error(0.25, "viscosity", order="infinite") == pytest.approx(
        0.0033, abs=5e-5
    )
    # against the sum itself; the next order in dt^4 is dt^2 smaller
    dt = 0.1
    r = ref.linear_history("tagged_velocity", dt * np.arange(1, 600))
    trapezoid = dt * (0.5 + r.sum()) / ref.GREEN_KUBO_TIMES["tagged_velocity"] - 1
    error = ref.time_step_error(dt, "self_diffusion", order="infinite")
    assert trapezoid == pytest.approx(float(error), rel=dt**2)


MASS_RATIO_RATES = [
    (1.0, 0.66666667, 0.5),
    (4.0, 0.42666667, 0.32),
    (10.0, 0.22038567, 0.16528926),
    (100.0, 0.02614123, 0.01960592),
]


@pytest.mark.parametrize(("ratio", "hard", "maxwell"), MASS_RATIO_RATES)
def test_unequal_masses_exchange_energy_slowly_and_momentum_at_once(ratio, hard, maxwell):
    n = 1e20
    for omega, temperature_rate, drift_rate in ((0.5, hard, 2 / 3), (1.0, maxwell, 0.5)):
        pair = (400.0, 300.0, ratio * M, M, D, omega)
        unit = ref.unlike_collision_rate(n, 400.0, ratio * M, 300.0, M, D, omega)
        rate = ref.mixture_temperature_rate(n / 2, n / 2, *pair) / unit
        assert rate == pytest.approx(temperature_rate, abs=1e-8)
        assert ref.mixture_drift_rate(n / 2, n / 2, *pair) / unit == pytest.approx(drift_rate)
        soft = ref.mixture_temperature_rate(n / 2, n / 2, *pair, alpha=1.5) / unit
        assert soft == pytest.approx(temperature_rate * 2 / 2.5, abs=1e-8)


def test_ions_and_electrons_exchange_energy_very_slowly():
    n = 1e20
    for omega, known in ((0.5, 1.45073e-3), (1.0, 1.08805e-3)):
        pair = (300.0, 300.0, 1836.15 * M, M, D, omega)
        unit = ref.unlike_collision_rate(n, 300.0, 1836.15 * M, 300.0, M, D, omega)
        rate = ref.mixture_temperature_rate(n / 2, n / 2, *pair) / unit
        assert rate == pytest.approx(known, rel=4e-6)


@pytest.mark.parametrize("omega", [0.5, 0.75])
def test_energy_given_in_sampled_collisions_is_the_exchange_rate(omega):
    """Pairs from two Maxwellians, m_1/m_2 = 4, T_1/T_2 = 2; 4.5 standard errors (7e-6 false)."""
    rng = np.random.default_rng(71)
    m_1, m_2, T_1, T_2 = 4.0, 1.0, 2.0, 1.0  # units with k = 1
    size = 400_000
    v_1 = rng.normal(scale=math.sqrt(T_1 / m_1), size=(size, 3))
    v_2 = rng.normal(scale=math.sqrt(T_2 / m_2), size=(size, 3))
    g = v_1 - v_2
    G = (m_1 * v_1 + m_2 * v_2) / (m_1 + m_2)
    m_r = m_1 * m_2 / (m_1 + m_2)
    weight = ((g**2).sum(1)) ** (1 - omega)
    weight /= weight.mean()
    # per collision species 1 loses m_r <G.g>; dT_1 = (2/3) of it per particle of species 1
    loss = 2 / 3 * m_r * (G * g).sum(1) * weight
    error = loss.std() / math.sqrt(size)
    scaled = {"mass_1": m_1 * M, "mass_2": m_2 * M, "temperature_1": 2 * T, "temperature_2": T}
    pair = {**scaled, "diameter": D, "omega": omega}
    rate = ref.mixture_temperature_rate(1e20, 1e20, **pair)
    per_collision = rate / 2 / ref.unlike_collision_rate(1e20, **pair)
    assert abs(loss.mean() - per_collision * (T_1 - T_2)) < 4.5 * error
    twin = per_collision * 3.0 / (5 - 2 * omega)  # the Maxwell-molecule factor for all
    assert abs(loss.mean() - twin * (T_1 - T_2)) > 10 * error


def _exchange_equations(S, n_1, n_2, m_1, m_2):
    """Momentum and energy of Maxwell molecules with drift, straight from the pair averages."""
    m_r, total = m_1 * m_2 / (m_1 + m_2), m_1 + m_2

    def rates(_, y):
        u_1, u_2, e_1, e_2 = y  # e: energy per particle
        T_1 = (e_1 - m_1 * u_1**2 / 2) / (1.5 * BOLTZMANN)
        T_2 = (e_2 - m_2 * u_2**2 / 2) / (1.5 * BOLTZMANN)
        centre = (m_1 * u_1 + m_2 * u_2) / total
        transfer = centre * (u_1 - u_2) + 3 * BOLTZMANN * (T_1 - T_2) / total
        force, power = m_r * S * (u_1 - u_2), m_r * S * transfer
        return [-n_2 * force / m_1, n_1 * force / m_2, -n_2 * power, n_1 * power]

    return rates


@pytest.mark.parametrize(("ratio", "share"), [(1.0, 0.5), (4.0, 0.2), (10.0, 0.9), (100.0, 0.5)])
def test_maxwell_mixtures_with_drift_follow_their_closed_equations(ratio, share):
    n, m_1, m_2, T_1, T_2, w = 1e22, ratio * M, M, 500.0, 250.0, 700.0
    n_1, n_2 = share * n, (1 - share) * n
    S = float(ref.maxwell_rate_constant(m_1, m_2, D))
    times = np.linspace(0, 6, 7) / (S * n)
    energy = [1.5 * BOLTZMANN * T_1 + m_1 * w**2 / 2, 1.5 * BOLTZMANN * T_2]
    # scaled energies, so that one tolerance serves velocities and energies
    scale = np.array([1.0, 1.0, m_2, m_2])
    rates = _exchange_equations(S, n_1, n_2, m_1, m_2)
    solution = solve_ivp(
        lambda t, y: np.array(rates(t, y * scale)) / scale,
        (0, times[-1]),
        np.array([w, 0.0, *energy]) / scale,
        t_eval=times,
        rtol=1e-10,
        atol=1e-6,
        method="DOP853",
    )
    u_1, u_2, e_1, e_2 = solution.y * scale[:, None]
    state = ref.maxwell_mixture_history(times, n_1, n_2, T_1, T_2, m_1, m_2, S, w)
    assert state.drift == pytest.approx(u_1 - u_2, rel=1e-8, abs=1e-6)
    heat_1 = (e_1 - m_1 * u_1**2 / 2) / (1.5 * BOLTZMANN)
    heat_2 = (e_2 - m_2 * u_2**2 / 2) / (1.5 * BOLTZMANN)
    assert state.temperature_1 == pytest.approx(heat_1, rel=1e-7)
    assert state.temperature_2 == pytest.approx(heat_2, rel=1e-7)


def test_maxwell_mixtures_conserve_energy_and_meet_the_rates():
    n_1, n_2, m_1, m_2, w = 3e21, 7e21, 4 * M, M, 500.0
    S = ref.maxwell_rate_constant(m_1, m_2, D)
    unit = ref.unlike_collision_rate(1.0, 300.0, m_1, 900.0, m_2, D, 1.0)
    assert pytest.approx(float(unit), rel=1e-12) == S
    pair = (n_1, n_2, 300.0, 900.0, m_1, m_2)
    rate = ref.mixture_temperature_rate(*pair, D, 1.0)
    times = np.array([0.0, 0.5, 2.0, 50.0]) / rate
    quiet = ref.maxwell_mixture_history(times, *pair, S)
    gap = quiet.temperature_1 - quiet.temperature_2
    assert gap[:3] == pytest.approx(-600 * np.exp(-np.array([0.0, 0.5, 2.0])), rel=1e-12)
    windy = ref.maxwell_mixture_history(times, *pair, S, w)
    drift_rate = ref.mixture_drift_rate(*pair, D, 1.0)
    assert windy.drift == pytest.approx(w * np.exp(-drift_rate * times), rel=1e-12)
    heat = 1.5 * BOLTZMANN * (n_1 * windy.temperature_1 + n_2 * windy.temperature_2)
    motion = n_1 * m_1 * n_2 * m_2 / (n_1 * m_1 + n_2 * m_2) * windy.drift**2 / 2
    assert heat + motion == pytest.approx(np.full(4, (heat + motion)[0]), rel=1e-13)
    assert windy.temperature_1[-1] == pytest.approx(windy.temperature_2[-1], rel=1e-12)


def test_friction_heats_the_lighter_species_more():
    """Equal densities, equal temperatures: the heat of friction is shared as m_2 to m_1."""
    n, S, w = 1e20, 1e-16, 200.0
    soon = ref.maxwell_mixture_history(1e-3 / (n * S), n, n, 300.0, 300.0, 4 * M, M, S, w)
    gain_1, gain_2 = soon.temperature_1 - 300.0, soon.temperature_2 - 300.0
    # corrections of the order of the elapsed collisions, 1e-3
    assert gain_2 / gain_1 == pytest.approx(4.0, rel=1e-2)
    heat = 4 * M / 5 / (3 * BOLTZMANN) * w**2 * S * n * 1e-3 / (n * S)
    assert gain_1 + gain_2 == pytest.approx(2 * heat, rel=1e-2)


def test_binary_diffusion_of_hard_spheres():
    n, m_2 = 1e22, M / 10
    m_r = M * m_2 / (M + m_2)
    hard = 3 / (8 * n * D**2) * math.sqrt(BOLTZMANN * T / (2 * math.pi * m_r))
    assert ref.binary_diffusion(n, T, M, m_2, D) == pytest.approx(hard, rel=1e-12)
    for omega, alpha in ((0.5, 1.0), (0.74, 1.36), (1.0, 1.0)):
        own = ref.self_diffusion(n, T, M, D, omega, alpha)
        assert ref.binary_diffusion(n, T, M, M, D, omega, 273.15, alpha) == pytest.approx(own)
    assert pytest.approx(1.131768, abs=1e-6) == ref.LORENTZ_DIFFUSION_FACTOR


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda: ref.viscosity(-1, M, D), "temperature"),
        (lambda: ref.conductivity(T, 0, D), "mass"),
        (lambda: ref.self_diffusion(0, T, M, D), "number_density"),
        (lambda: ref.viscosity(T, M, D, order="second"), "order"),
        (lambda: ref.viscosity(T, M, D, 0.74, 1.4, order="infinite"), "alpha"),
        (lambda: ref.cell_size_error(-1, "viscosity"), "cell_size"),
        (lambda: ref.cell_size_error(1, "diffusion"), "coefficient"),
        (lambda: ref.time_step_error(-1, "viscosity"), "time_step"),
        (lambda: ref.infinite_order_factor("viscosity"), "mode"),
        (lambda: ref.mixture_temperature_rate(1, 1, 1, -1, M, M, D), "temperature_2"),
        (lambda: ref.mixture_drift_rate(-1, 1, 1, 1, M, M, D), "number_density_1"),
        (lambda: ref.maxwell_mixture_history(-1, 1, 1, 1, 1, M, M, 1), "time"),
        (lambda: ref.maxwell_rate_constant(M, M, 0), "diameter"),
        (lambda: ref.binary_diffusion(1, T, M, -M, D), "mass_2"),
    ],
)
def test_impossible_arguments_are_refused_by_name(call, name):
    with pytest.raises(ValueError, match=name):
        call()
