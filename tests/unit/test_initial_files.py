"""Starting from a file: particles as they are, fields as a gas that has them."""

import numpy as np
import pytest

from dsmc import Scenario, Simulation, checkpoint, draws
from dsmc.checkpoint import Checkpoint
from dsmc.earlier import earlier_state
from dsmc.fields import FieldsWriter
from dsmc.grading import graded_edges
from dsmc.hdf5 import Unreadable
from dsmc.initial import phase_rows
from dsmc.result import Field
from dsmc.snapshots import SnapshotWriter
from dsmc.species import BOLTZMANN, TABLE
from dsmc.trajectory import TrajectoryWriter

SEED = 20261121
LENGTHS = (1e-3, 2e-3)  # [m]
DENSITY = 1e22  # [m^-3]
COUNT = 1000
SIGMAS = 6.0  # of a single figure: one false alarm in 5e8
MIXTURE = [{"name": "He", "fraction": 0.25}, {"name": "Ar", "fraction": 0.75}]


def scenario(
    path="a.h5", d=1, lengths=None, species=None, cells=10, seed=SEED, grading=None, **initial
):
    """Argon, or a mixture, that starts from a file."""
    if not {"particles", "weight"} & set(initial):
        initial["particles"] = COUNT
    tables = {
        "gas": {"species": "Ar", "model": "hard-sphere"} if species is None else {},
        "domain": {"length_m": list(lengths or LENGTHS[:d]), "cells": [cells] * d,
                   "grading": grading or {}},
        "initial": {"kind": "file", "path": str(path), "number_density_m3": DENSITY,
                    "temperature_K": 300.0, **initial},
        "run": {"time_step_mct": 0.2, "steps": 1, "seed": seed},
        "sample": {"every": 1, "fields_every": 0, "quantities": ["temperature"]},
    }  # fmt: skip
    return Scenario(**tables, **({} if species is None else {"species": species}))


def start(given):
    """The initial particles: position (N, d), velocity (N, 3), species (N,) or None."""
    key = draws.key(given.run.seed)
    phase, species = phase_rows(given, key, np.float64, earlier_state(given))
    return phase[:, : given.dimension], phase[:, given.dimension :], species


def gas(d=1, count=COUNT, filled=1.0):
    """Random particles in the first part of the box along x."""
    draw = np.random.default_rng(SEED)
    position = draw.random((count, d)) * LENGTHS[:d]
    position[:, 0] *= filled
    return position, 300.0 * draw.standard_normal((count, 3)), draw.integers(0, 2, count, np.int8)


def write_checkpoint(path, position, velocity, species=None, text=None):
    columns = {} if species is None else {"species": species}
    state = Checkpoint(
        step=7, time=1e-6, replica=0, name="a", scenario_text=text or "", provenance={},
        particles={"phase": np.hstack([position, velocity]), **columns}, tallies={}, samplers={},
    )  # fmt: skip
    checkpoint.write(path, state)
    return path


def write_snapshot(path, position, velocity, species=None, text=None):
    lengths = LENGTHS[: position.shape[1]]
    with SnapshotWriter(
        path, lengths=lengths, scenario_text=text or "", provenance={}, species=species is not None
    ) as writer:
        writer.frame(0, 0.0, position, velocity, species)
    return path


def write_trajectory(path, position, velocity, species=None, text=None):
    with TrajectoryWriter(
        path, box_lengths=LENGTHS[: position.shape[1]], boundary=["periodic"] * position.shape[1],
        particles=len(position), author="N. N.", scenario_text=text or "", provenance={},
    ) as writer:  # fmt: skip
        writer.frame(0, 0.0, position, velocity, np.arange(len(position)))
    return path


WRITERS = {
    "checkpoint": write_checkpoint, "snapshot": write_snapshot, "trajectory": write_trajectory,
}  # fmt: skip
every_kind = pytest.mark.parametrize("write", WRITERS.values(), ids=WRITERS)


# ------------------------------------------------------------------ particles


@every_kind
@pytest.mark.parametrize("d", [1, 2])
def test_as_many_particles_as_the_file_holds_are_those_of_the_file(tmp_path, write, d):
    position, velocity, _ = gas(d)
    found = start(scenario(write(tmp_path / "a.h5", position, velocity), d))
    assert found[2] is None
    np.testing.assert_allclose(found[0], position, rtol=1e-6)
    np.testing.assert_allclose(found[1], velocity, rtol=1e-6)


def test_a_checkpoint_is_taken_exactly_with_its_species(tmp_path):
    position, velocity, species = gas()
    path = write_checkpoint(tmp_path / "a.h5", position, velocity, species)
    found = start(scenario(path, species=MIXTURE))
    for array, expected in zip(found, (position, velocity, species), strict=True):
        assert np.array_equal(array, expected)
    with pytest.raises(Unreadable, match="no frame 3; a checkpoint holds one state"):
        start(scenario(path, species=MIXTURE, frame=3))


