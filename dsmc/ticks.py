"""The clock of the machine, as a kernel reads it while it runs."""

import time

from llvmlite import ir
from numba.core import cgutils, types
from numba.core.extending import intrinsic

INTEGER, WORD = ir.IntType(64), ir.IntType(32)
SECOND = 1_000_000_000  # nanoseconds


@intrinsic
def nanoseconds(context):
    """Nanoseconds since some moment, by a clock that is never set."""

    def write(context, builder, signature, values):
        form = ir.LiteralStructType([INTEGER, INTEGER])  # seconds, nanoseconds
        place = cgutils.alloca_once(builder, form)
        kind = ir.FunctionType(WORD, [WORD, form.as_pointer()])
        function = cgutils.get_or_insert_function(builder.module, kind, "clock_gettime")
        builder.call(function, [WORD(time.CLOCK_MONOTONIC), place])
        moment = builder.load(place)
        seconds = builder.mul(builder.extract_value(moment, 0), INTEGER(SECOND))
        return builder.add(seconds, builder.extract_value(moment, 1))

    return types.int64(), write
