"""What the cells along a wall receive adds up to what the wall receives, and varies as it must."""

import h5py
import numpy as np
import pytest

import dsmc
from dsmc.compare import identical

SEED = 20261124
LENGTHS = (8.4e-4, 1.68e-3)
HOT, COLD = 600.0, 300.0


def cavity(**changes):
    """Two dimensions: diffuse walls, hot at x = 0 and cold opposite; mirrors along y."""
    wall = {"kind": "diffuse", "temperature_K": COLD}
    data = {
        "gas": {"species": "Ar", "model": "hard-sphere"},
        "domain": {"length_m": LENGTHS, "cells": [6, 8]},
        "initial": {"kind": "equilibrium", "number_density_m3": 1e22, "temperature_K": 300,
                    "particles": 4000},
        "boundaries": {"x": {"low": wall | {"temperature_K": HOT}, "high": wall},
                       "y": {"kind": "specular"}},
        "run": {"time_step_mct": 0.2, "steps": 500, "seed": SEED},
        "sample": {"start": 100, "fields_every": 10, "wall_cells": True,
                   "quantities": ["temperature", "wall_pressure"]},
    }  # fmt: skip
    for section, keys in changes.items():
        data[section] = data[section] | keys
    return dsmc.Scenario(**data)


@pytest.fixture(scope="module")
def hot():
    with dsmc.Simulation(cavity(), 1) as simulation:
        return simulation.run()


def test_the_cells_of_a_wall_add_up_to_the_wall(hot):
    """Every flux, to rounding; at each of the four faces."""
    for face, profile in hot.wall_profiles.items():
        wall = hot.walls[face]
        assert profile.area.sum() == pytest.approx(wall.area)
        for flux in ("number_flux", "pressure", "heat_flux"):
            whole = getattr(wall, flux)[0]
            scale = np.abs(getattr(profile, flux)[0]).max()
            assert getattr(profile, flux)[0].mean() == pytest.approx(whole, abs=1e-12 * scale)
        assert profile.shear[0].mean(axis=1) == pytest.approx(wall.shear[0], abs=1e-10)
        assert np.all(profile.pressure[1] > 0.0)


def test_a_wall_that_is_the_same_everywhere_receives_the_same_everywhere(hot):
    """The hot wall: cells against their mean, chi^2 of 8 cells with errors of some 10 degrees below
    40 (false alarm 1e-3); along the mirrors the pressure is uniform and the hits are not: the cold
    side has more molecules, by the factor (600/300)^(1/2) of a dense gas at most.
    """
    heat, error = hot.wall_profiles["x_low"].heat_flux
    assert np.sum(((heat - heat.mean()) / error) ** 2) < 40.0
    mirror = hot.wall_profiles["y_low"]
    hits, spread = mirror.number_flux
    assert hits[-1] - hits[0] > 3.0 * np.hypot(spread[0], spread[-1])  # the mutant: no profile
    pressure, spread = mirror.pressure
    assert abs(pressure[-1] - pressure[0]) < 5.0 * np.hypot(spread[0], spread[-1])


def test_cells_of_walls_do_not_depend_on_threads_and_go_on_exactly(hot, tmp_path):
    with dsmc.Simulation(cavity(), 3) as simulation:
        assert identical(hot, simulation.run())
    with dsmc.Simulation(cavity(), 1, output=tmp_path) as simulation:
        simulation.run(steps=250)
    with dsmc.resume(tmp_path) as simulation:
        simulation.run()
    opened = dsmc.open(tmp_path).wall_profiles
    for face, profile in hot.wall_profiles.items():
        assert np.array_equal(opened[face].heat_flux[0], profile.heat_flux[0])
        with h5py.File(tmp_path / "fields.vtkhdf") as file:
            group = file[f"walls/{face}"]
            assert np.array_equal(group["shear"][()], profile.shear[0])
            assert group["heat_flux"].attrs["unit"] == "W m-2"


def test_three_dimensions_have_walls_of_two(tmp_path):
    with dsmc.Simulation(
        cavity(
            domain={"length_m": (8e-4, 6e-4, 4e-4), "cells": [4, 3, 2]},
            run={"steps": 40}, sample={"start": 0},
        ), 1,
    ) as simulation:  # fmt: skip
        result = simulation.run()
    profile = result.wall_profiles["x_low"]
    assert profile.along == ("y", "z")
    assert profile.pressure[0].shape == (2, 3)
    assert profile.pressure[0].mean() == pytest.approx(result.walls["x_low"].pressure[0])
    assert "z_low" not in result.wall_profiles  # periodic
