"""A scenario: what follows from it."""

import math
import pickle
import tomllib

import numpy as np
import pytest

from dsmc import quantities
from dsmc.scenario import Scenario, load, shipped
from dsmc.species import BOLTZMANN, TABLE
from tests.unit.argon import WALLS, scenario


def test_hard_spheres_collide_at_the_rate_of_kinetic_theory():
    gas = scenario()
    argon = TABLE["Ar"]
    thermal = math.sqrt(math.pi * BOLTZMANN * 300 / argon.mass)
    rate = 4 * 1e22 * argon.diameter_hard_sphere**2 * thermal
    path = 1 / (math.sqrt(2) * 1e22 * math.pi * argon.diameter_hard_sphere**2)
    assert gas.collision_rate == pytest.approx(rate, rel=1e-12)  # the same formula: rounding
    assert gas.collision_time == pytest.approx(1 / rate, rel=1e-12)
    assert gas.mean_free_path == pytest.approx(path, rel=1e-12)


@pytest.mark.parametrize("model", ["vhs", "vss"])
def test_variable_spheres_collide_more_often_per_degree_than_their_size_at_273_k(model):
    gas = scenario(gas__model=model)
    molecule = TABLE["Ar"].as_model(model)
    w, reference = molecule.omega, 273.0
    rate = 4 * molecule.diameter**2 * 1e22
    rate *= math.sqrt(math.pi * BOLTZMANN * reference / molecule.mass)
    assert gas.collision_rate == pytest.approx(rate * (300 / reference) ** (1 - w), rel=1e-12)


def test_a_mixture_of_two_equal_species_is_a_simple_gas():
    argon = TABLE["Ar"]
    same = {"mass_kg": argon.mass, "diameter_m": argon.diameter_hard_sphere}
    mixture = scenario(
        gas={"model": "hard-sphere"},
        species=[{"name": "Ar", "fraction": 0.3}, {"name": "tagged", "fraction": 0.7, **same}],
    )
    simple = scenario()
    assert mixture.fractions == pytest.approx((0.3, 0.7))
    assert mixture.collision_rate == pytest.approx(simple.collision_rate, rel=1e-12)
    assert mixture.mean_free_path == pytest.approx(simple.mean_free_path, rel=1e-12)


def test_unlike_pairs_collide_at_the_rate_of_their_reduced_mass():
    """nu_12 = n_2 pi d_12^2 sqrt(8/pi) s, s^2 = k T (1/m_1 + 1/m_2) (hard spheres)."""
    mixture = scenario(
        gas={"model": "hard-sphere"},
        species=[{"name": "He", "fraction": 0.25}, {"name": "Xe", "fraction": 0.75}],
    )
    helium, xenon = TABLE["He"], TABLE["Xe"]

    def rate(a, b, n):
        d = (a.diameter_hard_sphere + b.diameter_hard_sphere) / 2
        s = math.sqrt(BOLTZMANN * 300 * (1 / a.mass + 1 / b.mass))
        return n * math.pi * d**2 * math.sqrt(8 / math.pi) * s

    expected = (
        rate(helium, helium, 0.25e22) + rate(helium, xenon, 0.75e22),
        rate(xenon, helium, 0.25e22) + rate(xenon, xenon, 0.75e22),
    )
    assert mixture.collision_rates == pytest.approx(expected, rel=1e-12)


def test_the_temperature_of_a_mixture_holds_the_energy_of_its_drifts():
    species = [
        {"name": "Ar", "fraction": 0.5, "temperature_K": 400, "velocity_m_s": [100, 0, 0]},
        {"name": "He", "fraction": 0.5, "temperature_K": 200},
    ]
    mixture = scenario(gas={"model": "hard-sphere"}, species=species)
    m1, m2 = TABLE["Ar"].mass, TABLE["He"].mass
    # Relative motion holds x1 x2 m1 m2 / (x1 m1 + x2 m2) u^2 / 2 per molecule.
    drift = 0.25 * m1 * m2 / (0.5 * m1 + 0.5 * m2) * 100**2
    expected = 300 + drift / (3 * BOLTZMANN)
    assert mixture.temperature == pytest.approx(expected, rel=1e-12)
    assert scenario().temperature == 300


def test_particles_and_weight_are_two_sides_of_one_count():
    by_number = scenario()
    assert by_number.volume == pytest.approx(1e-3)  # missing lengths are 1 m
    assert by_number.weight == pytest.approx(1e22 * 1e-3 / 1000)
    by_weight = scenario(initial__particles=None, initial__weight=by_number.weight)
    assert by_weight.particle_count == 1000
    per_cell = scenario(initial__particles=None, initial__particles_per_cell=2.5)
    assert per_cell.particle_count == 25
    box = scenario(domain={"length_m": [1e-3, 2e-3, 3e-3], "cells": [2, 3, 4]})
    assert (box.dimension, box.cells, box.cell_count) == (3, (2, 3, 4), 24)
    assert box.volume == pytest.approx(6e-9)


def test_time_is_given_in_steps_seconds_or_collisions():
    tau = scenario().collision_time
    assert scenario().time_step == pytest.approx(0.2 * tau)
    by_collisions = scenario(run={"time_step_mct": 0.05, "collisions": 10})
    assert by_collisions.steps == 200  # not 201 by rounding
    by_time = scenario(run={"time_step_s": 1e-8, "time_s": 1.05e-7})
    assert by_time.steps == 11  # rounded up: the time is reached
    assert by_time.time_step == 1e-8


