"""Faces, patches and gases outside in a scenario; buffers that grow; places that are taken over."""

import json

import h5py
import numpy as np
import pytest

import dsmc
from dsmc import Simulation
from dsmc.cells import grid
from dsmc.outside import Outside
from dsmc.particles import particles, reserve
from dsmc.scenario.model import Scenario
from dsmc.scenario.patches import visible_area
from dsmc.trajectory import EMPTY_PLACE, TrajectoryWriter
from tests.unit.argon import problem, scenario

MIRROR = {"kind": "specular"}
RESERVOIR = {"kind": "reservoir", "number_density_m3": 1e22, "temperature_K": 300.0}
HALF_AND_HALF = [{"name": "Ar", "fraction": 0.5}, {"name": "He", "fraction": 0.5}]
SQUARE = {"domain__length_m": [1e-3, 2e-3], "domain__cells": [4, 4]}


def faces(low, high=MIRROR):
    """Faces normal to x."""
    return {"boundaries": {"x": {"low": low, "high": high}}}


def patched(*patches):
    """A mirror with patches, in a plane box."""
    return SQUARE | faces(MIRROR | {"patches": list(patches)})


def hole(begin, end, **keys):
    return {"kind": "open", "from_m": [begin], "to_m": [end]} | keys


GRADED = {"along": "y", "at_m": [0, 1e-3], "temperature_K": [300, 400]}
CLL = {"kind": "cll", "temperature_K": 300, "normal_accommodation": 0.9}
BAD = [
    (faces(RESERVOIR | {"number_density_m3": -1}), "x.low.number_density_m3", "greater than 0"),
    (faces({"kind": "reservoir", "temperature_K": 300}), "x.low.number_density_m3", "missing"),
    (faces(RESERVOIR | {"balancing_steps": 0}), "x.low.balancing_steps", "at least 1"),
    (faces({"kind": "open", "balancing_steps": 9}), "x.low.balancing_steps", "unknown key"),
    (faces({"kind": "pressure", "temperature_K": 300}), "x.low.pressure_Pa", "missing"),
    (faces({"kind": "mass-flow", "temperature_K": 300}), "x.low.mass_flow_kg_s", "exactly one"),
    (
        faces({"kind": "mass-flow", "temperature_K": 300, "mass_flow_kg_s": 1,
               "number_flow_per_s": 1}),
        "x.low.number_flow_per_s", "exactly one",
    ),
    (faces(CLL), "x.low.tangential_accommodation", "missing"),
    (faces(CLL | {"tangential_accommodation": 2.1}), "x.low.tangential_accommodation", "at most 2"),
    (faces({"kind": "opne"}), "x.low.kind", '"open"'),
    (faces({"kind": "open", "temperature_K": 300}), "x.low.temperature_K", "unknown key"),
    (faces(RESERVOIR | {"fractions": {"Ar": 1.0}}), "x.low.fractions", "one species"),
    (faces({"kind": "open", "from_m": [0.1]}), "x.low.from_m", "only a patch"),
    (faces({"kind": "diffuse"}), "x.low.temperature_K", "missing"),
    (
        SQUARE | faces({"kind": "diffuse", "temperature_K": 300, "profile": GRADED}),
        "x.low.temperature_K", "given twice",
    ),
    (faces({"kind": "diffuse", "profile": GRADED}), "x.low.profile.along", "there is none"),
    (
        SQUARE | faces({"kind": "diffuse", "profile": GRADED | {"along": "x"}}),
        "x.low.profile.along", "y",
    ),
    (
        SQUARE | faces({"kind": "diffuse", "profile": GRADED | {"at_m": [1e-3, 0]}}),
        "x.low.profile.at_m", "must rise",
    ),
    (
        SQUARE | faces({"kind": "diffuse", "profile": GRADED | {"temperature_K": [3, 4, 5]}}),
        "x.low.profile.temperature_K", "2 entries",
    ),
    (
        SQUARE | faces({"kind": "diffuse", "temperature_K": 300, "profile": {
            "along": "y", "at_m": [0, 1e-3], "velocity_m_s": [[0, 0, 0], [1, 0, 0]]}}),
        "x.low.profile.velocity_m_s[1]", "must be 0",
    ),
    (faces(MIRROR | {"patches": [hole(0, 1e-4)]}), "x.low.patches[0]", "no patches"),
    (patched(hole(0, 3e-3)), "x.low.patches[0].to_m", "no range"),
    (patched(hole(1e-3, 1e-3)), "x.low.patches[0].to_m", "no range"),
    (patched({"kind": "open", "to_m": [1e-3]}), "x.low.patches[0].from_m", "missing"),
    (patched(hole(0, 1e-3, to_m=[1e-3, 1e-3])), "x.low.patches[0].to_m", "entry for y"),
    (patched({"kind": "periodic"}), "x.low.patches[0].kind", "whole faces"),
    (patched(hole(0, 1e-3), hole(1e-4, 2e-4)), "x.low.patches[1]", "cover it wholly"),
    (patched(hole(0, 2e-3)), "x.low", "cover it wholly"),
    (patched(hole(0, 1e-3, name="x_high")), "x.high.name", "this name"),
    (patched(hole(0, 1e-3, name="no good")), "x.low.patches[0].name", "of the form"),
    (patched(hole(0, 1e-3, patches=[hole(0, 1e-4)])), "x.low.patches[0].patches", "side by side"),
    (
        patched({"kind": "diffuse", "from_m": [0], "to_m": [1e-3]}),
        "x.low.patches[0].temperature_K", "missing",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "path", "words"), BAD)
