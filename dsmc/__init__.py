"""Direct simulation Monte Carlo of rarefied gases, held to exact kinetic theory.

>>> import dsmc
>>> scenario = dsmc.load("relaxation")
>>> scenario.gas.species
'Ar'

Everything is imported when it is first used: `import dsmc` itself is immediate.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dsmc import entropy, moments, reference, species, statistics
    from dsmc.continuation import resume
    from dsmc.folder import open
    from dsmc.scenario import Scenario, ScenarioError, load
    from dsmc.simulation import Simulation

__version__ = "0.1.0"

__all__ = [
    "Scenario",
    "ScenarioError",
    "Simulation",
    "entropy",
    "load",
    "moments",
    "open",
    "reference",
    "resume",
    "species",
    "statistics",
]

_HOMES = {
    "Scenario": "dsmc.scenario",
    "ScenarioError": "dsmc.scenario",
    "load": "dsmc.scenario",
    "open": "dsmc.folder",
    "resume": "dsmc.continuation",
    "Simulation": "dsmc.simulation",
}


def __getattr__(name: str) -> Any:
    """The public name, its module imported now."""
    if name not in __all__:
        raise AttributeError(f"module 'dsmc' has no attribute {name!r}")
    home = _HOMES.get(name)
    value = getattr(import_module(home), name) if home else import_module(f"dsmc.{name}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """Public names, imported or not."""
    return sorted({*globals(), *__all__})
