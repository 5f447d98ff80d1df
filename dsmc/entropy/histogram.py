"""∫ f ln(f/M) from particles counted in bins: of the speed, or along and across an axis.

Bins of width h lose (h²/24) ∫ f (d ln(f/M)/dv)² dv; the difference between bins h and 2h removes
that (Richardson). Rare particles bias ln n; Grassberger's function of n removes that.
"""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dsmc.entropy.sample import (
    FEWEST_PARTICLES,
    ROWS_AT_A_TIME,
    Estimate,
    Real,
    RelativeEntropy,
    checked_velocity,
    estimate,
    mean_and_mean_square,
    square_distance,
)

Correction = Literal["grassberger", "miller-madow", "none"]

SPEED_BINS = 96
FASTEST_SPEED = 4.8  # [v0] where the open last bin begins; 6e-10 of a Maxwellian is faster
FILLED = 20  # particles from which a bin counts as filled


class SpeedHistogram(NamedTuple):
    """Particles per bin of the speed relative to the mean flow.

    counts : (K + 1,) particles; the last bin is open
    edges : (K + 2,) [m/s], from 0 to infinity
    thermal_speed : v0 = sqrt(2kT/m) [m/s] of the particles counted
    """

    counts: NDArray[np.int64]
    edges: NDArray[np.float64]
    thermal_speed: float


# ------------------------------------------------------------------------------------- the speed


def speed_histogram(
    velocity: ArrayLike, bins: int = SPEED_BINS, frame: ArrayLike | None = None
) -> SpeedHistogram:
    """Histogram of c = |v - <v>| in uniform bins up to 4.8 v0 and an open last bin.

    velocity : (N, 3) [m/s], float32 or float64; sums and speeds are formed in float64
    bins : K, an even number >= 8
    frame : (3,) [m/s] velocity to count from; None takes the mean

    v0² = (2/3) <c²>. 10^6 particles take 15 to 35 ms. Raises ValueError as `h_excess`.
    """
    velocity = checked_velocity(velocity)
    if bins != int(bins) or bins < 8 or bins % 2:
        raise ValueError(f"bins must be an even number of at least 8, not {bins!r}")
    bins = int(bins)
    mean, mean_square = mean_and_mean_square(velocity, frame)
    thermal_speed = float(np.sqrt(2.0 / 3.0 * mean_square))
    width = FASTEST_SPEED * thermal_speed / bins
    counts = np.zeros(bins + 1, dtype=np.int64)
    for first in range(0, len(velocity), ROWS_AT_A_TIME):
        speed = np.sqrt(square_distance(velocity[first : first + ROWS_AT_A_TIME], mean))
        speed *= 1.0 / width
        np.minimum(speed, bins, out=speed)
        counts += np.bincount(speed.astype(np.intp), minlength=bins + 1)
    return SpeedHistogram(counts, np.append(width * np.arange(bins + 1), np.inf), thermal_speed)


def excess_from_histogram(
    counts: ArrayLike,
    edges: ArrayLike,
    thermal_speed: float,
    correction: Correction = "grassberger",
) -> Estimate:
    """Excess H - H_eq of an isotropic f from particles counted in bins of the speed.

        H - H_eq = Σ p_k ln(p_k / q_k),    q_k the Maxwellian's share of bin k

    counts : (K + 1,) particles per bin, at least 50 in all
    edges : (K + 2,) [m/s], rising from 0; the last one may be infinite and should then be: M has
        particles at every speed
    thermal_speed : [m/s] v0 = sqrt(2kT/m) of the particles counted (edges may as well be in units
        of v0, with thermal_speed = 1)
    correction : of the bias of ln n_k

    The plug-in ln n_k makes H too high by (K - 1)/2N. Miller and Madow subtract just that, with
    K the number of occupied bins: the first term of an expansion in 1/n_k, wrong for the tail,
    where bins hold a few particles or none. Grassberger (2003, arXiv:physics/0307138, eqs. 27-30)
    replaces ln n by

        G(n) = ψ(n) + ((-1)^n / 2) [ψ((n + 1)/2) - ψ(n/2)],

    which for a Poisson number n of mean z leaves only <n G(n)> = z ln z + z E1(2z): exponentially
    small in filled bins, bounded by 0.14 in thin ones. That remainder too is subtracted, with the
    Maxwellian's z = N q_k, hence exactly at equilibrium, where precision is needed. In bins of 20
    and more the alternating term averages to nothing and only adds a half to the variance, so
    there G(n) = ψ(n).
    The fitted temperature takes away one more degree of freedom: (3/4) Var(c²)/(N <c²>²), which is
    1/2N for a Maxwellian, is added.

    Raises ValueError for counts or edges of wrong shape or order and for too few particles.
    """
    return estimate(speed_relative_entropy(counts, edges, thermal_speed, correction))


