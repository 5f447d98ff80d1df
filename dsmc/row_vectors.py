"""Rows of a matrix as vectors: copied whole, and asked for before they are wanted.

The columns of a row lie side by side. Matrices are contiguous. What stands here is compiled only;
plain Python has loops in its place (`compiled.COMPILED`).
"""

from llvmlite import ir
from numba.core import cgutils, types
from numba.core.extending import intrinsic

from dsmc.lanes import NUMBERS

BYTE, WORD, INTEGER = (ir.IntType(bits) for bits in (8, 32, 64))
# How a line is asked for: why, into which cache, and that it is not code. To ask for a line that
# will be written as one to be written brings it too near: it takes the place of what is in use.
TO_READ, NEAR, DATA = (ir.Constant(WORD, n) for n in (0, 2, 1))
SIDE = 4  # entries of a vector of three columns and one beside them


def is_matrix(kind: types.Type) -> bool:
    """Whether a type is that of a matrix whose rows are vectors."""
    return isinstance(kind, types.Array) and kind.ndim == 2 and kind.layout == "C"


class Matrix:
    """Where the rows of a matrix are, and of what.

    columns : a tuple, one entry for each column: their number is known when code is written
    """

    def __init__(self, context, builder, kind, value, columns):
        self.builder, self.number = builder, NUMBERS[kind.dtype]
        self.array = context.make_array(kind)(context, builder, value)
        self.grain = kind.dtype.bitwidth // 8
        self.columns = len(columns)

    def place(self, row, first, form):
        """The place of columns from `first` on, as a vector."""
        at = self.builder.add(self.builder.mul(row, whole(self.columns)), first)
        return self.builder.bitcast(self.builder.gep(self.array.data, [at]), form.as_pointer())

    def load(self, row, first, form):
        """Columns from `first` on."""
        return self.builder.load(self.place(row, first, form), align=self.grain)

    def store(self, value, row, first):
        """Write columns from `first` on."""
        self.builder.store(value, self.place(row, first, value.type), align=self.grain)


def whole(number: int) -> ir.Constant:
    """A whole number as an operand."""
    return ir.Constant(INTEGER, number)


@intrinsic
def copy_row(context, target, to, source, row, columns):
    """Row `row` of a matrix into row `to` of another; columns : a tuple, one entry for each."""
    if not (is_matrix(target) and is_matrix(source) and target.dtype == source.dtype):
        return None
    return types.void(target, to, source, row, columns), _write_copy


def _write_copy(context, builder, signature, arguments):
    """The instructions of `copy_row`: the number of columns is known when they are written."""
    kinds = signature.args
    target = Matrix(context, builder, kinds[0], arguments[0], kinds[4])
    source = Matrix(context, builder, kinds[2], arguments[2], kinds[4])
    form = ir.VectorType(target.number, target.columns)
    target.store(source.load(arguments[3], whole(0), form), arguments[1], whole(0))
    return context.get_dummy_value()


@intrinsic
def expect_row(context, rows, row, columns):
    """Ask the memory for a row that is wanted some thousand instructions later; changes nothing.

    columns : a tuple, one entry for each.  The row need not be one: nothing is read.
    """
    if not is_matrix(rows):
        return None
    return types.void(rows, row, columns), _write_request


def _write_request(context, builder, signature, arguments):
    """The instructions of `expect_row`."""
    kinds = signature.args
    rows = Matrix(context, builder, kinds[0], arguments[0], kinds[2])
    _request(builder, rows.place(arguments[1], whole(0), BYTE))
    return context.get_dummy_value()


@intrinsic
def expect_fetch(context, rows, row, source, order, entry, columns):
    """`expect_row` for a row, and for all of the row of the source that will be copied there.

    order : (entries,) which one that is, at entry + row; columns : a tuple, one entry for each
    """
    if not (is_matrix(rows) and is_matrix(source) and rows.dtype == source.dtype):
        return None
    return types.void(rows, row, source, order, entry, columns), _write_requests


def _write_requests(context, builder, signature, arguments):
    """The instructions of `expect_fetch`: as few as there can be, for all rows pass here."""
    kinds = signature.args
    rows, source = (Matrix(context, builder, kinds[k], arguments[k], kinds[5]) for k in (0, 2))
    order = context.make_array(kinds[3])(context, builder, arguments[3])
    found = builder.load(builder.gep(order.data, [builder.add(arguments[4], arguments[1])]))
    if kinds[3].dtype.bitwidth < 64:
        found = builder.zext(found, INTEGER)
    first = source.place(found, whole(0), BYTE)
    last = builder.gep(first, [whole(source.columns * source.grain - 1)])  # maybe on another line
    for place in (first, last, rows.place(arguments[1], whole(0), BYTE)):
        _request(builder, place)
    return context.get_dummy_value()


@intrinsic
def expect_number(context, numbers, place):
    """Ask the memory for a number of a contiguous row, to read or write it; changes nothing."""
    if not (isinstance(numbers, types.Array) and numbers.ndim == 1 and numbers.layout == "C"):
        return None
    return types.void(numbers, place), _write_number_request


def _write_number_request(context, builder, signature, arguments):
    """The instructions of `expect_number`."""
    numbers = context.make_array(signature.args[0])(context, builder, arguments[0])
    place = builder.gep(numbers.data, [arguments[1]])
    _request(builder, builder.bitcast(place, BYTE.as_pointer()))
    return context.get_dummy_value()


def _request(builder, place):
    """Ask for the line of the cache that a byte is in."""
    shape = ir.FunctionType(ir.VoidType(), [place.type, WORD, WORD, WORD])
    request = cgutils.get_or_insert_function(builder.module, shape, "llvm.prefetch.p0i8")
    builder.call(request, [place, TO_READ, NEAR, DATA])
