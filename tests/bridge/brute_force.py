"""Alg. 1 and Alg. 2 as double loops over neurons, in plain Python: what the modes must equal."""

import math

import numpy as np

from bridge.pair_draws import pair_normals


def cosine(a, b):
    """cos(a, b), 0 with a zero row; hypot keeps 1e±150 from overflowing."""
    length_a, length_b = math.hypot(*a), math.hypot(*b)
    if length_a == 0.0 or length_b == 0.0:
        return 0.0
    return math.fsum((x / length_a) * (y / length_b) for x, y in zip(a, b, strict=True))


def similarity_matrix(weight, grad):
    """S_ij = cos(w_i, w_j) cos(g_i, g_j): (N, N)."""
    neurons = range(len(weight))
    return np.array(
        [
            [cosine(weight[i], weight[j]) * cosine(grad[i], grad[j]) for j in neurons]
            for i in neurons
        ]
    )


def soft(weight, grad, coll_coef, diagonal=True, normalize=None):
    """g*_i = g_i - c Σ_j S_ij g_j, without a limit of the gain."""
    S = similarity_matrix(weight, grad)
    result = grad.copy()
    for i in range(len(grad)):
        partners = [j for j in range(len(grad)) if diagonal or j != i]
        divisor = 1.0
        if normalize == "mean":
            divisor = len(partners)
        elif normalize == "rowsum":
            divisor = sum(abs(S[i, j]) for j in partners) or 1.0
        for j in partners:
            result[i] = result[i] - coll_coef * S[i, j] / divisor * grad[j]
    return result


def accepted(weight, grad, coll_coef):
    """Pairs i < j with g_r exp(-w_r) / g_r^max > 1 - coll_coef, one after the other."""
    pairs = [(i, j) for i in range(len(weight)) for j in range(i + 1, len(weight))]
    fastest = max(math.dist(grad[i], grad[j]) for i, j in pairs)
    return [
        (i, j)
        for i, j in pairs
        if fastest > 0.0
        and math.dist(grad[i], grad[j]) / fastest * math.exp(-math.dist(weight[i], weight[j]))
        > 1.0 - coll_coef
    ]


def directions(address, gas, pairs, neurons, length):
    """Unit vectors of the pairs, {(i, j): (D,)}, each drawn by itself."""
    found = {}
    for i, j in pairs:
        normal = pair_normals(address, gas, np.array([i * neurons + j], np.uint64), length)[0]
        found[i, j] = normal / math.hypot(*normal)
    return found


def scattered(grad, directions, share=lambda i, j: 1.0):
    """g*_i = g_i + Σ_j Δg_ij; `share` of a pair scales its change."""
    result = grad.copy()
    for (i, j), n in directions.items():
        half = 0.5 * (grad[j] - grad[i]) + 0.5 * math.dist(grad[i], grad[j]) * n
        result[i] = result[i] + share(i, j) * half
        result[j] = result[j] - share(i, j) * half
    return result


def limited(grad, result, max_gain):
    """The result, scaled down to |g*| = max_gain |g| where it is longer."""
    gain = math.hypot(*result.ravel()) / (math.hypot(*grad.ravel()) or 1.0)
    return result * (max_gain / gain) if max_gain is not None and gain > max_gain else result


def laplacian(pairs, neurons):
    """L of the graph of accepted pairs: (N, N)."""
    L = np.zeros((neurons, neurons))
    for i, j in pairs:
        L[i, i] += 1.0
        L[j, j] += 1.0
        L[i, j] -= 1.0
        L[j, i] -= 1.0
    return L
