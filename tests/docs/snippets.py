"""The snippets of the documentation: found in Markdown, and played as a reader would play them.

A document is played from top to bottom in one folder, its Python in one namespace:

    ```sh        the lines that begin with `dsmc` go to the command line, with small runs
    ```python    executed; a reader's big scenarios are loaded with few particles
    ```toml      a complete scenario, loaded; a fragment is put onto a complete one
    ```text      shown only, unless it is marked as output; so is a block without a language

Comments before a block say more of it:

    <!-- not run: REASON -->     only shown; a reason has to be given
    <!-- file: NAME -->          the reader saves it under this name
    <!-- fragment -->            some keys of a scenario
    <!-- needs: LIBRARY, … -->   passed over where a library is not installed
    <!-- exit: 2 -->             the last command ends with this code
    <!-- output -->              every line of it is printed by the block before; … stands for any
"""

from __future__ import annotations

import contextlib
import io
import re
import shlex
import textwrap
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import dsmc
from dsmc.__main__ import main

LANGUAGES = ("sh", "python", "toml", "text", "")
OURS = re.compile(r"^(dsmc |import |from \w+ import )", re.MULTILINE)  # not in a block without one
MARKS = ("not run", "file", "fragment", "needs", "exit", "output")
FEW = 2000  # particles that a small run has
STEPS = 40
OPTIONS = {  # what makes a command small: given where the reader's line does not say it itself
    "run": ("--steps", str(STEPS), "--set", f"initial.particles={FEW}",
            "--set", "sample.start=10", "--set", "output.pictures=false", "--threads", "1"),
    "bench": ("--particles", str(FEW), "--threads", "1", "--precision", "float64"),
}  # fmt: skip
COMPLETE = """
[gas]
species = "Ar"
[domain]
length_m = [1e-3]
cells = [20]
[initial]
kind = "equilibrium"
number_density_m3 = 1e22
temperature_K = 300
particles = 2000
[run]
time_step_mct = 0.2
steps = 40
"""


class Broken(AssertionError):
    """A snippet that does not do what the document says."""


@dataclass(frozen=True)
class Block:
    """A fenced block: its first line in the document, its language, and the marks before it."""

    line: int
    language: str
    text: str
    marks: Mapping[str, str]


def blocks(text: str) -> Iterator[Block]:
    """The fenced blocks of a document, in order."""
    marks: dict[str, str] = {}
    lines = text.splitlines()
    number = 0
    while number < len(lines):
        line = lines[number].strip()
        number += 1
        comment = re.fullmatch(r"<!--\s*([^:]*?)\s*(?::\s*(.*?)\s*)?-->", line)
        if comment:
            marks[comment[1]] = comment[2] or ""
        elif line.startswith("```"):
            end = number
            while end < len(lines) and lines[end].strip() != "```":
                end += 1
            body = textwrap.dedent("\n".join(lines[number:end])) + "\n"
            yield Block(number + 1, line[3:], body, marks)
            marks, number = {}, end + 1
        elif line:
            marks = {}


