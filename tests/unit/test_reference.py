"""The reference formulas of the homogeneous gas reproduce independently known figures.

Tolerances are one unit in the last printed digit of the figure, unless a reason is given.
"""

import itertools
import math

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import digamma

import dsmc.reference as ref
from dsmc.reference.speed_classes import power_law_rate
from dsmc.species import BOLTZMANN

ARGON = {"mass": 66.3e-27, "diameter": 4.17e-10}


def test_maxwellian_speeds_have_the_textbook_moments():
    assert ref.maxwell_speed_moment([1, -1]) == pytest.approx([1.1283791671] * 2, abs=1e-10)
    assert ref.maxwell_speed_moment([2, 4, 6, 8]) == pytest.approx(
        [3 / 2, 15 / 4, 105 / 8, 945 / 16]
    )
    assert ref.relative_speed_moment(1) == pytest.approx(1.5957691216, abs=1e-10)
    norm, _ = quad(lambda c: float(ref.maxwell_speed_density(c)), 0, 10)
    fourth, _ = quad(lambda c: c**4 * float(ref.maxwell_speed_density(c)), 0, 12)
    assert (norm, fourth) == pytest.approx((1.0, 15 / 4), rel=1e-9)


@pytest.mark.parametrize(("omega", "square"), [(0.5, 4.0), (0.81, 3.38), (1.0, 3.0)])
def test_pairs_that_collide_are_faster_than_random_pairs(omega, square):
    p = 2 - 2 * omega
    weighted = ref.relative_speed_moment(p + 2) / ref.relative_speed_moment(p)
    assert weighted == pytest.approx(square, rel=1e-12)
    assert weighted > ref.relative_speed_moment(2) - 1e-12


def test_hard_spheres_collide_at_n_sigma_g():
    n, T = 2.4e25, 300.0
    m, d = ARGON["mass"], ARGON["diameter"]
    rate = ref.collision_rate(n, T, m, d)
    g = 1.5957691216 * ref.most_probable_speed(m, T)
    assert rate == pytest.approx(n * math.pi * d**2 * g, rel=1e-10)
    assert rate == pytest.approx(4 * n * d**2 * math.sqrt(math.pi * BOLTZMANN * T / m), rel=1e-12)
    assert ref.mean_free_path(n, T, m, d) == pytest.approx(
        1 / (math.sqrt(2) * math.pi * d**2 * n), rel=1e-12
    )
    # hard spheres have no reference temperature
    assert ref.collision_rate(n, T, m, d, 0.5, 1000.0) == pytest.approx(rate, rel=1e-12)


@pytest.mark.parametrize("omega", [0.5, 0.66, 0.81, 1.0])
def test_a_species_collides_with_its_own_kind_as_an_unlike_pair_of_equals(omega):
    n, T, m, d = 1e22, 412.0, ARGON["mass"], ARGON["diameter"]
    like = ref.collision_rate(n, T, m, d, omega)
    assert ref.unlike_collision_rate(n, T, m, T, m, d, omega, 273.15) == pytest.approx(like)
    path = ref.mean_free_path(n, T, m, d, omega)
    expected = 1 / (math.sqrt(2) * math.pi * d**2 * n * (273.15 / T) ** (omega - 0.5))
    assert path == pytest.approx(expected, rel=1e-12)


def test_the_wall_flux_is_a_quarter_of_n_cbar():
    n, T, m = 1e20, 300.0, ARGON["mass"]
    flux = ref.one_sided_flux(n, T, m)
    assert flux == pytest.approx(0.2820947918 * n * ref.most_probable_speed(m, T), rel=1e-9)
    assert flux == pytest.approx(n * ref.mean_speed(m, T) / 4)
    energy, _ = quad(lambda c: c**2 * float(ref.effusion_speed_density(c)), 0, 10)
    assert energy == pytest.approx(2.0)  # in kT: strikers bring 2kT, not (3/2)kT


def test_fast_hard_spheres_collide_more_often():
    c = [0, 0.25, 0.5, 1, 1.5, 2, 3, 4]
    known = [
        *(0.7071068, 0.7217469, 0.7646100, 0.9221916),
        *(1.1471947, 1.4098585, 1.9844138, 2.5849604),
    ]
    assert ref.speed_dependent_rate(c) == pytest.approx(known, abs=6e-8)
    assert ref.speed_dependent_rate(0.0) == pytest.approx(1 / math.sqrt(2), rel=1e-15)
    below, above = ref.speed_dependent_rate([0.99999e-4, 1.00001e-4])
    assert above - below == pytest.approx(0.0, abs=1e-11)  # the series joins the closed form


