"""What few particles do to the histories that hard spheres relax along.

The histories themselves are cases of the validation (`relaxation-a`, `relaxation-b`); this is the
bias that their margins allow for.
"""

import numpy as np
import pytest

from dsmc import reference
from dsmc.reference import maxwell_speed_moment
from dsmc.statistics import joint_test
from dsmc.validate.cases.relaxation import margins, start_moment
from tests.physics.homogeneous_gas import BUDGET, POWERS, SEED, finite_number_bias, report
from tests.physics.isolated_cells import (
    isolated_cells,
    normal_velocities,
    put,
    sampled,
    velocities,
    with_fixed_energy,
)


def start_velocities(state: str, cells: int, particles_each: int) -> np.ndarray:
    """(cells, N, 3) [v0] of a state, no momentum and energy 3/2 N kT in every cell."""
    velocity = normal_velocities(cells, particles_each, seed=particles_each)
    if state == "A":
        random = np.random.default_rng(SEED + 1)
        speed = np.sqrt(0.6 * random.gamma(2.5, size=velocity.shape[:2]))
        velocity *= (speed / np.linalg.norm(velocity, axis=2))[:, :, None]
    else:
        velocity[:, ::2] *= np.sqrt(0.5)
        velocity[:, 1::2] *= np.sqrt(1.5)
    return with_fixed_energy(velocity) * np.sqrt(particles_each / (particles_each - 1))


def bias_of_few(state: str, cells: int, particles_each: int) -> np.ndarray:
    """N times the bias of m1, m4, m6, m8 at nu t = 0, 1, 2, 4, 8 of 40 groups: (40, 5, 4)."""

    def look(velocity):
        square = np.einsum("mni,mni->mn", velocity, velocity).reshape(40, -1)
        columns = [(square ** (k / 2)).mean(axis=1) / maxwell_speed_moment(k) for k in POWERS]
        return np.stack(columns, axis=1)

    with isolated_cells("hard-sphere", cells, particles_each, 1.0) as simulation:
        put(simulation, start_velocities(state, cells, particles_each))
        start = look(velocities(simulation))
        series = sampled(simulation, 8, look)
    rows = np.stack([start, *series[[0, 1, 3, 7]]], axis=1)
    times = np.array([0.0, 1.0, 2.0, 4.0, 8.0]) * (1.0 - 1.0 / particles_each)
    exact = [reference.hard_sphere_history(state, f"moment_{k}", times) for k in POWERS]
    return particles_each * (rows - np.stack(exact, axis=1))


@pytest.mark.long
@pytest.mark.parametrize("state", ["A", "B"])
@pytest.mark.parametrize("particles_each", [100, 200])
def test_few_particles_bias_the_moments_by_one_over_their_number(state, particles_each):
    """4e6 particles in isolated cells, clocks slowed by the factor 1 - 1/N of the pairs: N times
    the bias is within the margin used above, twice the larger of its derived values at the start
    and in equilibrium; jointly, errors 0.03 to 1."""
    rows = bias_of_few(state, 40 * (100_000 // particles_each), particles_each).reshape(40, -1)
    labels = [f"N bias m{k}, nu t = {t}" for t in (0, 1, 2, 4, 8) for k in POWERS]
    start = [finite_number_bias(k, start_moment(state)) for k in POWERS]
    print(
        "\nderived N bias over m_k at the start:",
        dict(zip(POWERS, np.round(start, 3), strict=True)),
    )
    report(f"state {state}, N = {particles_each}", labels, rows, np.zeros(20))
    margin = np.tile(particles_each * margins(state, particles_each)[:4], 5)
    assert joint_test(rows, np.zeros(20), margin, BUDGET)
