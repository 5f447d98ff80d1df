"""Free-molecular flow and gas dynamics: formulas against known figures and conservation.

Tolerances are one unit in the last printed digit of the figure, unless a reason is given.
"""

import math

import numpy as np
import pytest

import dsmc.reference as ref
from dsmc.species import BOLTZMANN

M, T = 66.3e-27, 273.15


# S: sphere specular, sphere diffuse, cylinder specular, diffuse, normal plate diffuse, specular
DRAG = np.array(
    [
        [0.1, 30.150248, 41.966607, 35.537626, 40.574039, 40.367272, 45.285467],
        [0.5, 6.313695, 8.676967, 7.523977, 8.427147, 8.425472, 9.761129],
        [1, 3.572114, 4.753750, 4.365481, 4.666193, 4.715664, 5.886420],
        [2, 2.468827, 3.059645, 3.149659, 3.058286, 3.136036, 4.499617],
        [3, 2.216049, 2.609928, 2.885705, 2.628306, 2.701929, 4.222222],
        [5, 2.079200, 2.315527, 2.746263, 2.338113, 2.394491, 4.080000],
        [8, 2.031128, 2.178832, 2.697855, 2.197402, 2.237182, 4.031250],
        [10, 2.019950, 2.138114, 2.686642, 2.154189, 2.187245, 4.020000],
    ]
)


def test_free_molecular_drag_of_simple_bodies():
    S, *known = DRAG.T
    computed = [
        ref.sphere_drag(S, reflection="specular"),
        ref.sphere_drag(S),
        ref.cylinder_drag(S, reflection="specular"),
        ref.cylinder_drag(S),
        ref.plate_drag_and_lift(S)[0],
        ref.plate_drag_and_lift(S, reflection="specular")[0],
    ]
    for values, column in zip(computed, known, strict=True):
        assert values == pytest.approx(column, abs=1e-6)


def test_slow_spheres_obey_the_linear_drag_law():
    S = np.array([1e-6, 1e-3])
    linear = 16 / (3 * math.sqrt(math.pi) * S)
    assert ref.sphere_drag(S, reflection="specular") == pytest.approx(linear, rel=1e-6)
    below, above = ref.sphere_drag([0.5 - 1e-9, 0.5], reflection="specular")
    assert below == pytest.approx(above, rel=1e-8)


def test_surface_elements_add_up_to_the_sphere():
    x, w = np.polynomial.legendre.leggauss(200)  # cosine between inward normal and stream
    for S in (0.5, 2.0, 5.0):
        part = ref.surface_element(S * x, S * np.sqrt(1 - x**2))
        push = part.pressure * x + part.shear * np.sqrt(1 - x**2)
        assert 2 * np.dot(w, push) / S**2 == pytest.approx(float(ref.sphere_drag(S)), rel=1e-9)
        flux = ref.sphere_flux(S)
        assert 2 * np.dot(w, part.number_flux) == pytest.approx(float(flux.number), rel=1e-9)
        assert 2 * np.dot(w, part.incident_energy_flux) == pytest.approx(
            float(flux.energy), rel=1e-9
        )


def test_a_gas_at_rest_presses_alike_on_every_wall():
    rest = ref.surface_element(0.0, 0.0)
    assert rest.pressure == pytest.approx(1.0)  # p = rho v0^2/2
    assert rest.number_flux == pytest.approx(0.2820947918, abs=1e-10)
    assert rest.incident_energy_flux == pytest.approx(2 * rest.number_flux)
    assert rest.reflected_energy_flux == pytest.approx(rest.incident_energy_flux)
    assert ref.surface_element(0.0, 0.0, reflection="specular").pressure == pytest.approx(1.0)


def test_inclined_plates():
    for S, degrees, reflection, drag, lift in (
        (5, 30, "diffuse", 1.108643, 0.188126),
        (5, 45, "diffuse", 1.619743, 0.205530),
        (5, 0, "diffuse", 0.225676, 0.0),
        (1, 30, "diffuse", 2.102646, 1.218261),
        (1, 45, "diffuse", 3.018827, 1.368961),
        (1, 0, "diffuse", 1.128379, 0.0),
        (5, 30, "specular", 0.539998, 0.935304),
        (5, 45, "specular", 1.470782, 1.470782),
    ):
        load = ref.plate_drag_and_lift(S, math.radians(degrees), reflection=reflection)
        assert load == pytest.approx((drag, lift), abs=1e-6)


