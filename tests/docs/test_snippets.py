"""The commands, scenarios and programs of README.md and docs/ do what the documents say.

They are run with few particles and few steps; a document that shows something else than works is
found here, and so is a link that leads nowhere.
"""

import re
from pathlib import Path

import h5py
import pytest

from tests.architecture.test_import_table import LAYERS
from tests.docs.snippets import Broken, Reading, blocks, smaller

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
NAMES = [str(path.relative_to(ROOT)) for path in DOCUMENTS]
LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")
SOURCE = re.compile(r"`((?:dsmc|viz|tests|scenarios)/[\w/.-]*)`")
ELSEWHERE = {"species", "clock", "reference"}  # in mixtures, for free flights, where one is known
SUMMED_UP = {"observables", "CellData", "average", "samplers", "files", "parameters"}
BOOK_KEEPING = re.compile(r"Connectivity|NumberOf\w+|\w*Offsets")  # that VTK asks for


@pytest.fixture
def reader(tmp_path, monkeypatch):
    """A reader in an empty folder that holds the scenarios of the repository."""
    from dsmc import bench

    (tmp_path / "scenarios").symlink_to(ROOT / "scenarios")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(bench, "ROUNDS", 1)
    monkeypatch.setattr(bench, "SECONDS_PER_ROUND", 1e-3)
    monkeypatch.setattr(bench, "WARM_UP", 1)
    return Reading("document.md")


def dead_links(text: str, folder: Path) -> list[str]:
    """Links to files, and names of sources, that do not exist."""
    files = [target for target in LINK.findall(text) if ":" not in target]
    dead = [target for target in files if not (folder / target).exists()]
    return dead + [name for name in SOURCE.findall(text) if not (ROOT / name).exists()]


