"""A recorded training run is a file like those of the gas: readable, plottable, safe in a crash."""

import json
import math
import os
import shutil

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from bridge.collisions import HardCollision, SoftCollision  # noqa: E402
from bridge.kinetic_step import KineticStep  # noqa: E402
from bridge.recorder import QUANTITIES, Recorder  # noqa: E402
from bridge.similarity import similarity  # noqa: E402
from bridge.thermometer import entropy, temperature  # noqa: E402
from dsmc import hdf5  # noqa: E402
from dsmc.__main__ import main  # noqa: E402
from dsmc.trajectory import frame_count, read_frame, read_observables  # noqa: E402
from tests.bridge.training import SEED, batches  # noqa: E402
from viz import style  # noqa: E402

NEURONS = 60
LAYERS = ("0.weight", "2.weight")
MEASURED_BY_KINETIC = {"pairs", "energy_ratio", "cosine"}


def layers(stats=True):
    """6-60-3 and its collisions."""
    with torch.random.fork_rng():
        torch.manual_seed(SEED)
        model = torch.nn.Sequential(
            torch.nn.Linear(6, NEURONS), torch.nn.Tanh(), torch.nn.Linear(NEURONS, 3)
        )
    optimizer = torch.optim.Adam(model.named_parameters(), lr=1e-2)
    chosen = [model[0].weight, model[2].weight]
    return model, KineticStep(
        optimizer, chosen, HardCollision(partners=0.5), seed=SEED, stats=stats
    )


def train(model, kinetic, recorder, steps=6):
    """Plain training, recorded."""
    for x, y in batches(steps):
        kinetic.optimizer.zero_grad()
        loss = torch.nn.functional.mse_loss(model(x), y)
        loss.backward()
        kinetic.optimizer.step()
        recorder.step(loss=loss)
    return loss.item()


@pytest.fixture(scope="module")
def recorded(tmp_path_factory):
    """(file, model, kinetic, last loss) of six steps, every second of them recorded."""
    path = tmp_path_factory.mktemp("training") / "training.h5"
    model, kinetic = layers()
    with Recorder(path, kinetic, every=2, neurons=10) as recorder:
        loss = train(model, kinetic, recorder)
    return path, model, kinetic, loss


def test_the_observables_are_those_of_the_last_step(recorded):
    path, model, kinetic, loss = recorded
    found = read_observables(path)
    last = {name: part.value[-1] for name, part in found.items()}
    assert found["loss"].time.tolist() == [2, 4, 6]
    assert last["loss"] == pytest.approx(loss)
    for name, layer in zip(LAYERS, (model[0], model[2]), strict=True):
        alike, stats = similarity(layer.weight), kinetic.stats[name]
        assert last[f"mean_similarity of {name}"] == alike.mean
        assert last[f"maximum_similarity of {name}"] == alike.maximum
        assert last[f"participation of {name}"] == alike.participation
        assert last[f"kinetic_temperature of {name}"] == temperature(layer.weight.grad)
        assert last[f"pairs of {name}"] == stats.pairs
        assert last[f"energy_ratio of {name}"] == stats.energy_ratio
    h = found["h_excess of 0.weight"]
    assert (h.value[-1], h.error[-1]) == pytest.approx(tuple(entropy(model[0].weight.grad)))


def test_quantities_without_a_meaning_are_left_out(recorded, tmp_path):
    assert "h_excess of 2.weight" not in read_observables(recorded[0])  # three neurons
    model, kinetic = layers(stats=False)
    with Recorder(tmp_path / "plain.h5", kinetic) as recorder:
        train(model, kinetic, recorder, steps=1)
    found = read_observables(tmp_path / "plain.h5")
    quantities = {name.partition(" of ")[0] for name in found}
    assert quantities == {"loss", *QUANTITIES} - MEASURED_BY_KINETIC


