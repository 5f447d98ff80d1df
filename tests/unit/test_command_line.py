"""The command line: what it starts, what it refuses, and how fast it answers."""

import json
import resource
import signal
import subprocess
import sys
from types import SimpleNamespace

import pytest

import dsmc
from dsmc.__main__ import main, seconds, whole
from dsmc.endings import CUT_OFF
from dsmc.scenario import load, shipped

SMALL = """
[gas]
species = "N2"
model = "vss"
[domain]
length_m = [1e-3]
cells = [10]
[initial]
kind = "equilibrium"
number_density_m3 = 1e22
temperature_K = 300
particles = 1000
[boundaries.x]
low = { kind = "diffuse", temperature_K = 300 }
high = { kind = "specular" }
[run]
time_step_mct = 0.2
steps = 100
"""


@pytest.fixture
def small(tmp_path):
    file = tmp_path / "small.toml"
    file.write_text(SMALL)
    return file


@pytest.fixture
def launched(monkeypatch):
    """The calls that reach the engine, which is not started."""
    calls = []

    def run(scenario, directory, **options):
        calls.append(SimpleNamespace(scenario=scenario, directory=str(directory), **options))
        return 0

    def bench(**options):
        calls.append(options)
        return 3

    monkeypatch.setitem(sys.modules, "dsmc.launch", SimpleNamespace(run=run))
    monkeypatch.setitem(sys.modules, "dsmc.bench", SimpleNamespace(main=bench))
    monkeypatch.setattr(dsmc, "launch", sys.modules["dsmc.launch"], raising=False)
    monkeypatch.setattr(dsmc, "bench", sys.modules["dsmc.bench"], raising=False)
    return calls


def told(capsys):
    """Standard output and standard error so far."""
    captured = capsys.readouterr()
    return captured.out, captured.err


def test_run_hands_the_scenario_to_the_engine(small, launched):
    assert main(["run", str(small)]) == 0
    (call,) = launched
    assert call.scenario.name == "small"
    assert call.directory == "runs/small"
    assert (call.overwrite, call.quiet, call.wall_time, call.threads) == (False, False, None, None)


def test_run_options_override_the_scenario(small, launched):
    words = "--steps 7 --seed 11 --threads 2 --replicas 3 --overwrite --quiet --wall-time 2m"
    words += " -o there --set sample.every=5 --set run.precision=float32 --device cpu"
    assert main(["run", *words.split(), str(small)]) == 0
    (call,) = launched
    run = call.scenario.run
    assert (run.steps, run.seed, run.threads, run.replicas) == (7, 11, 2, 3)
    assert (call.scenario.sample_every, run.precision) == (5, "float32")
    assert (call.directory, call.threads, call.wall_time) == ("there", 2, 120.0)
    assert call.overwrite and call.quiet


def test_a_time_takes_the_place_of_the_steps_of_the_file(small, launched):
    assert main(["run", str(small), "--time", "1e-6"]) == 0
    run = launched[0].scenario.run
    assert (run.steps, run.time_s) == (None, 1e-6)


def test_the_scenario_may_say_where_to_write(small, launched):
    main(["run", str(small), "--set", "output.directory=elsewhere"])
    assert launched[0].directory == "elsewhere"


def test_run_says_that_molecules_have_no_internal_energy(small, launched, capsys):
    main(["run", str(small)])
    assert "N2: treated as monatomic: no internal energy" in told(capsys)[1]
    main(["run", str(small), "--quiet"])
    assert told(capsys) == ("", "")


def test_run_passes_the_device_on(small, launched):
    for words in ([], ["--device", "torch-cpu"]):
        assert main(["run", str(small), *words]) == 0
    assert [call.device for call in launched] == ["cpu", "torch-cpu"]