def test_another_number_of_particles_has_the_density_and_the_velocities_of_the_file(tmp_path):
    """In the same cells, nowhere twice; a particle keeps its cell, its velocity and its species."""
    position, velocity, species = gas(filled=0.3)
    velocity[:, 0] = np.floor(position[:, 0] / 1e-4)  # the cell, written on the particle
    velocity[:, 1] = species
    path = write_checkpoint(tmp_path / "a.h5", position, velocity, species)
    x, v, kind = start(scenario(path, species=MIXTURE, particles=5 * COUNT))
    assert len(np.unique(x)) == len(x) == 5 * COUNT
    assert np.array_equal(np.floor(x[:, 0] / 1e-4), v[:, 0])
    assert np.array_equal(kind, v[:, 1])
    counts, expected = (np.bincount(a.astype(int), minlength=10) for a in (v[:, 0], velocity[:, 0]))
    assert (np.abs(counts - 5 * expected) <= SIGMAS * 5 * np.sqrt(expected)).all()


@every_kind
def test_a_box_of_another_size_is_refused(tmp_path, write):
    text = scenario().text
    path = write(tmp_path / "a.h5", *gas()[:2], text=text)
    for other in ((0.5e-3,), (2e-3,), LENGTHS):
        with pytest.raises(ValueError, match=r"initial\.path: .*set domain\.length_m = \[0\.001\]"):
            start(scenario(path, d=len(other), lengths=other))


@every_kind
def test_a_file_that_does_not_tell_its_box_must_fit_into_the_one_of_the_scenario(tmp_path, write):
    path = write(tmp_path / "a.h5", *gas()[:2])
    with pytest.raises(ValueError, match=r"initial\.path: .*outside domain\.length_m"):
        start(scenario(path, lengths=(0.5e-3,)))
    with pytest.raises(ValueError, match="holds positions in 1 dimensions"):
        start(scenario(path, d=2))


def test_positions_that_are_no_numbers_are_refused(tmp_path):
    position, velocity, _ = gas()
    position[17] = np.nan
    with pytest.raises(ValueError, match=r"outside domain\.length_m"):
        start(scenario(write_snapshot(tmp_path / "a.h5", position, velocity)))


def test_another_gas_is_refused(tmp_path):
    position, velocity, species = gas()
    path = write_checkpoint(tmp_path / "argon.h5", position, velocity, text=scenario().text)
    with pytest.raises(ValueError, match=r"initial\.path: .* is of Ar, the scenario of He, Ar"):
        start(scenario(path, species=MIXTURE))
    text = scenario(species=MIXTURE).text
    path = write_checkpoint(tmp_path / "mixture.h5", position, velocity, species, text)
    with pytest.raises(ValueError, match="is of He, Ar, the scenario of Ar, He"):
        start(scenario(path, species=MIXTURE[::-1]))
    start(scenario(path, species=MIXTURE))


def test_a_mixture_needs_a_file_that_tells_the_species(tmp_path):
    position, velocity, species = gas()
    with pytest.raises(ValueError, match="does not tell the species"):
        start(scenario(write_trajectory(tmp_path / "t.h5", position, velocity), species=MIXTURE))
    path = write_snapshot(tmp_path / "s.vtkhdf", position, velocity, species + 1)
    with pytest.raises(ValueError, match="other species than the 2"):
        start(scenario(path, species=MIXTURE))


# ------------------------------------------------------------------ fields

CELLS = (8, 2)  # of the file: not those of the scenario


def states(d=1):
    """n, u, T of every cell: (n_x,) or (n_y, n_x), a gradient along x and a step along y."""
    y, x = np.meshgrid(np.arange(CELLS[1] if d == 2 else 1), np.arange(CELLS[0]), indexing="ij")
    n = DENSITY * (1.0 + 0.1 * (x - 3.5))
    found = {
        "number_density": n,
        "velocity_x": 100.0 * x,
        "velocity_y": -50.0 * y,
        "velocity_z": 70.0 * np.ones(n.shape),
        "temperature": 200.0 + 20.0 * x + 300.0 * y,
    }
    return found if d == 2 else {name: array[0] for name, array in found.items()}


def write_fields(path, found, d=1, frames=1, text="", edges=None):
    axes = tuple((np.arange(n) + 0.5) * length / n
                 for n, length in zip(CELLS[:d], LENGTHS[:d], strict=True))  # fmt: skip
    if edges is not None:
        axes = tuple(0.5 * (axis[1:] + axis[:-1]) for axis in edges)
    made = {name: Field(name, "1", name, axes, array, array) for name, array in found.items()}
    with FieldsWriter(
        path, lengths=LENGTHS[:d], cells=CELLS[:d], scenario_text=text, provenance={},
        average="interval", quantities=[(name, "1", name) for name in found], edges=edges,
    ) as writer:  # fmt: skip
        for n in range(frames):
            writer.frame(n, n * 1e-6, made)
        if not frames:
            writer.average(made)
    return path


