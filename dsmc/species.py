"""Species: what the engine must know of a molecule, and the table of representative gases.

Source of every row: G. A. Bird, Molecular Gas Dynamics and the Direct Simulation of Gas Flows,
Clarendon Press 1994, appendix A. Table A1 gives the mass and the hard-sphere diameter (from the
viscosity at 273 K), table A2 the viscosity index and the VHS diameter at 273 K, table A3 the VSS
exponent and the VSS diameter at 273 K. The three diameters differ because each model must give
the same viscosity with its own scattering law (Bird 1994, sections 3.5 and 4.3):

    hard sphere  d^2 = 1.016 (5/16) sqrt(m k T / pi) / mu
    VHS          d^2 = 15 sqrt(m k T / pi) / (2 (5 - 2 omega)(7 - 2 omega) mu)
    VSS          d^2 = VHS d^2 * (alpha + 1)(alpha + 2) / (6 alpha)
"""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from typing import Literal, get_args

BOLTZMANN = 1.380649e-23
"""The Boltzmann constant k [J/K], exact since 2019."""

Model = Literal["hard-sphere", "vhs", "vss", "maxwell"]
MODELS: tuple[str, ...] = get_args(Model)
"""The molecular models: how the cross-section depends on speed and how pairs scatter."""

MONATOMIC_NOTE = "treated as monatomic: no internal energy"


@dataclass(frozen=True)
class Molecule:
    """A molecule as one molecular model sees it: all that a collision needs.

    mass : [kg]
    diameter : [m], at `reference_temperature`
    omega : viscosity index, mu ~ T^omega (1/2 for hard spheres, 1 for Maxwell molecules)
    reference_temperature : [K]
    alpha : exponent of the VSS deflection (1 is isotropic scattering)
    """

    name: str
    mass: float
    diameter: float
    omega: float
    reference_temperature: float
    alpha: float


@dataclass(frozen=True)
class Species:
    """One row of the table: a gas, with a diameter for each molecular model.

    mass : [kg]
    diameter, diameter_vss, diameter_hard_sphere : [m]; the first is the VHS diameter
    omega : viscosity index
    reference_temperature : [K], where `diameter` and `diameter_vss` hold
    alpha : VSS exponent
    note : a caution that is printed whenever the species is used
    """

    name: str
    mass: float
    diameter: float
    omega: float
    reference_temperature: float
    alpha: float
    source: str
    note: str = ""
    diameter_vss: float = 0.0
    diameter_hard_sphere: float = 0.0

    def as_model(self, model: str) -> Molecule:
        """This gas seen as hard spheres, VHS, VSS or Maxwell molecules.

        Maxwell molecules are the VHS model at omega = 1 with the same diameter at the reference
        temperature. ValueError: unknown model.
        """
        reference = self.reference_temperature
        if model == "hard-sphere":
            return Molecule(self.name, self.mass, self.diameter_hard_sphere, 0.5, reference, 1.0)
        if model == "vhs":
            return Molecule(self.name, self.mass, self.diameter, self.omega, reference, 1.0)
        if model == "vss":
            diameter, alpha = self.diameter_vss, self.alpha
            return Molecule(self.name, self.mass, diameter, self.omega, reference, alpha)
        if model == "maxwell":
            return Molecule(self.name, self.mass, self.diameter, 1.0, reference, 1.0)
        raise ValueError(f"unknown molecular model {model!r}; known: {', '.join(MODELS)}")


def _row(
    name: str,
    mass: float,
    hard_sphere: float,
    omega: float,
    vhs: float,
    alpha: float,
    vss: float,
    note: str = "",
) -> Species:
    """A row in the units of the book: mass [1e-27 kg], diameters [1e-10 m], all at 273 K.

    Powers of ten are applied to the decimals, so that each number is the one that is printed.
    """
    return Species(
        name=name,
        mass=float(f"{mass}e-27"),
        diameter=float(f"{vhs}e-10"),
        omega=omega,
        reference_temperature=273.0,
        alpha=alpha,
        source="Bird 1994, appendix A: mass and hard-sphere diameter A1, VHS A2, VSS A3",
        note=note,
        diameter_vss=float(f"{vss}e-10"),
        diameter_hard_sphere=float(f"{hard_sphere}e-10"),
    )


TABLE: dict[str, Species] = {
    row.name: row
    for row in (
        #        mass  d (HS)  omega d (VHS) alpha d (VSS)
        _row("He", 6.65, 2.193, 0.66, 2.33, 1.26, 2.30),
        _row("Ne", 33.5, 2.602, 0.66, 2.77, 1.31, 2.72),
        _row("Ar", 66.3, 3.659, 0.81, 4.17, 1.40, 4.11),
        _row("Kr", 139.1, 4.199, 0.80, 4.76, 1.32, 4.70),
        _row("Xe", 218.0, 4.939, 0.85, 5.74, 1.44, 5.65),
        _row("H2", 3.34, 2.745, 0.67, 2.92, 1.35, 2.88, MONATOMIC_NOTE),
        _row("N2", 46.5, 3.784, 0.74, 4.17, 1.36, 4.11, MONATOMIC_NOTE),
        _row("O2", 53.12, 3.636, 0.77, 4.07, 1.40, 4.01, MONATOMIC_NOTE),
        _row("CO", 46.5, 3.810, 0.73, 4.19, 1.49, 4.12, MONATOMIC_NOTE),
        _row("CO2", 73.1, 4.643, 0.93, 5.62, 1.61, 5.54, MONATOMIC_NOTE),
        _row("CH4", 26.63, 4.187, 0.84, 4.83, 1.60, 4.78, MONATOMIC_NOTE),
    )
}
"""The species known by name."""


def nearest(name: str) -> tuple[str, ...]:
    """Known names that resemble `name`, the best first; none if nothing does."""
    by_folded = {known.casefold(): known for known in TABLE}
    long_names = {
        "helium": "He",
        "neon": "Ne",
        "argon": "Ar",
        "krypton": "Kr",
        "xenon": "Xe",
        "hydrogen": "H2",
        "nitrogen": "N2",
        "oxygen": "O2",
        "methane": "CH4",
    }
    candidates = long_names | by_folded
    close = get_close_matches(name.casefold(), list(candidates), n=3, cutoff=0.5)
    return tuple(dict.fromkeys(candidates[key] for key in close))


def find(name: str) -> Species:
    """The species of that name (as written in the table: "Ar", "N2").

    KeyError: not in the table; the message gives the nearest known names.
    """
    if name in TABLE:
        return TABLE[name]
    close = nearest(name)
    meant = f"did you mean {' or '.join(close)}? " if close else ""
    raise KeyError(f"species {name!r} is not in the table; {meant}known: {', '.join(TABLE)}")
