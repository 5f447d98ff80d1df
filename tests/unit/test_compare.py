"""Two runs of one physics are compatible, a mutant is not, and chance is kept within its budget."""

import json
import math
from dataclasses import replace

import numpy as np
import pytest

import dsmc
from dsmc.__main__ import main
from dsmc.compare import BUDGET, compare, compatible, identical
from dsmc.compare.pairing import common_times
from dsmc.compare.report import as_lines, as_values, differences, physical
from dsmc.result import Field, Histogram, Result, Series, Wall
from dsmc.slow_modes import left_out, relaxation_rates
from dsmc.summary import write_summary
from dsmc.wall_profiles import WallProfile

SEED = 20261121
RELAXATION = {
    "initial.particles": 5000, "domain.cells": [10], "run.steps": 60, "run.time_step_s": 2e-8,
}  # fmt: skip
COUETTE = {
    "initial.particles": 3000, "domain.cells": [6], "run.steps": 240, "sample.start": 40,
    "sample.every": 40, "sample.fields_every": 5,
}  # fmt: skip


def run(name, changes, seed, **more):
    scenario = dsmc.load(name, changes | {"run.seed": seed} | more)
    with dsmc.Simulation(scenario, 1) as simulation:
        return simulation.run()


def noisy(seed, rows=40, shift=0.0, error=0.1, correlated=0.0):
    """A result of one series and one field, whose noise has the error that it states."""
    draw = np.random.default_rng(seed)
    noise = draw.standard_normal(rows)
    for k in range(1, rows):  # a first-order process of unit variance
        noise[k] = correlated * noise[k - 1] + math.sqrt(1 - correlated**2) * noise[k]
    time = np.arange(rows) * 1e-7
    series = Series("mean_speed", "m s-1", "", time, shift + error * noise, np.full(rows, error))
    value = shift + error * draw.standard_normal(rows)
    field = Field("temperature", "K", "", (time,), value, np.full(rows, error))
    return Result("noise", "", {"mean_speed": series}, {"temperature": field})


# ------------------------------------------------------------------ simulations


@pytest.fixture(scope="module")
def sheared():
    """Ten pairs of runs that differ by their seeds alone."""
    seeds = range(SEED, SEED + 20, 2)
    return [(run("couette", COUETTE, s), run("couette", COUETTE, s + 1)) for s in seeds]


@pytest.fixture(scope="module")
def relaxed():
    return run("relaxation", RELAXATION, SEED)


def family_p(pair):
    """Bound of the chance of the most significant row among all rows of a pair."""
    rows = [row for row in compare(*pair) if row.passed is not None]
    return min(1.0, len(rows) * rows[0].p)


def test_seeds_of_one_flow_are_compatible(sheared):
    """Budget: ten times 1e-3 for the verdicts; 6 of 10 below 0.2 by chance: 0.6 %."""
    assert all(compatible(compare(*pair)) for pair in sheared)
    assert sum(family_p(pair) < 0.2 for pair in sheared) < 6


def test_without_the_slow_modes_of_the_gas_seeds_would_be_told_apart(sheared):
    """The flow is averaged over one relaxation time: its blocks alone know little (the mutant)."""
    scenario = dsmc.load("couette", COUETTE)
    rates = [5 * scenario.time_step * rates for rates in relaxation_rates(scenario)]
    factor = 1.0 / left_out(rates, length=2, blocks=20)  # 40 samples
    blind = [tuple(with_errors(run, factor) for run in pair) for pair in sheared]
    assert sum(family_p(pair) < 0.2 for pair in blind) >= 6


def with_errors(result, factor):
    """The result with the errors of its fields multiplied."""
    fields = {n: replace(f, error=factor * f.error) for n, f in result.fields.items()}
    return replace(result, fields=fields)


def test_seeds_of_one_relaxation_are_compatible(relaxed):
    rows = compare(relaxed, run("relaxation", RELAXATION, SEED + 1))
    assert compatible(rows)
    assert all(row.points > 0 for row in rows)


