"""Who may import whom. To move a module, move its name in LAYERS and say why in the commit."""

import re
import sys
import tomllib
from collections.abc import Iterable
from functools import partial

import pytest

from tests.architecture.source import PACKAGES, ROOT, Module, hold, imports, modules

# The rooms of dsmc from the bottom to the top: a module imports from its own room or from below.
LAYERS = {
    "machine": {
        "compiled", "disk", "elementary", "elementary_single", "interruptions", "journal", "lanes",
        "own_process", "programme", "row_bounds", "row_flights", "row_vectors", "shares",
        "team", "ticks",
    },
    "laws": {
        "cross_section", "entering", "exchange", "parabola", "poisson", "reflection", "scatter",
    },
    "tables": {"grading", "species", "quantities", "reference"},
    "randomness": {"draws"},
    "stages and state": {
        "batch", "cells", "census", "collide", "crossings", "disjoint", "drift", "encounters",
        "fall", "fetch", "gas", "inflow", "initial", "macroscopic", "model", "moments", "outside",
        "pairs", "particles", "partners", "repulsion", "rows", "slabs", "sort", "turning",
        "velocities", "walls",
    },
    "step": {"device", "executor", "host", "step"},
    "measuring": {
        "averaging", "balances", "blocks", "claims", "closing", "collisionless", "distributions",
        "entropy", "expected", "expected_profiles", "faces", "impulse", "labelled", "loads",
        "measured", "notebook", "planes", "probing", "resolution", "result", "sampling",
        "slow_modes", "statistics", "steady", "verdict", "wall_profiles",
    },
    "files": {
        "checkpoint", "damage", "earlier", "fields", "flow_groups", "hdf5", "mesh", "snapshots",
        "summary", "trajectory",
    },
    "simulation": {"output", "progress", "replicas", "run", "samplers", "simulation", "window"},
    "outside": {
        "bench", "compare", "continuation", "endings", "folder", "forecast", "inspect", "launch",
        "problems", "scenario", "validate",
    },
    "command line": {"__main__", "option_values"},
}  # fmt: skip

INSTRUCTIONS = (  # those of vectors, and those of threads that wait
    "dsmc/compiled.py", "dsmc/lanes.py", "dsmc/row_bounds.py", "dsmc/row_flights.py",
    "dsmc/row_vectors.py", "dsmc/shares.py", "dsmc/team.py", "dsmc/ticks.py",
)  # fmt: skip
# Modules that may use a library; a folder ends with "/".
CONFINED = {
    "numba": INSTRUCTIONS,
    "llvmlite": INSTRUCTIONS,
    "torch": ("dsmc/device/", "bridge/"),
    "triton": ("dsmc/device/fused/",),
    "h5py": (
        "dsmc/hdf5.py", "dsmc/damage.py", "dsmc/trajectory.py", "dsmc/fields.py", "dsmc/mesh.py",
        "dsmc/snapshots.py", "dsmc/checkpoint.py", "dsmc/inspect/",
    ),
    "matplotlib": ("viz/",),
}  # fmt: skip

# Libraries that a function may use if they are there, and must do without if not.
IF_INSTALLED = {"xarray", "IPython"}

# What the start of a module must not load, directly or through what it imports.
HEAVY = {"numba", "llvmlite", "torch", "triton", "h5py", "matplotlib", "scipy", "MDAnalysis"}
LIGHT_START = {
    "dsmc": HEAVY | {"numpy", "pydantic", "rich"},
    "dsmc.__main__": HEAVY | {"pydantic", "rich"},
    "dsmc.scenario": HEAVY | {"rich"},  # `dsmc check` needs the scenario, not the engine
}

ENGINE = modules("dsmc")
OURS = modules(*PACKAGES)


def layer_of(name: str) -> int | None:
    """Number of the room of a dotted name such as "dsmc.cells"; None outside the table."""
    package, _, rest = name.partition(".")
    for number, room in enumerate(LAYERS.values()):
        if package == "dsmc" and rest.split(".")[0] in room:
            return number
    return None


def upward_imports(module: Module) -> list[str]:
    """Imports from a room above; a law imports no other law."""
    mine = layer_of(module.name)
    if mine is None:
        return []
    highest = mine - 1 if module.name.split(".")[1] in LAYERS["laws"] else mine
    complaints = []
    for found in imports(module):
        theirs = layer_of(found.target)
        if theirs is not None and theirs > highest and found.target != module.name:
            complaints.append(module.at(found.node, f"imports {found.target} from above"))
    return complaints


def forbidden_packages(module: Module) -> list[str]:
    """dsmc imports bridge nowhere; dsmc and bridge import viz only inside a function."""
    own = module.path.split("/")[0]
    complaints = []
    for found in imports(module):
        package = found.target.split(".")[0]
        if (own, package) in {("dsmc", "bridge"), ("viz", "bridge")}:
            complaints.append(module.at(found.node, f"{own} must not know {package}"))
        if package == "viz" and own != "viz" and found.at_load:
            complaints.append(module.at(found.node, "import viz inside the function that draws"))
    return complaints


def escaped_libraries(module: Module) -> list[str]:
    """Libraries used outside the modules they are confined to."""
    complaints = []
    for found in imports(module):
        library = found.target.split(".")[0]
        if library in CONFINED and not module.path.startswith(CONFINED[library]):
            complaints.append(
                module.at(found.node, f"{library} belongs to {', '.join(CONFINED[library])}")
            )
    return complaints


