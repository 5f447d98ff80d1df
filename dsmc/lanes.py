"""Sums over the columns of rows: vectors at work, and the same digits on every processor.

Columns are added in lanes, every product in one rounding: vectors of 16 (float32) or 8 lanes
(float64), several side by side where few sums are made, so that no addition waits for the one
before it; the vectors left over go to the first of them, and the columns that fill no vector are
added one by one.  Vectors are then added by halves, and their lanes by halves in double precision.
A compiler left to itself may not reorder such a sum, and so cannot vectorise it; told to reorder
freely, it does so as the processor suits.
"""

from collections.abc import Callable
from contextlib import contextmanager

from llvmlite import ir
from numba.core import cgutils, types
from numba.core.extending import intrinsic

LANES = {types.float32: 16, types.float64: 8, types.uint64: 8}
NUMBERS = {
    types.float32: ir.FloatType(), types.float64: ir.DoubleType(), types.uint64: ir.IntType(64),
}  # fmt: skip
CHAINS = 4  # additions under way
CACHE_LINE = 64  # bytes


class Entry:
    """An entry of each lane while a term is traced: the operators write machine instructions."""

    def __init__(self, builder: ir.IRBuilder, value: ir.Value):
        self.builder, self.value = builder, value

    def _write(self, other, of_integers, of_reals=None):
        """An instruction with another entry, or with a whole number in every lane."""
        value = other.value if isinstance(other, Entry) else self._constant(other)
        write = of_integers if _is_integer(self.value.type) else of_reals
        return Entry(self.builder, getattr(self.builder, write)(self.value, value))

    def _constant(self, number: int) -> ir.Constant:
        form = self.value.type
        return ir.Constant(form, [number] * form.count if _is_vector(form) else number)

    def __mul__(self, other: "Entry | int") -> "Entry":
        return self._write(other, "mul", "fmul")

    def __add__(self, other: "Entry | int") -> "Entry":
        return self._write(other, "add", "fadd")

    def __sub__(self, other: "Entry") -> "Entry":
        return self._write(other, "sub", "fsub")

    def __and__(self, other: "Entry | int") -> "Entry":
        return self._write(other, "and_")

    def __xor__(self, other: "Entry") -> "Entry":
        return self._write(other, "xor")

    def __rshift__(self, other: int) -> "Entry":
        return self._write(other, "lshr")

    __rmul__ = __mul__


def _is_vector(form: ir.Type) -> bool:
    return isinstance(form, ir.VectorType)


def _is_integer(form: ir.Type) -> bool:
    return isinstance(form.element if _is_vector(form) else form, ir.IntType)


def column_sums(term: Callable) -> Callable:
    """Compile the sums over all columns of the products that `term` lists.

    term(x, y, ..., a, b, ...) -> ((p, q), ...) : factors, from entries of rows and from numbers;
    made of +, - and * alone.  Inside kernels the result is called as sums((x, y, ...), (a, b, ...))
    with contiguous rows of one precision; it returns a tuple of double-precision sums.
    """
    products = _length_of(term)

    @intrinsic
    def sums(context, rows, numbers):
        kind = rows[0].dtype
        if kind not in LANES or any(row.layout != "C" or row.dtype != kind for row in rows):
            return None
        signature = types.UniTuple(types.float64, products)(rows, numbers)
        return signature, lambda *parts: _write_sums(term, products, kind, *parts)

    return sums


def _length_of(term: Callable) -> int:
    """Number of products of a term."""
    module = ir.Module()
    number = ir.DoubleType()
    arguments = [number] * term.__code__.co_argcount
    function = ir.Function(module, ir.FunctionType(ir.VoidType(), arguments), "trace")
    builder = ir.IRBuilder(function.append_basic_block())
    return len(term(*[Entry(builder, argument) for argument in function.args]))


def column_update(term: Callable) -> Callable:
    """Compile new values of rows, column by column.

    term(x, y, ..., a, b, ...) -> new values of the last rows, from entries of rows and from
    numbers; made of +, - and * alone.  Called as update((x, y, ...), (a, b, ...)); rows that are
    written must not overlap others.
    """

    @intrinsic
    def update(context, rows, numbers):
        kind = rows[0].dtype
        if kind not in LANES or any(row.layout != "C" or row.dtype != kind for row in rows):
            return None
        return types.void(rows, numbers), lambda *parts: _write_update(term, kind, *parts)

    return update


def _write_sums(term, products, kind, context, builder, signature, arguments):
    """The instructions of `column_sums`."""
    number, vector = _forms(kind)
    lanes, rest = (
        [[cgutils.alloca_once_value(builder, ir.Constant(form, None)) for _ in range(n)]
         for _ in range(products)]
        for form, n in ((vector, side_by_side(products)), (number, 1))
    )  # fmt: skip
    pieces = ((vector, side_by_side(products)), (vector, 1), (number, 1))
    for form, columns_of in _pieces(kind, pieces, context, builder, signature, arguments):
        with columns_of() as (vectors, numbers, _):
            for place, columns in enumerate(vectors):
                totals = [slots[place] for slots in (lanes if form == vector else rest)]
                for total, (p, q) in zip(totals, term(*columns, *numbers), strict=True):
                    builder.store(_fused(builder, p.value, q.value, builder.load(total)), total)
    sums = [
        builder.fadd(_by_halves(builder, vectors), _by_halves(builder, single))
        for vectors, single in zip(lanes, rest, strict=True)
    ]
    return context.make_tuple(builder, signature.return_type, sums)


