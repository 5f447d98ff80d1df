"""A battery of tests for random words on a lattice of addresses.

Each test gives one p-value, two-sided: too good a fit is as suspicious as too bad a one.
Knuth, The Art of Computer Programming 2, section 3.3 (gap, collision, serial tests);
Marsaglia & Tsang, J. Statistical Software 7 (2002) 3 (birthday spacings).
"""

from collections.abc import Iterator

import numpy as np
from scipy.stats import chi2, norm, poisson

WORD_BITS = 32


def two_sided(lower: float, upper: float) -> float:
    """p-value from the chances of no more and of no less than what was found."""
    return min(1.0, 2.0 * min(float(lower), float(upper)))


def even_classes(classes: np.ndarray, count: int) -> float:
    """p-value of `count` equally likely classes."""
    members = np.bincount(classes.ravel(), minlength=count)
    square = ((members - classes.size / count) ** 2).sum() * count / classes.size
    return two_sided(chi2.cdf(square, count - 1), chi2.sf(square, count - 1))


def normal(z: float) -> float:
    """p-value of a standard normal figure."""
    return two_sided(norm.cdf(z), norm.sf(z))


def rare(found: int, expected: float) -> float:
    """p-value of a Poisson number."""
    return two_sided(poisson.cdf(found, expected), poisson.sf(found - 1, expected))


def bit_balance(words: np.ndarray) -> float:
    """Every bit is 1 half of the time: chi-square over 32 bits."""
    n = words.size
    ones = np.array([np.count_nonzero(words & np.uint32(1 << b)) for b in range(WORD_BITS)])
    square = float(((ones - 0.5 * n) ** 2).sum() / (0.25 * n))
    return two_sided(chi2.cdf(square, WORD_BITS), chi2.sf(square, WORD_BITS))


def neighbours(words: np.ndarray, others: np.ndarray) -> Iterator[tuple[str, float]]:
    """Words and their neighbours: joint classes, correlation, number of bits that differ."""
    a, b = words.ravel(), others.ravel()
    pairs = (a >> np.uint32(28)) * np.uint32(16) + (b >> np.uint32(28))
    yield "joint", even_classes(pairs, 256)
    low = np.uint32(15)
    yield "joint, low bits", even_classes((a & low) * np.uint32(16) + (b & low), 256)
    x, y = (w / 2.0**32 - 0.5 for w in (a, b))
    yield "correlation", normal(12.0 * float(x @ y) / np.sqrt(a.size))
    differing = int(np.bitwise_count(a ^ b).sum())
    yield "differing bits", normal((differing - 16.0 * a.size) / np.sqrt(8.0 * a.size))


def collisions(words: np.ndarray) -> float:
    """Pairs of equal words: n (n - 1) / 2 / 2^32 on average."""
    _, counts = np.unique(words, return_counts=True)
    n = words.size
    return rare(int((counts * (counts - 1) // 2).sum()), 0.5 * n * (n - 1) / 2.0**32)


def birthday_spacings(words: np.ndarray, birthdays: int = 4096) -> float:
    """Equal spacings among 4096 birthdays in a year of 2^32 days: m^3/4 / 2^32 = 4 a year."""
    years = np.sort(words.ravel()[: words.size // birthdays * birthdays].reshape(-1, birthdays))
    spacings = np.sort(np.diff(years, axis=1))
    equal = int((spacings[:, 1:] == spacings[:, :-1]).sum())
    return rare(equal, len(years) * birthdays**3 / 4.0 / 2.0**32)


def gaps(words: np.ndarray, share: float = 1.0 / 16.0, longest: int = 60) -> float:
    """Distances between words in the lowest sixteenth: geometric."""
    hits = np.flatnonzero(words.ravel() < share * 2.0**32)
    distance = np.minimum(np.diff(hits) - 1, longest)
    lengths = np.arange(longest + 1)
    chance = np.where(lengths < longest, share * (1 - share) ** lengths, (1 - share) ** longest)
    found = np.bincount(distance, minlength=longest + 1)
    square = float(((found - distance.size * chance) ** 2 / (distance.size * chance)).sum())
    return two_sided(chi2.cdf(square, longest), chi2.sf(square, longest))


def battery(words: np.ndarray) -> dict[str, float]:
    """p-values of all tests; words : (shape of the lattice, 4) uint32."""
    found = {"collisions": collisions(words), "birthdays": birthday_spacings(words)}
    for k in range(words.shape[-1]):
        column = np.ascontiguousarray(words[..., k])
        found[f"high byte {k}"] = even_classes(column >> np.uint32(24), 256)
        found[f"low byte {k}"] = even_classes(column & np.uint32(255), 256)
        found[f"bits {k}"] = bit_balance(column)
        found[f"gaps {k}"] = gaps(column)
        for axis in range(column.ndim):
            even = column.shape[axis] // 2 * 2
            first, second = (np.take(column, np.arange(start, even, 2), axis) for start in range(2))
            if even:
                for name, p in neighbours(first, second):
                    found[f"{name} {k}, coordinate {axis}"] = p
    for name, p in neighbours(words[..., :2], words[..., 2:]):
        found[f"{name} within a block"] = p
    return found


def pooled(p_values) -> float:
    """Chance that the least of so many p-values is this small (Sidak)."""
    p = np.array(list(p_values))
    return float(-np.expm1(p.size * np.log1p(-min(p.min(), 1.0 - 1e-16))))
