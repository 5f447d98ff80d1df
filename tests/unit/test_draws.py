"""Random numbers by address: the right generator, used right, and random on the actual addresses.

Battery: hypothesis, independent uniform 32-bit words; many p-values, the least of them judged by
Sidak's formula at the false-alarm probability 1e-6.  Seeds and places were chosen before the first
look.  The twins are generators with a flaw that a run would suffer from.
"""

import ast

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dsmc import draws
from dsmc.compiled import kernel, variant
from dsmc.draws import Address, below, philox, unit, unit_fine, words
from tests.architecture.source import modules
from tests.unit.random_battery import battery, even_classes, pooled

BUDGET = 1e-6
LARGEST = 2**32 - 1
COORDINATES = ("seed", "replica", "stream", "part", "step", "cell", "index")
# An ordinary place in a run, and a far one.
NEAR = (20261121, 0, draws.CANDIDATES, 0, 0, 0, 0)
FAR = (20261122, 3, draws.CANDIDATES, 1, 10_000_000, 2_000_000_000, 77)


def word(value):
    return np.uint64(value)


# ------------------------------------------------------------------------------ known answers


@pytest.mark.parametrize(
    ("counter", "key", "answer"),
    [
        ([0] * 4, [0] * 2, "6627e8d5 e169c58d bc57ac4c 9b00dbd8"),
        ([LARGEST] * 4, [LARGEST] * 2, "408f276d 41c83b0e a20bc7c6 6d5451fd"),
        (
            [0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344],
            [0xA4093822, 0x299F31D0],
            "d16cfe09 94fdcceb 5001e420 24126ea1",
        ),
    ],
)
def test_philox_gives_the_published_words(counter, key, answer):
    """The known-answer vectors that Salmon et al. publish with their Random123 library."""
    found = philox(*map(word, counter + key))
    assert " ".join(f"{int(value):08x}" for value in found) == answer


def test_an_address_is_the_counter_and_the_key():
    address = Address(draws.key(11, 22), 33, 44)
    expected = philox(*map(word, [55, 44, 33, 6 + 256 * 7, 11, 22]))
    assert words(address, 6, 55, 7) == expected


@pytest.mark.parametrize(("seed", "replica"), [(-1, 0), (2**32, 0), (0, -1), (0, 2**32)])
def test_a_key_that_would_lose_bits_is_refused(seed, replica):
    with pytest.raises(ValueError, match="must lie between"):
        draws.key(seed, replica)
    assert draws.key(LARGEST, LARGEST) == (LARGEST, LARGEST)


# ------------------------------------------------------------------------------ streams


def test_no_two_streams_share_a_number_and_all_are_listed():
    """A stream fits below the part's 256, and every constant of the module is in the table."""
    numbers = list(draws.STREAMS.values())
    assert len(set(numbers)) == len(numbers)
    assert all(0 < number < 256 for number in numbers)
    constants = {
        name for name, value in vars(draws).items() if name.isupper() and type(value) is int
    }
    assert {getattr(draws, name) for name in constants} == set(numbers)
    assert len(constants) == len(numbers)


def anonymous_draws(module):
    """Calls of `words` whose stream is neither a listed constant nor handed in by the caller."""
    calls = [
        node
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "words"
    ]
    return [
        module.at(call, ast.unparse(call.args[1]))
        for call in calls
        if ast.unparse(call.args[1]) not in {f"draws.{name}" for name in vars(draws)} | {"stream"}
    ]


def test_every_draw_names_its_stream():
    engine = modules("dsmc")
    assert not [complaint for module in engine for complaint in anonymous_draws(module)]
    assert any("words(address" in module.text for module in engine)


# ------------------------------------------------------------------------------ numbers from words


def test_unit_numbers_lie_strictly_between_0_and_1():
    """So that a logarithm is finite and an exponential waiting time positive."""
    for low, high in (
        (unit(word(0)), unit(word(LARGEST))),
        (unit_fine(word(0), word(0)), unit_fine(word(LARGEST), word(LARGEST))),
    ):
        assert 0.0 < low < high < 1.0
        assert np.log(high) < 0.0


@given(high=st.integers(0, LARGEST), low=st.integers(0, LARGEST))
def test_unit_numbers_are_the_middles_of_equal_intervals(high, low):
    assert unit(word(high)) == (high + 0.5) / 2**32
    bits = ((high >> 6) << 26) + (low >> 6)
    assert unit_fine(word(high), word(low)) == (bits + 0.5) / 2**52


