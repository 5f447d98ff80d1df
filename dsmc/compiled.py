"""Compilation: the only place that knows Numba and its flags.

A *kernel* is a flat module-level loop, compiled once per signature and cached on disk.  A *law* is
a formula, compiled into the kernels that call it.  `variant` builds the same kernel around other
laws (a deliberately wrong one in a test, another model in an experiment), leaving the original.

Numba's own cache looks at a kernel's file only, so an edited law in another file would run stale.
The cache directory is therefore keyed by the package's sources, Numba's version and the processor.
"""

import functools
import hashlib
import os
import sys
import tempfile
import types
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import llvmlite.binding
import numba
import numpy as np
from numba.core import config as _config
from numba.core import types as kinds
from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import Compiler
from numba.core.dispatcher import _FunctionCompiler
from numba.core.registry import CPUDispatcher


def code_key() -> str:
    """A key of the package's sources, Numba's version, Python's and the processor."""
    digest = hashlib.sha256()
    for source in sorted(Path(__file__).parent.rglob("*.py")):
        digest.update(source.read_bytes())
    digest.update(
        f"{numba.__version__} {sys.version} {llvmlite.binding.get_host_cpu_name()}".encode()
    )
    return digest.hexdigest()[:16]


def _cache_directory() -> str | None:
    """Directory for compiled kernels: DSMC_CACHE_DIR, NUMBA_CACHE_DIR, or the user's cache."""
    home = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    user = os.getuid() if hasattr(os, "getuid") else 0
    roots = (
        os.environ.get("DSMC_CACHE_DIR"),
        os.environ.get("NUMBA_CACHE_DIR"),
        os.path.join(home, "dsmc-bridge"),
        os.path.join(tempfile.gettempdir(), f"dsmc-bridge-{user}"),
    )
    for root in filter(None, roots):
        directory = os.path.join(root, code_key())
        try:
            os.makedirs(directory, exist_ok=True)
        except OSError:
            continue
        if os.access(directory, os.W_OK):
            return directory
    return None


COMPILED = not _config.DISABLE_JIT  # or plain Python, to find a fault
CACHE_DIRECTORY = _cache_directory()
if CACHE_DIRECTORY is not None:
    _config.CACHE_DIR = CACHE_DIRECTORY

# Without the runtime's reference counts (`_nrt`), which cost more than the physics, kernels borrow
# their arrays from the caller and cannot allocate.
_FLAGS = {"error_model": "numpy", "_nrt": False, "no_cfunc_wrapper": True}
_NESTED_FLAGS = {**_FLAGS, "no_cpython_wrapper": True}
_KERNEL_FLAGS = {**_FLAGS, "nogil": True, "cache": CACHE_DIRECTORY is not None}


# As a literal, a first value or an argument has all that is called with it compiled twice.
ZERO = np.int64(0)


def kernel(function: Callable) -> CPUDispatcher:
    """Compile a serial loop; cached on disk."""
    return numba.njit(**_KERNEL_FLAGS)(function)


def nested_kernel(function: Callable) -> CPUDispatcher:
    """Compile a loop that other kernels call, and cache it with them."""
    return _nested(numba.njit(**_NESTED_FLAGS)(function))


def inner_kernel(function: Callable) -> CPUDispatcher:
    """Compile a loop over one cell into its caller: passing the model costs more than a cell."""
    return _nested(numba.njit(**_NESTED_FLAGS, forceinline=True)(function))


class _Ingredient(JITCodeLibrary):
    """Code that goes into other code: no machine code is made of it by itself.

    Numba would compile every function by itself as well, which takes an eighth of all the time.
    """

    def _finalize_final_module(self) -> None:
        self._finalized = True

    def get_pointer_to_function(self, name: str) -> int:
        """No address: nobody calls it."""
        self._ensure_finalized()
        return 0

    @property
    def codegen(self) -> types.SimpleNamespace:
        """What would write to its machine code."""
        return types.SimpleNamespace(set_env=lambda name, env: None)


class _IngredientCompiler(Compiler):
    """Compiles a function into an `_Ingredient`."""

    def __init__(self, typing, target, library, *rest):
        super().__init__(typing, target, library or _Ingredient(target.codegen(), "part"), *rest)


class Nested(CPUDispatcher):
    """A kernel or law without an entrance from Python: to take arguments apart is long to compile.

    Called from Python, with arguments by position, it is called through a kernel made for that.
    It cannot print, for Numba looks for the module of a function beside its machine code.
    """

    def __call__(self, *arguments):
        return _entrance(self)(*arguments)


def _nested(dispatcher: CPUDispatcher) -> CPUDispatcher:
    if COMPILED:
        dispatcher.__class__ = Nested
        dispatcher._compiler.pipeline_class = _IngredientCompiler
    return dispatcher


@functools.cache
def _entrance(inner: Nested) -> CPUDispatcher:
    """A kernel that does nothing but call another."""

    def enter(*arguments):
        return inner(*arguments)

    return numba.njit(**_FLAGS)(enter)


class Law(Nested):
    """A formula that is computed in the precision of what it is given."""


class _InItsPrecision(_FunctionCompiler):
    """Compiles a formula that is given no real number but float32 with its constants in float32.

    Else Numba would do everything behind the first constant in double precision.
    """

    single: Callable | None = None  # another formula in single precision

    def _get_implementation(self, args, kws):
        reals = {kind for kind in args if isinstance(kind, kinds.Float)}
        if reals == {kinds.float32}:
            return in_single(self.single or self.py_func)
        return self.py_func


