"""The benchmark measures what it says, in the form that others read."""

import json

import pytest

from benchmarks import additions
from dsmc import bench
from dsmc.__main__ import main
from dsmc.problems import PROBLEMS, ProblemError


@pytest.fixture(autouse=True)
def short(monkeypatch):
    """Rounds of some milliseconds."""
    monkeypatch.setattr(bench, "SECONDS_PER_ROUND", 0.02)
    monkeypatch.setattr(additions, "WARM_UP", 5)


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
            "particle_steps_per_second", "ns", "ns_range", "ns_per_stage", "bytes_per_particle",
            "bytes_per_particle_step", "memory_bound", "share_of_memory_bound", "device",
        }  # fmt: skip
        least, most = problem["ns_range"]
        assert least <= problem["ns"] <= most
        assert sum(problem["ns_per_stage"].values()) <= 1.3 * problem["ns"]
        assert problem["particle_steps_per_second"] == pytest.approx(1e9 / problem["ns"])


@pytest.mark.parametrize(("precision", "most"), [("float64", 105.0), ("float32", 57.0)])
def test_memory_per_particle_is_two_buffers_and_little_more(precision, most):
    """Two rows of six numbers and the number of a cell: 100 or 52 bytes, and a tenth of a cell."""
    scenario = bench.problem("box", 200_000, precision)
    from dsmc.simulation import Simulation

    with Simulation(scenario, threads=2) as simulation:
        assert simulation.memory / 200_000 <= most


@pytest.mark.parametrize(("precision", "rows"), [("float64", 2 * 48), ("float32", 2 * 24)])
def test_the_bound_counts_every_row_once(precision, rows):
    """A step reads every row and writes it; the bookkeeping of particle and cell is small."""
    scenario = bench.problem("box", 1_000_000, precision)
    of_particle, of_cell, of_thread = 4 * 4, 32 / 10, 12 / 10
    for threads in (1, 2):
        moved = bench.bytes_per_particle_step(scenario, threads)
        assert moved == pytest.approx(rows + of_particle + of_cell + threads * of_thread)
    fewer = bench.bytes_per_particle_step(bench.problem("one-cell", 1_000_000, precision))
    assert fewer == pytest.approx(rows * 4 / 6 + of_particle, rel=1e-6)


def test_the_share_is_the_pace_over_that_of_a_copy(monkeypatch):
    monkeypatch.setattr(bench, "copy_bandwidth", lambda threads: 1e10 * threads)
    timing = bench.time_problem("box", 2000, 2, "float64")
    assert timing.memory_bound == pytest.approx(2e10 / timing.bytes_per_particle_step)
    share = timing.particle_steps_per_second / timing.memory_bound
    assert timing.share_of_memory_bound == pytest.approx(share)


def test_an_unknown_problem_is_answered_with_those_that_there_are(capsys):
    assert main(["bench", "box", "caviti"]) == 2
    output, error = capsys.readouterr()
    assert error == (
        "unknown problem 'caviti', did you mean cavity?; "
        "known: box, flight, homogeneous, one-cell, couette, cavity, shock\n"
    )
    assert output == ""
    assert main(["bench", "one-cell", "--per-cell", "5"]) == 2
    assert "leave --per-cell away" in capsys.readouterr().err


def test_the_help_names_every_problem(capsys):
    assert main(["bench", "--help"]) == 0
    told = capsys.readouterr().out
    assert all(name in told for name in PROBLEMS)


def test_the_table_has_a_line_for_each_problem_and_its_stages(capsys):
    words = "bench couette shock --particles 2000 --per-cell 40 --threads 1 --precision float64"
    assert main(words.split()) == 0
    couette, shock = capsys.readouterr().out.splitlines()[-2:]
    assert couette.startswith("couette") and "2,000" in couette and "enter" not in couette
    assert shock.startswith("shock") and "enter" in shock


@pytest.mark.parametrize("name", additions.ADDITIONS)
def test_a_box_with_an_addition_holds_the_gas_of_the_plain_one(name):
    """Cells, molecules for a particle, time step and particles are the same."""
    plain = additions.box(2000, "float64")
    other = additions.box(2000, "float64", additions.ADDITIONS[name].change)
    assert other != plain
    assert (other.cells, other.particle_count) == (plain.cells, plain.particle_count)
    assert other.weight == pytest.approx(plain.weight)
    assert other.time_step == plain.time_step


def test_additions_are_timed_beside_the_plain_box(tmp_path, capsys):
    words = "diffuse reservoirs --particles 2000 --rounds 3 --precision float64"
    assert additions.main([*words.split(), "--json", str(tmp_path / "found.json")]) == 0
    entries = json.loads((tmp_path / "found.json").read_text())["entries"]
    assert [entry["name"] for entry in entries] == ["diffuse", "reservoirs"]
    for entry in entries:
        least, most = entry["ratio_range"]
        assert 0.0 < least <= entry["ratio"] <= most
    told = capsys.readouterr().out
    assert "diffuse walls" in told and "reservoirs on all sides" in told


@pytest.mark.parametrize(
    ("words", "told"),
    [("difuse", "unknown: difuse; known: periodic"), ("--threads 4000", "this machine has")],
)
def test_wrong_words_for_additions_are_told(words, told, capsys):
    assert additions.main(words.split()) == 2
    assert told in capsys.readouterr().err


def test_a_box_that_was_empty_for_a_time_is_told(monkeypatch):
    """An open box of one particle, say: there is no time of a particle-step."""
    monkeypatch.setattr(bench, "one_round", lambda simulation, steps: bench.Round(1.0, 0, {}))
    with pytest.raises(ProblemError, match="shock: the box was empty"):
        bench.time_problem("shock", 100, 1, "float64")
