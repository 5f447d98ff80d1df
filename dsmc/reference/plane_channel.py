"""A gas between two parallel diffuse plates, at any distance: the linear Boltzmann equation solved.

Couette and Fourier flow across the gap; Poiseuille flow and thermal creep along it; full
accommodation, small differences. Lengths in lambda, speeds in v0, collisions per tau_c:

    k c_x d phi/dx + nu(c) phi = K phi + g,   k = v0 tau_c/lambda = sqrt(pi)/2

with f = M (1 + phi). K, what collisions bring, is smooth: it is taken between orthonormal
polynomials c^l S_{l+1/2}^(k)(c^2) Y_lm (`dsmc.reference.sonine_operator`), exactly. What flies on
is not smooth, molecules from the two plates differ, so nu(c) and the flight stay as they are: phi
is followed along each velocity, its moments

    a = T (K a + g) + what the plates emit

solve a linear system over the places of a mesh that is fine at the plates, K a + g being quadratic
between them. The expansion in polynomials: C. E. Siewert, Z. angew. Math. Phys. 54 (2003) 273.
"""

from __future__ import annotations

import math
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dsmc.reference.sonine_operator import brackets, sonine_polynomials
from dsmc.reference.speed_classes import power_law_rate

Values = NDArray[np.float64]

RANKS, TERMS = 7, 10  # tensors up to this l, polynomials of each
SPEEDS, ANGLES = 20, 20  # velocities with c_x > 0
ELEMENTS = 20  # of the mesh across the gap
FASTEST = 5.0  # [v0]
PER_TAU = 0.5 * math.sqrt(math.pi)  # v0 tau_c / lambda


class Velocities(NamedTuple):
    """Quadrature over half of the velocities, c_x > 0; weights sum to 1/2 under M."""

    speed: Values  # (V,) c
    cosine: Values  # (V,) c_x/c
    weight: Values  # (V,)


def velocities() -> Velocities:
    """Gauss and Legendre in powers of c and of its cosine that gather small c_x."""
    t, w = np.polynomial.legendre.leggauss(SPEEDS)
    t, w = (t + 1.0) / 2.0, w / 2.0
    c, w_c = FASTEST * t**1.5, w * FASTEST * 1.5 * t**0.5
    w_c = w_c * 4.0 / math.sqrt(math.pi) * c**2 * np.exp(-(c**2))
    t, w = np.polynomial.legendre.leggauss(ANGLES)
    t, w = (t + 1.0) / 2.0, w / 2.0
    x, w_x = t**2.5, w * 2.5 * t**1.5 / 2.0
    speed, cosine = np.meshgrid(c, x, indexing="ij")
    return Velocities(speed.ravel(), cosine.ravel(), np.outer(w_c, w_x).ravel())


def angular(order: int, cosine: Values) -> list[Values]:
    """Y_lm without its cos(m azimuth), l = m ... RANKS, m = order 0 or 1, orthonormal with it.

    cosine : (V,)
    """
    before, now = np.zeros_like(cosine), np.ones_like(cosine)
    if order == 1:
        now = np.sqrt(1.0 - cosine**2)
    functions = []
    for rank in range(order, RANKS + 1):
        norm = 2 * rank + 1 if order == 0 else 2.0 * (2 * rank + 1) / (rank * (rank + 1))
        functions.append(math.sqrt(norm) * now)
        following = ((2 * rank + 1) * cosine * now - (rank + order) * before) / (rank + 1 - order)
        before, now = now, following
    return functions


def exponential_moments(depth: Values, end: float) -> Values:
    """int_0^end exp(-depth (end - t)) t^j dt for j = 0, 1, 2: (3, V); depth : (V,) >= 0."""
    t, w = np.polynomial.legendre.leggauss(16)
    t, w = end * (t + 1.0) / 2.0, end * w / 2.0
    kernel = w * np.exp(-np.outer(np.minimum(depth, 4.0), end - t))
    thin = np.stack([kernel @ t**j for j in range(3)])
    thick = np.maximum(depth, 4.0)
    exact = [-np.expm1(-thick * end) / thick]
    for j in (1, 2):
        exact.append((end**j - j * exact[-1]) / thick)
    return np.where(depth < 4.0, thin, np.stack(exact))


# Coefficients of 1, t, t^2 of the quadratic through t = 0, 1/2, 1 that is 1 at one of them.
_QUADRATICS = np.array([[1.0, -3.0, 2.0], [0.0, 4.0, -4.0], [0.0, -1.0, 2.0]])


