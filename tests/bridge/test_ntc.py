"""Neurons collide as molecules do: conserved, at the rate asked for, along the hard-sphere curve.

Backends, layouts and precisions give the same gas.  Seeds were fixed before the first look.
"""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from bridge.address import Address  # noqa: E402
from bridge.collisions import NTCCollision  # noqa: E402
from bridge.ntc import collide  # noqa: E402
from bridge.ntc_rounds import meet  # noqa: E402
from dsmc import encounters, reference  # noqa: E402
from dsmc.compiled import variant  # noqa: E402
from dsmc.statistics import joint_test  # noqa: E402

SEED = 20261121
BUDGET = 1e-6
ISOTROPIC = NTCCollision(scatter="isotropic")
MODES = [
    NTCCollision(),
    ISOTROPIC,
    NTCCollision(pairing="sequential"),
    NTCCollision(pairing="sequential", scatter="isotropic"),
]


def layer(gases=2, neurons=60, dimension=37, dtype=torch.float32, seed=0, spread=0.0):
    """Weights and gradients : (E, N, D); spread : of the logarithm of the gradients' lengths."""
    random = torch.Generator().manual_seed(SEED + seed)
    weight, grad = torch.randn(2, gases, neurons, dimension, generator=random, dtype=torch.float64)
    sizes = torch.randn(gases, neurons, 1, generator=random, dtype=torch.float64)
    return weight.to(dtype), (grad * torch.exp(spread * sizes)).to(dtype)


def at(step, evaluation=0):
    return Address(SEED, step, 3, evaluation)


def energy(rows):
    return rows.double().square().sum().item()


# ------------------------------------------------------------------------------ conservation


SINGLE, DOUBLE = (torch.float32, 1e-6), (torch.float64, 1e-13)


@pytest.mark.parametrize(
    ("collision", "precision"),
    [(MODES[0], SINGLE), (MODES[0], DOUBLE), (MODES[1], SINGLE), (MODES[1], DOUBLE),
     pytest.param(MODES[2], SINGLE, marks=pytest.mark.long), (MODES[3], DOUBLE)],
)  # fmt: skip
def test_energy_is_conserved_and_isotropic_scattering_keeps_momentum(collision, precision):
    dtype, bound = precision
    weight, grad = layer(dtype=dtype)
    before = grad.clone()
    outcome = collide(weight, grad, collision, at(1), measure=True)
    assert 30 < outcome.pairs < 100
    assert not torch.equal(grad, before)
    assert abs(float(outcome.energy_ratio) - 1.0) < bound
    if collision.scatter == "isotropic":
        assert float(outcome.momentum_error) < bound


def test_nearly_parallel_neurons_keep_their_energy_in_float32():
    """A condensed layer, 1 - |cos| = 1e-7: the line of centres itself is mostly rounding."""
    weight, grad = layer(1, 200, 64)
    signs = torch.sign(torch.randn(200, 1, generator=torch.Generator().manual_seed(1)))
    weight = signs * (weight[:, :1] + 3e-4 * weight)
    outcome = collide(weight, grad, NTCCollision(rate=4.0), at(1), measure=True)
    assert outcome.pairs > 300
    assert abs(float(outcome.energy_ratio) - 1.0) < 1e-6


def test_inelastic_collisions_only_lose_energy():
    weight, grad = layer()
    before = energy(grad)
    collide(weight, grad, NTCCollision(restitution=0.0), at(1))
    assert energy(grad) < before


@pytest.mark.long
def test_scattering_with_a_longer_relative_velocity_is_noticed():
    weight, grad = layer(1, 60, 37, torch.float64)
    before = energy(grad)
    laws = {
        "isotropic_row": lambda g_squared, xi_squared: (1.0001 * g_squared / xi_squared) ** 0.5,
        "stretch": lambda g_squared, h_squared: 0.0,
    }
    mutant = variant(encounters.collide_disjoint, **laws)
    run(mutant, weight[0].numpy(), grad[0].numpy(), 0)
    assert abs(energy(grad) / before - 1.0) > 1e-6


