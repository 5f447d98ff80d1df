"""Maps show every cell where it lies, with its unit, and streamlines only where the gas flows."""

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.image import imread

from dsmc.result import Field, Result
from viz import maps

SEED = 20261121
LENGTHS = (1.2e-3, 0.8e-3, 0.4e-3)  # m


def fields(cells, flow=20.0, error=1.0):
    """A gas that turns about the middle of the box, hotter and denser at high x."""
    draw = np.random.default_rng(SEED)
    axes = tuple(
        (np.arange(n) + 0.5) * length / n for n, length in zip(cells, LENGTHS, strict=False)
    )
    place = np.meshgrid(*axes[::-1], indexing="ij")[::-1]  # x, y … of every cell, x fastest
    x, y = (place[k] / LENGTHS[k] - 0.5 for k in (0, 1))
    shapes = {
        "number_density": ("m-3", 1e22 * (1 + 0.2 * x), 1e20),
        "temperature": ("K", 300 + 40 * x, 3.0),
        "pressure": ("Pa", 41 + 10 * x, 0.5),
        "velocity_x": ("m s-1", -flow * y, error),
        "velocity_y": ("m s-1", flow * x, error),
        "velocity_z": ("m s-1", 0 * x, error),
        "pressure_xy": ("Pa", 2 * x * y, 0.1),
    }
    return {
        name: Field(
            name, unit, name, axes, value + e * draw.standard_normal(value.shape),
            np.full(value.shape, e),
        )
        for name, (unit, value, e) in shapes.items()
    }  # fmt: skip


@pytest.fixture
def axes():
    return Figure().add_subplot()


def test_a_map_has_x_to_the_right_and_y_upward(axes):
    """The picture of one hot cell shows it at its own place, in millimetres."""
    gas = fields((12, 8))
    value = np.full((8, 12), 300.0)
    value[6, 2] = 900.0  # y, x
    hot = Field("temperature", "K", "", gas["temperature"].axes, value, np.ones((8, 12)))
    assert maps.value_map(axes, hot, maps.planes(hot)[0])
    image = axes.images[0]
    np.testing.assert_array_equal(image.get_array(), value)
    assert image.origin == "lower"
    np.testing.assert_allclose(image.get_extent(), (0, 1.2, 0, 0.8), atol=1e-12)
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("$x$ [mm]", "$y$ [mm]")
    assert image.colorbar.ax.get_ylabel() == "$T$ [K]"


def test_the_three_planes_of_a_box_cut_it_in_the_middle():
    """Numbered cells: each plane holds those whose third index is the middle one."""
    cells = (4, 6, 8)
    number = np.arange(4 * 6 * 8, dtype=float).reshape(8, 6, 4)
    axes = fields(cells)["temperature"].axes
    box = Field("temperature", "K", "", axes, number, np.ones(number.shape))
    z, y, x = maps.planes(box)
    np.testing.assert_array_equal(z.cut(number), number[4])
    np.testing.assert_array_equal(y.cut(number), number[:, 3])
    np.testing.assert_array_equal(x.cut(number), number[:, :, 2])
    assert [plane.place(axes) for plane in (z, y, x)] == [
        "z = 225 µm", "y = 0.467 mm", "x = 0.75 mm",
    ]  # fmt: skip


def test_the_scale_of_a_signed_field_has_zero_in_the_middle(axes):
    gas = fields((12, 8))
    assert maps.value_map(axes, gas["velocity_x"], maps.planes(gas["velocity_x"])[0])
    low, high = axes.images[0].get_clim()
    assert low == -high
    assert axes.images[0].get_cmap().name == maps.SIGNED


def test_errors_of_positive_fields_are_in_per_cent_and_of_others_in_their_unit():
    gas = fields((12, 8))
    expected = {
        "temperature": ("%", 100.0 * 3.0 / gas["temperature"].value),
        "velocity_y": ("m s⁻¹", gas["velocity_y"].error),
    }
    for name, (unit, error) in expected.items():
        axes = Figure().add_subplot()
        assert maps.error_map(axes, gas[name], maps.planes(gas[name])[0])
        np.testing.assert_allclose(axes.images[0].get_array(), error, rtol=1e-12)
        assert axes.images[0].colorbar.ax.get_ylabel().endswith(f"[{unit}]")


def test_streamlines_are_drawn_of_a_flow_and_not_of_noise():
    """Flow of 20 errors at the walls; its twin at rest has noise of the same size only."""
    for flow, lines in ((20.0, True), (0.0, False)):
        gas = fields((12, 8), flow)
        axes = Figure().add_subplot()
        assert maps.flow(axes, gas, maps.planes(gas["velocity_x"])[0])
        assert bool(axes.collections) == lines
        assert axes.get_xlim() == pytest.approx((0.0, 1.2))


def test_empty_cells_have_no_colour(axes):
    gas = fields((12, 8))
    value = np.array(gas["temperature"].value)
    value[0, 0] = np.nan
    hole = Field("temperature", "K", "", gas["temperature"].axes, value, gas["temperature"].error)
    assert maps.value_map(axes, hole, maps.planes(hole)[0])
    assert axes.images[0].get_array().mask[0, 0]
    assert axes.images[0].get_array().mask.sum() == 1


def test_a_component_out_of_the_plane_is_shown_only_if_it_rises_out_of_its_noise():
    gas = fields((12, 8))
    names = [panel.keywords["field"].name for panel in maps.with_errors(gas)]
    assert "velocity_z" not in names
    out = Field(
        "velocity_z", "m s-1", "", gas["velocity_z"].axes, gas["velocity_z"].value + 9.0,
        gas["velocity_z"].error,
    )  # fmt: skip
    names = [panel.keywords["field"].name for panel in maps.with_errors(gas | {"velocity_z": out})]
    assert names.count("velocity_z") == 2  # the value and its error


@pytest.mark.parametrize("cells", [(6, 4, 4), (5, 1)])
def test_maps_of_two_and_three_dimensions_are_drawn(cells, tmp_path):
    shown = {name: f for name, f in fields(cells).items() if not name.startswith("pressure")}
    written = maps.draw(Result("A vortex", "", fields=shown), tmp_path)
    assert [path.name for path in written] == ["maps.png", "map_errors.png"]
    assert all(np.ptp(imread(path)[..., :3]) > 0.0 for path in written)


def test_profiles_and_fields_without_a_number_give_no_map(tmp_path):
    axis = (np.linspace(0.0, 1e-3, 5),)
    flat = Field("temperature", "K", "", axis, np.ones(5), np.ones(5))
    nothing = np.full((8, 12), np.nan)
    void = Field("temperature", "K", "", fields((12, 8))["temperature"].axes, nothing, nothing)
    assert maps.draw(Result("t", "", fields={"temperature": flat}), tmp_path) == []
    assert maps.draw(Result("t", "", fields={"temperature": void}), tmp_path) == []
