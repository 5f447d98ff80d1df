"""Long trainings of large networks: epochs that are kept one by one, and one file of results.

A recipe (`imagenet`, `bert`) makes a `Learner`, and `Course.carry_out` trains it. All that is
random in an epoch follows from the seed and the number of the epoch: a training that was stopped
goes on after its last finished epoch, on the CPU to the last bit.
"""

from __future__ import annotations

import json
import math
import random
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from torch.optim import Optimizer
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
from torch.utils.data import DataLoader, Dataset

from bridge.collisions import Collision
from bridge.kinetic_step import KineticStep
from bridge.similarity import similarity
from dsmc import disk
from dsmc.summary import plain
from scenarios.training.results_csv import versions

CHECKPOINT, RESULTS = "checkpoint.pt", "results.json"
PRECISIONS = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}
LIBRARIES = ("timm", "torchvision", "transformers")  # whose versions belong to a result
Row = dict[str, float]
Batch = list[list[int]]  # the samples of a step, in parts


class Refused(Exception):
    """Something that the user can mend; the message says how."""


@dataclass(frozen=True)
class Budget:
    """How long, how fast, and in what pieces a network learns.

    batch : samples of a step; part : those that are looked at together, for want of memory
    repeats : times that a sample stands in a batch; an epoch has as many samples as ever
    whole : the last batch of an epoch is left out if it is smaller
    warmup : epochs in which the learning rate rises from zero; falls : its course after that
    clip : largest norm of all gradients together, None for no limit
    averaging : share that a running average of the weights keeps in a step, None for no average
    """

    epochs: int
    batch: int
    part: int
    warmup: float
    falls: Literal["cosine", "linear"]
    repeats: int = 1
    whole: bool = False
    clip: float | None = None
    averaging: float | None = None

    def steps(self, samples: int) -> int:
        """Steps of an epoch. Refused: there are none."""
        count = samples // self.batch if self.whole else math.ceil(samples / self.batch)
        if count == 0:
            raise Refused(
                f"{samples} samples to learn from are less than a batch of {self.batch}; give "
                f"--batch {samples} or less"
            )
        return count

    def batches(self, samples: int) -> list[Batch]:
        """The samples of every step of an epoch, drawn from PyTorch's own generator.

        Copies of a sample come into different parts, as far as there are so many.
        """
        order = torch.randperm(samples).repeat_interleave(self.repeats)[:samples]
        drawn = []
        for batch in order.split(self.batch)[: self.steps(samples)]:
            parts = math.ceil(len(batch) / self.part)
            drawn.append([batch[first::parts].tolist() for first in range(parts)])
        return drawn

    def rate(self, step: int, samples: int) -> float:
        """Learning rate over the highest, in a step counted from 0."""
        each = self.steps(samples)
        total, rising = self.epochs * each, round(self.warmup * each)
        if step < rising:
            return (step + 1) / rising
        left = max(0, total - step) / max(1, total - rising)
        return left if self.falls == "linear" else 0.5 * (1.0 - math.cos(math.pi * left))


@dataclass
class Learner:
    """A network before its first step, what it learns from, and what it is tested by.

    layers : weights whose neurons collide, by name
    learned, tested : samples by their numbers; collate : a part of a batch from some of them
    loss : () mean over a part; ask : answers (B, classes) of a network to a part, labels (B,)
    ranks : a test counts right answers among this many of the likeliest
    """

    model: nn.Module
    layers: dict[str, nn.Parameter]
    optimizer: Optimizer
    learned: Dataset
    tested: Dataset
    collate: Callable[[list[Any]], Any]
    loss: Callable[[Any], Tensor]
    ask: Callable[[nn.Module, Any], tuple[Tensor, Tensor]]
    ranks: tuple[int, ...] = (1,)


