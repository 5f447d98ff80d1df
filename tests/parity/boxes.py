"""Small gases that between them use every branch of the engine, and all that a run of them leaves.

line  : 1-D, double precision, periodic, soft spheres, census of speeds and free flights, fields
plane : 2-D, single precision, three species, moving diffuse walls against mirrors, fields
room  : 3-D, double precision, soft spheres, partly accommodating and periodic walls
slot  : 1-D, single precision, hard spheres, 5 cells, several walls hit in one step
duct  : 2-D, double precision, two species, every kind of face that gas passes, patches, profiles
well  : 1-D, double precision, a force towards a floor, a reservoir above
shelf : 2-D, single precision, two species of soft spheres, uneven cells, nearest partners, fields
basin : 2-D, double precision, two species, uneven cells, a force, faces that gas passes, patches,
        wall cells, planes, velocity distributions, and targets that would end the run
"""

from pathlib import Path

import h5py
import numpy as np

import dsmc
from dsmc.faces import FLUXES as FACE_FLUXES
from dsmc.planes import FLUXES as PLANE_FLUXES
from dsmc.wall_profiles import FLUXES as WALL_FLUXES

SERIES = ("temperature", "temperature_x", "energy", "momentum_x", "moment_4", "collision_rate",
          "collisions_per_particle", "particles")  # fmt: skip
HOT = {"kind": "diffuse", "temperature_K": 500.0, "accommodation": 0.7,
       "velocity_m_s": [0.0, 0.0, -80.0]}  # fmt: skip
COLD = {"kind": "diffuse", "temperature_K": 200.0}
THREE_GASES = [
    {"name": "Ar", "fraction": 0.5},
    {"name": "He", "fraction": 0.3, "temperature_K": 600.0},
    {"name": "Xe", "fraction": 0.2},
]
OUTSIDE = {"kind": "reservoir", "number_density_m3": 1e22, "temperature_K": 300.0,
           "balancing_steps": 30}  # fmt: skip
LEAKS = [
    {"kind": "pressure", "pressure_Pa": 50.0, "temperature_K": 400.0, "averaging_steps": 20,
     "from_m": [0.2e-3], "to_m": [0.5e-3], "name": "leak"},
    {"kind": "diffuse", "from_m": [0.4e-3], "to_m": [0.8e-3],
     "profile": {"along": "x", "at_m": [0.0, 0.5e-3, 1e-3], "temperature_K": [300, 400, 350],
                 "velocity_m_s": [[0, 0, 0], [20, 0, 5], [40, 0, 0]]}},
    {"kind": "cll", "temperature_K": 350.0, "normal_accommodation": 0.6,
     "tangential_accommodation": 0.7, "from_m": [0.7e-3], "to_m": [1e-3]},
]  # fmt: skip
BOXES = {
    "line": {
        "gas": {"species": "Ar", "model": "vss"},
        "domain": {"length_m": [1e-3], "cells": [150]},
        "run": {"time_step_mct": 0.7},
        "sample": {"quantities": [*SERIES, "speed_rate", "free_flight", "h_excess"]},
    },
    "plane": {
        "gas": {"model": "vhs"},
        "species": THREE_GASES,
        "domain": {"length_m": [1e-3, 0.7e-3], "cells": [13, 11]},
        "boundaries": {"x": {"low": HOT, "high": COLD}, "y": {"kind": "specular"}},
        "run": {"time_step_mct": 0.5, "precision": "float32"},
        "sample": {"quantities": SERIES},
    },
    "room": {
        "gas": {"species": "N2", "model": "vss"},
        "domain": {"length_m": [1e-3, 0.5e-3, 0.3e-3], "cells": [7, 5, 6]},
        "boundaries": {"x": {"low": HOT, "high": {"kind": "specular"}},
                       "y": {"low": COLD, "high": HOT}},
        "run": {"time_step_mct": 1.0},
        "sample": {"quantities": SERIES, "fields_every": 0},
    },
    "slot": {
        "gas": {"species": "Ar", "model": "hard-sphere"},
        "domain": {"length_m": [1e-5], "cells": [5]},
        "boundaries": {"x": {"low": COLD, "high": HOT}},
        "run": {"time_step_mct": 0.7, "precision": "float32"},
        "sample": {"quantities": SERIES},
    },
    "duct": {
        "gas": {"model": "vss"},
        "species": [{"name": "Ar", "fraction": 0.6}, {"name": "He", "fraction": 0.4}],
        "domain": {"length_m": [1e-3, 0.7e-3], "cells": [9, 8]},
        "boundaries": {
            "x": {"low": OUTSIDE | {"velocity_m_s": [200.0, 50.0, 0.0],
                                    "fractions": {"Ar": 0.2, "He": 0.8}},
                  "high": {"kind": "open"}},
            "y": {"low": {"kind": "symmetry", "patches": LEAKS},
                  "high": {"kind": "mass-flow", "mass_flow_kg_s": 4e-5, "temperature_K": 300.0}},
        },
        "run": {"time_step_mct": 0.5},
        "sample": {"quantities": SERIES},
    },
    "well": {
        "gas": {"species": "Ar", "model": "vhs"},
        "domain": {"length_m": [1e-3], "cells": [40]},
        "boundaries": {"x": {"low": COLD, "high": OUTSIDE}},
        "force": {"acceleration_m_s2": [-2e7, 1e6, 0.0]},
        "run": {"time_step_mct": 0.7},
        "sample": {"quantities": SERIES},
    },
    "shelf": {
        "gas": {"model": "vss"},
        "species": [{"name": "Ar", "fraction": 0.6}, {"name": "He", "fraction": 0.4}],
        "domain": {"length_m": [1e-3, 0.7e-3], "cells": [13, 11],
                   "grading": {"x": {"towards": "both", "ratio": 5.0},
                               "y": {"edges_m": [0.0, 1e-4, 1.1e-4, 1.2e-4, 1.5e-4, 2e-4, 3e-4,
                                                 4e-4, 5e-4, 5.5e-4, 6e-4, 0.7e-3]}}},
        "boundaries": {"x": {"low": HOT, "high": COLD}, "y": {"kind": "specular"}},
        "collisions": {"partners": "nearest"},
        "run": {"time_step_mct": 0.5, "precision": "float32"},
        "sample": {"quantities": SERIES},
    },
    "basin": {
        "gas": {"model": "vss"},
        "species": [{"name": "Ar", "fraction": 0.6}, {"name": "He", "fraction": 0.4}],
        "domain": {"length_m": [1e-3, 0.7e-3], "cells": [9, 8],
                   "grading": {"x": {"towards": "low", "ratio": 3.0}}},
        "boundaries": {
            "x": {"low": OUTSIDE | {"velocity_m_s": [200.0, 50.0, 0.0]}, "high": {"kind": "open"}},
            "y": {"low": {"kind": "specular", "patches": LEAKS}, "high": COLD},
        },
        "force": {"acceleration_m_s2": [1e7, -2e7, 0.0]},
        "run": {"time_step_mct": 0.5, "until": "steady"},
        "sample": {
            "quantities": [*SERIES, "wall_pressure"], "start": 0, "wall_cells": True,
            "targets": {"wall_pressure": 1e-9},
            "planes": [{"axis": "x", "position_m": 5e-4}, {"axis": "y", "position_m": 1e-4}],
            "distributions": [{"position_m": [1e-4, 1e-4]}, {"position_m": [9e-4, 6e-4]}],
        },
    },
}  # fmt: skip
SINGLE = ("plane", "slot", "shelf")  # in single precision


