"""Data of the studies, what is measured of a network, and the probe of Theorem 3.3."""

import pickle

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from bridge.address import Address  # noqa: E402
from bridge.collisions import (  # noqa: E402
    HardCollision,
    NTCCollision,
    PairPotential,
    SoftCollision,
)
from scenarios.training import cifar10, data, guarantee, intents, measures, streams  # noqa: E402
from scenarios.training.networks import Perceptron, ResNet  # noqa: E402
from scenarios.training.sections import Cifar10, Digits, Intents, Sines  # noqa: E402
from tests.scenarios.made_data import made_cifar10, made_intents  # noqa: E402

SEED = 20261124


def generator():
    """Random numbers of this test."""
    return torch.Generator().manual_seed(SEED)


def test_digits_are_split_without_overlap_and_a_seed_splits_them_again():
    pytest.importorskip("sklearn")
    section = Digits(kind="digits", learn=500, validate_with=200)
    first, again, other = (data.load(section, seed) for seed in (3, 3, 4))
    assert [len(part[0]) for part in (first.learned, first.validated, first.tested)] == [
        500, 200, 797,
    ]  # fmt: skip
    assert torch.equal(first.learned[0], again.learned[0])
    assert not torch.equal(first.learned[0], other.learned[0])
    whole = Digits(kind="digits", learn=700, validate_with=300)
    parts = data.load(whole, 3)
    together = torch.cat([part[0] for part in (parts.learned, parts.validated, parts.tested)])
    everything = data.digit_images()[0]
    assert torch.equal(together.sort(0).values, everything.sort(0).values)


def test_no_seed_chooses_by_a_digit_that_another_is_judged_by():
    pytest.importorskip("sklearn")
    section = Digits(kind="digits", learn=500, validate_with=300)
    first, other = (data.load(section, seed) for seed in (0, 1000))
    assert torch.equal(first.tested[0], other.tested[0])
    seen = {
        image.numpy().tobytes() for part in (first.learned, first.validated) for image in part[0]
    }
    assert not seen & {image.numpy().tobytes() for image in other.tested[0]}


def test_every_purpose_has_random_numbers_of_its_own():
    """Uniforms of one purpose are independent of those of another: their correlation over 10,000
    is below 0.05, five standard errors. One seed for both, the wrong twin, makes it 1."""
    first, other = (
        torch.rand(10_000, generator=streams.stream(1000, purpose)) for purpose in ("data", "noise")
    )
    assert torch.corrcoef(torch.stack([first, other]))[0, 1].abs() < 0.05
    same = torch.rand(10_000, generator=streams.stream(1000, "data"))
    assert torch.corrcoef(torch.stack([first, same]))[0, 1] > 0.99


def test_noisy_labels_are_wrong_labels_and_as_many_as_asked_for():
    labels = torch.arange(10).repeat(100)
    noisy = data.noisy(labels, 10, 0.2, generator())
    assert (noisy != labels).sum() == 200
    assert noisy.min() >= 0 and noisy.max() <= 9
    counts = torch.bincount((noisy - labels)[noisy != labels] % 10, minlength=10)[1:]
    # 200 spread evenly over 9: χ² of 8 degrees is above 34 with a chance of 4e-5.
    assert ((counts - 200 / 9) ** 2 / (200 / 9)).sum() < 34.0


def test_the_sines_are_those_of_the_paper():
    found = data.load(Sines(kind="sines", learn=80), seed=1)
    x, y = found.learned
    assert x.shape == (80, 5) and x.min() >= -4.0 and x.max() <= 2.0 and found.classes == 0
    by_hand = sum(3.5 * np.sin(5.0 * x[7, k].item() + 1.0) for k in range(5))
    assert y[7].item() == pytest.approx(by_hand, rel=1e-5)


def test_queries_become_bags_of_one_and_two_words(tmp_path):
    train, test = made_intents(tmp_path)
    section = Intents(kind="intents", train=str(train), test=str(test), learn=30, validate_with=20)
    found = data.load(section, seed=1)
    assert found.classes == 2 and found.learned[0].shape == (30, 1024)
    assert list(intents.n_grams(["play", "some", "jazz"])) == [
        "play", "some", "jazz", "play some", "some jazz",
    ]  # fmt: skip
    bag = intents.bag("Play, PLAY!", 64)
    assert bag.norm().item() == pytest.approx(1.0)
    assert bag.max() > 1.9 * bag[bag > 0].min()  # play counts twice


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("play jazz", "line 2"),
        ('{"text": "play jazz"}', "line 2"),
        ('{"text": "x", "intent": "Unheard"}', "Unheard"),
    ],
)
def test_a_line_that_is_no_query_is_named(tmp_path, line, told):
    train, test = made_intents(tmp_path)
    text = test.read_text().splitlines()
    test.write_text("\n".join([text[0], line]), encoding="utf-8")
    _, names = intents.read(str(train), intents.Bags(8))
    with pytest.raises(ValueError, match=told):
        intents.read(str(test), intents.Bags(8), names)


def test_cifar10_is_read_as_its_authors_wrote_it(tmp_path):
    folder = made_cifar10(tmp_path)
    known, tested = cifar10.read(str(folder))
    assert known[0].shape == (120, 3, 32, 32) and tested[0].shape == (24, 3, 32, 32)
    held = pickle.loads((folder / "data_batch_2").read_bytes())
    green = held[b"data"][3, 1024 + 32 * 5 + 7] / 255.0  # row 5, column 7
    assert known[0][27, 1, 5, 7].item() == pytest.approx((green - 0.4822) / 0.2435, rel=1e-5)
    assert known[1][27].item() == held[b"labels"][3]
    section = Cifar10(kind="cifar10", path=str(folder), learn=80, validate_with=30)
    assert data.load(section, seed=0).augment


