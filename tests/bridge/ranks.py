"""What two processes do in the tests of distributed training; every rank leaves its results."""

import warnings
from pathlib import Path

import torch
import torch._dynamo  # every optimizer loads it: better once, before the processes part
import torch.distributed as dist
from torch import nn, optim
from torch.distributed.checkpoint.state_dict import get_optimizer_state_dict
from torch.distributed.fsdp import FullyShardedDataParallel, fully_shard
from torch.distributed.tensor import Shard, distribute_tensor, init_device_mesh
from torch.nn.parallel import DistributedDataParallel

from bridge.collisions import (
    HardCollision,
    NTCCollision,
    PairPotential,
    SoftCollision,
)
from bridge.kinetic_step import KineticStep
from tests.bridge.training import SEED, batches, network, train

WORLD = 2
STEPS = 3
RULES = [
    NTCCollision(),
    HardCollision(partners=0.5, overlap="matching"),
    SoftCollision(0.1),
    PairPotential(0.1),
]


def kinetic_step(model, rules=None, names=("0.weight", "2.weight"), **options):
    """(optimizer, KineticStep): every rule on the layers named."""
    optimizer = optim.SGD(model.named_parameters(), lr=0.1, momentum=0.9)
    entries = [
        {"params": lambda name, parameter: name.removeprefix("module.") in names, "collision": rule}
        for rule in rules or RULES
    ]
    return optimizer, KineticStep(optimizer, entries, seed=SEED, **options)


def work(rank, directory):
    """All jobs of one rank; results in `directory`/rank.pt."""
    dist.init_process_group(
        "gloo", init_method=f"file://{directory}/meeting", rank=rank, world_size=WORLD
    )
    warnings.simplefilter("ignore")
    try:
        results = {name: job(rank) for name, job in JOBS.items()}
        torch.save(results, Path(directory) / f"{rank}.pt")
    finally:
        dist.destroy_process_group()


def replicated(rank):
    """DDP: each rank has batches of its own."""
    model = DistributedDataParallel(network())
    optimizer, _ = kinetic_step(model)
    train(model, optimizer, STEPS, start=100 * rank)
    return _whole(model.module)


def gathered(rank):
    """FSDP2, exact: both ranks see the batches of the test."""
    model = fully_shard(network(), mesh=_mesh())
    optimizer, _ = kinetic_step(model, sharded="gather")
    train(model, optimizer, STEPS)
    return _whole(model)


def sharded_later(rank):
    """FSDP2 as Accelerate does it: shards take the places of the parameters in the optimizer."""
    model = network()
    optimizer, _ = kinetic_step(model, sharded="gather")
    fully_shard(model, mesh=_mesh())
    optimizer.param_groups[0]["params"] = list(model.parameters())
    train(model, optimizer, STEPS)
    return _whole(model)


def own_rows(rank):
    """FSDP2: every rank collides its own neurons. Gradients before and after, as they lie."""
    model = fully_shard(network(), mesh=_mesh())
    optimizer, _ = kinetic_step(model, [NTCCollision(rate=4.0)], sharded="local")
    x, y = next(batches(1))
    nn.functional.mse_loss(model(x), y).backward()
    layer = model[0].weight
    before = layer.to_local().clone(), layer.grad.to_local().clone()
    optimizer.step()
    return *before, layer.grad.to_local()


def columns(rank):
    """FSDP2 along the fan-in: only sums are exchanged."""
    model = _by_columns()
    optimizer, kinetic = kinetic_step(model, [NTCCollision(rate=0.7)], ["0.weight"], stats=True)
    placement = str(model[0].weight.placements)
    train(model, optimizer, STEPS)
    return _whole(model), kinetic.stats["0.weight"].pairs, placement


def refusals(rank):
    """Messages of what cannot be done where it lies."""
    model = fully_shard(network(), mesh=_mesh())
    tilted = nn.Parameter(distribute_tensor(torch.randn(4, 4), _mesh(), [Shard(1)]))
    tilted.grad = distribute_tensor(torch.randn(4, 4), _mesh(), [Shard(0)])
    unlike = optim.SGD([tilted], lr=0.1)
    KineticStep(unlike, [tilted], NTCCollision())
    original, flat = (
        FullyShardedDataParallel(network(), device_id=torch.device("cpu"), use_orig_params=kept)
        for kept in (True, False)
    )
    undecided = kinetic_step(model)[0]
    soft = kinetic_step(_by_columns(), [SoftCollision(0.1)], ["0.weight"])[0]
    pushed = kinetic_step(_by_columns(), [PairPotential(0.1)], ["0.weight"])[0]
    for optimizer in (undecided, soft, pushed):
        for group in optimizer.param_groups:
            for parameter in group["params"]:
                parameter.grad = torch.zeros_like(parameter)
    return {
        "undecided": _message(undecided.step),
        "soft on columns": _message(soft.step),
        "potential on columns": _message(pushed.step),
        "unlike": _message(unlike.step),
        "flat": _message(lambda: _on_all(flat)),
        "flat, original parameters": _message(lambda: _on_all(original)),
    }


def saved_apart(rank):
    """What torch's own distributed checkpoints keep of the optimizer."""
    model = fully_shard(network(), mesh=_mesh())
    optimizer, kinetic = kinetic_step(model, sharded="gather")
    train(model, optimizer, 1)
    kept = get_optimizer_state_dict(model, optimizer)
    return sorted(kept), kinetic.state_dict()


JOBS = {
    job.__name__: job
    for job in (
        replicated,
        gathered,
        sharded_later,
        own_rows,
        columns,
        refusals,
        saved_apart,
    )
}


def _mesh():
    return init_device_mesh("cpu", (WORLD,))


def _by_columns():
    return fully_shard(
        network(),
        mesh=_mesh(),
        shard_placement_fn=lambda p: Shard(1) if p.ndim == 2 and p.shape[1] % 2 == 0 else Shard(0),
    )


def _whole(model):
    return [
        (p.full_tensor() if hasattr(p, "full_tensor") else p).detach().clone()
        for p in model.parameters()
    ]


def _on_all(model):
    parameters = list(model.parameters())
    return KineticStep(optim.SGD(parameters, lr=0.1), parameters, NTCCollision())


def _message(call):
    try:
        call()
    except ValueError as error:
        return str(error)
    return "no error"
