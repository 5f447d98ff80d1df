"""The layout of checkpoints belongs to their version: who changes one must raise the other."""

import hashlib

import h5py
import pytest

import dsmc
from dsmc import checkpoint
from dsmc.__main__ import main
from tests.parity.boxes import box
from tests.unit.small_run import small_run

LAYOUTS = {3: "228a307000fe0c79"}  # version: digest of all names, types and columns


def layout(path):
    """A line for each dataset: name, type, and shape but for the number of rows."""
    found = []

    def note(name, item):
        if isinstance(item, h5py.Dataset):
            found.append(f"{name} {item.dtype.str} {item.ndim} {item.shape[1:]}")

    with h5py.File(path) as file:
        file.visititems(note)
    return sorted(found)


def test_a_change_of_what_is_kept_raises_the_version(tmp_path):
    """Runs that between them have every sampler, before and after averages have begun."""
    waiting = {"start": "steady"}
    lines = []
    for name, changes in (("line", {}), ("basin", {}), ("basin", {"sample": waiting})):
        scenario = box(name, 4, 500, **changes)
        with dsmc.Simulation(scenario, threads=1) as simulation:
            simulation.run()
            simulation.save(tmp_path / "saved.h5")
        lines += [f"{name} {line}" for line in layout(tmp_path / "saved.h5")]
    text = "\n".join(lines)
    digest = hashlib.sha256(text.encode()).hexdigest()[:16]
    told = f"raise VERSION in dsmc/checkpoint.py, then note its layout here: {digest}\n{text}"
    assert {checkpoint.VERSION: digest} == LAYOUTS, told


@pytest.mark.parametrize(("version", "told"), [(2, "an earlier"), (99, "a later")])
def test_a_checkpoint_of_another_program_says_what_to_do(tmp_path, capsys, version, told):
    directory = small_run(tmp_path, steps=2)
    (directory / "checkpoint.previous.h5").unlink(missing_ok=True)
    with h5py.File(directory / "checkpoint.h5", "r+") as file:
        file.attrs["version"] = version
    assert main(["resume", str(directory)]) == 2
    error = capsys.readouterr().err
    assert f"of version {version}, of {told} program" in error
    assert "resume with that program, or run again" in error