@pytest.mark.parametrize("exponent", [0.0, 0.38, 0.68, 1.0])
def test_speed_dependent_rates_average_to_the_mean_rate(exponent):
    assert ref.class_rate(0.0, np.inf, exponent) == pytest.approx(1.0, abs=1e-9)
    average, _ = quad(
        lambda c: float(power_law_rate(c, exponent) * ref.maxwell_speed_density(c)), 0, 10
    )
    assert average == pytest.approx(1.0, abs=1e-8)
    # far above the thermal speed a particle sees a gas at rest
    asymptote = (15.0 / math.sqrt(2)) ** exponent / float(ref.maxwell_speed_moment(exponent))
    assert power_law_rate(15.0, exponent) == pytest.approx(asymptote, rel=3e-3)


def test_class_rates_join_to_the_rate_of_the_union():
    edges = np.array([0.0, 0.1, 0.8, 2.0, 3.75, 4.25])
    rate = ref.class_rate(edges[:-1], edges[1:])
    weight = [
        quad(lambda c: float(ref.maxwell_speed_density(c)), a, b)[0]
        for a, b in itertools.pairwise(edges)
    ]
    union = ref.class_rate(0.0, 4.25)
    assert np.dot(rate, weight) / np.sum(weight) == pytest.approx(union, abs=1e-9)
    midpoint = ref.speed_dependent_rate((edges[:-1] + edges[1:]) / 2)
    assert np.abs(rate / midpoint - 1).max() > 1e-3  # the class mean is not the mid-point value
    assert ref.class_rate(0.999999, 1.000001) == pytest.approx(0.9221916, abs=6e-8)


def test_free_flights_are_not_exponential():
    known = ref.FREE_FLIGHT
    assert known == pytest.approx(ref.free_flight_averages(), abs=1e-10)
    assert known.time_second_moment == pytest.approx(2.0761308, abs=6e-8)
    assert known.path_second_moment == pytest.approx(2.1012184, abs=6e-8)
    assert known.rate_variance == pytest.approx(1.0422181, abs=6e-8)
    assert known.inverse_rate == pytest.approx(1.0380654, abs=6e-8)
    assert known.tait_mean_free_path == pytest.approx(0.9580763, abs=6e-8)
    assert known.colliding_energy == pytest.approx(7 / 6, rel=1e-12)
    assert known.persistence_ratio == pytest.approx(0.4058, abs=1e-4)
    assert abs(known.time_second_moment - 2.0) > 0.05  # an exponential law would give 2


BKW_TABLE = np.array(
    [
        [0, 0.600000, 0.840000, 0.648000, 0.475200, 6.39300e-2],
        [1, 0.661407, 0.885355, 0.733701, 0.583243, 2.376e-2],
        [2, 0.713387, 0.917853, 0.800648, 0.675230, 1.009e-2],
        [3, 0.757388, 0.941139, 0.851979, 0.750685, 4.557e-3],
        [5, 0.826161, 0.969780, 0.919847, 0.857967, 1.027e-3],
        [8, 0.894561, 0.988883, 0.968992, 0.942303, 1.246e-4],
        [10, 0.924450, 0.994292, 0.983739, 0.969105, 3.177e-5],
        [15, 0.967166, 0.998922, 0.996837, 0.993811, 1.099e-6],
    ]
)


def test_the_bkw_mode_relaxes_as_krook_and_wu_say():
    t, C, m4, m6, m8, H = BKW_TABLE.T
    assert ref.bkw_c(t) == pytest.approx(C, abs=1e-6)
    assert ref.bkw_moment(4, t) == pytest.approx(m4, abs=1e-6)
    assert ref.bkw_moment(6, t) == pytest.approx(m6, abs=1e-6)
    assert ref.bkw_moment(8, t) == pytest.approx(m8, abs=1e-6)
    assert ref.bkw_h_excess(t) == pytest.approx(H, rel=5e-4)
    assert ref.bkw_moment(2, t) == pytest.approx(np.ones(8), rel=1e-14)
    assert ref.bkw_moment(10, t) == pytest.approx(ref.bkw_c(t) ** 4 * (5 - 4 * ref.bkw_c(t)))


def test_the_bkw_density_has_the_bkw_moments():
    C = 0.72
    t = -6 * math.log((1 - C) / 0.4)
    for k2 in (0, 2, 4, 6, 8, 10):
        moment, _ = quad(lambda c, k2=k2: c**k2 * float(ref.bkw_speed_density(c, C)), 0, 10)
        exact = float(ref.bkw_moment(k2, t) * ref.maxwell_speed_moment(k2))
        assert moment == pytest.approx(exact, rel=1e-9)


