"""The recipes for larger data on tiny made-up images and texts, and what they refuse."""

import json
import sys

import pytest

torch = pytest.importorskip("torch")

from scenarios.training import bert, image_folder, imagenet, texts  # noqa: E402
from scenarios.training.image_procedures import (  # noqa: E402
    A2,
    CONVNEXT_SMALL,
    CONVNEXT_TINY,
    procedure_of,
)
from scenarios.training.recipe import Course, Refused  # noqa: E402
from tests.scenarios.made_data import made_checkpoint, made_images, made_intents  # noqa: E402

pytestmark = pytest.mark.usefixtures("one_thread")


carry_out = Course.carry_out


def stop_after_an_epoch(course, learner, note, tell):
    """In place of `Course.carry_out`: Ctrl-C where the first epoch is told."""

    def stop(row):
        raise KeyboardInterrupt

    return carry_out(course, learner, note, stop)


def equal(first, second):
    """Whether all weights are equal to the last bit."""
    return all(torch.equal(a, b) for a, b in zip(first, second, strict=True))


def run(main, *words):
    """The exit code of a command."""
    try:
        return main([*map(str, words), "--quiet"])
    except SystemExit as stop:
        return stop.code


def results(folder):
    """The settings and the epochs of a results file, without the times."""
    held = json.loads((folder / "results.json").read_text())
    return held["settings"], [{k: row[k] for k in row if k != "seconds"} for row in held["epochs"]]


# Images


def test_procedures_are_those_of_their_papers():
    assert procedure_of("resnet50") is A2 and (A2.optimizer, A2.lr, A2.batch) == (
        "lamb",
        5e-3,
        2048,
    )
    assert procedure_of("convnext_tiny") is CONVNEXT_TINY
    assert procedure_of("convnext_small") is CONVNEXT_SMALL and CONVNEXT_SMALL.depth == 0.4


def test_images_have_the_classes_of_their_folders(tmp_path):
    learned, tested, names = image_folder.read(made_images(tmp_path, images=2))
    assert names == ["cat", "dog", "owl"] and [label for _, label in learned] == [0, 0, 1, 1, 2, 2]
    assert [path.parent.name for path, _ in tested] == ["cat"] * 2 + ["dog"] * 2 + ["owl"] * 2
    image, label = image_folder.Images(learned, lambda image: image.size)[4]
    assert image == (24, 24) and label == 2
    learned[0][0].write_bytes(b"no image")
    with pytest.raises(Refused, match=r"0\.png.*replace or remove it"):
        image_folder.Images(learned, lambda image: image)[0]


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (lambda folder: folder.rename(folder.with_name("gone")), "no such folder; give a folder"),
        (lambda folder: (folder / "val").rename(folder / "test"), "val: no such folder"),
        (lambda folder: (folder / "val" / "owl").rename(folder / "val" / "bat"), "learned of: bat"),
        (lambda folder: [p.unlink() for p in folder.rglob("train/*/*.png")], "no images"),
    ],
)
def test_a_folder_of_another_layout_is_refused(spoil, told, tmp_path, capsys):
    folder = made_images(tmp_path / "images", images=1)
    spoil(folder)
    assert run(imagenet.main, folder, "-o", tmp_path / "out") == 2
    assert told in capsys.readouterr().err


def test_a_folder_without_folders_is_refused(tmp_path, capsys):
    (tmp_path / "train").mkdir()
    (tmp_path / "val").mkdir()
    assert run(imagenet.main, tmp_path, "-o", tmp_path / "out") == 2
    assert "no folders of classes" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--collision", "sotf"], "did you mean soft?"),
        (["--collision", "soft", "--rate", "1"], "--rate: --collision soft takes --coll-coef"),
        (["--collision", "soft", "--coll-coef", "-1"], "coll_coef = -1.0: must be"),
        (["--collision", "hard", "--coll-coef", "0.6", "--partners", "1"], "exactly one of them"),
        (["--coll-coef", "0.1"], "--collision none takes no numbers"),
        (["--batch", "9"], "every part is even"),
        (["--weight-decay", "-1"], "--weight-decay -1.0: must be 0 or more"),
        (["--seed", "-1"], "'-1' is not a whole number of at least 0"),
        (["--epochs", "0"], "'0' is not a whole number of at least 1"),
        (["--lr", "fast"], "'fast' is not a positive number"),
    ],
)
def test_options_that_make_no_sense_are_refused(words, told, tmp_path, capsys):
    folder = made_images(tmp_path / "images", images=1)
    assert run(imagenet.main, folder, "-o", tmp_path / "out", *words) == 2
    assert told in capsys.readouterr().err


