"""The sections of a study file: frozen values, validated one by one.

What several keys must fulfil together stands in `plan`; the methods stand in `method_sections`.
"""

from __future__ import annotations

import math
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from dsmc.scenario.sections import Positive, Section, whole

Count = Annotated[int, BeforeValidator(whole), Field(ge=1, le=10**9)]
Amount = Annotated[float, Field(ge=0)]
Share = Annotated[float, Field(ge=0, lt=1)]
Names = Annotated[tuple[str, ...], Field(strict=False, min_length=1)]
Sizes = Annotated[tuple[Count, ...], Field(strict=False)]


class Digits(Section):
    """scikit-learn's 1797 handwritten digits; 797 of them, the same for every seed, are tested."""

    kind: Literal["digits"]
    learn: Count = Field(500, le=999, description="digits to learn from", examples=[500])
    validate_with: Count = Field(
        200, le=999, description="digits that settings are chosen by", examples=[200]
    )
    label_noise: Share = Field(
        0.0, description="share of wrong labels among the learned ones", examples=[0.2]
    )


class Sines(Section):
    """Samples of a sum of five sines: the paper's condensation problem."""

    kind: Literal["sines"]
    learn: Count = Field(80, description="samples to learn from", examples=[80])
    validate_with: Count = Field(
        500, description="samples that settings are chosen by", examples=[500]
    )
    test_with: Count = Field(500, description="samples to be judged by", examples=[500])


class Intents(Section):
    """Queries with intents as lines of JSON, in the user's files."""

    kind: Literal["intents"]
    train: str = Field(
        min_length=1, description="file to learn from", examples=["snips_train.jsonl"]
    )
    test: str = Field(
        min_length=1, description="file to be judged by", examples=["snips_validate.jsonl"]
    )
    learn: Count = Field(1000, description="queries to learn from", examples=[140])
    validate_with: Count = Field(
        700, description="queries that settings are chosen by", examples=[700]
    )
    features: Count = Field(1024, description="places for n-grams", examples=[1024])
    encoder: str | None = Field(
        None,
        min_length=1,
        description="folder of a pretrained encoder, whose tokens take the place of n-grams",
        examples=["all-MiniLM-L6-v2"],
    )
    tokens: Count = Field(32, description="longest query, in tokens", examples=[32])
    label_noise: Share = Field(
        0.0, description="share of wrong labels among the learned ones", examples=[0.2]
    )


class Cifar10(Section):
    """CIFAR-10 in the user's folder cifar-10-batches-py."""

    kind: Literal["cifar10"]
    path: str = Field(min_length=1, description="the folder", examples=["data/cifar-10-batches-py"])
    learn: Count = Field(45_000, description="images to learn from", examples=[45_000])
    validate_with: Count = Field(
        5000, description="images that settings are chosen by", examples=[5000]
    )
    augment: bool = Field(True, description="shift and mirror learned images", examples=[True])
    label_noise: Share = Field(
        0.0, description="share of wrong labels among the learned ones", examples=[0.2]
    )


DataSet = Annotated[Digits | Sines | Intents | Cifar10, Field(discriminator="kind")]


class PerceptronSection(Section):
    """Fully connected layers hidden, hidden2 …, out."""

    kind: Literal["perceptron"]
    hidden: Sizes = Field((64,), description="neurons of the hidden layers", examples=[[64]])
    activation: Literal["relu", "tanh", "sigmoid", "softplus", "x tanh x", "x² tanh x"] = Field(
        "relu", description="activation of the hidden layers", examples=["relu"]
    )
    init_std: Positive | None = Field(
        None, description="deviation of every initial weight and bias", examples=[0.005]
    )


class ResNetSection(Section):
    """A residual network; width 64 and blocks [2, 2, 2, 2] is ResNet-18."""

    kind: Literal["resnet"]
    width: Count = Field(64, description="channels of the first stage", examples=[64])
    blocks: Sizes = Field(
        (2, 2, 2, 2), min_length=1, description="blocks of each stage", examples=[[2, 2, 2, 2]]
    )


class EncoderSection(Section):
    """The encoder that `data.encoder` names, with a new layer out."""

    kind: Literal["encoder"]


Network = Annotated[PerceptronSection | ResNetSection | EncoderSection, Field(discriminator="kind")]


class OptimizerSection(Section):
    """The base optimizer, the same for every method."""

    kind: Literal["sgd", "adam", "adamw"] = Field("sgd", description="which", examples=["sgd"])
    lr: Positive = Field(description="learning rate", examples=[0.1])
    momentum: Share = Field(0.0, description="momentum of sgd", examples=[0.9])
    weight_decay: Amount = Field(0.0, description="weight decay", examples=[5e-4])
    schedule: Literal["cosine"] | None = Field(
        None, description="the learning rate falls to zero in each step", examples=["cosine"]
    )


class Budget(Section):
    """How long every training is; exactly one of epochs and steps."""

    epochs: Count | None = Field(None, description="passes over the data", examples=[30])
    steps: Count | None = Field(None, description="steps of the optimizer", examples=[300])
    batch: Annotated[int, BeforeValidator(whole), Field(ge=0)] = Field(
        0, description="samples of a step; 0 for all of them", examples=[50]
    )
    looks: Count = Field(
        1, description="how often it is measured on the way, the end included", examples=[10]
    )

    def total_steps(self, learned: int) -> int:
        """Steps of a training with so many samples."""
        if self.steps is not None:
            return self.steps
        assert self.epochs is not None  # one of the two is given
        return self.epochs * math.ceil(learned / (self.batch or learned))


class Seeds(Section):
    """Seeds of every method: those its setting is chosen with, and fresh ones for the result."""

    tuning: Annotated[int, BeforeValidator(whole), Field(ge=0, le=1000)] = Field(
        description="0: every setting is judged, none is chosen", examples=[5]
    )
    evaluation: Annotated[int, BeforeValidator(whole), Field(ge=2, le=1000)] = Field(
        description="fresh seeds of the result", examples=[20]
    )


class ProbeSection(Section):
    """Theorem 3.3 asked of real gradients, in the trainings of the first method."""

    every: Count = Field(description="steps between two questions", examples=[5])


class Frontier(Section):
    """A picture of all methods: one quantity against another."""

    x: str = Field(description="quantity", examples=["mean_cos of hidden"])
    y: str = Field(description="quantity", examples=["learned_loss"])


def as_list(value: Any) -> Any:
    """One number as a list of it."""
    return [value] if isinstance(value, int | float) and not isinstance(value, bool) else value
