"""The named problems on which speed is measured: one gas, in boxes that differ in one thing each.

    box          3-D between mirrors, 10 particles in a cell: what DSMC codes are compared on
    flight       the same without collisions: the difference is the price of the collisions
    homogeneous  1-D, periodic, 10 particles in a cell: no faces, two columns of position fewer
    one-cell     1-D, periodic, all particles in one cell: partners from all over the memory
    couette      1-D between diffuse walls that slide past each other, 100 cells
    cavity       2-D between diffuse walls of which one slides, 10 particles in a cell
    shock        1-D, a shock of Mach number 2 between two reservoirs, 100 cells

The gas is argon as VSS molecules, in cells of 1e-5 m (0.53 mean free paths) and steps of 7e-9 s
(0.14 mean collision times); behind the shock it is the same, before it thinner and colder.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from difflib import get_close_matches
from typing import Any

from dsmc.reference import most_probable_speed, rankine_hugoniot
from dsmc.scenario import Scenario

PARTICLES = 1_000_000
PER_CELL = 10
CELL = 1e-5  # [m]
NUMBER_DENSITY = 7.07043e22  # [1/m^3]
TEMPERATURE = 273.15  # [K]
TIME_STEP = 7e-9  # [s]
ARGON = {"mass_kg": 6.63e-26, "diameter_m": 4.11e-10, "omega": 0.81, "T_ref_K": 273.15,
         "alpha": 1.4, "model": "vss"}  # fmt: skip
SLICES = 100  # cells of couette and shock, whatever the number of particles
WALL_SPEED = 50.0  # of each wall of couette, in opposite directions [m/s]
LID_SPEED = 100.0  # of cavity [m/s]
MACH = 2.0  # of shock

Tables = dict[str, Any]  # of a scenario, by name


class ProblemError(ValueError):
    """No such problem, or not with these options; told to the user."""


def problem(name: str, particles: int, precision: str, per_cell: int | None = None) -> Scenario:
    """The scenario of a named problem.

    per_cell : particles in a cell; None for the problem's own number
    Raises ProblemError.
    """
    if name not in PROBLEMS:
        close = get_close_matches(name, PROBLEMS, n=1, cutoff=0.5)
        hint = f", did you mean {close[0]}?" if close else ""
        raise ProblemError(f"unknown problem {name!r}{hint}; known: {', '.join(PROBLEMS)}")
    if name == "one-cell" and per_cell is not None:
        raise ProblemError("one-cell holds all particles in one cell: leave --per-cell away")
    tables: Tables = {
        "title": name,
        "gas": ARGON,
        "initial": {
            "kind": "equilibrium", "number_density_m3": NUMBER_DENSITY,
            "temperature_K": TEMPERATURE, "particles": particles,
        },
        "run": {"time_step_s": TIME_STEP, "steps": 1_000_000, "precision": precision},
        "sample": {"every": 1_000_000, "quantities": [], "fields_every": 0},
    }  # fmt: skip
    return Scenario(**tables | PROBLEMS[name](particles, per_cell))


def box(particles: int, per_cell: int | None) -> Tables:
    """A box of shape 4 : 5 : 5 between mirrors; 40 x 50 x 50 cells for a million particles."""
    mirrors = {axis: {"kind": "specular"} for axis in "xyz"}
    return {"domain": domain(*box_cells(particles / (per_cell or PER_CELL))), "boundaries": mirrors}


def flight(particles: int, per_cell: int | None) -> Tables:
    """The box without collisions."""
    return box(particles, per_cell) | {"collisions": {"scheme": "none"}}


def homogeneous(particles: int, per_cell: int | None) -> Tables:
    """A periodic row of cells."""
    return {"domain": domain(row_cells(particles, per_cell or PER_CELL))}


def one_cell(particles: int, per_cell: int | None) -> Tables:
    """A periodic cell."""
    return {"domain": domain(1)}


def couette(particles: int, per_cell: int | None) -> Tables:
    """Walls that move along y, 1 mm apart: 53 mean free paths."""
    low, high = (wall([0.0, speed, 0.0]) for speed in (-WALL_SPEED, WALL_SPEED))
    return {
        "domain": domain(row_cells(particles, per_cell) if per_cell else SLICES),
        "boundaries": {"x": {"low": low, "high": high}},
    }


def cavity(particles: int, per_cell: int | None) -> Tables:
    """A square box whose upper wall moves along x."""
    edge = max(1, round(math.sqrt(particles / (per_cell or PER_CELL))))
    at_rest, lid = wall([0.0, 0.0, 0.0]), wall([LID_SPEED, 0.0, 0.0])
    return {
        "domain": domain(edge, edge),
        "boundaries": {"x": {"low": at_rest, "high": at_rest}, "y": {"low": at_rest, "high": lid}},
    }


def shock(particles: int, per_cell: int | None) -> Tables:
    """A shock in the middle; the gas behind it has the density and temperature of the others."""
    jump = rankine_hugoniot(MACH)
    cold = TEMPERATURE / jump.temperature_ratio
    speed = most_probable_speed(ARGON["mass_kg"], cold)
    before, behind = (
        {
            "number_density_m3": float(density),
            "temperature_K": float(temperature),
            "velocity_m_s": [float(velocity * speed), 0.0, 0.0],
        }
        for density, temperature, velocity in (
            (NUMBER_DENSITY / jump.density_ratio, cold, jump.upstream_velocity),
            (NUMBER_DENSITY, TEMPERATURE, jump.downstream_velocity),
        )
    )
    faces = {"low": {"kind": "reservoir", **before}, "high": {"kind": "reservoir", **behind}}
    return {
        "domain": domain(row_cells(particles, per_cell) if per_cell else SLICES),
        "initial": {"kind": "riemann", "particles": particles, "left": before, "right": behind},
        "boundaries": {"x": faces},
    }


PROBLEMS: dict[str, Callable[[int, int | None], Tables]] = {
    "box": box,
    "flight": flight,
    "homogeneous": homogeneous,
    "one-cell": one_cell,
    "couette": couette,
    "cavity": cavity,
    "shock": shock,
}
DEFAULTS = ("box", "flight")


def domain(*cells: int) -> Tables:
    """So many cells along each axis, all of the same width."""
    return {"length_m": [n * CELL for n in cells], "cells": list(cells)}


def wall(velocity: list[float]) -> Tables:
    """A diffuse wall of the temperature of the gas; velocity : (3,) [m/s]"""
    return {"kind": "diffuse", "temperature_K": TEMPERATURE, "velocity_m_s": velocity}


def row_cells(particles: int, per_cell: int) -> int:
    """Cells of a row that hold so many particles each, on average."""
    return max(1, round(particles / per_cell))


def box_cells(wanted: float) -> tuple[int, int, int]:
    """About `wanted` cells in a box of shape 4 : 5 : 5; 40 x 50 x 50 for a million particles."""
    edge = (wanted / 100.0) ** (1.0 / 3.0)
    return tuple(max(1, round(side * edge)) for side in (4, 5, 5))
