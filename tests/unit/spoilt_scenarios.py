"""Bad scenarios made by spoiling good ones, each with the paths that a message about it must name.

A path that begins with "cure: " is a key that the cure must name.
"""

import copy
import math
import random
import tomllib
from collections.abc import Iterator

from dsmc.scenario import shipped
from dsmc.scenario.suggestions import UNITS

SEED = 20261121
DIFFUSE = {"kind": "diffuse", "temperature_K": 300.0, "velocity_m_s": [0, -50, 0]}
BOX = {
    "title": "A box",
    "gas": {"species": "Ar", "model": "vhs"},
    "domain": {"length_m": [1e-3], "cells": [20]},
    "initial": {
        "kind": "equilibrium", "number_density_m3": 1e21, "temperature_K": 300.0,
        "velocity_m_s": [0, 0, 0], "particles": 1000,
    },
    "run": {"time_step_mct": 0.2, "steps": 100, "seed": 7, "precision": "float64"},
}  # fmt: skip
SIDE = {"number_density_m3": 1e21, "temperature_K": 300.0}
HAND_MADE = {
    "walls": BOX | {
        "domain": {"length_m": [1e-3, 1e-3], "cells": [20, 20]},
        "boundaries": {"x": {"low": DIFFUSE, "high": {"kind": "specular"}}},
        "sample": {"start": 20, "every": 10, "fields_every": 5, "quantities": ["wall_shear"]},
        "output": {"trajectory": 10, "particles": 50, "fields": 50, "snapshots": 50,
                   "checkpoint_s": 10.0, "fields_average": "interval", "pictures": False},
    },
    "mixture": {key: BOX[key] for key in ("domain", "initial")} | {
        "gas": {"model": "vss"},
        "species": [
            {"name": "Ar", "fraction": 0.5, "temperature_K": 200.0},
            {"name": "X", "fraction": 0.5, "mass_kg": 1e-26, "diameter_m": 4e-10, "omega": 0.7,
             "T_ref_K": 273.0, "alpha": 1.4},
        ],
        "run": {"time_step_s": 1e-7, "time_s": 1e-5, "replicas": 2, "strict": False},
        "collisions": {"scheme": "ntc"},
    },
    "riemann": BOX | {
        "initial": {"kind": "riemann", "left": SIDE, "right": SIDE, "split": 0.5,
                    "particles_per_cell": 50.0},
    },
    "graded": BOX | {
        "domain": {"length_m": [1e-3, 1e-3], "cells": [20, 3],
                   "grading": {"x": {"towards": "both", "ratio": 5.0},
                               "y": {"edges_m": [0.0, 1e-4, 4e-4, 1e-3]}}},
        "boundaries": {"x": {"kind": "specular"}},
        "collisions": {"partners": "nearest"},
    },
    "steady": BOX | {
        "domain": {"length_m": [1e-3, 1e-3], "cells": [20, 20]},
        "boundaries": {"x": {"low": DIFFUSE, "high": {"kind": "specular"}}},
        "run": {"time_step_mct": 0.2, "steps": 90_000, "until": "steady"},
        "sample": {
            "start": "steady", "fields_every": 5, "wall_cells": True,
            "targets": {"wall_shear": 0.01, "velocity_y": 0.02},
            "planes": [{"axis": "x", "position_m": 5e-4}],
            "distributions": [{"position_m": [5e-4, 5e-4], "classes": 40,
                               "range_m_s": [-900.0, 900.0]}],
        },
    },
    "duct": BOX | {
        "domain": {"length_m": [1e-3, 1e-3], "cells": [20, 20]},
        "boundaries": {
            "x": {"low": {"kind": "reservoir", "number_density_m3": 1e21, "temperature_K": 300.0,
                          "velocity_m_s": [100.0, 0, 0]},
                  "high": {"kind": "pressure", "pressure_Pa": 4.0, "temperature_K": 300.0,
                           "averaging_steps": 100}},
            "y": {"low": {"kind": "cll", "temperature_K": 300.0, "normal_accommodation": 0.9,
                          "tangential_accommodation": 0.8,
                          "profile": {"along": "x", "at_m": [0, 1e-3],
                                      "velocity_m_s": [[0, 0, 0], [10, 0, 0]]}},
                  "high": {"kind": "mass-flow", "mass_flow_kg_s": 1e-9, "temperature_K": 300.0,
                           "patches": [{"kind": "open", "from_m": [2e-4], "to_m": [4e-4]}]}},
        },
        "force": {"acceleration_m_s2": [0, -9.81, 0]},
    },
    "file": BOX | {"initial": BOX["initial"] | {"kind": "file", "path": "earlier.h5"}},
}  # fmt: skip
GOOD = {name: tomllib.loads(file.read_text()) for name, file in shipped().items()} | HAND_MADE

