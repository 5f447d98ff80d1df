"""Pictures show the data they were given, with units, and nothing else."""

import math
import subprocess
import sys

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.image import imread

from dsmc.result import Field, Histogram, Result, Series
from viz import profiles, relaxation, speeds, style

COLLISION_TIME = 2.5e-7  # s
T = 300.0  # K
V0 = math.sqrt(2 * 1.380649e-23 * T / 6.63e-26)  # m/s, argon


def relaxing_series(seed=3, collisions=8.0, rows=41):
    """Exponentials with noise of known size: two-temperature argon, roughly."""
    draw = np.random.default_rng(seed)
    time = np.linspace(0.0, collisions * COLLISION_TIME, rows)
    t = time / COLLISION_TIME

    def noisy(name, unit, exact, error):
        error = np.broadcast_to(error, exact.shape)
        value = exact + error * draw.standard_normal(exact.shape)
        return Series(name, unit, name, time, value, error, exact)

    found = [noisy("temperature", "K", np.full(rows, T), 0.05)]
    for axis, share in (("x", 0.4), ("y", -0.2), ("z", -0.2)):
        found.append(noisy(f"temperature_{axis}", "K", T * (1 + share * np.exp(-0.8 * t)), 0.6))
    for k, excess, rate in ((1, -0.034, 0.5), (4, 0.25, 0.53), (6, 0.75, 0.56), (8, 1.56, 0.62)):
        exact = 1 + excess * np.exp(-rate * t)
        found.append(noisy(f"moment_{k}", "1", exact, 0.0008 * k))
    h = 0.0444 * np.exp(-0.93 * t)
    found.append(noisy("h_excess", "1", h, 4e-5 + 0.01 * h))
    found.append(noisy("h_excess_neighbour", "1", h, 4e-4))
    return {series.name: series for series in found}


def speed_histograms(seed=4):
    """Bimodal at the start, Maxwellian at the end, with an open last class; rates by speed."""
    draw = np.random.default_rng(seed)
    edges = np.append(np.linspace(0.0, 3.5, 71), np.inf) * V0
    width = 3.5 / 70 * V0
    found = {}
    for name, temperatures in (("speed_initial", (0.5, 1.5)), ("speed_final", (1.0, 1.0))):
        v = [
            np.linalg.norm(draw.normal(0, V0 * math.sqrt(t / 2), (100_000, 3)), axis=1)
            for t in temperatures
        ]
        counts, _ = np.histogram(np.concatenate(v), edges)
        scale = 1 / (counts.sum() * width)
        c = 0.5 * (edges[1:] + edges[:-1]) / V0
        with np.errstate(invalid="ignore"):
            maxwell = np.where(np.isfinite(c), 4 / math.sqrt(math.pi) * c**2 * np.exp(-(c**2)), 0)
        error = np.sqrt(np.maximum(counts, 1)) * scale
        found[name] = Histogram(name, "m s-1", edges, counts * scale, error, maxwell / V0)
    edges = np.linspace(0.0, 4.0, 17)
    c = 0.5 * (edges[1:] + edges[:-1])
    erf = np.vectorize(math.erf)(c)
    rate = (np.exp(-(c**2)) + (2 * c + 1 / c) * math.sqrt(math.pi) / 2 * erf) / (2 * math.sqrt(2))
    error = 0.002 + 0.0004 * np.exp(c**2 / 2.2)
    measured = rate + error * draw.standard_normal(c.size)
    found["speed_rate"] = Histogram("speed_rate", "1", edges, measured, error, rate, "1")
    return found


def couette_fields(seed=5, cells=40):
    """A sheared gas between plates: fields against x with errors."""
    draw = np.random.default_rng(seed)
    x = (np.arange(cells) + 0.5) / cells * 1e-3
    s = x / 1e-3 - 0.5
    shapes = {
        "number_density": ("m-3", 1e22 * (1 + 0.05 * s**2), 1e19),
        "velocity_x": ("m s-1", 0 * s, 0.3),
        "velocity_y": ("m s-1", 260 * s, 0.6),
        "temperature": ("K", 310 - 40 * s**2, 0.4),
        "pressure_xy": ("Pa", -1.9 + 0 * s, 0.05),
        "heat_flux_x": ("W m-2", 480 * s, 12),
    }
    return {
        name: Field(name, unit, name, (x,), y + e * draw.standard_normal(cells), np.full(cells, e))
        for name, (unit, y, e) in shapes.items()
    }


