"""The samplers of a run: what its scenario asks to be measured."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from dsmc.averaging import FieldSampler
from dsmc.loads import TallySampler
from dsmc.probing import Probing
from dsmc.rows import rows
from dsmc.sampling import CensusSampler, SeriesSampler
from dsmc.slow_modes import relaxation_rates
from dsmc.walls import net
from dsmc.window import Window

if TYPE_CHECKING:
    from dsmc.executor import Executor
    from dsmc.model import Model
    from dsmc.particles import Particles
    from dsmc.scenario import Scenario

SETTLING = 20.0  # collision times until the census believes that the gas has forgotten its start


class Samplers(NamedTuple):
    """Those of a run; None where there is nothing to sample."""

    window: Window
    series: SeriesSampler
    fields: FieldSampler | None
    walls: TallySampler
    probing: Probing
    census: CensusSampler | None


def samplers(scenario: Scenario, model: Model, executor: Executor) -> Samplers:
    """Return the samplers of a scenario, which have seen nothing yet."""
    window, planes = Window(scenario), rows(scenario).planes

    def faces() -> np.ndarray:
        return executor.tallies.walls.sum(axis=0)

    walls, state = TallySampler(window.start, lambda: net(faces()[:planes])), executor.state
    census = None
    if state.clock is not None:
        settled = SETTLING * scenario.collision_time
        census = CensusSampler(model.gas, scenario.temperature, state.slabs, settled)
    fields = _fields(scenario, model, state, window) if scenario.sample.fields_every else None
    probing = Probing(scenario, window.start, faces)
    return Samplers(window, _series(scenario, model), fields, walls, probing, census)


def _series(scenario: Scenario, model: Model) -> SeriesSampler:
    names = tuple(molecule.name for molecule in scenario.molecules)
    axial = scenario.initial.kind in ("bi-maxwellian", "two-beams")
    wanted = frozenset(scenario.sample.quantities)
    is_wave = scenario.initial.kind == "shear-wave"
    length = scenario.lengths[0] if is_wave else None
    return SeriesSampler(model.gas, names, wanted, axial, scenario.time_step, length)


def _fields(scenario: Scenario, model: Model, state: Particles, window: Window) -> Any:
    output = scenario.output
    return FieldSampler(
        model.grid, model.gas, scenario.sample.fields_every, window.start,
        scenario.particle_count / scenario.cell_count,  # of the start, also where a run goes on
        [rates * scenario.time_step for rates in relaxation_rates(scenario)],
        output.fields * (output.fields_average == "interval"),
        model.time_step if model.colliding else None,
    )  # fmt: skip
