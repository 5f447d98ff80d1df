"""Small perturbations of cells of few, and of softer molecules, decay as the linear theory says.

The decay in cells and boxes of many is a case of the validation (`linear-rates`).
"""

import numpy as np
import pytest

from dsmc import reference
from dsmc.statistics import joint_test
from dsmc.validate import repeat
from dsmc.validate.cases.linear_rates import (
    FINITE_NUMBER,
    GASES,
    MODES,
    TIMES,
    linear_theory,
    regressions,
)
from dsmc.validate.wrong_laws import faster
from tests.physics.homogeneous_gas import BUDGET, box, replicas, report


@pytest.mark.long
@pytest.mark.parametrize("gas", GASES)
@pytest.mark.parametrize("each", [10, 20, 40])
def test_few_particles_regress_alike_up_to_one_over_their_number(gas, each):
    """4e6 particles over 100 tau: N times the bias of three correlations is what it is said to be
    at most (margins), the same for N = 10, 20 and 40; without the margins, the twin, cells of ten
    hard spheres are told from many."""
    settings = {"gas": GASES[gas], "cells": 100_000 // each, "each": each, "tau": 100.0}
    rows = repeat(regressions, 40, settings, seed=each).reshape(40, -1)
    exact = linear_theory(gas).ravel()
    report(f"{gas}, N = {each}", [f"{m} r({t:g})" for m in MODES for t in TIMES], rows, exact)
    print("  N times the bias:", np.round(each * (rows.mean(axis=0) - exact), 3))
    margin = np.repeat(FINITE_NUMBER[gas], len(TIMES)) / each
    assert joint_test(rows, exact, margin, BUDGET)
    if gas == "hard spheres" and each == 10:
        assert not joint_test(rows, exact, budget=BUDGET)


# ------------------------------------------------------------------------------ tagged molecules


def tagged_memory(count, particles, laws=None, seed=0):
    """<v(0).v(t)>/<v^2> of all molecules of VHS argon at TIMES, and the exact values: (count, 4).

    In one box; molecules are known by their ids.
    """
    scenario = box("vhs", particles=particles, step=0.5, ids=True, seed=seed)

    def by_id(simulation):
        view = simulation.particles
        return view.velocity[np.argsort(view.id)]

    def history(simulation):
        start, rows = by_id(simulation), []
        for steps in np.diff([0.0, *TIMES]) / 0.5:
            simulation.run(steps=round(steps))
            rows.append((by_id(simulation) * start).sum() / (start**2).sum())
        return np.array(rows)

    exact = reference.linear_history("tagged_velocity", TIMES, scenario.molecules[0].omega)
    return replicas(scenario, count, history, laws), exact


def judged_tagged(rows, exact, particles):
    """Four times jointly; the others carry away 1/N of what the tagged one loses: margin 2/N."""
    report("tagged", [f"r({t:g})" for t in TIMES], rows, exact)
    return joint_test(rows, exact, np.full(len(exact), 2.0 / particles), BUDGET)


def test_a_tagged_molecule_forgets_its_velocity():
    """Self-diffusion: 2e6 molecules in 20 replicas, errors 5e-4 of r."""
    assert judged_tagged(*tagged_memory(20, 100_000), 100_000)


def test_a_rate_a_percent_and_a_half_too_high_is_noticed():
    """The memory decays faster by 1.5 %, 10 errors and more from nu t = 1 on."""
    wrong = tagged_memory(20, 100_000, faster(1.015, hard_spheres=False))
    assert not judged_tagged(*wrong, 100_000)


@pytest.mark.long
def test_self_diffusion_is_exact():
    """3e7 molecules: the early rate, -ln r(t)/t at nu t = 0.5, within 0.5 % (error 0.06 %)."""
    rows, exact = tagged_memory(150, 200_000, seed=1)
    assert judged_tagged(rows, exact, 200_000)
    assert abs(np.log(rows[:, 0].mean()) / np.log(exact[0]) - 1.0) < 0.005