def test_the_bkw_entropy_production_is_known():
    C = np.array([0.60, 0.65, 0.70, 0.75, 0.80, 0.85, 0.90])
    t = np.maximum(-6 * np.log((1 - C) / 0.4), 0.0)
    H = [0.06392997, 0.02848607, 0.01266010, 0.00524045, 0.00189913, 5.4541e-4, 1.0016e-4]
    rate = [-0.074071, -0.026388, -0.010602, -0.0040895, -0.0014043, -3.867e-4, -6.88e-5]
    absolute = np.array([6e-9, 6e-9, 6e-9, 6e-9, 6e-9, 6e-9, 6e-9])
    assert np.all(np.abs(ref.bkw_h_excess(t) - H) <= absolute)
    assert ref.bkw_h_rate(t) == pytest.approx(rate, rel=2e-4)
    # the rate is the derivative of the excess
    slope = (ref.bkw_h_excess(t + 1e-3) - ref.bkw_h_excess(np.maximum(t - 1e-3, 0))) / 2e-3
    assert slope[1:] == pytest.approx(ref.bkw_h_rate(t[1:]), rel=1e-5)
    late = ref.bkw_h_excess(60.0) / (15 / 16 * (1 - ref.bkw_c(60.0)) ** 4)
    assert late == pytest.approx(1.0, abs=1e-4)
    exact = digamma(2.5) - 1 + math.log(10 / 9) - 0.5 * math.log(0.6)
    assert ref.bkw_h_excess(0.0) == pytest.approx(exact, abs=1e-9)
    assert pytest.approx(exact, abs=1e-10) == ref.EXCESS_BKW


@pytest.mark.parametrize(
    ("mode", "hard", "maxwell"),
    [("stress", 4 / 5, 1 / 2), ("heat", 8 / 15, 1 / 3), ("diffusion", 2 / 3, 1 / 2)],
)
def test_first_sonine_rates(mode, hard, maxwell):
    assert ref.linear_rate(mode) == pytest.approx(hard)
    assert ref.linear_rate(mode, 1.0) == pytest.approx(maxwell)
    vss = 2 / 2.4 if mode == "diffusion" else 6 * 1.4 / (2.4 * 3.4)
    assert ref.linear_rate(mode, 0.74, 1.4) == pytest.approx(vss * ref.linear_rate(mode, 0.74))


def test_maxwell_molecules_forget_two_temperatures_exactly():
    t = np.array([0.0, 1.0, 4.0])
    assert ref.two_temperature_maxwell_moment(4, t)[:2] == pytest.approx(
        [1.25, 1.1791328], abs=6e-8
    )
    assert ref.two_temperature_maxwell_moment(6, t)[:2] == pytest.approx(
        [1.75, 1.5373985], abs=6e-8
    )
    spectral = ref.isotropic_relaxation(ref.laguerre_coefficients("B", 12), t, omega=1.0)
    assert spectral.moment(6) == pytest.approx(ref.two_temperature_maxwell_moment(6, t), abs=1e-9)


BI_MAXWELLIAN_RATIOS = [0.1, 0.25, 0.5, 0.9, 1.1, 2, 4, 10]


def test_the_stress_of_a_bi_maxwellian_relaxes_at_the_tabulated_rates():
    hard = [
        *(0.7368188, 0.7540963, 0.7745967, 0.7959901),
        *(0.8036280, 0.8253208, 0.8449212, 0.8590712),
    ]
    argon = [
        *(0.5848621, 0.5913458, 0.5983485, 0.6049797),
        *(0.6071809, 0.6128826, 0.6170319, 0.6186210),
    ]
    collisions = [
        *(0.9758071, 0.9868068, 0.9956651, 0.9998798),
        *(0.9998968, 0.9940184, 0.9759297, 0.9421066),
    ]
    r = BI_MAXWELLIAN_RATIOS
    assert ref.bi_maxwellian_rate(r) == pytest.approx(hard, abs=6e-8)
    assert ref.bi_maxwellian_rate(r, 0.81) == pytest.approx(argon, abs=6e-8)
    assert ref.bi_maxwellian_rate(r, 1.0) == pytest.approx([0.5] * 8, rel=1e-12)
    assert ref.bi_maxwellian_collision_rate(r) == pytest.approx(collisions, abs=6e-8)
    assert ref.bi_maxwellian_collision_rate(r, 1.0) == pytest.approx([1.0] * 8, rel=1e-12)


