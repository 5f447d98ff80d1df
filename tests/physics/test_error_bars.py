"""The intervals that a run states contain the truth as often as they say.

A small Couette flow is run with independent seeds. Every cell, quantity and wall of every run gives
an interval of 95 % by Student's law with the degrees of freedom that the result states; the truth
is the mean of the other runs, whose own error is added (a factor sqrt(1 + 1/(R - 1)) on the error).

Hypothesis: 93 to 97 % of the intervals contain the truth. Neighbouring cells are correlated, and
quantities are chosen that are not: the share of R runs of about 40 independent figures scatters by
sqrt(0.95 x 0.05 / 40 R): 1 % for 12 runs, 0.3 % for 120. Errors of 0.85 times their size, the
mutant, cover 90.6 % at most.
"""

import numpy as np
import pytest
from scipy.special import stdtrit

import dsmc

SEED = 20261124
FLOW = {
    "initial.particles": 400, "domain.cells": [8], "domain.length_m": [8.4e-4], "run.seed": SEED,
    "run.time_step_mct": 0.2, "run.steps": 3600, "sample.start": 600, "sample.fields_every": 5,
    "sample.every": 3600, "sample.quantities": ["temperature"],
}  # fmt: skip
STEADY = FLOW | {
    "sample.start": "steady", "run.until": "steady", "run.steps": 20_000,
    "sample.targets": {"velocity_y": 0.05, "wall_shear": 0.06},
}  # fmt: skip
FIELDS = ("number_density", "velocity_y", "velocity_z", "temperature", "pressure_xy", "heat_flux_x")
CELLS = (0, 2, 4, 7)  # not neighbours
FLUXES = ("number_flux", "heat_flux")


def results(runs, flow=FLOW, first=0):
    """Results of so many runs of a flow with independent seeds."""
    found = []
    for replica in range(first, first + runs):
        with dsmc.Simulation(dsmc.load("couette", flow), 1, replica=replica) as simulation:
            found.append(simulation.run())
    return found


def deviations(results):
    """|z| over the 95 % quantile of each figure of each run: below 1 the interval holds the truth.

    Returns them by kind: {"cells": (R, …), "walls": (R, …)}.
    """
    cells = [[_cells(result.fields[name]) for name in FIELDS] for result in results]
    walls = [
        [(*getattr(wall, name), wall.degrees) for wall in result.walls.values() for name in FLUXES]
        + [(wall.shear[0][k], wall.shear[1][k], wall.degrees)
           for wall in result.walls.values() for k in (1, 2)]
        for result in results
    ]  # fmt: skip
    return {"cells": _over(np.array(cells)), "walls": _over(np.array(walls))}


def _cells(field):
    return [(field.value[c], field.error[c], field.degrees) for c in CELLS]


def _over(figures):
    """figures : (R, …, 3) value, error, degrees"""
    value, error, degrees = np.moveaxis(figures, -1, 0)
    others = (value.sum(axis=0) - value) / (len(value) - 1)
    z = np.abs(value - others) / (error * np.sqrt(1.0 + 1.0 / (len(value) - 1)))
    return z / -stdtrit(degrees, 0.025)


def covered(deviations, factor=1.0):
    """Share of the intervals that hold the truth, were all errors multiplied by the factor."""
    return np.mean(np.concatenate([part.ravel() for part in deviations.values()]) < factor)


def test_intervals_of_a_flow_hold_the_truth_as_often_as_they_say():
    """A quick look: 12 runs, 384 intervals; 93 to 97 % widened by 2.5 sigmas of their number."""
    found = deviations(results(12))
    assert 0.93 - 0.025 < covered(found) < 0.97 + 0.025
    assert covered(found, 0.85) < covered(found) - 0.02


@pytest.mark.long
def test_two_thousand_intervals_of_a_flow_hold_the_truth():
    found = deviations(results(120))
    assert sum(part.size for part in found.values()) >= 2000
    assert 0.93 < covered(found) < 0.97
    assert covered({"cells": found["cells"]}) > 0.93
    assert covered({"walls": found["walls"]}) > 0.93
    assert covered(found, 0.85) < 0.93  # the mutant


def gradient(result):
    """Slope of the velocity across the gas [m/s per cell]."""
    cell = np.arange(8) - 3.5
    return result.fields["velocity_y"].value @ cell / (cell @ cell)


@pytest.mark.long
def test_runs_that_begin_and_end_their_averages_by_themselves_tell_the_truth():
    """60 runs until their targets, 1920 intervals: 92 to 97 % hold the truth (an error that ends a
    run is small by chance, too). Their mean velocity gradient is that of 24 runs averaged from late
    on, within 4 combined errors; averages from the first step on, the mutant, are off by more.
    """
    own = results(60, STEADY)
    assert all(result.sampling.start is not None for result in own)
    assert 0.92 < covered(deviations(own)) < 0.97
    late = results(24, FLOW | {"sample.start": 3000, "run.steps": 9000}, first=1000)
    early = results(60, FLOW | {"sample.start": 0, "run.steps": 50}, first=2000)
    known = [gradient(result) for result in late]
    for runs, agrees in ((own, True), (early, False)):
        found = [gradient(result) for result in runs]
        error = np.hypot(*(np.std(row, ddof=1) / np.sqrt(len(row)) for row in (found, known)))
        assert bool(abs(np.mean(found) - np.mean(known)) < 4.0 * error) is agrees