def test_neurons_are_particles(recorded):
    path, model, _, _ = recorded
    assert frame_count(path) == 3
    frame = read_frame(path)
    assert frame.time == 6.0
    assert frame.id.tolist() == np.linspace(0, NEURONS - 1, 10).round().tolist()
    rows = model[0].weight.detach().numpy()[frame.id]
    np.testing.assert_array_equal(frame.position, rows.astype(np.float64))
    rows = model[0].weight.grad.numpy()[frame.id]
    np.testing.assert_array_equal(frame.velocity, rows.astype(np.float64))
    with hdf5.reading(path) as file:
        assert set(file["particles"]) == set(LAYERS)
        assert file["particles/2.weight/position/value"].shape == (3, 3, NEURONS)


def test_inspect_and_plot_work_on_the_file(recorded, capsys, monkeypatch):
    path = recorded[0]
    assert main(["inspect", str(path), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["kind"] == "trajectory" and not told["problems"] and not told["torn"]
    assert {"name": "particles (0.weight)", "value": 10, "unit": ""} in told["facts"]
    assert "HardCollision(" in told["provenance"]["collisions"]
    assert told["progress"] == "up to step 6"
    monkeypatch.setattr(style, "DPI", 20)
    assert main(["plot", str(path), "--quiet"]) == 0
    assert path.with_suffix(".png").stat().st_size > 1000


def test_recording_does_not_change_the_training(recorded):
    model, kinetic = layers(stats=False)
    for x, y in batches(6):
        kinetic.optimizer.zero_grad()
        torch.nn.functional.mse_loss(model(x), y).backward()
        kinetic.optimizer.step()
    for mine, other in zip(model.parameters(), recorded[1].parameters(), strict=True):
        assert torch.equal(mine, other)


def test_a_crash_leaves_the_rows_of_the_last_commit(tmp_path, monkeypatch):
    monkeypatch.setattr(hdf5, "COMMIT_SECONDS", math.inf)
    model, kinetic = layers(stats=False)
    path, left = tmp_path / "training.h5", tmp_path / "left.h5"
    with Recorder(path, kinetic) as recorder:
        train(model, kinetic, recorder, steps=2)
        recorder.commit()
        train(model, kinetic, recorder, steps=1)
        shutil.copy(path, left)  # what is on the disk while it is written
    for file, rows in ((left, 2), (path, 3)):
        assert read_observables(file)["loss"].value.shape == (rows,)
        assert frame_count(file) == rows


def test_a_step_has_one_row_and_a_missing_gradient_is_not_a_number(tmp_path):
    _, kinetic = layers(stats=False)
    with Recorder(tmp_path / "start.h5", kinetic) as recorder:
        recorder.record(loss=1.0)
        recorder.record(loss=2.0)
    found = read_observables(tmp_path / "start.h5")
    assert found["loss"].value.tolist() == [1.0]
    assert math.isnan(found["kinetic_temperature of 0.weight"].value[0])
    assert math.isnan(found["h_excess of 0.weight"].value[0])
    assert np.isnan(read_frame(tmp_path / "start.h5").velocity).all()


def test_a_layer_of_several_gases_is_recorded_row_after_row(tmp_path):
    experts = torch.nn.Parameter(torch.randn(2, 5, 4, generator=torch.manual_seed(SEED)))
    optimizer = torch.optim.SGD([experts], lr=0.1)
    kinetic = KineticStep(optimizer, [experts], SoftCollision(), experts=True)
    with Recorder(tmp_path / "experts.h5", kinetic) as recorder:
        experts.square().sum().backward()
        recorder.record()
    frame = read_frame(tmp_path / "experts.h5")
    np.testing.assert_array_equal(frame.position, experts.detach().flatten(0, 1).numpy())


def test_mistakes_are_told(tmp_path):
    _, kinetic = layers(stats=False)
    path = tmp_path / "file.h5"
    for choice in ({"every": 0}, {"every": 2.5}, {"neurons": -1}, {"neurons": True}):
        with pytest.raises(ValueError, match=f"Recorder: {next(iter(choice))} = "):
            Recorder(path, kinetic, **choice)
    assert not os.listdir(tmp_path)
    with Recorder(path, kinetic) as recorder, pytest.raises(ValueError, match="'val_loss'"):
        recorder.record(**{"val/loss": 1.0})
    with pytest.raises(FileExistsError, match=r"file\.h5"):
        Recorder(path, kinetic)
    Recorder(path, kinetic, overwrite=True).close()