def maxwell_bin_mass(edges: ArrayLike) -> NDArray[np.float64]:
    """Share of a Maxwellian between successive speeds, exact in the far tail as well.

        P(c < x v0) = erf(x) - (2/sqrt(π)) x exp(-x²)            (Bird 1994, eq. 4.6 integrated)

    edges : (K + 1,) speeds in units of v0 = sqrt(2kT/m), rising, not negative, inf allowed
    returns : (K,)

    Raises ValueError for edges that do not rise or are negative.
    """
    from scipy.special import gammainc, gammaincc

    x = np.asarray(edges, dtype=np.float64)
    if x.ndim != 1 or len(x) < 2 or not x[0] >= 0.0 or not np.all(np.diff(x) > 0.0):
        raise ValueError("edges must be a rising row of at least two speeds, none negative")
    # gammainc(3/2, x²) is the same function without the cancellation of its two terms; each bin
    # is differenced from the end of the distribution to which it is nearer.
    below, above = gammainc(1.5, x * x), gammaincc(1.5, x * x)
    return np.where(x[:-1] > 1.0, above[:-1] - above[1:], below[1:] - below[:-1])


def speed_relative_entropy(
    counts: ArrayLike, edges: ArrayLike, thermal_speed: float, correction: str
) -> RelativeEntropy:
    """As `excess_from_histogram`, with what its error is made of."""
    n, x = np.asarray(counts), np.asarray(edges, dtype=np.float64)
    if n.ndim != 1 or len(n) < 2 or n.dtype.kind not in "iu" or n.min() < 0:
        raise ValueError("counts must be a row of at least two whole numbers, none negative")
    if x.shape != (len(n) + 1,):
        raise ValueError(f"edges must have one entry more than counts, {len(n) + 1}, not {x.shape}")
    if n.sum() < FEWEST_PARTICLES:
        raise ValueError(f"counts must hold at least {FEWEST_PARTICLES} particles, not {n.sum()}")
    if not 0.0 < thermal_speed < np.inf:
        raise ValueError(f"thermal_speed must be a positive speed in m/s, not {thermal_speed!r}")
    x = x / thermal_speed
    pairs = np.append(np.arange(0, len(n) - 1, 2), len(n) - 1)  # the open bin stays alone
    coarse_of = np.repeat(np.arange(len(pairs)), np.diff(np.append(pairs, len(n))))
    outer = np.where(np.isfinite(x[1:]), x[1:], x[:-1])
    energy = (x[:-1] ** 2 + x[:-1] * outer + outer**2) / 3.0  # mean of c² over the width of a bin
    return _richardson(
        n,
        maxwell_bin_mass(x),
        coarse_of,
        energy,
        np.zeros(len(n)),
        float(thermal_speed),
        correction,
    )


# --------------------------------------------------------------------- histograms and their noise


