"""Boxes that gas passes through: argon, one dimension and no collisions unless told otherwise."""

from __future__ import annotations

import math

from dsmc.scenario import Scenario
from dsmc.species import BOLTZMANN, TABLE
from dsmc.validate.case import SEED

ARGON = TABLE["Ar"].as_model("hard-sphere")
MASS = ARGON.mass
NUMBER_DENSITY = 1e20  # [1/m^3]
TEMPERATURE = 300.0  # [K]
V0 = math.sqrt(2.0 * BOLTZMANN * TEMPERATURE / MASS)  # [m/s]
LENGTH = 1e-3  # [m]
CELLS = 20
CROSSING = LENGTH / V0  # [s] of the box at the most probable speed


def reservoir(
    speed_ratio: float = 0.0,
    density: float = NUMBER_DENSITY,
    temperature: float = TEMPERATURE,
    **further,
) -> dict:
    """A gas outside, with a velocity along x of `speed_ratio` v0."""
    velocity = [speed_ratio * V0, 0.0, 0.0]
    return {"kind": "reservoir", "number_density_m3": density, "temperature_K": temperature,
            "velocity_m_s": velocity, **further}  # fmt: skip


def open_box(
    low: dict, high: dict, particles: int, time_step: float = 0.1 * CROSSING, **changes
) -> Scenario:
    """A box between two faces normal to x; changes: tables in place of these, or keys of them."""
    tables = {
        "gas": {"species": "Ar", "model": "hard-sphere"},
        "domain": {"length_m": [LENGTH], "cells": [CELLS]},
        "initial": {"kind": "equilibrium", "number_density_m3": NUMBER_DENSITY,
                    "temperature_K": TEMPERATURE, "particles": particles},
        "boundaries": {"x": {"low": low, "high": high}},
        "collisions": {"scheme": "none"},
        "run": {"time_step_s": time_step, "steps": 1, "seed": SEED},
        "sample": {"every": 10**9, "fields_every": 0, "quantities": ["particles"]},
    }  # fmt: skip
    for name, table in changes.items():
        tables[name] = tables[name] | table if name in tables else table
    return Scenario(**tables)
