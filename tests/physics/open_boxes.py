"""Boxes that gas passes through: argon, one dimension and no collisions unless told otherwise."""

import numpy as np
from scipy import integrate

from dsmc import Scenario
from tests.physics.wall_boxes import ARGON, NUMBER_DENSITY, TEMPERATURE, V0

SEED = 20261124
LENGTH = 1e-3  # m
CROSSING = LENGTH / V0  # s, of the box at the most probable speed
MASS = ARGON.mass


def reservoir(speed_ratio=0.0, density=NUMBER_DENSITY, temperature=TEMPERATURE, **further):
    """A gas outside, with a velocity along x of `speed_ratio` v0."""
    velocity = [speed_ratio * V0, 0.0, 0.0]
    return {"kind": "reservoir", "number_density_m3": density, "temperature_K": temperature,
            "velocity_m_s": velocity, **further}  # fmt: skip


def open_box(low, high, particles, time_step=0.1 * CROSSING, **changes):
    """A box between two faces normal to x; changes: tables in place of these, or keys of them."""
    tables = {
        "gas": {"species": "Ar", "model": "hard-sphere"},
        "domain": {"length_m": [LENGTH], "cells": [20]},
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


def flux_law(s):
    """The distribution function of the normal speeds [v0] that enter at a speed ratio s."""
    v = np.linspace(0.0, max(s, 0.0) + 7.0, 40_001)
    density = v * np.exp(-((v - s) ** 2) + (s * s if s < 0.0 else 0.0))
    table = integrate.cumulative_simpson(density, x=v, initial=0.0)
    return lambda speed: np.interp(speed, v, table / table[-1])
