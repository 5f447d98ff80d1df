"""A first look: does a small network read digits better if its hidden neurons collide?

    python -m scenarios.training.digits --seeds 10

Plain PyTorch, with one line more or less. It compares one collision of one strength with SGD alone;
a fair comparison of many is a study: `python -m scenarios.training.study`, docs/study.md.
"""

import sys
from collections.abc import Sequence

import torch
from torch import nn
from torch.nn.functional import cross_entropy

import bridge
from dsmc.__main__ import USER_ERROR, Parser
from dsmc.option_values import whole
from scenarios.training.data import digit_images
from scenarios.training.pairing import compare
from scenarios.training.report import with_error


def train(collide: bool, seed: int, epochs: int) -> tuple[float, float]:
    """Test accuracy and mean |cos| of the hidden neurons; the seed fixes all that is random."""
    torch.manual_seed(seed)
    image, shown = digit_images()
    learned, tested = torch.randperm(len(image)).tensor_split([500])
    model = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10))
    hidden = model[0].weight

    optimizer = torch.optim.SGD(model.parameters(), lr=0.3, momentum=0.9, weight_decay=5e-4)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, epochs)
    if collide:
        bridge.KineticStep(optimizer, [hidden], bridge.NTCCollision(rate=1.0), seed=seed)

    for _ in range(epochs):
        for batch in learned[torch.randperm(len(learned))].split(50):
            optimizer.zero_grad()
            cross_entropy(model(image[batch]), shown[batch]).backward()
            optimizer.step()
        scheduler.step()

    with torch.no_grad():
        right = (model(image[tested]).argmax(1) == shown[tested]).double().mean().item()
    return right, bridge.similarity(hidden).mean


def main(words: Sequence[str] | None = None) -> int:
    """The command line; returns the exit code."""
    parser = Parser(prog="python -m scenarios.training.digits")
    parser.add_argument("--seeds", metavar="N", type=whole, default=10, help="repetitions (10)")
    parser.add_argument("--epochs", metavar="N", type=whole, default=30, help="length (30)")
    options = parser.parse_args(words)
    if options.seeds < 2:
        parser.error("--seeds 1: a standard error needs at least 2")
    torch.set_num_threads(1)  # in layers so small, more would only wait for each other
    try:
        found = {
            name: [train(collide, seed, options.epochs) for seed in range(options.seeds)]
            for name, collide in (("SGD", False), ("SGD and collisions", True))
        }
    except ModuleNotFoundError as missing:
        print(f"digits: {missing}", file=sys.stderr)
        return USER_ERROR
    for which, quantity in enumerate(("test accuracy", "mean |cos|")):
        compared = compare({name: [row[which] for row in rows] for name, rows in found.items()})
        print(quantity)
        for name, each in compared.items():
            print(f"  {name:20}{with_error(each.mean, each.error)}")
        difference = with_error(each.difference, each.difference_error, "+")
        print(f"  difference          {difference}, seed by seed: {each.verdict}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
