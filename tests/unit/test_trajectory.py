"""The trajectory file says in SI what the gas did, and survives what happens to it."""

import os
import resource
import signal
import subprocess
import sys
import textwrap

import h5py
import numpy as np
import pytest

from dsmc import trajectory
from dsmc.hdf5 import Unreadable
from dsmc.trajectory import EMPTY_PLACE, TrajectoryWriter, read_frame, read_observables

K = 50
LENGTHS = (1e-3, 2e-3, 3e-3)
FRAMES = 6


def open_writer(path, d=3, particles=K, **changes):
    settings = {
        "box_lengths": LENGTHS[:d],
        "boundary": ["periodic", "diffuse", "specular"][:d],
        "particles": particles,
        "author": "N. N.",
        "scenario_text": "title = 'argon'\n",
        "provenance": {"version": "0.1.0", "seed": 7, "commit": None},
        "observables": [
            ("temperature", "K", "translational temperature", ()),
            ("drift", "m s-1", "flow velocity", (3,)),
        ],
    }
    return TrajectoryWriter(path, **(settings | changes))


def gas(frame, d=3):
    """Positions [m] and velocities [m/s] of one frame, new in each."""
    draw = np.random.default_rng(frame)
    return draw.random((K, d)) * LENGTHS[:d], 300.0 * draw.standard_normal((K, 3))


def write(path, d=3, frames=FRAMES):
    with open_writer(path, d) as writer:
        for n in range(frames):
            writer.observe(10 * n, n * 1e-7, {"temperature": 300.0 + n}, {"temperature": 0.5})
            writer.frame(10 * n, n * 1e-7, *gas(n, d), np.arange(K))
    return path


def test_the_tree_is_h5md_1_1(tmp_path):
    with h5py.File(write(tmp_path / "t.h5")) as file:
        assert list(file["h5md"].attrs["version"]) == [1, 1]
        assert file["h5md/author"].attrs["name"] == "N. N."
        assert file["h5md/creator"].attrs["version"] == "0.1.0"
        assert "units" in file["h5md/modules"]
        group = file["particles/trajectory"]
        assert group["box"].attrs["dimension"] == 3
        assert list(group["box"].attrs["boundary"]) == ["periodic", "none", "none"]
        for name, shape in (("position", (K, 3)), ("velocity", (K, 3)), ("id", (K,)),
                            ("box/edges", (3,))):  # fmt: skip
            assert group[name]["value"].shape == (FRAMES, *shape)
            assert group[name]["step"][:].tolist() == [0, 10, 20, 30, 40, 50]
            assert group[name]["time"].attrs["unit"] == "s"
        assert "unit" not in group["position/value"].attrs  # MDAnalysis refuses metres
        assert group["velocity/value"].attrs["unit"] == "m s-1"
        assert group["position/value"].dtype == group["velocity/value"].dtype == np.float32
        assert group["position/value"].compression is None
        assert (group["id/value"].compression, group["id/value"].shuffle) == ("gzip", True)
        assert file["observables/temperature"].attrs["unit"] == "K"
        assert file["observables/temperature"].attrs["description"] == "translational temperature"


def test_the_file_says_what_made_it(tmp_path):
    with h5py.File(write(tmp_path / "t.h5")) as file:
        assert file["parameters"].attrs["scenario"] == "title = 'argon'\n"
        assert file["parameters/provenance"].attrs["seed"] == 7


@pytest.mark.parametrize("d", [1, 2, 3])
def test_a_frame_comes_back_as_it_was_written(tmp_path, d):
    """To the rounding of float32, 2^-24 relative; never outside the box."""
    path = write(tmp_path / "t.h5", d)
    position, velocity = gas(2, d)
    frame = read_frame(path, 2)
    np.testing.assert_allclose(frame.position, position, rtol=2**-24)
    np.testing.assert_allclose(frame.velocity, velocity, rtol=2**-24)
    assert frame.time == pytest.approx(2e-7, rel=1e-15)
    assert frame.id.tolist() == list(range(K))
    last = read_frame(path)
    np.testing.assert_allclose(last.position, gas(FRAMES - 1, d)[0], rtol=2**-24)


def test_rounding_carries_no_particle_through_the_upper_face(tmp_path):
    """float32(1.9e-3) lies above 1.9e-3: read back as it is, a particle would be outside."""
    length = 1.9e-3
    assert np.float64(np.float32(length)) > length
    with open_writer(tmp_path / "t.h5", 1, 1, box_lengths=[length]) as writer:
        writer.frame(0, 0.0, np.full((1, 1), length), np.zeros((1, 3)), np.zeros(1))
    assert read_frame(tmp_path / "t.h5").position[0, 0] == length


def test_empty_places_hold_no_particle(tmp_path):
    id = np.arange(K)
    id[::5] = EMPTY_PLACE
    with open_writer(tmp_path / "t.h5") as writer:
        writer.frame(0, 0.0, *gas(0), id)
    frame = read_frame(tmp_path / "t.h5")
    assert len(frame.position) == len(frame.velocity) == len(frame.id) == K - K // 5


