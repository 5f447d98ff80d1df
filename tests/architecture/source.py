"""The repository as text: its modules, what they import, and the functions in them."""

import ast
import subprocess
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("dsmc", "bridge", "viz")
FUNCTION = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Module:
    """A Python source with its path from the repository root, "dsmc/cells.py"."""

    path: str
    text: str

    @cached_property
    def tree(self) -> ast.Module:
        """The syntax tree."""
        return ast.parse(self.text, self.path)

    @property
    def name(self) -> str:
        """The dotted name, "dsmc.cells"; a package has the name of its folder."""
        return self.path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")

    @property
    def package(self) -> str:
        """The dotted name that relative imports start from."""
        return self.path.rpartition("/")[0].replace("/", ".")

    def at(self, node: ast.AST, complaint: str) -> str:
        """A complaint with its place, as an editor understands it."""
        return f"{self.path}:{node.lineno}: {complaint}"


@dataclass(frozen=True)
class Import:
    """One imported module; `at_load` is false where the import waits inside a function."""

    target: str
    node: ast.AST
    at_load: bool


def modules(*folders: str) -> list[Module]:
    """Every Python file under the given folders of the repository."""
    files = sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))
    return [Module(p.relative_to(ROOT).as_posix(), p.read_text(encoding="utf-8")) for p in files]


def tracked_files() -> list[Path]:
    """Every file that belongs to the project: tracked, or new and not ignored."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        listing = subprocess.run(command, cwd=ROOT, capture_output=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):  # an unpacked archive
        listing = b""
    names = [name for name in listing.decode().split("\0") if name]
    paths = [ROOT / name for name in names] or [
        path
        for path in ROOT.rglob("*")
        if not {".venv", "runs", "build", "dist", "__pycache__"} & {*path.relative_to(ROOT).parts}
        and not path.relative_to(ROOT).parts[0].endswith((".egg-info", "_cache"))
    ]
    return sorted(path for path in paths if path.is_file() and not path.is_symlink())


@cache
def imports(module: Module) -> tuple[Import, ...]:
    """Every import of a module that happens when it runs; type-only imports do not count."""

    def visit(node: ast.AST, at_load: bool) -> Iterator[Import]:
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(alias.name, node, at_load)
        elif isinstance(node, ast.ImportFrom):
            source = _absolute(module, node)
            for alias in node.names:
                inside = f"{source}.{alias.name}"
                yield Import(inside if _is_package(source) else source, node, at_load)
        elif isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            for child in node.orelse:
                yield from visit(child, at_load)
        else:
            waits = isinstance(node, FUNCTION | ast.Lambda)
            for child in ast.iter_child_nodes(node):
                yield from visit(child, at_load and not waits)

    return tuple(visit(module.tree, True))


def _absolute(module: Module, node: ast.ImportFrom) -> str:
    if node.level == 0:
        return node.module or ""
    parts = module.package.split(".")
    return ".".join([*parts[: len(parts) - node.level + 1], *filter(None, [node.module])])


def _is_package(name: str) -> bool:
    return name.split(".")[0] in PACKAGES and (ROOT / name.replace(".", "/")).is_dir()


def functions(node: ast.AST) -> Iterator[FUNCTION]:
    """Every function and method under a node, nested ones included."""
    return (child for child in ast.walk(node) if isinstance(child, FUNCTION))


def hold(rule: Callable[[Module], list[str]], sources: Iterable[Module]) -> None:
    """Fail with every complaint of a rule over the given modules."""
    complaints = [line for module in sources for line in rule(module)]
    assert not complaints, "\n" + "\n".join(complaints)