@pytest.mark.skipif(torch.cuda.is_available(), reason="a GPU is here")
def test_a_missing_gpu_is_told(tmp_path, capsys):
    folder = made_images(tmp_path / "images", images=1)
    assert run(imagenet.main, folder, "-o", tmp_path / "out", "--device", "cuda") == 2
    assert "no such device" in capsys.readouterr().err


def test_without_timm_the_recipe_says_what_to_install(monkeypatch, tmp_path, capsys):
    monkeypatch.setitem(sys.modules, "timm", None)
    folder = made_images(tmp_path / "images", images=1)
    assert run(imagenet.main, folder, "-o", tmp_path / "out") == 2
    assert "pip install '.[recipes]'" in capsys.readouterr().err


IMAGES = ("--model", "test_resnet", "--side", 32, "--batch", 12, "--part", 6, "--lr", 2e-2)


@pytest.fixture
def images(tmp_path):
    """A folder of images, where timm is there to learn from it."""
    pytest.importorskip("timm", reason="needs the extra recipes")
    pytest.importorskip("torchvision", reason="needs the extra recipes")
    return made_images(tmp_path / "images")


def test_a_network_of_timm_learns_the_colours(images, tmp_path, capsys):
    words = (*IMAGES, "--epochs", 4, "--collision", "soft", "-o", tmp_path / "out")
    assert run(imagenet.main, images, *words) == 0
    settings, rows = results(tmp_path / "out")
    assert "tested_accuracy" in capsys.readouterr().out
    assert settings["optimizer"] == "lamb" and settings["classes"] == ["cat", "dog", "owl"]
    assert rows[-1]["tested_accuracy"] > 0.9 and rows[-1]["learned_loss"] < rows[0]["learned_loss"]
    assert 0.0 < rows[-1]["mean_cos of fc"] < 1.0


def test_a_convnext_keeps_an_average_of_its_weights(images, tmp_path):
    words = (*IMAGES, "--model", "convnext_atto", "--epochs", 1, "-o", tmp_path / "out")
    assert run(imagenet.main, images, *words) == 0
    settings, (row,) = results(tmp_path / "out")
    assert settings["optimizer"] == "adamw" and settings["averaging"] == 0.9999
    assert {"averaged_loss", "averaged_accuracy", "mean_cos of head.fc"} <= set(row)


def test_a_stopped_training_on_images_goes_on_to_the_last_bit(images, tmp_path, monkeypatch):
    words = (*IMAGES, "--epochs", 2, "--collision", "ntc", "--seed", 3)
    assert run(imagenet.main, images, *words, "-o", tmp_path / "whole") == 0
    with monkeypatch.context() as patched:
        patched.setattr(Course, "carry_out", stop_after_an_epoch)
        assert run(imagenet.main, images, *words, "-o", tmp_path / "stopped") == 130
    assert run(imagenet.main, images, *words, "-o", tmp_path / "stopped") == 0
    assert results(tmp_path / "whole") == results(tmp_path / "stopped")
    ends = [torch.load(tmp_path / name / "checkpoint.pt")["model"] for name in ("whole", "stopped")]
    assert equal(ends[0].values(), ends[1].values())


def test_an_unknown_network_and_an_unknown_layer_are_refused_with_a_hint(images, tmp_path, capsys):
    words = ("-o", tmp_path / "out")
    assert run(imagenet.main, images, "--model", "resnet51", *words) == 2
    assert "did you mean resnet" in capsys.readouterr().err
    assert run(imagenet.main, images, *IMAGES, "--layer", "fcc", *words) == 2
    assert "no layer with neurons, did you mean fc?" in capsys.readouterr().err


# Texts


@pytest.mark.parametrize(
    ("name", "written", "found"),
    [
        (
            "a.jsonl",
            '{"text": "a b", "label": 1}\n\n{"text": "c", "label": 0}\n',
            ["a b", None, "1"],
        ),
        ("a.jsonl", '{"text": "a", "text_b": "b", "label": "x"}\n', ["a", "b", "x"]),
        ("a.tsv", 'label\ttext\nx\tsay "a\n', ['say "a', None, "x"]),
        ("a.tsv", "text\ttext_b\tintent\na\tb\tx\n", ["a", "b", "x"]),
    ],
)
def test_texts_are_read(name, written, found, tmp_path):
    (tmp_path / name).write_text(written, encoding="utf-8")
    first = texts.read(tmp_path / name)[0]
    assert [first.text, first.text_b, first.label] == found