def _richardson(
    counts: NDArray[Any],
    mass: Real,
    coarse_of: NDArray[Any],
    energy: Real,
    log_reference: Real,
    thermal_speed: float,
    correction: str,
) -> RelativeEntropy:
    """Σ p (ln(p/q) + ln(reference/M)) extrapolated from bins h and 2h to h = 0.

    mass, log_reference, energy : q, ln(reference/M) and c²/v0² of every bin
    coarse_of : the double bin to which a bin belongs
    """
    N, p = int(counts.sum()), counts / counts.sum()
    coarse_counts = np.bincount(coarse_of, weights=counts).astype(np.int64)
    fine, ln_fine = _from_counts(counts, mass, correction)
    coarse_mass = np.bincount(coarse_of, weights=mass).astype(np.float64)
    coarse, ln_coarse = _from_counts(coarse_counts, coarse_mass, correction)
    ln_ratio = (4.0 * ln_fine - ln_coarse[coarse_of]) / 3.0 + log_reference
    energy_mean = p @ energy
    energy_spread = float(p @ (energy - energy_mean) ** 2 / energy_mean**2)
    value = (4.0 * fine - coarse) / 3.0 + p @ log_reference + 0.75 * energy_spread / N
    # ln n_k has the variance 1/n_k, ln n_coarse the variance and the covariance 1/n_coarse.
    # The square of that noise, n G(n) to second order, is 1.7 times as large (1.5 to 2.4) in bins
    # of a few particles.
    bins, coarse_bins = np.count_nonzero(counts), np.count_nonzero(coarse_counts)
    thin = np.count_nonzero(counts[counts > 0] < FILLED)
    coarse_thin = np.count_nonzero(coarse_counts[coarse_counts > 0] < FILLED)
    noise = (16.0 * bins - 7.0 * coarse_bins) / 9.0
    thin_noise = 0.7 * (16.0 * thin - 7.0 * coarse_thin) / 9.0
    return RelativeEntropy(
        float(value),
        float(p @ (ln_ratio - p @ ln_ratio) ** 2),
        float(p @ (ln_ratio - energy - p @ (ln_ratio - energy)) ** 2),
        noise,
        noise + thin_noise,
        N,
        thermal_speed,
        energy_spread,
    )


def _from_counts(
    counts: NDArray[Any], mass: Real, correction: str
) -> tuple[float, NDArray[np.float64]]:
    """Σ p ln(p/q) with the bias of ln n corrected, and ln(p/q) of every bin (0 where empty)."""
    from scipy.special import exp1, psi

    N, seen = int(counts.sum()), counts > 0
    n, q = counts[seen].astype(np.float64), mass[seen]
    ln_ratio = np.zeros(len(counts))
    if correction == "grassberger":
        parity = np.where(n < FILLED, 1.0 - 2.0 * (n % 2.0), 0.0)
        ln_n = psi(n) + 0.5 * parity * (psi(0.5 * (n + 1.0)) - psi(0.5 * n))
        z = N * mass[mass > 0.0]
        bias = float(np.sum(z * exp1(2.0 * z))) / N
        ln_N = float(psi(N))
    elif correction in ("miller-madow", "none"):
        ln_n, ln_N = np.log(n), float(np.log(N))
        bias = (len(n) - 1) / (2.0 * N) if correction == "miller-madow" else 0.0
    else:
        raise ValueError(
            f"correction must be 'grassberger', 'miller-madow' or 'none', not {correction!r}"
        )
    # A bin so far out that the reference underflows there is taken at the smallest number.
    ln_ratio[seen] = ln_n - ln_N - np.log(np.maximum(q, np.finfo(np.float64).tiny))
    return float(np.sum(n * ln_ratio[seen]) / N) - bias, ln_ratio


# ------------------------------------------------------------------------------ along and across


