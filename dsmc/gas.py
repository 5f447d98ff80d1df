"""The gas as the kernels see it: masses and the constants of every pair of species."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from dsmc.cross_section import prefactor
from dsmc.species import BOLTZMANN, Molecule


class Gas(NamedTuple):
    """What nature says of the molecules; one row and column per species, symmetric in both."""

    mass: np.ndarray  # (S,) [kg]
    share: np.ndarray  # (S, S) m_a / (m_a + m_b)
    prefactor: np.ndarray  # (S, S) S of sigma g = S (g^2)^(1 - omega) [SI]
    half_exponent: np.ndarray  # (S, S) 1 - omega
    inverse_alpha: np.ndarray  # (S, S) 1 / alpha of VSS
    weight: float  # F_N, molecules that one particle stands for


def gas(molecules: Sequence[Molecule], weight: float) -> Gas:
    """Return the constants of a gas or an elastic mixture.

    Unlike pairs take the mean of diameter, omega, T_ref and alpha (Bird 1994, chapters 1 and 3).
    """
    mass = np.array([molecule.mass for molecule in molecules])
    total = mass[:, None] + mass[None, :]

    def pair_mean(values: list[float]) -> np.ndarray:
        array = np.array(values, dtype=float)
        return 0.5 * (array[:, None] + array[None, :])

    diameter = pair_mean([molecule.diameter for molecule in molecules])
    omega = pair_mean([molecule.omega for molecule in molecules])
    reference = pair_mean([molecule.reference_temperature for molecule in molecules])
    reduced = mass[:, None] * mass[None, :] / total
    constants = np.vectorize(prefactor)(diameter, omega, reference, reduced, BOLTZMANN)
    return Gas(
        mass=mass,
        share=mass[:, None] / total,
        prefactor=np.ascontiguousarray(constants, dtype=float),
        half_exponent=1.0 - omega,
        inverse_alpha=1.0 / pair_mean([molecule.alpha for molecule in molecules]),
        weight=float(weight),
    )