def test_spheres_in_a_stream_heat_up():
    flux = ref.sphere_flux(5.0)
    assert flux == pytest.approx((5.100000, 140.149999), abs=1e-6)
    known = [1.606840, 3.194700, 13.740196, 51.247512]
    assert ref.sphere_adiabatic_temperature([1, 2, 5, 10]) == pytest.approx(known, abs=1e-6)


def test_heat_crosses_collisionless_gas_ballistically():
    n, T_1, T_2 = 1e18, 400.0, 250.0
    plates = ref.free_molecular_plates(n, T_1, T_2, M)
    assert plates.temperature == pytest.approx(math.sqrt(T_1 * T_2))
    # no net flux of particles
    from_1 = ref.one_sided_flux(plates.number_density_1, T_1, M)
    from_2 = ref.one_sided_flux(plates.number_density_2, T_2, M)
    assert (from_1, from_2) == pytest.approx((plates.particle_flux,) * 2)
    assert plates.heat_flux == pytest.approx(2 * BOLTZMANN * (T_1 - T_2) * from_1)
    assert (plates.number_density_1 + plates.number_density_2) / 2 == pytest.approx(n)
    near = ref.free_molecular_plates(n, 300.03, 299.97, M)
    v0, p = ref.most_probable_speed(M, 300.0), n * BOLTZMANN * 300.0
    assert near.heat_flux == pytest.approx(p * v0 / math.sqrt(math.pi) * 2e-4, rel=1e-6)


def test_shear_crosses_collisionless_gas_ballistically():
    n, U = 1e18, 150.0
    v0 = ref.most_probable_speed(M, 300.0)
    stress = ref.free_molecular_couette_stress(n, 300.0, M, U)
    assert stress == pytest.approx(n * M * U * v0 / (2 * math.sqrt(math.pi)))
    # each striker brings m(-U/2) and leaves with m U/2
    assert stress == pytest.approx(ref.one_sided_flux(n, 300.0, M) * M * U)
    smooth = ref.free_molecular_couette_stress(n, 300.0, M, U, accommodation=[0.0, 0.5])
    assert smooth == pytest.approx([0.0, stress / 3])


def test_gas_expands_freely_into_vacuum():
    known = [0.921350, 0.5, 0.078650, 0.002339]
    assert ref.free_expansion_density([-1, 0, 1, 2]) == pytest.approx(known, abs=1e-6)
    # continuity: the similarity variable s = x/(v0 t) gives s dn/ds = d(nu)/ds
    s, h = 0.7, 1e-5
    slope = ref.free_expansion_density([s - h, s + h]), ref.free_expansion_momentum([s - h, s + h])
    assert s * np.diff(slope[0]) == pytest.approx(np.diff(slope[1]), rel=1e-8)
    assert ref.free_expansion_momentum(0.0) == pytest.approx(0.2820947918, abs=1e-10)


def test_strong_shocks_of_a_monatomic_gas():
    mach = [1.5, 2, 3, 5, 8, 10]
    jump = ref.rankine_hugoniot(mach)
    density = [1.714286, 2.285714, 3.000000, 3.571429, 3.820896, 3.883495]
    heat = [1.494792, 2.078125, 3.666667, 8.680000, 20.872070, 32.123125]
    before = [1.369306, 1.825742, 2.738613, 4.564355, 7.302967, 9.128709]
    behind = [0.798762, 0.798762, 0.912871, 1.278019, 1.911324, 2.350643]
    assert jump.density_ratio == pytest.approx(density, abs=1e-6)
    assert jump.temperature_ratio == pytest.approx(heat, abs=1e-6)
    assert jump.upstream_velocity == pytest.approx(before, abs=1e-6)
    assert jump.downstream_velocity == pytest.approx(behind, abs=1e-6)
    assert np.all(jump.downstream_mach < 1)
    none = ref.rankine_hugoniot(1.0)
    assert none[:3] == pytest.approx((1.0, 1.0, 1.0)) and none.downstream_mach == pytest.approx(1.0)