def test_about_two_hundred_samples_are_taken_unless_told_otherwise():
    assert scenario(run__steps=20000).sample_every == 100
    assert scenario(run__steps=50).sample_every == 1
    assert scenario(run__steps=20000, sample={"every": 7}).sample_every == 7


def test_an_even_gas_is_sampled_as_a_whole_and_made_exact():
    gas = scenario()
    assert gas.homogeneous
    assert gas.initial.zero_momentum and gas.initial.exact_energy
    assert gas.sample.fields_every == 0
    assert "wall_shear" not in gas.sample.quantities
    assert "number_density" not in gas.sample.quantities
    assert "temperature" in gas.sample.quantities
    chosen = scenario(initial__exact_energy=False)
    assert chosen.initial.zero_momentum and not chosen.initial.exact_energy


def test_a_gas_between_walls_is_sampled_in_cells():
    gas = scenario(boundaries=WALLS)
    assert not gas.homogeneous
    assert not gas.initial.zero_momentum and not gas.initial.exact_energy
    assert gas.sample.fields_every > 0
    assert {"wall_shear", "heat_flux_x", "temperature"} <= set(gas.sample.quantities)
    assert gas.boundaries.x.low.kind == "diffuse"
    assert gas.boundaries.x.low.accommodation == 1.0
    assert gas.boundaries.x.high.kind == "specular"
    assert gas.boundaries.y.low.kind == gas.boundaries.y.high.kind == "periodic"


def test_costly_and_collisional_quantities_are_not_measured_unasked():
    assert not {"speed_rate", "free_flight"} & set(scenario().sample.quantities)
    asked = scenario(sample={"quantities": ["speed_rate", "temperature"]})
    assert asked.sample.quantities == ("speed_rate", "temperature")
    still = scenario(collisions={"scheme": "none"})
    assert "collision_rate" not in still.sample.quantities


def test_a_riemann_problem_has_the_mean_of_its_sides():
    sides = {
        "left": {"number_density_m3": 1e22, "temperature_K": 300},
        "right": {"number_density_m3": 1e21, "temperature_K": 600},
    }
    gas = scenario(initial={"kind": "riemann", "particles": 1000, "split": 0.25, **sides})
    assert gas.closed and not gas.homogeneous
    assert gas.number_density == pytest.approx(0.25e22 + 0.75e21)
    assert gas.temperature == pytest.approx((0.25e22 * 300 + 0.75e21 * 600) / 3.25e21)


def test_numbers_override_the_species_table():
    gas = scenario(gas={"species": "Ar", "model": "vss", "diameter_m": 4e-10, "alpha": 1.5})
    (argon,) = gas.molecules
    assert (argon.diameter, argon.alpha, argon.omega) == (4e-10, 1.5, 0.81)
    assert argon.mass == TABLE["Ar"].mass
    own = {"model": "vhs", "mass_kg": 1e-25, "diameter_m": 3e-10, "omega": 0.7, "T_ref_K": 300}
    (molecule,) = scenario(gas=own).molecules
    assert (molecule.mass, molecule.omega, molecule.reference_temperature) == (1e-25, 0.7, 300)


def test_molecules_without_internal_energy_are_noted():
    assert scenario().notes == ()
    assert scenario(gas__species="N2").notes == ("N2: treated as monatomic: no internal energy",)


def test_whole_numbers_may_be_written_as_powers_of_ten():
    assert scenario(initial__particles=1e3).particle_count == 1000
    assert isinstance(scenario(initial__particles=1e3).particle_count, int)
    assert scenario(initial__temperature_K=np.float64(250)).temperature == 250
    assert scenario(domain__length_m=np.array([1e-3, 1e-3]), domain__cells=(2, np.int64(3))).cells


def test_a_scenario_is_frozen_and_survives_pickling():
    gas = scenario()
    with pytest.raises(ValueError, match="frozen"):
        gas.run.steps = 3
    twin = pickle.loads(pickle.dumps(gas))
    assert twin == gas and twin.text == gas.text and twin.name == gas.name == "argon-at-rest"


def test_the_text_of_a_scenario_is_the_scenario():
    gas = scenario(boundaries=WALLS, sample={"quantities": ["temperature", "wall_shear"]})
    twin = Scenario(**tomllib.loads(gas.text))
    assert twin.model_dump() == gas.model_dump()
    again = Scenario(**gas.model_dump())
    assert again.model_dump() == gas.model_dump()


def test_every_shipped_scenario_is_valid_and_states_its_question():
    known = shipped()
    assert "relaxation" in known
    for name, file in known.items():
        gas = load(file)
        assert (gas.name, gas.text) == (name, file.read_text(encoding="utf-8"))
        lines = file.read_text(encoding="utf-8").splitlines()
        assert lines[0].endswith("?"), f"{name} begins with a question"
        head = [line for line in lines if line.startswith("#")]
        assert any("Expected:" in line for line in head), name
        assert any("Minutes:" in line for line in head), name


def test_every_quantity_has_a_unit_and_a_description():
    for name, quantity in quantities.QUANTITIES.items():
        assert quantity.name == name
        assert quantity.unit and quantity.description and quantity.kinds
        assert quantity.kind in ("series", "field", "wall", "flow", "histogram")
    with pytest.raises(KeyError):
        quantities.why_not("nothing", quantities.Measurable(True, True, True, True, True))


def test_the_schema_describes_every_section():
    schema = Scenario.model_json_schema()
    assert set(schema["properties"]) == set(Scenario.model_fields)
    assert set(schema["required"]) == {"domain", "initial", "run"}
