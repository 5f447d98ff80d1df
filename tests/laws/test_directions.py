"""Directions after a collision: isotropic where they should be, and equilibrium stays equilibrium.

Hypothesis of every test: the classes are filled as stated; its error is that of independent counts
(chi-square), its false-alarm probability 1e-6, its numbers those of one fixed seed.  Each comes
with a twin, a law wrong at two or three times what the test can see, that it must reject.
The laws are bound to NumPy arrays.
"""

import inspect
from types import SimpleNamespace

import numpy as np
import pytest
from scipy.stats import beta, chi2

from dsmc import draws, scatter
from dsmc.turning import fill_normals

BUDGET = 1e-6
SEED = 20261121
N = 200_000
NAMES = inspect.signature(scatter.laws).parameters
LAWS = SimpleNamespace(**vars(scatter.laws(*[getattr(np, name) for name in NAMES])))
SINGULAR = {
    "along x": (1.0, 0.0, 0.0),
    "along z": (0.0, 0.0, 1.0),
    "against z": (0.0, 0.0, -1.0),
    "nearly against z": (1e-9, -1e-9, -1.0),
    "against minus zero": (0.6, 0.8, -0.0),
    "anywhere": (0.3, -0.5, 0.81),
}


def p_value(classes, count, probabilities=None):
    """Chi-square of the numbers of members of `count` classes against their probabilities."""
    members = np.bincount(classes, minlength=count)
    assert members.size == count
    expected = classes.size * (1.0 / count if probabilities is None else probabilities)
    return float(chi2.sf(((members - expected) ** 2 / expected).sum(), count - 1))


def index(fraction, count):
    """Class of a number between 0 and 1 among `count` equal ones."""
    return np.clip((fraction * count).astype(int), 0, count - 1)


def sphere_classes(x, y, z):
    """16 x 16 equal areas of the sphere."""
    azimuth = np.arctan2(y, x) / (2.0 * np.pi) + 0.5
    return 16 * index(0.5 * (z + 1.0), 16) + index(azimuth, 16)


def test_isotropic_scattering_fills_the_sphere_evenly():
    """Twin: cos(chi) = 2 u^(1/1.04) - 1; at N = 2e5, chi-square sees exponents off by 2 to 3 %."""
    u, w = np.random.default_rng(SEED).random((2, N))
    for cosine, is_right in (
        (LAWS.isotropic_cosine(u), True),
        (LAWS.soft_sphere_cosine(u, 1.0 / 1.04), False),
    ):
        x, y, z = LAWS.isotropic(np.ones(N), cosine, w)
        # the polar axis of the law is none of the classes' axes
        assert (p_value(sphere_classes(y, z, x), 256) > BUDGET) is is_right
        assert p_value(sphere_classes(x, y, z), 256) > BUDGET or not is_right


@pytest.mark.parametrize("g", SINGULAR.values(), ids=SINGULAR.keys())
def test_isotropic_deflection_forgets_the_direction_before(g):
    """Deflection by an isotropic angle fills the sphere evenly, whatever g.  Twin as above."""
    u, w = np.random.default_rng(SEED + 1).random((2, N))
    for cosine, is_right in (
        (LAWS.isotropic_cosine(u), True),
        (LAWS.soft_sphere_cosine(u, 1.0 / 1.04), False),
    ):
        parts = [np.full(N, part) for part in g]
        x, y, z = LAWS.deflect(*parts, cosine, w) / np.linalg.norm(g)
        assert (p_value(sphere_classes(x, y, z), 256) > BUDGET) is is_right


