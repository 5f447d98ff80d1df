"""Studies that tune a pretrained encoder; most need transformers and a tiny made-up checkpoint."""

import sys
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("sklearn")

from dsmc.scenario.messages import ScenarioError  # noqa: E402
from scenarios.training import data, encoder, plan, study, trial  # noqa: E402
from scenarios.training.encoder import Encoder, Tokens  # noqa: E402
from scenarios.training.sections import Intents  # noqa: E402
from tests.scenarios.made_data import made_checkpoint, made_intents  # noqa: E402

pytestmark = pytest.mark.usefixtures("one_thread")

STUDY = Path(__file__).resolve().parents[2] / "scenarios" / "training" / "intents_encoder.toml"


@pytest.fixture
def checkpoint(tmp_path):
    """The folder of a tiny BERT with random weights."""
    pytest.importorskip("transformers", reason="needs the extra recipes")
    return str(made_checkpoint(tmp_path / "tiny"))


def options(folder, checkpoint):
    """Overrides that give the shipped study made-up data."""
    train, test = made_intents(folder)
    return [f"data.train={train}", f"data.test={test}", f"data.encoder={checkpoint}"]


def test_padding_and_the_other_texts_change_nothing(checkpoint):
    """The mean is over the tokens of a text, whatever it stands beside. Its twin, the mean over all
    places, is another one."""
    torch.manual_seed(1)
    network = Encoder(checkpoint, outputs=3).eval()
    short, long = "play some word3", "will it rain in word7 please play some word1"
    together = Tokens(checkpoint, 16).of([short, long])
    assert together.shape == (2, 16)
    alone = Tokens(checkpoint, 12).of([short])
    torch.testing.assert_close(network(together)[:1], network(alone))
    ids = together[:1, : int((together[0] != network.padding).sum())]
    found = network.encoder(input_ids=ids).last_hidden_state
    torch.testing.assert_close(network(alone), network.out(found.mean(1)))
    padded = network.encoder(input_ids=together[:1]).last_hidden_state.mean(1)
    assert not torch.allclose(network.out(padded), network(alone), rtol=1e-3)


def test_every_training_begins_with_the_pretrained_weights(checkpoint):
    first = Encoder(checkpoint, outputs=2)
    with torch.no_grad():
        for weight in first.parameters():
            weight.add_(1.0)
    kept = encoder.pretrained(checkpoint)[1].state_dict()
    for name, weight in Encoder(checkpoint, outputs=2).encoder.state_dict().items():
        assert torch.equal(weight, kept[name])
        assert not torch.equal(weight, first.encoder.state_dict()[name]) or "ids" in name


def test_an_encoder_learns_in_a_study(checkpoint, tmp_path):
    planned = plan.load(
        STUDY, [*options(tmp_path, checkpoint), "optimizer.lr=1e-2", "data.learn=40"]
    )
    (setup,) = planned.setups.values()
    rows = trial.train(setup, lambda training: None, seed=1).rows
    assert rows[0]["tested_accuracy"] < 0.9 < rows[-1]["tested_accuracy"]
    assert rows[-1]["mean_cos of out"] >= 0.0


def test_the_shipped_study_runs_in_miniature(checkpoint, tmp_path, capsys):
    words = [word for change in options(tmp_path, checkpoint) for word in ("--set", change)]
    words += ["--miniature", "--quiet", "-o", str(tmp_path / "run")]
    assert study.main([str(STUDY), *words]) == 0
    assert "no significant effect" in capsys.readouterr().out.lower()


def test_a_folder_without_an_encoder_is_named(checkpoint, tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(
        ValueError, match=r"empty: no checkpoint .*; give the folder of a checkpoint"
    ):
        Tokens(str(tmp_path / "empty"), 8).of(["play"])


def test_without_transformers_it_is_told_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "transformers", None)
    train, test = made_intents(tmp_path)
    section = Intents(kind="intents", train=str(train), test=str(test), encoder="nowhere")
    with pytest.raises(ModuleNotFoundError, match=r"pip install '.\[recipes\]'"):
        data.load(section, seed=1)


@pytest.mark.parametrize(
    "change", ['model={kind="perceptron"}', 'data={kind="intents",train="a",test="b"}']
)
def test_tokens_and_encoder_go_together(change):
    with pytest.raises(ScenarioError, match=r"give the folder of the encoder in data\.encoder"):
        plan.load(STUDY, [change])
