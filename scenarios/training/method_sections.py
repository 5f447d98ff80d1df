"""[[methods]] of a study file: which collision or rival, and the settings that are tried.

Every number may be a list. The settings of a method are all combinations of its lists, weakest
first as they are written.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import product
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from bridge.collisions import (
    Collision,
    HardCollision,
    NTCCollision,
    PairPotential,
    SoftCollision,
)
from dsmc.scenario.sections import Section
from scenarios.training import rivals
from scenarios.training.methods import Method, bare, collided, noise_like, scaled
from scenarios.training.sections import as_list

Setting = Mapping[str, float]


def _several(**limits: float) -> Any:
    """One number or several, each within the limits."""
    number = Annotated[float, Field(**limits)]
    entries = Field(strict=False, min_length=1, max_length=64)
    return Annotated[tuple[number, ...], BeforeValidator(as_list), entries]


Positive, NotNegative, Share = _several(gt=0), _several(ge=0), _several(ge=0, le=1)


class MethodSection(Section):
    """What all methods have."""

    name: str = Field(min_length=1, description="for tables and pictures", examples=["soft"])
    lr_factor: Positive | None = Field(
        None, description="learning rates over the optimizer's", examples=[[0.5, 1.0, 2.0]]
    )

    @property
    def settings(self) -> tuple[Setting, ...]:
        """All combinations of the numbers given."""
        given = {key: getattr(self, key) for key in type(self).model_fields}
        axes = {key: value for key, value in given.items() if isinstance(value, tuple)}
        return tuple(dict(zip(axes, values, strict=True)) for values in product(*axes.values()))

    @property
    def words(self) -> dict[str, str]:
        """What is given in words, kind and name apart."""
        given = {key: getattr(self, key) for key in type(self).model_fields}
        texts = {key: value for key, value in given.items() if isinstance(value, str)}
        return {key: text for key, text in texts.items() if key not in ("kind", "name")}


class Bare(MethodSection):
    """The optimizer alone."""

    kind: Literal["bare"]


class Scaled(MethodSection):
    """Gradients of the layers times 1 - c."""

    kind: Literal["scaled"]
    c: Share = Field(description="what is taken off", examples=[[0.1, 0.3]])


class Soft(MethodSection):
    """The paper's soft collisions."""

    kind: Literal["soft"]
    coll_coef: NotNegative = Field(description="strength", examples=[[0.01, 0.1]])
    normalize: Literal["mean", "rowsum"] | None = Field(
        None, description="what the sum over partners is divided by", examples=["mean"]
    )


class Hard(MethodSection):
    """The paper's hard collisions."""

    kind: Literal["hard"]
    coll_coef: Share | None = Field(
        None, description="one minus the threshold", examples=[[0.6, 0.7]]
    )
    partners: NotNegative | None = Field(
        None, description="partners per neuron on average", examples=[[0.05, 0.5]]
    )
    overlap: Literal["sum", "mean", "matching"] = Field(
        "sum", description="what becomes of a neuron with several partners", examples=["sum"]
    )


class Ntc(MethodSection):
    """The engine's collisions."""

    kind: Literal["ntc"]
    rate: NotNegative = Field(description="collisions per neuron and step", examples=[[0.1, 1.0]])
    scatter: Literal["line-of-centres", "isotropic"] = Field(
        "line-of-centres", description="law of scattering", examples=["isotropic"]
    )
    restitution: Share | None = Field(None, description="e", examples=[[0.0, 1.0]])


class Potential(MethodSection):
    """The engine's pair potential."""

    kind: Literal["pair-potential"]
    strength: NotNegative = Field(
        description="in units of the learning rate", examples=[[1e-4, 1e-3]]
    )


class NoiseLikeSoft(Soft):
    """Gradient noise as large as the change that soft collisions would make."""

    kind: Literal["noise-like-soft"]


