"""The networks of the studies. Each names its weights; neurons are their rows."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn
from torch.nn.functional import relu

ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "relu": torch.relu,
    "tanh": torch.tanh,
    "sigmoid": torch.sigmoid,
    "softplus": nn.functional.softplus,
    "x tanh x": lambda x: x * torch.tanh(x),
    "x² tanh x": lambda x: x.square() * torch.tanh(x),
}


class Perceptron(nn.Module):
    """Fully connected layers hidden, hidden2 …, out with an activation between them.

    init_std : every weight and bias is drawn from N(0, init_std²); None for PyTorch's own
    """

    def __init__(
        self,
        inputs: int,
        outputs: int,
        hidden: Sequence[int],
        activation: str,
        init_std: float | None = None,
    ):
        super().__init__()
        sizes = [inputs, *hidden, outputs]
        names = ["hidden", *(f"hidden{n}" for n in range(2, len(hidden) + 1))][: len(hidden)]
        self.layers = nn.ModuleDict(
            {name: nn.Linear(*sizes[n : n + 2]) for n, name in enumerate([*names, "out"])}
        )
        self.activation, self.dropout = ACTIVATIONS[activation], nn.Dropout(0.0)
        if init_std is not None:
            for parameter in self.parameters():
                nn.init.normal_(parameter, std=init_std)

    @property
    def weights(self) -> dict[str, nn.Parameter]:
        """The weights (N, D) by the names of the layers."""
        return {name: layer.weight for name, layer in self.layers.items()}

    def forward(self, x: Tensor) -> Tensor:
        """Outputs (B, outputs) of inputs (B, ...)."""
        x = x.flatten(1)
        *hidden, out = self.layers.values()
        for layer in hidden:
            x = self.dropout(self.activation(layer(x)))
        return out(x)


class Residual(nn.Module):
    """Two 3 x 3 convolutions and a way around them."""

    def __init__(self, inputs: int, outputs: int, stride: int):
        super().__init__()
        self.first = _convolution(inputs, outputs, 3, stride)
        self.second = _convolution(outputs, outputs, 3)
        self.around = nn.Identity()
        if stride != 1 or inputs != outputs:
            self.around = _convolution(inputs, outputs, 1, stride)

    def forward(self, x: Tensor) -> Tensor:
        """(B, inputs, H, W) to (B, outputs, H/stride, W/stride)."""
        return relu(self.second(relu(self.first(x))) + self.around(x))


class ResNet(nn.Module):
    """A residual network for small images; width 64 and blocks (2, 2, 2, 2) is ResNet-18.

    K. He, X. Zhang, S. Ren, J. Sun, Deep Residual Learning for Image Recognition, CVPR (2016); the
    stem for 32 x 32 images is one 3 x 3 convolution, as usual with CIFAR-10.
    """

    def __init__(self, inputs: int, outputs: int, width: int, blocks: Sequence[int]):
        super().__init__()
        self.stem = _convolution(inputs, width, 3)
        stages, channels = [], width
        for number, count in enumerate(blocks):
            wide = width * 2**number
            for place in range(count):
                stages.append(Residual(channels, wide, 2 if place == 0 and number else 1))
                channels = wide
        self.stages, self.dropout = nn.Sequential(*stages), nn.Dropout(0.0)
        self.out = nn.Linear(channels, outputs)

    @property
    def weights(self) -> dict[str, nn.Parameter]:
        """The weights (N, ...) by the names of the layers: out, and the convolutions by place."""
        kinds = (nn.Conv2d, nn.Linear)
        return {name: m.weight for name, m in self.named_modules() if isinstance(m, kinds)}

    def forward(self, x: Tensor) -> Tensor:
        """Outputs (B, outputs) of images (B, inputs, H, W)."""
        x = self.stages(relu(self.stem(x)))
        return self.out(self.dropout(x.mean((2, 3))))


def _convolution(inputs: int, outputs: int, size: int, stride: int = 1) -> nn.Sequential:
    convolution = nn.Conv2d(inputs, outputs, size, stride, padding=size // 2, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(outputs))
