"""Rows of a matrix as vectors: what a loop over their few columns would do one by one.

The columns of a row lie side by side, so that a row, or the position in it, is moved, compared and
multiplied at once. Matrices are contiguous. What stands here is compiled only; plain Python has
loops in its place (`compiled.COMPILED`).
"""

from collections.abc import Callable

from llvmlite import ir
from numba.core import cgutils, types
from numba.core.extending import intrinsic

from dsmc.lanes import NUMBERS, Entry

BYTE, WORD, INTEGER = (ir.IntType(bits) for bits in (8, 32, 64))
# How a line is asked for: why, into which cache, and that it is not code. To ask for a line that
# will be written as one to be written brings it too near: it takes the place of what is in use.
TO_READ, NEAR, DATA = (ir.Constant(WORD, n) for n in (0, 2, 1))
AT_ONCE = 8  # rows that are compared at once; a power of 2


def _is_matrix(kind: types.Type) -> bool:
    return isinstance(kind, types.Array) and kind.ndim == 2 and kind.layout == "C"


class _Matrix:
    """Where the rows of a matrix are, and of what."""

    def __init__(self, context, builder, kind, value):
        self.builder, self.number = builder, NUMBERS[kind.dtype]
        self.array = context.make_array(kind)(context, builder, value)
        self.grain = kind.dtype.bitwidth // 8
        self.columns = builder.extract_value(self.array.shape, 1)

    def place(self, row, first, form):
        """The place of columns from `first` on, as a vector."""
        at = self.builder.add(self.builder.mul(row, self.columns), first)
        return self.builder.bitcast(self.builder.gep(self.array.data, [at]), form.as_pointer())

    def load(self, row, first, form):
        return self.builder.load(self.place(row, first, form), align=self.grain)

    def store(self, value, row, first):
        self.builder.store(value, self.place(row, first, value.type), align=self.grain)


def _whole(number: int) -> ir.Constant:
    return ir.Constant(INTEGER, number)


@intrinsic
def copy_row(context, target, to, source, row, columns):
    """Row `row` of a matrix into row `to` of another; columns : a tuple, one entry for each."""
    if not (_is_matrix(target) and _is_matrix(source) and target.dtype == source.dtype):
        return None
    return types.void(target, to, source, row, columns), _write_copy


def _write_copy(context, builder, signature, arguments):
    """The instructions of `copy_row`: the number of columns is known when they are written."""
    kinds = signature.args
    target = _Matrix(context, builder, kinds[0], arguments[0])
    source = _Matrix(context, builder, kinds[2], arguments[2])
    target.columns = source.columns = _whole(len(kinds[4]))
    form = ir.VectorType(target.number, len(kinds[4]))
    target.store(source.load(arguments[3], _whole(0), form), arguments[1], _whole(0))
    return context.get_dummy_value()


@intrinsic
def expect_row(context, rows, row, columns):
    """Ask the memory for a row that is wanted some thousand instructions later; changes nothing.

    columns : a tuple, one entry for each.  The row need not be one: nothing is read.
    """
    if not _is_matrix(rows):
        return None
    return types.void(rows, row, columns), _write_request


def _write_request(context, builder, signature, arguments):
    """The instructions of `expect_row`."""
    kinds = signature.args
    rows = _Matrix(context, builder, kinds[0], arguments[0])
    rows.columns = _whole(len(kinds[2]))
    _request(builder, rows.place(arguments[1], _whole(0), BYTE))
    return context.get_dummy_value()


@intrinsic
def expect_fetch(context, rows, row, source, order, entry, columns):
    """`expect_row` for a row, and for all of the row of the source that will be copied there.

    order : (entries,) which one that is, at entry + row; columns : a tuple, one entry for each
    """
    if not (_is_matrix(rows) and _is_matrix(source) and rows.dtype == source.dtype):
        return None
    return types.void(rows, row, source, order, entry, columns), _write_requests


def _write_requests(context, builder, signature, arguments):
    """The instructions of `expect_fetch`: as few as there can be, for all rows pass here."""
    kinds = signature.args
    rows, source = (_Matrix(context, builder, kinds[k], arguments[k]) for k in (0, 2))
    rows.columns = source.columns = _whole(len(kinds[5]))
    order = context.make_array(kinds[3])(context, builder, arguments[3])
    found = builder.load(builder.gep(order.data, [builder.add(arguments[4], arguments[1])]))
    if kinds[3].dtype.bitwidth < 64:
        found = builder.zext(found, INTEGER)
    first = source.place(found, _whole(0), BYTE)
    last = builder.gep(first, [_whole(len(kinds[5]) * source.grain - 1)])  # maybe on another line
    for place in (first, last, rows.place(arguments[1], _whole(0), BYTE)):
        _request(builder, place)
    return context.get_dummy_value()


def _request(builder, place):
    """Ask for the line of the cache that a byte is in."""
    shape = ir.FunctionType(ir.VoidType(), [place.type, WORD, WORD, WORD])
    request = cgutils.get_or_insert_function(builder.module, shape, "llvm.prefetch.p0i8")
    builder.call(request, [place, TO_READ, NEAR, DATA])


@intrinsic
def bounds_of_three(context, rows, start, stop, first):
    """The least and the greatest of three columns from `first` on, in rows start:stop.

    (least, least, least, greatest, greatest, greatest); start < stop, and first > 0: the column
    before is read, too
    """
    if not _is_matrix(rows):
        return None
    return types.UniTuple(rows.dtype, 6)(rows, start, stop, first), _write_bounds