def test_a_faint_anisotropy_relaxes_at_the_linear_rate():
    for omega in (0.5, 0.74, 1.0):
        linear = ref.linear_rate("stress", omega)
        assert ref.bi_maxwellian_rate([1.0, 1 + 1e-10], omega) == pytest.approx([linear] * 2)
        assert ref.bi_maxwellian_rate(1 + 1e-7, omega) == pytest.approx(linear, rel=1e-6)


def test_bi_maxwellian_moments_are_exact():
    r = np.array([0.01, 0.5, 1.0, 4.0, 100.0])
    fourth = (3 * r**2 + 4 * r + 8) / 15 * 9 / (r + 2) ** 2
    assert ref.bi_maxwellian_moment(4, r) == pytest.approx(fourth, rel=1e-12)
    assert ref.bi_maxwellian_moment(2, r) == pytest.approx(np.ones(5), rel=1e-12)
    # mean speed at r = 4: closed form of int sqrt(1 + 3x^2) dx / sqrt 2
    mean = (2 + math.asinh(math.sqrt(3)) / math.sqrt(3)) / 2 / math.sqrt(2)
    assert ref.bi_maxwellian_moment(1, 4.0) == pytest.approx(mean, rel=1e-12)


def test_the_h_function_of_equilibrium():
    assert ref.h_equilibrium() == pytest.approx(-3.2170948288, abs=1e-10)
    assert ref.h_equilibrium(1.0) == pytest.approx(-4.2568155996, abs=1e-10)
    integral, _ = quad(
        lambda c: float(ref.maxwell_speed_density(c)) * (-(c**2) - 1.5 * math.log(math.pi)), 0, 10
    )
    assert ref.h_equilibrium() == pytest.approx(integral, rel=1e-9)


def test_excess_of_h_in_common_states():
    ratio = [0.25, 0.5, 2, 4, 10]
    known = [0.26162407, 0.07309126, 0.08494952, 0.34657359, 0.92814900]
    assert ref.excess_bi_maxwellian(ratio) == pytest.approx(known, abs=6e-9)
    beams = [0.45378142, 1.39014361, 2.76073077, 3.80045123]
    assert ref.excess_two_beams([0.5, 0.25, 0.1, 0.05]) == pytest.approx(beams, abs=6e-9)
    assert ref.excess_two_beams(1.0) == pytest.approx(0.0, abs=1e-12)
    assert ref.excess_two_temperature() == pytest.approx(0.04443435, abs=6e-9)
    assert ref.excess_two_temperature() == pytest.approx(ref.EXCESS_TWO_TEMPERATURE, abs=1e-10)
    assert pytest.approx(0.5294556249, abs=1e-10) == ref.EXCESS_UNIFORM_CUBE
    assert pytest.approx(0.4102467727, abs=1e-10) == ref.EXCESS_UNIFORM_BALL
    e = 1e-3  # T_x = (1+e)T
    assert ref.excess_bi_maxwellian((1 + e) / (1 - e / 2)) == pytest.approx(3 / 8 * e**2, rel=2e-3)


def test_a_label_or_a_unit_does_not_change_the_entropy():
    assert ref.excess_two_temperature(1.0, 1.0, 0.3) == pytest.approx(0.0, abs=1e-13)
    assert ref.excess_two_temperature(0.3, 2.0, 1.0) == pytest.approx(0.0, abs=1e-13)
    one = ref.excess_two_temperature(150.0, 450.0, 0.5)
    assert one == pytest.approx(ref.excess_two_temperature(), abs=1e-13)
    swapped = ref.excess_two_temperature(1.5, 0.5, 0.5)
    assert swapped == pytest.approx(one, abs=1e-12)


def test_few_particles_at_fixed_energy_are_not_maxwellian():
    N = [2, 3, 5, 10, 20, 50, 100]
    fourth = [0.6, 0.75, 0.857143, 0.931034, 0.966102, 0.986577, 0.993311]
    speed = [1.085402, 1.042352, 1.021027, 1.009300, 1.004396, 1.001702, 1.000842]
    assert ref.microcanonical_moment_4(N) == pytest.approx(fourth, abs=1e-6)
    assert ref.microcanonical_speed(N) == pytest.approx(speed, abs=1e-6)
    assert ref.microcanonical_moment(4, N) == pytest.approx(ref.microcanonical_moment_4(N))
    assert ref.microcanonical_moment(2, N) == pytest.approx(np.ones(7))
    # a wrong count of degrees of freedom (3N instead of 3(N-1)) shows at once
    assert abs(6 / (6 + 2) - ref.microcanonical_moment_4(2)) > 0.1