@pytest.mark.parametrize(
    ("name", "written", "told"),
    [
        ("a.jsonl", "\n", "no texts in it"),
        ("a.jsonl", '{"text": "a"}\n', "line 1: must be JSON such as"),
        ("a.jsonl", '{"text": 3, "label": 1}\n', "line 1: must be JSON such as"),
        ("a.jsonl", "[1]\n", "line 1: must be JSON such as"),
        ("a.tsv", "sentence\tlabel\na\t1\n", "must name the columns text and label"),
        ("a.tsv", "text\tlabel\na\t1\nb\n", "line 3: has fewer columns"),
        ("a.jsonl", '{"text": "a", "label": 1}\n{"text": "a", "text_b": "b", "label": 1}\n',
         "1 of 2 have a text_b"),
        ("b.jsonl", "", "no such file"),
    ],
)  # fmt: skip
def test_files_that_are_no_texts_are_refused(name, written, told, tmp_path, capsys):
    (tmp_path / "a.jsonl").write_text('{"text": "a", "label": 1}\n')
    path = tmp_path / name
    if written:
        path.write_text(written, encoding="utf-8")
    assert run(bert.main, path, path, "-o", tmp_path / "out") == 2
    assert told.lower() in capsys.readouterr().err.lower()


@pytest.mark.parametrize(
    ("learned", "tested", "told"),
    [
        ("ab", "abc", "labels that nothing can be learned of: c"),
        ("aa", "a", "give two or more"),
    ],
)
def test_labels_that_cannot_be_learned_are_refused(learned, tested, told, tmp_path, capsys):
    paths = [tmp_path / "train.jsonl", tmp_path / "test.jsonl"]
    for path, labels in zip(paths, (learned, tested), strict=True):
        path.write_text("".join(f'{{"text": "x", "label": "{label}"}}\n' for label in labels))
    assert run(bert.main, *paths, "-o", tmp_path / "out") == 2
    assert told in capsys.readouterr().err


def test_without_transformers_the_recipe_says_what_to_install(monkeypatch, tmp_path, capsys):
    monkeypatch.setitem(sys.modules, "transformers", None)
    assert run(bert.main, *made_intents(tmp_path), "-o", tmp_path / "out") == 2
    assert "pip install '.[recipes]'" in capsys.readouterr().err


@pytest.fixture
def queries(tmp_path):
    """The words of a command: made queries, and a tiny BERT without a last layer."""
    pytest.importorskip("transformers", reason="needs the extra recipes")
    paths = made_intents(tmp_path, queries=40)
    checkpoint = made_checkpoint(tmp_path / "tiny")
    return [*paths, "--model", checkpoint, "--batch", 8, "--part", 4, "--lr", 1e-2]


def test_an_encoder_learns_the_intents(queries, tmp_path, capsys):
    words = (*queries, "--epochs", 4, "--collision", "hard")
    assert run(bert.main, *words, "-o", tmp_path / "out") == 0
    settings, rows = results(tmp_path / "out")
    assert "tested_accuracy 100.00 %" in capsys.readouterr().out
    assert settings["labels"] == ["GetWeather", "PlayMusic"] and settings["tokens"] == 512
    assert "HardCollision(coll_coef=None, partners=1.0" in settings["collision"]
    assert "mean_cos of classifier" in rows[0]


def test_strength_zero_tunes_an_encoder_as_no_collision_does(queries, tmp_path):
    rows = []
    for name, words in {
        "none": ["--collision", "none"],
        "zero": ["--collision", "soft", "--coll-coef", "0"],
        "some": ["--collision", "soft", "--coll-coef", "0.3", "--layer", "classifier"],
    }.items():
        assert run(bert.main, *queries, "--epochs", 1, *words, "-o", tmp_path / name) == 0
        rows.append(results(tmp_path / name)[1])
    assert rows[0] == rows[1] != rows[2]


def test_a_stopped_tuning_goes_on_to_the_last_bit(queries, tmp_path, monkeypatch):
    words = (*queries, "--epochs", 2, "--collision", "ntc", "--layer", "bert.pooler.dense")
    assert run(bert.main, *words, "-o", tmp_path / "whole") == 0
    assert run(bert.main, *words, "-o", tmp_path / "whole") == 0  # is done, and says so again
    with monkeypatch.context() as patched:
        patched.setattr(Course, "carry_out", stop_after_an_epoch)
        assert run(bert.main, *words, "-o", tmp_path / "stopped") == 130
    assert run(bert.main, *words, "-o", tmp_path / "stopped") == 0
    assert results(tmp_path / "whole") == results(tmp_path / "stopped")


def test_no_checkpoint_of_transformers_is_refused(queries, tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    (tmp_path / "empty").mkdir()
    assert run(bert.main, *queries, "--model", tmp_path / "empty", "-o", tmp_path / "out") == 2
    assert "give the folder of a checkpoint" in capsys.readouterr().err