def undeclared_libraries(module: Module, declared: set[str]) -> list[str]:
    """Libraries that pyproject.toml does not name."""
    complaints = []
    for found in imports(module):
        library = found.target.split(".")[0]
        known = library in sys.stdlib_module_names or library in PACKAGES
        known = known or (library in IF_INSTALLED and not found.at_load)
        if not known and library.lower() not in declared:
            complaints.append(module.at(found.node, f"{library} is not in pyproject.toml"))
    return complaints


def declared_libraries() -> set[str]:
    """Import names of the libraries that the packages may use at run time."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    needed = [*project["dependencies"], *project["optional-dependencies"]["torch"]]
    named = {re.match(r"[\w-]+", line)[0].lower() for line in needed}
    return named | {"llvmlite", "triton"}  # of numba; of torch for CUDA


def loads_with(start: str, sources: Iterable[Module]) -> dict[str, str]:
    """Everything that importing `start` loads: name, and the chain of modules that leads to it."""
    by_name = {module.name: module for module in sources}
    chains = {start: start}
    waiting = [start]
    while waiting:
        name = waiting.pop()
        if name not in by_name:
            continue
        for found in imports(by_name[name]):
            parent = found.target.rpartition(".")[0]
            target = found.target if found.target in by_name or parent not in by_name else parent
            if found.at_load and target not in chains:
                chains[target] = f"{chains[name]} > {target}"
                waiting.append(target)
    return chains


def heavy_starts(start: str, heavy: set[str], sources: Iterable[Module]) -> list[str]:
    """Chains from `start` to a library that its start must not load."""
    chains = loads_with(start, sources)
    return [chain for name, chain in chains.items() if name.split(".")[0] in heavy]


def import_cycles(sources: Iterable[Module]) -> list[str]:
    """Modules that import themselves, through others, when they are loaded."""
    sources = list(sources)
    cycles = {}
    for module in sources:
        for found in imports(module):
            if found.at_load and found.target != module.name:
                chain = loads_with(found.target, sources).get(module.name)
                if chain:
                    cycles[module.name] = f"{module.name} > {chain}"
    return list(cycles.values())


def test_every_module_imports_only_from_its_own_room_or_below():
    hold(upward_imports, ENGINE)


def test_the_engine_knows_neither_bridge_nor_pictures():
    hold(forbidden_packages, OURS)


def test_libraries_stay_where_they_belong():
    hold(escaped_libraries, OURS)


def test_every_library_in_use_is_declared():
    hold(partial(undeclared_libraries, declared=declared_libraries()), OURS)


def test_no_module_imports_itself_through_others():
    cycles = import_cycles(OURS)
    assert not cycles, "\n" + "\n".join(cycles)


@pytest.mark.parametrize("start", LIGHT_START)
def test_the_command_line_starts_without_heavy_libraries(start):
    chains = heavy_starts(start, LIGHT_START[start], OURS)
    assert not chains, "\n" + "\n".join(chains)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("dsmc/scatter.py", "from dsmc.species import BOLTZMANN"),
        ("dsmc/scatter.py", "from dsmc import cross_section"),
        ("dsmc/scatter.py", "from .cross_section import prefactor"),
        ("dsmc/cells.py", "import dsmc.step"),
        ("dsmc/step.py", "def advance():\n    from dsmc.simulation import Simulation"),
    ],
)
def test_an_import_from_above_is_noticed(path, text):
    assert upward_imports(Module(path, text))


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("dsmc/scatter.py", "from dsmc.compiled import law"),
        ("dsmc/step.py", "from dsmc import cells, collide"),
        ("dsmc/cells.py", "if TYPE_CHECKING:\n    from dsmc.simulation import Simulation"),
        ("dsmc/new_idea.py", "from dsmc.simulation import Simulation"),
    ],
)
def test_an_import_from_below_is_allowed(path, text):
    assert not upward_imports(Module(path, text))


@pytest.mark.parametrize(
    ("path", "text", "allowed"),
    [
        ("dsmc/step.py", "def f():\n    import bridge", False),
        ("dsmc/simulation.py", "import viz.style", False),
        ("dsmc/simulation.py", "def f():\n    from viz import relaxation", True),
        ("viz/training.py", "import bridge.similarity", False),
    ],
)
def test_a_wrong_package_is_noticed(path, text, allowed):
    assert (not forbidden_packages(Module(path, text))) is allowed


@pytest.mark.parametrize(
    ("path", "text", "allowed"),
    [
        ("dsmc/cells.py", "from numba import njit", False),
        ("dsmc/compiled.py", "import numba", True),
        ("dsmc/simulation.py", "def save():\n    import h5py", False),
        ("dsmc/device/cells.py", "import torch", True),
        ("dsmc/result.py", "import matplotlib.pyplot as plt", False),
    ],
)
def test_an_escaped_library_is_noticed(path, text, allowed):
    assert (not escaped_libraries(Module(path, text))) is allowed


def test_an_undeclared_library_is_noticed():
    declared = declared_libraries()
    assert undeclared_libraries(Module("dsmc/cells.py", "import pandas"), declared)
    assert undeclared_libraries(Module("dsmc/result.py", "import xarray"), declared)
    assert not undeclared_libraries(Module("dsmc/cells.py", "import math, numpy"), declared)


def test_a_heavy_start_and_a_cycle_are_noticed():
    start = Module("dsmc/__main__.py", "from dsmc.cells import grid")
    heavy = [start, Module("dsmc/cells.py", "import numba\nfrom dsmc.__main__ import main")]
    lazy = [start, Module("dsmc/cells.py", "def f():\n    import numba")]
    assert heavy_starts("dsmc.__main__", HEAVY, heavy)
    assert not heavy_starts("dsmc.__main__", HEAVY, lazy)
    assert import_cycles(heavy)
    assert not import_cycles(lazy)
