"""Initial states: exact quotas, momentum and energy; earlier particles, arrays from Python."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import dsmc
from dsmc import Scenario, Simulation, checkpoint
from dsmc.initial import first_share, species_column
from dsmc.simulation import TooLong
from dsmc.species import BOLTZMANN, TABLE
from dsmc.trajectory import read_frame

SEED = 20261121
ARGON = TABLE["Ar"].as_model("hard-sphere")
LENGTH = 1e-3
KINDS = (
    "equilibrium", "bkw", "bi-maxwellian", "two-temperature", "two-beams", "shell", "uniform-cube",
)  # fmt: skip


def scenario(particles=1000, walls=None, **sections):
    """Argon in ten cells."""
    initial = {"kind": "equilibrium", "number_density_m3": 1e22, "temperature_K": 300.0,
               "particles": particles, **sections.pop("initial", {})}  # fmt: skip
    return Scenario(
        **{
            "gas": {"species": "Ar", "model": "hard-sphere"},
            "domain": {"length_m": [LENGTH], "cells": [10]},
            "initial": initial,
            "boundaries": {"x": {"kind": walls}} if walls else {},
            "run": {"time_step_mct": 0.2, "steps": 1, "seed": SEED},
            "sample": {"every": 1, "fields_every": 0, "quantities": ["temperature"]},
        }
        | sections
    )


def simulation(*args, replica=0, **sections):
    return Simulation(scenario(*args, **sections), threads=1, replica=replica)


# ------------------------------------------------------------------ quotas


@given(st.integers(1, 5000), st.floats(0.0, 1.0))
def test_a_share_of_the_rows_is_exact_and_spread_evenly(count, share):
    """Of any first n rows, n times the share, rounded down: no run of rows has its own mixture."""
    marked = np.cumsum(first_share(np.arange(count), share))
    assert np.array_equal(marked, np.floor(np.arange(1, count + 1) * share))


@given(st.integers(0, 5000), st.lists(st.floats(0.01, 1.0), min_size=2, max_size=6))
def test_species_have_their_exact_share_of_the_particles(count, fractions):
    """Within one of x N each, and all of N together."""
    fractions = tuple(x / sum(fractions) for x in fractions)
    numbers = np.bincount(species_column(count, fractions), minlength=len(fractions))
    assert numbers.sum() == count
    assert np.abs(numbers - np.array(fractions) * count).max() <= 1.0


def test_a_single_species_needs_no_column():
    assert species_column(10, (1.0,)) is None


def test_half_of_two_beams_goes_each_way():
    beams = {"kind": "two-beams", "beam_temperature_ratio": 1e-4, "exact_energy": False,
             "zero_momentum": False}  # fmt: skip
    with simulation(1000, initial=beams) as gas:
        assert (gas.particles.velocity[:, 0] > 0.0).sum() == 500


# ------------------------------------------------------------------ exact momentum and energy


def momentum_and_temperature(velocity, flow):
    """Mean of v - flow over v0, and its energy as a temperature [K]; exactly rounded sums."""
    relative = np.asarray(velocity, float) - flow
    mean = np.array([math.fsum(column) for column in relative.T]) / len(relative)
    energy = math.fsum((relative**2).ravel()) / len(relative)
    return mean / 353.0, ARGON.mass * energy / (3.0 * BOLTZMANN)


@pytest.mark.parametrize("kind", KINDS)
def test_a_closed_box_starts_with_exactly_the_stated_flow_and_temperature(kind):
    """To rounding, by default: so finite samples have no error of energy."""
    flow = np.array([50.0, -20.0, 5.0])
    with simulation(1001, initial={"kind": kind, "velocity_m_s": flow}) as gas:
        momentum, temperature = momentum_and_temperature(gas.particles.velocity, flow)
    assert np.abs(momentum).max() < 1e-15
    assert temperature == pytest.approx(300.0, rel=1e-14)


@pytest.mark.parametrize("zero_momentum", [True, False])
@pytest.mark.parametrize("exact_energy", [True, False])
def test_what_is_not_asked_to_be_exact_scatters(zero_momentum, exact_energy):
    """Random momentum and energy of 1001 particles, 3 % each, do not vanish to 1e-6 by chance."""
    choices = {"zero_momentum": zero_momentum, "exact_energy": exact_energy}
    with simulation(1001, initial=choices) as gas:
        velocity = np.array(gas.particles.velocity)
    momentum, _ = momentum_and_temperature(velocity, 0.0)
    _, temperature = momentum_and_temperature(velocity, velocity.mean(axis=0))
    assert (np.abs(momentum).max() < 1e-15) == zero_momentum
    assert (np.abs(momentum).max() < 1e-6) == zero_momentum
    assert (abs(temperature / 300.0 - 1.0) < 1e-14) == exact_energy
    assert (abs(temperature / 300.0 - 1.0) < 1e-6) == exact_energy


def test_between_walls_nothing_is_made_exact_by_default():
    """Walls exchange momentum and energy: the sample is a canonical one."""
    with simulation(1001, walls="specular") as gas:
        momentum, temperature = momentum_and_temperature(gas.particles.velocity, 0.0)
    assert np.abs(momentum).max() > 1e-6
    assert abs(temperature / 300.0 - 1.0) > 1e-6


def test_a_mixture_starts_with_exactly_its_momentum_and_energy():
    """Total momentum of the stated drifts; energy of temperatures and of the drift between them."""
    entries = [
        {"name": "Ar", "fraction": 0.25, "temperature_K": 500.0, "velocity_m_s": [90.0, 0.0, 0.0]},
        {"name": "He", "fraction": 0.75},
    ]
    mixture = scenario(4000, gas={"model": "hard-sphere"}, species=entries)
    masses = np.array([molecule.mass for molecule in mixture.molecules])
    with Simulation(mixture, threads=1) as gas:
        velocity, species = np.array(gas.particles.velocity), np.array(gas.particles.species)
    assert np.array_equal(np.bincount(species), [1000, 3000])
    momentum = masses[species] @ velocity
    assert momentum == pytest.approx([1000 * masses[0] * 90.0, 0.0, 0.0], abs=1e-26)
    energy = 0.5 * masses[species] @ (velocity**2).sum(axis=1)
    thermal = 1.5 * BOLTZMANN * (1000 * 500.0 + 3000 * 300.0)
    assert energy == pytest.approx(thermal + 500 * masses[0] * 90.0**2, rel=1e-12)


# ------------------------------------------------------------------ addresses


def test_every_particle_and_every_replica_has_its_own_numbers():
    """No place and no velocity occurs twice, beyond the rows drawn at once too."""
    with simulation(300_000) as one, simulation(300_000, replica=1) as other:
        x = np.concatenate([one.particles.position[:, 0], other.particles.position[:, 0]])
        v = np.concatenate([one.particles.velocity[:, 2], other.particles.velocity[:, 2]])
    assert np.unique(x).size == x.size
    assert np.unique(v).size == v.size


def test_the_same_seed_gives_the_same_state():
    with simulation() as one, simulation() as other:
        assert np.array_equal(one.particles.velocity, other.particles.velocity)


# ------------------------------------------------------------------ from a file


@pytest.fixture
def frames(tmp_path):
    """A trajectory of all particles of a gas, and its path."""
    tracked = scenario(1000, walls="specular", output={"trajectory": 2, "particles": 1000})
    with Simulation(tracked, threads=1, output=tmp_path) as gas:
        gas.run(steps=4)
    return tmp_path / "trajectory.h5"


def from_file(path, particles, **initial):
    return simulation(particles, initial={"kind": "file", "path": str(path), **initial})


@pytest.mark.parametrize("frame", [0, 1, -1])
def test_as_many_particles_as_the_file_holds_are_those_of_the_file(frames, frame):
    """Place by place; the file holds single precision."""
    earlier = read_frame(frames, frame)
    with from_file(frames, 1000, frame=frame) as gas:
        order = np.argsort(gas.particles.velocity[:, 0])
        expected = np.argsort(earlier.velocity[:, 0])
        assert np.allclose(gas.particles.velocity[order], earlier.velocity[expected], rtol=1e-6)
        assert np.allclose(gas.particles.position[order], earlier.position[expected], atol=1e-9)


def test_other_numbers_of_particles_are_drawn_from_those_of_the_file(frames):
    """With replacement, each equally likely: chi^2 of 1000 counts within six deviations."""
    earlier = read_frame(frames).velocity
    with from_file(frames, 50_000) as gas:
        velocity = np.array(gas.particles.velocity)
        x = gas.particles.position[:, 0] / LENGTH
    known = np.sort(earlier[:, 0])
    place = np.clip(np.searchsorted(known, velocity[:, 0] - 1e-3), 0, 999)
    assert np.abs(known[place] - velocity[:, 0]).max() < 1e-3
    counts = np.bincount(place, minlength=1000)
    assert abs(((counts - 50.0) ** 2 / 50.0).sum() - 999.0) < 6.0 * math.sqrt(2 * 999.0)
    assert abs(x.mean() - 0.5) < 6.0 / math.sqrt(12.0 * 50_000)


def test_particles_outside_the_box_are_refused(frames):
    shorter = {"length_m": [0.5 * LENGTH], "cells": [10]}
    again = {"kind": "file", "path": str(frames)}
    with pytest.raises(ValueError, match=r"initial\.path.*outside domain\.length_m"):
        simulation(1000, initial=again, domain=shorter)


# ------------------------------------------------------------------ arrays from Python


def test_arrays_set_from_python_are_the_state():
    with simulation(1000) as gas:
        x = np.linspace(0.0, LENGTH, 1000)[:, None]
        v = np.column_stack([np.arange(1000.0), np.ones(1000), np.zeros(1000)])
        gas.set_particles(position=x, velocity=v)
        order = np.argsort(gas.particles.velocity[:, 0])
        assert np.array_equal(gas.particles.position[order], x)
        assert np.array_equal(gas.particles.velocity[order], v)
        density = gas.moments()["number_density"]
        assert density == pytest.approx(np.full(10, 1e22), rel=1e-9)


def test_the_series_begin_with_the_state_that_was_set():
    """A gas set to another temperature before the first step has it in its first sample."""
    with simulation(1000) as gas:
        gas.set_particles(velocity=2.0 * gas.particles.velocity)
        series = gas.run(steps=1).series["temperature"]
    assert series.value[0] == pytest.approx(1200.0, rel=1e-3)
    assert series.time[0] == 0.0
    assert series.time.size == 2


@pytest.mark.parametrize(
    ("name", "values", "complaint"),
    [
        ("position", np.zeros((1000, 2)), "shape"),
        ("position", np.zeros(1000), "shape"),
        ("velocity", np.zeros((999, 3)), "shape"),
        ("velocity", np.zeros((1000, 2)), "shape"),
        ("velocity", np.full((1000, 3), np.nan), "finite"),
        ("velocity", np.full((1000, 3), np.inf), "finite"),
        ("position", np.full((1000, 1), np.nan), "finite"),
        ("position", np.full((1000, 1), 1.001 * LENGTH), "outside"),
        ("position", np.full((1000, 1), -1e-9), "outside"),
    ],
)
def test_arrays_that_are_no_gas_are_refused_by_name(name, values, complaint):
    """And the state stays what it was."""
    with simulation(1000) as gas:
        before = np.array(gas.particles.velocity), np.array(gas.particles.position)
        with pytest.raises(ValueError, match=rf"{name}: .*{complaint}"):
            gas.set_particles(**{name: values})
        assert np.array_equal(gas.particles.velocity, before[0])
        assert np.array_equal(gas.particles.position, before[1])


def test_the_views_of_the_particles_are_read_only():
    with simulation(100) as gas, pytest.raises(ValueError, match="read-only"):
        gas.particles.velocity[0] = 0.0


def test_the_files_of_a_run_begin_with_the_state_that_was_set(tmp_path):
    """Series, frames and checkpoint: a run that is killed goes on with the gas that was set."""
    sample = {"quantities": ["temperature", "h_excess", "moment_4"]}
    output = {"trajectory": 1, "particles": 50, "pictures": False}
    with Simulation(scenario(1000, output=output, sample=sample), 1, output=tmp_path) as gas:
        gas.set_particles(velocity=2.0 * gas.particles.velocity)
        set_then = np.array(gas.particles.velocity)
        kept = checkpoint.read(tmp_path / checkpoint.NAME)
        gas.run(steps=2)
    assert np.array_equal(kept.velocity, set_then)
    result = dsmc.open(tmp_path)
    assert result.series["temperature"].value[0] == pytest.approx(1200.0, rel=1e-3)
    known = [series for series in result.series.values() if series.reference is not None]
    assert known and all(series.time.size == series.reference.size == 3 for series in known)


def test_a_run_that_would_never_end_is_refused():
    """Also one so long that its number of steps is no number."""
    with simulation(100) as gas:
        for wanted in ({"time": 1e305}, {"steps": 10**12 + 1}):
            with pytest.raises(TooLong, match="the last is 1000000000000"):
                gas.run(**wanted)
