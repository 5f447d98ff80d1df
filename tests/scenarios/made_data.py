"""Data sets as users have them, tiny and made up."""

import json
import pickle

import numpy as np
from PIL import Image

INTENTS = {"PlayMusic": "play some {} please", "GetWeather": "will it rain in {} ?"}
SEED = 20261124


def made_intents(folder, queries=200):
    """Two files of queries with two intents; their paths."""
    rng = np.random.default_rng(SEED)
    paths = [folder / "train.jsonl", folder / "test.jsonl"]
    for path in paths:
        with open(path, "w", encoding="utf-8") as file:
            for number in range(queries):
                intent = list(INTENTS)[number % 2]
                text = INTENTS[intent].format(f"word{rng.integers(20)}")
                file.write(json.dumps({"text": text, "intent": intent}) + "\n")
    return paths


def made_cifar10(folder, images=24):
    """A folder cifar-10-batches-py with six batches of noise; images of a label share a colour."""
    rng = np.random.default_rng(SEED)
    made = folder / "cifar-10-batches-py"
    made.mkdir()
    for name in (*(f"data_batch_{n}" for n in range(1, 6)), "test_batch"):
        labels = rng.integers(0, 10, images)
        raw = rng.integers(0, 100, (images, 3072)) + 15 * labels[:, None]
        batch = {b"data": raw.astype(np.uint8), b"labels": labels.tolist()}
        (made / name).write_bytes(pickle.dumps(batch))
    return made


def made_images(folder, classes=("cat", "dog", "owl"), images=8, side=24):
    """A folder with train/ and val/: noise in a folder for each class, all of it in one colour."""
    rng = np.random.default_rng(SEED)
    for part in ("train", "val"):
        for label, name in enumerate(classes):
            (folder / part / name).mkdir(parents=True)
            for number in range(images):
                raw = rng.integers(0, 100, (side, side, 3))
                raw[..., label % 3] += 150
                image = Image.fromarray(raw.astype(np.uint8))
                image.save(folder / part / name / f"{number}.png")
    return folder


def made_checkpoint(folder):
    """A tiny BERT with the words of the made queries, as `save_pretrained` leaves one."""
    import torch
    from transformers import BertConfig, BertModel, BertTokenizer

    words = {word for text in INTENTS.values() for word in text.split()} - {"{}"}
    words |= {f"word{number}" for number in range(20)}
    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *sorted(words)]
    folder.mkdir()
    (folder / "vocab.txt").write_text("\n".join(vocabulary) + "\n", encoding="utf-8")
    BertTokenizer(str(folder / "vocab.txt")).save_pretrained(folder)
    torch.manual_seed(SEED)
    BertModel(
        BertConfig(
            vocab_size=len(vocabulary),
            hidden_size=16,
            num_hidden_layers=1,
            num_attention_heads=2,
            intermediate_size=32,
            max_position_embeddings=32,
        )
    ).save_pretrained(folder)
    return folder
