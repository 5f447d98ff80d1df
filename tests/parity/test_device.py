"""The device plays what the host plays: the same candidates and collisions, values to rounding.

No statistics: the seeds are fixed, and in double precision a decision that rounding could turn
comes once in 1e9 draws.  Powers of the two sides differ in their last digits.
"""

from itertools import pairwise

import numpy as np
import pytest

import dsmc
from dsmc import draws
from dsmc.cells import count_cells
from dsmc.model import model
from tests.parity.boxes import differences, remains
from tests.parity.device_boxes import CHANGES, device_box

torch = pytest.importorskip("torch")

from torch.utils._python_dispatch import TorchDispatchMode  # noqa: E402

from dsmc.device import collide  # noqa: E402
from dsmc.device import draws as device_draws  # noqa: E402
from dsmc.device.cells import cells_of  # noqa: E402
from dsmc.device.laws import LAWS  # noqa: E402
from dsmc.device.model import model_on  # noqa: E402
from dsmc.elementary import power  # noqa: E402

DEVICE = "torch-cpu"
STEPS = 3
ROUNDING = 1e-12  # of the largest value: a dozen operations in each of up to five collisions
SINGLE = 1e-5  # the same in single precision


def left(name: str, device: str, steps: int = STEPS, laws=None, **changes) -> dict:
    """All that a run leaves in memory."""
    scenario = device_box(name, **changes)
    with dsmc.Simulation(scenario, threads=1, device=device, laws=laws) as simulation:
        simulation.run(steps=steps)
        return remains(simulation)


def unlike(host: dict, device: dict, name: str) -> list[str]:
    """Names of what is not the same, up to what rounding may do; counts must be equal."""
    wrong = sorted(host.keys() ^ device.keys())
    single = host["phase"].dtype == np.float32
    for key in host.keys() & device.keys():
        one, other = host[key], device[key]
        if one.dtype.kind in "iu":
            same = np.array_equal(one, other)
        else:
            scale = np.nanmax(np.abs(one), axis=0, initial=0.0) + 1e-300
            if key == "series momentum_x":  # nearly zero: its error is the rounding of all terms
                scale = host["series momentum_x error"].max() / np.finfo(float).eps
            off = np.abs(np.where(one == other, 0.0, one - other)) / scale
            same = np.array_equal(np.isnan(one), np.isnan(other))
            same = same and np.nanmax(off, initial=0.0) < (SINGLE if single else ROUNDING)
        if not same:
            wrong.append(key)
    return wrong


@pytest.mark.parametrize("name", CHANGES)
def test_the_device_plays_what_the_host_plays(name):
    """Rows in their order, candidates, collisions, walls, series with their errors, and fields."""
    host, device = left(name, "cpu"), left(name, DEVICE)
    candidates, collisions = host["tally collisions"].sum(axis=(0, 1))
    assert candidates >= collisions > 500
    assert unlike(host, device, name) == []


@pytest.mark.parametrize(
    ("name", "law", "wrong"),
    [
        ("hard-sphere", "isotropic_cosine", lambda u: 2.0 * u - (1.0 - 1e-10)),
        ("maxwell", "centre_of_mass", lambda v, w, a, b: a * v + b * w + 1e-8),
        ("gap", "emission_speed", lambda a, u: (1.0 + 1e-10) * LAWS.emission_speed(a, u)),
        ("lobes", "lord_tangential", lambda v, n, s: LAWS.lord_tangential(v, n, s) + 1e-8),
        ("plane", "like_pairs", lambda n: 0.5 * n * n),
    ],
)
def test_a_wrong_law_of_the_device_is_noticed(name, law, wrong):
    """The twins: laws that are wrong in the tenth digit, or count pairs wrongly."""
    assert "phase" in unlike(left(name, "cpu"), left(name, DEVICE, laws={law: wrong}), name)


def test_a_run_of_candidates_that_share_a_particle_is_noticed():
    """The twin: candidates of a full cell are played side by side that must follow each other."""
    blind = {"meets_again": lambda one, other, begin, end, k: False}
    assert "phase" in unlike(left("full", "cpu", laws=blind), left("full", DEVICE), "full")


