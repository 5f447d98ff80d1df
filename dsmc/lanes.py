"""Sums over the columns of rows: vectors at work, and the same digits on every processor.

Column k is added in lane k mod 16 (float32) or k mod 8 (float64), every product in one rounding;
the lanes are then summed by halves in double precision.  A compiler left to itself may not reorder
such a sum, and so cannot vectorise it; told to reorder freely, it does so as the processor suits.
"""

from collections.abc import Callable
from contextlib import contextmanager

from llvmlite import ir
from numba.core import cgutils, types
from numba.core.extending import intrinsic

LANES = {types.float32: 16, types.float64: 8}


class _Column:
    """An entry of each lane while a term is traced: the operators write machine instructions."""

    def __init__(self, builder: ir.IRBuilder, value: ir.Value):
        self.builder, self.value = builder, value

    def __mul__(self, other: "_Column") -> "_Column":
        return _Column(self.builder, self.builder.fmul(self.value, other.value))

    def __add__(self, other: "_Column") -> "_Column":
        return _Column(self.builder, self.builder.fadd(self.value, other.value))

    def __sub__(self, other: "_Column") -> "_Column":
        return _Column(self.builder, self.builder.fsub(self.value, other.value))


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
    return len(term(*[_Column(builder, argument) for argument in function.args]))


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
    totals = []
    for form, columns_of in _pieces(kind, context, builder, signature, arguments):
        zero = ir.Constant(form, None)
        accumulators = [cgutils.alloca_once_value(builder, zero) for _ in range(products)]
        with columns_of() as (columns, numbers, _):
            for slot, (p, q) in zip(accumulators, term(*columns, *numbers), strict=True):
                builder.store(_fused(builder, p.value, q.value, builder.load(slot)), slot)
        totals.append([_by_halves(builder, builder.load(slot)) for slot in accumulators])
    sums = [builder.fadd(lanes, rest) for lanes, rest in zip(*totals, strict=True)]
    return context.make_tuple(builder, signature.return_type, sums)


def _write_update(term, kind, context, builder, signature, arguments):
    """The instructions of `column_update`."""
    for _, columns_of in _pieces(kind, context, builder, signature, arguments):
        with columns_of() as (columns, numbers, places):
            values = term(*columns, *numbers)
            for value, place in zip(values, places[-len(values) :], strict=True):
                builder.store(value.value, place, align=kind.bitwidth // 8)
    return context.get_dummy_value()


def _pieces(kind, context, builder, signature, arguments):
    """The columns in whole groups of lanes, then those left over one by one.

    Yields the form of a piece and a block around its loop, which gives entries, numbers, places.
    """
    number = ir.FloatType() if kind == types.float32 else ir.DoubleType()
    rows = [
        context.make_array(row)(context, builder, builder.extract_value(arguments[0], position))
        for position, row in enumerate(signature.args[0])
    ]
    numbers = [
        context.cast(builder, builder.extract_value(arguments[1], position), given, kind)
        for position, given in enumerate(signature.args[1])
    ]
    count = builder.extract_value(rows[0].shape, 0)
    nothing, one, group = (ir.Constant(count.type, n) for n in (0, 1, LANES[kind]))
    whole = builder.sub(count, builder.urem(count, group))
    vector = ir.VectorType(number, LANES[kind])
    for form, start, stop, step in ((vector, nothing, whole, group), (number, whole, count, one)):
        entries = [_Column(builder, _spread(builder, value, form)) for value in numbers]

        @contextmanager
        def columns_of(form=form, start=start, stop=stop, step=step, entries=entries):
            with cgutils.for_range_slice(builder, start, stop, step, inc=True) as (column, _):
                places = [
                    builder.bitcast(builder.gep(row.data, [column]), form.as_pointer())
                    for row in rows
                ]
                loaded = [builder.load(place, align=kind.bitwidth // 8) for place in places]
                yield [_Column(builder, value) for value in loaded], entries, places

        yield form, columns_of


def _spread(builder, value, form):
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


def _by_halves(builder, lanes):
    """The sum of all lanes in double precision, the upper half added to the lower."""
    if not isinstance(lanes.type, ir.VectorType):
        return _double(builder, lanes, ir.DoubleType())
    count = lanes.type.count
    lanes = _double(builder, lanes, ir.VectorType(ir.DoubleType(), count))
    integer = ir.IntType(32)
    while count > 1:
        count //= 2
        parts = [
            builder.shuffle_vector(
                lanes,
                lanes,
                ir.Constant(ir.VectorType(integer, count), list(range(first, first + count))),
            )
            for first in (0, count)
        ]
        lanes = builder.fadd(*parts)
    return builder.extract_element(lanes, ir.Constant(integer, 0))


def _double(builder, value, form):
    return value if value.type == form else builder.fpext(value, form)
