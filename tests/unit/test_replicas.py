"""What replicas say together: the mean of every figure, and its error from their scatter."""

from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool

import numpy as np

import dsmc
from dsmc.replicas import combined, outcome, run_replicas

OPEN = {
    "initial.particles": 1000, "domain.cells": [5, 5], "run.steps": 60, "run.until": "steps",
    "run.replicas": 3, "sample.start": 20, "sample.targets": None, "sample.distributions": [],
    "sample.planes": [{"axis": "x", "position_m": 4e-4, "name": "middle"}],
}  # fmt: skip


def test_boundaries_cells_along_them_and_planes_are_averaged():
    scenario = dsmc.load("slit", OPEN)
    results = run_replicas(scenario, 3, 1)
    total = combined(scenario, results)
    for kind, name, flux in (
        ("walls", "slit", "mass_flux"),
        ("walls", "x_high", "shear"),
        ("wall_profiles", "x_high", "pressure"),
        ("planes", "middle", "momentum_flux"),
    ):
        parts = [getattr(getattr(result, kind)[name], flux)[0] for result in results]
        together = getattr(total, kind)[name]
        value, error = getattr(together, flux)
        np.testing.assert_allclose(value, np.mean(parts, axis=0), rtol=1e-12)
        np.testing.assert_allclose(error, np.std(parts, axis=0, ddof=1) / 3**0.5, rtol=1e-9)
        assert together.degrees == 2.0


def test_a_replica_whose_process_was_killed_is_left_out():
    """For want of memory, say: those that had finished count."""
    killed, whole = Future(), Future()
    killed.set_exception(BrokenProcessPool("terminated abruptly"))
    whole.set_result("a result")
    assert outcome(killed) is None and outcome(whole) == "a result"
