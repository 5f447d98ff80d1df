"""The molecules of a scenario, and the temperature that they share in the end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dsmc.scenario.sections import Gas, SpeciesEntry
from dsmc.species import BOLTZMANN, TABLE, Molecule

if TYPE_CHECKING:
    from dsmc.scenario.model import Scenario


def mixture_temperature(scenario: Scenario) -> float:
    """T of a mixture whose species may have their own temperatures and drifts [K]."""
    entries = scenario.species
    initial: Any = scenario.initial  # every kind but a Riemann problem has one temperature
    if not any(entry.temperature_K or entry.velocity_m_s for entry in entries):
        return initial.temperature_K
    shares = scenario.fractions
    masses = [molecule.mass for molecule in scenario.molecules]
    drifts = [entry.velocity_m_s or initial.velocity_m_s for entry in entries]
    warm = [entry.temperature_K or initial.temperature_K for entry in entries]
    density = sum(x * m for x, m in zip(shares, masses, strict=True))
    mean = [
        sum(x * m * u[axis] for x, m, u in zip(shares, masses, drifts, strict=True)) / density
        for axis in range(3)
    ]
    drift_energy = sum(
        x * m * sum((u[axis] - mean[axis]) ** 2 for axis in range(3))
        for x, m, u in zip(shares, masses, drifts, strict=True)
    )
    thermal = sum(x * t for x, t in zip(shares, warm, strict=True))
    return thermal + drift_energy / (3.0 * BOLTZMANN)


def molecule(name: str, given: Gas | SpeciesEntry, model: str) -> Molecule:
    """The molecule of a row of the table with the given numbers put in its place."""
    row: Any = TABLE[name].as_model(model) if name in TABLE else None
    omega = {"hard-sphere": 0.5, "maxwell": 1.0}.get(model)
    return Molecule(
        name=name,
        mass=given.mass_kg or row.mass,
        diameter=given.diameter_m or row.diameter,
        omega=omega or given.omega or row.omega,
        # Hard spheres have the same diameter at every temperature.
        reference_temperature=given.T_ref_K or (row.reference_temperature if row else 273.0),
        alpha=(given.alpha or row.alpha) if model == "vss" else 1.0,
    )
