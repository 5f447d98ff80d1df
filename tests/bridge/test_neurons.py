"""A neuron is what one output is made of, however its layer lies in memory."""

import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402

from bridge.address import Address  # noqa: E402
from bridge.collisions import NTCCollision, SoftCollision  # noqa: E402
from bridge.functional import collide_gradients  # noqa: E402
from bridge.neurons import Layout, gases, put_back, rows_of  # noqa: E402

HERE = Address(20261121, 0, 0)

LAYERS = {
    "linear": (nn.Linear(5, 6), (5,), Layout()),
    "convolution": (nn.Conv2d(4, 6, 3), (4, 5, 5), Layout()),
    "one-dimensional convolution": (nn.Conv1d(4, 6, 3), (4, 9), Layout()),
    "grouped convolution": (nn.Conv2d(4, 6, 3, groups=2), (4, 5, 5), Layout(groups=2)),
    "depthwise convolution": (nn.Conv2d(4, 4, 3, groups=4), (4, 5, 5), Layout(groups=4)),
    "transposed convolution": (nn.ConvTranspose2d(4, 6, 3), (4, 3, 3), Layout(neuron_dim=1)),
    "grouped transposed convolution": (
        nn.ConvTranspose2d(4, 6, 3, groups=2),
        (4, 3, 3),
        Layout(neuron_dim=1, groups=2),
    ),
    "three-dimensional, from the end": (nn.Conv3d(2, 3, 2), (2, 3, 3, 3), Layout(neuron_dim=-5)),
}


@pytest.mark.parametrize("joint", [False, True])
@pytest.mark.parametrize("name", LAYERS)
def test_without_its_neuron_an_output_is_zero_and_no_other_changes(name, joint):
    layer, shape, layout = LAYERS[name]
    kept = {key: value.clone() for key, value in layer.state_dict().items()}
    x = torch.randn(2, *shape, generator=torch.Generator().manual_seed(1))
    tensors = [layer.weight.detach(), layer.bias.detach()][: 2 if joint else 1]
    rows = rows_of(tensors, layout)
    with torch.no_grad():
        whole = layer(x)
        number = 0
        for gas in range(rows.shape[0]):
            for neuron in range(rows.shape[1]):
                rows = rows_of(tensors, layout)
                rows[gas, neuron] = 0.0
                put_back(rows, tensors, layout)
                found = layer(x)
                alone = 0.0 if joint else layer.bias[number]
                assert (found[:, number] == alone).all()
                found[:, number] = whole[:, number]
                assert torch.equal(found, whole)
                layer.load_state_dict(kept)
                number += 1
    assert number == whole.shape[1]


def test_experts_and_transposed_matrices_have_their_neurons_too():
    random = torch.Generator().manual_seed(1)
    weight, x = torch.randn(3, 5, 4, generator=random), torch.randn(3, 2, 5, generator=random)
    rows = gases(weight, Layout(neuron_dim=2, experts=True))
    assert rows.shape == (3, 4, 5)
    assert torch.allclose(torch.einsum("eni,ebi->ebn", rows, x), torch.bmm(x, weight))
    assert gases(weight, Layout(experts=True)).shape == (3, 5, 4)
    matrix = weight[0]  # y = x W, as in GPT-2
    assert torch.equal(gases(matrix, Layout(neuron_dim=1))[0], matrix.T)
    bias = torch.randn(3, 4, generator=random)
    joined = rows_of([weight, bias], Layout(neuron_dim=2, experts=True))
    assert torch.equal(joined[..., :-1], rows)
    assert torch.equal(joined[..., -1], bias)


@pytest.mark.parametrize(
    ("shape", "layout"),
    [
        ((6, 5), Layout()),
        ((6, 5), Layout(neuron_dim=1)),
        ((6, 4, 3, 3), Layout(groups=2)),
        ((3, 4, 5), Layout(experts=True)),
        ((3, 4, 5), Layout(neuron_dim=2, experts=True)),
    ],
)
def test_neurons_are_a_view_where_the_strides_allow(shape, layout):
    weight = torch.zeros(shape)
    gases(weight, layout)[0, 1] = 1.0
    assert weight.sum() > 0.0


@pytest.mark.parametrize(
    ("shape", "layout"), [((0, 4, 5), Layout(experts=True)), ((0, 5), Layout())]
)
def test_a_weight_without_neurons_and_its_bias_are_put_back(shape, layout):
    """What a rank with nothing of a layer holds: no part of the memory that the others need."""
    tensors = [torch.zeros(*wide)[:0] for wide in ((1, *shape[1:]), (1, *shape[1:-1]))]
    rows = rows_of(tensors, layout)
    put_back(rows, tensors, layout)
    assert rows.numel() == 0


def test_memory_format_changes_no_collision():
    random = torch.Generator().manual_seed(1)
    weight, grad = torch.randn(2, 6, 4, 3, 3, generator=random)
    last = torch.channels_last
    for collision in (SoftCollision(0.2), NTCCollision(scatter="isotropic")):
        expected = collide_gradients(weight, grad, collision, HERE)
        found = collide_gradients(
            weight.to(memory_format=last), grad.to(memory_format=last), collision, HERE
        )
        assert torch.equal(found, expected)
        assert not torch.equal(found, grad)


def test_groups_and_experts_do_not_meet():
    random = torch.Generator().manual_seed(1)
    weight, grad = torch.randn(2, 6, 4, 3, 3, generator=random)
    together = collide_gradients(weight, grad, SoftCollision(0.2), HERE, Layout(groups=2))
    for half in (slice(0, 3), slice(3, 6)):
        alone = collide_gradients(weight[half], grad[half], SoftCollision(0.2, max_gain=None), HERE)
        assert torch.allclose(together[half], alone, atol=1e-6)


@pytest.mark.parametrize(
    ("options", "shape", "words"),
    [
        ({"groups": 0}, (6, 5), "1 or more"),
        ({"groups": 4}, (6, 5), "divide dimension 0"),
        ({"groups": 2.0}, (6, 5), "whole number"),
        ({"neuron_dim": 2}, (6, 5), "between 0 and 1"),
        ({"neuron_dim": 0, "experts": True}, (3, 6, 5), "between 1 and 2"),
        ({"groups": 2, "experts": True}, (4, 6, 5), "leave one out"),
    ],
)
def test_a_layout_that_does_not_fit_is_refused(options, shape, words):
    with pytest.raises(ValueError, match=words):
        gases(torch.zeros(shape), Layout(**options))
