"""Hard collisions of neurons (Alg. 1, eqs. 5-8): random scattering of pairs above a threshold.

    Δg_ij = (g_j - g_i)/2 + ½ |g_i - g_j| n_ij,    n_ij uniform on the sphere, n_ji = -n_ij
    g*_i = g_i + Σ_j Δg_ij,                        all g before the collision

The sum of the gradients is conserved. The energy is not, once a neuron has several partners:
E|g*|² = |g|² + ¼ tr(gᵀ L (L - 2) g), L the Laplacian of the graph of accepted pairs. max_gain then
scales the whole tensor, its sum with it.

Cost: two products of N² D for the distances in double precision, D normals per accepted pair.
"""

import warnings

import numpy as np
import torch
from torch import Tensor

from bridge.address import Address
from bridge.collisions import HardCollision
from bridge.outcome import CollisionWarning, Outcome
from bridge.overlap import matched, mean_shares
from bridge.pair_draws import MOST_NEURONS, pair_normals
from bridge.precision import largest, limited, power_of_two, working
from bridge.threshold import accepted_pairs
from dsmc import scatter

BLOCK_ELEMENTS = 2**20  # of a block of scattered pairs

_isotropic_row = scatter.laws(
    torch.sqrt, torch.cos, torch.sin, torch.copysign, torch.where, torch.pow
).isotropic_row


@torch.no_grad()
def collide(
    weight: Tensor, grad: Tensor, collision: HardCollision, address: Address, *, measure=False
) -> Outcome:
    """Scatter the accepted pairs of every gas, in place.

    weight : (E, N, D) positions; grad : (E, N, D) velocities, changed
    measure : also report energy and momentum
    """
    gases, neurons, _ = grad.shape
    if neurons > MOST_NEURONS:
        raise ValueError(f"{neurons} neurons: hard collisions number at most {MOST_NEURONS}")
    if neurons < 2:
        return Outcome(skipped="fewer than two neurons")
    before = working(grad)
    if grad.numel() == 0:
        return Outcome(skipped="no components")
    fastest = largest(before)
    if not (torch.isfinite(fastest) and torch.isfinite(largest(weight))):
        return Outcome(skipped="non-finite entries", finite=False)
    candidates = gases * (neurons * (neurons - 1) // 2)
    outcome = Outcome(0, candidates)
    if _is_off(collision):
        return outcome.measured(before, before) if measure else outcome
    scale = power_of_two(fastest)
    scaled = before / scale
    change = torch.zeros_like(scaled)
    pairs = 0
    for gas in range(gases):
        numbers = accepted_pairs(weight[gas], grad[gas], collision).cpu().numpy().astype(np.uint64)
        pairs += scatter_pairs(scaled[gas], numbers, collision, address, gas, change[gas])
    if fastest > 0.0:
        _warn(pairs, gases * neurons, collision, address)
    after = limited(before, change.mul_(scale).add_(before), collision.max_gain)
    outcome = Outcome(pairs, candidates)
    outcome = outcome.measured(before, after) if measure else outcome
    grad.copy_(after)
    return outcome


def scatter_pairs(
    grad: Tensor,
    numbers: np.ndarray,
    collision: HardCollision,
    address: Address,
    gas: int,
    change: Tensor,
) -> int:
    """Add the changes of the accepted pairs of one gas; return how many collided.

    grad : (N, D); numbers : (pairs,) of uint64, i N + j; change : (N, D), added to
    """
    neurons, length = grad.shape
    if collision.overlap == "matching":
        numbers = matched(address, gas, numbers, neurons)
    first, second = (numbers // neurons).astype(np.int64), (numbers % neurons).astype(np.int64)
    shares = np.ones(numbers.size)
    if collision.overlap == "mean":
        shares = mean_shares(first, second, neurons)
    dtype = np.float64 if grad.dtype == torch.float64 else np.float32
    size = max(1, BLOCK_ELEMENTS // length)
    for start in range(0, numbers.size, size):
        part = slice(start, start + size)
        normals = pair_normals(address, gas, numbers[part], length, dtype)
        i, j, normal, share = (
            torch.from_numpy(values).to(grad.device)
            for values in (first[part], second[part], normals, shares[part].astype(dtype))
        )
        relative = grad[i] - grad[j]
        stretch = _isotropic_row(relative.square().sum(1), normal.square().sum(1))
        kick = normal.mul_(stretch[:, None]).sub_(relative).mul_(0.5 * share[:, None])
        _add_rows(change, i, kick)
        _add_rows(change, j, kick.neg_())
    return numbers.size


def _add_rows(total: Tensor, rows: Tensor, values: Tensor) -> None:
    """Add values to rows of total, in an order that is the same in every run."""
    if total.device.type == "cpu":
        total.index_add_(0, rows, values)
    else:  # sorts; index_add_ there adds in any order
        total.index_put_((rows,), values, accumulate=True)


def _is_off(collision: HardCollision) -> bool:
    """True where no pair can be accepted: g_r exp(-w_r) / g_r^max is never above 1."""
    return not (collision.coll_coef or collision.partners)


def _warn(pairs: int, neurons: int, collision: HardCollision, address: Address) -> None:
    """Say so where the threshold accepts nothing, or more than one partner per neuron.

    The words are the same at every step: Python shows them once for each parameter.
    """
    threshold = (
        f"partners = {collision.partners:g}"
        if collision.coll_coef is None
        else f"coll_coef = {collision.coll_coef:g}"
    )
    place = f"hard collisions of parameter {address.parameter} at {threshold}"
    if pairs == 0:
        complaint = f"{place}: no pair is accepted, nothing happens; partners=0.5 adapts"
    elif 2 * pairs > neurons and collision.overlap == "sum":
        complaint = (
            f"{place}: more than one partner per neuron, so that energy is not conserved and the "
            'update can turn into ascent; partners=0.5 or overlap="matching" avoids it'
        )
    else:
        return
    warnings.warn(complaint, CollisionWarning, stacklevel=4)  # collide runs inside no_grad