def run(kernel, weight, grad, step, scatter="isotropic", rate=1.0):
    """One step of a kernel or a mutant on rows of the host; returns the counts."""
    rows, dimension = grad.shape
    counts = np.zeros(encounters.COUNTS, np.int64)
    engine = at(step).engine()
    kernel(
        weight, grad, np.arange(rows, dtype=np.uint64), np.array([0, rows]), np.zeros(1, np.int64),
        engine.key, step, rate, encounters.spheres(scatter != "isotropic", 1.0, grad.dtype.type),
        encounters.desk(rows, dimension, grad.dtype.type), counts,
    )  # fmt: skip
    return counts


# ------------------------------------------------------------------------------ the guarantee


def pairs_of(count, dimension=8):
    """Weights and gradients of independent pairs of any norms : four (count, D)."""
    random = torch.Generator().manual_seed(SEED)
    rows = torch.randn(4, count, dimension, generator=random, dtype=torch.float64)
    return rows * torch.exp(torch.randn(4, count, 1, generator=random, dtype=torch.float64))


def slope(x_i, x_j, v_i, v_j):
    """d|cos(x_i, x_j)| for a step x' = -v."""
    n_i, n_j = x_i.norm(dim=1, keepdim=True), x_j.norm(dim=1, keepdim=True)
    u_i, u_j = x_i / n_i, x_j / n_j
    cosine = (u_i * u_j).sum(1, keepdim=True)
    rate = (-v_i * (u_j - cosine * u_i) / n_i).sum(1) + (-v_j * (u_i - cosine * u_j) / n_j).sum(1)
    return torch.sign(cosine[:, 0]) * rate


def share_that_falls(restitution, collided=meet):
    """Share of the pairs that collide whose |cos| falls faster than without the collision."""
    x_i, x_j, v_i, v_j = pairs_of(200_000)
    w_i, w_j = collided(x_i, x_j, v_i, v_j, restitution, lambda sums: sums)
    hit = (w_i != v_i).any(1)
    assert 90_000 < hit.sum() < 200_001
    falls = slope(x_i, x_j, w_i, w_j) < slope(x_i, x_j, v_i, v_j)
    return falls[hit].double().mean().item()


@pytest.mark.parametrize("restitution", [0.0, 0.5, 1.0])
def test_every_collision_makes_a_pair_less_parallel(restitution):
    """1e5 pairs by exact first derivatives: all of them."""
    assert share_that_falls(restitution) == 1.0


def without_mirror(x_i, x_j, v_i, v_j, restitution, total):
    h = torch.nn.functional.normalize(x_i) - torch.nn.functional.normalize(x_j)
    approach = ((v_i - v_j) * h).sum(1).clamp(min=0.0)
    change = (-0.5 * (1.0 + restitution) * approach / h.square().sum(1))[:, None] * h
    return v_i + change, v_j - change


def without_approach(x_i, x_j, v_i, v_j, restitution, total):
    w_i, w_j = meet(x_i, x_j, v_i, v_j, restitution, total)
    y_i, y_j = meet(x_i, x_j, -v_i, -v_j, restitution, total)
    return w_i - y_i - v_i, w_j - y_j - v_j


@pytest.mark.parametrize("mutant", [without_mirror, without_approach])
def test_without_mirror_images_or_the_approach_test_the_guarantee_fails(mutant):
    assert share_that_falls(1.0, mutant) < 0.9


def test_the_kernel_makes_pairs_less_parallel_too():
    """Two neurons a gas: 4000 gases, those that changed."""
    weight, grad = layer(4000, 2, 5, torch.float64)
    before = grad.clone()
    collide(weight, grad, NTCCollision(), at(1))
    hit = (grad != before).any(-1).any(-1)
    assert 500 < hit.sum() < 3000
    rows = weight[:, 0], weight[:, 1]
    falls = slope(*rows, grad[:, 0], grad[:, 1]) < slope(*rows, before[:, 0], before[:, 1])
    assert falls[hit].all()


# ------------------------------------------------------------------------------ the rate


@pytest.mark.parametrize("spread", [0.0, 1.0])
@pytest.mark.parametrize("collision", [NTCCollision(rate=0.5), ISOTROPIC, NTCCollision(rate=3.0)],
                         ids=str)  # fmt: skip
