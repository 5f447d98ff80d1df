"""Force and heat on convex bodies in a free-molecular stream.

S = U/v0 of the stream, T_w/T the wall-to-stream temperature ratio; "diffuse" is full accommodation,
"specular" none. Drag coefficients refer to rho U^2/2. Sources: Bird 1994, chapter 7; S. A. Schaaf &
P. L. Chambre, Flow of Rarefied Gases, Princeton University Press 1961.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dsmc.reference.arguments import choice, non_negative, positive, real

Values = NDArray[np.float64]

REFLECTIONS = ("diffuse", "specular")
SQRT_PI = math.sqrt(math.pi)


class SurfaceElement(NamedTuple):
    """Load on one side of a surface element."""

    number_flux: Values
    """striking particles / (n v0)"""
    pressure: Values
    """normal stress / (rho v0^2/2), struck and re-emitted"""
    shear: Values
    """tangential stress / (rho v0^2/2) in the direction of the tangential stream"""
    incident_energy_flux: Values
    """translational energy brought / (n v0 kT)"""
    reflected_energy_flux: Values
    """translational energy carried away / (n v0 kT)"""


class BodyFlux(NamedTuple):
    """Particles and energy striking a sphere."""

    number: Values
    """/(n v0 pi R^2)"""
    energy: Values
    """/(n v0 kT pi R^2)"""


def surface_element(
    normal_speed_ratio: ArrayLike,
    tangential_speed_ratio: ArrayLike,
    wall_temperature_ratio: ArrayLike = 1.0,
    reflection: str = "diffuse",
) -> SurfaceElement:
    """Load on an element with the stream's inward normal speed s_n v0 and tangential s_t v0.

    chi = exp(-s_n^2) + sqrt(pi) s_n (1+erf s_n); number flux chi/(2 sqrt pi);
    incident pressure s_n exp(-s_n^2)/sqrt(pi) + (1/2+s_n^2)(1+erf s_n), doubled by specular
    reflection, plus (1/2) sqrt(T_w/T) chi by diffuse; shear s_t chi/sqrt(pi) (diffuse);
    incident energy (S^2+5/2) chi/(2 sqrt pi) - exp(-s_n^2)/(4 sqrt pi); diffuse particles leave
    with 2kT_w each. Monatomic gas. Bird 1994, chapter 7.
    """
    from scipy.special import erf

    choice("reflection", reflection, REFLECTIONS)
    s_n = real("normal_speed_ratio", normal_speed_ratio)
    s_t = real("tangential_speed_ratio", tangential_speed_ratio)
    ratio = positive("wall_temperature_ratio", wall_temperature_ratio)
    gauss, half = np.exp(-(s_n**2)), 1.0 + erf(s_n)
    chi = gauss + SQRT_PI * s_n * half
    flux = chi / (2.0 * SQRT_PI)
    incident = s_n * gauss / SQRT_PI + (0.5 + s_n**2) * half
    energy = (s_n**2 + s_t**2 + 2.5) * flux - gauss / (4.0 * SQRT_PI)
    if reflection == "specular":
        return SurfaceElement(flux, 2.0 * incident, 0.0 * s_t * flux, energy, energy)
    pressure = incident + 0.5 * np.sqrt(ratio) * chi
    return SurfaceElement(flux, pressure, s_t * chi / SQRT_PI, energy, 2.0 * ratio * flux)


def _slow_sphere(S: Values) -> Values:
    """Incident drag coefficient of a sphere by its power series, where the closed form cancels."""
    total = np.zeros_like(S)
    for j in range(14):
        sign = (-1.0) ** j
        term = 2.0 * sign / math.factorial(j) * (1.0 + 2.0 / (2 * j + 1))
        term -= sign / math.factorial(j + 1) * (1.0 - 1.0 / (2 * j + 3))
        if j > 0:
            term -= 4.0 * sign / (math.factorial(j - 1) * (2 * j - 1))
        total += term * S ** (2 * j - 1.0)
    return total / SQRT_PI


def sphere_drag(
    speed_ratio: ArrayLike, wall_temperature_ratio: ArrayLike = 1.0, reflection: str = "diffuse"
) -> Values:
    """Drag coefficient of a sphere on pi R^2.

    (2S^2+1) exp(-S^2)/(sqrt(pi) S^3) + (4S^4+4S^2-1) erf(S)/(2S^4) + [diffuse] (2 sqrt(pi)/(3S))
    sqrt(T_w/T). speed_ratio S > 0; a power series replaces it below S = 0.5. Bird 1994, chapter 7.
    """
    from scipy.special import erf

    choice("reflection", reflection, REFLECTIONS)
    S = positive("speed_ratio", speed_ratio)
    ratio = positive("wall_temperature_ratio", wall_temperature_ratio)
    slow = S < 0.5
    fast = np.where(slow, 1.0, S)
    closed = (2.0 * fast**2 + 1.0) / (SQRT_PI * fast**3) * np.exp(-(fast**2))
    closed += (4.0 * fast**4 + 4.0 * fast**2 - 1.0) / (2.0 * fast**4) * erf(fast)
    drag = np.where(slow, _slow_sphere(np.where(slow, S, 0.5)), closed)
    if reflection == "diffuse":
        drag = drag + 2.0 * SQRT_PI / (3.0 * S) * np.sqrt(ratio)
    return drag[()]


def sphere_flux(speed_ratio: ArrayLike) -> BodyFlux:
    """Particles and energy striking a sphere, the surface element integrated.

    number exp(-S^2)/sqrt(pi) + (S + 1/(2S)) erf S; energy (S^2+5/2) number - erf(S)/(2S).
    speed_ratio S > 0. Schaaf & Chambre 1961.
    """
    from scipy.special import erf

    S = positive("speed_ratio", speed_ratio)
    number = np.exp(-(S**2)) / SQRT_PI + (S + 0.5 / S) * erf(S)
    return BodyFlux(number, (S**2 + 2.5) * number - erf(S) / (2.0 * S))


def sphere_adiabatic_temperature(speed_ratio: ArrayLike) -> Values:
    """T_w/T at which a diffuse sphere of uniform temperature takes no heat (monatomic gas).

    Incident energy over 2kT per particle. speed_ratio S > 0. Schaaf & Chambre 1961.
    """
    flux = sphere_flux(speed_ratio)
    return flux.energy / (2.0 * flux.number)


def cylinder_drag(
    speed_ratio: ArrayLike, wall_temperature_ratio: ArrayLike = 1.0, reflection: str = "diffuse"
) -> Values:
    """Drag coefficient of a cylinder across the stream, on 2R per unit length.

    incident (sqrt(pi)/S) exp(-S^2/2) [(S^2+3/2) I_0(S^2/2) + (S^2+1/2) I_1(S^2/2)]; specular 4/3 of
    it; diffuse: plus (pi^(3/2)/(4S)) sqrt(T_w/T). speed_ratio S > 0. Bird 1994, chapter 7.
    """
    from scipy.special import i0e, i1e

    choice("reflection", reflection, REFLECTIONS)
    S = positive("speed_ratio", speed_ratio)
    ratio = positive("wall_temperature_ratio", wall_temperature_ratio)
    h = S**2 / 2.0
    incident = SQRT_PI / S * ((S**2 + 1.5) * i0e(h) + (S**2 + 0.5) * i1e(h))
    if reflection == "specular":
        return 4.0 / 3.0 * incident
    return incident + math.pi**1.5 / (4.0 * S) * np.sqrt(ratio)


def plate_drag_and_lift(
    speed_ratio: ArrayLike,
    incidence: ArrayLike = math.pi / 2.0,
    wall_temperature_ratio: ArrayLike = 1.0,
    reflection: str = "diffuse",
) -> tuple[Values, Values]:
    """(C_D, C_L) of a thin flat plate, both sides, on the area of one side.

    incidence [rad] between stream and plate: 0 along it, pi/2 normal to it (the default).
    Normal and tangential loads are the differences and sums of the two sides' `surface_element`.
    speed_ratio S > 0. Bird 1994, chapter 7.
    """
    S = positive("speed_ratio", speed_ratio)
    a = non_negative("incidence", incidence)
    s_n, s_t = S * np.sin(a), S * np.cos(a)
    front = surface_element(s_n, s_t, wall_temperature_ratio, reflection)
    back = surface_element(-s_n, s_t, wall_temperature_ratio, reflection)
    normal = (front.pressure - back.pressure) / S**2
    tangential = (front.shear + back.shear) / S**2
    drag = normal * np.sin(a) + tangential * np.cos(a)
    return drag, normal * np.cos(a) - tangential * np.sin(a)
