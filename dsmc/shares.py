"""A kernel and its arguments, written down in memory for threads that call it by themselves.

To call a kernel from Python takes its arguments apart, array by array, under the lock of the
interpreter: tens of microseconds, one thread after the other. Here one thread does so for all. It
writes the arguments onto a *page*, as the compiler lays them out, and finds the address of a
function that reads them there and calls the kernel. To call that needs two numbers and no lock.

A *share* is a kernel that returns nothing and whose first argument is the number of the thread. It
is compiled into the function that calls it, and nowhere else: that takes a quarter of a minute.
"""

from __future__ import annotations

from functools import cache
from types import FunctionType

import numba
from llvmlite import ir
from numba.core import types
from numba.core.caching import NullCache
from numba.core.compiler import Flags
from numba.core.extending import intrinsic
from numba.core.typing import signature

from dsmc.compiled import CPUDispatcher

PAGE = 1 << 14  # bytes; arguments of the largest kernel take a fifth
INTEGER, ADDRESS = ir.IntType(64), ir.IntType(8).as_pointer()
CALL = ir.FunctionType(INTEGER, [ADDRESS, INTEGER])  # (page, thread) -> 0, or 1 after an error


@intrinsic
def write_down(context, share, page, arguments):
    """Write arguments onto a page; returns the address of a function that calls `share` with them.

    Raises TypeError when it is compiled, if the arguments do not fit.
    """

    def write(context, builder, _, values):
        form = context.get_value_type(arguments)
        if context.get_abi_sizeof(form) > PAGE:
            raise TypeError(f"{share}: its arguments take more than {PAGE} bytes")
        array = context.make_array(page)(context, builder, values[1])
        place = builder.bitcast(array.data, form.as_pointer())
        builder.store(values[2], place, align=8)
        flags = Flags()
        flags.error_model = share.dispatcher.targetoptions["error_model"]
        called = signature(types.none, types.int64, *arguments.types)
        compiled = context.compile_subroutine(
            builder, share.dispatcher.py_func, called, flags=flags, caching=False
        )
        caller = _write_caller(context, builder.module, compiled.fndesc, form, len(arguments))
        return builder.ptrtoint(caller, INTEGER)

    return types.int64(share, page, arguments), write


def _write_caller(context, module, description, form, count) -> ir.Function:
    """The function that reads the arguments of a kernel from a page and calls it."""
    caller = ir.Function(module, CALL, name=f"{description.mangled_name}.share")
    caller.linkage = "internal"
    page, thread = caller.args
    builder = ir.IRBuilder(caller.append_basic_block("entry"))
    held = builder.load(builder.bitcast(page, form.as_pointer()), align=8)
    arguments = [thread, *(builder.extract_value(held, k) for k in range(count))]
    status, _ = context.call_conv.call_function(
        builder,
        context.declare_function(module, description),
        description.restype,
        description.argtypes,
        arguments,
    )
    builder.ret(builder.zext(status.is_error, INTEGER))
    return caller


@intrinsic
def call(context, function, page, thread):
    """Call a function that `write_down` found; 0, or 1 if the kernel raised an error."""

    def write(context, builder, signature, values):
        caller = builder.inttoptr(values[0], CALL.as_pointer())
        return builder.call(caller, [builder.inttoptr(values[1], ADDRESS), values[2]])

    return types.int64(types.int64, types.int64, types.int64), write


def _note(page, *arguments):
    return write_down(share, page, arguments)  # noqa: F821 - a name that `noting` gives it


@cache
def noting(share: CPUDispatcher) -> CPUDispatcher:
    """The kernel (page, *arguments) -> function that writes down arguments of a share."""
    names = globals() | {"share": share}
    copy = FunctionType(_note.__code__, names, _note.__name__)
    copy.__module__, inner = __name__, share.py_func
    copy.__qualname__ = f"{_note.__name__}({inner.__module__}.{inner.__qualname__})"
    options = {**share.targetoptions, "nopython": True}
    noted = numba.jit(**options)(copy)
    ours = inner.__module__.startswith(f"{__package__}.")  # by whose sources the cache is keyed
    if ours and inner.__closure__ is None and not isinstance(share._cache, NullCache):
        noted.enable_caching()
    return noted
