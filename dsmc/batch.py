"""The cells that one thread has at hand: majorants, clocks and pairs of all, side by side.

Collisions go verb by verb over a batch of cells (`dsmc.collide`). A loop over places that follows
no chance is made of vector instructions, and what one cell waits for is filled with the others.
"""

from typing import NamedTuple

import numpy as np

from dsmc.compiled import inner_kernel, nested_kernel
from dsmc.partners import Tried, tried

CELLS = 256  # in a batch, and candidates in a round, at most; a multiple of 16
ROWS = 2560  # in a batch, if it has more than one cell: they stay in a near cache
LINE = 64  # bytes of a line of the cache
# Bytes from one column to the next, but within the tables of a mixture.  A processor tells loads
# and stores under way by the last 12 bits of their addresses: columns a multiple of 4096 bytes
# apart would wait for each other.
STRIDE = 8 * CELLS + LINE


REAL = None  # in place of a type: what is computed has the precision of the rows
# What a place of the batch has: that of a cell, column by column.
PLACES = {
    # What it was told (`admit`).
    "start": np.int64,  # first row of the cell
    "stop": np.int64,  # and the row behind the last
    "label": np.int64,  # number of the cell in the addresses of random numbers
    "volume": np.float64,  # [m^3]
    "time": np.float64,  # for which it collides [s]
    # Clocks.
    "bound": REAL,  # squared relative speed that no pair of two species exceeds [m^2/s^2]
    "total": np.float64,  # candidates per second, of all species
    "elapsed": np.float64,  # time at which the clock was set to zero [s]
    "product": np.float64,  # of the uniforms since then
    "last": np.float64,  # below it the step is over
    "played": np.int64,  # candidates so far
    "run": np.int64,  # candidates in a round, at most
    # Of a round.
    "over": np.int64,  # 1 if no candidate comes in time any more
    "wider": np.int64,  # the candidate whose velocities left what the majorant bounds
}
# The columns of a round: the places in it, then its candidates, then those that collide.
ROUND = {
    "open": np.uint64,  # (places,) whose step is not over; in flight, rows that meet faces
    "place": np.uint64,  # (candidates,)
    "index": np.uint64,  # (candidates,) how many the place had before
    "choice": np.float64,  # (candidates,) a number in (0, 1), which chooses the species
    "clock": np.float64,  # (candidates,) product of the uniforms up to it
    "one": np.uint64,  # (candidates,) row of a particle
    "other": np.uint64,  # (candidates,) and of its partner
    "kind": np.int64,  # (candidates,) their species
    "other_kind": np.int64,  # (candidates,)
    "hit": np.uint64,  # (hits,) candidates that collide; at last, places whose clocks are set
    "struck": np.uint64,  # (hits,) their places
    "drawn": np.uint64,  # (hits,) their indices
    "named": np.uint64,  # (any,) labels of those that are dealt words
    "word_0": np.uint64,  # (any,) the words
    "word_1": np.uint64,  # (any,)
    "word_2": np.uint64,  # (any,)
    "word_3": np.uint64,  # (any,)
    "g_squared": REAL,  # (candidates,) of the relative velocity [m^2/s^2]
    "likely": REAL,  # (candidates,) sigma g [m^3/s]; of a mixture, then (hits,) 1/alpha
    # (hits,) relative velocities [m/s].  Before, of candidates: in x their majorants, in y and z of
    # a mixture the prefactor and the half exponent of sigma g.
    "x": REAL,
    "y": REAL,
    "z": REAL,
    # (hits,) how they turn
    "cosine": REAL,
    "azimuth": REAL,
}


class Batch(NamedTuple):
    """One thread's workspace; `places` is the place of a cell in the batch.

    Or those of all threads, one behind the other: then everything has the thread in front.

    Columns of one length for every gas are fields of a record: an argument of a kernel is then one
    address, not seven numbers for each column, and the compiler sees that no column overlaps
    another.
    """

    places: np.record  # of PLACES
    round: np.record  # of ROUND
    # Majorants (`dsmc.pairs`).
    centre: np.ndarray  # (places, D) a velocity amid the others, in the precision of the rows
    farthest: np.ndarray  # (S, places) max |v - centre|^2 of each species, or more; REAL
    number: np.ndarray  # (S, places) particles of each species
    rate: np.ndarray  # (S, S, places) majorant of sigma g; REAL
    flow: np.ndarray  # (S, S, places) candidates per second
    begin: np.ndarray  # (places, S + 1) first member of each species
    member: np.ndarray  # (rows + 1,) of a mixture: rows sorted by species, cell by cell
    tried: Tried | None  # pairs of this step, where partners are the nearest
    normal: np.ndarray  # (D,) a direction, unless D = 3


