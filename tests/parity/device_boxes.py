"""Small gases that between them use every branch of the device, in cells of few particles."""

import dsmc
from tests.parity.boxes import COLD, HOT, LEAKS, SERIES, box

LOBES = {"kind": "cll", "temperature_K": 350.0, "normal_accommodation": 0.6,
         "tangential_accommodation": 1.3, "velocity_m_s": [0.0, 0.0, 40.0]}  # fmt: skip
NO_FIELDS = {"quantities": SERIES, "fields_every": 0}


def _line(model: str, **changes) -> dict:
    """Periodic in one dimension, unless boundaries are given."""
    step = {"time_step_mct": 0.4}
    return {"name": "line", "gas": {"model": model}, "sample": NO_FIELDS, "run": step, **changes}


CHANGES = {
    "hard-sphere": _line("hard-sphere", domain={"cells": [400]}),
    "vhs": _line("vhs", domain={"cells": [400]}),
    "vss": _line("vss", domain={"cells": [400]}),
    "maxwell": _line("maxwell", domain={"cells": [300]}),
    # so narrow that walls are hit several times in a step
    "gap": _line(
        "hard-sphere", domain={"length_m": [1e-5], "cells": [400]},
        boundaries={"x": {"low": COLD, "high": HOT}},
    ),
    "lobes": _line(
        "vhs", domain={"length_m": [1e-5], "cells": [400]},
        boundaries={"x": {"low": LOBES, "high": {"kind": "symmetry"}}},
    ),
    "room": {"name": "room", "run": {"time_step_mct": 0.3}},
    # two species, patches and profiles, cells along the walls, fields
    "duct": {
        "name": "duct",
        "domain": {"cells": [25, 20]},
        "boundaries": {
            "x": {"low": HOT, "high": {"kind": "specular"}},
            "y": {"low": {"kind": "symmetry", "patches": LEAKS[1:]}, "high": LOBES},
        },
        "sample": {"wall_cells": True},
    },
    "plane": {"name": "plane"},  # three species, single precision, fields
    # cells of so many that the host plays several candidates of each at once
    "full": _line("vss", domain={"cells": [20]}, run={"time_step_mct": 0.14}),
}  # fmt: skip
CHANGES["full duct"] = CHANGES["duct"] | {
    "domain": {"cells": [5, 4]},
    "run": {"time_step_mct": 0.1},
}


def device_box(name: str, **changes) -> dsmc.Scenario:
    """A box by name; further changes as in `boxes.box`."""
    mine = CHANGES[name]
    tables = {key: table for key, table in mine.items() if key != "name"}
    for key, table in changes.items():
        tables[key] = tables.get(key, {}) | table
    return box(mine["name"], **tables)