@pytest.mark.parametrize(
    ("mutation", "quantity"),
    [
        ({"initial.temperature_K": 309}, "energy"),
        (
            {"gas.species": None, "gas.mass_kg": 6.63e-26, "gas.diameter_m": 4.0e-10},
            "collisions_per_particle",
        ),
        ({"initial.low": 0.2, "initial.high": 1.8}, "h_excess"),
    ],
)
def test_a_gas_that_is_another_one_is_told_apart(relaxed, mutation, quantity):
    rows = compare(relaxed, run("relaxation", RELAXATION, SEED + 1, **mutation))
    assert quantity in [row.quantity for row in rows if row.passed is False]


def test_a_warmer_wall_is_told_apart(sheared):
    warmer = {"boundaries.x.high.temperature_K": 900}
    rows = compare(sheared[0][0], run("couette", COUETTE, SEED + 1, **warmer))
    assert {"pressure x_low", "temperature"} <= {r.quantity for r in rows if r.passed is False}


# ------------------------------------------------------------------ judging


@pytest.mark.parametrize("correlated", [0.0, 0.95])
def test_chance_stays_within_its_budget_however_correlated_the_points(correlated):
    """300 pairs: p of a row is below 0.05 in at most 5 % of them; 4.5 sigmas of binomial noise."""
    pairs = [(noisy(k, correlated=correlated), noisy(10_000 + k)) for k in range(300)]
    for kind in ("series", "field"):
        p = np.array([row.p for pair in pairs for row in compare(*pair) if row.kind == kind])
        assert np.mean(p < 0.05) < 0.05 + 4.5 * math.sqrt(0.05 * 0.95 / 300)
        if kind == "field":  # whose points are independent: the bound is close to the chance
            assert np.mean(p < 0.2) > 0.05


def test_one_point_far_away_is_found_with_its_place():
    a, b = noisy(1), noisy(2)
    value = b.fields["temperature"].value.copy()
    value[7] += 1.5
    worst = compare(
        a, replace(b, fields={"temperature": replace(b.fields["temperature"], value=value)})
    )[0]
    assert (worst.quantity, worst.kind, worst.passed) == ("temperature", "field", False)
    assert worst.where == "x = 7e-07 m"
    assert worst.z < -7.0


def test_points_without_a_known_error_are_left_out_and_counted():
    a, b = noisy(1), noisy(2)
    error = np.full(40, math.nan)
    blind = replace(a, series={"mean_speed": replace(a.series["mean_speed"], error=error)})
    rows = {row.kind: row for row in compare(blind, b)}
    assert rows["series"].passed is None
    assert rows["series"].remark == "no errors are known"
    error[5:] = 0.1
    partly = replace(a, series={"mean_speed": replace(a.series["mean_speed"], error=error)})
    rows = {row.kind: row for row in compare(partly, b)}
    assert (rows["series"].points, rows["series"].unknown) == (35, 5)


def test_exact_numbers_may_differ_by_rounding_alone():
    a = noisy(1, error=0.0, shift=300.0)
    assert compatible(compare(a, noisy(1, error=0.0, shift=300.0 * (1 + 1e-15))))
    assert not compatible(compare(a, noisy(1, error=0.0, shift=300.0 * (1 + 1e-9))))


def test_conserved_sums_are_judged_where_the_scenario_fixes_them(relaxed, sheared):
    rows = {row.quantity: row for row in compare(relaxed, relaxed)}
    assert rows["energy"].passed
    energy = relaxed.series["energy"]
    drifted = dict(relaxed.series) | {"energy": replace(energy, value=energy.value * (1 + 1e-7))}
    rows = {row.quantity: row for row in compare(relaxed, replace(relaxed, series=drifted))}
    assert rows["energy"].passed is False
    rows = {row.quantity: row for row in compare(*sheared[0])}
    assert rows["energy"].passed is None


