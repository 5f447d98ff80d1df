"""Results carry units and errors, and say plainly what does not fit together."""

import io
import json
import math
import sys
from dataclasses import replace
from xml.etree import ElementTree

import numpy as np
import pytest

from dsmc import result as results
from dsmc.notebook import sparkline
from dsmc.result import Field, Histogram, Result, Series, Verdict, Wall, format_measured
from dsmc.summary import closing_table, provenance, summary, write_summary

RATE = Verdict("collision_rate", 1.0031e6, 2.0e3, 1.0e6, 0.0, 1.55, True, "Bird 1994, eq. 4.64")
SHIFTED = Verdict("moment_4", 1.20, 0.004, 1.25, 0.0, -12.5, False, "exact", "1")


def series(name="temperature", rows=4, reference=None):
    time = np.arange(rows) * 1e-7
    return Series(name, "K", "a temperature", time, 300.0 + time, np.full(rows, 0.5), reference)


def small_result(**changes):
    contents = {
        "series": {"temperature": series(reference=np.full(4, 300.0)), "energy": series("energy")},
        "fields": {
            "number_density": Field(
                "number_density", "m-3", "", (np.arange(3.0), np.arange(2.0)),
                np.arange(6.0).reshape(2, 3), np.full((2, 3), 0.1),
            ),
            "heat_flux_x": Field(
                "heat_flux_x", "W m-2", "", (np.arange(3.0),), np.arange(3.0), np.ones(3)
            ),
        },
        "walls": {
            "x_low": Wall(
                "x_low", 1.0, (1e24, 1e21), (40.0, 0.1), (np.zeros(3), np.ones(3)), (0.0, 2.0)
            )
        },
        "histograms": {
            "speed_final": Histogram(
                "speed_final", "m s-1", [0.0, 100.0, np.inf], [0.006, 0.004], [1e-4, 1e-4]
            )
        },
        "collisions": 1000, "steps": 20, "time": 3e-7, "particles": 500, "wall_time": 0.5,
        "stage_seconds": {"collide": 0.3, "move": 0.1},
        "verdicts": (RATE, SHIFTED),
        "provenance": {"version": "0.1", "seed": 7},
        "quality": {"collision_time": 1e-6, "dx_over_lambda": np.float64(0.3)},
    }  # fmt: skip
    texts = {"title": "Argon <relaxing>", "scenario_text": "title = 'x'\n"}
    return Result(**(texts | contents | changes))


@pytest.mark.parametrize(
    ("value", "error", "text"),
    [
        (300.02345, 0.1234, "300.02 ± 0.12"),
        (1.2345678e22, 4.1e19, "(1.2346 ± 0.0041)e+22"),
        (2.1e-5, 3e-7, "(2.100 ± 0.030)e-05"),
        (0.0, 2.5e-6, "(0.0 ± 2.5)e-06"),
        (0.62129205, 1.4e-16, "0.621292050 ± 1.4e-16"),
        (-1234.5, 67.0, "-1234 ± 67"),
        (0.123456789, math.nan, "0.123457"),
        (5.0, 0.0, "5"),
        (math.nan, 1.0, "nan"),
    ],
)
def test_a_value_has_as_many_decimals_as_its_error_allows(value, error, text):
    assert format_measured(value, error) == text


@pytest.mark.parametrize(
    "build",
    [
        lambda: Series("t", "K", "", np.arange(3), np.arange(4), np.arange(4)),
        lambda: Series("t", "K", "", np.arange(3), np.arange(3), np.arange(2)),
        lambda: Series("t", "K", "", np.arange(3), np.arange(3), np.arange(3), np.arange(2)),
        lambda: Field("t", "K", "", (np.arange(2), np.arange(3)), np.ones((2, 3)), np.ones((2, 3))),
        lambda: Histogram("t", "K", np.arange(3), np.arange(3), np.arange(3)),
    ],
)
def test_shapes_that_disagree_are_refused_by_name(build):
    with pytest.raises(ValueError, match="'t'"):
        build()


def test_an_unknown_face_is_refused():
    with pytest.raises(ValueError, match="left"):
        Wall("left", 1.0, (0, 0), (0, 0), (0, 0), (0, 0))


def test_cells_run_fastest_along_x():
    cells = small_result().fields["number_density"]
    assert cells.value.shape == (2, 3) == tuple(len(axis) for axis in reversed(cells.axes))


