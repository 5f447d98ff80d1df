"""A gas of hard spheres between parallel diffuse plates at six Knudsen numbers, on two grids.

What a run adds to a linear flow between plates is of second order in what drives it (the plates
heat the gas, and warm gas flows otherwise), in the width of the cells and in the time step. N
molecules in a cell that collide with each other again within a step add 0.6 (dt/tau_c)/N to the
stress at Kn = 0.05 (measured in steps of 0.3 and 0.6 tau_c, cells of 0.2 and 0.4 lambda, N = 5 to
80).
On a grid that is coarser in all of them at once, twice as strongly driven, with cells and steps
twice as large and half the molecules in a cell, these errors are four times as large, and

    (4 fine - coarse)/3

is free of them. The coarse flow costs little: it is twice as strong, in twice as long steps. The
change, coarse - fine, is three times the error of the fine flow; what is left is of the order of
the square of the coarse one's.

No correction is taken from theory. Those for the bulk of a gas are too small in gaps of a few mean
free paths: at Kn = 1 steps dt add 0.04 (dt/tau_c)^2 to the stress of Couette flow, more than twice
what their excess of viscosity does in the slip solution.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from dsmc.scenario import Scenario
from dsmc.simulation import Simulation
from dsmc.validate.case import Curve, Figures, Repetition, Values, figures
from dsmc.validate.homogeneous import ARGON, NUMBER_DENSITY, PATH, TEMPERATURE, V0, domain


class Grid(NamedTuple):
    """How a gap is resolved and how long the gas in it is looked at."""

    knudsen: float  # lambda/a
    cells: int
    step: float  # [tau_c]
    settling: float  # [tau_c]: the start is forgotten
    steps: int = 0  # that are looked at
    particles: int = 8000
    per_cell: int | None = None  # particles, in cells that also lie side by side; None: in one row

    @property
    def gap(self) -> float:
        """a/lambda."""
        return 1.0 / self.knudsen

    def coarser(self) -> Grid:
        """The grid on which everything of second order is four times as large."""
        return self._replace(
            cells=self.cells // 2,
            step=2.0 * self.step,
            particles=self.particles // 4,
            per_cell=self.per_cell and self.per_cell // 2,
        )


GRIDS = (
    Grid(0.05, cells=100, step=0.3, settling=300.0),
    Grid(0.1, cells=50, step=0.3, settling=100.0),
    Grid(0.3, cells=20, step=0.3, settling=24.0),
    Grid(1.0, cells=8, step=0.2, settling=10.0),
    Grid(5.0, cells=4, step=0.06, settling=4.0),
    Grid(20.0, cells=2, step=0.04, settling=2.0),
)
EVERY = {grid.knudsen: 1.0 for grid in GRIDS}
"""The Knudsen numbers, each as long as its drive says."""


class Drive(NamedTuple):
    """How strongly the gas is driven on the fine grid, in the unit of the flow, and how long."""

    strength: float
    steps: int


Flow = Callable[..., Values]


def gas_between(
    grid: Grid,
    low: Mapping[str, Any],
    high: Mapping[str, Any],
    acceleration: float = 0.0,
    fields_every: int = 0,
    collisions: str = "ntc",
) -> Scenario:
    """Argon as hard spheres between diffuse plates.

    low, high : what the plates have besides; acceleration : along the plates [m/s^2]
    fields_every : steps between samples of the cells, once the flow has settled
    """
    plates = {
        side: {"kind": "diffuse", "temperature_K": TEMPERATURE, **plate}
        for side, plate in (("low", low), ("high", high))
    }
    return Scenario(
        gas=ARGON["hard-sphere"],
        domain=domain(grid.gap * PATH, grid.cells, grid.particles, grid.per_cell),
        initial={"kind": "equilibrium", "number_density_m3": NUMBER_DENSITY,
                 "temperature_K": TEMPERATURE, "particles": grid.particles},
        boundaries={"x": plates},
        force={"acceleration_m_s2": [0.0, acceleration, 0.0]},
        collisions={"scheme": collisions},
        run={"time_step_mct": grid.step, "steps": 10**6},
        sample={"start": settling_steps(grid), "every": 10**9, "fields_every": fields_every},
    )  # fmt: skip


def settling_steps(grid: Grid) -> int:
    """Steps until the flow is looked at."""
    return round(grid.settling / grid.step)


def start(simulation: Simulation, change: Callable[[Values, Values], Values]) -> None:
    """Put in gas that is near the flow that is expected.

    change : change(x in (-1/2, 1/2), velocity (N, 3)) -> velocity
    """
    view = simulation.particles
    x = view.position[:, 0] / simulation.scenario.lengths[0] - 0.5
    simulation.set_particles(velocity=change(x, np.array(view.velocity)))


def received(simulation: Simulation, grid: Grid) -> Values:
    """(2, columns) what the plates counted, per area and time [SI], once the flow has settled."""
    scenario = simulation.scenario
    simulation.run(steps=settling_steps(grid), progress=False)
    before = simulation.tallies["walls"]
    simulation.run(steps=grid.steps, progress=False)
    area = scenario.volume / scenario.lengths[0]
    unit = scenario.weight / (area * grid.steps * scenario.time_step)
    return unit * (simulation.tallies["walls"] - before)


def fields_along(
    repetition: Repetition,
    grid: Grid,
    acceleration: float,
    speed: Callable[[Values], Values],
    accommodation: float,
    collisions: str = "ntc",
) -> Mapping[str, Any]:
    """Fields between plates at rest of gas that is driven along them, once it flows steadily.

    acceleration : along the plates [m/s^2]; speed : speed(x in (-1/2, 1/2)) it begins with [m/s]
    """

    def flowing(x: Values, velocity: Values) -> Values:
        velocity[:, 1] += speed(x)
        return velocity

    wall = {"accommodation": accommodation}
    scenario = gas_between(grid, wall, wall, acceleration, fields_every=4, collisions=collisions)
    with repetition.simulation(scenario) as simulation:
        start(simulation, flowing)
        received(simulation, grid)
        return simulation.result.fields


def mass_flow(fields: Mapping[str, Any]) -> float:
    """Mass that flows along the plates, over n m v0: the mean over the gap."""
    flux = fields["number_density"].value * fields["velocity_y"].value
    return float(flux.mean() / (NUMBER_DENSITY * V0))


def on_two_grids(
    repetition: Repetition,
    flow: Flow,
    drives: Mapping[float, Drive],
    numbers: Mapping[float, float],
    excess: float = 0.0,
    per_cell: int | None = None,
    **options: Any,
) -> Values:
    """F figures of a flow at K Knudsen numbers, free of second order, then their changes: (2 K F,).

    flow : flow(repetition, grid, strength, **options) -> (F,); drives : by Knudsen number
    numbers : {Knudsen number: how many times as long as its drive says}
    excess : by how much the drive of a twin is stronger than it is said to be
    per_cell : particles on the fine grid; None: as many as a row of cells holds
    """
    stronger = 1.0 + excess
    fine, coarse = [], []
    for place, grid in enumerate(GRIDS):
        if grid.knudsen not in numbers:
            continue
        strength, steps = drives[grid.knudsen]
        own = grid._replace(steps=round(numbers[grid.knudsen] * steps), per_cell=per_cell)
        number = 2 * (len(GRIDS) * repetition.number + place)
        one, other = repetition.part(number), repetition.part(number + 1)
        drive = stronger * strength
        fine.append(stronger * flow(one, own, drive, **options))
        coarse.append(stronger * flow(other, own.coarser(), 2.0 * drive, **options))
    close, wide = np.array(fine), np.array(coarse)
    return np.array([(4.0 * close - wide) / 3.0, wide - close]).ravel()


def known_at(
    numbers: Mapping[float, float],
    flows: Mapping[str, Callable[[float], float]],
    margins: Sequence[float],
    changes: float,
) -> Figures:
    """What `on_two_grids` must find, F flows by name; F relative margins.

    changes : margin of all relative changes from the fine to the coarse grid
    """
    chosen = np.array([number for number in EVERY if number in numbers])
    exact = np.array([[flow(1.0 / number) for flow in flows.values()] for number in chosen])
    labels = [f"{name}, Kn = {number:g}" for number in chosen for name in flows]
    labels += [f"change of {label}" for label in labels]
    margin = np.concatenate([(exact * margins).ravel(), (exact * changes).ravel()])
    curves = [
        Curve(name, "Kn", chosen, range(k, exact.size, len(flows)), logarithmic=True)
        for k, name in enumerate(flows)
    ]
    return figures(labels, [*exact.ravel(), *np.zeros(exact.size)], margin, curves)