def test_only_common_times_are_compared():
    a, b = np.array([0.0, 1.0, 2.0, 3.0]), np.array([0.0, 1.5, 3.0 * (1 + 1e-12), 4.5])
    rows, others = common_times(a, b)
    assert (rows.tolist(), others.tolist()) == ([0, 3], [0, 2])
    assert common_times(a, np.zeros(0))[0].size == 0


def test_runs_with_no_common_times_or_cells_are_not_called_compatible(relaxed):
    other = run("relaxation", RELAXATION, SEED + 1, **{"run.time_step_s": 2.1e-8, "run.steps": 5})
    rows = {row.quantity: row for row in compare(relaxed, other) if row.kind == "series"}
    assert all(row.passed is None for row in rows.values())
    assert "times in common: choose the same run.time_step_s" in rows["moment_4"].remark
    coarse = noisy(1, rows=20)
    with pytest.raises(OSError, match="nothing to compare"):
        compare(noisy(1), replace(coarse, series={}))


def test_exact_curves_stand_in_for_a_second_run(relaxed):
    assert compatible(compare(relaxed, None))
    excess = relaxed.series["h_excess"]
    wrong = replace(excess, value=excess.value + 10.0 * excess.error)
    series = dict(relaxed.series) | {"h_excess": wrong}
    astray = [
        row.quantity for row in compare(replace(relaxed, series=series), None) if not row.passed
    ]
    assert astray == ["h_excess"]
    with pytest.raises(OSError, match="no exact curve is known"):
        compare(noisy(1), None)


def test_identical_means_every_number():
    a = noisy(1)
    wall = Wall(
        "x_low", 1.0, (1.0, 0.1), (1.0, 0.1), (np.ones(3), np.full(3, math.nan)), (1.0, 0.1)
    )
    speeds = Histogram("speed_final", "v0", [0.0, 1.0], [1.0], [math.nan])
    a = replace(a, walls={"x_low": wall}, histograms={"speed_final": speeds})
    assert identical(a, replace(a, wall_time=9.0))
    changed = replace(wall, shear=(np.array([1.0, 1.0, np.nextafter(1.0, 2.0)]), wall.shear[1]))
    assert not identical(a, replace(a, walls={"x_low": changed}))
    assert not identical(a, replace(a, walls={}))


# ------------------------------------------------------------------ along walls


def along_a_wall(seed, places=(12,), shift=0.0, where=0):
    """A result of one wall whose cells have noise of the error that they state."""
    draw = np.random.default_rng([SEED, seed])

    def measured(*first):
        shape = (*first, *places[::-1])
        return draw.standard_normal(shape), np.ones(shape)

    fluxes = {name: measured() for name in ("number_flux", "pressure", "heat_flux")}
    fluxes["heat_flux"][0].flat[where] += shift
    centres = tuple((np.arange(n) + 0.5) * 1e-4 for n in places)
    along, shear = ("y", "z")[: len(places)], measured(3)
    shear[0][0] = shear[1][0] = 0.0
    profile = WallProfile("x_low", along, centres, np.ones(places[::-1]), shear=shear, **fluxes)
    return Result("wall", "", wall_profiles={"x_low": profile})


@pytest.mark.parametrize("places", [(12,), (4, 3)])
def test_chance_stays_within_its_budget_along_walls(places):
    """400 pairs of four rows: p is below 0.05 in 5 % of them, within 4.5 sigmas of binomial noise.

    The twin takes the least p of the points of a row for that of the row.
    """
    rows = [
        row
        for k in range(400)
        for row in compare(along_a_wall(k, places), along_a_wall(10_000 + k, places))
    ]
    assert {(row.kind, row.points) for row in rows} == {("wall cells", 12), ("wall cells", 24)}
    p = np.array([row.p for row in rows])
    allowed = 4.5 * math.sqrt(0.05 * 0.95 / p.size)
    assert abs(np.mean(p < 0.05) - 0.05) < allowed
    least = np.array([row.p / row.points for row in rows])
    assert abs(np.mean(least < 0.05) - 0.05) > allowed


