"""Expected curves: which exact result a scenario may be held to, quantity by quantity.

Only what is exact or converged is offered; None means that nothing is known.  Times are counted in
collisions, nu t (1 - 1/N): N particles in a closed box collide by the factor (1 - 1/N) less often
than the infinite gas, because no particle meets itself.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from dsmc import reference
from dsmc.reference.rayleigh import DIFFUSIVITY, NARROW
from dsmc.reference.shear_wave import LONGEST

if TYPE_CHECKING:
    from dsmc.scenario import Scenario

Curve = Callable[[np.ndarray], np.ndarray]
HISTORY = "deterministic solution of the Boltzmann equation (Laguerre expansion)"
IMPULSE = "Rayleigh's problem: linear Boltzmann equation of hard spheres"
FAR = 6.0  # diffusion lengths that a motion does not reach
MOMENTS = ("moment_1", "moment_4", "moment_6", "moment_8")


def collisions_at(scenario: Scenario, time: np.ndarray) -> np.ndarray:
    """nu t of the finite closed gas; 0 without collisions; time : (T,) [s]."""
    if scenario.collisions.scheme == "none":
        return np.zeros_like(time)
    return time * scenario.collision_rate * (1.0 - 1.0 / scenario.particle_count)


def expected(scenario: Scenario, name: str, time: np.ndarray) -> tuple[np.ndarray, str] | None:
    """The exact values of a series and their source, or None if not known; time : (T,) [s]."""
    if scenario.forced or len(scenario.molecules) > 1:
        return None
    if name == "shear_wave":
        return shear_wave(scenario, time)
    if name == "momentum_y" and not scenario.closed:
        return wall_impulse(scenario, time)
    if not scenario.homogeneous:
        return None
    constant = conserved(scenario, name)
    if constant is not None:
        return np.full(time.shape, constant), "conservation"
    if scenario.collisions.scheme != "none" and scenario.molecules[0].alpha != 1.0:
        found = equilibrium(scenario, name)
    else:
        found = (
            equilibrium(scenario, name) or isotropic(scenario, name) or anisotropic(scenario, name)
        )
    if found is None:
        return None
    curve, source = found
    return np.asarray(curve(collisions_at(scenario, time)), float), source


def shear_wave(scenario: Scenario, time: np.ndarray) -> tuple[np.ndarray, str] | None:
    """The amplitude of a shear wave of hard spheres, with the cells and steps of the run.

    time : (T,) [s]; None for other molecules, uneven or near partners, and waves too short
    """
    number = 2.0 * np.pi * scenario.mean_free_path / scenario.lengths[0]
    colliding = scenario.collisions.scheme != "none" and scenario.collisions.partners == "random"
    if not colliding or scenario.molecules[0].omega != 0.5 or scenario.edges is not None:
        return None
    if scenario.molecules[0].alpha != 1.0 or number > LONGEST:
        return None
    v0 = reference.most_probable_speed(scenario.molecules[0].mass, scenario.temperature)
    cell = scenario.lengths[0] / scenario.cells[0] / scenario.mean_free_path
    steps = np.rint(time / scenario.time_step).astype(int)
    history = _wave_history(
        number, scenario.time_step / scenario.collision_time, int(steps.max(initial=0)), cell,
        scenario.initial.amplitude_m_s / float(v0),
    )  # fmt: skip
    source = "linear Boltzmann equation of hard spheres"
    return scenario.initial.amplitude_m_s * history[steps], source


@lru_cache(maxsize=8)
def _wave_history(number: float, dt: float, steps: int, cell: float, amplitude: float):
    """The decay of a wave step by step, kept: (steps + 1,)."""
    return reference.shear_wave_decay(number, dt, steps, cell, amplitude)


def wall_impulse(scenario: Scenario, time: np.ndarray) -> tuple[np.ndarray, str] | None:
    """The momentum that diffuse walls, set in motion along y, have given to hard spheres at rest.

    time : (T,) [s]; None unless all are at one temperature, far apart, and nothing else moves
    """
    initial, molecule = scenario.initial, scenario.molecules[0]
    if scenario.collisions.scheme == "none" or (molecule.omega, molecule.alpha) != (0.5, 1.0):
        return None
    if scenario.dimension > 1 or initial.kind != "equilibrium" or any(initial.velocity_m_s):
        return None
    nu_t = collisions_at(scenario, time)
    last, path = float(nu_t.max(initial=0.0)), scenario.mean_free_path
    if last > reference.RAYLEIGH_TIMES[-1]:
        return None
    if scenario.lengths[0] < (NARROW + FAR * np.sqrt(DIFFUSIVITY * last)) * path:
        return None
    U = 0.0
    for patch in scenario.patches:
        wall = patch.boundary
        if patch.kind in ("specular", "symmetry"):
            continue
        whole = patch.kind == "diffuse" and wall.accommodation == 1.0 and wall.profile is None
        if not whole or wall.temperature_K != initial.temperature_K or wall.velocity_m_s[2]:
            return None
        U += wall.velocity_m_s[1]
    scale = molecule.mass * scenario.number_density * U * path / 4.0  # on 1 m2
    return (scale * reference.rayleigh_impulse(nu_t), IMPULSE) if U else None


def conserved(scenario: Scenario, name: str) -> float | None:
    """Temperature where it was set exactly; it is conserved in a closed box."""
    if name == "temperature" and scenario.initial.exact_energy:
        return scenario.temperature
    return None


def equilibrium(scenario: Scenario, name: str) -> tuple[Curve, str] | None:
    """A gas that starts in equilibrium stays there."""
    if scenario.initial.kind != "equilibrium":
        return None
    values = dict.fromkeys(MOMENTS, 1.0) | {"h_excess": 0.0, "h_excess_neighbour": 0.0}
    values |= dict.fromkeys(
        ("temperature_x", "temperature_y", "temperature_z"), scenario.temperature
    )
    if scenario.collisions.scheme != "none":
        values["collision_rate"] = scenario.collision_rate * (1.0 - 1.0 / scenario.particle_count)
    if name not in values:
        return None
    return (lambda nu_t: np.full(nu_t.shape, values[name])), "Maxwell's distribution"


def isotropic_state(scenario: Scenario) -> str | None:
    """The tabulated isotropic state that the initial state is, if any."""
    initial = scenario.initial
    if initial.kind == "bkw":
        return "A"
    if initial.kind == "two-temperature" and (initial.low, initial.high, initial.share) == (
        0.5,
        1.5,
        0.5,
    ):
        return "B"
    return None


def isotropic(scenario: Scenario, name: str) -> tuple[Curve, str] | None:
    """Relaxation of the isotropic states A (BKW) and B (two temperatures)."""
    state, omega = isotropic_state(scenario), scenario.molecules[0].omega
    name = name.replace("h_excess_neighbour", "h_excess")
    if state is None or name not in (*MOMENTS, "h_excess"):
        return None
    if omega == 0.5:
        return (lambda nu_t: reference.hard_sphere_history(state, name, nu_t)), HISTORY
    if omega == 1.0 and state == "A" and name != "moment_1":
        if name == "h_excess":
            return reference.bkw_h_excess, "BKW mode"
        order = int(name.removeprefix("moment_"))
        return (lambda nu_t: reference.bkw_moment(order, nu_t)), "BKW mode"

    def curve(nu_t: np.ndarray) -> np.ndarray:
        history = _isotropic_history(state, omega, np.asarray(nu_t, np.float64).tobytes())
        if name == "h_excess":
            return history.h_excess()
        return history.moment(int(name.removeprefix("moment_")))

    return curve, HISTORY


@lru_cache(maxsize=64)
def _isotropic_history(state: str, omega: float, times: bytes) -> reference.IsotropicHistory:
    """The relaxation of a state, kept: every quantity of a run asks for the same times."""
    start = reference.laguerre_coefficients(state, 29)
    return reference.isotropic_relaxation(start, np.frombuffer(times), omega)


def anisotropic(scenario: Scenario, name: str) -> tuple[Curve, str] | None:
    """Directional temperatures, and what is known of the other states."""
    initial, omega = scenario.initial, scenario.molecules[0].omega
    start = start_value(initial, name)
    if start is not None and scenario.collisions.scheme == "none":
        return (lambda nu_t: np.full(nu_t.shape, start)), "collisionless gas"
    if initial.kind == "bi-maxwellian" and initial.temperature_ratio == 4.0 and omega == 0.5:
        return hard_sphere_bi_maxwellian(scenario.temperature, name)
    if omega == 1.0 and name.startswith("temperature_") and start is not None:
        mean = scenario.temperature
        return (
            lambda nu_t: mean + (start * mean - mean) * np.exp(-0.5 * nu_t),
            "Maxwell molecules: exp(-nu t / 2) at any amplitude",
        )
    if omega == 1.0 and name == "moment_4" and initial.kind in ("shell", "uniform-cube"):
        return (
            lambda nu_t: 1.0 + (start - 1.0) * np.exp(-nu_t / 3.0),
            "Maxwell molecules: exp(-nu t / 3)",
        )
    return None


def start_value(initial, name: str) -> float | None:
    """T_i / T or a moment of an initial state that is not isotropic Maxwellian."""
    if initial.kind == "bi-maxwellian":
        ratio = initial.temperature_ratio
        across = 3.0 / (ratio + 2.0)
        values = {"temperature_x": ratio * across, "temperature_y": across, "temperature_z": across}
        return values.get(name)
    if initial.kind == "two-beams":
        beam = initial.beam_temperature_ratio
        values = {"temperature_x": 3.0 - 2.0 * beam, "temperature_y": beam, "temperature_z": beam}
        return values.get(name)
    if initial.kind == "shell" and name == "moment_4":
        return 0.6  # (3/2)^2 / (15/4)
    if initial.kind == "uniform-cube" and name == "moment_4":
        return 0.76  # (3 * 9/5 + 6) / 15
    return None


def hard_sphere_bi_maxwellian(temperature: float, name: str) -> tuple[Curve, str] | None:
    """Hard spheres from T_x / T_perp = 4: T_x, hence T_y and T_z, and two moments."""
    source = "hard spheres from 4:1 (independent null-collision runs, +-3e-4)"
    if name in ("moment_1", "moment_4"):
        return (lambda nu_t: reference.bi_maxwellian_history(name, nu_t)), source
    if name == "temperature_x":
        return (
            lambda nu_t: temperature * reference.bi_maxwellian_history("temperature_x", nu_t),
            source,
        )
    if name in ("temperature_y", "temperature_z"):
        return (
            lambda nu_t: temperature
            * (3.0 - reference.bi_maxwellian_history("temperature_x", nu_t)) / 2.0,
            source,
        )  # fmt: skip
    return None
