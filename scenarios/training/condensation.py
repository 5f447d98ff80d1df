"""Condensation: do collisions keep the hidden neurons of a small network from lining up?

    python -m scenarios.training.condensation --seeds 5 --out runs/condensation

A 5-50-1 network with weights close to zero learns 80 samples of Σ 3.5 sin(5 x_k + 1), x uniform on
[-4, 2]^5, by full-batch Adam. After 100 epochs the input weights of its hidden neurons point in a
few directions. Setting and learning rates:

    H. Zhou, Q. Zhou, T. Luo, Y. Zhang, Z.-Q. Xu, Towards understanding the condensation of neural
    networks at initial training, NeurIPS 35 (2022), fig. 2.
"""

import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from bridge.collisions import HardCollision, NTCCollision, PairPotential, SoftCollision
from bridge.similarity import similarity
from scenarios.training.command_line import parser, run
from scenarios.training.methods import Method, bare, collided, noise_like, scaled
from scenarios.training.pairing import table

ACTIVATIONS: dict[str, tuple[Callable[[Tensor], Tensor], float]] = {  # and the learning rate
    "tanh": (torch.tanh, 1e-3),
    "sigmoid": (torch.sigmoid, 8e-4),
    "softplus": (nn.functional.softplus, 2.5e-4),
    "x tanh x": (lambda x: x * torch.tanh(x), 1e-3),
    "x² tanh x": (lambda x: x.square() * torch.tanh(x), 1e-3),
    "ReLU": (torch.relu, 1e-3),
}
WEAK, STRONG = SoftCollision(coll_coef=0.01), SoftCollision(coll_coef=0.1)
HARD = HardCollision(partners=0.5)
NTC = NTCCollision(rate=1.0)
METHODS: dict[str, Method] = {
    "Adam": bare,
    "scaled by 0.9": scaled(0.9),
    "soft, c = 0.01": collided(WEAK),
    "noise like soft 0.01": noise_like(WEAK),
    "soft, c = 0.1": collided(STRONG),
    "noise like soft 0.1": noise_like(STRONG),
    "hard, 0.5 partners": collided(HARD),
    "noise like hard": noise_like(HARD),
    "hard, one partner": collided(HardCollision(partners=0.5, overlap="matching")),
    "NTC, line of centres": collided(NTC),
    "noise like NTC": noise_like(NTC),
    "NTC, isotropic": collided(NTCCollision(rate=1.0, scatter="isotropic")),
    "pair potential, 0.001": collided(PairPotential(strength=1e-3)),
}
SAMPLES, INPUTS, HIDDEN = 80, 5, 50
WIDTH = 0.005  # standard deviation of every weight and bias at the start


class Network(nn.Module):
    """5-50-1 with the given activation, every number drawn from N(0, WIDTH²)."""

    def __init__(self, activation: Callable[[Tensor], Tensor]):
        super().__init__()
        self.hidden, self.out = nn.Linear(INPUTS, HIDDEN), nn.Linear(HIDDEN, 1)
        self.activation = activation
        for parameter in self.parameters():
            nn.init.normal_(parameter, std=WIDTH)

    def forward(self, x: Tensor) -> Tensor:
        """The fitted function at x."""
        return self.out(self.activation(self.hidden(x)))


def train(method: Method, activation: str, seed: int, epochs: int) -> tuple[Tensor, float]:
    """Input weights of the hidden neurons after training, and the loss.

    The seed fixes the samples and the initial weights.
    """
    torch.manual_seed(seed)
    x = 6.0 * torch.rand(SAMPLES, INPUTS) - 4.0
    y = (3.5 * torch.sin(5.0 * x + 1.0)).sum(1, keepdim=True)
    function, lr = ACTIVATIONS[activation]
    model = Network(function)
    optimizer = torch.optim.Adam(model.parameters(), lr=lr)
    method(optimizer, [model.hidden.weight], seed)
    for _ in range(epochs):
        optimizer.zero_grad()
        nn.functional.mse_loss(model(x), y).backward()
        optimizer.step()
    with torch.no_grad():
        loss = nn.functional.mse_loss(model(x), y).item()
    return model.hidden.weight.detach(), loss


def in_order(weight: Tensor) -> np.ndarray:
    """The rows (N, D), sorted so that parallel neurons are neighbours.

    weight : (N, D)
    """
    units = nn.functional.normalize(weight.double())
    main = torch.linalg.eigh(units.T @ units).eigenvectors[:, -1]
    return weight[torch.argsort(units @ main)].numpy()


def study(seeds: int, epochs: int, activations: Iterable[str]) -> tuple[dict, dict, dict]:
    """Mean |cos| and loss by (method, activation, seed), and the sorted weights of seed 0."""
    alike, losses, weights = {}, {}, {}
    for name, method in METHODS.items():
        print(f"{name} ...", file=sys.stderr)
        alike[name], losses[name], weights[name] = {}, {}, {}
        for activation in activations:
            trained = [train(method, activation, seed, epochs) for seed in range(seeds)]
            alike[name][activation] = [similarity(weight).mean for weight, _ in trained]
            losses[name][activation] = [loss for _, loss in trained]
            weights[name][activation] = in_order(trained[0][0])
    return alike, losses, weights


def main(words: Sequence[str] | None = None) -> int:
    """The command line; returns the exit code."""
    arguments = parser("condensation", seeds=5, epochs=100)
    arguments.add_argument(
        "--activation", choices=ACTIVATIONS, nargs="+", default=list(ACTIVATIONS), help="only these"
    )
    options = arguments.parse_args(words)

    def execute() -> None:
        from scenarios.training.pictures import draw_differences, draw_matrices

        out = Path(options.out)
        alike, losses, weights = study(options.seeds, options.epochs, options.activation)
        print("Mean |cos| of the input weights:\n")
        print(table(alike))
        print("\nTraining loss:\n")
        print(table(losses))
        title = f"Cosines of the input weights after {options.epochs} epochs, seed 0"
        print(draw_matrices(weights, out / "matrices.png", title), file=sys.stderr)
        title = f"Mean |cos| of the input weights, {options.seeds} seeds"
        print(draw_differences(alike, out / "similarity.png", title), file=sys.stderr)

    return run("condensation", execute)


if __name__ == "__main__":
    sys.exit(main())
