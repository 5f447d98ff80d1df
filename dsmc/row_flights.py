"""Flights of rows as vectors: several rows at once, axis by axis.

Squares of a few rows and columns are turned, and turned back: a lane is a row between. What stands
here is compiled only; plain Python has loops in its place (`compiled.COMPILED`).
"""

from collections.abc import Callable

import llvmlite.binding
from llvmlite import ir
from numba.core import types
from numba.core.extending import intrinsic

from dsmc.lanes import Entry, spread
from dsmc.row_vectors import SIDE, WORD, Matrix, is_matrix, whole

BIT = ir.IntType(1)
# Processors with vectors of 64 bytes have twice as many registers, and mix entries across a whole
# vector cheaply; others only within 16 bytes.
ROOMY = llvmlite.binding.get_host_cpu_features().get("avx512vl", False)


def side_of(grain: int) -> int:
    """How many columns of as many rows are turned at once: 2 or 4.

    grain : bytes of an entry
    """
    return SIDE if ROOMY or grain < 8 else SIDE // 2


def rows_of(side: int) -> int:
    """How many rows fly at once: so many stay in registers."""
    return 2 * side


@intrinsic
def at_once(context, rows):
    """How many of these rows (N, columns) fly at once: a constant for the compiler."""
    if not is_matrix(rows):
        return None
    number = rows_of(side_of(rows.dtype.bitwidth // 8))
    return types.uint64(rows), lambda *_: whole(number)


def rows_into_cells(term: Callable, sides: Callable[[int], int] = side_of) -> Callable:
    """Compile flights of rows to places in the box, and the numbers of the even cells there.

    term(x, v, dt) -> new x, made of +, - and *; sides(grain) -> 2 or 4, for tests

    Inside kernels the result is called as into(rows, row, columns, dt, lengths, inverse_width,
    cells, elsewhere, found) for `at_once` rows (rows_of of the side) from one on, with tuples of
    the d axes, and columns,
    a tuple with an entry for each; x are the first d columns, v the next d.  It writes the cell of
    each row to found[row], or `elsewhere` where the new x is outside 0 ... lengths: such a row is
    left as it is.  It returns whether there is none.  A position on the upper face belongs to the
    last cell.
    """

    @intrinsic
    def into(context, rows, row, columns, dt, lengths, inverse_width, cells, elsewhere, found):
        if not (is_matrix(rows) and found.ndim == 1 and found.layout == "C"):
            return None
        kinds = rows, row, columns, dt, lengths, inverse_width, cells, elsewhere, found
        return types.boolean(*kinds), lambda *parts: _write_into_cells(term, sides, *parts)

    return into


def _write_into_cells(term, sides, context, builder, signature, arguments):
    """The instructions of `rows_into_cells`."""
    kinds = signature.args
    matrix = Matrix(context, builder, kinds[0], arguments[0], kinds[2])
    side = sides(matrix.grain)
    count = rows_of(side)
    rows = [builder.add(arguments[1], whole(k)) for k in range(count)]
    axes = len(kinds[4])

    def of_axes(number):
        return [builder.extract_value(arguments[number], k) for k in range(axes)]

    columns = _columns(builder, matrix, rows, side)
    dt = spread(builder, arguments[3], ir.VectorType(matrix.number, count))
    new = [
        term(*(Entry(builder, value) for value in (x, v, dt))).value
        for x, v in zip(columns[:axes], columns[axes : 2 * axes], strict=True)
    ]
    stay = _inside(builder, new, of_axes(4))
    kept = [builder.select(stay, *pair) for pair in zip(new, columns, strict=False)]
    moved = kept + columns[axes:]
    for first in range(0, axes, side):
        turned = _transposed(builder, moved[first : first + side])
        for k, row in enumerate(rows):
            matrix.store(_block(builder, turned[k % side], k // side, side), row, whole(first))
    found = context.make_array(kinds[8])(context, builder, arguments[8])
    form = ir.VectorType(ir.IntType(kinds[8].dtype.bitwidth), count)
    cells = _cells(builder, new, of_axes(5), of_axes(6), form)
    cells = builder.select(stay, cells, _spread_number(builder, arguments[7], form))
    place = builder.bitcast(builder.gep(found.data, [rows[0]]), form.as_pointer())
    builder.store(cells, place, align=form.element.width // 8)
    mask = builder.bitcast(stay, ir.IntType(count))
    return builder.icmp_unsigned("==", mask, ir.Constant(mask.type, (1 << count) - 1))


def _columns(builder, matrix, rows, side):
    """The columns of some rows, each a vector."""
    form, columns = ir.VectorType(matrix.number, side), []
    while len(columns) < matrix.columns:
        first = min(len(columns), matrix.columns - side)  # the last ones overlap those before
        loaded = [matrix.load(row, whole(first), form) for row in rows]
        turned = _transposed(builder, [_joined(builder, loaded[k::side]) for k in range(side)])
        columns += turned[len(columns) - first :]
    return columns


def _inside(builder, positions, lengths):
    """In which lanes all positions are within 0 ... length."""
    (form,) = {position.type for position in positions}
    inside = ir.Constant(ir.VectorType(BIT, form.count), [1] * form.count)
    for x, length in zip(positions, lengths, strict=True):
        for sign, limit in (
            (">=", ir.Constant(form, [0.0] * form.count)),
            ("<=", spread(builder, length, form)),
        ):
            inside = builder.and_(inside, builder.fcmp_ordered(sign, x, limit))
    return inside


def _cells(builder, positions, inverse_widths, counts, form):
    """The numbers of the cells of positions in the box, as integers of a form."""
    short = ir.VectorType(WORD, form.count)
    cells, stride = ir.Constant(form, [0] * form.count), whole(1)
    for x, inverse, count in zip(positions, inverse_widths, counts, strict=True):
        scaled = builder.fmul(x, spread(builder, inverse, x.type))
        index = builder.fptosi(scaled, short)
        last = _spread_number(builder, builder.sub(count, whole(1)), short)
        index = builder.select(builder.icmp_signed("<", index, last), index, last)
        if form != short:
            index = builder.zext(index, form)
        along = builder.mul(index, _spread_number(builder, stride, form))
        cells = builder.add(cells, along)
        stride = builder.mul(stride, count)
    return cells


def _spread_number(builder, number, form):
    """An integer in every lane of shorter or equal integers."""
    if form.element != number.type:
        number = builder.trunc(number, form.element)
    return spread(builder, number, form)


def _joined(builder, parts):
    """Vectors one behind the other."""
    while len(parts) > 1:
        pairs = zip(parts[::2], parts[1::2], strict=True)
        parts = [_mixed(builder, *pair, range(2 * pair[0].type.count)) for pair in pairs]
    return parts[0]


def _block(builder, vector, k, side):
    """The k-th run of `side` entries of a vector."""
    return _mixed(builder, vector, vector, range(k * side, (k + 1) * side))


def _transposed(builder, vectors):
    """Squares of rows and columns, side by side in as many vectors, each turned into columns.

    Or columns into rows. Two by two, single entries are mixed; four by four, then pairs of them.
    """
    side, width = len(vectors), vectors[0].type.count

    def mixed(first, second, places):
        everywhere = [
            start + (place if place < side else width + place - side)
            for start in range(0, width, side)
            for place in places
        ]
        return _mixed(builder, first, second, everywhere)

    if side == 2:
        return [mixed(*vectors, places) for places in ((0, 2), (1, 3))]
    halves = [
        (mixed(*vectors[:2], places), mixed(*vectors[2:], places))
        for places in ((0, 4, 1, 5), (2, 6, 3, 7))
    ]
    return [mixed(*half, places) for half in halves for places in ((0, 1, 4, 5), (2, 3, 6, 7))]


def _mixed(builder, first, second, places):
    """A vector of entries of two; places are counted through both."""
    mask = ir.Constant(ir.VectorType(WORD, len(places)), list(places))
    return builder.shuffle_vector(first, second, mask)
