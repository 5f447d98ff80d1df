"""The clock of the machine, as a kernel reads it while it runs."""

import ctypes
import time

from llvmlite import ir
from numba.core import cgutils, types
from numba.core.extending import intrinsic

INTEGER = ir.IntType(64)
SECOND = 1_000_000_000  # nanoseconds


@intrinsic
def nanoseconds(context):
    """Nanoseconds since some moment, by a clock that is never set."""

    def write(context, builder, signature, values):
        if hasattr(time, "clock_gettime"):
            return _posix(builder)
        return _windows(builder)

    return types.int64(), write


def _posix(builder: ir.IRBuilder) -> ir.Value:
    """Ask `clock_gettime`, whose answer is (seconds, nanoseconds)."""
    form, word = ir.LiteralStructType([INTEGER, INTEGER]), ir.IntType(32)
    place = cgutils.alloca_once(builder, form)
    kind = ir.FunctionType(word, [word, form.as_pointer()])
    function = cgutils.get_or_insert_function(builder.module, kind, "clock_gettime")
    builder.call(function, [word(time.CLOCK_MONOTONIC), place])
    moment = builder.load(place)
    seconds = builder.mul(builder.extract_value(moment, 0), INTEGER(SECOND))
    return builder.add(seconds, builder.extract_value(moment, 1))


def _windows(builder: ir.IRBuilder) -> ir.Value:
    """Ask `QueryPerformanceCounter`, which counts at a rate that does not change."""
    rate = ctypes.c_int64()
    ctypes.windll.kernel32.QueryPerformanceFrequency(ctypes.byref(rate))
    place = cgutils.alloca_once(builder, INTEGER)
    kind = ir.FunctionType(ir.IntType(32), [INTEGER.as_pointer()])
    function = cgutils.get_or_insert_function(builder.module, kind, "QueryPerformanceCounter")
    builder.call(function, [place])
    count, rate = builder.load(place), INTEGER(rate.value)
    seconds = builder.mul(builder.sdiv(count, rate), INTEGER(SECOND))
    rest = builder.mul(builder.srem(count, rate), INTEGER(SECOND))
    return builder.add(seconds, builder.sdiv(rest, rate))