class NoiseLikeHard(Hard):
    """Gradient noise as large as the change that hard collisions would make."""

    kind: Literal["noise-like-hard"]


class NoiseLikeNtc(Ntc):
    """Gradient noise as large as the change that the engine's collisions would make."""

    kind: Literal["noise-like-ntc"]


class LargerInit(MethodSection):
    """Initial weights of the layers times a factor."""

    kind: Literal["larger-init"]
    factor: Positive = Field(description="of the initial weights", examples=[[1.5, 3.0]])


class WeightDecay(MethodSection):
    """Weight decay in place of the optimizer's."""

    kind: Literal["weight-decay"]
    weight_decay: NotNegative = Field(description="strength", examples=[[1e-3, 1e-2]])


class Dropout(MethodSection):
    """Hidden units left out at random."""

    kind: Literal["dropout"]
    p: _several(ge=0, lt=1) = Field(description="probability", examples=[[0.1, 0.3]])


class Srip(MethodSection):
    """A penalty on the distance from orthonormal neurons."""

    kind: Literal["srip"]
    strength: NotNegative = Field(description="of the penalty", examples=[[1e-3, 1e-2]])


class WeightCorrelation(MethodSection):
    """A penalty on the mean |cos|."""

    kind: Literal["weight-correlation"]
    strength: NotNegative = Field(description="of the penalty", examples=[[1e-3, 1e-2]])


class Centralised(MethodSection):
    """Gradients less their mean over the fan-in."""

    kind: Literal["centralised"]


class SharpnessAware(MethodSection):
    """The gradient a step uphill."""

    kind: Literal["sam"]
    rho: NotNegative = Field(description="length of the step uphill", examples=[[0.02, 0.1]])


class Muon(MethodSection):
    """Muon moves the layers."""

    kind: Literal["muon"]
    muon_lr: Positive = Field(description="learning rate of the layers", examples=[[0.01, 0.03]])


AnyMethod = Annotated[
    Bare | Scaled | Soft | Hard | Ntc | Potential
    | NoiseLikeSoft | NoiseLikeHard | NoiseLikeNtc
    | LargerInit | WeightDecay | Dropout | Srip | WeightCorrelation | Centralised
    | SharpnessAware | Muon,
    Field(discriminator="kind"),
]  # fmt: skip

COLLISIONS: dict[str, Callable[..., Collision]] = {
    "soft": SoftCollision,
    "hard": HardCollision,
    "ntc": NTCCollision,
    "pair-potential": PairPotential,
}
OTHERS: dict[str, Callable[..., Method]] = {
    "bare": lambda: bare,
    "scaled": scaled,
    "larger-init": rivals.larger_init,
    "weight-decay": rivals.weight_decay,
    "dropout": rivals.dropout,
    "srip": rivals.srip,
    "weight-correlation": rivals.weight_correlation,
    "centralised": lambda: rivals.centralised,
    "sam": rivals.sharpness_aware,
    "muon": rivals.muon,
}


def collision_of(section: MethodSection, setting: Setting) -> Collision | None:
    """The collision of a method with one of its settings; None of a rival.

    ValueError: values that do not go together.
    """
    kind = COLLISIONS.get(section.kind.removeprefix("noise-like-"))
    return None if kind is None else kind(**section.words, **_own(setting))


def method_of(section: MethodSection, setting: Setting) -> Method:
    """The method with one of its settings. ValueError: values that do not go together."""
    collision = collision_of(section, setting)
    if collision is None:
        return OTHERS[section.kind](**section.words, **_own(setting))
    return (noise_like if section.kind.startswith("noise-like-") else collided)(collision)


def told(setting: Setting) -> str:
    """The setting in words: "coll_coef = 0.1, lr_factor = 2"."""
    return ", ".join(f"{key} = {value:g}" for key, value in setting.items())


def _own(setting: Setting) -> dict[str, float]:
    return {key: value for key, value in setting.items() if key != "lr_factor"}
