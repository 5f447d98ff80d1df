"""Transport coefficients from the fluctuations of a gas in equilibrium (Green 1954, Kubo 1957).

    mu = (V/kT) int <P_xy(0) P_xy(t)> dt,   k = (V/kT^2) int <q_x(0) q_x(t)> dt,
    D = int <v_x(0) v_x(t)> dt

over many independent cells of N particles without flight: the collision process alone, exact in
time. In a dilute gas the correlations at equal times are those of independent particles, so a
coefficient is p, (5/2)(k/m) p or kT/m times the correlation time

    I = int r(t) dt,   r(t) = <A(0) A(t)>/<A^2>.

The particles of a cell share its momentum and energy, a bias of 1/N: I of cells of N and of 2 N,
2 I(2N) - I(N), has one of 1/N^2. The integral is Simpson's sum over correlations a quarter of a
collision time apart, up to a time from which the rest is known to be small.

    M. S. Green, J. Chem. Phys. 22 (1954) 398; R. Kubo, J. Phys. Soc. Japan 12 (1957) 570.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from dsmc.simulation import Simulation
from dsmc.validate.case import Repetition, Values
from dsmc.validate.isolated_cells import cells_of, normal_velocities, put, with_fixed_energy

SPACING = 0.25  # of the samples [tau]
WINDOWS = {"viscosity": 12.0, "conductivity": 18.0, "self_diffusion": 14.0}  # [tau]
MODES = {
    "viscosity": "anisotropy", "conductivity": "heat_flux", "self_diffusion": "tagged_velocity",
}  # fmt: skip
WARM_UP = 1.0  # [tau], in steps of SPACING; the start is drawn from equilibrium as it is


class Fluctuations(NamedTuple):
    """What the cells of a gas in equilibrium showed, sample by sample, every SPACING."""

    stress: Values  # (T, cells, 5) independent components of the momentum flux
    heat_flux: Values  # (T, cells, 3)
    self_memory: Values  # (origins, lags) sum over particles of v(0) . v(t)


def fluctuations(
    repetition: Repetition, gas: str | Mapping, cells: int, each: int, tau: float
) -> Fluctuations:
    """Watch `cells` isolated cells of `each` particles for `tau` collision times."""
    scenario = cells_of(gas, cells, each, SPACING)
    start = with_fixed_energy(normal_velocities(repetition.random(each), cells, each))
    lags = round(WINDOWS["self_diffusion"] / SPACING)
    stress, heat_flux, memory, origin = [], [], [], None

    def look(simulation: Simulation) -> None:
        nonlocal origin
        fields = simulation.moments()
        xx, yy, zz = (fields[f"pressure_{a}{a}"] for a in "xyz")
        stress.append(
            [*(fields[f"pressure_{pair}"] for pair in ("xy", "xz", "yz")), (xx - yy) / 2.0,
             (2.0 * zz - xx - yy) / 12.0**0.5]
        )  # fmt: skip
        heat_flux.append([fields[f"heat_flux_{a}"] for a in "xyz"])
        velocity = simulation.particles.velocity
        if (len(stress) - 1) % (lags + 1) == 0:
            origin = np.array(velocity)
            memory.append([])
        memory[-1].append(np.einsum("ni,ni->", origin, velocity))

    with repetition.simulation(scenario) as simulation:
        put(simulation, start)
        look(simulation)
        simulation.run(steps=round(tau / SPACING), callback=look, progress=False)
    whole = [row for row in memory if len(row) == lags + 1]
    return Fluctuations(
        np.moveaxis(np.array(stress), 1, 2), np.moveaxis(np.array(heat_flux), 1, 2), np.array(whole)
    )


def correlation(series: Values, lags: int) -> Values:
    """r at lags 0 ... `lags` over all origins, cells and components; series : (T, cells, K)."""
    flat = series.reshape(len(series), -1)
    raw = [np.vdot(flat[: len(flat) - j], flat[j:]) / (len(flat) - j) for j in range(lags + 1)]
    return np.array(raw) / raw[0]


def correlation_times(seen: Fluctuations) -> Values:
    """(3,) I of stress, heat flux and tagged velocity [tau], each over its window."""
    lags = {name: round(window / SPACING) for name, window in WINDOWS.items()}
    tagged = seen.self_memory.sum(axis=0)
    histories = {
        "viscosity": correlation(seen.stress, lags["viscosity"]),
        "conductivity": correlation(seen.heat_flux, lags["conductivity"]),
        "self_diffusion": tagged / tagged[0],
    }
    return np.array([simpson(r) for r in histories.values()])


def simpson(values: Values) -> float:
    """Integral over an even number of intervals of SPACING; values : (2 n + 1,)."""
    odd, even = values[1:-1:2].sum(), values[2:-1:2].sum()
    return float(SPACING / 3.0 * (values[0] + 4.0 * odd + 2.0 * even + values[-1]))