@pytest.fixture
def result():
    return Result(
        "Argon relaxing from two temperatures",
        "title = 'x'\n",
        series=relaxing_series(),
        fields=couette_fields(),
        histograms=speed_histograms(),
        quality={"collision_time": COLLISION_TIME},
    )


@pytest.fixture
def axes():
    return Figure().add_subplot()


def drawn(axes, label):
    """(x, y) of the curve with this label in the legend."""
    line = next(line for line in axes.lines if line.get_label() == label)
    return line.get_xdata(), line.get_ydata()


def is_blank(path):
    return np.ptp(imread(path)[..., :3]) == 0.0


def test_every_picture_of_a_relaxation_is_drawn(result, tmp_path):
    written = relaxation.draw(result, tmp_path)
    assert {path.name for path in written} == {
        "relaxation.png", "temperatures.png", "h_function.png", "moments.png", "residuals.png",
        "speeds.png", "speed_rate.png",
    }  # fmt: skip
    assert not any(is_blank(path) for path in written)


def test_the_overview_is_1600_by_1200(result, tmp_path):
    height, width, _ = imread(relaxation.draw(result, tmp_path)[0]).shape
    assert (width, height) == (1600, 1200)


def test_series_alone_are_enough(tmp_path):
    """As read from a trajectory: no histograms, so no pictures of speeds; times in seconds."""
    names = {path.name for path in relaxation.draw(relaxing_series(), tmp_path)}
    assert "h_function.png" in names
    assert not {"speeds.png", "speed_rate.png"} & names


def test_nothing_measured_gives_no_picture(tmp_path):
    assert relaxation.draw({}, tmp_path) == []
    assert profiles.draw(Result("t", ""), tmp_path) == []
    assert list(tmp_path.iterdir()) == []


def test_moments_are_drawn_as_measured_in_collision_times(axes):
    series = relaxing_series()
    assert relaxation.moments(axes, series, COLLISION_TIME)
    x, y = drawn(axes, relaxation.MOMENTS["moment_4"])
    np.testing.assert_array_equal(y, series["moment_4"].value)
    np.testing.assert_allclose(x, np.linspace(0.0, 8.0, 41), rtol=0, atol=1e-12)
    assert "collision time" in axes.get_xlabel()


def test_the_exact_curve_is_the_reference(axes):
    series = relaxing_series()
    relaxation.h_excess(axes, series, COLLISION_TIME)
    np.testing.assert_array_equal(drawn(axes, "exact")[1], series["h_excess"].reference)
    assert axes.get_yscale() == "log"


def test_the_band_is_two_standard_errors(axes):
    series = relaxing_series()
    relaxation.moments(axes, {"moment_4": series["moment_4"]})
    (band,) = axes.collections
    vertices = band.get_paths()[0].vertices
    at_start = vertices[vertices[:, 0] == 0.0][:, 1]
    # The band's width at t = 0 is 4 errors; rounding of 1.25 +- 0.006 only.
    assert np.ptp(at_start) == pytest.approx(4 * series["moment_4"].error[0], rel=1e-9)


def test_temperatures_are_over_the_temperature_of_the_same_moment(axes):
    series = relaxing_series()
    relaxation.temperatures(axes, series)
    expected = series["temperature_x"].value / series["temperature"].value
    np.testing.assert_array_equal(
        drawn(axes, relaxation.TEMPERATURES["temperature_x"])[1], expected
    )


def test_residuals_are_in_standard_errors(axes):
    """A curve shifted by three errors lies three higher: the picture is no test of itself."""
    part = relaxing_series()["moment_4"]
    shifted = Series(
        "moment_4", "1", "", part.time, part.reference + 3 * part.error, part.error, part.reference
    )
    assert relaxation.residuals(axes, {"moment_4": shifted})
    z = axes.lines[-1].get_ydata()
    np.testing.assert_allclose(z, 3.0, rtol=1e-9)  # rounding of (1.25 + 0.0096) - 1.25
    assert "error" in axes.get_ylabel()


def test_residuals_need_a_reference_and_an_error(axes):
    part = relaxing_series()["moment_4"]
    unknown = np.full(part.value.shape, np.nan)
    assert not relaxation.residuals(
        axes, {"moment_4": Series("moment_4", "1", "", part.time, part.value, part.error)}
    )
    assert not relaxation.residuals(
        axes,
        {"moment_4": Series("moment_4", "1", "", part.time, part.value, unknown, part.reference)},
    )


