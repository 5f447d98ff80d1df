"""Pictures of particles alone, from any file that holds some: velocities, paths, the film."""

import h5py
import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

from viz import animation, frames, style, trajectory
from viz.frames import Frames

SEED = 20261121
V0 = 350.0  # m/s


def beams_to_maxwell(count=2000, shots=5):
    """Two beams along x that turn into Maxwell's distribution with the same energy."""
    draw = np.random.default_rng(SEED)
    velocity = []
    for share in np.linspace(0.0, 1.0, shots):
        v = draw.normal(0.0, V0 / np.sqrt(2.0), (count, 3))
        beam = np.column_stack(
            [draw.choice((-400.0, 400.0), count), *draw.normal(0, 50, (2, count))]
        )
        velocity.append(np.where((draw.random(count) < share)[:, None], v, beam) + 100.0)
    time = 1e-6 * np.arange(shots)
    return Frames(time, tuple(velocity), (), (), "m s-1", "m", "s", count, shots)


def element(group, name, value, unit="", interval=None):
    """An H5MD element; with an interval its step and time are one number each."""
    made = group.create_group(name)
    made["value"] = value
    if unit:
        made["value"].attrs["unit"] = unit
    count = np.arange(len(value))
    made["step"] = count if interval is None else 1
    made["time"] = 0.5 * count if interval is None else interval
    made["time"].attrs["unit"] = "ps"


@pytest.fixture
def axes():
    return Figure().add_subplot()


@pytest.fixture
def elsewhere(tmp_path):
    """A file of another program: nanometres and picoseconds, 5 frames of 40 particles."""
    draw = np.random.default_rng(SEED)
    path = tmp_path / "elsewhere.h5"
    with h5py.File(path, "w") as file:
        group = file.create_group("particles/atoms")
        element(group, "position", np.cumsum(draw.normal(size=(5, 40, 3)), 0), "nm")
        element(group, "velocity", draw.normal(size=(5, 40, 3)), "nm ps-1", interval=2.0)
    return path


def test_thermal_velocities_have_no_mean_and_their_most_probable_speed():
    own, v0 = trajectory.thermal(beams_to_maxwell(200_000).velocity[-1])
    assert abs(own.mean(axis=0)).max() < 1e-9
    # v0 of N Maxwellian particles scatters by v0 / sqrt(6 N): 5 sigmas are 0.5 %.
    assert v0 == pytest.approx(V0, rel=5e-3)


def test_rows_that_are_no_numbers_are_left_out():
    velocity = np.random.default_rng(SEED).normal(size=(10, 3))
    damaged = velocity.copy()
    damaged[2], damaged[5, 1], damaged[7] = np.nan, np.inf, 1e300
    own, v0 = trajectory.thermal(damaged)
    clean, expected = trajectory.thermal(np.delete(velocity, (2, 5, 7), axis=0))
    np.testing.assert_array_equal(own, clean)
    assert v0 == expected


def test_the_histogram_of_speeds_is_a_density_and_ends_as_maxwell(axes):
    assert trajectory.speeds(axes, beams_to_maxwell(20_000))
    last = next(p for p in axes.patches if p.get_label() == "$t$ = 4 µs").get_data()
    first = next(p for p in axes.patches if p.get_label() == "$t$ = 0 µs").get_data()
    width = np.diff(last.edges)
    assert (last.values * width).sum() == pytest.approx(1.0, abs=2e-3)  # some are faster
    line = next(line for line in axes.lines if "Maxwell" in line.get_label())
    middle = 0.5 * (last.edges[1:] + last.edges[:-1])
    exact = np.interp(middle, *line.get_data())
    error = np.sqrt(np.maximum(last.values, 1e-5) / (20_000 * width))
    assert np.abs((last.values - exact) / error).max() < 5.0
    assert np.abs((first.values - exact) / error).max() > 50.0  # the beams are none
    assert axes.get_xlabel() == "thermal speed $|c|$ [m s⁻¹]"


def test_units_of_another_program_stand_on_the_axes(axes, elsewhere):
    held = frames.of_h5md(elsewhere)
    assert trajectory.speeds(axes, held)
    assert axes.get_xlabel() == "thermal speed $|c|$ [nm ps⁻¹]"
    assert axes.get_ylabel() == "density [1/(nm ps⁻¹)]"
    paths = Figure().add_subplot()
    assert trajectory.paths(paths, held)
    assert (paths.get_xlabel(), paths.get_ylabel()) == ("$x$ [nm]", "$y$ [nm]")