def test_observables_come_back_with_unit_error_and_reference(tmp_path):
    path = tmp_path / "t.h5"
    with open_writer(path) as writer:
        for n in range(4):
            writer.observe(n, n * 1e-7, {"temperature": 300.0 + n, "drift": [n, 0, 1]})
        writer.annotate("temperature", error=np.full(4, 0.25), reference=np.arange(4.0))
    found = read_observables(path)
    temperature, drift = found["temperature"], found["drift"]
    assert (temperature.unit, temperature.description) == ("K", "translational temperature")
    assert temperature.value.tolist() == [300.0, 301.0, 302.0, 303.0]
    assert temperature.error.tolist() == [0.25] * 4
    assert temperature.reference.tolist() == [0.0, 1.0, 2.0, 3.0]
    assert drift.value.shape == drift.error.shape == (4, 3)
    assert np.isnan(drift.error).all()  # not given: unknown, not zero
    assert drift.reference is None


def test_a_torn_row_is_trimmed(tmp_path):
    """As after a crash between the value and the step."""
    path = write(tmp_path / "t.h5")
    with h5py.File(path, "r+") as file:
        for name in ("particles/trajectory/position", "observables/temperature"):
            file[name]["step"].resize(FRAMES - 1, axis=0)
    assert read_frame(path).time == pytest.approx((FRAMES - 2) * 1e-7)
    assert len(read_observables(path)["temperature"].time) == FRAMES - 1
    with pytest.raises(OSError, match=f"no frame {FRAMES - 1}.*{FRAMES - 1} complete"):
        read_frame(path, FRAMES - 1)


def test_mdanalysis_reads_metres_and_seconds(tmp_path):
    mda = pytest.importorskip("MDAnalysis")
    path = write(tmp_path / "t.h5", d=2)
    universe = mda.Universe.empty(K, trajectory=False)
    universe.load_new(str(path), format="H5MD", convert_units=False)
    assert len(universe.trajectory) == FRAMES
    for n, timestep in enumerate(universe.trajectory):
        position, velocity = gas(n, 2)
        assert timestep.time == pytest.approx(n * 1e-7)
        np.testing.assert_allclose(timestep.positions[:, :2], position, rtol=1e-6)  # float32
        assert not timestep.positions[:, 2].any()
        np.testing.assert_allclose(timestep.velocities, velocity, rtol=1e-6)
        np.testing.assert_allclose(timestep.dimensions[:3], [1e-3, 2e-3, 1.0], rtol=1e-6)
        assert timestep.data["temperature"] == 300.0 + n
    universe.trajectory.close()


WRITE_FOR_EVER = """
    import numpy as np
    from dsmc.trajectory import TrajectoryWriter
    writer = TrajectoryWriter({path!r}, box_lengths=[1e-3], boundary=["periodic"], particles=200,
        author="", scenario_text="", provenance={{}}, observables=[("n", "1", "count", ())])
    for n in range(10**9):
        writer.observe(n, n, {{"n": n}})
        writer.frame(n, n, np.full((200, 1), 1e-4), np.full((200, 3), n), np.arange(200))
        if n % 10 == 0:
            writer.commit()
        print(n, flush=True)
"""


def test_a_killed_run_leaves_every_frame_it_committed(tmp_path):
    path = str(tmp_path / "t.h5")
    code = textwrap.dedent(WRITE_FOR_EVER.format(path=path))
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as run:
        for line in run.stdout:
            if int(line) >= 100:
                break
        os.kill(run.pid, signal.SIGKILL)
    frame = read_frame(path)
    assert frame.time >= 100
    assert (frame.velocity == frame.time).all()
    counts = read_observables(path)["n"]
    assert len(counts.time) >= 101
    assert (counts.value == counts.time).all()
    assert len(counts.time) % 10 == 1  # whole commits, nothing torn


@pytest.mark.parametrize(("commits", "reads"), [(0, 1), (1, 2), (2, 3), (9, 3)])
def test_a_reader_that_a_commit_overtakes_begins_again(tmp_path, monkeypatch, commits, reads):
    """Torn pages stand for damage; where no commit has been, damage is told at once."""
    path, read, seen = tmp_path / "t.h5", trajectory._series, []

    def torn(name, group):
        if name == "temperature":
            seen.append(name)
            if len(seen) <= commits:
                writer.observe(len(seen), 1e-7 * len(seen), {"temperature": 300.0})
                writer.commit()
        if not 0 < commits < len(seen):
            raise OSError("wrong B-tree signature")
        return read(name, group)

    with open_writer(path) as writer:
        writer.observe(0, 0.0, {"temperature": 300.0})
        writer.commit()
        monkeypatch.setattr(trajectory, "_series", torn)
        if 0 < commits < reads:
            assert read_observables(path)["temperature"].time.size == reads
        else:
            with pytest.raises(Unreadable, match="wrong B-tree signature") as failure:
                read_observables(path)
            assert ("a run wrote to it meanwhile" in str(failure.value)) == bool(commits)
    assert len(seen) == reads


