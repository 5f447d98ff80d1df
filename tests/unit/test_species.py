"""The species table against facts that it was not made from."""

import math

import pytest

from dsmc.species import BOLTZMANN, MODELS, MONATOMIC_NOTE, TABLE, Species, find, nearest

AVOGADRO = 6.02214076e23
MOLAR_MASSES = {  # g/mol, standard atomic weights
    "He": 4.0026, "Ne": 20.180, "Ar": 39.95, "Kr": 83.798, "Xe": 131.293, "H2": 2.016,
    "N2": 28.014, "O2": 31.998, "CO": 28.010, "CO2": 44.009, "CH4": 16.043,
}  # fmt: skip
# Measured viscosities at 273.15 K [1e-5 Pa s], Bird 1994, table A1.
VISCOSITIES = {
    "He": 1.865, "Ne": 2.975, "Ar": 2.117, "Kr": 2.328, "Xe": 2.107, "H2": 0.845, "N2": 1.656,
    "O2": 1.919, "CO": 1.635, "CO2": 1.380, "CH4": 1.024,
}  # fmt: skip

# Two decimals of the diameter (0.2 % at 2.3e-10 m, twice in d^2) and two of omega (0.5 % of
# (5 - 2 omega)(7 - 2 omega)): together at most 1.2 %.
ROUNDING = 0.012


def viscosity(row: Species, model: str, temperature: float = 273.15) -> float:
    """mu [Pa s] by Chapman and Enskog (Bird 1994, section 3.5); hard spheres * 1.016."""
    molecule = row.as_model(model)
    thermal = math.sqrt(molecule.mass * BOLTZMANN * temperature / math.pi)
    w, a = molecule.omega, molecule.alpha
    deflection = (a + 1) * (a + 2) / (6 * a)
    vhs = 15 * thermal / (2 * (5 - 2 * w) * (7 - 2 * w) * molecule.diameter**2)
    return vhs * deflection * (1.016 if model == "hard-sphere" else 1.0)


def worst_disagreement(table: dict[str, Species], model: str) -> float:
    """Largest relative difference between measured viscosities and those of the table."""
    return max(
        abs(viscosity(table[name], model) / (measured * 1e-5) - 1.0)
        for name, measured in VISCOSITIES.items()
    )


@pytest.mark.parametrize("model", ["hard-sphere", "vhs", "vss"])
def test_every_diameter_gives_the_measured_viscosity(model):
    assert worst_disagreement(TABLE, model) < ROUNDING


@pytest.mark.parametrize("model", ["hard-sphere", "vhs", "vss"])
def test_a_diameter_of_the_wrong_model_gives_another_viscosity(model):
    """The wrong twin: the three diameters of each row moved round by one column."""
    moved = {
        name: Species(
            name, row.mass, row.diameter_vss, row.omega, row.reference_temperature, row.alpha,
            row.source, row.note, row.diameter_hard_sphere, row.diameter,
        )
        for name, row in TABLE.items()
    }  # fmt: skip
    assert worst_disagreement(moved, model) > 2 * ROUNDING


def test_masses_are_molar_masses_over_avogadros_number():
    for name, molar in MOLAR_MASSES.items():
        # Three digits of mass: 0.3 % for H2, less for the others.
        assert TABLE[name].mass == pytest.approx(molar * 1e-3 / AVOGADRO, rel=3e-3), name


def test_every_row_is_cited_and_complete():
    assert set(TABLE) == set(MOLAR_MASSES)
    for name, row in TABLE.items():
        assert row.name == name
        assert "Bird 1994" in row.source
        assert row.diameter_vss < row.diameter  # VSS deflects less, so it needs a smaller target
        assert row.diameter_hard_sphere < row.diameter
        assert 0.5 < row.omega <= 1.0 <= row.alpha <= 2.0


def test_molecules_with_internal_energy_say_that_it_is_left_out():
    atoms = {"He", "Ne", "Ar", "Kr", "Xe"}
    for name, row in TABLE.items():
        assert row.note == ("" if name in atoms else MONATOMIC_NOTE)


def test_models_differ_in_what_defines_them():
    argon = TABLE["Ar"]
    hard, vhs, vss, maxwell = (argon.as_model(model) for model in MODELS)
    assert (hard.diameter, hard.omega, hard.alpha) == (3.659e-10, 0.5, 1.0)
    assert (vhs.diameter, vhs.omega, vhs.alpha) == (4.17e-10, 0.81, 1.0)
    assert (vss.diameter, vss.omega, vss.alpha) == (4.11e-10, 0.81, 1.4)
    assert (maxwell.diameter, maxwell.omega, maxwell.alpha) == (4.17e-10, 1.0, 1.0)
    assert {m.reference_temperature for m in (hard, vhs, vss, maxwell)} == {273.0}
    with pytest.raises(ValueError, match="lennard-jones"):
        argon.as_model("lennard-jones")


@pytest.mark.parametrize(
    ("written", "meant"), [("ar", "Ar"), ("Argon", "Ar"), ("n2", "N2"), ("nitrogen", "N2")]
)
def test_an_unknown_species_is_answered_with_the_nearest(written, meant):
    assert find(meant).name == meant
    assert nearest(written)[0] == meant
    with pytest.raises(KeyError, match=f"did you mean {meant}"):
        find(written)


def test_a_species_like_no_other_is_answered_with_the_list():
    with pytest.raises(KeyError, match=r"known: He, Ne, Ar"):
        find("unobtainium-238")
