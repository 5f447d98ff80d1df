"""Digits: do collisions of hidden neurons help a small network to read handwritten digits?

    python -m scenarios.training.digits --seeds 10 --out runs/digits

scikit-learn's 8x8 digits, 500 of them to learn from and 1297 to test; a 64-64-10 network, SGD with
momentum. The hidden neurons collide, or what a control does happens to their gradients.
"""

import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from bridge.collisions import HardCollision, NTCCollision, PairPotential, SoftCollision
from bridge.similarity import similarity
from scenarios.training.command_line import parser, run
from scenarios.training.methods import Method, bare, collided, noise_like, scaled
from scenarios.training.pairing import Measured, table

SOFT = SoftCollision(coll_coef=0.1)
HARD = HardCollision(partners=0.5)
NTC = NTCCollision(rate=1.0)
METHODS: dict[str, Method] = {
    "SGD": bare,
    "scaled by 0.9": scaled(0.9),
    "soft, c = 0.1": collided(SOFT),
    "noise like soft": noise_like(SOFT),
    "hard, 0.5 partners": collided(HARD),
    "noise like hard": noise_like(HARD),
    "hard, one partner": collided(HardCollision(partners=0.5, overlap="matching")),
    "NTC, line of centres": collided(NTC),
    "noise like NTC": noise_like(NTC),
    "NTC, isotropic": collided(NTCCollision(rate=1.0, scatter="isotropic")),
    "pair potential, 0.001": collided(PairPotential(strength=1e-3)),
}
LEARNED, BATCH = 500, 50  # digits to learn from, and those of one step
LR = 0.3  # the best of 0.01, 0.03, 0.1, 0.3 and 1 for SGD alone, with other seeds


@cache
def digits() -> tuple[Tensor, Tensor]:
    """All 1797 images, (64,) each in [0, 1], and the digits they show."""
    try:
        from sklearn.datasets import load_digits
    except ImportError:
        raise ModuleNotFoundError(
            "the digits come with scikit-learn, which is not installed: "
            "pip install 'dsmc-bridge[study]'",
            name="sklearn",
        ) from None
    images, shown = load_digits(return_X_y=True)
    return torch.tensor(images, dtype=torch.float32) / 16, torch.tensor(shown)


def train(method: Method, seed: int, epochs: int) -> dict[str, float]:
    """Train one network; the seed fixes the split, the initial weights and the batches."""
    torch.manual_seed(seed)
    image, shown = digits()
    learned, tested = torch.randperm(len(image)).tensor_split([LEARNED])
    model = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10))
    hidden = model[0].weight

    optimizer = torch.optim.SGD(model.parameters(), lr=LR, momentum=0.9, weight_decay=5e-4)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, epochs)
    method(optimizer, [hidden], seed)  # such as KineticStep(optimizer, [hidden], SOFT, seed=seed)

    for _ in range(epochs):
        for batch in learned[torch.randperm(LEARNED)].split(BATCH):
            optimizer.zero_grad()
            cross_entropy(model(image[batch]), shown[batch]).backward()
            optimizer.step()
        scheduler.step()

    with torch.no_grad():
        answers, alike = model(image[tested]), similarity(hidden)
    right = (answers.argmax(1) == shown[tested]).double().mean().item()
    return {
        "test accuracy [%]": 100 * right,
        "test loss": cross_entropy(answers, shown[tested]).item(),
        "mean abs cos": alike.mean,
    }


def study(seeds: int, epochs: int) -> Measured:
    """Every method with every seed."""
    measured = {}
    for name, method in METHODS.items():
        print(f"{name} ...", file=sys.stderr)
        rows = [train(method, seed, epochs) for seed in range(seeds)]
        measured[name] = {column: [row[column] for row in rows] for column in rows[0]}
    return measured


def main(words: Sequence[str] | None = None) -> int:
    """The command line; returns the exit code."""
    options = parser("digits", seeds=10, epochs=30).parse_args(words)

    def execute() -> None:
        from scenarios.training.pictures import draw_differences

        measured = study(options.seeds, options.epochs)
        print(table(measured))
        title = f"Digits: {options.seeds} seeds, {options.epochs} epochs"
        print(draw_differences(measured, Path(options.out) / "digits.png", title), file=sys.stderr)

    return run("digits", execute)


if __name__ == "__main__":
    sys.exit(main())