def side_by_side(products: int) -> int:
    """Vectors of lanes for each of so many sums: enough that no addition waits for another."""
    return max(1, CHAINS // products)


def _write_update(term, kind, context, builder, signature, arguments):
    """The instructions of `column_update`."""
    number, vector = _forms(kind)
    pieces = ((vector, 1), (number, 1))
    for _, columns_of in _pieces(kind, pieces, context, builder, signature, arguments):
        with columns_of() as ([columns], numbers, [places]):
            values = term(*columns, *numbers)
            for value, place in zip(values, places[-len(values) :], strict=True):
                builder.store(value.value, place, align=kind.bitwidth // 8)
    return context.get_dummy_value()


def _forms(kind):
    """A number and a vector of lanes."""
    number = NUMBERS[kind]
    return number, ir.VectorType(number, LANES[kind])


def _pieces(kind, pieces, context, builder, signature, arguments):
    """The columns in pieces: so many of a form at once, as long as there are; then the next.

    Yields the form of a piece and a block around its loop, which gives for each of those at once
    the entries of all rows, the numbers, and for each the places.
    """
    rows = [
        context.make_array(row)(context, builder, builder.extract_value(arguments[0], position))
        for position, row in enumerate(signature.args[0])
    ]
    numbers = [
        context.cast(builder, builder.extract_value(arguments[1], position), given, kind)
        for position, given in enumerate(signature.args[1])
    ]
    count = builder.extract_value(rows[0].shape, 0)
    start = ir.Constant(count.type, 0)
    for form, at_once in pieces:
        width = form.count if isinstance(form, ir.VectorType) else 1
        step = ir.Constant(count.type, width * at_once)
        stop = builder.sub(count, builder.urem(builder.sub(count, start), step))
        entries = [Entry(builder, spread(builder, value, form)) for value in numbers]

        @contextmanager
        def columns_of(form=form, bounds=(start, stop, step), entries=entries, width=width):
            with cgutils.for_range_slice(builder, *bounds, inc=True) as (column, _):
                places = []
                for first in range(0, bounds[2].constant, width):
                    here = builder.add(column, ir.Constant(count.type, first))
                    places.append(
                        [
                            builder.bitcast(builder.gep(row.data, [here]), form.as_pointer())
                            for row in rows
                        ]
                    )
                loaded = [
                    [Entry(builder, builder.load(at, align=kind.bitwidth // 8)) for at in row]
                    for row in places
                ]
                yield loaded, entries, places

        yield form, columns_of
        start = stop


@intrinsic
def expect(context, row):
    """Ask the memory for a contiguous row that will be read soon; changes nothing."""
    if row.ndim != 1 or row.layout != "C":
        return None
    return types.void(row), _write_requests


def _write_requests(context, builder, signature, arguments):
    """One request for each cache line of a row."""
    (kind,) = signature.args
    row = context.make_array(kind)(context, builder, arguments[0])
    integer, word = ir.IntType(64), ir.IntType(32)
    grain = ir.Constant(integer, kind.dtype.bitwidth // 8)
    size = builder.mul(builder.extract_value(row.shape, 0), grain)
    begin = builder.bitcast(row.data, ir.IntType(8).as_pointer())
    shape = ir.FunctionType(ir.VoidType(), [begin.type, word, word, word])
    request = cgutils.get_or_insert_function(builder.module, shape, "llvm.prefetch.p0i8")
    to_read_soon = [ir.Constant(word, n) for n in (0, 3, 1)]
    nothing, line = ir.Constant(integer, 0), ir.Constant(integer, CACHE_LINE)
    with cgutils.for_range_slice(builder, nothing, size, line, inc=True) as (offset, _):
        builder.call(request, [builder.gep(begin, [offset]), *to_read_soon])
    return context.get_dummy_value()


def spread(builder, value, form):
    """A number in every lane."""
    if not isinstance(form, ir.VectorType):
        return value
    one = builder.insert_element(
        ir.Constant(form, ir.Undefined), value, ir.Constant(ir.IntType(32), 0)
    )
    mask = ir.Constant(ir.VectorType(ir.IntType(32), form.count), [0] * form.count)
    return builder.shuffle_vector(one, ir.Constant(form, ir.Undefined), mask)


def _fused(builder, p, q, total):
    """total + p q in one rounding."""
    form = total.type
    lanes = f"v{form.count}" if isinstance(form, ir.VectorType) else ""
    number = form.element if lanes else form
    bits = "f32" if isinstance(number, ir.FloatType) else "f64"
    kind = ir.FunctionType(form, [form] * 3)
    name = f"llvm.fma.{lanes}{bits}"
    return builder.call(cgutils.get_or_insert_function(builder.module, kind, name), [p, q, total])


def _by_halves(builder, slots):
    """The sum of some vectors, and of their lanes in double precision, upper half to the lower.

    slots : places of the vectors, or of one number
    """
    parts = [builder.load(slot) for slot in slots]
    while len(parts) > 1:
        half = len(parts) // 2
        parts = [builder.fadd(*pair) for pair in zip(parts[:half], parts[half:], strict=True)]
    lanes = _in_double(builder, parts[0])
    if not isinstance(lanes.type, ir.VectorType):
        return lanes
    count, integer = lanes.type.count, ir.IntType(32)
    while count > 1:
        count //= 2
        halves = [
            builder.shuffle_vector(
                lanes,
                lanes,
                ir.Constant(ir.VectorType(integer, count), list(range(first, first + count))),
            )
            for first in (0, count)
        ]
        lanes = builder.fadd(*halves)
    return builder.extract_element(lanes, ir.Constant(integer, 0))


def _in_double(builder, value):
    """A number or vector in double precision."""
    vector = isinstance(value.type, ir.VectorType)
    form = ir.VectorType(ir.DoubleType(), value.type.count) if vector else ir.DoubleType()
    return value if value.type == form else builder.fpext(value, form)