def test_bench_passes_its_options_on(launched):
    assert main(["bench"]) == 3
    words = "bench box shock --particles 1e5 --threads 1 2 --precision float32 --device cuda --json"
    words += " --quiet --per-cell 20"
    assert main(words.split()) == 3
    default, chosen = launched
    assert default == {
        "problems": [], "particles": None, "per_cell": None, "threads": None, "precision": None,
        "device": "cpu", "as_json": False, "quiet": False,
    }  # fmt: skip
    assert chosen == {
        "problems": ["box", "shock"], "particles": 100000, "per_cell": 20, "threads": [1, 2],
        "precision": ["float32"], "device": "cuda", "as_json": True, "quiet": True,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("rnu x", "unknown command 'rnu', did you mean run?"),
        ("validatee", "unknown command 'validatee'"),
        ("run x --stpes 3", "unknown option '--stpes', did you mean --steps?"),
        ("run x --overwite", "did you mean --overwrite?"),
        ("check relaxation --overwrite", "unknown option '--overwrite'"),
        ("run", "required: scenario"),
        ("run x y", "unknown argument 'y'"),
        ("run x --device gpu", "unknown choice 'gpu', did you mean cpu?"),
        ("run x --wall-time soon", "'soon' is not a duration"),
        ("bench --particles many", "'many' is not a whole number"),
        ("--verbose", "unknown option '--verbose'"),
        ("scenarios relaxatoin", "did you mean relaxation?"),
        ("check relaxatoin", "did you mean the shipped scenario relaxation?"),
        ("run relaxation --steps many", 'run.steps = "many"'),
        ("run relaxation --seed -1", "seed"),
        ("run relaxation --seed=-1", "run.seed = -1"),
        ("run relaxation --set run.sede=1", "did you mean seed?"),
        ("run relaxation --set steps", "not an override"),
    ],
)
def test_what_is_mistyped_is_answered_with_a_message(words, message, launched, capsys):
    assert main(words.split()) == 2
    output, error = told(capsys)
    assert message in error
    assert output == "" and "Traceback" not in error
    assert launched == []


def test_a_bad_scenario_ends_with_code_two_and_every_problem(small, launched, capsys):
    small.write_text(SMALL.replace("300", "-300").replace("steps = 100", "step = 100"))
    assert main(["run", str(small)]) == 2
    error = told(capsys)[1]
    assert error.startswith(f"{small}: 4 problems")
    for path in (
        "initial.temperature_K",
        "boundaries.x.low.temperature_K",
        "run.step",
        "run.steps",
    ):
        assert path in error


def test_a_directory_in_use_is_told_with_its_cure(small, launched, monkeypatch, capsys):
    class DirectoryInUse(ValueError):
        """As the engine's."""

    def run(*_, **__):
        raise DirectoryInUse("runs/small holds a run; --overwrite replaces it")

    stub = SimpleNamespace(run=run, DirectoryInUse=DirectoryInUse)
    monkeypatch.setitem(sys.modules, "dsmc.launch", stub)
    monkeypatch.setattr(dsmc, "launch", stub, raising=False)
    assert main(["run", str(small)]) == 2
    assert told(capsys)[1].endswith("--overwrite replaces it\n")


def test_an_initial_state_that_cannot_be_read_is_told(small, launched, monkeypatch, capsys):
    def run(*_, **__):
        raise ValueError("before.h5: no frame 7; the file holds 3 complete frames")

    monkeypatch.setattr(sys.modules["dsmc.launch"], "run", run)
    words = ["--set", "initial.kind=file", "--set", "initial.path=before.h5"]
    assert main(["run", str(small), *words]) == 2
    assert "the initial state cannot be read: before.h5: no frame 7" in told(capsys)[1]


def test_a_fault_of_the_program_is_not_hidden(small, launched, monkeypatch):
    def run(*_, **__):
        raise ValueError("a fault")

    monkeypatch.setattr(sys.modules["dsmc.launch"], "run", run)
    with pytest.raises(ValueError, match="a fault"):
        main(["run", str(small)])


def test_check_shows_every_value_and_what_follows(small, capsys):
    assert main(["check", str(small)]) == 0
    output, error = told(capsys)
    lines = [" ".join(line.split()) for line in output.splitlines()]
    assert "run.seed default 1" in lines
    assert 'gas.model "vss"' in lines
    assert 'boundaries.x.high "specular"' in lines
    for words in ("mean free path", "Knudsen number", "expected run time", "wall_shear at x low"):
        assert words in output
    assert "note: N2: treated as monatomic" in output
    assert "warning: domain.cells: 10 along x, dx = " in output
    assert error == ""


def test_a_quiet_check_shows_only_notes_and_warnings(small, capsys):
    assert main(["check", "--quiet", str(small)]) == 0
    lines = told(capsys)[0].splitlines()
    assert lines and all(line.startswith(("note:", "warning:", "  ")) for line in lines)
    assert main(["check", "--quiet", "relaxation"]) == 0
    assert told(capsys) == ("", "")


def test_a_check_of_a_strict_scenario_refuses_its_warnings(small, capsys):
    assert main(["check", str(small), "--set", "run.strict=true"]) == 2
    assert "domain.cells" in told(capsys)[1]


def test_a_terminal_gets_a_table(small, capsys, monkeypatch):
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    monkeypatch.setenv("COLUMNS", "120")
    assert main(["check", str(small)]) == 0
    output = told(capsys)[0]
    assert "─" in output and "mean free path" in output


def test_scenarios_lists_the_question_of_each(capsys):
    assert main(["scenarios"]) == 0
    lines = told(capsys)[0].splitlines()
    assert len(lines) == len(shipped())
    assert any(line.startswith("relaxation ") and line.endswith("?") for line in lines)
    assert main(["scenarios", "--quiet"]) == 0
    assert told(capsys)[0].split() == list(shipped())