def test_the_table_shows_verdicts_first_and_every_number_with_its_error():
    rows = small_result(walls={}).table(everything=True)
    assert [(row.quantity, row.verdict) for row in rows] == [
        ("collision_rate", "pass"), ("moment_4", "FAIL"), ("temperature", ""), ("energy", ""),
    ]  # fmt: skip
    temperature = rows[2]
    assert temperature.unit == "K"
    assert temperature.z == pytest.approx(3e-7 / 0.5, rel=1e-6)  # 300 + 3e-7 K rounds at 6e-14
    assert rows[3].reference is None


def test_the_short_table_leaves_out_what_neither_changes_nor_has_a_reference():
    def changing(by, error):
        value = np.linspace(1.0, 1.0 + by, 4)
        return Series("x", "1", "", np.arange(4.0), value, np.full(4, error))

    shown = {
        "noise": changing(0.1, 0.1), "falls": changing(-1.0, 0.1),
        "rounding": changing(1e-13, 1e-16), "unknown": changing(1.0, math.nan),
    }  # fmt: skip
    named = {name: replace(part, name=name) for name, part in shown.items()}
    rows = small_result(series=named, walls={}, verdicts=()).table()
    assert [row.quantity for row in rows] == ["falls"]


def test_a_series_is_not_repeated_under_its_verdicts():
    at_three = replace(RATE, quantity="temperature at 3 tau_c")
    rows = small_result(verdicts=(at_three,), walls={}).table(everything=True)
    assert [row.quantity for row in rows] == ["temperature at 3 tau_c", "energy"]


def test_the_table_tells_what_the_walls_received():
    rows = {row.quantity: row for row in small_result().table()}
    assert rows["pressure x_low"].measured == 40.0
    assert rows["heat_flux x_low"].error == 2.0
    assert {"shear_x x_low", "shear_y x_low", "shear_z x_low"} <= set(rows)  # errors of 1 Pa
    mirror = Wall("y_low", 1.0, (1.0, 0.1), (40.0, 0.1), (np.zeros(3), np.zeros(3)), (0.0, 0.0))
    rows = small_result(walls={"y_low": mirror}, verdicts=(), series={}).table()
    assert [row.quantity for row in rows] == ["pressure y_low"]


def test_one_failed_verdict_fails_the_run():
    assert not small_result().passed
    assert small_result(verdicts=(RATE,)).passed


def test_deviation_is_unknown_without_an_error():
    z = results.deviation([1.0, 1.0, 1.0], [0.5, 0.0, np.nan], 0.0)
    assert z[0] == 2.0
    assert np.isnan(z[1:]).all()


def test_notebooks_show_the_table_with_escaped_text():
    html = small_result()._repr_html_()
    assert "Argon &lt;relaxing&gt;" in html
    assert "FAIL" in html
    assert "1003100 ± 2000" in html or "(1.0031 ± 0.0020)e+06" in html
    assert html.index("FAIL") < html.index("<details>") < html.index("energy")
    assert "1 of 2 figures agree" in html
    parts = html.replace("<br>", "<br/>")
    ElementTree.fromstring(f"<div>{parts}</div>")  # tags are closed


def test_a_small_curve_shows_its_course_and_the_reference_behind_it():
    drawn = sparkline(series(reference=np.full(4, 301.0)))
    curves = [line.get("points").split() for line in ElementTree.fromstring(drawn)]
    heights = [[float(point.split(",")[1]) for point in curve] for curve in curves]
    assert heights[0] < heights[1]  # the reference, first, lies higher: y runs downwards
    assert sparkline(series(rows=1)) == ""
    assert sparkline(replace(series(), value=np.full(4, math.nan))) == ""
    assert len(sparkline(series(rows=100_000))) < 2000


@pytest.mark.parametrize("rows", [0, 1, 4])
def test_a_series_tells_its_last_value_in_one_line(rows):
    text = repr(series(rows=rows))
    assert text.startswith("<Series temperature") and "\n" not in text
    assert ("300.00 ± 0.50 K" in text) == (rows > 0)


def test_a_result_and_a_field_tell_themselves_in_one_line():
    text = repr(small_result(unfinished="stopped after step 3"))
    for word in ("Argon", "500 particles", "2 series", "1 of 2 figures fail", "step 3"):
        assert word in text
    assert repr(small_result().fields["number_density"]) == (
        "<Field number_density: 0 to 5 m-3 in 3 x 2 cells>"
    )