@pytest.mark.parametrize("gamma", [5 / 3, 1.4])
def test_shocks_conserve_mass_momentum_and_energy(gamma):
    mach = np.array([1.2, 3.0, 20.0])
    jump = ref.rankine_hugoniot(mach, gamma)
    # rho_1 = 1, v0_1 = 1: p_1 = 1/2
    U_1, U_2, rho, p = (
        jump.upstream_velocity,
        jump.downstream_velocity,
        jump.density_ratio,
        jump.pressure_ratio / 2,
    )
    assert rho * U_2 == pytest.approx(U_1)
    assert rho * U_2**2 + p == pytest.approx(U_1**2 + 0.5)
    enthalpy = gamma / (gamma - 1)
    assert U_2**2 / 2 + enthalpy * p / rho == pytest.approx(U_1**2 / 2 + enthalpy / 2)


def test_sods_tube():
    monatomic = ref.riemann_star((1, 0, 1), (0.125, 0, 0.1))
    known = (0.29394519, 0.84119485, 0.47968906, 0.22980575)
    assert monatomic[:4] == pytest.approx(known, abs=1e-8)
    waves = (-1.29099445, -0.16940131, 1.84447337, 1.84447337)
    assert monatomic[4:] == pytest.approx(waves, abs=1e-8)
    air = ref.riemann_star((1, 0, 1), (0.125, 0, 0.1), 1.4)
    assert (*air[:4], air.right_head) == pytest.approx(
        (0.30313018, 0.92745262, 0.42631943, 0.26557371, 1.75215573), abs=1e-8
    )
    isothermal = ref.riemann_star((1, 0, 1), (0.1, 0, 0.1))
    assert (*isothermal[:4], isothermal.right_head) == pytest.approx(
        (0.27610774, 0.87891751, 0.46200550, 0.17814187, 2.00368907), abs=1e-8
    )


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ((1, 0, 1), (0.125, 0, 0.1)),
        ((1, -1, 0.4), (1, 1, 0.4)),  # two rarefactions
        ((2, 3, 1), (1, -2, 0.5)),  # two shocks
        ((0.1, 0, 0.1), (1, 0.3, 1)),  # the mirror image, moving
    ],
)
def test_the_riemann_solution_conserves_mass_momentum_and_energy(left, right):
    """Integrals over |x| < 8t change only by the fluxes of the two outer states."""
    gamma = 5 / 3
    # midpoint sums over 400001 cells: jumps cost a cell each, 4e-5 of the states
    edges = np.linspace(-8, 8, 400_002)
    x = (edges[1:] + edges[:-1]) / 2
    rho, u, p = ref.riemann_solution(x, left, right, gamma)
    total = np.mean([rho, rho * u, p / (gamma - 1) + rho * u**2 / 2], axis=1) * 16

    def conserved(rho, u, p):
        energy = p / (gamma - 1) + rho * u**2 / 2
        return np.array([rho, rho * u, energy]), np.array(
            [rho * u, rho * u**2 + p, (energy + p) * u]
        )

    (held_l, flux_l), (held_r, flux_r) = conserved(*left), conserved(*right)
    expected = 8 * (held_l + held_r) + flux_l - flux_r
    assert total == pytest.approx(expected, abs=4e-4)
    assert np.all(rho > 0) and np.all(p > 0)


def test_the_riemann_solution_mirrors():
    x = np.linspace(-2, 2, 41)
    one = ref.riemann_solution(x, (1, 0.1, 1), (0.125, 0, 0.1))
    two = ref.riemann_solution(-x, (0.125, 0, 0.1), (1, -0.1, 1))
    assert one.density == pytest.approx(two.density)
    assert one.velocity == pytest.approx(-two.velocity)
    assert float(ref.riemann_solution(-5.0).density) == 1.0


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda: ref.free_molecular_plates(1, 0, T, M), "temperature_1"),
        (lambda: ref.free_molecular_couette_stress(1, T, M, 1, 1.5), "accommodation"),
        (lambda: ref.sphere_drag(0.0), "speed_ratio"),
        (lambda: ref.cylinder_drag(1.0, reflection="smooth"), "reflection"),
        (lambda: ref.plate_drag_and_lift(1.0, -0.1), "incidence"),
        (lambda: ref.surface_element(0.0, 0.0, -1.0), "wall_temperature_ratio"),
        (lambda: ref.rankine_hugoniot(0.9), "mach"),
        (lambda: ref.rankine_hugoniot(2.0, 1.0), "gamma"),
        (lambda: ref.riemann_star((1, 0, -1), (1, 0, 1)), "left"),
        (lambda: ref.riemann_star((1, -9, 1), (1, 9, 1)), "vacuum"),
    ],
)
def test_impossible_arguments_are_refused_by_name(call, name):
    with pytest.raises(ValueError, match=name):
        call()