def test_a_shipped_scenario_can_be_printed_to_begin_with(tmp_path, capsys):
    assert main(["scenarios", "relaxation"]) == 0
    mine = tmp_path / "mine.toml"
    mine.write_text(told(capsys)[0])
    assert load(mine).model_dump() == load("relaxation").model_dump()


def test_the_schema_is_json(capsys):
    assert main(["schema"]) == 0
    schema = json.loads(told(capsys)[0])
    assert schema["additionalProperties"] is False
    assert "initial" in schema["properties"]


def test_help_and_version(capsys):
    for words in (["--help"], ["run", "--help"], ["--version"]):
        assert main(words) == 0
    output = told(capsys)[0]
    assert dsmc.__version__ in output and "--set KEY.PATH=VALUE" in output
    assert main([]) == 2


def test_durations_have_units():
    values = [seconds(text) for text in ("90", "90s", "10m", "1.5h", "2d")]
    assert values == [90, 90, 600, 5400, 172800]
    assert whole("1e6") == 10**6


def process(*words):
    return subprocess.run(
        [sys.executable, "-c", *words] if words[0].startswith("import") else
        [sys.executable, "-m", "dsmc", *words],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


def test_the_module_is_the_command(small):
    answer = process("check", "--quiet", str(small))
    assert answer.returncode == 0 and "note: N2" in answer.stdout
    answer = process("run", "nowhere.toml")
    assert answer.returncode == 2 and "Traceback" not in answer.stderr


def test_a_reader_that_leaves_early_is_no_error():
    command = f"{sys.executable} -m dsmc schema | head -1"
    answer = subprocess.run(command, shell=True, capture_output=True, text=True, check=False)
    assert answer.stdout == "{\n" and answer.stderr == ""


TALKING = """import sys
from types import SimpleNamespace
import dsmc
from dsmc.__main__ import main
from rich.console import Console
def talk(*words, **options):
    for line in range(10**5):
        {how}(line)
dsmc.launch = sys.modules["dsmc.launch"] = SimpleNamespace(run=talk)
sys.exit(main(["run", "relaxation", "-o", "never"]))
"""


@pytest.mark.parametrize("how", ["print", "Console().print"])
def test_a_run_that_is_cut_off_by_its_reader_says_so(how):
    """A code of its own: no success, and no verdict either."""
    code = TALKING.format(how=how)
    script = f"set -o pipefail; {sys.executable} -c '{code}' | head -1"
    words = ["bash", "-c", script]
    answer = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)
    assert answer.stdout == "0\n"
    assert answer.returncode == CUT_OFF == 128 + signal.SIGPIPE
    assert answer.stderr.endswith("cut off: nobody reads the output any more\n")
    assert "Traceback" not in answer.stderr


def test_help_is_immediate():
    """Under 0.3 s of processor time, which other programs do not take; the best of three."""

    def spent():
        usage = resource.getrusage(resource.RUSAGE_CHILDREN)
        return usage.ru_utime + usage.ru_stime

    def duration():
        begin = spent()
        assert process("--help").returncode == 0
        return spent() - begin

    assert min(duration() for _ in range(3)) < 0.3


HEAVY = ("numba", "torch", "scipy", "h5py", "matplotlib")


@pytest.mark.parametrize(
    ("words", "forbidden"),
    [
        (["--help"], (*HEAVY, "pydantic", "rich", "numpy")),
        (["check", "--quiet", "relaxation"], (*HEAVY, "rich")),
        (["scenarios"], HEAVY),
        (["schema"], HEAVY),
    ],
)
def test_commands_load_only_what_they_need(words, forbidden):
    code = "import sys; from dsmc.__main__ import main; main(sys.argv[1:]); "
    code += "print('loaded', *sys.modules)"
    answer = process(code, *words)
    loaded = answer.stdout.rpartition("loaded")[2].split()
    assert "dsmc.__main__" in loaded, answer.stderr
    assert not set(forbidden) & set(loaded)


def test_the_package_imports_nothing_until_it_is_asked():
    code = "import sys, dsmc; assert dsmc.__version__; print(*sys.modules)"
    loaded = process(code).stdout.split()
    assert not {*HEAVY, "pydantic", "rich", "numpy"} & set(loaded)


def test_public_names_are_found_when_asked_for():
    assert dsmc.load is load
    assert dsmc.species.find("Ar").name == "Ar"
    assert {"Scenario", "ScenarioError", "Simulation", "reference"} <= set(dir(dsmc))
    with pytest.raises(AttributeError, match="no attribute 'laod'"):
        _ = dsmc.laod