def box(name: str, steps: int = 12, particles: int = 4000, **changes) -> dsmc.Scenario:
    """A box by name; `changes` replaces keys of its tables, run={...}, or the boundaries."""
    tables = {key: table for key, table in BOXES[name].items()}
    tables["initial"] = {
        "kind": "equilibrium", "number_density_m3": 1e22, "temperature_K": 300.0,
        "particles": particles,
    }  # fmt: skip
    tables["run"] = {"steps": steps, "seed": 20261121} | tables["run"]
    tables["sample"] = {"every": 2, "fields_every": 1} | tables["sample"]
    tables["output"] = {"trajectory": 3, "particles": 50}
    for key, table in changes.items():
        tables[key] = table if key == "boundaries" else tables.get(key, {}) | table
    return dsmc.Scenario(**tables)


def run(scenario: dsmc.Scenario, threads: int = 1, folder: Path | None = None, **options) -> dict:
    """All that a run leaves: {name: array}."""
    with dsmc.Simulation(scenario, threads=threads, output=folder, **options) as simulation:
        simulation.run()
        found = remains(simulation)
    if folder is not None:
        found |= datasets(folder / "trajectory.h5")
    return found


def remains(simulation: dsmc.Simulation) -> dict[str, np.ndarray]:
    """State, tallies and results of a simulation: {name: array}."""
    state = simulation._state
    found = {"phase": state.phase, "offsets": state.offsets}
    found |= {name: getattr(state, name) for name in state.columns()}
    found |= {f"tally {name}": array for name, array in simulation.tallies.items()}
    if simulation.census_sampler is not None:
        sampler = simulation.census_sampler
        found |= {
            "exposure": sampler.exposure,
            "events": sampler.events,
            "flights": sampler.flights,
        }
    result = simulation.result
    for kind in ("series", "fields"):
        for name, measured in getattr(result, kind).items():
            found[f"{kind} {name}"] = measured.value
            found[f"{kind} {name} error"] = measured.error
    for face, wall in result.walls.items():
        for name in FACE_FLUXES:
            found[f"wall {face} {name}"] = np.array([*map(np.array, getattr(wall, name))])
    for kind, fluxes in (("planes", PLANE_FLUXES), ("wall_profiles", WALL_FLUXES)):
        for name, measured in getattr(result, kind).items():
            for flux in fluxes:
                pair = [np.array(column) for column in getattr(measured, flux)]
                found[f"{kind} {name} {flux}"] = np.array(pair)
    for name, histogram in result.histograms.items():
        found[f"histogram {name}"] = histogram.density
    return {name: np.array(array) for name, array in found.items()}


def datasets(path: Path) -> dict[str, np.ndarray]:
    """Every dataset of an HDF5 file."""
    found = {}

    def keep(name: str, item) -> None:
        if isinstance(item, h5py.Dataset):
            found[f"file {name}"] = np.array(item[()])

    with h5py.File(path) as file:
        file.visititems(keep)
    return found


def differences(one: dict[str, np.ndarray], other: dict[str, np.ndarray]) -> list[str]:
    """Names whose arrays are not the same to the last bit."""
    names = sorted(one.keys() | other.keys())
    return [
        name
        for name in names
        if name not in one
        or name not in other
        or one[name].dtype != other[name].dtype
        or one[name].shape != other[name].shape
        or (one[name].tobytes() != other[name].tobytes() if one[name].dtype != object
            else not np.array_equal(one[name], other[name]))
    ]  # fmt: skip