def deviations(position, velocity, found, mass):
    """Of n, u and T in every cell of the file from those wanted, in standard errors: (5, C)."""
    d = position.shape[1]
    index = np.floor(position / LENGTHS[:d] * CELLS[:d]).astype(int)
    cell = np.ravel_multi_index(tuple(index.T), CELLS[:d], order="F")
    n, ux, uy, uz, T = (array.ravel() for array in found.values())
    u, size = np.stack([ux, uy, uz], axis=1), n.size
    counts = np.bincount(cell, minlength=size)
    expected = n / n.sum() * counts.sum()
    theta = BOLTZMANN * T / mass
    c = velocity - u[cell]
    mean = np.stack([np.bincount(cell, c[:, k], size) for k in range(3)]) / counts
    square = np.bincount(cell, (c**2).sum(axis=1), size) / (3.0 * counts)
    return np.vstack([
        counts - expected,  # never more than one, whatever the number
        mean / np.sqrt(theta / counts),
        (square / theta - 1.0) / np.sqrt(2.0 / (3.0 * counts)),
    ])  # fmt: skip


@pytest.mark.parametrize("d", [1, 2])
def test_particles_drawn_from_fields_have_their_density_velocity_and_temperature(tmp_path, d):
    path = write_fields(tmp_path / "f.vtkhdf", states(d), d)
    position, velocity, _ = start(scenario(path, d, particles=50_000))
    assert len(position) == 50_000
    found = deviations(position, velocity, states(d), TABLE["Ar"].mass)
    assert np.abs(found[0]).max() <= 1.0
    assert np.abs(found[1:]).max() < SIGMAS
    inside = position / LENGTHS[:d] * CELLS[:d] % 1.0
    assert np.abs(inside.mean(axis=0) - 0.5).max() < SIGMAS / np.sqrt(12.0 * 50_000)


def test_fields_of_uneven_cells_are_drawn_by_their_volumes(tmp_path):
    """An even gas in cells up to four times as wide, into cells that are uneven themselves; drawn
    as equal cells it would be four times as dense at one end."""
    edges = (np.array(graded_edges(LENGTHS[0], CELLS[0], 4.0, "low")),)
    even = states() | {"number_density": np.full(CELLS[0], DENSITY)}
    path = write_fields(tmp_path / "f.vtkhdf", even, edges=edges)
    given = scenario(path, particles=50_000, grading={"x": {"towards": "high", "ratio": 5}})
    position, velocity, _ = start(given)
    counts = np.histogram(position[:, 0], edges[0])[0]
    assert np.abs(counts - 50_000 * np.diff(edges[0]) / LENGTHS[0]).max() <= 1.0
    cell = np.searchsorted(edges[0][1:-1], position[:, 0], side="right")
    c = velocity - np.array([[100.0, 0.0, 70.0]]) * np.stack([cell, cell, cell**0], axis=1)
    theta = BOLTZMANN * even["temperature"] / TABLE["Ar"].mass
    square = np.bincount(cell, (c**2).sum(axis=1)) / (3.0 * counts)
    assert np.abs((square / theta - 1.0) / np.sqrt(2.0 / (3.0 * counts))).max() < SIGMAS


@pytest.mark.parametrize("wrong", ["hotter by 15 %", "transposed", "at rest", "another gas"])
def test_a_gas_of_other_fields_is_noticed(tmp_path, wrong):
    """Deliberately wrong twins of the drawing above."""
    drawn, mass = states(2), TABLE["Ar"].mass
    if wrong == "hotter by 15 %":
        drawn["temperature"] = 1.15 * drawn["temperature"]
    elif wrong == "transposed":
        drawn = {name: array.T.reshape(array.shape) for name, array in drawn.items()}
    elif wrong == "at rest":
        drawn["velocity_z"] = 0.0 * drawn["velocity_z"]
    elif wrong == "another gas":
        mass = TABLE["Kr"].mass
    path = write_fields(tmp_path / "f.vtkhdf", drawn, 2)
    position, velocity, _ = start(scenario(path, 2, particles=50_000))
    assert np.abs(deviations(position, velocity, states(2), mass)[1:]).max() > SIGMAS


