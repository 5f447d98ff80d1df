"""Boxes with walls, collisionless unless told otherwise, and gases put into them by hand."""

import math

import numpy as np

from dsmc import Scenario
from dsmc.species import BOLTZMANN, TABLE

SEED = 20261121
ARGON = TABLE["Ar"].as_model("hard-sphere")
NUMBER_DENSITY = 1e20  # m^-3
TEMPERATURE = 300.0  # K
V0 = math.sqrt(2.0 * BOLTZMANN * TEMPERATURE / ARGON.mass)  # m/s
LENGTHS = (1e-3, 1.7e-3, 0.6e-3)  # m


def diffuse(temperature=TEMPERATURE, accommodation=1.0, velocity=(0.0, 0.0, 0.0)):
    """A wall of Maxwell's kind."""
    return {
        "kind": "diffuse", "temperature_K": temperature, "accommodation": accommodation,
        "velocity_m_s": list(velocity),
    }  # fmt: skip


def box(particles, time_step, walls, d=3, cells=4, seed=0, scheme="none", **initial):
    """A box of argon; walls : {axis: kind or (low, high)}, the other axes are periodic."""
    boundaries = {
        axis: {"kind": face} if isinstance(face, str) else {"low": face[0], "high": face[1]}
        for axis, face in walls.items()
    }
    return Scenario(
        gas={"species": "Ar", "model": "hard-sphere"},
        domain={"length_m": LENGTHS[:d], "cells": [cells] * d},
        initial={
            "kind": "equilibrium", "number_density_m3": NUMBER_DENSITY,
            "temperature_K": TEMPERATURE, "particles": particles, **initial,
        },
        boundaries=boundaries,
        collisions={"scheme": scheme},
        run={"time_step_s": time_step, "steps": 1, "seed": SEED + seed},
        sample={"every": 10**9, "fields_every": 0, "quantities": ["temperature"]},
    )  # fmt: skip


def half_maxwellians(draw, share_up, upward, downward, axis, n):
    """(n, 3) velocities of a collisionless gas between two diffuse walls normal to `axis`.

    share_up : share of molecules that move away from the low wall
    upward, downward : (thermal speed [m/s], flow velocity (n, 3) [m/s]) of the two halves
    """
    up = draw.permutation(n) < round(share_up * n)  # rows stand in the order of the cells
    velocity = draw.standard_normal((n, 3)) * math.sqrt(0.5)
    velocity *= np.where(up, upward[0], downward[0])[:, None]
    velocity[:, axis] = np.where(up, 1.0, -1.0) * np.abs(velocity[:, axis])
    return velocity + np.where(up[:, None], upward[1], downward[1])