COUNTS = ("steps", "particles", "every", "snapshots", "start", "fields_every")
REQUIRED = ("length_m", "cells", "number_density_m3", "temperature_K", "kind", "fraction", "name")
CHOICES = ("kind", "model", "scheme", "partners", "towards", "precision", "fields_average")
FREE = ("title", "path", "name", "species", "directory")  # texts that may be anything but empty

Place = tuple[str | int, ...]
Bad = tuple[dict, list[str]]  # the tables, and the paths that the message must name


def leaves(tables: dict | list, path: Place = ()) -> Iterator[tuple[Place, object]]:
    """Every key with a value: its path and the value."""
    pairs = tables.items() if isinstance(tables, dict) else enumerate(tables)
    for key, value in pairs:
        if isinstance(value, dict) or (isinstance(value, list) and isinstance(value[0], dict)):
            yield from leaves(value, (*path, key))
        else:
            yield (*path, key), value


def text_of(path: Place) -> str:
    """species[1].mass_kg"""
    words = [f"[{part}]" if isinstance(part, int) else f".{part}" for part in path]
    return "".join(words).removeprefix(".")


def table_of(tables: dict, path: Place) -> dict:
    """The table that holds the last key of the path."""
    for part in path[:-1]:
        tables = tables[part]
    return tables


def is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


# Ways to spoil one key: each returns the paths to be named, or nothing where it does not apply.


def typo(table, path, value, chance):
    """Two letters exchanged; the message must name the right key, too."""
    key = path[-1]
    places = [k for k in range(len(key) - 1) if key[k] != key[k + 1]]
    if len(key) < 5 or not places:
        return []
    k = chance.choice(places[1:] or places)
    wrong = key[:k] + key[k + 1] + key[k] + key[k + 2 :]
    table[wrong] = table.pop(key)
    return [text_of((*path[:-1], wrong)), f"cure: {key}"]


def without_unit(table, path, value, chance):
    key = path[-1]
    stem = next((key.removesuffix(unit) for unit in UNITS if key.endswith(unit)), key)
    if stem == key:
        return []
    table[stem] = table.pop(key)
    return [text_of((*path[:-1], stem)), f"cure: {key}"]


def wrong_type(table, path, value, chance):
    table[path[-1]] = chance.choice([{"a": 1}, True if is_number(value) else 3.5])
    return [text_of(path)]


def text_for_number(table, path, value, chance):
    table[path[-1]] = chance.choice(["many", "", "300 K"])
    return [text_of(path)] if not isinstance(value, str) else []


def no_number(table, path, value, chance):
    """NaN, infinity, or a sign that makes no sense; in an array one entry of it."""
    bad = chance.choice([math.nan, math.inf, -math.inf, -1])
    if is_number(value):
        table[path[-1]] = bad
        return [text_of(path)]
    if isinstance(value, list) and all(map(is_number, value)):
        place = chance.randrange(len(value))
        table[path[-1]] = [*value[:place], math.nan, *value[place + 1 :]]
        return [f"{text_of(path)}[{place}]"]
    return []


def zero(table, path, value, chance):
    may_be_zero = ("seed", "start", "fields_every", "trajectory", "snapshots", "checkpoint_s",
                   "normal_accommodation", "tangential_accommodation")  # fmt: skip
    if not is_number(value) or path[-1] in (*may_be_zero, "fields"):
        return []
    table[path[-1]] = chance.choice([0, 0.0, -0.0])
    return [text_of(path)]


def absurd(table, path, value, chance):
    if path[-1] == "cells":
        table["cells"] = [chance.choice([2**39, 1e30, 10**400])] * len(value)
        named = text_of(path)
        return [named if table["cells"][0] == 2**39 else f"{named}[0]"]
    if path[-1] not in COUNTS:
        return []
    table[path[-1]] = chance.choice([1e30, 10**400, 10**12 + 1])
    return [text_of(path)]


