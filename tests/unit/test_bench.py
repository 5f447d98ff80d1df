"""The benchmark measures what it says, in the form that others read."""

import json

import pytest

from benchmarks import open_boundaries
from dsmc import bench


def test_the_box_is_the_box_that_codes_are_compared_on():
    scenario = bench.problem("box", 1_000_000, "float64")
    assert scenario.cells == (40, 50, 50)
    assert scenario.particle_count == 1_000_000
    assert scenario.time_step / scenario.collision_time == pytest.approx(0.14, abs=0.002)
    assert scenario.molecules[0].alpha == 1.4


@pytest.mark.parametrize("wanted", [10, 1e3, 1e5, 1e7])
def test_other_sizes_keep_ten_particles_in_a_cell(wanted):
    cells = bench.box_cells(wanted)
    assert cells[0] * cells[1] * cells[2] == pytest.approx(wanted, rel=0.25)


def test_the_json_names_machine_bandwidth_and_problems(capsys):
    assert bench.main(particles=2000, threads=[1], precision=["float64"], as_json=True) == 0
    report = json.loads(capsys.readouterr().out)
    assert set(report) == {"machine", "copy_bandwidth", "problems"}
    assert report["copy_bandwidth"] > 1e8
    names = [problem["name"] for problem in report["problems"]]
    assert names[0] == "box"
    for problem in report["problems"]:
        assert set(problem) == {
            "name", "particles", "threads", "precision",
            "particle_steps_per_second", "ns_per_stage", "bytes_per_particle", "device",
        }  # fmt: skip
        total = sum(problem["ns_per_stage"].values())
        assert problem["particle_steps_per_second"] == pytest.approx(1e9 / total, rel=0.3)


@pytest.mark.parametrize(("precision", "most"), [("float64", 105.0), ("float32", 57.0)])
def test_memory_per_particle_is_two_buffers_and_little_more(precision, most):
    """Two rows of six numbers and a slot: 100 or 52 bytes, and what ten-particle cells add."""
    scenario = bench.problem("box", 200_000, precision)
    from dsmc.simulation import Simulation

    with Simulation(scenario, threads=2) as simulation:
        assert simulation.memory / 200_000 <= most


def test_open_boxes_hold_the_gas_of_the_closed_one():
    """Cells, density, time step and particles are the same; the twins are timed beside it."""
    made = open_boundaries.boxes(2000, "float64")
    closed = made["closed"]
    for scenario in made.values():
        assert (scenario.cells, scenario.weight) == (closed.cells, closed.weight)
        assert scenario.time_step == closed.time_step
    found = open_boundaries.compare(2000, 1, "float64", rounds=3)
    assert found["closed"]["ratio"] == 1.0
    assert all(row["particles"] == pytest.approx(2000, rel=0.15) for row in found.values())
