"""A run of a few particles between two walls that writes every kind of file."""

from pathlib import Path

from dsmc.scenario import Scenario
from dsmc.simulation import Simulation
from dsmc.summary import write_summary

SCENARIO = {
    "title": "A few particles between two walls",
    "gas": {"species": "Ar", "model": "vss"},
    "domain": {"length_m": [1e-3], "cells": [4]},
    "initial": {
        "kind": "equilibrium", "number_density_m3": 1e21, "temperature_K": 300.0, "particles": 80,
    },
    "boundaries": {
        "x": {
            "low": {"kind": "diffuse", "temperature_K": 300.0},
            "high": {"kind": "diffuse", "temperature_K": 300.0},
        }
    },
    "run": {"time_step_s": 1e-7, "steps": 6, "seed": 20261121, "threads": 1},
    "sample": {"every": 2, "quantities": ["temperature", "number_density", "pressure"]},
    "output": {
        "trajectory": 2, "particles": 50, "fields": 2, "snapshots": 3, "pictures": False,
    },
}  # fmt: skip


def small_run(directory: Path, steps: int | None = None) -> Path:
    """Run into the directory, to the end or for some steps only; all files are there then."""
    with Simulation(Scenario(**SCENARIO), 1, directory) as simulation:
        result = simulation.run(steps)
    write_summary(directory / "summary.json", result)
    return directory