def test_a_stated_weight_gives_as_many_particles_as_the_density_asks_for(tmp_path):
    """n V / F_N = 1234.5: 1234 or 1235, by the seed, each about as often."""
    path = write_fields(tmp_path / "f.vtkhdf", states())
    weight = DENSITY * LENGTHS[0] / 1234.5
    counts = [len(start(scenario(path, weight=weight, seed=seed))[0]) for seed in range(40)]
    assert set(counts) == {1234, 1235}
    assert abs(np.mean(counts) - 1234.5) < SIGMAS * 0.5 / np.sqrt(40)


def test_a_mixture_drawn_from_fields_is_the_same_everywhere(tmp_path):
    path = write_fields(tmp_path / "f.vtkhdf", states())
    position, velocity, species = start(scenario(path, species=MIXTURE, particles=40_000))
    assert np.bincount(species).tolist() == [10_000, 30_000]
    cell = np.floor(position[:, 0] / LENGTHS[0] * CELLS[0]).astype(int)
    share = np.bincount(cell, species == 0) / np.bincount(cell)
    assert (np.abs(share - 0.25) * np.sqrt(np.bincount(cell) / 0.1875) < SIGMAS).all()
    for kind, name in enumerate(("He", "Ar")):
        mine = species == kind
        found = deviations(position[mine], velocity[mine], states(), TABLE[name].mass)
        assert np.abs(found[1:]).max() < SIGMAS


def test_the_seed_decides_and_nothing_else(tmp_path):
    path = write_fields(tmp_path / "f.vtkhdf", states())
    one, again, other = (start(scenario(path, seed=seed))[1] for seed in (SEED, SEED, 1))
    assert np.array_equal(one, again) and not np.array_equal(one, other)


def test_an_empty_cell_stays_empty(tmp_path):
    found = states()
    found["number_density"][:2] = 0.0, found["number_density"][:2].sum()
    for name in ("temperature", "velocity_x"):
        found[name][0] = np.nan
    position, velocity, _ = start(scenario(write_fields(tmp_path / "f.vtkhdf", found)))
    assert position.min() >= LENGTHS[0] / CELLS[0] and np.isfinite(velocity).all()


@pytest.mark.parametrize("name", ["number_density", "velocity_y", "temperature"])
def test_a_cell_without_a_state_is_refused(tmp_path, name):
    found = states()
    found[name][3] = np.nan
    with pytest.raises(ValueError, match=r"initial\.path: .* \(NaN, or negative\) in 1 of 8 cells"):
        start(scenario(write_fields(tmp_path / "f.vtkhdf", found)))


def test_another_density_than_the_stated_one_is_refused_with_the_one_to_state(tmp_path):
    found = states()
    found["number_density"] = 1.02 * found["number_density"]
    cure = r"set initial\.number_density_m3 = 1\.02e\+22"
    with pytest.raises(ValueError, match=cure):
        start(scenario(write_fields(tmp_path / "f.vtkhdf", found)))


def test_fields_of_another_box_or_without_a_temperature_are_refused(tmp_path):
    path = write_fields(tmp_path / "f.vtkhdf", states())
    with pytest.raises(ValueError, match=r"initial\.path: .*set domain\.length_m"):
        start(scenario(path, lengths=(2e-3,)))
    with pytest.raises(ValueError, match=r"initial\.path: .*set domain\.length_m"):
        start(scenario(path, d=2))
    found = {name: array for name, array in states().items() if name != "temperature"}
    with pytest.raises(Unreadable, match="without temperature"):
        start(scenario(write_fields(tmp_path / "cold.vtkhdf", found)))


def test_the_average_serves_where_the_file_has_no_frame(tmp_path):
    path = write_fields(tmp_path / "f.vtkhdf", states(), frames=0)
    assert len(start(scenario(path))[0]) == COUNT
    with pytest.raises(Unreadable, match="no frame 2"):
        start(scenario(path, frame=2))


# ------------------------------------------------------------------ other files, whole runs


def test_files_that_cannot_be_started_from_are_refused_by_name(tmp_path):
    text = tmp_path / "notes.txt"
    text.write_text("a gas at 300 K")
    with pytest.raises(Unreadable, match=r"notes\.txt: not an HDF5 file"):
        start(scenario(text))
    with pytest.raises(FileNotFoundError, match="nowhere"):
        start(scenario(tmp_path / "nowhere.h5"))


@pytest.mark.parametrize("kind", ["checkpoint.h5", "particles.vtkhdf", "fields.vtkhdf"])
def test_a_run_starts_from_a_file(tmp_path, kind):
    if kind == "fields.vtkhdf":
        path = write_fields(tmp_path / kind, states())
    else:
        write = write_checkpoint if kind == "checkpoint.h5" else write_snapshot
        path = write(tmp_path / kind, *gas()[:2])
    given = scenario(path)
    with Simulation(given, threads=1) as simulation:
        assert np.array_equal(
            np.sort(simulation.particles.velocity, axis=0), np.sort(start(given)[1], axis=0)
        )
        simulation.run()
