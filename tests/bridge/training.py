"""A small network that trains the same way every time, with and without collisions."""

import torch
from torch import nn

SEED = 20261121
torch.set_num_threads(1)  # in a network this small, threads only wait for each other


def network(seed=SEED):
    """6-10-8-3, tanh."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return nn.Sequential(
            nn.Linear(6, 10), nn.Tanh(), nn.Linear(10, 8), nn.Tanh(), nn.Linear(8, 3)
        )


def batches(count, size=16, start=0):
    """Inputs and targets; batch `step` is the same in every run."""
    for step in range(start, start + count):
        generator = torch.Generator().manual_seed(SEED + step)
        x = torch.randn(size, 6, generator=generator)
        yield x, torch.stack([x[:, 0] * x[:, 1], x[:, 2].sin(), x[:, 3:].sum(1)], dim=1)


def train(model, optimizer, steps, start=0, closure=False, after=lambda: None):
    """Plain training; `after` runs behind every step."""
    for x, y in batches(steps, start=start):

        def evaluate(x=x, y=y):
            optimizer.zero_grad()
            loss = nn.functional.mse_loss(model(x), y)
            loss.backward()
            return loss

        if closure:
            optimizer.step(evaluate)
        else:
            evaluate()
            optimizer.step()
        after()
    return model


def equal(model, other):
    """True if every weight is the same to the last bit."""
    pairs = zip(model.parameters(), other.parameters(), strict=True)
    return all(torch.equal(a, b) for a, b in pairs)


def difference(model, other):
    """Largest difference of two weights."""
    pairs = zip(model.parameters(), other.parameters(), strict=True)
    return max((a - b).abs().max().item() for a, b in pairs)
