"""What is installed is what lies here, and nothing in the tree belongs to one machine."""

import re
import tomllib

import pytest

from tests.architecture.source import PACKAGES, ROOT, modules, tracked_files

PLACES = ("work", "root", "home", "Users", "tmp", "opt", "mnt", "scratch")
MACHINE_PATH = re.compile(r"(?<![\w.~$)}-])/(?:" + "|".join(PLACES) + r")/\w")
INDEX_ADDRESS = re.compile(r"(?:find-links|index-url)\s*=|https?://\S+/simple\b|\bfile:///")
PIN = re.compile(r"[a-z0-9]+(?:[.-][a-z0-9]+)*==[0-9]+(?:\.[0-9]+)*")

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def machine_traces(text: str) -> list[str]:
    """Lines with a path or an index address that exists on one machine only."""
    lines = text.splitlines()
    return [line for line in lines if MACHINE_PATH.search(line) or INDEX_ADDRESS.search(line)]


def unpinned(requirements: list[str], pins: list[str]) -> list[str]:
    """Requirements that no pin answers."""
    names = {pin.partition("==")[0] for pin in pins}
    wanted = (re.match(r"[\w-]+", line)[0].lower() for line in requirements)
    return [name for name in wanted if name not in names]


def constraints() -> list[str]:
    """The lines of constraints.txt."""
    return (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()


def test_no_file_names_a_place_on_one_machine():
    traces = {}
    for path in tracked_files():
        try:
            found = machine_traces(path.read_text(encoding="utf-8"))
        except UnicodeDecodeError:  # a picture
            continue
        if found:
            traces[path.relative_to(ROOT).as_posix()] = found
    assert not traces


def test_constraints_are_bare_pins_in_order():
    pins = constraints()
    assert not [line for line in pins if not PIN.fullmatch(line)]
    assert pins == sorted(pins)


def test_every_requirement_has_a_pin():
    extras = PROJECT["optional-dependencies"]
    requirements = [*PROJECT["dependencies"], *extras["torch"], *extras["test"]]
    assert not unpinned(requirements, constraints())


def test_every_folder_of_source_is_a_package():
    folders = {(ROOT / module.path).parent for module in modules(*PACKAGES)}
    assert not [str(folder) for folder in folders if not (folder / "__init__.py").is_file()]


def test_the_shipped_scenarios_are_those_of_the_repository():
    shipped = {path.resolve() for path in (ROOT / "dsmc" / "shipped").glob("*.toml")}
    assert shipped == {path.resolve() for path in (ROOT / "scenarios" / "gas").glob("*.toml")}
    assert shipped


def test_the_command_is_installed_under_its_name():
    assert PROJECT["scripts"] == {"dsmc": "dsmc.__main__:main"}


@pytest.mark.parametrize(
    ("line", "allowed"),
    [
        ("path = '/" + "home/someone/data.h5'", False),
        ("cd /" + "tmp/tree && make", False),
        ("pip install --index-url" + "=somewhere dsmc-bridge", False),
        ("https://example.org/home/index.html", True),
        ("runs/tmp/relaxation", True),
        ("dsmc run scenarios/gas/relaxation.toml -o runs/relaxation", True),
    ],
)
def test_a_machine_path_is_noticed(line, allowed):
    assert (not machine_traces(line)) is allowed


@pytest.mark.parametrize(
    "line", ["torch==2.13.0+cpu", "numpy>=2.0", "a @ https://example.org/a.whl", "numpy==2.4.6 # x"]
)
def test_a_pin_with_more_than_a_version_is_noticed(line):
    assert not PIN.fullmatch(line)


def test_a_missing_pin_is_noticed():
    assert unpinned(["numpy>=2.0", "rich"], ["numpy==2.4.6"]) == ["rich"]
