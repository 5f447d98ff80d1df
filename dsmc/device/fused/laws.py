"""The laws and the random words over blocks of Triton: the formulas of the engine, compiled.

This is to Triton what `dsmc.compiled` is to Numba. A law captures the elementary functions of its
backend and the laws that it calls; Triton compiles from the source, and its interpreter knows the
globals of a function only. So `compiled` makes a copy of a function with all that it captures, each
function among it compiled, for its globals.

A Python float takes the type of the block that it meets, with all its digits; alone it is single.
"""

from collections.abc import Callable, Mapping
from types import CellType, FunctionType, SimpleNamespace

import triton
import triton.language as tl

from dsmc import cross_section, draws, scatter

_LEAST = 2.0**-1022  # the logarithm of 0 is told as that of the smallest normal number


def compiled(function: Callable, **options: object) -> Callable:
    """A function as Triton compiles it, and every function that it captures; options : of jit."""
    names = function.__code__.co_freevars
    cells = (cell.cell_contents for cell in function.__closure__ or ())
    captured = {name: _captured(value) for name, value in zip(names, cells, strict=True)}
    copy = FunctionType(
        function.__code__,
        function.__globals__ | {"tl": tl} | captured,
        function.__name__,
        function.__defaults__,
        tuple(map(CellType, captured.values())),
    )
    copy.__annotations__ = function.__annotations__  # which arguments are constants
    return triton.jit(copy, **options)


def _captured(value: object) -> object:
    if isinstance(value, FunctionType):
        return compiled(value)
    return tl.constexpr(value) if isinstance(value, bool | int | float) else value


def _sqrt(x):
    return tl.sqrt(x)


def _log(x):
    return tl.log(x)


def _exp(x):
    return tl.exp(x)


def _cos(x):
    return tl.cos(x)


def _sin(x):
    return tl.sin(x)


def _where(condition, yes, no):
    return tl.where(condition, yes, no)


def _copysign(size, sign):
    """`size` with the signs of a block in double precision, that of -0 too."""
    positive = tl.zeros_like(sign) + size
    return tl.where(sign.to(tl.int64, bitcast=True) < 0, -positive, positive)


def _power_above(least: float) -> Callable:
    def power(base, exponent):
        """base^exponent of base >= 0, as `dsmc.elementary.power`; NaN if base is not finite."""
        return tl.exp2(exponent * tl.log2(tl.maximum(base, least))) + 0.0 * base

    return power


def _double(word):
    return word.to(tl.float64)


def laws(replacements: Mapping[str, Callable] | None = None) -> SimpleNamespace:
    """The laws of collisions over blocks, by name.

    replacements : {name: law} of functions whose source is at hand; those of walls, which are met
        on tensors, are left out
    """
    power = _power_above(_LEAST)
    found = vars(cross_section.laws(_sqrt, _log, _exp, power))
    found |= vars(scatter.laws(_sqrt, _cos, _sin, _copysign, _where, power))
    found |= {name: law for name, law in (replacements or {}).items() if name in found}
    return SimpleNamespace(**{name: compiled(law) for name, law in found.items()})


def words_of(stream: int) -> Callable:
    """The four words of a stream, part 0, by cell and index: a function for kernels."""
    philox = compiled(draws.functions(tl.constexpr, _double).philox)

    def words(index, cell, step, seed, replica):
        """Four 32-bit words in uint64 at each address; index, step, seed, replica : for all."""
        cell = cell.to(tl.uint64)
        none = tl.zeros_like(cell)
        return philox(none + index, cell, none + step, none + stream, seed, replica)

    return compiled(words)


_functions = draws.functions(tl.constexpr, _double)
unit = compiled(_functions.unit)
unit_fine = compiled(_functions.unit_fine)
below = compiled(_functions.below)