@given(count=st.integers(1, 2**20), data=st.data())
def test_integers_below_a_bound_are_equally_likely(count, data):
    """Value v begins at word ceil(v 2^32 / count): shares differ by one word of the 2^32."""
    value = data.draw(st.integers(0, count - 1))
    first = -(-value * 2**32 // count)
    assert int(below(word(first), count)) == value
    if value:
        assert int(below(word(first - 1), count)) == value - 1
    assert int(below(word(LARGEST), count)) == count - 1


def test_rows_are_dealt_into_groups_that_no_stride_can_bias():
    """Groups of consecutive rows, and of every 2nd, 64th, 1000th row, are evenly filled."""
    p_values = []
    for stride in (1, 2, 64, 1000):
        dealt = np.array([draws.shuffled(stride * row, 64) for row in range(30_000)], np.int64)
        p_values += [even_classes(dealt, 64), even_classes(64 * dealt[::2] + dealt[1::2], 4096)]
    assert pooled(p_values) > BUDGET


def test_a_table_of_uniforms_holds_the_numbers_of_its_addresses():
    """Row r, columns 2 p and 2 p + 1: address (index r, part p); blocks of rows join seamlessly."""
    key, table = draws.key(3, 1), np.empty((7, 5))
    draws.uniforms(key, draws.INITIAL_POSITION, 2**32 - 3, table)
    for row, column in ((0, 0), (2, 3), (3, 4), (6, 1)):
        place = 2**32 - 3 + row
        address = Address(key, 0, place >> 32)
        found = words(address, draws.INITIAL_POSITION, place % 2**32, column // 2)
        pair = found[:2] if column % 2 == 0 else found[2:]
        assert table[row, column] == unit_fine(*map(word, pair))
    tail = np.empty((4, 5))
    draws.uniforms(key, draws.INITIAL_POSITION, 2**32, tail)
    np.testing.assert_array_equal(tail, table[3:])


# ------------------------------------------------------------------------------ the battery


@kernel
def fill(addresses, out):
    """Words at addresses : (n, 7) in the order of COORDINATES; out : (n, 4)."""
    for i in range(addresses.shape[0]):
        seed, replica, stream, part, step, cell, index = addresses[i]
        found = words(Address((seed, replica), step, cell), stream, index, part)
        for k in range(4):
            out[i, k] = found[k]


def lattice(first, counts, fill=fill):
    """(counts of the coordinates that vary, 4) uint32 words from a first address on."""
    shape = [counts.get(name, 1) for name in COORDINATES]
    steps = np.indices(shape).reshape(len(shape), -1).T
    addresses = np.ascontiguousarray(steps + np.array(first), np.uint64)
    out = np.empty((len(addresses), 4), np.uint32)
    fill(addresses, out)
    return out.reshape([n for n in shape if n > 1] + [4])


LATTICES = {
    **{f"{name} alone": {name: 2**15} for name in COORDINATES if name not in ("stream", "part")},
    "parts and streams": {"part": 2**12, "stream": 8},
    "all together": {"seed": 4, "replica": 4, "stream": 8, "part": 2, "step": 8, "cell": 8,
                     "index": 16},
    "a run": {"stream": 3, "step": 20, "cell": 300, "index": 12},
    "a wall": {"part": 4, "step": 30, "cell": 100, "index": 20},
}  # fmt: skip


@pytest.mark.parametrize("first", [NEAR, FAR], ids=["near", "far"])
@pytest.mark.parametrize("counts", LATTICES.values(), ids=LATTICES.keys())
def test_words_at_neighbouring_addresses_are_independent_and_uniform(counts, first):
    found = battery(lattice(first, counts))
    assert pooled(found.values()) > BUDGET, min(found.items(), key=lambda item: item[1])


def forgets_the_cell(address, stream, index, part):
    return words(Address(address.key, address.step, 0), stream, index, part)


def adds_cell_and_step(address, stream, index, part):
    return words(Address(address.key, address.step + address.cell, 0), stream, index, part)


def forgets_the_replica(address, stream, index, part):
    return words(
        Address((address.key[0], address.key[0]), address.step, address.cell), stream, index, part
    )


def leans(address, stream, index, part):
    """Every 32nd word has its highest bit set."""
    a, b, c, d = words(address, stream, index, part)
    return (a | np.uint64(0x80000000) if b < np.uint64(1 << 27) else a), b, c, d


def echoes(address, stream, index, part):
    """One address in 1024 repeats the first word of the cell before it."""
    a, b, c, d = words(address, stream, index, part)
    there = Address(address.key, address.step, address.cell - np.uint64(1))
    before = words(there, stream, index, part)
    return (before[0] if d < np.uint64(1 << 22) else a), b, c, d


TWINS = {
    "forgets the cell": ({"words": forgets_the_cell}, "a run"),
    "adds cell and step": ({"words": adds_cell_and_step}, "a run"),
    "forgets the replica": ({"words": forgets_the_replica}, "all together"),
    "leans": ({"words": leans}, "a run"),
    "echoes": ({"words": echoes}, "a run"),
    "three rounds": (
        {"philox": draws.functions(np.uint64, np.float64, rounds=3).philox}, "a run",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("laws", "name"), TWINS.values(), ids=TWINS.keys())
def test_a_generator_with_a_flaw_is_rejected(laws, name):
    found = battery(lattice(FAR, LATTICES[name], variant(fill, **laws)))
    assert pooled(found.values()) < BUDGET


def test_the_battery_accepts_another_good_generator():
    """NumPy's own PCG64, on the shape of a run: the tests themselves are not biased."""
    random = np.random.default_rng(20261121)
    for shape in ((2**15, 4), (3, 20, 300, 12, 4)):
        found = battery(random.integers(0, 2**32, shape, dtype=np.uint32))
        assert pooled(found.values()) > BUDGET


@pytest.mark.parametrize("step", [3, 2**32 + 3])
def test_eight_addresses_at_once_are_dealt_the_same_words(step):
    """Also where the step no longer fits into its word of the address."""
    key, cells = draws.key(7, 1), np.arange(8, dtype=np.uint64)
    indices, dealt = cells + np.uint64(5), np.zeros((4, 8), np.uint64)
    draws.deal_words(cells, indices, 8, key, step, draws.CANDIDATES, tuple(dealt))
    for k in range(8):
        address = draws.Address(key, step, cells[k])
        assert draws.words(address, draws.CANDIDATES, indices[k], 0) == tuple(dealt[:, k])