def _write_bounds(context, builder, signature, arguments):
    """The instructions of `bounds_of_three`: AT_ONCE rows at a time, the last ones maybe twice.

    Rows that are counted one by one end a loop that is guessed wrongly in nearly every cell.
    """
    matrix = _Matrix(context, builder, signature.args[0], arguments[0])
    _, start, stop, first = arguments
    form = ir.VectorType(matrix.number, 4)  # with the column before: whole vectors
    one, many = (ir.Constant(start.type, number) for number in (1, AT_ONCE))
    before, last = builder.sub(first, one), builder.sub(stop, one)
    slots = [cgutils.alloca_once_value(builder, matrix.load(start, before, form)) for _ in range(2)]

    def at_most(row, limit):
        return builder.select(builder.icmp_signed("<", row, limit), row, limit)

    def take(rows):
        loaded = [matrix.load(row, before, form) for row in rows]
        for slot, comparison in zip(slots, ("<", ">"), strict=True):
            found = [*loaded, builder.load(slot)]
            while len(found) > 1:
                pairs = zip(found[::2], found[1::2], strict=False)
                better = [
                    builder.select(builder.fcmp_ordered(comparison, *pair), *pair) for pair in pairs
                ]
                found = better + found[2 * len(better) :]
            builder.store(found[0], slot)

    def following(row):
        return [builder.add(row, ir.Constant(row.type, k)) for k in range(AT_ONCE)]

    end = builder.sub(stop, many)
    with builder.if_else(builder.icmp_signed(">=", end, start)) as (full, few):
        with full:
            with cgutils.for_range_slice(builder, start, end, many, inc=True) as (row, _):
                take(following(row))
            take(following(end))
        with few:
            take([at_most(row, last) for row in following(start)])
    ends = [builder.load(slot) for slot in slots]
    parts = [builder.extract_element(end, ir.Constant(WORD, k)) for end in ends for k in (1, 2, 3)]
    return context.make_tuple(builder, signature.return_type, parts)


def row_into_cell(term: Callable) -> Callable:
    """Compile the flight of a row to a place in the box, and the number of the even cell there.

    term(x, v, dt) -> new x, made of +, - and *.  Inside kernels the result is called as
    into(rows, row, dt, lengths, inverse_width, cells, elsewhere) with tuples of the d axes; x are
    the first d columns, v the next d.  It returns the cell, or `elsewhere`, an int64, where the new
    x is outside 0 ... lengths: nothing is written then.  A position on the upper face belongs to
    the last cell.
    """

    @intrinsic
    def into(context, rows, row, dt, lengths, inverse_width, cells, elsewhere):
        if not _is_matrix(rows):
            return None
        signature = types.int64(rows, row, dt, lengths, inverse_width, cells, elsewhere)
        return signature, lambda *parts: _write_into_cell(term, *parts)

    return into


def _write_into_cell(term, context, builder, signature, arguments):
    """The instructions of `row_into_cell`: of three axes with a fourth lane, whole vectors."""
    matrix = _Matrix(context, builder, signature.args[0], arguments[0])
    row, axes = arguments[1], len(signature.args[3])
    lanes = 4 if axes == 3 else axes
    form, short = ir.VectorType(matrix.number, lanes), ir.VectorType(WORD, lanes)

    def vector(values, kind):
        made = ir.Constant(kind, ir.Undefined)
        for k, value in enumerate(values):
            made = builder.insert_element(made, value, ir.Constant(WORD, k))
        return made

    def of_axes(number):
        return [builder.extract_value(arguments[number], k) for k in range(axes)]

    def picked(first, second, places):
        mask = ir.Constant(short, places)
        return builder.shuffle_vector(first, second, mask)

    aside = lanes - axes
    lengths = [*of_axes(3), *[builder.extract_value(arguments[3], 0)] * aside]
    x = matrix.load(row, _whole(0), form)
    v = matrix.load(row, _whole(axes - aside), form)
    v = picked(v, v, [(k + aside) % lanes for k in range(lanes)])
    dt = vector([arguments[2]] * lanes, form)
    new = term(*(Entry(builder, value) for value in (x, v, dt))).value
    inside = builder.and_(
        builder.fcmp_ordered(">=", new, ir.Constant(form, [0.0] * lanes)),
        builder.fcmp_ordered("<=", new, vector(lengths, form)),
    )
    mask = ir.IntType(lanes)
    all_axes = ir.Constant(mask, (1 << axes) - 1)
    stays = builder.and_(builder.bitcast(inside, mask), all_axes)
    cell = cgutils.alloca_once_value(builder, arguments[6])
    with builder.if_then(
        builder.icmp_unsigned("==", stays, all_axes),
        likely=True,
    ):
        matrix.store(
            picked(new, x, [k if k < axes else k + lanes for k in range(lanes)]), row, _whole(0)
        )
        one = ir.Constant(INTEGER, 1)
        last = vector([builder.trunc(builder.sub(n, one), WORD) for n in of_axes(5)], short)
        index = builder.fptosi(builder.fmul(new, vector(of_axes(4), form)), short)
        index = builder.select(builder.icmp_signed("<", index, last), index, last)
        found, stride = _whole(0), _whole(1)
        for k in range(axes):
            along = builder.zext(builder.extract_element(index, ir.Constant(WORD, k)), INTEGER)
            found = builder.add(found, builder.mul(stride, along))
            stride = builder.mul(stride, builder.extract_value(arguments[5], k))
        builder.store(found, cell)
    return builder.load(cell)