def batches(
    threads: int,
    components: int,
    species_count: int,
    largest: int,
    dtype: type = np.float64,
    near: bool = False,
    *,
    real: type | None = None,
) -> Batch:
    """Lay out a workspace for every thread, for rows of the given precision.

    largest : rows of a batch, for mixtures only
    near : partners are the nearest particles, not any (see `dsmc.partners`)
    real : the precision of what is computed, if it is not that of the rows
    """
    kinds, real = species_count, real or dtype
    wanted = (
        ((kinds,), real), ((kinds,), np.float64), ((kinds, kinds), real),
        ((kinds, kinds), np.float64),
    )  # fmt: skip
    columns = len(PLACES) + len(ROUND) + sum(_columns_of(shape) for shape, _ in wanted)
    workspace = _workspace(threads * columns)
    places, begin = _records(workspace, 0, threads, PLACES, real)
    round, begin = _records(workspace, begin, threads, ROUND, real)
    tables = []
    for shape, number in wanted:
        table, begin = _table(workspace, begin, threads, shape, number)
        tables.append(table)
    places["volume"] = 1.0  # not 0, by which places that are only computed along would be divided
    farthest, number, rate, flow = tables
    return Batch(
        places=places, round=round, centre=np.zeros((threads, CELLS, components), dtype),
        farthest=farthest, number=number, rate=rate, flow=flow,
        begin=np.zeros((threads, CELLS, kinds + 1), np.int64),
        member=np.empty((threads, largest + 1), np.uint64),
        tried=tried(threads, CELLS) if near else None, normal=np.empty((threads, components)),
    )  # fmt: skip


def batch(
    components: int,
    species_count: int,
    largest: int,
    dtype: type = np.float64,
    *,
    real: type | None = None,
) -> Batch:
    """Lay out the workspace of one thread, as `batches`."""
    all = batches(1, components, species_count, largest, dtype, real=real)
    return Batch(*(None if part is None else part[0] for part in all))


def _columns_of(shape: tuple[int, ...]) -> int:
    """How many columns a table has."""
    return int(np.prod(shape))


def _workspace(columns: int) -> np.ndarray:
    """Zeros for so many columns, from the beginning of a line of the cache."""
    raw = np.zeros(columns * STRIDE + LINE, np.uint8)
    return raw[-raw.ctypes.data % LINE :]


def _records(
    workspace: np.ndarray, begin: int, threads: int, columns: dict[str, type | None], real: type
) -> tuple[np.ndarray, int]:
    """A record of columns of CELLS numbers for each thread, and the byte behind them."""
    kind = np.dtype(
        {
            "names": list(columns),
            "formats": [(number or real, (CELLS,)) for number in columns.values()],
            "offsets": [STRIDE * k for k in range(len(columns))],
            "itemsize": STRIDE * len(columns),
        },
        align=True,
    )
    end = begin + threads * kind.itemsize
    return workspace[begin:end].view(np.dtype((np.record, kind))), end


def _table(
    workspace: np.ndarray, begin: int, threads: int, shape: tuple[int, ...], number: type
) -> tuple[np.ndarray, int]:
    """Columns one right behind the other: (threads, *shape, CELLS), and the byte behind them."""
    columns = threads * _columns_of(shape)
    size = np.dtype(number).itemsize * CELLS * columns
    table = workspace[begin : begin + size].view(number)
    return table.reshape(threads, *shape, CELLS), begin + STRIDE * columns


@nested_kernel
def whole(count, column):
    """So many numbers of a column and the others of the last line of the cache, CELLS at most.

    column : (CELLS,).  A compiler makes vectors of that length, and does what is left over number
    by number. A loop that only computes goes on over what stands there, and nobody asks for it.
    """
    line = LINE // column.itemsize
    return (count + (line - 1)) // line * line


@inner_kernel
def admit(places, place, start, stop, label, volume, time):
    """Give a place to the cell of rows start:stop, which is to collide for a time."""
    places.start[place] = start
    places.stop[place] = stop
    places.label[place] = label
    places.volume[place] = volume
    places.time[place] = time


@inner_kernel
def members_at(places, place):
    """Where `Batch.member` has those of the cell at a place: the first, and behind the last."""
    base = places.start[0]
    return places.start[place] - base, places.stop[place] - base


@inner_kernel
def tried_at(tried, place):
    """The memory of the cell at a place, or those of a thread."""
    if tried is None:
        return None
    return Tried(tried.count[place], tried.one[place], tried.other[place])