class Trap:
    """A pickle that would run a command."""

    def __reduce__(self):
        """Called when it is written."""
        return (print, ("caught",))


@pytest.mark.parametrize("content", [b"no pickle", pickle.dumps([1]), pickle.dumps(Trap())])
def test_what_is_no_batch_is_refused_and_nothing_in_it_is_run(tmp_path, content, capsys):
    folder = made_cifar10(tmp_path)
    (folder / "data_batch_4").write_bytes(content)
    with pytest.raises(ValueError, match="data_batch_4: not a batch"):
        cifar10.read(str(folder))
    assert "caught" not in capsys.readouterr().out


def test_an_augmented_image_is_a_shifted_one_or_its_mirror_image():
    black = [-m / d for m, d in zip(cifar10.MEAN, cifar10.DEVIATION, strict=True)]
    images = torch.randn(64, 3, 32, 32, generator=generator())
    found = cifar10.augmented(images, generator())
    seen = set()
    for image, after in zip(images, found, strict=True):
        padded = torch.tensor(black).view(3, 1, 1).expand(3, 40, 40).clone()
        padded[:, 4:36, 4:36] = image
        matches = [
            (down, right, mirrored)
            for down in range(9)
            for right in range(9)
            for mirrored in (False, True)
            if torch.allclose(
                padded[:, down : down + 32, right : right + 32].flip(2)
                if mirrored
                else padded[:, down : down + 32, right : right + 32],
                after,
                atol=1e-6,
            )
        ]
        assert len(matches) == 1
        seen.add(matches[0])
    assert len(seen) > 30 and {mirrored for *_, mirrored in seen} == {False, True}


def test_directions_count_opposite_neurons_as_one_and_zero_ones_as_none():
    axes = torch.eye(3)
    assert measures.directions(torch.cat([axes, -2.0 * axes, torch.zeros(2, 3)])) == 3
    near = torch.tensor([[1.0, 0.0], [1.0, 0.1], [-1.0, 0.1], [0.0, 1.0]])
    assert measures.directions(near) == 2
    assert measures.directions(torch.zeros(4, 2)) == 0


def test_networks_name_their_layers_and_have_the_sizes_of_the_papers():
    small = Perceptron(5, 1, [50], "tanh", init_std=0.005)
    assert {name: tuple(w.shape) for name, w in small.weights.items()} == {
        "hidden": (50, 5), "out": (1, 50),
    }  # fmt: skip
    assert 0.004 < small.weights["hidden"].std() < 0.006
    with torch.device("meta"):
        resnet = ResNet(3, 10, 64, (2, 2, 2, 2))
    assert sum(p.numel() for p in resnet.parameters()) == 11_173_962  # ResNet-18 for CIFAR-10
    assert resnet.weights["out"].shape == (10, 512)


def layer(correlated=0.6):
    """Weights (24, 9) with a common direction, and a gradient."""
    common = torch.randn(9, generator=generator())
    own = torch.randn(24, 9, generator=generator().manual_seed(SEED + 1))
    weight = (own + correlated * common).requires_grad_()
    weight.grad = torch.randn(24, 9, generator=generator().manual_seed(SEED + 2))
    return weight


def test_the_slope_of_the_similarity_is_its_derivative():
    weight = layer().detach().double()
    slope = guarantee.slope_of_similarity(weight)
    step = 1e-6 * torch.randn(24, 9, generator=generator()).double()
    ends = [guarantee.total_similarity(weight + sign * step) for sign in (1, -1)]
    assert ((slope * step).sum() / (ends[0] - ends[1]) * 2).item() == pytest.approx(1.0, rel=1e-5)


def test_the_probe_sees_what_lowers_the_similarity_and_what_raises_it():
    """Gradients along the slope itself: descent lowers Σ|cos|, so damping it raises Σ|cos|, and
    the pair potential lowers it. A collision of no strength leaves the step as it is."""
    weight = layer()
    weight.grad = guarantee.slope_of_similarity(weight).float()
    collisions = {
        "damping": SoftCollision(1e-3),
        "potential": PairPotential(1e-3),
        "nothing": SoftCollision(0.0),
    }
    probe = guarantee.Probe(collisions, seed=1)
    for _ in range(5):
        probe.look({"hidden": weight}, lr=1e-4)
    found = {name: count for (_, name), count in probe.counts.items()}
    assert found["damping"].lower_first_order == found["damping"].lower_full_step == 0
    assert found["potential"].lower_first_order >= 4
    assert found["nothing"].same == found["nothing"].steps == 5
    assert found["damping"].same == 0


@pytest.mark.parametrize(
    "collision", [SoftCollision(0.01), HardCollision(partners=0.5), NTCCollision(), PairPotential()]
)
def test_first_order_and_a_small_full_step_agree(collision):
    weight = layer()
    w, g, lr = weight.detach(), weight.grad, 1e-5
    move = guarantee.change_of_step(w, g, collision, lr, Address(SEED, 0, 0))
    first = (guarantee.slope_of_similarity(w) * move).sum()
    base = w.double() - lr * g.double()
    full = guarantee.total_similarity(base + move) - guarantee.total_similarity(base)
    assert full.item() == pytest.approx(first.item(), rel=0.05, abs=1e-9)
