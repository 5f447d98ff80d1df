"""Rayleigh's problem and effusion: limits, and numerics of another kind."""

import math

import numpy as np
import pytest
from scipy.integrate import quad

from dsmc import reference as ref
from dsmc.reference import rayleigh
from dsmc.species import BOLTZMANN

M, T, N = 66.3e-27, 300.0, 1e22


def test_the_impulse_begins_free_molecular_and_only_falls_behind():
    t = np.array([0.0, 1e-3, 0.01, 0.1])
    assert ref.rayleigh_impulse(t) == pytest.approx(t, rel=0.008)
    late = np.linspace(0.0, 64.0, 200)
    stress = np.diff(ref.rayleigh_impulse(late))
    assert (stress > 0.0).all() and (np.diff(stress) < 0.0).all()


def test_in_the_end_it_is_navier_and_stokes_with_slip():
    """What is missing are the layers of a mean free path at the wall, ever less of the whole."""
    t = np.array([16.0, 32.0, 64.0])
    lag = ref.rayleigh_slip_impulse(t) - ref.rayleigh_impulse(t)
    assert np.all((lag > 0.1) & (lag < 0.3)) and (np.diff(lag) < 0.0).all()
    assert lag[-1] < 0.009 * ref.rayleigh_impulse(64.0)


def test_the_table_is_the_transform_of_the_linear_boltzmann_equation():
    """One Laplace transform of the tabulated impulse against a solution of the equation.

    Table +- 1e-4 and solution +- 1e-4; the twin, an impulse 0.1 % larger, is told apart.
    """
    s, t = 0.7, np.linspace(0.0, 40.0, 40_001)
    integral = np.trapezoid(np.exp(-s * t) * ref.rayleigh_impulse(t), t)
    exact = ref.rayleigh_transform(s) / s**2
    assert integral == pytest.approx(exact, rel=3e-4)
    assert 1.001 * integral != pytest.approx(exact, rel=3e-4)


@pytest.mark.long
def test_stress_and_impulse_of_the_inverse_transform():
    stress, impulse = ref.rayleigh_history(2.0)
    slope = (ref.rayleigh_impulse(2.001) - ref.rayleigh_impulse(1.999)) / 0.002
    assert stress == pytest.approx(slope, rel=3e-4)
    assert 2.0 * impulse == pytest.approx(ref.rayleigh_impulse(2.0), rel=1e-4)


def test_stehfest_inverts_what_is_known():
    """To four digits, as ten terms do: of t, which the impulse is like, and of exp(-t)."""
    weights = rayleigh.stehfest_weights(10)
    assert weights.sum() == pytest.approx(0.0, abs=1e-6)
    s = math.log(2.0) * np.arange(1, 11)
    assert math.log(2.0) * weights @ (1.0 / s**2) == pytest.approx(1.0, rel=5e-5)
    assert math.log(2.0) * weights @ (1.0 / (s + 1.0)) == pytest.approx(math.exp(-1.0), rel=5e-4)


def test_slip_flow_is_what_finite_differences_have():
    """Explicit differences in 25 lambda, half a percent of U."""
    h, nu, slip = 0.1, rayleigh.DIFFUSIVITY, rayleigh.SLIP_LENGTH
    x, dt = np.arange(0.0, 25.0, h), 0.4 * h**2 / nu
    u = np.zeros_like(x)
    for _ in range(round(20.0 / dt)):
        wall = 1.0 - u[0]
        ghost = u[1] + 2.0 * h * wall / slip  # du/dx = -(U - u)/l at the wall
        inner = np.concatenate([[ghost], u, [0.0]])
        u = u + nu * dt / h**2 * (inner[2:] - 2.0 * u + inner[:-2])
    exact = ref.rayleigh_slip_velocity(x, 20.0)
    assert np.abs(u - exact).max() < 5e-3
    momentum = 4.0 * h * (u.sum() - 0.5 * u[0])
    assert momentum == pytest.approx(float(ref.rayleigh_slip_impulse(20.0)), rel=5e-3)


def test_times_out_of_the_table_are_refused():
    with pytest.raises(ValueError, match="time"):
        ref.rayleigh_impulse(65.0)


def test_effusion_is_the_integral_over_maxwells_distribution():
    v0 = math.sqrt(2.0 * BOLTZMANN * T / M)

    def mean(power):
        return quad(lambda c: c**power * math.exp(-c * c), 0.0, 10.0)[0] / math.sqrt(math.pi)

    flux = ref.effusion_flux(N, T, M)
    assert flux.number == pytest.approx(N * v0 * mean(1), rel=1e-9)
    assert flux.momentum == pytest.approx(N * M * v0**2 * mean(2), rel=1e-9)
    energy = 0.5 * M * v0**3 * N * (mean(3) + mean(1))  # <v_y^2 + v_z^2> = v0^2
    assert flux.energy == pytest.approx(energy, rel=1e-9)


def test_gases_in_balance_through_a_hole_send_the_same():
    ratio = ref.effusion_pressure_ratio(300.0, 1200.0)
    assert ratio == 0.5
    sent = ref.effusion_flux(ratio * N * 1200.0 / 300.0, 300.0, M).number
    assert sent == pytest.approx(ref.effusion_flux(N, 1200.0, M).number)