def axisymmetric_relative_entropy(
    velocity: Real, axis: ArrayLike, frame: ArrayLike | None
) -> RelativeEntropy:
    """∫ f ln(f/M) from a histogram in (v_par, v_perp).

    The bins are compared with the bi-Maxwellian B of the sample's own T_par and T_perp, and
    ln(B/M) is averaged exactly: ∫ f ln(f/M) = ∫ f ln(f/B) + (1/2) ln(T³/(T_par T_perp²)), so a
    bi-Maxwellian has no error of discretisation. In units of v_par0 = sqrt(2kT_par/m) and
    v_perp0, B has the share [erf(b) - erf(a)]/2 between a and b along the axis and
    exp(-a²) - exp(-b²) across it.

    velocity : (N, 3) [m/s]

    Raises ValueError as `dsmc.entropy.h_excess`, and where H is infinite.
    """
    direction = np.asarray(axis, dtype=np.float64)
    if direction.shape != (3,) or not 0.0 < np.linalg.norm(direction) < np.inf:
        raise ValueError(f"axis must be a direction with 3 components, not {axis!r}")
    mean, mean_square = mean_and_mean_square(velocity, frame)
    peculiar = np.asarray(velocity, dtype=np.float64) - mean
    x = peculiar @ (direction / np.linalg.norm(direction))
    y = np.sqrt(np.maximum(np.einsum("ij,ij->i", peculiar, peculiar) - x * x, 0.0))
    par_square, perp_square = 2.0 * np.mean(x * x), np.mean(y * y)  # v_par0², v_perp0²
    if min(par_square, perp_square) < 1e-12 * mean_square:
        raise ValueError("velocity has no spread along or across the axis: H is infinite")
    x /= np.sqrt(par_square)
    y /= np.sqrt(perp_square)

    # Bins of a fraction of the width of the structures, finer for larger samples because what is
    # left of the bias, O(h⁴), has to fall with the error. (Rayleigh's law is broader by π/2.)
    fraction = 0.42 * (len(x) / 1e4) ** -0.125
    i, x_edges = _bins(x, fraction * _structure_width(x), float(x.min()))
    j, y_edges = _bins(y, fraction * _structure_width(y) * np.pi / 2.0, 0.0)
    columns = len(y_edges) - 1
    counts = np.bincount(i * columns + j, minlength=(len(x_edges) - 1) * columns)
    x_mid, y_mid = _middles(x_edges), _middles(y_edges)
    mass = np.outer(
        _normal_mass(x_edges), -np.diff(np.exp(-(np.append(y_edges[:-1], np.inf) ** 2)))
    )

    thermal_square = 2.0 / 3.0 * mean_square
    reference = np.outer((par_square / thermal_square - 1.0) * x_mid**2, np.ones(columns))
    reference += (perp_square / thermal_square - 1.0) * y_mid**2
    reference -= reference.ravel() @ counts / len(x)  # its mean is known without bins:
    reference += 0.5 * np.log(thermal_square**3 / (par_square * perp_square**2))
    energy = (par_square * x_mid[:, None] ** 2 + perp_square * y_mid**2) / thermal_square
    coarse_of = np.arange(len(x_edges) - 1)[:, None] // 2 * (columns // 2)
    coarse_of = coarse_of + np.arange(columns) // 2
    return _richardson(
        counts,
        mass.ravel(),
        coarse_of.ravel(),
        energy.ravel(),
        reference.ravel(),
        float(np.sqrt(thermal_square)),
        "grassberger",
    )


def _bins(x: NDArray[np.float64], width: float, start: float) -> tuple[NDArray[Any], Real]:
    """Bin of every x and the edges of an even number (at most 2000) of bins from start to max x."""
    width = max(width, (float(x.max()) - start) / 1998.0)
    bins = 2 * (int((x.max() - start) / width) // 2 + 1)
    index = np.clip(((x - start) / width).astype(np.intp), 0, bins - 1)
    return index, start + width * np.arange(bins + 1)


def _middles(edges: Real) -> Real:
    return 0.5 * (edges[1:] + edges[:-1])


def _structure_width(x: NDArray[np.float64]) -> float:
    """1/(2 sqrt(π) ∫F²): a Gaussian's standard deviation, and twice that of two narrow beams."""
    counts, edges = np.histogram(x, bins=1000)
    p = counts / len(x)
    return float((edges[1] - edges[0]) / (2.0 * np.sqrt(np.pi) * (p @ p)))


def _normal_mass(edges: Real) -> Real:
    """Share of exp(-x²)/sqrt(π) between successive edges, the first and the last bin open."""
    from scipy.special import erfc

    a, b = np.append(-np.inf, edges[1:-1]), np.append(edges[1:-1], np.inf)
    upper = 0.5 * (erfc(a) - erfc(b))
    return np.where(b <= 0.0, 0.5 * (erfc(-b) - erfc(-a)), upper)