def test_one_cell_of_a_wall_far_away_is_found_with_its_place():
    worst = compare(along_a_wall(1, (4, 3)), along_a_wall(2, (4, 3), shift=12.0, where=6))[0]
    assert (worst.quantity, worst.passed) == ("heat_flux along x_low", False)
    assert worst.where == "y = 0.00025 m, z = 0.00015 m" and worst.z < -6.0
    shear = along_a_wall(1).wall_profiles["x_low"].shear
    assert shear[0].shape == (3, 12)
    with pytest.raises(OSError, match="shapes differ"):
        compare(along_a_wall(1), along_a_wall(2, (13,)))


LID = {
    "initial.particles": 6000, "domain.cells": [6, 6], "run.steps": 1200,
    "sample.start": 200, "sample.every": 400, "sample.fields_every": 5, "sample.wall_cells": True,
    "boundaries.y.high.velocity_m_s": [150, 0, 0],
}  # fmt: skip


def test_walls_of_one_cavity_agree_and_those_of_a_faster_lid_do_not():
    """Cell by cell; the faster lid moves twice as fast."""
    slow, again = run("cavity", LID, SEED), run("cavity", LID, SEED + 1)
    rows = [row for row in compare(slow, again) if row.kind == "wall cells"]
    assert {row.quantity for row in rows} >= {"shear along y_high", "heat_flux along x_low"}
    assert all(row.passed for row in rows)
    faster = {"boundaries.y.high.velocity_m_s": [300, 0, 0]}
    astray = {row.quantity for row in compare(slow, run("cavity", LID, SEED + 1, **faster))
              if row.passed is False}  # fmt: skip
    assert "shear along y_high" in astray


# ------------------------------------------------------------------ what is told


def test_the_report_fits_the_screen_and_says_what_differs(sheared):
    first, second = sheared[0]
    lines = list(as_lines("a", "b", first, second, compare(first, second), quiet=False))
    assert max(map(len, lines)) <= 100
    assert f"  run.seed: {SEED} | {SEED + 1}" in lines
    assert lines[-1].startswith("VERDICT: compatible")
    assert "random from run to run" in "\n".join(lines)
    quiet = list(as_lines("a", "b", first, second, compare(first, second), quiet=True))
    assert quiet == lines[-1:]


def test_different_physics_is_told_from_different_numerics(relaxed):
    warmer = replace(relaxed, scenario_text=relaxed.scenario_text.replace("300", "309"))
    changed = differences(relaxed, warmer)
    assert changed["initial.temperature_K"] == (300.0, 309.0)
    assert physical(changed) == ["initial.temperature_K"]
    rows = compare(relaxed, warmer)
    assert "WARNING: they describe different physics" in "\n".join(
        as_lines("a", "b", relaxed, warmer, rows, quiet=False)
    )
    assert as_values("a", "b", relaxed, warmer, rows)["different_physics"]


def test_the_command_answers_by_its_exit_code(tmp_path, capsys, relaxed):
    for name, result in (
        ("a", relaxed),
        ("b", noisy(1)),
        ("c", noisy(2)),
        ("d", noisy(2, shift=1)),
    ):
        (tmp_path / name).mkdir()
        write_summary(tmp_path / name / "summary.json", result)
    a, b, c, d = (str(tmp_path / name) for name in "abcd")
    assert main(["compare", a, a, "--quiet"]) == 0
    assert "identical" in capsys.readouterr().out
    assert main(["compare", a, "reference"]) == 0
    assert main(["compare", b, c]) == 0
    assert main(["compare", b, d]) == 1
    assert "DIFFERS" in capsys.readouterr().out
    assert main(["compare", a, f"{tmp_path}/e"]) == 2
    assert "no such directory" in capsys.readouterr().err
    assert main(["compare", b, "reference"]) == 2
    capsys.readouterr()
    assert main(["compare", b, d, "--json"]) == 1
    told = json.loads(capsys.readouterr().out, parse_constant=pytest.fail)
    assert told["false_alarm"] == BUDGET
    assert not told["compatible"]
    assert told["quantities"][0]["passed"] is False