def test_boundaries_that_cannot_be_are_refused(changes, path, words):
    found = problem(f"boundaries.{path}", **changes)
    assert words in f"{found.allowed} {found.cure}"
    assert found.cure


def test_a_gas_outside_is_made_of_the_species_of_the_scenario():
    mixture = {"gas__species": None, "species": HALF_AND_HALF}
    wrong = faces(RESERVOIR | {"fractions": {"Ar": 0.5, "Xe": 0.4}}) | mixture
    assert "Ar, He" in problem("boundaries.x.low.fractions.Xe", **wrong).allowed
    assert "sum to 1" in problem("boundaries.x.low.fractions", **wrong).allowed
    gas = scenario(**faces(RESERVOIR | {"fractions": {"He": 1.0}}) | mixture)
    assert Outside(gas).inflow.mean[0] == 0.0 < Outside(gas).inflow.mean[1]


def test_a_scenario_knows_whether_it_is_sealed():
    assert scenario().sealed and scenario(**faces(MIRROR)).sealed
    for open_face in ({"kind": "open"}, RESERVOIR):
        gas = scenario(**faces(open_face))
        assert not gas.sealed and not gas.closed
        assert "particles" in gas.sample.quantities
    assert not scenario(**patched(hole(0, 1e-3))).sealed


def test_both_faces_may_be_open_or_planes_of_symmetry():
    for kind in ("open", "symmetry"):
        gas = scenario(boundaries={"x": {"kind": kind}})
        assert [patch.kind for patch in gas.patches] == [kind, kind]


def test_the_file_and_python_say_the_same_of_patches():
    gas = scenario(**patched(hole(0, 1e-3, name="slit"), hole(0.5e-3, 1.5e-3)))
    again = dsmc.scenario.loads(gas.text, "again")
    assert again.patches == gas.patches
    assert [patch.name for patch in gas.patches[:3]] == ["slit", "x_low_2", "x_low"]
    assert [patch.area for patch in gas.patches[:3]] == pytest.approx([1e-3, 0.5e-3, 0.5e-3])
    assert "patches" in json.dumps(Scenario.model_json_schema())


def test_areas_are_what_earlier_patches_leave():
    """Against a raster of a million points: exact, as all edges lie on it."""
    chance = np.random.default_rng(7)
    corners = np.sort(chance.integers(0, 50, (6, 2, 2)), axis=2)
    corners[:, :, 1] += 1
    ranges = [tuple((float(a), float(b)) for a, b in corner) for corner in corners]
    raster = np.full((51, 51), -1)
    for number in reversed(range(6)):
        (a, b), (c, d) = corners[number]
        raster[a:b, c:d] = number
    for number, extent in enumerate(ranges):
        assert visible_area(extent, ranges[:number]) == np.sum(raster == number)
    assert visible_area((), []) == 1.0  # the face of a 1-D box: 1 m by 1 m


# ------------------------------------------------------------------ buffers that grow


def test_buffers_grow_by_half_and_keep_what_they_hold():
    rows = np.random.default_rng(3).random((100, 4))
    state = particles(rows, grid((1.0,), (10,)), 2, True, id=np.arange(100))
    before, ids, sizes = np.array(state.phase), np.array(state.id), set()
    for wanted in range(100, 2000):
        reserve(state, wanted)
        sizes.add(state.rows.shape[0])
        assert state.rows.shape == state.spare.shape and state.destination.size >= wanted
    assert np.array_equal(state.phase, before) and np.array_equal(state.id, ids)
    assert len(sizes) < 10  # 1.5^8 > 20: no copying at every step
    assert state.count == 100 and state.further["id"].size == state.rows.shape[0]


def test_free_flights_are_timed_by_the_clocks_of_the_rows_that_grow():
    """As in a box that had room from the start."""
    dense = RESERVOIR | {"number_density_m3": 5e23}
    gas = scenario(
        **faces(dense), initial__particles=100, run__time_step_mct=1.0,
        sample={"every": 20, "quantities": ["free_flight"]},
    )  # fmt: skip
    clocks = []
    for room in (0, 5000):
        with Simulation(gas, threads=1) as simulation:
            reserve(simulation._state, room)
            of_steps = []
            for _ in range(6):
                simulation.advance(1)
                of_steps.append(np.array(simulation._state.clock))
            assert of_steps[-1].size > 200 and of_steps[-1].max() > 0.0
            clocks.append(np.concatenate(of_steps))
    assert np.array_equal(*clocks)


