"""Temperature and H of gradients are those of a gas with the same velocities."""

import math

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from bridge.thermometer import entropy, temperature  # noqa: E402
from dsmc.entropy import h_excess  # noqa: E402
from dsmc.macroscopic import cell_quantities  # noqa: E402
from dsmc.moments import COLUMNS, add_cell  # noqa: E402
from dsmc.species import BOLTZMANN  # noqa: E402
from tests.bridge.layers import SEED  # noqa: E402


def test_the_temperature_is_that_of_the_gas():
    """A gas of mass k has kT/m = T."""
    velocity = np.random.default_rng(SEED).normal(3.0, 2.0, size=(40, 3))
    sums = np.zeros((1, 1, COLUMNS))
    add_cell(velocity, None, 0, 40, 0, 1.0, sums[0])
    gas = cell_quantities(sums, 1.0, 1.0, [BOLTZMANN], 1.0)["temperature"][0]
    assert temperature(torch.from_numpy(velocity)) == pytest.approx(gas, rel=1e-12)


def test_the_temperature_is_the_variance_of_a_component_in_any_dimension():
    random = torch.Generator().manual_seed(SEED)
    grad = 3.0 * torch.randn(500, 200, generator=random) + 100.0
    assert temperature(grad) == pytest.approx(9.0, rel=0.02)
    assert temperature(1e-150 * grad.double()) == pytest.approx(9e-300, rel=0.02)
    assert temperature(torch.ones(5, 4)) == 0.0
    assert math.isnan(temperature(torch.ones(1, 4)))


def test_the_entropy_in_three_dimensions_is_that_of_the_gas():
    velocity = np.random.default_rng(SEED).uniform(-1.0, 1.0, size=(800, 3))
    found = entropy(torch.from_numpy(1e-3 * velocity))
    assert found == pytest.approx(h_excess(velocity, "neighbour"), rel=1e-9)
    assert found.value > 5.0 * found.error


def test_the_entropy_of_many_components_vanishes_at_equilibrium_and_only_there():
    """A few hot neurons among cold ones: Maxwellian in no projection."""
    random = torch.Generator().manual_seed(SEED)
    grad = torch.randn(1500, 30, generator=random)
    equilibrium = entropy(grad)
    assert abs(equilibrium.value) < 4.0 * equilibrium.error + 0.01
    grad[::10] *= 8.0
    bimodal = entropy(grad)
    assert bimodal.value > 10.0 * bimodal.error


def test_what_has_no_entropy_is_refused():
    with pytest.raises(ValueError, match="D = 2: the entropy needs at least three"):
        entropy(torch.randn(100, 2))
    with pytest.raises(ValueError, match="at least 50 particles"):
        entropy(torch.randn(20, 5))
