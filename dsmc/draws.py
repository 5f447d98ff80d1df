"""Random numbers by address: Philox4x32-10, no generator and no state.

Every random number is a function of (seed, replica, stream, step, cell, index, part), so results do
not depend on the number of threads, on the order of work, or on restarts.

    J. K. Salmon, M. A. Moraes, R. O. Dror, D. E. Shaw, Parallel random numbers: as easy as 1, 2, 3,
    Proc. SC11 (2011).

The counter is (index, cell, step, stream + 256 part), the key (seed, replica).  Words are 32-bit
values held in uint64; mixing them with int64 would turn them into floats, so every index is cast.
Rows are unsigned in the kernels throughout: indexing is faster without the test for negatives.
"""

from typing import NamedTuple

import numpy as np

from dsmc.compiled import kernel, law

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
_MULTIPLIER_0 = np.uint64(0xD2511F53)
_MULTIPLIER_1 = np.uint64(0xCD9E8D57)
_WEYL_0 = np.uint64(0x9E3779B9)
_WEYL_1 = np.uint64(0xBB67AE85)
_PART = np.uint64(256)
_ONE = np.uint64(1)


class Address(NamedTuple):
    """Where in a run a random number is drawn; stream, index and part are added at the draw."""

    key: tuple[np.uint64, np.uint64]  # seed and replica
    step: int
    cell: int


def key(seed: int, replica: int = 0) -> tuple[np.uint64, np.uint64]:
    """Return the Philox key of a run: `seed` and `replica`, both in [0, 2^32)."""
    for name, value in (("seed", seed), ("replica", replica)):
        if not 0 <= value < 2**32:
            raise ValueError(f"{name} = {value}: must lie between 0 and 2^32 - 1")
    return np.uint64(seed), np.uint64(replica)


@law
def philox(c0, c1, c2, c3, k0, k1):
    """Philox4x32-10: four 32-bit words from a 128-bit counter and a 64-bit key (Salmon 2011)."""
    for _ in range(10):
        p0 = _MULTIPLIER_0 * c0
        p1 = _MULTIPLIER_1 * c2
        c0 = (p1 >> _HALF) ^ c1 ^ k0
        c2 = (p0 >> _HALF) ^ c3 ^ k1
        c1 = p1 & _LOW
        c3 = p0 & _LOW
        k0 = (k0 + _WEYL_0) & _LOW
        k1 = (k1 + _WEYL_1) & _LOW
    return c0, c1, c2, c3


@law
def words(address, stream, index, part):
    """Four 32-bit words (as uint64) at an address."""
    return philox(
        np.uint64(index),
        np.uint64(address.cell),
        np.uint64(address.step),
        np.uint64(stream) + _PART * np.uint64(part),
        address.key[0],
        address.key[1],
    )


@law
def unit(word):
    """A number in (0, 1) with 32 random bits."""
    return (np.float64(word) + 0.5) * 2.0**-32


@law
def unit_fine(high, low):
    """A number in (0, 1) with 52 random bits, from two words."""
    bits = ((high >> np.uint64(6)) << np.uint64(26)) | (low >> np.uint64(6))
    return (np.float64(bits) + 0.5) * 2.0**-52


@law
def below(word, count):
    """An unsigned integer in [0, count) from one word (multiply and shift)."""
    return (word * np.uint64(count)) >> _HALF


@law
def shuffled(row, count):
    """A number in [0, count) that looks random in `row`: the mixing function of splitmix64.

    Steele, Lea & Flood, OOPSLA 2014.  It deals rows into groups that no order of rows can bias.
    """
    z = (np.uint64(row) + _ONE) * np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return below(z >> _HALF, count)


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
