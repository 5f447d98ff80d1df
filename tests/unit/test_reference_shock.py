"""What is known within a normal shock, against conservation laws and integrals done otherwise."""

import math

import numpy as np
import pytest
from scipy import integrate

from dsmc import reference as ref

MACH = np.array([1.5, 2.0, 8.0])


def test_the_temperature_along_the_stream_joins_both_sides():
    """T_xx is T_1 before the shock and T_2 behind it: there the gas is in equilibrium."""
    jump = ref.rankine_hugoniot(MACH)
    np.testing.assert_allclose(ref.shock_temperature_xx(1.0, MACH), 1.0, rtol=1e-14)
    behind = ref.shock_temperature_xx(jump.density_ratio, MACH)
    np.testing.assert_allclose(behind, jump.temperature_ratio, rtol=1e-14)


def test_the_overshoot_is_the_maximum_over_all_densities():
    for mach in MACH:
        jump, found = ref.rankine_hugoniot(mach), ref.shock_overshoot(mach)
        r = np.linspace(1.0, float(jump.density_ratio), 200_001)
        T_xx = ref.shock_temperature_xx(r, mach)
        assert T_xx.max() == pytest.approx(float(found.temperature_ratio), rel=1e-9)
        assert r[T_xx.argmax()] == pytest.approx(float(found.density_ratio), abs=1e-4)
        over = T_xx.max() / float(jump.temperature_ratio)
        assert over == pytest.approx(float(found.over_downstream), rel=1e-9)
        assert over > 1.0


def test_a_weak_shock_has_no_overshoot():
    """At M = sqrt(9/5) the maximum has reached the gas behind."""
    least = math.sqrt(9.0 / 5.0)
    at_most = ref.shock_overshoot(least * (1.0 + 1e-12))
    assert float(at_most.over_downstream) == pytest.approx(1.0, abs=1e-10)
    with pytest.raises(ValueError, match="mach"):
        ref.shock_overshoot(1.3)
    r = np.linspace(1.0, float(ref.rankine_hugoniot(1.3).density_ratio), 1001)
    assert np.all(np.diff(ref.shock_temperature_xx(r, 1.3)) > 0.0)


@pytest.mark.parametrize("mach", [1.5, 8.0])
def test_mott_smiths_profile_obeys_the_transport_of_the_square(mach):
    """dF/dx = P in the middle of the shock, with P by an integral over all relative velocities.

    n <v_x^2> gains (sigma/2) g (g^2/3 - g_x^2) in a collision of hard spheres; here the mean is
    over g_x and g_perp, in the reference over g and its direction.
    """
    jump = ref.rankine_hugoniot(mach)
    u_1, u_2, r, T = (
        float(value)
        for value in (
            jump.upstream_velocity,
            jump.downstream_velocity,
            jump.density_ratio,
            jump.temperature_ratio,
        )
    )
    width2 = 0.5 * (1.0 + T)

    def gain(across, along):
        g = math.hypot(across, along)
        law = math.exp(-((along - (u_1 - u_2)) ** 2 + across**2) / (2.0 * width2))
        law *= across / (math.sqrt(2.0 * math.pi) * width2**1.5)
        return law * g * (g * g / 3.0 - along * along)

    far = 9.0 * math.sqrt(width2) + u_1
    mean, _ = integrate.dblquad(gain, -far, far, 0.0, far, epsabs=1e-9, epsrel=1e-7)
    production = 0.25 * r / math.sqrt(2.0) / 2.0 * mean  # nu = 1/2, n_1 = 1, sigma lambda_1 n_1
    flux = u_1 * (u_1**2 + 1.5 - u_2**2 - 1.5 * T)  # dF/dnu
    h = 1e-4
    n = ref.mott_smith_density([-h, h], mach)
    slope_of_nu = -(n[1] - n[0]) / (2.0 * h) / (r - 1.0)
    assert flux * slope_of_nu == pytest.approx(production, rel=1e-5)


def test_mott_smiths_profile_has_its_thickness():
    for mach in (2.0, 8.0):
        x = np.linspace(-3.0, 3.0, 60_001)
        n = ref.mott_smith_density(x, mach)
        rise = float(ref.rankine_hugoniot(mach).density_ratio) - 1.0
        steepest = np.gradient(n, x).max()
        assert rise / steepest == pytest.approx(ref.mott_smith_thickness(mach), rel=1e-6)
    with pytest.raises(ValueError, match="mach"):
        ref.mott_smith_thickness(1.0)


def test_a_weak_shock_is_as_thick_as_the_diffusivity_of_sound_makes_it():
    """By viscosity and conductivity in SI units; Mott-Smith's profile is 12 % thicker there."""
    n, T, m, d = 1e22, 300.0, 6.63e-26, 4.17e-10
    k_B = 1.380649e-23
    mu = ref.viscosity(T, m, d, order="infinite")
    k = ref.conductivity(T, m, d, order="infinite")
    sound = math.sqrt(5.0 / 3.0 * k_B * T / m)
    diffusivity = (4.0 / 3.0 * mu + (2.0 / 3.0) * k / (2.5 * k_B / m)) / (n * m)
    path = ref.mean_free_path(n, T, m, d)
    exact = 2.0 * diffusivity / (sound * 1e-3) / path
    assert ref.weak_shock_thickness(1.001) == pytest.approx(exact, rel=1e-6)
    assert ref.weak_shock_thickness(2.0) == pytest.approx(2.888, abs=1e-3)
    ratio = ref.mott_smith_thickness(1.0001) / ref.weak_shock_thickness(1.0001)
    assert ratio == pytest.approx(1.1205, abs=1e-3)
    with pytest.raises(ValueError, match="mach"):
        ref.weak_shock_thickness(1.0)


def test_moments_of_a_free_expansion_are_integrals_over_what_flew_there():
    for s in (-1.2, 0.0, 0.8):
        exact = [
            integrate.quad(lambda v, k=k: v**k * math.exp(-v * v) / math.sqrt(math.pi), s, 12.0)[0]
            for k in range(3)
        ]
        n, flow, square = ref.free_expansion_moments(s)
        assert (n, flow) == pytest.approx(exact[:2], rel=1e-9)
        assert square == pytest.approx(exact[2] + exact[0], rel=1e-9)  # v_y^2 + v_z^2: 1 v0^2
