"""Random numbers by address: Philox4x32-10, no generator and no state.

Every random number is a function of (seed, replica, stream, step, cell, index, part), so results do
not depend on the number of threads, on the order of work, or on restarts.

    J. K. Salmon, M. A. Moraes, R. O. Dror, D. E. Shaw, Parallel random numbers: as easy as 1, 2, 3,
    Proc. SC11 (2011).

The counter is (index, cell, step, stream + 256 part), the key (seed, replica).  Words are 32-bit
values held in uint64; mixing them with int64 would turn them into floats, so every index is cast.
Rows are unsigned in the kernels throughout: indexing is faster without the test for negatives.
"""

from collections.abc import Callable
from types import SimpleNamespace
from typing import NamedTuple

import numpy as np

from dsmc.compiled import COMPILED, kernel, law, law_with, nested_kernel
from dsmc.lanes import column_update

# One number per use of randomness; two uses never share an address.
CANDIDATES = 1  # when the next candidate pair of a cell comes, which it is, whether it collides
SPECIES_PAIRS = 2  # which pair of species it is of
SCATTERING = 3  # the direction after a collision
DIRECTIONS = 9  # the same in other than three dimensions: a vector of normals
WALLS = 4  # diffuse reflection
ARRIVALS = 10  # how many particles enter from a gas outside
ENTRANCE = 11  # where, when and how fast each of them does
INITIAL_POSITION = 5
INITIAL_VELOCITY = 6
INITIAL_CHOICE = 7  # which species, which temperature, which beam
HARD_DIRECTIONS = 20  # of neurons: where an accepted pair is scattered to
MATCHING = 21  # of neurons: the order in which accepted pairs find each other
PROJECTION = 26  # three directions that gradients are looked at along
PAIRING = 22  # of rows in disjoint pairs: who meets whom, and whether they collide
SPEED_SAMPLE = 23  # pairs that tell the mean relative speed of a cell
PARTNERS = 24  # of neurons: the ring in which everyone feels the next
SIMHASH = 25  # of neurons: the planes that divide directions into cells

STREAMS = {
    "candidates": CANDIDATES,
    "species pairs": SPECIES_PAIRS,
    "scattering": SCATTERING,
    "directions": DIRECTIONS,
    "walls": WALLS,
    "arrivals": ARRIVALS,
    "entrance": ENTRANCE,
    "initial position": INITIAL_POSITION,
    "initial velocity": INITIAL_VELOCITY,
    "initial choice": INITIAL_CHOICE,
    "hard directions": HARD_DIRECTIONS,
    "matching": MATCHING,
    "projection": PROJECTION,
    "pairing": PAIRING,
    "speed sample": SPEED_SAMPLE,
    "partners": PARTNERS,
    "simhash": SIMHASH,
}

_LOW = np.uint64(0xFFFFFFFF)
_HALF = np.uint64(32)
_PART = np.uint64(256)  # the stream has the low 8 bits of its word, the part the others


class Address(NamedTuple):
    """Where in a run a random number is drawn; stream, index and part are added at the draw."""

    key: tuple[np.uint64, np.uint64]  # seed and replica
    step: int  # modulo 2^32
    cell: int


def key(seed: int, replica: int = 0) -> tuple[np.uint64, np.uint64]:
    """Return the Philox key of a run: `seed` and `replica`, both in [0, 2^32)."""
    for name, value in (("seed", seed), ("replica", replica)):
        if not 0 <= value < 2**32:
            raise ValueError(f"{name} = {value}: must lie between 0 and 2^32 - 1")
    return np.uint64(seed), np.uint64(replica)