def test_the_gap_holds_particles_that_meet_its_walls_thrice_in_a_step():
    with dsmc.Simulation(device_box("gap"), threads=1, device=DEVICE) as simulation:
        speed = np.abs(simulation.particles.velocity[:, 0])
        reach = speed * simulation.scenario.time_step / simulation.scenario.lengths[0]
    assert (reach > 4).sum() > 50


# ------------------------------------------------------------------ pieces


def test_words_on_tensors_are_those_of_the_kernels():
    random = np.random.default_rng(20261124)
    index, cell = random.integers(0, 2**32, (2, 1000), dtype=np.uint64)
    key = draws.key(20261124, 2**32 - 1)
    mine = device_draws.Address((int(key[0]), int(key[1])), 2**32 - 2, as_tensor(cell))
    found = device_draws.words(mine, 11, as_tensor(index), 2**24 - 1)
    for k in range(1000):
        place = draws.Address(key, 2**32 - 2, cell[k])
        expected = draws.words(place, 11, index[k], 2**24 - 1)
        assert [int(word[k]) for word in found] == [int(word) for word in expected]
    words = np.stack([word.numpy() for word in found]).astype(np.uint64)
    for name, arguments in (("unit", 1), ("unit_fine", 2)):
        given = words[:arguments]
        host = [getattr(draws, name)(*row) for row in given.T]
        device = getattr(device_draws, name)(*map(as_tensor, given))
        np.testing.assert_array_equal(device.numpy(), host)
    for name in ("below", "shuffled"):
        host = [int(getattr(draws, name)(w, 977)) for w in words[0]]
        assert getattr(device_draws, name)(as_tensor(words[0]), 977).tolist() == host


def as_tensor(array):
    return torch.from_numpy(array.astype(np.int64))


def test_powers_are_those_of_the_kernels_but_for_their_last_bits():
    u = np.random.default_rng(20261124).uniform(size=5000)
    host = np.array([power(x, 1.0 / 1.4) for x in u])
    device = torch.pow(torch.from_numpy(u), 1.0 / 1.4).numpy()
    np.testing.assert_allclose(device, host, rtol=4e-15)


@pytest.mark.parametrize("precision", ["float64", "float32"])
def test_uneven_cells_are_found_exactly(precision):
    """On the faces themselves and next to them, too: the numbers of the host's own sort."""
    grading = {"x": {"towards": "both", "ratio": 40.0}, "y": {"towards": "low", "ratio": 3.0}}
    scenario = device_box(
        "plane", domain={"cells": [37, 11], "grading": grading}, run={"precision": precision}
    )
    made = model(scenario)
    grid = made.grid
    faces = [axis[: n + 1] for axis, n in zip(grid.grading.edges, grid.cells, strict=True)]
    near = [np.concatenate([f, np.nextafter(f, f.dtype.type(0)), f[:-1] * 1.01]) for f in faces]
    near = [np.clip(x, 0, length) for x, length in zip(near, grid.lengths, strict=True)]
    position = np.stack(np.meshgrid(*near), axis=-1).reshape(-1, 2)
    phase = np.zeros((len(position), 5), position.dtype)
    phase[:, :2] = position
    destination = np.empty(len(phase), np.int64)
    cells = int(np.prod(grid.cells))
    count_cells(phase, 0, len(phase), grid, destination, np.zeros(cells + 1, np.int32))
    found = cells_of(torch.from_numpy(position), model_on(torch.device("cpu"), made).grid)
    np.testing.assert_array_equal(found.numpy(), destination)


# ------------------------------------------------------------------ runs


def test_a_run_gives_the_same_bits_again_and_looking_changes_nothing():
    scenario = device_box("duct", run={"steps": 5})

    def look(simulation: dsmc.Simulation) -> None:
        simulation.moments()
        assert not simulation.particles.velocity.flags.writeable
        assert simulation.result.steps == simulation.steps

    found = []
    for callback in (None, None, look):
        with dsmc.Simulation(scenario, device=DEVICE) as simulation:
            simulation.run(callback=callback)
            found.append(remains(simulation))
    assert differences(found[0], found[1]) == differences(found[0], found[2]) == []