def test_frames_of_another_program_are_read_as_they_are(elsewhere):
    held = frames.of_h5md(elsewhere)
    with h5py.File(elsewhere) as file:
        stored = file["particles/atoms/velocity/value"][:]
    np.testing.assert_array_equal(np.stack(held.velocity), stored)
    np.testing.assert_allclose(held.time, 0.5e-12 * np.arange(5), rtol=1e-12)
    assert (held.held, held.frames, held.time_unit) == (40, 5, "s")


def test_times_may_be_an_interval(tmp_path):
    """H5MD allows one number for `time`: the interval, from the attribute `offset` on."""
    with h5py.File(tmp_path / "a.h5", "w") as file:
        group = file.create_group("particles/atoms")
        element(group, "velocity", np.ones((4, 3, 3)), interval=2.0)
        group["velocity/time"].attrs["offset"] = 1.0
    np.testing.assert_allclose(
        frames.of_h5md(tmp_path / "a.h5").time, 1e-12 * np.array([1.0, 3.0, 5.0, 7.0]), rtol=1e-12
    )


def test_many_frames_and_particles_are_thinned_evenly(tmp_path):
    shots, count = 3 * frames.MOST_FRAMES, frames.MOST_PARTICLES + 5
    with h5py.File(tmp_path / "a.h5", "w") as file:
        group = file.create_group("particles/atoms")
        element(group, "velocity", np.zeros((1, 1, 3)))
        del group["velocity"]
        made = group.create_group("velocity")
        made.create_dataset("value", (shots, count, 3), "f4", chunks=(1, count, 3))
        made["step"] = made["time"] = np.arange(float(shots))
    held = frames.of_h5md(tmp_path / "a.h5")
    assert len(held.velocity) == frames.MOST_FRAMES
    assert (held.time[0], held.time[-1]) == (0.0, shots - 1.0)
    assert all(len(velocity) <= frames.MOST_PARTICLES for velocity in held.velocity)
    assert held.held == count


def test_a_path_is_broken_where_the_particle_went_through_a_periodic_face(axes):
    """x runs from 0.7 over the edge at 1 to 0.3: no line across the box."""
    x = np.array([0.7, 0.9, 0.1, 0.3])
    still = np.array([0.0, 1.0])  # two particles at the faces
    position = tuple(np.array([[place], [still[0]], [still[1]]]) for place in x)
    assert trajectory.paths(axes, Frames(1e-6 * np.arange(4), (), position, (), "", "m", "s"))
    drawn = axes.lines[0].get_ydata()
    assert np.isnan(drawn).sum() == 1
    np.testing.assert_allclose(axes.lines[0].get_xdata(), np.arange(4), rtol=1e-12)
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("time [µs]", "$x$ [m]")


def test_a_path_follows_the_particle_and_not_its_row(axes):
    """Rows are exchanged between the frames; ids tell who is who."""
    ids = (np.array([4, 9]), np.array([9, 4]))
    position = (np.array([[0.1], [0.5]]), np.array([[0.6], [0.2]]))
    assert trajectory.paths(axes, Frames(np.arange(2.0), (), position, ids, "", "m", "s"))
    np.testing.assert_allclose([line.get_ydata() for line in axes.lines], [[0.1, 0.2], [0.5, 0.6]])


def test_particles_at_rest_have_no_distribution(axes):
    rest = Frames(np.arange(2.0), (np.zeros((9, 3)),) * 2)
    assert not trajectory.speeds(axes, rest)
    assert not trajectory.components(axes, rest)
    assert not trajectory.plane(axes, rest)


def test_the_film_shows_every_frame_and_stays_small(tmp_path):
    film = animation.animate(beams_to_maxwell(), tmp_path / "v.gif", collision_time=1e-6)
    with Image.open(film) as image:
        assert image.n_frames >= 5
        assert image.size == (810, 396)
        first = np.asarray(image.convert("RGB"), float)
        image.seek(image.n_frames - 1)
        assert np.abs(np.asarray(image.convert("RGB"), float) - first).mean() > 1.0
    assert film.stat().st_size < 3e6 * 5 / frames.MOST_FRAMES  # 3 MB for the longest film


def test_one_frame_is_no_film(tmp_path):
    assert animation.animate(beams_to_maxwell(shots=1), tmp_path / "v.gif") is None
    assert list(tmp_path.iterdir()) == []


def test_units_are_raised_after_letters_only():
    assert style.with_unit("density", "1/(km s-1)") == "density [1/(km s⁻¹)]"
    assert style.with_unit("q", "W m-2") == "q [W m⁻²]"