@pytest.mark.parametrize(("dimension", "stretch"), [(2, 0.0), (3, 0.04), (4, 0.04), (64, 0.08)])
def test_deflection_in_any_dimension_is_even_around_the_direction_before(dimension, stretch):
    """Across g, one component s of D - 1 has s^2 of the beta law (1/2, (D - 2)/2); D = 2: a sign.

    The normals are those of the collision stage.  Twin: normals wider by `stretch` in one direction
    (in two dimensions: off centre by 3 % of their width).
    """
    random = np.random.default_rng(SEED + dimension)
    g = random.normal(size=dimension)
    g /= np.linalg.norm(g)
    axis = np.eye(dimension)[0] - g[0] * g
    axis /= np.linalg.norm(axis)
    right = stage_normals(N // 10 if dimension == 64 else N, dimension)
    wrong = right + stretch * np.outer(right @ axis, axis)
    if dimension == 2:
        wrong += 0.03 * np.sqrt(0.5) * axis
    assert p_value(*across_classes(g, axis, right)) > BUDGET
    assert p_value(*across_classes(g, axis, wrong)) < BUDGET


def stage_normals(count, dimension):
    """(count, D) normals of the collision stage, as collision after collision draws them."""
    address = draws.Address(draws.key(SEED), 3, 17)
    xi = np.empty((count, dimension))
    for draw in range(count):
        fill_normals(xi[draw], address, draw)
    return xi


def across_classes(g, axis, xi):
    """Classes, equally likely, of the deflected directions around g; and their number."""
    cosine = 0.3
    a, b = LAWS.deflect_row(np.ones(len(xi)), xi @ g, (xi**2).sum(axis=1), np.full(len(xi), cosine))
    s = (a[:, None] * g + b[:, None] * xi) @ axis / np.sqrt(1.0 - cosine**2)
    if g.size == 2:
        return (s > 0.0).astype(int), 2
    fraction = beta.cdf(np.minimum(s**2, 1.0), 0.5, 0.5 * (g.size - 2))
    return index(0.5 + 0.5 * np.sign(s) * fraction, 64), 64


@pytest.mark.parametrize("masses", [(1.0, 1.0), (1.0, 10.0)])
@pytest.mark.parametrize("alpha", [1.0, 1.66])
def test_equilibrium_is_left_as_it_was(masses, alpha):
    """Detailed balance: collisions of Maxwellian pairs leave energy and direction Maxwellian.

    The scattering depends on the angle between g and g' alone, which is symmetric in the two, so
    a pair's equilibrium is stationary.  Classes: 8 equal energies x 16 polar x 2 species.  Twin:
    an isotropic law that favours one hemisphere, cos(chi) = 2 u^(1/1.06) - 1 from a fixed axis.
    """
    random = np.random.default_rng(SEED + 10)
    u, w = random.random((2, N))
    v = [random.normal(size=(3, N)) / np.sqrt(mass) for mass in masses]
    g = v[0] - v[1]
    square = (g**2).sum(axis=0)
    right = LAWS.deflect(*g, LAWS.soft_sphere_cosine(u, 1.0 / alpha), w)
    wrong = LAWS.isotropic(square, LAWS.soft_sphere_cosine(u, 1.0 / 1.06), w)
    for turned, is_right in ((right, True), (wrong, False)):
        molecules = zip(after(v, masses, turned), masses, strict=True)
        p = min(p_value(*energy_classes(velocity, mass)) for velocity, mass in molecules)
        assert (p > 0.5 * BUDGET) is is_right


def after(v, masses, turned):
    """Velocities after the collision: centre of mass +- share of the turned g."""
    share = masses[0] / sum(masses), masses[1] / sum(masses)
    centre = LAWS.centre_of_mass(v[0], v[1], *share)
    return centre + share[1] * np.array(turned), centre - share[0] * np.array(turned)


def energy_classes(v, mass):
    """Classes of energy (chi-square of 3 degrees) and of direction against x, equally likely."""
    square = mass * (v**2).sum(axis=0)
    polar = 0.5 * (1.0 + v[0] / np.sqrt((v**2).sum(axis=0)))
    return 16 * index(chi2.cdf(square, 3), 8) + index(polar, 16), 128
