"""One subject per file, functions that fit a screen, and a docstring on everything public."""

import ast
import re
from collections.abc import Iterator

import pytest

from tests.architecture.source import FUNCTION, PACKAGES, Module, functions, hold, modules

LONGEST_FILE = 400  # lines
LONGEST_FUNCTION = 60  # lines without docstring, signature and nested functions: one screen
EMPTY_NAMES = {"utils", "util", "helpers", "helper", "core", "common", "manager", "misc", "base"}
LATER = ("TO" + "DO", "FIX" + "ME", "X" * 3, "NotImplemented" + "Error")
ARRAY = re.compile(r"(\w+\.)?(NDArray|ndarray|Tensor)(\[.*\])?")

OURS = modules(*PACKAGES)
ALL = [*OURS, *modules("tests", "benchmarks", "scenarios")]


def empty_names(module: Module) -> list[str]:
    """Files and folders whose name says nothing about their subject."""
    parts = module.path.removesuffix(".py").split("/")
    return [f"{module.path}: {part} says nothing" for part in parts if part in EMPTY_NAMES]


def long_file(module: Module) -> list[str]:
    """Files that hold more than one subject can need."""
    lines = len(module.text.splitlines())
    return [f"{module.path}: {lines} lines"] if lines >= LONGEST_FILE else []


def body_lines(function: FUNCTION) -> int:
    """Lines of a function without its signature, its docstring and the functions inside it."""
    body = function.body[1:] if ast.get_docstring(function) else function.body
    if not body:
        return 0
    inner = [f for f in functions(function) if f is not function]
    outermost = [f for f in inner if not any(f in ast.walk(g) for g in inner if g is not f)]
    nested = sum(f.end_lineno - f.lineno + 1 for f in outermost)
    return function.end_lineno - body[0].lineno + 1 - nested


def long_functions(module: Module) -> list[str]:
    """Functions that do not fit a screen."""
    lengths = {function: body_lines(function) for function in functions(module.tree)}
    return [
        module.at(function, f"{function.name} has {length} lines")
        for function, length in lengths.items()
        if length > LONGEST_FUNCTION
    ]


def public(node: ast.AST) -> Iterator[FUNCTION | ast.ClassDef]:
    """Public functions, classes and methods, and the laws inside a factory `laws`."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, FUNCTION | ast.ClassDef):
            if not child.name.startswith("_"):
                yield child
                if isinstance(child, ast.ClassDef) or child.name == "laws":
                    yield from public(child)
        elif isinstance(child, ast.If | ast.Try | ast.With):
            yield from public(child)


def undocumented(module: Module) -> list[str]:
    """Public names without a docstring; overloads and property setters repeat their first."""
    complaints = []
    if not ast.get_docstring(module.tree):
        complaints.append(f"{module.path}: the module has no docstring")
    for item in public(module.tree):
        decorators = " ".join(ast.unparse(d) for d in item.decorator_list)
        repeated = re.search(r"\boverload\b|\.setter\b", decorators)
        if not ast.get_docstring(item) and not repeated:
            complaints.append(module.at(item, f"{item.name} has no docstring"))
    return complaints


def shapeless_arrays(module: Module) -> list[str]:
    """Public parameters annotated as arrays whose docstring gives no `name : (shape)`."""
    complaints = []
    for item in public(module.tree):
        if not isinstance(item, FUNCTION):
            continue
        text = ast.get_docstring(item) or ""
        arguments = [*item.args.posonlyargs, *item.args.args, *item.args.kwonlyargs]
        for argument in arguments:
            annotation = ast.unparse(argument.annotation) if argument.annotation else ""
            shape = rf"\b{argument.arg}\b[^:()\n]*:\s*\("
            is_array = any(ARRAY.fullmatch(kind.strip()) for kind in annotation.split("|"))
            if is_array and not re.search(shape, text):
                complaints.append(
                    module.at(item, f"{item.name}: the shape of {argument.arg} is not given")
                )
    return complaints


def unfinished(module: Module) -> list[str]:
    """Marks of work left for later."""
    return [
        f"{module.path}:{number}: {line.strip()}"
        for number, line in enumerate(module.text.splitlines(), 1)
        if any(re.search(rf"\b{mark}\b", line) for mark in LATER)
    ]


def test_every_file_is_named_after_its_subject():
    hold(empty_names, ALL)


def test_every_file_holds_one_subject():
    hold(long_file, ALL)


def test_every_function_fits_a_screen():
    hold(long_functions, ALL)


def test_everything_public_is_documented():
    hold(undocumented, OURS)


def test_public_arrays_have_a_shape():
    hold(shapeless_arrays, OURS)


def test_nothing_is_left_for_later():
    hold(unfinished, ALL)


def test_an_empty_name_and_a_long_file_are_noticed():
    assert empty_names(Module("dsmc/utils.py", ""))
    assert empty_names(Module("dsmc/core/cells.py", ""))
    assert not empty_names(Module("dsmc/baseline.py", ""))
    assert long_file(Module("dsmc/cells.py", "x = 1\n" * LONGEST_FILE))
    assert not long_file(Module("dsmc/cells.py", "x = 1\n" * (LONGEST_FILE - 1)))


def test_a_long_function_is_noticed():
    statements = "    x = 1\n" * LONGEST_FUNCTION
    docstring = '    """Say\n' + "    more\n" * 30 + '    """\n'
    inner = "    def g():\n" + "        y = 1\n" * 30
    fits = Module("dsmc/cells.py", "def f():\n" + docstring + statements + inner)
    assert not long_functions(fits)
    assert long_functions(Module("dsmc/cells.py", "def f():\n" + statements + "    x = 2\n"))


@pytest.mark.parametrize(
    ("text", "allowed"),
    [
        ('"""M."""\ndef f():\n    """F."""\n', True),
        ("def f():\n    pass\n", False),
        ('"""M."""\ndef f():\n    pass\n', False),
        ('"""M."""\ndef _f():\n    pass\n', True),
        ('"""M."""\nclass C:\n    """C."""\n    def m(self):\n        pass\n', False),
        ('"""M."""\ndef laws(sqrt):\n    """L."""\n    def g(x):\n        return x\n', False),
    ],
)
def test_a_missing_docstring_is_noticed(text, allowed):
    assert (not undocumented(Module("dsmc/cells.py", text))) is allowed


def test_an_array_without_a_shape_is_noticed():
    signature = "def f(v: np.ndarray | None, g: Callable[[np.ndarray], float]):"
    text = signature + '\n    """Speed.\n\n    {}\n    """\n'
    assert shapeless_arrays(Module("dsmc/cells.py", text.format("v: velocities")))
    assert not shapeless_arrays(Module("dsmc/cells.py", text.format("v : (N, D) [m/s]")))
    assert not shapeless_arrays(Module("dsmc/cells.py", text.format("v, w : (N, D) [m/s]")))


def test_unfinished_work_is_noticed():
    assert unfinished(Module("dsmc/cells.py", f"x = 1  # {LATER[0]}: better"))
    assert unfinished(Module("dsmc/cells.py", f"raise {LATER[3]}"))
    assert not unfinished(Module("dsmc/cells.py", "x = 1  # the better way"))
