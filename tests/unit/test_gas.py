"""The constants of every pair of species follow from those of the molecules."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dsmc import reference
from dsmc.cross_section import variable_rate
from dsmc.gas import gas
from dsmc.species import BOLTZMANN, TABLE, Molecule

WEIGHT = 1e12


def molecule(name="a", mass=6e-26, diameter=4e-10, omega=0.5, reference=273.0, alpha=1.0):
    return Molecule(name, mass, diameter, omega, reference, alpha)


molecules = st.builds(
    molecule,
    mass=st.floats(1e-27, 1e-24), diameter=st.floats(1e-10, 1e-9), omega=st.floats(0.5, 1.0),
    reference=st.floats(100.0, 1000.0), alpha=st.floats(1.0, 2.0),
)  # fmt: skip
mixtures = st.lists(molecules, min_size=1, max_size=4)


@given(mixtures)
def test_both_molecules_of_a_pair_see_the_same_cross_section(entries):
    found = gas(entries, WEIGHT)
    for array in (found.prefactor, found.half_exponent, found.inverse_alpha):
        assert np.array_equal(array, array.T)


@given(mixtures)
def test_the_shares_of_a_pair_are_its_masses_over_their_sum(entries):
    found = gas(entries, WEIGHT)
    assert found.share + found.share.T == pytest.approx(np.ones_like(found.share), rel=1e-15)
    ratio = found.mass[:, None] / found.mass[None, :]
    assert found.share / found.share.T == pytest.approx(ratio, rel=1e-12)


@given(mixtures, st.randoms(use_true_random=False))
def test_the_order_of_the_species_only_orders_the_constants(entries, random):
    order = list(range(len(entries)))
    random.shuffle(order)
    found, other = gas(entries, WEIGHT), gas([entries[k] for k in order], WEIGHT)
    assert np.array_equal(other.mass, found.mass[order])
    for name in ("share", "prefactor", "half_exponent", "inverse_alpha"):
        assert np.array_equal(getattr(other, name), getattr(found, name)[np.ix_(order, order)])


@given(molecules)
def test_one_gas_under_two_names_is_one_gas(entry):
    """Every pair of the mixture has the constants of the pure gas."""
    pure, double = gas([entry], WEIGHT), gas([entry, entry], WEIGHT)
    for name in ("share", "prefactor", "half_exponent", "inverse_alpha"):
        assert getattr(double, name) == pytest.approx(getattr(pure, name)[0, 0], rel=1e-15)
    assert double.weight == pure.weight == WEIGHT


def test_hard_spheres_present_the_disc_of_the_sum_of_their_radii():
    small, large = molecule(diameter=2e-10), molecule(diameter=6e-10, mass=1e-25)
    found = gas([small, large], WEIGHT).prefactor
    assert found[0, 1] == pytest.approx(math.pi * 4e-10**2, rel=1e-14)
    assert found[1, 1] == pytest.approx(math.pi * 6e-10**2, rel=1e-14)


def test_maxwell_molecules_collide_at_a_rate_that_no_speed_changes():
    light = molecule(omega=1.0)
    heavy = molecule(omega=1.0, mass=3e-25, diameter=5e-10)
    found = gas([light, heavy], WEIGHT)
    exact = reference.maxwell_rate_constant(light.mass, heavy.mass, 4.5e-10, 273.0)
    assert found.half_exponent[0, 1] == 0.0
    assert found.prefactor[0, 1] == pytest.approx(float(exact), rel=1e-14)


@pytest.mark.parametrize("model", ["hard-sphere", "vhs", "vss", "maxwell"])
@pytest.mark.parametrize(("first", "second"), list(itertools.combinations(("He", "Ar", "Xe"), 2)))
def test_the_mean_rate_of_unlike_pairs_is_that_of_kinetic_theory(model, first, second):
    """<S g^p> over g exp(-g^2/2s^2) by quadrature, against n_2 <sigma g> of two Maxwellians."""
    one, other = (TABLE[name].as_model(model) for name in (first, second))
    T_1, T_2 = 500.0, 200.0
    found = gas([one, other], WEIGHT)
    s_2 = BOLTZMANN * (T_1 / one.mass + T_2 / other.mass)
    nodes, weights = np.polynomial.legendre.leggauss(200)
    c = 5.0 * (nodes + 1.0)  # g/s from 0 to 10
    density = math.sqrt(2.0 / math.pi) * c**2 * np.exp(-0.5 * c**2) * 5.0 * weights
    rates = [
        variable_rate(value, found.prefactor[0, 1], found.half_exponent[0, 1])
        for value in c**2 * s_2
    ]
    exact = reference.unlike_collision_rate(
        1.0, T_1, one.mass, T_2, other.mass, 0.5 * (one.diameter + other.diameter),
        0.5 * (one.omega + other.omega), 273.0,
    )  # fmt: skip
    assert density @ rates == pytest.approx(float(exact), rel=1e-9)