class Channel:
    """The moments of phi between plates at a distance `gap` [lambda], azimuth cos(m phi).

    places : (N,) [lambda] from -gap/2 to gap/2
    basis : (P, V) the polynomials at the velocities with c_x > 0
    parity : (P,) their sign for -c_x
    """

    def __init__(self, gap: float, order: int, omega: float, elements: int = ELEMENTS):
        self.gap, self.order, self.omega = gap, order, omega
        self.at = velocities()
        self.azimuth = 1.0 if order == 0 else 0.5  # mean of cos^2(m azimuth)
        edges = np.linspace(-1.0, 1.0, elements + 1)
        edges = gap / 2.0 * np.sin(np.pi / 2.0 * np.sin(np.pi / 2.0 * edges))
        middles = (edges[1:] + edges[:-1]) / 2.0
        self.places = np.sort(np.concatenate([edges, middles]))
        self.rate = power_law_rate(self.at.speed, 2.0 - 2.0 * omega)
        self._make_basis()

    def _make_basis(self) -> None:
        from scipy.special import gamma

        c, ranks = self.at.speed, range(self.order, RANKS + 1)
        functions = angular(self.order, self.at.cosine)
        rows, blocks = [], []
        for rank, function in zip(ranks, functions, strict=True):
            norm = math.sqrt(gamma(1.5) / gamma(rank + 1.5))
            rows.append(norm * c**rank * sonine_polynomials(c**2, rank + 0.5, TERMS) * function)
            part = brackets(rank, self.omega, TERMS)
            blocks.append(part.gain - part.mate)
        self.basis = np.concatenate(rows)
        self.parity = np.repeat([(-1.0) ** (rank - self.order) for rank in ranks], TERMS)
        self.gain = np.zeros((len(self.basis), len(self.basis)))
        for k, block in enumerate(blocks):
            own = slice(k * TERMS, (k + 1) * TERMS)
            self.gain[own, own] = block
        self.weighted = self.azimuth * self.at.weight * self.basis

    @cached_property
    def flight(self) -> Values:
        """(V, N, N): phi at place i for a source of 1 at place j, c_x > 0, nothing emitted."""
        pull = 1.0 / (PER_TAU * self.at.speed * self.at.cosine)
        count = len(self.places)
        phi = np.zeros((len(pull), count, count))
        for i in range(0, count - 1, 2):
            width = self.places[i + 2] - self.places[i]
            depth = self.rate * pull * width
            for end, row in ((0.5, i + 1), (1.0, i + 2)):
                phi[:, row] = phi[:, i] * np.exp(-depth * end)[:, None]
                moments = exponential_moments(depth, end)
                phi[:, row, i : i + 3] += (pull * width * (_QUADRATICS @ moments)).T
        return phi

    @property
    def emission(self) -> Values:
        """(V, N): phi at each place for 1 emitted at the low plate, c_x > 0."""
        depth = self.rate / (PER_TAU * self.at.speed * self.at.cosine)
        return np.exp(-np.outer(depth, self.places - self.places[0]))

    def emitted(self, low: Values, high: Values) -> Values:
        """Moments (P, N) of what the plates emit; low, high : (V,) at c_x > 0 and mirrored."""
        up, down = (self.weighted * f @ self.emission for f in (low, high))
        return up + self.parity[:, None] * down[:, ::-1]

    def driven(self, source: Values) -> Values:
        """Moments (P, N) of a source that is the same everywhere; source : (V,), even in c_x."""
        up = self.weighted * source @ self.flight.sum(axis=2)
        return up + self.parity[:, None] * up[:, ::-1]

    @cached_property
    def _system(self) -> Values:
        size, count = len(self.basis), len(self.places)
        pairs = (self.weighted[:, None] * self.basis).reshape(size * size, -1)
        up = (pairs @ self.flight.reshape(len(self.rate), -1)).reshape(size, size, count, count)
        both = (
            up + np.multiply.outer(self.parity, self.parity)[..., None, None] * up[:, :, ::-1, ::-1]
        )
        system = np.einsum("pqij,qr->pirj", both, self.gain, optimize=True)
        return np.eye(size * count) - system.reshape(size * count, size * count)

    def moments(self, *first: Values) -> list[Values]:
        """The moments (P, N) of phi for each of some first flights (P, N)."""
        right = np.stack([b.ravel() for b in first], axis=1)
        found = np.linalg.solve(self._system, right)
        return [column.reshape(len(self.basis), -1) for column in found.T]

    def mean(self, profile: Values) -> float:
        """The average of a profile over the gap (Simpson's rule); profile : (N,)."""
        width = (self.places[2::2] - self.places[:-2:2]) / 6.0
        left, middle, right = profile[:-2:2], profile[1::2], profile[2::2]
        return float((width * (left + 4.0 * middle + right)).sum() / self.gap)
