"""What crosses a plane is what leaves one side, and distributions are Maxwell's in equilibrium."""

import h5py
import numpy as np
import pytest

import dsmc
from dsmc.compare import identical
from dsmc.crossings import Planes, cross_planes
from dsmc.distributions import maxwellian
from dsmc.species import BOLTZMANN

SEED = 20261124
LENGTH = 1.68e-3
MIDDLE = {"axis": "x", "position_m": LENGTH / 2, "name": "middle"}
FLOW = {
    "initial.particles": 2000, "domain.cells": [12], "run.seed": SEED, "run.time_step_mct": 0.2,
    "run.steps": 300, "sample.start": 0, "sample.fields_every": 5, "sample.every": 100,
    "sample.quantities": ["temperature"], "sample.planes": [MIDDLE],
    "sample.distributions": [{"position_m": [LENGTH / 2], "name": "middle"}],
}  # fmt: skip


def left(simulation, position):
    """Particles, momentum (3) and energy on the lower side of a plane, over F_N m."""
    inside = simulation.particles.position[:, 0] < position
    v = simulation.particles.velocity[inside].astype(float)
    return np.array([len(v), *v.sum(axis=0), 0.5 * (v**2).sum()])


def balance(position):
    """What the lower half gained, less what came through the plane and from the wall; the scale."""
    plane = MIDDLE | {"position_m": position}
    scenario = dsmc.load("couette", FLOW | {"sample.planes": [plane]})
    mass = scenario.molecules[0].mass
    with dsmc.Simulation(scenario, 1) as simulation:
        before = left(simulation, position)
        simulation.run()
        gained = left(simulation, position) - before
        crossed = simulation.probing.planes.total()[0, [0, 2, 3, 4, 5]]
        wall = simulation.wall_sampler.total()[0, :5]
    wall[0] = 0.0  # hits: nobody stays in the wall
    unit = np.array([1.0, mass, mass, mass, mass])
    return gained * unit + crossed + wall, np.abs(before) * unit + np.abs(crossed)


def test_what_one_side_gains_came_through_the_plane_or_from_the_wall():
    """Particles, momentum and energy, to rounding: a plane between cells, that see each other only
    by what crosses."""
    missing, scale = balance(LENGTH / 2)
    assert np.all(np.abs(missing) <= 1e-12 * scale.max(initial=1e-300) + 1e-10 * scale)
    assert missing[0] == 0.0


@pytest.mark.parametrize("acceleration", [None, np.zeros(3)])
@pytest.mark.parametrize("time", [np.float64(0.01), np.float32(0.01)])
def test_a_particle_that_rounding_puts_across_a_plane_has_crossed_it(time, acceleration):
    """In single precision, at 64 ends within a few roundings of the plane: as the rows have it."""
    plane, count = 0.3, 64  # between two numbers of single precision
    planes, crossed = Planes(np.zeros(1, np.int64), np.array([plane]), 0), 0
    for speed in np.linspace(1.0 - 6e-6, 1.0 + 6e-6, count):
        phase, tally = np.array([[0.29, speed, 0.0, 0.0]], np.float32), np.zeros((1, 11))
        cross_planes(phase, 0, None, acceleration, planes, np.ones(1), time, tally)
        end = np.float32(phase[0, 0] + phase[0, 1] * time)
        assert tally[0, 0] == (end >= plane)
        crossed += end >= plane
    assert 0 < crossed < count


def test_a_plane_inside_cells_misses_what_collisions_carry():
    """The mutant: collisions within a cell hand momentum across the plane unseen."""
    missing, scale = balance(LENGTH / 2 + LENGTH / 24)
    assert missing[0] == 0.0
    assert np.any(np.abs(missing[1:]) > 1e-6 * scale[1:])


def uniform(velocity, planes, **changes):
    """A periodic gas that flows along x."""
    return dsmc.Scenario(
        gas={"species": "Ar", "model": "hard-sphere"},
        domain={"length_m": [1e-3], "cells": [10]},
        initial={
            "kind": "equilibrium", "number_density_m3": 1e22, "temperature_K": 300,
            "particles": 4000, "velocity_m_s": [velocity, 0, 0],
        },
        run={"time_step_mct": 0.2, "steps": 400, "seed": SEED},
        sample={
            "fields_every": 2, "planes": planes, "quantities": ["temperature"], **changes,
        },
    )  # fmt: skip


