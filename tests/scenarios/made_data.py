"""Data sets as users have them, tiny and made up."""

import json
import pickle

import numpy as np

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