@pytest.mark.parametrize("path", DOCUMENTS, ids=NAMES)
def test_every_snippet_of_a_document_works(path, reader):
    reader.name = str(path)
    reader.play(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", DOCUMENTS, ids=NAMES)
def test_every_link_and_every_named_source_is_there(path):
    assert not dead_links(path.read_text(encoding="utf-8"), path.parent)


def test_the_index_names_every_document():
    index = (ROOT / "docs" / "README.md").read_text(encoding="utf-8")
    others = {path.name for path in (ROOT / "docs").glob("*.md")} - {"README.md"}
    assert others <= set(LINK.findall(index))


def misplaced_modules(text: str) -> list[str]:
    """Modules that a table of rooms shows in another room than the import table has them in."""
    rows = re.findall(r"^\| ([a-z ]+) \| (`.*) \|$", text, flags=re.MULTILINE)
    return [
        f"{name} in {room}"
        for room, modules in rows
        if room in LAYERS
        for name in re.findall(r"`(\w+)`", modules.partition(":")[0])
        if name not in LAYERS[room]
    ]


def test_the_rooms_are_those_of_the_import_table():
    text = (ROOT / "docs" / "extending.md").read_text(encoding="utf-8")
    assert all(re.search(rf"^\| {room} \|", text, re.MULTILINE) for room in LAYERS)
    assert not misplaced_modules(text)
    assert misplaced_modules("| laws | `scatter`, `draws`: formulas |") == ["draws in laws"]


def drawn_names(text: str) -> dict[str, set[str]]:
    """The names in the tree that formats.md draws of each HDF5 file."""
    sections = re.split(r"^## (\S+\.(?:h5|vtkhdf))$", text, flags=re.MULTILINE)
    trees = [next(block.text for block in blocks(part)) for part in sections[2::2]]
    names = [set(re.findall(r"/(\w+)", tree)) for tree in trees]
    return dict(zip(sections[1::2], names, strict=True))


def names_in(group: h5py.Group, closed: frozenset[str] | set[str] = frozenset()) -> set[str]:
    """Names of all groups and datasets, less those inside the groups that stay closed."""
    found = set(group)
    for name, item in group.items():
        if isinstance(item, h5py.Group) and name not in closed:
            found |= names_in(item, closed)
    return found


def differences(drawn: set[str], file: h5py.File) -> tuple[set[str], set[str]]:
    """Names in a drawn tree that the file lacks, and names in the file that the tree lacks."""
    undrawn = names_in(file, SUMMED_UP) - drawn
    undrawn = {name for name in undrawn if not BOOK_KEEPING.fullmatch(name)}
    return drawn - names_in(file) - ELSEWHERE, undrawn


def test_the_drawn_trees_are_those_of_the_files(reader):
    options = "--set output.trajectory=20 --set output.snapshots=20"
    assert reader.command(["run", "couette", "-o", "run", *options.split()]) == 0
    drawn = drawn_names((ROOT / "docs" / "formats.md").read_text(encoding="utf-8"))
    assert len(drawn) == 4
    for name, names in drawn.items():
        with h5py.File(Path("run") / name) as file:
            assert differences(names, file) == (set(), set()), name
            assert differences(names | {"nothing"}, file) == ({"nothing"}, set())
            assert differences(names - {"parameters"}, file) == (set(), {"parameters"})


@pytest.mark.parametrize(
    "text",
    [
        "```sh\ndsmc check relaxation --set run.stepz=3\n```\n",
        "```sh\ndsmc chek relaxation\n```\n",
        "```sh\ndsmc scenarios nothing\ndsmc scenarios\n```\n",
        "<!-- exit: 2 -->\n```sh\ndsmc scenarios\n```\n",
        "```python\nimport dsmc\ndsmc.lod('relaxation')\n```\n",
        "```python\nx = 1\n```\nand then\n```python\nassert x == 2\n```\n",
        "```toml\n[run]\nsteps = 40\n```\n",
        "<!-- fragment -->\n```toml\n[run]\nstepz = 40\n```\n",
        "<!-- fragment -->\n```toml\n[run\n```\n",
        "```sh\ndsmc scenarios\n```\n<!-- output -->\n```text\nwater … H2O\n```\n",
        "```\ndsmc scenarios\n```\n",
        "<!-- not run -->\n```sh\ndsmc scenarios\n```\n",
        "<!-- needs: sys, math -->\n```python\nimport no_such_library\n```\n",
        "<!-- frgment -->\n```toml\n[run]\nsteps = 40\n```\n",
    ],
)
def test_a_broken_snippet_is_noticed(text, reader):
    with pytest.raises(Broken, match=r"document\.md:\d+: "):
        reader.play(text)


@pytest.mark.parametrize(
    "text",
    [
        "```sh\nmake run\ndsmc scenarios  # what is there\n```\n",
        "<!-- exit: 2 -->\n```sh\ndsmc check relaxation --set run.stepz=3\n```\n",
        "<!-- not run: it takes an hour -->\n```sh\ndsmc nothing\n```\n",
        "<!-- needs: no_such_library -->\n```python\nimport no_such_library\n```\n",
        "<!-- needs: sys, no_such_library -->\n```python\nimport no_such_library\n```\n",
        "<!-- file: a.py -->\n```python\nx = 1\n```\n\n```python\nimport a\nassert x == a.x\n```\n",
        '<!-- fragment -->\n```toml\n[boundaries.x]\nkind = "specular"\n```\n',
        "<!-- fragment -->\n```toml\n[initial]\nweight = 1e12\n[run]\ntime_s = 1e-6\n```\n",
        "```sh\ndsmc scenarios\n```\n<!-- output -->\n```text\ncouette … shear\n```\n",
        "```sh\ndsmc schema > a.json\n```\n```python\nassert open('a.json').read(1)\n```\n",
    ],
)
def test_a_sound_snippet_passes(text, reader, monkeypatch, tmp_path):
    monkeypatch.syspath_prepend(str(tmp_path))
    reader.play(text)


def test_a_missing_file_and_a_missing_source_are_noticed():
    assert dead_links("[a](nothing.md#here)", ROOT) == ["nothing.md"]
    assert dead_links("`dsmc/nothing.py`", ROOT) == ["dsmc/nothing.py"]
    assert not dead_links("[a](README.md#here) `dsmc/step.py` [b](https://x.y)", ROOT)


def test_blocks_know_their_line_and_their_marks():
    found = list(blocks("text\n\n<!-- file: a.toml -->\n\n```toml\nx = 1\n```\n```sh\n```\n"))
    assert [block.line for block in found] == [6, 9]
    assert found[0].marks == {"file": "a.toml"} and found[1].marks == {}


def test_a_command_is_made_small_but_keeps_what_it_says():
    words = smaller(["run", "x.toml", "--steps", "3", "--set", "initial.particles=7"])
    assert "--steps" not in words and "initial.particles=2000" not in words
    assert "output.pictures=false" in words
    assert smaller(["check", "x.toml"]) == []