def test_xarray_is_asked_for_by_name_when_missing(monkeypatch):
    monkeypatch.setitem(sys.modules, "xarray", None)
    with pytest.raises(ImportError, match="pip install xarray"):
        small_result().to_xarray()


def test_xarray_holds_values_errors_and_units():
    pytest.importorskip("xarray")
    data = small_result().to_xarray()
    assert data["temperature"].attrs["units"] == "K"
    assert data["temperature"].dims == data["energy"].dims == ("time",)
    assert data["field_number_density"].dims == ("y", "x")
    np.testing.assert_array_equal(data["temperature_error"], np.full(4, 0.5))
    assert data["histogram_speed_final"].attrs["units"] == "1/(m s-1)"
    for axis, unit in (("time", "s"), ("x", "m"), ("speed_final_class", "m s-1")):
        assert data.coords[axis].attrs["units"] == unit
    assert float(data["wall_pressure"].sel(face="x_low")) == 40.0
    assert float(data["wall_shear_error"].sel(face="x_low", axis="y")) == 1.0


def test_a_series_and_a_field_of_one_name_both_reach_xarray():
    pytest.importorskip("xarray")
    cells = Field("temperature", "K", "", (np.arange(2.0),), np.ones(2), np.ones(2))
    data = small_result(fields={"temperature": cells}).to_xarray()
    assert data["temperature"].dims == ("time",)
    assert data["field_temperature"].dims == ("x",)


def test_the_summary_is_strict_json_with_units_and_errors(tmp_path):
    path = write_summary(tmp_path / "summary.json", small_result())
    found = json.loads(path.read_text(encoding="utf-8"), parse_constant=pytest.fail)
    assert found["series"]["temperature"]["unit"] == "K"
    assert found["series"]["temperature"]["error"] == [0.5] * 4
    assert found["walls"]["x_low"]["pressure"] == {"unit": "Pa", "value": 40.0, "error": 0.1}
    assert found["verdicts"][1]["passed"] is False
    assert found["histograms"]["speed_final"]["edges"] == [0.0, 100.0, None]
    assert found["fields"]["heat_flux_x"]["value"] == [0.0, 1.0, 2.0]
    # Six cells of error 0.1, independent: 0.1 / sqrt(6).
    assert found["fields"]["number_density"]["mean"]["error"] == pytest.approx(0.1 / 6**0.5)
    assert found["quality"]["dx_over_lambda"] == 0.3
    assert list(tmp_path.iterdir()) == [path]


def test_a_long_series_is_thinned_but_keeps_its_ends():
    long = series(rows=10_000)
    found = summary(small_result(series={"temperature": long}))["series"]["temperature"]
    assert found["rows"] == 10_000
    assert len(found["value"]) == 500
    assert (found["time"][0], found["time"][-1]) == (long.time[0], long.time[-1])


def test_a_failed_summary_leaves_the_old_one_and_names_the_path(tmp_path, monkeypatch):
    path = write_summary(tmp_path / "summary.json", small_result())
    before = path.read_bytes()

    def full_disk(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full_disk)
    with pytest.raises(OSError, match=r"disk is full.*summary\.json"):
        write_summary(path, small_result(title="new"))
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_a_missing_directory_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="create it first"):
        write_summary(tmp_path / "nowhere" / "summary.json", small_result())


def test_provenance_says_who_when_and_with_what():
    found = provenance(7, 2, command="dsmc run x.toml")
    assert (found["seed"], found["threads"], found["command"]) == (7, 2, "dsmc run x.toml")
    assert {"version", "date", "host", "python", "numpy", "numba", "precision"} <= set(found)
    assert all(isinstance(value, str | int) for value in found.values())


def printed(terminal):
    from rich.console import Console

    stream = io.StringIO()
    console = Console(file=stream, force_terminal=terminal, width=120)
    closing_table(small_result(), console, files=["runs/relaxation/summary.json"])
    return stream.getvalue()


@pytest.mark.parametrize("terminal", [False, True])
def test_the_closing_table_names_numbers_stages_and_files(terminal):
    text = printed(terminal)
    for word in ("collision_rate", "-12.50", "FAIL", "collide", "75.0%", "summary.json"):
        assert word in text
    # 0.4 s for 500 particles and 20 steps: 40 µs per particle-step
    assert "40000.00" in text


def test_the_closing_table_is_plain_text_in_a_file():
    text = printed(terminal=False)
    assert text.isprintable() or set(c for c in text if not c.isprintable()) == {"\n"}
    assert "\x1b" not in text
    assert "│" not in text