def test_the_rate_is_the_number_of_collisions_of_a_neuron(collision, spread):
    """300 steps of 200 neurons, also with lengths that spread over a factor of 100: the error of
    the mean is below 0.5 %."""
    found = []
    for step in range(300):
        weight, grad = layer(1, 200, 6, seed=step, spread=spread)
        found.append(2.0 * collide(weight, grad, collision, at(step)).pairs / 200)
    assert np.mean(found) == pytest.approx(collision.rate, rel=0.02)


def test_the_rate_of_the_sequential_gas_is_the_same():
    found = []
    for step in range(200):
        weight, grad = layer(1, 200, 6, seed=step)
        found.append(2.0 * collide(weight, grad, MODES[3], at(step)).pairs / 200)
    assert np.mean(found) == pytest.approx(1.0, rel=0.02)


def test_a_few_huge_gradients_are_told_of():
    """One neuron with a gradient: every collision would need it, and a round has it once."""
    weight, grad = layer(1, 400, 6)
    grad[:, 1:] = 0.0
    outcome = collide(weight, grad, NTCCollision(rate=10.0), at(0))
    assert "rate is not reached" in outcome.skipped


# ------------------------------------------------------------------------------ the physics


def bimodal(neurons, seed):
    """Gradients in three dimensions, half of them at T/2 and half at 3 T/2; <c^2> = 3/2 exactly."""
    random = np.random.default_rng((SEED, seed))
    grad = random.normal(size=(neurons, 3)) * np.sqrt(0.5)
    grad[::2] *= np.sqrt(0.5)
    grad[1::2] *= np.sqrt(1.5)
    grad -= grad.mean(axis=0)
    return grad * np.sqrt(1.5 / (grad**2).sum(axis=1).mean())


STEPS, RATE, NEURONS, REPLICAS = 8, 0.125, 2000, 60
MEAN_SPEED = 2.0 * np.sqrt(2.0 / np.pi)  # relative, of a Maxwell gas at <c^2> = 3/2


def mean_relative_speed(grad):
    """<g> over a few thousand pairs that no collision has chosen; grad : (N, 3)."""
    return np.mean([np.linalg.norm(grad - np.roll(grad, k, 0), axis=1).mean() for k in (1, 7, 500)])


def relaxation(step_of):
    """m_4 and m_6 over Maxwell's and the time nu t, at one collision a neuron : (R, 3).

    A step of `rate` collisions takes the time nu t = rate <g>_Maxwell / <g>.
    """
    rows = []
    for replica in range(REPLICAS):
        grad, clock = bimodal(NEURONS, replica), 0.0
        weight = np.random.default_rng(replica).normal(size=grad.shape)
        for step in range(STEPS):
            clock += RATE * MEAN_SPEED / mean_relative_speed(grad)
            step_of(weight, grad, 1000 * replica + step)
        square = (grad**2).sum(axis=1)
        rows.append([np.mean(square**2) / (15 / 4), np.mean(square**3) / (105 / 8), clock])
    return np.array(rows)


def follows_the_curve(found):
    """Whether m_4 and m_6 lie on the histories of hard spheres; found : (R, 3).

    Margins for N = 2000: twice the bias of 1/N of the state, 1e-3 and 4e-3.
    """
    nu_t = found[:, 2].mean()
    exact = [float(reference.hard_sphere_history("B", f"moment_{k}", nu_t)) for k in (4, 6)]
    print("\nmeasured", found.mean(axis=0), "expected", exact)
    return joint_test(found[:, :2], exact, [1e-3, 4e-3], budget=BUDGET)


def by_bridge(weight, grad, step):
    collision = NTCCollision(rate=RATE, scatter="isotropic")
    collide(torch.from_numpy(weight)[None], torch.from_numpy(grad)[None], collision, at(step))


def test_gradients_relax_along_the_curve_of_hard_spheres():
    """120 000 neurons; errors 3.5e-3 and 1.5e-2, a tenth of the distance from the mutant."""
    assert follows_the_curve(relaxation(by_bridge))


def test_a_gas_that_forgets_the_relative_speed_is_noticed():
    """The mutant collides every pair alike, as Maxwell molecules do: the same rate, but slow
    neurons, which meet others too often, and another curve."""
    always = variant(encounters.collide_disjoint, speed=lambda square: 1.0 if square > 0 else 0.0)

    def step_of(weight, grad, step):
        run(always, weight, grad, step, rate=RATE)

    assert not follows_the_curve(relaxation(step_of))
