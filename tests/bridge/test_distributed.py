"""Two processes: every rank makes the same choices, and a gathered layer is that of one process."""

import multiprocessing

import pytest

torch = pytest.importorskip("torch")

from bridge.address import Address  # noqa: E402
from bridge.collisions import NTCCollision  # noqa: E402
from bridge.functional import collide_gradients  # noqa: E402
from bridge.sharding import MOST_PARAMETERS  # noqa: E402
from tests.bridge import ranks  # noqa: E402
from tests.bridge.training import SEED, network, train  # noqa: E402

pytestmark = pytest.mark.skipif(
    not (torch.distributed.is_available() and torch.distributed.is_gloo_available()),
    reason="this build of torch has no gloo",
)


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """Results of every job, by rank."""
    directory = tmp_path_factory.mktemp("ranks")
    multiprocessing.set_forkserver_preload([ranks.__name__])  # torch is loaded once for all ranks
    torch.multiprocessing.start_processes(
        ranks.work, (str(directory),), nprocs=ranks.WORLD, start_method="forkserver"
    )
    return [torch.load(directory / f"{rank}.pt") for rank in range(ranks.WORLD)]


def alone(steps=ranks.STEPS, collide=True, **options):
    """Weights after the same training in one process."""
    model = network()
    optimizer, kinetic = ranks.kinetic_step(model, **options)
    if not collide:
        kinetic.remove()
    train(model, optimizer, steps)
    return list(model.parameters())


def all_equal(weights, others):
    return all(torch.equal(a, b) for a, b in zip(weights, others, strict=True))


def test_replicas_stay_equal_to_the_last_bit(results):
    one, other = (result["replicated"] for result in results)
    assert all_equal(one, other)
    assert not all_equal(one, network().parameters())


@pytest.mark.parametrize("job", ["gathered", "sharded_later"])
def test_a_gathered_layer_trains_as_in_one_process_to_the_last_bit(results, job):
    one, other = (result[job] for result in results)
    assert all_equal(one, other)
    assert all_equal(one, alone())
    assert not all_equal(one, alone(collide=False))


def test_local_neurons_are_a_gas_of_their_own(results):
    weights = network()[0].weight
    for rank, result in enumerate(results):
        weight, before, after = result["own_rows"]
        assert torch.equal(weight, weights.chunk(ranks.WORLD)[rank])
        address = Address(SEED, 0, rank * MOST_PARAMETERS)
        collision = NTCCollision(rate=4.0)
        assert torch.equal(after, collide_gradients(weight, before, collision, address))
        assert not torch.equal(after, before)


def test_columns_on_several_ranks_collide_as_whole_rows(results):
    """The same pairs; sums differ by rounding."""
    (one, pairs, placement), (other, other_pairs, _) = (result["columns"] for result in results)
    assert "Shard(dim=1)" in placement
    assert all_equal(one, other)
    options = {"rules": [NTCCollision(rate=0.7)], "names": ["0.weight"]}
    for found, expected in zip(one, alone(**options), strict=True):
        assert torch.allclose(found, expected, rtol=1e-5, atol=1e-6)
    assert not all(map(torch.allclose, one, alone(collide=False, **options)))
    assert pairs == other_pairs > 0


@pytest.mark.parametrize(
    ("case", "words"),
    [
        ("undecided", ["0.weight", "lie on 2 ranks", 'sharded="local"', 'sharded="gather"']),
        ("soft on columns", ["columns lie on 2 ranks", 'give sharded="gather"']),
        ("potential on columns", ["columns lie on 2 ranks", 'give sharded="gather"']),
        ("unlike", ["Shard(dim=0)", "Shard(dim=1)", 'give sharded="gather"']),
        ("flat", ["flat parameter of FSDP1", "fully_shard"]),
        ("flat, original parameters", ["flat parameter of FSDP1", "fully_shard"]),
    ],
)
def test_what_cannot_be_done_where_it_lies_says_what_can(results, case, words):
    for result in results:
        message = result["refusals"][case]
        assert all(word in message for word in words), message


def test_distributed_checkpoints_need_the_state_of_the_step_beside_them(results):
    """They keep two entries of an optimizer's state and drop the others, ours included."""
    for result in results:
        kept, state = result["saved_apart"]
        assert kept == ["param_groups", "state"]
        assert state == {"version": 1, "step": 1, "seed": SEED}