def functions(whole: Callable, real: Callable, rounds: int = 10) -> SimpleNamespace:
    """Random words, and what is made of them, over the integers of a backend.

    whole : a constant among them: np.uint64 for Numba; for tensors of int64, whose products wrap
        around, the number of the same bits
    real : a word in double precision; rounds : of Philox, for experiments

    Shifts are masked, because signed integers drag their sign along.
    """
    mask, half = whole(0xFFFFFFFF), whole(32)
    multiplier_0, multiplier_1 = whole(0xD2511F53), whole(0xCD9E8D57)
    weyl_0, weyl_1 = whole(0x9E3779B9), whole(0xBB67AE85)
    six, twenty_six, one = whole(6), whole(26), whole(1)
    golden, mixer_0, mixer_1 = (
        whole(0x9E3779B97F4A7C15), whole(0xBF58476D1CE4E5B9), whole(0x94D049BB133111EB),
    )  # fmt: skip
    thirty, low_34, twenty_seven, low_37 = whole(30), whole(2**34 - 1), whole(27), whole(2**37 - 1)

    def philox(c0, c1, c2, c3, k0, k1):
        """Philox4x32-10: four 32-bit words from a 128-bit counter, a 64-bit key (Salmon 2011)."""
        for _ in range(rounds):
            p0 = multiplier_0 * c0
            p1 = multiplier_1 * c2
            c0 = ((p1 >> half) & mask) ^ c1 ^ k0
            c2 = ((p0 >> half) & mask) ^ c3 ^ k1
            c1 = p1 & mask
            c3 = p0 & mask
            k0 = (k0 + weyl_0) & mask
            k1 = (k1 + weyl_1) & mask
        return c0, c1, c2, c3

    def unit(word):
        """A number in (0, 1) with 32 random bits."""
        return (real(word) + 0.5) * 2.0**-32

    def unit_fine(high, low):
        """A number in (0, 1) with 52 random bits, from two words."""
        bits = ((high >> six) << twenty_six) | (low >> six)
        return (real(bits) + 0.5) * 2.0**-52

    def below(word, count):
        """An integer in [0, count) from one word (multiply and shift)."""
        return (word * count) >> half

    def shuffled(row, count):
        """A number in [0, count) that looks random in `row`: the mixing function of splitmix64.

        Steele, Lea & Flood, OOPSLA 2014.  It deals rows into groups that no order of rows can bias.
        """
        z = (row + one) * golden
        z = (z ^ ((z >> thirty) & low_34)) * mixer_0
        z = (z ^ ((z >> twenty_seven) & low_37)) * mixer_1
        return (((z >> half) & mask) * count) >> half

    return SimpleNamespace(
        philox=philox, unit=unit, unit_fine=unit_fine, below=below, shuffled=shuffled
    )


_functions = functions(np.uint64, np.float64)
philox = law(_functions.philox)
unit = law(_functions.unit)
unit_fine = law(_functions.unit_fine)
_below = law(_functions.below)
_shuffled = law(_functions.shuffled)


def _unit_single(one, word):
    """A number in (0, 1) in single precision: 23 random bits, as 24 would be rounded up to 1."""
    return (np.float32(word >> np.uint64(9)) + 0.5) * (2.0**-23 * one)


@law_with(single=_unit_single)
def unit_as(one, word):
    """`unit` in the precision of `one`, which is 1: 32 random bits, or 23 in single precision."""
    return one * unit(word)


def _unit_of_upper(one, high, low):
    """In single precision the upper word alone."""
    return unit_as(one, high)


@law_with(single=_unit_of_upper)
def unit_fine_as(one, high, low):
    """`unit_fine` in the precision of `one`, which is 1: 52 random bits, or 23 of one word."""
    return one * unit_fine(high, low)


@law
def words(address, stream, index, part):
    """Four 32-bit words (as uint64) at an address."""
    return philox(
        np.uint64(index),
        np.uint64(address.cell),
        np.uint64(address.step) & _LOW,
        np.uint64(stream) + _PART * np.uint64(part),
        address.key[0],
        address.key[1],
    )


def _block(cell, index, w_0, w_1, w_2, w_3, stream, step, k_0, k_1):
    mask = 0xFFFFFFFF
    return _whole.philox(index, cell, step & mask, stream, k_0 & mask, k_1 & mask)


_whole = functions(int, float)
_deal = column_update(_block)


@nested_kernel
def deal_words(cells, indices, count, key, step, stream, out):
    """Four words at each of `count` addresses, part 0.

    cells, indices : (n,), out : four of (n,), of uint64, n a multiple of 8 and at least `count`:
    what stands behind `count` is overwritten
    """
    if COMPILED:
        whole = (np.int64(count) + 7) & ~7
        w_0, w_1, w_2, w_3 = out
        _deal(
            (cells[:whole], indices[:whole], w_0[:whole], w_1[:whole], w_2[:whole], w_3[:whole]),
            (stream, step, key[0], key[1]),
        )
    else:
        for k in range(count):
            dealt = words(Address(key, step, cells[k]), stream, indices[k], 0)
            for word, array in zip(dealt, out):  # noqa: B905 (compiled)
                array[k] = word


@law
def below(word, count):
    """An unsigned integer in [0, count) from one word."""
    return _below(word, np.uint64(count))


@law
def shuffled(row, count):
    """A number in [0, count) that looks random in `row`."""
    return _shuffled(np.uint64(row), np.uint64(count))


@kernel
def uniforms(key, stream, first, out):
    """Fill out : (n, columns) with uniforms in (0, 1), row i at address (stream, index first + i).

    Addresses: cell = high half of the row number, index = low half, part = pair of columns.
    """
    for i in range(out.shape[0]):
        row = np.uint64(first + i)
        for column in range(0, out.shape[1], 2):
            address = Address(key, 0, row >> _HALF)
            a, b, c, d = words(address, stream, row & _LOW, column // 2)
            out[i, column] = unit_fine(a, b)
            if column + 1 < out.shape[1]:
                out[i, column + 1] = unit_fine(c, d)
