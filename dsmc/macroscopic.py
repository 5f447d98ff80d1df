"""Macroscopic quantities from sums over particles (Bird 1994, sections 1.4 and 4.2).

Legend: m mass, n number density, u flow velocity (mass-weighted over species), c = v - u,
F_N weight, V volume.  Sums are those of `dsmc.moments`.
"""

import math
from collections.abc import Sequence

import numpy as np

from dsmc.moments import COLLISIONS, SEPARATIONS
from dsmc.species import BOLTZMANN

CELL_QUANTITIES = (
    "number_density", "velocity_x", "velocity_y", "velocity_z",
    "temperature", "temperature_x", "temperature_y", "temperature_z", "pressure",
    "pressure_xx", "pressure_yy", "pressure_zz", "pressure_xy", "pressure_xz", "pressure_yz",
    "heat_flux_x", "heat_flux_y", "heat_flux_z",
)  # fmt: skip
COLLISION_QUANTITIES = ("collision_rate", "collision_separation")


def cell_quantities(sums: np.ndarray, samples: float, volume: float, mass, weight: float) -> dict:
    """Fields of a gas from the sums of its cells over `samples` samples.

    n = F_N sum 1 / V;  u = sum m v / sum m;  p_ij = F_N sum m c_i c_j / V;  p = tr(p_ij) / 3;
    T = p / (n k);  q_i = F_N sum m c^2 c_i / (2 V).  Removing the mean of the N particles of the
    sums themselves takes one degree of freedom of N: second moments are scaled by N / (N - 1).

    sums : (cells, S, COLUMNS); mass : (S,) [kg]; volume of each cell or of all [m^3]
    returns CELL_QUANTITIES -> (cells,), NaN where empty
    """
    per_volume = weight / (samples * volume)
    masses = np.asarray(mass)[:, None]
    with np.errstate(invalid="ignore", divide="ignore"):
        count = sums[:, :, 0].sum(axis=1)
        weighted = (sums * masses).sum(axis=1)
        density, momentum = weighted[:, 0], weighted[:, 1:4].T
        u = momentum / density
        second = np.empty((3, 3, count.size))
        for column, (i, j) in enumerate(((0, 0), (1, 1), (2, 2), (0, 1), (0, 2), (1, 2))):
            second[i, j] = second[j, i] = weighted[:, 4 + column]
        square = second[0, 0] + second[1, 1] + second[2, 2]
        u_square = (u**2).sum(axis=0)
        third = (
            weighted[:, 10:13].T - u * square - 2.0 * np.einsum("jc,ijc->ic", u, second)
            + 2.0 * u * u_square * density
        )  # fmt: skip
        freedom = np.where(count > 1.0, count / (count - 1.0), np.nan)
        central = (second - u[:, None] * u[None, :] * density) * freedom
        pressure = central * per_volume
        n = count * per_volume
        scalar = (pressure[0, 0] + pressure[1, 1] + pressure[2, 2]) / 3.0
        temperature = [pressure[i, i] / (n * BOLTZMANN) for i in range(3)]
    heat = np.where(count > 1.0, 0.5 * third * per_volume, np.nan)
    values = (
        n, *u, scalar / (n * BOLTZMANN), *temperature, scalar,
        pressure[0, 0], pressure[1, 1], pressure[2, 2],
        pressure[0, 1], pressure[0, 2], pressure[1, 2], *heat,
    )  # fmt: skip
    return dict(zip(CELL_QUANTITIES, values, strict=True))


def collision_quantities(sums: np.ndarray, time_step: float, axes: int) -> dict:
    """How often molecules collided and how far apart, from the sums of steps of `time_step`.

    nu = 2 K / (N dt) of K collisions and N particles;  s^2 = <|x_i - x_j|^2> / d along each of the
    d axes of the box: what L^2/6 is to partners anywhere in a cell of width L.

    sums : (cells, S, COLUMNS); returns COLLISION_QUANTITIES -> (cells,), NaN where unknown
    """
    total = sums.sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        rate = 2.0 * total[:, COLLISIONS] / (total[:, 0] * time_step)
        separation = np.sqrt(total[:, SEPARATIONS] / (axes * total[:, COLLISIONS]))
    return dict(zip(COLLISION_QUANTITIES, (rate, separation), strict=True))


def maxwell_moment(k: int) -> float:
    """<c^k> / (k T / m)^(k/2) of Maxwell's distribution: 2^(k/2) Gamma((k + 3)/2) / Gamma(3/2)."""
    return 2.0 ** (k / 2) * math.gamma((k + 3) / 2) / math.gamma(1.5)


def species_moments(sums: np.ndarray, mass: float) -> np.ndarray:
    """Of one species: T, T_x, T_y, T_z [K], <|c|> [m/s] and <c^k> over Maxwell's, k = 1, 4, 6, 8.

    Everything about the species' own mean velocity for T, and relative to Maxwell's distribution
    of the same <c^2> for the moments; sums : (11,) about a velocity close to the mean.
    """
    count = sums[0]
    mean = sums[1:4] / count
    variances = sums[4:7] / count - mean**2
    theta = variances.mean()  # k T / m
    temperature = mass / BOLTZMANN * np.append(theta, variances)
    raw = sums[7:11] / count
    relative = [
        raw[i] / (maxwell_moment(k) * theta ** (k / 2)) if theta > 0.0 else math.nan
        for i, k in enumerate((1, 4, 6, 8))
    ]
    return np.array([*temperature, raw[0], *relative])


def gas_temperatures(sums: np.ndarray, mass: Sequence[float]) -> np.ndarray:
    """T, T_x, T_y, T_z [K] of a mixture about its mass velocity; sums : (S, 11)."""
    masses = np.asarray(mass)
    count = sums[:, 0].sum()
    density = (masses * sums[:, 0]).sum()
    mean = masses @ sums[:, 1:4] / density
    variances = masses @ sums[:, 4:7] - density * mean**2
    components = variances / (count * BOLTZMANN)
    return np.append(components.mean(), components)


def most_probable_speed(temperature: float, mass: float) -> float:
    """v0 = sqrt(2 k T / m) [m/s]."""
    return math.sqrt(2.0 * BOLTZMANN * temperature / mass)