def test_blocks_of_samples_stay_as_long_as_they_were_in_a_box_that_fills(tmp_path):
    """A run that goes on must not choose them by the particles that there are by then."""
    dense = RESERVOIR | {"number_density_m3": 5e23}
    gas = scenario(**faces(dense), initial__particles=100, run__time_step_mct=1.0,
                   sample={"fields_every": 1})  # fmt: skip
    with Simulation(gas, threads=1) as simulation:
        length = simulation.field_sampler.blocks.first_length
        simulation.advance(10)
        assert simulation._state.count > 200
        simulation.save(tmp_path / "checkpoint.h5")
    with dsmc.resume(tmp_path / "checkpoint.h5") as resumed:
        assert resumed.field_sampler.blocks.first_length == length


@pytest.mark.parametrize("species", [1, 2])
def test_a_box_fills_from_a_denser_gas_outside(species):
    """From 100 particles to some 5000; a mixture's workspace grows along."""
    changes = faces(RESERVOIR | {"number_density_m3": 5e23}) | {"initial__particles": 100}
    if species == 2:
        changes |= {"gas__species": None, "species": HALF_AND_HALF}
    changes |= {"run__time_step_mct": 1.0, "sample": {"every": 20}, "collisions": {"scheme": "ntc"}}
    with Simulation(scenario(**changes), threads=2) as simulation:
        result = simulation.run(steps=60)
        count = simulation.particles.position.shape[0]
        assert count > 1500 and simulation._state.rows.shape[0] >= count
        assert result.series["particles"].value[-1] == count == simulation._state.offsets[-1]
        assert result.particles == count
        assert result.quality["particle_steps"] == simulation.particle_steps


def test_a_box_that_runs_empty_goes_on(tmp_path):
    """Vacuum on both sides: no particle is left, and nothing fails; a file is written all along."""
    gas = scenario(boundaries={"x": {"kind": "open"}}, run__time_step_s=1e-6, run__steps=400,
                   run__time_step_mct=None, initial__particles=30,
                   output={"trajectory": 50, "particles": 10})  # fmt: skip
    with Simulation(gas, threads=2, output=tmp_path / "run") as simulation:
        result = simulation.run()
        assert simulation.particles.velocity.shape == (0, 3)
        assert result.series["particles"].value[-1] == 0.0
        assert np.isnan(result.series["temperature"].value[-1])
        assert sum(wall.leaving[0].sum() for wall in result.walls.values()) > 0.0
    with h5py.File(tmp_path / "run" / "trajectory.h5") as file:
        assert np.all(file["particles/trajectory/id/value"][-1] == EMPTY_PLACE)
        assert np.isnan(file["particles/trajectory/velocity/value"][-1]).all()
    opened = dsmc.open(tmp_path / "run")
    assert opened.walls["x_low"].kind == "open" and opened.walls["x_low"].leaving[0].shape == (1,)
    with dsmc.resume(tmp_path / "run") as simulation:
        simulation.run(steps=3)


# ------------------------------------------------------------------ places that are taken over


def writer(path, **changes):
    return TrajectoryWriter(
        path, box_lengths=[1.0], boundary=["none"], particles=4, author="N. N.",
        scenario_text="", provenance={}, **changes,
    )  # fmt: skip


def test_a_free_place_goes_to_the_next_who_entered(tmp_path):
    """Never to one who was there before, nor to one who entered before the place was taken over."""
    frames = [
        ([5, 3, 0, 1, 2, 4], [0, 1, 2, 3]),
        ([0, 3, 4, 5, 6, 9], [0, 6, 9, 3]),  # 1 and 2 left, 6 and 9 entered
        ([3, 4, 5, 6, 7, 8, 9], [-1, 6, 9, 3]),  # 7 and 8 entered before 9
        ([10, 3, 4], [10, -1, -1, 3]),
        ([], [-1, -1, -1, -1]),
        ([4, 12, 11], [11, 12, -1, -1]),
    ]
    path = tmp_path / "t.h5"
    with writer(path) as file:
        for number, (present, seated) in enumerate(frames):
            if number == 3:  # as after a resumption
                rows = file.rows
                file.close()
                file = writer(path, rows=rows)
            id = np.array(present, np.int64)
            places = file.seat(id)
            held = np.where(places >= 0, id[places] if id.size else -1, -1)
            assert held.tolist() == seated
            file.frame(number, float(number), np.zeros((4, 1)), np.zeros((4, 3)), held)
        file.close()
