"""Flows between parallel diffuse plates at any Knudsen number, and their limits.

Small differences, full accommodation, hard spheres or VHS molecules. `gap` is the distance of the
plates over the mean free path, 1/Kn, and

    delta = p a/(mu v0) = gap/(k I),   k = sqrt(pi)/2, I the Green-Kubo time of the stress [tau_c]

the rarefaction parameter. The linear Boltzmann equation is solved numerically
(`dsmc.reference.plane_channel`): errors below 1e-4 of stress and heat flux and 3e-4 of flow rates,
measured by refining its velocities, polynomials and mesh. No published table is used. Near the
continuum, with l = mu v0/p,

    u_slip = sigma_P l du/dx,   T_jump = zeta_T l dT/dx,   u_creep = sigma_T (l v0/2) d ln T/dy.

Independent checks: free-molecular limits; the Navier-Stokes limits with the slip coefficients;
Onsager's relation, heat flow of Poiseuille flow = mass flow of creep; the slip coefficient of hard
spheres k_0 = -1.2540 (T. Ohwada, Y. Sone & K. Aoki, Phys. Fluids A 1 (1989) 1588).
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dsmc.reference.arguments import viscosity_exponent, within
from dsmc.reference.plane_channel import PER_TAU, TERMS, Channel
from dsmc.reference.sonine_operator import GREEN_KUBO_TIMES, sonine_matrix

Values = NDArray[np.float64]

NARROWEST, WIDEST = 0.01, 20.0  # gaps for which the mesh is fine enough
ROOT_PI = math.sqrt(math.pi)

VISCOUS_SLIP, THERMAL_SLIP, TEMPERATURE_JUMP = 0.987, 1.018, 1.889
"""sigma_P, sigma_T, zeta_T of hard spheres at a diffuse wall, as defined above; +- 1 in the last
place. Computed here: this solution in gaps of 10, 20 and 40, extrapolated to wide ones; sigma_P
also from k_0 = -1.2540, as -k_0 k/I = 0.98736."""


class SlipFlows(NamedTuple):
    """Navier-Stokes with slip: what the flows of hard spheres tend to in wide gaps."""

    couette_stress: float
    """sqrt(pi)/(delta + 2 sigma_P)"""
    fourier_heat_flux: float
    """(5 pi/8) I_q/(gap + 2 zeta_T gap/delta), I_q the Green-Kubo time of the heat flux"""
    poiseuille_flow: float
    """delta/6 + sigma_P"""
    thermal_creep_flow: float
    """sigma_T/delta"""


def slip_flows(gap: float) -> SlipFlows:
    """The four flows of hard spheres to first order in Kn = 1/gap, in the units of the others."""
    delta = rarefaction(gap)
    jump = gap * (1.0 + 2.0 * TEMPERATURE_JUMP / delta)
    return SlipFlows(
        couette_stress=ROOT_PI / (delta + 2.0 * VISCOUS_SLIP),
        fourier_heat_flux=5.0 * math.pi / 8.0 * GREEN_KUBO_TIMES["heat_flux"] / jump,
        poiseuille_flow=delta / 6.0 + VISCOUS_SLIP,
        thermal_creep_flow=THERMAL_SLIP / delta,
    )


def _channel(gap: float, order: int, omega: float) -> Channel:
    a = float(within("gap", gap, NARROWEST, WIDEST))
    return _solver(a, order, float(viscosity_exponent(omega)))


@lru_cache(maxsize=4)  # each holds a factored system of some ten megabytes
def _solver(gap: float, order: int, omega: float) -> Channel:
    return Channel(gap, order, omega)


def rarefaction(gap: float, omega: float = 0.5) -> float:
    """delta = p a/(mu v0), mu of infinite Sonine order; gap = a/lambda."""
    matrix = sonine_matrix("anisotropy", float(viscosity_exponent(omega)))
    time = np.linalg.solve(matrix, np.eye(len(matrix))[0])[0]
    return float(within("gap", gap, 0.0, math.inf)) / (PER_TAU * float(time))


def couette_stress(gap: float, omega: float = 0.5) -> float:
    """Shear stress between plates in relative motion over its free-molecular value.

    P_xy/(rho U v0/(2 sqrt pi)), gap = a/lambda within 0.01 ... 20. Limits: 1, and
    sqrt(pi)/(delta + 2 sigma_P). ValueError for gaps out of range.
    """
    channel = _channel(gap, 1, omega)
    plate = math.sqrt(0.5) * channel.basis[0]  # phi = 2 c_y u_w, u_w = 1/2
    (found,) = channel.moments(channel.emitted(-plate, plate))
    return -channel.mean(found[TERMS]) * ROOT_PI  # <c_x c_y phi> is half of moment l = 2


def fourier_heat_flux(gap: float, omega: float = 0.5) -> float:
    """Heat flux between plates of slightly different temperatures over its free-molecular value.

    q/((p v0/sqrt pi) dT/T), gap = a/lambda within 0.01 ... 20. ValueError for gaps out of range.
    """
    channel = _channel(gap, 0, omega)
    one = np.ones_like(channel.rate)
    warm = channel.at.speed**2 - 2.0  # emits energy, no molecules on balance
    by_heat, by_number = channel.moments(
        channel.emitted(-0.5 * warm, 0.5 * warm), channel.emitted(-one, one)
    )
    flow, energy = TERMS, TERMS + 1  # c_x and c_x (c^2 - 5/2), normalised
    share = -channel.mean(by_heat[flow]) / channel.mean(by_number[flow])
    heat = by_heat + share * by_number  # no molecules cross the gap
    return -channel.mean(heat[energy]) * math.sqrt(1.25) * ROOT_PI


def _along(gap: float, omega: float, driver: str) -> tuple[float, float]:
    """2 <u>/v0 and the reduced heat flow along the gap, driven by pressure or temperature."""
    channel = _channel(gap, 1, omega)
    drift, heat = channel.basis[0], channel.basis[1]  # sqrt 2 c_y; sqrt(4/5) c_y (c^2 - 5/2)
    force = {"pressure": math.sqrt(0.5) * drift, "temperature": math.sqrt(1.25) * heat}[driver]
    (found,) = channel.moments(channel.driven(-PER_TAU / gap * force))
    velocity = math.sqrt(0.5) * channel.mean(found[0])
    return 2.0 * velocity, 2.0 * math.sqrt(1.25) * channel.mean(found[1])


def poiseuille_flow(gap: float, omega: float = 0.5) -> float:
    """Flow rate G_P of Poiseuille flow: mass flow per width -(a p/v0) G_P (a/p) dp/dy.

    Limits: delta/6 + sigma_P, and -ln(delta)/sqrt(pi) for narrow gaps; least near delta = 1.
    gap = a/lambda within 0.01 ... 20; ValueError for gaps out of range.
    """
    return -_along(gap, omega, "pressure")[0]


def thermal_creep_flow(gap: float, omega: float = 0.5) -> float:
    """Flow rate G_T of thermal creep: mass flow per width (a p/v0) G_T (a/T) dT/dy.

    From cold to hot, at constant pressure. Limit sigma_T/delta in wide gaps. gap = a/lambda within
    0.01 ... 50; ValueError for gaps out of range.
    """
    return _along(gap, omega, "temperature")[0]


def poiseuille_heat_flow(gap: float, omega: float = 0.5) -> float:
    """Heat that Poiseuille flow carries, per width (a p v0/2) Q_P (a/p) dp/dy.

    Q_P = G_T by Onsager's relation, as the numerical solution must find by itself.
    """
    return _along(gap, omega, "pressure")[1]