class Training:
    """A learner with all that changes from step to step."""

    def __init__(self, learner: Learner, budget: Budget, device: str, scaled: bool):
        samples = len(learner.learned)
        self.learner, self._clip = learner, budget.clip
        self.scheduler = torch.optim.lr_scheduler.LambdaLR(
            learner.optimizer, lambda step: budget.rate(step, samples)
        )
        self.scaler = torch.amp.GradScaler(device, enabled=scaled)
        self.averaged = None
        if budget.averaging is not None:
            rule = get_ema_multi_avg_fn(budget.averaging)
            self.averaged = AveragedModel(learner.model, multi_avg_fn=rule, use_buffers=True)

    @property
    def state(self) -> dict[str, Any]:
        """Everything that has a state to keep, by name."""
        parts = {"model": self.learner.model, "optimizer": self.learner.optimizer}
        parts |= {"scheduler": self.scheduler, "scaler": self.scaler}
        return parts if self.averaged is None else parts | {"averaged": self.averaged}

    def update(self) -> None:
        """The step of the optimizer, once the gradients are there."""
        if self._clip is not None:
            self.scaler.unscale_(self.learner.optimizer)
            nn.utils.clip_grad_norm_(self.learner.model.parameters(), self._clip)
        self.scaler.step(self.learner.optimizer)
        self.scaler.update()
        self.scheduler.step()
        if self.averaged is not None:
            self.averaged.update_parameters(self.learner.model)


@dataclass(frozen=True)
class Course:
    """One training: its budget, its collision, its seed, and how it is computed.

    settings : what the training is, ready for JSON; a kept training goes on under equal ones only
    """

    budget: Budget
    collision: Collision | None
    seed: int
    folder: Path
    settings: Mapping[str, Any]
    device: str = "cpu"
    precision: str = "float32"
    workers: int = 0

    def carry_out(
        self, learner: Learner, note: Callable[[int], None], tell: Callable[[Row], None]
    ) -> list[Row]:
        """Train what is not kept yet; a row for every epoch.

        note : told the steps that are done; tell : every row when its epoch is done
        """
        self._attach(learner)
        training = Training(learner, self.budget, self.device, self.precision == "float16")
        rows = self._resumed(training.state)
        for epoch in range(len(rows) + 1, self.budget.epochs + 1):
            began = time.perf_counter()
            row = {"epoch": epoch, "lr": training.scheduler.get_last_lr()[0]}
            row |= {"learned_loss": self._learn(training, epoch, note)} | self._judge(training)
            rows.append(row | alike(learner.layers) | {"seconds": time.perf_counter() - began})
            self._keep(training.state, rows)
            tell(rows[-1])
        return rows

    def _attach(self, learner: Learner) -> None:
        if self.collision is None:
            return
        weights = list(learner.layers.values())
        try:
            KineticStep(learner.optimizer, weights, self.collision, seed=self.seed)
        except ValueError as refused:
            raise Refused(str(refused)) from None

    def computing(self) -> AbstractContextManager[Any]:
        """Within it, PyTorch computes in the precision of the training."""
        if self.precision == "float32":
            return nullcontext()
        return torch.autocast(self.device, PRECISIONS[self.precision])

    def _learn(self, training: Training, epoch: int, note: Callable[[int], None]) -> float:
        """One epoch; the mean loss of its samples. Refused: it diverges."""
        seed_all(self.seed, epoch)
        learner = training.learner
        learner.model.train()
        batches = self.budget.batches(len(learner.learned))
        parts = self._parts(learner.learned, [part for batch in batches for part in batch], learner)
        total = torch.zeros((), device=self.device, dtype=torch.float64)
        for number, batch in enumerate(batches, 1):
            learner.optimizer.zero_grad()
            size = sum(map(len, batch))
            for count in map(len, batch):
                with self.computing():
                    loss = learner.loss(next(parts))
                training.scaler.scale(loss * (count / size)).backward()
                total += loss.detach() * count
            training.update()
            note((epoch - 1) * len(batches) + number)
        mean = total.item() / sum(len(part) for batch in batches for part in batch)
        if not math.isfinite(mean):
            raise Refused(
                f"the loss became infinite in epoch {epoch}; give a smaller --lr, a weaker "
                "collision, or --precision float32; the epochs before it are kept"
            )
        return mean

    def _judge(self, training: Training) -> Row:
        """Loss and right answers over the tested samples, of the average of the weights as well."""
        found = self._judged(training.learner, training.learner.model)
        if training.averaged is not None:
            average = self._judged(training.learner, training.averaged.module)
            found |= {name.replace("tested", "averaged"): each for name, each in average.items()}
        return found

    def _judged(self, learner: Learner, model: nn.Module) -> Row:
        numbers, part = range(len(learner.tested)), self.budget.part
        parts = [list(numbers[first : first + part]) for first in numbers[::part]]
        model.eval()
        with self.computing():
            read = self._parts(learner.tested, parts, learner)
            return judged((learner.ask(model, each) for each in read), learner.ranks)

    def _parts(self, samples: Dataset, parts: list[list[int]], learner: Learner) -> Iterator[Any]:
        """The parts of batches, read by the workers."""
        loader = DataLoader(
            samples,
            batch_sampler=parts,
            collate_fn=learner.collate,
            num_workers=self.workers,
            pin_memory=self.device == "cuda",
            generator=torch.Generator().manual_seed(torch.initial_seed()),  # of the workers
        )
        return iter(loader)

    def _resumed(self, state: Mapping[str, Any]) -> list[Row]:
        """The rows of the epochs that are kept, with everything as it was after the last."""
        path = self.folder / CHECKPOINT
        if not path.exists():
            return []
        try:
            kept = torch.load(path, map_location=self.device, weights_only=True)
            before, rows = kept["settings"], kept["rows"]
        except Exception as failure:
            raise Refused(f"{path}: no checkpoint of a recipe ({failure}); remove it") from None
        changed = [name for name, value in self.settings.items() if before.get(name) != value]
        if changed:
            told = "; ".join(f"{n} was {before.get(n)!r}, is {self.settings[n]!r}" for n in changed)
            raise Refused(
                f"{self.folder}: holds another training: {told}; give another -o DIR, or remove it"
            )
        for name, part in state.items():
            part.load_state_dict(kept[name])
        return rows

    def _keep(self, state: Mapping[str, Any], rows: list[Row]) -> None:
        """The checkpoint and the results, each whole or not at all."""
        held = {name: part.state_dict() for name, part in state.items()}
        held |= {"settings": dict(self.settings), "rows": rows}
        with disk.replacing(self.folder / CHECKPOINT) as unfinished:
            torch.save(held, unfinished)
        used = {name: sys.modules[name].__version__ for name in LIBRARIES if name in sys.modules}
        told = {"settings": self.settings, "versions": versions() | used, "epochs": rows}
        with disk.replacing(self.folder / RESULTS) as unfinished:
            text = json.dumps(plain(told), allow_nan=False, indent=1)
            unfinished.write_text(text + "\n", encoding="utf-8")


