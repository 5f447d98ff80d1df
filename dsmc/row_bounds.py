"""The least and the greatest of the velocities of some rows, as vectors.

What stands here is compiled only; plain Python has other words in its place (`compiled.COMPILED`).
"""

from llvmlite import ir
from numba.core import cgutils, types
from numba.core.extending import intrinsic

from dsmc.row_vectors import SIDE, WORD, Matrix, is_matrix

AT_ONCE = 8  # rows that are compared at once, one in a vector
LOADS = 5  # vectors that are, where they hold several rows
VECTOR = 64  # bytes of a vector of several rows


@intrinsic
def bounds_of_three(context, rows, start, stop, first, columns):
    """The least and the greatest of three columns from `first` on, in rows start:stop.

    (least, least, least, greatest, greatest, greatest); start < stop, and first > 0: the column
    before is read, too.  columns : a tuple, one entry for each; the three are the last
    """
    if not is_matrix(rows):
        return None
    signature = types.UniTuple(rows.dtype, 6)(rows, start, stop, first, columns)
    return signature, _write_bounds


def _write_bounds(context, builder, signature, arguments):
    """The instructions of `bounds_of_three`: some rows at a time, the last ones more than once.

    Rows that are counted one by one end a loop that is guessed wrongly in nearly every cell.
    """
    found = _Bounds(context, builder, signature, arguments)
    _, start, stop, _, _ = arguments
    many = rows_of_a_vector(found.matrix.grain, found.matrix.columns)
    step = many * (AT_ONCE if many == 1 else LOADS)

    def before_stop(rows):
        return builder.sub(stop, ir.Constant(stop.type, rows))

    def each(begin, end):
        return cgutils.for_range_slice(builder, begin, end, ir.Constant(stop.type, step), inc=True)

    enough = (
        step if many == 1 else many
    )  # rows without which a vector, or all, would begin too early
    with builder.if_else(builder.icmp_signed(">=", before_stop(enough), start)) as (full, few):
        with full:
            if many == 1:
                with each(start, before_stop(step)) as (row, _):
                    found.take(found.following(row, AT_ONCE))
                found.take(found.following(before_stop(step), AT_ONCE))
            else:
                with each(start, stop) as (row, _):
                    found.take(found.following(row, LOADS, many, before_stop(many)), many)
        with few:
            found.take(found.following(start, enough - 1, 1, before_stop(1)))
    return context.make_tuple(builder, signature.return_type, found.numbers())


def rows_of_a_vector(grain: int, columns: int) -> int:
    """How many rows a vector holds from the column before the last three on: 1 if it is not full.

    grain : bytes of an entry
    """
    lanes = VECTOR // grain
    many = 1 + (lanes - SIDE) // columns
    return many if (many - 1) * columns + SIDE == lanes else 1


class _Bounds:
    """The bounds so far, of SIDE columns from the one before the last three on."""

    def __init__(self, context, builder, signature, arguments):
        self.builder = builder
        kinds = signature.args
        self.matrix = Matrix(context, builder, kinds[0], arguments[0], kinds[4])
        _, start, _, first, _ = arguments
        self.before = builder.sub(first, ir.Constant(first.type, 1))
        some = self._loaded(start, 1)
        self.slots = {sign: cgutils.alloca_once_value(builder, some) for sign in "<>"}

    def following(self, row, count, stride=1, limit=None):
        """Every stride-th row from one on, none behind the limit."""
        rows = [self.builder.add(row, ir.Constant(row.type, k * stride)) for k in range(count)]
        if limit is None:
            return rows
        return [
            self.builder.select(self.builder.icmp_signed("<", row, limit), row, limit)
            for row in rows
        ]

    def take(self, rows, many=1):
        """Widen the bounds by some rows, each with those behind it that are in its vector."""
        vectors = [self._loaded(row, many) for row in rows]
        for sign, slot in self.slots.items():
            outermost = self._outermost(sign, vectors)
            parts = [self._part(outermost, k) for k in range(many)] if many > 1 else [outermost]
            widened = self._outermost(sign, [*parts, self.builder.load(slot)])
            self.builder.store(widened, slot)

    def numbers(self):
        """The three least and the three greatest."""
        ends = [self.builder.load(slot) for slot in self.slots.values()]
        return [
            self.builder.extract_element(end, ir.Constant(WORD, k))
            for end in ends
            for k in range(1, SIDE)
        ]

    def _loaded(self, row, many):
        form = ir.VectorType(self.matrix.number, (many - 1) * self.matrix.columns + SIDE)
        return self.matrix.load(row, self.before, form)

    def _part(self, vector, k):
        """What a vector holds of its row k."""
        places = [k * self.matrix.columns + j for j in range(SIDE)]
        mask = ir.Constant(ir.VectorType(WORD, SIDE), places)
        return self.builder.shuffle_vector(vector, vector, mask)

    def _outermost(self, sign, vectors):
        """The least or the greatest of some vectors, lane by lane."""
        while len(vectors) > 1:
            pairs = zip(vectors[::2], vectors[1::2], strict=False)
            better = [
                self.builder.select(self.builder.fcmp_ordered(sign, *pair), *pair) for pair in pairs
            ]
            vectors = better + vectors[2 * len(better) :]
        return vectors[0]