def test_momentum_and_energy_are_kept():
    """Between mirrors and through periodic faces; 60 steps, about 18 collisions of a particle."""
    boundaries = {"x": {"kind": "periodic"}, "y": {"kind": "specular"}, "z": {"kind": "symmetry"}}
    scenario = device_box("room", run={"steps": 60}, domain={"cells": [9, 7, 7]})
    scenario = scenario.model_copy(
        update={"boundaries": type(scenario.boundaries).model_validate(boundaries)}
    )
    with dsmc.Simulation(scenario, device=DEVICE) as simulation:
        series = simulation.run().series
    energy, momentum = series["energy"].value, series["momentum_x"]
    np.testing.assert_allclose(energy, energy[0], rtol=1e-13)
    np.testing.assert_allclose(momentum.value, momentum.value[0], atol=50 * momentum.error.max())


def test_a_resumed_run_equals_an_uninterrupted_one(tmp_path):
    scenario = device_box("duct", run={"steps": 6}, output={"fields": 2})
    with dsmc.Simulation(scenario, device=DEVICE) as simulation:
        simulation.run()
        expected = remains(simulation)
    with dsmc.Simulation(scenario, output=tmp_path, device=DEVICE) as simulation:
        simulation.run(steps=3)
    with dsmc.resume(tmp_path) as simulation:
        assert simulation.provenance["device"] == DEVICE
        simulation.run()
        assert differences(expected, remains(simulation)) == []


@pytest.mark.parametrize("order", [("cpu", DEVICE), (DEVICE, "cpu")])
def test_a_checkpoint_goes_on_on_the_other_executor(order, tmp_path):
    scenario = device_box("gap")
    with dsmc.Simulation(scenario, threads=1, device=order[0]) as simulation:
        simulation.run(steps=2)
        simulation.save(tmp_path / "here.h5")
        simulation.run(steps=1)
        expected = remains(simulation)
    with dsmc.resume(tmp_path / "here.h5", device=order[1]) as simulation:
        simulation.run(steps=1)
        found = remains(simulation)
        assert simulation.provenance.get("device", "cpu") == order[1]
    assert unlike(expected, found, "gap") == []


def test_velocities_alone_are_those_of_the_state_and_stay_as_they_were():
    with dsmc.Simulation(device_box("hard-sphere"), device=DEVICE) as simulation:
        simulation.advance(1)
        alone = simulation.executor.velocity
        np.testing.assert_array_equal(alone, simulation.executor.state.velocity)
        simulation.advance(1)
        assert not np.array_equal(alone, simulation.executor.velocity)


# ------------------------------------------------------------------ waiting


class Waits(TorchDispatchMode):
    """Counts what makes the host wait for a device: shapes and numbers that it must know."""

    NAMES = ("nonzero", "_local_scalar_dense", "masked_select", "_unique2", "bincount", "equal")

    def __init__(self):
        super().__init__()
        self.count = 0

    def __torch_dispatch__(self, function, types, arguments=(), keywords=None):
        name = function.overloadpacket.__name__
        by_mask = name.startswith("index") and any(
            t is not None and t.dtype == torch.bool for t in arguments[1] if hasattr(t, "dtype")
        )
        self.count += name in self.NAMES or by_mask
        return function(*arguments, **(keywords or {}))


@pytest.mark.parametrize(
    ("name", "hits"), [("hard-sphere", 8), ("room", 4), ("duct", 4), ("plane", 4)]
)
def test_the_host_waits_a_few_times_in_a_step(name, hits, monkeypatch):
    """Once for the cells and after each round, once for each list of particles between faces."""
    rounds = []

    def played(*given, play=collide.play):
        rounds.append(given[1].number.numel())
        return play(*given)

    monkeypatch.setattr(collide, "play", played)
    with dsmc.Simulation(device_box(name), device=DEVICE) as simulation:
        simulation.advance(1)
        for _ in range(2):
            rounds.clear()
            with Waits() as waits:
                simulation.advance(1)
            assert 1 + len(rounds) + 1 <= waits.count <= 1 + len(rounds) + 1 + hits
            assert all(later == former or 2 * later <= former for former, later in pairwise(rounds))


def test_a_wait_is_noticed():
    with Waits() as waits:
        x = torch.arange(5.0)
        x[x > 2.0]
        float(x.sum())
    assert waits.count >= 2