def left_out(table, path, value, chance):
    is_axis = path[0] == "boundaries" and len(path) == 3  # both faces are periodic without
    is_nameless = path[-1] == "name" and path[0] != "species"  # a patch may be
    is_optional = path[-1] == "temperature_K" and (path[0] == "species" or "profile" in path)
    if path[-1] not in REQUIRED or path[0] == "gas" or is_axis or is_nameless or is_optional:
        return []
    del table[path[-1]]
    return [text_of(path)]


def wrong_length(table, path, value, chance):
    if not isinstance(value, list) or path[-1] == "quantities":
        return []
    table[path[-1]] = value * 4
    return [text_of(path)]


def unknown_word(table, path, value, chance):
    if path[-1] == "quantities":
        table[path[-1]] = [*value, "temprature"]
        return [f"{text_of(path)}[{len(value)}]"]
    if path[-1] not in CHOICES:
        return []
    table[path[-1]] = chance.choice(["nonsense", "", "Equilibrium"])
    return [text_of(path)]


def invisible(table, path, value, chance):
    if path[-1] not in ("title", "path"):
        return []
    table[path[-1]] = "a\0b" if chance.random() < 0.5 else "a\x1b[31mb"
    return [text_of(path)]


WAYS = (
    typo, without_unit, wrong_type, text_for_number, no_number, zero, absurd, left_out,
    wrong_length, unknown_word, invisible,
)  # fmt: skip


def spoilt(tables: dict, path: Place, way, chance: random.Random) -> list[str]:
    """Spoil one key in one way; the paths to be named."""
    table = table_of(tables, path)
    value = table[path[-1]]
    if path[-1] in FREE and way in (text_for_number, zero, no_number):
        return []
    return way(table, path, value, chance)


def of_one_key() -> Iterator[Bad]:
    """Every key of every good scenario, spoilt in some of the ways that apply to it."""
    chance = random.Random(SEED)
    for tables in GOOD.values():
        for path, _ in leaves(tables):
            made = []
            for way in chance.sample(WAYS, len(WAYS)):
                changed = copy.deepcopy(tables)
                if named := spoilt(changed, path, way, chance):
                    made.append((changed, named))
            yield from made[:2]


def of_two_keys() -> Iterator[Bad]:
    """Keys of two sections spoilt at once: both must be named."""
    chance = random.Random(SEED + 1)
    for tables in [*GOOD.values()] * 6:
        changed, named, sections = copy.deepcopy(tables), [], set()
        while len(sections) < 2:
            path, _ = chance.choice(list(leaves(changed)))
            way = chance.choice([typo, without_unit, wrong_type, no_number])
            if path[0] in sections or path[-1] == "kind":
                continue
            found = spoilt(changed, path, way, chance)
            named += found
            sections |= {path[0]} if found else set()
        yield changed, named


