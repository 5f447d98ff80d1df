"""Flows between plates: limits, symmetries and independent checks."""

import math

import numpy as np
import pytest

from dsmc import reference
from dsmc.reference import plane_channel, plane_flows

ROOT_PI = math.sqrt(math.pi)


def test_narrow_gaps_tend_to_the_free_molecular_limits():
    """Couette and Fourier: 1 - O(gap). Flow rates grow as -ln(gap)/sqrt(pi) and half of it, with
    corrections of order gap ln gap: the slope is still 16 % away at Kn = 100, their ratio 3 %."""
    for flow in (reference.couette_stress, reference.fourier_heat_flux):
        near, nearer = 1.0 - flow(0.02), 1.0 - flow(0.01)
        assert 0.0 < nearer < near < 0.02
        assert near / nearer == pytest.approx(2.0, rel=0.05)
    mass = reference.poiseuille_flow(0.01) - reference.poiseuille_flow(0.02)
    creep = reference.thermal_creep_flow(0.01) - reference.thermal_creep_flow(0.02)
    assert mass == pytest.approx(math.log(2.0) / ROOT_PI, rel=0.2)
    assert creep / mass == pytest.approx(0.5, rel=0.05)


def test_wide_gaps_tend_to_the_slip_solutions():
    """Kn = 1/20: the next order is 0.02 % of stress and heat flux, 2 and 8 % of the flow rates."""
    gap, slip = 20.0, reference.slip_flows(20.0)
    assert reference.couette_stress(gap) == pytest.approx(slip.couette_stress, rel=2e-4)
    assert reference.fourier_heat_flux(gap) == pytest.approx(slip.fourier_heat_flux, rel=2e-4)
    assert reference.poiseuille_flow(gap) == pytest.approx(slip.poiseuille_flow, rel=0.02)
    assert reference.thermal_creep_flow(gap) == pytest.approx(slip.thermal_creep_flow, rel=0.08)


def test_the_viscous_slip_is_that_of_ohwada_sone_and_aoki():
    """k_0 = -1.2540 in units of (sqrt(pi)/2) lambda; ours in units of mu v0/p."""
    time = reference.GREEN_KUBO_TIMES["anisotropy"]
    assert 1.2540 / time == pytest.approx(reference.VISCOUS_SLIP, abs=5e-4)
    found = 0.5 * (ROOT_PI / reference.couette_stress(20.0) - reference.rarefaction(20.0))
    assert found == pytest.approx(1.2540 / time, abs=1e-3)


@pytest.mark.parametrize(("gap", "omega"), [(0.1, 0.5), (1.0, 0.81), (10.0, 0.5)])
def test_heat_of_poiseuille_flow_is_the_mass_of_creep(gap, omega):
    """Onsager: two different solutions agree; the mesh breaks the symmetry by 3e-5."""
    heat = reference.poiseuille_heat_flow(gap, omega)
    assert heat == pytest.approx(reference.thermal_creep_flow(gap, omega), rel=5e-5)


def test_poiseuille_flow_has_its_minimum_near_delta_one():
    """Knudsen's minimum."""
    flow = {gap: reference.poiseuille_flow(gap) for gap in (0.3, 1.0, 4.0)}
    assert flow[1.0] < min(flow[0.3], flow[4.0])
    assert 1.4 < flow[1.0] < 1.6


@pytest.mark.long
def test_finer_velocities_polynomials_and_mesh_change_little(monkeypatch):
    """Errors as stated: 1e-4 of stress and heat flux, 3e-4 of flow rates."""
    stress = (reference.couette_stress, reference.fourier_heat_flux)
    rates = (reference.poiseuille_flow, reference.thermal_creep_flow)
    coarse = [flow(1.0) for flow in (*stress, *rates)]
    finer = {"RANKS": 8, "TERMS": 12, "SPEEDS": 22, "ANGLES": 22, "ELEMENTS": 22}
    for name, value in finer.items():
        monkeypatch.setattr(plane_channel, name, value)
    monkeypatch.setattr(plane_flows, "TERMS", finer["TERMS"])
    plane_flows._solver.cache_clear()
    fine = [flow(1.0) for flow in (*stress, *rates)]
    plane_flows._solver.cache_clear()
    np.testing.assert_allclose(coarse[:2], fine[:2], rtol=1e-4)
    np.testing.assert_allclose(coarse[2:], fine[2:], rtol=3e-4)


def test_gaps_out_of_range_are_refused():
    with pytest.raises(ValueError, match="gap must lie between"):
        reference.couette_stress(100.0)
    with pytest.raises(ValueError, match="omega"):
        reference.couette_stress(1.0, omega=2.0)
