"""A long training, epoch by epoch: it goes on exactly, and is plain PyTorch if nothing collides."""

import json
import math
from dataclasses import replace

import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402
from torch.nn.functional import cross_entropy  # noqa: E402
from torch.utils.data import default_collate  # noqa: E402

from bridge.collisions import HardCollision, SoftCollision  # noqa: E402
from scenarios.training import recipe  # noqa: E402
from scenarios.training.recipe import Budget, Course, Learner, Refused  # noqa: E402

pytestmark = pytest.mark.usefixtures("one_thread")

SEED = 20261129
SMALL = Budget(epochs=3, batch=8, part=4, warmup=1.0, falls="cosine", clip=1.0)
INPUTS, LABELS = 6, 3
HARD = HardCollision(partners=1.0)


def learner(dropout=0.2):
    """A small network with dropout, and 30 samples of which the last batch is not full."""
    torch.manual_seed(SEED)
    x, labels = torch.randn(30, INPUTS), torch.arange(30) % LABELS
    samples = list(zip(x, labels, strict=True))
    model = nn.Sequential(nn.Linear(INPUTS, 8), nn.Dropout(dropout), nn.Linear(8, LABELS))
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.01)

    def ask(model, part):
        return model(part[0]), part[1]

    def loss(part):
        return cross_entropy(*ask(model, part))

    layers = {"hidden": model[0].weight}
    return Learner(model, layers, optimizer, samples, samples[:10], default_collate, loss, ask)


def course(folder, budget=SMALL, collision=None, **settings):
    """A course under these settings."""
    folder.mkdir(exist_ok=True)
    return Course(budget, collision, SEED, folder, {"kind": "made", **settings})


def carry_out(course, learner, stop_after=None):
    """The weights at the end, and the rows without their times."""

    def tell(row):
        if row["epoch"] == stop_after:
            raise KeyboardInterrupt

    try:
        rows = course.carry_out(learner, lambda done: None, tell)
    except KeyboardInterrupt:
        return None
    weights = [weight.detach().clone() for weight in learner.model.parameters()]
    return weights, [{key: row[key] for key in row if key != "seconds"} for row in rows]


def equal(first, second):
    """Whether all weights are equal to the last bit."""
    return all(torch.equal(a, b) for a, b in zip(first, second, strict=True))