def law(function: Callable) -> CPUDispatcher:
    """Compile a formula; it is inlined into the kernels that call it and cached with them."""
    return _law(numba.njit(**_NESTED_FLAGS)(function))


def law_with(single: Callable) -> Callable[[Callable], CPUDispatcher]:
    """`law` of a formula that has another form in single precision.

    A variant keeps that form: other laws that the formula calls are others in double only.
    """
    return lambda function: _law(numba.njit(**_NESTED_FLAGS)(function), single)


def _law(dispatcher: CPUDispatcher, single: Callable | None = None) -> CPUDispatcher:
    if COMPILED:
        _nested(dispatcher).__class__ = Law
        dispatcher._compiler.__class__ = _InItsPrecision
        dispatcher._compiler.single = single
        return dispatcher
    return _either(dispatcher, in_single(single)) if single else dispatcher


def _either(double: Callable, single: Callable) -> Callable:
    """In plain Python: a formula in double or in single precision, by what it is given."""

    @functools.wraps(double)
    def chosen(*arguments):
        reals = {type(value) for value in arguments if isinstance(value, float | np.floating)}
        return (single if reals == {np.float32} else double)(*arguments)

    return chosen


def in_single(function: Callable) -> Callable:
    """The same function with its constants in single precision: its own, captured and global.

    Not what stands in a tuple, behind a dot or as a default.
    """

    def rounded(value: object) -> object:
        return np.float32(value) if isinstance(value, float) else value

    captured = (rounded(cell.cell_contents) for cell in function.__closure__ or ())
    code = function.__code__
    copy = types.FunctionType(
        code.replace(co_consts=tuple(map(rounded, code.co_consts))),
        {name: rounded(value) for name, value in function.__globals__.items()},
        function.__name__,
        function.__defaults__,
        tuple(map(types.CellType, captured)),
    )
    copy.__qualname__ = function.__qualname__
    return copy


def variant(original: CPUDispatcher, **laws: Callable) -> CPUDispatcher:
    """Return `original` compiled anew around other laws; nothing global changes.

    Every kernel that `original` calls, directly or not, is rebuilt if it uses a named law.

    The same laws give the same variant again.  Raises KeyError if no kernel in the tree uses a
    given name.
    """
    return variants((original,), laws)[0]


def variants(
    originals: Sequence[CPUDispatcher], laws: Mapping[str, Callable]
) -> tuple[CPUDispatcher, ...]:
    """Return kernels compiled anew around other laws, each around those that it uses.

    Raises KeyError if none of them uses a given name.
    """
    if not laws:
        return tuple(originals)
    found, used = [], set()
    for original in originals:
        wanted = (original, frozenset(laws.items()))
        if wanted not in _variants:
            _variants[wanted] = _rebuilt(original, laws)
        found.append(_variants[wanted][0])
        used |= _variants[wanted][1]
    if unknown := set(laws) - used:
        names = " and ".join(original.py_func.__name__ for original in originals)
        raise KeyError(f"{names} does not use {', '.join(sorted(unknown))}")
    return tuple(found)


_variants: dict[tuple, tuple[CPUDispatcher, set[str]]] = {}


def _rebuilt(
    original: CPUDispatcher, laws: Mapping[str, Callable]
) -> tuple[CPUDispatcher, set[str]]:
    """The tree of kernels below `original`, with laws replaced, and the names of those it used."""
    replacements = {name: f if isinstance(f, CPUDispatcher) else law(f) for name, f in laws.items()}
    # The index of the cache and the linker go by name: names of their own for each choice of laws.
    pairs = (f"{name}={law.py_func.__name__}" for name, law in replacements.items())
    chosen = ",".join(sorted(pairs))
    used: set[str] = set()
    rebuilt: dict[int, CPUDispatcher] = {}

    def rebuild(dispatcher: CPUDispatcher) -> CPUDispatcher:
        if id(dispatcher) in rebuilt:
            return rebuilt[id(dispatcher)]
        function = dispatcher.py_func
        names = dict(function.__globals__)
        changed = False
        for name in function.__code__.co_names:
            value = names.get(name)
            if name in replacements and isinstance(value, CPUDispatcher):
                names[name] = replacements[name]
                used.add(name)
                changed = True
            elif isinstance(value, CPUDispatcher):
                names[name] = rebuild(value)
                changed = changed or names[name] is not value
        if changed:
            copy = types.FunctionType(
                function.__code__,
                names,
                function.__name__,
                function.__defaults__,
                function.__closure__,
            )
            options = {**dispatcher.targetoptions, "nopython": True}
            copy.__qualname__ = f"{function.__qualname__}({chosen})"
            result = numba.jit(**options)(copy)
            if isinstance(dispatcher, Law):
                result = _law(result, dispatcher._compiler.single)
            else:
                result.__class__ = type(dispatcher)
                result._compiler.pipeline_class = dispatcher._compiler.pipeline_class
        else:
            result = dispatcher
        rebuilt[id(dispatcher)] = result
        return result

    result = rebuild(original)
    by_itself = CACHE_DIRECTORY is not None and not isinstance(result, Nested)
    if used and by_itself and all(map(_is_ours, replacements.values())):
        result.enable_caching()
    return result, used


def _is_ours(law: CPUDispatcher) -> bool:
    """Whether a law is a name in a module of the package, by whose sources the cache is keyed."""
    module, name = law.py_func.__module__, law.py_func.__name__
    return module.startswith(f"{__package__}.") and vars(sys.modules[module]).get(name) is law
