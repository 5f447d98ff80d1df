"""What others have proposed against overfitting and alike neurons, as methods of a training.

Weight decay, dropout, sharpness-aware minimisation: the whole network, as their authors do. The
others act on the layers whose neurons collide, so that like is compared with like.
"""

import contextlib
from collections.abc import Callable, Iterator

import torch
from torch import Tensor, nn
from torch.nn.functional import normalize

from scenarios.training.methods import Method, Training
from scenarios.training.streams import stream

MOST_CORRELATED = 0.999  # the penalty of weight correlation has a pole at 1


def weight_decay(weight_decay: float) -> Method:
    """The optimizer's own weight decay, with this strength."""

    def attach(training: Training) -> None:
        for group in training.optimizers[0].param_groups:
            group["weight_decay"] = weight_decay

    return attach


def dropout(p: float) -> Method:
    """Units are left out with probability p where the network has its place for that, `dropout`.

    Dropout that an encoder has within is left as it is.

    N. Srivastava et al., Dropout, J. Mach. Learn. Res. 15, 1929 (2014).
    """

    def attach(training: Training) -> None:
        training.model.dropout.p = p

    return attach


def larger_init(factor: float) -> Method:
    """The layers start with their initial weights times a factor."""

    @torch.no_grad()
    def attach(training: Training) -> None:
        for weight in training.layers.values():
            weight.mul_(factor)

    return attach


def penalised(penalty: Callable[[Tensor], Tensor], strength: float) -> Method:
    """The loss plus strength times a penalty of every layer, read as (N, D) rows of neurons."""

    def attach(training: Training) -> None:
        def pull() -> None:
            for weight in training.layers.values():
                rows = weight.detach().flatten(1).requires_grad_()
                (gradient,) = torch.autograd.grad(penalty(rows), rows)
                weight.grad.add_(gradient.view_as(weight), alpha=strength)

        training.before_update(pull)

    return attach


def srip(strength: float) -> Method:
    """Penalty on the distance from orthonormal neurons, `isometry_defect`."""

    def attach(training: Training) -> None:
        generator = stream(training.seed, "power iteration")

        def penalty(rows: Tensor) -> Tensor:
            return isometry_defect(rows, torch.randn(min(rows.shape), generator=generator))

        penalised(penalty, strength)(training)

    return attach


def isometry_defect(rows: Tensor, start: Tensor, iterations: int = 2) -> Tensor:
    """σ²(W Wᵀ - 1), or σ²(Wᵀ W - 1) where that matrix is smaller: () spectral norm squared.

    N. Bansal, X. Chen, Z. Wang, Can We Gain More from Orthogonality Regularizations in Training
    Deep CNNs?, NeurIPS 31 (2018), eq. 8 (SRIP): two power iterations from a random vector.

    rows : (N, D); start : (min(N, D),)
    """
    gram = rows @ rows.T if rows.shape[0] <= rows.shape[1] else rows.T @ rows
    defect = gram - torch.eye(len(gram), dtype=gram.dtype, device=gram.device)
    with torch.no_grad():
        v = start.to(gram)
        for _ in range(iterations):
            v = normalize(defect @ v, dim=0)
    return (defect @ v).square().sum()


def weight_correlation(strength: float) -> Method:
    """Weight correlation descent: penalty `correlation_divergence`."""
    return penalised(correlation_divergence, strength)


def correlation_divergence(rows: Tensor) -> Tensor:
    """g = -[(N - 1) ln(1 - ρ) + ln(1 + (N - 1) ρ)] / N, ρ the mean |cos| of the pairs: ().

    G. Jin et al., How does Weight Correlation Affect the Generalisation Ability of Deep Neural
    Networks, NeurIPS 33 (2020): the part of their bound that depends on ρ, here for each weight
    (they multiply by N D), so that a strength means the same in layers of different sizes.

    rows : (N, D)
    """
    neurons = len(rows)
    units = normalize(rows, dim=1)
    off_diagonal = (units @ units.T).abs().triu(1).sum()
    rho = (2.0 * off_diagonal / (neurons * (neurons - 1))).clamp(max=MOST_CORRELATED)
    return -((neurons - 1) * torch.log1p(-rho) + torch.log1p((neurons - 1) * rho)) / neurons


def centralised(training: Training) -> None:
    """Gradients of the layers less their mean over the fan-in of each neuron.

    H. Yong, J. Huang, X. Hua, L. Zhang, Gradient Centralization, ECCV (2020), eq. 1.
    """

    def centre() -> None:
        for weight in training.layers.values():
            rows = weight.grad.flatten(1)
            weight.grad.sub_(rows.mean(1).view(-1, *(1,) * (weight.ndim - 1)))

    training.before_update(centre)


def sharpness_aware(rho: float) -> Method:
    """The gradient at w + ρ g/|g| in place of that at w, over all parameters.

    P. Foret, A. Kleiner, H. Mobahi, B. Neyshabur, Sharpness-Aware Minimization for Efficiently
    Improving Generalization, ICLR (2021), Alg. 1. A step costs two backward passes.
    """

    def attach(training: Training) -> None:
        def climb() -> None:
            moved = [p for p in training.model.parameters() if p.grad is not None]
            length = torch.linalg.vector_norm(torch.stack([p.grad.norm() for p in moved]))
            if not length > 0.0:
                return
            kept = [p.detach().clone() for p in moved]
            with torch.no_grad():
                for p in moved:
                    p.add_(p.grad * (rho / length))
            training.model.zero_grad()
            with _statistics_at_rest(training.model):
                training.loss().backward()
            with torch.no_grad():
                for p, value in zip(moved, kept, strict=True):
                    p.copy_(value)

        training.before_update(climb)

    return attach


@contextlib.contextmanager
def _statistics_at_rest(model: nn.Module) -> Iterator[None]:
    """Within the block batch normalisation does not count what it sees."""
    counting = [m for m in model.modules() if isinstance(m, nn.modules.batchnorm._BatchNorm)]
    kept = [module.momentum for module in counting]
    for module in counting:
        module.momentum = 0.0
    try:
        yield
    finally:
        for module, momentum in zip(counting, kept, strict=True):
            module.momentum = momentum


def muon(muon_lr: float) -> Method:
    """The layers are moved by Muon, all else by the base optimizer.

    Its weight decay shrinks them in a step as the base optimizer's would.

    K. Jordan et al., Muon: An optimizer for hidden layers in neural networks (2024), as in PyTorch.
    """

    def attach(training: Training) -> None:
        base = training.optimizers[0]
        mine = {id(weight) for weight in training.layers.values()}
        first = base.param_groups[0]
        shrinks = first["lr"] * first["weight_decay"] / (1.0 - first.get("momentum", 0.0))
        for group in base.param_groups:
            group["params"] = [p for p in group["params"] if id(p) not in mine]
        layers = list(training.layers.values())
        training.optimizers.append(
            torch.optim.Muon(layers, lr=muon_lr, weight_decay=shrinks / muon_lr)
        )

    return attach
