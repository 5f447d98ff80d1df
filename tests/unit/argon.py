"""A small valid scenario, and how the tests of scenarios change it."""

import copy

import pytest

from dsmc.scenario import Scenario, ScenarioError

ARGON = {
    "title": "Argon at rest",
    "gas": {"species": "Ar", "model": "hard-sphere"},
    "domain": {"length_m": [1e-3], "cells": [10]},
    "initial": {
        "kind": "equilibrium",
        "number_density_m3": 1e22,
        "temperature_K": 300,
        "particles": 1000,
    },
    "run": {"time_step_mct": 0.2, "steps": 100},
}
WALLS = {
    "x": {
        "low": {"kind": "diffuse", "temperature_K": 300, "velocity_m_s": [0, -50, 0]},
        "high": {"kind": "specular"},
    }
}


def tables(**changes):
    """ARGON with keys changed: path with dots -> value; None removes the key."""
    data = copy.deepcopy(ARGON)
    for path, value in changes.items():
        *sections, key = path.split("__")
        place = data
        for section in sections:
            place = place.setdefault(section, {})
        if value is None:
            place.pop(key)
        else:
            place[key] = value
    return data


def scenario(**changes):
    return Scenario(**tables(**changes))


def refused(data):
    """The error that the tables raise."""
    with pytest.raises(ScenarioError) as caught:
        Scenario(**data)
    return caught.value


def problem(path, **changes):
    """The problem reported at a path."""
    error = refused(tables(**changes))
    found = {entry.path: entry for entry in error.problems}
    assert path in found, str(error)
    return found[path]