PERIODIC, MIRROR = {"kind": "periodic"}, {"kind": "specular"}
TOGETHER = {
    "walls: periodic opposite": ("x", {"low": PERIODIC, "high": MIRROR}, "x.low.kind"),
    "walls: one only": ("x", {"low": MIRROR}, "x.high"),
    "walls: kind and low": ("x", {"kind": "periodic", "low": MIRROR}, "x.kind"),
    "walls: normal velocity": (
        "x", {"low": DIFFUSE | {"velocity_m_s": [5, 0, 0]}, "high": MIRROR}, "x.low.velocity_m_s",
    ),
    "walls: no such axis": ("z", {"kind": "specular"}, "z"),
    "walls: diffuse as kind": ("x", {"kind": "diffuse"}, "x.kind"),
    "walls: moving mirror": (
        "x", {"low": MIRROR | {"velocity_m_s": [0, 5, 0]}, "high": MIRROR}, "x.low.velocity_m_s",
    ),
    "walls: not a table": ("x", "periodic", "x"),
}  # fmt: skip
EXTRA = (
    ("walls", "run", {"time_s": 1.0}, "run.time_s"),
    ("walls", "run", {"collisions": 3.0}, "run.collisions"),
    ("walls", "run", {"time_step_s": 1e-9}, "run.time_step_mct"),
    ("walls", "initial", {"weight": 1e9}, "initial.weight"),
    ("walls", "initial", {"particles_per_cell": 9.0}, "initial.particles_per_cell"),
    ("walls", "initial", {"particles": 10**12}, "initial.particles"),
    ("walls", "output", {"fields": 7}, "output.fields"),
    ("walls", "domain", {"cells": [50_000, 50_000]}, "domain.cells"),
    ("walls", "domain", {"cells": [40_000, 40_000]}, "domain.cells"),
    ("walls", "gas", {"omega": 2.0}, "gas.omega"),
    ("walls", "gas", {"species": "Argon"}, "gas.species"),
    ("walls", "force", {"acceleration_m_s2": [0, 9.8]}, "force.acceleration_m_s2"),
    ("walls", "run", {"time_step_mct": 0.9, "strict": True}, "run.time_step_mct"),
    ("walls", "initial", {"number_density_m3": 1e305}, "initial.number_density_m3"),
    ("mixture", "gas", {"species": "Ar"}, "gas.species"),
    ("mixture", "initial", {"kind": "shell"}, "species[0].temperature_K"),
    ("riemann", "initial", {"exact_energy": True}, "initial.exact_energy"),
    ("riemann", "initial", {"particles_per_cell": 1e-9}, "initial.particles_per_cell"),
    ("riemann", "initial", {"particles_per_cell": 1e300}, "initial.particles_per_cell"),
    ("file", "sample", {"quantities": ["wall_shear"]}, "sample.quantities[0]"),
    ("file", "output", {"directory": "a\nb"}, "output.directory"),
    ("riemann", "initial", {"left": SIDE | {"temperature_K": 1e30}}, "initial.left.temperature_K"),
    ("file", "initial", {"velocity_m_s": [3e9, 0, 0]}, "initial.velocity_m_s"),
    ("file", "run", {"steps": 10**11}, None),
    ("steady", "sample", {"start": "stedy"}, "sample.start"),
    ("steady", "sample", {"fields_every": 0}, "sample.start"),
    ("steady", "sample", {"targets": {}}, "sample.targets"),
    ("steady", "sample", {"targets": {"energy": 0.01}}, "sample.targets.energy"),
    ("steady", "sample", {"targets": {"wall_shear": 1.0}}, "sample.targets.wall_shear"),
    ("file", "sample", {"targets": {"wall_shear": 0.1}}, "sample.targets.wall_shear"),
    ("file", "sample", {"targets": {"mass_flow": 0.1}}, "sample.targets.mass_flow"),
    ("file", "sample", {"quantities": ["mass_flow"]}, "sample.quantities[0]"),
    ("file", "sample", {"quantities": ["shear_wave"]}, "sample.quantities[0]"),
    ("file", "sample", {"wall_cells": True}, "sample.wall_cells"),
    ("file", "sample", {"planes": [{"axis": "y", "position_m": 0.1}]}, "sample.planes[0].axis"),
    (
        "file",
        "sample",
        {"planes": [{"axis": "x", "position_m": 0.1}]},
        "sample.planes[0].position_m",
    ),
    (
        "steady",
        "sample",
        {"distributions": [{"position_m": [5e-4]}]},
        "sample.distributions[0].position_m",
    ),
    (
        "steady",
        "sample",
        {"distributions": [{"position_m": [5e-4, 5e-4]}] * 2},
        "sample.distributions[1].position_m",
    ),
    (
        "steady",
        "sample",
        {"distributions": [{"position_m": [0, 0], "range_m_s": [1, 0]}]},
        "sample.distributions[0].range_m_s",
    ),
)


def of_several_keys() -> Iterator[Bad]:
    """Keys that contradict each other, and values that are too much together."""
    for axis, table, named in TOGETHER.values():
        yield GOOD["walls"] | {"boundaries": {axis: table}}, [f"boundaries.{named}"]
    for name, section, keys, named in EXTRA:
        tables = copy.deepcopy(GOOD[name])
        tables.setdefault(section, {}).update(keys)
        if named is None:
            tables["sample"] = {"every": 1}
            named = "sample.every"
        yield tables, [named]
    for name in ("gas", "domain", "initial", "boundaries", "run", "sample", "output"):
        for value in (3, "text", [], [{"a": 1}]):
            yield GOOD["walls"] | {name: value}, [name]
        yield GOOD["walls"] | {name[:-1] + "x": {"a": 1}}, [name[:-1] + "x"]
    entries = GOOD["mixture"]["species"]
    for pair, named in (
        ([entries[0], entries[0]], "species[1].name"),
        ([entries[0], entries[1] | {"fraction": 0.7}], "species[].fraction"),
        ([entries[0], {"name": "Helium", "fraction": 0.5}], "species[1].name"),
    ):
        yield GOOD["mixture"] | {"species": pair}, [named]
    yield GOOD["mixture"] | {"species": entries[0]}, ["species"]
