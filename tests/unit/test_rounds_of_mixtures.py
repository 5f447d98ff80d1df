"""A round of a mixture: what pairs of any species do at once is what each would do alone."""

from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dsmc.batch import CELLS, batch
from dsmc.cross_section import hard_sphere_rate, variable_rate
from dsmc.pairs import HARD_SPHERE, choose_species, rates_of_each, sort_members
from dsmc.turning import ISOTROPIC, alpha_of_all, deflect_each, deflections, turn_each

SEED = 20261129


class GasOf(NamedTuple):
    """What deflections ask of a gas."""

    inverse_alpha: np.ndarray


def filled(random: np.random.Generator, dtype: type = np.float64):
    """A round of CELLS pairs: relative velocities, and numbers for their angles."""
    round = batch(3, 2, 10, dtype).round
    round.x[:], round.y[:], round.z[:] = random.normal(0.0, 300.0, (3, CELLS))
    round.cosine[:], round.azimuth[:] = random.random((2, CELLS))
    round.g_squared[:] = round.x**2 + round.y**2 + round.z**2
    return round


@pytest.mark.parametrize("alphas", [(1.0, 0.7), (0.7, 0.6), (1.0, 1.0)])
@pytest.mark.parametrize("hits", [1, 5, 8, CELLS])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_each_pair_scatters_by_its_own_law(alphas, hits, dtype):
    random = np.random.default_rng(SEED)
    inverse_alpha = random.choice(alphas, CELLS).astype(dtype)
    alone, together = filled(random, dtype), filled(np.random.default_rng(SEED + 1), dtype)
    for name in ("x", "y", "z", "cosine", "azimuth"):
        getattr(together, name)[:] = getattr(alone, name)
    for n in range(hits):
        deflections(n, n + 1, inverse_alpha[n], alone)
    turn_each(hits, inverse_alpha, together)
    for name in "xyz":
        np.testing.assert_array_equal(getattr(together, name), getattr(alone, name))


@pytest.mark.parametrize("alphas", [((1.0, 0.7), (0.7, 0.6)), ((0.7, 0.7), (0.7, 0.7))])
def test_the_constants_of_a_pair_are_those_of_its_species(alphas):
    random = np.random.default_rng(SEED)
    inverse_alpha = np.array(alphas)
    alone, together = filled(random), filled(np.random.default_rng(SEED))
    together.hit[:] = random.permutation(CELLS)
    together.kind[:], together.other_kind[:] = random.integers(0, 2, (2, CELLS))
    for n in range(CELLS):
        k = int(together.hit[n])
        alpha = inverse_alpha[together.kind[k], together.other_kind[k]]
        deflections(n, n + 1, alpha, alone)
    deflect_each(CELLS, GasOf(inverse_alpha), together)
    for name in "xyz":
        np.testing.assert_array_equal(getattr(together, name), getattr(alone, name))


def test_one_alpha_of_all_is_told():
    assert alpha_of_all(np.array([[0.7, 0.7], [0.7, 0.7]])) == 0.7
    assert alpha_of_all(np.array([[ISOTROPIC, 0.7], [0.7, ISOTROPIC]])) == 0.0


@pytest.mark.parametrize("count", [1, 7, CELLS])
def test_each_pair_has_its_own_cross_section(count):
    random = np.random.default_rng(SEED)
    round = filled(random)
    exponent = random.choice([HARD_SPHERE, 0.19, 0.3, 0.0], CELLS)
    prefactor = random.uniform(1e-19, 1e-17, CELLS)
    rates_of_each(count, prefactor, exponent, round)
    for k in range(count):
        g_squared, s, omega = round.g_squared[k], prefactor[k], exponent[k]
        hard = omega == HARD_SPHERE
        expected = hard_sphere_rate(g_squared, s) if hard else variable_rate(g_squared, s, omega)
        assert round.likely[k] == expected


@given(species=st.lists(st.integers(0, 3), min_size=1, max_size=40), before=st.integers(0, 3))
def test_members_are_listed_by_species_in_their_order(species, before):
    rows = np.array([0] * before + species + [1, 2], np.int8)
    begin, member = np.full(5, -7), np.full(len(species) + 1, 99, np.uint64)
    sort_members(rows, before, before + len(species), begin, member)
    order = np.argsort(species, kind="stable")
    assert member[:-1].tolist() == (before + order).tolist()
    assert begin.tolist() == np.searchsorted(np.array(species)[order], np.arange(5)).tolist()


def test_a_pair_of_species_has_the_share_of_its_flow():
    flow = np.array([[1.0, 0.0], [99.0, 3.0]])  # pairs a <= b count
    shares = [0.0, 0.9, 1.1, 3.9, 4.0]
    assert [choose_species(share, flow) for share in shares] == [
        (0, 0), (0, 0), (1, 1), (1, 1), (1, 1),
    ]  # fmt: skip