def seed_all(seed: int, epoch: int) -> None:
    """Begin all generators that a recipe or its libraries draw from; epoch 0 is before the first.

    Augmentations of timm draw from Python's generator, from NumPy's global one and from PyTorch's.
    """
    key = int(np.random.SeedSequence((seed, epoch)).generate_state(1)[0])
    random.seed(key)
    np.random.seed(key)  # noqa: NPY002
    torch.manual_seed(key)


def alike(layers: Mapping[str, nn.Parameter]) -> Row:
    """Mean and largest |cos| of the neurons of every layer."""
    found: Row = {}
    for name, weight in layers.items():
        cosines = similarity(weight.detach().flatten(1))
        found |= {f"mean_cos of {name}": cosines.mean, f"max_cos of {name}": cosines.maximum}
    return found


@torch.no_grad()
def judged(answered: Iterable[tuple[Tensor, Tensor]], ranks: tuple[int, ...]) -> Row:
    """Mean cross entropy, and the shares of samples whose label is among the likeliest.

    answered : answers (B, classes) and labels (B,) of the parts
    """
    count, loss, right = 0, 0.0, dict.fromkeys(ranks, 0)
    for answers, labels in answered:
        count += len(labels)
        loss += cross_entropy(answers.float(), labels, reduction="sum").item()
        likeliest = answers.topk(max(ranks), dim=1).indices
        for rank in ranks:
            right[rank] += int((likeliest[:, :rank] == labels[:, None]).sum())
    names = {rank: "tested_accuracy" if rank == 1 else f"tested_top{rank}" for rank in ranks}
    return {"tested_loss": loss / count} | {names[rank]: right[rank] / count for rank in ranks}