def test_without_a_collision_a_course_is_plain_pytorch(tmp_path):
    found, _ = carry_out(course(tmp_path / "course"), learner())

    plain = learner()
    x, labels = (torch.stack(each) for each in zip(*plain.learned, strict=True))
    for step in range(12):
        if step % 4 == 0:
            recipe.seed_all(SEED, step // 4 + 1)
            batches = torch.randperm(30).split(8)
            plain.model.train()
        share = (step + 1) / 4 if step < 4 else 0.5 * (1.0 - math.cos(math.pi * (12 - step) / 8))
        plain.optimizer.param_groups[0]["lr"] = 0.01 * share
        plain.optimizer.zero_grad()
        batch = batches[step % 4]
        for part in (batch[0::2], batch[1::2]):
            loss = cross_entropy(plain.model(x[part]), labels[part])
            (loss * (len(part) / len(batch))).backward()
        nn.utils.clip_grad_norm_(plain.model.parameters(), 1.0)
        plain.optimizer.step()
    assert equal(found, list(plain.model.parameters()))


def test_strength_zero_is_no_collision_and_another_strength_is_one(tmp_path):
    ends = [
        carry_out(course(tmp_path / f"{number}", collision=collision), learner())[0]
        for number, collision in enumerate([None, SoftCollision(0.0), SoftCollision(0.1)])
    ]
    assert equal(ends[0], ends[1]) and not equal(ends[0], ends[2])


@pytest.mark.parametrize("averaging", [None, 0.9])
def test_a_stopped_course_goes_on_to_the_last_bit(averaging, tmp_path):
    budget = replace(SMALL, averaging=averaging)
    whole = carry_out(course(tmp_path / "whole", budget, HARD), learner())
    for stop_after in (1, 2):
        stopped = course(tmp_path / "stopped", budget, HARD)
        assert carry_out(stopped, learner(), stop_after) is None
        torch.rand(5)  # a new process has other generators
    weights, rows = carry_out(course(tmp_path / "stopped", budget, HARD), learner())
    assert equal(whole[0], weights) and whole[1] == rows
    assert len(rows) == 3 and ("averaged_accuracy" in rows[0]) == (averaging is not None)
    assert not list((tmp_path / "stopped").glob("*.tmp"))


def test_a_finished_course_only_tells_its_rows(tmp_path):
    whole = carry_out(course(tmp_path), learner())
    again = carry_out(course(tmp_path), learner())
    assert equal(whole[0], again[0]) and whole[1] == again[1]


def test_a_course_of_other_settings_is_not_gone_on_with(tmp_path):
    carry_out(course(tmp_path, strength=1), learner())
    with pytest.raises(Refused, match=r"strength was 1, is 2.*-o DIR"):
        carry_out(course(tmp_path, strength=2), learner())
    (tmp_path / "checkpoint.pt").write_bytes(b"nothing")
    with pytest.raises(Refused, match="no checkpoint of a recipe"):
        carry_out(course(tmp_path, strength=1), learner())


def test_a_diverging_course_says_so_and_keeps_the_epochs_before(tmp_path):
    made = learner()
    healthy = made.loss
    calls = []

    def loss(part):
        calls.append(part)
        return healthy(part) * (float("inf") if len(calls) > 10 else 1.0)

    made.loss = loss
    with pytest.raises(Refused, match="infinite in epoch 2"):
        carry_out(course(tmp_path), made)
    assert len(json.loads((tmp_path / "results.json").read_text())["epochs"]) == 1


def test_half_precision_learns_about_the_same(tmp_path):
    rows = {}
    for precision in ("float32", "bfloat16"):
        one = replace(course(tmp_path / precision), precision=precision)
        rows[precision] = carry_out(one, learner(dropout=0.0))[1][-1]
    losses = [row["learned_loss"] for row in rows.values()]
    assert losses[0] != losses[1] and losses[0] == pytest.approx(losses[1], rel=0.02)


def test_copies_of_an_image_come_into_different_parts_and_an_epoch_stays_as_long():
    budget = Budget(1, batch=12, part=4, warmup=0, falls="cosine", repeats=3, whole=True)
    batches = budget.batches(40)
    assert len(batches) == budget.steps(40) == 3
    for batch in batches:
        assert [len(part) for part in batch] == [4, 4, 4]
        assert all(len(set(part)) == 4 for part in batch)
        assert len(set().union(*batch)) == 4  # three copies of four samples
    with pytest.raises(Refused, match="--batch 10 or less"):
        budget.steps(10)


def test_the_learning_rate_rises_and_falls():
    budget = replace(SMALL, epochs=10, warmup=2.0)
    rates = [budget.rate(step, 32) for step in range(41)]
    assert rates[:8] == pytest.approx([(step + 1) / 8 for step in range(8)])
    assert rates[8] == 1.0 and rates[24] == pytest.approx(0.5) and rates[40] == 0.0
    straight = replace(budget, falls="linear")
    assert straight.rate(16, 32) == pytest.approx(0.75)


def test_right_answers_are_counted_among_the_likeliest():
    answers = torch.tensor([[3.0, 2.0, 1.0], [3.0, 2.0, 1.0], [3.0, 2.0, 1.0]])
    found = recipe.judged(
        [(answers[:2], torch.tensor([0, 1])), (answers[2:], torch.tensor([2]))], (1, 2)
    )
    assert found["tested_accuracy"] == pytest.approx(1 / 3)
    assert found["tested_top2"] == pytest.approx(2 / 3)
    assert found["tested_loss"] == pytest.approx(cross_entropy(answers, torch.arange(3)).item())
