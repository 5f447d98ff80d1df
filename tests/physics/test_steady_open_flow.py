"""A gas that flows through a box until it is steady: planes, walls and the open faces agree.

A channel of 2 mean free paths by 1: a reservoir that streams in, an open face behind it; below a
cold wall with a hot patch in its middle, above a mirror. Cells are uneven and molecules fall.
"""

import numpy as np
import pytest

import dsmc
from dsmc.compare import identical

SEED = 20261124
LENGTHS = (2.8e-4, 1.4e-4)
N, T = 1e22, 300.0
HOT = {"kind": "diffuse", "temperature_K": 450.0, "from_m": [1e-4], "to_m": [2e-4], "name": "hot"}
PLANES = [
    {"axis": "x", "position_m": 2e-6, "name": "inlet"},  # nearer to a face than a flight
    {"axis": "x", "position_m": 1.5e-4, "name": "middle"},
    {"axis": "x", "position_m": 2.78e-4, "name": "outlet"},
]
BOX = {
    "gas": {"species": "Ar", "model": "hard-sphere"},
    "domain": {"length_m": LENGTHS, "cells": [8, 6],
               "grading": {"y": {"towards": "low", "ratio": 3.0}}},
    "initial": {"kind": "equilibrium", "number_density_m3": N, "temperature_K": T,
                "particles": 3000},
    "boundaries": {
        "x": {"low": {"kind": "reservoir", "number_density_m3": N, "temperature_K": T,
                      "velocity_m_s": [250.0, 0.0, 0.0]},
              "high": {"kind": "open"}},
        "y": {"low": {"kind": "diffuse", "temperature_K": T, "patches": [HOT]},
              "high": {"kind": "specular"}},
    },
    "force": {"acceleration_m_s2": [0.0, -5e7, 0.0]},
    "run": {"time_step_mct": 0.2, "steps": 6000, "seed": SEED, "until": "steady"},
    "sample": {
        "start": "steady", "fields_every": 2, "wall_cells": True,
        "quantities": ["particles", "temperature", "wall_pressure"],
        "targets": {"wall_pressure": 0.01}, "planes": PLANES,
        "distributions": [{"position_m": [1.5e-4, 1e-5], "name": "below"}],
    },
}  # fmt: skip


@pytest.fixture(scope="module")
def flow():
    with dsmc.Simulation(dsmc.Scenario(**BOX), 1) as simulation:
        result = simulation.run()
        tally = simulation.tallies["walls"]
        return simulation, result, tally


def test_the_run_ends_by_itself(flow):
    simulation, result, _ = flow
    assert result.sampling.because == "the flow is steady"
    assert result.sampling.ended == "the targets are reached"
    assert 0 < result.sampling.start < simulation.steps < 6000
    number = result.series["particles"].value
    assert number[-1] != number[0]  # the gas is not that of the start


def test_as_much_flows_through_every_plane_as_comes_in_and_goes_out(flow):
    """Flows differ by what is stored between two planes while averages are taken: the numbers of
    molecules in the box fluctuate by less than 6 sqrt(N); counts know no other difference.

    A plane that is counted 5 % too high (the mutant) is noticed.
    """
    simulation, result, _ = flow
    scenario = simulation.scenario
    area = LENGTHS[1]  # times 1 m
    time = (simulation.steps - result.sampling.start) * scenario.time_step
    flows = [plane.number_flux[0] * area for plane in result.planes.values()]
    come = -result.walls["x_low"].outflow[0] * area
    gone = result.walls["x_high"].outflow[0] * area
    stored = 6.0 * np.sqrt(simulation.particles.position.shape[0]) * scenario.weight / time
    all_flows = np.array([come, *flows, gone])
    assert np.ptp(all_flows) < stored
    assert 0.05 * come > stored


def test_the_momentum_through_planes_is_that_of_faces(flow):
    """Along x: what enters at x = 0 less what the cold wall takes leaves at x = L, within five
    errors, which are mostly those of the wall's shear."""
    _, result, _ = flow
    shear = sum(
        result.walls[name].shear[0][0] * result.walls[name].area for name in ("y_low", "hot")
    )
    error = np.hypot.reduce(
        [result.walls[name].shear[1][0] * result.walls[name].area for name in ("y_low", "hot")]
    )
    low, high = (result.planes[name].momentum_flux for name in ("inlet", "outlet"))
    lost = (low[0][0] - high[0][0]) * LENGTHS[1]
    error = np.hypot(error, np.hypot(low[1][0], high[1][0]) * LENGTHS[1])
    assert abs(lost - shear) < 5.0 * error
    assert abs(lost) > 5.0 * error  # the mutant: a wall without friction


def test_wall_cells_add_up_to_patches(flow):
    """Every flux, to rounding, of faces with one kind and with several."""
    _, result, tally = flow
    patches = {"x_low": ["x_low"], "x_high": ["x_high"], "y_low": ["hot", "y_low"],
               "y_high": ["y_high"]}  # fmt: skip
    assert result.wall_profiles.keys() == patches.keys()
    for face, names in patches.items():
        profile = result.wall_profiles[face]
        walls = [result.walls[name] for name in names]
        assert profile.area.sum() == pytest.approx(sum(wall.area for wall in walls))
        for flux in ("number_flux", "pressure", "heat_flux", "shear"):
            cells = (getattr(profile, flux)[0] * profile.area).sum(axis=-1)
            whole = sum(np.asarray(getattr(wall, flux)[0]) * wall.area for wall in walls)
            scale = np.abs(getattr(profile, flux)[0] * profile.area).sum()
            assert np.all(np.abs(cells - whole) <= 1e-12 * scale)
    y = result.wall_profiles["x_low"]
    assert y.area[0] < 0.5 * y.area[-1]  # uneven along y
    assert np.all(tally[:, 0] > 0)


def test_the_hot_patch_shows_in_the_profile(flow):
    """The cells upon the patch give heat to the gas, those far from it take less away."""
    _, result, _ = flow
    profile = result.wall_profiles["y_low"]
    x, (heat, error) = profile.places[0], profile.heat_flux
    hot = (x > 1.1e-4) & (x < 1.9e-4)
    assert heat[hot].sum() < -5.0 * np.sqrt((error[hot] ** 2).sum())
    assert np.all(heat[~hot] > heat[hot].max())


def test_threads_and_resuming_change_nothing(flow, tmp_path):
    _, whole, _ = flow
    scenario = dsmc.Scenario(**BOX)
    with dsmc.Simulation(scenario, 3) as simulation:
        assert identical(whole, simulation.run())
    with dsmc.Simulation(scenario, 1, output=tmp_path) as simulation:
        simulation.run(steps=whole.sampling.start + 37)
    with dsmc.resume(tmp_path) as simulation:
        assert identical(whole, simulation.run(until="steady", steps=10**5))