def test_five_particles_drawn_on_the_energy_sphere_have_the_exact_moments():
    rng = np.random.default_rng(20)
    v = rng.normal(size=(40_000, 5, 3))
    v -= v.mean(axis=1, keepdims=True)
    v /= np.sqrt((v**2).sum(axis=(1, 2), keepdims=True))
    square = (v**2).sum(-1)
    per_gas = (square**2).mean(1) / (5 / 3 * (1 / 5) ** 2)
    error = per_gas.std() / math.sqrt(len(per_gas))
    assert abs(per_gas.mean() - ref.microcanonical_moment_4(5)) < 4.5 * error  # 7e-6 false alarms


def test_fluctuations_and_errors_fall_with_the_number_of_particles():
    few, many = (ref.cell_variances(N, 300.0, ARGON["mass"]) for N in (10.0, 1000.0))
    assert few.velocity / many.velocity == pytest.approx(100)
    assert few.temperature == pytest.approx(2 * 300.0**2 / 30)
    assert (few.number, few.relative_pressure) == pytest.approx((10.0, 1 / 6))
    errors = ref.sampling_errors(100, 100, mach=0.1, relative_temperature_change=0.05)
    assert errors.density == pytest.approx(0.01)
    assert errors.velocity == pytest.approx(0.01 / (0.1 * math.sqrt(5 / 3)))
    assert errors.temperature == pytest.approx(0.01 * math.sqrt(2 / 3) / 0.05)
    assert errors.pressure == pytest.approx(0.01 * math.sqrt(5 / 3))


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda: ref.most_probable_speed(-1.0, 300.0), "mass"),
        (lambda: ref.mean_speed(1e-26, 0.0), "temperature"),
        (lambda: ref.maxwell_speed_moment(-3), "k"),
        (lambda: ref.relative_speed_moment(-4.0), "p"),
        (lambda: ref.maxwell_speed_density([-1.0]), "c"),
        (lambda: ref.collision_rate(-1, 300, 1e-26, 4e-10), "number_density"),
        (lambda: ref.collision_rate(1, 300, 1e-26, 4e-10, omega=1.2), "omega"),
        (
            lambda: ref.collision_rate(1, 300, 1e-26, 4e-10, reference_temperature=np.nan),
            "reference",
        ),
        (lambda: ref.mean_free_path(0.0, 300, 1e-26, 4e-10), "number_density"),
        (lambda: ref.unlike_collision_rate(1, 300, 1e-26, -1, 1e-26, 4e-10), "temperature_2"),
        (lambda: ref.one_sided_flux("many", 300, 1e-26), "number_density"),
        (lambda: ref.class_rate(2.0, 1.0), "c_high"),
        (lambda: ref.class_rate(11.0, 12.0), "c_low"),
        (lambda: ref.class_rate(0.0, 1.0, 2.0), "exponent"),
        (lambda: ref.bkw_c(-1.0), "collisions"),
        (lambda: ref.bkw_c(1.0, beta=0.5), "beta"),
        (lambda: ref.bkw_moment(3, 1.0), "k2"),
        (lambda: ref.bkw_density(1.0, 0.5), "C"),
        (lambda: ref.linear_rate("shear"), "mode"),
        (lambda: ref.linear_rate("stress", 0.5, -1.0), "alpha"),
        (lambda: ref.two_temperature_maxwell_moment(8, 1.0), "k2"),
        (lambda: ref.two_temperature_maxwell_moment(4, 1.0, 0.5, 2.0), "low and high"),
        (lambda: ref.bi_maxwellian_rate(0.0), "ratio"),
        (lambda: ref.bi_maxwellian_history("moment_6", 1.0), "quantity"),
        (lambda: ref.excess_two_beams(1.5), "ratio"),
        (lambda: ref.excess_two_temperature(0.5, 1.5, 1.5), "share"),
        (lambda: ref.h_equilibrium(-0.5), "temperature_over_unit"),
        (lambda: ref.microcanonical_speed(1), "particles"),
        (lambda: ref.microcanonical_moment_4(2.5), "particles"),
        (lambda: ref.cell_variances(0, 300, 1e-26), "mean_occupancy"),
        (lambda: ref.sampling_errors(1, 1, relative_temperature_change=0), "relative_temperature"),
    ],
)
def test_impossible_arguments_are_refused_by_name(call, name):
    with pytest.raises(ValueError, match=name):
        call()
