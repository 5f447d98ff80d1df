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

WORD, INTEGER = ir.IntType(32), ir.IntType(64)
# How a line is asked for: why, into which cache, and that it is not code.
TO_READ, TO_WRITE, NEAR, NEAREST, DATA = (ir.Constant(WORD, n) for n in (0, 1, 2, 3, 1))


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
def expect_row(context, target, to):
    """Ask the memory for a row that will be written soon; changes nothing."""
    if not _is_matrix(target):
        return None
    return types.void(target, to), _request(TO_WRITE, NEAREST)


@intrinsic
def expect_to_read(context, rows, row):
    """Ask the memory for a row that will be read some thousand instructions later."""
    if not _is_matrix(rows):
        return None
    return types.void(rows, row), _request(TO_READ, NEAR)


def _request(purpose, level):
    """Ask for a row, for a purpose, into one of the caches."""

    def write(context, builder, signature, arguments):
        matrix = _Matrix(context, builder, signature.args[0], arguments[0])
        place = matrix.place(arguments[1], _whole(0), ir.IntType(8))
        shape = ir.FunctionType(ir.VoidType(), [place.type, WORD, WORD, WORD])
        request = cgutils.get_or_insert_function(builder.module, shape, "llvm.prefetch.p0i8")
        builder.call(request, [place, purpose, level, DATA])
        return context.get_dummy_value()

    return write


@intrinsic
def bounds_of_three(context, rows, start, stop, first):
    """The least and the greatest of three columns from `first` on, in rows start:stop.

    (least, least, least, greatest, greatest, greatest); start < stop
    """
    if not _is_matrix(rows):
        return None
    return types.UniTuple(rows.dtype, 6)(rows, start, stop, first), _write_bounds


def _write_bounds(context, builder, signature, arguments):
    """The instructions of `bounds_of_three`."""
    matrix = _Matrix(context, builder, signature.args[0], arguments[0])
    _, start, stop, first = arguments
    form = ir.VectorType(matrix.number, 3)
    slots = [cgutils.alloca_once_value(builder, matrix.load(start, first, form)) for _ in range(2)]
    one = ir.Constant(start.type, 1)
    with cgutils.for_range_slice(builder, builder.add(start, one), stop, one, inc=True) as (row, _):
        found = matrix.load(row, first, form)
        for slot, comparison in zip(slots, ("<", ">"), strict=True):
            kept = builder.load(slot)
            better = builder.fcmp_ordered(comparison, found, kept)
            builder.store(builder.select(better, found, kept), slot)
    ends = [builder.load(slot) for slot in slots]
    parts = [builder.extract_element(end, ir.Constant(WORD, k)) for end in ends for k in range(3)]
    return context.make_tuple(builder, signature.return_type, parts)


def row_into_cell(term: Callable) -> Callable:
    """Compile the flight of a row to a place in the box, and the number of the even cell there.

    term(x, v, dt) -> new x, made of +, - and *.  Inside kernels the result is called as
    into(rows, row, dt, lengths, inverse_width, cells) with tuples of the d axes; x are the first d
    columns, v the next d.  It returns the cell, or -1 where the new x is outside 0 ... lengths:
    nothing is written then.  A position on the upper face belongs to the last cell.
    """

    @intrinsic
    def into(context, rows, row, dt, lengths, inverse_width, cells):
        if not _is_matrix(rows):
            return None
        signature = types.int64(rows, row, dt, lengths, inverse_width, cells)
        return signature, lambda *parts: _write_into_cell(term, *parts)

    return into


def _write_into_cell(term, context, builder, signature, arguments):
    """The instructions of `row_into_cell`."""
    matrix = _Matrix(context, builder, signature.args[0], arguments[0])
    row, axes = arguments[1], len(signature.args[3])
    form, whole = ir.VectorType(matrix.number, axes), ir.VectorType(INTEGER, axes)

    def vector(tuple_value, kind):
        made = ir.Constant(kind, ir.Undefined)
        for k in range(axes):
            one = builder.extract_value(tuple_value, k)
            made = builder.insert_element(made, one, ir.Constant(WORD, k))
        return made

    dt = ir.Constant(form, ir.Undefined)
    for k in range(axes):
        dt = builder.insert_element(dt, arguments[2], ir.Constant(WORD, k))
    x, v = (matrix.load(row, _whole(first), form) for first in (0, axes))
    x = term(*(Entry(builder, value) for value in (x, v, dt))).value
    inside = builder.and_(
        builder.fcmp_ordered(">=", x, ir.Constant(form, [0.0] * axes)),
        builder.fcmp_ordered("<=", x, vector(arguments[3], form)),
    )
    mask = ir.IntType(axes)
    cell = cgutils.alloca_once_value(builder, _whole(-1))
    with builder.if_then(
        builder.icmp_unsigned("==", builder.bitcast(inside, mask), ir.Constant(mask, -1)),
        likely=True,
    ):
        matrix.store(x, row, _whole(0))
        last = builder.sub(vector(arguments[5], whole), ir.Constant(whole, [1] * axes))
        place = builder.fmul(x, vector(arguments[4], form))
        short = ir.VectorType(WORD, axes)
        index = builder.fptosi(place, short)
        index = builder.zext(
            builder.select(
                builder.icmp_signed("<", index, builder.trunc(last, short)), index,
                builder.trunc(last, short),
            ), whole,
        )  # fmt: skip
        found, stride = _whole(0), _whole(1)
        for k in range(axes):
            along = builder.extract_element(index, ir.Constant(WORD, k))
            found = builder.add(found, builder.mul(stride, along))
            stride = builder.mul(stride, builder.extract_value(arguments[5], k))
        builder.store(found, cell)
    return builder.load(cell)