@dataclass
class Reading:
    """A reader who plays a document in the current folder."""

    name: str
    printed: str = ""  # by the last block
    namespace: dict[str, Any] = field(default_factory=lambda: {"__name__": "__main__"})

    def play(self, text: str) -> None:
        """Play every block of a document; raises Broken, naming the line of the document."""
        for block in blocks(text):
            if block.language not in LANGUAGES or (not block.language and OURS.search(block.text)):
                raise self.broken(block.line, f"what is this block? one of {LANGUAGES}")
            if unknown := set(block.marks) - set(MARKS):
                raise self.broken(block.line, f"unknown marks {unknown}")
            if "not run" in block.marks:
                if not block.marks["not run"]:
                    raise self.broken(block.line, "a block that is not run needs a reason")
                continue
            needs = block.marks["needs"].split(",") if "needs" in block.marks else []
            if not all(find_spec(library.strip()) for library in needs):
                continue
            if "file" in block.marks:
                Path(block.marks["file"]).write_text(block.text, encoding="utf-8")
            getattr(self, block.language or "text")(block)

    def sh(self, block: Block) -> None:
        """The commands of a shell block that are ours; the last one ends as its mark says."""
        lines = enumerate(block.text.replace("\\\n", "  ").splitlines(), block.line)
        split = [(number, shlex.split(line, comments=True)) for number, line in lines]
        commands = [(number, words[1:]) for number, words in split if words[:1] == ["dsmc"]]
        self.printed = ""
        for place, (number, words) in enumerate(commands, 1):
            wanted = int(block.marks.get("exit", "0")) if place == len(commands) else 0
            try:
                code = self.command(words)
            except Exception as failure:
                raise self.broken(number, f"a fault of the program: {failure!r}") from failure
            if code != wanted:
                raise self.broken(number, f"exit code {code}, not {wanted}\n{self.printed}")

    def command(self, words: list[str]) -> int:
        """One command, made small; `> FILE` takes what it writes to the output."""
        target = None
        if ">" in words:
            place = words.index(">")
            words, target = words[:place], Path(words[place + 1])
        output, errors = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(output), contextlib.redirect_stderr(errors):
            code = main([*words, *smaller(words)])
        self.printed += output.getvalue() + errors.getvalue()
        if target:
            target.write_text(output.getvalue(), encoding="utf-8")
        return code

    def python(self, block: Block) -> None:
        """A block of Python, in the namespace of the document."""
        printed = io.StringIO()
        source = "\n" * (block.line - 1) + block.text  # a traceback names the document's line
        try:
            with contextlib.redirect_stdout(printed), small_scenarios():
                exec(compile(source, self.name, "exec"), self.namespace)
        except Exception as failure:
            raise self.broken(block.line, f"{type(failure).__name__}: {failure}") from failure
        self.printed = printed.getvalue()

    def toml(self, block: Block) -> None:
        """A scenario, or keys of one."""
        try:
            if "fragment" in block.marks:
                dsmc.Scenario(**merged(tomllib.loads(COMPLETE), tomllib.loads(block.text)))
            else:
                path = Path(block.marks.get("file", "scenario.toml"))
                path.write_text(block.text, encoding="utf-8")
                dsmc.load(path)
        except (dsmc.ScenarioError, tomllib.TOMLDecodeError) as failure:
            raise self.broken(block.line, str(failure)) from failure

    def text(self, block: Block) -> None:
        """What the block before has printed, if the document says so; blanks do not count."""
        if "output" not in block.marks:
            return
        printed = " ".join(self.printed.split())
        for number, line in enumerate(block.text.splitlines(), block.line):
            parts = [" ".join(part.split()) for part in line.split("…")]
            if not re.search(".*".join(map(re.escape, parts)), printed):
                raise self.broken(number, f"not printed: {line}\nbut:\n{self.printed}")

    def broken(self, line: int, complaint: str) -> Broken:
        """A complaint with its place, as an editor understands it."""
        return Broken(f"{self.name}:{line}: {complaint}")


def smaller(words: list[str]) -> list[str]:
    """Options that make a command small, less those that are given."""
    options = OPTIONS.get(words[0] if words else "", ())
    pairs = zip(options[::2], options[1::2], strict=True)
    joined = " ".join(words)

    def given(option: str, value: str) -> bool:
        key = value.partition("=")[0] + "=" if option == "--set" else option
        return key in joined or (option == "--steps" and "--time" in words)

    return [word for pair in pairs if not given(*pair) for word in pair]


@contextlib.contextmanager
def small_scenarios() -> Iterator[None]:
    """Within the block dsmc.load gives scenarios of few particles."""
    load: Callable[..., dsmc.Scenario] = dsmc.load

    def load_small(path: Any, overrides: Mapping[str, Any] | None = None) -> dsmc.Scenario:
        return load(path, {"initial.particles": FEW, **(overrides or {})})

    dsmc.load = load_small
    try:
        yield
    finally:
        dsmc.load = load


def merged(base: dict[str, Any], fragment: Mapping[str, Any]) -> dict[str, Any]:
    """The tables of a scenario with the keys of a fragment in place of their own.

    A fragment that gives another kind of initial state, or one of several alternatives (steps,
    time_s …), does not get the base's.
    """
    result = dict(base)
    for name, table in fragment.items():
        if isinstance(table, Mapping) and isinstance(base.get(name), Mapping):
            left = {key: value for key, value in base[name].items() if not rival(key, table)}
            result[name] = {**left, **table}
        else:
            result[name] = table
    if "species" in fragment:
        result["gas"] = {key: value for key, value in result["gas"].items() if key == "model"}
    return result


RIVALS = (
    {"particles", "particles_per_cell", "weight"},
    {"time_step_s", "time_step_mct", "time_step_local_mct"},
    {"steps", "time_s", "collisions"},
    {"species", "mass_kg"},
    {"number_density_m3", "left"},
    {"temperature_K", "left"},
)


def rival(key: str, table: Mapping[str, Any]) -> bool:
    """Whether a table gives another of the alternatives that a key belongs to."""
    return any(key in group and (group - {key}) & set(table) for group in RIVALS)
