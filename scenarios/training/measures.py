"""What a training has come to: loss and accuracy, and how alike the neurons of its layers are."""

import math
from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, mse_loss

from bridge import thermometer
from bridge.precision import unit_rows, working
from bridge.similarity import similarity
from scenarios.training.data import Data, Part

BATCH = 1000  # samples looked at together
ONE_DIRECTION = 0.95  # |cos| above which two neurons count as parallel
OF_A_LAYER = (
    "mean_cos", "max_cos", "participation", "directions", "temperature", "h_excess",
)  # fmt: skip
LOSSES = ("learned_loss", "validated_loss", "tested_loss")
ACCURACIES = ("learned_accuracy", "validated_accuracy", "tested_accuracy")


def measure(model: nn.Module, data: Data, layers: Mapping[str, nn.Parameter]) -> dict[str, float]:
    """Every quantity by its name; "mean_cos of hidden" belongs to the layer hidden.

    mean_cos, max_cos : of |cos| over the pairs of neurons; participation, see `bridge.similarity`
    directions : see there
    temperature, h_excess : of the gradients of the last step as velocities, NaN where not known
    """
    found = {}
    model.eval()
    for name in ("learned", "validated", "tested"):
        loss, accuracy = judged(model, getattr(data, name), data.classes)
        found[f"{name}_loss"] = loss
        if data.classes:  # answers that are not numbers are right now and then
            found[f"{name}_accuracy"] = accuracy if math.isfinite(loss) else math.nan
    model.train()
    for name, weight in layers.items():
        rows = weight.detach().flatten(1)
        alike = similarity(rows)
        numbers = (alike.mean, alike.maximum, alike.participation, directions(rows))
        gas = (math.nan, math.nan) if weight.grad is None else _gas(weight.grad.flatten(1))
        for quantity, number in zip(OF_A_LAYER, (*numbers, *gas), strict=True):
            found[f"{quantity} of {name}"] = float(number)
    return found


def names(classes: int, layers: Mapping[str, object]) -> list[str]:
    """The names that `measure` gives."""
    of_layers = [f"{quantity} of {layer}" for layer in layers for quantity in OF_A_LAYER]
    return [*LOSSES, *(ACCURACIES if classes else ()), *of_layers]


def loss_of(answers: Tensor, wanted: Tensor, classes: int) -> Tensor:
    """Cross entropy with labels, or the mean squared error where numbers are fitted: ().

    answers : (B, ...); wanted : (B,) labels or (B, 1) values
    """
    return cross_entropy(answers, wanted) if classes else mse_loss(answers, wanted)


@torch.no_grad()
def judged(model: nn.Module, part: Part, classes: int) -> tuple[float, float]:
    """Mean loss and the share of right answers (NaN where numbers are fitted)."""
    x, wanted = part
    total = right = 0.0
    for place in range(0, len(x), BATCH):
        answers, truth = model(x[place : place + BATCH]), wanted[place : place + BATCH]
        total += loss_of(answers, truth, classes).item() * len(truth)
        right += (answers.argmax(1) == truth).sum().item() if classes else math.nan
    return total / len(x), right / len(x)


@torch.no_grad()
def directions(rows: Tensor) -> float:
    """In how many directions the neurons point, opposite ones counted as one.

    The longest neuron takes all that are parallel to it (|cos| > 0.95), the longest of the rest
    takes its own, and so on. Zero rows count for nothing. NaN where rows are not finite.

    rows : (N, D)
    """
    if not rows.isfinite().all():
        return math.nan
    rows = working(rows)
    order = torch.linalg.vector_norm(rows, dim=1).argsort(descending=True)
    units = unit_rows(rows[order])
    parallel = (units @ units.T).abs() > ONE_DIRECTION
    left = units.isfinite().all(1) & (units != 0.0).any(1)
    count = 0
    while left.any():
        left &= ~parallel[int(left.int().argmax())]
        count += 1
        if count == len(rows):
            break
    return count


def _gas(grad: Tensor) -> tuple[float, float]:
    """Temperature of the gradients, and their excess of H where it can be told."""
    try:
        return thermometer.temperature(grad), thermometer.entropy(grad).value
    except ValueError:  # too few neurons, a fan-in below 3, or equal gradients
        return thermometer.temperature(grad), math.nan