def test_a_flow_is_the_same_through_every_plane_of_a_channel():
    """Mass flux rho u, momentum flux rho u^2 + p, energy flux u (rho u^2/2 + 5p/2), each within 4.5
    errors (false alarm 1e-3 by Student's law of 14 degrees or so, 9 figures); through periodic
    faces too. Two planes differ by what is between them, at most all particles."""
    u = 200.0
    planes = [{"axis": "x", "position_m": x} for x in (1e-6, 5e-4, 9.99e-4)]
    scenario = uniform(u, planes)
    with dsmc.Simulation(scenario, 1) as simulation:
        result = simulation.run()
    mass, n = scenario.molecules[0].mass, 1e22
    rho, p = n * mass, n * BOLTZMANN * 300.0
    for plane in result.planes.values():
        for (value, error), exact in (
            (plane.number_flux, n * u),
            (plane.mass_flux, rho * u),
            ((plane.momentum_flux[0][0], plane.momentum_flux[1][0]), rho * u * u + p),
            (plane.energy_flux, u * (0.5 * rho * u * u + 2.5 * p)),
        ):
            assert abs(value - exact) < 4.5 * error
            assert abs(1.1 * value - exact) > 4.5 * error  # the mutant
    flows = [plane.mass_flow[0] for plane in result.planes.values()]
    between = rho * 1e-3 / result.time  # the gas of the whole box
    assert max(flows) - min(flows) < between


def test_distributions_are_maxwellian_in_equilibrium():
    """z of the well-filled classes against the cell's own Maxwellian: mean square 1 within 0.35
    (four runs of some 100 classes: 0.07 if independent, 20 degrees add 0.1, the correlation of
    blocks is common to a run); a reference 10 % warmer, the mutant, is far off."""
    entry = {"position_m": [5e-4], "classes": 60, "name": "middle"}
    scenario = uniform(0.0, [], distributions=[entry])
    squares, warmer = [], []
    for replica in range(4):
        with dsmc.Simulation(scenario, 1, replica=replica) as simulation:
            result = simulation.run(steps=1000)
        for axis in "xyz":
            h = result.histograms[f"velocity_{axis} at middle"]
            assert h.density.sum() * np.diff(h.edges)[0] == pytest.approx(1.0, abs=1e-3)
            filled = h.density > 0.05 * h.density.max()
            squares.append(((h.density - h.reference) / h.error)[filled] ** 2)
            mutant = maxwellian(h.edges, 0.0, 330.0, scenario.molecules[0].mass)
            warmer.append(((h.density - mutant) / h.error)[filled] ** 2)
    assert 0.65 < np.mean(np.concatenate(squares)) < 1.35
    assert np.mean(np.concatenate(warmer)) > 2.0


def test_planes_and_distributions_do_not_depend_on_threads_and_go_on_exactly(tmp_path):
    scenario = dsmc.load("couette", FLOW)
    with dsmc.Simulation(scenario, 1) as simulation:
        whole = simulation.run()
    with dsmc.Simulation(scenario, 3) as simulation:
        assert identical(whole, simulation.run())
    with dsmc.Simulation(scenario, 1, output=tmp_path) as simulation:
        simulation.run(steps=137)
    with dsmc.resume(tmp_path) as simulation:
        assert identical(whole, simulation.run())
    opened = dsmc.open(tmp_path)
    assert opened.planes["middle"].mass_flow == pytest.approx(whole.planes["middle"].mass_flow)
    known = whole.histograms["velocity_y at middle"]
    found = opened.histograms["velocity_y at middle"]
    assert np.array_equal(found.density, known.density)
    with h5py.File(tmp_path / "fields.vtkhdf") as file:
        flux = file["planes/middle/momentum_flux"]
        assert flux.attrs["unit"] == "Pa" and flux.shape == (3,)
        density = file["distributions/velocity_y at middle/value"][()]
        assert np.array_equal(density, known.density)
        assert file["average"].attrs["start_step"] == 0