def test_a_full_disk_is_said_plainly_and_earlier_frames_are_intact(tmp_path):
    """A file size limit stands for the full disk."""
    path = tmp_path / "t.h5"
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    committed = -1
    try:
        with open_writer(path) as writer, pytest.raises(OSError, match=r"limit.*t\.h5"):
            resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, limits[1]))
            for n in range(10_000):
                writer.observe(n, n, {"temperature": n})
                writer.frame(n, n, *gas(n), np.arange(K))
                if n % 7 == 0:
                    writer.commit()
                    committed = n
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert committed > 10
    assert read_frame(path).time == committed
    assert len(read_observables(path)["temperature"].time) == committed + 1


def test_a_trimmed_file_goes_on_as_if_nothing_had_been(tmp_path):
    """Rows written after a checkpoint are forgotten and written again: every dataset is equal."""
    straight = write(tmp_path / "straight.h5")
    path = tmp_path / "resumed.h5"
    with open_writer(path) as writer:
        for n in range(FRAMES):
            if n == 3:
                rows = writer.rows
            writer.observe(10 * n, n * 1e-7, {"temperature": 300.0 + n}, {"temperature": 0.5})
            writer.observe(10 * n, n * 1e-7, {"drift": [n, 0, 0]} if n > 2 else {})
            writer.frame(10 * n, n * 1e-7, *gas(n + 100), np.arange(K)[::-1])
        writer.annotate("temperature", reference=np.zeros(FRAMES))
    with open_writer(path, rows=rows) as writer:
        for n in range(3, FRAMES):
            writer.observe(10 * n, n * 1e-7, {"temperature": 300.0 + n}, {"temperature": 0.5})
            writer.frame(10 * n, n * 1e-7, *gas(n), np.arange(K))
    with h5py.File(straight) as a, h5py.File(path) as b:
        assert names(a) == names(b)
        for name in names(a):
            if name.startswith("particles/trajectory/position/value"):
                b_new, a_new = b[name][3:], a[name][3:]
                assert np.array_equal(a_new, b_new)
            elif name.startswith("observables"):
                assert np.array_equal(a[name][()], b[name][()])


def names(file):
    found = []
    file.visititems(lambda name, item: found.append(name) if hasattr(item, "shape") else None)
    return sorted(found)


def test_a_file_that_finds_no_room_is_not_left_behind(tmp_path):
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limits[1]))
        with pytest.raises(OSError, match=r"t\.h5"):
            open_writer(tmp_path / "t.h5")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert not (tmp_path / "t.h5").exists()


def test_an_existing_file_is_kept_unless_told(tmp_path):
    path = write(tmp_path / "t.h5")
    before = path.read_bytes()
    with pytest.raises(FileExistsError, match=r"--overwrite.*t\.h5"):
        open_writer(path)
    assert path.read_bytes() == before
    with open_writer(path, overwrite=True) as writer:
        writer.frame(0, 0.0, *gas(0), np.arange(K))
    with h5py.File(path) as file:
        assert file["particles/trajectory/position/value"].shape[0] == 1


def test_a_missing_directory_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"create it first.*nowhere"):
        open_writer(tmp_path / "nowhere" / "t.h5")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_read_only_directory_is_named(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(PermissionError, match=r"another directory.*t\.h5"):
        open_writer(tmp_path / "t.h5")


def test_what_does_not_fit_is_refused_before_it_is_written(tmp_path):
    with open_writer(tmp_path / "t.h5") as writer:
        position, velocity = gas(0)
        with pytest.raises(ValueError, match="position has shape"):
            writer.frame(0, 0.0, position[:, :2], velocity, np.arange(K))
        with pytest.raises(KeyError, match="entropy"):
            writer.observe(0, 0.0, {"entropy": 1.0})
        with pytest.raises(ValueError):
            writer.observe(0, 0.0, {"drift": [1.0, 2.0]})
        writer.frame(0, 0.0, position, velocity, np.arange(K))
    assert read_frame(tmp_path / "t.h5").time == 0.0
    assert read_observables(tmp_path / "t.h5")["drift"].value.shape == (0, 3)


def test_other_files_are_refused_with_their_name(tmp_path):
    text = tmp_path / "notes.txt"
    text.write_text("no HDF5")
    with pytest.raises(OSError, match=r"notes\.txt: not an HDF5 file"):
        read_frame(text)
    with pytest.raises(FileNotFoundError, match="nothing"):
        read_observables(tmp_path / "nothing.h5")
    with h5py.File(tmp_path / "foreign.h5", "w") as file:
        file["data"] = np.arange(3)
    with pytest.raises(OSError, match=r"foreign\.h5: no trajectory"):
        read_frame(tmp_path / "foreign.h5")
    assert read_observables(tmp_path / "foreign.h5") == {}


def test_observables_alone_make_a_file(tmp_path):
    with open_writer(tmp_path / "t.h5", particles=0) as writer:
        writer.observe(0, 0.0, {"temperature": 300.0})
        with pytest.raises(ValueError, match="no frames"):
            writer.frame(0, 0.0, np.zeros((0, 3)), np.zeros((0, 3)), np.zeros(0))
    assert read_observables(tmp_path / "t.h5")["temperature"].value.tolist() == [300.0]
