"""One training from its first step to its last, and what is measured on the way.

The seed fixes the split of the data, the initial weights, the batches and their augmentation: two
methods with one seed differ in nothing but the method.
"""

import math
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from scenarios.training import cifar10, data, measures
from scenarios.training.data import Data
from scenarios.training.encoder import Encoder
from scenarios.training.guarantee import Probe
from scenarios.training.methods import Method, Training
from scenarios.training.networks import Perceptron, ResNet
from scenarios.training.streams import number, stream

_SMALL = 20_000  # entries of a layer whose final weights are kept


@dataclass(frozen=True)
class Found:
    """What a training has come to.

    rows : step and the quantities of `measures.measure` at every look
    seconds_per_step : of the processor; on a GPU, by the clock
    weights : (N, D) of the layers at the end, if they were to be kept
    probed : [layer, collision, counts] of the probe
    """

    rows: list[dict[str, float]]
    seconds_per_step: float
    weights: dict[str, list[list[float]]] = field(default_factory=dict)
    probed: list[list[Any]] = field(default_factory=list)


def build(model: Any, found: Data) -> Perceptron | ResNet | Encoder:
    """The network that a section [model] describes, for these data."""
    if model.kind == "encoder":
        assert found.encoder is not None  # the plan has seen to it
        return Encoder(found.encoder, found.classes)
    sample, outputs = found.learned[0][0], found.classes or found.learned[1].shape[1]
    if model.kind == "perceptron":
        return Perceptron(sample.numel(), outputs, model.hidden, model.activation, model.init_std)
    return ResNet(len(sample), outputs, model.width, model.blocks)


def optimizer_of(section: Any, lr: float, model: nn.Module) -> Optimizer:
    """The base optimizer that a section [optimizer] describes."""
    parameters, decay = model.parameters(), section.weight_decay
    if section.kind == "sgd":
        return torch.optim.SGD(parameters, lr, momentum=section.momentum, weight_decay=decay)
    kind = {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW}[section.kind]
    return kind(parameters, lr, weight_decay=decay)


def train(
    setup: Any,
    method: Method,
    seed: int,
    lr_factor: float = 1.0,
    probe: Probe | None = None,
    device: str = "cpu",
    keep_weights: bool = False,
) -> Found:
    """Train one network.

    setup : sections data, model, optimizer, budget and the names `layers`, and `probe_every`
    lr_factor : learning rate over the optimizer's own
    keep_weights : of layers that are small
    """
    found = data.load(setup.data, seed).to(device)
    torch.manual_seed(number(seed, "weights"))
    model = build(setup.model, found).to(device)
    layers = {name: model.weights[name] for name in setup.layers}
    optimizer = optimizer_of(setup.optimizer, lr_factor * setup.optimizer.lr, model)
    batches = Batches(found, setup.budget.batch, seed)

    def loss() -> Tensor:
        x, wanted = batches.present
        return measures.loss_of(model(x), wanted, found.classes)

    training = Training(model, layers, [optimizer], seed, loss)
    method(training)
    total = setup.budget.total_steps(len(found.learned[0]))
    schedulers = [_scheduler(setup.optimizer, each, total) for each in training.optimizers]

    looks = _looks(total, setup.budget.looks)
    rows = [{"step": 0, **measures.measure(model, found, layers)}]
    clock, seconds = _clock(device), 0.0
    for step in range(1, total + 1):
        begin = clock()
        batches.draw()
        model.zero_grad()
        loss().backward()
        if probe is not None and (step - 1) % setup.probe_every == 0:
            paused = clock()
            probe.look(layers, optimizer.param_groups[0]["lr"])
            begin += clock() - paused
        for each, scheduler in zip(training.optimizers, schedulers, strict=True):
            each.step()
            scheduler.step()
        seconds += clock() - begin
        if step in looks:
            rows.append({"step": step, **measures.measure(model, found, layers)})
    weights = _small_weights(layers) if keep_weights else {}
    return Found(rows, seconds / total, weights, _counts(probe))


class Batches:
    """The batches of a training: every sample once, in random order, then all again."""

    def __init__(self, found: Data, size: int, seed: int):
        self._found, self._size = found, size or len(found.learned[0])
        self._generator = stream(seed, "batches")
        self._left: list[Tensor] = []

    def draw(self) -> None:
        """Go on to the next batch, `present`: inputs and what is wanted."""
        x, wanted = self._found.learned
        if not self._left:
            order = torch.randperm(len(x), generator=self._generator)
            self._left = list(order.to(x.device).split(self._size))[::-1]
        chosen = self._left.pop()
        x = x[chosen]
        if self._found.augment:
            x = cifar10.augmented(x, self._generator)
        self.present = x, wanted[chosen]


def _clock(device: str) -> Callable[[], float]:
    """Seconds of this process; where a GPU works, of the clock once it has done so."""
    if device == "cpu":
        return time.process_time

    def waiting() -> float:
        torch.cuda.synchronize()
        return time.perf_counter()

    return waiting


def _scheduler(section: Any, optimizer: Optimizer, total: int) -> Any:
    """Learning rate from its start along half a cosine to zero, or constant."""

    def share(step: int) -> float:
        return 0.5 * (1.0 + math.cos(math.pi * step / total)) if section.schedule else 1.0

    return torch.optim.lr_scheduler.LambdaLR(optimizer, share)


def _looks(total: int, count: int) -> set[int]:
    """The steps after which to look, evenly spread, the last one among them."""
    return {round(total * number / count) for number in range(1, count + 1)}


def _small_weights(layers: dict[str, nn.Parameter]) -> dict[str, list[list[float]]]:
    small = {name: w.detach().flatten(1) for name, w in layers.items() if w.numel() <= _SMALL}
    return {name: rows.cpu().tolist() for name, rows in small.items()}


def _counts(probe: Probe | None) -> list[list[Any]]:
    if probe is None:
        return []
    return [[layer, name, asdict(count)] for (layer, name), count in probe.counts.items()]