def test_the_speed_histogram_leaves_the_open_class_out(axes):
    histograms = speed_histograms()
    assert speeds.distribution(axes, histograms)
    steps = [patch for patch in axes.patches if patch.get_label() == "end"]
    np.testing.assert_array_equal(
        steps[0].get_data().values, histograms["speed_final"].density[:-1]
    )
    assert axes.get_xlabel() == "speed $c$ [m s⁻¹]"
    assert axes.get_ylabel() == "density [10⁻³ s m⁻¹]"


def test_the_rate_by_speed_is_a_pure_ratio(axes):
    histograms = speed_histograms()
    assert speeds.collision_rate(axes, histograms)
    np.testing.assert_array_equal(drawn(axes, "exact")[1], histograms["speed_rate"].reference)
    assert axes.get_xlabel() == "speed $c/v_0$"


def test_speeds_in_units_of_v0_have_a_pure_density(axes):
    given = speed_histograms()["speed_final"]
    pure = Histogram(
        "speed_final", "v0", given.edges / V0, given.density * V0, given.error, given.reference * V0
    )
    assert speeds.distribution(axes, {"speed_final": pure})
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("speed $c/v_0$", "density")


def test_every_profile_axis_carries_its_unit(tmp_path, result):
    (path,) = profiles.draw(result, tmp_path)
    assert not is_blank(path)
    expected = {
        "Number density": "[10²² m⁻³]",
        "Flow velocity": "[m s⁻¹]",
        "Temperature": "[K]",
        "Shear stress": "[Pa]",
        "Heat flux": "[W m⁻²]",
    }
    for title, unit in expected.items():
        panel = Figure().add_subplot()
        assert profiles.profile(panel, result.fields, title)
        assert panel.get_ylabel().endswith(unit)
        assert panel.get_xlabel() == "$x$ [mm]"
    assert not profiles.profile(Figure().add_subplot(), result.fields, "Pressure")


def test_profiles_draw_the_fields_and_two_errors(axes):
    fields = couette_fields()
    profiles.profile(axes, fields, "Temperature")
    points, _, (bars,) = axes.containers[0]
    np.testing.assert_array_equal(points.get_ydata(), fields["temperature"].value)
    low, high = bars.get_segments()[0][:, 1]
    assert high - low == pytest.approx(4 * 0.4, rel=1e-9)  # rounding at 300 K


def test_times_without_a_collision_time_are_in_the_fitting_unit(axes):
    relaxation.moments(axes, relaxing_series())
    assert axes.get_xlabel() == "time [µs]"
    assert drawn(axes, relaxation.MOMENTS["moment_4"])[0][-1] == pytest.approx(2.0)  # 8 x 0.25 µs


def test_unknown_errors_draw_no_band_but_the_curve(axes, tmp_path):
    part = relaxing_series()["h_excess"]
    bare = Series("h_excess", "1", "", part.time, part.value, np.full(part.value.shape, np.nan))
    assert relaxation.h_excess(axes, {"h_excess": bare})
    assert relaxation.draw({"h_excess": bare}, tmp_path)


def test_a_gas_whose_h_never_rises_above_equilibrium_has_no_logarithmic_picture(axes):
    part = relaxing_series()["h_excess"]
    below = Series("h_excess", "1", "", part.time, -(part.value**2), part.error)
    assert not relaxation.h_excess(axes, {"h_excess": below})


def test_drawing_leaves_the_users_matplotlib_alone(tmp_path):
    """No pyplot, no change of backend or of any setting."""
    code = (
        "import sys, matplotlib\n"
        "before = dict(matplotlib.rcParams.copy())\n"
        "from viz import style, relaxation, profiles\n"
        f"style.draw_panels([lambda axes: bool(axes.plot([0, 1]))], {str(tmp_path / 'a.png')!r})\n"
        "assert 'matplotlib.pyplot' not in sys.modules\n"
        "assert dict(matplotlib.rcParams.copy()) == before\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_colours_are_told_apart_without_colour_vision():
    """Lightness (CIE L*) alone separates the first three curves of a panel by 3 or more.

    The two colours of the H and speed panels (blue, vermilion) differ by hue and, to a
    dichromat, by yellow against blue; the test guards against a palette of equal lightness.
    """

    def lightness(colour):
        rgb = np.array([int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)])
        linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
        return 116 * float(linear @ [0.2126, 0.7152, 0.0722]) ** (1 / 3) - 16

    first = sorted(lightness(colour) for colour in style.COLOURS[:3])
    assert min(np.diff(first)) > 3.0
